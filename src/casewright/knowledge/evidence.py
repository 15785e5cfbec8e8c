"""Documents as passages that are read when they are looked at, with what stands around them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from casewright.knowledge.injection import speaks_to_a_machine
from casewright.knowledge.names import Name, names_in, opens
from casewright.knowledge.passages import Span, split
from casewright.knowledge.terms import FIGURES, Reader, Token, bare, concept
from casewright.knowledge.words import NEGATIONS, STOP, TITLES

_PRONOUN = re.compile(r"(?i)\b(?:he|she|they|him|her|his|hers|their|theirs|them)\b")
_SUBJECT = re.compile(
    r"(?i)^(?:client|name|client name|applicant|tenant|claimant|patient|re|dear|service user)"
    r"\b[:,]?\s*(.+)"
)
# How far back a sentence that names nobody may take its subject from.
BACK = 3
# A paragraph is read this far around a passage; what so many of its sentences say is what it is about.
WIDE = 40
OFTEN = 3
# A document of no more passages than this may be about the one person that it names.
SHORT = 60


@dataclass(frozen=True, slots=True)
class Passage:
    """One passage, read. ``negated`` are the concepts that a negation stands right before, ``words`` its
    words with content.
    """

    document: int
    index: int
    span: Span
    text: str
    tokens: tuple[Token, ...]
    concepts: frozenset[str]
    figures: tuple[Token, ...]
    negated: frozenset[str]
    words: frozenset[str]


class Evidence:
    """The documents of one question. Passages are read once, when first asked for."""

    def __init__(self, documents: Sequence[str], reader: Reader) -> None:
        self.documents = documents
        self.spans = [split(text) for text in documents]
        self.reader = reader
        self._read: dict[tuple[int, int], Passage] = {}
        self._names: dict[tuple[int, int], tuple[Name, ...]] = {}
        self._paragraphs: dict[tuple[int, int], tuple[frozenset[str], frozenset[str], frozenset[str]]] = {}
        self._subjects: dict[int, tuple[Name, ...]] = {}
        self._sole: dict[int, Name | None] = {}
        self._letters: dict[int, bool] = {}
        self._tainted: dict[tuple[int, int], int | None] = {}
        self.common_words: frozenset[str] = frozenset()
        self.known_names: frozenset[str] = frozenset()

    def passage(self, document: int, index: int) -> Passage:
        """One passage, read."""
        found = self._read.get((document, index))
        if found is None:
            found = self._read[document, index] = self._make(document, index)
        return found

    def learn_words(self, passages: Iterable[Passage], question: str) -> None:
        """Learn from these passages and the question which words are names, before any name is asked for."""
        lower: set[str] = set()
        upper: set[str] = set()
        for passage in passages:
            for token in passage.tokens:
                if token.kind != "word":
                    continue
                if not token.capital:
                    lower.add(token.folded)
                elif not opens(token, passage.text) and not token.text.isupper():
                    upper.add(token.folded)
        asked = self.reader.read(question)
        upper |= {
            token.folded
            for token in asked
            if token.capital and not (opens(token, question) or token.text.isupper())
        }
        self.common_words = frozenset(lower)
        self.known_names = frozenset(upper - lower - STOP - TITLES)

    def names(self, passage: Passage) -> tuple[Name, ...]:
        """Who is named in a passage."""
        place = (passage.document, passage.index)
        if place not in self._names:
            found = names_in(passage.tokens, passage.text, self.common_words, self.known_names)
            self._names[place] = tuple(found)
        return self._names[place]

    def before(self, passage: Passage, count: int = BACK) -> list[Passage]:
        """Up to ``count`` passages before it in its paragraph, the nearest first; then the heading above."""
        spans = self.spans[passage.document]
        found: list[Passage] = []
        index = passage.index - 1
        while index >= 0 and len(found) < count and spans[index].block == passage.span.block:
            found.append(self.passage(passage.document, index))
            index -= 1
        if len(found) < count and index >= 0 and self._heading(passage.document, index):
            found.append(self.passage(passage.document, index))
        return found

    def after(self, passage: Passage) -> Passage | None:
        """The next passage of its paragraph."""
        spans, index = self.spans[passage.document], passage.index + 1
        if index < len(spans) and spans[index].block == passage.span.block:
            return self.passage(passage.document, index)
        return None

    def table_head(self, passage: Passage) -> Passage | None:
        """The first row of the table that the passage is a row of."""
        if not passage.text.startswith("|") and "\t" not in passage.text:
            return None
        spans, index = self.spans[passage.document], passage.index
        while index > 0 and spans[index - 1].block == passage.span.block and spans[index - 1].line:
            index -= 1
        while index < passage.index:
            head = self.passage(passage.document, index)
            if "|" in head.text or "\t" in head.text:
                return head
            index += 1
        return None

    def paragraph(self, passage: Passage) -> frozenset[str]:
        """The concepts of the whole paragraph."""
        return self._paragraph(passage)[0]

    def paragraph_words(self, passage: Passage) -> frozenset[str]:
        """The words with content of the whole paragraph."""
        return self._paragraph(passage)[1]

    def topic(self, passage: Passage) -> frozenset[str]:
        """What the paragraph is about: what its first sentence says, and what three sentences of it say."""
        return self._paragraph(passage)[2]

    def _paragraph(self, passage: Passage) -> tuple[frozenset[str], frozenset[str], frozenset[str]]:
        place = (passage.document, passage.span.block)
        if place not in self._paragraphs:
            members = list(self.members(passage))
            held = Counter(concept for member in members for concept in member.concepts)
            often = {concept for concept, count in held.items() if count >= OFTEN}
            words = frozenset[str]().union(*(member.words for member in members))
            title = self.passage(passage.document, 0).concepts
            self._paragraphs[place] = (frozenset(held), words, members[0].concepts | title | often)
        return self._paragraphs[place]

    def opening(self, passage: Passage) -> Passage:
        """The first passage of its paragraph."""
        return next(self.members(passage))

    def is_letter(self, document: int) -> bool:
        """Whether a line near the top is "Dear …"."""
        if document not in self._letters:
            near = (self.passage(document, index) for index in range(min(12, len(self.spans[document]))))
            self._letters[document] = any(passage.text[:5].casefold() == "dear " for passage in near)
        return self._letters[document]

    def sole_person(self, document: int) -> Name | None:
        """The one person whom a short document names by a title: all of it is about them."""
        if document not in self._sole:
            named: list[Name] = []
            if len(self.spans[document]) <= SHORT:
                for index in range(len(self.spans[document])):
                    for name in self.names(self.passage(document, index)):
                        if name.title and not any(name.same(other) for other in named):
                            named.append(name)
            self._sole[document] = named[0] if len(named) == 1 else None
        return self._sole[document]

    def members(self, passage: Passage) -> Iterator[Passage]:
        """The passages of its paragraph, at most ``WIDE`` of them to either side."""
        spans, index = self.spans[passage.document], passage.index
        first = index
        while first > 0 and spans[first - 1].block == passage.span.block and index - first < WIDE:
            first -= 1
        while first < len(spans) and spans[first].block == passage.span.block and first - index < WIDE:
            yield self.passage(passage.document, first)
            first += 1

    def tainted(self, passage: Passage) -> bool:
        """Whether the passage, or one before it in its paragraph, is an instruction to a machine."""
        place = (passage.document, passage.span.block)
        if place not in self._tainted:
            spans, index = self.spans[passage.document], passage.index
            while index > 0 and spans[index - 1].block == passage.span.block:
                index -= 1
            self._tainted[place] = None
            while index < len(spans) and spans[index].block == passage.span.block:
                if speaks_to_a_machine(
                    self.documents[passage.document][spans[index].start : spans[index].end]
                ):
                    self._tainted[place] = index
                    break
                index += 1
        first = self._tainted[place]
        return first is not None and first <= passage.index

    def subject(self, document: int) -> tuple[Name, ...]:
        """Whom the document says it is about: its "Client:", "Re:" or "Dear" line near the top."""
        if document not in self._subjects:
            top = (self.passage(document, index) for index in range(min(12, len(self.spans[document]))))
            line = next((passage for passage in top if _SUBJECT.match(passage.text)), None)
            self._subjects[document] = self.names(line) if line is not None else ()
        return self._subjects[document]

    def about(self, passage: Passage, *, person_asked: bool) -> tuple[Name, ...]:
        """Whom a passage is about: those it names; if it only refers to them, those named right before."""
        own = self.names(passage)
        pronoun = _PRONOUN.search(passage.text)
        first = next((token.start for token in passage.tokens if token.capital and _in(token, own)), None)
        refers = pronoun is not None and (first is None or pronoun.start() < first)
        if own and not refers and not person_asked:
            return own
        for earlier in self.before(passage):
            found = self.names(earlier)
            if found:
                return own + found
        return own + self.subject(passage.document)

    def _heading(self, document: int, index: int) -> bool:
        span = self.spans[document][index]
        text = self.documents[document][span.start : span.end]
        return len(text) <= 80 and not text.endswith((".", "!", "?"))

    def _make(self, document: int, index: int) -> Passage:
        span = self.spans[document][index]
        text = self.documents[document][span.start : span.end]
        tokens = self.reader.read(text)
        concepts, words, denied, figures = set(), set(), set(), []
        open_negation = False  # it denies the concept that follows it
        for token in tokens:
            key = token.key
            if token.kind == "word":
                folded = bare(token.text)
                if key:
                    words.add(folded)
                if folded in NEGATIONS or folded.endswith("n't"):
                    open_negation = True
                    if key:
                        concepts.add(concept(key))
                    continue
            elif token.kind in FIGURES:
                figures.append(token)
            if key:
                meant = concept(key)
                concepts.add(meant)
                if open_negation:
                    open_negation = False
                    denied.add(meant)
        return Passage(
            document,
            index,
            span,
            text,
            tokens,
            frozenset(concepts),
            tuple(figures),
            frozenset(denied),
            frozenset(words),
        )


def _in(token: Token, names: Iterable[Name]) -> bool:
    return any(bare(token.text) in name.words for name in names)
