"""A stage that is interrupted goes on where it was: after Ctrl-C, and after a kill -9 of the stage itself."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from casewright.api.staging import BoxResult, CommandRun, EvidenceFile, Finding, StageResult, StepResult
from casewright.cli.main import run
from casewright.errors import UsageError
from casewright.staging.ask import Client
from casewright.staging.context import Context
from casewright.staging.ledger import Ledger
from casewright.staging.resume import (
    FAILURES,
    STATE,
    Facts,
    Failure,
    State,
    carried,
    options_of,
    read_failures,
    read_state,
    take_down,
)
from casewright.staging.run import StepEvent, exit_code, run_stage
from casewright.staging.sampling import FILE, read_moments
from casewright.staging.stack import Listing
from unit.staging.faults import assert_failed, injects
from unit.staging.interrupted import Left, config_at
from unit.staging.stack import StandInStack

SCRIPT = Path(__file__).with_name("interrupted.py")
TESTS = Path(__file__).parents[2]


@pytest.fixture
def stacks() -> Iterator[list[StandInStack]]:
    made: list[StandInStack] = []
    yield made
    for stack in made:
        stack.close()


def quiet(_event: StepEvent) -> None:
    """Watch nothing."""


def box_of(result: StageResult, name: str) -> BoxResult:
    return next(box for box in result.boxes if box.id == name)


def asked_of_rag(folder: Path) -> list[str]:
    text = (folder / "out" / "functional-rag.json").read_text()
    return [each.at for each in EvidenceFile.model_validate_json(text).exchanges]


def interrupt_at(step: str):  # type: ignore[no-untyped-def]
    def press(event: StepEvent) -> None:
        if event.name == step and event.result is None and not event.words:
            os.kill(os.getpid(), signal.SIGINT)

    return press


def test_after_ctrl_c_the_rest_is_run_and_the_finished_is_kept(
    tmp_path: Path, stacks: list[StandInStack]
) -> None:
    stack = StandInStack(tmp_path)
    stacks.append(stack)
    first = run_stage(config_at(tmp_path, stack.services), interrupt_at("settle"), stack)
    assert first.interrupted
    assert "--resume" in first.notes[-1]
    assert box_of(first, "startup.health").status == "NOT PROVEN"
    asked = asked_of_rag(tmp_path)
    samples = len(read_moments(tmp_path / "out" / FILE))
    events: list[str] = []

    def watch(event: StepEvent) -> None:
        events.append(f"{event.name} {'kept' if event.result else 'begins'}")

    again = run_stage(config_at(tmp_path, stack.services, resume=True), watch, stack)
    assert events[:2] == ["health kept", "end to end kept"]
    assert "end to end begins" not in events
    assert asked_of_rag(tmp_path) == asked
    assert stack.calls == ["up", "down", "up", "down"]
    assert {box.status for box in again.boxes if box.group == "functional"} == {"PASS"}
    for name in ("startup.services", "startup.health", "startup.down"):
        assert box_of(again, name).status == "PASS", box_of(again, name).reason
    assert box_of(again, "startup.services").checks == box_of(first, "startup.services").checks
    assert [step.name for step in again.steps] == [step.name for step in first.steps]
    assert len(read_moments(tmp_path / "out" / FILE)) > samples
    assert again.started_at == first.started_at
    assert again.seconds > first.seconds
    assert "begun 2 times" in again.notes[-1]
    with pytest.raises(UsageError, match="is finished"):
        run_stage(config_at(tmp_path, stack.services, resume=True), quiet, stack)


class OnceWrong(StandInStack):
    """Slow at its first start, by its own account; its first list at the end is interrupted by Ctrl-C."""

    pressed = False

    async def up(self) -> CommandRun:
        run = await super().up()
        return run.model_copy(update={"seconds": 31.0}) if self.calls.count("up") == 1 else run

    async def processes(self) -> Listing:
        if self.sick_file.exists() and not self.pressed:
            self.pressed = True
            os.kill(os.getpid(), signal.SIGINT)
            await asyncio.Event().wait()
        return await super().processes()


@injects("startup.services", "startup.health")
def test_what_failed_before_it_was_interrupted_counts_when_its_step_is_taken_again(
    tmp_path: Path, stacks: list[StandInStack]
) -> None:
    stack = OnceWrong(tmp_path, "sick-on-demand")
    stacks.append(stack)

    def fall_sick(event: StepEvent) -> None:
        if event.name == "settle" and event.result is None:
            stack.sick_file.touch()

    first = run_stage(config_at(tmp_path, stack.services), fall_sick, stack)
    assert first.interrupted
    assert box_of(first, "startup.health").status == "FAIL"
    stack.sick_file.unlink()
    again = run_stage(config_at(tmp_path, stack.services, resume=True), quiet, stack)
    assert_failed(again, "startup.services", "run 1: all healthy: 31.0 s")
    assert_failed(again, "startup.health", "run 1: ")
    assert exit_code(again) == 1
    assert {each.step for each in read_failures(tmp_path / "out")} >= {"start", "settle"}


def failure(step: str, what: str = "it") -> Failure:
    found = Finding(what=what, expected="so", seen="not so", ok=False)
    return Failure(run=1, step=step, box="startup.health", finding=found)


def test_a_failure_is_carried_over_once_and_not_of_a_step_that_is_kept(tmp_path: Path) -> None:
    (tmp_path / FAILURES).write_text(
        "".join(f"{failure(step).model_dump_json()}\n" for step in ("health", "settle")) + '{"run": 1, "st'
    )
    read = read_failures(tmp_path)
    assert [each.step for each in read] == ["health", "settle"], "a line that was cut short is left out"
    kept = [StepResult(name="health", status="failed")]
    found = carried(read, kept, {})
    (only,) = found["startup.health"].findings
    assert (only.what, only.ok) == ("run 1: it", False)
    assert carried(read, kept, found) == {}
    assert read_failures(tmp_path / "nowhere") == ()


def test_after_a_kill_the_stack_that_was_left_is_taken_down_and_the_rest_is_run(
    tmp_path: Path, stacks: list[StandInStack]
) -> None:
    environment = {**os.environ, "PYTHONPATH": str(TESTS)}
    words = [sys.executable, str(SCRIPT), str(tmp_path)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, env=environment, text=True) as child:
        assert child.stdout is not None
        begun = iter(child.stdout.readline, "")
        while next(begun, "settle\n") != "settle\n":
            pass
        child.kill()
    stack = Left(tmp_path)
    stacks.append(stack)
    left = dict(stack.left)
    asked = json.loads((tmp_path / "out" / STATE).read_text())["entries"]["functional.rag"]["exchanges"]
    result = run_stage(config_at(tmp_path, stack.services, resume=True), quiet, stack)
    assert stack.calls == ["clear", "down", "up", "down"]
    assert left
    assert stack.left == {}
    assert asked_of_rag(tmp_path) == [each["at"] for each in asked]
    assert {box.status for box in result.boxes if box.group == "functional"} == {"PASS"}
    assert box_of(result, "startup.down").status == "PASS"
    assert exit_code(result) == 2  # no vision model, no GPU


def state_of(folder: Path, **about: object) -> State:
    base = State(options=options_of(config_at(folder, {})), started_at="then", seconds=1.0)
    return base.model_copy(update=about)


def written(folder: Path, **about: object) -> None:
    (folder / "out").mkdir(exist_ok=True)
    (folder / "out" / STATE).write_text(state_of(folder, **about).model_dump_json(by_alias=True))


def test_other_options_are_refused_and_named(tmp_path: Path) -> None:
    written(tmp_path)
    config = config_at(tmp_path, {}, resume=True)
    assert read_state(config).seconds == 1.0
    other = replace(config, only=("startup",), attach=True)
    with pytest.raises(UsageError, match="begun with other options") as refusal:
        run_stage(other, quiet, StandInStack(tmp_path))
    assert 'only was ["startup", "functional"], now ["startup"]' in refusal.value.message
    assert "attach was false, now true" in refusal.value.message


@pytest.mark.parametrize("text", [None, "", "{}", '{"schema": "casewright.stage-state/9"}', "[1"])
def test_a_folder_without_a_stage_is_refused(tmp_path: Path, text: str | None) -> None:
    (tmp_path / "out").mkdir()
    if text is not None:
        (tmp_path / "out" / STATE).write_text(text)
    with pytest.raises(UsageError, match=r"stage to resume|cannot be read"):
        read_state(config_at(tmp_path, {}, resume=True))


async def test_a_stack_that_is_somebody_elses_is_left_alone(
    tmp_path: Path, stacks: list[StandInStack]
) -> None:
    stack = StandInStack(tmp_path)
    stacks.append(stack)
    await stack.up()
    async with Client(5) as client:
        context = Context(config_at(tmp_path, stack.services), client, stack, Ledger())
        found = await stack.processes()
        with pytest.raises(UsageError, match="did not start"):
            await take_down(context, state_of(tmp_path, up=True, owned=(1,)), found)
        with pytest.raises(UsageError, match="did not start"):
            await take_down(context, state_of(tmp_path), found)
    assert stack.calls == ["up"]


@pytest.mark.parametrize(
    ("source", "calls"), [("file", ["set ollama", "down"]), ("default", ["clear", "down"])]
)
async def test_a_provider_that_a_killed_stage_left_is_set_back(
    tmp_path: Path, source: str, calls: list[str]
) -> None:
    stack = StandInStack(tmp_path)
    facts = Facts(provider="ollama", source=source)
    async with Client(5) as client:
        context = Context(config_at(tmp_path, stack.services), client, stack, Ledger())
        await take_down(context, state_of(tmp_path, up=True, facts=facts), await stack.processes())
    assert stack.calls == calls


def test_the_command_resumes_in_its_own_folder_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CASEWRIGHT_DATA", str(tmp_path))
    words = ["stage", "--no-chroma", "--resume", str(tmp_path / "none")]
    assert run([*words, "--output", str(tmp_path / "other")]) == 64
    assert "--resume goes on in its own folder" in capsys.readouterr().err
    assert run(words) == 64
    assert "holds no stage to resume" in " ".join(capsys.readouterr().err.split())
