"""PDF: its own text where it has some, OCR where it has none, and honest words about the rest."""

from __future__ import annotations

import hashlib
import importlib.util
import re
from pathlib import Path

import pytest

from casewright.documents.limits import DocumentLimits
from casewright.documents.pages import join, method_of
from casewright.errors import DocumentTooLarge, EncryptedDocument, UnreadableDocument
from unit.documents.making import LINES, pdf, picture, read, scanned_pdf

ROOT = Path(__file__).resolve().parents[3]
SAMPLE = ROOT / "sample.pdf"


def write(folder: Path, content: bytes) -> Path:
    path = folder / "a.pdf"
    path.write_bytes(content)
    return path


def test_the_sample_is_read_with_its_headings_table_and_figures() -> None:
    found = read(SAMPLE)
    markdown, placed = join(found.pages)
    assert (found.media_type, len(found.pages), method_of(found.pages)) == ("application/pdf", 2, "text")
    assert markdown.startswith("# Northgate Advice Centre\n\n14 Mill Lane, Leeds LS2 7QT\n")
    assert "### What we ask you to do\n\nPlease pay £75.00 on 13 March 2026" in markdown
    assert "| Date | Entry | Charged | Paid |\n| --- | --- | --- | --- |\n" in markdown
    assert "| 9 January 2026 | Adjustment | £310.00 | - |" in markdown
    assert "The arrears on 1 March 2026 are £1,240.50." in markdown  # over a line's end
    assert markdown.count("PPR-9087") == 4
    assert all(markdown[page.start : page.end] == page.markdown for page in placed)


def test_the_samples_digits_are_those_of_its_script() -> None:
    spec = importlib.util.spec_from_file_location("make_sample_pdf", ROOT / "tools" / "make_sample_pdf.py")
    assert spec is not None
    assert spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    said = " ".join(
        (
            *script.LETTERHEAD[1:],
            *script.ADDRESS,
            *script.REFERENCES,
            script.OPENING,
            script.ACCOUNT,
            *(cell for row in script.TABLE for cell in row),
            script.HEARING,
            "PPR-9087, page 1 of 2",
            *script.OURS,
            *script.YOURS,
            script.CLOSING,
            "PPR-9087, page 2 of 2",
        )
    )
    markdown, _ = join(read(SAMPLE).pages)
    assert re.findall(r"\d+", markdown) == re.findall(r"\d+", said)
    assert hashlib.sha256(script.build()).digest() == hashlib.sha256(SAMPLE.read_bytes()).digest()


def test_text_in_a_pdf_cannot_become_markup(tmp_path: Path) -> None:
    found = read(write(tmp_path, pdf(["# not a heading <script>alert(1)</script> [a](http://b)"])))
    assert found.pages[0].markdown == "\\# not a heading \\<script>alert(1)\\</script> \\[a](http://b)"


def test_a_blank_page_is_said_and_nothing_invented(tmp_path: Path) -> None:
    found = read(write(tmp_path, pdf(["first 1"], [], ["third 3"])))
    assert [page.markdown for page in found.pages] == ["first 1", "", "third 3"]
    assert (found.pages[1].method, found.pages[1].warnings) == ("none", ("this page is blank",))
    assert method_of(found.pages) == "text"


def test_a_scanned_page_is_read_by_ocr_beside_one_with_text(tmp_path: Path) -> None:
    found = read(write(tmp_path, scanned_pdf(picture(), ["typed £99.01"])))
    assert [page.method for page in found.pages] == ["ocr", "text"]
    assert method_of(found.pages) == "mixed"
    for line in LINES:
        assert line in found.pages[0].markdown
    assert (found.pages[0].confidence or 0) > 0.9
    assert found.pages[1].confidence is None


def test_an_image_beside_text_is_said_not_to_be_read(tmp_path: Path) -> None:
    from fpdf import FPDF

    made = FPDF(format="A4")
    made.add_page()
    made.set_font("helvetica", size=11)
    made.multi_cell(0, 6, "Enough words to be a page of its own, by far. " * 3)
    made.image(picture(), x=10, y=60, w=190)
    found = read(write(tmp_path, bytes(made.output())))
    assert found.pages[0].method == "text"
    assert found.pages[0].warnings == ("an image on this page was not read",)


def test_columns_are_read_one_after_the_other(tmp_path: Path) -> None:
    from fpdf import FPDF

    made = FPDF(format="A4")
    made.add_page()
    made.set_font("helvetica", size=11)
    for x, word in ((10, "left"), (110, "right")):
        made.set_xy(x, 20)
        for number in range(4):
            made.set_x(x)
            made.cell(80, 6, f"{word} line {number}", new_x="LEFT", new_y="NEXT")
    text = read(write(tmp_path, bytes(made.output()))).pages[0].markdown
    assert re.findall(r"(left|right) line (\d)", text) == [
        (word, str(number)) for word in ("left", "right") for number in range(4)
    ]


def test_password(tmp_path: Path) -> None:
    with pytest.raises(EncryptedDocument, match="password"):
        read(write(tmp_path, pdf(["secret"], password="x")))


@pytest.mark.parametrize("content", [b"%PDF-1.7\n", b"%PDF-1.7\nrubbish" * 40])
def test_rubbish_under_a_pdf_header(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(UnreadableDocument, match="damaged"):
        read(write(tmp_path, content))


def test_every_way_of_cutting_the_sample_short_is_an_error_or_is_said(tmp_path: Path) -> None:
    whole = SAMPLE.read_bytes()
    unreadable = 0
    for end in range(20, len(whole) - 6, 97):
        try:
            found = read(write(tmp_path, whole[:end]))
        except UnreadableDocument:
            unreadable += 1
        else:
            assert any("the end of this PDF is missing" in warning for warning in found.warnings)
    assert unreadable > 0


def test_limits(tmp_path: Path) -> None:
    path = write(tmp_path, pdf(["a"], ["b"], ["c"]))
    with pytest.raises(DocumentTooLarge, match="3 pages, 2 are read"):
        read(path, limits=DocumentLimits(pages=2))
    with pytest.raises(DocumentTooLarge, match="longer than 5 characters"):
        read(path, limits=DocumentLimits(output_chars=5))
    scan = write(tmp_path, scanned_pdf(picture()))
    with pytest.raises(DocumentTooLarge, match="more than 0 pages"):
        read(scan, limits=DocumentLimits(ocr_pages=0))
