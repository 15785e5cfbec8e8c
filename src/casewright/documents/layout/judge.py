"""What lines and cells are like: sentences, amounts, rows that keep step."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from statistics import fmean, median

from casewright.documents.layout.rows import Line

PROSE_LINES = 3
PROSE_CHARS = 18.0
PROSE_FILL = 0.5
MAX_FRESH = 0.75
FULL_SHARE = 0.7
SAME_WIDTH = 0.8
_FIGURE = re.compile(r"[^\w]*[\d][\d.,:/ %£$€+-]*(?:[A-Za-z]{0,3})[^\w]*")
_VALUE = re.compile(
    r"[£$€+-]?\s?\(?[£$€+-]?\d[\d,.' ]*\)?\s?(?:%|[€£]|CR|DR|OD|pm|am|p)?|[-–—]|nil", re.IGNORECASE
)


def is_prose(lines: Sequence[Line]) -> bool:
    """Whether a column's lines are sentences broken at its edge."""
    said = [line for line in lines if line.text]
    if len(said) < PROSE_LINES or len(said) < 0.5 * len(lines):
        return False
    wide = max(line.x1 for line in said) - min(line.x0 for line in said)
    full = sum(line.x1 - line.x0 >= FULL_SHARE * wide for line in said)
    # a sentence that was broken goes on with a small letter; labels and addresses do not
    fresh = sum(line.text[0].isupper() or line.text[0].isdigit() for line in said)
    if fresh > MAX_FRESH * len(said):
        return False
    letters = fmean(sum(char.isalpha() for char in line.text) / len(line.text) for line in said)
    chars = fmean(len(line.text) for line in said)
    return full >= PROSE_FILL * len(said) and chars >= PROSE_CHARS and letters > 0.6


def aligned(columns: Sequence[Sequence[Line]]) -> bool:
    """Whether the lines of the shorter columns stand on lines of the longest."""
    longest = max(columns, key=len)
    others = [line for column in columns if column is not longest for line in column]
    if not others:
        return False
    on_line = sum(
        any(abs(line.y1 - mate.y1) <= 0.25 * (line.y1 - line.y0) for mate in longest) for line in others
    )
    return on_line >= 0.75 * len(others)


def keeps_step(columns: Sequence[Sequence[Line]]) -> bool:
    """Whether paragraphs of all columns begin on the same lines: then they are cells of rows.

    Columns of a text may keep step by chance; then they are alike in width, and all their paragraphs are
    sentences with the same gap between them, which a shorter cell's would not have.
    """
    if not aligned(columns) or _are_texts(columns):
        return False
    gaps = []
    for column in columns:
        pitches = [below.y0 - above.y0 for above, below in pairwise(column)]
        if not pitches:
            return False
        usual = median(pitches)
        gaps.append(
            {round(below.y1) for above, below in pairwise(column) if below.y0 - above.y0 > 1.25 * usual}
        )
    if not all(gaps):
        return False
    common = sum(any(abs(place - other) <= 2 for other in gaps[1]) for place in gaps[0])
    return common >= 2 and common >= 0.8 * max(len(found) for found in gaps)


def _are_texts(columns: Sequence[Sequence[Line]]) -> bool:
    widths = [max(line.x1 for line in column) - min(line.x0 for line in column) for column in columns]
    if min(widths) < SAME_WIDTH * max(widths):
        return False
    for column in columns:
        pitches = [below.y0 - above.y0 for above, below in pairwise(column)]
        usual = median(pitches) if pitches else 0.0
        wide = [pitch for pitch in pitches if pitch > 1.25 * usual]
        if wide and max(wide) > 1.2 * min(wide):
            return False
        ends = [
            above.text for (above, _), pitch in zip(pairwise(column), pitches, strict=True) if pitch in wide
        ]
        if not all(text.endswith((".", "?", "!")) for text in ends):
            return False
    return True


def is_value(text: str) -> bool:
    """Whether a cell holds an amount, a number or a sign that there is none."""
    return bool(_VALUE.fullmatch(text.strip()))


def is_figure(text: str) -> bool:
    """Whether a cell holds a number, date or time."""
    return bool(_FIGURE.fullmatch(text.strip()))
