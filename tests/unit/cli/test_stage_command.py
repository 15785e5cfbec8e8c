"""``casewright stage`` as a user types it: its words, its exit codes, what it writes."""

from __future__ import annotations

import json
import os
import pty
import select
import signal
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from casewright.cli.stage import check_output, config_of, stand_ins
from casewright.settings import Settings


def stage(data: Path, *words: str) -> subprocess.CompletedProcess[str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("OLLAMA", "VLLM", "LLM_", "CASEWRIGHT"))}
    return subprocess.run(
        [sys.executable, "-m", "casewright", "stage", *words],
        env=kept | {"CASEWRIGHT_DATA": str(data), "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (["--target", "moon"], "--target local"),
        (["--only", "speed"], "resilience"),
        (["--sample", "/no/such.pdf"], "PDF"),
        (["--bogus"], "--help"),
    ],
)
def test_wrong_words_are_usage_errors_that_name_the_fix(tmp_path: Path, words: list[str], hint: str) -> None:
    done = stage(tmp_path, *words)
    assert done.returncode == 64, done.stdout + done.stderr
    assert hint in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("below", [".", "below"])
def test_a_report_that_cannot_be_written_is_said_before_anything_is_done(tmp_path: Path, below: str) -> None:
    taken = tmp_path / "a file"
    taken.touch()
    done = stage(tmp_path / "data", "--only", "build", "--no-clean-install", "--output", str(taken / below))
    assert done.returncode == 64, done.stdout + done.stderr
    assert "cannot be written" in done.stderr
    assert "--output" in done.stderr
    assert "Traceback" not in done.stderr


def test_one_group_without_the_stack_is_judged_and_written(tmp_path: Path) -> None:
    words = ("--only", "build", "--kills", "11", "--no-clean-install", "--output", str(tmp_path / "out"))
    done = stage(tmp_path / "data", *words)
    found = json.loads((tmp_path / "out" / "results.json").read_text())
    assert found["schema"] == "casewright.stage/1"
    assert done.returncode == (1 if found["counts"]["failed"] else 2), done.stdout + done.stderr
    asked = [box for box in found["boxes"] if box["asked"]]
    assert {box["group"] for box in asked} == {"build"}
    assert "All Docker images build successfully" in done.stdout
    assert "preflight:" in done.stdout
    evidence = json.loads((tmp_path / "out" / "build-dependencies.json").read_text())
    assert evidence["commands"][0]["words"][-2:] == ["pip", "check"]
    # what the storm is told (test_faults_resilience.py shows that it kills as often)
    assert json.loads((tmp_path / "out" / "state.json").read_text())["options"]["kills"] == 11


def test_nothing_to_attach_to_is_exit_4(tmp_path: Path) -> None:
    ports = {"RAG": 1, "NOTES": 2, "DOCUMENTS": 3, "WEB": 4, "ENGINE": 5}
    words = ["--attach", "--only", "functional", "--output", str(tmp_path / "out")]
    before = {f"CASEWRIGHT_{name}_PORT": str(port) for name, port in ports.items()}
    done = subprocess.run(
        [sys.executable, "-m", "casewright", "stage", *words],
        env={**os.environ, **before, "CASEWRIGHT_DATA": str(tmp_path / "data")},
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    assert done.returncode == 4, done.stdout + done.stderr
    assert "UNREACHABLE" in done.stdout


def test_providers_that_nobody_named_are_stood_in_for(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("OLLAMA_URL", "VLLM_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("VLLM_URL", "http://10.0.0.9:8000")
    monkeypatch.setenv("CASEWRIGHT_ENGINE_PORT", "21435")
    monkeypatch.setenv("CASEWRIGHT_DATA", str(tmp_path))
    settings = Settings()
    assert stand_ins(settings) == {
        "OLLAMA_URL": "http://127.0.0.1:21435",
        "OLLAMA_MODEL": "",
        "CASEWRIGHT_OLLAMA_CONTEXT": str(settings.embedded_context),
    }
    config = config_of(settings, (), attach=False, sample=None, output=None)
    assert config.output.parent == tmp_path / "stage"
    assert config.services["rag"] == f"http://127.0.0.1:{settings.rag_port}"


def test_what_is_refused_later_leaves_none_of_the_folders_that_were_tried(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    check_output(tmp_path / "there" / "a" / "b" / "c")
    assert list((tmp_path / "there").iterdir()) == []
    check_output(tmp_path / "there")
    assert (tmp_path / "there").is_dir()


# In the place of pip: says that it was begun, and ends when it is told to.
WAITS = "import pathlib, threading; pathlib.Path({begun!r}).touch(); threading.Event().wait(90)"


def test_a_closed_terminal_leaves_the_report_the_bundle_and_exit_130(tmp_path: Path) -> None:
    begun, bundle = tmp_path / "begun", tmp_path / "evidence.tar.gz"
    (tmp_path / "pip").mkdir()
    (tmp_path / "pip" / "__init__.py").touch()
    (tmp_path / "pip" / "__main__.py").write_text(WAITS.format(begun=str(begun)))
    words = ["--only", "build", "--no-clean-install", "--output", str(tmp_path / "out")]
    words += ["--bundle", str(bundle)]
    told = {"CASEWRIGHT_DATA": str(tmp_path / "data"), "PYTHONPATH": str(tmp_path), "TERM": "xterm"}
    terminal, its = pty.openpty()
    child = subprocess.Popen(
        [sys.executable, "-m", "casewright", "stage", *words],
        env={**os.environ, **told},
        stdin=its,
        stdout=its,
        stderr=its,
        start_new_session=True,
    )
    os.close(its)
    shown = b""
    try:
        while not begun.exists():
            assert child.poll() is None, shown
            if select.select([terminal], [], [], 0.05)[0]:
                shown += os.read(terminal, 65536)
        os.close(terminal)
        child.send_signal(signal.SIGHUP)
        assert child.wait(60) == 130
    finally:
        child.kill()
        child.wait(10)
    assert b"preflight" in shown, "it was drawn at a terminal"
    assert json.loads((tmp_path / "out" / "results.json").read_text())["interrupted"] is True
    with tarfile.open(bundle) as packed:
        assert any(name.endswith("/results.json") for name in packed.getnames())
