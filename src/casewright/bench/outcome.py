"""What a load run says about itself, apart from its records."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from casewright.bench.clock import LagSummary

FindingKind = Literal["worker_died", "worker_hung", "disk_full", "storage", "payload_dropped"]


@dataclass(frozen=True, slots=True)
class Progress:
    """A look at a running load, over all processes; nothing here is decoded yet.

    ``failed`` counts what fails without looking into streams. ``latency_p50_ms`` is over some recent
    requests, None when none has ended lately. ``elapsed_s`` counts from the common start.
    """

    elapsed_s: float
    issued: int
    completed: int
    failed: int
    cut: int
    in_flight: int
    reconnects: int
    received_bytes: int
    latency_p50_ms: float | None
    errors: Mapping[str, int]
    scheduled: int | None


@dataclass(frozen=True, slots=True)
class WorkerReport:
    """One worker's own account. Times are monotonic ns; CPU from before the start to the last end.

    ``late_bodies`` counts requests that were encoded only when due; ``rss_start`` and ``rss_end`` are
    resident bytes just before the start and just after the last request's end.
    """

    process: int
    start_ns: int
    stop_issuing_ns: int
    end_ns: int
    issued: int
    completed: int
    failed: int
    cut: int
    reconnects: int
    received: int
    errors: dict[str, int]
    cpu_s: float
    lag: LagSummary
    max_rss: int
    rss_start: int
    rss_end: int
    spool_bytes: int
    spool_dropped: int
    spool_lost: int
    storage_failure: str | None
    disk_full: bool
    interrupted: bool
    late_bodies: int

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return dataclasses.asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> WorkerReport:
        """Read what ``to_json`` wrote."""
        return cls(**{**values, "lag": LagSummary(**values["lag"])})


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that went wrong with the load generator itself; validity is judged from these."""

    kind: FindingKind
    process: int
    message: str


@dataclass(frozen=True, slots=True)
class LoadOutcome:
    """One session of a run.

    ``window_start_ns`` is the common start. ``window_end_ns`` is when issuing ended by duration or
    interruption, else the last request's end. ``scheduled`` is how many requests the plan had for this
    session, None for a closed loop that only time ends. ``cpu_s`` has one entry per process that reported;
    the lag figures are the worst process's.
    """

    run_dir: Path
    session: int
    window_start_ns: int
    window_end_ns: int
    interrupted: bool
    scheduled: int | None
    issued: int
    processes: int
    cpu_s: tuple[float, ...]
    loop_lag: LagSummary
    max_rss_bytes: int | None
    spool_bytes: int
    spool_dropped: int
    spool_lost: int
    disk_full: bool
    findings: tuple[Finding, ...] = ()
    reports: tuple[WorkerReport, ...] = field(default=(), repr=False)

    @property
    def window_s(self) -> float:
        """The window's length in seconds."""
        return (self.window_end_ns - self.window_start_ns) / 1e9


def worst_lag(reports: tuple[WorkerReport, ...]) -> LagSummary:
    """The worst of each figure over the processes."""
    lags = [report.lag for report in reports if report.lag.samples]
    if not lags:
        return LagSummary(0, None, None, None)
    return LagSummary(
        sum(lag.samples for lag in lags),
        max(lag.p50_ns or 0 for lag in lags),
        max(lag.p99_ns or 0 for lag in lags),
        max(lag.max_ns or 0 for lag in lags),
    )
