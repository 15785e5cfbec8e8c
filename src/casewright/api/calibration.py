"""The schema of a calibration, ``casewright.calibration/1``: how far this machine's load generator errs.

Written by ``casewright bench calibrate`` against the built-in simulator, which knows what really happened;
docs/metrics.md explains the bounds. Units are in the names; a value nobody measured is None.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import ConfigDict, Field

from casewright.api.bench import Load, Machine, Record

SCHEMA: Literal["casewright.calibration/1"] = "casewright.calibration/1"

BoundStatus = Literal["PASS", "FAIL", "NOT MEASURABLE"]


class Percentiles(Record):
    """Nearest-rank percentiles of one quantity in milliseconds."""

    n: int
    p50: float | None = None
    p90: float | None = None
    p99: float | None = None
    max: float | None = None


class Bound(Record):
    """One bound: ``low <= observed <= high`` is PASS; None is an open end.

    NOT MEASURABLE: the simulator or the machine was at its limit, so the figure says nothing about the
    load generator; ``reason`` says which.
    """

    name: str
    status: BoundStatus
    observed: float | None
    low: float | None = None
    high: float | None = None
    unit: str
    reason: str = ""


class SimulatorFacts(Record):
    """The simulator's own condition during a case; ``cpu_share`` is of one core."""

    ttft_ms: Percentiles
    lateness_ms: Percentiles
    loop_lag_ms: Percentiles
    completed: int
    cpu_share: float | None
    limit: str | None = None


class ClientFacts(Record):
    """The load generator's own account; ``cpu_share`` is the busiest process's share of one core."""

    ttft_ms: Percentiles
    requests: int
    failed: int
    requests_per_s: float | None
    possible_per_s: float | None = None
    requested_per_s: float | None = None
    share_on_time: float | None = None
    send_lag_p99_ms: float | None = None
    dispersion: float | None = None
    scheduled_dispersion: float | None = None
    gap_cv: float | None = None
    cpu_share: float | None = None
    loop_lag_p99_ms: float | None = None
    bytes_per_request: float | None = None


class CalibrationCase(Record):
    """One case: the load, what the client measured, what really happened, and the difference.

    ``error_p50_ms`` and ``error_p99_ms`` are the client's time to first token minus the true one.
    ``others_cpu`` is how many cores everything else on the machine used meanwhile. ``attempts``: a case that
    did not pass is run once more, since a moment's noise decides a p99; the last attempt is the one shown.
    """

    name: str
    what: str
    status: BoundStatus
    load: Load
    ttft_intended_ms: float
    itl_intended_ms: float
    tokens: int
    client: ClientFacts
    simulator: SimulatorFacts
    error_p50_ms: float | None
    error_p99_ms: float | None
    others_cpu: float | None
    attempts: int = 1
    bounds: tuple[Bound, ...]


class CalibrationResult(Record):
    """One calibration of one machine. ``ceiling_per_s``: requests per second of one process, no delay."""

    schema_: Literal["casewright.calibration/1"] = Field(SCHEMA, alias="schema")
    created_at: datetime
    machine: Machine
    status: BoundStatus
    seconds: float
    ceiling_per_s: float | None
    ceiling_limit: str | None = None
    cases: tuple[CalibrationCase, ...]

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True, protected_namespaces=())

    def failed_bounds(self) -> tuple[str, ...]:
        """``case: bound`` of every bound that FAILed."""
        return tuple(
            f"{case.name}: {bound.name}"
            for case in self.cases
            for bound in case.bounds
            if bound.status == "FAIL"
        )
