"""Which cells of the truth's tables stand at their place in the reading's.

Rows are aligned over all tables of a file together, so that a table that goes over a page's end may be one or
two; then the columns of each table are aligned. This is the factored alignment of GriTS (Smock, Pesala and
Abraham 2022) with cells that are equal or not. A column or row too many, consistently, displaces nothing.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rapidfuzz.distance import LCSseq

from casewright.documents.evaluate.distance import pieces
from casewright.documents.evaluate.plain import Row, Table

# Rows beyond this are aligned piece by piece.
PIECE_ROWS = 4_000
# So many rows that changed are compared each with each.
GAP_ROWS = 200


@dataclass(frozen=True, slots=True)
class CellCounts:
    """``true`` and ``read`` count cells with text, ``in_place`` and ``found`` those that are right."""

    true: int
    read: int
    in_place: int
    found: int


@dataclass(frozen=True, slots=True)
class _Placed:
    table: int
    cells: Row


def compare(truth: Sequence[Table], reading: Sequence[Table]) -> CellCounts:
    """Count the cells of all tables of a file."""
    true, read = _contents(truth), _contents(reading)
    return CellCounts(
        true=true.total(),
        read=read.total(),
        in_place=_in_place(_rows(truth), _rows(reading)),
        found=(true & read).total(),
    )


def _contents(tables: Sequence[Table]) -> Counter[str]:
    return Counter(cell for table in tables for row in table for cell in row if cell)


def _rows(tables: Sequence[Table]) -> list[_Placed]:
    return [_Placed(number, row) for number, table in enumerate(tables) for row in table if any(row)]


def _in_place(truth: Sequence[_Placed], reading: Sequence[_Placed]) -> int:
    matched: defaultdict[tuple[int, int], list[tuple[Row, Row]]] = defaultdict(list)
    for first, second in _aligned_rows(truth, reading):
        one, other = truth[first], reading[second]
        matched[one.table, other.table].append((one.cells, other.cells))
    return sum(_aligned_cells(rows) for rows in matched.values())


def _aligned_rows(truth: Sequence[_Placed], reading: Sequence[_Placed]) -> Iterator[tuple[int, int]]:
    """Pairs of rows in the order of both, those that are alike first of all."""
    keys = ["\t".join(row.cells) for row in truth], ["\t".join(row.cells) for row in reading]
    at = (0, 0)
    for first, second in pieces(*keys, PIECE_ROWS):
        done = at
        for block in LCSseq.opcodes(first, second).as_matching_blocks():
            alike = at[0] + block.a, at[1] + block.b
            yield from _gap(truth, reading, range(done[0], alike[0]), range(done[1], alike[1]))
            yield from ((alike[0] + step, alike[1] + step) for step in range(block.size))
            done = alike[0] + block.size, alike[1] + block.size
        at = at[0] + len(first), at[1] + len(second)


def _gap(
    truth: Sequence[_Placed], reading: Sequence[_Placed], one: range, other: range
) -> Iterator[tuple[int, int]]:
    """Rows that changed: the pairs that have the most cells in common, in order."""
    while one and other:
        some, others = one[:GAP_ROWS], other[:GAP_ROWS]
        gains = [
            [LCSseq.similarity(_said(truth[a].cells), _said(reading[b].cells)) for b in others] for a in some
        ]
        yield from ((some[a], others[b]) for a, b in _heaviest(gains))
        one, other = one[GAP_ROWS:], other[GAP_ROWS:]


def _said(row: Row) -> list[str]:
    return [cell for cell in row if cell]


def _aligned_cells(rows: Sequence[tuple[Row, Row]]) -> int:
    """Cells with text that are equal, once the columns of the two are aligned as well as they can be."""
    width = max(len(one) for one, _ in rows), max(len(other) for _, other in rows)
    gains = [[0] * width[1] for _ in range(width[0])]
    for one, other in rows:
        places: defaultdict[str, list[int]] = defaultdict(list)
        for column, cell in enumerate(other):
            places[cell].append(column)
        for column, cell in enumerate(one):
            if cell:
                for match in places.get(cell, ()):
                    gains[column][match] += 1
    return sum(gains[a][b] for a, b in _heaviest(gains))


def _heaviest(gains: Sequence[Sequence[int]]) -> list[tuple[int, int]]:
    """The places in ``gains``, rising in row and column, that gain the most together."""
    height, width = len(gains), len(gains[0]) if gains else 0
    best = [[0] * (width + 1) for _ in range(height + 1)]
    for a in range(height - 1, -1, -1):
        for b in range(width - 1, -1, -1):
            best[a][b] = max(best[a + 1][b], best[a][b + 1], best[a + 1][b + 1] + gains[a][b])
    pairs, a, b = [], 0, 0
    while a < height and b < width:
        if best[a][b] == best[a + 1][b]:
            a += 1
        elif best[a][b] == best[a][b + 1]:
            b += 1
        else:
            pairs.append((a, b))
            a, b = a + 1, b + 1
    return pairs
