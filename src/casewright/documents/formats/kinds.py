"""The kinds of files that are read, and what reads each."""

from __future__ import annotations

from dataclasses import dataclass

_OFFICE = "application/vnd.openxmlformats-officedocument."
_OPEN = "application/vnd.oasis.opendocument."


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of file that is read.

    ``name`` is for people; ``suffixes`` are the endings it usually has; ``reader`` is the module of
    ``casewright.documents`` whose ``read`` reads it.
    """

    name: str
    media_type: str
    suffixes: frozenset[str]
    reader: str


def _kind(name: str, media_type: str, suffixes: str, reader: str) -> Kind:
    return Kind(name, media_type, frozenset(suffixes.split()), reader)


PDF = _kind("PDF", "application/pdf", ".pdf", "pdf.read")
PNG = _kind("PNG image", "image/png", ".png", "picture")
JPEG = _kind("JPEG image", "image/jpeg", ".jpg .jpeg .jpe .jfif", "picture")
TIFF = _kind("TIFF image", "image/tiff", ".tif .tiff", "picture")
WEBP = _kind("WebP image", "image/webp", ".webp", "picture")
IMAGES = (PNG, JPEG, TIFF, WEBP)
DOCX = _kind("Word file", _OFFICE + "wordprocessingml.document", ".docx .docm .dotx .dotm", "formats.word")
XLSX = _kind("Excel workbook", _OFFICE + "spreadsheetml.sheet", ".xlsx .xlsm .xltx .xltm", "formats.sheet")
PPTX = _kind(
    "PowerPoint file",
    _OFFICE + "presentationml.presentation",
    ".pptx .pptm .ppsx .ppsm .potx .potm",
    "formats.slides",
)
ODT = _kind("OpenDocument text", _OPEN + "text", ".odt .ott", "formats.odf")
ODS = _kind("OpenDocument spreadsheet", _OPEN + "spreadsheet", ".ods .ots", "formats.odf")
ODP = _kind("OpenDocument presentation", _OPEN + "presentation", ".odp .otp", "formats.odf")
EML = _kind("e-mail", "message/rfc822", ".eml", "formats.mail")
HTML = _kind("HTML page", "text/html", ".html .htm .xhtml .xht", "formats.html")
CSV = _kind("table of values", "text/csv", ".csv .tsv .tab", "formats.delimited")
RTF = _kind("RTF file", "application/rtf", ".rtf", "formats.rtf")
MARKDOWN = _kind("Markdown text", "text/markdown", ".md .markdown", "formats.text")
TEXT = Kind(
    "plain text", "text/plain", frozenset({".txt", ".text", ".log", ".md", ".markdown", ""}), "formats.text"
)
_NAMES = "PDF, DOCX, ODT, XLSX, ODS, CSV, PPTX, ODP, EML, HTML, RTF, PNG, JPEG, TIFF, WebP, TXT and Markdown"
READ = f"{_NAMES} files are read"
