"""The characters of a page, each with its box as seen."""

from __future__ import annotations

import ctypes
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pypdfium2.raw as pdfium  # type: ignore[import-untyped]

from casewright.documents.pdf import native
from casewright.documents.pdf.view import View

# So many steps within words that go up, down or back: some text on the page may be turned.
TURNED_STEPS = 3
# Letters of a line that rises go up by so much of their step, and half as much of their height.
ASLANT_STEP = 0.3
# What pdfium puts where a word was divided at a line's end.
HYPHENS = "\x02\ufffe"
_OTHER_SPACES = (0x1680, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000)
# The marks of lists in the fonts Symbol and Wingdings, which many files give no other meaning.
_MARKS = {
    "\uf0b7": "•",
    "\uf0a7": "▪",
    "\uf0d8": "➢",
    "\uf0fc": "✓",
    "\uf0a8": "□",
    "\uf06e": "■",
    "\uf0e8": "➔",
}
_SHOWN = str.maketrans(dict.fromkeys(HYPHENS, "-") | _MARKS)


@dataclass(frozen=True, slots=True)
class Chars:
    """``text[i]`` is the character at ``boxes[i]`` (x0, y0, x1, y1 as seen), pdfium's number ``index[i]``.

    ``spaces`` says where it is one, or a line end. ``angles`` (radians, counter-clockwise as seen) is None
    where all text stands upright. ``raw`` is pdfium's text page, which must still be open.
    """

    text: str
    spaces: npt.NDArray[np.bool_]
    boxes: native.Floats
    raw: Any
    index: npt.NDArray[np.int64]
    angles: native.Floats | None = None

    def wrote_space(self, after: int, before: int) -> bool:
        """Whether the file itself has a space between two characters; pdfium makes some of gaps."""
        return any(
            self.spaces[number] and pdfium.FPDFText_IsGenerated(self.raw, int(self.index[number])) == 0
            for number in range(after + 1, before)
        )


def chars_of(textpage: Any, view: View) -> Chars:
    """Every character in the order of pdfium, which is mostly the order of the page's content."""
    raw = textpage.raw
    count = max(0, pdfium.FPDFText_CountChars(raw))
    at = native.address(raw)
    boxes = view.seen(native.char_boxes(at, count)) if count else np.zeros((0, 4))
    text, index = _text(raw, at, count)
    boxes = boxes[index]
    text = text.translate(_SHOWN)
    angles = None
    spaces = _spaces(text)
    if _may_be_turned(spaces, boxes):
        found = -native.char_angles(at, count)[index] - view.turn * np.pi / 2
        angles = np.mod(found, 2 * np.pi)
    return Chars(text, spaces, boxes, raw, index, angles)


def _text(raw: Any, at: int, count: int) -> tuple[str, npt.NDArray[np.int64]]:
    """The text, and pdfium's number of each character of it."""
    buffer = (ctypes.c_ushort * (count + 1))()
    written = pdfium.FPDFText_GetText(raw, 0, count, buffer) if count else 0
    # what has no text, and what takes two units, would put text and numbers out of step
    if written - 1 == count:
        text = bytes(buffer)[: 2 * count].decode("utf-16-le", "replace")
        if len(text) == count:
            return text, np.arange(count)
    chars: list[str] = []
    index: list[int] = []
    high = 0
    for number, found in enumerate(native.char_codes(at, count)):
        code = found
        if 0xD800 <= code < 0xDC00:  # the first half of a character beyond the 16-bit plane
            high = code
            continue
        if 0xDC00 <= code < 0xE000 and high:
            code = 0x10000 + ((high - 0xD800) << 10) + (code - 0xDC00)
        high = 0
        chars.append(chr(code) if 0 < code < 0x110000 else "\ufffd")
        index.append(number)
    return "".join(chars), np.array(index, np.int64)


def _spaces(text: str) -> npt.NDArray[np.bool_]:
    codes = np.frombuffer(text.encode("utf-32-le", "replace"), np.uint32)
    space = (codes <= 32) | (codes == 0x85) | (codes == 0xA0)
    if not text.isascii():
        space |= ((codes >= 0x2000) & (codes <= 0x200A)) | np.isin(codes, _OTHER_SPACES)
    return np.asarray(space, np.bool_)


def _may_be_turned(spaces: npt.NDArray[np.bool_], boxes: native.Floats) -> bool:
    """Whether characters follow each other up, down or leftwards within words."""
    if len(spaces) < 2:
        return bool(len(spaces))
    said = ~spaces
    within = said[1:] & said[:-1]
    centres = (boxes[:, :2] + boxes[:, 2:]) / 2
    steps = centres[1:] - centres[:-1]
    high = boxes[1:, 3] - boxes[1:, 1]
    near = np.abs(steps).max(axis=1) < 3 * np.maximum(high, 1.0)
    across, down = np.abs(steps[:, 0]), np.abs(steps[:, 1])
    odd = (down > across + 0.01) | (steps[:, 0] < 0)
    tall = np.maximum(high, boxes[:-1, 3] - boxes[:-1, 1])
    odd |= (down > ASLANT_STEP * across) & (down > ASLANT_STEP / 2 * tall)
    turned = int((within & near & odd).sum())
    return turned >= TURNED_STEPS or turned * 4 > int(within.sum())
