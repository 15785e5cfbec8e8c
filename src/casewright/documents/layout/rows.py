"""What stands on a page as items, and items that stand beside each other as rows."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from statistics import fmean

from casewright.documents.blocks import Block, Box, Doubt, Joiner, Piece
from casewright.documents.layout.segments import Segment

# Two items are on one row when so much of the lower one's height is common to both.
BESIDE_SHARE = 0.5
# Closer than this, two runs on a row are parts of one word that its maker set in two goes.
TOUCHING_EM = 0.08
# A list's mark may stand so far from its text.
MARK_GAP_EM = 4.0
BULLETS = "•◦▪▫‣●○■□–—·∙⁃➢➤✓✔➔►▶*o-"
# These mark nothing but items of a list, whatever stands under them.
SURE_BULLETS = "•◦▪▫‣·∙⁃➢➤➔►▶"
_RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")
MARK = re.compile(rf"[{re.escape(BULLETS)}]|\(?(?:\d{{1,3}}|[a-zA-Z]|[ivxIVX]{{1,4}})[.)]")


@dataclass(slots=True)
class Item:
    """A segment, or a block that is done already (a ruled table, a figure), with its place."""

    x0: float
    y0: float
    x1: float
    y1: float
    segment: Segment | None = None
    block: Block | None = None

    @property
    def height(self) -> float:
        """Never nothing."""
        return max(self.y1 - self.y0, 1e-6)

    @property
    def text(self) -> str:
        """The segment's; a block is not asked."""
        return self.segment.text if self.segment else ""

    @property
    def size(self) -> float:
        """The segment's; a block has none."""
        return self.segment.size if self.segment else 0.0


def item_of(segment: Segment) -> Item:
    """A segment as an item."""
    box = segment.box
    return Item(box.x0, box.y0, box.x1, box.y1, segment=segment)


@dataclass(slots=True)
class Line:
    """Items beside each other, left to right, and what the whole is like."""

    items: list[Item]
    x0: float = 0.0
    y0: float = 0.0
    x1: float = 0.0
    y1: float = 0.0
    size: float = 0.0
    bold: bool = False
    text: str = ""

    def __post_init__(self) -> None:
        if len(self.items) == 1:  # nearly all are
            item = self.items[0]
            self.x0, self.y0, self.x1, self.y1 = item.x0, item.y0, item.x1, item.y1
            if item.segment:
                self.size, self.bold, self.text = item.segment.size, item.segment.bold, item.segment.text
            return
        self.x0 = min(item.x0 for item in self.items)
        self.x1 = max(item.x1 for item in self.items)
        self.y0 = min(item.y0 for item in self.items)
        self.y1 = max(item.y1 for item in self.items)
        parts = [item.segment for item in self.items if item.segment]
        if parts:
            self.size = max(part.size for part in parts)
            self.bold = all(part.bold for part in parts)
            self.text = joined(parts).text

    @property
    def block(self) -> Block | None:
        """The block that stands here alone, if one does."""
        return self.items[0].block


def rows_of(items: Iterable[Item]) -> list[Line]:
    """Rows from top to bottom; a block that is done already is a row of its own."""
    rows: list[list[Item]] = []
    heights: list[tuple[float, float]] = []
    for item in sorted(items, key=_middle):
        # a tall initial or a mark may stand between: look at the last few rows
        for number in range(len(rows) - 1, max(-1, len(rows) - 4), -1):
            if item.block is None and rows[number][0].block is None and _beside(heights[number], item):
                rows[number].append(item)
                low, high = heights[number]
                if item.height < 2 * (high - low):
                    heights[number] = (
                        (min(low, item.y0), max(high, item.y1)) if high - low < item.height else (low, high)
                    )
                break
        else:
            rows.append([item])
            heights.append((item.y0, item.y1))
    return [Line(sorted(row, key=_start) if len(row) > 1 else row) for row in rows]


def _middle(item: Item) -> float:
    return item.y0 + item.y1


def _start(item: Item) -> float:
    return item.x0


def _beside(height: tuple[float, float], item: Item) -> bool:
    if item.y0 >= height[1]:  # the usual case, and this is asked for every line
        return False
    common = min(height[1], item.y1) - max(height[0], item.y0)
    return common >= BESIDE_SHARE * max(1e-6, min(height[1] - height[0], item.height))


def joined(parts: Sequence[Segment]) -> Segment:
    """Segments of one row as one; what is known of each stays known of its characters."""
    if len(parts) == 1:
        return parts[0]
    text = ""
    doubts: list[Doubt] = []
    backwards = sum(map(_is_backwards, parts)) * 2 > len(parts)
    if backwards:
        parts = parts[::-1]
    for number, part in enumerate(parts):
        if number:
            before = parts[number - 1]
            gap = max(part.box.x0, before.box.x0) - min(part.box.x1, before.box.x1)
            near = (2 if backwards else 1) * TOUCHING_EM
            touching = abs(gap) <= near * min(part.size, before.size) and part.confidence is None
            text += "" if touching else " "
        doubts += [
            replace(doubt, start=doubt.start + len(text), end=doubt.end + len(text)) for doubt in part.doubts
        ]
        text += part.text
    return Segment(
        text,
        Box(
            min(part.box.x0 for part in parts),
            min(part.box.y0 for part in parts),
            max(part.box.x1 for part in parts),
            max(part.box.y1 for part in parts),
        ),
        max(part.size for part in parts),
        all(part.bold for part in parts),
        parts[-1].divided,
        confidence_of(parts),
        tuple(doubts),
    )


def _is_backwards(part: Segment) -> bool:
    """Whether a segment is read from right to left, and what stands left of it after it."""
    return not part.text.isascii() and _RIGHT_TO_LEFT.search(part.text) is not None


def confidence_of(parts: Sequence[Segment]) -> float | None:
    """The mean over characters; None where OCR read none of them."""
    known = [(part.confidence, len(part.text)) for part in parts if part.confidence is not None]
    total = sum(length for _, length in known)
    if not known:
        return None
    if total == 0:
        return fmean(confidence for confidence, _ in known)
    return round(sum(confidence * length for confidence, length in known) / total, 4)


def piece_of(segment: Segment, joiner: Joiner = "\n") -> Piece:
    """A segment as a piece; a divided word's hyphen is put back where nothing follows it."""
    text = segment.text + "-" if segment.divided else segment.text
    return Piece(text, segment.box, segment.confidence, segment.doubts, joiner)


def line_segment(line: Line) -> Segment:
    """All of a line as one segment."""
    return joined([item.segment for item in line.items if item.segment])


def with_marks(items: Sequence[Item], *, exact: bool) -> list[Item]:
    """Items of which a list's lone mark and the text beside it are one: they never make two columns."""
    marks = [item for item in items if item.segment and len(item.text) <= 6 and MARK.fullmatch(item.text)]
    if not marks:
        return list(items)
    taken: set[int] = set()
    made: list[Item] = []
    for mark in marks:
        if id(mark) in taken or _is_in_column(mark, items):
            continue
        text = _text_of_mark(mark, items, taken)
        if text is None or not (mark.segment and text.segment) or mark.text in "-o–—" + "*" * (not exact):
            continue
        taken |= {id(mark), id(text)}
        one = joined([mark.segment, text.segment])
        if one.text == mark.text + text.text:  # they touch, and are two words all the same
            later = tuple(
                replace(doubt, start=doubt.start + len(mark.text) + 1, end=doubt.end + len(mark.text) + 1)
                for doubt in text.segment.doubts
            )
            one = replace(one, text=f"{mark.text} {text.text}", doubts=mark.segment.doubts + later)
        made.append(item_of(replace(one, bold=text.segment.bold, size=text.segment.size)))
    return [item for item in items if id(item) not in taken] + made


def _is_in_column(mark: Item, items: Sequence[Item]) -> bool:
    """Whether it stands in a column of short texts that are no marks: then it is a cell."""
    return mark.text not in SURE_BULLETS and any(
        abs(item.x0 - mark.x0) <= 0.3 * mark.height
        and item.x1 - item.x0 < 4 * mark.height
        and abs(item.y0 - mark.y0) < 4 * mark.height
        and item.segment is not None
        and not MARK.fullmatch(item.text)
        for item in items
    )


def _text_of_mark(mark: Item, items: Sequence[Item], taken: set[int]) -> Item | None:
    """What stands beside a mark, if that can be the text of its list item."""
    beside = [
        item
        for item in items
        if item.segment
        and item is not mark
        and id(item) not in taken
        and item.x0 >= mark.x1 - 0.5 * mark.height
        and _beside((mark.y0, mark.y1), item)
    ]
    if not beside:
        return None
    text = min(beside, key=lambda item: item.x0)
    near = text.x0 - mark.x1 <= MARK_GAP_EM * max(text.height, mark.height)
    alone = mark.text in BULLETS or len(beside) == 1
    return text if near and alone and not MARK.fullmatch(text.text) else None
