"""A whole stage against stand-in processes: right ones, wrong ones, dead ones, and Ctrl-C in the middle."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from casewright.api.staging import BoxResult, CommandRun, EvidenceFile, Group, StageResult
from casewright.errors import UsageError
from casewright.staging.checklist import BOXES
from casewright.staging.config import Deadlines, StageConfig
from casewright.staging.run import StepEvent, exit_code, planned, run_stage
from unit.staging.stack import StandInStack


@pytest.fixture
def stacks() -> Iterator[list[StandInStack]]:
    made: list[StandInStack] = []
    yield made
    for stack in made:
        stack.close()


def config_for(stack: StandInStack, folder: Path, *only: Group) -> StageConfig:
    return StageConfig(
        data_dir=folder / "data",
        output=folder / "out",
        services=stack.services,
        command=("false",),
        only=only,
        deadlines=Deadlines(request_s=5, switch_s=1.5, recovery_s=4, poll_s=0.05),
    )


def quiet(_event: StepEvent) -> None:
    """Watch nothing."""


def box_of(result: StageResult, name: str) -> BoxResult:
    return next(box for box in result.boxes if box.id == name)


def statuses(result: StageResult, group: Group) -> dict[str, str]:
    return {
        box.id.partition(".")[2]: box.status
        for box in result.boxes
        if box.group == group and next(b for b in BOXES if b.id == box.id).not_built is None
    }


def test_a_right_stack_passes_all_that_is_built(tmp_path: Path, stacks: list[StandInStack]) -> None:
    stack = StandInStack(tmp_path, "vision")
    stacks.append(stack)
    log = tmp_path / "data" / "logs" / "rag.log"
    log.parent.mkdir(parents=True)
    log.write_text("MemoryError of last week\n")
    result = run_stage(config_for(stack, tmp_path), quiet, stack)
    open_boxes = {box.id: box.reason for box in result.boxes if box.status != "PASS"}
    assert open_boxes == {box.id: box.not_built for box in BOXES if box.not_built is not None}
    assert stack.calls == ["up", "set ollama", "set vllm", "clear", "down"]
    assert exit_code(result) == 2
    assert not result.interrupted
    assert "in its place, not ollama itself" in box_of(result, "resilience.switch-ollama").reason
    again = StageResult.model_validate_json((tmp_path / "out" / "results.json").read_text())
    assert again == result
    for box in result.boxes:
        if box.evidence is not None:
            kept = EvidenceFile.model_validate_json((tmp_path / "out" / box.evidence).read_text())
            assert len(kept.findings) == box.checks > 0
    assert (tmp_path / "out" / "report.html").read_text().startswith("<!doctype html>")


def test_groups_limit_what_is_asked_and_what_counts(tmp_path: Path, stacks: list[StandInStack]) -> None:
    stack = StandInStack(tmp_path)
    stacks.append(stack)
    result = run_stage(config_for(stack, tmp_path, "functional"), quiet, stack)
    assert [step.name for step in result.steps] == ["start", "end to end", "down"]
    assert set(statuses(result, "functional").values()) == {"PASS"}
    assert all(box.status == "NOT MEASURED" for box in result.boxes if not box.asked)
    assert result.counts.not_asked == len(BOXES) - 4
    assert exit_code(result) == 0


def test_what_needs_no_stack_starts_none(tmp_path: Path) -> None:
    stack = StandInStack(tmp_path)
    steps = planned(config_for(stack, tmp_path, "performance"))
    assert steps == ()
    assert [step.name for step in planned(config_for(stack, tmp_path, "build"))] == ["preflight"]


def test_a_provider_that_does_not_switch_fails_both_modes(tmp_path: Path, stacks: list[StandInStack]) -> None:
    stack = StandInStack(tmp_path, "no-switch")
    stacks.append(stack)
    config = replace(config_for(stack, tmp_path, "resilience"))
    result = run_stage(config, quiet, stack)
    found = statuses(result, "resilience")
    assert found["switch-ollama"] == found["switch-vllm"] == "FAIL"
    assert "embedded" in box_of(result, "resilience.switch-ollama").reason
    assert found["recovery"] == "PASS"
    assert not stack.provider_file.exists()
    assert exit_code(result) == 1


def test_traces_and_silence_fail_graceful_errors(tmp_path: Path, stacks: list[StandInStack]) -> None:
    stack = StandInStack(tmp_path, "trace", "dead", "lying-name")
    stacks.append(stack)
    result = run_stage(config_for(stack, tmp_path, "resilience", "startup"), quiet, stack)
    assert box_of(result, "resilience.errors").status == "FAIL"
    assert "Traceback" in box_of(result, "resilience.errors").reason
    evidence = json.loads((tmp_path / "out" / "resilience-errors.json").read_text())
    assert any("alive" in found["what"] and found["ok"] is False for found in evidence["findings"])
    assert "true name" in box_of(result, "startup.health").reason


def test_the_dead_that_stay_dead_fail_recovery(tmp_path: Path, stacks: list[StandInStack]) -> None:
    stack = StandInStack(tmp_path, restarts=False)
    stacks.append(stack)
    config = config_for(stack, tmp_path, "resilience", "stability")
    config = replace(config, deadlines=replace(config.deadlines, recovery_s=0.3, switch_s=0.3))
    result = run_stage(config, quiet, stack)
    assert box_of(result, "resilience.recovery").status == "FAIL"
    assert "not in 0.3 s" in box_of(result, "resilience.recovery").reason
    assert box_of(result, "stability.restarts").status == "FAIL"


def test_a_restart_that_nobody_asked_for_is_found(tmp_path: Path, stacks: list[StandInStack]) -> None:
    stack = StandInStack(tmp_path)
    stacks.append(stack)

    def kill_one(event: StepEvent) -> None:
        if event.name == "settle" and event.result is None:
            process = stack.running["notes"]
            process.kill()
            process.wait(5)

    result = run_stage(config_for(stack, tmp_path, "stability"), kill_one, stack)
    assert box_of(result, "stability.restarts").status == "FAIL"
    assert "notes at the end" in box_of(result, "stability.restarts").reason


def test_words_about_memory_in_a_log_fail(tmp_path: Path, stacks: list[StandInStack]) -> None:
    stack = StandInStack(tmp_path)
    stacks.append(stack)
    log = tmp_path / "data" / "logs" / "rag.log"
    log.parent.mkdir(parents=True)
    log.write_text("fine\n")

    def run_out(event: StepEvent) -> None:
        if event.name == "health" and event.result is None:
            with log.open("a") as file:
                file.write("Traceback\nMemoryError\n")

    result = run_stage(config_for(stack, tmp_path, "startup"), run_out, stack)
    assert box_of(result, "startup.memory").status == "FAIL"
    assert "rag.log: MemoryError" in box_of(result, "startup.memory").reason


def test_a_stack_that_never_answers_is_unreachable(tmp_path: Path, stacks: list[StandInStack]) -> None:
    stack = StandInStack(tmp_path)
    config = replace(config_for(stack, tmp_path, "startup", "functional"), attach=True)
    result = run_stage(config, quiet, stack)
    assert exit_code(result) == 4
    assert not result.reachable
    assert set(statuses(result, "functional").values()) == {"NOT MEASURED"}
    assert "no stack to look at" in box_of(result, "functional.rag").reason
    assert stack.calls == []


class Broken(StandInStack):
    """A stack whose start fails."""

    async def up(self) -> CommandRun:
        self.calls.append("up")
        found = await super().provider_shown()
        return found.model_copy(update={"exit_code": 70, "stderr": "rag ended: port 1 is taken"})


def test_a_start_that_fails_says_why_and_is_cleaned_up(tmp_path: Path) -> None:
    stack = Broken(tmp_path)
    result = run_stage(config_for(stack, tmp_path, "startup"), quiet, stack)
    assert box_of(result, "startup.services").status == "FAIL"
    assert "port 1 is taken" in box_of(result, "startup.services").reason
    assert box_of(result, "startup.down").status == "NOT MEASURED"
    assert stack.calls == ["up", "down"]
    assert exit_code(result) == 4


class Staying(StandInStack):
    """A stack whose ``down`` says that all is well and leaves everything running."""

    async def down(self) -> CommandRun:
        self.calls.append("down")
        return await self.provider_shown()


def test_a_stack_that_stays_fails_its_end(tmp_path: Path, stacks: list[StandInStack]) -> None:
    stack = Staying(tmp_path)
    stacks.append(stack)
    result = run_stage(config_for(stack, tmp_path, "startup"), quiet, stack)
    assert box_of(result, "startup.down").status == "FAIL"
    assert "still listens" in box_of(result, "startup.down").reason


async def start(stack: StandInStack) -> None:
    await stack.up()


def test_a_running_stack_is_refused_or_attached_to_and_left_alone(
    tmp_path: Path, stacks: list[StandInStack]
) -> None:
    stack = StandInStack(tmp_path)
    stacks.append(stack)
    asyncio.run(start(stack))
    config = config_for(stack, tmp_path)
    with pytest.raises(UsageError, match="running already") as refusal:
        run_stage(config, quiet, stack)
    assert "--attach" in refusal.value.hint
    before = {name: process.pid for name, process in stack.running.items()}
    result = run_stage(replace(config, attach=True), quiet, stack)
    assert stack.calls == ["up"]
    assert {name: process.pid for name, process in stack.running.items()} == before
    assert set(statuses(result, "functional").values()) == {"PASS"}
    assert statuses(result, "resilience") == {
        "switch-ollama": "NOT MEASURED",
        "switch-vllm": "NOT MEASURED",
        "recovery": "NOT MEASURED",
        "errors": "PASS",
    }
    assert box_of(result, "startup.down").status == "NOT MEASURED"
    assert box_of(result, "startup.services").status == "NOT MEASURED"
    assert "was running already" in box_of(result, "startup.services").reason


def test_ctrl_c_takes_the_stack_down_and_keeps_what_was_seen(
    tmp_path: Path, stacks: list[StandInStack]
) -> None:
    stack = StandInStack(tmp_path)
    stacks.append(stack)

    def press(event: StepEvent) -> None:
        if event.name == "provider switch" and event.result is None:
            os.kill(os.getpid(), signal.SIGINT)

    before = signal.getsignal(signal.SIGINT)
    result = run_stage(config_for(stack, tmp_path), press, stack)
    assert signal.getsignal(signal.SIGINT) is before
    assert result.interrupted
    assert exit_code(result) == 130
    assert stack.calls[-1] == "down"
    assert not stack.provider_file.exists()
    assert all(process.poll() is not None for process in stack.running.values())
    assert set(statuses(result, "functional").values()) == {"PASS"}
    assert box_of(result, "resilience.recovery").status == "NOT MEASURED"
    assert "interrupted" in box_of(result, "resilience.recovery").reason
    assert box_of(result, "startup.down").status == "PASS"
    assert json.loads((tmp_path / "out" / "results.json").read_text())["interrupted"] is True
