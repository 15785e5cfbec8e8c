"""What answers are taken from: whole texts of a request, or passages that a search found, as one shape."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field

from casewright.knowledge.records import Hit

# Passages of one document that overlap are joined, but not beyond this.
MAX_JOINED = 6000


@dataclass(frozen=True, slots=True)
class Source:
    """A text; what stands at ``n`` in it stands at ``offset + n`` in its document.

    ``document`` is the place in the request, or the document's id in its case. ``pages`` are (from this
    character of ``text``, page), in order; empty where there are none.
    """

    text: str
    document: int | str
    name: str
    offset: int = 0
    pages: tuple[tuple[int, int], ...] = field(default=())

    def page(self, at: int) -> int | None:
        """The page that a character of ``text`` is on."""
        place = bisect_right([start for start, _ in self.pages], at) - 1
        return self.pages[place][1] if place >= 0 else None


def from_texts(texts: Sequence[str]) -> tuple[Source, ...]:
    """The texts of a request, by their place in it."""
    return tuple(Source(text, place, f"document {place + 1}") for place, text in enumerate(texts))


def from_hits(hits: Sequence[Hit]) -> tuple[Source, ...]:
    """What a search found, best first; passages of a document that touch or overlap become one text.

    So a sentence that two passages share is there once, and "she" finds whom it means in the passage before.
    """
    best: dict[tuple[str, int], int] = {}
    runs: dict[tuple[str, int], list[Source]] = {}
    ordered = sorted(
        enumerate(hits), key=lambda item: (item[1].found.document, item[1].found.chunk.start, item[0])
    )
    for place, hit in ordered:
        found, chunk = hit.found, hit.found.chunk
        key = (found.document, found.version)
        piece = Source(chunk.text, found.document, found.name, chunk.start, ((0, chunk.page),))
        known = runs.setdefault(key, [])
        joined = _joined(known[-1], piece) if known else None
        if joined is None:
            known.append(piece)
        else:
            known[-1] = joined
        at = (found.document, known[-1].offset)
        best[at] = min(best.get(at, place), place)
    found_all = [source for known in runs.values() for source in known]
    return tuple(sorted(found_all, key=lambda source: best[str(source.document), source.offset]))


def _joined(before: Source, after: Source) -> Source | None:
    """Two passages as one text, if they touch or overlap; the one inside the other is the other."""
    end = before.offset + len(before.text)
    if after.offset > end:
        return None
    fresh = after.text[end - after.offset :]
    if not fresh:
        return before
    if len(before.text) + len(fresh) > MAX_JOINED:
        return None
    page = after.pages[0][1]
    pages = before.pages
    if page != pages[-1][1]:
        pages = (*pages, (len(before.text), page))
    return Source(before.text + fresh, before.document, before.name, before.offset, pages)
