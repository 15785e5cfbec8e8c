"""A page as a picture, to be looked at beside what was read: the same way up as the boxes."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image

from casewright.documents import detect
from casewright.documents.haste import DECODE_S, hasty
from casewright.documents.limits import DocumentLimits
from casewright.errors import (
    DocumentTooLarge,
    EncryptedDocument,
    NotFound,
    UnreadableDocument,
    UnsupportedMedia,
)

# A4 at 200 dpi has 3.9 million; the longest PNG of so many is what a frame to the service holds.
VIEW_PIXELS = 5_000_000
_COMPRESS = 3  # a third of the time of the default, and a tenth larger
_PASSWORD_ERROR = 4  # FPDF_ERR_PASSWORD


def view(path: Path, number: int, dpi: int, limits: DocumentLimits, password: str | None) -> bytes:
    """Page ``number`` (from 1) as PNG, at ``dpi`` or at what ``VIEW_PIXELS`` allow.

    Raises:
        NotFound: the file has no such page.
        UnsupportedMedia: it has no pages to look at.
        UnreadableDocument, EncryptedDocument, DocumentTooLarge: the page cannot be shown.
    """
    kind, _ = detect.detect(path, "")
    if kind is detect.PDF:
        image = _of_pdf(path, number, dpi, password)
    elif kind in detect.IMAGES:
        image = _of_picture(path, kind, number, limits)
    else:
        raise UnsupportedMedia(f"a {kind.name} has no pages to look at", hint="look at its text instead")
    image.thumbnail(_fitting(image.width, image.height))
    png = BytesIO()
    image.save(png, "PNG", compress_level=_COMPRESS)
    return png.getvalue()


def _of_pdf(path: Path, number: int, dpi: int, password: str | None) -> Image.Image:
    import pypdfium2 as pdfium  # type: ignore[import-untyped]  # noqa: PLC0415 - only where a PDF is looked at

    try:
        with _closing(pdfium.PdfDocument(path, password=password)) as document:
            _check_page(number, len(document))
            document.init_forms()
            with _closing(document[number - 1]) as page:
                width, height = (max(1.0, side) for side in page.get_size())
                scale = min(dpi / 72, (VIEW_PIXELS / (width * height)) ** 0.5)
                with hasty(DECODE_S), _closing(page.render(scale=scale)) as bitmap:
                    shown: Image.Image = bitmap.to_pil().convert("RGB")
                    return shown
    except pdfium.PdfiumError as error:
        if getattr(error, "err_code", None) == _PASSWORD_ERROR:
            raise EncryptedDocument("this PDF asks for a password", hint="give its password") from error
        raise _damaged() from error


def _of_picture(path: Path, kind: detect.Kind, number: int, limits: DocumentLimits) -> Image.Image:
    from casewright.documents.picture import upright  # noqa: PLC0415 - it brings the OCR engine along

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # ours is stricter
            with Image.open(path, formats=[kind.media_type.removeprefix("image/").upper()]) as image:
                _check_page(number, int(getattr(image, "n_frames", 1)) if kind is detect.TIFF else 1)
                if number > 1:
                    image.seek(number - 1)
                if image.width * image.height > limits.pixels:
                    raise _too_large(limits)
                image.draft("RGB", _fitting(image.width, image.height))
                with hasty(DECODE_S):
                    return upright(image)
    except Image.DecompressionBombError as error:
        raise _too_large(limits) from error
    except (OSError, SyntaxError, ValueError, EOFError, IndexError, KeyError) as error:
        raise _damaged() from error


def _fitting(width: int, height: int) -> tuple[int, int]:
    """The size in the same proportions within ``VIEW_PIXELS``."""
    scale = min(1.0, (VIEW_PIXELS / (width * height)) ** 0.5)
    return max(1, int(width * scale)), max(1, int(height * scale))


@contextmanager
def _closing(thing: Any) -> Iterator[Any]:
    try:
        yield thing
    finally:
        thing.close()


def _check_page(number: int, count: int) -> None:
    if not 1 <= number <= count:
        raise NotFound(f"the file has {count} pages, and no page {number}", hint="count pages from 1")


def _too_large(limits: DocumentLimits) -> DocumentTooLarge:
    return DocumentTooLarge(f"the image has more than {limits.pixels} pixels", hint="scale it down")


def _damaged() -> UnreadableDocument:
    return UnreadableDocument("this page is too damaged to be shown", hint="look at the original file")
