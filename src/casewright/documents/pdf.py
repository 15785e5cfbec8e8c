"""PDF: the text that the file carries, page by page; a page without any is rendered and read by OCR."""

from __future__ import annotations

import ctypes
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pypdfium2  # type: ignore[import-untyped]
import pypdfium2.raw as pdfium  # type: ignore[import-untyped]

from casewright.documents.layout import COLUMN_GAP_EM, Segment, rows_in_order, to_markdown
from casewright.documents.limits import DocumentLimits
from casewright.documents.markdown import escape
from casewright.documents.ocr import OcrOptions, read_image
from casewright.documents.pages import Page, check_length
from casewright.documents.text import BLANK
from casewright.errors import DocumentTooLarge, EncryptedDocument, UnreadableDocument

# With an image over most of the page, so little text is a stamp or a page number on a scan.
SCAN_IMAGE_SHARE = 0.5
SCAN_MAX_CHARS = 50
# An image this large on a page with text may hold something that a reader would miss.
NOTED_IMAGE_SHARE = 0.15
MAX_UNMAPPED_SHARE = 0.2
END_WITHIN = 1024
# What pdfium puts where a word was divided at a line's end.
_HYPHENS = ("\x02", "\ufffe")


@dataclass(frozen=True, slots=True)
class _Char:
    text: str
    x0: float
    y0: float
    x1: float
    y1: float


def read_pdf(path: Path, limits: DocumentLimits, ocr: OcrOptions) -> tuple[tuple[Page, ...], tuple[str, ...]]:
    """The pages, and warnings about the whole.

    Raises:
        EncryptedDocument: it asks for a password.
        UnreadableDocument: it is damaged.
        DocumentTooLarge: more pages, scanned pages or text than the limits allow.
    """
    cut = () if _ends(path) else ("the end of this PDF is missing: pages or text may be lost with it",)
    try:
        document = pypdfium2.PdfDocument(path)
    except pypdfium2.PdfiumError as error:
        raise _refusal(error) from error
    try:
        pages, warnings = _read(document, limits, ocr)
        return pages, cut + warnings
    except pypdfium2.PdfiumError as error:
        raise _refusal(error) from error
    finally:
        document.close()


def _ends(path: Path) -> bool:
    """Whether the end marker is where readers look for it; pdfium mends a file without one in silence."""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - END_WITHIN))
        return b"%%EOF" in file.read()


def _refusal(error: pypdfium2.PdfiumError) -> EncryptedDocument | UnreadableDocument:
    code = getattr(error, "err_code", None)
    if code in (pdfium.FPDF_ERR_PASSWORD, pdfium.FPDF_ERR_SECURITY):
        return EncryptedDocument("this PDF asks for a password", hint="save it without one and send that")
    return UnreadableDocument("this PDF is damaged or not whole", hint="open it, save it again and send that")


def _read(document: Any, limits: DocumentLimits, ocr: OcrOptions) -> tuple[tuple[Page, ...], tuple[str, ...]]:
    count = len(document)
    if count == 0:
        raise UnreadableDocument("this PDF has no pages", hint="open it, save it again and send that")
    if count > limits.pages:
        raise DocumentTooLarge(
            f"the PDF has {count} pages, {limits.pages} are read", hint="split it and send its parts"
        )
    warnings: tuple[str, ...] = ()
    if document.get_formtype() != pdfium.FORMTYPE_NONE:
        warnings = ("the PDF is a form: what was typed into its fields is not read",)
    pages: list[Page] = []
    scanned = 0
    for number in range(count):
        page = document[number]
        try:
            text = _text_page(page)
            if text is None:
                scanned += 1
                if scanned > limits.ocr_pages:
                    raise DocumentTooLarge(
                        f"more than {limits.ocr_pages} pages of this PDF are pictures",
                        hint="split it and send its parts",
                    )
                text = _scanned_page(page, limits, ocr)
        finally:
            page.close()
        pages.append(text)
        check_length(pages, limits)
    return tuple(pages), warnings


def _text_page(page: Any) -> Page | None:
    """The page from its own text; None where it has to be looked at instead."""
    chars = list(_chars(page))
    said = [char for char in chars if char.text.strip()]
    share, objects = _image_share(page)
    if not said:
        return None if objects else Page("", "none", warnings=(BLANK,))
    unmapped = sum(_unmapped(char.text) for char in said)
    if unmapped > MAX_UNMAPPED_SHARE * len(said):
        return None
    if share >= SCAN_IMAGE_SHARE and len(said) < SCAN_MAX_CHARS:
        return None
    if page.get_rotation():
        # the boxes do not turn with the page, so only the order of the text can be kept
        markdown = escape("".join("-" if char.text in _HYPHENS else char.text for char in chars)).strip()
    else:
        markdown = to_markdown(rows_in_order(_segments(chars)), page_width=page.get_width(), headings=True)
    warnings = ["an image on this page was not read"] if share >= NOTED_IMAGE_SHARE else []
    if unmapped:
        warnings.append("some characters of this page have no text behind them and are missing or wrong")
    return Page(markdown, "text", warnings=tuple(warnings))


def _scanned_page(page: Any, limits: DocumentLimits, ocr: OcrOptions) -> Page:
    width, height = page.get_size()
    scale = limits.render_dpi / 72
    pixels = width * height * scale * scale
    if pixels > limits.pixels:
        scale *= (limits.pixels / pixels) ** 0.5
    bitmap = page.render(scale=scale)
    try:
        return read_image(bitmap.to_pil().convert("RGB"), ocr)
    finally:
        bitmap.close()


def _image_share(page: Any) -> tuple[float, int]:
    """The largest image's share of the page (0 to 1), and how many objects of any kind the page has."""
    width, height = page.get_size()
    area = max(1e-6, width * height)
    largest, objects = 0.0, 0
    for found in page.get_objects(max_depth=3):
        objects += 1
        if found.type == pdfium.FPDF_PAGEOBJ_IMAGE:
            left, bottom, right, top = found.get_bounds()
            seen_width = min(right, width) - max(left, 0.0)
            seen_height = min(top, height) - max(bottom, 0.0)
            largest = max(largest, max(0.0, seen_width) * max(0.0, seen_height) / area)
    return largest, objects


def _unmapped(text: str) -> bool:
    return text == "\ufffd" or unicodedata.category(text[0]) in ("Co", "Cn")


def _chars(page: Any) -> Iterator[_Char]:
    """Every character in the order of the page's content, its box in points from the top left corner."""
    textpage = page.get_textpage()
    try:
        _, top = page.get_size()
        raw = textpage.raw
        box = pdfium.FS_RECTF()
        high = 0
        for index in range(textpage.count_chars()):
            code = pdfium.FPDFText_GetUnicode(raw, index)
            if 0xD800 <= code < 0xDC00:  # the first half of a character beyond the 16-bit plane
                high = code
                continue
            if 0xDC00 <= code < 0xE000 and high:
                code = 0x10000 + ((high - 0xD800) << 10) + (code - 0xDC00)
            high = 0
            pdfium.FPDFText_GetLooseCharBox(raw, index, ctypes.byref(box))
            yield _Char(chr(code), box.left, top - box.top, box.right, top - box.bottom)
    finally:
        textpage.close()


def _segments(chars: list[_Char]) -> Iterator[Segment]:
    """Runs of characters, divided at pdfium's line ends and at gaps as wide as between columns."""
    run: list[_Char] = []
    for char in chars:
        if char.text in "\r\n":
            yield from _segment(run)
            run = []
            continue
        last = next((found for found in reversed(run) if found.text.strip()), None)
        if last is not None and char.text.strip() and char.x0 - last.x1 > COLUMN_GAP_EM * _height(char):
            yield from _segment(run)
            run = []
        run.append(char)
    yield from _segment(run)


def _segment(run: list[_Char]) -> Iterator[Segment]:
    text = "".join("-" if char.text in _HYPHENS else char.text for char in run).strip()
    said = [char for char in run if char.text.strip()]
    if not text or not said:
        return
    sizes = sorted(_height(char) for char in said)
    yield Segment(
        " ".join(text.split()),
        min(char.x0 for char in said),
        min(char.y0 for char in said),
        max(char.x1 for char in said),
        max(char.y1 for char in said),
        sizes[len(sizes) // 2],
    )


def _height(char: _Char) -> float:
    """Stands for the font's size: what the file states may be scaled by a matrix, the box is as seen."""
    return max(1e-6, char.y1 - char.y0)
