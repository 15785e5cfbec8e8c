"""The worker process: reads its job from standard input, loads, reports on standard output.

Started by ``workers.run_load`` as a process of its own. Standard input: one length-prefixed pickle with the
import path, one with the job, then lines ``start <monotonic ns>`` and ``stop``; its end means that the
parent is gone, and stops the worker too. Standard output: one JSON object a line, ``{"ready": {}}``,
``{"progress": …}``, ``{"report": …}`` or ``{"error": …}``.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import os
import pickle
import resource
import signal
import struct
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import uvloop

from casewright.bench.arrivals import IndexSet, closed_indices
from casewright.bench.bodies import BodySource
from casewright.bench.clock import NS_PER_S, LoopLag, PreciseTimer, nearest_rank
from casewright.bench.dial import Address, Dialer
from casewright.bench.load import Counts, LoadLoop
from casewright.bench.outcome import WorkerReport
from casewright.bench.plan import LoadPlan
from casewright.bench.request import parse_url
from casewright.bench.sched import prefer_prompt_wakeups
from casewright.bench.spool import SpoolWriter, segment_path
from casewright.bench.target import Target
from casewright.bench.workload import Workload
from casewright.errors import CasewrightError

LENGTH = struct.Struct("<Q")
_PREPARE_NS = 2 * NS_PER_S
_SPARE_FILES = 64
# How long the spool's thread may have to wait for the interpreter while the loop is busy.
_SWITCH_S = 0.001


@dataclass(frozen=True, slots=True)
class Job:
    """Everything one worker needs to know."""

    target: Target
    plan: LoadPlan
    workload: Workload
    process: int
    session: int
    run_dir: Path
    addresses: tuple[Address, ...]
    done: IndexSet | None
    spool_budget: int


def main() -> None:
    """Run one worker; every failure is reported as a line, never only as a traceback."""
    # Ctrl-C is for the parent, who then says stop; a second one must not tear the spool.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    prefer_prompt_wakeups()  # before any thread is made: threads inherit it
    say = _speaker(os.dup(1))
    try:
        sys.path[:] = _receive(sys.stdin.buffer)
        job: Job = _receive(sys.stdin.buffer)
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_work(job, say))
    except CasewrightError as error:
        say("error", {"kind": error.kind, "message": error.message, "hint": error.hint})
    except Exception as error:  # noqa: BLE001 -- the parent makes a finding of it
        say("error", {"kind": "error", "message": f"{type(error).__name__}: {error}", "hint": ""})


def _receive(stream: BinaryIO) -> Any:
    (length,) = LENGTH.unpack(stream.read(LENGTH.size))
    return pickle.loads(stream.read(length))  # our own parent's words, on our own pipe


def _speaker(fd: int) -> Callable[[str, dict[str, Any]], None]:
    """Write one JSON line; a parent that is gone is noticed on standard input, not here."""

    def say(what: str, values: dict[str, Any]) -> None:
        with contextlib.suppress(BrokenPipeError):
            os.write(fd, json.dumps({what: values}).encode() + b"\n")

    return say


async def _work(job: Job, say: Callable[[str, dict[str, Any]], None]) -> None:
    plan = job.plan
    loop = asyncio.get_running_loop()
    timer = PreciseTimer(loop)
    endpoint = parse_url(job.target.url)
    bodies = BodySource(job.target, job.workload, plan.seed, closed_indices(plan, job.process, job.done))
    header = {
        "api": str(job.target.api),
        "session": job.session,
        "process": job.process,
        "processes": plan.processes,
    }
    spool = SpoolWriter(segment_path(job.run_dir, job.session, job.process), header, job.spool_budget)
    try:
        load = LoadLoop(
            plan=plan,
            process=job.process,
            api=job.target.api,
            dialer=Dialer(loop, endpoint, job.addresses, plan.connect_s, job.target.ca_file),
            bodies=bodies,
            spool=spool,
            timer=timer,
            report=lambda counts: say("progress", _progress(counts, load.in_flight)),
            done=job.done,
            max_connections=_connection_limit(plan),
        )
        bodies.refill(_PREPARE_NS)
        await load.prepare()
        orders = _Orders(loop, load.stop)
        say("ready", {})
        start = await orders.start()
        account = await _measure(load, timer, start) if start is not None else None
    finally:
        timer.close()
        spool.close()
    if account is not None:
        say("report", _report(job, load, spool, account).to_json())


@dataclass(frozen=True, slots=True)
class _Account:
    start_ns: int
    cpu_s: float
    rss_start: int
    rss_end: int
    lag: LoopLag


async def _measure(load: LoadLoop, timer: PreciseTimer, start: int) -> _Account:
    lag = LoopLag(timer)
    # What exists now stays; the load makes no cycles to speak of, so the collector may rest meanwhile.
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 1000)
    sys.setswitchinterval(_SWITCH_S)
    rss, cpu = _rss(), _cpu_s()
    lag.start()
    await load.run(start)
    lag.stop()
    return _Account(start, _cpu_s() - cpu, rss, _rss(), lag)


class _Orders:
    """The parent's lines on standard input, read without blocking the loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop, stop: Callable[[], None]) -> None:
        self._stop = stop
        self._loop = loop
        self._buffer = b""
        self._start: asyncio.Future[int | None] = loop.create_future()
        self._fd = sys.stdin.fileno()
        os.set_blocking(self._fd, False)
        loop.add_reader(self._fd, self._readable)

    async def start(self) -> int | None:
        """When to start; None when the parent stopped or went away first."""
        return await self._start

    def _readable(self) -> None:
        try:
            data = os.read(self._fd, 4096)
        except BlockingIOError:
            return
        if not data:
            self._loop.remove_reader(self._fd)
            self._halt()
            return
        *lines, self._buffer = (self._buffer + data).split(b"\n")
        for line in lines:
            word, _, value = line.partition(b" ")
            if word == b"start" and not self._start.done():
                self._start.set_result(int(value))
            elif word == b"stop":
                self._halt()

    def _halt(self) -> None:
        if not self._start.done():
            self._start.set_result(None)
        else:
            self._stop()


def _progress(counts: Counts, in_flight: int) -> dict[str, Any]:
    recent = sorted(counts.recent)
    return {
        "issued": counts.issued,
        "completed": counts.completed,
        "failed": counts.failed,
        "cut": counts.cut,
        "in_flight": in_flight,
        "reconnects": counts.reconnects,
        "received": counts.received,
        "errors": dict(counts.errors),
        "latency_ns": nearest_rank(recent, 0.5) if recent else None,
    }


def _report(job: Job, load: LoadLoop, spool: SpoolWriter, account: _Account) -> WorkerReport:
    counts = load.counts
    return WorkerReport(
        process=job.process,
        start_ns=account.start_ns,
        stop_issuing_ns=load.stopped_ns or load.ended_ns,
        end_ns=load.ended_ns,
        issued=counts.issued,
        completed=counts.completed,
        failed=counts.failed,
        cut=counts.cut,
        reconnects=counts.reconnects,
        received=counts.received,
        errors=dict(counts.errors),
        cpu_s=account.cpu_s,
        lag=account.lag.summary(),
        max_rss=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        rss_start=account.rss_start,
        rss_end=account.rss_end,
        spool_bytes=spool.written,
        spool_dropped=spool.dropped,
        spool_lost=spool.lost,
        storage_failure=str(spool.failure) if spool.failure is not None else None,
        disk_full=spool.disk_full,
        interrupted=load.interrupted,
        late_bodies=load.bodies.late,
    )


def _connection_limit(plan: LoadPlan) -> int:
    """The worker's share of the plan's connections, within what the system lets a process open."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
            soft = hard
    share = max(plan.max_connections // plan.processes, 1)
    return share if soft == resource.RLIM_INFINITY else max(min(share, soft - _SPARE_FILES), 1)


def _cpu_s() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def _rss() -> int:
    """Resident bytes now; 0 never stands for "unknown": where /proc is missing, the peak is used."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except (OSError, ValueError, IndexError):
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return pages * resource.getpagesize()


if __name__ == "__main__":
    main()
