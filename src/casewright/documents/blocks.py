"""What stands on a page: blocks of pieces of text, each with its place.

::

    Page ── Block (heading, paragraph, list item, table, header, footer, figure)
              └── Piece (a line, or a line of a table's cell) ── Doubt (a figure in it that may be misread)

A reader makes these; ``render`` makes Markdown of them and says where each piece stands in it. Everything
here is plain data that crosses the border between a worker process and the service as JSON, so nothing but
text and numbers can come out of a worker.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from casewright.api.documents import BlockKind, DoubtKind, Method, Unit

Joiner = Literal["\n", " ", ""]


@dataclass(frozen=True, slots=True)
class Box:
    """A place on a page as a reader sees it (turned upright): from its top left corner, in the page's
    unit.
    """

    x0: float
    y0: float
    x1: float
    y1: float


@dataclass(frozen=True, slots=True)
class Doubt:
    """Characters ``start`` to ``end`` of a piece's text: a figure that OCR was not sure of (0 to 1)."""

    start: int
    end: int
    kind: DoubtKind
    confidence: float


@dataclass(frozen=True, slots=True)
class Piece:
    """One line of text, plain (nothing escaped), single-spaced, without line ends.

    ``joiner`` is what stands between it and the piece before it in its block: a line end that its writer
    meant, the space of a line that went on, or nothing where a word was divided. ``confidence`` is OCR's, 0
    to 1; None where the text was not read by OCR. ``box`` is None where the file has no pages to look at.
    """

    text: str
    box: Box | None = None
    confidence: float | None = None
    doubts: tuple[Doubt, ...] = ()
    joiner: Joiner = "\n"


Cell = tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Block:
    """One block. ``pieces`` hold its text; a table has ``rows`` of cells instead, the first of which is its
    head.

    ``level`` is a heading's (1 to 6) or a list item's depth (from 0); ``number`` a list item's, where it has
    one. ``kept`` is somebody's own Markdown that stays as it is (then ``pieces`` are empty). A ``figure``
    has a box and no text: what a model says of it is never kept here.
    """

    kind: BlockKind
    pieces: tuple[Piece, ...] = ()
    rows: tuple[tuple[Cell, ...], ...] = ()
    level: int = 0
    number: int | None = None
    box: Box | None = None
    kept: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """One page. ``width`` and ``height`` are as seen, in ``unit``; None where the file has no pages to look
    at.

    ``confidence`` is the mean of OCR's own over characters; None where nothing was read by OCR. ``part``
    names the attachment that the page is of; empty for the file itself. ``unread``: something stands there,
    and none of it could be read (a blank page is not unread).
    """

    blocks: tuple[Block, ...]
    method: Method
    confidence: float | None = None
    warnings: tuple[str, ...] = ()
    width: float | None = None
    height: float | None = None
    unit: Unit | None = None
    part: str = ""
    unread: bool = False


@dataclass(frozen=True, slots=True)
class Opened:
    """A reader's first word: what the file is. ``pages`` is None where that is known only at the end."""

    media_type: str
    pages: int | None = None
    metadata: tuple[tuple[str, str], ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Noted:
    """Something about the whole file that was found on the way. ``lost``: a part of it was not read."""

    warning: str
    lost: bool = False


Found = Opened | Page | Noted


def union(boxes: Sequence[Box | None]) -> Box | None:
    """The smallest box around all that are there; None where none is."""
    there = [box for box in boxes if box is not None]
    if not there:
        return None
    return Box(
        min(box.x0 for box in there),
        min(box.y0 for box in there),
        max(box.x1 for box in there),
        max(box.y1 for box in there),
    )


def texts_of(page: Page) -> Iterator[str]:
    """Every piece of a page's text, in order."""
    for block in page.blocks:
        if block.kept:
            yield block.kept
        for pieces in (block.pieces, *(cell for row in block.rows for cell in row)):
            yield from (piece.text for piece in pieces)


def text_block(kind: BlockKind, text: str, *, level: int = 0, number: int | None = None) -> Block:
    """A block of plain text without places; its lines are its pieces."""
    lines = [" ".join(line.split()) for line in text.splitlines()]
    return Block(kind, tuple(Piece(line) for line in lines if line), level=level, number=number)


def table_block(rows: Sequence[Sequence[str]]) -> Block:
    """A table of plain text without places."""
    return Block(
        "table",
        rows=tuple(
            tuple((Piece(words),) if (words := " ".join(cell.split())) else () for cell in row)
            for row in rows
        ),
    )
