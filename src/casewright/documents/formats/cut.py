"""Pages held to what a file may say in all: what fits of a page that is too long, to its last whole line."""

from __future__ import annotations

from dataclasses import replace

from casewright.documents.blocks import Block, Page
from casewright.documents.limits import DocumentLimits

_ESCAPED = "\\`*[<~_&|"


class Room:
    """How much of a file's text still fits: characters of Markdown, about, and lines or cells with text."""

    def __init__(self, limits: DocumentLimits) -> None:
        self._chars = limits.output_chars
        self._pieces = limits.pieces

    def take(self, page: Page) -> tuple[Page, bool]:
        """The page, or as much of it as fits; and whether that is all of it."""
        self._chars -= 2
        kept: list[Block] = []
        for block in page.blocks:
            part = self._part(block)
            if part is not None:
                kept.append(part)
            if part is not block:
                return replace(page, blocks=tuple(kept)), False
        return page, True

    def _part(self, block: Block) -> Block | None:
        """The block itself where it fits, else what fits of it; None where nothing does."""
        before = self._chars - 12
        if not self._fits(len(block.kept) + 12, 1):
            return replace(block, kept=block.kept[:before]) if block.kept and before > 0 else None
        for number, piece in enumerate(block.pieces):
            before = self._chars - 2
            if not self._fits(_written(piece.text) + 2, 1):
                # Half, as each of its characters may need a backslash.
                last = (replace(piece, text=piece.text[: before // 2], doubts=()),) if before > 1 else ()
                return replace(block, pieces=block.pieces[:number] + last) if number or last else None
        width = max((len(row) for row in block.rows), default=0)
        self._chars -= 6 * width
        for number, row in enumerate(block.rows):
            texts = [piece.text for cell in row for piece in cell]
            if not self._fits(sum(_written(text) + 1 for text in texts) + 3 * width + 2, len(texts)):
                return replace(block, rows=block.rows[:number]) if number else None
        return block

    def _fits(self, chars: int, pieces: int) -> bool:
        self._chars -= chars
        self._pieces -= pieces
        return self._chars >= 0 and self._pieces >= 0


def _written(text: str) -> int:
    """How long a text may be as Markdown."""
    return len(text) + sum(text.count(char) for char in _ESCAPED)
