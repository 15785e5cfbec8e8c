"""A document as units that are not cut without need: headings, paragraphs, list items, tables, page by page.

Blocks are taken where the document service found some. What lies between them, and texts that came without,
are read line by line: empty lines divide paragraphs, ``#`` begins a heading, rows between bars are a table.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from casewright.knowledge.records import BlockSpan, PageSpan, SourceDocument

Box = tuple[float, float, float, float]
UnitKind = Literal["heading", "text", "table"]

_KINDS: dict[str, UnitKind] = {"heading": "heading", "table": "table"}
_LINE = re.compile(r"[^\r\n]+")
_HEADING = re.compile(r"[ ]{0,3}(#{1,6})[ \t]+\S")
_ROW = re.compile(r"\s*\|")


@dataclass(frozen=True, slots=True)
class Unit:
    """``markdown[start:end]``, without white space around it. ``level`` is a heading's, 1 to 6."""

    start: int
    end: int
    kind: UnitKind = "text"
    level: int = 0
    box: Box | None = None


def pages_of(source: SourceDocument) -> list[PageSpan]:
    """Stretches that cover the whole text in order; text outside every page goes with the page before it."""
    whole = len(source.markdown)
    found: list[PageSpan] = []
    at = 0
    for page in sorted(source.pages, key=lambda page: page.start):
        start, end = max(at, page.start), min(whole, page.end)
        if start > at and source.markdown[at:start].strip():
            found.append(PageSpan(found[-1].number if found else page.number, at, start))
        if end > start:
            found.append(PageSpan(page.number, start, end))
        at = max(at, end)
    if source.markdown[at:].strip():
        found.append(PageSpan(found[-1].number if found else 1, at, whole))
    return found


def units_of(markdown: str, page: PageSpan, blocks: Sequence[BlockSpan]) -> Iterator[Unit]:
    """The units of one page; every character of it that is not white space lies in exactly one.

    ``blocks`` are those that touch the page, in order.
    """
    at = page.start
    for block in blocks:
        start, end = max(at, block.start), min(page.end, block.end)
        if end <= start:
            continue
        yield from _plain(markdown, at, start)
        kind = _KINDS.get(block.kind, "text")
        yield from _trimmed(markdown, Unit(start, end, kind, max(1, min(6, block.level)), block.box))
        at = end
    yield from _plain(markdown, at, page.end)


class Blocks:
    """The blocks of a document, page after page."""

    def __init__(self, blocks: Sequence[BlockSpan]) -> None:
        self._blocks = sorted(blocks, key=lambda block: (block.start, block.end))
        self._at = 0

    def up_to(self, page: PageSpan) -> list[BlockSpan]:
        """Those that begin before the page's end and were not had before; one that goes on is had again."""
        first = self._at
        while self._at < len(self._blocks) and self._blocks[self._at].start < page.end:
            self._at += 1
        had = self._blocks[first : self._at]
        if had and had[-1].end > page.end:
            self._at -= 1
        return had


def _trimmed(markdown: str, unit: Unit) -> Iterator[Unit]:
    text = markdown[unit.start : unit.end]
    if bare := text.strip():
        start = unit.start + len(text) - len(text.lstrip())
        yield Unit(start, start + len(bare), unit.kind, unit.level, unit.box)


def _plain(markdown: str, start: int, end: int) -> Iterator[Unit]:
    """Text that came without blocks."""
    held: list[tuple[int, int]] = []
    for line in _LINE.finditer(markdown, start, end):
        if not line.group().strip():
            continue
        if held and _gap(markdown, held[-1][1], line.start()):
            yield from _paragraph(markdown, held)
            held = []
        held.append(line.span())
    yield from _paragraph(markdown, held)


def _paragraph(markdown: str, lines: Sequence[tuple[int, int]]) -> Iterator[Unit]:
    """Lines without an empty one between them: headings and tables among them stand for themselves."""
    at = first = 0
    while at < len(lines):
        stop, level = at, 0
        kind: UnitKind = "text"
        if heading := _HEADING.match(markdown, *lines[at]):
            stop, kind, level = at + 1, "heading", len(heading[1])
        elif at + 1 < len(lines) and _ROW.match(markdown, *lines[at]) and _is_rule(markdown, lines[at + 1]):
            stop, kind = at + 2, "table"
            while stop < len(lines) and _ROW.match(markdown, *lines[stop]):
                stop += 1
        if stop == at:
            at += 1
            continue
        yield from _lines(markdown, lines[first:at], "text", 0)
        yield from _lines(markdown, lines[at:stop], kind, level)
        at = first = stop
    yield from _lines(markdown, lines[first:], "text", 0)


def _lines(markdown: str, lines: Sequence[tuple[int, int]], kind: UnitKind, level: int) -> Iterator[Unit]:
    if lines:
        yield from _trimmed(markdown, Unit(lines[0][0], lines[-1][1], kind, level))


def _gap(markdown: str, end: int, start: int) -> bool:
    """Whether an empty line lies between two lines."""
    between = markdown[end:start].replace("\r\n", "\n").replace("\r", "\n")
    return between.count("\n") > 1


def _is_rule(markdown: str, line: tuple[int, int]) -> bool:
    """Whether it is the line below a table's head."""
    text = markdown[line[0] : line[1]].strip()
    return text[:1] in ("|", ":", "-") and "-" in text and "|" in text and not text.strip("|-: \t")
