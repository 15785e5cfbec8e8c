"""TXT, Markdown and RTF files: the text that was written, all of it and nothing else."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from casewright.documents.limits import DocumentLimits
from casewright.errors import DocumentTooLarge, UnsupportedMedia
from unit.documents.making import read

WORDS = "Paid £1,240.50 – “café” on 14/03/2026"
TEXTS = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc"]) | st.sampled_from("\n\f\t09#<-|"), min_size=1
)


def write(folder: Path, content: bytes, name: str = "note.txt") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_encodings_that_are_sure(tmp_path: Path, encoding: str) -> None:
    found = read(write(tmp_path, WORDS.encode(encoding)))
    assert (found.markdown, found.warnings, found.status) == (WORDS, (), "ok")


def test_windows_1252_is_read_and_said(tmp_path: Path) -> None:
    found = read(write(tmp_path, WORDS.encode("cp1252")))
    assert found.markdown == WORDS
    assert any("Windows-1252" in warning for warning in found.warnings)


def test_utf_8_with_a_wrong_byte_stays_utf_8_and_that_is_said(tmp_path: Path) -> None:
    found = read(write(tmp_path, WORDS.encode() + b" \xff end"))
    assert found.markdown == WORDS + " \ufffd end"
    assert found.warnings == ("some characters could not be read and are shown as \ufffd",)


def test_another_alphabet_in_eight_bits_is_refused_rather_than_misread(tmp_path: Path) -> None:
    with pytest.raises(UnsupportedMedia, match="encoding"):
        read(write(tmp_path, "Оплачено полностью в срок".encode("cp1251")))


def test_form_feeds_divide_pages_and_blank_ones_are_said(tmp_path: Path) -> None:
    found = read(write(tmp_path, b"one 1\r\n\fthree\x0c  \n\ffour 4\f"))
    assert [page.markdown for page in found.pages] == ["one 1", "three", "", "four 4"]
    assert found.pages[2].method == "none"
    assert found.pages[2].warnings == ("this page is blank",)


def test_paragraphs_are_blocks_and_lines_are_pieces_that_stand_where_they_say(tmp_path: Path) -> None:
    found = read(write(tmp_path, b"Dear Sir,\nsecond *line\n\n\nPPR-9087 is due"))
    first, second = found.pages[0].blocks
    assert [found.markdown[piece.start : piece.end] for piece in first.pieces] == [
        "Dear Sir,",
        "second \\*line",
    ]
    assert found.markdown[second.start : second.end] == "PPR-9087 is due"


def test_markup_in_a_text_stays_text_and_in_markdown_stays_structure(tmp_path: Path) -> None:
    source = b"# Head\n\n<script>x</script> ![a](http://b)\n\n- item\n\n| a | b |\n|---|---|\n| 1 | 2 |\n"
    as_text = read(write(tmp_path, source)).markdown
    assert as_text.startswith("\\# Head\n\n\\<script>x\\</script> !\\[a](http://b)\n\n\\- item")
    as_markdown = read(write(tmp_path, source, "a.md"))
    assert as_markdown.media_type == "text/markdown"
    assert as_markdown.markdown == source.decode().strip().replace("<", "\\<").replace("[", "\\[")
    kinds = [block.kind for block in as_markdown.pages[0].blocks]
    assert kinds == ["heading", "paragraph", "list_item", "table"]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(TEXTS)
def test_every_word_survives_in_order_and_pages_are_where_they_say(tmp_path: Path, text: str) -> None:
    text = "Re: " + text  # or it may begin like another kind of file
    found = read(write(tmp_path, text.encode()))
    digits = re.compile(r"\d+")
    assert digits.findall(found.markdown) == digits.findall(text)
    assert found.markdown.replace("\\", "").split() == text.replace("\\", "").replace(
        "\ufeff", ""
    ).split() or ("\ufeff" in text or re.search("[\ufffe\uffff]", text))
    assert all(found.markdown[page.start : page.end] == page.markdown for page in found.pages)


def test_limits(tmp_path: Path) -> None:
    with pytest.raises(DocumentTooLarge, match="4 pages, 3 are read"):
        read(write(tmp_path, b"a\fb\fc\fd"), limits=DocumentLimits(pages=3))
    with pytest.raises(DocumentTooLarge, match="longer than 10 bytes"):
        read(write(tmp_path, b"a line of text"), limits=DocumentLimits(text_bytes=10))


@pytest.mark.parametrize("name", ["a.txt", "a.md", "a.csv"])
def test_what_is_longer_than_is_read_is_cut_and_said(tmp_path: Path, name: str) -> None:
    content = b"".join(b"line %d,of,text\n" % number for number in range(2000))
    found = read(write(tmp_path, content, name), limits=DocumentLimits(output_chars=1000))
    assert found.status == "partial"
    assert "cut" in found.reason
    assert "line 0" in found.markdown
    assert 300 < len(found.markdown) <= 1100


def test_one_line_without_end_is_cut_inside(tmp_path: Path) -> None:
    found = read(write(tmp_path, b"word " * 10_000), limits=DocumentLimits(output_chars=1000))
    assert (found.status, found.markdown[:9]) == ("partial", "word word")


def test_rtf(tmp_path: Path) -> None:
    source = (
        rb"{\rtf1\ansi\ansicpg1252{\fonttbl{\f0 Arial;}{\f1\fcharset204 Arial;}}{\info{\title Letter}}"
        rb"{\header Northgate\par}{\*\unknown left out}"
        rb"\pard\outlinelevel0 Caf\'e9 costs \u163?1,240.50\par\pard {\v hidden}{\f1 \'ce\'ea} shown\par"
        rb"\pard\intbl first\par second\cell b\cell\row\pard\intbl c\cell d\cell\row"
        rb"\pard after{\footnote the note}\par{\pict\pngblip ffd8}\par}"
    )
    found = read(write(tmp_path, source, "a.rtf"))
    assert (found.media_type, found.status) == ("application/rtf", "ok")
    assert found.markdown == (
        "Northgate\n\n# Café costs £1,240.50\n\nОк shown\n\n| first second | b |\n| --- | --- |\n|"
        " c | d |\n\n"
        "after\\[1]\n\nFootnote 1: the note"
    )
    assert found.metadata == {"title": "Letter"}
    assert any("hidden" in warning for warning in found.warnings)


def test_rtf_headings_and_lists(tmp_path: Path) -> None:
    source = (
        rb"{\rtf1{\stylesheet{\s0 Normal;}{\s2\b heading 2;}}\pard\s2 Money\par"
        rb"\pard\ls1{\listtext 1.\tab}one\par{\listtext 2.\tab}two\par"
        rb"\pard\ilvl1{\listtext\u61623?\tab}point\par\pard{\pntext (a)\tab}clause\par\pard end\par}"
    )
    found = read(write(tmp_path, source, "a.rtf"))
    assert found.markdown == "## Money\n\n1. one\n2. two\n   - point\n- (a) clause\n\nend"


def test_rtf_that_ends_early_or_nests_without_end(tmp_path: Path) -> None:
    assert read(write(tmp_path, b"{\\rtf1 half a let", "a.rtf")).status == "partial"
    with pytest.raises(DocumentTooLarge, match="groups"):
        read(write(tmp_path, b"{\\rtf1" + b"{" * 100_000, "a.rtf"))
