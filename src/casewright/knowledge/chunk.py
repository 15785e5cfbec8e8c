"""A document cut into chunks: what is embedded, found and cited as one.

A chunk never crosses a page. A heading begins one; paragraphs and list items are put together up to
``target`` tokens; a paragraph longer than ``most`` is cut at the ends of its sentences; a table stays whole.
Chunks do not overlap: so each word has one place, a hit is not found twice, and what overlap would add is had
from a chunk's headings (which are embedded with it) and its neighbours (by ``ordinal``).
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

from casewright.errors import ConfigError
from casewright.knowledge.passages import split
from casewright.knowledge.ports import Tokens
from casewright.knowledge.records import Chunk, ChunkKind, PageSpan, SourceDocument
from casewright.knowledge.units import Blocks, Box, Unit, pages_of, units_of

# A long table is one chunk up to so many times ``most``: beyond it no prompt could hold it, and it is cut
# between rows, its head row the last of each further piece's headings.
TABLE_TIMES = 8
# A tokenizer makes one token of a "word" of kilobytes, and none of white space; a citation stays readable.
CHARS_A_TOKEN = 12
HEADING_CHARS = 120
_WINDOW = 50_000
_SPACE = re.compile(r"\s")
_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")


def chunk(source: SourceDocument, tokens: Tokens, *, target: int = 180, most: int = 240) -> list[Chunk]:
    """The chunks of a document in order; every character that is not white space lies in exactly one.

    ``markdown[start:end] == text``, without white space around it. One of kind ``text`` has at most ``most``
    tokens of its page (a few more by itself where a single word had to be cut), one of kind ``table`` at most
    ``TABLE_TIMES`` as many. A table's chunk begins with its heading where nothing stands between them.

    Raises:
        ConfigError: the sizes are no sizes.
    """
    if not 16 <= target <= most:
        raise ConfigError(
            f"chunks of {target} to {most} tokens cannot be made",
            hint="at least 16, and at most no less than the target",
        )
    cutter = _Cutter(source.markdown, target, most)
    blocks = Blocks(source.blocks)
    for page in pages_of(source):
        cutter.begin(page, _Count(source.markdown, page, tokens))
        for unit in units_of(source.markdown, page, blocks.up_to(page)):
            cutter.take(unit)
        cutter.flush()
    return cutter.chunks


def plain_heading(text: str) -> str:
    """A heading's words as they are read: without its marks."""
    words = " ".join(_ESCAPED.sub(r"\1", text.lstrip("# \t")).split())
    return words[:HEADING_CHARS]


class _Count:
    """How many tokens lie between two characters of a page."""

    def __init__(self, markdown: str, page: PageSpan, tokens: Tokens) -> None:
        self.starts: list[int] = []
        self.ends: list[int] = []
        for first, last in _windows(markdown, page.start, page.end):
            for start, end in tokens.spans(markdown[first:last]):
                self.starts.append(first + start)
                self.ends.append(first + end)

    def between(self, start: int, end: int) -> int:
        return max(0, bisect_left(self.starts, end) - bisect_right(self.ends, start))

    def after(self, start: int, count: int, end: int) -> int:
        """Where ``count`` tokens from ``start`` end, at most ``end``."""
        at = bisect_right(self.ends, start) + count
        return min(end, self.starts[at]) if at < len(self.starts) else end


def _windows(markdown: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Pieces that are tokenized one by one, so that a long page does not take its size many times over."""
    while end - start > _WINDOW:
        cut = _before_space(markdown, start + _WINDOW // 2, start + _WINDOW)
        yield start, cut
        start = cut
    yield start, end


@dataclass(slots=True)
class _Held:
    """The chunk that grows."""

    start: int
    end: int
    path: tuple[str, ...]
    headings: bool
    box: Box | None


class _Cutter:
    def __init__(self, markdown: str, target: int, most: int) -> None:
        self.chunks: list[Chunk] = []
        self._markdown = markdown
        self._target, self._most = target, most
        self._path: list[tuple[int, str]] = []
        self._held: _Held | None = None

    def begin(self, page: PageSpan, count: _Count) -> None:
        """A page follows; the headings go on from the one before."""
        self._page, self._count = page, count

    def take(self, unit: Unit) -> None:
        """The next unit of the page."""
        if unit.kind == "heading":
            self._take_heading(unit)
        elif unit.kind == "table":
            self._take_table(unit)
        else:
            self._take_text(unit)

    def flush(self) -> None:
        """What is held is a chunk."""
        held, self._held = self._held, None
        if held is not None:
            self._write(held, "text")

    def _take_heading(self, unit: Unit) -> None:
        if self._held is not None and not self._held.headings:
            self.flush()
        while self._path and self._path[-1][0] >= unit.level:
            self._path.pop()
        self._path.append((unit.level, plain_heading(self._markdown[unit.start : unit.end])))
        for start, end in self._pieces(unit):
            self._add(start, end, unit.box, heading=True)
        if self._held is not None:
            self._held.path = self._headings()

    def _take_text(self, unit: Unit) -> None:
        held = self._held
        first = held.start if held is not None and held.headings else unit.start
        # a heading alone says nothing: it takes with it as many sentences as there is room for
        whole = self._fits(first, unit.end, self._most)
        for start, end in [(unit.start, unit.end)] if whole else self._pieces(unit):
            self._add(start, end, unit.box, heading=False)

    def _take_table(self, unit: Unit) -> None:
        limit = self._most * TABLE_TIMES
        if self._held is not None and not self._held.headings:
            self.flush()
        held, self._held = self._held, None
        if held is None:
            held = _Held(unit.start, unit.end, self._headings(), headings=False, box=None)
        held.end, held.box = unit.end, _around(held.box, unit.box)
        if self._fits(held.start, held.end, limit):
            self._write(held, "table")
            return
        head = plain_heading(self._markdown[unit.start : unit.end].partition("\n")[0].replace("|", " "))
        for start, end in self._rows(held.start, held.end, limit):
            path = held.path if start == held.start else (*held.path, head)
            self._write(_Held(start, end, path, headings=False, box=held.box), "table")

    def _add(self, start: int, end: int, box: Box | None, *, heading: bool) -> None:
        held = self._held
        if held is not None and not self._joins(held, end):
            self.flush()
            held = None
        if held is None:
            self._held = _Held(start, end, self._headings(), heading, box)
            return
        held.end, held.box = end, _around(held.box, box)
        held.headings = held.headings and heading

    def _joins(self, held: _Held, end: int) -> bool:
        if self._fits(held.start, end, self._target):
            return True
        # little is better found with what follows than alone
        small = held.headings or self._count.between(held.start, held.end) < self._target // 3
        return small and self._fits(held.start, end, self._most)

    def _fits(self, start: int, end: int, limit: int) -> bool:
        return end - start <= limit * CHARS_A_TOKEN and self._count.between(start, end) <= limit

    def _pieces(self, unit: Unit) -> Iterator[tuple[int, int]]:
        """A unit as sentences, or as lines of a list; those that are too long are cut between words."""
        if self._fits(unit.start, unit.end, self._target // 3):
            yield unit.start, unit.end
            return
        for span in split(self._markdown[unit.start : unit.end]):
            yield from self._cut(unit.start + span.start, unit.start + span.end, self._most, self._target)

    def _rows(self, start: int, end: int, limit: int) -> Iterator[tuple[int, int]]:
        """A table cut between its rows; a row that is too long is cut between words."""
        first, last = start, start
        for line in re.finditer(r"[^\n]*\n?", self._markdown[start:end]):
            stop = start + line.end()
            if last > first and not self._fits(first, stop, limit):
                yield from self._cut(first, last, limit, limit)
                first = last
            last = stop
        yield from self._cut(first, last, limit, limit)

    def _cut(self, start: int, end: int, most: int, target: int) -> Iterator[tuple[int, int]]:
        start, end = _bare(self._markdown, start, end)
        while start < end and not self._fits(start, end, most):
            cut = min(self._count.after(start, target, end), start + most * CHARS_A_TOKEN)
            cut = _before_space(self._markdown, start + max(1, (cut - start) // 2), max(cut, start + 1))
            yield _bare(self._markdown, start, cut)
            start, end = _bare(self._markdown, cut, end)
        if start < end:
            yield start, end

    def _headings(self) -> tuple[str, ...]:
        return tuple(words for _, words in self._path if words)

    def _write(self, held: _Held, kind: ChunkKind) -> None:
        start, end = held.start, held.end
        self.chunks.append(
            Chunk(
                ordinal=len(self.chunks),
                page=self._page.number,
                start=start,
                end=end,
                text=self._markdown[start:end],
                tokens=self._count.between(start, end),
                heading_path=held.path,
                kind=kind,
                box=held.box,
            )
        )


def _before_space(markdown: str, low: int, high: int) -> int:
    """The last white space in a range, its end where there is none."""
    if high < len(markdown) and markdown[high].isspace():
        return high
    for at in range(high - 1, low - 1, -1):
        if markdown[at].isspace():
            return at + 1
    return high


def _bare(markdown: str, start: int, end: int) -> tuple[int, int]:
    """A range without the white space around it."""
    text = markdown[start:end]
    start += len(text) - len(text.lstrip())
    return start, start + len(text.strip())


def _around(one: Box | None, other: Box | None) -> Box | None:
    if one is None or other is None:
        return one or other
    return min(one[0], other[0]), min(one[1], other[1]), max(one[2], other[2]), max(one[3], other[3])
