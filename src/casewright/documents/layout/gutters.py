"""Gutters: free spans from top to bottom between the columns of a band of rows."""

from __future__ import annotations

from collections.abc import Sequence

from casewright.documents.layout.judge import is_value
from casewright.documents.layout.rows import Item, Line

MIN_GUTTER_EM = 0.5
# Between labels to the left and amounts to the right in all rows together, less is left.
LEAST_GUTTER_EM = 0.15
Span = tuple[float, float]


def gutters_of(items: Sequence[Item], em: float) -> list[Span]:
    """The free spans between items, seen from above."""
    spans = sorted((item.x0, item.x1) for item in items)
    least = MIN_GUTTER_EM * em
    free: list[Span] = []
    reach = spans[0][1]
    for x0, x1 in spans[1:]:
        if x0 - reach >= least:
            free.append((reach, x0))
        reach = max(reach, x1)
    return free


def common(gutters: Sequence[Span], items: Sequence[Item], em: float) -> list[Span]:
    """What of the gutters these items leave free; an amount within one is a column of its own."""
    least = LEAST_GUTTER_EM * em
    found = []
    for start, end in gutters:
        pieces = [(start, end)]
        inside = False
        for item in items:
            pieces = [
                part
                for low, high in pieces
                for part in ((low, min(high, item.x0)), (max(low, item.x1), high))
                if part[1] - part[0] >= least
            ]
            inside |= start < item.x0 and item.x1 < end and is_value(item.text)
        if pieces:
            found += pieces if inside else [max(pieces, key=lambda part: part[1] - part[0])]
    return found


def column_of(item: Item, gutters: Sequence[Span]) -> int:
    """Which column an item stands in."""
    twice = item.x0 + item.x1
    column = 0
    for low, high in gutters:
        column += twice > low + high
    return column


def sides(items: Sequence[Item], gutters: Sequence[Span]) -> int:
    """In how many columns items stand."""
    return len({column_of(item, gutters) for item in items})


def refined(rows: Sequence[Line], gutters: list[Span], em: float) -> list[Span]:
    """The gutters, and those that a first row without a text there could not show."""
    made = list(gutters)
    for low, high in gutters_of([item for row in rows for item in row.items], em):
        if any(low < end and start < high for start, end in gutters):
            continue
        trial = sorted([*made, (low, high)])
        at = trial.index((low, high))
        both = [{column_of(item, trial) for item in row.items} >= {at, at + 1} for row in rows]
        if sum(both) >= 2:
            made = trial
    return made


def parts_it(gutter: Span, items: Sequence[Item]) -> bool:
    """Whether items stand on both sides of a gutter."""
    middle = (gutter[0] + gutter[1]) / 2
    return any(item.x1 <= middle for item in items) and any(item.x0 >= middle for item in items)


def begun(first: Sequence[Item], second: Sequence[Item], em: float) -> list[Span]:
    """The gutters of a band's first row, and one beside them that only its second row shows."""
    made = gutters_of(first, em)
    if not made:
        return made
    for low, high in gutters_of([*first, *second], em):
        free = not any(low < end and start < high for start, end in made)
        if free and parts_it((low, high), second):
            made = sorted([*made, (low, high)])
    return made
