"""What a file is, decided by its content; the name is only compared with it."""

from __future__ import annotations

import codecs
import zipfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from casewright.errors import EncryptedDocument, UnreadableDocument, UnsupportedMedia

HEAD_BYTES = 4096
# A PDF may begin after other bytes; readers look this far for its header.
PDF_HEADER_WITHIN = 1024
MAX_CONTROL_SHARE = 0.01
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_TEXT_CONTROLS = frozenset(b"\t\n\r\x0c")


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of file that is read. ``name`` is for people; ``suffixes`` are the endings it usually has."""

    name: str
    media_type: str
    suffixes: frozenset[str]


PDF = Kind("PDF", "application/pdf", frozenset({".pdf"}))
DOCX = Kind("Word file", _WORD, frozenset({".docx"}))
PNG = Kind("PNG image", "image/png", frozenset({".png"}))
JPEG = Kind("JPEG image", "image/jpeg", frozenset({".jpg", ".jpeg", ".jpe", ".jfif"}))
TIFF = Kind("TIFF image", "image/tiff", frozenset({".tif", ".tiff"}))
WEBP = Kind("WebP image", "image/webp", frozenset({".webp"}))
MARKDOWN = Kind("Markdown text", "text/markdown", frozenset({".md", ".markdown"}))
TEXT = Kind("plain text", "text/plain", frozenset({".txt", ".text", ".log", ".md", ".markdown", ""}))
IMAGES = (PNG, JPEG, TIFF, WEBP)
READ = "PDF, DOCX, PNG, JPEG, TIFF, WebP, TXT and Markdown files are read"

_UNREAD = (
    (b"{\\rtf", "RTF"),
    (b"%!PS", "PostScript"),
    (b"GIF8", "GIF image"),
    (b"BM", "BMP image"),
    (b"7z\xbc\xaf\x27\x1c", "7z archive"),
    (b"Rar!", "RAR archive"),
    (b"\x1f\x8b", "gzip archive"),
    (b"MZ", "Windows program"),
    (b"\x7fELF", "program"),
)
_UNREAD_MARKUP = ((b"<!doctype html", "HTML"), (b"<html", "HTML"), (b"<?xml", "XML"), (b"<svg", "SVG"))


def detect(path: Path, name: str) -> tuple[Kind, tuple[str, ...]]:
    """The kind of a file, and a warning where ``name`` promises another.

    Raises:
        UnreadableDocument: the file is empty, or a damaged archive.
        EncryptedDocument: it is a Word file behind a password.
        UnsupportedMedia: it is nothing that is read here.
    """
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    if not head:
        raise UnreadableDocument("the file is empty", hint="look whether it was saved, and send it again")
    suffix = PurePosixPath(name.replace("\\", "/")).suffix.lower()
    kind = _by_magic(path, head) or _as_text(head, suffix)
    if suffix and suffix not in kind.suffixes:
        return kind, (f"the name ends in {suffix[:20]}, the content is a {kind.name}; it was read as that",)
    return kind, ()


def _by_magic(path: Path, head: bytes) -> Kind | None:
    starts = {
        b"\x89PNG\r\n\x1a\n": PNG,
        b"\xff\xd8\xff": JPEG,
        b"II*\0": TIFF,
        b"MM\0*": TIFF,
        b"II+\0": TIFF,
        b"MM\0+": TIFF,
    }
    for magic, kind in starts.items():
        if head.startswith(magic):
            return kind
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return WEBP
    if b"%PDF-" in head[:PDF_HEADER_WITHIN]:
        return PDF
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _in_archive(path)
    if head.startswith(_OLE):
        _refuse_ole(path)
    for magic, what in _UNREAD:
        if head.startswith(magic) and (len(magic) > 3 or b"\0" in head):  # a text may begin with "BM"
            raise _unsupported(f"this is a {what}")
    return None


def _in_archive(path: Path) -> Kind:
    try:
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise UnreadableDocument(
            "the file begins like a Word file or archive and is damaged", hint="save it again and send that"
        ) from error
    if {"[Content_Types].xml", "word/document.xml"} <= names:
        return DOCX
    if "xl/workbook.xml" in names:
        raise _unsupported("this is an Excel workbook")
    if "ppt/presentation.xml" in names:
        raise _unsupported("this is a PowerPoint file")
    raise _unsupported("this is a ZIP archive without a Word document in it")


def _refuse_ole(path: Path) -> None:
    """A container of old Office files, and of new ones behind a password."""
    marker = "EncryptedPackage".encode("utf-16-le")
    if marker in path.read_bytes():
        raise EncryptedDocument(
            "this Office file asks for a password", hint="save it without one and send that"
        )
    raise _unsupported("this is an Office file of the old kind (.doc, .xls, .ppt)")


def _as_text(head: bytes, suffix: str) -> Kind:
    if not head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        start = head.removeprefix(codecs.BOM_UTF8).lstrip()[:64].lower()
        for magic, what in _UNREAD_MARKUP:
            if start.startswith(magic):
                raise _unsupported(f"this is {what}")
        controls = sum(byte < 32 and byte not in _TEXT_CONTROLS for byte in head)
        if b"\0" in head or controls > MAX_CONTROL_SHARE * len(head):
            raise _unsupported("this is not a kind of file that is known here, and it is not text")
    return MARKDOWN if suffix in MARKDOWN.suffixes else TEXT


def _unsupported(what: str) -> UnsupportedMedia:
    return UnsupportedMedia(f"{what}, which is not read", hint=f"{READ}; save or export it as one of them")
