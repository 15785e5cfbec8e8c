"""What containers leave behind: no evidence is no PASS, and what a down removes is kept before."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from casewright.api.staging import Finding, StageResult
from casewright.staging.compose_left import FILE, container_errors, keep, merged, read_kept
from casewright.staging.judge import finding
from casewright.staging.ledger import Ledger
from casewright.staging.run import StepEvent, run_stage
from casewright.staging.stack import Gained, Left
from unit.staging.docker_scenarios import LIMITS, Scenario
from unit.staging.faults import assert_failed, injects
from unit.staging.stack import StandInStack
from unit.staging.test_run import config_for

BOX = "startup.memory"
NONE = finding("processes killed for memory", "0", "0", True)
SOME = finding("processes killed for memory", "0", "1 on this machine", None)


@pytest.fixture
def made() -> Iterator[list[Scenario]]:
    found: list[Scenario] = []
    yield found
    for each in found:
        each.close()


def quiet(_event: StepEvent) -> None:
    """Watch nothing."""


def interrupt_at_settle(event: StepEvent) -> None:
    if event.name == "settle" and event.result is None and not event.words:
        os.kill(os.getpid(), signal.SIGINT)


def left(service: str = "rag-service", **about: object) -> Left:
    return Left(id=service, service=service, state="running", lines=3, restarts=0).model_copy(update=about)


def status(folder: Path, gained: Gained, of_kernel: Finding | None) -> tuple[str, str]:
    ledger = Ledger()
    ledger.add(BOX, container_errors(gained, of_kernel).findings)
    config = config_for(StandInStack(folder), folder, "startup")
    box = next(each for each in ledger.judge(config) if each.id == BOX)
    return box.status, box.reason


def of(result: StageResult) -> tuple[str, str]:
    box = next(each for each in result.boxes if each.id == BOX)
    return box.status, box.reason


def test_logs_that_cannot_be_read_or_hold_nothing_prove_nothing(tmp_path: Path, made: list[Scenario]) -> None:
    dead = {"state": "running", "health": "", "unread": "configured logging driver does not support reading"}
    silent = {"state": "running", "health": "", "log": ""}
    found = Scenario(tmp_path / "machine", containers={"chromadb": dead, "n8n": silent})
    made.append(found)
    config, stack = found.stage("startup")
    said, reason = of(run_stage(config, quiet, stack))
    assert said == "NOT PROVEN"
    assert "chromadb: docker logs" in reason
    assert "does not support reading" in reason
    assert "n8n: not a line in its log" in reason


@injects(BOX)
def test_what_a_down_removed_fails_the_stage_that_goes_on(tmp_path: Path, made: list[Scenario]) -> None:
    spoke = {"state": "running", "health": "", "log": "fine\nMemoryError\n"}
    found = Scenario(tmp_path / "machine", containers={"chromadb": spoke})
    made.append(found)
    config, stack = found.stage("startup")
    assert run_stage(config, interrupt_at_settle, stack).interrupted
    (words,) = [each.words for each in read_kept(config.output) if each.service == "chromadb"]
    assert words == ("MemoryError",)
    found.file.write_text(json.dumps({**found.about, "containers": {}}))
    config, stack = found.stage("startup", resume=True)
    assert_failed(run_stage(config, quiet, stack), BOX, "chromadb: MemoryError")


def test_a_container_that_was_started_again_shows_no_more_how_it_ended(tmp_path: Path) -> None:
    killed, fell = left(restarts=2, kills=2), left("vllm", restarts=3, kills=2)
    assert status(tmp_path, Gained((killed,)), None)[0] == "PASS"
    said, reason = status(tmp_path, Gained((killed, fell)), None)
    assert said == "NOT PROVEN"
    assert "vllm: started again 3 times, killed by the stage 2 times" in reason
    assert "rag-service" not in reason
    assert status(tmp_path, Gained((fell,)), NONE)[0] == "PASS", "the kernel killed nothing for memory"
    assert status(tmp_path, Gained((fell,)), SOME)[0] == "NOT PROVEN"
    assert status(tmp_path, Gained(), NONE)[0] == "NOT PROVEN", "without a container nothing is known"


@injects(BOX)
def test_one_that_memory_ended_fails(tmp_path: Path) -> None:
    ledger = Ledger()
    ended = left("vllm", for_memory=True, state="exited (exit 137)")
    ledger.add(BOX, container_errors(Gained((ended,)), NONE).findings)
    assert_failed(ledger, BOX, "vllm: exited (exit 137)")


def test_what_is_kept_is_merged_by_container_and_a_broken_file_says_so(tmp_path: Path) -> None:
    keep(tmp_path, [left(words=("old",)), left("n8n")])
    both = merged(read_kept(tmp_path), [left(words=("new",))])
    assert [(each.service, each.words) for each in both] == [("n8n", ()), ("rag-service", ("new",))]
    (tmp_path / FILE).write_text("{")
    (only,) = read_kept(tmp_path)
    assert only.problem is not None
    assert status(tmp_path, Gained((only,)), NONE)[0] == "NOT PROVEN"
    assert read_kept(tmp_path / "nowhere") == ()


def test_a_new_stage_in_an_old_folder_reads_nothing_of_the_one_before(
    tmp_path: Path, made: list[Scenario]
) -> None:
    found = Scenario(tmp_path / "machine")
    made.append(found)
    config, stack = found.stage("startup", deadlines=replace(LIMITS, start_s=5))
    keep(config.output, [left("old", words=("MemoryError",))])
    assert of(run_stage(config, quiet, stack))[0] == "PASS"
