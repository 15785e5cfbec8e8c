"""Letters as files: what a reader of the file finds, read back with other libraries than made it."""

from __future__ import annotations

import io
import zipfile
from datetime import date

import pypdfium2 as pdfium  # type: ignore[import-untyped]
import pytest
from docx import Document
from hypothesis import given, settings
from hypothesis import strategies as st

from casewright.api.notes import LeftOut, Section
from casewright.notes import export_docx, export_parts, export_pdf
from unit.notes.sample_letter import ADVISER, DAY, LINES, NAME, NOTES, SAID, confirmed, letter

ALPHABETS = "Ŵŷ Ẁẁ áêïòū Łódź żółć Ελληνικά ἀρχή Україна Ђорђе Հայ ქართ £€₴ “–” ½"
HOSTILE = (
    "</w:t><script>alert(1)</script>&amp;<w:p>",
    "\u202egnol\u202c \u200f\u2066x\u2069",
    "a\x00b\x07c\x1bd\u2028e\ufffef\uffffg",
    "w" * 5000,
    "م ש 漢 🙂 \U000f0000",
    "%PDF (\\) Tj ET endstream endobj",
)


def pdf_pages(content: bytes) -> list[str]:
    """Each page's words, on one line: how lines are broken is no matter here."""
    document = pdfium.PdfDocument(content)
    return [" ".join(page.get_textpage().get_text_range().split()) for page in document]


def docx_texts(content: bytes) -> list[str]:
    """Every paragraph of the body in order, those of tables with the others."""
    body = Document(io.BytesIO(content)).element.body
    return ["".join(node.text or "" for node in part.iter("{*}t")) for part in body.iter("{*}p")]


def docx_part(content: bytes, start: str) -> list[str]:
    texts = docx_texts(content)
    return texts[texts.index(start) :]


def test_the_pdf_holds_the_letter_its_sources_and_the_file_page() -> None:
    first, sources, file = pdf_pages(export_pdf.render(letter(), NOTES, None, on=DAY))
    for words in (NAME, "13 May 2026", "Our notes of 12 May 2026", f"Yours sincerely {ADVISER}"):
        assert words in first
    at = [first.index(text) for text, _, _ in SAID]
    assert at == sorted(at)
    assert export_parts.SOURCES in sources
    for text, _, number in SAID:
        assert text in sources
        assert f"{number} {LINES[number - 1]}" in sources
    assert export_parts.FILE in file
    for words in (
        "Line 7 NB private: seems frightened of ex-partner (marked as private)",
        "Lines 3, 9 two amounts of the arrears: £450, £540",
        "Line 10 RM to chase (in the letter under matters discussed)",
        "FAILED no person needed: say who acts; line 10",
        "6 of 9 with words",
    ):
        assert words in file


def test_the_client_s_part_says_nothing_that_was_withheld() -> None:
    first, sources, _ = pdf_pages(export_pdf.render(letter(), NOTES, None, on=DAY))
    texts = docx_texts(export_docx.render(letter(), NOTES, None, on=DAY))
    client = " ".join(texts[: texts.index(export_parts.FILE)])
    for part in (first, sources, client):
        assert "frightened" not in part
        assert "QuickLoan" not in part


def test_the_letter_alone_holds_nothing_else_and_keeps_the_mark_of_a_draft() -> None:
    found = letter()
    for word in (None, confirmed(found)):
        pages = pdf_pages(export_pdf.render(found, NOTES, word, on=DAY, parts="letter"))
        whole = pdf_pages(export_pdf.render(found, NOTES, word, on=DAY))
        assert pages == whole[:1]
        assert all((export_parts.DRAFT in page) == (word is None) for page in pages)
        content = export_docx.render(found, NOTES, word, on=DAY, parts="letter")
        texts = docx_texts(export_docx.render(found, NOTES, word, on=DAY))
        assert docx_texts(content) == texts[: texts.index(export_parts.SOURCES) - 1]
        assert marks(content) == (word is None)
        document = Document(io.BytesIO(content))
        assert (len(document.sections), len(document.tables)) == (1, 0)
        parts = zipfile.ZipFile(io.BytesIO(content))
        raw = b"".join(parts.read(name) for name in parts.namelist())
        for words in (b"frightened", b"QuickLoan", b"Ffion", found.seal.encode()):
            assert words not in raw


def test_the_letter_with_its_sources_holds_nothing_that_was_withheld() -> None:
    found = letter()
    pages = pdf_pages(export_pdf.render(found, NOTES, confirmed(found), on=DAY, parts="sources"))
    assert pages == pdf_pages(export_pdf.render(found, NOTES, confirmed(found), on=DAY))[:2]
    content = export_docx.render(found, NOTES, confirmed(found), on=DAY, parts="sources")
    document = Document(io.BytesIO(content))
    assert (len(document.sections), len(document.tables)) == (2, 1)
    said = " ".join((*pages, *docx_texts(content)))
    for words in ("frightened", "QuickLoan", found.seal, export_parts.FILE):
        assert words not in said


def test_the_word_file_holds_the_same() -> None:
    content = export_docx.render(letter(), NOTES, None, on=DAY)
    texts = docx_texts(content)
    body = texts[: texts.index(export_parts.SOURCES)]
    assert [text for text, _, _ in SAID] == [text for text in body if text in {said for said, _, _ in SAID}]
    assert body.index("Yours sincerely") < body.index(ADVISER)
    table = Document(io.BytesIO(content)).tables[0]
    rows = [tuple(cell.text for cell in row.cells) for row in table.rows]
    assert rows[0] == export_parts.COLUMNS
    assert rows[1:] == [(text, str(number), LINES[number - 1]) for text, _, number in SAID]
    file = docx_part(content, export_parts.FILE)
    assert "Line 8sister's debt: £2,000 to QuickLoan (another person's matter)" in file
    assert len(Document(io.BytesIO(content)).sections) == 3


def marks(content: bytes) -> int:
    """How many parts carry the mark of a draft in their head."""
    heads = [section.header.paragraphs[0].text for section in Document(io.BytesIO(content)).sections]
    return heads.count(export_parts.DRAFT)


def test_a_draft_is_marked_on_every_page_and_others_are_not() -> None:
    draft = letter()
    assert all(export_parts.DRAFT in page for page in pdf_pages(export_pdf.render(draft, NOTES, None)))
    assert marks(export_docx.render(draft, NOTES, None)) == 3
    ready = letter(ready_to_send=True)
    for found, word in ((draft, confirmed(draft)), (ready, None)):
        assert not any(
            export_parts.DRAFT in page for page in pdf_pages(export_pdf.render(found, NOTES, word))
        )
        assert marks(export_docx.render(found, NOTES, word)) == 0


def test_a_confirmation_is_on_the_file_page_and_only_its_own_letter_s() -> None:
    found = letter()
    word = confirmed(found)
    said = "Confirmed by Ffion Ó Briain at 2026-05-13T10:20:30Z Note read to the client"
    *client, file = pdf_pages(export_pdf.render(found, NOTES, word))
    assert said in file
    assert not any("Ffion" in page for page in client)
    file_texts = docx_part(export_docx.render(found, NOTES, word), export_parts.FILE)
    assert "Confirmedby Ffion Ó Briain at 2026-05-13T10:20:30Z" in file_texts
    other = word.model_copy(update={"seal": "of another letter"})
    assert all(export_parts.DRAFT in page for page in pdf_pages(export_pdf.render(found, NOTES, other)))


def test_without_notes_the_facts_words_stand_beside_the_sentences() -> None:
    _, sources, file = pdf_pages(export_pdf.render(letter(), None, None))
    assert f"5 {LINES[4]}" in sources
    assert f"Line 9 {LINES[8]}" in file
    rows = Document(io.BytesIO(export_docx.render(letter(), None, None))).tables[0].rows
    assert [cell.text for cell in rows[1].cells] == [SAID[0][0], "3", LINES[2]]


def test_a_line_that_the_notes_do_not_have_is_said_to_be_missing() -> None:
    assert "(not in these notes)" in pdf_pages(export_pdf.render(letter(), "one line", None))[1]


def test_no_word_of_the_letter_is_lost_or_added() -> None:
    found = letter(adviser=None)
    blocks = export_parts.papers(found, None, None, DAY)
    said = [block.text for block in blocks.blocks] + [blocks.sign_off, *blocks.signers]
    assert said == [line.removeprefix("- ") for line in found.full_text.split("\n") if line]


def test_a_letter_of_nothing_has_its_files() -> None:
    empty = letter(
        (), left_out=(), contradictions=(), unsure_lines=(), lines_used=0, lines_total=0, checks=()
    )
    pages = pdf_pages(export_pdf.render(empty, None, None))
    assert "no sentence" in pages[1]
    assert "None was found." in pages[2]
    assert "The letter has no sentence out of the notes." in docx_texts(export_docx.render(empty, None, None))


def test_scripts_and_accents_come_back_as_they_were() -> None:
    found = letter(((ALPHABETS, "our_actions", 1),), {1: ALPHABETS})
    first, sources, file = pdf_pages(export_pdf.render(found, ALPHABETS, None))
    assert ALPHABETS in first
    assert sources.count(ALPHABETS) == 2 or "Україна" in sources
    assert "lacks" not in file


def test_what_the_typeface_lacks_is_a_box_and_told() -> None:
    found = letter((("Ask 王 and 🙂.", "our_actions", 1),), {1: "ask 王 and 🙂"})
    first, _, file = pdf_pages(export_pdf.render(found, "ask 王 and 🙂", None))
    assert f"Ask {export_pdf.BOX} and {export_pdf.BOX}." in first
    assert "lacks 2 characters, shown as □: U+738B, U+1F642" in file
    assert export_pdf.notices(export_parts.papers(found, None, None, DAY))
    assert "Ask 王 and 🙂." in docx_texts(export_docx.render(found, None, None))


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_stays_text(text: str) -> None:
    found = letter(
        ((text, "our_actions", 1),),
        {1: text},
        client_name=text[:190],
        adviser=text[:190],
        left_out=(LeftOut(line=2, text=text, reason=text),),
        seal=text[:90],
    )
    content = export_docx.render(found, text, None)
    assert export_parts.shown(text) in docx_texts(content)
    pages = pdf_pages(export_pdf.render(found, text, None))
    assert len(pages) >= 3
    assert sum(map(plain, " ".join(pages))) >= 4 * sum(map(plain, export_parts.shown(text)))


def plain(char: str) -> bool:
    return char.isascii() and char.isalnum()


@settings(max_examples=6, deadline=None)
@given(st.text(max_size=60), st.text(max_size=60))
def test_any_text_makes_both_files(name: str, line: str) -> None:
    found = letter(((line, "our_actions", 1),), {1: line}, client_name=name or "x")
    assert zipfile.ZipFile(io.BytesIO(export_docx.render(found, line, None))).testzip() is None
    assert len(pdfium.PdfDocument(export_pdf.render(found, line, None))) >= 3


def test_the_bytes_are_the_same_but_for_the_date() -> None:
    for render in (export_pdf.render, export_docx.render):
        once = render(letter(), NOTES, None, on=DAY)
        assert render(letter(), NOTES, None, on=DAY) == once
        assert render(letter(), NOTES, None, on=date(2026, 5, 14)) != once


def test_five_thousand_sentences_are_all_there() -> None:
    sections: tuple[Section, ...] = ("matters_discussed", "our_actions", "your_actions")
    said = tuple((f"Number {n} holds.", sections[n % 3], n) for n in range(1, 5001))
    words = {n: f"no. {n} holds" for n in range(1, 5001)}
    found = letter(said, words)
    notes = "\n".join(words.values())
    pages = " ".join(pdf_pages(export_pdf.render(found, notes, None)))
    file = zipfile.ZipFile(io.BytesIO(export_docx.render(found, notes, None)))
    for n in (1, 2, 2500, 4999, 5000):
        assert pages.count(f"Number {n} holds.") == 2
        assert f"{n} no. {n} holds" in pages
    assert file.read("word/document.xml").count(b">Number ") == 10_000
