"""Gaps in a line's picture: where a word or a cell ends, whatever the engine made of it.

The engine's boxes reach beyond their letters, and it may leave a space out; the ink tells.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from casewright.documents.ocr.lines import Pixels

# Shares of the strip's height, which is about 1.4 of the letters'. A narrower gap is within a word.
LEAST = 0.12
# Ink in so much of a column is no speck.
INKED = 0.04
RULED = 0.6
EDGE = 2
BLUR_FROM = 24
# A gap as wide as most spaces of its line, and wider than any within a word, is a space that was left out.
AS_WIDE = 0.9
STANDS_OUT = 1.5
# Between two letters the engine is mostly right.
LETTERS_STAND_OUT = 2.5
# Where the line has no space to compare with, between a figure and a letter.
ALONE = 0.22

# The end of an amount, a date or a time, as against the number of another thing.
_REST = re.compile(r"\d{3}(?!\d)|\d{2}(?:[^\w ]|$)|\d{4}(?!\d)")

Span = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Ink:
    """Where a strip's ink begins and ends, in pixels, and its ``gaps`` from left to right."""

    first: float
    last: float
    gaps: tuple[Span, ...]


def ink_of(crop: Pixels) -> Ink | None:
    """The ink of a line's strip; None where there is none."""
    height = crop.shape[0]
    grey = cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY)
    if height > BLUR_FROM:
        grey = cv2.medianBlur(grey, 3)
    _, dark = cv2.threshold(grey, 0, 1, cv2.THRESH_BINARY_INV + cv2.THRESH_OTSU)
    if dark.mean() > 0.5:  # light letters on a dark ground
        dark = 1 - dark
    inked = dark.sum(axis=0)
    # a strip reaches beyond its letters: what is high and goes on at its edge is a ruled line
    edge = dark[:EDGE].any(axis=0) | dark[-EDGE:].any(axis=0)
    ruled = edge & (inked >= RULED * height)
    columns = np.flatnonzero((inked >= max(1.0, INKED * height)) & ~ruled)
    if not columns.size:
        return None
    steps = np.diff(columns)
    gaps = [
        (float(columns[at]) + 1, float(columns[at + 1]))
        for at in np.flatnonzero(steps > LEAST * height).tolist()
    ]
    return Ink(float(columns[0]), float(columns[-1]) + 1, tuple(gaps))


def spaced(
    text: str, confidences: Sequence[float], centres: Sequence[float], ink: Ink, height: int
) -> tuple[str, tuple[float, ...], dict[int, Span]]:
    """The text with spaces where visible ones were left out, and the gap before characters (by number).

    ``centres`` say about where each character that is no space stands, in order.
    """
    before = _before(text, centres, ink)
    known = sorted(high - low for at, (low, high) in before.items() if text[at - 1] == " ")
    inner = {at: high - low for at, (low, high) in before.items() if text[at - 1] != " "}
    missing = [at for at in inner if not _in_figure(text, at) and _is_space(text, at, known, inner, height)]
    made, sure, gaps = "", list(confidences), dict[int, Span]()
    for at, char in enumerate(text):
        if at in missing:
            sure.insert(len(made), min(confidences[at - 1], confidences[at]))
            made += " "
        if at in before and made.endswith(" "):
            gaps[len(made)] = before[at]
        made += char
    return made, tuple(sure), gaps


def _in_figure(text: str, at: int) -> bool:
    """Whether a character goes on with a figure: a space there would make two of it."""
    before, after = text[at - 1], text[at:]
    return (before.isdigit() and after[:1] in "0123456789.,:/-") or bool(
        before in ".,:/-£$€" and text[at - 2 : at - 1].isdigit() and _REST.match(after)
    )


def _is_space(text: str, at: int, known: Sequence[float], inner: dict[int, float], height: int) -> bool:
    wide = inner[at]
    within = max((other for place, other in inner.items() if place != at), default=0.0)
    letters = text[at - 1].isalpha() and text[at].isalpha()
    if wide < (LETTERS_STAND_OUT if letters else STANDS_OUT) * within:
        return False
    if known:
        return wide >= AS_WIDE * known[len(known) // 2]
    return wide >= ALONE * height and text[at - 1].isdigit() != text[at].isdigit()


def _before(text: str, centres: Sequence[float], ink: Ink) -> dict[int, Span]:
    """The gaps by the number of the character after each."""
    places = [at for at, char in enumerate(text) if not char.isspace()]
    if len(places) != len(centres):
        return {}
    between = [
        (int(np.searchsorted(np.asarray(centres), (low + high) / 2)), low, high) for low, high in ink.gaps
    ]
    between = [gap for gap in between if 0 < gap[0] < len(places)]
    found: dict[int, Span] = {}
    rough = []
    for after, low, high in between:
        if text[places[after] - 1].isspace():
            found[places[after]] = (low, high)
        else:
            rough.append((after, low, high))
    # what is known of the places is rough: a space beside a gap that has none is the gap's own
    for after, low, high in rough:
        beside = [places[at] for at in (after - 1, after + 1) if 0 < at < len(places)]
        at = next((at for at in beside if text[at - 1].isspace() and at not in found), places[after])
        found.setdefault(at, (low, high))
    return found
