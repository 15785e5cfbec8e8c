"""Lines of one area to headings, list items and paragraphs."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from casewright.documents.blocks import Block, Joiner, Piece, union
from casewright.documents.layout.rows import Line, line_segment, piece_of
from casewright.documents.layout.segments import Segment
from casewright.documents.layout.tables import clipped, divided

HEADING_LEVELS = ((1.6, 1), (1.3, 2), (1.15, 3))
ROUGH_HEADING_LEVELS = ((2.2, 1), (1.7, 2))
BOLD_LEVEL = 4
MAX_HEADING_CHARS = 120
MAX_HEADING_LINES = 4
PARAGRAPH_GAP_EM = 0.35
PARAGRAPH_GAP_OF_USUAL = 1.4
# No writer leaves more between the lines of a paragraph.
WIDEST_USUAL_EM = 1.6
INDENT_EM = 0.8
SAME_SIZE = 0.1
ROUGH_SIZE = 0.5
DEPTH_EM = 0.9
# Signs that are nothing else, and those that may be.
_SURE_BULLET = re.compile(r"[•◦▪▫‣●○■□·∙⁃➢➤✓✔➔►▶]\s*")
_BULLET = re.compile(r"[-*o–—]\s+(?=\S)")
# As Markdown would write it again: no zero before it.
_NUMBER = re.compile(r"([1-9]\d{0,2}|0)\.")
_NUMBERED = re.compile(
    r"(?:\(?\d{1,3}[.)]|\(?[a-zA-Z][.)]|\(?[ivx]{1,4}[.)]|\d{1,2}(?:\.\d{1,2}){1,3}\.?)\s+(?=\S)"
)
_NUMBERED_HEADING = re.compile(
    r"(?:\d{1,2}(?:\.\d{1,2}){0,3}\.?|[A-Z]\.|[IVX]{1,5}\.|(?:Part|Section|Chapter|Annex|Appendix|Schedule)\b.*)\s"
)
_ENDS = (".", "!", "?", ":", ";", ",")
_STOPS = (".", "!", "?", ":")
LONG_SHARE = 0.72
HALF = 0.5


@dataclass(frozen=True, slots=True)
class Setting:
    """What is usual: ``body`` is the size of the page's text; ``exact``: sizes are known, not measured."""

    body: float
    exact: bool


def blocks_of(lines: Sequence[Line], left: float, right: float, setting: Setting) -> list[Block]:
    """The blocks of an area whose text may go from ``left`` to ``right``."""
    reader = _Area(lines, left, right, setting)
    blocks: list[Block] = []
    at = 0
    while at < len(lines):
        block = lines[at].block
        if block is not None:
            blocks.append(block)
            at += 1
            continue
        made, at = reader.block(at)
        blocks.append(made)
    return _list_depths(blocks, setting.body)


class _Area:
    """The lines of an area, and where a block ends."""

    def __init__(self, lines: Sequence[Line], left: float, right: float, setting: Setting) -> None:
        self._lines = lines
        self._left = left
        self._right = right
        self._setting = setting
        self._body = setting.body
        self._alike = SAME_SIZE if setting.exact else ROUGH_SIZE
        gaps = sorted(
            below.y0 - above.y1
            for above, below in pairwise(lines)
            if above.text and below.text and below.y0 > above.y0 and self._same_size(above, below)
        )
        # the narrow gaps are those within paragraphs, even where most paragraphs have one line
        usual = min(gaps[len(gaps) // 10], WIDEST_USUAL_EM * self._body) if gaps else 0.0
        low = usual + PARAGRAPH_GAP_EM * self._body
        self._gap = max(low, PARAGRAPH_GAP_OF_USUAL * usual) if usual > 0 else low

    def block(self, at: int) -> tuple[Block, int]:
        """The block that begins at a line, and the line after it."""
        level = self._level(at)
        if level is not None:
            return self._heading(at, level)
        mark = self._mark(at)
        end = at + 1
        while end < len(self._lines) and self._goes_on(at, end, mark):
            end += 1
        return self._text_block(at, end, mark), end

    def _heading(self, at: int, level: int) -> tuple[Block, int]:
        first, end = self._lines[at], at + 1
        while (
            end < len(self._lines)
            and end - at < MAX_HEADING_LINES
            and self._level(end) == level
            and self._same_size(first, self._lines[end])
            and self._lines[end].y0 - self._lines[end - 1].y1 <= 0.6 * first.size
            and self._lines[end - 1].x1
            > self._lines[end - 1].x0 + 0.4 * (self._right - self._lines[end - 1].x0)
            and not _NUMBERED_HEADING.match(self._lines[end].text)
        ):
            end += 1
        pieces = self._pieces(at, end)
        return Block("heading", pieces, level=level, box=union([piece.box for piece in pieces])), end

    def _level(self, at: int) -> int | None:
        line = self._lines[at]
        text = line.text
        if line.block or not text or len(text) > MAX_HEADING_CHARS or not any(map(str.isalpha, text)):
            return None
        if _SURE_BULLET.match(text):
            return None
        ratio = line.size / self._body
        levels = HEADING_LEVELS if self._setting.exact else ROUGH_HEADING_LEVELS
        level = next((found for least, found in levels if ratio >= least), None)
        if level is not None:
            return level
        if not (self._setting.exact and line.bold and ratio > 0.95):
            return None
        return BOLD_LEVEL if self._stands_alone(at) else None

    def _stands_alone(self, at: int) -> bool:
        """Whether a line in bold is a heading: short, set apart, and not all of the text around is bold."""
        line = self._lines[at]
        if len(line.items) > 1 or line.text.endswith(
            _ENDS[2:] if _NUMBERED_HEADING.match(line.text) else _ENDS
        ):
            return False
        if at + 1 >= len(self._lines) or self._lines[at + 1].bold or not self._lines[at + 1].text:
            return False
        below = self._lines[at + 1].y0 - line.y1
        if at == 0:
            return below < 3 * self._body
        above = self._lines[at - 1]
        return above.block is not None or (line.y0 - above.y1 >= self._gap and below < 3 * self._body)

    def _mark(self, at: int) -> str:
        """The bullet or number with which a line begins, the space after it included."""
        text = self._lines[at].text
        found = _SURE_BULLET.match(text) or _BULLET.match(text)
        if found and found.end() < len(text):
            mark = found[0].strip()
            if mark in "-*o–—" and not self._list_around(at, mark):
                return ""
            return found[0]
        numbered = _NUMBERED.match(text)
        if numbered is None:
            return ""
        return numbered[0] if self._list_around(at, "") else ""

    def _list_around(self, at: int, mark: str) -> bool:
        """Whether another line near begins alike; a dash or a number alone makes no list."""
        here = self._lines[at]
        for other in (*self._lines[max(0, at - 8) : at], *self._lines[at + 1 : at + 9]):
            if not other.text or abs(other.x0 - here.x0) > DEPTH_EM * self._body:
                continue
            if other.text.startswith(mark + " ") if mark else _NUMBERED.match(other.text):
                return True
        return False

    def _goes_on(self, first: int, at: int, mark: str) -> bool:
        """Whether a line belongs to the block of the line before it."""
        before, line = self._lines[at - 1], self._lines[at]
        if line.block or not line.text or not self._same_size(before, line):
            return False
        if not -line.size < line.y0 - before.y1 <= self._gap:
            return False
        if self._level(at) is not None or self._mark(at):
            return False
        start = self._lines[first]
        if mark:
            return line.x0 > start.x0 + 0.3 * self._body or self._broken(at - 1)
        if (
            before.bold != line.bold
            and (before.bold or line.bold)
            and not self._broken(at - 1)
            and self._setting.exact
        ):
            return False
        indented = line.x0 - before.x0 > INDENT_EM * self._body
        return not (indented and at - first >= 2 and not self._broken(at - 1))

    def _broken(self, at: int) -> bool:
        """Whether the margin broke a line: the first word of the next one had no room in it."""
        line, below = self._lines[at], self._lines[at + 1]
        word = below.text.split(" ", 1)[0]
        per_char = (below.x1 - below.x0) / max(1, len(below.text))
        if line.x1 + (len(word) + 0.5) * per_char > self._right - 0.1 * line.size:
            return True
        reach = (line.x1 - self._left) / max(1e-6, self._right - self._left)
        # some writers break lines by counting letters, well before the margin
        return (reach >= LONG_SHARE and not line.text.endswith(_STOPS)) or (
            reach >= HALF and word[:1].islower()
        )

    def _same_size(self, one: Line, other: Line) -> bool:
        return abs(one.size - other.size) <= self._alike * max(self._body, 1e-6)

    def _pieces(self, at: int, end: int) -> tuple[Piece, ...]:
        pieces: list[Piece] = []
        before: Segment | None = None
        for number in range(at, end):
            segment = line_segment(self._lines[number])
            joiner: Joiner = "\n"
            if before is not None:
                text, joiner = divided(before, segment)
                if joiner == " " and not self._broken(number - 1):
                    joiner = "\n"
                if text != pieces[-1].text:
                    pieces[-1] = replace(pieces[-1], text=text, doubts=clipped(pieces[-1], text))
            pieces.append(piece_of(segment, joiner))
            before = segment
        return tuple(pieces)

    def _text_block(self, at: int, end: int, mark: str) -> Block:
        pieces = self._pieces(at, end)
        around = union([piece.box for piece in pieces])
        if not mark:
            return Block("paragraph", pieces, box=around)
        number = _NUMBER.fullmatch(mark.strip())
        if (
            _NUMBERED.match(mark + "x") and number is None
        ):  # what Markdown cannot count stays as it is written
            return Block("paragraph", pieces, box=around)
        first = pieces[0]
        cut = len(mark)
        shifted = tuple(
            replace(doubt, start=max(0, doubt.start - cut), end=doubt.end - cut)
            for doubt in first.doubts
            if doubt.end > cut
        )
        pieces = (replace(first, text=first.text[cut:], doubts=shifted), *pieces[1:])
        return Block("list_item", pieces, number=int(number[1]) if number else None, box=around)


def _list_depths(blocks: Sequence[Block], body: float) -> list[Block]:
    """List items with their depth: by how far in each begins, among items that follow each other."""
    made: list[Block] = []
    edges: list[float] = []
    for block in blocks:
        if block.kind != "list_item" or block.box is None:
            edges = []
            made.append(block)
            continue
        x0 = block.box.x0
        while edges and x0 < edges[-1] - DEPTH_EM * body:
            edges.pop()
        if not edges or x0 > edges[-1] + DEPTH_EM * body:
            edges.append(x0)
        made.append(replace(block, level=len(edges) - 1))
    return made
