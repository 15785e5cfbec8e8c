"""How well a reading says what a made PDF says."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from rapidfuzz.distance import LCSseq, Levenshtein

from corpus.truth import Made

_ESCAPE = re.compile(r"\\([\\`*_\[\]<>~|#.)(!&=+-])")
_RULE = re.compile(r"^\s*\|?[\s:|-]*---[\s:|-]*$", re.MULTILINE)
_MARKS = re.compile(r"^\s*(?:#{1,6}\s+|[-*•]\s+)", re.MULTILINE)
_EMPHASIS = re.compile(r"\*\*|(?<!\w)\*|\*(?!\w)|<br>|&nbsp;")
_NUMBER = re.compile(r"\d(?:[\d.,:/-]*\d)?")


@dataclass(frozen=True, slots=True)
class Score:
    """Shares, 1 is all of it. ``cells`` is None where the file has no table, or the reading shows none.

    ``words``: of the truth's words, how many the reading has. ``order``: in the longest run of words that
    both have in the same order (what is complete and in order scores 1). ``chars``: 1 - character error rate,
    spaces aside. ``numbers``: figures that are there digit for digit. ``cells``: cells that stand in the same
    row of a Markdown table with the other cells of theirs, each in a cell of its own.
    """

    words: float
    order: float
    chars: float
    numbers: float
    cells: float | None


def score(made: Made, reading: str) -> Score:
    """Compare a reading (Markdown or text) with what the file says."""
    plain = plain_text(reading)
    for furniture in made.furniture:
        plain = plain.replace(furniture, " ")
    truth = "\n".join(made.blocks)
    wanted, found = truth.split(), plain.split()
    there = sum((Counter(wanted) & Counter(found)).values())
    truth_chars, plain_chars = "".join(wanted), "".join(found)
    wrong = Levenshtein.distance(truth_chars, plain_chars) / max(1, len(truth_chars))
    numbers = Counter(_NUMBER.findall(truth))
    same = sum((numbers & Counter(_NUMBER.findall(plain))).values())
    return Score(
        there / max(1, len(wanted)),
        LCSseq.similarity(wanted, found) / max(1, len(wanted)),
        max(0.0, 1 - wrong),
        same / max(1, sum(numbers.values())),
        cells(made.tables, reading) if made.tables else None,
    )


def plain_text(markdown: str) -> str:
    """Without the marks of headings, lists and tables, and without escapes."""
    text = _MARKS.sub("", _RULE.sub("", markdown))
    text = text.replace("\\|", "\x00")
    text = _EMPHASIS.sub(" ", text.replace("|", " "))
    return _ESCAPE.sub(r"\1", text.replace("\x00", "|"))


def cells(tables: Sequence[Sequence[Sequence[str]]], reading: str) -> float:
    """The share of cells found in the row of their own, in order, none of them put together with another."""
    rows = [
        [plain_text(cell).strip() for cell in line.strip().strip("|").split("|")]
        for line in reading.splitlines()
        if line.strip().startswith("|") and "---" not in line
    ]
    total = right = 0
    for table in tables:
        for row in table:
            said = [" ".join(cell.split()) for cell in row if cell]
            total += len(said)
            right += max(
                (LCSseq.similarity(said, [cell for cell in other if cell]) for other in rows), default=0
            )
    return right / max(1, total)
