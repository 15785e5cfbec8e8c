"""What load to put on an engine: one frozen plan, refused when it cannot be carried out."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from casewright.api.bench import Load
from casewright.errors import UsageError

Mode = Literal["closed", "open"]
ArrivalKind = Literal["constant", "poisson"]

MAX_PROCESSES = 64
GIB = 1 << 30


@dataclass(frozen=True, slots=True)
class LoadPlan:
    """One load.

    ``mode`` closed: ``concurrency`` users, each sending its next request when its last one has ended.
    ``mode`` open: requests leave at ``rate`` per second by ``arrivals``, whatever becomes of them.
    It ends after ``requests``, or ``duration_s`` of issuing, whichever comes first; the first ``warmup``
    requests of the schedule are marked as such. ``ramp_s``: users join evenly over it (closed), or the rate
    rises linearly from 0 over it (open). After the last request is issued, those in flight get ``drain_s``
    when a duration ended the run (then they are cut); when a count ended it they have their own deadlines.

    Deadlines in seconds: ``connect_s`` from the start of the connection, ``first_token_s`` and ``total_s``
    from the sending, ``idle_s`` between reads after the first token. They are kept to about 50 ms.
    ``disk_budget_bytes`` bounds the raw spool of one run over all its processes and sessions;
    ``max_connections`` bounds open connections over all processes (an open loop beyond it sends late, which
    is seen as send lag). ``seed`` fixes arrivals and prompts.
    """

    mode: Mode
    concurrency: int | None = None
    rate: float | None = None
    arrivals: ArrivalKind = "poisson"
    requests: int | None = None
    duration_s: float | None = None
    warmup: int = 0
    ramp_s: float = 0.0
    processes: int = 1
    seed: int = 0
    connect_s: float = 10.0
    first_token_s: float = 120.0
    idle_s: float = 60.0
    total_s: float = 600.0
    disk_budget_bytes: int = 2 * GIB
    max_connections: int = 16_384
    drain_s: float = 30.0

    def __post_init__(self) -> None:
        self._check_numbers()
        if self.mode == "closed":
            self._check_closed()
        elif self.mode == "open":
            self._check_open()
        else:
            raise UsageError(f"unknown load mode {self.mode!r}", hint="use closed or open")
        self._check_end()

    @classmethod
    def closed(cls, concurrency: int, **rest: Any) -> LoadPlan:
        """A closed loop of ``concurrency`` users."""
        return cls(mode="closed", concurrency=concurrency, **rest)

    @classmethod
    def open(cls, rate: float, arrivals: ArrivalKind = "poisson", **rest: Any) -> LoadPlan:
        """An open loop of ``rate`` requests per second."""
        return cls(mode="open", rate=rate, arrivals=arrivals, **rest)

    def to_load(self) -> Load:
        """The plan as results record it."""
        return Load(
            mode=self.mode,
            concurrency=self.concurrency,
            rate=self.rate,
            requests=self.requests,
            duration_s=self.duration_s,
            warmup=self.warmup,
            ramp_s=self.ramp_s,
            processes=self.processes,
        )

    def to_json(self) -> dict[str, Any]:
        """The plan as plain JSON values; ``from_json`` reads it back."""
        return dataclasses.asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> LoadPlan:
        """Read what ``to_json`` wrote; unknown keys are a UsageError (a newer version wrote them)."""
        known = {f.name for f in dataclasses.fields(cls)}
        unknown = sorted(set(values) - known)
        if unknown:
            raise UsageError(
                f"the stored plan has unknown fields: {', '.join(unknown)}",
                hint="resume with the version of casewright that began the run",
            )
        return cls(**values)

    def share(self, process: int) -> int:
        """How many of the closed loop's users process number ``process`` runs."""
        users = self.concurrency or 0
        return users // self.processes + (1 if process < users % self.processes else 0)

    def _check_numbers(self) -> None:
        for name in ("connect_s", "first_token_s", "idle_s", "total_s"):
            _at_least(name, getattr(self, name), 0.0, exclusive=True)
        for name in ("ramp_s", "drain_s"):
            _at_least(name, getattr(self, name), 0.0)
        for name, low in (("warmup", 0), ("seed", 0), ("disk_budget_bytes", 0), ("max_connections", 1)):
            _at_least(name, getattr(self, name), low)
        _at_least("processes", self.processes, 1)
        if self.processes > MAX_PROCESSES:
            raise UsageError(
                f"{self.processes} processes are too many", hint=f"use --processes {MAX_PROCESSES} or fewer"
            )

    def _check_closed(self) -> None:
        if self.rate is not None:
            raise UsageError(
                "a closed loop has no rate", hint="give either --concurrency (closed) or --rate (open)"
            )
        if self.concurrency is None:
            raise UsageError("a closed loop needs its number of users", hint="give --concurrency N")
        _at_least("concurrency", self.concurrency, 1)
        if self.processes > self.concurrency:
            raise UsageError(
                f"{self.processes} processes cannot share {self.concurrency} users",
                hint=f"use --processes {self.concurrency} or fewer, or more users",
            )
        if self.concurrency > self.max_connections:
            raise UsageError(
                f"{self.concurrency} users need as many connections, and {self.max_connections} are allowed",
                hint=f"use --concurrency {self.max_connections} or fewer",
            )

    def _check_open(self) -> None:
        if self.concurrency is not None:
            raise UsageError(
                "an open loop has no fixed number of users",
                hint="give either --concurrency (closed) or --rate (open)",
            )
        if self.rate is None:
            raise UsageError("an open loop needs a rate", hint="give --rate R (requests per second)")
        _at_least("rate", self.rate, 0.0, exclusive=True)
        if self.arrivals not in ("constant", "poisson"):
            raise UsageError(f"unknown arrivals {self.arrivals!r}", hint="use constant or poisson")
        if self.processes > self.max_connections:
            raise UsageError(
                f"{self.max_connections} connections cannot be shared by {self.processes} processes",
                hint=f"use --processes {self.max_connections} or fewer",
            )

    def _check_end(self) -> None:
        if self.requests is None and self.duration_s is None:
            raise UsageError("the load has no end", hint="give --requests N or --duration S")
        if self.requests is not None:
            _at_least("requests", self.requests, 1)
            if self.warmup >= self.requests:
                raise UsageError(
                    f"{self.warmup} warm-up requests leave none of {self.requests} to measure",
                    hint="use more --requests, or a smaller warm-up",
                )
        if self.duration_s is not None:
            _at_least("duration_s", self.duration_s, 0.0, exclusive=True)
            if self.ramp_s >= self.duration_s:
                raise UsageError(
                    f"a ramp of {self.ramp_s:g} s leaves nothing of {self.duration_s:g} s",
                    hint="use a longer --duration, or a shorter ramp",
                )


def _at_least(name: str, value: float, low: float, *, exclusive: bool = False) -> None:
    if math.isfinite(value) and (value > low if exclusive else value >= low):
        return
    bound = "greater than" if exclusive else "at least"
    option = name.removesuffix("_s").replace("_", "-")
    raise UsageError(f"{name} is {value:g}", hint=f"{option} must be {bound} {low:g}")
