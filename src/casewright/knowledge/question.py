"""What a question asks for: the kind of answer, and what the answering sentence must be about."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from casewright.knowledge.names import Name, names_in
from casewright.knowledge.terms import FIGURES, Kind, Reader, Token, concept
from casewright.knowledge.words import LIGHT, NEGATIONS, TITLES

Asked = Literal[
    "amount",
    "date",
    "time",
    "person",
    "place",
    "count",
    "percent",
    "identifier",
    "phone",
    "email",
    "cause",
    "yes_no",
    "definition",
    "open",
]

_WHICH = r"(?:what|which|whats|what's)"
# The first that fits decides; searched in the question in lower case.
_RULES: tuple[tuple[Asked, str], ...] = (
    ("cause", r"\bwhy\b|\bwhat\b.{0,40}\b(?:reason|cause)"),
    (
        "phone",
        r"\b(?:tele)?phone\b.{0,20}\bnumber|\bnumber\b.{0,30}\b(?:tele)?phone|\bmobile number|\bcall on\b",
    ),
    ("email", r"\be-?mail address\b"),
    ("percent", rf"\b{_WHICH} (?:percentage|per ?cent)|\bpercentage\b"),
    (
        "count",
        r"\bhow (?:many|long|old|often|far|deep|tall|high|big|large|wide|thick|heavy|fast|hot|cold)\b"
        r"|\b(?:what|which) age\b|\bhow much (?:did|does|do|will|would) .{1,60} weigh\b",
    ),
    ("percent", r"\bhow much of (?:the|its|their|his|her)\b"),
    ("amount", r"\bhow much\b|\bwhat (?:amount|sum|price)\b"),
    ("time", rf"\b{_WHICH} time\b"),
    (
        "date",
        r"^(?:\W*(?:since|until|till|from|by|on|and|so|but|for) )?when\b"
        r"|\bwhen (?:is|was|were|are|did|does|do|will|has|have|had|must|should|would|may|shall)\b"
        rf"|\bhow soon\b|\bdeadline\b|\b{_WHICH} (?:day|month|year|century|decade)s?\b"
        rf"|\b{_WHICH} (?:[\w']+ ){{0,5}}date\b",
    ),
    ("person", rf"\bwho\b|\bwhom\b|\bwhose\b|\b{_WHICH} (?:is|was|are|were) .{{1,60}}\bnames?\b"),
    ("place", rf"\bwhere\b|\b{_WHICH}\b.{{0,30}}\b(?:address|postcode)\b"),
    (
        "identifier",
        rf"\b{_WHICH}\b.{{0,60}}\b(?:reference|ref|number|code|id)\b",
    ),
    (
        "yes_no",
        r"^(?:is|are|was|were|am|do|does|did|has|have|had|can|could|will|would|shall|should|must|may|might"
        r"|isn't|aren't|wasn't|weren't|doesn't|don't|didn't|hasn't|haven't|won't)\b",
    ),
    (
        "amount",
        rf"\b{_WHICH}\b.{{0,60}}\b(?:rent|deposit|fee|price|cost|costs|balance|arrears|income|salary|wages?|savings"
        r"|debt|charge|amount)\b(?!.{0,20}\b(?:for|about)\b)",
    ),
    (
        "count",
        rf"\b{_WHICH} (?:is|was|are|were) (?:the |its |their |his |her |average |total )*"
        r"(?:population|length|height|depth|width|weight|lifespan|temperature|speed|altitude|size|capacity|area)\b",
    ),
    (
        "definition",
        r"^(?:what (?:is|are) (?!the\b|his\b|her\b|their\b|my\b|our\b|your\b|its\b|this\b|that\b|happening\b)"
        r"(?!.*\b(?:for|about|like|of|with|to|in|on|by|at|from|called|made|known|done|used|wrong|special)\b)"
        r"|what does .+ mean|define\b|what is meant by\b)",
    ),
)
_HEADED = re.compile(
    r"\b(?:how much|what|which|who)\s+(?:is|was|are|were)\s+"
    r"((?:(?!of\b|for\b|to\b|on\b|in\b|at\b|per\b|from\b"
    r"|a\b|an\b|with\b|by\b|that\b)[\w'’-]+\s*){1,6})"
)
_ARTICLES = ("the ", " a ", " an ")
_DUTY = frozenset(
    {"must", "should", "shall", "can", "could", "will", "may", "need", "needs", "want", "wants"}
)
_DOING = frozenset(
    ["does", "do", "did", "has", "have", "had", "will", "would", "must", "should", "can", "could"]
)
# Which figures answer; the kinds that are missing here are not answered by a figure.
VALUE_KINDS: dict[Asked, frozenset[Kind]] = {
    "amount": frozenset({"amount"}),
    "date": frozenset({"date"}),
    "time": frozenset({"time"}),
    "count": frozenset({"number", "percent"}),
    "percent": frozenset({"percent"}),
    "identifier": frozenset({"identifier", "phone"}),
    "phone": frozenset({"phone"}),
    "email": frozenset({"email"}),
}
# Words that only name the kind of answer: a sentence that has such an answer need not repeat them.
_KIND_WORDS: dict[Asked, str] = {
    "amount": "amount sum much",
    "date": "date day deadline month year century decade",
    "time": "time",
    "person": "name person",
    "place": "address place postcode live locate situate find",
    "count": "number time length height depth width weight size long old far deep tall high big large wide",
    "percent": "percentage percent cent per",
    "identifier": "number reference ref code id",
    "phone": "number telephone phone mobile call",
    "email": "email address mail",
    "cause": "reason cause",
    "definition": "mean meant define definition",
}


@dataclass(frozen=True, slots=True)
class Question:
    """``concepts`` are what the sentence should speak of, in the question's order: no names, no figures.

    ``words`` gives a concept as the question said it. ``names`` and ``figures`` are whom and what it must be
    about. ``kind_concepts`` may be left out by a sentence that has an answer of the kind asked for. ``head``
    is the thing itself in "what is the price of the car": a sentence about the car alone does not answer.
    ``doer`` is who does what in "how much does Anna owe": a sentence in which another owes does not answer.
    ``intended`` is what the question itself speaks of as to be done.
    """

    text: str
    asked: Asked
    concepts: tuple[str, ...]
    kind_concepts: frozenset[str]
    light: frozenset[str]
    words: dict[str, str]
    names: tuple[Name, ...]
    figures: tuple[Token, ...]
    negative: bool
    keys: frozenset[str]
    head: str | None
    doer: tuple[Name, str] | None
    intended: frozenset[str]

    @property
    def empty(self) -> bool:
        """Whether it names nothing to look for."""
        return not (self.concepts or self.names or self.figures)


def asked_for(text: str) -> Asked:
    """The kind of answer that a question wants."""
    lowered = " ".join(text.casefold().replace("’", "'").split())
    for kind, pattern in _RULES:
        if re.search(pattern, lowered):
            return kind
    return "open"


def understand(
    text: str, reader: Reader, known_names: frozenset[str], common_words: frozenset[str]
) -> Question:
    """Read a question.

    ``known_names`` are words that the documents only have as names, ``common_words`` those that they have in
    lower case too: such a word is no name, however the question writes it.
    """
    tokens = reader.read(text)
    asked = asked_for(text)
    names = list(names_in(tokens, text, common_words, known_names))
    named = {word for name in names for word in name.words}
    for token in tokens:
        if token.kind == "word" and token.key and token.folded not in named and token.folded in known_names:
            if text[: token.start].casefold().endswith(_ARTICLES) and not token.capital:
                continue  # "the reform", where the text has "the Lindqvist Reform"
            names.append(Name((token.folded,), None))
            named.add(token.folded)
    words: dict[str, str] = {}
    for token in tokens:
        if token.kind == "word" and token.key and token.folded not in named:
            words.setdefault(concept(token.key), token.text)
    kind_words = {concept(reader.stem(word)) for word in _KIND_WORDS.get(asked, "").split()}
    if re.search(r"\bcosts?\W*$", text.casefold()):
        kind_words.add(concept("cost"))  # "what does it cost?": the verb only says that an amount is wanted
    light = {concept(reader.stem(word)) for word in LIGHT}
    return Question(
        text=" ".join(text.split()),
        asked=asked,
        concepts=tuple(words),
        kind_concepts=frozenset(kind_words),
        light=frozenset(light),
        words=words,
        names=tuple(names),
        figures=tuple(token for token in tokens if token.kind in FIGURES),
        negative=any(token.folded in NEGATIONS or token.folded.endswith("n't") for token in tokens),
        keys=frozenset(token.key for token in tokens if token.key),
        head=_head(text, reader, frozenset(words) - kind_words),
        doer=_doer(tokens, names),
        intended=_intended(tokens),
    )


def _head(text: str, reader: Reader, concepts: frozenset[str]) -> str | None:
    found = _HEADED.search(text.casefold())
    if found is None:
        return None
    last = [concept(token.key) for token in reader.read(found.group(1)) if token.key][-1:]
    return last[0] if last and last[0] in concepts else None


def _doer(tokens: Sequence[Token], names: Sequence[Name]) -> tuple[Name, str] | None:
    """The name right after "does", "has", "will" and what follows it; not with "was": that may be passive."""
    start = next((place + 1 for place, token in enumerate(tokens) if token.folded in _DOING), None)
    if start is None:
        return None
    place = start
    while place < len(tokens) and tokens[place].kind == "word" and _of_a_name(tokens[place], names):
        place += 1
    named = [token for token in tokens[start:place] if token.folded not in TITLES]
    if not named or re.search(r"['’]s?$", named[-1].text):
        return None
    name = next((name for name in names if named[-1].folded in name.words), None)
    verb = next((concept(token.key) for token in tokens[place:] if token.kind == "word" and token.key), None)
    return (name, verb) if name is not None and verb is not None else None


def _intended(tokens: Sequence[Token]) -> frozenset[str]:
    """What the question itself speaks of as to be done; everything, if it asks what must or can be done."""
    if any(token.folded in _DUTY for token in tokens):
        return frozenset(concept(token.key) for token in tokens if token.key)
    return frozenset(
        concept(token.key) for before, token in pairwise(tokens) if token.key and before.folded == "to"
    )


def _of_a_name(token: Token, names: Sequence[Name]) -> bool:
    return token.folded in TITLES or any(token.folded in name.words for name in names)
