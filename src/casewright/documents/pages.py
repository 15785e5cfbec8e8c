"""Pages as they were found, put together: one Markdown text, every span in it, and an honest status."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from casewright.api.documents import (
    BlockOut,
    BoxOut,
    DoubtOut,
    Method,
    PageOut,
    PieceOut,
    Reading,
    ReadStatus,
)
from casewright.documents.blocks import Box, Found, Noted, Opened, Page, texts_of
from casewright.documents.furniture import mark_furniture
from casewright.documents.render import PlacedBlock, render

BETWEEN_PAGES = "\n\n"


@dataclass(slots=True)
class Converted:
    """What has come of a file so far. ``lost`` says what was tried and not read, in words."""

    media_type: str = "application/octet-stream"
    pages: list[Page] = field(default_factory=list)
    expected: int | None = None
    metadata: dict[str, str] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    language: str | None = None

    def add(self, found: Found) -> None:
        """Take a reader's next word."""
        if isinstance(found, Page):
            self.pages.append(found)
        elif isinstance(found, Opened):
            self.media_type, self.expected = found.media_type, found.pages
            self.metadata.update(found.metadata)
            self.warnings.extend(found.warnings)
        elif isinstance(found, Noted):
            (self.lost if found.lost else self.warnings).append(found.warning)


def reading_of(converted: Converted) -> Reading:
    """The whole: furniture marked, pages joined, spans counted, status decided."""
    markdown, pages = _join(mark_furniture(converted.pages))
    status, reason = status_of(converted)
    on_pages = [f"page {page.number}: {warning}" for page in pages for warning in page.warnings]
    return Reading(
        status=status,
        reason=reason,
        media_type=converted.media_type,
        markdown=markdown,
        pages=pages,
        page_count=max(len(pages), converted.expected or 0),
        method=method_of(converted.pages),
        language=converted.language,
        metadata=converted.metadata,
        warnings=(*converted.warnings, *converted.lost, *on_pages),
    )


def status_of(converted: Converted) -> tuple[ReadStatus, str]:
    """``ok`` only where text was read and nothing that was tried was lost; else ``partial``, and why."""
    missing = (converted.expected or 0) - len(converted.pages)
    if converted.lost:
        return "partial", "; ".join(converted.lost[:3])
    if missing > 0:
        return "partial", f"{missing} of {converted.expected} pages were not read"
    unread = [number for number, page in enumerate(converted.pages, 1) if page.unread]
    if unread:
        return "partial", f"nothing could be read on page {_numbers(unread)}, though something stands there"
    if all(page.method == "none" for page in converted.pages):
        return "partial", "there is no text in this file: every page is blank"
    if not any(char.isalnum() for page in converted.pages for text in texts_of(page) for char in text):
        return "partial", "there is no text in this file: nothing but marks could be read"
    return "ok", ""


def method_of(pages: Sequence[Page]) -> Method:
    """How the whole was read: ``mixed`` when its pages differ; pages on which nothing stands do not count."""
    methods = {page.method for page in pages} - {"none"}
    if not methods:
        return "none"
    return methods.pop() if len(methods) == 1 else "mixed"


def _join(pages: Sequence[Page]) -> tuple[str, tuple[PageOut, ...]]:
    texts: list[str] = []
    placed: list[PageOut] = []
    at = 0
    for number, page in enumerate(pages, start=1):
        markdown, blocks = render(page.blocks)
        texts.append(markdown)
        placed.append(
            PageOut(
                number=number,
                markdown=markdown,
                start=at,
                end=at + len(markdown),
                method=page.method,
                confidence=page.confidence,
                warnings=page.warnings,
                width=page.width,
                height=page.height,
                unit=page.unit,
                part=page.part,
                blocks=tuple(_block(block, number, at) for block in blocks),
                doubts=tuple(_doubts(blocks, at)),
            )
        )
        at += len(markdown) + len(BETWEEN_PAGES)
    return BETWEEN_PAGES.join(texts), tuple(placed)


def _block(placed: PlacedBlock, page: int, at: int) -> BlockOut:
    return BlockOut(
        kind=placed.block.kind,
        page=page,
        start=at + placed.start,
        end=at + placed.end,
        box=_box(placed.block.box),
        level=placed.block.level,
        pieces=tuple(
            PieceOut(
                start=at + piece.start,
                end=at + piece.end,
                box=_box(piece.piece.box),
                confidence=piece.piece.confidence,
            )
            for piece in placed.pieces
        ),
    )


def _doubts(blocks: Sequence[PlacedBlock], at: int) -> list[DoubtOut]:
    return [
        DoubtOut(
            kind=placed.doubt.kind,
            text=placed.text,
            start=at + placed.start,
            end=at + placed.end,
            confidence=placed.doubt.confidence,
            box=_box(placed.box),
        )
        for block in blocks
        for placed in block.doubts
    ]


def _box(box: Box | None) -> BoxOut | None:
    return None if box is None else (round(box.x0, 2), round(box.y0, 2), round(box.x1, 2), round(box.y1, 2))


def _numbers(pages: Sequence[int]) -> str:
    shown = ", ".join(str(page) for page in pages[:10])
    return shown + (f" and {len(pages) - 10} more" if len(pages) > 10 else "")
