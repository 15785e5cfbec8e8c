"""How well a page was read: characters, figures, and whether the wrong ones were marked."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, fields

from rapidfuzz.distance import Levenshtein

from casewright.documents.blocks import Page, Piece
from casewright.documents.ocr.doubt import figures
from scan_pages import Words


@dataclass
class Score:
    """Sums over pages. ``wrong`` and ``right`` are figures as read; those never read are in neither."""

    pages: int = 0
    seconds: float = 0.0
    chars: int = 0
    errors: int = 0
    figures: int = 0
    exact: int = 0
    wrong: int = 0
    wrong_marked: int = 0
    right: int = 0
    right_marked: int = 0
    unmarked: list[str] = field(default_factory=list)

    def add(self, other: Score) -> None:
        """Take another's sums."""
        for one in fields(self):
            setattr(self, one.name, getattr(self, one.name) + getattr(other, one.name))


def score(page: Page, words: Words, seconds: float) -> Score:
    """One page against what was drawn on it."""
    truth, read = _spaced(words.lines), _spaced(piece.text for piece in pieces_of(page))
    found = Score(
        pages=1,
        seconds=seconds,
        chars=len(truth),
        errors=Levenshtein.distance(truth, read),
        figures=len(words.figures),
        exact=_exact(words.figures, truth, read),
    )
    _judge_marks(found, page, words)
    return found


def pieces_of(page: Page) -> list[Piece]:
    """The page's pieces in reading order, those of tables row by row."""
    return [
        piece
        for block in page.blocks
        for piece in (*block.pieces, *(one for row in block.rows for cell in row for one in cell))
    ]


def _exact(wanted: Sequence[str], truth: str, read: str) -> int:
    """How many figures stand in the text digit for digit, each as often as it was drawn."""
    return sum(min(_times(figure, read), _times(figure, truth)) for figure in set(wanted))


def _times(figure: str, text: str) -> int:
    return len(re.findall(rf"(?<![\w.,£-]){re.escape(figure)}(?![\w-])", text))


def _judge_marks(found: Score, page: Page, words: Words) -> None:
    drawn = Counter(line[start:end] for line in words.lines for _, start, end, _ in figures(line))
    for piece in pieces_of(page):
        for _, start, end, _ in figures(piece.text):
            text = piece.text[start:end]
            marked = any(doubt.start < end and start < doubt.end for doubt in piece.doubts)
            if drawn[text]:
                drawn[text] -= 1
                found.right += 1
                found.right_marked += marked
                continue
            found.wrong += 1
            found.wrong_marked += marked
            if not marked:
                found.unmarked.append(text)


def _spaced(lines: Iterable[str]) -> str:
    return " ".join(" ".join(lines).split())
