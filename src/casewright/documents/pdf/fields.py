"""What was put onto a page later: typed into a form's fields, or written on it as notes."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pypdfium2.raw as pdfium  # type: ignore[import-untyped]

from casewright.documents.blocks import Box
from casewright.documents.layout.segments import Segment
from casewright.documents.pdf.view import View

MAX_ANNOTATIONS = 3000
MAX_VALUE_BYTES = 200_000
USUAL_SIZE = 10.0
_HIDDEN = pdfium.FPDF_ANNOT_FLAG_HIDDEN | pdfium.FPDF_ANNOT_FLAG_NOVIEW
_PASSWORD_FIELD = 1 << 13
_TICKED = (pdfium.FPDF_FORMFIELD_CHECKBOX, pdfium.FPDF_FORMFIELD_RADIOBUTTON)
_TYPED = (pdfium.FPDF_FORMFIELD_TEXTFIELD, pdfium.FPDF_FORMFIELD_COMBOBOX, pdfium.FPDF_FORMFIELD_LISTBOX)
_NOTES = (
    pdfium.FPDF_ANNOT_TEXT,
    pdfium.FPDF_ANNOT_HIGHLIGHT,
    pdfium.FPDF_ANNOT_UNDERLINE,
    pdfium.FPDF_ANNOT_STRIKEOUT,
    pdfium.FPDF_ANNOT_SQUIGGLY,
    pdfium.FPDF_ANNOT_CARET,
)
_DRAWN = (pdfium.FPDF_ANNOT_STAMP, pdfium.FPDF_ANNOT_INK)


@dataclass(slots=True)
class Added:
    """``segments`` are where they were written; the rest counts what was not read."""

    segments: list[Segment] = field(default_factory=list)
    notes: int = 0
    drawn: int = 0
    secret: int = 0

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a reader of the text does not see."""
        said = []
        if self.notes:
            said.append(f"{self.notes} comment(s) on this page were not read")
        if self.drawn:
            said.append(f"{self.drawn} stamp(s) or drawing(s) put onto this page later were not read")
        if self.secret:
            said.append("a field for a password was not read")
        return tuple(said)


def added_to(document: Any, page: Any, view: View) -> Added:
    """What was added to ``page``; ``document`` (pypdfium2's) has its form opened if it has one."""
    added = Added()
    form = document.formenv.raw if document.formenv else None
    for number in range(min(pdfium.FPDFPage_GetAnnotCount(page.raw), MAX_ANNOTATIONS)):
        with _annotation(page, number) as annotation:
            if annotation is None or pdfium.FPDFAnnot_GetFlags(annotation) & _HIDDEN:
                continue
            kind = pdfium.FPDFAnnot_GetSubtype(annotation)
            if kind == pdfium.FPDF_ANNOT_WIDGET and form is not None:
                _field(form, annotation, view, added)
            elif kind == pdfium.FPDF_ANNOT_FREETEXT:
                _write(_string(annotation, b"Contents"), annotation, view, added, 0.0)
            elif kind in _NOTES:
                added.notes += bool(_string(annotation, b"Contents"))
            elif kind in _DRAWN:
                added.drawn += 1
    return added


@contextmanager
def _annotation(page: Any, number: int) -> Iterator[Any]:
    annotation = pdfium.FPDFPage_GetAnnot(page.raw, number)
    try:
        yield annotation or None
    finally:
        if annotation:
            pdfium.FPDFPage_CloseAnnot(annotation)


def _field(form: Any, annotation: Any, view: View, added: Added) -> None:
    kind = pdfium.FPDFAnnot_GetFormFieldType(form, annotation)
    if kind in _TICKED:
        _write("[x]" if pdfium.FPDFAnnot_IsChecked(form, annotation) else "[ ]", annotation, view, added, 0.0)
    elif kind in _TYPED:
        if pdfium.FPDFAnnot_GetFormFieldFlags(form, annotation) & _PASSWORD_FIELD:
            added.secret += 1
            return
        size = ctypes.c_float(0)
        pdfium.FPDFAnnot_GetFontSize(form, annotation, size)
        _write(_value(form, annotation), annotation, view, added, size.value)


def _write(text: str, annotation: Any, view: View, added: Added, size: float) -> None:
    """The text as segments, from the top of the annotation's box down."""
    lines = [" ".join(line.split()) for line in text.splitlines() if line.strip()]
    rect = pdfium.FS_RECTF()
    if not lines or not pdfium.FPDFAnnot_GetRect(annotation, rect):
        return
    box = view.box(rect.left, rect.top, rect.right, rect.bottom)
    size = size if 2 < size < 100 else USUAL_SIZE
    pitch = min(1.2 * size, (box.y1 - box.y0) / len(lines))
    top = box.y0 if len(lines) > 1 or box.y1 - box.y0 > 3 * size else (box.y0 + box.y1) / 2 - 0.55 * size
    for number, line in enumerate(lines):
        y0 = top + number * pitch
        wide = min(box.x1 - box.x0, max(0.5 * size * len(line), 0.5 * size))
        place = Box(box.x0, y0, box.x0 + wide, y0 + 1.1 * size)
        added.segments.append(Segment(line, place, size))


def _value(form: Any, annotation: Any) -> str:
    return _told(lambda buffer, length: pdfium.FPDFAnnot_GetFormFieldValue(form, annotation, buffer, length))


def _string(annotation: Any, key: bytes) -> str:
    return _told(lambda buffer, length: pdfium.FPDFAnnot_GetStringValue(annotation, key, buffer, length))


def _told(ask: Callable[[Any, int], int]) -> str:
    """A string of pdfium's, which first says how long it is."""
    length = min(ask(None, 0), MAX_VALUE_BYTES)
    if length <= 2:
        return ""
    buffer = (ctypes.c_ushort * (length // 2))()
    ask(buffer, length)
    return bytes(buffer).decode("utf-16-le", "replace").rstrip("\0").replace("\r\n", "\n").replace("\r", "\n")
