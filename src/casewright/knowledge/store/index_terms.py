"""What a chunk is found by: its words as the keyword index keeps them, and its exact features.

Words are read as those of a question are (``lexical``). Reading features looks at every word with patterns
for dates, amounts and references; nine words in ten can be part of none. So only stretches around digits and
addresses are read for them, with the same result, several times faster.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from casewright.knowledge.features import features_of
from casewright.knowledge.lexical import Lexicon
from casewright.knowledge.terms import Reader

# No feature is without a digit, but an address with "@".
_HOT = re.compile(r"[\d@]")
_PIECE = re.compile(r"\S+")
# No pattern of a date, an amount or a reference reaches further from its digits than this many words.
_AROUND = 3
# No feature joins words over this.
_BREAK = "\n|\n"
# A term that every chunk has: it makes the other words of a question optional (see ``keyword``).
EVERY = "_"
_KEPT_TEXTS = 20_000
_OTHER = re.compile(r"[\W_]")


@dataclass(frozen=True, slots=True)
class IndexTerms:
    """``terms`` in the order of the text, repeated as there; ``features`` once each."""

    terms: tuple[str, ...]
    features: tuple[str, ...]


class TermReader:
    """Reads chunks for the index. Keeps the stems it has made; not thread-safe."""

    def __init__(self) -> None:
        self._lexicon = Lexicon()
        self._reader = Reader()
        self._read = 0

    def read(self, text: str, headings: Sequence[str] = ()) -> IndexTerms:
        """What a chunk under these headings is found by; features are of its text alone."""
        self._read += 1
        if self._read % _KEPT_TEXTS == 0:
            self._reader = Reader()  # what it keeps has no bound
        terms = self._lexicon.terms("\n".join((*headings, text)))
        stretches = list(_stretches(text)) if _HOT.search(text) else []
        features = features_of(_BREAK.join(stretches), self._reader) if stretches else ()
        return IndexTerms(tuple(filter(None, map(searchable, terms))), features)


def searchable(term: str) -> str:
    """A term without anything that would part it in the keyword index."""
    return term if term.isalnum() else _OTHER.sub("", term)


def _stretches(text: str) -> Iterable[str]:
    """The words that may be part of a feature, with those around them; joined where they touch."""
    spans = [match.span() for match in _PIECE.finditer(text)]
    start = end = 0
    for place, (left, right) in enumerate(spans):
        if not _HOT.search(text, left, right):
            continue
        if place - _AROUND > end or not end:
            if end:
                yield text[spans[start][0] : spans[end - 1][1]]
            start = max(0, place - _AROUND)
        end = min(len(spans), place + _AROUND + 1)
    if end:
        yield text[spans[start][0] : spans[end - 1][1]]
