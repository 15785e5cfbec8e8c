"""One request as it was measured, and the JSONL in which records are kept."""

from __future__ import annotations

import errno
import gzip
import json
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import IO, cast

from casewright.errors import DiskFull, StorageError


@dataclass(frozen=True, slots=True)
class RequestRecord:
    """One request: times in nanoseconds of the system-wide monotonic clock, None where nothing happened.

    ``index`` is the request's place in the global schedule, ``session`` counts resumptions of a run.
    ``error`` is None or a kind of the error tree; ``cut`` marks a request in flight when the window ended
    (neither completed nor failed). ``t_first_token`` and ``t_last_token`` are the times of the first and
    last non-empty content, reasoning or tool delta. Token counts are the server's. ``first_chunk_tokens``
    is the number of tokens in the first delta: 1 when deltas and tokens are as many, else estimated from
    its share of the text. ``chunk_gaps_ns`` are the gaps between consecutive deltas. A request that was never
    written (no connection) has as ``t_send`` the time the attempt began; one that was sent again after a
    keep-alive loss keeps its first. ``dropped``: the answer's bytes were not kept (spool full), so that
    nothing is known of its tokens.
    """

    index: int
    session: int
    process: int
    warmup: bool
    cut: bool
    t_sched: int
    t_send: int
    t_connected: int | None
    t_first_byte: int | None
    t_first_token: int | None
    t_last_token: int | None
    t_end: int
    status: int | None
    error: str | None
    error_message: str | None
    retry_after_s: float | None
    reconnects: int
    prompt_tokens: int | None
    output_tokens: int | None
    cached_tokens: int | None
    chunks: int
    first_chunk_tokens: int | None
    chunk_gaps_ns: tuple[int, ...]
    finish_reason: str | None
    text: str
    dropped: bool = False


_NAMES = tuple(field.name for field in fields(RequestRecord))


def to_json(record: RequestRecord) -> str:
    """One line of JSON (without its newline), keys as the fields are called."""
    return json.dumps({name: getattr(record, name) for name in _NAMES}, separators=(",", ":"))


def from_json(line: str | bytes) -> RequestRecord:
    """Read what ``to_json`` wrote; StorageError when it is something else."""
    try:
        values = json.loads(line)
        values["chunk_gaps_ns"] = tuple(values["chunk_gaps_ns"])
        return RequestRecord(**values)
    except (ValueError, TypeError, KeyError) as exc:
        raise StorageError(
            "a line is not a request record", hint="the file is damaged or of another version"
        ) from exc


def write_records(path: Path, records: Iterable[RequestRecord]) -> int:
    """Write a JSONL file (gzip when the name ends in .gz); returns the number of records.

    DiskFull or StorageError when the disk refuses; the lines written before stay.
    """
    count = 0
    try:
        with _open(path, "w") as file:
            for record in records:
                file.write(to_json(record).encode() + b"\n")
                count += 1
    except OSError as exc:
        raise storage_error(path, exc) from exc
    return count


def read_records(path: Path) -> Iterator[RequestRecord]:
    """Read a JSONL file record by record; a torn last line, as a killed writer leaves, ends it."""
    try:
        with _open(path, "r") as file:
            for line in file:
                if not line.endswith(b"\n"):
                    return
                yield from_json(line)
    except (EOFError, zlib.error):
        return
    except OSError as exc:
        raise storage_error(path, exc) from exc


def storage_error(path: Path, exc: OSError) -> StorageError:
    """An OSError on ``path`` as DiskFull or StorageError."""
    if exc.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return DiskFull(f"no space is left for {path}", hint="free space, or use another results directory")
    return StorageError(f"{path}: {exc.strerror or exc}", hint="check the results directory")


def _open(path: Path, mode: str) -> IO[bytes]:
    if path.suffix == ".gz":
        return cast(IO[bytes], gzip.open(path, mode + "b", compresslevel=4))
    return cast(IO[bytes], path.open(mode + "b", buffering=1 << 18))
