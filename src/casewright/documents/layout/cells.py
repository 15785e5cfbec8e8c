"""Runs that hold two cells, cut where the rows around them say that a column ends.

::

    10/01/2026 ATM Kirkgate        299.90           the gap after the date is too narrow for a column,
    11/01/2026 Card Tesco Stores   568.30           and stands at one place in all rows all the same

"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from casewright.documents.blocks import Box
from casewright.documents.layout.judge import is_value
from casewright.documents.layout.rows import Item, item_of, rows_of
from casewright.documents.layout.segments import Gap, Rule, Segment

# Edges that miss each other by less than this (of the text's size) are at one place.
EDGE_EM = 0.2
# Two gaps are over each other when they have so much in common, or all of the narrower one.
OVER_EM = 0.3
# Rows of one table stand no further apart, and no more of its rows are asked.
MAX_PITCH_EM = 3.5
MAX_ROWS = 40
MIN_MATES = 2
# A page with more was made to keep us busy.
MAX_GAPS = 2000
MAX_UPRIGHT = 500
MATE_SHARE = 0.25
# A gap like a space is believed where most others are at its place.
LEAST_EM = 0.1
MOST_MATES = 0.75
# Room that a column leaves free before the next one.
CLEAR_EM = 0.6


@dataclass(slots=True)
class _Token:
    """Text between two gaps of a row."""

    text: str
    x0: float
    x1: float


NOTHING_LEFT = _Token("", -math.inf, -math.inf)
NOTHING_RIGHT = _Token("", math.inf, math.inf)


@dataclass(slots=True)
class _Border:
    """A gap of a row with what stands on both sides; ``gap`` where it lies within a segment."""

    left: _Token
    right: _Token
    gap: Gap | None = None
    owner: Segment | None = None


@dataclass(slots=True)
class _Row:
    y0: float
    size: float
    tokens: list[_Token]
    borders: list[_Border]


def parted(segments: Sequence[Segment], rules: Sequence[Rule] = ()) -> list[Item]:
    """The segments as items, those that hold several cells cut; an upright one of ``rules`` cuts alone."""
    items = [item_of(segment) for segment in segments if segment.text.strip()]
    if not 0 < sum(len(segment.gaps) for segment in segments) <= MAX_GAPS:
        return items
    upright = [rule for rule in rules if rule.box.y1 - rule.box.y0 > rule.box.x1 - rule.box.x0][:MAX_UPRIGHT]
    rows = [_row([item.segment for item in line.items if item.segment]) for line in rows_of(items)]
    cuts: dict[int, list[tuple[Gap, float]]] = {}
    for number, row in enumerate(rows):
        for border in row.borders:
            if border.gap is None or border.owner is None:
                continue
            ruled = is_ruled(border.gap, border.owner.box, upright)
            end = border.left.x1 if ruled else _column_end(border, rows, number)
            if end is not None:
                cuts.setdefault(id(border.owner), []).append((border.gap, end))
    made: list[Item] = []
    for item in items:
        found = cuts.get(id(item.segment))
        made += _cut(item.segment, found) if found and item.segment else [item]
    return made


def is_ruled(gap: Gap, box: Box, rules: Sequence[Rule]) -> bool:
    """Whether an upright line goes through a gap of what stands in a box."""
    middle, near = (box.y0 + box.y1) / 2, EDGE_EM / 2 * (box.y1 - box.y0)
    return any(
        rule.box.y0 <= middle <= rule.box.y1
        and rule.box.y1 - rule.box.y0 > rule.box.x1 - rule.box.x0
        and gap.x0 - near <= (rule.box.x0 + rule.box.x1) / 2 <= gap.x1 + near
        for rule in rules
    )


def _row(parts: Sequence[Segment]) -> _Row:
    tokens: list[_Token] = []
    inner: list[tuple[Gap, Segment] | None] = []
    for part in parts:
        start, x0 = 0, part.box.x0
        for gap in part.gaps:
            tokens.append(_Token(part.text[start : gap.at].rstrip(), x0, gap.x0))
            inner.append((gap, part))
            start, x0 = gap.at, gap.x1
        tokens.append(_Token(part.text[start:], x0, part.box.x1))
        inner.append(None)
    borders = [
        _Border(left, right, *(found or ()))
        for left, right, found in zip(tokens, tokens[1:], inner, strict=False)
    ]
    # what ends a row, or begins it, may end a column as well
    borders = [_Border(NOTHING_LEFT, tokens[0]), *borders, _Border(tokens[-1], NOTHING_RIGHT)]
    size = max(part.size for part in parts)
    return _Row(min(part.box.y0 for part in parts), size, tokens, borders)


def _column_end(border: _Border, rows: Sequence[_Row], at: int) -> float | None:
    """Where the column before a gap ends at the latest; None where the rows around know of no column."""
    mates = _mates(border, rows, at, -1) + _mates(border, rows, at, 1)
    em = rows[at].size
    if len(mates) < MIN_MATES:
        return None
    near = EDGE_EM * em
    begins = [mate for mate in mates if abs(mate.right.x0 - border.right.x0) <= near]
    ends = [mate for mate in mates if abs(mate.left.x1 - border.left.x1) <= near]
    amounts = [
        mate for mate in mates if abs(mate.right.x1 - border.right.x1) <= near and is_value(mate.right.text)
    ]
    wide = border.right.x0 - border.left.x1
    touching = wide < OVER_EM * em
    said = [amounts] if touching else [begins, ends, amounts]
    if touching and wide >= LEAST_EM * em and len(begins) >= MOST_MATES * len(mates):
        said.append(begins)
    agreed = max(said, key=len)
    if len(agreed) < max(MIN_MATES, MATE_SHARE * len(mates)):
        return None
    if not touching:
        return border.left.x1
    return min(border.left.x1, min(mate.right.x0 for mate in (border, *mates)) - CLEAR_EM * em)


def _mates(border: _Border, rows: Sequence[_Row], at: int, step: int) -> list[_Border]:
    """The gaps over or under a gap, as far as no text crosses it."""
    low, high, em = border.left.x1, border.right.x0, rows[at].size
    least = min(OVER_EM * em, high - low)
    found: list[_Border] = []
    number = at + step
    while 0 <= number < len(rows) and abs(number - at) <= MAX_ROWS:
        row, before = rows[number], rows[number - step]
        if abs(row.y0 - before.y0) > MAX_PITCH_EM * em:
            break
        mate = next(
            (
                other
                for other in row.borders
                if min(high, other.right.x0) - max(low, other.left.x1) >= least - 1e-6
            ),
            None,
        )
        if mate is not None:
            found.append(mate)
        elif any(token.x0 < high - least and token.x1 > low + least for token in row.tokens):
            break
        number += step
    return found


def _cut(segment: Segment, cuts: Sequence[tuple[Gap, float]]) -> list[Item]:
    """A segment's parts between the gaps; the last one goes on as the segment did."""
    made: list[Item] = []
    start, x0 = 0, segment.box.x0
    box = segment.box
    for gap, end in cuts:
        item = item_of(_slice(segment, start, gap.at, Box(x0, box.y0, gap.x0, box.y1)))
        item.x1 = max(item.x0 + 1e-3, min(item.x1, end))
        made.append(item)
        start, x0 = gap.at, gap.x1
    last = _slice(segment, start, len(segment.text), Box(x0, box.y0, box.x1, box.y1))
    made.append(item_of(replace(last, divided=segment.divided)))
    return made


def _slice(segment: Segment, start: int, end: int, box: Box) -> Segment:
    text = segment.text[start:end].rstrip()
    doubts = tuple(
        replace(doubt, start=max(0, doubt.start - start), end=min(len(text), doubt.end - start))
        for doubt in segment.doubts
        if doubt.end > start and doubt.start < start + len(text)
    )
    return replace(segment, text=text, box=box, divided=False, doubts=doubts, gaps=())
