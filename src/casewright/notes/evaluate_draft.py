"""A model's raw answers as sentences and facts, before any check: read as leniently as a reader would.

Nothing is repaired, and nothing is left out because it is wrong. What a model was asked for once more,
because its sentence did not hold, is no raw draft.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast, get_args

from casewright.api.notes import Owner, Section
from casewright.api.notes_evaluation import DraftedLine
from casewright.engines.wire import ChatRequest

_OBJECT = re.compile(r"\{.*\}", re.DOTALL)
_LONGEST = 2_000
_MOST = 1_000


@dataclass(frozen=True, slots=True)
class Reply:
    """What a model was asked and what it answered."""

    request: ChatRequest
    text: str


@dataclass(frozen=True, slots=True)
class RawDraft:
    """What a model drafted for one letter: its sentences, and its facts with who acts in them.

    ``broken`` counts answers that were to be JSON and are none; what is whole in them counts.
    """

    said: tuple[DraftedLine, ...]
    facts: tuple[DraftedLine, ...]
    broken: int = 0


def drafted(replies: Sequence[Reply]) -> RawDraft:
    """The sentences and facts of all answers of one letter, each once.

    A sentence has the lines of the facts it cites, as the request told of them. Without any sentence the
    facts stand for them, and an answer that was to be plain text is a sentence as it is.
    """
    said: list[DraftedLine] = []
    facts: list[DraftedLine] = []
    broken = 0
    for reply in replies:
        found = _json(reply.text)
        if found is None and reply.request.json_schema is None:
            said += [DraftedLine(text=text)] if (text := reply.text.strip()[:_LONGEST]) else []
            continue
        if found is None:
            broken += 1
            found = _pieces(reply.text)
        facts += [_line(row) for row in _rows(found, "facts")]
        shown = _shown(reply.request)
        said += [_cited(row, shown) for row in _rows(found, "sentences") if "number" not in row]
    sentences = tuple(dict.fromkeys(one for one in said if one.text.strip()))
    told = tuple(dict.fromkeys(one for one in facts if one.text.strip()))
    return RawDraft(sentences or told, told, broken)


def _shown(request: ChatRequest) -> dict[str, DraftedLine]:
    """The facts that a request for sentences told of: one a row, as JSON."""
    found = {}
    for row in request.messages[-1].content.splitlines() if request.messages else ():
        fact = _json(row) if row.startswith("{") else None
        if fact is not None and "id" in fact:
            found[str(fact["id"])] = _line(fact)
    return found


def _cited(row: Mapping[str, Any], shown: Mapping[str, DraftedLine]) -> DraftedLine:
    own = _line(row)
    facts = [shown[name] for name in map(str, _list(row.get("facts"))) if name in shown]
    lines = own.lines or tuple(dict.fromkeys(line for fact in facts for line in fact.lines))
    section = own.section or next((fact.section for fact in facts if fact.section), None)
    return DraftedLine(text=own.text, section=section, owner=own.owner, lines=lines)


def _line(row: Mapping[str, Any]) -> DraftedLine:
    section, owner = row.get("section"), row.get("owner")
    lines = [one for one in _list(row.get("lines")) if isinstance(one, int) and not isinstance(one, bool)]
    return DraftedLine(
        text=str(row.get("text") or "")[:_LONGEST],
        section=cast(Section, section) if section in get_args(Section) else None,
        owner=cast(Owner, owner) if owner in get_args(Owner) else None,
        lines=tuple(lines),
    )


def _json(answer: str) -> dict[str, Any] | None:
    found = _OBJECT.search(answer)
    if found is None:
        return None
    try:
        value = json.loads(found[0])
    except (ValueError, RecursionError):
        return None  # it is counted as broken, or read as the text it is
    return value if isinstance(value, dict) else None


def _pieces(answer: str) -> dict[str, Any]:
    """The whole objects in an answer that is cut off or otherwise broken, told apart by what they have."""
    decoder, at = json.JSONDecoder(), 0
    rows: dict[str, list[Any]] = {"facts": [], "sentences": []}
    for _ in range(_MOST):
        at = answer.find("{", at)
        if at < 0:
            break
        try:
            value, at = decoder.raw_decode(answer, at)
        except (ValueError, RecursionError):
            at += 1  # the object around them, which has no end
            continue
        if "text" in value:
            rows["sentences" if "facts" in value else "facts"].append(value)
    return rows


def _rows(found: Mapping[str, Any], name: str) -> Iterable[Mapping[str, Any]]:
    return [row for row in _list(found.get(name)) if isinstance(row, dict)]


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
