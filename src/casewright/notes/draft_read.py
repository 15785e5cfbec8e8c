"""A model's facts and sentences out of its JSON: put right where there is one way to, else dropped."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from casewright.api.notes import Owner, Section
from casewright.notes import json_read
from casewright.notes.claim import Claim, Said
from casewright.notes.recognise import figures
from casewright.notes.shapes import DraftedFact, DraftedSentence

_SECTIONS: tuple[tuple[str, Section], ...] = (
    ("matter", "matters_discussed"),
    ("discuss", "matters_discussed"),
    ("our", "our_actions"),
    ("adviser", "our_actions"),
    ("your", "your_actions"),
    ("client", "your_actions"),
)
_OWNERS: dict[str, Owner] = {
    "client": "client",
    "you": "client",
    "cl": "client",
    "adviser": "adviser",
    "advisor": "adviser",
    "we": "adviser",
    "us": "adviser",
    "i": "adviser",
    "third_party": "third_party",
    "third party": "third_party",
    "other": "third_party",
}
MOST_SENTENCE = 600
MOST_NAME = 12


def facts_of(answers: Sequence[Mapping[str, Any]], part: Sequence[Said]) -> list[DraftedFact]:
    """The facts that can be used: of lines that were shown, with figures of theirs and the rules' owner."""
    by_line: dict[int, list[Claim]] = {}
    for said in part:
        for number in said.claim.lines:
            by_line.setdefault(number, []).append(said.claim)
    facts: list[DraftedFact] = []
    for answer in answers:
        lines = tuple(number for number in json_read.numbers(answer.get("lines")) if number in by_line)
        name = _name(answer.get("id"), {fact.id for fact in facts})
        fact = _fact(answer, lines, name, [claim for n in lines for claim in by_line[n]])
        if fact is not None and all(fact.text != one.text or fact.lines != one.lines for one in facts):
            facts.append(fact)
    return facts


def _fact(
    answer: Mapping[str, Any], lines: tuple[int, ...], name: str, claims: Sequence[Claim]
) -> DraftedFact | None:
    """One fact with the section and owner that the rules are sure of; None where it cannot be one."""
    text = json_read.words(answer.get("text"))
    if not lines or not text:
        return None
    source = " ".join(claim.text for claim in claims)
    stated: tuple[str, ...] = (*json_read.texts(answer.get("amounts")), *json_read.texts(answer.get("dates")))
    if set(figures(" ".join([text, *stated]).split())) - set(figures(source.split())):
        # its figures are not those of the lines: from here on the lines speak for themselves
        text, stated = source, ()
    placed = _placed(answer, claims)
    if placed is None:
        return None
    return DraftedFact(
        id=name,
        text=text,
        section=placed[0],
        owner=placed[1],
        lines=lines,
        due=json_read.words(answer.get("due")) or None,
        amounts=json_read.texts(answer.get("amounts")) if stated else (),
        dates=json_read.texts(answer.get("dates")) if stated else (),
    )


def _placed(answer: Mapping[str, Any], claims: Sequence[Claim]) -> tuple[Section, Owner] | None:
    """Section and owner as the rules have them; None for a line of two people of which none is named."""
    placed = {(claim.decision.section, claim.decision.owner) for claim in claims}
    section, owner = _section(answer.get("section")), _owner(answer.get("owner"))
    if section is not None and owner is not None and (section, owner) in placed:
        return section, owner
    return next(iter(placed)) if len(placed) == 1 else None


def _name(value: Any, taken: set[str]) -> str:
    """The model's own name for a fact where it is one, and no other's."""
    name = re.sub(r"\W", "", json_read.words(value))
    if name and len(name) <= MOST_NAME and name not in taken:
        return name
    return next(f"a{n}" for n in range(1, len(taken) + 2) if f"a{n}" not in taken)


def _section(value: Any) -> Section | None:
    said = json_read.words(value).lower()
    return next((section for word, section in _SECTIONS if word in said), None)


def _owner(value: Any) -> Owner | None:
    return _OWNERS.get(json_read.words(value).lower())


def sentences_of(answers: Sequence[Mapping[str, Any]], facts: Sequence[DraftedFact]) -> list[DraftedSentence]:
    """The sentences as the model gave them, with the lines of the facts that they name."""
    known = {fact.id: fact for fact in facts}
    found: list[DraftedSentence] = []
    for answer in answers:
        text = json_read.words(answer.get("text"))
        if not text or len(text) > MOST_SENTENCE:
            continue
        names = tuple(dict.fromkeys(re.sub(r"\W", "", name) for name in json_read.texts(answer.get("facts"))))
        own = [known[name] for name in names if name in known]
        section = own[0].section if own else _section(answer.get("section")) or "matters_discussed"
        lines = tuple(sorted({number for fact in own for number in fact.lines}))
        found.append(DraftedSentence(text, section, tuple(fact.id for fact in own), lines))
    return found
