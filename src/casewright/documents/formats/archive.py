"""ZIP archives that hold a document: measured before anything in them is unpacked, and again while it is."""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from io import RawIOBase
from pathlib import Path
from typing import IO, Any

from casewright.documents.limits import DocumentLimits
from casewright.errors import CasewrightError, DocumentTooLarge, EncryptedDocument, UnreadableDocument

# Sizes and signatures of the records that end an archive: PKWARE's APPNOTE 4.3.14 and 4.3.16.
_END = b"PK\x05\x06"
_END64 = b"PK\x06\x06"
_TAIL_BYTES = 65_535 + 22 + 20 + 56
# What a member takes in the central directory at most, when its writer is a word processor.
_DIRECTORY_BYTES_EACH = 1_024
_LOCAL_HEADER_BYTES = 30
_PACKINGS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
_DAMAGES = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    OSError,
    NotImplementedError,
    RuntimeError,
    ValueError,
    KeyError,
    struct.error,
)


class Package:
    """The parts of one document. Names are only looked up, never used as paths; archives inside stay shut."""

    def __init__(self, archive: zipfile.ZipFile, what: str, limits: DocumentLimits) -> None:
        self._archive = archive
        self._limits = limits
        self._unpacked = 0
        self.what = what
        self.names = frozenset(archive.namelist())

    def read(self, name: str) -> bytes:
        """A part, whole; empty where there is none of that name.

        Raises:
            DocumentTooLarge: it is larger than a part may be, whatever size it states.
            UnreadableDocument: it is damaged.
        """
        if name not in self.names:
            return b""
        with self.open(name) as part:
            content = part.read(self._limits.part_bytes + 1)
        if len(content) > self._limits.part_bytes:
            raise DocumentTooLarge(
                f"a part of this {self.what} is larger than {self._limits.part_bytes} bytes",
                hint="split it and send its parts",
            )
        return content

    @contextmanager
    def open(self, name: str) -> Iterator[IO[bytes]]:
        """A part as a stream that ends in an error where all that was unpacked passes the limit."""
        try:
            with self._archive.open(name) as part:
                yield _Counted(part, self)  # type: ignore[misc]
        except CasewrightError:
            raise
        except _DAMAGES as error:
            raise damaged(self.what) from error

    def count(self, size: int) -> None:
        """Bytes that have come out of the archive, whatever it stated."""
        self._unpacked += size
        if self._unpacked > self._limits.zip_bytes:
            raise _too_large(self.what, self._unpacked, len(self.names))


class _Counted(RawIOBase):
    def __init__(self, part: IO[bytes], package: Package) -> None:
        super().__init__()
        self._part = part
        self._package = package

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        content = self._part.read(size)
        self._package.count(len(content))
        return content

    def readinto(self, buffer: Any) -> int:
        content = self.read(len(buffer))
        buffer[: len(content)] = content
        return len(content)


@contextmanager
def opened(path: Path, what: str, limits: DocumentLimits) -> Iterator[Package]:
    """The archive at ``path``, held to the limits by what its directory states. ``what`` names it for people.

    Raises:
        UnreadableDocument: it is damaged, or made so that two programs would read two things in it.
        EncryptedDocument: parts of it are encrypted.
        DocumentTooLarge: more members, bytes or a higher ratio than the limits allow.
    """
    try:
        with path.open("rb") as file:
            _check_directory(file, what, limits)
            archive = zipfile.ZipFile(file)
            _check_members(archive, what, limits)
            yield Package(archive, what, limits)
    except CasewrightError:
        raise
    except RecursionError as error:
        raise DocumentTooLarge(
            f"this {what} nests deeper than is read", hint="save it again and send that"
        ) from error
    except _DAMAGES as error:
        raise damaged(what) from error


def damaged(what: str) -> UnreadableDocument:
    """The error for a file that is broken inside."""
    return UnreadableDocument(f"this {what} is damaged", hint="open it, save it again and send that")


def _check_directory(file: IO[bytes], what: str, limits: DocumentLimits) -> None:
    """The directory's own size, before the library reads all of it."""
    size = file.seek(0, 2)
    file.seek(max(0, size - _TAIL_BYTES))
    tail = file.read(_TAIL_BYTES)
    at = tail.rfind(_END)
    if at < 0 or len(tail) < at + 22:
        raise damaged(what)
    (stated,) = struct.unpack_from("<L", tail, at + 12)
    at64 = tail.rfind(_END64)
    if at64 >= 0 and len(tail) >= at64 + 56:
        stated = max(stated if stated != 0xFFFFFFFF else 0, *struct.unpack_from("<Q", tail, at64 + 40))
    if stated > limits.zip_members * _DIRECTORY_BYTES_EACH:
        raise DocumentTooLarge(
            f"this {what} has more than {limits.zip_members} parts", hint="split it and send its parts"
        )


def _check_members(archive: zipfile.ZipFile, what: str, limits: DocumentLimits) -> None:
    members = archive.infolist()
    if any(member.flag_bits & 0x1 for member in members):
        raise EncryptedDocument(
            f"this {what} is encrypted",
            hint="save it without a password and send that; none is asked for here",
        )
    total = sum(member.file_size for member in members)
    inflated = any(
        member.file_size > limits.zip_ratio_from
        and member.file_size > limits.zip_ratio * max(1, member.compress_size)
        for member in members
    )
    if inflated or total > limits.zip_bytes or len(members) > limits.zip_members:
        raise _too_large(what, total, len(members))
    if len({member.filename for member in members}) < len(members) or _overlap(members, archive.start_dir):
        raise UnreadableDocument(
            f"two parts of this {what} have one name or one place",
            hint="open it, save it again and send that",
        )
    if any(member.compress_type not in _PACKINGS for member in members):
        raise UnreadableDocument(
            f"this {what} is packed in a way that is not used for documents",
            hint="open it, save it again and send that",
        )


def _overlap(members: Sequence[zipfile.ZipInfo], directory: int) -> bool:
    """Whether members share bytes of the file, by which a small one unpacks to any size."""
    placed = sorted((one.header_offset, len(one.orig_filename), one.compress_size) for one in members)
    ends = [start + _LOCAL_HEADER_BYTES + name + size for start, name, size in placed]
    starts = [*(start for start, _, _ in placed[1:]), directory]
    return any(end > start for end, start in zip(ends, starts, strict=True)) if placed else False


def _too_large(what: str, total: int, members: int) -> DocumentTooLarge:
    return DocumentTooLarge(
        f"this {what} unpacks to {total} bytes in {members} parts, which is beyond the limits",
        hint="split it, or take large images out of it",
    )
