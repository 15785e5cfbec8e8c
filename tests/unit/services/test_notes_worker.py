"""The second process of the notes service: it says what the service would, and its loss changes no letter."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
import urllib.request
import warnings
from collections.abc import AsyncIterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any, cast

import psutil  # type: ignore[import-untyped]
import pytest

from casewright.api.notes import ConvertRequest
from casewright.engines.scripted import ScriptedEngine
from casewright.notes import worker, worker_wire
from casewright.notes.contradict import contradictions
from casewright.notes.ground import faults
from casewright.notes.read_once import JudgedOnce, read_once
from casewright.notes.remembered import held
from casewright.notes.shapes import Asked, Context, Fault, SourceLine
from casewright.services.kit.config import KitConfig
from casewright.services.notes import NotesConfig
from casewright.services.notes.convert import Converter
from casewright.services.notes.seal import Sealer
from casewright.services.notes.worker import Worker, WorkerConfig, answers
from routing import until
from unit.services.notes_served import Scripted, unreachable
from unit.services.test_notes_service import same

CASES = [
    json.loads(line)
    for line in Path("benchmarks/data/notes/cases.jsonl").read_text(encoding="utf-8").splitlines()[:20]
]
CLASH = "rent arrears £450 as of today\nrent arrears are £540 as of today, LL says\ncl to call LL"
WORDS = "canary"
SOON = WorkerConfig(again_s=0.01, least_s=30.0)
START_S = 30.0


@pytest.fixture
async def beside() -> AsyncIterator[Worker]:
    """A worker that has come up."""
    async with _started(SOON) as made:
        yield made


@contextlib.asynccontextmanager
async def _started(config: WorkerConfig) -> AsyncIterator[Worker]:
    made = Worker(config)
    made.start()
    try:
        await until(lambda: made.pid is not None, START_S)
        yield made
    finally:
        await made.aclose()


def asked_of(notes: str, meeting: date | None = None, name: str = "Ann Other") -> ConvertRequest:
    return ConvertRequest(notes=notes, client_name=name, meeting_date=meeting)


def sentences() -> list[Asked]:
    """Truths and lies on one line each."""
    made = []
    for number, (line, said) in enumerate(
        (
            ("cl owes Barclays £450", "You owe Barclays £450."),
            ("cl owes Barclays £450", "You owe Barclays £540."),
            ("cl has 2 children", "You have 2 children."),
            ("cl has 2 children", "You have no children."),
            ("cl lives with mum", "You live with your mum."),
            ("LL served s21 notice on 3 March", "Your landlord served a section 21 notice on 4 March."),
        ),
        1,
    ):
        context = Context("Ann Other", "matters_discussed", "client", sure=True, meeting=date(2026, 5, 1))
        made.append(Asked(said, (SourceLine(number, line),), context))
    return made


class Counting:
    """The service's judge, which counts what it is asked."""

    def __init__(self) -> None:
        self.asked = 0

    def __call__(self, sentence: str, lines: Sequence[SourceLine], context: Context) -> tuple[Fault, ...]:
        self.asked += 1
        return faults(sentence, lines, context)


async def test_it_finds_the_contradictions_that_the_service_would(beside: Worker) -> None:
    found = 0
    for case in CASES:
        meeting = date.fromisoformat(case["meeting_date"]) if case.get("meeting_date") else None
        reading = read_once(case["notes"], case["client_name"])
        ours = contradictions(reading.entries, case["client_name"], meeting, withheld=reading.withheld)
        assert await beside.clashes(asked_of(case["notes"], meeting, case["client_name"])) == ours
        found += len(ours)
    assert found > 2
    assert [clash.lines for clash in await beside.clashes(asked_of(CLASH)) or ()] == [(1, 2)]


async def test_half_of_the_sentences_are_judged_there_with_the_same_word(beside: Worker) -> None:
    ours = Counting()
    judge = JudgedOnce(ours)
    asked = sentences()
    await beside.ahead(judge, [*asked, *asked])
    assert judge.unknown(asked) == []
    assert ours.asked < len(asked)  # the others came from there
    for one in asked:
        assert judge.judge(one) == faults(one.sentence, one.lines, one.context)
    assert [bool(judge.judge(one)) for one in asked] == [False, True, False, True, False, True]
    before = ours.asked
    await beside.ahead(judge, asked)
    assert ours.asked == before


async def test_without_it_all_sentences_are_judged_here() -> None:
    ours = Counting()
    judge = JudgedOnce(ours)
    await Worker().ahead(judge, sentences())
    assert ours.asked == len(sentences())
    assert await Worker().clashes(asked_of(CLASH)) is None


async def test_one_that_is_killed_is_missed_once_and_comes_back(beside: Worker) -> None:
    first = beside.pid
    assert first is not None
    os.kill(first, signal.SIGKILL)
    assert await beside.clashes(asked_of(CLASH)) is None
    ours = Counting()
    judge = JudgedOnce(ours)
    await beside.ahead(judge, sentences())
    assert judge.unknown(sentences()) == []
    await until(lambda: beside.pid not in (None, first), START_S)
    assert await beside.clashes(asked_of(CLASH)) is not None


async def test_one_that_hangs_is_ended_and_its_sentences_are_judged_here() -> None:
    async with _started(WorkerConfig(again_s=0.01, least_s=0.05)) as made:
        first = made.pid
        assert first is not None
        process = psutil.Process(first)
        os.kill(first, signal.SIGSTOP)
        ours = Counting()
        judge = JudgedOnce(ours)
        await made.ahead(judge, sentences())
        assert judge.unknown(sentences()) == []
        assert ours.asked == len(sentences())
        await until(lambda: not process.is_running() or process.status() == psutil.STATUS_ZOMBIE)
        await until(lambda: made.pid not in (None, first), START_S)


async def test_whoever_goes_away_leaves_no_work_behind(beside: Worker) -> None:
    first = beside.pid
    assert first is not None
    process = psutil.Process(first)
    waiting = asyncio.ensure_future(beside.clashes(asked_of("\n".join([CLASH] * 2_000))))
    await asyncio.sleep(0)  # it is asked
    await until(lambda: process.status() == psutil.STATUS_RUNNING)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    await until(lambda: not process.is_running() or process.status() == psutil.STATUS_ZOMBIE)
    await until(lambda: beside.pid not in (None, first), START_S)
    assert await beside.clashes(asked_of(CLASH)) is not None


async def test_one_that_is_busy_is_not_waited_for(beside: Worker) -> None:
    long = asyncio.ensure_future(beside.clashes(asked_of("\n".join([CLASH] * 300))))
    await asyncio.sleep(0)
    assert await beside.clashes(asked_of(CLASH)) is None
    assert await long is not None


async def test_it_is_given_no_key_of_the_service(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CASEWRIGHT_API_KEY", "canary-of-a-key")
    async with _started(SOON) as made:
        assert made.pid is not None
        told = psutil.Process(made.pid).environ()
    assert "PATH" in told
    assert "canary-of-a-key" not in told.values()


async def test_closing_ends_it_even_while_it_comes_up() -> None:
    made = Worker(SOON)
    made.start()
    me = psutil.Process()
    before = {child.pid for child in me.children()}
    await until(lambda: bool({child.pid for child in me.children()} - before), START_S)
    await made.aclose()
    assert {child.pid for child in me.children()} <= before
    assert await made.clashes(asked_of(CLASH)) is None
    assert made.pid is None


@pytest.mark.parametrize("strategy", ["extractive", "structured"])
async def test_a_letter_is_the_same_with_it_and_without(
    beside: Worker, tmp_path: Path, strategy: str
) -> None:
    config = NotesConfig(KitConfig(name="notes", data_dir=tmp_path), unreachable(tmp_path))
    model = Scripted(config.llm, same, "structured", None)
    assert isinstance(model.scripted, ScriptedEngine)
    letters = []
    for helper in (beside, None):
        converter = Converter(config, model, Sealer(tmp_path), worker=helper)
        body = asked_of(CASES[0]["notes"] + "\n" + CLASH).model_copy(update={"strategy": strategy})
        made = await converter.convert(body)
        letters.append(made.model_dump(exclude={"timings", "seal", "request_id", "attempts"}))
    assert letters[0] == letters[1]
    assert letters[0]["contradictions"]
    assert held() == 0


class Speaking:
    """In place of a meeting's day: what it raises has words of the client's."""

    def __add__(self, _days: object) -> None:
        raise LookupError(WORDS)


def test_a_defect_is_told_without_its_words(caplog: pytest.LogCaptureFixture) -> None:
    broken = worker_wire.Clashes(7, "rent of £40 due tomorrow", "Ann Other", cast("Any", Speaking()))
    assert worker.answered(broken) == worker_wire.Failed(7, "LookupError")
    assert "a task failed with LookupError" in caplog.text
    assert "canary" not in caplog.text


async def test_a_task_of_another_shape_ends_it_without_its_words(capfd: pytest.CaptureFixture[str]) -> None:
    async with _started(SOON) as made:
        first = made.pid
        broken = worker_wire.Clashes(1, "x", "Ann Other", cast("Any", "canary"))
        with warnings.catch_warnings(action="ignore"):  # pydantic's, that it does not fit
            assert await made._ask(broken, 30.0) is None
        await until(lambda: made.pid not in (None, first), START_S)
    said = capfd.readouterr().err
    assert "a task of another shape: ValidationError" in said
    assert "canary" not in said


def test_an_answer_to_something_else_is_none() -> None:
    clash, judge = worker_wire.Clashes(2, CLASH, "Ann Other", None), worker_wire.Judge(3, tuple(sentences()))
    assert answers(worker_wire.Found(2, ()), clash)
    assert answers(worker_wire.Failed(2, "X"), clash)
    assert answers(worker_wire.Judged(3, ((),) * len(sentences())), judge)
    assert not answers(worker_wire.Found(1, ()), clash)
    assert not answers(worker_wire.Failed(1, "X"), clash)
    assert not answers(worker_wire.Judged(2, ((),)), clash)
    assert not answers(worker_wire.Found(3, ()), judge)
    assert not answers(worker_wire.Judged(3, ((),)), judge)


async def test_many_letters_at_once_get_their_own_answers(beside: Worker) -> None:
    bodies = [asked_of(f"rent arrears £{n}50\nrent arrears are £{n}40 today, LL says") for n in range(1, 9)]
    judges = [JudgedOnce(faults) for _ in bodies]
    found = await asyncio.gather(
        *(beside.clashes(body) for body in bodies), *(beside.ahead(each, sentences()) for each in judges)
    )
    for body, clashes in zip(bodies, found, strict=False):
        reading = read_once(body.notes, "Ann Other")
        assert clashes in (None, contradictions(reading.entries, "Ann Other", None))
    for each in judges:
        assert each.unknown(sentences()) == []
        assert [bool(each.judge(one)) for one in sentences()] == [False, True, False, True, False, True]


@pytest.mark.parametrize("frame", [b"\xff\xff\xff\xff", b"\x00\x00\x00\x02{}"])
def test_a_frame_of_another_shape_is_refused(frame: bytes) -> None:
    with pytest.raises(ValueError, match=r"frame of|validation error"):
        size = worker_wire.length(frame[:4])
        worker_wire.TASK.validate_json(frame[4 : 4 + size])


def test_it_ends_with_the_service_however_that_ends(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "casewright", "serve", "notes", "--port", "0"]
    environment = {**os.environ, "CASEWRIGHT_DATA": str(tmp_path)}
    for end in (signal.SIGTERM, signal.SIGKILL):
        running = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
        try:
            assert running.stdout is not None
            url = running.stdout.readline().split(" at ")[1].split(";")[0]
            asyncio.run(until(lambda: bool(_workers(running.pid)), START_S))  # noqa: B023 - ended in this turn
            children = _workers(running.pid)
            body = asked_of(CLASH).model_dump_json().encode()
            request = urllib.request.Request(
                f"{url}/convert", body, {"Content-Type": "application/json"}, method="POST"
            )
            with urllib.request.urlopen(request, timeout=30) as answer:
                assert json.load(answer)["contradictions"]
            running.send_signal(end)
            running.wait(30)
            asyncio.run(until(lambda: not any(one.is_running() for one in children), START_S))  # noqa: B023
        finally:
            running.kill()
            running.wait()
            assert running.stdout is not None
            running.stdout.close()


def _workers(pid: int) -> list[psutil.Process]:
    return [
        child
        for child in psutil.Process(pid).children(recursive=True)
        if "casewright.notes.worker" in " ".join(child.cmdline())
    ]
