"""From a page's own coordinates to what a reader sees: cut to its box, turned upright, y downwards."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pypdfium2.raw as pdfium  # type: ignore[import-untyped]

from casewright.documents.blocks import Box
from casewright.documents.pdf.native import Floats


@dataclass(frozen=True, slots=True)
class View:
    """``turn``: quarter turns clockwise until the page is as seen; the rest: its visible part."""

    left: float
    bottom: float
    right: float
    top: float
    turn: int = 0

    @property
    def width(self) -> float:
        """As seen, in points."""
        return self.right - self.left if self.turn % 2 == 0 else self.top - self.bottom

    @property
    def height(self) -> float:
        """As seen, in points."""
        return self.top - self.bottom if self.turn % 2 == 0 else self.right - self.left

    def seen(self, boxes: Floats) -> Floats:
        """Rows of left, top, right, bottom in the page's coordinates as rows of x0, y0, x1, y1 as seen."""
        left, top, right, bottom = boxes.T
        match self.turn:
            case 1:
                edges = (bottom - self.bottom, left - self.left, top - self.bottom, right - self.left)
            case 2:
                edges = (self.right - right, bottom - self.bottom, self.right - left, top - self.bottom)
            case 3:
                edges = (self.top - top, self.right - right, self.top - bottom, self.right - left)
            case _:
                edges = (left - self.left, self.top - top, right - self.left, self.top - bottom)
        return np.stack(edges, axis=1)

    def box(self, left: float, top: float, right: float, bottom: float) -> Box:
        """One box as seen; the same as ``seen``, without the price of an array."""
        match self.turn:
            case 1:
                return Box(bottom - self.bottom, left - self.left, top - self.bottom, right - self.left)
            case 2:
                return Box(self.right - right, bottom - self.bottom, self.right - left, top - self.bottom)
            case 3:
                return Box(self.top - top, self.right - right, self.top - bottom, self.right - left)
            case _:
                return Box(left - self.left, self.top - top, right - self.left, self.top - bottom)


def view_of(page: Any) -> View:
    """How ``page`` (pypdfium2's) is seen. pdfium's page box is where the media box and the crop box meet."""
    box = pdfium.FS_RECTF()
    pdfium.FPDF_GetPageBoundingBox(page.raw, box)
    return View(box.left, box.bottom, box.right, box.top, pdfium.FPDFPage_GetRotation(page.raw) % 4)
