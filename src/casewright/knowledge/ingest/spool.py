"""Uploads on their way into a case: on disk before anybody is answered, gone when they are read or erased.

A file is named by ids (its document's and version), never by what somebody called it.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from casewright.errors import BodyTooLarge, DiskFull, NotFound, StorageError, UnprocessableRequest

PIECE_BYTES = 256 * 1024
_PART = ".part"
_IDENTITY = re.compile(r"[0-9a-f-]{32,36}(\.[0-9]{1,9})?")


@dataclass(frozen=True, slots=True)
class Taken:
    """A file in the spool."""

    id: str
    sha256: str
    size_bytes: int


class Spool:
    """The folder. Every method blocks; each raises ``StorageError`` (``DiskFull``) where the disk refuses."""

    def __init__(self, folder: Path, max_bytes: int) -> None:
        self.folder = folder
        self.max_bytes = max_bytes

    def open(self) -> None:
        """Make the folder, and remove what an earlier process left half-written."""
        with _told(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            for left in self.folder.glob(f"*{_PART}"):
                left.unlink(missing_ok=True)

    def take(self, identity: str, file: BinaryIO) -> Taken:
        """Write a file to the disk; it is safe there when this returns.

        Raises:
            UnprocessableRequest: there is nothing in it.
            BodyTooLarge: it is larger than ``max_bytes``.
        """
        path = self._path(identity)
        part = path.with_name(path.name + _PART)
        digest, size = hashlib.sha256(), 0
        try:
            with _told(path):
                with os.fdopen(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as out:
                    while piece := file.read(PIECE_BYTES):
                        size += len(piece)
                        self._check_size(size)
                        digest.update(piece)
                        out.write(piece)
                    if not size:
                        raise UnprocessableRequest(
                            "the file is empty", hint="send a file with something in it"
                        )
                    out.flush()
                    os.fsync(out.fileno())
                part.rename(path)
                self._sync()
        finally:
            with contextlib.suppress(OSError):
                part.unlink(missing_ok=True)
        return Taken(identity, digest.hexdigest(), size)

    def rename(self, identity: str, to: str) -> None:
        """Give a file another id; what that id had is replaced."""
        path, fresh = self._path(identity), self._path(to)
        with _told(path):
            path.replace(fresh)
            self._sync()

    def path(self, identity: str) -> Path:
        """Where a file lies.

        Raises:
            NotFound: it is not there (any more).
        """
        path = self._path(identity)
        if not path.is_file():
            raise NotFound("the uploaded file is gone", hint="send it again")
        return path

    def discard(self, identity: str) -> None:
        """Remove a file; one that is not there is removed."""
        path = self._path(identity)
        with _told(path):
            path.unlink(missing_ok=True)
            self._sync()

    def all(self) -> list[str]:
        """The ids of the files there are."""
        with _told(self.folder):
            return sorted(path.name for path in self.folder.iterdir() if _IDENTITY.fullmatch(path.name))

    def _check_size(self, size: int) -> None:
        if size > self.max_bytes:
            raise BodyTooLarge(
                f"the file is larger than {self.max_bytes} bytes",
                hint="send it in parts; /health shows the limits",
            )

    def _path(self, identity: str) -> Path:
        if not _IDENTITY.fullmatch(identity):
            raise NotFound("there is no file of that id", hint="see GET /jobs/{id}")
        return self.folder / identity

    def _sync(self) -> None:
        handle = os.open(self.folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


@contextlib.contextmanager
def _told(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise DiskFull(
                "no space is left for uploads", hint="free some space and send it again"
            ) from error
        raise StorageError(
            f"the spool {path.parent.name}/ refuses: {error.strerror}", hint="check the data directory"
        ) from error
