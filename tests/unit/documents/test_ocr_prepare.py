"""Straightening, and the way back to the page as it was given."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from casewright.documents.blocks import Box
from casewright.documents.ocr.lines import single_spaced
from casewright.documents.ocr.prepare import evened, inked, moved, prepared, scaled, skew_of, turned_back
from casewright.documents.ocr.rules import ruled_lines


def page_of_lines(degrees: float = 0.0) -> np.ndarray:
    """Rows of strokes, as lines of text are."""
    image = Image.new("L", (900, 1200), "white")
    draw = ImageDraw.Draw(image)
    chance = np.random.default_rng(3)
    for row in range(24):
        x = 100.0
        while x < 800:
            draw.line((x, 100 + 40 * row, x, 100 + 40 * row + int(chance.integers(10, 20))), fill=0, width=3)
            x += float(chance.choice((9, 12, 20)))
    turned = image.rotate(degrees, resample=Image.Resampling.BICUBIC, fillcolor="white")
    return np.asarray(turned.convert("RGB"))


@pytest.mark.parametrize("degrees", [-14.5, -5.0, -0.5, 0.0, 2.3, 9.0, 14.5])
def test_the_angle_is_found(degrees: float) -> None:
    assert skew_of(page_of_lines(degrees)) == pytest.approx(degrees, abs=0.15)


def test_a_picture_without_lines_does_not_lean() -> None:
    grain = np.random.default_rng(4).integers(0, 256, (500, 400, 3), dtype=np.uint8)
    assert skew_of(grain) == 0.0
    assert skew_of(np.full((50, 50, 3), 255, np.uint8)) == 0.0


@given(
    st.integers(1, 5000),
    st.integers(1, 5000),
    st.floats(0, 1),
    st.floats(0, 1),
    st.sampled_from((0, 90, 180, 270)),
)
def test_a_turned_point_comes_back(width: int, height: int, across: float, down: float, turned: int) -> None:
    pixels = np.zeros((3, 2))
    pixels[1, 1] = 1
    there = np.rot90(pixels, turned // 90)
    row, column = (float(found[0]) for found in np.nonzero(there))
    box = moved(Box(column, row, column + 1, row + 1), turned_back(turned, 2, 3))
    assert (box.x0, box.y0, box.x1, box.y1) == (1, 1, 2, 2)
    x, y = across * width, down * height
    same = moved(moved(Box(x, y, x, y), scaled(2, 3)), scaled(1 / 2, 1 / 3))
    assert (same.x0, same.y1) == pytest.approx((x, y))


def test_a_straightened_picture_keeps_all_ink_and_knows_the_way_back() -> None:
    given_ = page_of_lines(8.0)
    level = prepared(given_)
    assert level.skew == pytest.approx(8.0, abs=0.15)
    assert (level.pixels < 128).sum() == pytest.approx((given_ < 128).sum(), rel=0.1)
    ys, xs = np.nonzero(level.pixels[:, :, 0] < 60)
    back = moved(Box(xs[0], ys[0], xs[0] + 1, ys[0] + 1), level.back)
    around = given_[round(back.y0) - 2 : round(back.y1) + 2, round(back.x0) - 2 : round(back.x1) + 2]
    assert around.min() < 128


def test_what_is_inked_is_bounded() -> None:
    found = inked(page_of_lines())
    assert found is not None
    assert found.bounds.x0 == pytest.approx(98, abs=6)
    assert found.bounds.y0 == pytest.approx(100, abs=6)
    assert 9 < found.letter < 21
    assert inked(np.full((300, 300, 3), 240, np.uint8)) is None


def test_light_that_falls_unevenly_is_evened_and_even_light_left_alone() -> None:
    even = page_of_lines()
    assert evened(even) is even
    light = np.linspace(1.0, 0.4, even.shape[1])[None, :, None]
    mended = evened((even * light).astype(np.uint8))
    paper = np.median(mended[:90], axis=(0, 2))
    assert paper.min() > 0.8 * paper.max()  # it was 0.4


def test_ruled_lines_are_found_where_they_are_and_letters_are_none() -> None:
    image = Image.fromarray(page_of_lines())
    assert ruled_lines(np.asarray(image), 20) == []
    draw = ImageDraw.Draw(image)
    draw.line((100, 500, 800, 500), fill=(60, 60, 60), width=2)
    draw.line((450, 80, 450, 1000), fill=(60, 60, 60), width=2)
    across, down = ruled_lines(np.asarray(image), 20)
    assert (across.box.x0, across.box.y0, across.box.x1) == pytest.approx((100, 500, 800), abs=25)
    assert (down.box.x0, down.box.y0, down.box.y1) == pytest.approx((450, 80, 1000), abs=25)


@given(st.text(alphabet="ab  \t"))
def test_single_spacing_keeps_every_character_with_its_confidence(text: str) -> None:
    said, sure = single_spaced(text, [1.0 if char.isspace() else 0.5 for char in text])
    assert said == " ".join(text.split())
    assert list(sure) == [1.0 if char == " " else 0.5 for char in said]
