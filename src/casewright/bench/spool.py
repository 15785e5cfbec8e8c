"""The raw spool: what the socket gave, with its times, in a file that survives a kill.

One segment per worker process and session. A segment is a magic line, one line of JSON (who wrote it), and
records. A record is ``<4s magic><u32 length><u32 crc32>`` and ``length`` bytes (the checksum is over all but
the reads' bytes: those are checked by HTTP's framing when they are decoded)::

    <q index><B flags><B error code><H reconnects><h status><H message length><I reads>
    <q t_sched><q t_send><q t_connected><q t_end>          times: monotonic ns; 0 stands for "did not happen"
    reads * <q time>   reads * <I bytes>                    one of each per socket read
    message (UTF-8)    the reads' bytes, joined (absent when the DROPPED flag is set)

All little-endian. Appending is all that is ever done, so a process killed in mid-write leaves a torn tail and
nothing else: the reader stops there and says so.
"""

from __future__ import annotations

import errno
import json
import os
import queue
import struct
import threading
import zlib
from array import array
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from casewright.errors import StorageError

SEGMENT_MAGIC: Final = b"casewright spool 1\n"
_RECORD_MAGIC: Final = b"CWr1"
_PREFIX = struct.Struct("<4sII")
_FIXED = struct.Struct("<qBBHhHIqqqq")
_MAX_RECORD = 1 << 30

WARMUP = 1
CUT = 2
DROPPED = 4
EOF_ENDED = 8

# A record's error code is its place here; only ever append.
ERROR_KINDS: Final[tuple[str | None, ...]] = (
    None,
    "connection_lost",
    "connection_refused",
    "connect_timeout",
    "dns_failure",
    "tls_failure",
    "unreachable",
    "first_token_timeout",
    "idle_timeout",
    "total_timeout",
    "malformed",
)
ERROR_CODES: Final[Mapping[str | None, int]] = {kind: code for code, kind in enumerate(ERROR_KINDS)}

_HAND_OVER = 256 * 1024
_GATHER = 64
_MAX_WAITING = 64 * 1024 * 1024
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@dataclass(frozen=True, slots=True)
class SpoolRecord:
    """One request as stored. ``times`` and ``lengths`` have one entry per socket read.

    ``payload`` is None when it was dropped (budget, or a disk that could not keep up); ``t_connected`` is
    None on a reused connection; ``eof_ended`` says that the peer's closing ended the request.
    """

    index: int
    error: str | None
    message: str
    status: int | None
    reconnects: int
    warmup: bool
    cut: bool
    eof_ended: bool
    t_sched: int
    t_send: int
    t_connected: int | None
    t_end: int
    times: array[int]
    lengths: array[int]
    payload: bytes | None


class SpoolWriter:
    """Appends records; a thread of its own writes, so that a slow disk never holds a socket up.

    ``budget`` bounds the payload bytes; beyond it, and while more than 64 MB wait for the disk, payloads
    are left out and counted in ``dropped`` (times and lengths are always kept). When the disk is full the
    writer discards everything further: ``failure`` holds the error and ``lost`` the records affected.
    """

    def __init__(self, path: Path, header: Mapping[str, Any], budget: int) -> None:
        """Create the segment; StorageError when it exists or cannot be written."""
        self.path = path
        self.dropped = 0
        self.lost = 0
        self.written = 0
        self.failure: OSError | None = None
        self._budget = budget
        self._payloads = 0
        self._parts: list[bytes] = []
        self._size = 0
        self._records = 0
        self._waiting = 0
        self._lock = threading.Lock()
        self._queue: queue.SimpleQueue[tuple[bytes, int] | None] = queue.SimpleQueue()
        start = SEGMENT_MAGIC + json.dumps(dict(header)).encode() + b"\n"
        try:
            self._fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        except OSError as exc:
            raise StorageError(
                f"cannot create {path}: {exc.strerror}", hint="use another results directory"
            ) from exc
        self._write([start], 0)
        self._thread = threading.Thread(target=self._run, name="spool", daemon=True)
        self._thread.start()

    def append(
        self,
        index: int,
        *,
        flags: int,
        error: str | None,
        message: str,
        status: int | None,
        reconnects: int,
        t_sched: int,
        t_send: int,
        t_connected: int | None,
        t_end: int,
        times: array[int],
        pieces: list[bytes],
    ) -> None:
        """Add one record; returns at once."""
        if self.failure is not None:
            self.lost += 1
            return
        lengths = array("I", map(len, pieces))
        total = sum(lengths)
        if self._payloads + total > self._budget or self._waiting > _MAX_WAITING:
            flags |= DROPPED
            self.dropped += 1
            pieces = []
        else:
            self._payloads += total
        text = message.encode(errors="replace")[:2000]
        fixed = _FIXED.pack(
            index,
            flags,
            ERROR_CODES[error],
            min(reconnects, 0xFFFF),
            -1 if status is None else status,
            len(text),
            len(times),
            t_sched,
            t_send,
            t_connected or 0,
            t_end,
        )
        facts = b"".join((fixed, times.tobytes(), lengths.tobytes(), text))
        length = len(facts) + (total if pieces else 0)
        self._parts += (_PREFIX.pack(_RECORD_MAGIC, length, zlib.crc32(facts)), facts)
        self._parts += pieces
        self._records += 1
        self._size += _PREFIX.size + length
        if self._size >= _HAND_OVER:
            self.flush()

    def flush(self) -> None:
        """Hand what has gathered to the writing thread (called at least every 0.25 s)."""
        if self._parts:
            with self._lock:
                self._waiting += self._size
            # Joined here, a little at a time: the writing thread must never hold the interpreter for long.
            self._queue.put((b"".join(self._parts), self._records))
            self._parts, self._size, self._records = [], 0, 0

    def close(self, deadline_s: float = 60.0) -> None:
        """Write what is left and close the file; a disk that hangs beyond the deadline is a StorageError."""
        self.flush()
        self._queue.put(None)
        self._thread.join(deadline_s)
        if self._thread.is_alive():
            raise StorageError(
                f"{self.path} could not be written within {deadline_s:g} s",
                hint="check the disk under the results directory",
            )
        os.close(self._fd)

    def _run(self) -> None:
        """Write whatever waits in one go: a busy main thread lets this one run only now and then."""
        last = False
        while not last:
            batches = [self._queue.get()]
            while len(batches) < _GATHER and not self._queue.empty():
                batches.append(self._queue.get())
            last = batches[-1] is None
            waiting = [batch for batch in batches if batch is not None]
            self._write([data for data, _ in waiting], sum(records for _, records in waiting))
            with self._lock:
                self._waiting -= sum(len(data) for data, _ in waiting)

    def _write(self, buffers: Sequence[bytes], records: int) -> None:
        if self.failure is not None:
            self.lost += records
            return
        views = deque(memoryview(data) for data in buffers)
        try:
            while views:
                done = os.writev(self._fd, views)
                self.written += done
                while views and done >= len(views[0]):
                    done -= len(views.popleft())
                if done:
                    views[0] = views[0][done:]
        except OSError as exc:
            self.failure = exc
            self.lost += records

    @property
    def disk_full(self) -> bool:
        """Whether writing ended because no space, quota or allowed file size was left."""
        return self.failure is not None and self.failure.errno in _FULL


class SegmentReader:
    """Reads one segment; ``torn`` tells, after the iteration, that it ended within a record.

    StorageError when the file is no segment at all; a segment cut within its own header reads as empty.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.torn = False
        self.header: dict[str, Any] = {}

    def __iter__(self) -> Iterator[SpoolRecord]:
        return self.records()

    def records(self, *, payloads: bool = True) -> Iterator[SpoolRecord]:
        """The records in the order they ended; without their bytes when ``payloads`` is False."""
        self.torn = False
        with self.path.open("rb", buffering=1 << 20) as file:
            magic = file.readline(len(SEGMENT_MAGIC))
            if magic != SEGMENT_MAGIC:
                if not SEGMENT_MAGIC.startswith(magic):
                    raise StorageError(
                        f"{self.path} is not a spool segment", hint="remove it from the run directory"
                    )
                self.torn = True
                return
            line = file.readline()
            if not line.endswith(b"\n"):
                self.torn = True
                return
            self.header = json.loads(line)
            while prefix := file.read(_PREFIX.size):
                body = self._body(prefix, file.read)
                if body is None:
                    self.torn = True
                    return
                yield _unpack(body, payloads)

    @staticmethod
    def _body(prefix: bytes, read: Any) -> bytes | None:
        """The record's bytes; None when it is incomplete or was not completely written."""
        if len(prefix) < _PREFIX.size:
            return None
        magic, length, crc = _PREFIX.unpack(prefix)
        if magic != _RECORD_MAGIC or not _FIXED.size <= length <= _MAX_RECORD:
            return None
        body: bytes = read(length)
        if len(body) < length:
            return None
        *_, text_size, reads, _, _, _, _ = _FIXED.unpack_from(body)
        checked = _FIXED.size + 12 * reads + text_size
        return body if checked <= length and zlib.crc32(body[:checked]) == crc else None


def segment_path(run_dir: Path, session: int, process: int) -> Path:
    """Where a worker's segment lies."""
    return run_dir / f"session-{session:03d}-worker-{process:02d}.spool"


def segments(run_dir: Path) -> list[Path]:
    """All segments of a run, in order of session and process."""
    return sorted(run_dir.glob("session-*-worker-*.spool"))


def _unpack(body: bytes, payloads: bool) -> SpoolRecord:
    fields = _FIXED.unpack_from(body)
    index, flags, code, reconnects, status, text_size, reads, sched, send, connected, end = fields
    at = _FIXED.size
    times, lengths = array("q"), array("I")
    times.frombytes(body[at : at + 8 * reads])
    at += 8 * reads
    lengths.frombytes(body[at : at + 4 * reads])
    at += 4 * reads
    message = body[at : at + text_size].decode("utf-8", "replace")
    at += text_size
    keep = payloads and not flags & DROPPED
    return SpoolRecord(
        index=index,
        error=ERROR_KINDS[code] if code < len(ERROR_KINDS) else "malformed",
        message=message,
        status=None if status < 0 else status,
        reconnects=reconnects,
        warmup=bool(flags & WARMUP),
        cut=bool(flags & CUT),
        eof_ended=bool(flags & EOF_ENDED),
        t_sched=sched,
        t_send=send,
        t_connected=connected or None,
        t_end=end,
        times=times,
        lengths=lengths,
        payload=body[at:] if keep else None,
    )
