"""DOCX: headings, paragraphs, lists and tables in the order in which they stand.

The file's XML is walked here rather than through python-docx's paragraphs, which leave out what stands in
content controls, tracked insertions and text boxes; python-docx opens the package (without external entities)
and resolves styles.
"""

from __future__ import annotations

import re
import zipfile
import zlib
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import docx
from docx.oxml.ns import qn

from casewright.documents.limits import DocumentLimits
from casewright.documents.markdown import escape, heading, item, table
from casewright.documents.pages import Page, check_length
from casewright.documents.text import BLANK
from casewright.errors import DocumentTooLarge, UnreadableDocument, UnsupportedMedia

_HEADING = re.compile(r"heading ([1-9])", re.IGNORECASE)
_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
_TRANSPARENT = {_W + name for name in ("sdt", "sdtContent", "ins", "moveTo", "customXml", "smartTag")}
_GONE = {_W + name for name in ("del", "moveFrom", "pPr", "rPr", "sdtPr", "instrText", "delText")}
_DRAWN = {_W + "txbxContent", _W + "drawing", _W + "pict", _W + "object"}
_BREAKS = {_W + "br": "\n", _W + "cr": "\n", _W + "tab": "\t", _W + "noBreakHyphen": "-"}
_MAX_DEPTH = 12
_MAX_LEVEL = 8


def read_word(path: Path, limits: DocumentLimits) -> tuple[tuple[Page, ...], tuple[str, ...]]:
    """The whole file as one page (it has none until it is printed), and what was not read.

    Raises:
        UnreadableDocument: it is damaged.
        UnsupportedMedia: it is a template or holds macros.
        DocumentTooLarge: it unpacks to more than the limits allow.
    """
    parts = _check_archive(path, limits)
    try:
        document = docx.Document(str(path))
        walker = _Walker(document)
        blocks = [*walker.margins("header"), *walker.body(), *walker.margins("footer")]
    except ValueError as error:
        raise UnsupportedMedia(
            "this Word file is a template or holds macros", hint="save it as .docx and send that"
        ) from error
    except (KeyError, SyntaxError, zipfile.BadZipFile, zlib.error, OSError, AttributeError) as error:
        raise UnreadableDocument(
            "this Word file is damaged", hint="open it, save it again and send that"
        ) from error
    markdown = "\n\n".join(block for block in blocks if block.strip())
    page = Page(markdown, "text") if markdown else Page("", "none", warnings=(BLANK,))
    check_length([page], limits)
    return (page,), tuple(_unread(parts))


def _check_archive(path: Path, limits: DocumentLimits) -> set[str]:
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, OSError, NotImplementedError) as error:
        raise UnreadableDocument(
            "this Word file is damaged", hint="open it, save it again and send that"
        ) from error
    inflated = any(
        member.file_size > limits.zip_ratio_from
        and member.file_size > limits.zip_ratio * max(1, member.compress_size)
        for member in members
    )
    total = sum(member.file_size for member in members)
    if inflated or total > limits.zip_bytes or len(members) > limits.zip_members:
        raise DocumentTooLarge(
            f"this Word file unpacks to {total} bytes in {len(members)} parts, which is beyond the limits",
            hint="split it, or take large images out of it",
        )
    return {member.filename for member in members}


def _unread(parts: set[str]) -> Iterator[str]:
    images = sum(name.startswith("word/media/") for name in parts)
    if images:
        yield f"{images} image(s) in this file were not read"
    for part, what in (("footnotes", "footnotes"), ("endnotes", "endnotes"), ("comments", "comments")):
        if f"word/{part}.xml" in parts:
            yield f"{what} of this file, if it has any, were not read"


class _Walker:
    """Walks a document's XML; keeps the counters of its numbered lists."""

    def __init__(self, document: Any) -> None:
        self._document = document
        self._styles = {style.style_id: str(style.name or "") for style in document.styles}
        self._formats = _number_formats(document)
        self._counters: dict[tuple[str, int], int] = defaultdict(int)

    def body(self) -> Iterator[str]:
        """The blocks of the text proper."""
        yield from self._merged(self._document.element.body)

    def margins(self, which: str) -> Iterator[str]:
        """The blocks of every header (or footer) that a section has of its own, each text once."""
        seen: set[str] = set()
        for section in self._document.sections:
            for name in (which, f"first_page_{which}", f"even_page_{which}"):
                part = getattr(section, name)
                if part.is_linked_to_previous:
                    continue
                for block in self._merged(part._element):
                    if block not in seen:
                        seen.add(block)
                        yield block

    def _merged(self, parent: Any) -> Iterator[str]:
        """Blocks, with the items of one list as one block."""
        held: list[str] = []
        for block, is_item in self._blocks(parent, 0):
            if is_item:
                held.append(block)
                continue
            if held:
                yield "\n".join(held)
                held = []
            yield block
        if held:
            yield "\n".join(held)

    def _blocks(self, parent: Any, depth: int) -> Iterator[tuple[str, bool]]:
        if depth > _MAX_DEPTH:
            raise UnreadableDocument(
                f"this Word file nests deeper than {_MAX_DEPTH} levels", hint="save it again and send that"
            )
        for child in parent:
            if child.tag == _W + "p":
                yield from self._paragraph(child, depth)
            elif child.tag == _W + "tbl":
                yield table(self._table(child, depth)), False
            elif child.tag in _TRANSPARENT:
                yield from self._blocks(child, depth + 1)

    def _paragraph(self, paragraph: Any, depth: int) -> Iterator[tuple[str, bool]]:
        text = _text(paragraph).strip()
        if text:
            yield self._shown(paragraph, text)
        for box in paragraph.iter(_W + "txbxContent"):
            if not any(above.tag == _FALLBACK for above in box.iterancestors()):
                yield from self._blocks(box, depth + 1)

    def _shown(self, paragraph: Any, text: str) -> tuple[str, bool]:
        style = _value(paragraph.find(f"{_W}pPr/{_W}pStyle"))
        name = self._styles.get(style or "", style or "")
        if name.lower() in ("title", "subtitle"):
            return heading(text, 1 if name.lower() == "title" else 2), False
        if match := _HEADING.match(name):
            return heading(text, int(match[1])), False
        number = paragraph.find(f"{_W}pPr/{_W}numPr")
        if number is None:
            number = self._style_numbering(style)
        if number is not None:
            return self._item(number, text)
        if name.lower().startswith("list bullet"):
            return item(text), True
        return escape(text), False

    def _item(self, number: Any, text: str) -> tuple[str, bool]:
        identity = _value(number.find(_W + "numId")) or "0"
        said = _value(number.find(_W + "ilvl")) or "0"
        level = min(int(said), _MAX_LEVEL) if said.isdecimal() else 0
        if identity == "0":  # "no numbering", against the style's
            return escape(text), False
        if self._formats.get((identity, level)) != "decimal":
            return item(text, depth=level), True
        self._counters[identity, level] += 1
        for deeper in range(level + 1, _MAX_LEVEL + 1):
            self._counters.pop((identity, deeper), None)
        return item(text, depth=level, number=self._counters[identity, level]), True

    def _style_numbering(self, style: str | None) -> Any:
        if style is None:
            return None
        found = next((one for one in self._document.styles.element if one.get(_W + "styleId") == style), None)
        return None if found is None else found.find(f"{_W}pPr/{_W}numPr")

    def _table(self, element: Any, depth: int) -> list[list[str]]:
        return [self._row(row, depth) for row in _through(element, _W + "tr")]

    def _row(self, row: Any, depth: int) -> list[str]:
        """The row's cells. A merged cell's text stands once, at its start; what it covers is empty."""
        cells: list[str] = []
        for cell in _through(row, _W + "tc"):
            merge = cell.find(f"{_W}tcPr/{_W}vMerge")
            covered = merge is not None and _value(merge) != "restart"
            cells.append("" if covered else " ".join(self._cell(cell, depth + 1)))
            span = _value(cell.find(f"{_W}tcPr/{_W}gridSpan")) or "1"
            cells += [""] * (min(int(span), 64) - 1 if span.isdecimal() else 0)
        return cells

    def _cell(self, cell: Any, depth: int) -> Iterator[str]:
        if depth > _MAX_DEPTH:
            return
        for child in cell:
            if child.tag == _W + "p":
                yield _text(child).strip()
            elif child.tag == _W + "tbl":
                for row in self._table(child, depth):
                    yield " ".join(filter(None, row))
            elif child.tag in _TRANSPARENT:
                yield from self._cell(child, depth + 1)


def _text(element: Any) -> str:
    """A paragraph's own words: insertions count, deletions and drawings do not."""
    said: list[str] = []
    for child in element:
        if child.tag in _GONE or child.tag in _DRAWN or child.tag == _FALLBACK:
            continue
        if child.tag == _W + "t":
            said.append(child.text or "")
        elif child.tag in _BREAKS:
            said.append(_BREAKS[child.tag])
        elif isinstance(child.tag, str):
            said.append(_text(child))
    return "".join(said)


def _through(parent: Any, tag: str) -> Iterator[Any]:
    for child in parent:
        if child.tag == tag:
            yield child
        elif child.tag in _TRANSPARENT:
            yield from _through(child, tag)


def _value(element: Any) -> str | None:
    return None if element is None else element.get(qn("w:val"))


def _number_formats(document: Any) -> dict[tuple[str, int], str]:
    """What a list's level is numbered with (``decimal``, ``bullet``, ``lowerLetter``, …)."""
    try:
        root = document.part.numbering_part.element
    except (KeyError, NotImplementedError):
        return {}
    abstract: dict[str, dict[int, str]] = {}
    for one in root.findall(_W + "abstractNum"):
        levels = abstract.setdefault(one.get(_W + "abstractNumId") or "", {})
        for level in one.findall(_W + "lvl"):
            said = level.get(_W + "ilvl") or "0"
            if said.isdecimal():
                levels[int(said)] = _value(level.find(_W + "numFmt")) or "decimal"
    formats: dict[tuple[str, int], str] = {}
    for one in root.findall(_W + "num"):
        shape = abstract.get(_value(one.find(_W + "abstractNumId")) or "", {})
        formats |= {(one.get(_W + "numId") or "", level): name for level, name in shape.items()}
    return formats
