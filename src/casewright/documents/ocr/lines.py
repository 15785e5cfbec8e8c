"""What an OCR engine answers: lines of text with their places and a confidence for every character."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from casewright.documents.blocks import Box
from casewright.documents.layout.segments import Gap

# Height x width x 3 (red, green, blue), 8 bits.
Pixels = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Line:
    """A line as it was read; ``confidences`` has one figure (0 to 1) for each character of ``text``.

    ``box`` is in pixels of the picture that the engine was given. ``gaps`` are the spaces of the text that
    can be seen.
    """

    text: str
    box: Box
    confidences: tuple[float, ...]
    gaps: tuple[Gap, ...] = ()

    @property
    def confidence(self) -> float:
        """The mean over its characters."""
        return fmean(self.confidences) if self.confidences else 0.0


@dataclass(frozen=True, slots=True)
class Answer:
    """All lines of a picture. ``turned`` is how far it had to be turned counter-clockwise: 0, 90, 180 or 270.

    Boxes are in the picture as turned.
    """

    lines: tuple[Line, ...]
    turned: int


class Engine(Protocol):
    """Reads pictures."""

    def read(self, pixels: Pixels) -> Answer:
        """Every line of a picture, turned by quarters where it has to be.

        Raises:
            InstallError: the engine or its models are not there.
        """
        ...


def mean_confidence(lines: Sequence[Line]) -> float | None:
    """The mean over all characters; None where there is none."""
    every = [figure for line in lines for figure in line.confidences]
    return fmean(every) if every else None


def single_spaced(text: str, confidences: Sequence[float]) -> tuple[str, tuple[float, ...]]:
    """The text without outer and doubled spaces, and the confidences of what is left of it."""
    kept: list[tuple[str, float]] = list(_single_spaced(zip(text, confidences, strict=True)))
    while kept and kept[-1][0] == " ":
        kept.pop()
    return "".join(char for char, _ in kept), tuple(figure for _, figure in kept)


def _single_spaced(chars: Iterator[tuple[str, float]]) -> Iterator[tuple[str, float]]:
    before = " "
    for char, figure in chars:
        now = " " if char.isspace() else char
        if now != " " or before != " ":
            yield now, figure
        before = now
