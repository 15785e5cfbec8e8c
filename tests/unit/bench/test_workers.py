"""Whole runs over worker processes: splitting, stopping, dying, resuming, and what is said about it."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import resource
import select
import signal
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from casewright.bench.arrivals import IndexSet
from casewright.bench.decode import records
from casewright.bench.outcome import Progress
from casewright.bench.plan import LoadPlan
from casewright.bench.record import RequestRecord
from casewright.bench.workers import run_load
from casewright.bench.workload import Prompt
from casewright.errors import DnsFailure, MeasurementError, UsageError
from unit.bench.loading import Numbered, drive, target_of
from unit.bench.raw_server import CHUNKED_HEAD, GOOD, RawServer, Talk, answering, chunk, token


def indices(found: list[RequestRecord]) -> list[int]:
    return sorted(record.index for record in found)


@pytest.mark.parametrize("processes", [1, 2])
def test_a_closed_run_over_processes(processes: int, tmp_path: Path) -> None:
    seen: list[Progress] = []
    plan = LoadPlan.closed(5, requests=40, processes=processes, seed=3)
    with RawServer(answering(GOOD)) as server:
        outcome = run_load(target_of(server.url), plan, Numbered(), tmp_path / "run", seen.append)
    found = list(records(tmp_path / "run"))
    assert indices(found) == list(range(40))
    assert all(record.error is None and record.process == record.index % processes for record in found)
    assert (outcome.issued, outcome.scheduled, outcome.interrupted) == (40, 40, False)
    assert outcome.findings == ()
    assert len(outcome.cpu_s) == len(outcome.reports) == processes
    assert outcome.window_start_ns <= min(record.t_send for record in found)
    assert outcome.window_end_ns >= max(record.t_end for record in found)
    assert outcome.spool_bytes == sum(path.stat().st_size for path in (tmp_path / "run").glob("*.spool"))
    assert outcome.max_rss_bytes
    assert (seen[-1].issued, seen[-1].completed, seen[-1].in_flight) == (40, 40, 0)


def test_an_open_run_over_processes_keeps_the_global_schedule(tmp_path: Path) -> None:
    plan = LoadPlan.open(400.0, "constant", requests=60, processes=3)
    with RawServer(answering(GOOD)) as server:
        outcome = run_load(target_of(server.url), plan, Numbered(), tmp_path / "run")
    found = sorted(records(tmp_path / "run"), key=lambda record: record.index)
    assert [record.t_sched - outcome.window_start_ns for record in found] == [
        index * 2_500_000 for index in range(60)
    ]
    assert len({record.process for record in found}) == 3


def hanging(after: int) -> tuple[threading.Event, RawServer]:
    """A server that answers ``after`` requests and then only begins; the event says that it did."""
    begun = threading.Event()

    def script(talk: Talk) -> None:
        while talk.request() is not None:
            if len(talk.server.bodies) <= after:
                talk.send(GOOD)
                continue
            talk.send(CHUNKED_HEAD, chunk(token("one")))
            begun.set()
            talk.hang()

    return begun, RawServer(script)


def test_stop_keeps_everything_and_a_second_run_resumes(tmp_path: Path) -> None:
    run_dir, plan, stop = tmp_path / "run", LoadPlan.closed(2, requests=30, processes=2), threading.Event()
    begun, server = hanging(11)

    def watch(progress: Progress) -> None:
        if begun.is_set() and progress.in_flight == 2 and progress.completed == 11:
            stop.set()

    with server:
        first = run_load(target_of(server.url), plan, Numbered(), run_dir, watch, stop)
    assert first.interrupted
    before = list(records(run_dir))
    assert sum(record.cut for record in before) == 2
    finished = {record.index for record in before if not record.cut}
    assert len(finished) == 11

    with RawServer(answering(GOOD)) as server:
        second = run_load(target_of(server.url), plan, Numbered(), run_dir, resume=True)
        third = run_load(target_of(server.url), plan, Numbered(), run_dir, resume=True)
    assert (second.session, second.issued, second.scheduled) == (1, 19, 19)
    assert (third.issued, third.scheduled) == (0, 0)
    after = list(records(run_dir))
    assert indices(after) == list(range(30))
    assert {record.index for record in after if record.session == 1} == set(range(30)) - finished
    assert not any(record.cut for record in after)


def test_a_run_is_neither_overwritten_nor_resumed_with_another_plan(tmp_path: Path) -> None:
    plan = LoadPlan.closed(1, requests=2)
    with RawServer(answering(GOOD)) as server:
        target = target_of(server.url)
        run_load(target, plan, Numbered(), tmp_path / "run")
        with pytest.raises(UsageError, match="already holds"):
            run_load(target, plan, Numbered(), tmp_path / "run")
        with pytest.raises(UsageError, match="another plan"):
            run_load(target, dataclasses.replace(plan, requests=3), Numbered(), tmp_path / "run", resume=True)
        with pytest.raises(UsageError, match="no run"):
            run_load(target, plan, Numbered(), tmp_path / "other", resume=True)


@settings(max_examples=12, deadline=None)
@given(
    finished=st.sets(st.integers(0, 19)),
    mode=st.sampled_from(["closed", "constant", "poisson"]),
)
def test_resuming_completes_exactly_the_missing(
    finished: set[int], mode: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    if mode == "closed":
        plan = LoadPlan.closed(3, requests=20)
    else:
        plan = LoadPlan(mode="open", rate=2000.0, arrivals=mode, requests=20)  # type: ignore[arg-type]
    if len(finished) == 20:
        finished.pop()
    with RawServer(answering(GOOD)) as server:
        found, _ = drive(target_of(server.url), plan, tmp_path_factory.mktemp("run"), done=IndexSet(finished))
        asked = [json.loads(body)["messages"][0]["content"].split()[1] for body in server.bodies]
    assert indices(found) == sorted(set(range(20)) - finished)
    assert sorted(map(int, asked)) == indices(found)


def worker_pids(parent: int) -> list[int]:
    """The children of ``parent`` that run workers."""
    found = []
    for task in Path(f"/proc/{parent}/task").iterdir():
        for pid in (task / "children").read_text().split():
            with contextlib.suppress(OSError):
                if b"casewright.bench.worker" in Path(f"/proc/{pid}/cmdline").read_bytes():
                    found.append(int(pid))
    return sorted(found)


def test_a_killed_worker_is_a_finding_and_its_records_stay(tmp_path: Path) -> None:
    plan = LoadPlan.closed(2, requests=100_000, duration_s=60.0, processes=2)
    stop, killed = threading.Event(), threading.Event()

    def watch(progress: Progress) -> None:
        flushed = list((tmp_path / "run").glob("*.spool"))
        if progress.completed > 50 and all(path.stat().st_size > 5000 for path in flushed):
            if not killed.is_set():
                os.kill(worker_pids(os.getpid())[0], signal.SIGKILL)
                killed.set()
            else:
                stop.set()

    with RawServer(answering(GOOD)) as server:
        outcome = run_load(target_of(server.url), plan, Numbered(), tmp_path / "run", watch, stop)
    assert killed.is_set()
    assert [finding.kind for finding in outcome.findings] == ["worker_died"]
    assert "SIGKILL" in outcome.findings[0].message
    assert len(outcome.reports) == 1
    dead = outcome.findings[0].process
    found = list(records(tmp_path / "run"))
    assert sum(record.process == dead for record in found) > 0
    assert all(record.error is None for record in found)
    assert worker_pids(os.getpid()) == []


def test_a_full_disk_ends_the_run_cleanly_with_what_there_is(tmp_path: Path) -> None:
    plan = LoadPlan.closed(2, requests=1_000_000, duration_s=60.0)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, hard))
    try:
        with RawServer(answering(GOOD)) as server:
            outcome = run_load(target_of(server.url), plan, Numbered(), tmp_path / "run")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert outcome.disk_full
    assert [finding.kind for finding in outcome.findings] == ["disk_full"]
    assert outcome.spool_lost > 0
    found = list(records(tmp_path / "run"))
    assert 0 < len(found) < outcome.issued
    assert all(record.text == "one two three" for record in found)


# Children of a background shell inherit an ignored SIGINT: the runner asks for Python's own handler.
RUNNER = """
import signal
import sys
from pathlib import Path
sys.path[:0] = {path!r}
from casewright.bench.plan import LoadPlan
from casewright.bench.workers import run_load
from casewright.bench.workload import Prompt
from unit.bench.loading import Numbered, target_of

def watch(progress):
    if progress.completed > 20:
        print("going", flush=True)

if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)
    plan = LoadPlan.closed(2, duration_s=60.0, requests=1_000_000)
    outcome = run_load(target_of({url!r}), plan, Numbered(), Path({run_dir!r}), watch)
    print("interrupted" if outcome.interrupted else "finished", outcome.issued, flush=True)
"""


def started_run(tmp_path: Path, server: RawServer) -> tuple[subprocess.Popen[str], int]:
    """A run in a process of its own that has completed requests; the process, and its worker's id."""
    script = tmp_path / "runner.py"
    text = RUNNER.format(path=sys.path, url=server.url, run_dir=str(tmp_path / "run"))
    script.write_text(textwrap.dedent(text))
    process = subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "going\n"
    return process, worker_pids(process.pid)[0]


def test_ctrl_c_ends_in_an_outcome_with_all_records(tmp_path: Path) -> None:
    with RawServer(answering(GOOD)) as server:
        process, _ = started_run(tmp_path, server)
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=60)
    word, issued = out.splitlines()[-1].split()
    assert (process.returncode, word) == (0, "interrupted")
    found = list(records(tmp_path / "run"))
    assert indices(found) == list(range(int(issued)))
    assert sum(record.cut for record in found) <= 2


def test_a_killed_parent_takes_its_workers_along(tmp_path: Path) -> None:
    with RawServer(answering(GOOD)) as server:
        process, worker = started_run(tmp_path, server)
        gone = os.pidfd_open(worker)
        process.kill()
        process.communicate(timeout=60)
        assert select.select([gone], [], [], 60)[0] == [gone]
        os.close(gone)
    found = list(records(tmp_path / "run"))
    assert len(found) > 20
    assert indices(found) == list(range(len(found)))


class Broken(Numbered):
    """A workload whose prompts cannot be made."""

    def prompt(self, index: int, seed: int) -> Prompt:
        raise RuntimeError("no prompts today")


def test_failures_before_the_start_are_raised(tmp_path: Path) -> None:
    plan = LoadPlan.closed(1, requests=1)
    with pytest.raises(DnsFailure):
        run_load(target_of("http://" + 70 * "a" + ":1"), plan, Numbered(), tmp_path / "dns")
    with RawServer(answering(GOOD)) as server:
        with pytest.raises(MeasurementError, match="no prompts today"):
            run_load(target_of(server.url), plan, Broken(), tmp_path / "broken")

        class Local(Numbered):
            pass

        with pytest.raises(UsageError, match="another process"):
            run_load(target_of(server.url), plan, Local(), tmp_path / "local")
        with pytest.raises(UsageError, match="HTTP cannot carry"):
            run_load(target_of(server.url, api_key="a\r\nb: c"), plan, Numbered(), tmp_path / "key")
    assert worker_pids(os.getpid()) == []


def test_a_closed_run_by_time_resumes_for_the_time_left(tmp_path: Path) -> None:
    plan, stop = LoadPlan.closed(1, duration_s=0.5), threading.Event()

    def watch(progress: Progress) -> None:
        if progress.completed:
            stop.set()

    with RawServer(answering(GOOD)) as server:
        target = target_of(server.url)
        first = run_load(target, plan, Numbered(), tmp_path / "run", watch, stop)
        second = run_load(target, plan, Numbered(), tmp_path / "run", resume=True)
        third = run_load(target, plan, Numbered(), tmp_path / "run", resume=True)
    assert first.interrupted
    assert 0 < first.window_s < 0.5
    assert second.window_s == pytest.approx(0.5 - first.window_s, abs=1e-3)
    assert (third.issued, third.scheduled) == (0, 0)
    found = list(records(tmp_path / "run"))
    done = indices([record for record in found if not record.cut])
    assert done == sorted(set(done))
