"""Pictures: measured before they are decoded, turned as the camera noted, read by OCR."""

from __future__ import annotations

import logging
import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageFile, ImageOps, UnidentifiedImageError

from casewright.documents.blocks import Found, Noted, Opened, Page
from casewright.documents.detect import JPEG, PNG, TIFF, WEBP, Kind
from casewright.documents.haste import DECODE_S, hasty
from casewright.documents.limits import DocumentLimits
from casewright.documents.ocr.page import read_picture_page
from casewright.documents.options import OcrOptions, ReadOptions
from casewright.errors import DocumentTooLarge, UnreadableDocument

log = logging.getLogger(__name__)

_FORMATS = {PNG: "PNG", JPEG: "JPEG", TIFF: "TIFF", WEBP: "WEBP"}
# What Pillow raises at files that are not what they say.
_BROKEN = (
    UnidentifiedImageError,
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    LookupError,
    TypeError,
    ArithmeticError,
    struct.error,
    zlib.error,
)
# A progressive JPEG is drawn once for each of its scans; encoders make about ten.
MAX_SCANS = 100
_SCAN = b"\xff\xda"
NOT_READ = "this picture was not read: reading scans is turned off"
BROKEN = "this picture could not be read: it is damaged, or too large"


@dataclass(frozen=True, slots=True)
class _File:
    path: Path
    kind: Kind
    limits: DocumentLimits


def read(path: Path, kind: Kind, limits: DocumentLimits, options: ReadOptions) -> Iterator[Found]:
    """One page for each picture in the file (a TIFF may hold many), from ``options.first_page`` on.

    Raises:
        UnreadableDocument: the file is damaged from its beginning.
        DocumentTooLarge: more pixels or pictures than the limits allow.
    """
    file = _File(path, kind, limits)
    count, pictures = _count(file)
    said: tuple[str, ...] = ()
    if pictures > count:
        said = (f"the {kind.name} holds {pictures} pictures, as an animation does: only the first is read",)
    yield Opened(kind.media_type, pages=count, warnings=said)
    for number in range(options.first_page, count + 1):
        yield from _page(file, number, count, options.ocr)


def upright(image: Image.Image) -> Image.Image:
    """As it is to be looked at, in RGB: turned as the camera noted, on white where it is transparent."""
    turned = ImageOps.exif_transpose(image)
    if turned.mode in ("I", "F") or turned.mode.startswith("I;"):
        turned = _eight_bits(turned)
    if turned.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in turned.info:
        over = turned.convert("RGBA")
        turned = Image.alpha_composite(Image.new("RGBA", over.size, "white"), over)
    return turned.convert("RGB")


def check_pixels(width: int, height: int, limits: DocumentLimits) -> None:
    """Hold a picture to the bound by the size that it states.

    Raises:
        DocumentTooLarge: it is beyond.
    """
    if width * height > limits.pixels:
        raise _too_many_pixels(limits)


def _count(file: _File) -> tuple[int, int]:
    """How many pages the file has, and how many pictures: those of an animation are no pages."""
    if file.kind is JPEG and file.path.read_bytes().count(_SCAN) > MAX_SCANS:
        raise DocumentTooLarge(
            f"this JPEG image is drawn over itself more than {MAX_SCANS} times",
            hint="open it, save it again and send that",
        )
    try:
        with _opened(file) as image:
            check_pixels(image.width, image.height, file.limits)
            pictures = int(getattr(image, "n_frames", 1))
    except _BROKEN as error:
        raise _damaged(file.kind) from error
    count = pictures if file.kind is TIFF else 1
    if count > file.limits.ocr_pages:
        raise DocumentTooLarge(
            f"the file holds {count} pictures, {file.limits.ocr_pages} are read",
            hint="split it and send its parts",
        )
    return count, pictures


def _page(file: _File, number: int, count: int, ocr: OcrOptions) -> Iterator[Found]:
    """The page of one picture, and what of it is lost."""
    image, lost = _taken(file, number)
    if image is None and count == 1:
        raise _damaged(file.kind)
    if image is None:
        yield Page((), "none", warnings=(BROKEN,), unread=True)
    elif ocr.mode == "never":
        width, height = float(image.width), float(image.height)
        yield Page((), "none", warnings=(NOT_READ,), width=width, height=height, unit="px", unread=True)
    else:
        yield read_picture_page(image, ocr, width=image.width, height=image.height, unit="px")
    if lost:
        which = f"picture {number} of the {file.kind.name}" if count > 1 else f"the {file.kind.name}"
        yield Noted(f"{which} {lost}", lost=True)


def _taken(file: _File, number: int) -> tuple[Image.Image | None, str]:
    """A picture, or as much of it as there is, and in words what is lost of it."""
    try:
        return _decoded(file, number), ""
    except DocumentTooLarge as error:
        if number == 1:
            raise
        return None, f"was not read: {error.message}"
    except _BROKEN as error:
        log.info("picture %d is broken: %s", number, error)
    try:
        there = _mended(file, number)
    except _BROKEN as error:
        log.info("nothing is left of picture %d: %s", number, error)
        there = None
    if there is None:
        return None, "is damaged: it was not read"
    return there, "is damaged or cut short: what is there of it was read"


def _decoded(file: _File, number: int) -> Image.Image:
    """The picture in RGB."""
    with _opened(file) as image:
        image.seek(number - 1)
        check_pixels(image.width, image.height, file.limits)
        with hasty(DECODE_S):
            return upright(image)


def _mended(file: _File, number: int) -> Image.Image | None:
    """What is there of a broken picture in RGB; None where that is nothing."""
    with _opened(file) as image:
        image.seek(number - 1)
        check_pixels(image.width, image.height, file.limits)
        before = ImageFile.LOAD_TRUNCATED_IMAGES
        ImageFile.LOAD_TRUNCATED_IMAGES = True
        try:
            image.load()
        finally:
            ImageFile.LOAD_TRUNCATED_IMAGES = before
        return _without_missing(image)


def _without_missing(image: Image.Image) -> Image.Image | None:
    """The picture with white where its rows are missing; None where all of them are."""
    pixels = np.asarray(image)
    last = pixels[-1, -1]
    same = np.all(pixels == last, axis=tuple(range(1, pixels.ndim)))
    there = len(same) - int(np.argmin(same[::-1])) if not same.all() else 0
    if there == 0:
        return None
    # by a mask, so that it holds in every mode and turns with the picture
    whole = image.copy()
    missing = Image.new("L", image.size, 0)
    missing.paste(255, (0, there, image.width, image.height))
    orientation = image.getexif().get(0x0112)
    if orientation is not None:
        exif = Image.Exif()
        exif[0x0112] = orientation
        missing.info["exif"] = exif.tobytes()
        missing = ImageOps.exif_transpose(missing)
    made = upright(whole)
    made.paste("white", mask=missing)
    return made


@contextmanager
def _opened(file: _File) -> Iterator[Image.Image]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of bombs (ours is stricter) and of metadata that is not read
            with Image.open(file.path, formats=[_FORMATS[file.kind]]) as image:
                yield image
    except Image.DecompressionBombError as error:
        raise DocumentTooLarge(
            "the image has more pixels than are read", hint="scale it down (200 dpi is enough)"
        ) from error


def _eight_bits(image: Image.Image) -> Image.Image:
    """Shades of more than 8 bits as 8: what is the brightest stays the brightest."""
    shades = np.nan_to_num(np.asarray(image, dtype=np.float64), posinf=0.0, neginf=0.0)
    darkest, brightest = min(0.0, float(shades.min())), float(shades.max())
    if brightest > 255 or 0 < brightest <= 1:
        shades = (shades - darkest) * (255 / (brightest - darkest))
    return Image.fromarray(np.clip(shades, 0, 255).astype(np.uint8))


def _too_many_pixels(limits: DocumentLimits) -> DocumentTooLarge:
    return DocumentTooLarge(
        f"the image has more than {limits.pixels} pixels", hint="scale it down (200 dpi is enough)"
    )


def _damaged(kind: Kind) -> UnreadableDocument:
    return UnreadableDocument(
        f"the {kind.name} is damaged or not whole", hint="open it, save it again and send that"
    )
