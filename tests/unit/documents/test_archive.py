"""What a ZIP states is measured before it is unpacked, and what comes out of it is counted."""

from __future__ import annotations

import io
import struct
import zipfile
from pathlib import Path

import pytest

from casewright.documents.formats.archive import opened
from casewright.documents.formats.xml import events, parse
from casewright.documents.limits import DocumentLimits
from casewright.errors import DocumentTooLarge, EncryptedDocument, UnreadableDocument

LIMITS = DocumentLimits()


def packed(members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def check(folder: Path, content: bytes, limits: DocumentLimits = LIMITS) -> None:
    (folder / "a.zip").write_bytes(content)
    with opened(folder / "a.zip", "file", limits) as package:
        for name in package.names:
            package.read(name)


def shared(count: int) -> bytes:
    """Many members whose bytes are the same ones: a small file that unpacks to any size."""
    one = packed({"m0000": b"a" * 5000})
    directory, end = one.index(b"PK\x01\x02"), one.index(b"PK\x05\x06")
    entry = one[directory:end]
    entries = b"".join(entry.replace(b"m0000", b"m%04d" % number) for number in range(count))
    tail = struct.pack("<4sHHHHLLH", b"PK\x05\x06", 0, 0, count, count, len(entries), directory, 0)
    return one[:directory] + entries + tail


def test_a_sound_archive(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(packed({"a": b"1", "../b": b"2"}))
    with opened(tmp_path / "a.zip", "file", LIMITS) as package:
        assert (package.read("a"), package.read("../b"), package.read("none")) == (b"1", b"2", b"")
    assert [path.name for path in tmp_path.iterdir()] == ["a.zip"]


@pytest.mark.parametrize(
    "limits",
    [
        DocumentLimits(zip_members=2),
        DocumentLimits(zip_bytes=2_000),
        DocumentLimits(zip_ratio=10, zip_ratio_from=500),
        DocumentLimits(part_bytes=900),
    ],
)
def test_limits(tmp_path: Path, limits: DocumentLimits) -> None:
    with pytest.raises(DocumentTooLarge):
        check(tmp_path, packed(dict.fromkeys("abc", b"x" * 1000)), limits)


def test_what_comes_out_is_counted_even_where_it_is_read_again(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(packed({"a": b"x" * 1000}))
    with (
        pytest.raises(DocumentTooLarge),
        opened(tmp_path / "a.zip", "file", DocumentLimits(zip_bytes=2500)) as package,
    ):
        for _ in range(3):
            package.read("a")


def test_members_that_share_their_bytes(tmp_path: Path) -> None:
    with pytest.raises(UnreadableDocument, match="one place"):
        check(tmp_path, shared(50))


def test_a_directory_too_long_to_be_read(tmp_path: Path) -> None:
    with pytest.raises(DocumentTooLarge, match="parts"):
        check(tmp_path, shared(9_999), DocumentLimits(zip_members=100))


def test_two_members_of_one_name(tmp_path: Path) -> None:
    content = packed({"a1": b"1", "a2": b"2"}).replace(b"a2", b"a1")
    with pytest.raises(UnreadableDocument, match="one name"):
        check(tmp_path, content)


def test_a_size_that_lies(tmp_path: Path) -> None:
    content = bytearray(packed({"a": b"x" * 100_000}))
    struct.pack_into("<L", content, content.index(b"PK\x01\x02") + 24, 10)
    with pytest.raises(UnreadableDocument, match="damaged"):
        check(tmp_path, bytes(content))


def test_encrypted_members(tmp_path: Path) -> None:
    content = bytearray(packed({"a": b"x"}))
    content[content.index(b"PK\x01\x02") + 8] |= 1
    with pytest.raises(EncryptedDocument):
        check(tmp_path, bytes(content))


def test_packings_that_documents_do_not_use(tmp_path: Path) -> None:
    with pytest.raises(UnreadableDocument, match="packed"):
        check(tmp_path, packed({"a": b"x"}, zipfile.ZIP_LZMA))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-be"])
def test_xml_that_declares_a_document_type_is_refused(encoding: str) -> None:
    source = f'<?xml version="1.0" encoding="{encoding}"?><!DOCTYPE d [<!ENTITY a "ha">]><d>&a;</d>'
    with pytest.raises(UnreadableDocument):
        parse(source.encode(encoding), "file")


def test_streamed_xml_that_declares_a_document_type_is_refused() -> None:
    source = b'<!DOCTYPE d [<!ENTITY a "ha">]><d><c>&a;</c></d>'
    with pytest.raises(UnreadableDocument):
        list(events(io.BytesIO(source), ("{*}c", "c"), "file"))


def test_xml_without_end_in_depth() -> None:
    with pytest.raises(DocumentTooLarge):
        parse(b"<a>" * 100_000, "file")
