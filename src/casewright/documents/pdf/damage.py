"""Whether the parts of a PDF are whole: pdfium takes what it can of a damaged one, and says nothing."""

from __future__ import annotations

import mmap
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from casewright.documents.limits import DocumentLimits
from casewright.errors import DocumentTooLarge

# A longer file is looked at so far; and no more than this is unpacked for the look.
MAX_BYTES = 64 * 1024 * 1024
MAX_UNPACKED = 300 * 1024 * 1024
CHUNK = 1024 * 1024
DICTIONARY_WITHIN = 4096
_STREAM = re.compile(rb"(?<!end)stream(?:\r\n|\n|\r)")
_LENGTH = re.compile(rb"/Length\s+(\d{1,12})(?!\s+\d+\s+R)\b")
_FILTERS = re.compile(rb"/Filter\s*(?:\[([^\]]*)\]|(/\w+))")
_OBJECT = re.compile(rb"(?<!\d)(\d{1,10})\s{1,8}\d{1,5}\s{1,8}obj\b")
_CONTENTS = re.compile(rb"/Contents\s+(\d+)\s+(\d+)\s+R")
_KNOWN = frozenset(
    b"FlateDecode Fl LZWDecode LZW ASCII85Decode A85 ASCIIHexDecode AHx RunLengthDecode RL CCITTFaxDecode "
    b"CCF JBIG2Decode DCTDecode DCT JPXDecode Crypt".split()
)
_FLATE = (b"FlateDecode", b"Fl")


@dataclass(frozen=True, slots=True)
class Damage:
    """``broken`` counts parts that cannot be unpacked to their end, or are not there."""

    broken: int = 0


def damage_of(path: Path, limits: DocumentLimits) -> Damage:
    """Look through the file's packed parts. Nothing of them is kept.

    Raises:
        DocumentTooLarge: a part unpacks to more than ``limits.zip_bytes``.
    """
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        end = min(len(data), MAX_BYTES)
        if data.find(b"/Encrypt", 0, end) >= 0:  # what is packed was encrypted after that
            return Damage()
        broken = _missing(data) if end == len(data) else 0
        unpacked = 0
        for filters, start, length in _streams(data, end):
            if any(name not in _KNOWN for name in filters):
                broken += 1
            elif filters and filters[0] in _FLATE and unpacked < MAX_UNPACKED:
                size, whole = _unpacked(data, start, length, limits)
                unpacked += size
                broken += not whole
    return Damage(broken)


def _missing(data: mmap.mmap) -> int:
    """How many contents of pages are not there: they are never inside packed parts."""
    known = {found[1].lstrip(b"0") for found in _OBJECT.finditer(data)}
    return sum(found[1].lstrip(b"0") not in known for found in _CONTENTS.finditer(data))


def _streams(data: mmap.mmap, end: int) -> Iterator[tuple[list[bytes], int, int]]:
    """Each packed part's filters, where it starts, and its length."""
    at = 0
    while (found := _STREAM.search(data, at, end)) is not None:
        start = found.end()
        head = data[max(at, found.start() - DICTIONARY_WITHIN) : found.start()]
        head = head[head.rfind(b"obj") + 3 :] if b"obj" in head else head
        stated = _LENGTH.search(head)
        stop = -1
        if stated:
            stop = start + int(stated[1])
            if stop > len(data) or b"endstream" not in data[stop : stop + 32]:
                stop = -1
        if stop < 0:
            stop = data.find(b"endstream", start)
            if stop < 0:
                stop = len(data)
        names = _FILTERS.search(head)
        yield ((names[1] or names[2]).replace(b"/", b" ").split() if names else []), start, stop - start
        at = stop


def _unpacked(data: mmap.mmap, start: int, length: int, limits: DocumentLimits) -> tuple[int, bool]:
    """How large a part is unpacked, and whether it unpacks to its end."""
    unpacker = zlib.decompressobj()
    size, at, stop = 0, start, start + length
    pending = b""
    try:
        while at < stop or pending:
            if not pending:
                pending = data[at : min(at + CHUNK, stop)]
                at += len(pending)
            size += len(unpacker.decompress(pending, CHUNK))
            pending = unpacker.unconsumed_tail
            if size > limits.zip_bytes:
                raise DocumentTooLarge(
                    f"a part of this PDF unpacks to more than {limits.zip_bytes // (1024 * 1024)} MB",
                    hint="print it to a new PDF and send that",
                )
            if unpacker.eof:
                return size, True
    except zlib.error as error:
        # with the wrong checksum all is there all the same
        return size, "incorrect data check" in str(error)
    return size, _ends(data, start, length, size)


def _ends(data: mmap.mmap, start: int, length: int, size: int) -> bool:
    """Whether a part that has no checksum, as some writers leave it out, is whole all the same."""
    unpacker = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        unpacker.decompress(data[start + 2 : start + length], size + CHUNK)
    except zlib.error:
        return False
    return unpacker.eof
