"""Blocks: the unit of a comparison, run in the profile's order within its budget.

What stops a comparison is time, an engine that has gone, or the user; never what the values look like, since
stopping on a result makes any method's error rate false.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from casewright.api.bench import Run
from casewright.api.compare import Block, Side
from casewright.bench.parity import Answered
from casewright.bench.plan import LoadPlan
from casewright.bench.profiles import Profile, Slot, schedule
from casewright.bench.sample import Sample
from casewright.bench.target import Target
from casewright.bench.verdict import Metric
from casewright.bench.workload import Workload
from casewright.errors import MeasurementError

LEAST_REQUESTS = 4
DEAD_BLOCKS = 2
SIDES: tuple[Side, Side] = ("A", "B")

METRICS: dict[str, Metric] = {
    metric.name: metric
    for metric in (
        Metric("output_tokens_per_s", "higher_better"),
        Metric("requests_per_s", "higher_better"),
        Metric("e2e_p50_ms", "lower_better"),
        Metric("ttft_p50_ms", "lower_better"),
        Metric("tpot_p50_ms", "lower_better"),
    )
}


@dataclass(frozen=True, slots=True)
class Measured:
    """One run with what a comparison needs beside its summary: columns, and answers by request index."""

    run: Run
    sample: Sample
    answers: Mapping[int, Answered]


Measure = Callable[[Target, LoadPlan, Workload], Measured]
MakeWorkload = Callable[[str], Workload]
"""A salt in, the workload out: the same prompts for a seed, but for their cache-breaking opening words."""


@dataclass(frozen=True, slots=True)
class Design:
    """What is declared before the first request: profile, primary metric, margin, seed and load.

    ``load`` carries the loop, its concurrency or rate and the deadlines; its ``requests`` and ``seed`` are
    set for each block.
    """

    profile: Profile
    primary: Metric
    margin: float
    seed: int
    load: LoadPlan


@dataclass(frozen=True, slots=True)
class Step:
    """Progress of a comparison: block ``done`` of ``total``; ``value`` is the block's primary value."""

    stage: str
    done: int
    total: int
    side: Side | None = None
    engine: str = ""
    value: float | None = None
    used_s: float = 0.0
    budget_s: float = 0.0


@dataclass(slots=True)
class Blocks:
    """What was measured so far; also what an interrupted comparison leaves behind."""

    requests: int = 0
    blocks: list[Block] = field(default_factory=list)
    answers: dict[Side, dict[tuple[int, int], Answered]] = field(default_factory=lambda: {"A": {}, "B": {}})
    samples: dict[Side, list[Sample]] = field(default_factory=lambda: {"A": [], "B": []})
    runs: dict[Side, Run] = field(default_factory=dict)
    used_s: float = 0.0
    cut: str | None = None
    interrupted: bool = False


def values(run: Run) -> dict[str, float | None]:
    """A block's value for each metric; a median that failures made infinite is None."""
    return {
        "output_tokens_per_s": run.throughput.output_tokens_per_s,
        "requests_per_s": run.throughput.requests_per_s,
        "e2e_p50_ms": run.e2e_ms.p50,
        "ttft_p50_ms": run.ttft_ms.p50,
        "tpot_p50_ms": run.tpot_ms.p50,
    }


class Runner:
    """Runs the blocks of one comparison."""

    def __init__(
        self,
        targets: Mapping[Side, Target],
        design: Design,
        make_workload: MakeWorkload,
        measure: Measure,
        *,
        on_step: Callable[[Step], None],
        stop: threading.Event,
    ) -> None:
        self._targets = targets
        self._design = design
        self._make_workload = make_workload
        self._measure = measure
        self._on_step = on_step
        self._stop = stop
        self._one_engine = targets["A"].url == targets["B"].url
        self._started = time.monotonic()
        self._cost: dict[Side, float] = {}
        self.found = Blocks()

    def run(self) -> Blocks:
        """Warm both sides, size the blocks, then run pair after pair until the plan or the budget ends."""
        try:
            self.found.requests = self._warm_up()
            slots = schedule(self._design.profile, self._design.seed)
            for first, second in zip(slots[::2], slots[1::2], strict=True):
                if self._over(first, second):
                    break
                for slot in (first, second):
                    self._block(slot, len(slots))
                    if self._stop.is_set():
                        self.found.interrupted = True
                        return self.found
        finally:
            self.found.used_s = time.monotonic() - self._started
        return self.found

    def _warm_up(self) -> int:
        """Send a few requests to each side and return the requests a block needs to last its time."""
        users = self._design.load.concurrency or 1
        per_request: dict[Side, float] = {}
        for side in SIDES:
            count, began = max(LEAST_REQUESTS, users), time.monotonic()
            self._step("warm-up", side)
            plan = replace(self._design.load, requests=count, seed=self._design.seed ^ 0xAAAA)
            first = self._measure(self._targets[side], plan, self._make_workload(f"warm-{side}"))
            if first.run.requests.completed == 0:
                raise MeasurementError(
                    f"none of {count} warm-up requests to {self._targets[side].spec} completed: "
                    + "; ".join(first.run.requests.samples),
                    hint=f"look at it with: casewright engine probe '{self._targets[side].spec}'",
                )
            window = first.run.throughput.window_s or 0.0
            per_request[side] = window / first.run.requests.completed
            self._cost[side] = max(0.0, time.monotonic() - began - window)
        profile = self._design.profile
        if self._design.load.rate is not None:
            wanted = self._design.load.rate * profile.block_s
        else:
            wanted = 2 * profile.block_s / sum(per_request.values())
        count = max(LEAST_REQUESTS, users * max(1, round(wanted / users)))
        for side in SIDES:
            self._cost[side] += count * per_request[side]
        return count

    def _over(self, first: Slot, second: Slot) -> bool:
        """Whether the next pair would not fit the budget, or an engine has stopped answering."""
        used = time.monotonic() - self._started
        need = self._cost[first.engine] + self._cost[second.engine]
        if used + need > self._design.profile.budget_s:
            self.found.cut = (
                f"the next pair needs about {need:.0f} s and {used:.0f} of "
                f"{self._design.profile.budget_s:.0f} s are used"
            )
            return True
        for side in SIDES:
            last = [b for b in self.found.blocks if b.engine == side][-DEAD_BLOCKS:]
            if len(last) == DEAD_BLOCKS and not any(b.completed for b in last):
                self.found.cut = (
                    f"{self._targets[side].spec} answered nothing in its last {DEAD_BLOCKS} blocks"
                )
                return True
        return False

    def _block(self, slot: Slot, total: int) -> None:
        began = time.monotonic()
        self._step(slot.kind, slot.side, total=total, engine=slot.engine)
        # Both blocks of a pair on one engine: a salt keeps the second from living on the first's cache.
        salt = slot.side if slot.kind == "aa" or self._one_engine else "ab"
        plan = replace(self._design.load, requests=self.found.requests, seed=slot.seed % 2**31)
        measured = self._measure(self._targets[slot.engine], plan, self._make_workload(salt))
        took = time.monotonic() - began
        self._cost[slot.engine] = max(took, 0.5 * (self._cost[slot.engine] + took))
        self._keep(slot, measured, began, took)
        value = self.found.blocks[-1].values[self._design.primary.name]
        self._step(slot.kind, slot.side, total=total, engine=slot.engine, value=value)

    def _keep(self, slot: Slot, measured: Measured, began: float, took: float) -> None:
        run = measured.run
        self.found.blocks.append(
            Block(
                position=len(self.found.blocks),
                at_s=began - self._started,
                duration_s=took,
                kind=slot.kind,
                pair=slot.pair,
                side=slot.side,
                engine=slot.engine,
                values={k: v if v and math.isfinite(v) else None for k, v in values(run).items()},
                attempted=run.requests.attempted,
                completed=run.requests.completed,
                failed=run.requests.failed,
                validity=run.validity,
            )
        )
        if slot.kind == "ab":
            self.found.runs[slot.side] = run
            self.found.samples[slot.side].append(measured.sample)
            self.found.answers[slot.side] |= {(slot.pair, i): a for i, a in measured.answers.items()}

    def _step(
        self,
        stage: str,
        side: Side,
        *,
        total: int = 0,
        engine: Side | None = None,
        value: float | None = None,
    ) -> None:
        self._on_step(
            Step(
                stage=stage,
                done=len(self.found.blocks),
                total=total,
                side=side,
                engine=self._targets[engine or side].spec,
                value=value,
                used_s=time.monotonic() - self._started,
                budget_s=self._design.profile.budget_s,
            )
        )
