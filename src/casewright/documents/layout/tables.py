"""Rows of items to the rows of a table: every cell kept, lines of a wrapped cell together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from statistics import median

from casewright.documents.blocks import Block, Box, Cell, Doubt, Joiner, Piece, union
from casewright.documents.layout.gutters import Span, column_of
from casewright.documents.layout.judge import is_figure, is_value
from casewright.documents.layout.rows import Item, Line, piece_of, rows_of
from casewright.documents.layout.ruled import Grid
from casewright.documents.layout.segments import Rule, Segment

# Lines of one cell stand closer together than rows, where rows have room at all.
WRAPPED_PITCH = 0.8
ALIKE = 0.25

_Row = list[list[Segment]]


def table_of(rows: Sequence[Line], gutters: Sequence[Span], rules: Sequence[Rule]) -> Block:
    """A table without a grid of lines; level ``rules`` between its rows part them."""
    cells = [_cells(row, gutters) for row in rows]
    level = _levels(rules, rows)
    merged = _wrapped(rows, cells, level)
    return _block(merged, Box(*_edges(rows)))


def ruled_table(grid: Grid, items: Sequence[Item]) -> Block:
    """A table within ruled lines."""
    columns = len(grid.xs) - 1
    made: list[_Row] = []
    bands: dict[int, list[Item]] = {}
    for item in items:
        if cell := grid.cell_at((item.x0 + item.x1) / 2, (item.y0 + item.y1) / 2):
            bands.setdefault(cell[0], []).append(item)
    for _, inside in sorted(bands.items()):
        lines = rows_of(inside)
        cells = [_grid_cells(line, grid, columns) for line in lines]
        if _holds_rows(lines, cells):
            made += _wrapped(lines, cells, [])
        else:
            made.append([[part for row in cells for part in row[column]] for column in range(columns)])
    used = [column for column in range(columns) if any(row[column] for row in made)]
    kept = [[row[column] for column in used] for row in made]
    return _block(kept, Box(grid.xs[0], grid.ys[0], grid.xs[-1], grid.ys[-1]))


def _grid_cells(line: Line, grid: Grid, columns: int) -> _Row:
    row: _Row = [[] for _ in range(columns)]
    for item in line.items:
        cell = grid.cell_at((item.x0 + item.x1) / 2, (item.y0 + item.y1) / 2)
        if cell and item.segment:
            row[cell[1]].append(item.segment)
    return row


def _holds_rows(lines: Sequence[Line], cells: Sequence[_Row]) -> bool:
    """Whether between two level lines stand several rows: amounts under amounts in a column say so."""
    if len(lines) < 2:
        return False
    width = len(cells[0])
    figures = [
        sum(1 for row in cells if row[column] and is_value(_text(row[column]))) for column in range(width)
    ]
    filled = [sum(1 for row in cells if row[column]) for column in range(width)]
    stacked = sum(
        figure >= 2 and figure >= 0.6 * count for figure, count in zip(figures, filled, strict=True)
    )
    even = [count for count in filled if count]
    return (stacked >= 1 and (stacked >= 2 or len(lines) >= 3)) or (
        len(lines) >= 4 and len(even) >= 2 and min(even) == max(even) == len(lines)
    )


def _text(parts: Sequence[Segment]) -> str:
    return " ".join(part.text for part in parts)


def _cells(row: Line, gutters: Sequence[Span]) -> _Row:
    cells: _Row = [[] for _ in range(len(gutters) + 1)]
    for item in row.items:
        if item.segment:
            cells[column_of(item, gutters)].append(item.segment)
    return cells


def _levels(rules: Sequence[Rule], rows: Sequence[Line]) -> list[float]:
    """Heights of ruled lines that go under most of the table's width."""
    x0, _, x1, _ = _edges(rows)
    return sorted(
        rule.box.y0
        for rule in rules
        if rule.box.x1 - rule.box.x0 > rule.box.y1 - rule.box.y0
        and min(rule.box.x1, x1) - max(rule.box.x0, x0) >= 0.6 * (x1 - x0)
    )


def _wrapped(rows: Sequence[Line], cells: Sequence[_Row], levels: Sequence[float]) -> list[_Row]:
    """The rows, those that only go on in a cell of the row above put into it."""
    pitches = [below.y0 - above.y0 for above, below in pairwise(rows)]
    between = [_crossed(levels, above, below) for above, below in pairwise(rows)]
    usual = _row_pitch(cells, pitches)
    ruled = sum(between) >= 3 and sum(between) >= 0.3 * len(between)
    made: list[_Row] = [list(cells[0])]
    last = list(cells[0])
    for number in range(1, len(rows)):
        pitch, apart = pitches[number - 1], between[number - 1]
        near = pitch < WRAPPED_PITCH * usual
        joins = not apart and _goes_on(made[-1], last, cells[number], near=near or ruled)
        # a cell's first line may stand above its row's figures
        if joins:
            for column, parts in enumerate(cells[number]):
                made[-1][column] = made[-1][column] + parts
        else:
            made.append([list(cell) for cell in cells[number]])
        last = cells[number]
    return made


def _row_pitch(cells: Sequence[_Row], pitches: Sequence[float]) -> float:
    """How far apart rows stand that are well filled."""
    filled = [sum(1 for cell in row if cell) for row in cells]
    most = max(filled)
    full = [pitch for number, pitch in enumerate(pitches) if filled[number + 1] >= max(2, most - 1)]
    return median(full or pitches)


def _crossed(levels: Sequence[float], above: Line, below: Line) -> bool:
    low, high = (above.y0 + above.y1) / 2, (below.y0 + below.y1) / 2
    return any(low < level < high for level in levels)


def _goes_on(row: _Row, last: _Row, below: _Row, *, near: bool) -> bool:
    """Whether ``below`` holds nothing but further lines of cells of ``row``."""
    here = [column for column, cell in enumerate(below) if cell]
    if not here:
        return False
    values = [column for column in here if is_figure(_text(below[column]))]
    if any(row[column] and is_figure(_text(row[column])) for column in values):
        return False
    there = [column for column, cell in enumerate(row) if cell]
    if near:
        return not (
            values
            and len(there) < 2
            and len(here) >= len(there) > 0
            and any(column not in here for column in there)
        )
    if values or 0 in here or any(is_value(_text(below[column])) for column in here):
        return False
    return len(here) == 1 and len(below) > 2 and bool(last[here[0]])


def _edges(rows: Sequence[Line]) -> tuple[float, float, float, float]:
    return (
        min(row.x0 for row in rows),
        min(row.y0 for row in rows),
        max(row.x1 for row in rows),
        max(row.y1 for row in rows),
    )


def _block(rows: Sequence[_Row], box: Box) -> Block:
    made = tuple(tuple(_cell(parts) for parts in row) for row in rows)
    pieces = [piece.box for row in made for cell in row for piece in cell]
    around = union([*pieces, box])
    return Block("table", rows=made, box=around)


def _cell(parts: Sequence[Segment]) -> Cell:
    """A cell's lines; a word or reference that was divided at a line's end is whole again."""
    pieces: list[Piece] = []
    for number, part in enumerate(parts):
        joiner: Joiner = " "
        if number and part.box.y0 > parts[number - 1].box.y0 + 0.5 * part.size:
            before, joiner = divided(parts[number - 1], part)
            if joiner == "":
                pieces[-1] = replace(pieces[-1], text=before, doubts=clipped(pieces[-1], before))
        pieces.append(piece_of(part, joiner))
    return tuple(pieces)


def clipped(piece: Piece, text: str) -> tuple[Doubt, ...]:
    """The piece's doubts within a text that lost its last character."""
    return tuple(
        replace(doubt, end=min(doubt.end, len(text))) for doubt in piece.doubts if doubt.start < len(text)
    )


def divided(above: Segment, below: Segment) -> tuple[str, Joiner]:
    """How the text of ``above`` ends where ``below`` goes on, and what stands between them."""
    text = above.text
    if above.divided:
        if below.text[:1].islower():
            return text, ""
        return text + "-", "" if below.text[:1].isalnum() else " "
    if (
        len(text) > 1
        and text[-1] in "-\u2010\u2011\u00ad"
        and text[-2].isalnum()
        and below.text[:1].isalnum()
    ):
        soft = text[-1] == "\u00ad"
        if soft or (text[-2].islower() and below.text[:1].islower()):
            return text[:-1], ""
        if text[-2].isdigit() or text[-2].isupper() or below.text[:1].isdigit():
            return text, ""
    if text[-2:-1].isdigit() and text.endswith("/") and below.text[:1].isdigit():  # a date that had no room
        return text, ""
    return text, " "
