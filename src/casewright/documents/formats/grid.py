"""Cells by row and column as tables, bounded: what stands apart in a sheet stands apart on the page."""

from __future__ import annotations

from collections.abc import Mapping

from casewright.documents.blocks import Block, text_block
from casewright.documents.formats.flow import cell, table
from casewright.documents.limits import DocumentLimits


class Grids:
    """What a file's sheets may have together; a sheet that would pass it is cut, and says so in ``cut``."""

    def __init__(self, limits: DocumentLimits) -> None:
        self._limits = limits
        self._cells = limits.cells
        self._chars = limits.output_chars
        self.cut: list[str] = []

    def sheet(self, name: str) -> Grid:
        """A new sheet's cells."""
        return Grid(self, name)

    def room(self, cells: int, chars: int) -> bool:
        """Whether a table of ``cells`` with so many characters still fits."""
        return cells <= self._cells and chars <= self._chars

    def take(self, cells: int, chars: int) -> None:
        """Count a table that is finished."""
        self._cells -= cells
        self._chars -= chars

    @property
    def columns(self) -> int:
        """How many columns with something in them one table may have."""
        return self._limits.columns


class Grid:
    """One sheet's rows, from the top. Empty columns are left out; an empty row ends a table."""

    def __init__(self, grids: Grids, name: str) -> None:
        self._grids = grids
        self._name = name
        self._rows: list[Mapping[int, str]] = []
        self._columns: set[int] = set()
        self._chars = 0
        self._blocks: list[Block] = []
        self._wide = 0

    def add(self, row: Mapping[int, str]) -> bool:
        """Take a row's cells that have text, by column; False where there is no room for it, nor for more."""
        if not row:
            self._finish()
            return True
        fresh = sorted(row.keys() - self._columns)
        room = self._grids.columns - len(self._columns)
        if len(fresh) > room:
            self._wide += len(fresh) - room
            left_out = set(fresh[room:])
            row = {column: text for column, text in row.items() if column not in left_out}
            fresh = fresh[:room]
        chars = self._chars + sum(len(text) + 3 for text in row.values())
        if not self._grids.room((len(self._rows) + 1) * (len(self._columns) + len(fresh)), chars):
            self._grids.cut.append(f"{self._name} is longer than is read: it was cut")
            return False
        self._columns.update(fresh)
        self._chars = chars
        self._rows.append(row)
        return True

    def blocks(self) -> list[Block]:
        """The sheet's tables; a row or column of single cells is paragraphs."""
        self._finish()
        if self._wide:
            self._grids.cut.append(
                f"{self._name} has a table with more than {self._grids.columns} columns: it was cut there"
            )
        return self._blocks

    def _finish(self) -> None:
        rows, columns = self._rows, sorted(self._columns)
        if not rows:
            return
        self._grids.take(len(rows) * len(columns), self._chars)
        if all(len(row) == 1 for row in rows) and (len(rows) == 1 or len(columns) == 1) and len(rows) < 3:
            self._blocks += [text_block("paragraph", text) for row in rows for text in row.values()]
        else:
            self._blocks.append(table([[cell(row.get(column, "")) for column in columns] for row in rows]))
        self._rows, self._columns, self._chars = [], set(), 0
