"""Calibration: the load generator against a server whose true times are known, on this machine.

Each case puts one load on the built-in simulator and compares the client's figures with the simulator's own
record of the same requests. Where the simulator was at its own limit, a figure says nothing about the
client, and the bound is NOT MEASURABLE. The bounds are those of docs/metrics.md.
"""

from __future__ import annotations

import dataclasses
import os
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
from pydantic import ValidationError

from casewright.api.bench import Distribution, Machine
from casewright.api.calibration import (
    CalibrationCase,
    CalibrationResult,
    ClientFacts,
    Percentiles,
    SimulatorFacts,
)
from casewright.bench import summary
from casewright.bench.arrivals import offset_blocks
from casewright.bench.calibration_bounds import bounds_of, overall, simulator_limit
from casewright.bench.decode import records
from casewright.bench.machine import describe_machine
from casewright.bench.measure import generator_of
from casewright.bench.outcome import LoadOutcome
from casewright.bench.plan import LoadPlan
from casewright.bench.record import storage_error
from casewright.bench.sample import Sample
from casewright.bench.sim_config import ENGINE_NAME, MODEL, Quantiles, SimConfig, Truth
from casewright.bench.simulator import SimulatorServer
from casewright.bench.stats import dispersion
from casewright.bench.target import Target
from casewright.bench.workers import run_load
from casewright.bench.workload import resolve_workload
from casewright.engines.wire import Api
from casewright.errors import StorageError
from casewright.values import EngineIdentity

FILE = "calibration.json"
MAX_AGE = timedelta(days=30)
ATTEMPTS = 2
# The seed's schedule of 10 s at 1,000/s has a dispersion of 1.00 itself (chance alone leaves 0.9-1.1 in
# one run of forty), so what is seen beyond that is the load generator's doing.
SEED = 6


@dataclass(frozen=True, slots=True)
class Case:
    """One load on one simulator. ``ceiling``: as fast as it goes, so its latencies are queues, not errors."""

    name: str
    what: str
    config: SimConfig
    plan: LoadPlan
    tokens: int
    ceiling: bool = False

    @property
    def possible_per_s(self) -> float | None:
        """Requests per second that the closed loop's users can make at the intended times."""
        if self.plan.concurrency is None or self.config.immediate:
            return None
        ms = self.config.ttft_ms + self.config.itl_ms * (self.tokens - 1)
        return self.plan.concurrency * 1000.0 / ms


@dataclass(frozen=True, slots=True)
class Step:
    """Where a calibration is: case ``number`` of ``of``, its first or second ``attempt``."""

    case: str
    what: str
    number: int
    of: int
    attempt: int = 1


def default_cases(seed: int = SEED) -> tuple[Case, ...]:
    """The cases of docs/metrics.md; together about 75 seconds on two cores, if each passes at once."""
    slow = SimConfig(ttft_ms=50, itl_ms=10)
    many = SimConfig(ttft_ms=50, itl_ms=50)
    quick = SimConfig(ttft_ms=10)
    return (
        Case(
            "ceiling",
            "64 users, no delay, 16 tokens",
            SimConfig(),
            LoadPlan.closed(64, requests=15_000, ramp_s=0.1, seed=seed),
            16,
            ceiling=True,
        ),
        Case(
            "256 users",
            "256 users, 50 ms to the first token, 10 ms between, 64 tokens",
            slow,
            LoadPlan.closed(256, duration_s=6.0, ramp_s=0.68, seed=seed),
            64,
        ),
        Case(
            "1000 users",
            "1,000 users, 50 ms to the first token and between, 64 tokens",
            many,
            LoadPlan.closed(1000, duration_s=8.0, ramp_s=3.2, seed=seed),
            64,
        ),
        *(
            Case(
                f"poisson {processes}",
                f"Poisson 1,000/s for 10 s from {processes} process{'es' if processes > 1 else ''}",
                quick,
                LoadPlan.open(1000, "poisson", duration_s=10.0, processes=processes, seed=seed),
                8,
            )
            for processes in (1, 2)
        ),
        Case(
            "constant",
            "constant 1,000/s for 5 s",
            quick,
            LoadPlan.open(1000, "constant", duration_s=5.0, seed=seed),
            8,
        ),
    )


def calibrate(
    data_dir: Path,
    *,
    on_progress: Callable[[Step], None] | None = None,
    cases: Sequence[Case] | None = None,
) -> CalibrationResult:
    """Run the cases, keep the result as ``calibration.json`` in ``data_dir``, and return it.

    Blocks for about 75 seconds with the default cases, more when one must be run again. The machine should
    be idle: what others use of the CPU is recorded with each case.

    Raises:
        MeasurementError: the simulator or the load generator could not be started.
        StorageError: ``data_dir`` cannot be written.
    """
    chosen = tuple(cases) if cases is not None else default_cases()
    began = time.monotonic()
    done = []
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="calibration-", dir=data_dir) as scratch:
            for number, case in enumerate(chosen, 1):
                step = Step(case.name, case.what, number, len(chosen))
                done.append(_attempts(case, step, Path(scratch) / f"case-{number}", on_progress))
        ceiling = next((case for case, asked in zip(done, chosen, strict=True) if asked.ceiling), None)
        result = CalibrationResult(
            created_at=datetime.now(UTC),
            machine=describe_machine(),
            status=overall([case.status for case in done]),
            seconds=time.monotonic() - began,
            ceiling_per_s=ceiling.client.requests_per_s if ceiling else None,
            ceiling_limit=ceiling.simulator.limit if ceiling else None,
            cases=tuple(done),
        )
        fresh = data_dir / f"{FILE}.new"
        fresh.write_text(result.model_dump_json(by_alias=True, indent=1))
        fresh.replace(data_dir / FILE)
    except OSError as error:
        raise storage_error(data_dir, error) from error
    return result


def _attempts(
    case: Case, step: Step, run_dir: Path, on_progress: Callable[[Step], None] | None
) -> CalibrationCase:
    """Run a case, and once more if it did not pass: a moment's noise on the machine decides a p99."""
    for attempt in range(1, ATTEMPTS + 1):
        if on_progress is not None:
            on_progress(dataclasses.replace(step, attempt=attempt))
        found = run_case(case, run_dir.with_name(f"{run_dir.name}-{attempt}"))
        if found.status == "PASS":
            break
    return found.model_copy(update={"attempts": attempt})


def load_calibration(data_dir: Path) -> CalibrationResult | None:
    """The calibration kept in ``data_dir``; None when there is none.

    Raises:
        StorageError: there is one and it cannot be read.
    """
    path = data_dir / FILE
    try:
        return CalibrationResult.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return None
    except OSError as error:
        raise storage_error(path, error) from error
    except ValidationError as error:
        raise StorageError(
            f"{path} is damaged or of another version: {error.errors()[0]['msg']}",
            hint="run: casewright bench calibrate",
        ) from error


def calibration_warning(
    data_dir: Path, *, machine: Machine | None = None, now: datetime | None = None
) -> str | None:
    """Why a run's figures are not backed by a calibration; None when they are.

    One sentence, with what to do, for ``validity.warnings``: absent, unreadable, older than 30 days, of
    another machine, or with a bound that failed or could not be measured.
    """
    again = "run `casewright bench calibrate` on the idle machine"
    try:
        found = load_calibration(data_dir)
    except StorageError as error:
        return f"the calibration cannot be read ({error.message}): {again}"
    if found is None:
        return f"the load generator is not calibrated on this machine: {again}"
    different = _differences(found.machine, machine or describe_machine())
    if different:
        return f"the calibration is of another machine or version ({', '.join(different)} differ): {again}"
    age = (now or datetime.now(UTC)) - found.created_at
    if age > MAX_AGE:
        return f"the calibration is {age.days} days old (bound {MAX_AGE.days}): {again}"
    if found.status == "FAIL":
        return f"the calibration missed its bounds ({'; '.join(found.failed_bounds())}): {again}"
    if found.status == "NOT MEASURABLE":
        return f"the calibration could not measure all its bounds, the simulator was at its limit: {again}"
    return None


def _differences(then: Machine, now: Machine) -> list[str]:
    names = ("hostname", "cpu", "cores", "os", "python", "casewright")
    return [name for name in names if getattr(then, name) != getattr(now, name)]


def run_case(case: Case, run_dir: Path) -> CalibrationCase:
    """Run one case against a simulator of its own; raw records go to ``run_dir``."""
    workload = resolve_workload(f"tiny:out={case.tokens}")
    with SimulatorServer(case.config) as server:
        target = Target(
            spec=f"simulator={server.url}",
            api=Api.OPENAI,
            url=server.url,
            model=MODEL,
            identity=EngineIdentity(kind="simulator", name=ENGINE_NAME, model=MODEL),
        )
        server.reset_truth()
        busy, began = _machine_cpu_s(), time.monotonic()
        outcome = run_load(target, case.plan, workload, run_dir)
        truth, wall_s = server.truth(), time.monotonic() - began
        after = _machine_cpu_s()
    ours = truth.cpu_s + sum(outcome.cpu_s)
    others = None if busy is None or after is None else max(after - busy - ours, 0.0) / wall_s
    client = _client(case, outcome, Sample.of(records(run_dir)))
    simulator = _simulator(truth, outcome, client)
    error_p50 = _minus(client.ttft_ms.p50, simulator.ttft_ms.p50)
    error_p99 = _minus(client.ttft_ms.p99, simulator.ttft_ms.p99)
    bounds = bounds_of(client, simulator, (error_p50, error_p99), ceiling=case.ceiling, others_cpu=others)
    return CalibrationCase(
        name=case.name,
        what=case.what,
        status=overall([bound.status for bound in bounds]),
        load=case.plan.to_load(),
        ttft_intended_ms=case.config.ttft_ms,
        itl_intended_ms=case.config.itl_ms,
        tokens=case.tokens,
        client=client,
        simulator=simulator,
        error_p50_ms=error_p50,
        error_p99_ms=error_p99,
        others_cpu=others,
        bounds=bounds,
    )


def _client(case: Case, outcome: LoadOutcome, sample: Sample) -> ClientFacts:
    plan, generator = case.plan, generator_of(outcome)
    rate = summary.rate(sample, plan, outcome.scheduled)
    sent = summary.arrivals(sample, plan)
    speed = summary.throughput(sample, plan.ramp_s)
    grown = sum(report.rss_end - report.rss_start for report in outcome.reports)
    return ClientFacts(
        ttft_ms=_percentiles(summary.latencies(sample)["ttft_ms"]),
        requests=len(sample),
        failed=sample.failed,
        requests_per_s=speed.steady_requests_per_s or speed.requests_per_s,
        possible_per_s=case.possible_per_s,
        requested_per_s=rate.requested,
        share_on_time=rate.share_on_time,
        send_lag_p99_ms=summary.send_lag(sample, plan).p99,
        dispersion=sent.dispersion if plan.mode == "open" and plan.arrivals == "poisson" else None,
        scheduled_dispersion=_scheduled_dispersion(plan),
        gap_cv=sent.gap_cv,
        cpu_share=generator.busiest_cpu,
        loop_lag_p99_ms=generator.loop_lag_ms.p99 if generator.loop_lag_ms else None,
        bytes_per_request=grown / outcome.issued if outcome.issued else None,
    )


def _simulator(truth: Truth, outcome: LoadOutcome, client: ClientFacts) -> SimulatorFacts:
    facts = SimulatorFacts(
        ttft_ms=_quantiles(truth.ttft_ms),
        lateness_ms=_quantiles(truth.lateness_ms),
        loop_lag_ms=_quantiles(truth.loop_lag_ms),
        completed=truth.completed,
        # Over the load's window: the truth's own wall time includes the workers' start.
        cpu_share=truth.cpu_s / outcome.window_s if outcome.window_s > 0 else None,
    )
    return facts.model_copy(update={"limit": simulator_limit(facts, client.cpu_share)})


def _scheduled_dispersion(plan: LoadPlan) -> float | None:
    """The dispersion of the schedule itself, which no client can better."""
    if plan.mode != "open" or plan.arrivals != "poisson":
        return None
    return dispersion(np.concatenate(list(offset_blocks(plan))))


def _percentiles(found: Distribution) -> Percentiles:
    return Percentiles(n=found.n, p50=found.p50, p90=found.p90, p99=found.p99, max=found.max)


def _quantiles(found: Quantiles) -> Percentiles:
    return Percentiles.model_validate(found.model_dump())


def _minus(ours: float | None, true: float | None) -> float | None:
    return None if ours is None or true is None else ours - true


def _machine_cpu_s() -> float | None:
    """CPU seconds the whole machine has used (user, nice, system, interrupts, steal); None off Linux."""
    stat = Path("/proc/stat")
    if not stat.is_file():
        return None
    words = stat.read_text().split("\n", 1)[0].split()[1:9]
    user, nice, system, _idle, _wait, irq, softirq, steal = map(int, words)
    ticks: int = os.sysconf("SC_CLK_TCK")
    return (user + nice + system + irq + softirq + steal) / ticks
