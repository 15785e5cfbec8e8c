"""Ctrl-C more than once, and a terminal that is closed: what was begun to be stopped is stopped."""

from __future__ import annotations

import asyncio
import errno
import os
import signal
import sys
from pathlib import Path

import pytest

from casewright.api.staging import CommandRun
from casewright.staging.config import StageConfig
from casewright.staging.orders import Orders, ordered, to_the_end
from casewright.staging.run import StepEvent, exit_code, run_stage
from casewright.staging.stack import LocalStack
from unit.staging.interrupted import config_at
from unit.staging.stack import StandInStack

# In the place of `casewright`: says that it was begun, waits for a word, says that it has ended.
SLOW = """
import pathlib, threading
here = pathlib.Path({folder!r})
(here / "begun").touch()
while not (here / "go on").exists():
    threading.Event().wait(0.02)
(here / "ended").touch()
"""


def seen(path: Path) -> None:
    while not path.exists():
        pass


def test_stopping_is_not_cut_short_however_often_it_is_cancelled(tmp_path: Path) -> None:
    config = StageConfig(
        data_dir=tmp_path,
        output=tmp_path / "out",
        services={"rag": "http://127.0.0.1:9"},
        command=(sys.executable, "-c", SLOW.format(folder=str(tmp_path))),
    )

    async def impatient() -> None:
        stopping = asyncio.ensure_future(LocalStack(config).down())
        await asyncio.to_thread(seen, tmp_path / "begun")
        for _ in range(3):
            stopping.cancel()
            await asyncio.sleep(0)
        assert not stopping.done()
        (tmp_path / "go on").touch()
        with pytest.raises(asyncio.CancelledError):
            await stopping

    asyncio.run(impatient())
    assert (tmp_path / "ended").exists()


async def test_what_went_wrong_at_the_end_is_told() -> None:
    async def fails() -> None:
        raise ValueError("so it is")

    with pytest.raises(ValueError, match="so it is"):
        await to_the_end(fails())


async def test_a_second_order_does_not_cut_short_what_the_first_undoes() -> None:
    undone, may = [], asyncio.Event()

    async def step() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await may.wait()
            undone.append("what was started")

    with ordered() as order:
        order.task = asyncio.ensure_future(step())
        await asyncio.sleep(0)
        for number in (signal.SIGINT, signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            os.kill(os.getpid(), number)
            await asyncio.to_thread(int)  # the loop hears it
        may.set()
        await asyncio.wait((order.task,))
    assert order.task.cancelled()
    assert undone == ["what was started"]


class Impatient(StandInStack):
    """Its user presses Ctrl-C again while it is stopped."""

    async def down(self) -> CommandRun:
        for _ in range(3):
            os.kill(os.getpid(), signal.SIGINT)
            await asyncio.to_thread(int)
        return await super().down()


def test_ctrl_c_while_the_stack_is_taken_down_leaves_nothing(tmp_path: Path) -> None:
    stack = Impatient(tmp_path)

    def press(event: StepEvent) -> None:
        if event.name == "end to end" and event.result is None:
            os.kill(os.getpid(), signal.SIGINT)

    try:
        result = run_stage(config_at(tmp_path, stack.services), press, stack)
        assert stack.calls == ["up", "down"]
        assert all(each.poll() is not None for each in stack.running.values())
        assert (result.interrupted, exit_code(result)) == (True, 130)
        assert (tmp_path / "out" / "results.json").is_file()
    finally:
        stack.close()


@pytest.mark.parametrize("why", [OSError(errno.EIO, "Input/output error"), SystemExit(1)])
def test_a_terminal_that_is_closed_ends_the_stage_and_its_stack(tmp_path: Path, why: BaseException) -> None:
    stack, closed = StandInStack(tmp_path), False

    def close(event: StepEvent) -> None:
        nonlocal closed
        if closed:
            raise why
        if event.name == "end to end" and event.result is None:
            closed = True
            os.kill(os.getpid(), signal.SIGHUP)

    try:
        result = run_stage(config_at(tmp_path, stack.services), close, stack)
        assert stack.calls == ["up", "down"]
        assert result.interrupted
        assert (tmp_path / "out" / "results.json").is_file()
    finally:
        stack.close()


async def test_under_nohup_a_closed_terminal_is_no_order() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with ordered() as order:
            order.task = asyncio.ensure_future(asyncio.sleep(0))
            os.kill(os.getpid(), signal.SIGHUP)
            await asyncio.wait((order.task,))
        assert not order.task.cancelled()
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


async def test_nothing_to_cancel_is_fine() -> None:
    Orders([]).cancel()
