"""One run from start to result: put the load on, decode what came back, summarise, judge."""

from __future__ import annotations

import dataclasses
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime

from casewright.api.bench import Engine, Run
from casewright.bench import summary
from casewright.bench.machine import describe_machine
from casewright.bench.plan import LoadPlan
from casewright.bench.sample import Sample
from casewright.bench.summary import Generator
from casewright.bench.target import Target
from casewright.bench.validity import judge
from casewright.bench.workload import Workload
from casewright.engines.wire import Sampling


def describe_engine(target: Target) -> Engine:
    """The engine under test as results record it, with the sampling every request carries."""
    return Engine(
        spec=target.spec,
        api=target.api.value,
        url=target.url,
        identity=target.identity,
        sampling=dataclasses.asdict(Sampling()),
    )


@dataclass(frozen=True, slots=True)
class Frame:
    """What a run is about, beside its numbers; ``calibration`` is a warning, None when all is well."""

    target: Target
    plan: LoadPlan
    workload: Workload
    started_at: str
    records: str | None = None
    calibration: str | None = None


def assemble(frame: Frame, sample: Sample, generator: Generator) -> Run:
    """Compute every figure of a run from its columns."""
    plan, facts = frame.plan, frame.workload.facts(frame.plan.seed)
    signs = summary.signs(sample, plan, generator, prefix=facts.prefix, calibration=frame.calibration)
    return Run(
        id=uuid.uuid4().hex[:12],
        started_at=frame.started_at,
        finished_at=utc_now(),
        interrupted=generator.interrupted,
        engine=describe_engine(frame.target),
        machine=describe_machine(),
        seed=plan.seed,
        workload=facts,
        load=plan.to_load(),
        requests=summary.requests(sample),
        throughput=summary.throughput(sample, plan.ramp_s),
        tokens=summary.tokens(sample),
        send_lag_ms=summary.send_lag(sample, plan),
        rate=summary.rate(sample, plan, generator.scheduled),
        arrivals=summary.arrivals(sample, plan),
        validity=judge(signs),
        client=generator.facts(),
        records=frame.records,
        **summary.latencies(sample),
    )


def utc_now() -> str:
    """The time of day as results write it."""
    return datetime.now(UTC).isoformat(timespec="seconds")
