"""One hostile file: its bytes, and what may honestly come of it."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass

# Stands in files that have text, so that reading it can be seen.
WORD = "Northgate"
SENTENCE = f"{WORD} Advice Centre wrote on 14 March 2026 about 1,240.50 pounds, reference PPR-9087"


@dataclass(frozen=True, slots=True)
class Made:
    """``readable``: there is text in it that may be read, so ``ok`` may be honest. ``bomb``: it is small and
    would grow without bound; refusing it takes no time. ``owner`` is who reads such files.
    """

    name: str
    make: Callable[[], bytes]
    owner: str
    readable: bool = False
    bomb: bool = False


def of(data: bytes) -> Callable[[], bytes]:
    """A maker of bytes that are there already."""
    return lambda: data


def zeros(size: int, level: int = 9) -> bytes:
    """``size`` zero bytes (a multiple of 16 MB) as zlib packs them: a thousandth, made in no time."""
    return packed(bytes(16 * 1024 * 1024), size // (16 * 1024 * 1024), level)


def packed(block: bytes, times: int, level: int = 9) -> bytes:
    """``block`` so many times, as one zlib stream."""
    raw, checksum = raw_packed(block, times, level), 1
    for _ in range(times):
        checksum = zlib.adler32(block, checksum)
    return b"\x78\x9c" + raw + checksum.to_bytes(4, "big")


def raw_packed(block: bytes, times: int, level: int = 9) -> bytes:
    """The same as a bare deflate stream: a block that was flushed whole can be repeated."""
    packer = zlib.compressobj(level, wbits=-15)
    first = packer.compress(block) + packer.flush(zlib.Z_FULL_FLUSH)
    return first * times + zlib.compressobj(level, wbits=-15).flush()
