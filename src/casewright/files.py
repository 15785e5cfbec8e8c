"""Files that others read while they are written: replaced whole, or made once."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from casewright.errors import DiskFull, StorageError


def replace_file(path: Path, content: bytes, *, mode: int | None = 0o644) -> None:
    """Put ``content`` in place of ``path`` in one step.

    A reader sees the old file or the new one, also after a crash. A symbolic link stays: what it points at is
    replaced. A pipe or a character device (``/dev/stdout``, a terminal) is written to. ``mode`` None: the old
    file's permissions, or what the umask leaves to a new one.

    Raises:
        StorageError: it cannot be written, or is a directory, socket or block device. An old file stays.
    """
    found = check_place(path)
    if found is not None and not _is_replaced(found):
        _write_to(path, found, content)
        return
    target = Path(os.path.realpath(path)) if path.is_symlink() else path
    if mode is None:
        mode = _new_mode() if found is None else stat.S_IMODE(found.st_mode)
    with _written_beside(target, content, mode) as fresh:
        fresh.replace(target)


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


def _new_mode() -> int:
    """The permissions of a new file here. The umask can be read only by setting it, so this is for a command
    that writes what its user named, and not for a service with threads.
    """
    umask = os.umask(0o077)
    os.umask(umask)
    return 0o666 & ~umask


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


def check_place(path: Path) -> os.stat_result | None:
    """What stands where a file is to be written; None: nothing yet.

    Raises:
        StorageError: it is nothing that ``replace_file`` would write to.
    """
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _refused(path, error) from error
    written = stat.S_ISREG, stat.S_ISFIFO, stat.S_ISCHR
    if _output(found) is None and not any(fits(found.st_mode) for fits in written):
        kinds = ((stat.S_ISDIR, "a directory"), (stat.S_ISSOCK, "a socket"), (stat.S_ISBLK, "a block device"))
        kind = next((name for fits, name in kinds if fits(found.st_mode)), "no file")
        raise StorageError(f"cannot write {path}: it is {kind}", hint="name a file")
    return found


def _is_replaced(found: os.stat_result) -> bool:
    """Whether it is a file for itself; everything else is written to."""
    return stat.S_ISREG(found.st_mode) and _output(found) is None


def _output(found: os.stat_result) -> int | None:
    """The number of our own output, if it is that: a file in its place would lose what is printed."""
    for number in (1, 2):
        with contextlib.suppress(OSError):
            if os.path.samestat(os.fstat(number), found):
                return number
    return None


def _write_to(path: Path, found: os.stat_result, content: bytes) -> None:
    """Write to a pipe, a device or this process's own output; a pipe waits for its reader."""
    number = _output(found)
    try:
        if number is not None:
            stream = sys.stdout if number == 1 else sys.stderr
            if stream is not None:
                stream.flush()  # what was printed before stands before
            _write_all(number, content)
            return
        handle = os.open(path, os.O_WRONLY | os.O_NOCTTY)
        try:
            if not os.path.samestat(os.fstat(handle), found):
                raise StorageError(f"cannot write {path}: it has just changed", hint="repeat")
            _write_all(handle, content)
        finally:
            os.close(handle)
    except OSError as error:
        raise _refused(path, error) from error


def _write_all(handle: int, content: bytes) -> None:
    left = memoryview(content)
    while left:
        left = left[os.write(handle, left) :]


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
    told = "check its permissions" if error.errno in (errno.EACCES, errno.EPERM) else "name another place"
    return StorageError(f"cannot write {path}: {error.strerror}", hint=told)
