"""``casewright soak`` as a user types it: wrong words, no stack, and looking at one that is over."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from casewright.cli.main import run
from casewright.staging.config import StageConfig
from casewright.staging.samples import End, Recorder
from casewright.staging.soak_run import judged
from ports import free_ports
from unit.staging.test_soak import Hour, lines_of


@pytest.fixture(autouse=True)
def _nothing_of_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith(("OLLAMA", "VLLM", "LLM_", "CASEWRIGHT"))]:
        monkeypatch.delenv(name)
    names = ("RAG", "NOTES", "DOCUMENTS", "WEB", "ENGINE")
    for name, port in zip(names, free_ports(5), strict=True):
        monkeypatch.setenv(f"CASEWRIGHT_{name}_PORT", str(port))
    monkeypatch.setenv("CASEWRIGHT_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("NO_COLOR", "1")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--duration", "soon"], "write 90s, 10m, 1h"),
        (["--interval", "1m"], "15 s without health could go unseen"),
        (["--resume", "/no/such/folder"], "holds no soak"),
        (["--follow", "/no/such/folder"], "holds no soak"),
        (["--output", "/x", "--resume", "/y"], "exclude each other"),
    ],
)
def test_wrong_words_are_usage_errors(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["soak", *words]) == 64
    assert said in " ".join(capsys.readouterr().err.split())


def test_without_a_stack_it_says_so_and_starts_none(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["soak", "--duration", "1s", "--output", str(tmp_path / "out")]) == 4
    said = capsys.readouterr().err
    assert "there is no stack to watch" in said
    assert "casewright up" in said
    assert not (tmp_path / "data" / "run").exists()


def test_detached_it_says_at_once_what_kept_it_from_beginning(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "casewright", "soak", "--detach", "--output", str(tmp_path / "out")],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 4, done.stdout + done.stderr
    assert "there is no stack to watch" in done.stderr


def test_following_one_that_is_over_tells_its_verdict(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recording = Hour(extra=1).record()
    with Recorder(tmp_path) as recorder:
        for line in lines_of(recording):
            if not isinstance(line, End):
                recorder.write(line)
    assert run(["soak", "--follow", str(tmp_path)]) == 4
    assert "--resume" in capsys.readouterr().out
    with Recorder(tmp_path) as recorder:
        recorder.write(recording.ends[0])
    judged(StageConfig(tmp_path, tmp_path, {}, ("false",)), recording, interrupted=False)
    assert run(["soak", "--follow", str(tmp_path), "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert found["schema"] == "casewright.soak/1"
    assert found["counts"]["failed"] == 1
    assert run(["soak", "--output", str(tmp_path)]) == 64
    assert "--resume" in capsys.readouterr().err
