"""The blocks of OpenDocument's XML, in order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from casewright.documents.blocks import Block, Cell, Piece, text_block
from casewright.documents.formats.flow import Cells, cell
from casewright.documents.formats.word_numbers import written
from casewright.documents.limits import DocumentLimits

_NAMES = "{urn:oasis:names:tc:opendocument:xmlns:%s:1.0}"
OFFICE, STYLE, TEXT, TABLE = (_NAMES % name for name in ("office", "style", "text", "table"))
DRAW, PRESENTATION = (_NAMES % name for name in ("drawing", "presentation"))
_SVG = _NAMES % "svg-compatible"
_DC = "{http://purl.org/dc/elements/1.1/}"
_LEFT_OUT = {TEXT + "tracked-changes", TEXT + "sequence-decls", OFFICE + "forms", TEXT + "hidden-text"}
_LEFT_OUT |= {TEXT + "alphabetical-index-auto-mark-file", OFFICE + "event-listeners", TEXT + "variable-decls"}
_FORMS = {"1": "decimal", "a": "lowerLetter", "A": "upperLetter", "i": "lowerRoman", "I": "upperRoman"}
_MAX_SPACES = 1_000
_MAX_REPEATED = 1_000
# Units of length, in points.
_UNITS = {"cm": 28.35, "mm": 2.835, "in": 72.0, "pt": 1.0, "px": 0.75, "pc": 12.0}


@dataclass(frozen=True, slots=True)
class _Level:
    form: str
    before: str
    after: str
    start: int
    shown: int


@dataclass(slots=True)
class _Words:
    """One paragraph's own words, and what is anchored in it."""

    parts: list[str] = field(default_factory=list)
    frames: list[Any] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "".join(self.parts).strip()


class Walker:
    """Makes blocks, counting lists and pictures; ``notes`` are what is to stand after the text."""

    def __init__(self, roots: Sequence[Any], limits: DocumentLimits) -> None:
        self._cells = Cells(limits)
        self._styles = {
            style.get(STYLE + "name"): _levels(style)
            for root in roots
            if root is not None
            for style in root.iter(TEXT + "list-style")
        }
        self._counts: dict[str, dict[int, int]] = {}
        self._noted = 0
        self.notes: list[Block] = []
        self.figures = 0
        self._changes = 0
        self._hidden = False

    def warnings(self) -> tuple[str, ...]:
        """What is to be said of the whole."""
        said: list[str] = []
        if self._changes:
            said.append(
                f"this file has tracked changes ({self._changes}): insertions were read as text, "
                "deletions were left out"
            )
        if self._hidden:
            said.append("this file has hidden text, which was left out")
        return tuple(said)

    def blocks(self, parent: Any) -> Iterator[Block]:
        """The blocks of what stands in ``parent``."""
        for child in parent:
            yield from self.shape(child)

    def shape(self, child: Any) -> Iterator[Block]:
        """The blocks of one element."""
        tag = child.tag
        if tag in (TEXT + "p", TEXT + "h"):
            yield from self._paragraph(child)
        elif tag == TEXT + "list":
            yield from self._list(child, "", 0)
        elif tag == TABLE + "table":
            rows = self._rows(child)
            if rows:
                yield self._cells.table(rows)
        elif tag == DRAW + "frame":
            yield from self._frame(child)
        elif tag == TEXT + "tracked-changes":
            self._changes += len(child)
        elif tag == TEXT + "section" and child.get(TEXT + "display") == "none":
            self._hidden = True
        elif tag not in _LEFT_OUT and isinstance(tag, str):
            yield from self.blocks(child)

    def _frame(self, frame: Any) -> Iterator[Block]:
        """The first of a frame's contents that can be read; the others show the same in other ways."""
        title = frame.get(PRESENTATION + "class") == "title"
        for child in frame:
            if child.tag == DRAW + "text-box":
                found = list(self.blocks(child))
                words = " ".join(piece.text for block in found for piece in block.pieces)
                yield from [text_block("heading", words, level=1)] if title and words else found
                return
            if child.tag == TABLE + "table":
                yield from self.shape(child)
                return
        self.figures += 1
        yield Block("figure")

    def _paragraph(self, element: Any) -> Iterator[Block]:
        words = self._said(element)
        if words.text:
            if element.tag == TEXT + "h":
                level = max(1, min(6, _whole(element.get(TEXT + "outline-level"), 1)))
                yield text_block("heading", words.text, level=level)
            else:
                yield text_block("paragraph", words.text)
        for frame in words.frames:
            yield from self.shape(frame)

    def _said(self, element: Any) -> _Words:
        words = _Words()
        self._collect(element, words)
        return words

    def _collect(self, element: Any, words: _Words) -> None:
        words.parts.append(" ".join((element.text or "").split("\n")))
        for child in element:
            tag = child.tag
            if tag == TEXT + "s":
                words.parts.append(" " * min(_MAX_SPACES, _whole(child.get(TEXT + "c"), 1)))
            elif tag == TEXT + "tab":
                words.parts.append("\t")
            elif tag == TEXT + "line-break":
                words.parts.append("\n")
            elif tag == TEXT + "note":
                words.parts.append(self._note(child))
            elif tag == OFFICE + "annotation":
                self._comment(child)
            elif isinstance(tag, str) and tag.startswith(DRAW) and tag != DRAW + "a":
                words.frames.append(child)
            elif tag == TEXT + "hidden-text":
                self._hidden = True
            elif tag == TEXT + "ruby":
                base = child.find(TEXT + "ruby-base")
                if base is not None:
                    self._collect(base, words)
            elif isinstance(tag, str) and tag not in _LEFT_OUT:
                self._collect(child, words)
            words.parts.append(" ".join((child.tail or "").split("\n")))

    def _note(self, note: Any) -> str:
        citation = note.find(TEXT + "note-citation")
        body = note.find(TEXT + "note-body")
        self._noted += 1
        end = note.get(TEXT + "note-class") == "endnote"
        mark = "".join(citation.itertext()).strip() if citation is not None else ""
        mark = mark or str(self._noted)
        if body is not None:
            said = "\n".join(piece.text for block in self.blocks(body) for piece in block.pieces)
            self.notes.append(text_block("paragraph", f"{'Endnote' if end else 'Footnote'} {mark}: {said}"))
        return f"[endnote {mark}]" if end else f"[{mark}]"

    def _comment(self, comment: Any) -> None:
        who = " ".join((comment.findtext(_DC + "creator") or "").split())
        when = (comment.findtext(_DC + "date") or "")[:10]
        said = "\n".join(
            piece.text
            for child in comment
            if child.tag in (TEXT + "p", TEXT + "list")
            for block in self.shape(child)
            for piece in block.pieces
        )
        by = f" by {who}" if who else ""
        self.notes.append(text_block("paragraph", f"Comment{by}{f' ({when})' if when else ''}: {said}"))

    def _list(self, element: Any, outer: str, depth: int) -> Iterator[Block]:
        style = element.get(TEXT + "style-name") or outer
        counts = self._counts.setdefault(style, {})
        if element.get(TEXT + "continue-numbering") != "true" and not element.get(TEXT + "continue-list"):
            counts.pop(depth, None)
        for item in element:
            if item.tag not in (TEXT + "list-item", TEXT + "list-header"):
                continue
            first = item.tag == TEXT + "list-item"
            if first and item.get(TEXT + "start-value"):
                counts[depth] = _whole(item.get(TEXT + "start-value"), 1) - 1
            for child in item:
                if child.tag == TEXT + "list":
                    yield from self._list(child, style, depth + 1)
                    continue
                for block in self.shape(child):
                    yield self._item(block, style, depth) if first and block.pieces else block
                    first = first and not block.pieces

    def _item(self, block: Block, style: str, depth: int) -> Block:
        """A block as a list's item, under its number if the list has numbers."""
        level = self._styles.get(style, {}).get(depth)
        text = "\n".join(piece.text for piece in block.pieces)
        if level is None or not level.form:
            return text_block("list_item", text, level=min(depth, 8)) if block.kind == "paragraph" else block
        counts = self._counts.setdefault(style, {})
        counts[depth] = counts.get(depth, level.start - 1) + 1
        plain = (level.form, level.before, level.after, level.shown) == ("decimal", "", ".", 1)
        if plain and block.kind == "paragraph":
            return text_block("list_item", text, level=min(depth, 8), number=counts[depth])
        numbers = [
            written(counts.get(one, 1), getattr(self._styles[style].get(one), "form", None) or "decimal")
            for one in range(max(0, depth - level.shown + 1), depth + 1)
        ]
        label = f"{level.before}{'.'.join(numbers)}{level.after}"
        kind = "list_item" if block.kind == "paragraph" else block.kind
        return text_block(
            kind, f"{label} {text}", level=min(depth, 8) if kind == "list_item" else block.level
        )

    def _rows(self, table: Any) -> list[list[Cell]]:
        rows: list[list[Cell]] = []
        for row in table.iter(TABLE + "table-row"):
            if next(row.iterancestors(TABLE + "table")) is not table:
                continue  # a table inside a cell comes with that cell
            cells: list[Cell] = []
            for one in row:
                if one.tag not in (TABLE + "table-cell", TABLE + "covered-table-cell"):
                    continue
                covered = one.tag == TABLE + "covered-table-cell"
                times = min(_MAX_REPEATED, _whole(one.get(TABLE + "number-columns-repeated"), 1))
                cells += [() if covered else tuple(self._cell(one))] * times
                self._cells.check(len(cells))
            times = min(_MAX_REPEATED, _whole(row.get(TABLE + "number-rows-repeated"), 1))
            self._cells.check(len(cells) * (len(rows) + times))
            rows += [cells] * times
        return rows

    def _cell(self, element: Any) -> Iterator[Piece]:
        for block in self.blocks(element):
            if block.number is not None:
                yield from cell(f"{block.number}. " + "\n".join(piece.text for piece in block.pieces))
            else:
                yield from block.pieces
            for row in block.rows:
                for inner in row:
                    yield from inner


def _levels(style: Any) -> dict[int, _Level]:
    found: dict[int, _Level] = {}
    for one in style:
        depth = _whole(one.get(TEXT + "level"), 1) - 1
        numbered = one.tag == TEXT + "list-level-style-number"
        found[depth] = _Level(
            _FORMS.get(one.get(STYLE + "num-format") or "", "") if numbered else "",
            (one.get(STYLE + "num-prefix") or "")[:20],
            (one.get(STYLE + "num-suffix") or "")[:20],
            _whole(one.get(TEXT + "start-value"), 1),
            max(1, min(9, _whole(one.get(TEXT + "display-levels"), 1))),
        )
    return found


def place(shape: Any) -> tuple[float, float]:
    """A shape's top and left, in points; tops that are nearly the same count as the same."""
    top, left = (_length(shape.get(_SVG + side)) for side in ("y", "x"))
    if shape.get(PRESENTATION + "class") == "title":
        return (-1.0, left)
    return (top // 7.2, left)


def _length(said: str | None) -> float:
    said = (said or "").strip()
    unit = _UNITS.get(said[-2:])
    try:
        return float(said[:-2]) * unit if unit is not None else 0.0
    except ValueError:
        return 0.0


def _whole(said: str | None, otherwise: int) -> int:
    said = said or ""
    return int(said) if said.isascii() and said.isdecimal() and len(said) < 9 else otherwise
