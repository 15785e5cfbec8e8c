"""``casewright convert``: every file reaches a status, and nothing that is read is overwritten."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest

from casewright.cli.main import run
from casewright.documents.batch import plan
from hostile.corpus import odd_paths
from hostile.made import SENTENCE
from unit.documents.busy import wait_for
from unit.documents.making import LINES, long_tiff, pdf, picture

KEYS = ["path", "status", "reason", "pages", "method", "seconds"]


def convert(*words: object) -> int:
    return run(["convert", *(str(word) for word in words)])


def records(report: Path) -> dict[str, dict[str, Any]]:
    found = json.loads(report.read_text())
    assert all(list(record) == KEYS for record in found)
    return {record["path"]: record for record in found}


def test_files_and_folders_become_markdown_and_records(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given, out, report = tmp_path / "in", tmp_path / "out", tmp_path / "report.json"
    (given / "case 1").mkdir(parents=True)
    (given / "case 1" / "letter.pdf").write_bytes(pdf([SENTENCE], [SENTENCE]))
    (given / "note.txt").write_text("£1,240.50")
    (given / "empty.txt").touch()
    (given / "blank.pdf").write_bytes(pdf([]))
    (given / "program.exe").write_bytes(b"MZ" + bytes(50))
    (given / "locked.pdf").write_bytes(pdf([SENTENCE], password="x"))
    assert convert(given, "--out", out, "--json", report) == 0
    found = records(report)
    status = {Path(path).name: record["status"] for path, record in found.items()}
    assert status == {
        "letter.pdf": "ok",
        "note.txt": "ok",
        "empty.txt": "rejected",
        "blank.pdf": "partial",
        "program.exe": "rejected",
        "locked.pdf": "rejected",
    }
    letter = found[str(given / "case 1" / "letter.pdf")]
    assert (letter["pages"], letter["method"], letter["reason"]) == (2, "text", "")
    locked = found[str(given / "locked.pdf")]
    assert (locked["pages"], locked["method"]) == (None, None)
    assert "password" in locked["reason"]
    assert all(record["seconds"] >= 0 for record in found.values())
    assert SENTENCE in (out / "case 1" / "letter.md").read_text()
    assert (out / "note.md").read_text() == "£1,240.50\n"
    assert not (out / "program.md").exists()
    said = capsys.readouterr().err
    assert f"rejected {given / 'empty.txt'}: " in said
    assert "6 files: 2 ok, 1 partial, 3 rejected; 4 pages in" in said


def test_one_file_without_a_folder_is_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "note.txt").write_text("£1,240.50")
    assert convert(tmp_path / "note.txt") == 0
    assert capsys.readouterr().out == "£1,240.50\n"


def test_a_password_is_read_from_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.pdf").write_bytes(pdf([SENTENCE], password="wörd"))
    (tmp_path / "password").write_text("wörd\n")
    assert convert(tmp_path / "a.pdf", "--password-file", tmp_path / "password") == 0
    assert SENTENCE in capsys.readouterr().out


def test_ocr_may_be_turned_off(tmp_path: Path) -> None:
    picture(LINES[:1]).save(tmp_path / "a.png")
    report = tmp_path / "report.json"
    assert convert(tmp_path / "a.png", "--json", report, "--ocr", "never") == 0
    (record,) = records(report).values()
    assert record["status"] == "partial"
    assert convert(tmp_path / "a.png", "--json", report) == 0
    (record,) = records(report).values()
    assert (record["status"], record["method"]) == ("ok", "ocr")


@pytest.mark.parametrize(
    "words",
    [
        ["gone.pdf"],
        ["note.txt", "--out", "note.txt"],
        ["note.txt", "--json", "."],
        ["note.txt", "--json", "note.txt"],
        ["note.txt", "--password-file", "gone"],
        ["note.txt", "--ocr", "sometimes"],
        [],
    ],
)
def test_words_that_cannot_be_carried_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "note.txt").write_text("text")
    assert convert(*words) == 64
    assert (tmp_path / "note.txt").read_text() == "text"


def test_pipes_devices_loops_and_odd_names(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report, out = tmp_path / "report.json", tmp_path / "out"
    odd_paths(tmp_path / "in")
    assert convert(tmp_path / "in", "--out", out, "--json", report) == 0
    found = {Path(path).name: record["status"] for path, record in records(report).items()}
    assert found["pipe.pdf"] == found["device.txt"] == "rejected"
    assert found["loop.pdf"] == found["gone.pdf"] == "failed"
    assert list(found.values()).count("ok") == 4
    assert len(found) == 8  # the folder's link to its parent is not followed
    assert [path.read_text() for path in sorted(out.iterdir())] == [SENTENCE + "\n"] * 4
    assert "\x1b" not in capsys.readouterr().err
    assert all(path.name.isprintable() for path in out.iterdir())


def test_names_that_meet_are_kept_apart(tmp_path: Path) -> None:
    for name in ("a/x.pdf", "a/x.docx", "a/X.txt", "a/y.txt", "b/y.txt", "b/x.pdf"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    out = tmp_path / "out"
    targets = [item.target for item in plan([tmp_path / "a", tmp_path / "b"], out)]
    names = [target.relative_to(out).as_posix() for target in targets if target is not None]
    assert names == ["X.txt.md", "x.docx.md", "x.pdf.md", "y.txt.md", "x.pdf-2.md", "y.txt-2.md"]


def test_what_is_read_is_never_written_to(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("# mine")
    assert convert(tmp_path / "a.md", "--out", tmp_path) == 0
    assert (tmp_path / "a.md").read_text() == "# mine"
    assert (tmp_path / "a.md.md").read_text() == "# mine\n"


def test_a_second_run_does_not_read_the_first_ones_output(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("text")
    out, report = tmp_path / "out", tmp_path / "out" / "report.json"
    for _ in range(2):
        assert convert(tmp_path, "--out", out, "--json", report) == 0
        assert list(records(report)) == [str(tmp_path / "a.txt")]


def test_what_would_be_read_the_next_time_is_not_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "w"
    (folder / "in" / "in").mkdir(parents=True)
    (folder / "in" / "in" / "a.txt").write_text("text")
    before = sorted(tmp_path.rglob("*"))
    assert convert(folder, "--out", folder) == 64
    assert "would be read" in " ".join(capsys.readouterr().err.split())  # broken where the folder's name ends
    assert convert(folder / "in", "--out", folder) == 64  # a.md would be in ``in``
    assert sorted(tmp_path.rglob("*")) == before
    for _ in range(2):
        assert convert(folder, "--out", folder / "out") == 0
    assert [path.name for path in (folder / "out").rglob("*.md")] == ["a.md"]


def test_a_folder_that_cannot_be_opened_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.txt").write_text("text")
    # whoever may open everything cannot open what has too long a name
    where, depth = os.open(tmp_path / "in", os.O_RDONLY), 0
    while depth * 251 < 4096:
        os.mkdir("x" * 250, dir_fd=where)
        below = os.open("x" * 250, os.O_RDONLY, dir_fd=where)
        os.close(where)
        where, depth = below, depth + 1
    os.close(where)
    report = tmp_path / "report.json"
    assert convert(tmp_path / "in", "--out", tmp_path / "out", "--json", report) == 0
    status = {Path(path).name[:2]: record["status"] for path, record in records(report).items()}
    assert status == {"a.": "ok", "xx": "failed"}
    assert "cannot be opened: File name too long" in capsys.readouterr().err


def test_a_file_where_a_folder_is_needed_is_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "in" / "sub" / "deep").mkdir(parents=True)
    (tmp_path / "in" / "sub" / "a.txt").write_text("text")
    (tmp_path / "in" / "sub" / "deep" / "b.txt").write_text("text")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "sub").write_text("mine")
    report = tmp_path / "report.json"
    assert convert(tmp_path / "in", "--out", tmp_path / "out", "--json", report) == 0
    found = records(report).values()
    assert [record["status"] for record in found] == ["failed", "failed"]
    assert all("a file stands there" in record["reason"] for record in found)
    assert "Traceback" not in caplog.text + capsys.readouterr().err
    assert (tmp_path / "out" / "sub").read_text() == "mine"


def test_a_link_does_not_lead_out_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "in" / "sub").mkdir(parents=True)
    (tmp_path / "in" / "sub" / "a.txt").write_text("text")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "sub").symlink_to(tmp_path / "elsewhere")
    report = tmp_path / "report.json"
    assert convert(tmp_path / "in", "--out", tmp_path / "out", "--json", report) == 0
    (record,) = records(report).values()
    assert record["status"] == "failed" and "leads out" in record["reason"]
    assert list((tmp_path / "elsewhere").iterdir()) == []


@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGHUP])
def test_what_was_done_is_reported_whoever_ends_it(tmp_path: Path, by: signal.Signals) -> None:
    given, report = tmp_path / "in", tmp_path / "report.json"
    given.mkdir()
    (given / "a.txt").write_text("text")
    for name in ("b.tiff", "c.tiff"):  # one of them is read when the text is done, whichever was first
        long_tiff(given / name, 15)
    words = [str(given), "--out", str(tmp_path / "out"), "--json", str(report), "--workers", "1"]
    process = subprocess.Popen(
        [sys.executable, "-m", "casewright", "convert", *words], stderr=subprocess.PIPE, text=True
    )
    wait_for("the text to be done", (tmp_path / "out" / "a.md").exists)
    process.send_signal(by)
    _, said = process.communicate(timeout=30)
    assert process.returncode == 130, said
    assert records(report)[str(given / "a.txt")]["status"] == "ok"
    assert len(records(report)) < 3
    assert "of 3 files were not reached" in said
    assert not list((tmp_path / "out").glob(".*"))
    assert not list(Path(tempfile.gettempdir()).glob(f"casewright-worker-{process.pid}-*"))
