"""Where characters stand on a page, and the page with them marked."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from casewright.api.documents import BlockOut, PageOut, PieceOut
from casewright.documents.highlight import boxes_of, mark, touches
from casewright.errors import ServiceFailure

TEXT = "Dear Ann,\nyou owe £5.\n\n[figure]"
LINES = (
    PieceOut(start=100, end=109, box=(10, 10, 60, 20)),
    PieceOut(start=110, end=121, box=(10, 25, 70, 35)),
)
PAGE = PageOut(
    number=2,
    markdown=TEXT,
    start=100,
    end=100 + len(TEXT),
    method="text",
    width=100,
    height=200,
    unit="pt",
    blocks=(
        BlockOut(kind="paragraph", page=2, start=100, end=121, box=(10, 10, 70, 35), pieces=LINES),
        BlockOut(kind="figure", page=2, start=123, end=123, box=(10, 50, 90, 150)),
        BlockOut(kind="paragraph", page=2, start=123, end=131, box=(10, 160, 90, 170)),
    ),
)


@pytest.mark.parametrize(
    ("spans", "boxes"),
    [
        ([(100, 101)], [(10, 10, 60, 20)]),
        ([(108, 112)], [(10, 10, 60, 20), (10, 25, 70, 35)]),
        ([(109, 110)], [(10, 10, 70, 35)]),  # only what stands between its lines: the block
        ([(123, 124)], [(10, 160, 90, 170)]),
        ([(100, 101), (101, 102)], [(10, 10, 60, 20)]),
        ([(0, 100)], []),
        ([(131, 140)], []),
        ([(105, 105)], []),
    ],
)
def test_the_lines_that_a_span_touches(
    spans: list[tuple[int, int]], boxes: list[tuple[float, float, float, float]]
) -> None:
    assert boxes_of(PAGE, spans) == boxes
    assert touches(PAGE, (100, 101))
    assert not touches(PAGE, (0, 100))


def png(width: int, height: int) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (width, height), "white").save(out, "PNG")
    return out.getvalue()


def test_a_mark_is_where_the_box_is_whatever_the_images_size() -> None:
    for scale in (1, 3):
        shown = Image.open(io.BytesIO(mark(png(100 * scale, 200 * scale), PAGE, [(10, 25, 70, 35)])))
        white = (255, 255, 255)
        inside, outside = (40 * scale, 30 * scale), (40 * scale, 60 * scale)
        assert shown.getpixel(inside) != white
        assert shown.getpixel(outside) == white
        assert shown.size == (100 * scale, 200 * scale)


def test_ink_stays_ink_under_the_mark() -> None:
    ink = Image.new("RGB", (100, 200), "black")
    out = io.BytesIO()
    ink.save(out, "PNG")
    shown = Image.open(io.BytesIO(mark(out.getvalue(), PAGE, [(10, 25, 70, 35)])))
    assert shown.getpixel((40, 30)) == (0, 0, 0)


def test_nothing_to_mark_changes_nothing() -> None:
    image = png(10, 10)
    assert mark(image, PAGE, []) is image


def test_a_box_outside_its_page_is_brought_to_the_edge() -> None:
    shown = Image.open(io.BytesIO(mark(png(50, 50), PAGE, [(-1e6, -5, 1e9, 1e9), (200, 300, 100, 100)])))
    assert shown.size == (50, 50)


@pytest.mark.parametrize("content", [b"", b"no picture", b"\x89PNG\r\n\x1a\n" + bytes(30)])
def test_an_image_that_is_none_is_told(content: bytes) -> None:
    with pytest.raises(ServiceFailure):
        mark(content, PAGE, [(10, 10, 20, 20)])


def test_an_image_beyond_the_bound_is_not_decoded() -> None:
    with pytest.raises(ServiceFailure, match="too large"):
        mark(png(5000, 5000), PAGE, [(10, 10, 20, 20)])
