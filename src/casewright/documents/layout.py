"""Lines on a page to headings, paragraphs, lists and tables.

Modest on purpose: what it does not recognise stays a line of text in its place, never lost. Lengths are in
the page's own unit (points, or pixels of a scan); y grows downwards.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from casewright.documents.markdown import escape, heading, item, table

HEADING_LEVELS = ((1.6, 1), (1.3, 2), (1.15, 3))
MAX_HEADING_CHARS = 120
# Wider than any justified word gap, narrower than the gutter between a table's columns.
COLUMN_GAP_EM = 1.5
PARAGRAPH_GAP_EM = 0.6
PARAGRAPH_GAP_OF_USUAL = 1.5
# A line that ends this near to the right edge was broken by the margin, not by its writer.
FULL_LINE_SHARE = 0.8
FULL_PAGE_SHARE = 0.6
SAME_SIZE_EM = 0.1
SAME_HEIGHT_EM = 0.5
_BULLET = re.compile(r"[•◦▪‣●○■–·]\s+")


@dataclass(frozen=True, slots=True)
class Segment:
    """A run of text without a wide gap; ``size`` is its font size, or its height in a scan."""

    text: str
    x0: float
    y0: float
    x1: float
    y1: float
    size: float


@dataclass(slots=True)
class Row:
    """Segments that stand beside each other, left to right."""

    segments: list[Segment]

    @property
    def text(self) -> str:
        """All of it, in order."""
        return " ".join(segment.text for segment in self.segments)

    @property
    def x0(self) -> float:
        """Left edge."""
        return self.segments[0].x0

    @property
    def x1(self) -> float:
        """Right edge."""
        return max(segment.x1 for segment in self.segments)

    @property
    def y0(self) -> float:
        """Upper edge."""
        return min(segment.y0 for segment in self.segments)

    @property
    def y1(self) -> float:
        """Lower edge."""
        return max(segment.y1 for segment in self.segments)

    @property
    def size(self) -> float:
        """The largest size in it."""
        return max(segment.size for segment in self.segments)


def rows_in_order(segments: Iterable[Segment]) -> list[Row]:
    """Rows out of segments that come in the order in which the page was written."""
    rows: list[Row] = []
    for segment in segments:
        if rows and _beside(rows[-1].segments[-1], segment):
            rows[-1].segments.append(segment)
        else:
            rows.append(Row([segment]))
    upward = sum(after.y1 < before.y0 for before, after in pairwise(rows))
    if upward > len(rows) / 3:  # written in no order that a reader would follow
        return rows_by_place(segment for row in rows for segment in row.segments)
    return rows


def rows_by_place(segments: Iterable[Segment]) -> list[Row]:
    """Rows out of segments that come in any order: from top to bottom, each from left to right."""
    rows: list[Row] = []
    for segment in sorted(segments, key=lambda found: (found.y0 + found.y1) / 2):
        if rows and _overlap(rows[-1].segments[0], segment) >= 0.5:
            rows[-1].segments.append(segment)
        else:
            rows.append(Row([segment]))
    for row in rows:
        row.segments.sort(key=lambda found: found.x0)
        row.segments = _closed_up(row.segments)
    return rows


def to_markdown(rows: Sequence[Row], *, page_width: float, headings: bool) -> str:
    """The page's Markdown; ``headings`` False where sizes are measured too roughly to tell them."""
    if not rows:
        return ""
    page = _Page(rows, page_width, headings)
    blocks: list[str] = []
    at = 0
    while at < len(rows):
        block, at = page.block(at)
        if block:
            blocks.append(block)
    return "\n\n".join(blocks)


class _Page:
    """What is usual on one page, and the block that begins at a row."""

    def __init__(self, rows: Sequence[Row], page_width: float, headings: bool) -> None:
        self._rows = rows
        self._headings = headings
        # a scan's line is as high as the letters that happen to be in it
        self._alike = (SAME_SIZE_EM if headings else SAME_HEIGHT_EM) * _body_size(rows)
        self._body = _body_size(rows)
        left, right = min(row.x0 for row in rows), max(row.x1 for row in rows)
        self._full = max(left + FULL_LINE_SHARE * (right - left), FULL_PAGE_SHARE * page_width)
        gaps = [below.y0 - above.y1 for above, below in pairwise(rows) if below.y0 > above.y1]
        # the narrow gaps are those within paragraphs, even where most paragraphs have one line
        usual = sorted(gaps)[len(gaps) // 10] if gaps else 0.0
        self._gap = max(PARAGRAPH_GAP_EM * self._body, PARAGRAPH_GAP_OF_USUAL * usual)

    def block(self, at: int) -> tuple[str, int]:
        """The Markdown of the block that begins at row ``at``, and the row after it."""
        end = self._table_end(at)
        if end is not None:
            return table([[cell.text for cell in row.segments] for row in self._rows[at:end]]), end
        row = self._rows[at]
        level = self._level(row)
        if level is not None:
            return heading(row.text, level), at + 1
        return self._paragraph(at)

    def _paragraph(self, at: int) -> tuple[str, int]:
        first = self._rows[at]
        bullet = _BULLET.match(first.text)
        text = first.text[bullet.end() :] if bullet else first.text
        end = at + 1
        while end < len(self._rows) and self._goes_on(end, first if bullet else None):
            joiner = " " if self._rows[end - 1].x1 >= self._full else "\n"
            text += joiner + self._rows[end].text
            end += 1
        return (item(text) if bullet else escape(text)), end

    def _goes_on(self, at: int, bullet: Row | None) -> bool:
        """Whether a row belongs to the paragraph of the row before it."""
        before, row = self._rows[at - 1], self._rows[at]
        if not -row.size < row.y0 - before.y1 <= self._gap or abs(row.size - before.size) > self._alike:
            return False
        if self._level(row) is not None or _BULLET.match(row.text) or self._table_end(at) is not None:
            return False
        return bullet is None or row.x0 > bullet.x0 + 0.3 * self._body

    def _level(self, row: Row) -> int | None:
        if not self._headings or len(row.segments) > 1 or len(row.text) > MAX_HEADING_CHARS:
            return None
        ratio = row.size / self._body
        return next((level for least, level in HEADING_LEVELS if ratio >= least), None)

    def _table_end(self, at: int) -> int | None:
        """Where a table that begins at ``at`` ends: rows of as many cells, in columns that never meet."""
        width = len(self._rows[at].segments)
        if width < 2:
            return None
        spans = [(cell.x0, cell.x1) for cell in self._rows[at].segments]
        end = at + 1
        while end < len(self._rows) and len(self._rows[end].segments) == width:
            cells = self._rows[end].segments
            wider = [
                (min(x0, cell.x0), max(x1, cell.x1)) for (x0, x1), cell in zip(spans, cells, strict=True)
            ]
            if any(left[1] > right[0] for left, right in pairwise(wider)):
                break
            if self._rows[end].y0 - self._rows[end - 1].y1 > 3 * self._body:
                break
            spans, end = wider, end + 1
        return end if end - at >= 2 else None


def _beside(left: Segment, right: Segment) -> bool:
    return right.x0 >= left.x1 and _overlap(left, right) >= 0.5


def _overlap(one: Segment, other: Segment) -> float:
    """How far two segments stand on one line: the share of the lower one's height in common."""
    common = min(one.y1, other.y1) - max(one.y0, other.y0)
    return common / max(1e-6, min(one.y1 - one.y0, other.y1 - other.y0))


def _closed_up(segments: Sequence[Segment]) -> list[Segment]:
    """Neighbours without a column's gap between them as one segment."""
    joined: list[Segment] = [segments[0]]
    for segment in segments[1:]:
        last = joined[-1]
        if segment.x0 - last.x1 > COLUMN_GAP_EM * max(last.size, segment.size):
            joined.append(segment)
            continue
        joined[-1] = Segment(
            f"{last.text} {segment.text}",
            last.x0,
            min(last.y0, segment.y0),
            max(last.x1, segment.x1),
            max(last.y1, segment.y1),
            max(last.size, segment.size),
        )
    return joined


def _body_size(rows: Sequence[Row]) -> float:
    """The size that most characters have."""
    sizes = sorted((segment.size, len(segment.text)) for row in rows for segment in row.segments)
    half, seen = sum(count for _, count in sizes) / 2, 0
    for size, count in sizes:
        seen += count
        if seen >= half:
            return max(size, 1e-6)
    return 1e-6
