"""Ruled lines of a scan, so that its tables can be told from columns of text."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from casewright.documents.blocks import Box
from casewright.documents.layout.segments import Rule
from casewright.documents.ocr.lines import Pixels
from casewright.documents.ocr.prepare import Grey, grey_of, ink_of

# In heights of a line of text (letters, even digits that stand above each other, leave more white than this).
LEAST_DOWN = 1.8
LEAST_ACROSS = 4.0
MOST_THICK = 0.5
# How much of a line's length has ink: grain breaks it in places.
LEAST_INK = 0.8


def ruled_lines(pixels: Pixels, line_height: float) -> list[Rule]:
    """Straight lines that run across or down a level picture; ``line_height`` is its text's, in pixels."""
    ink = ink_of(grey_of(pixels), contrast=15.0)
    across = _runs(ink, max(24, round(LEAST_ACROSS * line_height)), line_height)
    down = _runs(np.ascontiguousarray(ink.T), max(16, round(LEAST_DOWN * line_height)), line_height)
    return [Rule(box) for box in across] + [Rule(Box(box.y0, box.x0, box.y1, box.x1)) for box in down]


def _runs(ink: Grey, least: int, line_height: float) -> list[Box]:
    """Runs across, at least so long."""
    # where so many of the pixels to the left and right are ink; then as far as those reach
    middles = np.asarray(cv2.blur(ink, (least, 1)) >= LEAST_INK * 255, dtype=np.uint8)
    reach = max(1, round((2 * LEAST_INK - 1) * least))
    runs = cv2.dilate(middles, np.ones((1, reach), np.uint8))
    _, _, stats, _ = cv2.connectedComponentsWithStats(np.asarray(runs, dtype=np.uint8), connectivity=8)
    found = [
        Box(float(x), float(y), float(x + width), float(y + height))
        for x, y, width, height, _ in stats[1:].tolist()
        if height <= max(4.0, MOST_THICK * line_height)
    ]
    return [box for box in _joined(found, line_height) if box.x1 - box.x0 >= least]


def _joined(boxes: Sequence[Box], line_height: float) -> list[Box]:
    """Pieces of one line that was broken, or that is not quite level, as one."""
    joined: list[Box] = []
    for box in sorted(boxes, key=lambda found: found.x0):
        for at, begun in enumerate(joined):
            beside = box.x0 - begun.x1 <= line_height
            if beside and box.y0 <= begun.y1 + 2 and begun.y0 <= box.y1 + 2:
                joined[at] = Box(
                    begun.x0, min(begun.y0, box.y0), max(begun.x1, box.x1), max(begun.y1, box.y1)
                )
                break
        else:
            joined.append(box)
    return joined
