"""``casewright eval documents`` as a user types it: its figures, its exit codes, what it writes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import docx
import pytest

TABLE = [["Date", "Amount"], ["14/03/2026", "£1,240.50"], ["15/03/2026", "-£3.07"]]


def command(*words: str | Path) -> list[str]:
    return [sys.executable, "-m", "casewright", "eval", "documents", *map(str, words)]


def environment(data: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CASEWRIGHT")}
    return kept | {"CASEWRIGHT_DATA": str(data), "NO_COLOR": "1"}


def evaluate(data: Path, *words: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(*words), env=environment(data), capture_output=True, text=True, timeout=90, check=False
    )


@pytest.fixture
def truths(tmp_path: Path) -> Path:
    folder = tmp_path / "truths"
    folder.mkdir()
    document = docx.Document()
    document.add_heading("Statement", 1)
    table = document.add_table(0, 2)
    for row in TABLE:
        for cell, text in zip(table.add_row().cells, row, strict=True):
            cell.text = text
    document.save(str(folder / "statement.docx"))
    rows = "\n".join(f"| {' | '.join(row)} |" for row in (TABLE[0], ["---", "---"], *TABLE[1:]))
    (folder / "statement.md").write_text(f"# Statement\n\n{rows}\n", encoding="utf-8")
    (folder / "note.txt").write_text("Rent of £480 was paid on 1 May", encoding="utf-8")
    (folder / "note.txt.txt").write_text("Rent of £450 was paid on 1 May", encoding="utf-8")
    return folder


def test_figures_are_printed_and_written(truths: Path, tmp_path: Path) -> None:
    (truths / "broken.docx").write_bytes(b"PK\x03\x04 and no more")
    (truths / "broken.txt").write_text("lost 77", encoding="utf-8")
    (truths / "stray.md").write_text("nobody's", encoding="utf-8")
    found = evaluate(tmp_path, truths, "--json", tmp_path / "out.json", "--workers", "1")
    assert found.returncode == 0, found.stdout + found.stderr
    result: dict[str, Any] = json.loads((tmp_path / "out.json").read_text())
    assert result["schema"] == "casewright.evaluation/1"
    files = {file["path"]: file for file in result["files"]}
    assert files["statement.docx"]["scores"]["cells_in_place"] == {
        "count": 6, "total": 6, "value": 1.0, "low": None, "high": None
    }  # fmt: skip
    assert files["statement.docx"]["scores"]["characters"]["count"] == 0
    assert files["note.txt"]["scores"]["cells_in_place"] is None
    assert files["note.txt"]["numbers_missing"] == ["£450"]
    assert (files["broken.docx"]["status"], files["broken.docx"]["scores"]["words"]["value"]) == (
        "rejected",
        1.0,
    )
    assert result["truths_without_file"] == ["stray.md"]
    assert "note.txt: numbers missing: £450" in found.stdout
    assert "broken.docx: rejected" in found.stdout
    assert "6/6" in found.stdout
    assert "not measured" in found.stdout


def test_nothing_that_could_be_read_is_exit_70(tmp_path: Path) -> None:
    folder = tmp_path / "truths"
    folder.mkdir()
    (folder / "x.docx").write_bytes(b"PK\x03\x04 and no more")
    (folder / "x.txt").write_text("lost", encoding="utf-8")
    assert evaluate(tmp_path, folder).returncode == 70


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (["{}/none"], "name a folder"),
        (["{}"], "as x.md or x.txt"),
        (["{}/truths", "--ocr", "perhaps"], "auto, always, never"),
        (["{}/truths", "--ocr-engine", "eyes"], "rapidocr, tesseract"),
        (["{}/truths", "--json", "{}/none/out.json"], "make it"),
        (["{}/truths", "--workers", "0"], "--help"),
    ],
)
def test_wrong_words_are_usage_errors_that_name_the_fix(
    tmp_path: Path, truths: Path, words: list[str], hint: str
) -> None:
    where = tmp_path / "empty" if words == ["{}"] else tmp_path
    where.mkdir(exist_ok=True)
    found = evaluate(tmp_path, *(word.format(where) for word in words))
    assert found.returncode == 64, found.stdout + found.stderr
    assert hint in found.stderr
    assert "Traceback" not in found.stderr


def test_ctrl_c_leaves_what_was_done(tmp_path: Path) -> None:
    folder = tmp_path / "truths"
    folder.mkdir()
    for number in range(3000):
        (folder / f"{number}.txt").write_text("a line of a note\n" * 50, encoding="utf-8")
        (folder / f"{number}.txt.txt").write_text("a line of a note\n" * 50, encoding="utf-8")
    started = subprocess.Popen(
        command(folder, "--json", tmp_path / "out.json"),
        env=environment(tmp_path),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    until = time.monotonic() + 60
    while not _children(started.pid):
        assert time.monotonic() < until, "no worker came"
    os.killpg(started.pid, signal.SIGINT)  # as a terminal does: the workers get it too
    printed, told = started.communicate(timeout=60)
    assert started.returncode == 130, printed + told
    result = json.loads((tmp_path / "out.json").read_text())
    assert result["interrupted"] is True
    assert len(result["files"]) < result["expected"] == 3000
    assert "interrupted:" in printed


def _children(pid: int) -> list[str]:
    return (Path("/proc") / str(pid) / "task" / str(pid) / "children").read_text().split()
