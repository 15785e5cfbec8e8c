"""Where a model's sentence stands in the passages: found by code, and held to what stands there.

A sentence is laid beside the passages that share most of its weight, one at a time and then with a neighbour
or a second one. The first place that it holds against is its citation; a sentence without one is not used.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from casewright.knowledge.evidence import Evidence, Passage
from casewright.knowledge.injection import is_active
from casewright.knowledge.judge import Judge
from casewright.knowledge.names import names_in
from casewright.knowledge.question import VALUE_KINDS, understand
from casewright.knowledge.rank import Ranked, rank
from casewright.knowledge.support import faults
from casewright.knowledge.terms import Reader, Token, dates_agree
from casewright.knowledge.words import LIGHT

TRIED = 6
PAIRED = 3
SHOWN_FAULTS = 4
# A passage that shares less than this of a sentence's weight is not where it comes from.
LEAST_SHARED = 0.3
# A passage less likely to answer than this is not what the question is about, whoever says so.
LEAST_LIKELY = 0.1
# Nor one that is this much less likely than the likeliest, however true what is said of it.
LEAST_OF_BEST = 0.65
# What these ask for, the passage must give.
_GIVING = frozenset({*VALUE_KINDS, "person", "place"})
# The stages of ``judge`` that speak against a passage, however well a sentence fits it: it is about something
# else, about somebody else, or denies what is asked. That it carries little of the question does not.
_AGAINST = frozenset({0, 1, 4})


@dataclass(frozen=True, slots=True)
class Verdict:
    """``passages`` are where a sentence stands, in order; empty if nowhere: ``faults`` then says why."""

    passages: tuple[Passage, ...]
    faults: tuple[str, ...]
    score: float = 0.0

    @property
    def spans(self) -> tuple[tuple[int, int, int], ...]:
        """(text, start, end) of each passage."""
        return tuple((one.document, one.span.start, one.span.end) for one in self.passages)


class Checker:
    """Holds sentences to the texts that a model was given, for one question."""

    def __init__(self, query: str, texts: Sequence[str]) -> None:
        self.query = query
        self._reader = Reader()
        self.evidence = Evidence(texts, self._reader)
        self._ranked: Ranked = rank(self._reader.read(query), self.evidence, self._reader)
        self._passages = [
            self.evidence.passage(document, index)
            for document, spans in enumerate(self.evidence.spans)
            for index in range(len(spans))
        ]
        self.evidence.learn_words(self._passages, query)
        question = understand(query, self._reader, self.evidence.known_names, self.evidence.common_words)
        self._asked = question.asked
        self._judge = Judge(question, self.evidence, self._ranked)
        self._best = max((self._judge.judge(passage).score for passage in self._passages), default=0.0)

    def check(self, sentence: str) -> Verdict:
        """Find where a sentence stands and whether it holds there."""
        if is_active(sentence):
            return Verdict((), ("it holds a link, an image or markup",))
        tokens = self._reader.read(sentence)
        first: tuple[str, ...] | None = None
        for passages in self._places(tokens):
            wrong = self._against(passages) or self._names_missing(sentence, tokens, passages)
            wrong = wrong or self._brought(tokens, passages)
            wrong = wrong or faults(sentence, self.query, [passage.text for passage in passages])
            if not wrong:
                return Verdict(passages, (), self._share(tokens, passages))
            first = first or wrong
        return Verdict((), (first or ("no passage says it",))[:SHOWN_FAULTS])

    def names_of(self, sentence: str) -> tuple[str, ...]:
        """What is wrong with the names of a sentence that rests on all the texts."""
        return self._names_missing(sentence, self._reader.read(sentence), self._passages)

    def _places(self, tokens: Sequence[Token]) -> Iterator[tuple[Passage, ...]]:
        shares = [(self._share(tokens, (passage,)), passage) for passage in self._passages]
        shares = [found for found in shares if found[0] >= LEAST_SHARED]
        shares.sort(key=lambda found: (-found[0], found[1].document, found[1].index))
        likely = [passage for _, passage in shares[:TRIED]]
        for passage in likely:
            yield (passage,)
        for passage in likely[:PAIRED]:  # "She owes £300." with the sentence that says who she is
            for earlier in self.evidence.before(passage):
                yield (earlier, passage)
        for place, passage in enumerate(likely[:PAIRED]):
            for other in likely[place + 1 : PAIRED]:
                yield tuple(sorted((passage, other), key=lambda one: (one.document, one.index)))

    def _share(self, tokens: Sequence[Token], passages: Sequence[Passage]) -> float:
        """The share of a sentence's words and figures that stand in passages."""
        wanted = {token.key for token in tokens if token.key}
        there = {token.key for passage in passages for token in passage.tokens}
        dates = [key for key in there if key.startswith("d:")]
        held = sum(
            key in there or (key.startswith("d:") and any(dates_agree(key, date) for date in dates))
            for key in wanted
        )
        return held / len(wanted) if wanted else 0.0

    def _against(self, passages: Sequence[Passage]) -> tuple[str, ...]:
        """What speaks against every one of the passages; one at least must be about what is asked."""
        wrong: tuple[str, ...] = ()
        for passage in passages:
            found = self._judge.judge(passage)
            if found.fault is None:
                return ()
            fault = found.fault
            if found.stage not in _AGAINST:
                if found.score < max(LEAST_LIKELY, LEAST_OF_BEST * self._best):
                    fault = "it does not speak of what is asked"
                elif self._asked in _GIVING and not self._judge.look(passage).given:
                    fault = "it does not give what is asked for"
                else:
                    return ()
            wrong = (f"of the cited passage: {fault}",)
        return wrong

    def _brought(self, tokens: Sequence[Token], passages: Sequence[Passage]) -> tuple[str, ...]:
        """Words that only the question has: where no figure or person is asked, they would be the claim."""
        if self._asked in VALUE_KINDS or self._asked == "person":
            return ()
        there = {token.key for passage in passages for token in passage.tokens}
        return tuple(
            f"'{token.text}' is not in the cited passage"
            for token in tokens
            if token.kind == "word" and token.key and token.key not in there and token.folded not in LIGHT
        )

    def _names_missing(
        self, sentence: str, tokens: Sequence[Token], passages: Sequence[Passage]
    ) -> tuple[str, ...]:
        """Names that the sentence has and the cited passages do not."""
        there = {token.folded for passage in passages for token in passage.tokens if token.kind == "word"}
        known, common = self.evidence.known_names, self.evidence.common_words
        return tuple(
            f"'{name}' is not in the cited passage"
            for name in names_in(tokens, sentence, common, known)
            if not set(name.words) <= there
        )
