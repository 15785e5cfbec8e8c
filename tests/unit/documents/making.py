"""Files for tests, made on the spot."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

import docx
import pypdfium2  # type: ignore[import-untyped]
from fpdf import FPDF
from PIL import Image

from casewright.api.documents import Reading
from casewright.documents.convert import read_file
from casewright.documents.limits import DocumentLimits
from casewright.documents.options import ReadOptions
from casewright.documents.pages import Converted, reading_of

LINES = ("Northgate Advice Centre", "Amount due: £1,240.50", "Hearing on 14/03/2026 at 10:30", "Ref PPR-9087")


def read(
    path: Path,
    name: str | None = None,
    limits: DocumentLimits | None = None,
    options: ReadOptions | None = None,
) -> Reading:
    """Convert a file in this process."""
    converted = Converted()
    for found in read_file(path, name or path.name, limits or DocumentLimits(), options or ReadOptions()):
        converted.add(found)
    return reading_of(converted)


def picture(lines: Sequence[str] = LINES, *, points: int = 12) -> Image.Image:
    """These lines as a scanner gives them at 200 dpi: a strip of paper as high as they need."""
    made = FPDF(unit="pt", format=(400, 30 + 3 * points * len(lines)))
    made.add_page()
    made.set_auto_page_break(False)
    made.set_font("helvetica", size=points)  # drawn by pdfium's own font, so that none need be installed
    for number, line in enumerate(lines):
        made.text(30, 15 + points + 3 * points * number, line)
    document = pypdfium2.PdfDocument(bytes(made.output()))
    image: Image.Image = document[0].render(scale=200 / 72).to_pil().convert("RGB")
    document.close()
    return image


def pdf(*pages: Sequence[str], password: str | None = None) -> bytes:
    """A PDF with these lines on its pages; a page without lines is blank."""
    made = FPDF(format="A4")
    if password is not None:
        made.set_encryption(owner_password="owner", user_password=password)
    for lines in pages:
        made.add_page()
        made.set_font("helvetica", size=11)
        for line in lines:
            made.multi_cell(0, 6, line, new_x="LMARGIN", new_y="NEXT")
    return bytes(made.output())


def scanned_pdf(image: Image.Image, *text_pages: Sequence[str]) -> bytes:
    """A PDF whose first page is a picture; the others have text."""
    made = FPDF(format="A4")
    made.add_page()
    made.image(image, x=10, y=10, w=190)
    for lines in text_pages:
        made.add_page()
        made.set_font("helvetica", size=11)
        for line in lines:
            made.multi_cell(0, 6, line, new_x="LMARGIN", new_y="NEXT")
    return bytes(made.output())


def docx_bytes(document: object) -> bytes:
    """A python-docx document as bytes."""
    assert isinstance(document, type(docx.Document()))
    buffer = BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def long_tiff(path: Path, pictures: int = 40) -> Path:
    """A file that takes its reader many seconds."""
    strip = picture(LINES[:1])
    strip.save(path, save_all=True, append_images=[strip] * (pictures - 1))
    return path
