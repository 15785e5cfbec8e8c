"""What one page carries as text: segments for layout, and what a reader should know of them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from casewright.documents.blocks import Block, Box, Cell
from casewright.documents.layout.segments import Rule, Segment
from casewright.documents.pdf.chars import Chars, chars_of
from casewright.documents.pdf.drawn import Drawn
from casewright.documents.pdf.native import Floats
from casewright.documents.pdf.runs import Run, runs_of
from casewright.documents.pdf.styles import Style, Styles
from casewright.documents.pdf.view import View

# Text turned by no more than this (radians) off a right angle is laid out as if it stood straight.
STRAIGHT = 0.12
# What a line of text takes of its font's size.
ABOVE_BASELINE = 0.85
BELOW_BASELINE = 0.25


@dataclass(slots=True)
class Way:
    """Text that stands the same way, turned counter-clockwise by ``quarters``; None where aslant."""

    quarters: int | None
    segments: list[Segment]
    rules: list[Rule]


@dataclass(slots=True)
class Content:
    """``ways`` hold all text that is on the page, upright text first.

    ``invisible``, ``hidden`` (white on white, or too small) and ``outside`` count characters.
    """

    ways: list[Way] = field(default_factory=list)
    chars: int = 0
    invisible: int = 0
    hidden: int = 0
    outside: int = 0

    @property
    def segments(self) -> list[Segment]:
        """All of them, in the directions in which they stand."""
        return [segment for way in self.ways for segment in way.segments]

    @property
    def text(self) -> str:
        """All of it, in no order to speak of."""
        return "\n".join(segment.text for segment in self.segments)


def content_of(textpage: Any, view: View, drawn: Drawn) -> Content:
    """The text of a page."""
    chars = chars_of(textpage, view)
    content = Content()
    styles = Styles(textpage)
    for quarters, members in _ways(chars):
        boxes = turned(chars.boxes, quarters or 0, view)
        rules = [Rule(turned_box(rule.box, quarters or 0, view)) for rule in drawn.rules]
        way = Way(quarters, [], rules)
        for run in runs_of(chars, members, boxes, _upright_lines(rules)):
            style = styles.of(
                int(chars.index[run.first]), int(chars.index[run.last]), run.box.y1 - run.box.y0
            )
            _take(run, style, way, content, view=view, drawn=drawn)
        if way.segments:
            content.ways.append(way)
    content.ways.sort(key=lambda way: way.quarters != 0)
    return content


def _take(run: Run, style: Style, way: Way, content: Content, *, view: View, drawn: Drawn) -> None:
    seen = turned_back(run.box, way.quarters or 0, view)
    x, y = (seen.x0 + seen.x1) / 2, (seen.y0 + seen.y1) / 2
    said = len(run.text)
    if not (0 <= x <= view.width and 0 <= y <= view.height):
        content.outside += said
        return
    content.chars += said
    if style.invisible:
        content.invisible += said
    elif style.tiny or (style.white and not _is_covered(x, y, drawn)):
        content.hidden += said
    box = _even(run.box, style, way, view)
    way.segments.append(Segment(run.text, box, style.size, style.bold, gaps=run.gaps))


def _even(box: Box, style: Style, way: Way, view: View) -> Box:
    """The box, as high above and below its baseline as that of any other font: fonts state what they like."""
    if (
        style.origin is None
        or way.quarters is None
        or not 0.5 <= style.size / max(1e-6, box.y1 - box.y0) <= 2
    ):
        return box
    x, y = style.origin
    base = turned_box(view.box(x, y, x, y), way.quarters, view).y0
    y0, y1 = base - ABOVE_BASELINE * style.size, base + BELOW_BASELINE * style.size
    return Box(box.x0, y0, box.x1, y1) if min(y1, box.y1) - max(y0, box.y0) > 0.5 * (y1 - y0) else box


def _is_covered(x: float, y: float, drawn: Drawn) -> bool:
    """Whether something is drawn there, so that white letters may show on it."""
    under = (*drawn.filled, *drawn.pictures)
    return any(box.x0 <= x <= box.x1 and box.y0 <= y <= box.y1 for box in under)


def _ways(chars: Chars) -> list[tuple[int | None, Any]]:
    everything = np.arange(len(chars.text))
    if chars.angles is None or not len(chars.text):
        return [(0, everything)] if len(chars.text) else []
    turns = chars.angles / (np.pi / 2)
    nearest = np.round(turns)
    aslant = np.abs(turns - nearest) > STRAIGHT / (np.pi / 2)
    quarters = np.where(aslant, -1, nearest.astype(int) % 4)
    return [
        (None if quarter < 0 else quarter, everything[quarters == quarter])
        for quarter in sorted(set(quarters.tolist()), key=lambda found: (found < 0, found))
    ]


def _upright_lines(rules: list[Rule]) -> Floats:
    rows = [
        ((rule.box.x0 + rule.box.x1) / 2, rule.box.y0, rule.box.y1)
        for rule in rules
        if rule.box.y1 - rule.box.y0 > rule.box.x1 - rule.box.x0
    ]
    return np.array(rows, np.float64).reshape(-1, 3)


def turned(boxes: Floats, quarters: int, view: View) -> Floats:
    """Boxes as seen when the page is turned clockwise by ``quarters``: text turned as far stands upright."""
    x0, y0, x1, y1 = boxes.T
    match quarters % 4:
        case 1:
            edges = (view.height - y1, x0, view.height - y0, x1)
        case 2:
            edges = (view.width - x1, view.height - y1, view.width - x0, view.height - y0)
        case 3:
            edges = (y0, view.width - x1, y1, view.width - x0)
        case _:
            return boxes
    return np.stack(edges, axis=1)


def turned_box(box: Box, quarters: int, view: View) -> Box:
    """One box, turned like ``turned``."""
    if quarters % 4 == 0:
        return box
    row = turned(np.array([[box.x0, box.y0, box.x1, box.y1]]), quarters, view)[0]
    return Box(*(float(edge) for edge in row))


def turned_back(box: Box, quarters: int, view: View) -> Box:
    """A box of a page turned by ``quarters``, where it stands on the page as it is."""
    if quarters % 4 == 0:
        return box
    sideways = quarters % 2 == 1
    then = View(0, 0, view.height if sideways else view.width, view.width if sideways else view.height)
    return turned_box(box, 4 - quarters % 4, then)


def turned_back_block(block: Block, quarters: int, view: View) -> Block:
    """A block that was laid out on a turned page, with its boxes on the page as it is."""

    def pieces(found: Cell) -> Cell:
        return tuple(
            replace(piece, box=piece.box and turned_back(piece.box, quarters, view)) for piece in found
        )

    return replace(
        block,
        pieces=pieces(block.pieces),
        rows=tuple(tuple(pieces(cell) for cell in row) for row in block.rows),
        box=block.box and turned_back(block.box, quarters, view),
    )
