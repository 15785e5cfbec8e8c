"""The disk below the data directory: its refusals in our words, and whether it takes anything."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from casewright.errors import DiskFull, StorageError

# Left free for the databases and logs of everything else in the data directory.
RESERVE_BYTES = 64 * 1024 * 1024
_PROBE = ".probe"


@contextlib.contextmanager
def told(path: Path) -> Iterator[None]:
    """The system's refusals as ours.

    Raises:
        DiskFull: no space, or quota, is left for ``path``.
        StorageError: it refuses otherwise.
    """
    try:
        yield
    except OSError as error:
        raise refused(path, error) from error


def refused(path: Path, error: OSError) -> StorageError:
    """What the system said of ``path``, as our error."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return DiskFull(f"no space left to write {path}", hint="free some space and repeat")
    return StorageError(f"cannot use {path}: {error.strerror}", hint="check its permissions")


def trouble(folder: Path) -> str:
    """Why nothing can be written to a folder; empty where it can. May be asked from several threads."""
    probe = folder / _PROBE
    try:
        if shutil.disk_usage(folder).free < RESERVE_BYTES:
            return f"less than {RESERVE_BYTES} bytes are free on the disk of {folder}"
        handle = os.open(probe, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
        try:
            os.write(handle, b"x")
        finally:
            os.close(handle)
            probe.unlink(missing_ok=True)  # another may have asked at the same time
    except OSError as error:
        return f"{folder} cannot be written: {error.strerror}"
    return ""


def own_folder(folder: Path) -> None:
    """Make a folder that its owner alone may enter.

    Raises:
        DiskFull, StorageError: it cannot be made.
    """
    with told(folder):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)


def sync_folder(folder: Path) -> None:
    """Have what was made, renamed or removed in a folder on the disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
