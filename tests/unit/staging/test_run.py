"""A whole stage against stand-in processes: right ones, wrong ones, dead ones, and Ctrl-C in the middle."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from casewright.api.staging import BoxResult, CommandRun, EvidenceFile, Group, StageResult, StepResult
from casewright.errors import UsageError
from casewright.staging.checklist import BOXES
from casewright.staging.config import Deadlines, LoadPlan, StageConfig
from casewright.staging.duration import duration
from casewright.staging.ledger import Ledger
from casewright.staging.run import StepEvent, exit_code, planned, run_stage
from casewright.staging.sampling import read_moments
from unit.staging.faults import assert_failed, injects
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
        deadlines=Deadlines(
            request_s=5,
            switch_s=1.5,
            recovery_s=4,
            poll_s=0.05,
            health_s=0.7,
            traffic_s=0.05,
            sample_s=0.1,
            sampled_s=0.5,
        ),
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


def test_a_right_stack_passes_and_every_report_is_written(tmp_path: Path, stacks: list[StandInStack]) -> None:
    stack = StandInStack(tmp_path, "vision")
    stacks.append(stack)
    log = tmp_path / "data" / "logs" / "rag.log"
    log.parent.mkdir(parents=True)
    log.write_text("MemoryError of last week\n")
    result = run_stage(config_for(stack, tmp_path, "startup", "functional"), quiet, stack)
    open_boxes = {box.id for box in result.boxes if box.asked and box.status != "PASS"}
    assert open_boxes == {"startup.gpu"}, [box.reason for box in result.boxes if box.id in open_boxes]
    assert stack.calls == ["up", "down"]
    assert exit_code(result) == 2
    assert not result.interrupted
    folder = tmp_path / "out"
    assert StageResult.model_validate_json((folder / "results.json").read_text()) == result
    for box in result.boxes:
        if box.evidence is not None:
            kept = EvidenceFile.model_validate_json((folder / box.evidence).read_text())
            assert len(kept.findings) == box.checks
    assert (folder / "report.html").read_text().startswith("<!doctype html>")
    assert (folder / "report.md").read_text().startswith("# Staging checklist")
    assert (folder / "junit.xml").read_text().startswith("<?xml")
    samples = read_moments(folder / "health-samples.jsonl")
    assert {name for each in samples for name in each.health} == {"rag", "notes", "documents", "web"}
    assert all(each.memory["rag"].rss > 0 for each in samples)


def test_groups_limit_what_is_asked_and_what_counts(tmp_path: Path, stacks: list[StandInStack]) -> None:
    stack = StandInStack(tmp_path)
    stacks.append(stack)
    result = run_stage(config_for(stack, tmp_path, "functional"), quiet, stack)
    assert [step.name for step in result.steps] == ["start", "end to end", "down"]
    assert set(statuses(result, "functional").values()) == {"PASS"}
    assert all(box.status == "NOT MEASURED" for box in result.boxes if not box.asked)
    assert result.counts.not_asked == len(BOXES) - 4
    assert exit_code(result) == 0


def test_without_locust_a_stage_with_a_load_is_refused_before_anything_is_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack = StandInStack(tmp_path)
    config = config_for(stack, tmp_path, "performance")
    config = replace(config, load=LoadPlan(locustfile=Path("locustfile.py")))
    monkeypatch.setitem(sys.modules, "locust", None)
    with pytest.raises(UsageError, match="locust is not installed") as refusal:
        run_stage(config, quiet, stack)
    assert "make setup" in refusal.value.hint
    assert "--load-seconds 0" in refusal.value.hint
    assert stack.calls == []
    assert not (tmp_path / "out").exists()


def of_steps(config: StageConfig, **seconds: float | None) -> Ledger:
    ledger = Ledger()
    steps = [
        StepResult(name=name, status="skipped" if took is None else "done", seconds=took)
        for name, took in seconds.items()
    ]
    ledger.add("stability.duration", [duration(config, steps)])
    return ledger


@injects("stability.duration")
def test_a_whole_stage_that_takes_too_long_fails_and_a_part_of_one_shows_nothing(tmp_path: Path) -> None:
    whole = StageConfig(tmp_path, tmp_path, {}, ())
    slow = of_steps(whole, start=9.0, load=1500.0, soak=3600.0)
    assert_failed(slow, "stability.duration", "25.1 min", "load 1500 s", "under 25 min")
    judged = {each.id: each for each in of_steps(whole, load=1400.0, soak=None).judge(whole)}
    assert judged["stability.duration"].status == "PASS", "the soak does not count"
    for other, found in (
        ("--only", of_steps(replace(whole, only=("stability",)), load=1.0)),
        ("--attach", of_steps(replace(whole, attach=True), load=1.0)),
        ("target local", of_steps(replace(whole, target="compose"), load=9999.0)),
        ("another load", of_steps(replace(whole, load=LoadPlan(seconds=60)), load=1.0)),
        ("carried through: full disk", of_steps(whole, **{"load": 1.0, "full disk": None})),
    ):
        box = {each.id: each for each in found.judge(whole)}["stability.duration"]
        assert box.status == "NOT MEASURED"
        assert other in box.reason


def test_what_needs_no_stack_starts_none(tmp_path: Path) -> None:
    stack = StandInStack(tmp_path)
    assert [step.name for step in planned(config_for(stack, tmp_path, "build"))] == ["images", "preflight"]


def test_an_engine_under_a_wrong_name_fails_health(tmp_path: Path, stacks: list[StandInStack]) -> None:
    stack = StandInStack(tmp_path, "lying-name")
    stacks.append(stack)
    result = run_stage(config_for(stack, tmp_path, "startup"), quiet, stack)
    assert "true name" in box_of(result, "startup.health").reason


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


async def start(stack: StandInStack) -> None:
    await stack.up()


def test_a_running_stack_is_refused_or_attached_to_and_left_alone(
    tmp_path: Path, stacks: list[StandInStack]
) -> None:
    stack = StandInStack(tmp_path)
    stacks.append(stack)
    asyncio.run(start(stack))
    config = config_for(stack, tmp_path, "startup", "functional", "resilience")
    with pytest.raises(UsageError, match="running already") as refusal:
        run_stage(config, quiet, stack)
    assert "--attach" in refusal.value.hint
    before = {name: process.pid for name, process in stack.running.items()}
    result = run_stage(replace(config, attach=True), quiet, stack)
    assert stack.calls == ["up"]
    assert {name: process.pid for name, process in stack.running.items()} == before
    assert set(statuses(result, "functional").values()) == {"PASS"}
    broken = {name: status for name, status in statuses(result, "resilience").items() if name != "errors"}
    assert set(broken.values()) == {"NOT MEASURED"}
    assert box_of(result, "startup.down").status == "NOT MEASURED"
    assert box_of(result, "startup.services").status == "NOT MEASURED"
    assert "was running already" in box_of(result, "startup.services").reason


def test_ctrl_c_takes_the_stack_down_and_keeps_what_was_seen(
    tmp_path: Path, stacks: list[StandInStack]
) -> None:
    stack = StandInStack(tmp_path)
    stacks.append(stack)

    def press(event: StepEvent) -> None:
        if event.name == "settle" and event.result is None and not event.words:
            os.kill(os.getpid(), signal.SIGINT)

    before = signal.getsignal(signal.SIGINT)
    result = run_stage(config_for(stack, tmp_path, "startup", "functional"), press, stack)
    assert signal.getsignal(signal.SIGINT) is before
    assert result.interrupted
    assert exit_code(result) == 130
    assert stack.calls[-1] == "down"
    assert all(process.poll() is not None for process in stack.running.values())
    assert set(statuses(result, "functional").values()) == {"PASS"}
    assert box_of(result, "startup.memory").status == "NOT MEASURED"
    assert "interrupted" in box_of(result, "startup.memory").reason
    assert box_of(result, "startup.down").status == "PASS"
    assert json.loads((tmp_path / "out" / "results.json").read_text())["interrupted"] is True
