"""Pictures that do harm, or are none."""

from __future__ import annotations

import io
import random
import struct
import zlib
from collections.abc import Iterator

from PIL import Image

from hostile.made import Made, of, zeros

OWNER = "OCR"


def chunk(kind: bytes, data: bytes) -> bytes:
    """A PNG's chunk."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(
    width: int, height: int, data: bytes, *, depth: int = 8, colour: int = 0, before: bytes = b""
) -> bytes:
    """A PNG with this packed data."""
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + before + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    """A picture as Pillow writes it."""
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def tiff(tags: dict[int, tuple[int, int, int]], following: int = 0, tail: bytes = b"") -> bytes:
    """A TIFF of one directory: tag -> (type, count, value)."""
    body = struct.pack("<H", len(tags))
    for tag, (kind, count, value) in sorted(tags.items()):
        body += struct.pack("<HHII", tag, kind, count, value)
    return b"II*\0" + struct.pack("<I", 8) + body + struct.pack("<I", following) + tail


def files() -> Iterator[Made]:
    """All of them."""
    for part in (_png, _jpeg, _tiff, _webp, _nothing, _others):
        yield from part()


def _png() -> Iterator[Made]:
    white = saved(Image.new("L", (600, 200), 255), "PNG")
    yield Made("bomb-100000.png", of(png(100_000, 100_000, zlib.compress(b""))), OWNER, bomb=True)
    yield Made(
        "bomb-2-gigapixel-sides.png", of(png(2**31 - 1, 2**31 - 1, zlib.compress(b""))), OWNER, bomb=True
    )
    yield Made("bomb-30000-one-bit.png", lambda: png(30_000, 30_000, zeros(2**27), depth=1), OWNER, bomb=True)
    yield Made("bomb-data-beyond.png", lambda: png(100, 100, zeros(2**30)), OWNER, bomb=True)
    texts = b"".join(chunk(b"zTXt", b"a\0\0" + zeros(2**26)) for _ in range(8))
    yield Made(
        "bomb-texts.png", lambda: png(10, 10, zlib.compress(bytes(110)), before=texts), OWNER, bomb=True
    )
    profile = chunk(b"iCCP", b"a\0\0" + zeros(2**28))
    yield Made(
        "bomb-profile.png", lambda: png(10, 10, zlib.compress(bytes(110)), before=profile), OWNER, bomb=True
    )
    yield Made("side-zero.png", of(png(0, 100, zlib.compress(b""))), OWNER)
    yield Made("no-data.png", of(png(600, 200, zlib.compress(b""))), OWNER)
    yield Made("head-only.png", of(b"\x89PNG\r\n\x1a\n"), OWNER)
    yield Made("cut.png", of(white[: len(white) // 2]), OWNER)
    yield Made("checksum.png", of(white[:29] + b"\0\0\0\0" + white[33:]), OWNER)
    yield Made("noise-after-head.png", of(white[:33] + random.Random(1).randbytes(5_000)), OWNER)
    yield Made("palette-none.png", of(png(50, 50, zlib.compress(bytes(2_550)), colour=3)), OWNER)
    yield Made("thread.png", of(png(1, 1_000_000, zlib.compress(bytes(2_000_000)))), OWNER)
    frames = [Image.new("L", (64, 64), n % 256) for n in range(300)]
    yield Made("moving.png", of(saved(frames[0], "PNG", save_all=True, append_images=frames[1:])), OWNER)


def _jpeg() -> Iterator[Made]:
    noise = Image.frombytes("L", (400, 400), random.Random(2).randbytes(160_000))
    whole = saved(noise, "JPEG")
    at = whole.index(b"\xff\xc0") + 5
    huge = whole[:at] + b"\xff\xff\xff\xff" + whole[at + 4 :]
    yield Made("bomb-65535.jpg", of(huge), OWNER, bomb=True)
    yield Made("cut.jpg", of(whole[: len(whole) // 2]), OWNER)
    yield Made("cut-in-head.jpg", of(whole[:60]), OWNER)
    yield Made("no-end.jpg", of(whole[:-2]), OWNER)
    yield Made("noise-in-scan.jpg", of(whole[:700] + random.Random(3).randbytes(9_000)), OWNER)
    slow = saved(Image.new("L", (5_000, 5_000), 128), "JPEG", progressive=True)
    scan = slow[slow.rindex(b"\xff\xda") : -2]
    yield Made("bomb-scans.jpg", lambda: slow[:-2] + scan * 2_000 + slow[-2:], OWNER, bomb=True)
    yield Made("exif-noise.jpg", of(whole[:2] + b"\xff\xe1\xff\xffExif\0\0" + whole[2:]), OWNER)
    exif = b"Exif\0\0II*\0\x08\0\0\0\x01\0\x69\x87\x04\0\x01\0\0\0\x08\0\0\0\0\0\0\0"
    looped = whole[:2] + b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif + whole[2:]
    yield Made("exif-loop.jpg", of(looped), OWNER)


def _tiff() -> Iterator[Made]:
    def tags(
        width: int, height: int, packing: int = 1, at: int = 200, size: int = 100
    ) -> dict[int, tuple[int, int, int]]:
        return {
            256: (4, 1, width),
            257: (4, 1, height),
            258: (3, 1, 8),
            259: (3, 1, packing),
            262: (3, 1, 1),
            273: (4, 1, at),
            277: (3, 1, 1),
            278: (4, 1, height),
            279: (4, 1, size),
        }

    pad = bytes(400)
    yield Made("bomb-200000.tiff", of(tiff(tags(200_000, 200_000), tail=pad)), OWNER, bomb=True)
    packed = zeros(2**28)
    yield Made(
        "bomb-packed.tiff",
        lambda: tiff(tags(16_000, 16_000, 8, 200, len(packed)), tail=bytes(78) + packed),
        OWNER,
        bomb=True,
    )
    yield Made("directory-follows-itself.tiff", of(tiff(tags(10, 10), following=8, tail=pad)), OWNER)
    yield Made("directory-beyond.tiff", of(tiff(tags(10, 10), following=2**31, tail=pad)), OWNER)
    yield Made("directory-in-text.tiff", of(b"II*\0\xff\xff\xff\x7f"), OWNER)
    yield Made("strip-beyond.tiff", of(tiff(tags(100, 100, at=2**31), tail=pad)), OWNER)
    yield Made("count-huge.tiff", of(tiff(tags(100, 100) | {273: (4, 2**31, 8)}, tail=pad)), OWNER)
    yield Made("no-tags.tiff", of(tiff({}, tail=pad)), OWNER)
    small = [Image.new("1", (8, 8), 1) for _ in range(300)]
    yield Made(
        "bomb-300-pages.tiff",
        lambda: saved(small[0], "TIFF", save_all=True, append_images=small[1:]),
        OWNER,
        bomb=True,
    )
    fax = saved(Image.new("1", (1_000, 1_000), 1), "TIFF", compression="group4")
    yield Made("fax-noise.tiff", of(fax[:8] + random.Random(5).randbytes(40) + fax[48:]), OWNER)
    yield Made("fax-cut.tiff", of(fax[: len(fax) // 2]), OWNER)
    big = b"II+\0\x08\0\0\0" + struct.pack("<Q", 16) + struct.pack("<Q", 2**60)
    yield Made("big-tiff-lie.tiff", of(big + pad), OWNER)


def _webp() -> Iterator[Made]:
    noise = Image.frombytes("RGB", (200, 200), random.Random(6).randbytes(120_000))
    whole = saved(noise, "WEBP")
    yield Made("cut.webp", of(whole[: len(whole) // 2]), OWNER)
    yield Made("size-lie.webp", of(whole[:4] + b"\xff\xff\xff\x7f" + whole[8:]), OWNER)
    big = saved(Image.new("RGB", (16_383, 10), "white"), "WEBP", lossless=True)
    yield Made("strip.webp", of(big), OWNER)
    lossless = b"RIFF\x20\0\0\0WEBPVP8L\x14\0\0\0\x2f\xff\xff\xff\x0f" + bytes(16)
    yield Made("bomb-16383.webp", of(lossless), OWNER, bomb=True)
    frames = [Image.new("RGB", (500, 500), (n, n, n)) for n in range(100)]
    yield Made("moving.webp", of(saved(frames[0], "WEBP", save_all=True, append_images=frames[1:])), OWNER)


def _nothing() -> Iterator[Made]:
    """Sound pictures without a word in them."""
    yield Made("white.png", of(saved(Image.new("L", (1_200, 800), 255), "PNG")), OWNER)
    yield Made("black.jpg", of(saved(Image.new("L", (1_200, 800), 0), "JPEG")), OWNER)
    yield Made("one-pixel.png", of(saved(Image.new("L", (1, 1), 0), "PNG")), OWNER)
    noise = Image.frombytes("L", (800, 600), random.Random(7).randbytes(480_000))
    yield Made("grey-noise.png", of(saved(noise, "PNG")), OWNER)


def _others() -> Iterator[Made]:
    small = Image.new("L", (40, 40), 255)
    yield Made("gif-as.png", of(saved(small, "GIF")), OWNER)
    yield Made("bmp-as.jpg", of(saved(small, "BMP")), OWNER)
    vector = b'<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/></svg>'
    yield Made("vector-as.png", of(vector), OWNER)
    yield Made("icon-bomb.ico", of(b"\0\0\1\0\1\0\0\0\0\0\1\0\x20\0\xff\xff\xff\x7f\x16\0\0\0"), OWNER)
