"""Every box of a soak with its fault in real processes: each fault ends as FAIL in its own box."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from casewright.api.staging import BoxResult, EvidenceFile, Finding
from casewright.staging.ask import Client
from casewright.staging.config import Deadlines, StageConfig
from casewright.staging.context import Context
from casewright.staging.ledger import Ledger
from casewright.staging.run import StepEvent, run_stage
from casewright.staging.samples import Plan, Recorder, Recording, read_recording
from casewright.staging.soak_run import SoakResult, exit_code, read_result, run_soak
from casewright.staging.soak_warm import PATHS
from casewright.staging.steps_soak import soak
from ports import free_port
from unit.staging.faults import assert_failed, injects
from unit.staging.soak_watch import FixedStack
from unit.staging.stack import StandInStack
from unit.staging.test_soak import Hour, lines_of

SCRIPT = Path(__file__).with_name("soaking.py")
WATCH = Path(__file__).with_name("soak_watch.py")
TESTS = Path(__file__).resolve().parents[2]


class SoakedStack(StandInStack):
    """Stand-ins that count."""

    def _spawn(self, name: str) -> None:
        service = "web" if name == "engine" else name
        words = [service, str(self.ports[name]), self.faults]
        environment = {**os.environ, "PYTHONPATH": str(TESTS)}
        self.running[name] = subprocess.Popen([sys.executable, str(SCRIPT), *words], env=environment)


@pytest.fixture
def started(tmp_path: Path) -> Iterator[Callable[..., SoakedStack]]:
    made: list[SoakedStack] = []

    def start(*faults: str) -> SoakedStack:
        made.append(SoakedStack(tmp_path, *faults))
        asyncio.run(made[-1].up())
        return made[-1]

    yield start
    for stack in made:
        stack.close()


def config_for(stack: StandInStack, folder: Path) -> StageConfig:
    return StageConfig(
        data_dir=folder / "data",
        output=folder / "out",
        services=stack.services,
        command=("false",),
        attach=True,
        only=("stability",),
        deadlines=Deadlines(request_s=5, answer_s=5, poll_s=0.05),
    )


def quick(seconds: float) -> Plan:
    return Plan(
        duration_s=seconds,
        interval_s=0.05,
        users=4,
        pause_s=0.01,
        look_s=0.2,
        gap_s=0.3,
        listing_s=1.0,
        warm=0,
        looks=0,
    )


def soaked(
    stack: StandInStack, folder: Path, plan: Plan, seen: Callable[[Recording], None] = lambda _: None
) -> SoakResult:
    return run_soak(config_for(stack, folder), plan, Recording(), seen, stack)


def box(result: SoakResult, name: str) -> BoxResult:
    return next(each for each in result.boxes if each.id == f"stability.{name}")


def wrong(folder: Path, name: str) -> list[Finding]:
    kept = EvidenceFile.model_validate_json((folder / "out" / f"stability-{name}.json").read_text())
    return [found for found in kept.findings if found.ok is False]


@pytest.mark.alone
@injects("stability.uptime", "stability.leaks", "stability.drift", "stability.metrics", itself=True)
def test_each_fault_fails_its_own_box(tmp_path: Path, started: Callable[..., SoakedStack]) -> None:
    stack = started(
        "web:leaks",
        "documents:handles",
        "documents:new-setting",
        "rag:slower",
        "notes:other-answer",
        "notes:miscounts",
        "web:stalls",
    )

    pressed: list[bool] = []

    def enough(recording: Recording) -> None:
        if len(recording.asks) > 520 and not pressed:
            pressed.append(True)
            os.kill(os.getpid(), signal.SIGINT)

    result = soaked(stack, tmp_path, quick(60.0), enough)
    assert {each.id: each.status for each in result.boxes} == {
        "stability.uptime": "FAIL",
        "stability.leaks": "FAIL",
        "stability.drift": "FAIL",
        "stability.metrics": "FAIL",
        "stability.restarts": "PASS",
    }
    assert [found.what for found in wrong(tmp_path, "uptime")] == ["web /health"]
    leaks = {found.what for found in wrong(tmp_path, "leaks")}
    assert {"web: memory", "documents: descriptors"} <= leaks
    drifts = {found.what.partition(",")[0] for found in wrong(tmp_path, "drift")}
    assert drifts == {"rag: latency", "notes", "documents: configuration"}
    assert any("max_body_bytes" in found.seen for found in wrong(tmp_path, "drift"))
    counted = [found.what for found in wrong(tmp_path, "metrics")]
    assert counted == ["notes: POST /convert 200", "notes: POST /convert in all", "notes: answers"]


@injects("stability.uptime", itself=True)
def test_a_degraded_service_fails_uptime(tmp_path: Path, started: Callable[..., SoakedStack]) -> None:
    result = soaked(started("llm-down"), tmp_path, quick(1.0))
    assert box(result, "uptime").status == "FAIL"
    assert [found.what for found in wrong(tmp_path, "uptime")] == [
        f"{name} /health" for name in ("rag", "notes", "documents", "web")
    ]
    assert box(result, "uptime").reason.count(": degraded") == 3


def test_a_right_stack_fails_nothing_and_proves_what_so_short_a_time_can(
    tmp_path: Path, started: Callable[..., SoakedStack]
) -> None:
    result = soaked(
        started(),
        tmp_path,
        quick(1.5).model_copy(update={"gap_s": 5.0, "look_s": 5.0, "warm": 1, "looks": 20}),
    )
    found = {each.id.partition(".")[2]: each.status for each in result.boxes}
    assert found["metrics"] == found["restarts"] == "PASS", result.boxes
    assert found["uptime"] == "NOT PROVEN"
    assert "expected 60 min" in box(result, "uptime").reason
    # what the first seconds of a process do to its memory, nobody can tell from a leak
    assert wrong(tmp_path, "drift") == wrong(tmp_path, "uptime") == []
    assert read_result(tmp_path / "out") == result


def test_looks_come_before_the_first_sample_and_are_not_counted_as_its_own(
    tmp_path: Path, started: Callable[..., SoakedStack]
) -> None:
    told: list[str] = []
    plan = quick(0.5).model_copy(update={"gap_s": 5.0, "look_s": 5.0, "looks": 25})
    stack = started()
    result = run_soak(config_for(stack, tmp_path), plan, Recording(), lambda _: None, stack, tell=told.append)
    assert box(result, "metrics").status == "PASS", box(result, "metrics").reason
    recording = read_recording(tmp_path / "out")
    (warmed,) = recording.warmed
    ordinary = {f"{name} {path}": 25 for name in ("rag", "notes", "documents") for path in PATHS}
    assert warmed.looks == {**ordinary, "web /health": 50, "web /metrics": 50}
    assert result.soak["looks_before"] == warmed.looks
    first, last = recording.samples[0], recording.samples[-1]
    assert warmed.t <= first.t
    # those of the stack's check, the looks, and the one of the sample itself where it was counted in time
    assert 26 <= first.counters["rag"]["GET /health 200"] <= 27
    rose = last.counters["rag"]["GET /health 200"] - first.counters["rag"]["GET /health 200"]
    assert rose <= len(recording.samples) + 1
    assert told[0] == "before the first sample: 250 looks at /health and /metrics (at most 90 s)"
    assert told[-1].startswith("250 of 250 looks in ")


def test_looks_end_at_their_time_and_with_who_does_not_answer(
    tmp_path: Path, started: Callable[..., SoakedStack]
) -> None:
    told: list[str] = []
    plan = quick(0.2).model_copy(update={"looks": 1_000_000, "looks_s": 0.3})
    stack = started()
    config = config_for(stack, tmp_path)
    config = replace(config, services={**config.services, "notes": f"http://127.0.0.1:{free_port()}"})
    run_soak(config, plan, Recording(), lambda _: None, stack, tell=told.append)
    recording = read_recording(tmp_path / "out")
    assert recording.warmed[0].looks["rag /health"] > 1
    assert recording.warmed[0].looks["notes /health"] == 1
    assert "; not all of rag /health " in told[-1]
    assert recording.samples


def test_ctrl_c_ends_the_looks(tmp_path: Path, started: Callable[..., SoakedStack]) -> None:
    stack, told = started(), list[str]()

    def press(words: str) -> None:
        if not told:
            os.kill(os.getpid(), signal.SIGINT)
        told.append(words)

    plan = quick(60.0).model_copy(update={"looks": 1_000_000, "looks_s": 60.0})
    result = run_soak(config_for(stack, tmp_path), plan, Recording(), lambda _: None, stack, tell=press)
    assert result.interrupted
    assert "of 10000000 looks in" in told[-1]
    assert box(result, "metrics").status in ("PASS", "NOT PROVEN")


@pytest.mark.parametrize(("fault", "status"), [("", 404), ("documents:keeps-all", 200)])
def test_files_that_were_sent_are_erased_or_said_to_be_left(
    tmp_path: Path, started: Callable[..., SoakedStack], fault: str, status: int
) -> None:
    stack = started(fault)
    result = soaked(stack, tmp_path, quick(0.7))
    documents = [each.document for each in read_recording(tmp_path / "out").asks if each.document]
    assert documents

    async def looks() -> set[int | None]:
        async with Client(5.0) as client:
            urls = [f"{stack.services['documents']}/documents/{each}" for each in documents]
            return {(await client.get(url)).status for url in urls}

    assert asyncio.run(looks()) == {status}
    gone = len(documents) if status == 404 else 0
    assert result.soak["documents_erased"] == gone
    assert result.soak["documents_left"] == len(documents) - gone


@injects("stability.restarts", "stability.uptime", itself=True)
def test_a_restart_fails_restarts_and_uptime(tmp_path: Path, started: Callable[..., SoakedStack]) -> None:
    stack = started()
    killed: list[int] = []

    def kill_one(recording: Recording) -> None:
        if len(recording.samples) == 5:
            killed.append(stack.running["notes"].pid)
            stack.running["notes"].kill()

    result = soaked(stack, tmp_path, quick(2.0), kill_one)
    assert box(result, "restarts").status == box(result, "uptime").status == "FAIL"
    assert f"pid {killed[0]}, then pid" in box(result, "restarts").reason
    assert box(result, "metrics").status == "NOT PROVEN"
    assert "began again" in box(result, "metrics").reason


def test_kill_9_loses_at_most_one_sample_and_the_soak_goes_on(
    tmp_path: Path, started: Callable[..., SoakedStack]
) -> None:
    stack, folder = started(), tmp_path / "out"
    pids = {name: process.pid for name, process in stack.running.items()}
    words = [str(folder), json.dumps(stack.services), json.dumps(pids)]
    environment = {**os.environ, "PYTHONPATH": str(TESTS)}
    watcher = subprocess.Popen([sys.executable, str(WATCH), *words], env=environment)
    path = folder / "samples.jsonl"
    while not path.exists() or path.read_bytes().count(b'"kind":"ask"') < 12:
        assert watcher.poll() is None
    watcher.kill()
    watcher.wait(5)
    whole = read_recording(folder)
    assert whole.unread <= 1
    with path.open("ab") as file:
        file.write(b'{"kind":"sample","t":')
    recording = read_recording(folder)
    assert len(recording.samples) == len(whole.samples) >= 1
    plan = quick(recording.watched_s + 1.0).model_copy(update={"gap_s": 5.0, "look_s": 5.0})
    config = config_for(stack, tmp_path)
    result = run_soak(config, plan, recording, lambda _: None, FixedStack(config, pids))
    assert result.soak["lines_cut_off"] == whole.unread + 1
    assert len(result.soak["gaps_s"]) == 1
    assert "in 2 runs" in box(result, "uptime").reason
    assert result.soak["watched_s"] >= plan.duration_s - 0.2
    assert box(result, "metrics").status == "PASS", box(result, "metrics").reason
    assert box(result, "restarts").status == "PASS"
    again = read_recording(folder)
    assert len(again.samples) == len(recording.samples)
    assert again.ends[-1].outcome == "complete"


def test_ctrl_c_ends_early_with_a_verdict(tmp_path: Path, started: Callable[..., SoakedStack]) -> None:
    def press(recording: Recording) -> None:
        if len(recording.samples) == 4:
            os.kill(os.getpid(), signal.SIGINT)

    before = signal.getsignal(signal.SIGINT)
    result = soaked(started(), tmp_path, quick(60.0), press)
    assert signal.getsignal(signal.SIGINT) is before
    assert result.interrupted
    assert exit_code(result) == 130
    assert box(result, "metrics").status == "PASS"
    assert "of 1.0 min asked for" in box(result, "uptime").reason or result.soak["outcome"] == "interrupted"
    assert read_recording(tmp_path / "out").ends[-1].outcome == "interrupted"


def test_the_stage_soaks_and_enters_the_boxes(tmp_path: Path, started: Callable[..., SoakedStack]) -> None:
    stack, told = started("notes:miscounts"), list[str]()
    config = replace(config_for(stack, tmp_path), soak=quick(1.0))

    def listen(event: StepEvent) -> None:
        if event.name == "soak":
            told.append(event.words)

    result = run_stage(config, listen, stack)
    found = {each.id: each.status for each in result.boxes}
    assert found["stability.metrics"] == "FAIL"
    assert found["stability.uptime"] == "NOT PROVEN"
    assert any("watched" in words for words in told)
    evidence = json.loads((tmp_path / "out" / "stability-metrics.json").read_text())
    assert evidence["seen"]["samples"] == "soak/samples.jsonl"
    assert read_recording(tmp_path / "out" / "soak").samples


@injects("stability.restarts", "stability.uptime")
def test_a_soak_that_goes_on_in_a_stage_begins_anew_and_forgets_nothing(
    tmp_path: Path, started: Callable[..., SoakedStack]
) -> None:
    stack = started()
    config = replace(config_for(stack, tmp_path), soak=quick(0.5), resume=True)
    folder = config.output / "soak"
    before = Hour(seconds=60, pid=lambda t: 7 if t < 30 else 70).record()
    before.ends.clear()  # it was cut off
    before.asks[0] = before.asks[0].model_copy(update={"document": "kept"})
    with Recorder(folder) as recorder:
        for line in lines_of(before):
            recorder.write(line)

    async def goes_on() -> Ledger:
        async with Client(5.0) as client:
            context = Context(config, client, stack, Ledger(), runs=2)
            await soak(context)
            return context.ledger

    ledger = asyncio.run(goes_on())
    now, kept = read_recording(folder), (folder / "samples-run1.jsonl").read_bytes()
    assert (len(now.begins), len(now.ends)) == (1, 1)
    assert now.samples[-1].t < 30
    assert kept.count(b'"kind":"sample"') == len(before.samples)
    assert_failed(ledger, "stability.restarts", "run 1: rag under watch: pid 7, then pid 70 after 30 s")
    assert_failed(ledger, "stability.uptime", "run 1: rag under watch")
    failed = [each for each in ledger.entries()["stability.metrics"].findings if each.ok is False]
    assert failed == []
    told = ledger.entries()["stability.uptime"].seen["interrupted_soak"]
    assert told == {"samples": "soak/samples-run1.jsonl", "erased": 1, "left": 0, "watched_s": 60.1}


def test_without_a_soak_its_boxes_are_not_measured(
    tmp_path: Path, started: Callable[..., SoakedStack]
) -> None:
    stack = started()
    result = run_stage(config_for(stack, tmp_path), lambda _: None, stack)
    found = {each.id: (each.status, each.reason) for each in result.boxes if each.asked}
    reason = "no soak was asked for: casewright stage --soak 1h"
    assert found.pop("stability.restarts")[0] == "PASS"
    for name in ("uptime", "leaks", "drift", "metrics"):
        assert found[f"stability.{name}"] == ("NOT MEASURED", reason)
