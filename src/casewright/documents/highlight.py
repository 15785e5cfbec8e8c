"""Where characters of a document's Markdown stand on a page, and that page's image with them marked."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence

from PIL import Image, ImageChops, ImageDraw, UnidentifiedImageError

from casewright.api.documents import BlockOut, BoxOut, PageOut
from casewright.errors import ServiceFailure

Span = tuple[int, int]
# Multiplied with the page, so that black stays black: a marker pen.
FILL = (255, 224, 102)
EDGE = (176, 112, 0)
# Around a box, in pixels: ink touches its box.
MARGIN = 2
MAX_PIXELS = 12_000_000


def boxes_of(page: PageOut, spans: Iterable[Span]) -> list[BoxOut]:
    """The boxes of every line on a page that a span touches, each once, in the order of the page.

    A block without lines of its own (somebody's own Markdown, a figure) is one box.
    """
    wanted = [(start, end) for start, end in spans if start < end]
    found: dict[BoxOut, None] = {}
    for block in page.blocks:
        for box in _of_block(block, wanted):
            found[box] = None
    return list(found)


def touches(page: PageOut, span: Span) -> bool:
    """Whether a span has a character on a page."""
    return span[0] < page.end and span[1] > page.start


def mark(image: bytes, page: PageOut, boxes: Sequence[BoxOut]) -> bytes:
    """A page's image (PNG) with boxes marked on it, as PNG; the same bytes where there is nothing to mark.

    Raises:
        ServiceFailure: the image is none, or larger than a page's may be.
    """
    if not boxes or not page.width or not page.height:
        return image
    try:
        with Image.open(io.BytesIO(image), formats=["PNG"]) as opened:
            if opened.width * opened.height > MAX_PIXELS:
                raise _unusable("is too large")
            shown = opened.convert("RGB")
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError) as error:
        raise _unusable("cannot be read") from error
    across, down = shown.width / page.width, shown.height / page.height
    places = [_placed(box, across, down, shown.size) for box in boxes]
    pen = Image.new("RGB", shown.size, "white")
    drawing = ImageDraw.Draw(pen)
    for place in places:
        drawing.rectangle(place, fill=FILL)
    shown = ImageChops.multiply(shown, pen)
    edges = ImageDraw.Draw(shown)
    for place in places:
        edges.rectangle(place, outline=EDGE)
    out = io.BytesIO()
    shown.save(out, "PNG", compress_level=4)
    return out.getvalue()


def _of_block(block: BlockOut, spans: Sequence[Span]) -> list[BoxOut]:
    touched = [span for span in spans if span[0] < block.end and span[1] > block.start]
    if not touched:
        return []
    lines = [
        piece.box
        for piece in block.pieces
        if piece.box is not None and any(start < piece.end and end > piece.start for start, end in touched)
    ]
    return lines or ([block.box] if block.box is not None else [])


def _placed(box: BoxOut, across: float, down: float, size: tuple[int, int]) -> tuple[int, int, int, int]:
    left = min(max(0, round(box[0] * across) - MARGIN), size[0] - 1)
    top = min(max(0, round(box[1] * down) - MARGIN), size[1] - 1)
    right = min(max(left, round(box[2] * across) + MARGIN), size[0] - 1)
    bottom = min(max(top, round(box[3] * down) + MARGIN), size[1] - 1)
    return left, top, right, bottom


def _unusable(why: str) -> ServiceFailure:
    return ServiceFailure(f"the image of this page {why}", hint="look at the original instead")
