"""A passage held against a question: how likely it answers, and what speaks against it.

First what no likelihood outweighs: it is about somebody else, it lacks the date or reference that is asked
about, it denies or only wishes. Then a likelihood out of a dozen figures, with weights fitted on the
development set (``benchmarks/answers.py --fit``; docs/rag.md has what they gave on others). The threshold
errs towards "it does not answer": a caseworker can look again, and will not check what looks right.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from casewright.knowledge.evidence import Evidence, Passage
from casewright.knowledge.figures import WEIGHTS, WEIGHTS_WITH_CLOSENESS, Figures, figures
from casewright.knowledge.kinds import gives
from casewright.knowledge.lexicon import AKIN, Lexicon, lexicon
from casewright.knowledge.names import Name
from casewright.knowledge.naming import ABSENT, standing
from casewright.knowledge.question import VALUE_KINDS, Question
from casewright.knowledge.rank import Ranked
from casewright.knowledge.terms import Token, concept, dates_agree
from casewright.knowledge.typed import ABSTRACT, has_kind, kind_noun
from casewright.knowledge.weigh import FILLING, Relations, weigh
from casewright.knowledge.words import WISHES

# What a passage must reach to answer; set on the development set (docs/rag.md).
NEEDED = 0.5
# The same where closeness is known: as few wrong answers then.
NEEDED_WITH_CLOSENESS = 0.5
STRICT = frozenset({"yes_no", "open", "cause", "definition"})
_SUMS = frozenset({"total", "average", "sum", "altogether", "combined", "difference"})
# Kinds of question that "what bird", "which city" may be.
_TYPED = frozenset({"open", "definition", "place", "person", "identifier", "yes_no"})
# What was done, and what somebody is asked to do.
_DONE = re.compile(r"(?i)\b(?:did|has|had|was|were)\b")
_REQUEST = re.compile(r"(?i)\W*(?:please|kindly)\b")
_LOWER = re.compile(
    r"(?i)\b(second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth)[\s-]+(\w{2,}est|most \w+|best)\b"
)


@dataclass(frozen=True, slots=True)
class Judged:
    """A passage held against the question. ``score`` is how likely it answers, 0 to 1.

    ``fault`` is None if it answers; ``stage`` is how far it came before one was found. ``missing`` are the
    concepts of the question that it does not have.
    """

    passage: Passage
    score: float
    missing: tuple[str, ...]
    fault: str | None
    stage: int


class Judge:
    """Holds passages against one question. ``closeness`` is a passage's text's cosine to it, where known."""

    def __init__(
        self,
        question: Question,
        evidence: Evidence,
        ranked: Ranked,
        closeness: Mapping[str, float] | None = None,
    ) -> None:
        self._closeness = closeness or {}
        self._closest = max(self._closeness.values(), default=0.0)
        self.question = question
        self.evidence = evidence
        self.ranked = ranked
        self._lexicon: Lexicon = lexicon()
        self._relations = Relations(question, ranked, self._lexicon)
        tokens = evidence.reader.read(question.text)
        self._asked = frozenset(token.folded for token in tokens)
        self._kind = kind_noun(tokens, self._lexicon) if question.asked in _TYPED else None

    def judge(self, passage: Passage) -> Judged:
        """Hold one passage against the question."""
        seen = self.look(passage)
        close = self._closeness.get(passage.text)
        if close is None:
            total = sum(map(float.__mul__, WEIGHTS, seen.values))
        else:
            total = sum(
                map(float.__mul__, WEIGHTS_WITH_CLOSENESS, (*seen.values, close, close - self._closest))
            )
        score = 1 / (1 + math.exp(-total))
        missing = seen.weights.missing
        excluded = self.excluded(passage, seen)
        if excluded is not None:
            return Judged(passage, score, missing, excluded[1], excluded[0])
        if score < (NEEDED if close is None else NEEDED_WITH_CLOSENESS):
            return Judged(
                passage, score, missing, f"it does not mention {_listed(missing, self.question)}", 2
            )
        return Judged(passage, score, missing, None, 5)

    def look(self, passage: Passage) -> Figures:
        """The figures of a passage that its likelihood is made of."""
        question, evidence = self.question, self.evidence
        given = gives(passage, question, evidence)
        typed: bool | None = None
        spare = question.kind_concepts if given and question.asked not in ("open", "yes_no") else frozenset()
        if self._kind is not None:
            typed = has_kind(passage, self._kind, self._asked, evidence, self._lexicon)
            if typed:
                named = {key for key, word in question.words.items() if word.casefold() == self._kind}
                spare |= named
        weights = weigh(passage, evidence, self._relations, left_out=spare)
        sure = [
            standing(name, passage, evidence, person_asked=question.asked == "person")
            for name in question.names
        ]
        return figures(weights, question, given=given, typed=typed, named=min(sure, default=None))

    def excluded(self, passage: Passage, seen: Figures) -> tuple[int, str] | None:
        """The stage and the fault that no likelihood outweighs."""
        question, evidence = self.question, self.evidence
        if evidence.tainted(passage):
            return 0, "it is an instruction to a machine, not something said of the case"
        if passage.text.rstrip().endswith("?"):
            return 0, "it is itself a question"
        if not _speaks_of_it(seen):
            return 0, "it does not speak of what is asked"
        if seen.named is not None and seen.named <= ABSENT:
            return 1, f"it is not said of {self._stranger(passage)}"
        lacking = self._lacks_head(passage, seen)
        if lacking is not None:
            return 0, f"it does not speak of '{lacking}'"
        if _done_by_another(passage, question, evidence):
            return 1, "it says that of somebody else"
        figure = _absent_figure(passage, question, evidence)
        if figure is not None:
            return 1, f"it does not say {figure}"
        if question.asked in VALUE_KINDS and not seen.given:
            return (3 if seen.weights.near >= NEEDED else 2), _lacks(question)
        if _denied(passage, question):
            return 4, "it says that this is not so"
        if seen.weights.opposite and not question.negative:
            return 4, "it says the opposite of a word of the question"
        if _only_wanted(passage, question):
            return 4, "it says that this was to be, not that it is"
        if _DONE.search(question.text) and _REQUEST.match(passage.text):
            return 4, "it asks for this, and does not say that it was done"
        if _ranked_lower(passage, question):
            return 4, "it says that of a lower place"
        return None

    def _lacks_head(self, passage: Passage, seen: Figures) -> str | None:
        """The thing itself ("the *price* of the car") or a sum, if the passage has it not."""
        wanted = [self.question.head] if self.question.head else []
        wanted += [key for key, word in self.question.words.items() if word.casefold() in _SUMS]
        there = passage.words
        for key in wanted:
            word = self.question.words.get(key, key)
            if key not in seen.weights.missing or key in self.question.light:
                continue
            if word.casefold() in ABSTRACT | FILLING or not self._lexicon.is_noun(word.casefold()):
                continue
            if not any(self._lexicon.relation(word.casefold(), other) >= AKIN for other in there):
                return word
        return None

    def _stranger(self, passage: Passage) -> Name:
        person = self.question.asked == "person"
        return min(
            self.question.names,
            key=lambda name: standing(name, passage, self.evidence, person_asked=person),
        )


def _speaks_of_it(seen: Figures) -> bool:
    return seen.weights.own > 0 or seen.weights.near > 0.5


def _done_by_another(passage: Passage, question: Question, evidence: Evidence) -> bool:
    """Whether the passage names people and, before what the question says one of them does, only others."""
    own = evidence.names(passage)
    if question.doer is None or not own:
        return False
    doer, act = question.doer
    nearest: Name | None = None
    found = []
    for token in passage.tokens:
        nearest = next((name for name in own if token.folded in name.words), nearest)
        if token.kind == "word" and token.key and concept(token.key) == act:
            found.append(nearest)
    return bool(found) and not any(name is None or name.same(doer) for name in found)


def _absent_figure(passage: Passage, question: Question, evidence: Evidence) -> str | None:
    """A reference, date or number in the question that the passage (or the one before it) does not have."""
    if question.asked == "yes_no":
        wanted = [figure for figure in question.figures if figure.kind == "identifier"]
    else:
        wanted = list(question.figures)
    for figure in wanted:
        own = [other for other in passage.figures if other.kind == figure.kind]
        if not own:  # it says nothing else either: what stands right before may hold
            own = [other for near in evidence.before(passage, 1) for other in near.figures]
        same = dates_agree if figure.kind == "date" else str.__eq__
        if not any(same(figure.key, other.key) for other in (*own, *passage.figures)):
            return figure.text
    return None


def _denied(passage: Passage, question: Question) -> bool:
    """Whether it denies what a question about a value takes for granted."""
    if question.asked == "yes_no" or question.negative:
        return False
    return bool(passage.negated & (set(question.concepts) - question.light))


def _only_wanted(passage: Passage, question: Question) -> bool:
    """Whether what the question takes as done is only "to" be done there ("asked him to repair it")."""
    intended: set[str] = set()
    stated: set[str] = set()
    tokens = passage.tokens
    for at, token in enumerate(tokens):
        if token.kind == "word" and token.key:
            wished = at > 1 and tokens[at - 1].folded == "to" and _wish(tokens[max(0, at - 6) : at - 1])
            (intended if wished else stated).add(concept(token.key))
    return bool((intended - stated - question.intended) & (set(question.concepts) - question.light))


def _ranked_lower(passage: Passage, question: Question) -> bool:
    """Whether the question asks for the busiest and the passage has the third busiest."""
    return any(
        found.group(2).casefold() in question.text.casefold()
        and found.group().casefold() not in question.text.casefold()
        for found in _LOWER.finditer(passage.text)
    )


def _wish(tokens: Sequence[Token]) -> bool:
    return any(token.folded in WISHES for token in tokens)


def _listed(concepts: Sequence[str], question: Question) -> str:
    words = [question.words[missing] for missing in concepts][:3]
    return ", ".join(f"'{word}'" for word in words) or "enough of it"


_LACKING = {
    "amount": "an amount",
    "date": "a date",
    "time": "a time",
    "person": "a name",
    "place": "a place",
    "count": "a number",
    "percent": "a percentage",
    "identifier": "a reference",
    "phone": "a telephone number",
    "email": "an email address",
    "cause": "a reason",
    "definition": "a definition",
}


def _lacks(question: Question) -> str:
    return f"it does not give {_LACKING.get(question.asked, 'an answer')}"
