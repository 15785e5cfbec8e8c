"""``casewright notes``: a letter from a file of notes, by the running service or here, and its files."""

from __future__ import annotations

import contextlib
import io
import json
import os
import signal
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pypdfium2 as pdfium  # type: ignore[import-untyped]
import pytest
from docx import Document
from rich.console import Console

from casewright.api.notes import MAX_NOTES_CHARS, ConvertRequest, ConvertResponse
from casewright.cli.main import run
from casewright.cli.notes import Made, Order, read_notes
from casewright.cli.notes_view import show
from casewright.notes.export_parts import DRAFT
from casewright.services import notes as service
from casewright.settings import Settings
from serving import served
from unit.documents.busy import wait_for
from unit.notes.sample_letter import NOTES, letter

TEXT = "cl owes £450 to Barclays\n\ncl to send payslips by Friday\nRM to chase\nNB private: upset\n"


@pytest.fixture(autouse=True)
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CASEWRIGHT_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("NOTES_URL", "http://127.0.0.1:9")  # the discard port: nothing listens there
    (tmp_path / "notes.txt").write_text(TEXT)
    return tmp_path


def notes(*words: object) -> int:
    return run(["notes", *(str(word) for word in words)])


def squeezed(text: str) -> str:
    return " ".join(text.split())


def test_the_letter_its_lines_and_what_to_look_at_are_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert notes("notes.txt", "--client", "Ana Ruiz", "--adviser", "B. Dafydd") == 0
    said = capsys.readouterr()
    out = squeezed(said.out)
    for words in (
        "1 - You owe £450 to Barclays.",
        "3 - You need to send payslips by Friday.",
        "B. Dafydd",
        "5 NB private: upset (marked as private",
        "Not ready to send",
    ):
        assert words in out
    assert "made here, by code alone" in said.err


def test_the_files_are_drafts_until_somebody_confirms(
    alone: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("notes.txt", "--client", "Ana", "--docx", "a.docx", "--pdf", "a.pdf", "--json", "a.json")
    for extra, drafts in ((), True), (("--confirm-by", "Ffion"), False), ((), False):
        assert notes(*words, *extra) == 0
        page = pdfium.PdfDocument(alone / "a.pdf")[0].get_textpage().get_text_range()
        head = Document(str(alone / "a.docx")).sections[0].header.paragraphs[0].text
        assert (DRAFT in page, head == DRAFT) == (drafts, drafts)
        assert ("Confirmed by Ffion" in capsys.readouterr().out) != drafts
    answer = ConvertResponse.model_validate_json((alone / "a.json").read_bytes())
    assert answer.client_name == "Ana"
    assert answer.strategy == "extractive"


def test_the_files_hold_the_letter_and_its_sources_unless_something_else_is_asked_for(
    alone: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("notes.txt", "--client", "Ana", "--pdf", "a.pdf", "--docx", "a.docx")
    for extra, sections in ((), 2), (("--parts", "all"), 3), (("--parts", "letter"), 1):
        whole = sections == 3
        assert notes(*words, *extra) == 0
        pages = pdfium.PdfDocument(alone / "a.pdf")
        assert ("upset" in " ".join(page.get_textpage().get_text_range() for page in pages)) == whole
        assert len(Document(str(alone / "a.docx")).sections) == sections
        assert ("never send it to the client" in capsys.readouterr().out) == whole


def test_a_pipe_and_a_link_as_files_stay_what_they_are(alone: Path) -> None:
    os.mkfifo(alone / "pipe")
    (alone / "link").symlink_to("target.json")
    with ThreadPoolExecutor(1) as pool:
        read = pool.submit((alone / "pipe").read_bytes)
        assert notes("notes.txt", "--client", "Ana", "--pdf", "pipe", "--json", "link") == 0
        assert read.result().startswith(b"%PDF")
    assert (alone / "pipe").is_fifo()
    assert (alone / "link").is_symlink()
    assert json.loads((alone / "target.json").read_text())["client_name"] == "Ana"


def test_a_socket_is_refused_before_the_letter_is_made(
    alone: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("s")
        assert notes("notes.txt", "--client", "Ana", "--pdf", "s") != 0
        assert (alone / "s").is_socket()
    said = capsys.readouterr()
    assert "(storage)" in said.err
    assert "it is a socket" in squeezed(said.err)
    assert said.out == ""


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be"])
def test_notes_as_windows_writes_them(alone: Path, capsys: pytest.CaptureFixture[str], encoding: str) -> None:
    mark = "" if encoding == "utf-16" else "\ufeff"
    (alone / "notes.txt").write_bytes((mark + "cl owes £4 to Zoë\r\n").encode(encoding))
    assert notes("notes.txt", "--client", "Ana") == 0
    assert "You owe £4 to Zoë." in squeezed(capsys.readouterr().out)


def test_a_day_to_come_is_warned_of(capsys: pytest.CaptureFixture[str]) -> None:
    for day, warned in ((date.today() + timedelta(days=2), True), (date.today(), False)):
        assert notes("notes.txt", "--client", "Ana", "--meeting-date", day.isoformat()) == 0
        assert ("in the future" in capsys.readouterr().err) == warned


def test_the_running_service_is_asked(
    alone: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = Settings(data=alone / "data", embedded_url="http://127.0.0.1:9")
    with served(service.create_app(service.config_from(settings, "127.0.0.1", 0))) as url:
        monkeypatch.setenv("NOTES_URL", url)
        words = (
            "notes.txt",
            "--client",
            "Ana",
            "--pdf",
            "a.pdf",
            "--json",
            "a.json",
            "--confirm-by",
            "Ffion",
        )
        assert notes(*words) == 0
    said = capsys.readouterr()
    assert "by code alone" not in said.err
    assert "Confirmed by Ffion" in said.out
    assert json.loads((alone / "a.json").read_text())["seal"]
    assert (alone / "a.pdf").read_bytes().startswith(b"%PDF")


def test_notes_come_from_the_input(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO("\ufeffcl owes £4".encode())))
    assert notes("-", "--client", "Ana") == 0
    assert "You owe £4." in capsys.readouterr().out


@pytest.mark.parametrize(
    "words",
    [
        ["gone.txt", "--client", "A"],
        [".", "--client", "A"],
        ["notes.txt"],
        ["notes.txt", "--client", " "],
        ["notes.txt", "--client", "x" * 201],
        ["notes.txt", "--client", "A", "--meeting-date", "31.3."],
        ["notes.txt", "--client", "A", "--reading-age", "3"],
        ["notes.txt", "--client", "A", "--tone", "rude"],
        ["notes.txt", "--client", "A", "--pdf", "notes.txt"],
        ["notes.txt", "--client", "A", "--pdf", "no/a.pdf"],
        ["notes.txt", "--client", "A", "--pdf", "x", "--docx", "x"],
        ["notes.txt", "--client", "A", "--confirm-by", ""],
    ],
)
def test_words_that_cannot_be_carried_out(alone: Path, words: list[str]) -> None:
    assert notes(*words) == 64
    assert (alone / "notes.txt").read_text() == TEXT


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"", "unprocessable_request"),
        (b" \n\t\n", "unprocessable_request"),
        (b"\x00\x01\x02", "unreadable_document"),
        (b"%PDF-1.7 x", "unreadable_document"),
        (b"\xff\xfe\x00\xd8", "unreadable_document"),
        ("a\0b".encode("utf-16"), "unreadable_document"),
        ("a".encode("utf-32"), "unreadable_document"),
        ("naïve".encode("cp1252"), "unreadable_document"),
        (b"x" * (MAX_NOTES_CHARS + 1), "document_too_large"),
        ("é".encode() * (MAX_NOTES_CHARS * 3), "document_too_large"),
        (b"a\n" * 10_001, "unprocessable_request"),
    ],
)
def test_notes_that_cannot_be_used(
    alone: Path, capsys: pytest.CaptureFixture[str], content: bytes, kind: str
) -> None:
    (alone / "notes.txt").write_bytes(content)
    assert notes("notes.txt", "--client", "A", "--pdf", "a.pdf") == 70
    assert f"({kind})" in capsys.readouterr().err
    assert not (alone / "a.pdf").exists()


def test_a_device_without_end_is_not_read_to_its_end() -> None:
    with pytest.raises(Exception, match="no plain text"):
        read_notes(Path("/dev/zero"))


def view(width: int, **changed: Any) -> str:
    found, out = letter(**changed), io.StringIO()
    order = Order(ConvertRequest(notes=NOTES, client_name="A"), {}, None, None)
    show(Made(found, True, None, {}), order, Console(file=out, width=width, highlight=False, markup=False))
    return out.getvalue()


def test_wide_and_narrow_terminals_and_hostile_words() -> None:
    wide, narrow = view(120), view(60)
    assert "5  - You need to send payslips by Friday (15 May 2026)." in wide
    assert "    line 5" in narrow
    for text in (wide, narrow):
        assert "two amounts of the arrears: £450, £540" in squeezed(text)
        assert "for you to decide" in text
    hostile = view(120, adviser="[red]x\x1b]0;t\x07", client_name="\x1b[31mA")
    assert "\x1b" not in hostile
    assert "[red]x" in hostile


def test_ctrl_c_ends_it_cleanly(alone: Path) -> None:
    os.mkfifo(alone / "pipe")
    child = subprocess.Popen(
        [sys.executable, "-m", "casewright", "notes", "pipe", "--client", "A", "--pdf", "a.pdf"],
        stderr=subprocess.PIPE,
        text=True,
    )
    held: list[int] = []

    def is_read() -> bool:  # who writes gets a pipe open only when somebody reads it
        with contextlib.suppress(OSError):
            held.append(os.open(alone / "pipe", os.O_WRONLY | os.O_NONBLOCK))
        return bool(held)

    wait_for("the notes to be read", is_read)
    child.send_signal(signal.SIGINT)
    os.close(held[0])  # a signal right before the read does not wake it; the end of the pipe does
    _, said = child.communicate(timeout=30)
    assert child.returncode == 130, said
    assert "Traceback" not in said
    assert not (alone / "a.pdf").exists()
