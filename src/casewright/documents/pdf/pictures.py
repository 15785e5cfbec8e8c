"""Pages and parts of pages that have to be looked at: rendered, and read by OCR."""

from __future__ import annotations

import ctypes
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from PIL import Image

from casewright.documents.blocks import Block, Box, Cell, Page, Piece
from casewright.documents.haste import DECODE_S, PARSE_S, hasty
from casewright.documents.limits import DocumentLimits
from casewright.documents.options import OcrOptions
from casewright.documents.pdf import native
from casewright.documents.pdf.content import Content
from casewright.documents.pdf.drawn import Drawn
from casewright.documents.pdf.view import View

# What has no more than this takes a fraction of a second to draw, unless it was made to draw itself.
LIGHT_PIXELS = 10_000_000
LIGHT_OBJECTS = 3000
# A dense map has a tenth of this.
MOST_PARTS = 500_000
# With a picture over most of the page, so little text is a stamp or a page number on a scan.
SCAN_SHARE = 0.5
SCAN_MAX_CHARS = 50
# A picture this large (4 cm square on A4) on a page with text is read too, and a vision model may look at it.
READ_SHARE = 0.02
FIGURE_SHARE = 0.02
FIGURE_SIDE = 40.0
MAX_FIGURES = 30
# Text over a picture that says so much of what the picture says is the picture's own text, read before.
SAME_WORDS = 0.5
OVER_PICTURE_CHARS = 20
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Rendered:
    """A page as an image, ``scale`` pixels to the point."""

    image: Image.Image
    scale: float


def render(
    page: Any, view: View, drawn: Drawn, limits: DocumentLimits, *, text: bool = True
) -> Rendered | None:
    """The page as it is seen, without its text where ``text`` is False; None where it is too large."""
    if drawn.pixels > limits.pixels or drawn.parts > MOST_PARTS or view.width <= 0 or view.height <= 0:
        return None
    scale = limits.render_dpi / 72
    pixels = view.width * view.height * scale * scale
    if pixels > limits.pixels:
        scale *= (limits.pixels / pixels) ** 0.5
    if not text:
        _show(drawn.text_objects, False)
    heavy = drawn.pixels > LIGHT_PIXELS or drawn.count > LIGHT_OBJECTS
    with hasty(DECODE_S if heavy else PARSE_S):
        bitmap = page.render(scale=scale)
    try:
        return Rendered(bitmap.to_pil().convert("RGB"), scale)
    finally:
        bitmap.close()
        if not text:
            _show(drawn.text_objects, True)


def _show(handles: Sequence[int], shown: bool) -> None:
    """Whether text objects are drawn."""
    switch = native.plain("FPDFPageObj_SetIsActive", ctypes.c_void_p, ctypes.c_int)
    for handle in handles:
        switch(handle, shown)


def read_whole(rendered: Rendered, view: View, options: OcrOptions) -> Page:
    """A page read by OCR from its picture."""
    # the engine's module is large, and most files never need it
    from casewright.documents.ocr.page import read_picture_page  # noqa: PLC0415

    return read_picture_page(rendered.image, options, width=view.width, height=view.height, unit="pt")


def read_region(rendered: Rendered, box: Box, options: OcrOptions) -> Page:
    """A part of a page read by OCR; its blocks stand where they are on the page."""
    from casewright.documents.ocr.page import read_picture_page  # noqa: PLC0415

    scale = rendered.scale
    cut = rendered.image.crop(
        (
            max(0, int(box.x0 * scale)),
            max(0, int(box.y0 * scale)),
            min(rendered.image.width, int(box.x1 * scale) + 1),
            min(rendered.image.height, int(box.y1 * scale) + 1),
        )
    )
    found = read_picture_page(cut, options, width=box.x1 - box.x0, height=box.y1 - box.y0, unit="pt")
    return replace(found, blocks=tuple(_moved(block, box.x0, box.y0) for block in found.blocks))


def _moved(block: Block, right: float, down: float) -> Block:
    def place(box: Box | None) -> Box | None:
        return box and Box(box.x0 + right, box.y0 + down, box.x1 + right, box.y1 + down)

    def pieces(found: Sequence[Piece]) -> Cell:
        return tuple(replace(piece, box=place(piece.box)) for piece in found)

    return replace(
        block,
        pieces=pieces(block.pieces),
        rows=tuple(tuple(pieces(cell) for cell in row) for row in block.rows),
        box=place(block.box),
    )


def share_of(box: Box, view: View) -> float:
    """The share of the page that a box takes."""
    return (box.x1 - box.x0) * (box.y1 - box.y0) / max(1e-6, view.width * view.height)


def pictures_on(drawn: Drawn, view: View) -> list[Box]:
    """Pictures of a relevant size; strips of one that was stored in parts are put together."""
    boxes: list[Box] = []
    for box in sorted(drawn.pictures, key=lambda found: (found.y0, found.x0))[:2000]:
        for number, other in enumerate(boxes):
            if _touch(box, other):
                boxes[number] = Box(
                    min(box.x0, other.x0), min(box.y0, other.y0), max(box.x1, other.x1), max(box.y1, other.y1)
                )
                break
        else:
            boxes.append(box)
    large = [
        box
        for box in boxes
        if share_of(box, view) >= FIGURE_SHARE and min(box.x1 - box.x0, box.y1 - box.y0) >= FIGURE_SIDE
    ]
    return large[:MAX_FIGURES]


def _touch(one: Box, other: Box) -> bool:
    """Whether two pictures are parts of one: stacked without a gap, alike in width, or over each other."""
    across = min(one.x1, other.x1) - max(one.x0, other.x0)
    down = min(one.y1, other.y1) - max(one.y0, other.y0)
    alike = abs(one.x0 - other.x0) < 1 and abs(one.x1 - other.x1) < 1
    level = abs(one.y0 - other.y0) < 1 and abs(one.y1 - other.y1) < 1
    return (across > 0 and down > 0) or (alike and down > -1) or (level and across > -1)


def chars_over(content: Content, box: Box) -> int:
    """How many characters of upright text stand on a picture."""
    return sum(
        len(segment.text)
        for way in content.ways
        if way.quarters == 0
        for segment in way.segments
        if box.x0 <= (segment.box.x0 + segment.box.x1) / 2 <= box.x1
        and box.y0 <= (segment.box.y0 + segment.box.y1) / 2 <= box.y1
    )


def words_of(blocks: Sequence[Block]) -> list[str]:
    """The words in blocks, for comparing what was read with what stands there."""
    texts = [piece.text for block in blocks for piece in block.pieces]
    texts += [piece.text for block in blocks for row in block.rows for cell in row for piece in cell]
    return _WORD.findall(" ".join(texts).lower())


def says_the_same(text: str, blocks: Sequence[Block]) -> bool:
    """Whether most words read in a picture are in a text already."""
    words = words_of(blocks)
    there = set(_WORD.findall(text.lower()))
    return not words or sum(word in there for word in words) >= SAME_WORDS * len(words)
