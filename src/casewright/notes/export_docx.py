"""A letter as a Word file: one template made here, the same bytes for the same letter on the same day.

Rows are made as XML and not by the library's tables, which take minutes for thousands of them.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Any

from docx import Document
from docx.document import Document as Word
from docx.enum.section import WD_SECTION
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_TAB_ALIGNMENT
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.section import Section
from docx.shared import Mm, Pt, RGBColor
from docx.text.paragraph import Paragraph

from casewright.api.notes import Confirmation, ConvertResponse, ExportParts
from casewright.notes import export_parts as ep

_FONT = "Arial"
_ACCENT, _SOFT, _ALARM = RGBColor(31, 90, 109), RGBColor(96, 110, 117), RGBColor(155, 34, 38)
_WIDTHS = (Mm(78), Mm(14), Mm(68))
_BODY, _SMALL, _TABLE = Pt(10.5), Pt(8), Pt(9)
_LETTERHEAD = Mm(30)
_EPOCH = (1980, 1, 1, 0, 0, 0)
_SPACE = "{http://www.w3.org/XML/1998/namespace}space"


def render(
    letter: ConvertResponse,
    notes: str | None,
    confirmation: Confirmation | None,
    *,
    on: date | None = None,
    parts: ExportParts = "all",
) -> bytes:
    """The letter, of all parts with its sources and its file page; ``on`` is its date (None: today)."""
    day = on or date.today()
    found = ep.papers(letter, notes, confirmation, day)
    word = Document()
    _template(word)
    _about(word, found, letter, day)
    _letter(word, found)
    if parts != "letter":
        _sources(word, found)
    if parts == "all":
        _file(word, found)
    return _packed(word)


def _template(word: Word) -> None:
    """Styles and margins of every part."""
    normal: Any = word.styles["Normal"]
    normal.font.name, normal.font.size = _FONT, _BODY
    normal.element.rPr.rFonts.set(qn("w:eastAsia"), _FONT)
    normal.element.rPr.rFonts.set(qn("w:cs"), _FONT)
    normal.paragraph_format.space_after, normal.paragraph_format.line_spacing = Pt(7), 1.15
    for name, size, colour in (("Heading 1", Pt(14), _ACCENT), ("Heading 2", Pt(11.5), _ACCENT)):
        style: Any = word.styles[name]
        style.font.name, style.font.size, style.font.bold, style.font.color.rgb = _FONT, size, True, colour
        fonts = style.element.rPr.rFonts
        for theme in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
            fonts.attrib.pop(qn(f"w:{theme}"), None)
        fonts.set(qn("w:hAnsi"), _FONT)
        style.paragraph_format.space_before, style.paragraph_format.space_after = Pt(10), Pt(4)
    bullet: Any = word.styles["List Bullet"]
    bullet.paragraph_format.space_after = Pt(3)
    defaults = word.styles.element.find(qn("w:docDefaults"))
    for language in defaults.iter(qn("w:lang")) if defaults is not None else ():
        language.set(qn("w:val"), "en-GB")
    section = word.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.left_margin = section.right_margin = Mm(25)
    section.top_margin = section.bottom_margin = Mm(22)


def _about(word: Word, found: ep.Papers, letter: ConvertResponse, day: date) -> None:
    """What the file says of itself, without this machine's clock."""
    made = datetime(day.year, day.month, day.day, tzinfo=UTC).replace(tzinfo=None)
    core = word.core_properties
    core.title, core.author = found.title[:255], ep.shown(letter.adviser or "")[:255]
    core.created = core.modified = made
    core.last_modified_by, core.comments, core.language = "", "", "en-GB"


def _letter(word: Word, found: ep.Papers) -> None:
    _edges(word.sections[0], found, found.title)
    address = word.add_paragraph(found.addressee)
    address.paragraph_format.space_before, address.paragraph_format.space_after = _LETTERHEAD, Pt(14)
    word.add_paragraph(found.day).paragraph_format.space_after = Pt(18)
    blocks = list(found.blocks)
    if blocks and blocks[0].kind == "paragraph" and blocks[0].text.startswith("Dear "):
        word.add_paragraph(blocks.pop(0).text)
    subject = word.add_heading(found.subject, 1)
    subject.paragraph_format.space_before = Pt(4)
    names = {"paragraph": "Normal", "heading": "Heading 2", "bullet": "List Bullet"}
    styles = {kind: word.styles[name].style_id for kind, name in names.items()}
    for place, block in enumerate(blocks):
        paragraph = word.add_paragraph(block.text)
        paragraph._p.style = styles[block.kind]  # by its id: the library looks a name up in all styles
        if block.kind == "paragraph" and place and blocks[place - 1].kind == "bullet":
            paragraph.paragraph_format.space_before = Pt(8)
    if not found.sign_off and not found.signers:
        return
    closing = word.add_paragraph(found.sign_off)
    closing.paragraph_format.space_before, closing.paragraph_format.space_after = Pt(8), Mm(16)
    closing.paragraph_format.keep_with_next = True
    for signer in found.signers:
        word.add_paragraph(signer).paragraph_format.space_after = Pt(2)


def _sources(word: Word, found: ep.Papers) -> None:
    section = word.add_section(WD_SECTION.NEW_PAGE)
    _edges(section, found, f"{found.title} · {ep.SOURCES}")
    word.add_heading(ep.SOURCES, 1).paragraph_format.space_before = Pt(0)
    _run(word.add_paragraph(), ep.SOURCES_SAID, size=_TABLE, colour=_SOFT)
    if not found.rows:
        word.add_paragraph("The letter has no sentence out of the notes.")
        return
    table = word.add_table(rows=0, cols=3)
    table.autofit = False
    _borders(table._tbl)
    for column, width in zip(table.columns, _WIDTHS, strict=True):
        column.width = width
    table._tbl.append(_row([ep.COLUMNS[0]], [ep.COLUMNS[1]], [ep.COLUMNS[2]], head=True))
    for row in found.rows:
        said = [words if words is not None else "(not in these notes)" for _, words in row.lines]
        table._tbl.append(_row([row.sentence], [number for number, _ in row.lines], said, head=False))


def _borders(table: Any) -> None:
    """Thin lines between rows only."""
    found = OxmlElement("w:tblBorders")
    for side in ("top", "bottom", "insideH"):
        _child(found, f"w:{side}", val="single", sz="4", space="0", color="C8D0D4")
    # the schema wants the borders before what says how the table is laid out
    table.tblPr.find(qn("w:tblLayout")).addprevious(found)


def _row(*cells: Iterable[str], head: bool) -> Any:
    """A row of the table; the head is repeated on every page."""
    row = OxmlElement("w:tr")
    if head:
        properties = _child(row, "w:trPr")
        _child(properties, "w:tblHeader")
    for width, texts in zip(_WIDTHS, _beside(*cells), strict=True):
        cell = _child(row, "w:tc")
        properties = _child(cell, "w:tcPr")
        _child(properties, "w:tcW", w=str(width.twips), type="dxa")
        if head:
            _child(properties, "w:shd", val="clear", color="auto", fill="E3EEF1")
        for text in texts:
            paragraph = _child(cell, "w:p")
            _child(_child(paragraph, "w:pPr"), "w:spacing", before="40", after="40")
            run = _child(paragraph, "w:r")
            about = _child(run, "w:rPr")
            if head:
                _child(about, "w:b")
            _child(about, "w:sz", val=str(int(_TABLE.pt * 2)))
            words = _child(run, "w:t")
            words.text = text
            words.set(_SPACE, "preserve")
    return row


def _beside(*cells: Iterable[str]) -> list[list[str]]:
    """Cells as lists of paragraphs; numbers stand with their words, so that long lines cannot part them."""
    sentence, numbers, words = (list(cell) for cell in cells)
    if len(numbers) > 1:
        words = [f"{number}: {text}" for number, text in zip(numbers, words, strict=True)]
        numbers = [", ".join(numbers)]
    return [sentence, numbers or [""], words or [""]]


def _child(parent: Any, name: str, **attributes: str) -> Any:
    found = OxmlElement(name)
    for key, value in attributes.items():
        found.set(qn(f"w:{key}"), value)
    parent.append(found)
    return found


def _file(word: Word, found: ep.Papers) -> None:
    section = word.add_section(WD_SECTION.NEW_PAGE)
    _edges(section, found, f"{found.title} · {ep.FILE}", _ALARM)
    title = word.add_heading("", 1)
    title.paragraph_format.space_before = Pt(0)
    _run(title, ep.FILE, colour=_ALARM)
    for group in found.groups:
        word.add_heading(group.title, 2)
        if not group.points:
            _run(word.add_paragraph(), group.nothing, size=_TABLE, colour=_SOFT)
        for mark, words in group.points:
            paragraph = word.add_paragraph()
            shape = paragraph.paragraph_format
            shape.space_after, shape.left_indent, shape.first_line_indent = Pt(2), Mm(26), Mm(-26)
            shape.tab_stops.add_tab_stop(Mm(26))
            colour = _ALARM if mark == "FAILED" else None
            _run(paragraph, f"{mark}\t", size=_TABLE, colour=colour, bold=True)
            _run(paragraph, words, size=_TABLE, colour=colour)


def _edges(section: Section, found: ep.Papers, part: str, colour: RGBColor = _SOFT) -> None:
    """The head and foot of a part: the mark of a draft, the part's name, and pages numbered from 1."""
    about: Any = section._sectPr
    for before in about.findall(qn("w:pgNumType")):  # a new part begins as a copy of the one before
        about.remove(before)
    numbering = OxmlElement("w:pgNumType")
    numbering.set(qn("w:start"), "1")
    about.find(qn("w:pgMar")).addnext(numbering)
    section.header.is_linked_to_previous = section.footer.is_linked_to_previous = False
    if found.standing == "draft":
        head = section.header.paragraphs[0]
        head.alignment = WD_ALIGN_PARAGRAPH.CENTER
        _run(head, ep.DRAFT, size=_BODY, colour=_ALARM, bold=True)
    foot = section.footer.paragraphs[0]
    foot.style = "Normal"  # the style of feet has tab stops of its own
    stops = foot.paragraph_format.tab_stops
    stops.add_tab_stop(Mm(160), WD_TAB_ALIGNMENT.RIGHT)
    _run(foot, f"{part}\tpage ", size=_SMALL, colour=colour)
    _page_number(foot, colour)


def _page_number(paragraph: Paragraph, colour: RGBColor) -> None:
    """The page's number, which Word counts."""
    for kind, text in (("begin", ""), ("", "PAGE"), ("separate", ""), ("shown", "1"), ("end", "")):
        run = _run(paragraph, text if kind == "shown" else "", size=_SMALL, colour=colour)
        if not kind:
            instruction = _child(run, "w:instrText")
            instruction.text = text
        elif kind != "shown":
            _child(run, "w:fldChar", fldCharType=kind)


def _run(
    paragraph: Paragraph,
    text: str,
    *,
    size: Pt | None = None,
    colour: RGBColor | None = None,
    bold: bool = False,
) -> Any:
    run = paragraph.add_run(text)
    run.font.size, run.font.color.rgb = size, colour
    run.font.bold = bold or None
    return run._r


def _packed(word: Word) -> bytes:
    """The file with no time of day in its parts, which the library stamps with the clock's."""
    raw, out = io.BytesIO(), io.BytesIO()
    word.save(raw)
    with zipfile.ZipFile(raw) as made, zipfile.ZipFile(out, "w") as kept:
        for part in made.infolist():
            about = zipfile.ZipInfo(part.filename, _EPOCH)
            about.compress_type = zipfile.ZIP_DEFLATED
            kept.writestr(about, made.read(part.filename))
    return out.getvalue()
