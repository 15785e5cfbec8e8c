"""What is laid out: runs of text with their places, and ruled lines."""

from __future__ import annotations

from dataclasses import dataclass

from casewright.documents.blocks import Box, Doubt


@dataclass(frozen=True, slots=True)
class Gap:
    """A place in a segment where a cell may end: wider than a space, or a letter beside an amount.

    ``at`` is the character after it; ``x0`` and ``x1`` are where the text before ends and that after begins.
    """

    at: int
    x0: float
    x1: float


@dataclass(frozen=True, slots=True)
class Segment:
    """A run of text on one line without a wide gap, as a reader found it.

    ``size`` is its font's size, or its height in a scan; ``bold`` what the font says. ``divided``: it ends in
    the middle of a word, and the hyphen there is the line end's own (it is not in ``text``).
    """

    text: str
    box: Box
    size: float
    bold: bool = False
    divided: bool = False
    confidence: float | None = None
    doubts: tuple[Doubt, ...] = ()
    gaps: tuple[Gap, ...] = ()


@dataclass(frozen=True, slots=True)
class Rule:
    """A straight ruled line, horizontal or vertical; ``box`` is as thin as the line."""

    box: Box
