"""What a file is, decided by its content; the name is only compared with it."""

from __future__ import annotations

import mmap
from pathlib import Path, PurePosixPath

from casewright.documents.formats import sniff
from casewright.documents.formats.archive import Package, opened
from casewright.documents.formats.encoding import encoding_of, mostly_plain
from casewright.documents.formats.kinds import (
    CSV,
    DOCX,
    EML,
    HTML,
    IMAGES,
    JPEG,
    MARKDOWN,
    ODP,
    ODS,
    ODT,
    PDF,
    PNG,
    PPTX,
    READ,
    RTF,
    TEXT,
    TIFF,
    WEBP,
    XLSX,
    Kind,
)
from casewright.documents.limits import DocumentLimits
from casewright.errors import EncryptedDocument, UnreadableDocument, UnsupportedMedia

__all__ = [
    "IMAGES",
    "JPEG",
    "MARKDOWN",
    "PDF",
    "PDF_HEADER_WITHIN",
    "PNG",
    "TEXT",
    "TIFF",
    "WEBP",
    "Kind",
    "detect",
]

HEAD_BYTES = 65_536
# A PDF may begin after other bytes; readers look this far for its header.
PDF_HEADER_WITHIN = 1024
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_TEXTS = {"text": TEXT, "markdown": MARKDOWN, "csv": CSV, "mail": EML, "html": HTML}
_STARTS = (
    (b"\x89PNG\r\n\x1a\n", PNG),
    (b"\xff\xd8\xff", JPEG),
    (b"II*\0", TIFF),
    (b"MM\0*", TIFF),
    (b"II+\0", TIFF),
    (b"MM\0+", TIFF),
    (b"{\\rtf", RTF),
)
_UNREAD = (
    (b"%!PS", "a PostScript file"),
    (b"GIF8", "a GIF image"),
    (b"BM", "a BMP image"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"Rar!", "a RAR archive"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"BZh", "a bzip2 archive"),
    (b"\xfd7zXZ\0", "an xz archive"),
    (b"MZ", "a Windows program"),
    (b"\x7fELF", "a program"),
    (b"ID3", "a sound file"),
    (b"OggS", "a sound file"),
    (b"SQLite format 3\0", "a database"),
    (b"!BDN", "an Outlook mail store"),
)
_MAIN_TYPES = (
    (b"wordprocessingml.document.main+xml", DOCX),
    (b"wordprocessingml.template.main+xml", DOCX),
    (b"ms-word.document.macroEnabled.main+xml", DOCX),
    (b"ms-word.template.macroEnabledTemplate.main+xml", DOCX),
    (b"spreadsheetml.sheet.main+xml", XLSX),
    (b"spreadsheetml.template.main+xml", XLSX),
    (b"ms-excel.sheet.macroEnabled.main+xml", XLSX),
    (b"ms-excel.template.macroEnabled.main+xml", XLSX),
    (b"presentationml.presentation.main+xml", PPTX),
    (b"presentationml.slideshow.main+xml", PPTX),
    (b"presentationml.template.main+xml", PPTX),
    (b"ms-powerpoint.presentation.macroEnabled.main+xml", PPTX),
    (b"ms-powerpoint.slideshow.macroEnabled.main+xml", PPTX),
    (b"ms-powerpoint.template.macroEnabled.main+xml", PPTX),
)
_OLD_OFFICE = (
    (
        "__properties_version1.0",
        "an Outlook message (.msg)",
        "save it as .eml, or print it to PDF, and send that",
    ),
    ("WordDocument", "a Word file of the old kind (.doc)", "save it as .docx and send that"),
    ("Workbook", "an Excel workbook of the old kind (.xls)", "save it as .xlsx and send that"),
    ("PowerPoint Document", "a PowerPoint file of the old kind (.ppt)", "save it as .pptx and send that"),
)


def detect(path: Path, name: str) -> tuple[Kind, tuple[str, ...]]:
    """The kind of a file, and a warning where ``name`` promises another.

    Raises:
        UnreadableDocument: the file is empty, or a damaged archive or PDF.
        EncryptedDocument: it is an Office file behind a password.
        DocumentTooLarge: it is an archive beyond the limits.
        UnsupportedMedia: it is nothing that is read here.
    """
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    if not head:
        raise UnreadableDocument("the file is empty", hint="look whether it was saved, and send it again")
    suffix = PurePosixPath(name.replace("\\", "/")).suffix.lower()
    kind = _by_magic(path, head) or _as_text(path, head, suffix)
    if suffix and suffix not in kind.suffixes:
        return kind, (f"the name ends in {suffix[:20]}, the content is a {kind.name}; it was read as that",)
    return kind, ()


def _by_magic(path: Path, head: bytes) -> Kind | None:
    for magic, kind in _STARTS:
        if head.startswith(magic):
            return kind
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return WEBP
    if _is_pdf(head):
        return PDF
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _in_archive(path)
    if head.startswith(_OLE):
        _refuse_ole(path)
    for magic, what in _UNREAD:
        if head.startswith(magic) and (len(magic) > 3 or b"\0" in head):  # a text may begin with "BM"
            raise _unsupported(f"this is {what}")
    if head[4:8] == b"ftyp":
        raise _unsupported("this is a film, or an image of a kind (HEIC, AVIF)")
    if head[257:262] == b"ustar":
        raise _unsupported("this is a tar archive")
    return None


def _is_pdf(head: bytes) -> bool:
    """A header, at the start or after a few bytes; then objects must follow, as a text may speak of one."""
    at = head[: PDF_HEADER_WITHIN + 5].find(b"%PDF-")
    if at < 0:
        return False
    return not head[:at].strip(b"\xef\xbb\xbf \t\r\n\0") or b" obj" in head or b"\0" in head[:at]


def _in_archive(path: Path) -> Kind:
    try:
        with opened(path, "archive", DocumentLimits()) as package:
            kind = _of_package(package)
    except UnreadableDocument as error:
        raise UnreadableDocument(
            f"the file begins like an Office file or archive and is damaged ({error.message})",
            hint="save it again and send that",
        ) from error
    if kind is None:
        raise _unsupported("this is a ZIP archive without a document in it")
    return kind


def _of_package(package: Package) -> Kind | None:
    types = package.read("[Content_Types].xml")
    if types:
        if b"\0" in types[:4]:
            types = types.replace(b"\0", b"")
        kind = next((kind for part, kind in _MAIN_TYPES if part in types), None)
        if kind is None and b"sheet.binary.macroEnabled.main" in types:
            raise _unsupported("this is a binary Excel workbook (.xlsb)")
        if kind is not None:
            return kind
    if "content.xml" in package.names and "mimetype" in package.names:
        if b"encryption-data" in package.read("META-INF/manifest.xml"):
            raise EncryptedDocument(
                "this OpenDocument file asks for a password", hint="save it without one and send that"
            )
        media_type = package.read("mimetype")[:200].strip().decode("ascii", "replace")
        return next((kind for kind in (ODT, ODS, ODP) if media_type.startswith(kind.media_type)), None)
    return None


def _refuse_ole(path: Path) -> None:
    """A container of old Office files, of Outlook's messages, and of new Office files behind a password."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        if content.find("EncryptedPackage".encode("utf-16-le")) >= 0:
            raise EncryptedDocument(
                "this Office file asks for a password", hint="save it without one and send that"
            )
        for stream, what, hint in _OLD_OFFICE:
            if content.find(stream.encode("utf-16-le")) >= 0:
                raise UnsupportedMedia(f"this is {what}, which is not read", hint=hint)
    raise _unsupported("this is an Office file of the old kind (.doc, .xls, .ppt)")


def _as_text(path: Path, head: bytes, suffix: str) -> Kind:
    """The kind of a text, once its beginning and two samples of the rest have shown that it is one."""
    if mostly_plain(head):
        # Their parts may be in several encodings, and hold encoded data: they say so themselves.
        kind = sniff.text_kind(head.decode("latin-1"), suffix)
        if kind in ("mail", "html") and not sniff.is_mbox(head.decode("latin-1")):
            return _TEXTS[kind]
    encoding, mark = encoding_of(_whole_characters(head))
    text = head[mark:].decode(encoding, "replace")
    if encoding in ("utf-8", "cp1252"):
        _check_rest(path, len(head))
    what = sniff.not_prose(text)
    if what == "the inside of a PDF":
        raise UnreadableDocument(
            "this is the inside of a PDF without its beginning", hint="send the PDF as it was made"
        )
    what = f"this is {what}" if what else None
    if what is None and sniff.is_mbox(text):
        what = "this is a mail box with messages in it"
    if what is None and (markup := sniff.other_markup(text)):
        what = f"this is {markup}"
    if what is not None:
        raise _unsupported(what)
    return _TEXTS[sniff.text_kind(text, suffix)]


def _check_rest(path: Path, read: int) -> None:
    """That a file which begins as text does not go on as something else."""
    size = path.stat().st_size
    if size <= read:
        return
    with path.open("rb") as file:
        for at in (max(read, size // 2), max(read, size - HEAD_BYTES)):
            file.seek(at)
            sample = file.read(HEAD_BYTES)
            if b"\0" in sample:
                raise _unsupported("this begins as text and goes on as something else")


def _whole_characters(head: bytes) -> bytes:
    """The head without a character that its end cuts through."""
    if len(head) < HEAD_BYTES:
        return head
    for cut in range(4):
        last = head[len(head) - 1 - cut]
        if last >= 0xC0:
            return head[: len(head) - 1 - cut]
        if last < 0x80:
            break
    return head


def _unsupported(what: str) -> UnsupportedMedia:
    return UnsupportedMedia(f"{what}, which is not read", hint=f"{READ}; save or export it as one of them")
