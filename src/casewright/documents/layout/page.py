"""One page: its segments and ruled lines to blocks in reading order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from casewright.documents.blocks import Block, union
from casewright.documents.layout.cells import parted
from casewright.documents.layout.columns import Area, Band, Part, arrange
from casewright.documents.layout.paragraphs import Setting, blocks_of
from casewright.documents.layout.rows import Item, with_marks
from casewright.documents.layout.ruled import grids_of
from casewright.documents.layout.segments import Rule, Segment
from casewright.documents.layout.tables import ruled_table, table_of

JOINED_GAP_EM = 1.0
JOINED_OVERLAP = 0.8


def lay_out(
    segments: Sequence[Segment],
    rules: Sequence[Rule],
    *,
    width: float,
    height: float,
    exact_sizes: bool,
    placed: Sequence[Block] = (),
) -> tuple[Block, ...]:
    """The blocks of a page that is ``width`` by ``height``; lengths are in its unit, y downwards.

    Segments come in any order. ``exact_sizes`` False: sizes are measured, as OCR does, so that only much
    larger lines are headings. Every segment's text is in exactly one piece, with its confidence and doubts.
    ``placed`` are blocks that are done (figures): they come out as they are, where they stand.
    """
    items = parted(segments, rules)
    if not items:
        return tuple(placed)
    setting = Setting(body_size(segments), exact_sizes)
    for grid, inside in grids_of(rules, items, min(width, height)):
        taken = {id(item) for item in inside}
        block = ruled_table(grid, inside)
        assert block.box
        around = block.box
        items = [item for item in items if id(item) not in taken]
        items.append(Item(around.x0, around.y0, around.x1, around.y1, block=block))
    items = with_marks(items, exact=exact_sizes)
    nowhere = [block for block in placed if block.box is None]
    items += [Item(box.x0, box.y0, box.x1, box.y1, block=block) for block in placed if (box := block.box)]
    left = min(item.x0 for item in items)
    # margins are mostly alike on both sides: short lines alone do not tell how far text may go
    right = max([item.x1 for item in items] + [width - left])
    blocks: list[Block] = []
    for part in _put_together(arrange(items, left, right, setting.body)):
        if isinstance(part, Band):
            blocks.append(table_of(part.rows, part.gutters, rules))
        else:
            blocks += blocks_of(part.lines, part.left, part.right, setting)
    return (*_tables_joined(blocks, setting.body), *nowhere)


def _tables_joined(blocks: Sequence[Block], body: float) -> list[Block]:
    """Tables that follow each other without a gap, alike in columns, as one: a head may have own lines."""
    made: list[Block] = []
    for block in blocks:
        last = made[-1] if made else None
        if last is not None and _is_continued(last, block, body):
            made[-1] = replace(last, rows=last.rows + block.rows, box=union([last.box, block.box]))
        else:
            made.append(block)
    return made


def _is_continued(above: Block, below: Block, body: float) -> bool:
    if above.kind != "table" or below.kind != "table" or not (above.box and below.box):
        return False
    if len(above.rows[0]) != len(below.rows[0]) or abs(below.box.y0 - above.box.y1) > JOINED_GAP_EM * body:
        return False
    if not all(_is_over(above, below, column) for column in range(len(above.rows[0]))):
        return False
    common = min(above.box.x1, below.box.x1) - max(above.box.x0, below.box.x0)
    return common >= JOINED_OVERLAP * max(above.box.x1 - above.box.x0, below.box.x1 - below.box.x0)


def _is_over(above: Block, below: Block, column: int) -> bool:
    """Whether a column of one table stands over the same column of another, as far as both have one."""
    ends = []
    for block in (above, below):
        boxes = [piece.box for row in block.rows for piece in row[column] if piece.box]
        if not boxes:
            return True
        ends.append((min(box.x0 for box in boxes), max(box.x1 for box in boxes)))
    (low, high), (start, end) = ends
    return start < high and low < end


def _put_together(parts: Sequence[Part]) -> list[Part]:
    """Areas that follow each other in the same bounds, as one."""
    made: list[Part] = []
    for part in parts:
        last = made[-1] if made else None
        if (
            isinstance(part, Area)
            and isinstance(last, Area)
            and abs(part.right - last.right) < 1e-6
            and abs(part.left - last.left) < 1e-6
        ):
            made[-1] = Area(last.lines + part.lines, last.left, last.right)
        else:
            made.append(part)
    return made


def body_size(segments: Sequence[Segment]) -> float:
    """The size that most characters have."""
    sizes = sorted((segment.size, len(segment.text)) for segment in segments)
    half, seen = sum(count for _, count in sizes) / 2, 0
    for size, count in sizes:
        seen += count
        if seen >= half:
            return max(size, 1e-6)
    return 1e-6
