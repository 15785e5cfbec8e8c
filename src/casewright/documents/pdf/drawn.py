"""What is drawn on a page beside its text: pictures, ruled lines, filled areas."""

from __future__ import annotations

import ctypes
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pypdfium2.raw as pdfium  # type: ignore[import-untyped]

from casewright.documents.blocks import Box
from casewright.documents.layout.segments import Rule
from casewright.documents.pdf import native
from casewright.documents.pdf.view import View

# A line is thinner than this (points) and a good deal longer than thick.
THIN_POINTS = 3.0
LONG_POINTS = 8.0
# Beyond so many paths a page is a drawing: its lines rule no table, and asking for each of them takes long.
MAX_PATHS = 4000
MAX_POINTS = 400
MAX_OBJECTS = 60_000
MAX_DEPTH = 3
# A filled area beyond this (share of the page, points) is no cell's or row's ground.
MAX_GROUND_SHARE = 0.25
MAX_GROUND_HEIGHT = 200.0

Matrix = tuple[float, float, float, float, float, float]
_SAME: Matrix = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)


@dataclass(slots=True)
class Drawn:
    """Boxes as seen. ``pixels`` is the size of the largest picture as it is stored, ``parts``
    how many objects the page itself has (no more than MAX_OBJECTS are looked at).
    """

    rules: list[Rule] = field(default_factory=list)
    pictures: list[Box] = field(default_factory=list)
    filled: list[Box] = field(default_factory=list)
    text_objects: list[int] = field(default_factory=list)
    count: int = 0
    paths: int = 0
    pixels: int = 0
    parts: int = 0


def drawn_on(page: Any, view: View) -> Drawn:
    """Everything that is drawn on ``page`` (pypdfium2's)."""
    drawn = Drawn(parts=pdfium.FPDFPage_CountObjects(page.raw))
    _collect(native.address(page.raw), drawn.parts, drawn, view=view)
    return drawn


def _collect(
    container: int, count: int, drawn: Drawn, *, view: View, matrix: Matrix = _SAME, depth: int = 0
) -> None:
    count = min(count, MAX_OBJECTS - drawn.count)
    handles, kinds = native.objects(container, max(0, count), in_form=depth > 0)
    drawn.count += len(handles)
    for handle, kind in zip(handles, kinds, strict=True):
        if kind == pdfium.FPDF_PAGEOBJ_TEXT:
            drawn.text_objects.append(handle)
        elif kind == pdfium.FPDF_PAGEOBJ_PATH:
            drawn.paths += 1
            if drawn.paths <= MAX_PATHS:
                _path(handle, drawn, view, matrix)
        elif kind == pdfium.FPDF_PAGEOBJ_IMAGE:
            _picture(handle, drawn, view, matrix)
        elif kind == pdfium.FPDF_PAGEOBJ_FORM and depth < MAX_DEPTH:
            inner = native.plain("FPDFFormObj_CountObjects", ctypes.c_void_p)(handle)
            within = _times(_matrix(handle), matrix)
            _collect(handle, max(0, inner), drawn, view=view, matrix=within, depth=depth + 1)
    if drawn.paths > MAX_PATHS:
        drawn.rules, drawn.filled = [], []


def _bounds(handle: int, matrix: Matrix) -> tuple[float, float, float, float] | None:
    """Left, bottom, right, top on the page."""
    edges = (ctypes.c_float * 4)()
    at = ctypes.addressof(edges)
    call = native.plain("FPDFPageObj_GetBounds", *([ctypes.c_void_p] * 5))
    if not call(handle, at, at + 4, at + 8, at + 12):
        return None
    left, bottom, right, top = edges
    if matrix is _SAME:
        return left, bottom, right, top
    corners = [_moved(matrix, x, y) for x in (left, right) for y in (bottom, top)]
    xs, ys = [x for x, _ in corners], [y for _, y in corners]
    return min(xs), min(ys), max(xs), max(ys)


def _picture(handle: int, drawn: Drawn, view: View, matrix: Matrix) -> None:
    bounds = _bounds(handle, matrix)
    size = (ctypes.c_uint * 2)()
    at = ctypes.addressof(size)
    if native.plain("FPDFImageObj_GetImagePixelSize", *([ctypes.c_void_p] * 3))(handle, at, at + 4):
        drawn.pixels = max(drawn.pixels, size[0] * size[1])
    if bounds is None:
        return
    box = _visible(view.box(bounds[0], bounds[3], bounds[2], bounds[1]), view)
    if box is not None:
        drawn.pictures.append(box)


def _visible(box: Box, view: View) -> Box | None:
    """What of a box lies on the visible page."""
    seen = Box(max(0.0, box.x0), max(0.0, box.y0), min(view.width, box.x1), min(view.height, box.y1))
    return seen if seen.x1 > seen.x0 and seen.y1 > seen.y0 else None


def _path(handle: int, drawn: Drawn, view: View, matrix: Matrix) -> None:
    bounds = _bounds(handle, matrix)
    if bounds is None:
        return
    left, bottom, right, top = bounds
    if min(right - left, top - bottom) <= THIN_POINTS:
        _rule(view.box(left, top, right, bottom), drawn)
        return
    fill, stroke = ctypes.c_int(0), ctypes.c_int(0)
    native.plain("FPDFPath_GetDrawMode", *([ctypes.c_void_p] * 3))(
        handle, ctypes.addressof(fill), ctypes.addressof(stroke)
    )
    if fill.value:
        drawn.filled.append(view.box(left, top, right, bottom))
        _edges(drawn.filled[-1], drawn, view)
    if not stroke.value and not fill.value:
        return
    for start, end in _strokes(handle, _times(_matrix(handle), matrix), closed_only=not stroke.value):
        box = view.box(
            min(start[0], end[0]), max(start[1], end[1]), max(start[0], end[0]), min(start[1], end[1])
        )
        _rule(box, drawn)


def _edges(box: Box, drawn: Drawn, view: View) -> None:
    """The edges of a filled area as lines: cells are often told apart by their ground alone."""
    wide, high = box.x1 - box.x0, box.y1 - box.y0
    if wide * high > MAX_GROUND_SHARE * view.width * view.height or high > MAX_GROUND_HEIGHT:
        return
    for edge in (
        Box(box.x0, box.y0, box.x1, box.y0),
        Box(box.x0, box.y1, box.x1, box.y1),
        Box(box.x0, box.y0, box.x0, box.y1),
        Box(box.x1, box.y0, box.x1, box.y1),
    ):
        _rule(edge, drawn)


def _rule(box: Box, drawn: Drawn) -> None:
    wide, high = box.x1 - box.x0, box.y1 - box.y0
    if (
        min(wide, high) <= THIN_POINTS
        and max(wide, high) >= LONG_POINTS
        and max(wide, high) > 3 * min(wide, high)
    ):
        drawn.rules.append(Rule(box))


def _strokes(
    handle: int, matrix: Matrix, *, closed_only: bool
) -> list[tuple[tuple[float, float], tuple[float, float]]]:
    """The straight strokes of a path, on the page; of a filled one only where it consists of thin parts."""
    count = native.plain("FPDFPath_CountSegments", ctypes.c_void_p)(handle)
    if not 0 < count <= MAX_POINTS:
        return []
    segment_at = native.plain(
        "FPDFPath_GetPathSegment", ctypes.c_void_p, ctypes.c_int, result=ctypes.c_void_p
    )
    kind_of = native.plain("FPDFPathSegment_GetType", ctypes.c_void_p)
    closes = native.plain("FPDFPathSegment_GetClose", ctypes.c_void_p)
    point_of = native.plain("FPDFPathSegment_GetPoint", *([ctypes.c_void_p] * 3))
    point = (ctypes.c_float * 2)()
    x_at = ctypes.addressof(point)
    strokes: list[tuple[tuple[float, float], tuple[float, float]]] = []
    start = here = (0.0, 0.0)
    parts: list[list[tuple[float, float]]] = []
    for number in range(count):
        segment = segment_at(handle, number)
        if not segment or not point_of(segment, x_at, x_at + 4):
            continue
        there = _moved(matrix, point[0], point[1])
        kind = kind_of(segment)
        if kind == pdfium.FPDF_SEGMENT_MOVETO:
            start = there
            parts.append([there])
        elif kind == pdfium.FPDF_SEGMENT_LINETO:
            strokes.append((here, there))
            if parts:
                parts[-1].append(there)
        here = there
        if closes(segment):
            strokes.append((here, start))
            here = start
    if closed_only:  # a filled area has no lines around it, but many thin ones may be filled at once
        return _thin_parts(parts)
    return strokes


def _thin_parts(
    parts: list[list[tuple[float, float]]],
) -> list[tuple[tuple[float, float], tuple[float, float]]]:
    found = []
    for part in parts:
        points = np.array(part)
        low, high = points.min(axis=0), points.max(axis=0)
        if len(parts) > 1 and min(high - low) <= THIN_POINTS:
            found.append(((float(low[0]), float(low[1])), (float(high[0]), float(high[1]))))
    return found


def _matrix(handle: int) -> Matrix:
    values = (ctypes.c_float * 6)(*_SAME)
    native.plain("FPDFPageObj_GetMatrix", ctypes.c_void_p, ctypes.c_void_p)(handle, ctypes.addressof(values))
    a, b, c, d, e, f = values
    return a, b, c, d, e, f


def _times(one: Matrix, other: Matrix) -> Matrix:
    """First ``one``, then ``other``."""
    a, b, c, d, e, f = one
    p, q, r, s, t, u = other
    return (
        a * p + b * r,
        a * q + b * s,
        c * p + d * r,
        c * q + d * s,
        e * p + f * r + t,
        e * q + f * s + u,
    )


def _moved(matrix: Matrix, x: float, y: float) -> tuple[float, float]:
    a, b, c, d, e, f = matrix
    return a * x + c * y + e, b * x + d * y + f
