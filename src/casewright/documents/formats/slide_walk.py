"""The blocks of one slide: its shapes in reading order, their paragraphs, lists and tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from casewright.documents.blocks import Block, Cell, text_block
from casewright.documents.formats.flow import Cells, cell
from casewright.documents.formats.word_numbers import written

_P = "{http://schemas.openxmlformats.org/presentationml/2006/main}"
_A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_MATH = "{http://schemas.openxmlformats.org/officeDocument/2006/math}t"
_ALTERNATE = "{http://schemas.openxmlformats.org/markup-compatibility/2006}AlternateContent"
_CHOICE = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Choice"
_TITLES = ("title", "ctrTitle")
_FOOTERS = ("dt", "ftr", "sldNum")
_LISTED = ("body", "obj", "")
# Shapes whose tops differ by less than a tenth of an inch (in English Metric Units) stand side by side.
_SAME_LINE = 91_440
_SHAPES = {"arabic": "decimal", "alphaLc": "lowerLetter", "alphaUc": "upperLetter", "romanLc": "lowerRoman"}
_SHAPES["romanUc"] = "upperRoman"

Place = tuple[int, int]


def placeholder(shape: Any) -> tuple[str | None, str]:
    """A shape's kind as a placeholder (None where it is none) and its index."""
    found = shape.find(f"{_P}nvSpPr/{_P}nvPr/{_P}ph")
    return (None, "") if found is None else (found.get("type") or "", found.get("idx") or "0")


def paragraph_text(paragraph: Any) -> str:
    """The words of one paragraph; a newline where its line was ended."""
    said: list[str] = []
    for element in paragraph.iter(_A + "t", _A + "br", _MATH):
        said.append("\n" if element.tag == _A + "br" else element.text or "")
    return "".join(said).replace("\x0b", "\n").strip()


class Places:
    """Where the placeholders of layouts stand; the first that knows one decides."""

    def __init__(self, roots: Sequence[Any]) -> None:
        self._by_index: dict[str, Place] = {}
        self._by_kind: dict[str, Place] = {}
        for root in roots:
            for shape in root.iter(_P + "sp"):
                kind, index = placeholder(shape)
                place = _own_place(shape)
                if kind is not None and place is not None:
                    self._by_index.setdefault(index if root is roots[0] else f"master {index}", place)
                    self._by_kind.setdefault(kind, place)

    def of(self, shape: Any) -> Place:
        """A shape's top and left; those of its placeholder in the layout where it has none of its own."""
        own = _own_place(shape)
        if own is not None:
            return own
        kind, index = placeholder(shape)
        if kind is None:
            return (0, 0)
        return self._by_index.get(index) or self._by_kind.get(kind) or self._by_kind.get("body") or (0, 0)


def _own_place(shape: Any) -> Place | None:
    off = shape.find(f"{_P}spPr/{_A}xfrm/{_A}off")
    if off is None:
        off = shape.find(f"{_P}xfrm/{_A}off")
    if off is None:
        off = shape.find(f"{_P}grpSpPr/{_A}xfrm/{_A}off")
    return None if off is None else (_whole(off.get("y")), _whole(off.get("x")))


class Walker:
    """Makes the blocks of one slide, counting the pictures on it."""

    def __init__(self, places: Places, cells: Cells) -> None:
        self._places = places
        self._cells = cells
        self.figures = 0

    def slide(self, root: Any) -> Iterator[Block]:
        """Title first, footers last, all else from top to bottom."""
        tree = root.find(f"{_P}cSld/{_P}spTree")
        shapes = [] if tree is None else list(self._shapes(tree))
        kinds = {id(shape): placeholder(shape)[0] for shape in shapes}
        order = sorted(shapes, key=self._rank)
        titles = [one for one in order if kinds[id(one)] in _TITLES]
        footers = [one for one in order if kinds[id(one)] in _FOOTERS]
        rest = [one for one in order if kinds[id(one)] not in (*_TITLES, *_FOOTERS)]
        for shape in (*titles, *rest, *footers):
            yield from self._shape(shape)

    def _shapes(self, parent: Any) -> Iterator[Any]:
        for child in parent:
            if child.tag == _ALTERNATE:
                chosen = child.find(_CHOICE)
                yield from self._shapes(child[0] if chosen is None and len(child) else chosen)
            elif child.tag in (_P + "sp", _P + "pic", _P + "graphicFrame", _P + "grpSp", _P + "cxnSp"):
                yield child

    def _rank(self, shape: Any) -> Place:
        top, left = self._places.of(shape)
        return (top // _SAME_LINE, left)

    def _shape(self, shape: Any) -> Iterator[Block]:
        if shape.tag == _P + "grpSp":
            for inner in sorted(self._shapes(shape), key=self._rank):
                yield from self._shape(inner)
        elif shape.tag == _P + "pic":
            yield self._figure()
        elif shape.tag == _P + "graphicFrame":
            table = next(shape.iter(_A + "tbl"), None)
            yield self._figure() if table is None else self._cells.table(self._rows(table))
        else:
            if shape.find(f"{_P}spPr/{_A}blipFill") is not None:
                yield self._figure()
            body = shape.find(_P + "txBody")
            if body is not None:
                yield from _paragraphs(body, placeholder(shape)[0])

    def _figure(self) -> Block:
        self.figures += 1
        return Block("figure")

    def _rows(self, table: Any) -> list[list[Cell]]:
        """The cells; those that another covers are in the file with what they held before, and left empty."""
        rows: list[list[Cell]] = []
        for row in table.findall(_A + "tr"):
            cells: list[Cell] = []
            for one in row.findall(_A + "tc"):
                covered = one.get("hMerge") in ("1", "true") or one.get("vMerge") in ("1", "true")
                words = "\n".join(paragraph_text(line) for line in one.iter(_A + "p"))
                cells.append(() if covered else cell(words))
            rows.append(cells)
        return rows


def _paragraphs(body: Any, kind: str | None) -> Iterator[Block]:
    """The paragraphs of one text frame, with the marks and numbers of its lists."""
    counts: dict[int, int] = {}
    lines = body.findall(_A + "p")
    if kind in _TITLES:
        words = " ".join(" ".join(paragraph_text(line) for line in lines).split())
        if words:
            yield text_block("heading", words, level=1)
        return
    for line in lines:
        text = paragraph_text(line)
        if not text:
            continue
        if kind in _FOOTERS:
            yield text_block("footer", text)
            continue
        marks = line.find(_A + "pPr")
        level = 0 if marks is None else min(8, _whole(marks.get("lvl")))
        auto = None if marks is None else marks.find(_A + "buAutoNum")
        for deeper in [one for one in counts if one > level or (one == level and auto is None)]:
            del counts[deeper]
        if auto is not None:
            counts[level] = counts.get(level, max(1, _whole(auto.get("startAt"))) - 1) + 1
            yield _numbered(text, level, counts[level], auto.get("type") or "")
        elif _is_bulleted(marks, kind):
            yield text_block("list_item", text, level=level)
        else:
            yield text_block("paragraph", text)


def _is_bulleted(marks: Any, kind: str | None) -> bool:
    if marks is not None:
        if marks.find(_A + "buNone") is not None:
            return False
        if marks.find(_A + "buChar") is not None or marks.find(_A + "buBlip") is not None:
            return True
    return kind is not None and kind in _LISTED


def _numbered(text: str, level: int, count: int, shape: str) -> Block:
    name = next((one for one in _SHAPES if shape.startswith(one)), "arabic")
    if name == "arabic" and not shape.endswith(("ParenR", "ParenBoth")):
        return text_block("list_item", text, level=level, number=count)
    said = written(count, _SHAPES[name])
    if shape.endswith("ParenBoth"):
        said = f"({said})"
    elif shape.endswith("ParenR"):
        said = f"{said})"
    else:
        said = f"{said}."
    return text_block("list_item", f"{said} {text}", level=level)


def _whole(said: str | None) -> int:
    said = said or ""
    digits = said.removeprefix("-")
    return int(said) if digits.isascii() and digits.isdecimal() and len(digits) < 12 else 0
