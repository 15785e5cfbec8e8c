"""Characters to runs: what stands on one line without a wide gap or a ruled line in between."""

from __future__ import annotations

import unicodedata
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from casewright.documents.blocks import Box
from casewright.documents.layout.segments import Gap
from casewright.documents.pdf.backwards import as_read, has_right_to_left
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
RAISED_SIZE = 0.88

# A gap this wide for which nobody wrote a space may be a cell's border, and so may a letter before money.
BORDER_EM = 0.35
WRITTEN_BORDER_EM = 0.6
NARROW_BORDER_EM = 0.15
# Spaces of a page that are looked at for whether they are written, and the share of which that has to be.
SAMPLE = 40
MIN_WRITTEN = 0.1
# A page's ordinary spaces are among the narrowest quarter of its gaps; a border is wider.
USUAL_QUANTILE = 0.25
WIDER = 1.5
TOUCHING_EM = 0.1
_MONEY = [ord(sign) for sign in "£$€"]
# Two characters, the right edge of the first and the left edge of the second.
_Border = tuple[int, int, float, float]

Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Run:
    """``first`` and ``last`` are the characters (of ``Chars``) at its ends; neither is a space.

    ``gaps``: where a cell may end within it.
    """

    text: str
    box: Box
    first: int
    last: int
    gaps: tuple[Gap, ...] = ()


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
    borders = _borders(chars, said, found, set(cuts.tolist()))
    runs = []
    for start, end, low, high in zip(said[starts].tolist(), said[ends].tolist(), lows, highs, strict=True):
        inside = borders[bisect_left(borders, (start,)) : bisect_left(borders, (end,))]
        words, gaps = _words(text, start, end, glued, inside)
        if has_right_to_left(words):
            own = said[(said >= start) & (said <= end)]
            turned = as_read("".join(text[at] for at in own.tolist()), uprights[own])
            words, gaps = (unicodedata.normalize("NFC", turned) if turned else words), ()
        if words:
            runs.append(Run(words, Box(low[0], low[1], high[0], high[1]), start, end, gaps))
    return runs


def _words(
    text: str, start: int, end: int, glued: list[tuple[int, int]], borders: Sequence[_Border]
) -> tuple[str, tuple[Gap, ...]]:
    """The text of a run, single-spaced, and its gaps."""
    words, gaps = "", []
    for number in range(len(borders) + 1):
        first = borders[number - 1][1] if number else start
        last = borders[number][0] if number < len(borders) else end
        raw = text[first : last + 1]
        here = glued[bisect_left(glued, (first, 0)) : bisect_left(glued, (last, 0))]
        for after, before in reversed(here):
            raw = raw[: after + 1 - first] + raw[before - first :]
        part = unicodedata.normalize("NFC", " ".join(raw.split()))
        if number:
            words += " " * (first - borders[number - 1][0] > 1)
            gaps.append(Gap(len(words), borders[number - 1][2], borders[number - 1][3]))
        words += part
    return words, tuple(gaps)


def _borders(chars: Chars, said: Numbers, boxes: Floats, cuts: set[int]) -> list[_Border]:
    """Pairs of characters within runs between which a cell may end, with the edges of both."""
    em = np.maximum(np.maximum(boxes[1:, 3] - boxes[1:, 1], boxes[:-1, 3] - boxes[:-1, 1]), 1e-6)
    gap = boxes[1:, 0] - boxes[:-1, 2]
    spaced = np.diff(said) > 1
    inside = spaced & (gap > 0)
    inside[list(cuts)] = False
    places = np.flatnonzero(inside).tolist()
    # where spaces are written, one that is not stands between cells; in Courier every space is wide
    sample = places[:: max(1, len(places) // SAMPLE)]
    written = sum(chars.wrote_space(int(said[at]), int(said[at + 1])) for at in sample)
    usual = float(np.quantile((gap / em)[inside], USUAL_QUANTILE)) if places else 0.0
    least = max(BORDER_EM, WIDER * usual)
    narrow = NARROW_BORDER_EM if written >= MIN_WRITTEN * len(sample) else least
    found = []
    for number in np.flatnonzero(inside & (gap > min(least, narrow) * em)).tolist():
        after, before = int(said[number]), int(said[number + 1])
        if not chars.text[after + 1 : before].isspace():
            continue
        wide = gap[number] > max(least, WRITTEN_BORDER_EM) * em[number]
        if wide or not chars.wrote_space(after, before):
            found.append((after, before, float(boxes[number, 2]), float(boxes[number + 1, 0])))
    codes = np.frombuffer(chars.text.encode("utf-32-le", "replace"), np.uint32)[said]
    money = np.isin(codes[1:], _MONEY) & ~spaced & (gap > -TOUCHING_EM * em)
    for number in np.flatnonzero(money).tolist():
        after, before = int(said[number]), int(said[number + 1])
        if number not in cuts and chars.text[after].isalpha():
            found.append((after, before, float(boxes[number, 2]), float(boxes[number + 1, 0])))
    return sorted(found)


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
    if has_right_to_left(chars.text):
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
    high = np.maximum(boxes[:, 3] - boxes[:, 1], 1e-6)
    level = np.abs(boxes[1:, 3] - boxes[:-1, 3]) < GLUED_EM * em
    # a raised or lowered figure belongs to what it touches, and so does the comma after it
    small = np.minimum(high[1:], high[:-1]) <= RAISED_SIZE * np.maximum(high[1:], high[:-1])
    touch &= level | small
    pairs = [(int(said[number]), int(said[number + 1])) for number in np.flatnonzero(touch).tolist()]
    return [pair for pair in pairs if not chars.wrote_space(*pair)]
