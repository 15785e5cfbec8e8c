"""Ctrl-C more than once, and a terminal that is closed: what was begun to be stopped is stopped."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import json
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from casewright.api.staging import CommandRun, Exchange
from casewright.staging.ask import Answer, Client
from casewright.staging.compose import Compose, ComposeStack
from casewright.staging.compose_cli import ComposeCli
from casewright.staging.config import StageConfig
from casewright.staging.context import Context
from casewright.staging.ledger import Ledger
from casewright.staging.orders import Orders, ordered, to_the_end
from casewright.staging.run import StepEvent, exit_code, run_stage
from casewright.staging.samples import Plan, Recorder, Recording
from casewright.staging.soak import Soak
from casewright.staging.stack import LocalStack, Stack
from casewright.staging.storm import stopped
from unit.staging.interrupted import config_at
from unit.staging.soak_watch import FixedStack
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


def of_processes(config: StageConfig) -> Stack:
    return LocalStack(config)


def of_containers(config: StageConfig) -> Stack:
    return ComposeStack(config, Compose(ComposeCli(config.command, (2, 40, 3), (), os.environ), {}))


@pytest.mark.parametrize("kind", [of_processes, of_containers])
def test_stopping_is_not_cut_short_however_often_it_is_cancelled(
    tmp_path: Path, kind: Callable[[StageConfig], Stack]
) -> None:
    config = StageConfig(
        data_dir=tmp_path,
        output=tmp_path / "out",
        services={"rag": "http://127.0.0.1:9"},
        command=(sys.executable, "-c", SLOW.format(folder=str(tmp_path))),
    )

    async def impatient() -> None:
        stopping = asyncio.ensure_future(kind(config).down())
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


class Deaf(StandInStack):
    """Ctrl-C comes while it is started, and is swallowed there."""

    async def up(self) -> CommandRun:
        os.kill(os.getpid(), signal.SIGINT)
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.Event().wait()
        return await super().up()


def test_an_order_that_a_step_swallowed_is_carried_out_at_its_end(tmp_path: Path) -> None:
    stack = Deaf(tmp_path)
    try:
        result = run_stage(config_at(tmp_path, stack.services), lambda _: None, stack)
        assert (result.interrupted, exit_code(result)) == (True, 130)
        assert stack.calls == ["up", "down"]
        steps = {step.name: step.status for step in result.steps}
        assert (steps["start"], steps["end to end"]) == ("interrupted", "skipped")
    finally:
        stack.close()


def test_an_order_is_carried_out_between_steps_once_and_for_its_own_task() -> None:
    async def given() -> None:
        order = Orders([])
        order.carry_out()
        order.task = asyncio.ensure_future(asyncio.sleep(0))
        order.carry_out()
        order.cancel()
        with pytest.raises(asyncio.CancelledError):
            order.carry_out()
        order.task = asyncio.ensure_future(asyncio.sleep(0))
        order.carry_out()

    asyncio.run(given())


class Endless(StandInStack):
    """It never says that it has stopped."""

    async def down(self) -> CommandRun:
        self.calls.append("down")
        await asyncio.Event().wait()
        return await super().down()


def test_an_end_that_does_not_come_is_a_finding_and_the_report_is_written(tmp_path: Path) -> None:
    stack = Endless(tmp_path)
    config = config_at(tmp_path, stack.services)
    config = replace(config, deadlines=replace(config.deadlines, end_s=0.3))

    def press(event: StepEvent) -> None:
        if event.name == "end to end" and event.result is None:
            os.kill(os.getpid(), signal.SIGINT)

    try:
        result = run_stage(config, press, stack)
        assert stack.calls == ["up", "down"]
        assert (result.interrupted, exit_code(result)) == (True, 130)
        down = next(box for box in result.boxes if box.id == "startup.down")
        assert down.status == "FAIL"
        assert "within 0.3 s" in down.reason
        assert "casewright down" in down.reason
        assert (tmp_path / "out" / "results.json").is_file()
        state = json.loads((tmp_path / "out" / "state.json").read_text())
        assert (state["finished"], state["up"]) == (False, True), "--resume takes it down"
    finally:
        stack.close()


class Frozen(StandInStack):
    """To let a process go on takes until ``may``."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.asked, self.may = asyncio.Event(), asyncio.Event()

    async def signal(self, pid: int, number: int) -> str | None:
        if number == signal.SIGCONT:
            self.asked.set()
            await self.may.wait()
        self.calls.append(signal.Signals(number).name)
        return None


async def test_the_first_ctrl_c_waits_for_what_was_stopped_to_go_on(tmp_path: Path) -> None:
    stack = Frozen(tmp_path)
    config = config_at(tmp_path, stack.services)
    context = Context(config, Client(1.0), stack, Ledger())

    async def step() -> None:
        async with stopped(context, 1):
            pass

    task = asyncio.ensure_future(step())
    await stack.asked.wait()
    task.cancel()
    for _ in range(5):
        await asyncio.sleep(0)
    assert not task.done()
    stack.may.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert stack.calls == ["SIGSTOP", "SIGCONT"]


class Lingering(Client):
    """Its posts take until they are cancelled, and then until ``may``."""

    def __init__(self) -> None:
        super().__init__(1.0)
        self.posted, self.cut, self.may = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def get(self, url: str, *, timeout_s: float | None = None) -> Answer:
        return Answer(503, {}, b"", Exchange(at="now", method="GET", url=url, sent=""))

    async def post_json(self, url: str, body: object, *, timeout_s: float | None = None) -> Answer:
        self.posted.set()
        try:
            await asyncio.Event().wait()
        finally:
            self.cut.set()
            await self.may.wait()
        return await self.get(url)


async def test_a_cancel_while_a_soak_ends_its_load_is_not_taken_for_the_loads_own(tmp_path: Path) -> None:
    services = {"rag": "http://127.0.0.1:9"}
    config = StageConfig(tmp_path, tmp_path, services, ("false",), attach=True)
    client, plan = Lingering(), Plan(duration_s=60, interval_s=0.01, users=1, pause_s=0.01, warm=0, looks=0)

    def closed(_: Recording) -> None:
        if client.posted.is_set():
            raise OSError(errno.EIO, "Input/output error")

    with Recorder(tmp_path) as recorder:
        stack = FixedStack(config, {"rag": os.getpid()})
        soak = Soak(config, stack, client, recorder, closed, tell=lambda _: None)
        task = asyncio.ensure_future(soak.run(plan, asyncio.Event()))
        await client.cut.wait()
        task.cancel()
        await asyncio.sleep(0)
        client.may.set()
        with pytest.raises(asyncio.CancelledError):
            await task


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
