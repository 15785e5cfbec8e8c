"""Whether a passage has an answer of the kind that a question asks for, and which values it gives."""

from __future__ import annotations

import re
from collections.abc import Callable

from casewright.knowledge.evidence import Evidence, Passage
from casewright.knowledge.lexicon import lexicon
from casewright.knowledge.measures import measured
from casewright.knowledge.question import VALUE_KINDS, Asked, Question
from casewright.knowledge.terms import Token, concept
from casewright.knowledge.words import CAUSES, ROLES

_PERIOD = re.compile(
    r"(?i)\b(?:within|in|every|after|for)\s+\w+\s+(?:working\s+)?(?:days?|weeks?|months?|years?)\b"
)
_OFTEN = re.compile(r"(?i)\b(?:daily|weekly|fortnightly|monthly|yearly|annually|every|each|once|twice)\b")
_ONE = re.compile(r"(?i)\b(?:single|one|none|both|a pair|half|two-thirds|a third|a quarter)\b")
_PLACE = re.compile(
    r"\b(?:[Aa]t|[Ii]n|[Tt]o|[Ff]rom|[Nn]ear|[Oo]n)\s+(?:the\s+)?(?:\d+\w?\s+)?[A-Z]|(?i:address|home|venue|place|postcode)\s*:\s*\S"
)
_ADDRESS = re.compile(
    r"\b\d+\w?(?:,)?\s+(?:[A-Z]\w+\s){1,3}(?:Street|St|Road|Rd|Lane|Avenue|Ave|Terrace|Close|Drive|Court|House|Way"
    r"|Place|Square|Gardens|Crescent|Rise|Hill|Row|Walk|Park|Grove)\b|\b[A-Z]{1,2}\d[A-Z\d]?\s\d[A-Z]{2}\b|(?i:\baddress\s*:)"
)
_AGENT = re.compile(
    r"(?i)\bby (?:an?|the|its|his|her|their) (?!\w+(?:day|week|month|year)\b)(?:\w+ ){0,2}[a-z]+"
)
_HOME = re.compile(
    r"(?i)\b(?:lives?|lived|living|resides?|resided|address|home|moved|stays?|stayed|staying)\b"
)
_PERSON = re.compile(
    r"(?i)\b(?:he|she|they|client|tenant|landlord|claimant|mother|father|parents?|son|daughter)\b"
)
_PEOPLE = ("person", "people", "organization")
_WITHIN = re.compile(
    r"(?i)\b(?:at|in|on|under|near|inside|into|beside|behind|outside|above|below|beneath)\s+"
    r"(?:the|a|an|its|his|her|their)\s+(?:\w+\s+)?(\w+)"
)
_MORE_CAUSES = re.compile(r"(?i)\b(?:after|following|thanks to|in order to|so that|led to|made|over)\b")
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
        token.key
        for token in passage.figures
        if (question.asked == "date" if _year(token) else token.kind in kinds)
        and token.key not in question.keys
    )


def _date(passage: Passage, question: Question, _evidence: Evidence) -> bool:
    return bool(values(passage, question)) or bool(_PERIOD.search(passage.text))


def _year(token: Token) -> bool:
    """A year before 1900 is read as a number: it may be one."""
    return token.kind == "number" and re.fullmatch(r"1[0-8]\d\d", token.text) is not None


def _count(passage: Passage, question: Question, _evidence: Evidence) -> bool:
    found = measured(question.text, passage.text)
    if found is not None:
        return found
    if values(passage, question):
        return True
    return bool(_OFTEN.search(passage.text)) or bool(_ONE.search(passage.text))


def _person(passage: Passage, question: Question, evidence: Evidence) -> bool:
    """A name that the question does not have, or somebody by their part ("the landlord")."""
    for name in evidence.names(passage):
        if not any(name.same(asked) for asked in question.names):
            return True
    if question.names and len(passage.concepts - set(question.concepts)) >= 1 and not question.concepts:
        return True  # "Who is Liam Doyle?": what is said of him
    if _AGENT.search(passage.text):
        return True
    said = (token for token in passage.tokens if token.kind == "word" and token.key)
    others = {token.folded for token in said if concept(token.key) not in question.concepts}
    if any(lexicon().is_kind(word, kind, first=True) for word in others for kind in _PEOPLE):
        return True
    asked_words = set(question.concepts)
    roles = {concept(token.key) for token in passage.tokens if token.folded in ROLES and token.key}
    return bool(roles - asked_words) and bool(asked_words & passage.concepts)


def _place(passage: Passage, question: Question, _evidence: Evidence) -> bool:
    """A name or a thing after a preposition of place; where somebody lives is an address."""
    if _ADDRESS.search(passage.text):
        return True
    if "address" in question.text.casefold():
        return False
    if _HOME.search(question.text) and (question.names or _PERSON.search(question.text)):
        return bool(_HOME.search(passage.text)) and bool(_PLACE.search(passage.text))
    if _PLACE.search(passage.text):
        return True
    known = lexicon()
    return any(
        not known.is_kind(found.group(1).casefold(), "time", first=True)
        and found.group(1).casefold() not in question.text.casefold()
        for found in _WITHIN.finditer(passage.text)
    )


def _cause(passage: Passage, _question: Question, _evidence: Evidence) -> bool:
    return any(token.folded in CAUSES for token in passage.tokens) or bool(_MORE_CAUSES.search(passage.text))


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
