"""Keeping a qualification where the services find it."""

from __future__ import annotations

import errno
import os
import tempfile
from pathlib import Path

from casewright.api.qualification import Qualification, qualification_path
from casewright.errors import DiskFull, StorageError, UsageError


def store_qualification(result: Qualification, data_dir: Path) -> Path:
    """Write the result under its key, replacing an older one at once; return the file.

    Raises:
        UsageError: the result is of the short form, which decides nothing.
        DiskFull: no space is left.
        StorageError: the data directory refuses the write for another reason.
    """
    if result.strategy is None:
        raise UsageError("a short exam decides no strategy", hint="run the full exam to store its result")
    path = qualification_path(data_dir, result.engine)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _replace(path, result.model_dump_json(by_alias=True, indent=1) + "\n")
    except OSError as error:
        kind = DiskFull if error.errno in (errno.ENOSPC, errno.EDQUOT) else StorageError
        raise kind(
            f"cannot write {path}: {error.strerror}", hint="set CASEWRIGHT_DATA to a writable directory"
        ) from error
    return path


def _replace(path: Path, text: str) -> None:
    """Write beside the file and rename, so that a reader sees the old result or the new one, never half."""
    with tempfile.NamedTemporaryFile(
        "w", dir=path.parent, prefix=path.stem, suffix=".part", delete=False, encoding="utf-8"
    ) as part:
        temporary = Path(part.name)
        try:
            part.write(text)
            part.flush()
            os.fsync(part.fileno())
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
    temporary.replace(path)
