"""One file to pages: the kind decides who reads it. Runs inside a worker process."""

from __future__ import annotations

from pathlib import Path

from casewright.documents import detect
from casewright.documents.image import read_picture
from casewright.documents.limits import DocumentLimits
from casewright.documents.ocr import OcrOptions
from casewright.documents.pages import Converted
from casewright.documents.pdf import read_pdf
from casewright.documents.text import read_text
from casewright.documents.word import read_word


def convert(path: Path, name: str, limits: DocumentLimits, ocr: OcrOptions) -> Converted:
    """Read the file at ``path``; ``name`` is only compared with what it is.

    Raises:
        DocumentError: it cannot be read, asks for a password, or is beyond the limits.
        UnsupportedMedia: it is nothing that is read here.
    """
    kind, doubts = detect.detect(path, name)
    if kind in detect.IMAGES:
        return Converted(kind.media_type, read_picture(path, kind, limits, ocr), doubts)
    if kind is detect.PDF:
        pages, warnings = read_pdf(path, limits, ocr)
    elif kind is detect.DOCX:
        pages, warnings = read_word(path, limits)
    else:
        pages, warnings = read_text(path, kind, limits)
    return Converted(kind.media_type, pages, doubts + warnings)
