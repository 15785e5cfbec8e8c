"""``casewright engine serve`` and ``probe`` as a user runs them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from casewright.engines.llama_server import ENGINE_NAME, default_model, model_digest
from casewright.errors import EXIT_FAILURE, EXIT_OK, EXIT_UNREACHABLE
from ports import nobody

CASEWRIGHT = [sys.executable, "-m", "casewright", "engine"]


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*CASEWRIGHT, *arguments], capture_output=True, text=True, timeout=100, check=False)


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


@pytest.mark.parametrize("kind", ["ollama", "vllm", "embedded", "openai"])
def test_nothing_there_is_exit_4_and_says_how_to_start(kind: str) -> None:
    done = run("probe", f"{kind}={nobody()}#m")
    assert done.returncode == EXIT_UNREACHABLE
    assert "nothing listens there" in done.stderr
    assert kind == "openai" or "casewright engine serve" in " ".join(done.stderr.split())


@pytest.mark.live
@pytest.mark.parametrize("kind", ["ollama", "embedded"])
def test_both_faces_tell_the_same_truth(live_url: str, kind: str) -> None:
    done = run("probe", "--json", f"{kind}={live_url}")
    assert done.returncode == EXIT_OK, done.stderr
    found = json.loads(done.stdout)
    assert (found["name"], found["model"]) == (ENGINE_NAME, "smollm2-135m-instruct")
    assert (found["digest"], found["quantization"]) == (model_digest(default_model()), "Q4_1")
    assert found["context_length"] == 2048
    assert found["template_digest"] is not None
    assert found["one_token_ms"] > 0


@pytest.mark.live
def test_an_embedded_engine_is_started_for_the_probe() -> None:
    done = run("probe", "embedded:slots=3,context=256")
    assert done.returncode == EXIT_OK, done.stderr
    rows = [
        [cell.strip() for cell in line.split("│")[1:3]] for line in done.stdout.splitlines() if "│" in line
    ]
    told = {name: value for name, value in rows if name}
    assert (told["slots"], told["context length"], told["quantization"]) == ("3", "256", "Q4_1")


@pytest.mark.live
@pytest.mark.parametrize(("name", "code"), [(signal.SIGINT, EXIT_OK), (signal.SIGTERM, EXIT_OK)])
def test_told_to_stop_it_leaves_nothing(name: signal.Signals, code: int) -> None:
    process = subprocess.Popen(
        [*CASEWRIGHT, "serve", "--port", "0", "--context", "256"], stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    assert b"at http://" in process.stdout.readline()
    (engine,) = children(process.pid)
    process.send_signal(name)
    assert process.wait(30) == code
    process.stdout.close()
    with pytest.raises(ProcessLookupError):
        os.kill(engine, 0)


@pytest.mark.live
def test_an_engine_that_dies_ends_the_command_with_a_finding() -> None:
    process = subprocess.Popen(
        [*CASEWRIGHT, "serve", "--port", "0", "--context", "256"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert "at http://" in process.stdout.readline()
    (engine,) = children(process.pid)
    os.kill(engine, signal.SIGKILL)
    _, said = process.communicate(timeout=30)
    assert process.returncode in (EXIT_UNREACHABLE, EXIT_FAILURE)
    assert "ended while serving" in said
