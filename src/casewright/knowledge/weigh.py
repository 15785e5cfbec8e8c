"""How much of a question a passage carries, in figures that a threshold can be set on."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
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
_ANY = re.compile("|".join(pattern.pattern for pattern, _ in _IDIOMS))
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
    evidence: Evidence,
    relations: Relations,
    *,
    left_out: frozenset[str],
) -> Weights:
    """Hold each concept of a question against a passage, what stands before it, and its whole paragraph.

    ``relations`` are the question's words'. ``left_out`` are concepts that the passage need not have: they
    only name the kind of answer that it has.
    """
    question = relations.question
    looked = _Looked(passage, evidence, relations)
    sums = dict.fromkeys(("total", "own", "near", "referred", "like", "absent", "elsewhere", "opposite"), 0.0)
    missing = []
    for wanted in relations.wanted:
        said = wanted.key in looked.said
        if wanted.key in left_out and not said:
            continue
        sums["total"] += wanted.weight
        if said:
            sums["own"] += wanted.weight
            sums["near"] += wanted.weight
            continue
        missing.append(wanted.key)
        for name, share in looked.instead(wanted).items():
            sums[name] += share if name == "opposite" else wanted.weight * share
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


class _Ties(dict[str, float]):
    """How well each word stands for one word of the question, worked out when it is first looked up."""

    def __init__(self, relation: Callable[[str, str], float], word: str) -> None:
        super().__init__()
        self._relation, self._word = relation, word

    def __missing__(self, said: str) -> float:
        found = self[said] = self._relation(self._word, said)
        return found


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A concept of the question: the word that stands for it, and whether it is a noun, or a person's."""

    key: str
    word: str
    weight: float
    noun: bool
    person: bool


class Relations:
    """What the words of one question have to do with those of its documents; the same for every passage."""

    def __init__(self, question: Question, ranked: Ranked, lexicon: Lexicon) -> None:
        self.question = question
        self.wanted = tuple(_wanted(question, ranked, lexicon))
        self.lexicon = lexicon
        century = _CENTURY.search(question.text.casefold())
        self.century = None if century is None else century.group(1)
        self._tied: dict[str, _Ties] = {}
        self._opposed: dict[str, _Ties] = {}
        self._paragraphs: dict[tuple[int, int, str], bool] = {}

    def nearest(self, word: str, others: Iterable[str]) -> float:
        """How well the one that fits best stands for a word."""
        ties = self._tied.get(word)
        if ties is None:
            ties = self._tied[word] = _Ties(self.lexicon.relation, word)
        return max(map(ties.__getitem__, others), default=0.0)

    def opposed(self, word: str, others: Iterable[str]) -> bool:
        """Whether one of them is the opposite of a word."""
        ties = self._opposed.get(word)
        if ties is None:
            ties = self._opposed[word] = _Ties(self.lexicon.opposite, word)
        return any(map(ties.__getitem__, others))

    def in_paragraph(self, word: str, passage: Passage, evidence: Evidence) -> bool:
        """Whether a word of the passage's paragraph says the same."""
        place = (passage.document, passage.span.block, word)
        found = self._paragraphs.get(place)
        if found is None:
            found = self.nearest(word, evidence.paragraph_words(passage)) >= SAME
            self._paragraphs[place] = found
        return found


def _wanted(question: Question, ranked: Ranked, lexicon: Lexicon) -> Iterable[_Wanted]:
    idioms = _idioms(question.text)
    for key in question.concepts:
        said = question.words[key].casefold()
        light = key in question.light or said in FILLING
        weight = LIGHT_WEIGHT if light else max(MINIMUM_WEIGHT, ranked.weight(key))
        word = idioms.get(said, said)
        person = lexicon.is_kind(word, "person", first=True)
        yield _Wanted(key, word, weight, lexicon.is_noun(word), person)


class _Looked:
    """A passage and what stands around it, for one question."""

    def __init__(self, passage: Passage, evidence: Evidence, relations: Relations) -> None:
        head = evidence.table_head(passage)
        parts = (passage, head) if head is not None else (passage,)
        self.said = frozenset[str]().union(*(part.concepts for part in parts)) | _in_century(
            relations, passage
        )
        self._there = frozenset[str]().union(*(part.words for part in parts)) | _in_other_words(passage.text)
        before = evidence.before(passage, 2)
        self._before = frozenset[str]().union(*(near.concepts for near in before))
        self._passage, self._evidence, self._relations = passage, evidence, relations
        self._person = _PERSON.search(passage.text) is not None
        self._refers = _REFERS.search(passage.text) is not None

    def instead(self, wanted: _Wanted) -> dict[str, float]:
        """What there is of a concept that the passage does not have, as shares of its weight."""
        relations = self._relations
        alike = relations.nearest(wanted.word, self._there)
        around = BEFORE if wanted.key in self._before else 0.0
        if self._person and around and wanted.person:
            alike = max(alike, BEFORE)
        if wanted.key in self._evidence.topic(self._passage):
            around = TOPIC
        found = {"own": alike, "like": alike, "near": max(alike, around)}
        if self._refers:
            found["referred"] = max(0.0, around - alike)
        if wanted.noun and relations.opposed(wanted.word, self._there):
            found["opposite"] = 1.0  # of verbs, both may be said: "attacked" and "defend"
        if not alike and not around:
            found["elsewhere" if self._in_paragraph(wanted) else "absent"] = 1.0
        return found

    def _in_paragraph(self, wanted: _Wanted) -> bool:
        return wanted.key in self._evidence.paragraph(self._passage) or self._relations.in_paragraph(
            wanted.word, self._passage, self._evidence
        )


def _in_century(relations: Relations, passage: Passage) -> frozenset[str]:
    """The concepts of "in the nineteenth century", if the passage has a year of it."""
    if relations.century is None:
        return frozenset()
    said = relations.century
    century = int(said[:-2]) if said[0].isdecimal() else _ORDINALS.index(said) + 1
    years = (int(year) for year in re.findall(r"\b[12]?\d{3}\b", passage.text))
    if not any((century - 1) * 100 <= year < century * 100 for year in years):
        return frozenset()
    words = relations.question.words
    return frozenset(key for key, word in words.items() if word.casefold() in (said, "century"))


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
    said = {word for pattern, word in _IDIOMS if pattern.search(folded)} if _ANY.search(folded) else set()
    if _LIFE.search(text):
        said |= {"born", "died"}
    return frozenset(said)
