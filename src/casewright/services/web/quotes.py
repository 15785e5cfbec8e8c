"""A quote in the text around it, for a citation that a person can check at a glance."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from itertools import pairwise

from casewright.api.rag import Citation

AROUND = 240
MAX_PAGES = 5000


@dataclass(frozen=True, slots=True)
class Source:
    """A text that was asked about. ``page_starts`` are the offsets of its pages; empty without pages."""

    label: str
    text: str
    page_starts: tuple[int, ...] = ()

    def page_at(self, offset: int) -> int | None:
        """The 1-based page of a character."""
        return bisect_right(self.page_starts, offset) or None if self.page_starts else None


@dataclass(frozen=True, slots=True)
class Shown:
    """A citation as it is shown: ``before`` + ``quote`` + ``after`` is a stretch of the source.

    ``verbatim`` False: the source has other words there, and ``before`` and ``after`` are empty.
    """

    number: int
    label: str
    page: int | None
    before: str
    quote: str
    after: str
    cut_before: bool
    cut_after: bool
    verbatim: bool


def show(citations: tuple[Citation, ...], sources: list[Source]) -> list[Shown]:
    """Every citation beside its source; what a service claims is looked up here again."""
    return [_show(number, citation, sources) for number, citation in enumerate(citations, 1)]


def _show(number: int, citation: Citation, sources: list[Source]) -> Shown:
    known = 0 <= citation.document < len(sources)
    source = sources[citation.document] if known else Source("an unknown text", "")
    start, end = citation.start, citation.end
    verbatim = 0 <= start < end and source.text[start:end] == citation.quote
    page = citation.page if citation.page is not None else source.page_at(start) if verbatim else None
    if not verbatim:
        return Shown(number, source.label, page, "", citation.quote, "", False, False, False)
    first, last = _word_start(source.text, start), _word_end(source.text, end)
    return Shown(
        number,
        source.label,
        page,
        source.text[first:start],
        citation.quote,
        source.text[end:last],
        first > 0,
        last < len(source.text),
        True,
    )


def _word_start(text: str, at: int) -> int:
    first = max(0, at - AROUND)
    while 0 < first < at and not text[first - 1].isspace():
        first += 1
    return first


def _word_end(text: str, at: int) -> int:
    last = min(len(text), at + AROUND)
    while at < last < len(text) and not text[last].isspace():
        last -= 1
    return last


def read_starts(text: str, length: int) -> tuple[int, ...]:
    """Page offsets as a form kept them (``0,812,…``); empty where that is not what it says."""
    parts = text.split(",") if text else []
    if not 0 < len(parts) <= MAX_PAGES or not all(p.isascii() and p.isdigit() and len(p) < 9 for p in parts):
        return ()
    starts = tuple(map(int, parts))
    rising = all(before <= after for before, after in pairwise(starts))
    return starts if rising and starts[-1] <= length else ()
