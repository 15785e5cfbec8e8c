"""Whether a passage has an answer of the kind that a question asks for, and which values it gives."""

from __future__ import annotations

import re
from collections.abc import Callable

from casewright.knowledge.evidence import Evidence, Passage
from casewright.knowledge.question import VALUE_KINDS, Asked, Question
from casewright.knowledge.terms import concept
from casewright.knowledge.words import CAUSES, ROLES

_PERIOD = re.compile(
    r"(?i)\b(?:within|in|every|after|for)\s+\w+\s+(?:working\s+)?(?:days?|weeks?|months?|years?)\b"
)
_OFTEN = re.compile(r"(?i)\b(?:daily|weekly|fortnightly|monthly|yearly|annually|every|each|once|twice)\b")
_PLACE = re.compile(
    r"\b(?:[Aa]t|[Ii]n|[Tt]o|[Ff]rom|[Nn]ear|[Oo]n)\s+(?:the\s+)?(?:\d+\w?\s+)?[A-Z]|(?i:address|home|venue|place|postcode)\s*:\s*\S"
)
_COPULA = re.compile(r"(?i)\b(?:is|are|was|means?|refers? to|stands? for|called)\b|[:–—]")


def gives(passage: Passage, question: Question, evidence: Evidence) -> bool:
    """Whether the passage has an answer of the kind asked for, other than what the question itself says."""
    check = _CHECKS.get(question.asked)
    if check is not None:
        return check(passage, question, evidence)
    kinds = VALUE_KINDS.get(question.asked)
    return kinds is None or bool(values(passage, question))


def values(passage: Passage, question: Question) -> frozenset[str]:
    """The figures of the kind asked for; without such a kind, the passage's own words."""
    kinds = VALUE_KINDS.get(question.asked)
    if kinds is None:
        return frozenset({" ".join(passage.text.split()).casefold()})
    return frozenset(
        token.key for token in passage.figures if token.kind in kinds and token.key not in question.keys
    )


def _date(passage: Passage, question: Question, _evidence: Evidence) -> bool:
    return bool(values(passage, question)) or bool(_PERIOD.search(passage.text))


def _count(passage: Passage, question: Question, _evidence: Evidence) -> bool:
    return bool(values(passage, question)) or bool(_OFTEN.search(passage.text))


def _person(passage: Passage, question: Question, evidence: Evidence) -> bool:
    """A name that the question does not have, or somebody by their part ("the landlord")."""
    for name in evidence.names(passage):
        if not any(name.same(asked) for asked in question.names):
            return True
    if question.names and len(passage.concepts - set(question.concepts)) >= 1 and not question.concepts:
        return True  # "Who is Liam Doyle?": what is said of him
    asked_words = set(question.concepts)
    roles = {concept(token.key) for token in passage.tokens if token.folded in ROLES and token.key}
    return bool(roles - asked_words) and bool(asked_words & passage.concepts)


def _place(passage: Passage, _question: Question, _evidence: Evidence) -> bool:
    return bool(_PLACE.search(passage.text))


def _cause(passage: Passage, _question: Question, _evidence: Evidence) -> bool:
    return any(token.folded in CAUSES for token in passage.tokens)


def _definition(passage: Passage, question: Question, _evidence: Evidence) -> bool:
    """The thing stands before "is" or "means", all of it, and something follows."""
    copula = _COPULA.search(passage.text)
    if copula is None or not passage.text[copula.end() :].strip():
        # a reference line ("our reference PPR-9087") says what the figure is
        keys = {token.key for token in passage.figures}
        return not question.concepts and any(figure.key in keys for figure in question.figures)
    if not question.concepts:
        return True
    before = {concept(token.key) for token in passage.tokens if token.key and token.end <= copula.start()}
    return set(question.concepts) - question.light - question.kind_concepts <= before


_CHECKS: dict[Asked, Callable[[Passage, Question, Evidence], bool]] = {
    "date": _date,
    "count": _count,
    "person": _person,
    "place": _place,
    "cause": _cause,
    "definition": _definition,
}
