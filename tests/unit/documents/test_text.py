"""TXT and Markdown files, and what decides that a file is one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from casewright.documents.limits import DocumentLimits
from casewright.documents.pages import join
from casewright.errors import DocumentTooLarge, EncryptedDocument, UnreadableDocument, UnsupportedMedia
from unit.documents.making import picture, read

LETTERS = st.characters(codec="utf-8", exclude_categories=["Cc"]) | st.sampled_from("\n\f\t09#<")
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
WORDS = "Paid £1,240.50 – “café” on 14/03/2026"


def write(folder: Path, content: bytes, name: str = "note.txt") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_encodings_that_are_sure(tmp_path: Path, encoding: str) -> None:
    found = read(write(tmp_path, WORDS.encode(encoding)))
    assert (found.pages[0].markdown, found.warnings) == (WORDS, ())


def test_utf_16_big_endian(tmp_path: Path) -> None:
    assert read(write(tmp_path, b"\xfe\xff" + WORDS.encode("utf-16-be"))).pages[0].markdown == WORDS


def test_windows_1252_is_read_and_said(tmp_path: Path) -> None:
    found = read(write(tmp_path, WORDS.encode("cp1252")))
    assert found.pages[0].markdown == WORDS
    assert any("Windows-1252" in warning for warning in found.warnings)


def test_form_feeds_divide_pages_and_blank_ones_are_said(tmp_path: Path) -> None:
    found = read(write(tmp_path, b"one 1\r\n\fthree\x0c  \n\ffour 4\f"))
    assert [page.markdown for page in found.pages] == ["one 1", "three", "", "four 4"]
    assert found.pages[2].method == "none"
    assert found.pages[2].warnings == ("this page is blank",)
    markdown, placed = join(found.pages)
    assert all(markdown[page.start : page.end] == page.markdown for page in placed)


def test_markup_in_a_text_stays_text_and_in_markdown_stays_structure(tmp_path: Path) -> None:
    source = b"# Head\n<script>x</script> ![a](http://b)\n- item\n"
    as_text = read(write(tmp_path, source)).pages[0].markdown
    assert as_text == "\\# Head\n\\<script>x\\</script> !\\[a](http://b)\n\\- item"
    as_markdown = read(write(tmp_path, source, "a.md"))
    assert as_markdown.media_type == "text/markdown"
    assert as_markdown.pages[0].markdown == "# Head\n\\<script>x\\</script> !\\[a](http://b)\n- item"


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.text(
        st.characters(codec="utf-8", exclude_categories=["Cc"]) | st.sampled_from("\n\f\t09#<"), min_size=1
    )
)
def test_every_digit_run_survives_in_order_and_pages_are_where_they_say(tmp_path: Path, text: str) -> None:
    found = read(write(tmp_path, text.encode()))
    markdown, placed = join(found.pages)
    digits = re.compile(r"\d+")
    assert digits.findall(markdown) == digits.findall(text)
    assert all(markdown[page.start : page.end] == page.markdown for page in placed)
    assert [page.number for page in placed] == list(range(1, len(placed) + 1))


def test_the_content_decides_and_a_false_name_is_said(tmp_path: Path) -> None:
    found = read(write(tmp_path, b"plain words", "letter.pdf"))
    assert found.media_type == "text/plain"
    assert found.warnings == ("the name ends in .pdf, the content is a plain text; it was read as that",)


@pytest.mark.parametrize(
    ("content", "error", "says"),
    [
        (b"", UnreadableDocument, "empty"),
        (b"{\\rtf1 x}", UnsupportedMedia, "RTF"),
        (b"<!DOCTYPE html><p>x", UnsupportedMedia, "HTML"),
        (b"\x00\x01\x02\x03" * 50, UnsupportedMedia, "not text"),
        (b"GIF89a" + b"\0" * 20, UnsupportedMedia, "GIF"),
        (b"PK\x03\x04 and then nothing", UnreadableDocument, "damaged"),
        (OLE + b"\0" * 600, UnsupportedMedia, "old kind"),
        (
            OLE + "EncryptedPackage".encode("utf-16-le"),
            EncryptedDocument,
            "password",
        ),
    ],
)
def test_what_is_not_read(tmp_path: Path, content: bytes, error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says):
        read(write(tmp_path, content))


def test_a_refusal_lists_what_is_read(tmp_path: Path) -> None:
    with pytest.raises(UnsupportedMedia) as caught:
        read(write(tmp_path, b"\x7fELF" + b"\0" * 20))
    assert all(kind in caught.value.hint for kind in ("PDF", "DOCX", "PNG", "TXT"))


def test_a_text_that_begins_like_a_bitmap_is_a_text(tmp_path: Path) -> None:
    assert read(write(tmp_path, b"BMW lease, MZ 12")).pages[0].markdown == "BMW lease, MZ 12"


def test_limits(tmp_path: Path) -> None:
    with pytest.raises(DocumentTooLarge, match="4 pages, 3 are read"):
        read(write(tmp_path, b"a\fb\fc\fd"), limits=DocumentLimits(pages=3))
    picture().save(tmp_path / "a.png")
    with pytest.raises(DocumentTooLarge, match="more than 1000 pixels"):
        read(tmp_path / "a.png", limits=DocumentLimits(pixels=1000))
