"""A stage of containers against a fake docker and both composes, and every way in which there is none."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from casewright.api.staging import EvidenceFile, StageResult
from casewright.errors import UsageError
from casewright.staging.compose import ComposeStack, open_compose
from casewright.staging.run import StepEvent, exit_code, run_stage
from unit.staging.docker_scenarios import LIMITS, Scenario


class Watcher:
    """What was shown on the way."""

    def __init__(self) -> None:
        self.words: list[str] = []

    def __call__(self, event: StepEvent) -> None:
        self.words.append(event.words)


@pytest.fixture
def made(tmp_path: Path) -> Iterator[list[Scenario]]:
    """Scenarios whose keepers have ended when the test has."""
    found: list[Scenario] = []
    yield found
    for each in found:
        each.close()


def scenario(made: list[Scenario], folder: Path, flavour: str = "v2", **about: Any) -> Scenario:
    found = Scenario(folder / f"machine{len(made)}", flavour, **about)
    made.append(found)
    return found


def run(found: Scenario, *only: Any, **changes: Any) -> StageResult:
    config, stack = found.stage(*only, **changes)
    return run_stage(config, Watcher(), stack)


def box(result: StageResult, name: str) -> Any:
    return next(each for each in result.boxes if each.id == name)


@pytest.mark.parametrize("flavour", ["v1", "v2"])
def test_a_right_stack_of_containers_passes_with_either_compose(
    flavour: str, tmp_path: Path, made: list[Scenario]
) -> None:
    found = scenario(made, tmp_path, flavour, faults="vision")
    config, stack = found.stage("build", "startup")
    watcher = Watcher()
    result = run_stage(config, watcher, stack)
    open_ones = {each.id: each.status for each in result.boxes if each.asked and each.status != "PASS"}
    assert open_ones == {"startup.gpu": "NOT MEASURED"}
    assert result.target == "compose"
    assert any("of 5 good" in words for words in watcher.words), "the live list was not shown"
    assert "image casewright" not in box(result, "build.image-size").reason
    assert "rag-service 400 MB" in box(result, "build.image-size").reason
    program = "docker-compose" if flavour == "v1" else "docker compose"
    commands = [call.removeprefix(f"{program} -f {found.compose_file} ") for call in found.calls()]
    order = [word for word in commands if word in ("up -d", "down") or word.startswith("build")]
    assert order[-2:] == ["up -d", "down"]
    assert [word.split()[-1] for word in order[:-2]] == list(found.ports)
    assert not any("-v" in call.split() or "--volumes" in call for call in found.calls()), "volumes stay"


async def killed_and_back(stack: ComposeStack, name: str) -> tuple[int, int]:
    """The container's process before a kill, and the next one."""
    assert (await stack.up()).exit_code == 0
    before = (await stack.processes()).pids[name]
    assert await stack.signal(before, signal.SIGKILL) is None
    async with asyncio.timeout(20):
        after = (await stack.processes()).pids.get(name)
        while after in (None, before):  # each look is a command of its own: no pause is needed
            after = (await stack.processes()).pids.get(name)
    refused = await stack.signal(before, signal.SIGKILL)
    assert refused is not None
    assert f"kill -9 {before}" in refused
    assert (await stack.down()).exit_code == 0
    assert after is not None
    return before, after


def test_a_container_is_killed_past_the_daemon_so_that_it_comes_back(
    tmp_path: Path, made: list[Scenario]
) -> None:
    """`docker kill` tells the daemon to leave it dead; a crash does not."""
    found = scenario(made, tmp_path)
    _, stack = found.stage()
    before, after = asyncio.run(killed_and_back(stack, "rag"))
    assert before != after
    kills = [call for call in found.calls() if "--pid host" in call]
    assert len(kills) == 2
    assert all("--network none" in call and "--rm" in call for call in kills)
    assert not any(call.startswith("docker kill") for call in found.calls())


def test_containers_that_run_already_are_refused_and_attached_to(
    tmp_path: Path, made: list[Scenario]
) -> None:
    found = scenario(made, tmp_path)
    subprocess.run([str(found.bin / "docker"), "compose", "up", "-d"], check=True, env=found.environment)
    config, stack = found.stage("startup")
    with pytest.raises(UsageError, match="running already in containers") as refusal:
        run_stage(config, Watcher(), stack)
    assert "docker compose down" in refusal.value.hint
    result = run_stage(replace(config, attach=True), Watcher(), stack)
    assert box(result, "startup.services").status == "NOT MEASURED"
    assert sum(call.endswith(" down") for call in found.calls()) == 0


# ---- the machine has no docker, or not all of it


def refused(files: tuple[Path, ...], path: str) -> UsageError:
    with pytest.raises(UsageError) as refusal:
        open_compose(files, {"PATH": path})
    assert refusal.value.hint
    assert "Traceback" not in refusal.value.message
    return refusal.value


def test_without_docker_and_without_compose_it_is_a_usage_error(tmp_path: Path, made: list[Scenario]) -> None:
    found = scenario(made, tmp_path, flavour="none")
    assert "no docker" in refused((found.compose_file,), "/nonexistent").message
    said = refused((found.compose_file,), f"{found.bin}:/usr/bin:/bin")
    assert "no compose answers" in said.message
    assert "unknown command: docker compose" in said.message
    assert "docker-compose: cannot run" in said.message
    assert "docs/runbook.md" in said.hint


@pytest.mark.parametrize(
    ("daemon", "what"),
    [
        (
            "Cannot connect to the Docker daemon at unix:///run/docker.sock. Is the docker daemon running?",
            "does not answer",
        ),
        (
            "permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock",
            "may not ask",
        ),
        ("something else is wrong", "something else is wrong"),
    ],
)
def test_without_a_daemon_it_is_said_why(
    daemon: str, what: str, tmp_path: Path, made: list[Scenario]
) -> None:
    found = scenario(made, tmp_path, daemon=daemon)
    assert what in refused((found.compose_file,), f"{found.bin}:/usr/bin:/bin").message


def test_a_missing_or_broken_compose_file_is_named(tmp_path: Path, made: list[Scenario]) -> None:
    found = scenario(made, tmp_path)
    path = f"{found.bin}:/usr/bin:/bin"
    assert "nosuch.yml is not there" in refused((found.folder / "nosuch.yml",), path).message
    (found.folder / "config").write_text("")
    assert "compose cannot use" in refused((found.compose_file,), path).message


# ---- it cannot be started


@pytest.mark.parametrize(
    ("said", "what", "hint"),
    [
        (
            "Error from daemon: Bind for 127.0.0.1:8003 failed: port is already allocated",
            "a port is taken",
            "ss -ltnp",
        ),
        (
            'Error response from daemon: could not select device driver "nvidia" with capabilities: [[gpu]]',
            "no GPU",
            "docker-compose.cpu.yml",
        ),
        (
            "Error response from daemon: pull access denied for vllm/vllm-openai, repository does not exist",
            "an image is missing",
            "docker login",
        ),
        (
            "failed to register layer: write /usr/lib/libcuda.so: no space left on device",
            "the disk is full",
            "docker system df",
        ),
    ],
)
def test_an_up_that_fails_is_a_finding_with_cause_and_next_command(
    said: str, what: str, hint: str, tmp_path: Path, made: list[Scenario]
) -> None:
    found = scenario(made, tmp_path, up=said)
    result = run(found, "startup")
    services = box(result, "startup.services")
    assert services.status == "FAIL"
    for words in (what, hint, said.split(": ", 1)[1][:60]):
        assert words in services.reason
    assert box(result, "startup.health").status == "NOT MEASURED"
    assert found.calls()[-1].endswith(" down"), "what was started in part is taken down"
    assert exit_code(result) == 4


GATED = (
    "huggingface_hub.errors.GatedRepoError: 401 Client Error.\nAccess to model meta-llama/X is restricted.\n"
)


def test_an_engine_that_ends_again_and_again_is_not_waited_for(tmp_path: Path, made: list[Scenario]) -> None:
    vllm = {"state": "restarting", "exit": 1, "restarts": 4, "log": GATED}
    found = scenario(made, tmp_path, containers={"vllm": vllm})
    result = run(found, "startup", deadlines=replace(LIMITS, start_s=600))
    services = box(result, "startup.services")
    assert services.status == "FAIL"
    assert "vllm is restarting, 4 restarts, not healthy" in services.reason
    assert "gated" in services.reason
    assert "HF_TOKEN" in services.reason
    assert "Access to model" in services.reason
    assert box(result, "startup.health").status == "PASS", "the services answer, and are asked"


def test_an_engine_that_never_gets_healthy_ends_at_the_deadline(tmp_path: Path, made: list[Scenario]) -> None:
    vllm = {"state": "running", "health": "starting", "log": "Loading weights 12%\n"}
    found = scenario(made, tmp_path, containers={"vllm": vllm})
    result = run(found, "startup", deadlines=replace(LIMITS, start_s=1))
    reason = box(result, "startup.services").reason
    assert box(result, "startup.services").status == "FAIL"
    assert "vllm is running (starting), not healthy" in reason
    assert "Loading weights 12%" in reason
    assert "logs vllm" in reason


def test_a_model_that_cannot_be_pulled_is_told_by_the_log_of_what_pulls_it(
    tmp_path: Path, made: list[Scenario]
) -> None:
    pull = {"state": "exited", "exit": 1, "one_shot": True, "health": "", "log": "could not pull llama3.2\n"}
    said = 'service "ollama-models" didn\'t complete successfully: exit 1'
    found = scenario(made, tmp_path, up=said, containers={"ollama-models": pull})
    reason = box(run(found, "startup"), "startup.services").reason
    assert "a model could not be pulled" in reason
    assert "OLLAMA_MODEL" in reason


def test_memory_that_ended_a_container_fails_its_box(tmp_path: Path, made: list[Scenario]) -> None:
    ended = {"oom": True, "state": "exited", "exit": 137, "health": ""}
    spoke = {"state": "running", "health": "", "log": "thread: std::bad_alloc\n"}
    found = scenario(made, tmp_path, containers={"chromadb": ended, "n8n": spoke})
    memory = box(run(found, "startup", deadlines=replace(LIMITS, start_s=1)), "startup.memory")
    assert memory.status == "FAIL"
    assert "chromadb: exited (exit 137)" in memory.reason
    assert "n8n: thread: std::bad_alloc" in memory.reason


def test_what_the_command_line_shows_without_a_daemon(tmp_path: Path, made: list[Scenario]) -> None:
    found = scenario(
        made, tmp_path, daemon="Cannot connect to the Docker daemon at unix:///x. Is it running?"
    )
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "casewright",
            "stage",
            "--target",
            "compose",
            "--compose-file",
            str(found.compose_file),
        ],
        env={**os.environ, **found.environment, "CASEWRIGHT_DATA": str(tmp_path / "data")},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 64
    assert "the Docker daemon does not answer" in done.stderr
    assert "systemctl start docker" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_evidence_holds_the_log_and_the_commands(tmp_path: Path, made: list[Scenario]) -> None:
    found = scenario(made, tmp_path)
    run(found, "build")
    kept = EvidenceFile.model_validate_json((found.folder / "out" / "build-images.json").read_text())
    assert [each.words[-2:] for each in kept.commands] == [("--no-cache", name) for name in found.ports]
    assert (found.folder / "out" / "build-rag-service.log").read_text().count("Successfully built") == 1
