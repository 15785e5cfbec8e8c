"""What a model is asked: short prompts, as the product would ask them, the same for every engine."""

from __future__ import annotations

import hashlib
import json

from casewright.bench.exam.items import (
    LABELS,
    FivePassages,
    Item,
    JsonItem,
    Quote,
    Rewrite,
    SinglePassage,
    Unanswerable,
    WhoDoesWhat,
)
from casewright.bench.workload import Prompt
from casewright.engines.wire import Message

NOT_IN_DOCUMENT = "Not in the document."
_ANSWER = (
    "Answer the question from the text in one short sentence. Use only the text. "
    f"If the text does not say, answer: {NOT_IN_DOCUMENT}"
)
_QUOTE = "Copy from the text the one sentence that answers the question, word for word. Write nothing else."
_JSON_NOTE = "Read the text and fill in a JSON object with these fields:"
_JSON_ANSWER = "Answer the question from the passages with a JSON object with these fields:"
_REWRITE = (
    "Write out the adviser's note as plain English sentences for a letter. Keep every name, number, amount "
    "and date. Add nothing. Write shorthand in full."
)
_REWRITE_NOTE = "Note: Cl rang Nettle Gas 2/9, o/p £31.20 on a/c 5521, refund due 16/9."
_REWRITE_GLOSSARY = "Shorthand: Cl = client; o/p = overpayment; a/c = account."
_REWRITE_LETTER = (
    "The client rang Nettle Gas on 2 September about an overpayment of £31.20 on account 5521. "
    "A refund is due on 16 September."
)
_WHO = (
    "Who acts in this line from an adviser's notes: the client, the adviser (the writer: I, we, adv) or a "
    "third_party (anyone else, such as a landlord, a council or an employer)? Answer with a JSON object that "
    "has the field who."
)
_WHO_SCHEMA = {
    "type": "object",
    "properties": {"who": {"type": "string", "enum": list(LABELS)}},
    "required": ["who"],
    "additionalProperties": False,
}
_SHORTHAND = {
    "cl": "client",
    "cl's": "client's",
    "adv": "adviser",
    "ll": "landlord",
    "re": "about",
    "mth": "month",
    "wks": "weeks",
    "yrs": "years",
    "pmt": "payment",
    "appt": "appointment",
    "w/": "with",
    "@": "at",
    "fri": "Friday",
    "u/5": "under 5",
    "uc": "Universal Credit",
    "ctr": "Council Tax Reduction",
    "o/p": "overpayment",
    "mr": "mandatory reconsideration",
}


def expand(token: str) -> str:
    """What a shorthand token stands for.

    Raises:
        KeyError: the token is not in the glossary.
    """
    return _SHORTHAND[token.lower()]


def exam_prompt(item: Item) -> Prompt:
    """The prompt of an item: its messages, the answer's bound in tokens, a schema where it has one."""
    match item:
        case SinglePassage():
            return _ask(f"{_ANSWER}\n\nText: {item.passage}\n\nQuestion: {item.question}", 48)
        case FivePassages() | Unanswerable():
            return _ask(f"{_ANSWER}\n\n{_passages(item.passages)}\n\nQuestion: {item.question}", 48)
        case Quote():
            return _ask(f"{_QUOTE}\n\nText: {item.passage}\n\nQuestion: {item.question}", 64)
        case JsonItem():
            return _json_prompt(item)
        case Rewrite():
            return _rewrite_prompt(item)
        case WhoDoesWhat():
            line = Message("user", f"{_WHO}\n\nLine: {item.line}")
            return Prompt(messages=(line,), max_tokens=24, json_schema=_WHO_SCHEMA)


def prompt_digest(prompt: Prompt) -> str:
    """sha256 of all that the engine is sent for a prompt, so that two results can be paired item by item."""
    content = {
        "messages": [(message.role, message.content) for message in prompt.messages],
        "max_tokens": prompt.max_tokens,
        "json_schema": prompt.json_schema,
    }
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _ask(text: str, max_tokens: int) -> Prompt:
    return Prompt(messages=(Message("user", text),), max_tokens=max_tokens)


def _passages(passages: tuple[str, ...]) -> str:
    if len(passages) == 1:
        return f"Text: {passages[0]}"
    return "\n".join(f"Passage {number}: {text}" for number, text in enumerate(passages, 1))


def _rewrite_prompt(item: Rewrite) -> Prompt:
    """One worked example goes before the note: without it small models explain the shorthand instead."""
    glossary = "; ".join(f"{token} = {expand(token)}" for token in item.shorthand)
    return Prompt(
        messages=(
            Message("user", f"{_REWRITE}\n\n{_REWRITE_NOTE}\n{_REWRITE_GLOSSARY}"),
            Message("assistant", _REWRITE_LETTER),
            Message("user", f"Note: {item.note}\nShorthand: {glossary}."),
        ),
        max_tokens=80,
    )


def _json_prompt(item: JsonItem) -> Prompt:
    fields = "\n".join(f"- {field.name}: {field.describe}" for field in item.fields)
    head = _JSON_ANSWER if item.question else _JSON_NOTE
    tail = f"\n\nQuestion: {item.question}" if item.question else ""
    text = f"{head}\n{fields}\n\n{_passages(item.texts)}{tail}"
    return Prompt(messages=(Message("user", text),), max_tokens=96, json_schema=item.schema_)
