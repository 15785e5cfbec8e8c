"""Arabic and Hebrew as they are read: many files hold their letters as they stand, from left to right."""

from __future__ import annotations

import re

import numpy as np

from casewright.documents.pdf.native import Floats

_RIGHT_TO_LEFT = "\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc"
_LETTER = re.compile(f"[{_RIGHT_TO_LEFT}]")
# Figures, dates and foreign words stand from left to right within; signs only between two of them.
_FORWARDS = re.compile(rf"[^\W{_RIGHT_TO_LEFT}](?:[^{_RIGHT_TO_LEFT}]*[^\W{_RIGHT_TO_LEFT}])?%?")
_SPACE_EM = 0.2
_MIRRORED = str.maketrans("()[]<>{}", ")(][><}{")


def has_right_to_left(text: str) -> bool:
    """Whether there are letters in it that are read from right to left."""
    return not text.isascii() and _LETTER.search(text) is not None


def as_read(text: str, boxes: Floats) -> str | None:
    """A run's characters (no spaces; a box each) in reading order; None where they already are in it.

    After the Unicode bidirectional algorithm (UAX 9), for one line from right to left without marks that
    change its direction.
    """
    middles = (boxes[:, 0] + boxes[:, 2]) / 2
    letters = np.array([bool(_LETTER.match(char)) for char in text])
    pairs = letters[1:] & letters[:-1]
    steps = np.diff(middles)
    if not pairs.any() or (steps[pairs] > 0).sum() * 2 <= pairs.sum():
        return None
    order = np.argsort(middles, kind="stable")
    em = float(np.max(boxes[:, 3] - boxes[:, 1]))
    seen = ""
    reach = float(boxes[order[0], 0])
    for number in order.tolist():
        apart = boxes[number, 0] - reach > _SPACE_EM * em
        seen += (" " if apart else "") + text[number]
        reach = max(reach, float(boxes[number, 2]))
    return reversed_line(seen)


def reversed_line(seen: str) -> str:
    """What stands from left to right on a line, in the order in which it is read."""
    turned = "".join(_FORWARDS.sub(lambda found: found[0][::-1], seen))[::-1]
    return turned.translate(_MIRRORED) if has_right_to_left(turned) else turned
