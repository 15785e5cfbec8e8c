"""A sheet's cells as they stream by, each with the text that it shows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from casewright.documents.formats.archive import Package
from casewright.documents.formats.grid import Grid
from casewright.documents.formats.number_format import built_in, shown
from casewright.documents.formats.xml import events, part, release
from casewright.documents.limits import DocumentLimits
from casewright.errors import DocumentTooLarge

_REFERENCE = re.compile(r"([A-Z]{1,3})(\d{1,7})", re.ASCII)
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_TAGS = ("{*}row", "{*}c", "{*}col")
# Cells and rows that are looked at, empty ones with them, before a sheet counts as endless.
_LOOKED_AT = 3_000_000


@dataclass(slots=True)
class Seen:
    """What a sheet's reader should be told of it."""

    rows: int = 0
    columns: int = 0
    formulas: int = 0
    missing: int = 0
    endless: bool = False

    def warnings(self) -> Iterator[str]:
        """In words."""
        if self.rows:
            yield f"hidden rows on this sheet: {self.rows}; they were read"
        if self.columns:
            yield f"hidden columns on this sheet: {self.columns}; they were read"
        if self.formulas:
            yield f"formulas without a stored value: {self.formulas}; they are shown, not calculated"

    def lost(self, sheet: str) -> Iterator[str]:
        """In words, what is in the sheet and was not read."""
        if self.missing:
            yield f"{sheet} is damaged: the texts of {self.missing} cells are not in the file"
        if self.endless:
            yield f"{sheet} goes on with empty cells for longer than was looked at"


@dataclass(frozen=True, slots=True)
class Book:
    """What all the sheets of a file use: texts, number formats by style, the day that dates count from."""

    texts: tuple[str, ...]
    formats: tuple[str, ...]
    since_1904: bool

    @classmethod
    def of(cls, package: Package, root: Any, targets: dict[str, str], limits: DocumentLimits) -> Book:
        """Read them. ``targets`` are the parts that the workbook points at, by kind."""
        properties = root.find("{*}workbookPr")
        return cls(
            tuple(_texts(package, targets.get("sharedStrings", "xl/sharedStrings.xml"), limits)),
            tuple(_formats(part(package, targets.get("styles", "")))),
            properties is not None and properties.get("date1904") in ("1", "true"),
        )


def _texts(package: Package, name: str, limits: DocumentLimits) -> Iterator[str]:
    if name not in package.names:
        return
    chars = 0
    with package.open(name) as stream:
        for event, element in events(stream, ("{*}si",), package.what):
            if event == "end":
                text = _rich(element)
                chars += len(text) + 50
                if chars > limits.part_bytes:
                    raise DocumentTooLarge(
                        f"the texts of this {package.what} are longer than is read",
                        hint="split it and send its parts",
                    )
                yield text
                release(element)


def _rich(element: Any) -> str:
    """A text and its runs, without the readings that stand above Japanese ones."""
    said: list[str] = []
    for child in element:
        name = str(child.tag).rpartition("}")[2]
        if name == "t":
            said.append(child.text or "")
        elif name == "r":
            said += [run.text or "" for run in child.findall("{*}t")]
    return _ESCAPED.sub(lambda match: chr(int(match[1], 16)), "".join(said))


def _formats(root: Any) -> Iterator[str]:
    if root is None:
        return
    own = {
        one.get("numFmtId"): one.get("formatCode") or "General"
        for one in root.findall("{*}numFmts/{*}numFmt")
    }
    for one in root.findall("{*}cellXfs/{*}xf"):
        number = one.get("numFmtId") or "0"
        yield own.get(number) or built_in(int(number) if number.isascii() and number.isdecimal() else 0)


def fill(package: Package, name: str, book: Book, grid: Grid, seen: Seen) -> None:
    """Put the cells of the sheet in part ``name`` into ``grid``, as far as it takes them."""
    row: dict[int, str] = {}
    last, looked, column = 0, 0, 0
    with package.open(name) as stream:
        for event, element in events(stream, _TAGS, package.what):
            tag = str(element.tag).rpartition("}")[2]
            looked += event == "end"
            if looked > _LOOKED_AT:
                seen.endless = True
                break
            if tag == "row" and event == "start":
                row, column = {}, 0
                number = _whole(element.get("r"), last + 1)
                seen.rows += element.get("hidden") in ("1", "true")
                if number > last + 1:
                    grid.add({})
                last = number
            elif tag == "c" and event == "end":
                column = _column(element.get("r"), column + 1)
                text = _value(element, book, seen)
                if text.strip():
                    row[column] = text
                release(element)
            elif tag == "row":
                release(element)
                if not grid.add(row):
                    return
            elif event == "end":
                seen.columns += _hidden_columns(element)


def _hidden_columns(element: Any) -> int:
    if element.get("hidden") not in ("1", "true"):
        return 0
    first = _whole(element.get("min"), 1)
    return max(1, _whole(element.get("max"), first) - first + 1)


def _value(element: Any, book: Book, seen: Seen) -> str:
    kind = element.get("t") or "n"
    if kind == "inlineStr":
        inside = element.find("{*}is")
        return "" if inside is None else _rich(inside)
    found = element.find("{*}v")
    raw = (found.text or "") if found is not None else ""
    if not raw:
        formula = element.find("{*}f")
        if formula is not None and kind != "str":
            seen.formulas += 1
            return f"={formula.text}" if formula.text else "="
        return ""
    if kind == "s":
        at = _whole(raw, -1)
        if not 0 <= at < len(book.texts):
            seen.missing += 1
            return ""
        return book.texts[at]
    if kind == "b":
        return "TRUE" if raw.strip() == "1" else "FALSE"
    if kind == "n":
        style = _whole(element.get("s"), 0)
        code = book.formats[style] if style < len(book.formats) else "General"
        return shown(raw, code, since_1904=book.since_1904)
    return _ESCAPED.sub(lambda match: chr(int(match[1], 16)), raw)


def _column(reference: str | None, otherwise: int) -> int:
    match = _REFERENCE.fullmatch(reference or "")
    if match is None:
        return otherwise
    number = 0
    for letter in match[1]:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number


def _whole(said: str | None, otherwise: int) -> int:
    said = (said or "").strip()
    return int(said) if said.isascii() and said.isdecimal() and len(said) < 9 else otherwise
