"""The schema of the benchmark suite's result, ``casewright.bench/1`` with kind ``suite``.

One sitting: each provider measured by the same stages, one after the other. Its ratios are indicative; a
verdict with an interval over repeated blocks is a comparison's (``casewright.api.compare``).
"""

from __future__ import annotations

from typing import Literal

from pydantic import ConfigDict, Field

from casewright.api.bench import Interval, Machine, Record, Run, TargetResult

StageName = Literal["single", "throughput", "workers", "simultaneous"]


class Attempt(Record):
    """What reaching a provider gave. These times are of a connection and of a first look, never latencies.

    ``connect_ms`` is one TCP connection (also a refused one); ``initialise_ms`` from the user's word to an
    identified engine (including its start, where we start it). ``start_with`` says how to start it.
    """

    reachable: bool
    connect_ms: float | None = None
    initialise_ms: float | None = None
    error: str | None = None
    reason: str | None = None
    hint: str | None = None
    start_with: str | None = None


class Stage(Record):
    """One stage of one provider: its run, and every completed request's latency (E2E) as recorded."""

    name: StageName
    run: Run
    latencies_ms: tuple[float, ...]


class Provider(Record):
    """One provider; ``label`` is what it says it is, never a name it only stands in for.

    ``failure`` says why it was not, or not wholly, measured.
    """

    spec: str
    kind: str
    label: str
    attempt: Attempt
    warmup_s: float | None = None
    stages: tuple[Stage, ...] = ()
    attempted: int = 0
    failed: int = 0
    error_rate: Interval | None = None
    failure: str | None = None

    def stage(self, name: StageName) -> Stage | None:
        """The stage of that name, None when it was not run."""
        return next((stage for stage in self.stages if stage.name == name), None)


class SuiteRatio(Record):
    """How many times better the candidate is than the baseline on one metric, in this sitting.

    ``interval`` is from the requests of this sitting (90 %: two one-sided 95 % bounds), None where they are
    too few. It leaves out what changes between sittings, which ``widened`` allows for by a declared factor.
    """

    metric: Literal["latency", "throughput"]
    baseline: float
    candidate: float
    value: float
    interval: Interval | None = None
    widened: Interval | None = None


class Criterion(Record):
    """A row of the success criteria: what is asked of whom, and how it ended on this hardware."""

    label: str
    asked: str
    result: TargetResult


class Suite(Record):
    """One run of the suite."""

    schema_: Literal["casewright.bench/1"] = Field("casewright.bench/1", alias="schema")
    kind: Literal["suite"] = "suite"
    id: str
    started_at: str
    finished_at: str
    interrupted: bool = False
    machine: Machine
    seed: int
    providers: tuple[Provider, ...]
    baseline: str | None = None
    candidate: str | None = None
    ratios: tuple[SuiteRatio, ...] = ()
    criteria: tuple[Criterion, ...] = ()
    trend: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True, protected_namespaces=())
