"""A scripted model that drafts letters: it reads its prompt as a model would, and says what it is told to."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from casewright.engines.scripted import Say, Script, ScriptedEngine
from casewright.engines.wire import ChatRequest, Message
from casewright.notes.draft import Ask, Reply
from casewright.values import Usage

NOTES = """cl owes Barclays £450 and Aviva £54
cl to send payslips by 12 May
I will call Barclays, ref PPR-9087
cl has not agreed to the plan"""
# A truthful sentence for each line, by the words of the line.
SENTENCES = {
    "cl owes Barclays £450 and Aviva £54": "You owe Barclays £450 and Aviva £54.",
    "cl to send payslips by 12 May": "You need to send your payslips by 12 May.",
    "I will call Barclays, ref PPR-9087": "We will call Barclays, ref PPR-9087.",
    "cl has not agreed to the plan": "You have not agreed to the plan.",
}
Lie = Callable[[str, str], str]


def truth(_line: str, sentence: str) -> str:
    """No lie."""
    return sentence


def rows(request: ChatRequest) -> list[tuple[int, str]]:
    """The numbered lines that a request shows."""
    shown = request.messages[1].content.partition("\nFacts:\n")[0]
    return [(int(number), text) for number, text in re.findall(r"^(\d+): (.+)$", shown, re.MULTILINE)]


def section_of(text: str) -> tuple[str, str]:
    """Section and owner of lines such as those of ``NOTES``."""
    if text.startswith("I will"):
        return "our_actions", "adviser"
    if text.startswith("told"):
        return "matters_discussed", "adviser"
    owner = "third_party" if text[:2].isupper() else "client"
    return ("your_actions" if text.startswith("cl to") else "matters_discussed"), owner


def step_of(request: ChatRequest) -> str:
    """What a request asks for: ``facts``, ``sentences`` or ``repairs``."""
    assert request.json_schema is not None
    item = request.json_schema["properties"]
    if "facts" in item:
        return "facts"
    return "repairs" if "number" in item["sentences"]["items"]["properties"] else "sentences"


def facts_json(request: ChatRequest, **changes: Any) -> str:
    """One fact a line."""
    facts = [
        {
            "id": f"a{number}",
            "text": text,
            "section": section_of(text)[0],
            "owner": section_of(text)[1],
            "lines": [number],
            "due": None,
            "amounts": re.findall(r"£\d+", text),
            "dates": re.findall(r"\d+ May", text),
            **changes,
        }
        for number, text in rows(request)
    ]
    return json.dumps({"facts": facts})


def sentences_json(request: ChatRequest, lie: Lie = truth, sentences: Mapping[str, str] = SENTENCES) -> str:
    """One sentence a fact."""
    said = [
        {
            "text": lie(text, sentences.get(text, text)),
            "section": section_of(text)[0],
            "facts": [f"a{number}"],
        }
        for number, text in rows(request)
    ]
    return json.dumps({"sentences": said})


def script(
    lie: Lie = truth,
    *,
    repaired: Lie | None = None,
    facts: Callable[[ChatRequest], str] = facts_json,
    sentences: Mapping[str, str] = SENTENCES,
) -> Callable[[ChatRequest], Script]:
    """A model that lies as ``lie`` says, and as ``repaired`` says when it is asked once more."""

    def answer(request: ChatRequest) -> Script:
        step = step_of(request)
        if step == "facts":
            said = facts(request)
        elif step == "sentences":
            said = sentences_json(request, lie, sentences)
        else:
            said = _repairs(request, repaired or lie, sentences)
        return Script((Say(said),), Usage(prompt_tokens=100, output_tokens=50))

    return answer


def _repairs(request: ChatRequest, lie: Lie, sentences: Mapping[str, str]) -> str:
    blocks = re.findall(r"^Sentence (\d+): .*\nWrong: .*\nNote: (.+)$", request.messages[1].content, re.M)
    said = [{"number": int(number), "text": lie(line, sentences.get(line, line))} for number, line in blocks]
    return json.dumps({"sentences": said})


def asking(engine: ScriptedEngine) -> Ask:
    """The way to a scripted engine, without a service around it."""

    async def ask(messages: Sequence[Message], max_tokens: int, schema: Mapping[str, Any]) -> Reply:
        request = ChatRequest("scripted", tuple(messages), max_tokens, json_schema=schema, stream=False)
        answer = await engine.complete(request)
        return Reply(answer.text, cut=answer.finish_reason == "length")

    return ask
