"""Each fault of resilience, injected into a stack of stand-ins, and its box says FAIL; a right one passes."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from casewright.api.staging import BoxResult, CommandRun, EvidenceFile
from casewright.staging import (
    steps_ask,
    steps_break,
    steps_storm,
    storm_disk,
    storm_engines,
    storm_hang,
)
from casewright.staging.ask import Client
from casewright.staging.checklist import BOXES
from casewright.staging.config import Deadlines, StageConfig
from casewright.staging.context import CannotGoOn, Context
from casewright.staging.ledger import Ledger
from casewright.staging.stack import Listing, Stack
from unit.staging.faults import injects
from unit.staging.stack import StandInStack, told

Take = Callable[[Context], Awaitable[str]]
Run = Callable[..., dict[str, BoxResult]]


def config_of(stack: StandInStack, folder: Path) -> StageConfig:
    return StageConfig(
        data_dir=folder,
        output=folder / "out",
        services=stack.services,
        command=("false",),
        kills=3,
        deadlines=Deadlines(
            request_s=3.0,
            answer_s=3.0,
            switch_s=1.0,
            recovery_s=4.0,
            poll_s=0.05,
            health_s=0.7,
            traffic_s=0.05,
        ),
    )


async def taken(step: Take, stack: StandInStack, config: StageConfig) -> Ledger:
    """One step of a stage against a stack that was started for it."""
    ledger = Ledger()
    await stack.up()
    async with Client(config.deadlines.request_s) as client:
        context = Context(config, client, stack, ledger, provider="embedded")
        found = await stack.processes()
        context.pids = found.pids
        context.urls = {each.name: each.url for each in found.processes if each.url}
        try:
            await step(context)
        except CannotGoOn as stop:
            ledger.unfinished([box.id for box in BOXES], stop.why)
    return ledger


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    made: list[StandInStack] = []

    def one(
        step: Take,
        *faults: str,
        stack: StandInStack | None = None,
        change: Callable[[StageConfig], StageConfig] = lambda config: config,
    ) -> dict[str, BoxResult]:
        folder = tmp_path / str(len(made))
        folder.mkdir()
        made.append(stack or StandInStack(folder, *faults))
        config = change(config_of(made[-1], folder))
        ledger = asyncio.run(taken(step, made[-1], config))
        ledger.write(config.output)
        return {box.id: box for box in ledger.judge(config)}

    yield one
    for stack in made:
        stack.close()


def test_a_switch_that_fails_requests_fails(run: Run) -> None:
    box = run(steps_break.switch, "fails-while-switching")["resilience.switch-ollama"]
    assert box.status == "FAIL"
    assert "requests while going to ollama" in box.reason


@injects("resilience.switch-ollama", "resilience.switch-vllm", itself=True)
def test_a_provider_that_does_not_switch_fails_both_modes(run: Run, tmp_path: Path) -> None:
    stack = StandInStack(tmp_path, "no-switch")
    boxes = run(steps_break.switch, stack=stack, change=impatient)
    assert {boxes[name].status for name in steps_break.SWITCHES} == {"FAIL"}
    assert "embedded" in boxes["resilience.switch-ollama"].reason
    assert not stack.provider_file.exists()


def test_answers_under_the_old_name_after_a_switch_fail(run: Run) -> None:
    box = run(steps_break.switch, "late-switch")["resilience.switch-vllm"]
    assert box.status == "FAIL"
    assert "after vllm was reported everywhere" in box.reason


@injects("resilience.recovery", itself=True)
def test_the_killed_that_stay_away_fail_recovery(run: Run, tmp_path: Path) -> None:
    stack = StandInStack(tmp_path, restarts=False)
    quick = Deadlines(request_s=1.0, recovery_s=0.2, poll_s=0.05, health_s=0.5, traffic_s=0.05)
    boxes = run(steps_break.recovery, stack=stack, change=lambda config: replace(config, deadlines=quick))
    assert boxes["resilience.recovery"].status == "FAIL"
    assert "not in 0.2 s" in boxes["resilience.recovery"].reason


def test_others_that_fail_while_one_is_gone_fail_recovery(run: Run, tmp_path: Path) -> None:
    assert run(steps_break.recovery, "fails-now-and-then", "trace")["resilience.recovery"].status == "FAIL"
    failed = failures(tmp_path, "resilience-recovery")
    for kind in ("requests to the others", "errors"):
        assert any(what.endswith(f" killed: {kind}") for what in failed)


@injects("resilience.errors", itself=True)
def test_traces_and_silence_fail_graceful_errors(run: Run, tmp_path: Path) -> None:
    box = run(steps_ask.errors, "trace", "dead")["resilience.errors"]
    assert box.status == "FAIL"
    assert "Traceback" in box.reason
    assert any("alive" in what for what in failures(tmp_path, "resilience-errors"))


@injects("resilience.hang", itself=True)
def test_hangs_that_nobody_tells_of_or_that_take_others_along_fail(run: Run, tmp_path: Path) -> None:
    stack = Listed(tmp_path, "deaf", "hangs-with-engine")
    assert run(storm_hang.hang, stack=stack, change=impatient)["resilience.hang"].status == "FAIL"
    assert failures(tmp_path, "resilience-hang") >= {
        "engine hangs: health tells it",
        "documents hangs: health tells it",
        "engine hangs: requests to the others",
        "engine hangs: the others answer",
    }


@injects("resilience.data", itself=True)
def test_what_a_storm_loses_fails_each_by_its_kind(run: Run, tmp_path: Path) -> None:
    faults = ("forgets-paper", "forgets-letter", "forgets-original", "doctor", "fails-now-and-then", "trace")
    assert run(steps_storm.storm, *faults)["resilience.data"].status == "FAIL"
    assert failures(tmp_path, "resilience-data") == {
        "acknowledged documents that are not found after the storm",
        "acknowledged documents that do not answer a question after the storm",
        "confirmations that are lost after the storm",
        "originals that are lost after the storm",
        "refused in the storm: no trace",
        "casewright doctor",
    }


@pytest.mark.parametrize("kills", [1, 2])
def test_a_storm_kills_as_often_as_it_is_told(run: Run, tmp_path: Path, kills: int) -> None:
    box = run(steps_storm.storm, change=lambda config: replace(config, kills=kills))["resilience.data"]
    assert box.reason.endswith("none lost"), box.reason
    assert f"{kills} kills in " in box.reason
    kept = EvidenceFile.model_validate_json((tmp_path / "0" / "out" / "resilience-data.json").read_bytes())
    assert len(kept.seen["kills"]) == kills


def test_what_was_erased_and_comes_back_fails(run: Run, tmp_path: Path) -> None:
    assert run(steps_storm.storm, "revives")["resilience.data"].status == "FAIL"
    assert failures(tmp_path, "resilience-data") == {"erased documents that came back after the storm"}


@pytest.mark.alone
def test_a_right_stack_passes_every_step_and_little_is_left(run: Run, tmp_path: Path) -> None:
    async def everything(context: Context) -> str:
        for step in (steps_break.switch, storm_engines.engines, steps_break.recovery):
            await step(context)
        for step in (storm_hang.hang, steps_storm.storm, storm_disk.disk):
            await step(context)
        return ""

    boxes = run(everything)
    asked = [box for box in boxes.values() if box.id.startswith("resilience.") and box.checks]
    wrong = {box.id: box.reason for box in asked if box.status != "PASS"}
    assert wrong == ({} if os.geteuid() == 0 else {"resilience.disk": boxes["resilience.disk"].reason})
    assert len(asked) == 8
    assert "3 kills" in boxes["resilience.data"].reason
    assert "in its place, not vllm itself" in boxes["resilience.switch-vllm"].reason
    kept = {path.name.partition("-")[0] for path in (tmp_path / "0" / "store").iterdir()}
    assert kept == {"letter"}


@injects("resilience.fallback", "resilience.slow", itself=True)
def test_engines_without_another_one_and_without_a_deadline_fail(run: Run, tmp_path: Path) -> None:
    boxes = run(storm_engines.engines, "no-fallback", "no-deadline", change=impatient)
    assert boxes["resilience.fallback"].status == boxes["resilience.slow"].status == "FAIL"
    found = failures(tmp_path, "resilience-fallback")
    assert "the engine in charge is gone: rag: provider" in found
    assert "the engine in charge is gone: notes: X-Casewright-Provider" in found
    assert "stall_before_first: rag answers in time" in failures(tmp_path, "resilience-slow")


@injects("resilience.slow", itself=True)
def test_an_engine_that_is_never_asked_again_fails(run: Run, tmp_path: Path) -> None:
    def hasty(config: StageConfig) -> StageConfig:
        return replace(config, deadlines=replace(config.deadlines, answer_s=0.1, health_s=0.3))

    box = run(storm_engines.engines, "gives-up", change=hasty)["resilience.slow"]
    assert box.status == "FAIL"
    assert failures(tmp_path, "resilience-slow") >= {
        "after stall_before_first: rag: ollama answers again",
        "after cut: notes: ollama answers again",
    }


needs_a_mount = pytest.mark.skipif(
    sys.platform != "linux" or os.geteuid() != 0, reason="only root may mount a small volume, on Linux"
)


@needs_a_mount
@injects("resilience.disk", itself=True)
def test_a_full_disk_that_loses_what_it_took_fails(run: Run, tmp_path: Path) -> None:
    box = run(storm_disk.disk, "loses-on-full-disk", "deaf", "doctor", change=impatient)["resilience.disk"]
    assert box.status == "FAIL"
    assert failures(tmp_path, "resilience-disk") >= {
        "full disk: refused as such",
        "full disk: /health",
        "full disk: /health of notes",
        "acknowledged documents that are not found while the disk is full",
        "confirmations that are lost after there was space again",
        "originals that are lost after there was space again",
        "casewright doctor",
    }


@needs_a_mount
def test_a_full_disk_that_shows_a_trace_or_stays_full_fails(run: Run, tmp_path: Path) -> None:
    box = run(storm_disk.disk, "trace", "stays-full", "notes-deaf", change=impatient)["resilience.disk"]
    assert box.status == "FAIL"
    found = failures(tmp_path, "resilience-disk")
    assert found >= {
        "full disk: a text for a case: no trace",
        "full disk: /health of notes",
        "space again: a write",
    }
    assert "full disk: /health" not in found


@needs_a_mount
def test_a_second_stack_that_does_not_start_leaves_its_box_open(run: Run, tmp_path: Path) -> None:
    box = run(storm_disk.disk, stack=NoSecond(tmp_path))["resilience.disk"]
    assert box.status == "NOT PROVEN"
    assert "did not start: port 7 is taken" in box.reason


class Listed(StandInStack):
    """A stack of which two processes are listed, which makes it quick to stop each."""

    async def processes(self) -> Listing:
        found = await super().processes()
        return replace(
            found, processes=tuple(p for p in found.processes if p.name in ("engine", "documents"))
        )


class NoSecond(StandInStack):
    """A stack beside which no other one starts."""

    def beside(self, config: StageConfig) -> Stack:
        return Unstartable(config.data_dir)


class Unstartable(StandInStack):
    """A stack that does not start."""

    async def up(self) -> CommandRun:
        return told("up", code=70).model_copy(update={"stderr": "port 7 is taken"})


def impatient(config: StageConfig) -> StageConfig:
    quick = replace(config.deadlines, answer_s=0.6, request_s=0.6, recovery_s=1.0, switch_s=0.3)
    return replace(config, deadlines=quick)


def failures(folder: Path, evidence: str) -> set[str]:
    """What did not hold, by the evidence that was written."""
    (file,) = folder.glob(f"*/out/{evidence}.json")
    kept = EvidenceFile.model_validate_json(file.read_bytes())
    return {each.what for each in kept.findings if each.ok is False}
