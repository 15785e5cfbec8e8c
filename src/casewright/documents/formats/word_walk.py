"""The blocks of a Word file's XML, in order."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from casewright.documents.blocks import Block, Cell, Piece, text_block
from casewright.documents.formats.flow import Cells, cell
from casewright.documents.formats.word_inline import Changes, Inline
from casewright.documents.formats.word_numbers import MAX_LEVEL, Label, Numbers, W, value, whole
from casewright.documents.limits import DocumentLimits

_HEADING = re.compile(r"heading ([1-9])", re.IGNORECASE)
_NOTE = re.compile("\0(\\d+)\0")
_TRANSPARENT = {
    W + name for name in ("sdt", "sdtContent", "ins", "moveTo", "customXml", "smartTag", "hdr", "ftr")
}
_MAX_SPAN = 63
_STYLES_DEEP = 20


class Styles:
    """What a paragraph style says of headings and lists, its own or by the styles it is based on."""

    def __init__(self, root: Any) -> None:
        self._styles = {} if root is None else {one.get(W + "styleId"): one for one in root.iter(W + "style")}

    def heading(self, style: str | None) -> int | None:
        """The level of heading, 1 to 9; None for other paragraphs."""
        for one in self._chain(style):
            name = (value(one.find(W + "name")) or "").lower()
            if name in ("title", "subtitle"):
                return 1 if name == "title" else 2
            if match := _HEADING.match(name):
                return int(match[1])
            outline = one.find(f"{W}pPr/{W}outlineLvl")
            if outline is not None:
                level = whole(value(outline), 9)
                return level + 1 if level < 9 else None
        return None

    def numbering(self, style: str | None) -> Any:
        """The style's ``numPr``; None where it has none."""
        for one in self._chain(style):
            found = one.find(f"{W}pPr/{W}numPr")
            if found is not None:
                return found
        return None

    def bulleted(self, style: str | None) -> bool:
        """Whether the style is Word's own for bullets, though nothing numbers it."""
        return any(
            (value(one.find(W + "name")) or "").lower().startswith("list bullet")
            for one in self._chain(style)
        )

    def _chain(self, style: str | None) -> Iterator[Any]:
        for _ in range(_STYLES_DEEP):
            found = self._styles.get(style) if style is not None else None
            if found is None:
                return
            yield found
            style = value(found.find(W + "basedOn"))


class Walker:
    """Makes blocks of the parts of one file, counting its lists, notes, changes and pictures on the way."""

    def __init__(self, styles: Styles, numbering: Any, limits: DocumentLimits) -> None:
        self._styles = styles
        self._numbers = Numbers(numbering)
        self._cells = Cells(limits)
        self.changes = Changes()
        self.figures = 0
        self.notes: dict[str, list[str]] = defaultdict(list)

    def blocks(self, parent: Any) -> Iterator[Block]:
        """The blocks of what stands directly in ``parent``, and of what stands in boxes there."""
        for child in parent:
            if child.tag == W + "p":
                yield from self._paragraph(child)
            elif child.tag == W + "tbl":
                yield from self._table(child)
            elif child.tag in _TRANSPARENT:
                self.changes.inserted += child.tag == W + "ins"
                yield from self.blocks(child)

    def _paragraph(self, paragraph: Any) -> Iterator[Block]:
        said, text = self._said(paragraph)
        if text:
            yield self._shown(paragraph, text)
        for _ in range(said.figures):
            yield Block("figure")
        for box in said.boxes:
            yield from self.blocks(box)

    def _said(self, paragraph: Any) -> tuple[Inline, str]:
        said = Inline(self.changes).take(paragraph)
        self.figures += said.figures

        def numbered(match: re.Match[str]) -> str:
            which, identity = said.notes[int(match[1])]
            self.notes[which].append(identity)
            number = len(self.notes[which])
            return f"[{number}]" if which == "footnote" else f"[endnote {number}]"

        return said, _NOTE.sub(numbered, said.text)

    def _shown(self, paragraph: Any, text: str) -> Block:
        style = value(paragraph.find(f"{W}pPr/{W}pStyle"))
        label, depth = self._label(paragraph, style)
        level = self._styles.heading(style)
        outline = paragraph.find(f"{W}pPr/{W}outlineLvl")
        if outline is not None:
            said = whole(value(outline), 9)
            level = said + 1 if said < 9 else level
        if level is not None:
            return text_block("heading", _with(label, text), level=min(level, 6))
        if label is None:
            listed = self._styles.bulleted(style)
            return text_block("list_item" if listed else "paragraph", text)
        if label.number is not None:
            return text_block("list_item", text, level=depth, number=label.number)
        return text_block("list_item", _with(label, text), level=depth)

    def _label(self, paragraph: Any, style: str | None) -> tuple[Label | None, int]:
        """The paragraph's label in its list, and its depth; None where it is in none."""
        inherited = self._styles.numbering(style)
        own = paragraph.find(f"{W}pPr/{W}numPr")
        number = inherited if own is None else own
        if number is None:
            return None, 0
        identity = value(number.find(W + "numId"))
        if identity is None and inherited is not None:
            identity = value(inherited.find(W + "numId"))
        depth = min(whole(value(number.find(W + "ilvl")), 0), MAX_LEVEL)
        if identity in (None, "0"):  # "no numbering", against the style's
            return None, 0
        return self._numbers.next(identity or "", depth), depth

    def _table(self, element: Any) -> Iterator[Block]:
        """A table; one that only frames other tables is not one, what it holds stands for itself."""
        rows = list(_through(element, W + "tr"))
        if len(rows) == 1:
            alone = list(_through(rows[0], W + "tc"))
            if len(alone) == 1 and alone[0].find(W + "tbl") is not None:
                yield from self.blocks(alone[0])
                return
        before = self.figures
        cells = [row for one in rows if (row := self._row(one)) is not None]
        if cells:
            yield self._cells.table(cells)
        for _ in range(self.figures - before):
            yield Block("figure")

    def _row(self, row: Any) -> list[Cell] | None:
        """The row's cells, None where it was deleted. A merged cell's text stands once, at its start."""
        if row.find(f"{W}trPr/{W}del") is not None:
            self.changes.deleted += 1
            return None
        skipped = whole(value(row.find(f"{W}trPr/{W}gridBefore")), 0)
        cells: list[Cell] = [()] * min(skipped, _MAX_SPAN)
        for one in _through(row, W + "tc"):
            merge = one.find(f"{W}tcPr/{W}vMerge")
            covered = merge is not None and value(merge) != "restart"
            cells.append(() if covered else tuple(self._cell(one)))
            span = whole(value(one.find(f"{W}tcPr/{W}gridSpan")), 1)
            cells += [()] * (min(span, _MAX_SPAN + 1) - 1)
            self._cells.check(len(cells))
        return cells

    def _cell(self, element: Any) -> Iterator[Piece]:
        """The lines of a cell; those of tables and boxes in it come where these stand."""
        for child in element:
            if child.tag == W + "p":
                said, text = self._said(child)
                label, _ = self._label(child, value(child.find(f"{W}pPr/{W}pStyle"))) if text else (None, 0)
                yield from cell(_with(label, text))
                for box in said.boxes:
                    yield from self._cell(box)
            elif child.tag == W + "tbl":
                for row in _through(child, W + "tr"):
                    for inner in self._row(row) or ():
                        yield from inner
            elif child.tag in _TRANSPARENT:
                yield from self._cell(child)


def _with(label: Label | None, text: str) -> str:
    if label is None:
        return text
    said = f"{label.number}." if label.number is not None else label.text
    return f"{said} {text}" if said else text


def _through(parent: Any, tag: str) -> Iterator[Any]:
    for child in parent:
        if child.tag == tag:
            yield child
        elif child.tag in _TRANSPARENT:
            yield from _through(child, tag)
