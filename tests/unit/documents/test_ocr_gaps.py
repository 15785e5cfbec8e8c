"""Gaps that can be seen in a line's picture."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from casewright.documents.ocr.gaps import Ink, ink_of, spaced
from casewright.documents.ocr.lines import Pixels

SANS, MONO = "DejaVuSans.ttf", "DejaVuSansMono.ttf"


def strip(
    text: str, font: str, *, rule: float | None = None, dark: bool = False
) -> tuple[Pixels, list[float]]:
    """A line as an engine cuts it out, and the middle of each character that is no space."""
    face = ImageFont.truetype(font, 32)
    image = Image.new("RGB", (round(face.getlength(text)) + 24, 48), "black" if dark else "white")
    draw = ImageDraw.Draw(image)
    draw.text((12, 4), text, font=face, fill="white" if dark else "black")
    if rule is not None:
        draw.line((rule, 0, rule, 48), fill="black", width=2)
    middles = [
        12 + (face.getlength(text[:at]) + face.getlength(text[: at + 1])) / 2
        for at, char in enumerate(text)
        if char != " "
    ]
    return np.asarray(image, np.uint8), middles


def read(shown: str, said: str, font: str = SANS) -> str:
    pixels, middles = strip(shown, font)
    ink = ink_of(pixels)
    assert ink
    text, sure, gaps = spaced(said, [0.9] * len(said), middles, ink, pixels.shape[0])
    assert len(sure) == len(text)
    assert all(text[at - 1] == " " and high > low for at, (low, high) in gaps.items())
    return text


@pytest.mark.parametrize(
    ("shown", "said"),
    [("Flat 6, 14 Northgate", "Flat 6,14 Northgate"), ("14 Northgate", "14Northgate"), ("a 1 b", "a1 b")],
)
def test_a_space_that_was_left_out_is_put_in(shown: str, said: str) -> None:
    assert read(shown, said) == shown


@pytest.mark.parametrize("font", [SANS, MONO])
@pytest.mark.parametrize(
    "text", ["on 0113 496 0018.", "the rent of £112.35.", "1,240.50", "at 10:30 on 31/03/2026", "is 1 111 11"]
)
def test_a_figure_is_never_cut(text: str, font: str) -> None:
    assert read(text, text, font) == text


def test_ink_of_light_letters_and_of_nothing() -> None:
    plain, turned = ink_of(strip("two words", SANS)[0]), ink_of(strip("two words", SANS, dark=True)[0])
    assert plain and turned
    wide = [max(ink.gaps, key=lambda gap: gap[1] - gap[0]) for ink in (plain, turned)]
    assert abs(wide[0][0] - wide[1][0]) <= 1
    assert 60 < wide[0][0] < wide[0][1] < 90
    assert abs(plain.first - turned.first) <= 1
    assert 10 <= plain.first <= 20
    assert ink_of(np.full((48, 200, 3), 255, np.uint8)) is None


def test_a_ruled_line_is_no_ink() -> None:
    pixels, middles = strip("Paid   in", SANS, rule=104)
    assert (ink_of(pixels) or Ink(0, 0, ())).gaps == (
        ink_of(strip("Paid   in", SANS)[0]) or Ink(0, 0, ())
    ).gaps
    assert middles
