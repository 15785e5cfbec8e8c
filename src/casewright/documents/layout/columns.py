"""The order in which a page is read: bands across it, columns beside each other, tables row by row.

::

    items ── strips (what overlaps in height) ── bands (strips that leave the same gutters free)
               a band is prose in columns (each read to its end), a table (read row by row) or blocks

A page is cut this way again within each column, so a heading across columns, a sidebar and a table under
columns come out in their place.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from casewright.documents.layout.gutters import Span, begun, column_of, common, parts_it, refined, sides
from casewright.documents.layout.judge import FULL_SHARE, aligned, is_figure, is_prose, is_value, keeps_step
from casewright.documents.layout.rows import Item, Line, rows_of

# A band is cut where its rows stand this much further apart than they usually do.
TORN_PITCH = 2.2
FIRST_PITCH = 1.7
# Two rows make a table only where they are this close.
PAIR_PITCH_EM = 3.0
BIGGER = 1.15
MAX_DEPTH = 6
ACROSS_EM = 4.0
# A heading over all columns stands in a gap of all of them, this many times as high as it is.
CLEAR_HEIGHTS = 2.2
# Numbers or marks of a list; other programs' OCR makes "¢" of a bullet.
_NUMBERING = re.compile(r"[^\w\s£$€]|¢|(?:[A-Z]\.)?\d{1,2}(?:\.\d{1,2})*\.?|[A-Z]\.|[ivxlc]+\.?")
_LABELLED = re.compile(r"[A-Z][\w ]{1,30}: ?\S")


@dataclass(slots=True)
class Area:
    """Lines to be read from top to bottom; text may go from ``left`` to ``right``."""

    lines: list[Line]
    left: float
    right: float


@dataclass(slots=True)
class Band:
    """Rows of a table, and the gutters between its columns."""

    rows: list[Line]
    gutters: list[Span]


Part = Area | Band


@dataclass(slots=True)
class _Strip:
    items: list[Item]
    y0: float
    y1: float


def arrange(items: Sequence[Item], left: float, right: float, em: float, depth: int = 0) -> list[Part]:
    """The parts of a region in reading order; text of size ``em`` in it may go from ``left`` to ``right``."""
    parts: list[Part] = []
    strips = _strips(items)
    waiting = at = 0
    while at < len(strips):
        end, gutters = _band(strips, at, em) if depth < MAX_DEPTH else (at + 1, [])
        if not gutters:
            at += 1
            continue
        start = at
        if sum(is_prose(rows_of(column)) for column in _columns(_items(strips[at:end]), gutters)) > 1:
            start, end = _reach(strips, (waiting, at, end), gutters)
        if start > waiting:
            parts.append(Area(rows_of(_items(strips[waiting:start])), left, right))
        goes_on = end < len(strips) and _flows(_columns(_items(strips[start:end]), gutters)[0], strips[end])
        parts += _columns_or_table(
            _items(strips[start:end]), gutters, left=left, right=right, em=em, depth=depth, goes_on=goes_on
        )
        waiting = at = end
    if waiting < len(strips):
        parts.append(Area(rows_of(_items(strips[waiting:])), left, right))
    return parts


def _flows(column: Sequence[Item], below: _Strip) -> bool:
    """Whether a column's text flows on into the lines under it, as around a box at the page's side."""
    last, first = max(column, key=lambda item: item.y1), min(below.items, key=lambda item: item.x0)
    near = below.y0 - 0.25 * first.height - last.y1 <= 0.4 * last.height
    alike = abs(first.size - last.size) <= 0.05 * last.size and abs(first.x0 - min(i.x0 for i in column)) < 1
    return near and alike and last.segment is not None and first.x1 > max(item.x1 for item in column)


def _items(strips: Sequence[_Strip]) -> list[Item]:
    return [item for strip in strips for item in strip.items]


def _columns(items: Sequence[Item], gutters: Sequence[Span]) -> list[list[Item]]:
    columns: list[list[Item]] = [[] for _ in range(len(gutters) + 1)]
    for item in items:
        columns[column_of(item, gutters)].append(item)
    return columns


def _reach(
    strips: Sequence[_Strip], bounds: tuple[int, int, int], gutters: Sequence[Span]
) -> tuple[int, int]:
    """How far up and down columns of prose reach, beyond where there is text in more than one of them."""
    least, start, end = bounds
    at = start
    while at > least and _is_clear(strips[at - 1].items, gutters):
        at -= 1
        # what stands above the first column alone is read before it anyway
        if any(column_of(item, gutters) > 0 for item in strips[at].items):
            start = at
    last = end
    wide = max(item.x1 - item.x0 for item in _items(strips[start:end]))
    while last < len(strips) and _is_clear(strips[last].items, gutters):
        if sides(strips[last].items, gutters) > 1:
            break
        last += 1
        below = strips[last - 1].items
        if column_of(below[0], gutters) > 0 or max(item.x1 - item.x0 for item in below) >= FULL_SHARE * wide:
            end = last
    return start, end


def _is_clear(items: Sequence[Item], gutters: Sequence[Span]) -> bool:
    """Whether none of the items reaches over a gutter's middle."""
    middles = [(low + high) / 2 for low, high in gutters]
    return not any(item.x0 < middle < item.x1 for item in items for middle in middles)


def _strips(items: Sequence[Item]) -> list[_Strip]:
    """Sets of items that no level cut can part; letters may reach into the line above a little."""
    strips: list[_Strip] = []
    for item in sorted(items, key=lambda found: found.y0 + 0.25 * found.height):
        core0, core1 = item.y0 + 0.25 * item.height, item.y1 - 0.25 * item.height
        if strips and core0 < strips[-1].y1:
            strips[-1].items.append(item)
            strips[-1].y1 = max(strips[-1].y1, core1)
        else:
            strips.append(_Strip([item], core0, core1))
    return strips


def _band(strips: Sequence[_Strip], at: int, em: float) -> tuple[int, list[Span]]:
    """Where a band that begins at a strip ends, and its gutters; none where no band begins there."""
    below = strips[at + 1].items if at + 1 < len(strips) else []
    inner = begun(strips[at].items, below, em)
    if not inner:
        return at + 1, []
    gutters, end, best = inner, at + 1, at + 1
    kept = gutters
    while end < len(strips):
        fewer = common(gutters, strips[end].items, em)
        if not fewer or (len(gutters) >= 4 and len(fewer) < len(gutters) / 2 and best - at >= 2):
            break
        if _is_heading_across(strips, end, fewer):
            break
        gutters = fewer
        end += 1
        if sides(strips[end - 1].items, gutters) > 1 or _goes_on(strips, end - 1):
            best, kept = end, gutters
    inside = strips[at:best]
    rows = [rows_of(strip.items) for strip in inside]
    both = sum(sides(row.items, kept) > 1 for strip in rows for row in strip)
    mixed = any(
        len(found) > 1 and sides(strip.items, kept) > 1 for strip, found in zip(inside, rows, strict=True)
    )
    return (best, kept) if both >= 2 or mixed else (at + 1, [])


def _goes_on(strips: Sequence[_Strip], at: int) -> bool:
    """Whether a strip that stands in one column only is the next line of what is above it."""
    here, above = strips[at], strips[at - 1]
    low, high = min(item.x0 for item in here.items), max(item.x1 for item in here.items)
    over = [item for item in above.items if item.x0 < high and item.x1 > low]
    if not over:
        return False
    size = max(item.size for item in here.items)
    near = here.y0 - max(item.y1 - 0.25 * item.height for item in over) <= 0.9 * max(
        item.height for item in over
    )
    # sizes in a scan are heights of lines, with and without letters that go below
    rough = any(item.segment and item.segment.confidence is not None for item in here.items)
    return near and abs(max(item.size for item in over) - size) <= (0.35 if rough else 0.1) * max(size, 1e-6)


def _is_heading_across(strips: Sequence[_Strip], at: int, gutters: Sequence[Span]) -> bool:
    """Whether a strip in the first column only is a heading over the columns that begin under it."""
    here = strips[at].items
    if at + 1 >= len(strips) or sides(here, gutters) > 1 or sides(strips[at + 1].items, gutters) < 2:
        return False
    under = [item.size for item in strips[at + 1].items if item.segment]
    above = [item.size for item in strips[at - 1].items if item.segment]
    heading = max(here, key=lambda item: item.size)
    if not (under and above) or heading.size < BIGGER * max(*under, *above) or here[0].x0 > gutters[0][0]:
        return False
    # in the other columns a gap of a paragraph may happen to lie beside a heading of the first
    lows = [item.y1 for item in strips[at - 1].items if column_of(item, gutters) > 0]
    highs = [item.y0 for item in strips[at + 1].items if column_of(item, gutters) > 0]
    begins = sides(strips[at + 1].items, gutters) == len(gutters) + 1
    return bool(lows and highs) and begins and min(highs) - max(lows) >= CLEAR_HEIGHTS * heading.height


def _columns_or_table(
    items: list[Item], gutters: list[Span], *, left: float, right: float, em: float, depth: int, goes_on: bool
) -> list[Part]:
    columns = _columns(items, gutters)
    lines = [rows_of(column) for column in columns]
    prose = [is_prose(column) for column in lines]
    if sum(prose) >= 2 and not keeps_step(lines):
        return _side_by_side(
            columns, gutters, prose, left=left, right=right, em=em, depth=depth, goes_on=goes_on
        )
    if any(item.block for item in items):
        return _side_by_side(
            columns, gutters, prose, left=left, right=right, em=em, depth=depth, goes_on=goes_on
        )
    if any(prose) and not aligned(lines):
        return _side_by_side(
            columns, gutters, prose, left=left, right=right, em=em, depth=depth, goes_on=goes_on
        )
    parts: list[Part] = []
    for rows in _torn(rows_of(items), gutters):
        inside = [item for row in rows for item in row.items]
        own = [gutter for gutter in gutters if parts_it(gutter, inside)]
        if not own or len(rows) < 2:
            parts.append(Area(rows, left, right))
        elif _is_table(rows, own):
            parts.append(Band(rows, refined(rows, own, em)))
        elif _reads_across(rows, own):
            parts.append(Area(rows, left, right))
        else:
            split = _columns(inside, own)
            parts += _side_by_side(
                split, own, [False] * len(split), left=left, right=right, em=em, depth=depth, goes_on=goes_on
            )
    return parts


def _side_by_side(
    columns: Sequence[list[Item]],
    gutters: Sequence[Span],
    prose: Sequence[bool],
    *,
    left: float,
    right: float,
    em: float,
    depth: int,
    goes_on: bool,
) -> list[Part]:
    """Columns one after the other; a first one that ``goes_on`` under the band comes last."""
    parts: list[Part] = []
    numbered = list(enumerate(columns))
    for number, column in numbered[1:] + numbered[:1] if goes_on else numbered:
        if not column:
            continue
        low = min(item.x0 for item in column) if number else left
        # a writer of short lines had room up to the next column
        high = gutters[number][1] if number < len(gutters) else right + (right - left)
        if prose[number]:
            high = max(item.x1 for item in column)
        parts += arrange(column, low, high, em, depth + 1)
    return parts


def _torn(rows: list[Line], gutters: Sequence[Span]) -> list[list[Line]]:
    """Rows cut where they stand far apart, or where a row before or after stands in one column alone."""
    pitches = [below.y0 - above.y0 for above, below in pairwise(rows)]
    usual = median(pitches) if pitches else 0.0
    groups: list[list[Line]] = [[rows[0]]]
    for (above, below), pitch in zip(pairwise(rows), pitches, strict=True):
        lone = min(sides(above.items, gutters), sides(below.items, gutters)) < 2
        # a page's header may happen to have the gutter of what comes under it
        first = len(gutters) == 1 and above is rows[0]
        if pitch > (FIRST_PITCH if first else TORN_PITCH if lone else 1.5 * TORN_PITCH) * usual:
            groups.append([])
        groups[-1].append(below)
    return groups


def _is_table(rows: Sequence[Line], gutters: Sequence[Span]) -> bool:
    """Whether rows with gutters between them are a table, not blocks that happen to stand side by side."""
    both = sum(sides(row.items, gutters) > 1 for row in rows)
    if both < 2:
        return False
    if len(rows) == 2 and rows[1].y0 - rows[0].y0 > PAIR_PITCH_EM * max(row.size for row in rows):
        return False
    if len(gutters) >= 2:
        return both >= 0.3 * len(rows) or _has_one_wrapped(rows, gutters)
    first, second = _texts(rows, gutters)
    if _is_numbering(first) or sum(bool(_LABELLED.match(text)) for text in second) * 2 > len(second):
        return False
    labels = sum(text.rstrip().endswith(":") for text in first)
    values = sum(is_value(text) for text in second)
    return labels * 2 >= len(first) or values * 2 >= len(second) or both == len(rows)


def _has_one_wrapped(rows: Sequence[Line], gutters: Sequence[Span]) -> bool:
    """Whether one column alone has lines of its own, and figures stand beside its others, under a head."""
    alone = {column_of(row.items[0], gutters) for row in rows if sides(row.items, gutters) == 1}
    if len(alone) != 1 or sides(rows[0].items, gutters) <= len(gutters):
        return False
    beside = [item.text for row in rows[1:] for item in row.items if column_of(item, gutters) not in alone]
    return sum(is_figure(text) for text in beside) > 0.6 * len(beside)


def _reads_across(rows: Sequence[Line], gutters: Sequence[Span]) -> bool:
    """Whether two blocks that are no table belong together line by line all the same."""
    if len(gutters) != 1 or any(row.block for row in rows):
        return False
    first, _ = _texts(rows, gutters)
    if _is_numbering(first):
        return True
    both = [row for row in rows if sides(row.items, gutters) > 1]
    narrow = gutters[0][1] - gutters[0][0] < ACROSS_EM * median(row.size for row in rows)
    return narrow and len(both) * 2 >= len(rows) and len(both) >= 2


def _texts(rows: Sequence[Line], gutters: Sequence[Span]) -> tuple[list[str], list[str]]:
    """What the rows say in the first column and in the second."""
    items = [(column_of(item, gutters), item.text) for row in rows for item in row.items]
    return [text for column, text in items if column == 0], [text for column, text in items if column == 1]


def _is_numbering(texts: Sequence[str]) -> bool:
    return bool(texts) and all(_NUMBERING.fullmatch(text) for text in texts)
