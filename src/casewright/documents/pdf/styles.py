"""How a run is set: its font's size and weight, and whether a reader can see it."""

from __future__ import annotations

import ctypes
import math
import re
from dataclasses import dataclass
from typing import Any

import pypdfium2.raw as pdfium  # type: ignore[import-untyped]

from casewright.documents.pdf import native

# Smaller than this nobody reads; and lighter than this, on paper.
TINY_POINTS = 2.0
WHITE_FROM = 245
# A bit of a font descriptor's flags (PDF 32000, table 123).
_FORCE_BOLD = 1 << 18
_BOLD_NAMES = re.compile(r"bold|black|heavy|demi", re.IGNORECASE)
_NAME_BYTES = 128
_UNSEEN_MODES = (pdfium.FPDF_TEXTRENDERMODE_INVISIBLE, pdfium.FPDF_TEXTRENDERMODE_CLIP)


@dataclass(frozen=True, slots=True)
class Style:
    """``size`` in points; ``origin`` where it begins on its baseline, in the page's own coordinates.

    ``invisible`` text is drawn with no ink at all.
    """

    size: float
    origin: tuple[float, float] | None = None
    bold: bool = False
    invisible: bool = False
    white: bool = False

    @property
    def tiny(self) -> bool:
        """Too small to be read on paper."""
        return self.size < TINY_POINTS


class Styles:
    """Asks pdfium about characters of one text page (pypdfium2's), which must be open as long."""

    def __init__(self, textpage: Any) -> None:
        self._page = native.address(textpage.raw)
        self._bold: dict[tuple[bytes, int], bool] = {}
        self._name = ctypes.create_string_buffer(_NAME_BYTES)
        self._name_at = ctypes.addressof(self._name)
        self._matrix = (ctypes.c_float * 6)()
        self._origin = (ctypes.c_double * 2)()
        self._colour = (ctypes.c_uint * 4)()
        self._flags = ctypes.c_int(0)
        here, index = ctypes.c_void_p, ctypes.c_int
        self._font_size = native.plain("FPDFText_GetFontSize", here, index, result=ctypes.c_double)
        self._matrix_of = native.plain("FPDFText_GetMatrix", here, index, here)
        self._origin_of = native.plain("FPDFText_GetCharOrigin", here, index, here, here)
        self._font_of = native.plain(
            "FPDFText_GetFontInfo", here, index, here, ctypes.c_ulong, here, result=ctypes.c_ulong
        )
        self._object_of = native.plain("FPDFText_GetTextObject", here, index, result=here)
        self._mode_of = native.plain("FPDFTextObj_GetTextRenderMode", here)
        self._colour_of = native.plain("FPDFText_GetFillColor", here, index, here, here, here, here)

    def of(self, first: int, last: int, height: float) -> Style:
        """The style of a run between two characters (pdfium's numbers); ``height`` is for want of a size."""
        size = self._font_size(self._page, first)
        if self._matrix_of(self._page, first, ctypes.addressof(self._matrix)):
            size *= math.hypot(self._matrix[2], self._matrix[3])
        if not (size > 0 and math.isfinite(size)):
            size = height
        at = ctypes.addressof(self._origin)
        known = self._origin_of(self._page, first, at, at + 8)
        origin = (self._origin[0], self._origin[1]) if known else None
        bold = self._is_bold(first) and (first == last or self._is_bold(last))
        return Style(round(size, 2), origin, bold, self._invisible(first), self._white(first))

    def _is_bold(self, index: int) -> bool:
        length = self._font_of(self._page, index, self._name_at, _NAME_BYTES, ctypes.addressof(self._flags))
        key = (self._name.value if 0 < length <= _NAME_BYTES else b"", self._flags.value)
        found = self._bold.get(key)
        if found is None:
            name = key[0].decode("utf-8", "replace")
            found = bool(_BOLD_NAMES.search(name)) or bool(key[1] & _FORCE_BOLD)
            self._bold[key] = found
        return found

    def _invisible(self, index: int) -> bool:
        text_object = self._object_of(self._page, index)
        return bool(text_object) and self._mode_of(text_object) in _UNSEEN_MODES

    def _white(self, index: int) -> bool:
        at = ctypes.addressof(self._colour)
        if not self._colour_of(self._page, index, at, at + 4, at + 8, at + 12):
            return False
        red, green, blue, alpha = self._colour
        return alpha == 0 or min(red, green, blue) >= WHITE_FROM
