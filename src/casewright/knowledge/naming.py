"""Whether a passage is about somebody whom a question names, and how surely."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from casewright.knowledge.evidence import Evidence, Passage
from casewright.knowledge.lexicon import lexicon
from casewright.knowledge.names import Name

# How surely, from "it names them" to "nothing near it does"; ``OTHER`` is "it is about somebody else".
STATED, REFERRED, TOPIC, CROWDED, NEARBY, ABSENT, OTHER = 1.0, 0.9, 0.8, 0.5, 0.3, 0.0, -1.0

# How far back "she" may have been named.
FAR = 5

_PRONOUN = re.compile(r"(?i)\b(?:he|she|they|him|her|his|hers|their|theirs|them)\b")
_YOU = re.compile(r"(?i)\b(?:you|your|yours)\b")
_THINGS = ("location", "structure", "water", "organization", "event", "group", "artifact", "communication")
# After these stands a place or a body, not who does something.
_SETTING = re.compile(r"(?i)\b(?:in|at|to|from|near|of|on|into|the|around|between|and|via)\s+(?:the\s+)?$")


def standing(name: Name, passage: Passage, evidence: Evidence, *, person_asked: bool) -> float:
    """How surely a passage is about ``name``."""
    own = evidence.names(passage)
    words = {token.folded for token in passage.tokens if token.kind == "word"}
    thing = _is_thing(name)
    rivals = [
        other
        for other in own
        if set(other.words) & set(name.words) and not name.same(other) and (not thing or _is_thing(other))
    ]
    if any(name.same(other) for other in own) or (set(name.words) <= words and not rivals):
        return STATED
    if rivals:
        return OTHER
    found = _referred(name, passage, evidence, own, person_asked=person_asked)
    if found is not None:
        return found
    crowded = CROWDED if thing else OTHER
    about = (*_topic(passage, evidence), *evidence.subject(passage.document))
    if any(name.same(other) for other in about):
        return crowded if _agents(passage, own) else TOPIC
    sole = evidence.sole_person(passage.document)
    if sole is not None and name.same(sole):
        return TOPIC
    if _agents(passage, own):
        return OTHER
    return NEARBY if _in_paragraph(name, passage, evidence) else ABSENT


def _referred(
    name: Name, passage: Passage, evidence: Evidence, own: Sequence[Name], *, person_asked: bool
) -> float | None:
    """What pronouns say: "you" in a letter is whom it is to, "she" is who was named last before."""
    subject = evidence.subject(passage.document)
    if subject and _YOU.search(passage.text) and evidence.is_letter(passage.document) and not _is_thing(name):
        return REFERRED if any(name.same(other) for other in subject) else OTHER
    agents = _agents(passage, own)
    if _PRONOUN.search(passage.text) is None or (agents and not person_asked and not _led(passage, agents)):
        return None
    for earlier in evidence.before(passage, FAR):
        found = _agents(earlier, evidence.names(earlier))
        if any(name.same(other) for other in found):
            return REFERRED
        if found:
            return OTHER
    if any(name.same(other) for other in subject):
        return REFERRED
    return None


@lru_cache(2048)
def _is_thing(name: Name) -> bool:
    """Whether it names a place, a body or a work and no person: "Varnish Canal", "Lake Ishtara"."""
    known = lexicon()
    return name.title is None and any(
        known.is_kind(word, kind, first=True) for word in name.words for kind in _THINGS
    )


def _led(passage: Passage, agents: Sequence[Name]) -> bool:
    """Whether a pronoun comes before the first name."""
    pronoun = _PRONOUN.search(passage.text)
    first = min(
        (token.start for token in passage.tokens if any(token.folded in name.words for name in agents)),
        default=len(passage.text),
    )
    return pronoun is not None and pronoun.start() < first


def _agents(passage: Passage, names: Sequence[Name]) -> list[Name]:
    """The names of a passage that do not only say where or what: "in Recife", "the League"."""
    found = []
    for name in names:
        token = next(
            (token for token in passage.tokens if token.capital and token.folded in name.words), None
        )
        if _is_thing(name):
            continue
        if name.title or token is None or not _SETTING.search(passage.text[: token.start]):
            found.append(name)
    return found


def _topic(passage: Passage, evidence: Evidence) -> Sequence[Name]:
    return evidence.names(evidence.opening(passage))


def _in_paragraph(name: Name, passage: Passage, evidence: Evidence) -> bool:
    return any(name.same(other) for member in evidence.members(passage) for other in evidence.names(member))
