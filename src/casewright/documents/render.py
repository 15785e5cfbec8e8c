"""Blocks as Markdown that says exactly their text, and where each piece of them stands in it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from casewright.documents.blocks import Block, Box, Cell, Doubt, Piece
from casewright.documents.markdown import clean, closing_hashes, inline, line_start

BETWEEN_BLOCKS = "\n\n"


@dataclass(frozen=True, slots=True)
class PlacedDoubt:
    """A doubt with its characters in the Markdown."""

    doubt: Doubt
    start: int
    end: int
    text: str
    box: Box | None


@dataclass(frozen=True, slots=True)
class PlacedPiece:
    """A piece with its characters in the Markdown."""

    piece: Piece
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class PlacedBlock:
    """A block with its characters in the Markdown, and those of its pieces in order."""

    block: Block
    start: int
    end: int
    pieces: tuple[PlacedPiece, ...]
    doubts: tuple[PlacedDoubt, ...]


@dataclass(slots=True)
class _Writer:
    """Markdown as it grows, and what was placed since the last block began."""

    parts: list[str] = field(default_factory=list)
    at: int = 0
    pieces: list[PlacedPiece] = field(default_factory=list)
    doubts: list[PlacedDoubt] = field(default_factory=list)

    def write(self, text: str) -> None:
        self.parts.append(text)
        self.at += len(text)

    def piece(self, piece: Piece, plain: str, shown: str) -> None:
        """Write a piece; ``shown`` is ``plain`` with backslashes put in."""
        places = _places(plain, shown) if piece.doubts else []
        for doubt in piece.doubts:
            start, end = doubt.start, min(doubt.end, len(plain))
            if 0 <= start < end:
                self.doubts.append(
                    PlacedDoubt(
                        doubt,
                        self.at + places[start],
                        self.at + places[end - 1] + 1,
                        plain[start:end],
                        piece.box,
                    )
                )
        self.pieces.append(PlacedPiece(piece, self.at, self.at + len(shown)))
        self.write(shown)


def render(blocks: Iterable[Block]) -> tuple[str, tuple[PlacedBlock, ...]]:
    """A page's Markdown, and every block of it in order; a block without text stands where it would."""
    writer = _Writer()
    placed: list[PlacedBlock] = []
    before: Block | None = None
    for block in blocks:
        writer.pieces, writer.doubts = [], []
        start = writer.at
        if _says_something(block):
            if before is not None:
                writer.write("\n" if before.kind == block.kind == "list_item" else BETWEEN_BLOCKS)
            start = writer.at
            _write(writer, block)
            before = block
        placed.append(PlacedBlock(block, start, writer.at, tuple(writer.pieces), tuple(writer.doubts)))
    return "".join(writer.parts), tuple(placed)


def _says_something(block: Block) -> bool:
    if block.kept.strip():
        return True
    if block.kind == "table":
        return any(_plain(piece) for row in block.rows for cell in row for piece in cell)
    return any(_plain(piece) for piece in block.pieces)


def _write(writer: _Writer, block: Block) -> None:
    if block.kept:
        writer.write(block.kept)
    elif block.kind == "table":
        _write_table(writer, block.rows)
    elif block.kind == "heading":
        writer.write("#" * max(1, min(6, block.level)) + " ")
        _write_words(writer, block.pieces, heading=True)
    elif block.kind == "list_item":
        margin = "   " * block.level  # reaches the content of both kinds of marks, and makes no code block
        mark = "- " if block.number is None else f"{block.number}. "
        writer.write(margin + mark)
        _write_lines(writer, block.pieces, margin + " " * len(mark))
    else:
        _write_lines(writer, block.pieces, "")


def _write_lines(writer: _Writer, pieces: Sequence[Piece], indent: str) -> None:
    """Pieces as lines of a paragraph or list item; further lines are indented to belong to it."""
    first = True
    for piece in pieces:
        plain = _plain(piece)
        if not plain:
            continue
        starts = first or piece.joiner == "\n"
        if not first:
            writer.write("\n" + indent if piece.joiner == "\n" else piece.joiner)
        writer.piece(piece, plain, line_start(plain) if starts else inline(plain))
        first = False


def _write_words(writer: _Writer, pieces: Sequence[Piece], *, heading: bool) -> None:
    """Pieces on one line."""
    said = [(piece, plain) for piece in pieces if (plain := _plain(piece))]
    for number, (piece, plain) in enumerate(said):
        if number:
            writer.write("" if piece.joiner == "" else " ")
        shown = inline(plain)
        if heading and number == len(said) - 1:
            shown = closing_hashes(shown)
        writer.piece(piece, plain, shown if heading else shown.replace("|", "\\|"))


def _write_table(writer: _Writer, rows: Sequence[Sequence[Cell]]) -> None:
    """The first row is the head; short rows are filled up with empty cells."""
    width = max(len(row) for row in rows)
    for number, row in enumerate(rows):
        writer.write("\n|" if number else "|")
        for column in range(width):
            writer.write(" ")
            _write_words(writer, row[column] if column < len(row) else (), heading=False)
            writer.write(" |")
        if number == 0:
            writer.write("\n|" + " --- |" * width)


def _plain(piece: Piece) -> str:
    return " ".join(clean(piece.text).split())


def _places(plain: str, shown: str) -> list[int]:
    """For each character of ``plain`` its index in ``shown``, which has nothing but backslashes put in."""
    places: list[int] = []
    at = 0
    for char in plain:
        while shown[at] != char or (char == "\\" and shown[at : at + 2] == "\\\\"):
            at += 1
            if char == "\\" and shown[at] == "\\":
                break
        places.append(at)
        at += 1
    return places
