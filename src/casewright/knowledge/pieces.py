"""Which stretches of the sources a model is to be given: the paragraphs of the passages that came nearest.

A passage that a search found is short and given whole; of a long text the paragraphs that the decision
ranked highest are given, so that a document of any length can be asked about.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from casewright.knowledge.answer import Decision
from casewright.knowledge.composed import Citation, citation
from casewright.knowledge.sources import Source

# A source up to this long is one piece.
WHOLE = 1500
# How far around a passage a piece of a longer source reaches, at a paragraph's ends where there are any.
AROUND = 600
MOST = 12


@dataclass(frozen=True, slots=True)
class Piece:
    """``sources[source].text[start:start + len(text)] == text``."""

    source: int
    start: int
    text: str

    def cited(self, sources: Sequence[Source]) -> Citation:
        """Where it stands in its document."""
        return citation(sources[self.source], self.start, self.start + len(self.text), 0.0)


def pieces(decision: Decision, sources: Sequence[Source]) -> tuple[Piece, ...]:
    """The pieces, the likeliest first, none twice; at most ``MOST``."""
    found: list[Piece] = []
    for piece in _wanted(decision, sources):
        if len(found) == MOST:
            break
        if piece.text.strip() and not any(_within(piece, other) for other in found):
            found.append(piece)
    return tuple(found)


def _wanted(decision: Decision, sources: Sequence[Source]) -> Iterator[Piece]:
    for near in decision.nearest:
        source = sources[near.passage.document]
        if len(source.text) <= WHOLE:
            yield Piece(near.passage.document, 0, source.text)
        else:
            start, end = _paragraphs(source.text, near.passage.start, near.passage.end)
            yield Piece(near.passage.document, start, source.text[start:end])
    for number, source in enumerate(sources):
        if len(source.text) <= WHOLE:
            yield Piece(number, 0, source.text)


def _paragraphs(text: str, start: int, end: int) -> tuple[int, int]:
    """The span widened to whole paragraphs, at most ``AROUND`` on each side."""
    before = text.rfind("\n\n", max(0, start - AROUND), start)
    after = text.find("\n\n", end, end + AROUND)
    return (
        before + 2 if before >= 0 else _word(text, max(0, start - AROUND), start),
        after if after >= 0 else _word_end(text, end, min(len(text), end + AROUND)),
    )


def _word(text: str, start: int, end: int) -> int:
    """The first sentence's beginning after ``start``, so that no half sentence is read as a whole one."""
    if start == 0:
        return 0
    stop = max(text.find(". ", start, end), text.find("\n", start, end))
    return stop + 1 if stop >= 0 else end


def _word_end(text: str, start: int, end: int) -> int:
    if end == len(text):
        return end
    stop = max(text.rfind(". ", start, end), text.rfind("\n", start, end))
    return stop + 1 if stop >= 0 else start


def _within(piece: Piece, other: Piece) -> bool:
    return (
        piece.source == other.source
        and other.start <= piece.start
        and piece.start + len(piece.text) <= other.start + len(other.text)
    )
