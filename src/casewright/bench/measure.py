"""One run from start to result: put the load on, decode what came back, summarise, judge."""

from __future__ import annotations

import dataclasses
import threading
import uuid
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from casewright.api.bench import Engine, Lag, Run
from casewright.bench import decode, summary
from casewright.bench.blocks import Measured
from casewright.bench.machine import describe_machine
from casewright.bench.outcome import LoadOutcome, Progress
from casewright.bench.parity import Answered
from casewright.bench.plan import LoadPlan
from casewright.bench.record import RequestRecord, write_records
from casewright.bench.sample import Sample
from casewright.bench.spool import segments
from casewright.bench.summary import Generator
from casewright.bench.target import Target
from casewright.bench.validity import judge
from casewright.bench.workers import run_load
from casewright.bench.workload import Workload
from casewright.engines.wire import Sampling
from casewright.errors import StorageError

RECORDS_FILE = "records.jsonl"
NS_PER_MS = 1_000_000


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
class Keep:
    """What a measurement leaves behind: answers in memory, the raw spool on disk."""

    answers: bool = False
    raw: bool = False


def measure(
    target: Target,
    plan: LoadPlan,
    workload: Workload,
    run_dir: Path,
    *,
    calibration: str | None = None,
    on_progress: Callable[[Progress], None] | None = None,
    stop: threading.Event | None = None,
    resume: bool = False,
    keep: Keep = Keep(),
) -> Measured:
    """Run a load and return its result; ``run_dir`` holds the records afterwards.

    The raw spool is removed once its records are written and the run was not interrupted (an
    interrupted run needs it to be resumed).

    Raises:
        UsageError: ``run_dir`` cannot be used this way.
        EngineUnreachable: the host does not resolve.
        StorageError: ``run_dir`` cannot be written at all.
        MeasurementError: the load generator could not be started.
    """
    started = utc_now()
    outcome = run_load(target, plan, workload, run_dir, on_progress, stop, resume=resume)
    sample, answers = Sample(), {}

    def take(records: Iterable[RequestRecord]) -> Iterator[RequestRecord]:
        for record in close_gaps(records):
            sample.add(record)
            if keep.answers and record.error is None and not record.cut and not record.warmup:
                answers[record.index] = Answered(record.prompt_tokens, record.output_tokens, record.text)
            yield record

    findings = [f.message for f in outcome.findings if f.kind != "payload_dropped"]
    path = run_dir / RECORDS_FILE
    try:
        write_records(path, take(decode.records(run_dir)))
    except StorageError as error:
        # The figures are still in the spool: say what is missing on disk and go on with what was measured.
        findings.append(f"{error.message}; the raw spool stays in {run_dir}")
        sample = Sample.of(close_gaps(decode.records(run_dir)))
        answers.clear()
    else:
        if not (keep.raw or outcome.interrupted):
            for segment in segments(run_dir):
                segment.unlink()
    frame = Frame(target, plan, workload, started, str(path), calibration)
    return Measured(assemble(frame, sample, generator_of(outcome, tuple(findings))), sample, answers)


def generator_of(outcome: LoadOutcome, findings: tuple[str, ...] = ()) -> Generator:
    """The load generator's account in the units of the result."""
    lag = outcome.loop_lag
    shares = [r.cpu_s / ((r.end_ns - r.start_ns) / 1e9) for r in outcome.reports if r.end_ns > r.start_ns]
    return Generator(
        processes=outcome.processes,
        scheduled=outcome.scheduled,
        cpu_s=sum(outcome.cpu_s) if outcome.cpu_s else None,
        busiest_cpu=max(shares, default=None),
        loop_lag_ms=Lag(p50=_ms(lag.p50_ns), p99=_ms(lag.p99_ns), max=_ms(lag.max_ns)),
        max_rss_mb=None if outcome.max_rss_bytes is None else outcome.max_rss_bytes / 2**20,
        spool_bytes=outcome.spool_bytes,
        spool_dropped=outcome.spool_dropped + outcome.spool_lost,
        interrupted=outcome.interrupted,
        findings=findings,
    )


def _ms(ns: int | None) -> float | None:
    return None if ns is None else ns / NS_PER_MS


def close_gaps(records: Iterable[RequestRecord]) -> Iterator[RequestRecord]:
    """Move each resumed session's times so that it follows the one before without a pause.

    The time between sessions was no measuring; left in, it would lower every rate. Sessions come in order.
    """
    session, shift, latest = 0, 0, None
    for record in records:
        if record.session != session:
            shift = 0 if latest is None else latest - record.t_send
            session = record.session
        moved = record if shift == 0 else _moved(record, shift)
        latest = moved.t_end if latest is None else max(latest, moved.t_end)
        yield moved


def _moved(record: RequestRecord, shift: int) -> RequestRecord:
    def later(at: int | None) -> int | None:
        return None if at is None else at + shift

    return dataclasses.replace(
        record,
        t_sched=record.t_sched + shift,
        t_send=record.t_send + shift,
        t_connected=later(record.t_connected),
        t_first_byte=later(record.t_first_byte),
        t_first_token=later(record.t_first_token),
        t_last_token=later(record.t_last_token),
        t_end=record.t_end + shift,
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
