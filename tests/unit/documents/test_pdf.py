"""PDF: its own text, where it stands and what it is; passwords, damage and limits."""

from __future__ import annotations

import hashlib
import importlib.util
import re
import zlib
from pathlib import Path

import pypdfium2  # type: ignore[import-untyped]
import pytest
from fpdf import FPDF

from casewright.api.documents import Reading
from casewright.documents.limits import DocumentLimits
from casewright.documents.options import ReadOptions
from casewright.errors import DocumentTooLarge, EncryptedDocument, UnreadableDocument
from unit.documents.making import pdf, read

ROOT = Path(__file__).resolve().parents[3]
SAMPLE = ROOT / "sample.pdf"


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


def raw_pdf(content: bytes, *, page: bytes = b"", more: bytes = b"", filters: bytes = b"") -> bytes:
    """A PDF of one page with exactly this content; without a table of objects, which pdfium rebuilds."""
    return (
        b"%PDF-1.7\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
        b"2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
        b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents 4 0 R"
        b"/Resources<</Font<</F 5 0 R>>>>" + page + b">>endobj\n"
        b"4 0 obj<<" + filters + b"/Length %d>>stream\n" % len(content) + content + b"\nendstream endobj\n"
        b"5 0 obj<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>endobj\n"
        + more
        + b"trailer<</Root 1 0 R>>\n%%EOF\n"
    )


def spans_hold(found: Reading) -> bool:
    return all(
        found.markdown[page.start : page.end] == page.markdown
        and all(
            page.start <= piece.start < piece.end <= page.end
            for block in page.blocks
            for piece in block.pieces
        )
        for page in found.pages
    )


def test_the_sample_is_read_with_its_headings_table_and_figures() -> None:
    found = read(SAMPLE)
    assert (found.media_type, len(found.pages), found.method, found.status) == (
        "application/pdf",
        2,
        "text",
        "ok",
    )
    assert found.markdown.startswith("# Northgate Advice Centre\n\n14 Mill Lane, Leeds LS2 7QT\n")
    assert "### What we ask you to do\n\nPlease pay £75.00 on 13 March 2026" in found.markdown
    assert "| Date | Entry | Charged | Paid |\n| --- | --- | --- | --- |\n" in found.markdown
    assert "| 9 January 2026 | Adjustment | £310.00 | - |" in found.markdown
    assert "The arrears on 1 March 2026 are £1,240.50." in found.markdown  # over a line's end
    assert found.markdown.count("PPR-9087") == 4
    assert found.metadata["title"] == "Letter PPR-9087"
    assert found.metadata["created"] == "2026-03-02T09:00:00Z"
    assert [block.kind for page in found.pages for block in page.blocks].count("footer") == 2
    assert spans_hold(found)


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
    assert re.findall(r"\d+", read(SAMPLE).markdown) == re.findall(r"\d+", said)
    assert hashlib.sha256(script.build()).digest() == hashlib.sha256(SAMPLE.read_bytes()).digest()


def test_a_pieces_box_is_where_its_words_are() -> None:
    found = read(SAMPLE)
    line = next(
        piece
        for block in found.pages[0].blocks
        for piece in block.pieces
        if found.markdown[piece.start : piece.end] == "Leeds LS4 2PX"
    )
    document = pypdfium2.PdfDocument(SAMPLE)
    page = document[0]
    assert line.box is not None
    x0, y0, x1, y1 = line.box
    textpage = page.get_textpage()
    inside = textpage.get_text_bounded(x0 - 1, page.get_height() - y1, x1 + 1, page.get_height() - y0)
    textpage.close()
    document.close()
    assert inside.strip() == "Leeds LS4 2PX"


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_a_turned_page_reads_the_same_and_its_boxes_turn_with_it(tmp_path: Path, turn: int) -> None:
    document = pypdfium2.PdfDocument(SAMPLE)
    for page in document:
        page.set_rotation(turn)
    document.save(tmp_path / "turned.pdf")
    document.close()
    upright, turned = read(SAMPLE), read(tmp_path / "turned.pdf")
    assert turned.markdown == upright.markdown
    page, before = turned.pages[0], upright.pages[0]
    sideways = turn != 180
    assert (page.width, page.height) == (
        (before.height, before.width) if sideways else (before.width, before.height)
    )
    old, new = before.blocks[0].box, page.blocks[0].box
    assert old is not None and new is not None and before.width and before.height
    back = {
        90: (new[1], before.height - new[2], new[3], before.height - new[0]),
        180: (before.width - new[2], before.height - new[3], before.width - new[0], before.height - new[1]),
        270: (before.width - new[3], new[0], before.width - new[1], new[2]),
    }[turn]
    assert back == pytest.approx(old, abs=0.5)


def test_text_in_a_pdf_cannot_become_markup(tmp_path: Path) -> None:
    found = read(write(tmp_path, pdf(["# not a heading <script>alert(1)</script> [a](http://b)"])))
    assert found.pages[0].markdown == "\\# not a heading \\<script>alert(1)\\</script> \\[a](http://b)"


def test_a_blank_page_is_said_and_nothing_invented(tmp_path: Path) -> None:
    found = read(write(tmp_path, pdf(["first 1"], [], ["third 3"])))
    assert [page.markdown for page in found.pages] == ["first 1", "", "third 3"]
    assert (found.pages[1].method, found.pages[1].warnings) == ("none", ("this page is blank",))
    assert (found.method, found.status) == ("text", "ok")


def test_reading_goes_on_from_a_page(tmp_path: Path) -> None:
    found = read(write(tmp_path, pdf(["one"], ["two"], ["three"])), options=ReadOptions(first_page=3))
    assert [page.markdown for page in found.pages] == ["three"]
    assert found.page_count == 3


def test_columns_are_read_one_after_the_other(tmp_path: Path) -> None:
    made = blank_paper()
    for x, word in ((10, "left"), (110, "right")):
        made.set_xy(x, 20)
        for number in range(6):
            made.set_x(x)
            made.cell(
                80, 6, f"{word} line {number} with words to its column's end", new_x="LEFT", new_y="NEXT"
            )
    text = read(write(tmp_path, bytes(made.output()))).pages[0].markdown
    assert re.findall(r"(left|right) line (\d)", text) == [
        (word, str(number)) for word in ("left", "right") for number in range(6)
    ]


@pytest.mark.parametrize("ruled", [False, True])
def test_a_statement_is_a_table_with_its_empty_cells(tmp_path: Path, ruled: bool) -> None:
    rows = [
        ("Date", "Description", "Paid out", "Paid in", "Balance"),
        ("1/02/2026", "RENT HARLOW HOMES", "620.25", "", "104.10"),
        ("3/02/2026", "UNIVERSAL CREDIT", "", "393.45", "497.55"),
        ("4/02/2026", "TESCO STORES 2231", "12.99", "", "484.56"),
    ]
    made = blank_paper()
    for row in rows:
        for width, cell, align in zip((26, 70, 25, 25, 25), row, "LLRRR", strict=True):
            made.cell(width, 6, cell, align=align, border=1 if ruled else 0)
        made.ln(6)
    text = read(write(tmp_path, bytes(made.output()))).markdown
    assert text.splitlines()[2:] == [
        "| " + " | ".join(row).replace("|  |", "|  |") + " |" for row in rows[1:]
    ]


def test_wrapped_cells_stay_in_their_row(tmp_path: Path) -> None:
    made = blank_paper()
    y = 20.0
    for date, lines, amount in (
        ("1/02/2026", ("DIRECT DEBIT", "HARLOW HOMES PPR-9087"), "620.25"),
        ("2/02/2026", ("CASH",), "20.00"),
        ("3/02/2026", ("CARD PAYMENT", "TESCO STORES", "LEEDS"), "12.99"),
        ("5/02/2026", ("CASH",), "40.00"),
    ):
        made.text(10, y, date)
        made.text(120, y, amount)
        for number, line in enumerate(lines):
            made.text(50, y + 4.5 * number, line)
        y += 4.5 * len(lines) + 3
    text = read(write(tmp_path, bytes(made.output()))).markdown
    assert "| 1/02/2026 | DIRECT DEBIT HARLOW HOMES PPR-9087 | 620.25 |" in text
    assert "| 3/02/2026 | CARD PAYMENT TESCO STORES LEEDS | 12.99 |" in text


def test_sideways_and_slanted_text_is_read_after_the_rest(tmp_path: Path) -> None:
    made = blank_paper()
    made.multi_cell(0, 6, "Plain words that stand upright.\n" * 3)
    with made.rotation(90, x=20, y=200):
        made.text(20, 200, "Sideways reference PPR-9087")
    with made.rotation(45, x=60, y=200):
        made.text(60, 200, "DRAFT COPY")
    page = read(write(tmp_path, bytes(made.output()))).pages[0]
    assert page.markdown.split("\n\n")[1:] == ["Sideways reference PPR-9087", "DRAFT COPY"]
    box = page.blocks[1].box
    assert box is not None and box[3] - box[1] > 5 * (box[2] - box[0])
    assert any("sideways" in warning for warning in page.warnings)


def test_words_divided_at_a_lines_end_are_whole_and_references_keep_their_hyphen(tmp_path: Path) -> None:
    made = blank_paper()
    made.multi_cell(
        95, 6, "The land-\nlord wrote about the repair of the boiler and quoted case PPR-\n9087 again."
    )
    text = read(write(tmp_path, bytes(made.output()))).markdown
    assert "The landlord wrote" in text
    assert "PPR-9087 again." in text


def test_what_lies_outside_the_page_or_cannot_be_seen_is_said(tmp_path: Path) -> None:
    content = (
        b"BT /F 12 Tf 50 700 Td (Plain words on the page) Tj ET BT /F 12 Tf 900 700 Td (Beyond) Tj ET "
        b"1 1 1 rg BT /F 12 Tf 50 600 Td (White words) Tj ET"
    )
    page = read(write(tmp_path, raw_pdf(content))).pages[0]
    assert page.markdown == "Plain words on the page\n\nWhite words"
    assert "text outside the visible part of this page (6 characters) was left out" in page.warnings
    assert any("cannot be seen" in warning for warning in page.warnings)
    cropped = read(write(tmp_path, raw_pdf(content, page=b"/CropBox[0 650 600 800]"))).pages[0]
    assert (cropped.markdown, cropped.height) == ("Plain words on the page", 150)


def test_what_was_typed_into_a_form_stands_beside_its_label(tmp_path: Path) -> None:
    content = b"BT /F 12 Tf 50 700 Td (Name:) Tj ET BT /F 12 Tf 50 670 Td (Rent a week:) Tj ET"
    more = (
        b"6 0 obj<</Type/Annot/Subtype/Widget/FT/Tx/T(name)/V(Adaeze Okafor)/Rect[200 695 400 712]>>endobj\n"
        b"7 0 obj<</Type/Annot/Subtype/Widget/FT/Tx/T(rent)/V(\xa3155.06)/Rect[200 665 400 682]>>endobj\n"
        b"8 0 obj<</Type/Annot/Subtype/FreeText/Contents(Seen on 3 March)/Rect[50 500 250 520]>>endobj\n"
        b"9 0 obj<</Type/Annot/Subtype/Text/Contents(ask again)/Rect[500 700 520 720]>>endobj\n"
    )
    made = raw_pdf(content, page=b"/Annots[6 0 R 7 0 R 8 0 R 9 0 R]", more=more)
    made = made.replace(b"/Catalog", b"/Catalog/AcroForm<</Fields[6 0 R 7 0 R]>>")
    page = read(write(tmp_path, made)).pages[0]
    assert (
        page.markdown
        == "| Name: | Adaeze Okafor |\n| --- | --- |\n| Rent a week: | £155.06 |\n\nSeen on 3 March"
    )
    assert page.warnings == ("1 comment(s) on this page were not read",)


def test_attached_files_are_said_not_to_be_read(tmp_path: Path) -> None:
    document = pypdfium2.PdfDocument(SAMPLE)
    document.new_attachment("bank.xlsx").set_data(b"x")
    document.save(tmp_path / "with.pdf")
    document.close()
    assert "files attached inside this PDF were not read: bank.xlsx" in read(tmp_path / "with.pdf").warnings


def test_passwords(tmp_path: Path) -> None:
    path = write(tmp_path, pdf(["secret"], password="x"))
    with pytest.raises(EncryptedDocument, match="asks for a password"):
        read(path)
    with pytest.raises(EncryptedDocument, match="does not open it"):
        read(path, options=ReadOptions(password="y"))
    assert read(path, options=ReadOptions(password="x")).markdown == "secret"


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
            assert found.status == "partial" or found.markdown == read(SAMPLE).markdown
    assert unreadable > 0


def test_content_that_cannot_be_unpacked_is_never_ok(tmp_path: Path) -> None:
    packed = zlib.compress(b"BT /F 12 Tf 50 700 Td (" + b"Words of the page. " * 40 + b") Tj ET")
    whole = read(write(tmp_path, raw_pdf(packed, filters=b"/Filter/FlateDecode")))
    assert (whole.status, "Words of the page." in whole.markdown) == ("ok", True)
    for broken, filters in (
        (b"\0" * 8 + packed[8:], b"/Filter/FlateDecode"),
        (packed[: len(packed) // 2], b"/Filter/FlateDecode"),
        (packed, b"/Filter/NoSuchDecode"),
    ):
        found = read(write(tmp_path, raw_pdf(broken, filters=filters)))
        assert found.status == "partial"
        assert any("damaged or missing" in warning for warning in found.warnings)
    gone = raw_pdf(packed, filters=b"/Filter/FlateDecode").replace(b"4 0 obj<<", b"40 0 obj<<")
    found = read(write(tmp_path, gone))
    assert (found.status, found.pages[0].method) == ("partial", "none")


def test_a_part_that_unpacks_without_end_is_refused(tmp_path: Path) -> None:
    bomb = zlib.compress(b" " * 30_000_000)
    with pytest.raises(DocumentTooLarge, match="unpacks to more than 10 MB"):
        read(
            write(tmp_path, raw_pdf(bomb, filters=b"/Filter/FlateDecode")),
            limits=DocumentLimits(zip_bytes=10 * 1024 * 1024),
        )


def test_a_page_that_is_none_keeps_its_number(tmp_path: Path) -> None:
    made = raw_pdf(b"BT /F 12 Tf 50 700 Td (Page three) Tj ET").replace(
        b"/Kids[3 0 R]/Count 1", b"/Kids[3 0 R 9 0 R]/Count 2"
    )
    found = read(write(tmp_path, made))
    assert found.page_count == 2
    assert found.status == "partial"


def test_limits(tmp_path: Path) -> None:
    path = write(tmp_path, pdf(["a"], ["b"], ["c"]))
    with pytest.raises(DocumentTooLarge, match="3 pages, 2 are read"):
        read(path, limits=DocumentLimits(pages=2))
    assert read(path, limits=DocumentLimits(output_chars=5)).status == "partial"


def test_accents_ligatures_soft_hyphens_and_other_scripts(tmp_path: Path) -> None:
    font = Path("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf")
    if not font.exists():
        pytest.skip("DejaVu is not on this machine")
    made = FPDF(format="A4")
    made.add_page()
    made.add_font("dejavu", "", font)
    made.set_font("dejavu", size=12)
    # the writer draws from left to right, so what is read from the right is given turned round
    for line in (
        "Élodie Žák paid 5 € on 3 May",
        "Кириллица и ελληνικά",
        "שלום"[::-1] + " 9087",
        "ﬁne oﬃce 42",
    ):
        made.cell(0, 8, line, new_x="LMARGIN", new_y="NEXT")
    text = read(write(tmp_path, bytes(made.output()))).markdown
    for part in ("Élodie Žák paid 5 € on 3 May", "Кириллица и ελληνικά", "שלום", "9087", "office 42"):
        assert part in text
