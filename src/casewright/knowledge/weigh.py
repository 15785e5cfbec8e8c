"""How much of a question a passage carries, in figures that a threshold can be set on."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from casewright.knowledge.evidence import Evidence, Passage
from casewright.knowledge.lexicon import SAME, Lexicon
from casewright.knowledge.question import Question
from casewright.knowledge.rank import Ranked
from casewright.knowledge.words import words

LIGHT_WEIGHT = 0.2
# Words that a question has for its own sake: how, when nowadays, the verbs that any noun goes with.
FILLING = words(
    "roughly approximately about normally usually currently nowadays today now exactly actually originally "
    "finally main chief possible able become became do does did done get got gets put set happen happened "
    "involve involved lead led cause caused result call called name named refer referred know known describe "
    "described consider considered believe believed think thought make made makes have give given look looks "
    "place case way ways will going each every per annually yearly role still use used uses using find"
)
# What is said in two or three words, as one that can stand for them.
_IDIOMS = (
    (re.compile(r"\b(?:take|takes|took|taken|taking) place\b"), "held"),
    (re.compile(r"\b(?:look|looks|looked|looking) after\b"), "maintain"),
    (re.compile(r"\b(?:run|runs|ran) out\b"), "expire"),
    (re.compile(r"\babove sea level\b|\bsea level\b"), "altitude"),
    (re.compile(r"\bfor a living\b"), "job"),
    (re.compile(r"\b(?:pay|pays|paid|paying) back\b"), "repay"),
    (re.compile(r"\b(?:come|comes|came) to an end\b"), "end"),
    (re.compile(r"\bturn(?:s|ed)? down\b"), "refuse"),
    (re.compile(r"\b(?:carry|carries|carried) out\b"), "do"),
    (re.compile(r"\bput(?:s)? up\b"), "build"),
    (re.compile(r"\bset(?:s)? up\b"), "establish"),
    (re.compile(r"\bgive(?:s)? in\b|\bgave in\b"), "yield"),
    (re.compile(r"\bgo(?:es)? on\b|\bwent on\b"), "last"),
    (re.compile(r"\b(?:fall|falls|fell) behind\b"), "arrears"),
)
MINIMUM_WEIGHT = 0.5
# What a concept counts for that stands right before the passage, or is what the whole paragraph is about.
BEFORE = 0.6
TOPIC = 0.8

_ORDINALS = (
    "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth", "eleventh",
    "twelfth", "thirteenth", "fourteenth", "fifteenth", "sixteenth", "seventeenth", "eighteenth",
    "nineteenth", "twentieth",
)  # fmt: skip
_CENTURY = re.compile(rf"\b(\d{{1,2}}(?:st|nd|rd|th)|{'|'.join(_ORDINALS)}) century\b")
# A pronoun that leads a sentence, alone or behind a word or two: "It", "In spring they".
_REFERS = re.compile(
    r"(?i)^\W*(?:[\w'’-]+,?\s+){0,3}(?:he|she|it|they|his|her|its|their|this|these|those|such)\b"
)
_PERSON = re.compile(r"(?i)\b(?:he|she|him|his|her|hers)\b")
# "(12 March 1874 – 3 June 1951)"
_LIFE = re.compile(r"\((?:born\s)?[^()]{0,30}\b\d{4}\s*[–—-]\s*[^()]{0,30}\b\d{4}[^()]{0,5}\)")


@dataclass(frozen=True, slots=True)
class Weights:
    """``own`` and ``near`` are shares of the question's weight in the passage and in and around it,
    ``referred`` of what stands before it and a pronoun in it may mean.

    ``absent`` is the share that stands nowhere in the document's text near it, nor anything like it, and
    ``elsewhere`` the share that stands in other sentences of it; ``like`` is the part of ``own`` that is
    only like what is asked; ``opposite`` counts opposites.
    """

    own: float
    near: float
    referred: float
    like: float
    absent: float
    elsewhere: float
    opposite: float
    missing: tuple[str, ...] = ()


def weigh(
    passage: Passage,
    question: Question,
    evidence: Evidence,
    ranked: Ranked,
    lexicon: Lexicon,
    *,
    left_out: frozenset[str],
) -> Weights:
    """Hold each concept of a question against a passage, what stands before it, and its whole paragraph.

    ``left_out`` are concepts that the passage need not have: they only name the kind of answer that it has.
    """
    looked = _Looked(passage, question, evidence, lexicon)
    sums = dict.fromkeys(("total", "own", "near", "referred", "like", "absent", "elsewhere", "opposite"), 0.0)
    missing = []
    for wanted in question.concepts:
        if wanted in left_out and wanted not in looked.said:
            continue
        light = wanted in question.light or question.words[wanted].casefold() in FILLING
        weight = LIGHT_WEIGHT if light else max(MINIMUM_WEIGHT, ranked.weight(wanted))
        sums["total"] += weight
        if wanted in looked.said:
            sums["own"] += weight
            sums["near"] += weight
            continue
        missing.append(wanted)
        for name, share in looked.instead(wanted).items():
            sums[name] += share if name == "opposite" else weight * share
    if sums["total"] <= 2 * LIGHT_WEIGHT and (question.names or question.figures or not sums["total"]):
        # "what happened on 3 May?": the date is all there is to go by
        return Weights(1.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    total = sums["total"] or 1.0
    return Weights(
        own=sums["own"] / total,
        near=sums["near"] / total,
        referred=sums["referred"] / total,
        like=sums["like"] / total,
        absent=sums["absent"] / total,
        elsewhere=sums["elsewhere"] / total,
        opposite=sums["opposite"],
        missing=tuple(missing),
    )


class _Looked:
    """A passage and what stands around it, for one question."""

    def __init__(self, passage: Passage, question: Question, evidence: Evidence, lexicon: Lexicon) -> None:
        head = evidence.table_head(passage)
        parts = (passage, head) if head is not None else (passage,)
        self.said = frozenset[str]().union(*(part.concepts for part in parts)) | _in_century(
            question, passage
        )
        self._there = _words(parts) | _in_other_words(passage.text)
        before = evidence.before(passage, 2)
        self._before = frozenset[str]().union(*(near.concepts for near in before))
        self._passage, self._evidence, self._lexicon = passage, evidence, lexicon
        self._question, self._idioms = question, _idioms(question.text)
        self._person = _PERSON.search(passage.text) is not None
        self._refers = _REFERS.search(passage.text) is not None

    def instead(self, wanted: str) -> dict[str, float]:
        """What there is of a concept that the passage does not have, as shares of its weight."""
        word = self._question.words[wanted].casefold()
        word = self._idioms.get(word, word)
        alike = max((self._lexicon.relation(word, other) for other in self._there), default=0.0)
        if self._person and wanted in self._before and self._lexicon.is_kind(word, "person", first=True):
            alike = max(alike, BEFORE)
        around = BEFORE if wanted in self._before else 0.0
        around = max(around, TOPIC if wanted in self._evidence.topic(self._passage) else 0.0)
        found = {"own": alike, "like": alike, "near": max(alike, around)}
        if self._refers:
            found["referred"] = max(0.0, around - alike)
        if self._lexicon.is_noun(word) and any(self._lexicon.opposite(word, other) for other in self._there):
            found["opposite"] = 1.0  # of verbs, both may be said: "attacked" and "defend"
        if not alike and not around:
            found["elsewhere" if self._in_paragraph(wanted, word) else "absent"] = 1.0
        return found

    def _in_paragraph(self, wanted: str, word: str) -> bool:
        return wanted in self._evidence.paragraph(self._passage) or any(
            self._lexicon.relation(word, other) >= SAME
            for other in self._evidence.paragraph_words(self._passage)
        )


def _in_century(question: Question, passage: Passage) -> frozenset[str]:
    """The concepts of "in the nineteenth century", if the passage has a year of it."""
    found = _CENTURY.search(question.text.casefold())
    if found is None:
        return frozenset()
    said = found.group(1)
    century = int(said[:-2]) if said[0].isdecimal() else _ORDINALS.index(said) + 1
    years = (int(year) for year in re.findall(r"\b[12]?\d{3}\b", passage.text))
    if not any((century - 1) * 100 <= year < century * 100 for year in years):
        return frozenset()
    return frozenset(key for key, word in question.words.items() if word.casefold() in (said, "century"))


def _idioms(question: str) -> dict[str, str]:
    """For the words of an idiom in a question, the word that stands for it; "" for the others of it."""
    found = {}
    for pattern, word in _IDIOMS:
        match = pattern.search(question.casefold())
        if match is not None:
            found.update(dict.fromkeys(match.group().split(), word))
    return found


def _in_other_words(text: str) -> frozenset[str]:
    """Words that stand for what a passage says in another way."""
    folded = text.casefold()
    said = {word for pattern, word in _IDIOMS if pattern.search(folded)}
    if _LIFE.search(text):
        said |= {"born", "died"}
    return frozenset(said)


def _words(passages: Iterable[Passage]) -> frozenset[str]:
    return frozenset(
        token.folded for passage in passages for token in passage.tokens if token.kind == "word" and token.key
    )
