"""Characters to runs: what stands on one line without a wide gap or a ruled line in between."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from casewright.documents.blocks import Box
from casewright.documents.pdf.chars import Chars
from casewright.documents.pdf.native import Floats

# Wider than most gaps between justified words; what is cut in vain is joined again when the page is laid out.
WIDE_GAP_EM = 1.0
# Cells may stand closer together than that; then nobody wrote a space between them.
CELL_GAP_EM = 0.45
# Between these it is for the file to say whether a space was written.
UNSURE_EM = (0.75, 2.5)
SAME_LINE_OVERLAP = 0.5
BACKWARDS_EM = 0.4
# pdfium takes some pairs that are moved together (AV, WA) for the ends of two words, and in some files each
# letter for a line.
GLUED_EM = 0.06
_RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")

Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Run:
    """``first`` and ``last`` are the characters (of ``Chars``) at its ends; neither is a space."""

    text: str
    box: Box
    first: int
    last: int


def runs_of(chars: Chars, members: Numbers, uprights: Floats, apart: Floats) -> list[Run]:
    """Runs of the characters ``members`` (in order), in the direction in which they stand upright.

    ``uprights`` are boxes of all characters turned so that these are read from left to right; ``apart`` are
    ruled lines from top to bottom (rows of x, y0, y1) which no run crosses.
    """
    text = chars.text
    said = members[~chars.spaces[members]]
    if not said.size:
        return []
    cuts = _cuts(chars, said, uprights[said], apart)
    glued = _glued(chars, said, uprights[said])
    starts = np.concatenate(([0], cuts + 1))
    ends = np.concatenate((cuts, [said.size - 1]))
    found = uprights[said]
    lows = np.minimum.reduceat(found[:, :2], starts, axis=0).tolist()
    highs = np.maximum.reduceat(found[:, 2:], starts, axis=0).tolist()
    runs = []
    for start, end, low, high in zip(said[starts].tolist(), said[ends].tolist(), lows, highs, strict=True):
        raw = text[start : end + 1]
        for after, before in reversed([pair for pair in glued if start <= pair[0] and pair[1] <= end]):
            raw = raw[: after + 1 - start] + raw[before - start :]
        words = unicodedata.normalize("NFC", " ".join(raw.split()))
        if words:
            runs.append(Run(words, Box(low[0], low[1], high[0], high[1]), start, end))
    return runs


def _cuts(chars: Chars, said: Numbers, boxes: Floats, apart: Floats) -> Numbers:
    """After which of the characters ``said`` a run ends."""
    here, there = boxes[:-1], boxes[1:]
    high = np.maximum(boxes[:, 3] - boxes[:, 1], 1e-6)
    lower = np.minimum(high[:-1], high[1:])
    overlap = np.minimum(here[:, 3], there[:, 3]) - np.maximum(here[:, 1], there[:, 1])
    em = np.maximum(high[:-1], high[1:])
    gap = there[:, 0] - here[:, 2]
    spaced = np.diff(said) > 1
    cut = (overlap < SAME_LINE_OVERLAP * lower) | (spaced & (gap > WIDE_GAP_EM * em))
    cut |= ~spaced & (gap > CELL_GAP_EM * em)
    # justified lines have gaps like columns, but somebody wrote a space there; between cells nobody did
    unsure = np.flatnonzero((overlap >= SAME_LINE_OVERLAP * lower) & spaced & (gap > UNSURE_EM[0] * em))
    for number in unsure[gap[unsure] < UNSURE_EM[1] * em[unsure]].tolist():
        cut[number] = not chars.wrote_space(int(said[number]), int(said[number + 1]))
    backwards = gap < -BACKWARDS_EM * em
    if _has_right_to_left(chars.text):
        backwards &= np.abs(here[:, 0] - there[:, 2]) > WIDE_GAP_EM * em
    cut |= backwards & (there[:, 0] < here[:, 0])
    for number in np.flatnonzero(~cut & (gap > 0) & spaced).tolist() if apart.size else ():
        middle = (boxes[number, 1] + boxes[number, 3]) / 2
        x0, x1 = here[number, 2] - 1.0, there[number, 0] + 1.0
        cut[number] = bool(
            (
                (apart[:, 0] >= x0) & (apart[:, 0] <= x1) & (apart[:, 1] <= middle) & (apart[:, 2] >= middle)
            ).any()
        )
    return np.flatnonzero(cut)


def _glued(chars: Chars, said: Numbers, boxes: Floats) -> list[tuple[int, int]]:
    """Neighbours that touch, with nothing but a space or line end of pdfium's own making between them."""
    em = np.maximum(boxes[:-1, 3] - boxes[:-1, 1], 1e-6)
    gap = boxes[1:, 0] - boxes[:-1, 2]
    steps = np.diff(said)
    touch = (steps > 1) & (steps < 4) & (gap < GLUED_EM * em) & (gap > -BACKWARDS_EM * em)
    touch &= np.abs(boxes[1:, 3] - boxes[:-1, 3]) < GLUED_EM * em
    pairs = [(int(said[number]), int(said[number + 1])) for number in np.flatnonzero(touch).tolist()]
    return [pair for pair in pairs if not chars.wrote_space(*pair)]


def _has_right_to_left(text: str) -> bool:
    return not text.isascii() and _RIGHT_TO_LEFT.search(text) is not None
