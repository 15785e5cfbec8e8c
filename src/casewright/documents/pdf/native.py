"""Calls into pdfium that are made for every character or object of a page, as cheap as they get.

ctypes spends most of such a call on turning Python's objects into C's. These take plain addresses, so that
one ``map`` runs over a page without a line of Python for each character.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from functools import cache
from itertools import repeat
from typing import Any

import numpy as np
import numpy.typing as npt
import pypdfium2.raw as pdfium  # type: ignore[import-untyped]

Floats = npt.NDArray[np.float64]


def address(handle: Any) -> int:
    """Where a handle of pdfium points to."""
    return ctypes.cast(handle, ctypes.c_void_p).value or 0


@cache
def plain(name: str, *arguments: type[Any], result: type[Any] = ctypes.c_int) -> Callable[..., Any]:
    """A function of pdfium that takes addresses as integers, and holds the interpreter while it runs."""
    at = address(getattr(pdfium, name))
    function: Callable[..., Any] = ctypes.PYFUNCTYPE(result, *arguments)(at)
    return function


def char_boxes(textpage: int, count: int) -> Floats:
    """Left, top, right and bottom of each character, in the page's own coordinates (y grows upwards)."""
    boxes = np.zeros((count, 4), np.float32)
    if count:
        start = boxes.ctypes.data
        call = plain("FPDFText_GetLooseCharBox", ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p)
        for _ in map(call, repeat(textpage), range(count), range(start, start + 16 * count, 16)):
            pass
    return boxes.astype(np.float64)


def char_angles(textpage: int, count: int) -> Floats:
    """How far each character is turned clockwise, in radians; -1 where that is not known."""
    call = plain("FPDFText_GetCharAngle", ctypes.c_void_p, ctypes.c_int, result=ctypes.c_float)
    return np.fromiter(map(call, repeat(textpage), range(count)), np.float64, count)


def char_codes(textpage: int, count: int) -> list[int]:
    """The code of each character; slower than the text in one piece, and never out of step."""
    call = plain("FPDFText_GetUnicode", ctypes.c_void_p, ctypes.c_int, result=ctypes.c_uint)
    return list(map(call, repeat(textpage), range(count)))


def objects(container: int, count: int, *, in_form: bool) -> tuple[list[int], list[int]]:
    """The objects of a page or of a form in it, and the type of each."""
    get = plain(
        "FPDFFormObj_GetObject" if in_form else "FPDFPage_GetObject",
        ctypes.c_void_p,
        ctypes.c_ulong if in_form else ctypes.c_int,
        result=ctypes.c_void_p,
    )
    kind = plain("FPDFPageObj_GetType", ctypes.c_void_p)
    found = [handle for handle in map(get, repeat(container), range(count)) if handle]
    return found, list(map(kind, found))
