"""Whole pages as scanners and telephones leave them: leaning, turned, ruled, empty, full of grain."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pypdfium2  # type: ignore[import-untyped]
import pytest
from fpdf import FPDF
from PIL import Image

from casewright.documents.blocks import Page, Piece
from casewright.documents.ocr.page import BLANK, NOTHING_READ, read_picture_page
from casewright.documents.options import OcrOptions
from unit.documents.making import LINES, picture

ROWS = (
    ("Date", "Paid to", "Amount"),
    ("14/03/2026", "Yorkshire Water", "1,240.50"),
    ("02/04/2026", "Rent", "310.07"),
)
A5 = (420, 595)  # points


def scan(draw: Callable[[FPDF], None], dpi: int = 150) -> Image.Image:
    """An A5 page as a scanner gives it."""
    made = FPDF(unit="pt", format=A5)
    made.add_page()
    made.set_font("helvetica", size=12)
    draw(made)
    document = pypdfium2.PdfDocument(bytes(made.output()))
    image: Image.Image = document[0].render(scale=dpi / 72).to_pil().convert("RGB")
    document.close()
    return image


def letter(made: FPDF) -> None:
    for number, line in enumerate((*LINES, "We will look at your claim again within one month.", *LINES)):
        made.text(50, 80 + 24 * number, line)


def ruled(made: FPDF) -> None:
    for row, cells in enumerate(ROWS):
        for column, words in enumerate(cells):
            made.rect(40 + 110 * column, 60 + 30 * row, 110, 30)
            made.text(48 + 110 * column, 80 + 30 * row, words)


def read(image: Image.Image, options: OcrOptions | None = None) -> Page:
    return read_picture_page(
        image, options or OcrOptions(), width=image.width / 2, height=image.height / 2, unit="pt"
    )


def pieces_of(page: Page) -> list[Piece]:
    return [
        piece
        for block in page.blocks
        for piece in (*block.pieces, *(one for row in block.rows for cell in row for one in cell))
    ]


def assert_on_ink(page: Page, image: Image.Image) -> None:
    """Every box holds ink and lies on the page, and nearly all ink lies in a box."""
    ink = np.asarray(image.convert("L")) < 110
    inside = np.zeros_like(ink)
    for piece in pieces_of(page):
        box = piece.box
        assert box is not None
        assert -3 <= box.x0 < box.x1 <= image.width / 2 + 3
        assert -3 <= box.y0 < box.y1 <= image.height / 2 + 3
        part = np.s_[
            max(0, round(2 * box.y0)) : round(2 * box.y1), max(0, round(2 * box.x0)) : round(2 * box.x1)
        ]
        assert ink[part].any()
        inside[part] = True
    assert (ink & inside).sum() > 0.95 * ink.sum()
    assert inside.mean() < 0.75


@pytest.fixture(scope="module")
def level() -> Page:
    return read(scan(letter))


def test_a_level_page_is_read_whole_and_quietly(level: Page) -> None:
    assert level.warnings == ()
    assert [piece.text for piece in pieces_of(level)][: len(LINES)] == list(LINES)
    assert_on_ink(level, scan(letter))
    assert all(piece.confidence is not None and piece.confidence > 0.9 for piece in pieces_of(level))


@pytest.mark.parametrize("degrees", [-4.0, 11.0])
def test_a_leaning_page_is_straightened_and_its_boxes_lie_on_the_page_as_given(
    level: Page, degrees: float
) -> None:
    image = scan(letter).rotate(degrees, expand=True, fillcolor="white", resample=Image.Resampling.BICUBIC)
    page = read(image)
    assert [piece.text for piece in pieces_of(page)] == [piece.text for piece in pieces_of(level)]
    assert page.warnings[0] == f"the page leans by {abs(degrees):.1f} degrees; it was straightened to be read"
    assert_on_ink(page, image)


@pytest.mark.parametrize(("turn", "back"), [(90, 270), (180, 180), (270, 90)])
def test_a_turned_page_is_read_and_that_is_said(level: Page, turn: int, back: int) -> None:
    image = scan(letter).rotate(turn, expand=True)
    page = read(image)
    assert [piece.text for piece in pieces_of(page)] == [piece.text for piece in pieces_of(level)]
    assert page.warnings[0] == f"the page was turned by {back} degrees to be read"
    assert_on_ink(page, image)


def test_a_ruled_table_comes_out_cell_by_cell() -> None:
    image = scan(ruled)
    page = read(image)
    table = next(block for block in page.blocks if block.kind == "table")
    assert tuple(tuple(" ".join(piece.text for piece in cell) for cell in row) for row in table.rows) == ROWS
    box = table.rows[1][2][0].box
    assert box is not None
    scale = image.width / 2 / A5[0]
    assert 260 * scale < box.x0 < box.x1 < 370 * scale  # where the amount was drawn
    assert 90 * scale < box.y0 < box.y1 < 120 * scale


def test_columns_far_apart_stay_apart() -> None:
    def columns(made: FPDF) -> None:
        for number in range(4):
            made.text(40, 80 + 20 * number, f"Left line {number}")
            made.text(260, 80 + 20 * number, f"Right line {number}")

    texts = [piece.text for piece in pieces_of(read(scan(columns)))]
    assert sorted(texts) == sorted(
        f"{side} line {number}" for side in ("Left", "Right") for number in range(4)
    )


def test_a_blank_page_is_blank_whatever_specks_it_has() -> None:
    chance = np.random.default_rng(11)
    paper = chance.normal(235, 6, (1100, 800))
    paper[chance.random(paper.shape) > 0.997] = 30  # dust
    image = Image.fromarray(np.clip(paper, 0, 255).astype(np.uint8)).convert("RGB")
    page = read(image)
    assert (page.method, page.warnings, page.unread, page.blocks) == ("none", (BLANK,), False, ())


def test_a_page_of_grain_gives_no_text() -> None:
    grain = np.random.default_rng(12).integers(0, 256, (600, 500, 3), dtype=np.uint8)
    page = read(Image.fromarray(grain))
    assert page.blocks == ()
    assert (page.unread and page.warnings == (NOTHING_READ,)) or page.warnings == (BLANK,)


def test_a_mark_that_is_no_text_is_not_blank_and_not_read() -> None:
    image = Image.new("RGB", (600, 800), "white")
    image.paste((40, 40, 40), (100, 400, 500, 404))  # a line across the page
    page = read(image)
    assert (page.method, page.warnings, page.unread) == ("none", (NOTHING_READ,), True)


@pytest.mark.parametrize("size", [(1, 1), (1, 400), (400, 1), (31, 9)])
def test_the_smallest_pictures_do_no_harm(size: tuple[int, int]) -> None:
    assert read(Image.new("RGB", size, "white")).warnings == (BLANK,)
    assert read(Image.new("RGB", size, "black")).blocks == ()


@pytest.mark.parametrize("size", [(420, 9_000), (33_000, 120)])
def test_a_long_strip_is_read_and_not_taken_for_blank(size: tuple[int, int]) -> None:
    strip = Image.new("RGB", size, "white")  # a receipt; and one longer than OpenCV can turn
    strip.paste(picture(LINES[1:2]).crop((40, 0, 460, 100)), (0, 10))
    page = read(strip)
    assert [piece.text for piece in pieces_of(page)] == [LINES[1]]
    assert (page.width, page.height) == (size[0] / 2, size[1] / 2)
    box = pieces_of(page)[0].box
    assert box is not None
    assert 10 < box.x0 < box.x1 < 220
    assert 10 < box.y0 < box.y1 < 60


def test_uneven_light_and_grain_change_no_figure() -> None:
    plain = np.asarray(picture(LINES), dtype=np.float64)
    chance = np.random.default_rng(5)
    light = np.linspace(1.0, 0.45, plain.shape[1])[None, :, None]
    taken = plain * light + chance.normal(0, 12, (*plain.shape[:2], 1))
    page = read(Image.fromarray(np.clip(taken, 0, 255).astype(np.uint8)))
    assert [piece.text for piece in pieces_of(page)] == list(LINES)


def test_a_figure_that_cannot_be_is_marked_and_left_as_it_stands() -> None:
    page = read(picture(("Amount due: £12,40.50", "Hearing on 31/02/2026")))
    amount, day = pieces_of(page)
    assert [(one.kind, amount.text[one.start : one.end]) for one in amount.doubts] == [
        ("amount", "£12,40.50")
    ]
    assert [(one.kind, day.text[one.start : one.end]) for one in day.doubts] == [("date", "31/02/2026")]
    assert page.warnings == ("2 figure(s) may be misread: compare them with the page",)


def test_a_box_is_in_the_unit_of_the_page() -> None:
    image = picture(LINES[1:2])
    small = read_picture_page(image, OcrOptions(), width=image.width / 4, height=image.height / 8, unit="pt")
    large = read_picture_page(image, OcrOptions(), width=image.width, height=image.height, unit="px")
    one, other = pieces_of(small)[0].box, pieces_of(large)[0].box
    assert one is not None
    assert other is not None
    assert (one.x0 * 4, one.y0 * 8, one.x1 * 4, one.y1 * 8) == pytest.approx(
        (other.x0, other.y0, other.x1, other.y1)
    )
    assert (small.width, small.height, small.unit) == (image.width / 4, image.height / 8, "pt")
