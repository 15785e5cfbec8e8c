"""OpenDocument: texts, spreadsheets and presentations, from the XML that office programs write."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from casewright.documents.limits import DocumentLimits
from casewright.errors import DocumentTooLarge, EncryptedDocument, UnreadableDocument
from unit.documents.making import read

NAMES = " ".join(
    f'xmlns:{short}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
    for short, name in (
        ("office", "office"),
        ("style", "style"),
        ("text", "text"),
        ("table", "table"),
        ("draw", "drawing"),
        ("presentation", "presentation"),
        ("svg", "svg-compatible"),
        ("meta", "meta"),
    )
)
NAMES += ' xmlns:dc="http://purl.org/dc/elements/1.1/"'


def made(
    folder: Path, kind: str, body: str, *, styles: str = "", automatic: str = "", manifest: str = ""
) -> Path:
    path = folder / f"a.{ {'text': 'odt', 'spreadsheet': 'ods', 'presentation': 'odp'}[kind] }"
    root = f"<office:document-content {NAMES}><office:automatic-styles>{automatic}</office:automatic-styles>"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", f"application/vnd.oasis.opendocument.{kind}")
        archive.writestr(
            "content.xml",
            f"{root}<office:body><office:{kind}>{body}</office:{kind}></office:body>"
            f"</office:document-content>",
        )
        archive.writestr("styles.xml", f"<office:document-styles {NAMES}>{styles}</office:document-styles>")
        archive.writestr(
            "meta.xml",
            f"<office:document-meta {NAMES}><office:meta><dc:title>Letter</dc:title></office:meta>"
            "</office:document-meta>",
        )
        archive.writestr("META-INF/manifest.xml", f"<manifest>{manifest}</manifest>")
    return path


def test_text(tmp_path: Path) -> None:
    found = read(
        made(
            tmp_path,
            "text",
            '<text:h text:outline-level="2">Money</text:h><text:p>Owed<text:s text:c="2"/>£1,240.50'
            "<text:line-break/>by <text:span>14/03/2026</text:span></text:p>"
            '<text:list text:style-name="L"><text:list-item><text:p>one</text:p><text:list><text:list-item>'
            "<text:p>inner</text:p></text:list-item></text:list></text:list-item>"
            "<text:list-item><text:p>two</text:p></text:list-item></text:list>"
            "<table:table><table:table-row><table:table-cell table:number-columns-spanned='2'>"
            "<text:p>wide</text:p>"
            "</table:table-cell><table:covered-table-cell/></table:table-row><table:table-row>"
            "<table:table-cell>"
            "<text:p>a</text:p></table:table-cell><table:table-cell><text:p>b</text:p></table:table-cell>"
            "</table:table-row></table:table>"
            "<text:p><draw:frame><draw:text-box><text:p>boxed</text:p></draw:text-box></draw:frame></text:p>"
            "<text:p><draw:frame><draw:image/></draw:frame></text:p>",
            automatic='<text:list-style style:name="L"><text:list-level-style-number text:level="1" '
            'style:num-format="1" style:num-suffix="."/><text:list-level-style-number text:level="2" '
            'style:num-format="a" style:num-suffix=")"/></text:list-style>',
        )
    )
    assert found.markdown == (
        "## Money\n\nOwed £1,240.50\nby 14/03/2026\n\n1. one\n   - a) inner\n2. two\n\n"
        "| wide |  |\n| --- | --- |\n| a | b |\n\nboxed"
    )
    assert (found.metadata, found.warnings) == ({"title": "Letter"}, ("1 picture in this file was not read",))


def test_notes_comments_changes_and_margins(tmp_path: Path) -> None:
    found = read(
        made(
            tmp_path,
            "text",
            "<text:tracked-changes><text:changed-region><text:deletion><text:p>gone</text:p></text:deletion>"
            "</text:changed-region></text:tracked-changes>"
            '<text:p>text<text:note text:note-class="footnote"><text:note-citation>1</text:note-citation>'
            "<text:note-body><text:p>the note</text:p></text:note-body></text:note> on"
            "<office:annotation><dc:creator>Jane</dc:creator><dc:date>2026-03-14T10:00</dc:date>"
            "<text:p>check 42</text:p></office:annotation></text:p>"
            '<text:section text:display="none"><text:p>secret</text:p></text:section>',
            styles="<style:header><text:p>Head 7</text:p></style:header>"
            "<style:footer><text:p>Foot 8</text:p></style:footer>",
        )
    )
    assert found.markdown == (
        "Head 7\n\ntext\\[1] on\n\nFootnote 1: the note\n\nComment by Jane (2026-03-14): check 42\n\nFoot 8"
    )
    assert next(block.kind for block in found.pages[0].blocks) == "header"
    assert any("tracked changes" in warning for warning in found.warnings)
    assert any("hidden" in warning for warning in found.warnings)


def cell(text: str, more: str = "") -> str:
    return f"<table:table-cell {more}><text:p>{text}</text:p></table:table-cell>"


def test_spreadsheet(tmp_path: Path) -> None:
    empty = '<table:table-row table:number-rows-repeated="1048570"><table:table-cell/></table:table-row>'
    found = read(
        made(
            tmp_path,
            "spreadsheet",
            f'<table:table table:name="Money"><table:table-row>{cell("Item")}{cell("Due")}</table:table-row>'
            f'<table:table-row table:visibility="collapse">{cell("Rent")}{cell("£1,240.50")}'
            f"</table:table-row>"
            f'{empty}</table:table><table:table table:name="Secret" table:style-name="t">'
            f"<table:table-row>{cell('9')}</table:table-row></table:table>",
            automatic='<style:style style:name="t"><style:table-properties table:display="false"/>'
            "</style:style>",
        )
    )
    assert [page.markdown for page in found.pages] == [
        "# Money\n\n| Item | Due |\n| --- | --- |\n| Rent | £1,240.50 |",
        "# Secret\n\n9",
    ]
    assert "hidden rows on this sheet: 1" in found.warnings[0]
    assert "sheet is hidden" in found.warnings[1]


def test_cells_repeated_without_end_are_cut_and_said(tmp_path: Path) -> None:
    row = cell("x", 'table:number-columns-repeated="16384"')
    body = f'<table:table-row table:number-rows-repeated="1048576">{row}</table:table-row>'
    body = f"<table:table>{body}</table:table>"
    found = read(made(tmp_path, "spreadsheet", body), limits=DocumentLimits(columns=4, cells=40))
    assert found.status == "partial"
    assert found.markdown.count("| x | x | x | x |") == 10
    with pytest.raises(DocumentTooLarge, match="cells"):
        read(made(tmp_path, "text", body), limits=DocumentLimits(cells=40))


def test_presentation(tmp_path: Path) -> None:
    def frame(text: str, y: str, more: str = "") -> str:
        inside = f"<draw:text-box><text:p>{text}</text:p></draw:text-box>"
        return f'<draw:frame svg:x="1cm" svg:y="{y}" {more}>{inside}</draw:frame>'

    shapes = (
        frame("below", "9cm") + frame("above", "2cm") + frame("Title", "5cm", 'presentation:class="title"')
    )
    said = frame("said", "1cm", 'presentation:class="notes"') + frame("7", "2cm")
    notes = f"<presentation:notes>{said}</presentation:notes>"
    found = read(made(tmp_path, "presentation", f"<draw:page>{shapes}{notes}</draw:page><draw:page/>"))
    assert found.pages[0].markdown == "# Title\n\nabove\n\nbelow\n\nNotes: said"
    assert found.pages[1].warnings == ("this page is blank",)


def test_hostile_files(tmp_path: Path) -> None:
    with pytest.raises(EncryptedDocument):
        read(made(tmp_path, "text", "", manifest="<encryption-data/>"))
    with pytest.raises(DocumentTooLarge):
        read(made(tmp_path, "text", "<text:section>" * 300 + "</text:section>" * 300))
    with pytest.raises(UnreadableDocument):
        read(made(tmp_path, "text", "<text:p>"))
    deep = (
        "<text:list><text:list-item>" * 100
        + "<text:p>deep 5</text:p>"
        + "</text:list-item></text:list>" * 100
    )
    assert "deep 5" in read(made(tmp_path, "text", deep)).markdown
