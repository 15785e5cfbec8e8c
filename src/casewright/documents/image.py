"""Pictures: measured before they are decoded, turned upright, read by OCR."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path

from PIL import Image, ImageOps, UnidentifiedImageError

from casewright.documents.detect import JPEG, PNG, TIFF, WEBP, Kind
from casewright.documents.limits import DocumentLimits
from casewright.documents.ocr import OcrOptions, read_image
from casewright.documents.pages import Page, check_length
from casewright.errors import DocumentTooLarge, UnreadableDocument

_FORMATS = {PNG: "PNG", JPEG: "JPEG", TIFF: "TIFF", WEBP: "WEBP"}


def read_picture(path: Path, kind: Kind, limits: DocumentLimits, ocr: OcrOptions) -> tuple[Page, ...]:
    """One page for each picture in the file (a TIFF may hold many).

    Raises:
        UnreadableDocument: the file is damaged.
        DocumentTooLarge: more pixels or pictures than the limits allow.
    """
    pages: list[Page] = []
    for frame in _frames(path, kind, limits):
        pages.append(read_image(frame, ocr))
        check_length(pages, limits)
    return tuple(pages)


def _frames(path: Path, kind: Kind, limits: DocumentLimits) -> Iterator[Image.Image]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # ours is stricter
            with Image.open(path, formats=[_FORMATS[kind]]) as image:
                count = int(getattr(image, "n_frames", 1)) if kind is TIFF else 1
                if count > limits.ocr_pages:
                    raise DocumentTooLarge(
                        f"the file holds {count} pictures, {limits.ocr_pages} are read",
                        hint="split it and send its parts",
                    )
                for number in range(count):
                    image.seek(number)
                    check_pixels(image.width, image.height, limits)
                    yield _upright(image)
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, EOFError, IndexError) as error:
        raise UnreadableDocument(
            f"the {kind.name} is damaged or not whole", hint="open it, save it again and send that"
        ) from error
    except Image.DecompressionBombError as error:
        raise _too_many_pixels(limits) from error


def check_pixels(width: int, height: int, limits: DocumentLimits) -> None:
    """Hold a picture to the bound by the size that it states.

    Raises:
        DocumentTooLarge: it is beyond.
    """
    if width * height > limits.pixels:
        raise _too_many_pixels(limits)


def _too_many_pixels(limits: DocumentLimits) -> DocumentTooLarge:
    return DocumentTooLarge(
        f"the image has more than {limits.pixels} pixels",
        hint="scale it down (200 dpi is enough)",
    )


def _upright(image: Image.Image) -> Image.Image:
    """As it is to be looked at: turned as the camera noted, on white where it is transparent."""
    turned = ImageOps.exif_transpose(image)
    if turned.mode in ("I;16", "I;16B", "I;16L", "I"):
        turned = turned.point(lambda value: value / 256).convert("L")
    if turned.mode in ("RGBA", "LA", "PA") or "transparency" in turned.info:
        over = turned.convert("RGBA")
        turned = Image.alpha_composite(Image.new("RGBA", over.size, "white"), over)
    return turned.convert("RGB")
