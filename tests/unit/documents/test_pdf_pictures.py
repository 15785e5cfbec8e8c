"""PDF pages that have to be looked at: scans, pictures beside text, text layers that say something else."""

from __future__ import annotations

from pathlib import Path

import pypdfium2  # type: ignore[import-untyped]
import pypdfium2.raw as pdfium  # type: ignore[import-untyped]
import pytest
from fpdf import FPDF

from casewright.documents.limits import DocumentLimits
from casewright.documents.options import OcrOptions, ReadOptions
from casewright.documents.pdf import trouble
from unit.documents.making import LINES, picture, read, scanned_pdf

NEVER = ReadOptions(OcrOptions(mode="never"))
WORDS = "The council wrote about the rent of the flat and about the repairs that were not made this winter. "


MORE = (
    WORDS + "Please send every letter that your landlord gave you, because a hearing may be listed soon and "
    "nobody should miss it. Bring bank statements, payslips and anything which shows how much money came in. "
)


def write(folder: Path, content: bytes) -> Path:
    path = folder / "a.pdf"
    path.write_bytes(content)
    return path


def with_picture(above: str, below: str) -> bytes:
    made = FPDF(format="A4")
    made.add_page()
    made.set_font("helvetica", size=11)
    made.multi_cell(0, 6, above)
    made.image(picture(), x=10, y=60, w=190)
    made.set_xy(10, 160)
    made.multi_cell(0, 6, below)
    return bytes(made.output())


def test_a_scanned_page_is_read_by_ocr_beside_one_with_text(tmp_path: Path) -> None:
    found = read(write(tmp_path, scanned_pdf(picture(), ["typed £99.01"])))
    assert [page.method for page in found.pages] == ["ocr", "text"]
    assert (found.method, found.status) == ("mixed", "ok")
    for line in LINES:
        assert line in found.pages[0].markdown
    assert (found.pages[0].confidence or 0) > 0.9
    assert found.pages[1].confidence is None


def test_a_scan_is_not_read_when_ocr_is_off_or_used_up_and_that_is_said(tmp_path: Path) -> None:
    path = write(tmp_path, scanned_pdf(picture(), ["typed £99.01"]))
    off = read(path, options=NEVER)
    assert off.status == "partial"
    assert (off.pages[0].method, off.pages[1].markdown) == ("none", "typed £99.01")
    assert any("switched off" in warning for warning in off.pages[0].warnings)
    used = read(path, limits=DocumentLimits(ocr_pages=0))
    assert (used.status, used.pages[1].markdown) == ("partial", "typed £99.01")
    large = read(path, limits=DocumentLimits(pixels=10_000))
    assert any("more pixels than are read" in warning for warning in large.pages[0].warnings)


def test_a_picture_of_text_is_read_in_its_place(tmp_path: Path) -> None:
    page = read(write(tmp_path, with_picture(WORDS * 2, "What stands below."))).pages[0]
    assert page.method == "mixed"
    at = [page.markdown.index(part) for part in ("The council", *LINES, "What stands below.")]
    assert at == sorted(at)
    figure = next(block for block in page.blocks if block.kind == "figure")
    line = next(block for block in page.blocks if "PPR-9087" in page.markdown[block.start : block.end])
    assert figure.box is not None and line.box is not None
    assert figure.box[0] <= line.box[0] and line.box[3] <= figure.box[3]


def test_a_picture_beside_text_is_said_not_to_be_read_when_ocr_is_off(tmp_path: Path) -> None:
    page = read(write(tmp_path, with_picture(WORDS, "Below.")), options=NEVER).pages[0]
    assert (page.method, page.warnings) == ("text", ("a picture on this page was not read",))


def test_another_programs_ocr_under_a_scan_is_taken_and_said(tmp_path: Path) -> None:
    made = FPDF(format="A4")
    made.add_page()
    made.image(picture(), x=0, y=0, w=210)
    made.set_font("helvetica", size=11)
    with made.local_context(text_mode="INVISIBLE"):
        for number, line in enumerate((*LINES, "and more words of that page")):
            made.text(20, 20 + 12 * number, line)
    page = read(write(tmp_path, bytes(made.output()))).pages[0]
    assert page.method == "text"
    assert "Ref PPR-9087" in page.markdown
    assert any("another program's OCR" in warning for warning in page.warnings)


def shifted_pdf(folder: Path) -> Path:
    """A page whose text says every letter 29 places on, as files without a map of their letters do."""
    lines = [
        WORDS.strip(),
        "Amount due: £1,240.50 by 14 March 2026",
        "Please pay at once and send this back to us.",
    ]
    made = FPDF(format="A4")
    made.add_page()
    made.image(picture(lines, points=7), x=0, y=10, w=210)
    made.set_font("helvetica", size=8)
    with made.local_context(text_mode="INVISIBLE"):
        for number, line in enumerate(lines * 2):
            made.text(
                10, 20 + 8 * number, "".join(chr(ord(char) - 29) if char.islower() else char for char in line)
            )
    return write(folder, bytes(made.output()))


def test_a_text_layer_that_is_not_what_is_seen_is_not_believed(tmp_path: Path) -> None:
    page = read(shifted_pdf(tmp_path)).pages[0]
    assert page.method == "ocr"
    assert "£1,240.50" in page.markdown
    assert any("is not what it shows" in warning for warning in page.warnings)
    off = read(shifted_pdf(tmp_path), options=NEVER)
    assert off.status == "partial"
    assert any("looks wrong" in warning for warning in off.pages[0].warnings)


def test_ocr_of_every_page_when_that_is_asked_for(tmp_path: Path) -> None:
    made = FPDF(format="A4")
    made.add_page()
    made.set_font("helvetica", size=14)
    made.text(20, 30, "Hearing on 14 March 2026")
    found = read(write(tmp_path, bytes(made.output())), options=ReadOptions(OcrOptions(mode="always")))
    assert found.method == "ocr"
    assert "14 March 2026" in found.markdown


def test_a_page_of_nothing_but_a_line_is_blank(tmp_path: Path) -> None:
    made = FPDF(format="A4")
    made.add_page()
    made.line(10, 10, 100, 10)
    page = read(write(tmp_path, bytes(made.output()))).pages[0]
    assert (page.markdown, page.method, page.warnings) == ("", "none", ("this page is blank",))


@pytest.mark.parametrize(
    ("text", "doubt"),
    [
        (MORE, "none"),
        (
            "Wir haben Ihr Schreiben vom dritten März erhalten und prüfen die Höhe der Miete noch einmal. "
            * 2,
            "none",
        ),
        (
            "Le propriétaire a écrit au sujet des réparations qui doivent être faites avant la fin du mois. "
            * 2,
            "none",
        ),
        ("PPR-9087 HB-2231 12.50 9,001.33 03/04/2026 " * 20, "none"),
        ("Кириллица не читается здесь по парам букв. " * 10, "none"),
        ("".join(chr(ord(char) - 29) if char.islower() else char for char in MORE), "strong"),
        (MORE.translate(str.maketrans("etaoinshr", "qzxjkvbwg")), "strong"),
        (WORDS.translate(str.maketrans("etaoinshr", "qzxjkvbwg")), "weak"),
        ("\ue001\ue002\ue003 \ue004\ue005 text", "strong"),
        ("12.50 \ufffd 13.50", "none"),
    ],
)
def test_what_text_is_believed(text: str, doubt: str) -> None:
    assert trouble.doubt_of(text) == doubt


def test_the_page_is_the_same_after_its_pictures_were_looked_at(tmp_path: Path) -> None:
    path = write(tmp_path, with_picture(WORDS, "Below."))
    first, second = read(path), read(path)
    assert first == second
    document = pypdfium2.PdfDocument(path)
    assert pdfium.FPDFPage_CountObjects(document[0].raw) > 0
    document.close()


def test_a_small_picture_of_text_is_read_or_said_not_to_be(tmp_path: Path) -> None:
    made = FPDF(format="A4")
    made.add_page()
    made.set_font("helvetica", size=11)
    made.text(20, 20, WORDS[:60])
    made.image(picture(points=16), x=20, y=40, w=80)
    path = write(tmp_path, bytes(made.output()))
    assert "PPR-9087" in read(path).markdown
    off = read(path, options=NEVER).pages[0]
    assert off.warnings == ("a picture on this page was not read",)


def test_a_page_of_more_parts_than_are_drawn_is_said_not_to_be_read(tmp_path: Path) -> None:
    made = FPDF(format="A4")
    made.add_page()
    made._out("1 1 9 9 re f\n" * 500_001)
    page = read(write(tmp_path, bytes(made.output()))).pages[0]
    assert page.method == "none"
    assert any("more parts than are drawn" in warning for warning in page.warnings)
