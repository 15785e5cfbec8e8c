"""Ruled lines to the grid of a table, and what stands in its cells."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from casewright.documents.layout.rows import Item
from casewright.documents.layout.segments import Rule

# Lines whose ends miss each other by less than this (of a page's shorter side) still meet.
MEET_SHARE = 0.006
# A cell's side is there when so much of it is ruled.
SIDE_SHARE = 0.5
# The rows of a striped table are no higher than this share of the page's shorter side.
STRIPE_SHARE = 0.12
MAX_RULES = 1500


@dataclass(slots=True)
class Grid:
    """``xs`` and ``ys`` are its lines. ``root[row][column]`` is a joined cell's first (row, column)."""

    xs: list[float]
    ys: list[float]
    root: list[list[tuple[int, int]]]

    def cell_at(self, x: float, y: float) -> tuple[int, int] | None:
        """The cell around a place."""
        column, row = _between(self.xs, x), _between(self.ys, y)
        return None if column is None or row is None else self.root[row][column]


@dataclass(slots=True)
class _Stroke:
    """At ``at``, from ``start`` to ``end``."""

    at: float
    start: float
    end: float


def grids_of(rules: Sequence[Rule], items: Sequence[Item], side: float) -> list[tuple[Grid, list[Item]]]:
    """Grids that hold text in two columns at least, each with the items in it."""
    if not 4 <= len(rules) <= MAX_RULES:
        return []
    meet = MEET_SHARE * side
    level, upright = _strokes(rules, meet)
    upright = _bridged(upright, meet, STRIPE_SHARE * side)
    found: list[tuple[Grid, list[Item]]] = []
    free = list(items)
    for levels, uprights in _connected(level, upright, meet):
        grid = _grid(levels, uprights, meet)
        if grid is None:
            continue
        cells = [grid.cell_at(*_middle(item)) for item in free]
        inside = [item for item, cell in zip(free, cells, strict=True) if cell]
        columns, rows = {cell[1] for cell in cells if cell}, {cell[0] for cell in cells if cell}
        if len(columns) >= 2 and (len(rows) >= 2 or len(inside) >= 4):
            taken = {id(item) for item in inside}
            inside += _beyond(grid, [item for item in free if id(item) not in taken])
            found.append((grid, inside))
            taken = {id(item) for item in inside}
            free = [item for item in free if id(item) not in taken]
    return found


def _beyond(grid: Grid, free: Sequence[Item]) -> list[Item]:
    """Rows right above and under a grid that have its columns and no lines; the grid grows around them."""
    high = median(below - above for above, below in pairwise(grid.ys))
    width = len(grid.xs) - 1
    taken: list[Item] = []
    for low, up in ((grid.ys[0] - high, True), (grid.ys[-1], False)):
        row = [item for item in free if low <= (item.y0 + item.y1) / 2 <= low + high and item.segment]
        columns = [_column_around(grid.xs, item) for item in row]
        if None in columns or len(set(columns)) < max(3, width / 2):
            continue
        taken += row
        if up:
            grid.ys.insert(0, low)
            grid.root[:] = [[(0, column) for column in range(width)]] + [
                [(at + 1, column) for at, column in cells] for cells in grid.root
            ]
        else:
            grid.ys.append(low + high)
            grid.root.append([(len(grid.root), column) for column in range(width)])
    return taken


def _column_around(xs: Sequence[float], item: Item) -> int | None:
    column = _between(list(xs), (item.x0 + item.x1) / 2)
    return column if column is not None and xs[column] <= item.x0 and item.x1 <= xs[column + 1] else None


def _middle(item: Item) -> tuple[float, float]:
    return (item.x0 + item.x1) / 2, (item.y0 + item.y1) / 2


def _strokes(rules: Sequence[Rule], meet: float) -> tuple[list[_Stroke], list[_Stroke]]:
    level, upright = [], []
    for rule in rules:
        box = rule.box
        if box.x1 - box.x0 >= box.y1 - box.y0:
            level.append(_Stroke((box.y0 + box.y1) / 2, box.x0, box.x1))
        else:
            upright.append(_Stroke((box.x0 + box.x1) / 2, box.y0, box.y1))
    return _merged(level, meet), _merged(upright, meet)


def _merged(strokes: list[_Stroke], meet: float) -> list[_Stroke]:
    """Strokes that lie on one line and meet, as one."""
    strokes.sort(key=lambda stroke: stroke.at)
    merged: list[_Stroke] = []
    at = 0
    while at < len(strokes):
        end = at + 1
        while end < len(strokes) and strokes[end].at - strokes[end - 1].at <= meet / 2:
            end += 1
        alike = sorted(strokes[at:end], key=lambda stroke: stroke.start)
        middle = sum(stroke.at for stroke in alike) / len(alike)
        now = _Stroke(middle, alike[0].start, alike[0].end)
        for stroke in alike[1:]:
            if stroke.start <= now.end + meet:
                now.end = max(now.end, stroke.end)
            else:
                merged.append(now)
                now = _Stroke(middle, stroke.start, stroke.end)
        merged.append(now)
        at = end
    return merged


def _bridged(upright: list[_Stroke], meet: float, tallest: float) -> list[_Stroke]:
    """Where only every other row has a ground, its cells' edges go on through the rows between."""
    lines: list[list[_Stroke]] = []
    for stroke in upright:  # in the order of their place, then of their start
        if lines and abs(lines[-1][-1].at - stroke.at) <= meet / 2:
            lines[-1].append(stroke)
        else:
            lines.append([stroke])
    striped = [line for line in lines if _is_striped(line, tallest)]
    if len(striped) < 3:
        return upright
    plain = [stroke for line in lines if not _is_striped(line, tallest) for stroke in line]
    return plain + [_Stroke(line[0].at, line[0].start, line[-1].end) for line in striped]


def _is_striped(line: Sequence[_Stroke], tallest: float) -> bool:
    longest = max(stroke.end - stroke.start for stroke in line)
    gaps = [below.start - above.end for above, below in pairwise(line)]
    return len(gaps) >= 1 and longest <= tallest and min(gaps) > 0 and max(gaps) <= 1.3 * longest


def _connected(
    level: list[_Stroke], upright: list[_Stroke], meet: float
) -> list[tuple[list[_Stroke], list[_Stroke]]]:
    """Lines that hang together by crossing each other."""
    parent = list(range(len(level) + len(upright)))

    def root(one: int) -> int:
        while parent[one] != one:
            parent[one] = parent[parent[one]]
            one = parent[one]
        return one

    for i, across in enumerate(level):
        for j, down in enumerate(upright):
            if (
                across.start - meet <= down.at <= across.end + meet
                and down.start - meet <= across.at <= down.end + meet
            ):
                parent[root(len(level) + j)] = root(i)
    groups: dict[int, tuple[list[_Stroke], list[_Stroke]]] = {}
    for i, across in enumerate(level):
        groups.setdefault(root(i), ([], []))[0].append(across)
    for j, down in enumerate(upright):
        groups.setdefault(root(len(level) + j), ([], []))[1].append(down)
    return sorted(groups.values(), key=lambda group: min([line.at for line in group[0]], default=0.0))


def _grid(level: list[_Stroke], upright: list[_Stroke], meet: float) -> Grid | None:
    if len(level) < 2 or not upright:
        return None
    xs = _places(
        [line.at for line in upright], [line.start for line in level], [line.end for line in level], meet
    )
    ys = _places(
        [line.at for line in level], [line.start for line in upright], [line.end for line in upright], meet
    )
    if len(xs) < 3 or len(ys) < 2:
        return None
    rows, columns = len(ys) - 1, len(xs) - 1
    root = [[(row, column) for column in range(columns)] for row in range(rows)]
    for row in range(rows):
        for column in range(1, columns):
            if not _ruled(upright, xs[column], ys[row], ys[row + 1], meet):
                root[row][column] = root[row][column - 1]
    for row in range(1, rows):
        for column in range(columns):
            above = root[row - 1][column]
            open_above = not _ruled(level, ys[row], xs[column], xs[column + 1], meet)
            if open_above and root[row][column] == (row, column):
                wide = sum(cell == (row, column) for cell in root[row])
                if root[row - 1][column : column + wide] == [above] * wide:
                    root[row][column : column + wide] = [above] * wide
    return Grid(xs, ys, root)


def _places(lines: list[float], starts: list[float], ends: list[float], meet: float) -> list[float]:
    """Where the grid's lines are, its outer edges among them even where they are not ruled."""
    places: list[float] = []
    for place in sorted(lines):
        if not places or place - places[-1] > meet:
            places.append(place)
    if starts and min(starts) < places[0] - 2 * meet:
        places.insert(0, min(starts))
    if ends and max(ends) > places[-1] + 2 * meet:
        places.append(max(ends))
    return places


def _ruled(strokes: list[_Stroke], at: float, start: float, end: float, meet: float) -> bool:
    covered = sum(
        max(0.0, min(end, stroke.end) - max(start, stroke.start))
        for stroke in strokes
        if abs(stroke.at - at) <= meet
    )
    return covered >= SIDE_SHARE * (end - start)


def _between(places: list[float], at: float) -> int | None:
    if not places[0] <= at <= places[-1]:
        return None
    return min(bisect_right(places, at), len(places) - 1) - 1
