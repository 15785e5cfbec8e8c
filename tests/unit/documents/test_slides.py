"""PPTX: every slide a page, in reading order, with its tables, lists and notes."""

from __future__ import annotations

import zipfile
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from pptx import Presentation
from pptx.util import Inches

from casewright.documents.limits import DocumentLimits
from casewright.errors import CasewrightError, DocumentTooLarge
from unit.documents.making import picture, read


def save(folder: Path, slides: Any) -> Path:
    slides.save(folder / "a.pptx")
    return folder / "a.pptx"


def box(slide: Any, text: str, left: float, top: float) -> Any:
    frame = slide.shapes.add_textbox(Inches(left), Inches(top), Inches(2), Inches(1)).text_frame
    frame.text = text
    return frame


def test_title_lists_tables_and_notes(tmp_path: Path) -> None:
    slides = Presentation()
    slide = slides.slides.add_slide(slides.slide_layouts[1])
    slide.shapes.title.text = "Housing"
    body = slide.placeholders[1].text_frame
    body.text = "Rent £1,240.50"
    inner = body.add_paragraph()
    inner.text, inner.level = "since 14/03/2026", 1
    table = slide.shapes.add_table(2, 2, Inches(1), Inches(5), Inches(4), Inches(1)).table
    table.cell(0, 0).text, table.cell(0, 1).text = "Item", "Due"
    table.cell(1, 0).merge(table.cell(1, 1))
    table.cell(1, 0).text = "wide"
    slide.notes_slide.notes_text_frame.text = "say hello"
    found = read(save(tmp_path, slides))
    assert (found.status, found.page_count) == ("ok", 1)
    assert found.markdown == (
        "# Housing\n\n- Rent £1,240.50\n   - since 14/03/2026\n\n"
        "| Item | Due |\n| --- | --- |\n| wide |  |\n\nNotes: say hello"
    )


def test_boxes_come_from_top_to_bottom_and_left_to_right(tmp_path: Path) -> None:
    slides = Presentation()
    slide = slides.slides.add_slide(slides.slide_layouts[6])
    for text, left, top in (("fourth", 0, 4), ("third", 5, 2), ("second", 1, 2.02), ("first", 5, 0)):
        box(slide, text, left, top)
    group = slide.shapes.add_group_shape([slide.shapes[0]])
    group.shapes.add_textbox(Inches(0), Inches(6), Inches(1), Inches(1)).text_frame.text = "fifth"
    assert read(save(tmp_path, slides)).markdown == "first\n\nsecond\n\nthird\n\nfourth\n\nfifth"


def test_hidden_slides_and_pictures_are_said(tmp_path: Path) -> None:
    slides = Presentation()
    hidden = slides.slides.add_slide(slides.slide_layouts[6])
    hidden._element.set("show", "0")
    box(hidden, "secret 9", 0, 0)
    pictured = slides.slides.add_slide(slides.slide_layouts[6])
    picture().save(tmp_path / "a.png")
    pictured.shapes.add_picture(str(tmp_path / "a.png"), 0, 0)
    slides.slides.add_slide(slides.slide_layouts[6])
    found = read(save(tmp_path, slides))
    assert found.pages[0].markdown == "secret 9"
    assert found.pages[0].warnings == ("this slide is hidden; it was read",)
    assert [block.kind for block in found.pages[1].blocks] == ["figure"]
    assert "pictures" in found.pages[1].warnings[0]
    assert found.pages[2].warnings == ("this page is blank",)
    assert (found.status, "page 2" in found.reason) == ("partial", True)


def test_numbers_of_lists(tmp_path: Path) -> None:
    slides = Presentation()
    frame = box(slides.slides.add_slide(slides.slide_layouts[6]), "one", 0, 0)
    frame.add_paragraph().text = "two"
    frame.add_paragraph().text = "three"
    for paragraph, shape in zip(
        frame.paragraphs, ("arabicPeriod", "arabicPeriod", "alphaLcParenR"), strict=True
    ):
        mark = paragraph._p.get_or_add_pPr().makeelement(
            "{http://schemas.openxmlformats.org/drawingml/2006/main}buAutoNum", {"type": shape}
        )
        paragraph._p.get_or_add_pPr().append(mark)
    assert read(save(tmp_path, slides)).markdown == "1. one\n2. two\n- c) three"


def test_too_many_slides(tmp_path: Path) -> None:
    slides = Presentation()
    for _ in range(3):
        slides.slides.add_slide(slides.slide_layouts[6])
    with pytest.raises(DocumentTooLarge, match="3 slides"):
        read(save(tmp_path, slides), limits=DocumentLimits(pages=2))


def test_every_way_of_spoiling_a_part_is_an_error_or_a_reading(tmp_path: Path) -> None:
    slides = Presentation()
    box(slides.slides.add_slide(slides.slide_layouts[6]), "text 5", 0, 0)
    path = save(tmp_path, slides)
    with zipfile.ZipFile(path) as source:
        parts = {name: source.read(name) for name in source.namelist()}
    for spoilt in ("ppt/slides/slide1.xml", "ppt/presentation.xml", "ppt/_rels/presentation.xml.rels"):
        for content in (b"", b"<a/>", parts[spoilt][:200], parts[spoilt].replace(b"p:", b"q:")):
            made = BytesIO()
            with zipfile.ZipFile(made, "w") as target:
                for name, whole in parts.items():
                    target.writestr(name, content if name == spoilt else whole)
            path.write_bytes(made.getvalue())
            try:
                assert read(path).status in ("ok", "partial")
            except CasewrightError as error:
                assert error.hint
