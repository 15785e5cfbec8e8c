"""XLSX and CSV: every cell as it is shown, digit for digit; nothing is calculated, what is hidden is said."""

from __future__ import annotations

import datetime as dt
import zipfile
from io import BytesIO
from pathlib import Path

import openpyxl  # type: ignore[import-untyped]
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl.comments import Comment  # type: ignore[import-untyped]

from casewright.documents.formats.number_format import shown
from casewright.documents.limits import DocumentLimits
from casewright.errors import DocumentTooLarge, UnreadableDocument
from unit.documents.making import picture, read

SHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
ACCOUNTING = '_-£* #,##0.00_-;-£* #,##0.00_-;_-£* "-"??_-;_-@_-'


def save(folder: Path, book: openpyxl.Workbook) -> Path:
    book.save(folder / "a.xlsx")
    return folder / "a.xlsx"


def with_sheet(folder: Path, rows: str, *, before: str = "", part: str = "xl/worksheets/sheet1.xml") -> Path:
    """A workbook whose sheet is this XML."""
    path, made = save(folder, openpyxl.Workbook()), BytesIO()
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            if name != part:
                target.writestr(name, source.read(name))
        target.writestr(part, f'{before}<worksheet xmlns="{SHEET}"><sheetData>{rows}</sheetData></worksheet>')
    path.write_bytes(made.getvalue())
    return path


def test_sheets_are_pages_and_values_are_as_shown(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "Statement"
    sheet["A1"] = "Northgate account"
    sheet.append([])
    sheet.append(["Date", "What", "Amount", "Share"])
    sheet.append([dt.date(2026, 3, 14), "Rent", 1240.5, 0.2])
    sheet.append([dt.datetime(2026, 3, 15, 10, 30), "Back", -5.1, 0.175])
    sheet["A4"].number_format, sheet["C4"].number_format = "dd/mm/yyyy", "£#,##0.00"
    sheet["C5"].number_format, sheet["D4"].number_format = ACCOUNTING, "0%"
    book.create_sheet("Notes")["B2"] = "PPR-9087"
    book.create_sheet("Empty")
    found = read(save(tmp_path, book))
    assert [page.markdown for page in found.pages] == [
        "# Statement\n\nNorthgate account\n\n| Date | What | Amount | Share |\n| --- | --- | --- | --- |\n"
        "| 14/03/2026 | Rent | £1,240.50 | 20% |\n| 2026-03-15 10:30:00 | Back | -£5.10 | 0.175 |",
        "# Notes\n\nPPR-9087",
        "# Empty",
    ]
    assert found.pages[2].warnings == ("this page is blank",)


def test_what_is_hidden_is_read_and_said_and_formulas_are_not_calculated(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["a", "=SUM(1,2)"])
    sheet.append(["b", 7])
    sheet.row_dimensions[2].hidden = True
    sheet.column_dimensions["B"].hidden = True
    sheet["A1"].comment = Comment("look 3", "Jane")
    hidden = book.create_sheet("Hidden")
    hidden["A1"], hidden.sheet_state = "secret 9", "hidden"
    picture().save(tmp_path / "a.png")
    hidden.add_image(openpyxl.drawing.image.Image(str(tmp_path / "a.png")), "C3")
    found = read(save(tmp_path, book))
    assert "| a | =SUM(1,2) |" in found.markdown
    assert "Comment on A1: look 3" in found.markdown
    assert "secret 9" in found.markdown
    said = " ".join(found.warnings)
    for words in (
        "hidden rows on this sheet: 1",
        "hidden columns",
        "formulas without",
        "sheet is hidden",
        "pictures",
    ):
        assert words in said


@pytest.mark.parametrize(
    ("raw", "code", "text"),
    [
        ("1240.5", "General", "1240.5"),
        ("12345678901234567890", "General", "12345678901234567890"),
        ("0.30000000000000004", "General", "0.3"),
        ("1.5E-3", "General", "0.0015"),
        ("1240.5", "#,##0.00", "1,240.50"),
        ("-1240.5", "#,##0.00;(#,##0.00)", "(1,240.50)"),
        ("1240.5", "[$£-809]#,##0.00", "£1,240.50"),
        ("1240.5", "#,##0.00\\ [$€-407]", "1,240.50 €"),
        ("0", ACCOUNTING, "£-"),
        ("-3", '[Red]-0" pcs"', "--3 pcs"),
        ("2.675", "0.00", "2.68"),
        ("7", "0000", "0007"),
        ("0.5", "0.0%", "50.0%"),
        ("0.5", "#.##", ".5"),
        ("1234567", "#,##0,", "1234567"),
        ("0.25", "# ?/?", "0.25"),
        ("46095", "dd/mm/yyyy", "14/03/2026"),
        ("46095.4375", 'd mmm yyyy "at" h:mm AM/PM', "14 Mar 2026 at 10:30 AM"),
        ("1.5", "[h]:mm", "36:00"),
        ("59", "yyyy-mm-dd", "1900-02-28"),
        ("61", "yyyy-mm-dd", "1900-03-01"),
        ("-5", "dd/mm/yyyy", "-5"),
        ("text", "0.00", "text"),
        ("1e400", "0.00", "1e400"),
    ],
)
def test_number_formats(raw: str, code: str, text: str) -> None:
    assert shown(raw, code) == text


@settings(max_examples=200, deadline=None)
@given(
    st.decimals(-(10**12), 10**12, places=2, allow_nan=False),
    st.sampled_from(["General", "#,##0.00", "£#,##0.00", "0.00", ACCOUNTING, '0.00"x"', "???.00"]),
)
def test_no_format_changes_a_digit_of_an_amount(number: object, code: str) -> None:
    text = shown(str(number), code).replace(",", "").strip("£x-")
    assert float(text or 0) == abs(float(str(number)))


@settings(max_examples=200, deadline=None)
@given(st.text('0#?.,;%_*-/\\"[]$£hmsyd @EeAaPpMm:GENRALt\ue000', max_size=25), st.floats().map(repr))
def test_any_format_gives_some_text(code: str, raw: str) -> None:
    assert isinstance(shown(raw, code), str)


def test_a_sheet_that_claims_to_be_endless(tmp_path: Path) -> None:
    path = with_sheet(tmp_path, '<row r="1048576"><c r="XFD1048576"><v>7</v></c></row>')
    assert read(path).markdown.endswith("\n\n7")


def test_rows_beyond_the_limits_are_cut_and_said(tmp_path: Path) -> None:
    rows = "".join(
        f'<row r="{n}"><c r="A{n}"><v>{n}</v></c><c r="B{n}"><v>1</v></c></row>' for n in range(1, 60)
    )
    found = read(with_sheet(tmp_path, rows), limits=DocumentLimits(cells=50))
    assert (found.status, found.markdown.splitlines()[-1]) == ("partial", "| 25 | 1 |")
    wide = "".join(f"<c><v>{n}</v></c>" for n in range(60))
    found = read(
        with_sheet(tmp_path, f"<row>{wide}</row><row>{wide}</row>"), limits=DocumentLimits(columns=5)
    )
    assert found.status == "partial"
    assert "| 0 | 1 | 2 | 3 | 4 |" in found.markdown
    assert "more than 5 columns" in found.reason


def test_texts_that_are_not_in_the_file_are_missed(tmp_path: Path) -> None:
    found = read(with_sheet(tmp_path, '<row><c t="s"><v>5</v></c></row>'))
    assert (found.status, "1 cells" in found.reason) == ("partial", True)


def test_hostile_parts(tmp_path: Path) -> None:
    with pytest.raises(UnreadableDocument, match="document type"):
        read(with_sheet(tmp_path, "<row/>", before='<!DOCTYPE w [<!ENTITY a "ha">]>'))
    with pytest.raises(UnreadableDocument, match="damaged"):
        read(with_sheet(tmp_path, "<row>"))
    with pytest.raises(DocumentTooLarge, match="unpacks to"):
        read(with_sheet(tmp_path, "<row/>" * 1_000_000))


def test_csv(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(
        b'Date,What,Due\n14/03/2026,"Rent,\nMarch","1,240.50"\n15/03/2026,=1+1,"say ""hi"""\n'
    )
    found = read(tmp_path / "a.csv")
    assert (found.media_type, found.status) == ("text/csv", "ok")
    assert found.markdown == (
        "| Date | What | Due |\n| --- | --- | --- |\n| 14/03/2026 | Rent, March | 1,240.50 |\n"
        '| 15/03/2026 | =1+1 | say "hi" |'
    )


@pytest.mark.parametrize("delimiter", [";", "\t", "|"])
def test_other_delimiters(tmp_path: Path, delimiter: str) -> None:
    rows = [("Name", "Due"), ("a", "1,50"), ("b", "2,75")]
    (tmp_path / "a.csv").write_text("".join(delimiter.join(row) + "\n" for row in rows))
    assert read(tmp_path / "a.csv").markdown == "| Name | Due |\n| --- | --- |\n| a | 1,50 |\n| b | 2,75 |"


def test_quotes_that_do_not_match_and_columns_without_end(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b'a,b\n1,"' + b"x,y\n" * 60_000)
    found = read(tmp_path / "a.csv")
    assert "line by line" in " ".join(found.warnings)
    assert "x,y" in found.markdown
    (tmp_path / "b.csv").write_bytes(b"1," * 100_000 + b"1\n" + b"2," * 100_000 + b"2\n")
    found = read(tmp_path / "b.csv")
    assert (found.status, "100001 columns" in found.reason) == ("partial", True)


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.lists(st.text("ab1,;\"'|= .", max_size=6), min_size=3, max_size=3), min_size=2, max_size=6)
)
def test_every_character_of_a_table_survives(tmp_path: Path, rows: list[list[str]]) -> None:
    import csv
    import io

    buffer = io.StringIO()
    csv.writer(buffer, quoting=csv.QUOTE_ALL).writerows(rows)
    (tmp_path / "a.csv").write_text("Date,What,Due\n" + buffer.getvalue())
    found = read(tmp_path / "a.csv").markdown.replace("\\|", "\0").replace("|", " ").replace("\0", "|")
    kept = " ".join(cell for row in rows for cell in row)
    assert sorted("".join(found.split("--- ")[-1].split())) == sorted("".join(kept.split()))
