"""Files that others read while they are written: replaced whole, or made once."""

from __future__ import annotations

import contextlib
import errno
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from casewright.errors import DiskFull, StorageError


def replace_file(path: Path, content: bytes, *, mode: int = 0o644) -> None:
    """Put ``content`` in place of ``path`` in one step.

    A reader sees the old file or the new one, also after a crash.

    Raises:
        StorageError: it cannot be written; the old file is as it was.
    """
    with _written_beside(path, content, mode) as fresh:
        fresh.replace(path)


def create_file(path: Path, content: bytes, *, mode: int = 0o644) -> bool:
    """Make ``path`` with its whole content, unless it exists; whether it was made here.

    Raises:
        StorageError: it cannot be written.
    """
    with _written_beside(path, content, mode) as fresh:
        try:
            os.link(fresh, path)
        except FileExistsError:
            return False
    return True


@contextlib.contextmanager
def _written_beside(path: Path, content: bytes, mode: int) -> Iterator[Path]:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    except OSError as error:
        raise _refused(path, error) from error
    fresh = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            os.fchmod(file.fileno(), mode)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        yield fresh
        _sync_folder(path.parent)
    except OSError as error:
        raise _refused(path, error) from error
    finally:
        fresh.unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    """Make the rename itself durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _refused(path: Path, error: OSError) -> StorageError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return DiskFull(f"no space left to write {path}", hint="free some space and repeat")
    return StorageError(f"cannot write {path}: {error.strerror}", hint="check its permissions")
