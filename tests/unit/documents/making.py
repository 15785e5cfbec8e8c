"""Files for tests, made on the spot."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

import docx
from fpdf import FPDF
from PIL import Image, ImageDraw, ImageFont

from casewright.documents.convert import convert
from casewright.documents.limits import DocumentLimits
from casewright.documents.ocr import OcrOptions
from casewright.documents.pages import Converted

LINES = ("Northgate Advice Centre", "Amount due: £1,240.50", "Hearing on 14/03/2026 at 10:30", "Ref PPR-9087")


def read(path: Path, name: str | None = None, limits: DocumentLimits | None = None) -> Converted:
    """Convert a file in this process."""
    return convert(path, name or path.name, limits or DocumentLimits(), OcrOptions())


def picture(lines: Sequence[str] = LINES, size: tuple[int, int] = (900, 360)) -> Image.Image:
    """Black text on white, in a size as of a scan at 200 dpi."""
    image = Image.new("RGB", size, "white")
    draw = ImageDraw.Draw(image)
    font = ImageFont.load_default(size=34)  # Pillow's own, so that no font need be installed
    for number, line in enumerate(lines):
        draw.text((40, 30 + 75 * number), line, fill="black", font=font)
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
