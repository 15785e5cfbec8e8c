"""What a file is: its content decides, and what is no text never passes as one."""

from __future__ import annotations

import base64
import io
import random
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from casewright.documents import detect
from casewright.documents.limits import DocumentLimits
from casewright.errors import CasewrightError, EncryptedDocument, UnreadableDocument, UnsupportedMedia
from unit.documents.making import pdf, picture, read

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
NOISE = random.Random(7).randbytes(20_000)
MAIL = (
    b"Message-ID: <1@x>\r\nFrom: a@b.c\r\nSubject: Rent\r\nDate: Sat, 14 Mar 2026 10:30:00 +0000\r\n\r\nhello"
)


def write(folder: Path, content: bytes, name: str = "note.txt") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def name_of(path: Path, name: str | None = None) -> str:
    return detect.detect(path, name or path.name)[0].media_type


def test_the_content_decides_and_a_false_name_is_said(tmp_path: Path) -> None:
    found = read(write(tmp_path, b"plain words", "letter.pdf"))
    assert found.media_type == "text/plain"
    assert found.warnings == ("the name ends in .pdf, the content is a plain text; it was read as that",)


@pytest.mark.parametrize(
    ("content", "name", "kind"),
    [
        (b"<!DOCTYPE html><p>x", "a.txt", "text/html"),
        (b"<!-- c --><p>one</p><p>two</p>", "a", "text/html"),
        (
            b'<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><body/></html>',
            "a.x",
            "text/html",
        ),
        (b"<div>a</div> text in Markdown", "a.md", "text/markdown"),
        (b"a,b,c\n1,2,3\n4,5,6\n", "a", "text/csv"),
        (b"a,b,c\n1,2,3\n4,5,6\n", "a.txt", "text/plain"),
        (b"one\ntwo\n", "a.csv", "text/csv"),
        (MAIL, "a.txt", "message/rfc822"),
        (MAIL + b"\r\n" + base64.encodebytes(NOISE), "a", "message/rfc822"),
        (b"From: me\nSubject: a memo\n\nhello", "a.txt", "text/plain"),
        (b"From: me\nSubject: a memo\n\nhello", "a.eml", "message/rfc822"),
        (b"# Head\n", "a.md", "text/markdown"),
        (b"BMW lease, MZ 12", "a.txt", "text/plain"),
        (b"The header of a PDF is %PDF-1.7 and so on", "a.txt", "text/plain"),
        (b"junk\n%PDF-1.4\n1 0 obj\n", "a.pdf", "application/pdf"),
        (b"{\\rtf1 x}", "a.doc", "application/rtf"),
    ],
)
def test_kinds_of_text(tmp_path: Path, content: bytes, name: str, kind: str) -> None:
    assert name_of(write(tmp_path, content, name)) == kind


@pytest.mark.parametrize(
    ("content", "error", "says"),
    [
        (b"", UnreadableDocument, "empty"),
        (b"\x00\x01\x02\x03" * 50, UnsupportedMedia, "not text"),
        (b"GIF89a" + b"\0" * 20, UnsupportedMedia, "GIF"),
        (b"PK\x03\x04 and then nothing", UnreadableDocument, "damaged"),
        (OLE + b"\0" * 600, UnsupportedMedia, "old kind"),
        (OLE + "WordDocument".encode("utf-16-le"), UnsupportedMedia, r"\.doc"),
        (OLE + "__properties_version1.0".encode("utf-16-le"), UnsupportedMedia, r"\.msg"),
        (OLE + "EncryptedPackage".encode("utf-16-le"), EncryptedDocument, "password"),
        (b"1 0 obj\n<< /Type /Catalog >>\nendobj\n", UnreadableDocument, "inside of a PDF"),
        (b"xref\n0 1\n0000000000 65535 f\ntrailer\n<<>>\nstartxref", UnreadableDocument, "inside of a PDF"),
        (b"%!PS-Adobe-3.0\n/x 1 def\n", UnsupportedMedia, "PostScript"),
        (base64.encodebytes(NOISE), UnsupportedMedia, "base64"),
        (NOISE.hex().encode(), UnsupportedMedia, "hexadecimal"),
        (b'<?xml version="1.0"?><invoice/>', UnsupportedMedia, "XML"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", UnsupportedMedia, "SVG"),
        (b"From a@b.c Sat Mar 14 10:30:00 2026\nFrom: a@b.c\n\nx", UnsupportedMedia, "mail box"),
        (b"words " * 20_000 + b"\0" * 70_000, UnsupportedMedia, "goes on as something else"),
        (NOISE, UnsupportedMedia, "not text"),
    ],
)
def test_what_is_not_read(tmp_path: Path, content: bytes, error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says):
        read(write(tmp_path, content))


def test_files_that_have_lost_their_beginning_are_not_text(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    picture().save(buffer, "PNG")
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.txt", " ".join(str(number) for number in range(5000)))
    for whole in (buffer.getvalue(), packed.getvalue(), pdf(["a line of text"])):
        for cut in (9, 60, 301):
            with pytest.raises(CasewrightError):
                read(write(tmp_path, whole[cut:]))


def test_an_archive_is_refused_and_not_opened(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("letter.txt", "hello")
    with pytest.raises(UnsupportedMedia, match="without a document"):
        read(tmp_path / "a.zip")


def test_a_refusal_lists_what_is_read(tmp_path: Path) -> None:
    with pytest.raises(UnsupportedMedia) as caught:
        read(write(tmp_path, b"\x7fELF" + b"\0" * 20))
    assert all(kind in caught.value.hint for kind in ("PDF", "DOCX", "XLSX", "EML", "PNG", "TXT"))


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from(
        [b"", b"{\\rtf1 ", b"<html>", MAIL, b"PK\x03\x04", b"From: a\nTo: b\n\n", b"\xff\xfe", b"a,b\n"]
    ),
    st.binary(max_size=400),
    st.sampled_from(["a.txt", "a.eml", "a.html", "a.csv", "a.md", "a"]),
)
def test_any_bytes_are_an_error_of_ours_or_a_reading(
    tmp_path: Path, start: bytes, content: bytes, name: str
) -> None:
    try:
        found = read(write(tmp_path, start + content, "any"), name, limits=DocumentLimits())
    except CasewrightError as error:
        assert error.hint
    else:
        assert found.status in ("ok", "partial")
        assert "\0" not in found.markdown
