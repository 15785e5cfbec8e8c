"""PDF pages whose cells, raised figures and watermarks stand close to other text."""

from __future__ import annotations

from pathlib import Path

from fpdf import FPDF

from unit.documents.making import read


def write(folder: Path, content: bytes) -> Path:
    path = folder / "a.pdf"
    path.write_bytes(content)
    return path


def blank_paper() -> FPDF:
    made = FPDF(format="A4")
    made.set_auto_page_break(False)
    made.add_page()
    made.set_font("helvetica", size=11)
    return made


def test_a_raised_figure_belongs_to_the_word_it_touches(tmp_path: Path) -> None:
    made = blank_paper()
    made.set_font("helvetica", size=11)
    x = 20.0
    for part, size, up in (
        ("Interest is due", 11, 0),
        ("1", 7, 1.5),
        (" in 12 m", 11, 0),
        ("2", 7, 1.5),
        (".", 11, 0),
    ):
        made.set_font_size(size)
        made.text(x, 40 - up, part)
        x += made.get_string_width(part)
    assert read(write(tmp_path, bytes(made.output()))).markdown == "Interest is due1 in 12 m2."


def test_a_watermark_across_paragraphs_comes_last(tmp_path: Path) -> None:
    made = blank_paper()
    made.set_font("helvetica", size=11)
    for number in range(6):
        made.text(20, 60 + 8 * number, f"Paragraph {number}. The sum of £{number}00.50 is due.")
    made.set_font_size(60)
    with made.rotation(35, x=40, y=110):
        made.text(40, 110, "DRAFT")
    text = read(write(tmp_path, bytes(made.output()))).markdown
    assert text.endswith("DRAFT")
    assert "# Paragraph" not in text


def test_labels_and_amounts_that_stand_close_are_cells(tmp_path: Path) -> None:
    made = blank_paper()
    made.set_font("helvetica", size=10)
    rows = (
        ("Item", "Paid out", "Paid in"),
        ("Rent", "480.00", ""),
        ("Grant", "", "853.18"),
        ("Gas", "35.67", ""),
    )
    for number, (name, paid, got) in enumerate(rows):
        for text, right in ((paid, 70.0), (got, 85.0)):
            made.text(right - made.get_string_width(text), 50 + 6 * number, text)
        made.text(20, 50 + 6 * number, name)
    assert read(write(tmp_path, bytes(made.output()))).markdown.splitlines() == [
        "| Item | Paid out | Paid in |",
        "| --- | --- | --- |",
        "| Rent | 480.00 |  |",
        "| Grant |  | 853.18 |",
        "| Gas | 35.67 |  |",
    ]
