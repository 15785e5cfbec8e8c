"""What readers of text without fixed pages share: cells, list depths, the page that blocks make."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from casewright.documents.blocks import Block, Cell, Page, Piece
from casewright.documents.limits import DocumentLimits
from casewright.errors import DocumentTooLarge

BLANK = "this page is blank"


def cell(text: str) -> Cell:
    """A cell's lines."""
    lines = (" ".join(line.split()) for line in text.splitlines())
    return tuple(Piece(line) for line in lines if line)


def table(rows: Sequence[Sequence[Cell]]) -> Block:
    """A table of cells."""
    return Block("table", rows=tuple(tuple(row) for row in rows))


class Cells:
    """How many cells a file may still have: rows are filled up, so a table counts as a rectangle."""

    def __init__(self, limits: DocumentLimits) -> None:
        self._limit = limits.cells
        self._used = 0

    def check(self, count: int) -> None:
        """Hold a row that grows to the limit, before its table is counted.

        Raises:
            DocumentTooLarge: so many more cells would be beyond it.
        """
        if self._used + count > self._limit:
            raise DocumentTooLarge(
                f"the tables of this file have more than {self._limit} cells",
                hint="split it and send its parts",
            )

    def take(self, count: int) -> None:
        """Count cells before they are made.

        Raises:
            DocumentTooLarge: the file has more than the limit.
        """
        self.check(count)
        self._used += count

    def table(self, rows: Sequence[Sequence[Cell]]) -> Block:
        """A table, counted."""
        self.take(len(rows) * max((len(row) for row in rows), default=0))
        return table(rows)


def settled(blocks: Iterable[Block]) -> list[Block]:
    """The blocks, list items at most one level below the item before them (else they would be code)."""
    found: list[Block] = []
    above: list[int] = []
    for block in blocks:
        if block.kind != "list_item":
            above.clear()
            found.append(block)
            continue
        while above and above[-1] >= block.level:
            above.pop()
        depth = len(above)
        above.append(block.level)
        found.append(block if block.level == depth else replace(block, level=depth))
    return found


def says_something(block: Block) -> bool:
    """Whether a block has text."""
    if block.kept.strip():
        return True
    return any(piece.text.strip() for piece in block.pieces) or any(
        piece.text.strip() for row in block.rows for one in row for piece in one
    )


def page_of(blocks: Iterable[Block], *, warnings: Sequence[str] = (), part: str = "") -> Page:
    """The page that these blocks make. One with pictures and no text is unread, not blank."""
    made = tuple(settled(blocks))
    if any(says_something(block) for block in made):
        return Page(made, "text", warnings=tuple(warnings), part=part)
    pictured = any(block.kind == "figure" for block in made)
    said = tuple(warnings) if pictured else (*warnings, BLANK)
    return Page(made, "none", warnings=said, part=part, unread=pictured)


def pictures_unread(count: int) -> tuple[str, ...]:
    """The warning for pictures inside a file, which are shown as figures and not read."""
    if not count:
        return ()
    return (
        ("1 picture in this file was not read",)
        if count == 1
        else (f"{count} pictures in this file were not read",)
    )
