"""The tesseract command: its table of words, what it says when something is missing, a real page."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from casewright.documents.ocr.lines import Line
from casewright.documents.ocr.page import read_picture_page
from casewright.documents.ocr.tesseract import Tesseract, lines_of
from casewright.documents.options import OcrOptions
from casewright.errors import DocumentTimeout, InstallError
from unit.documents.making import LINES, picture

HEAD = "level\tpage_num\tblock_num\tpar_num\tline_num\tword_num\tleft\ttop\twidth\theight\tconf\ttext"


def word(line: int, left: int, text: str, sure: str = "91.5") -> str:
    return f"5\t1\t1\t1\t{line}\t1\t{left}\t{20 * line}\t{10 * len(text)}\t16\t{sure}\t{text}"


def lines(*rows: str) -> tuple[Line, ...]:
    return lines_of("\n".join((HEAD, "4\t1\t1\t1\t1\t0\t0\t0\t500\t20\t-1\t", *rows)))


def test_words_of_a_line_stand_together_with_their_own_confidence() -> None:
    (line,) = lines(word(1, 10, "owed", "40"), word(1, 55, "£1.50", "90"))
    assert line.text == "owed £1.50"
    assert line.confidences == (0.4,) * 5 + (0.9,) * 5
    assert (line.box.x0, line.box.y0, line.box.x1, line.box.y1) == (10, 20, 105, 36)


def test_words_far_apart_are_columns() -> None:
    found = lines(word(1, 10, "Rent"), word(1, 90, "310.07"), word(2, 10, "Gas"))
    assert [line.text for line in found] == ["Rent", "310.07", "Gas"]


def test_rows_that_are_no_words_are_passed_over() -> None:
    assert lines(word(1, 10, " "), "5\t1", "nothing") == ()
    assert lines_of("") == ()


def test_a_page_is_read_with_few_threads_and_turned() -> None:
    image = picture((*LINES, "We will look at your claim again within one month of today.", *LINES))
    options = OcrOptions(engine="tesseract")
    for turn, said in ((0, 0), (90, 270)):
        page = read_picture_page(
            image.rotate(turn, expand=True), options, width=image.width, height=image.height, unit="px"
        )
        text = "\n".join(piece.text for block in page.blocks for piece in block.pieces)
        assert "£1,240.50" in text
        assert "14/03/2026" in text
        assert any(f"turned by {said} degrees" in warning for warning in page.warnings) == bool(said)


def test_a_missing_language_is_named_with_those_that_are_there() -> None:
    with pytest.raises(InstallError, match="no language xyz") as raised:
        Tesseract(("eng", "xyz"), 1)
    assert "eng" in raised.value.hint


def test_a_missing_command_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(InstallError, match="not on this machine"):
        Tesseract(("eng",), 1)


def test_a_page_that_takes_too_long_is_ended() -> None:
    page = np.asarray(Image.effect_noise((1500, 1500), 90).convert("RGB"))
    with pytest.raises(DocumentTimeout, match="longer than"):
        Tesseract(("eng",), 1, deadline_s=0.05).read(page)
