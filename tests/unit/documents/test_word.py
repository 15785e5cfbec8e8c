"""DOCX: everything that a reader of the printed page would see, in its order, once."""

from __future__ import annotations

import zipfile
from io import BytesIO
from pathlib import Path
from typing import Any

import docx
import pytest
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls

from casewright.documents.limits import DocumentLimits
from casewright.errors import CasewrightError, DocumentTooLarge, UnreadableDocument
from unit.documents.making import picture, read

W = nsdecls("w")


def save(folder: Path, document: Any) -> Path:
    document.save(folder / "a.docx")
    return folder / "a.docx"


def rewrite(path: Path, part: str, old: bytes, new: bytes) -> None:
    """Replace bytes in one part of a Word file."""
    made = BytesIO()
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            content = source.read(name)
            target.writestr(name, content.replace(old, new) if name == part else content)
    path.write_bytes(made.getvalue())


def test_headings_paragraphs_lists_and_tables_in_order(tmp_path: Path) -> None:
    document = docx.Document()
    document.add_heading("Money", 2)
    document.add_paragraph("Owed £1,240.50 ").add_run("by 14/03/2026")
    for line in ("one", "two"):
        document.add_paragraph(line, style="List Number")
    document.add_paragraph("point", style="List Bullet")
    table = document.add_table(2, 2)
    for row, words in zip(table.rows, (("Item", "Due"), ("Rent", "£5.00")), strict=True):
        for cell, word in zip(row.cells, words, strict=True):
            cell.text = word
    document.add_paragraph("# no heading")
    found = read(save(tmp_path, document))
    assert found.media_type.endswith("wordprocessingml.document")
    assert found.pages[0].markdown == (
        "## Money\n\nOwed £1,240.50 by 14/03/2026\n\n1. one\n2. two\n- point\n\n"
        "| Item | Due |\n| --- | --- |\n| Rent | £5.00 |\n\n\\# no heading"
    )


def test_a_merged_cell_stands_once(tmp_path: Path) -> None:
    document = docx.Document()
    table = document.add_table(3, 3)
    for number, cell in enumerate(cell for row in table.rows for cell in row.cells):
        cell.text = f"c{number}"
    table.cell(0, 0).merge(table.cell(0, 1)).text = "wide 11"
    table.cell(1, 2).merge(table.cell(2, 2)).text = "tall 22"
    assert read(save(tmp_path, document)).pages[0].markdown == (
        "| wide 11 |  | c2 |\n| --- | --- | --- |\n| c3 | c4 | tall 22 |\n| c6 | c7 |  |"
    )


def test_insertions_and_content_controls_are_read_and_deletions_are_not(tmp_path: Path) -> None:
    document = docx.Document()
    paragraph = document.add_paragraph("kept ")._p
    for tag, text in (("ins", "t>inserted 42</w:t"), ("del", "delText>deleted 43</w:delText")):
        paragraph.append(parse_xml(f'<w:{tag} {W} w:id="1" w:author="x"><w:r><w:{text}></w:r></w:{tag}>'))
    control = f"<w:sdt {W}><w:sdtContent><w:p><w:r><w:t>control 77</w:t></w:r></w:p></w:sdtContent></w:sdt>"
    document.element.body.insert(1, parse_xml(control))
    found = read(save(tmp_path, document))
    assert found.pages[0].markdown == "kept inserted 42\n\ncontrol 77"
    assert "1 insertion(s) were read as text, 1 deletion(s) were left out" in found.warnings[0]


def test_a_text_box_is_read_once(tmp_path: Path) -> None:
    document = docx.Document()
    inside = "<w:txbxContent><w:p><w:r><w:t>boxed 8</w:t></w:r></w:p></w:txbxContent>"
    mc = "http://schemas.openxmlformats.org/markup-compatibility/2006"
    run = (
        f'<w:r {W} xmlns:mc="{mc}"><mc:AlternateContent><mc:Choice Requires="wps">{inside}</mc:Choice>'
        f"<mc:Fallback>{inside}</mc:Fallback></mc:AlternateContent></w:r>"
    )
    document.add_paragraph("before")._p.append(parse_xml(run))
    assert read(save(tmp_path, document)).pages[0].markdown == "before\n\nboxed 8"


def test_headers_stand_first_and_footers_last(tmp_path: Path) -> None:
    document = docx.Document()
    document.sections[0].header.paragraphs[0].text = "Ref PPR-9087"
    document.sections[0].footer.paragraphs[0].text = "Charity 1234567"
    document.add_paragraph("body")
    page = read(save(tmp_path, document)).pages[0]
    assert page.markdown == "Ref PPR-9087\n\nbody\n\nCharity 1234567"
    assert [block.kind for block in page.blocks] == ["header", "paragraph", "footer"]


def test_numbers_of_headings_and_lists_are_as_word_shows_them(tmp_path: Path) -> None:
    document = docx.Document()
    levels = "".join(
        f'<w:lvl w:ilvl="{depth}"><w:start w:val="{start}"/><w:numFmt w:val="{shape}"/>'
        f'<w:lvlText w:val="{text}"/></w:lvl>'
        for depth, (shape, text, start) in enumerate(
            (
                ("decimal", "%1.", 3),
                ("decimal", "%1.%2", 1),
                ("lowerLetter", "(%3)", 1),
                ("upperRoman", "%4", 4),
            )
        )
    )
    root = document.part.numbering_part.element
    root.insert(0, parse_xml(f'<w:abstractNum {W} w:abstractNumId="90">{levels}</w:abstractNum>'))
    root.append(parse_xml(f'<w:num {W} w:numId="90"><w:abstractNumId w:val="90"/></w:num>'))
    for depth, style in ((0, "Heading 1"), (1, None), (1, None), (2, None), (3, None), (0, None)):
        paragraph = document.add_paragraph(f"level {depth}", style=style)._p
        paragraph.get_or_add_pPr().append(
            parse_xml(f'<w:numPr {W}><w:ilvl w:val="{depth}"/><w:numId w:val="90"/></w:numPr>')
        )
    assert read(save(tmp_path, document)).markdown == (
        "# 3. level 0\n\n- 3.1 level 1\n- 3.2 level 1\n   - (a) level 2\n      - IV level 3\n4. level 0"
    )


def test_notes_and_comments_follow_the_text_under_their_labels(tmp_path: Path) -> None:
    document = docx.Document()
    run = document.add_paragraph("Owed £5").add_run(" now")
    document.add_comment(run, text="check this 42", author="Jane Doe")
    run._r.append(parse_xml(f'<w:footnoteReference {W} w:id="2"/>'))
    document.add_paragraph("last")
    path = save(tmp_path, document)
    related = (
        b'<Relationship Id="rId99" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/'
        b'footnotes" Target="footnotes.xml"/></Relationships>'
    )
    rewrite(path, "word/_rels/document.xml.rels", b"</Relationships>", related)
    with zipfile.ZipFile(path, "a") as archive:
        note = '<w:footnote w:id="2"><w:p><w:r><w:t>the note 7</w:t></w:r></w:p></w:footnote>'
        archive.writestr("word/footnotes.xml", f"<w:footnotes {W}>{note}</w:footnotes>")
    shown = read(path).markdown
    assert shown.startswith("Owed £5 now\\[1]\n\nlast\n\nFootnote 1: the note 7\n\nComment by Jane Doe (")
    assert shown.endswith("): check this 42")


def test_tables_in_tables_and_numbers_in_cells(tmp_path: Path) -> None:
    document = docx.Document()
    table = document.add_table(1, 2)
    inner = table.cell(0, 0).add_table(1, 2)
    inner.cell(0, 0).text, inner.cell(0, 1).text = "in 1", "in 2"
    table.cell(0, 1).text = "out"
    table.cell(0, 1).add_paragraph("item", style="List Number")
    frame = document.add_table(1, 1)
    framed = frame.cell(0, 0).add_table(1, 1)
    framed.cell(0, 0).text = "framed"
    assert read(save(tmp_path, document)).markdown == (
        "| in 1 in 2 | out 1. item |\n| --- | --- |\n\n| framed |\n| --- |"
    )


def test_pictures_are_figures_that_were_not_read(tmp_path: Path) -> None:
    document = docx.Document()
    picture().save(tmp_path / "a.png")
    document.add_paragraph("before")
    document.add_picture(str(tmp_path / "a.png"))
    found = read(save(tmp_path, document))
    assert [block.kind for block in found.pages[0].blocks] == ["paragraph", "figure"]
    assert found.warnings == ("1 picture in this file was not read",)
    only = docx.Document()
    only.add_picture(str(tmp_path / "a.png"))
    assert read(save(tmp_path, only)).status == "partial"


def test_hidden_text_is_left_out_and_said(tmp_path: Path) -> None:
    document = docx.Document()
    paragraph = document.add_paragraph("shown ")
    paragraph.add_run("secret").font.hidden = True
    found = read(save(tmp_path, document))
    assert found.markdown == "shown"
    assert any("hidden" in warning for warning in found.warnings)


def test_properties(tmp_path: Path) -> None:
    document = docx.Document()
    document.core_properties.title, document.core_properties.author = "Letter", "Jane"
    metadata = read(save(tmp_path, document)).metadata
    assert (metadata["title"], metadata["author"]) == ("Letter", "Jane")


def test_an_empty_file_is_blank(tmp_path: Path) -> None:
    (page,) = read(save(tmp_path, docx.Document())).pages
    assert (page.markdown, page.method, page.warnings) == ("", "none", ("this page is blank",))


def test_external_entities_are_not_read(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("TOP-SECRET-9")
    document = docx.Document()
    document.add_paragraph("HERE")
    path = save(tmp_path, document)
    entity = f'<!DOCTYPE d [<!ENTITY x SYSTEM "file://{tmp_path}/secret">]><w:document'.encode()
    rewrite(path, "word/document.xml", b"<w:document", entity)
    rewrite(path, "word/document.xml", b"HERE", b"A&x;B")
    with pytest.raises(UnreadableDocument, match="document type"):
        read(path)


def test_macros_are_ignored_and_said(tmp_path: Path) -> None:
    document = docx.Document()
    document.add_paragraph("text 5")
    path = save(tmp_path, document)
    plain = b"application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
    macro = b"application/vnd.ms-word.document.macroEnabled.main+xml"
    rewrite(path, "[Content_Types].xml", plain, macro)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("word/vbaProject.bin", b"x")
    found = read(path, "a.docm")
    assert (found.markdown, found.warnings) == ("text 5", ("macros are in this file; they were ignored",))


def test_damage_inside(tmp_path: Path) -> None:
    path = save(tmp_path, docx.Document())
    rewrite(path, "word/document.xml", b"<w:body>", b"<w:bodyy>")
    with pytest.raises(UnreadableDocument, match="damaged"):
        read(path)


def test_every_way_of_spoiling_one_byte_is_an_error_or_text(tmp_path: Path) -> None:
    document = docx.Document()
    document.add_paragraph("Owed £1,240.50")
    whole = save(tmp_path, document).read_bytes()
    spoilt, damaged = tmp_path / "b.docx", 0
    for at in range(0, len(whole), len(whole) // 60):
        spoilt.write_bytes(whole[:at] + bytes([whole[at] ^ 0xFF]) + whole[at + 1 :])
        try:
            read(spoilt)
        except CasewrightError:
            damaged += 1
    assert damaged > 0


def test_zip_bombs(tmp_path: Path) -> None:
    path = save(tmp_path, docx.Document())
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/media/zeros.bin", bytes(3 * 1024 * 1024))
    with pytest.raises(DocumentTooLarge, match="unpacks to"):
        read(path)
    sound = save(tmp_path, docx.Document())
    with pytest.raises(DocumentTooLarge, match="unpacks to"):
        read(sound, limits=DocumentLimits(zip_members=3))
    with pytest.raises(DocumentTooLarge, match="unpacks to"):
        read(sound, limits=DocumentLimits(zip_bytes=1000))


def test_a_table_nested_without_end_is_bounded(tmp_path: Path) -> None:
    document = docx.Document()
    inner = f"<w:tbl {W}><w:tr><w:tc><w:p><w:r><w:t>deep</w:t></w:r></w:p></w:tc></w:tr></w:tbl>"
    for _ in range(60):
        inner = f"<w:tbl {W}><w:tr><w:tc>{inner}<w:p/></w:tc></w:tr></w:tbl>"
    document.element.body.insert(0, parse_xml(inner))
    assert "deep" in read(save(tmp_path, document)).markdown
    for _ in range(30):
        inner = f"<w:tbl {W}><w:tr><w:tc>{inner}<w:p/></w:tc></w:tr></w:tbl>"
    whole = save(tmp_path, docx.Document())
    rewrite(whole, "word/document.xml", b"<w:body>", b"<w:body>" + inner.encode())
    with pytest.raises(DocumentTooLarge, match="nests"):
        read(whole)
