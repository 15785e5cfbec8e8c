"""One picture of a page to blocks: the whole of OCR, whichever engine reads."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np
from PIL import Image

from casewright.api.documents import Unit
from casewright.documents.blocks import Block, Box, Cell, Page, Piece
from casewright.documents.layout.cells import is_ruled
from casewright.documents.layout.page import lay_out
from casewright.documents.layout.segments import Segment
from casewright.documents.ocr.doubt import doubts
from casewright.documents.ocr.lines import Answer, Engine, Line, Pixels, mean_confidence
from casewright.documents.ocr.prepare import Matrix, inked, moved, prepared, scaled, turned_back
from casewright.documents.ocr.rapid import rapid
from casewright.documents.ocr.rules import ruled_lines
from casewright.documents.ocr.tesseract import tesseract
from casewright.documents.options import OcrOptions

# Below this the engine guesses; such lines are left out and counted.
MIN_LINE_CONFIDENCE = 0.5
UNSURE_BELOW = 0.85
# A cell may end where the gap is wider than this (of the line's height), and than the page's spaces are.
BORDER = 0.3
WIDER = 1.4
# A4 at 400 dpi; more makes nothing clearer. OpenCV turns no picture with a side beyond 32,767.
MOST_PIXELS = 16_000_000
MOST_SIDE = 16_000
BLANK = "this page is blank"
NOTHING_READ = "something stands on this page, and nothing of it could be read"


def read_picture_page(
    image: Image.Image, options: OcrOptions, *, width: float, height: float, unit: Unit
) -> Page:
    """Read a picture of a page; boxes come out in the page's unit, on the page as it was given.

    ``image`` is RGB, within the limits; ``width`` and ``height`` are the page's, in ``unit``.

    Raises:
        InstallError: the engine, a model or a language is not on this machine.
        DocumentTimeout, UnreadableDocument: the engine's process took too long, or failed.
    """
    cv2.setNumThreads(options.threads)
    page = Page((), "none", width=width, height=height, unit=unit)
    pixels = _fitting(image)
    if inked(pixels) is None:
        return replace(page, warnings=(BLANK,))
    level = prepared(pixels)
    answer = engine_of(options).read(level.pixels)
    sure = [line for line in answer.lines if line.confidence >= MIN_LINE_CONFIDENCE]
    if not sure:
        return replace(page, warnings=(NOTHING_READ,), unread=True)
    tall, wide = level.pixels.shape[:2]
    back = (
        scaled(width / pixels.shape[1], height / pixels.shape[0])
        @ level.back
        @ turned_back(answer.turned, wide, tall)
    )
    blocks = _laid_out(sure, np.rot90(level.pixels, answer.turned // 90))
    return replace(
        page,
        blocks=tuple(_moved(block, back) for block in blocks),
        method="ocr",
        confidence=round(mean_confidence(sure) or 0.0, 4),
        warnings=_warnings(answer, sure, level.skew),
    )


def engine_of(options: OcrOptions) -> Engine:
    """The engine that is asked for, ready.

    Raises:
        InstallError: it, a model or a language is not on this machine.
    """
    if options.engine == "tesseract":
        return tesseract(options.languages, options.threads)
    return rapid(options.threads)


def _fitting(image: Image.Image) -> Pixels:
    """Its pixels, in a smaller copy where there are more than it takes to read it."""
    scale = min(1.0, MOST_SIDE / max(image.size), math.sqrt(MOST_PIXELS / (image.width * image.height)))
    if scale < 1:
        size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
        image = image.resize(size, Image.Resampling.BOX)
    return np.asarray(image, dtype=np.uint8)


def _laid_out(lines: Sequence[Line], upright: Pixels) -> tuple[Block, ...]:
    heights = sorted(line.box.y1 - line.box.y0 for line in lines)
    rules = ruled_lines(np.ascontiguousarray(upright), heights[len(heights) // 2])
    least = _least_border(lines)
    segments = [
        Segment(
            line.text,
            line.box,
            line.box.y1 - line.box.y0,
            confidence=round(line.confidence, 4),
            doubts=doubts(line.text, line.confidences),
            gaps=tuple(
                gap
                for gap in line.gaps
                if gap.x1 - gap.x0 > least * (line.box.y1 - line.box.y0) or is_ruled(gap, line.box, rules)
            ),
        )
        for line in lines
    ]
    height, width = upright.shape[:2]
    return lay_out(segments, rules, width=width, height=height, exact_sizes=False)


def _least_border(lines: Sequence[Line]) -> float:
    """How wide a gap must be (of a line's height) to be more than a space."""
    spaces = sorted((gap.x1 - gap.x0) / (line.box.y1 - line.box.y0) for line in lines for gap in line.gaps)
    return max(BORDER, WIDER * spaces[len(spaces) // 4]) if spaces else BORDER


def _warnings(answer: Answer, sure: Sequence[Line], skew: float) -> tuple[str, ...]:
    said = []
    if answer.turned:
        said.append(f"the page was turned by {answer.turned} degrees to be read")
    if skew:
        said.append(f"the page leans by {abs(skew):.1f} degrees; it was straightened to be read")
    if dropped := len(answer.lines) - len(sure):
        left = "is left out" if dropped == 1 else "are left out"
        said.append(f"{_lines(dropped)} could not be read with any confidence and {left}")
    if unsure := sum(line.confidence < UNSURE_BELOW for line in sure):
        were = "was" if unsure == 1 else "were"
        said.append(f"{_lines(unsure)} {were} read without much confidence")
    if doubtful := sum(len(doubts(line.text, line.confidences)) for line in sure):
        said.append(f"{doubtful} figure(s) may be misread: compare them with the page")
    return tuple(said)


def _moved(block: Block, back: Matrix) -> Block:
    """The block with its boxes on the page as it was given."""
    return replace(
        block,
        pieces=_cell(block.pieces, back),
        rows=tuple(tuple(_cell(cell, back) for cell in row) for row in block.rows),
        box=_box(block.box, back),
    )


def _cell(pieces: Sequence[Piece], back: Matrix) -> Cell:
    return tuple(replace(piece, box=_box(piece.box, back)) for piece in pieces)


def _box(box: Box | None, back: Matrix) -> Box | None:
    return None if box is None else moved(box, back)


def _lines(count: int) -> str:
    return "one line" if count == 1 else f"{count} lines"
