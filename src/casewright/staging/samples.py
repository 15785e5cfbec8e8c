"""What a soak saw, as JSON Lines: appended line by line, so that nothing but the last line can be lost.

Every line has a ``kind``. ``t`` is seconds since the soak first began, by the wall clock (which goes on over
a gap between two runs); None is what nobody could measure.
"""

from __future__ import annotations

import contextlib
import fcntl
import itertools
import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter, ValidationError

from casewright.api.bench import Record
from casewright.errors import StorageError, UsageError

SAMPLES = "samples.jsonl"
SYNC_S = 30.0
LOCK_TRIES = 10
# Between samples further apart than this nobody watched: intervals or seconds, whichever is more.
UNWATCHED_INTERVALS, UNWATCHED_S = 3.0, 15.0


class Plan(Record):
    """What a soak was asked for.

    ``pause_s`` is a user's wait between two requests, ``listing_s`` lies between two lists of processes.
    ``warm`` is how often each question is asked at first without a pause, ``looks`` how often each /health
    and /metrics before the first sample, in ``looks_s`` at most. ``look_s`` is how long /health may take,
    ``gap_s`` how long it may fail.
    """

    duration_s: float
    interval_s: float
    users: int
    pause_s: float = 30.0
    listing_s: float = 60.0
    warm: int = 60
    looks: int = 1000
    looks_s: float = 90.0
    look_s: float = 5.0
    gap_s: float = 15.0


class Begin(Record):
    """A run of the soak began: the first, or one that goes on after a gap."""

    kind: Literal["begin"] = "begin"
    t: float
    at: str
    epoch: float
    plan: Plan


class ProcessSample(Record):
    """One process with its children. ``created`` (epoch seconds) tells a process from another with its id."""

    pid: int
    created: float
    rss: int
    fds: int | None
    threads: int
    cpu_s: float
    children: int


class HealthSample(Record):
    """One /health. ``good``: HTTP 200 and healthy, not degraded; ``config`` is the digest of its settings."""

    status: int | None
    word: str | None
    good: bool
    ms: float | None
    problem: str | None = None
    config: str | None = None


class GpuSample(Record):
    """One GPU: percent busy, and memory in MiB. None where nvidia-smi does not tell."""

    index: int
    name: str
    busy: float | None
    used: float | None
    total: float | None


class Warmed(Record):
    """Before the first sample: how often each /health and /metrics was asked, by "SERVICE /PATH"."""

    kind: Literal["warmed"] = "warmed"
    t: float
    looks: dict[str, int]


class Sample(Record):
    """One moment. A process that is gone is missing; ``counters`` are those of /metrics by service."""

    kind: Literal["sample"] = "sample"
    t: float
    processes: dict[str, ProcessSample]
    health: dict[str, HealthSample]
    counters: dict[str, dict[str, float]]
    gpus: tuple[GpuSample, ...] = ()


class Listed(Record):
    """What casewright ps told: process ids, and restarts since the start of the stack where it tells them."""

    kind: Literal["listed"] = "listed"
    t: float
    pids: dict[str, int]
    restarts: dict[str, int]
    problem: str | None = None


class Config(Record):
    """What a service says it is set to, once for each digest."""

    kind: Literal["config"] = "config"
    t: float
    service: str
    digest: str
    config: dict[str, Any]


class Sent(Record):
    """A request is about to be sent."""

    kind: Literal["sent"] = "sent"
    t: float
    id: str
    service: str
    case: str


class Ask(Record):
    """How it ended. ``digest`` is that of what the answer says; ``by`` is who wrote it (code or model).

    ``document`` is what the service keeps of a file that was sent, to be erased at the end.
    """

    kind: Literal["ask"] = "ask"
    t: float
    id: str
    service: str
    route: str
    case: str
    status: int | None
    ms: float
    digest: str | None
    by: str | None = None
    problem: str | None = None
    document: str | None = None


class End(Record):
    """A run of the soak ended; a run without it was cut off. ``left`` documents of it could not be erased."""

    kind: Literal["end"] = "end"
    t: float
    outcome: Literal["complete", "interrupted"]
    erased: int = 0
    left: int = 0


Line = Begin | Warmed | Sample | Listed | Config | Sent | Ask | End
_LINES: TypeAdapter[Line] = TypeAdapter(Annotated[Line, Field(discriminator="kind")])


@dataclass(slots=True)
class Recording:
    """Every line so far, by kind. ``unread`` counts lines that were cut in the middle."""

    begins: list[Begin] = field(default_factory=list)
    warmed: list[Warmed] = field(default_factory=list)
    samples: list[Sample] = field(default_factory=list)
    listed: list[Listed] = field(default_factory=list)
    configs: list[Config] = field(default_factory=list)
    sent: list[Sent] = field(default_factory=list)
    asks: list[Ask] = field(default_factory=list)
    ends: list[End] = field(default_factory=list)
    unread: int = 0
    order: list[float] = field(default_factory=list)

    def add(self, line: Line) -> None:
        """Enter one line."""
        match line:
            case Begin():
                self.begins.append(line)
            case Warmed():
                self.warmed.append(line)
            case Sample():
                self.samples.append(line)
            case Listed():
                self.listed.append(line)
            case Config():
                self.configs.append(line)
            case Sent():
                self.sent.append(line)
            case Ask():
                self.asks.append(line)
            case End():
                self.ends.append(line)
        self.order.append(line.t)

    @property
    def plan(self) -> Plan:
        """What was asked for, in the newest run."""
        return self.begins[-1].plan

    @property
    def gaps(self) -> list[tuple[float, float]]:
        """From when to when nobody looked: ``t`` of the last line before a run, and of its begin."""
        found = []
        for begin in self.begins[1:]:
            before = max((t for t in self.order if t < begin.t), default=0.0)
            found.append((before, begin.t))
        return found

    @property
    def unwatched(self) -> list[tuple[float, float]]:
        """From when to when nobody looked within a run, by ``t`` of the samples around: a suspended machine,
        or looks that took too long.
        """
        return [(one, after) for one, after, limit in self._steps() if after - one > limit]

    @property
    def watched_s(self) -> float:
        """Seconds under watch: between neighbouring samples of a run that are near enough to each other."""
        return sum(after - one for one, after, limit in self._steps() if after - one <= limit)

    def _steps(self) -> Iterator[tuple[float, float, float]]:
        """``t`` of each sample and of the next one of its run, and how far apart they may be."""
        for begin, span in zip(self.begins, self.spans(), strict=False):
            limit = max(UNWATCHED_INTERVALS * begin.plan.interval_s, UNWATCHED_S)
            for one, after in itertools.pairwise(span):
                yield one.t, after.t, limit

    def spans(self) -> Iterator[list[Sample]]:
        """The samples of each run of the soak."""
        edges = [begin.t for begin in self.begins[1:]] + [float("inf")]
        start = 0
        for edge in edges:
            end = next((n for n in range(start, len(self.samples)) if self.samples[n].t >= edge), None)
            yield self.samples[start:end]
            start = len(self.samples) if end is None else end


class Recorder:
    """Appends lines to a folder's samples, alone; use it as a context manager.

    Raises:
        UsageError: another soak is writing there.
        StorageError: the folder refuses.
    """

    def __init__(self, folder: Path, recording: Recording | None = None) -> None:
        self.folder = folder
        self.path = folder / SAMPLES
        self.recording = recording or Recording()
        self._handle = -1
        self._synced = 0.0

    def __enter__(self) -> Recorder:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._handle = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        except OSError as error:
            raise StorageError(
                f"{self.path} cannot be written: {error.strerror}", hint="name another --output"
            ) from error
        if not _locked(self._handle):
            os.close(self._handle)
            raise UsageError(
                f"a soak is writing in {self.folder} already",
                hint=f"casewright soak --follow {self.folder} shows it",
            )
        self._end_cut_line()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self._handle)

    def write(self, line: Line) -> None:
        """Append one line; it is on disk at the latest half a minute later."""
        data = line.model_dump_json(exclude_none=False).encode() + b"\n"
        try:
            while data:
                data = data[os.write(self._handle, data) :]
            if line.t - self._synced >= SYNC_S:
                os.fsync(self._handle)
                self._synced = line.t
        except OSError as error:
            raise StorageError(
                f"{self.path} cannot be written: {error.strerror}",
                hint="make room, then casewright soak --resume",
            ) from error
        self.recording.add(line)

    def _end_cut_line(self) -> None:
        """A line that a killed soak left half written is ended, so that the next one stands alone."""
        size = os.fstat(self._handle).st_size
        if size and os.pread(self._handle, 1, size - 1) != b"\n":
            os.write(self._handle, b"\n")


def read_recording(folder: Path) -> Recording:
    """Read what was kept; lines that were cut off are counted, not read.

    Raises:
        UsageError: no soak was ever there.
    """
    recording = Recording()
    try:
        with (folder / SAMPLES).open("rb") as file:
            for raw in file:
                _enter(recording, raw)
    except OSError as error:
        raise UsageError(
            f"{folder} holds no soak: {error.strerror}", hint="name the folder that casewright soak wrote"
        ) from error
    if not recording.begins:
        raise UsageError(f"{folder} holds no soak: no run of it began", hint="casewright soak --output DIR")
    return recording


def _enter(recording: Recording, raw: bytes) -> None:
    try:
        recording.add(_LINES.validate_json(raw))
    except ValidationError:
        recording.unread += 1


def _locked(handle: int) -> bool:
    """Whether the file is ours alone now; who only looks whether it is taken holds it for a moment."""
    for _ in range(LOCK_TRIES):
        with contextlib.suppress(OSError):
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        time.sleep(0.02)
    return False


def being_written(folder: Path) -> bool:
    """Whether a soak is writing there now."""
    try:
        handle = os.open(folder / SAMPLES, os.O_RDONLY)
    except OSError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(handle)
    return False


def values_of(samples: Sequence[Sample], name: str, what: str) -> tuple[list[float], list[float]]:
    """Times and values of one measure (rss, fds, threads) of one process, where it was measured."""
    found = [(each.t, getattr(each.processes[name], what)) for each in samples if name in each.processes]
    kept = [(t, float(value)) for t, value in found if value is not None]
    return [t for t, _ in kept], [value for _, value in kept]
