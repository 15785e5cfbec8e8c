"""The cells of an OpenDocument spreadsheet, with the texts that they show."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from casewright.documents.formats.grid import Grid
from casewright.documents.formats.odf_walk import OFFICE, TABLE, TEXT
from casewright.documents.limits import DocumentLimits

_ROW = TABLE + "table-row"
_CELLS = (TABLE + "table-cell", TABLE + "covered-table-cell")
_MAX_REPEATED = 1_048_576


def fill(sheet: Any, grid: Grid, limits: DocumentLimits) -> Iterator[str]:
    """Put a sheet's cells into ``grid``, as far as it takes them; tell what is to be said of it.

    Cells and rows that are stated once and repeated are put there as often as they are shown, if they fit.
    """
    hidden = formulas = 0
    for row in sheet.iter(_ROW):
        times = _repeated(row.get(TABLE + "number-rows-repeated"))
        cells = _cells(row, limits)
        if cells:
            hidden += times if row.get(TABLE + "visibility") in ("collapse", "filter") else 0
            formulas += sum(text.startswith("of:=") for text in cells.values())
        for _ in range(times if cells else 1):
            if not grid.add(cells):
                return iter(_said(hidden, formulas))
    return iter(_said(hidden, formulas))


def _said(hidden: int, formulas: int) -> list[str]:
    said = [f"hidden rows on this sheet: {hidden}; they were read"] if hidden else []
    if formulas:
        said.append(f"formulas without a stored value: {formulas}; they are shown, not calculated")
    return said


def _cells(row: Any, limits: DocumentLimits) -> dict[int, str]:
    found: dict[int, str] = {}
    column = 0
    for one in row:
        if one.tag not in _CELLS:
            continue
        times = _repeated(one.get(TABLE + "number-columns-repeated"))
        text = _shown(one) if one.tag == _CELLS[0] else ""
        if text.strip():
            # One more than fits, so that the grid notices and says that it was cut.
            for at in range(column, column + min(times, limits.columns + 1)):
                found[at] = text
        column += times
    return found


def _shown(element: Any) -> str:
    lines = ["".join(_words(one)) for one in element.findall(TEXT + "p")]
    if lines:
        return "\n".join(lines)
    for name in ("value", "date-value", "time-value", "boolean-value", "string-value"):
        value = element.get(OFFICE + name)
        if value:
            return str(value)
    return str(element.get(TABLE + "formula") or "")


def _words(paragraph: Any) -> Iterator[str]:
    yield paragraph.text or ""
    for child in paragraph:
        if child.tag == TEXT + "s":
            yield " "
        elif child.tag == TEXT + "line-break":
            yield "\n"
        elif child.tag != OFFICE + "annotation":
            yield from _words(child)
        yield child.tail or ""


def _repeated(said: str | None) -> int:
    said = said or ""
    return (
        max(1, min(int(said), _MAX_REPEATED)) if said.isascii() and said.isdecimal() and len(said) < 9 else 1
    )
