"""The benchmark suite: the same stages for each provider in one sitting, and what they come to.

Orchestration only: how a load is put on and measured is handed in. Providers take turns within a stage, so
that a machine's slow mood does not fall on one of them alone; still, one sitting is no proof (`suite_judge`).
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from casewright.api.suite import Attempt, Provider, Stage, StageName, Suite
from casewright.bench.blocks import Measure, Measured
from casewright.bench.machine import describe_machine
from casewright.bench.measure import utc_now
from casewright.bench.plan import LoadPlan
from casewright.bench.sample import Sample
from casewright.bench.stats import wilson
from casewright.bench.suite_judge import Evidence, criteria, ratios, roles
from casewright.bench.target import Target
from casewright.bench.workload import Workload
from casewright.errors import CasewrightError
from casewright.values import EngineKind

SHORT_SPEC = 24
LABELS: dict[str, str] = {"ollama": "Ollama", "vllm": "vLLM", "embedded": "llama.cpp (Casewright embedded)"}


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much of everything; the defaults are the suite's, `quick` is for trying it out."""

    warmup: int = 2
    single: int = 10
    duration_s: float = 10.0
    users: int = 8
    workers: int = 5
    per_worker: int = 10
    simultaneous: int = 56
    seed: int = 0
    timeout_s: float = 600.0

    @classmethod
    def quick(cls) -> Sizes:
        """A few seconds on a quick engine."""
        return cls(warmup=1, single=3, duration_s=1.0, users=4, per_worker=2, simultaneous=52)

    def plan(self, stage: StageName | Literal["warmup"]) -> LoadPlan:
        """The load of a stage; every one is a closed loop with a seed, and so prompts, of its own."""
        users, requests, duration = {
            "warmup": (1, self.warmup, None),
            "single": (1, self.single, None),
            "throughput": (self.users, None, self.duration_s),
            "workers": (self.workers, self.workers * self.per_worker, None),
            "simultaneous": (self.simultaneous, self.simultaneous, None),
        }[stage]
        order = ("warmup", *STAGES)
        return LoadPlan.closed(
            users,
            requests=requests,
            duration_s=duration,
            seed=self.seed * len(order) + order.index(stage),
            total_s=self.timeout_s,
            first_token_s=min(self.timeout_s, 120.0),
            idle_s=min(self.timeout_s, 60.0),
            drain_s=min(self.timeout_s, 60.0),
        )


STAGES: tuple[StageName, ...] = ("single", "throughput", "workers", "simultaneous")


@dataclass(frozen=True, slots=True)
class Reached:
    """A provider as it was found: a target, or an attempt that says why there is none."""

    spec: str
    kind: EngineKind
    attempt: Attempt
    target: Target | None = None


Phase = Literal["start", "warm", "done", "skipped"]


@dataclass(frozen=True, slots=True)
class Event:
    """What happens, for whoever prints: a provider's stage starts, has warmed up, is done or skipped."""

    phase: Phase
    stage: StageName
    provider: Provider
    result: Stage | None = None


@dataclass(slots=True)
class _Side:
    reached: Reached
    provider: Provider
    samples: dict[StageName, Sample] = field(default_factory=dict)


class SuiteRunner:
    """Runs the suite; `result` is what there is so far, whenever it is asked."""

    def __init__(
        self,
        found: Sequence[Reached],
        sizes: Sizes,
        make_workload: Callable[[str], Workload],
        measure: Measure,
        *,
        on_event: Callable[[Event], None] = lambda _: None,
        stop: threading.Event | None = None,
    ) -> None:
        self._sizes = sizes
        self._make_workload = make_workload
        self._measure = measure
        self._on_event = on_event
        self._stop = stop or threading.Event()
        self._started = utc_now()
        self._id = uuid.uuid4().hex[:12]
        self._finished = False
        self._sides = [_Side(r, _unmeasured(r, label)) for r, label in zip(found, labels(found), strict=True)]

    def run(self) -> Suite:
        """Measure everything that can be measured and return the whole."""
        for stage in STAGES:
            for side in self._sides:
                if self._stop.is_set():
                    return self.result()
                self._stage(side, stage)
        self._finished = not self._stop.is_set()
        return self.result()

    def result(self) -> Suite:
        """What there is so far; ``interrupted`` unless everything was done."""
        providers = tuple(side.provider for side in self._sides)
        evidence = [Evidence(side.provider, side.samples) for side in self._sides]
        baseline, candidate = roles(evidence)
        compared = ratios(baseline, candidate)
        return Suite(
            id=self._id,
            started_at=self._started,
            finished_at=utc_now(),
            interrupted=not self._finished,
            machine=describe_machine(),
            seed=self._sizes.seed,
            providers=providers,
            baseline=baseline.provider.label if baseline else None,
            candidate=candidate.provider.label if candidate else None,
            ratios=compared,
            criteria=criteria(baseline, candidate, compared),
        )

    def _stage(self, side: _Side, stage: StageName) -> None:
        target = side.reached.target
        if target is None or side.provider.failure is not None:
            self._on_event(Event("skipped", stage, side.provider))
            return
        self._on_event(Event("start", stage, side.provider))
        try:
            if side.provider.warmup_s is None and not self._warm(side, target, stage):
                return
            measured = self._put(target, stage, self._sizes.plan(stage))
        except CasewrightError as error:
            self._fail(side, stage, str(error))
            return
        self._keep(side, stage, measured)

    def _warm(self, side: _Side, target: Target, stage: StageName) -> bool:
        """Send the warm-up; False when nothing came back, or the user had enough."""
        run = self._put(target, "warmup", self._sizes.plan("warmup")).run
        if run.requests.completed == 0:
            if not self._stop.is_set():
                why = "; ".join(run.requests.samples) or "no answer"
                self._fail(side, stage, f"no warm-up request was answered: {why}")
            return False
        side.provider = side.provider.model_copy(update={"warmup_s": run.throughput.window_s})
        self._on_event(Event("warm", stage, side.provider))
        return not self._stop.is_set()

    def _put(self, target: Target, stage: str, plan: LoadPlan) -> Measured:
        return self._measure(target, plan, self._make_workload(f"{self._id}/{stage}"))

    def _keep(self, side: _Side, stage: StageName, measured: Measured) -> None:
        run, sample = measured.run, measured.sample
        latencies = tuple(round(float(ms), 3) for ms in sample.spans_ms("t_send", "t_last"))
        result = Stage(name=stage, run=run, latencies_ms=latencies)
        attempted = side.provider.attempted + run.requests.attempted
        failed = side.provider.failed + run.requests.failed
        failure = None
        if run.requests.completed == 0 and not run.interrupted:
            failure = f"answered nothing any more: {'; '.join(run.requests.samples)}"
        side.samples[stage] = sample
        side.provider = side.provider.model_copy(
            update={
                "stages": (*side.provider.stages, result),
                "attempted": attempted,
                "failed": failed,
                "error_rate": wilson(failed, attempted),
                "failure": failure,
            }
        )
        self._on_event(Event("done", stage, side.provider, result))

    def _fail(self, side: _Side, stage: StageName, why: str) -> None:
        side.provider = side.provider.model_copy(update={"failure": why})
        self._on_event(Event("skipped", stage, side.provider))


def _unmeasured(reached: Reached, label: str) -> Provider:
    return Provider(
        spec=reached.spec,
        kind=reached.kind,
        label=label,
        attempt=reached.attempt,
        failure=None
        if reached.target
        else f"unreachable ({(reached.attempt.error or '').replace('_', ' ')})",
    )


def labels(found: Sequence[Reached]) -> list[str]:
    """What to call each provider: by what it says it is; where two are alike, by API, word or number too."""
    names = [_label(reached) for reached in found]
    kinds: list[str] = [reached.kind for reached in found]
    specs = [reached.spec for reached in found]
    marks = [str(place) for place in range(1, len(found) + 1)]
    for better in (specs, kinds):
        if len(set(better)) == len(better) and max(map(len, better)) <= SHORT_SPEC:
            marks = better
    alike = len(set(names)) < len(names)
    return [f"{name} [{mark}]" if alike else name for name, mark in zip(names, marks, strict=True)]


def _label(reached: Reached) -> str:
    if reached.target is None:
        return LABELS.get(reached.kind, reached.kind)
    name = reached.target.identity.name
    for known in ("ollama", "vllm"):
        if name.lower().startswith(known):
            return LABELS[known]
    return name


def with_notes(suite: Suite, trend: Sequence[str], notes: Sequence[str]) -> Suite:
    """The suite with its trend and notes."""
    return suite.model_copy(update={"trend": tuple(trend), "notes": tuple(notes)})


def sized(sizes: Sizes, *, requests: int | None, duration_s: float | None, seed: int) -> Sizes:
    """The sizes with the user's own numbers; ``requests`` is of the single-request stage."""
    return replace(
        sizes,
        single=requests if requests is not None else sizes.single,
        duration_s=duration_s if duration_s is not None else sizes.duration_s,
        seed=seed,
    )
