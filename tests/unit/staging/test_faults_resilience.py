"""Each fault of resilience, injected into a stack of stand-ins, and its box says FAIL; a right one passes."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from casewright.api.staging import CommandRun
from casewright.staging import (
    steps_ask,
    steps_break,
    steps_storm,
    storm_disk,
    storm_engines,
    storm_hang,
)
from casewright.staging.config import Deadlines, StageConfig
from casewright.staging.context import Context
from casewright.staging.stack import Listing, Stack
from unit.staging.faults import injects
from unit.staging.stack import StandInStack, told
from unit.staging.storming import Runs, failures, impatient


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Runs]:
    found = Runs(tmp_path)
    yield found
    found.close()


def test_a_switch_that_fails_requests_fails(run: Runs) -> None:
    box = run(steps_break.switch, "fails-while-switching")["resilience.switch-ollama"]
    assert box.status == "FAIL"
    assert "requests while going to ollama" in box.reason


@injects("resilience.switch-ollama", "resilience.switch-vllm", itself=True)
def test_a_provider_that_does_not_switch_fails_both_modes(run: Runs, tmp_path: Path) -> None:
    stack = StandInStack(tmp_path, "no-switch")
    boxes = run(steps_break.switch, stack=stack, change=impatient)
    assert {boxes[name].status for name in steps_break.SWITCHES} == {"FAIL"}
    assert "embedded" in boxes["resilience.switch-ollama"].reason
    assert not stack.provider_file.exists()


def test_answers_under_the_old_name_after_a_switch_fail(run: Runs) -> None:
    box = run(steps_break.switch, "late-switch")["resilience.switch-vllm"]
    assert box.status == "FAIL"
    assert "after vllm was reported everywhere" in box.reason


def test_modes_pass_with_the_engines_themselves(run: Runs) -> None:
    boxes = run(steps_break.switch, "itself")
    assert {boxes[name].status for name in steps_break.SWITCHES} == {"PASS"}
    assert "vllm answered" in boxes["resilience.switch-vllm"].reason


@injects("resilience.recovery", itself=True)
def test_the_killed_that_stay_away_fail_recovery(run: Runs, tmp_path: Path) -> None:
    stack = StandInStack(tmp_path, restarts=False)
    quick = Deadlines(request_s=1.0, recovery_s=0.2, poll_s=0.05, health_s=0.5, traffic_s=0.05)
    boxes = run(steps_break.recovery, stack=stack, change=lambda config: replace(config, deadlines=quick))
    assert boxes["resilience.recovery"].status == "FAIL"
    assert "not in 0.2 s" in boxes["resilience.recovery"].reason


def test_others_that_fail_while_one_is_gone_fail_recovery(run: Runs, tmp_path: Path) -> None:
    assert run(steps_break.recovery, "fails-now-and-then", "trace")["resilience.recovery"].status == "FAIL"
    failed = failures(tmp_path, "resilience-recovery")
    for kind in ("requests to the others", "errors"):
        assert any(what.endswith(f" killed: {kind}") for what in failed)


@injects("resilience.errors", itself=True)
def test_traces_and_silence_fail_graceful_errors(run: Runs, tmp_path: Path) -> None:
    box = run(steps_ask.errors, "trace", "dead")["resilience.errors"]
    assert box.status == "FAIL"
    assert "Traceback" in box.reason
    assert any("alive" in what for what in failures(tmp_path, "resilience-errors"))


@injects("resilience.errors", itself=True)
def test_a_wrong_key_that_is_let_in_fails_where_keys_are_looked_at(run: Runs, tmp_path: Path) -> None:
    assert run(steps_ask.errors, "no-keys")["resilience.errors"].status == "FAIL"
    assert failures(tmp_path, "resilience-errors") == {
        f"{name}: a wrong key: status" for name in ("rag", "notes", "documents")
    }
    stack = StandInStack(tmp_path, "no-keys")
    stack.auth = "none"
    box = run(steps_ask.errors, stack=stack)["resilience.errors"]
    assert box.status == "NOT MEASURED"
    assert "no key is looked at here (CASEWRIGHT_AUTH=none)" in box.reason


@injects("resilience.hang", itself=True)
def test_hangs_that_nobody_tells_of_or_that_take_others_along_fail(run: Runs, tmp_path: Path) -> None:
    stack = Listed(tmp_path, "deaf", "hangs-with-engine")
    assert run(storm_hang.hang, stack=stack, change=impatient)["resilience.hang"].status == "FAIL"
    assert failures(tmp_path, "resilience-hang") >= {
        "engine hangs: health tells it",
        "documents hangs: health tells it",
        "engine hangs: requests to the others",
        "engine hangs: the others answer",
    }


@pytest.mark.alone
def test_a_right_stack_passes_every_step_and_little_is_left(run: Runs, tmp_path: Path) -> None:
    async def everything(context: Context) -> str:
        for step in (steps_break.switch, storm_engines.engines, steps_break.recovery):
            await step(context)
        for step in (storm_hang.hang, steps_storm.storm, storm_disk.disk):
            await step(context)
        return ""

    boxes = run(everything, change=lambda config: replace(config, kills=20))
    asked = [box for box in boxes.values() if box.id.startswith("resilience.") and box.checks]
    wrong = {box.id for box in asked if box.status != "PASS"}
    # another engine stands in for those of both modes
    assert wrong == {*steps_break.SWITCHES, *(() if os.geteuid() == 0 else ("resilience.disk",))}, {
        box.id: box.reason for box in asked
    }
    assert len(asked) == 8
    assert "20 kills" in boxes["resilience.data"].reason
    assert {boxes[name].status for name in steps_break.SWITCHES} == {"NOT MEASURED"}
    assert "in its place, not vllm itself" in boxes["resilience.switch-vllm"].reason
    kept = {path.name.partition("-")[0] for path in (tmp_path / "0" / "store").iterdir()}
    assert kept == {"letter"}


@injects("resilience.fallback", "resilience.slow", itself=True)
def test_engines_without_another_one_and_without_a_deadline_fail(run: Runs, tmp_path: Path) -> None:
    boxes = run(storm_engines.engines, "no-fallback", "no-deadline", change=impatient)
    assert boxes["resilience.fallback"].status == boxes["resilience.slow"].status == "FAIL"
    found = failures(tmp_path, "resilience-fallback")
    assert "the engine in charge is gone: rag: provider" in found
    assert "the engine in charge is gone: notes: X-Casewright-Provider" in found
    assert "stall_before_first: rag answers in time" in failures(tmp_path, "resilience-slow")


@injects("resilience.slow", itself=True)
def test_an_engine_that_is_never_asked_again_fails(run: Runs, tmp_path: Path) -> None:
    def hasty(config: StageConfig) -> StageConfig:
        return replace(config, deadlines=replace(config.deadlines, answer_s=0.1, health_s=0.3))

    box = run(storm_engines.engines, "gives-up", change=hasty)["resilience.slow"]
    assert box.status == "FAIL"
    assert failures(tmp_path, "resilience-slow") >= {
        "stall_before_first: rag meets it",  # nobody asked the engine, so the fault was not met
        "cut: notes meets it",
        "after stall_before_first: rag: ollama answers again",
        "after cut: notes: ollama answers again",
    }


needs_a_mount = pytest.mark.skipif(
    sys.platform != "linux" or os.geteuid() != 0, reason="only root may mount a small volume, on Linux"
)


@needs_a_mount
@injects("resilience.disk", itself=True)
def test_a_full_disk_that_loses_what_it_took_fails(run: Runs, tmp_path: Path) -> None:
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
def test_a_full_disk_that_shows_a_trace_or_stays_full_fails(run: Runs, tmp_path: Path) -> None:
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
def test_a_second_stack_that_does_not_start_leaves_its_box_open(run: Runs, tmp_path: Path) -> None:
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
