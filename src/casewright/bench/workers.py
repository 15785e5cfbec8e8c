"""A load run over one or more worker processes: start, watch, stop, resume, and account for it."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from casewright.bench.arrivals import IndexSet, scheduled_count
from casewright.bench.clock import NS_PER_S, now_ns
from casewright.bench.crew import Crew
from casewright.bench.decode import finished_indices
from casewright.bench.dial import resolve, tls_context
from casewright.bench.outcome import Finding, LoadOutcome, Progress, WorkerReport, worst_lag
from casewright.bench.plan import LoadPlan
from casewright.bench.record import storage_error
from casewright.bench.request import RequestTemplate, parse_url
from casewright.bench.spool import SegmentReader, segment_path, segments
from casewright.bench.target import Target
from casewright.bench.worker import Job
from casewright.bench.workload import Workload
from casewright.engines.wire import chat_path
from casewright.errors import DiskFull, UsageError

PLAN_FILE = "plan.json"


def run_load(  # noqa: PLR0917 -- the four things a run is made of, then who watches it
    target: Target,
    plan: LoadPlan,
    workload: Workload,
    run_dir: Path,
    on_progress: Callable[[Progress], None] | None = None,
    stop: threading.Event | None = None,
    *,
    resume: bool = False,
) -> LoadOutcome:
    """Put ``plan`` on ``target`` from worker processes; the raw records are in ``run_dir`` afterwards.

    ``on_progress`` is called about four times a second in this thread. Setting ``stop``, or Ctrl-C, ends
    the run early: nothing more is sent, what is in flight is recorded as cut, and the outcome says
    ``interrupted``. A second Ctrl-C kills the workers and is raised. ``resume`` continues the run in
    ``run_dir``: only requests without a finished record are sent, for the time that is left.

    Raises:
        UsageError: ``run_dir`` holds a run and ``resume`` was not asked for, or not this plan's run.
        DnsFailure: the target's host does not resolve.
        StorageError: ``run_dir`` cannot be written.
        MeasurementError: the workers could not be started.
    """
    endpoint = parse_url(target.url)
    RequestTemplate(endpoint, chat_path(target.api), target.api_key)  # a bad key is known before the start
    if endpoint.tls:
        tls_context(target.ca_file)
    addresses = tuple(resolve(endpoint))
    session, done = _open_run(run_dir, plan, resume)
    left = _what_is_left(run_dir, plan, session)
    scheduled = scheduled_count(left, done) if left is not None else 0
    stop = stop if stop is not None else threading.Event()
    if left is None or scheduled == 0:
        return _nothing_left(run_dir, session, plan)
    budget = max(plan.disk_budget_bytes - sum(path.stat().st_size for path in segments(run_dir)), 0)
    crew = Crew(
        [
            Job(target, left, workload, process, session, run_dir, addresses, done, budget // plan.processes)
            for process in range(plan.processes)
        ]
    )
    try:
        _watch(crew, stop, scheduled, on_progress)
    finally:
        crew.close()
    outcome = _account(crew, run_dir, session, scheduled, stop.is_set())
    return _remember(outcome, plan)


def _watch(
    crew: Crew,
    stop: threading.Event,
    scheduled: int | None,
    on_progress: Callable[[Progress], None] | None,
) -> None:
    """See the crew through; one Ctrl-C is an order to stop, a second goes through."""

    def changed() -> None:
        if on_progress is not None:
            on_progress(_progress(crew, scheduled))

    try:
        if crew.begin(stop):
            crew.run(stop, changed)
    except KeyboardInterrupt:
        stop.set()
        if crew.start_ns:
            crew.run(stop, changed)


def _progress(crew: Crew, scheduled: int | None) -> Progress:
    said = [worker.progress for worker in crew.workers if worker.progress]
    latencies = [word["latency_ns"] for word in said if word["latency_ns"] is not None]
    errors: Counter[str] = Counter()
    for word in said:
        errors.update(word["errors"])

    def total(name: str) -> int:
        return sum(int(word[name]) for word in said)

    return Progress(
        elapsed_s=max(now_ns() - crew.start_ns, 0) / NS_PER_S,
        issued=total("issued"),
        completed=total("completed"),
        failed=total("failed"),
        cut=total("cut"),
        in_flight=total("in_flight"),
        reconnects=total("reconnects"),
        received_bytes=total("received"),
        latency_p50_ms=sum(latencies) / len(latencies) / 1e6 if latencies else None,
        errors=errors,
        scheduled=scheduled,
    )


def _open_run(run_dir: Path, plan: LoadPlan, resume: bool) -> tuple[int, IndexSet | None]:
    """The session's number and what earlier sessions finished."""
    stored = run_dir / PLAN_FILE
    if not resume:
        if stored.exists():
            raise UsageError(f"{run_dir} already holds a run", hint="resume it, or name another directory")
        try:
            run_dir.mkdir(parents=True, exist_ok=True)
            _write_json(stored, plan.to_json())
        except OSError as exc:
            raise storage_error(run_dir, exc) from exc
        return 0, None
    try:
        before = LoadPlan.from_json(json.loads(stored.read_bytes()))
    except FileNotFoundError as exc:
        raise UsageError(f"{run_dir} holds no run to resume", hint="start it without resuming") from exc
    except (OSError, ValueError) as exc:
        raise UsageError(f"{stored} cannot be read: {exc}", hint="start a new run") from exc
    if before != plan:
        raise UsageError(
            f"{run_dir} holds a run of another plan", hint="resume with the plan it was begun with"
        )
    sessions = [int(path.name.split("-")[1]) for path in segments(run_dir)]
    return max(sessions, default=-1) + 1, finished_indices(run_dir)


def _what_is_left(run_dir: Path, plan: LoadPlan, session: int) -> LoadPlan | None:
    """A closed loop that time ends gets what earlier sessions left of it; None when that is nothing."""
    if plan.mode == "open" or plan.duration_s is None or session == 0:
        return plan
    spent = sum(_spent_s(run_dir, earlier) for earlier in range(session))
    if spent >= plan.duration_s:
        return None
    return dataclasses.replace(plan, ramp_s=0.0, duration_s=plan.duration_s - spent)


def _spent_s(run_dir: Path, session: int) -> float:
    """How long a session issued requests: by its own account, or by its records when it left none."""
    try:
        account = json.loads(_session_file(run_dir, session).read_bytes())
        return float(account["window_s"])
    except (OSError, ValueError, KeyError):
        begin, end = _span(run_dir, session)
        return (end - begin) / NS_PER_S


def _span(run_dir: Path, session: int) -> tuple[int, int]:
    """First sending and last end in a session's records; (0, 0) without records."""
    first, last = 0, 0
    for path in segments(run_dir):
        if not path.name.startswith(f"session-{session:03d}-"):
            continue
        for raw in SegmentReader(path).records(payloads=False):
            first = min(first or raw.t_sched, raw.t_sched)
            last = max(last, raw.t_end)
    return first, last


def _account(crew: Crew, run_dir: Path, session: int, scheduled: int | None, stopped: bool) -> LoadOutcome:
    reports = tuple(worker.report for worker in crew.workers if worker.report is not None)
    findings = list(crew.findings)
    for report in reports:
        findings += _own_findings(report)
    if len(reports) == len(crew.workers):
        end = max((report.stop_issuing_ns for report in reports), default=crew.start_ns)
    else:
        end = max(_span(run_dir, session)[1], crew.start_ns, *(r.stop_issuing_ns for r in reports), 0)
    sizes = [
        path.stat().st_size
        for process in range(len(crew.workers))
        if (path := segment_path(run_dir, session, process)).exists()
    ]
    issued = sum(int(w.report.issued if w.report else w.progress.get("issued", 0)) for w in crew.workers)
    return LoadOutcome(
        run_dir=run_dir,
        session=session,
        window_start_ns=crew.start_ns,
        window_end_ns=end,
        interrupted=stopped or any(report.interrupted for report in reports),
        scheduled=scheduled,
        issued=issued,
        processes=len(crew.workers),
        cpu_s=tuple(report.cpu_s for report in reports),
        loop_lag=worst_lag(reports),
        max_rss_bytes=max((report.max_rss for report in reports), default=None),
        spool_bytes=sum(sizes),
        spool_dropped=sum(report.spool_dropped for report in reports),
        spool_lost=sum(report.spool_lost for report in reports),
        disk_full=any(finding.kind == "disk_full" for finding in findings),
        findings=tuple(findings),
        reports=reports,
    )


def _own_findings(report: WorkerReport) -> list[Finding]:
    found = []
    if report.storage_failure is not None:
        found.append(
            Finding(
                "disk_full" if report.disk_full else "storage",
                report.process,
                f"{report.spool_lost} records were not kept: {report.storage_failure}",
            )
        )
    if report.spool_dropped:
        found.append(
            Finding(
                "payload_dropped",
                report.process,
                f"the bytes of {report.spool_dropped} answers were not kept: the raw spool was full",
            )
        )
    return found


def _nothing_left(run_dir: Path, session: int, plan: LoadPlan) -> LoadOutcome:
    now = now_ns()
    return LoadOutcome(
        run_dir=run_dir,
        session=session,
        window_start_ns=now,
        window_end_ns=now,
        interrupted=False,
        scheduled=0,
        issued=0,
        processes=plan.processes,
        cpu_s=(),
        loop_lag=worst_lag(()),
        max_rss_bytes=None,
        spool_bytes=0,
        spool_dropped=0,
        spool_lost=0,
        disk_full=False,
    )


def _remember(outcome: LoadOutcome, plan: LoadPlan) -> LoadOutcome:
    """Keep the account beside the records; when even that fails, it is one finding more."""
    values = {
        "plan": plan.to_json(),
        "session": outcome.session,
        "window_start_ns": outcome.window_start_ns,
        "window_end_ns": outcome.window_end_ns,
        "window_s": outcome.window_s,
        "interrupted": outcome.interrupted,
        "findings": [dataclasses.asdict(finding) for finding in outcome.findings],
        "reports": [report.to_json() for report in outcome.reports],
    }
    try:
        _write_json(_session_file(outcome.run_dir, outcome.session), values)
    except OSError as exc:
        error = storage_error(outcome.run_dir, exc)
        full = isinstance(error, DiskFull)
        finding = Finding("disk_full" if full else "storage", -1, error.message)
        return dataclasses.replace(
            outcome, disk_full=outcome.disk_full or full, findings=(*outcome.findings, finding)
        )
    return outcome


def _session_file(run_dir: Path, session: int) -> Path:
    return run_dir / f"session-{session:03d}.json"


def _write_json(path: Path, values: dict[str, Any]) -> None:
    """Write whole or not at all."""
    fresh = path.with_suffix(".new")
    try:
        with fresh.open("w", encoding="utf-8") as file:
            json.dump(values, file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
    finally:
        with contextlib.suppress(FileNotFoundError):
            fresh.unlink()
