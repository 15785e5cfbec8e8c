"""What every check is made of: findings, the contract's shape, figures and names an answer may not invent."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from casewright.api.contract import Answered
from casewright.api.staging import Finding
from casewright.staging.ask import Answer

SHOWN = 160
_FIGURE = re.compile(r"\d+(?:[.,:/-]\d+)*")
_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
# What a sentence may begin after: an end of another one, a list's mark, an opening bracket or quote.
_BEGINS = re.compile(r"(?:^|[.!?:;\n|])[\s\"'“‘(\[*_#>-]*$")
Model = TypeVar("Model", bound=BaseModel)


def finding(
    what: str, expected: str, seen: object, ok: bool | None, *, tried: bool = True, shown: int = SHOWN
) -> Finding:
    """A finding with what was seen cut to ``shown`` characters. ``tried`` False: nothing to look at."""
    words = " ".join(str(seen).split())
    told = words if len(words) <= shown else words[: shown - 1] + "…"
    return Finding(what=what, expected=expected, seen=told or "(nothing)", ok=ok, not_proven=tried)


def read(name: str, answer: Answer, model: type[Model]) -> tuple[Model | None, list[Finding]]:
    """The answer as the contract's model, with the findings about status and shape."""
    found = [
        finding(f"{name}: status", "200", answer.said if answer.status != 200 else 200, answer.status == 200)
    ]
    if answer.status != 200:
        return None, found
    try:
        value = model.model_validate_json(answer.body)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "body"
        seen = f"{where}: {first['msg']}"
        return None, [*found, finding(f"{name}: shape", model.__name__, seen, False)]
    return value, [*found, finding(f"{name}: shape", model.__name__, model.__name__, True)]


def figures(text: str) -> set[str]:
    """Every number in a text, as written."""
    return set(_FIGURE.findall(text))


def names(text: str) -> set[str]:
    """Every capitalised word but the first of a sentence; that one too where another such word follows it."""
    found = [(match, match[0][0].isupper()) for match in _WORD.finditer(text)]
    kept = set()
    for place, (match, capital) in enumerate(found):
        if not capital or match[0] == "I":
            continue
        after = found[place + 1] if place + 1 < len(found) else None
        goes_on = after is not None and after[1] and text[match.end() : after[0].start()] == " "
        if goes_on or not _BEGINS.search(text[: match.start()]):
            kept.add(match[0])
    return kept


def plain(text: str) -> str:
    """A text for comparing words: one kind of space, no emphasis marks, lower case."""
    return " ".join(re.sub(r"[*_`\\]", "", text).split()).lower()


def model_asked(
    name: str, found: Answered, rejected: Sequence[str] = (), *, may_agree: bool = False
) -> Finding:
    """The real model's words, or a reason why they are not used.

    ``may_agree``: its words may be the code's own, so that tokens without a word about them are enough.
    """
    what, expected = f"{name}: model", "the model's words, or a warning why not"
    tokens = found.usage.output_tokens if found.usage is not None else None
    if found.answered_by == "model":
        return finding(what, expected, f"the model's words, {tokens} tokens", bool(tokens))
    why = (*found.warnings, *rejected)
    seen = f"{tokens} tokens of the model, code's words; {'; '.join(why) or 'no warning'}"
    return finding(what, expected, seen, bool(why) or (may_agree and bool(tokens)))


def facts_present(name: str, facts: tuple[str, ...], text: str) -> list[Finding]:
    """One finding for each fact that must stand in a text."""
    words = plain(text)
    return [
        finding(f"{name}: says {fact}", fact, fact if plain(fact) in words else text, plain(fact) in words)
        for fact in facts
    ]


def nothing_invented(name: str, text: str, source: str) -> Finding:
    """Whether every figure and every name of a text stands in its source."""
    known = {match[0].lower() for match in _WORD.finditer(source)}
    invented = sorted(figures(text) - figures(source))
    invented += sorted(word for word in names(text) if word.lower() not in known)
    what, expected = f"{name}: names and figures", "only the input's"
    return finding(what, expected, ", ".join(invented) or expected, not invented)
