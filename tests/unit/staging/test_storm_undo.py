"""Ctrl-C in a step of the storm: what it stopped goes on, what it mounted and started is gone."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import psutil  # type: ignore[import-untyped]
import pytest

from casewright.stack.plan import SUPERVISOR, Places
from casewright.stack.records import end, family, living, read_record
from casewright.staging import storm_disk, storm_engines, storm_hang
from casewright.staging.ask import Client
from casewright.staging.context import Context
from casewright.staging.full_disk import NoVolume, fill, free, small_volume
from casewright.staging.ledger import Ledger
from unit.stack.standing import plan_of, start_plan
from unit.staging.stack import StandInStack
from unit.staging.storming import config_of

Look = Callable[[], None]


async def cut_short(
    step: Callable[[Context], Awaitable[str]], stack: StandInStack, folder: Path, at: str, look: Look
) -> None:
    """Take a step and press Ctrl-C, as the stage does it, when it tells something with these words."""
    config = config_of(stack, folder)
    await stack.up()
    async with Client(config.deadlines.request_s) as client:
        context = Context(config, client, stack, Ledger(), provider="embedded")
        context.pids = (await stack.processes()).pids
        task = asyncio.ensure_future(step(context))
        seen: list[str] = []

        def hear(words: str) -> None:
            seen.append(words)
            if at in words and len([each for each in seen if at in each]) == 1:
                asyncio.get_running_loop().call_later(0.1, press)

        def press() -> None:
            look()
            task.cancel()

        context.tell = hear
        with pytest.raises(asyncio.CancelledError):
            await task
        assert any(at in words for words in seen)


def states(stack: StandInStack) -> list[str]:
    return [str(psutil.Process(each.pid).status()) for each in stack.running.values()]


def test_what_hangs_goes_on(tmp_path: Path) -> None:
    stack = StandInStack(tmp_path)
    during: list[str] = []
    try:
        asyncio.run(
            cut_short(storm_hang.hang, stack, tmp_path, "rag hangs", lambda: during.extend(states(stack)))
        )
        assert psutil.STATUS_STOPPED in during
        assert psutil.STATUS_STOPPED not in states(stack)
    finally:
        stack.close()


def volumes() -> set[str]:
    """Where small volumes are mounted now."""
    lines = Path("/proc/mounts").read_text().splitlines()
    return {line.split()[1] for line in lines if line.startswith("casewright-stage-")}


def children() -> set[int]:
    return {each.pid for each in psutil.Process().children(recursive=True)}


def test_simulators_and_the_second_stack_end(tmp_path: Path) -> None:
    stack, before = StandInStack(tmp_path), children()  # of other tests, too
    during: list[set[int]] = []
    try:
        step = cut_short(
            storm_engines.engines, stack, tmp_path, "(SIGSTOP)", lambda: during.append(children())
        )
        asyncio.run(step)
        own = {each.pid for each in stack.running.values()}
        assert len(during[0] - own - before) >= 6  # two simulators and four services
        assert children() - own - before == set()
    finally:
        stack.close()


@pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0, reason="only root may mount, on Linux")
def test_the_volume_is_unmounted(tmp_path: Path) -> None:
    stack = StandInStack(tmp_path)
    before, others = volumes(), children()
    during: list[set[str]] = []
    try:
        step = cut_short(
            storm_disk.disk, stack, tmp_path, "the disk is full", lambda: during.append(volumes())
        )
        asyncio.run(step)
        own = during[0] - before  # another run of these tests may have one too
        assert own
        assert not own & volumes()
        assert children() - others == {each.pid for each in stack.running.values()}
    finally:
        stack.close()


@pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0, reason="only root may mount, on Linux")
def test_what_was_cut_short_while_it_filled_the_disk_gives_the_space_back(tmp_path: Path) -> None:
    def begun(volume: Path) -> None:
        while not any(volume.iterdir()):
            pass

    async def cut() -> int:
        async with small_volume(tmp_path) as volume:
            filling = asyncio.ensure_future(fill(volume))
            await asyncio.to_thread(begun, volume)
            filling.cancel()
            await asyncio.wait((filling,))
            assert filling.cancelled()
            await free(volume)
            return shutil.disk_usage(volume).used

    assert asyncio.run(cut()) < 2**20


HOLDS_A_VOLUME = """
import asyncio, sys
from pathlib import Path
from casewright.staging.full_disk import small_volume
async def hold():
    async with small_volume(Path(sys.argv[1])):
        print("mounted", flush=True)
        await asyncio.Event().wait()
asyncio.run(hold())
"""


@pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0, reason="only root may mount, on Linux")
def test_a_volume_that_a_killed_stage_left_is_swept_by_the_next(tmp_path: Path) -> None:
    left, fresh = tmp_path / "left by one that was killed", tmp_path / "fresh"
    left.mkdir()
    fresh.mkdir()
    with subprocess.Popen([sys.executable, "-c", HOLDS_A_VOLUME, str(left)], stdout=subprocess.PIPE) as held:
        assert held.stdout is not None
        assert held.stdout.readline() == b"mounted\n"
        held.kill()
    assert left.is_mount()

    async def next_one() -> None:
        async with small_volume(fresh):
            assert fresh.is_mount()
            assert not left.is_mount()

    asyncio.run(next_one())
    assert not fresh.is_mount()


@pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0, reason="only root may mount, on Linux")
def test_a_volume_that_cannot_be_swept_is_no_reason_to_end_the_stage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left, stack = tmp_path / "left", StandInStack(tmp_path)
    left.mkdir()
    with subprocess.Popen([sys.executable, "-c", HOLDS_A_VOLUME, str(left)], stdout=subprocess.PIPE) as held:
        assert held.stdout is not None
        assert held.stdout.readline() == b"mounted\n"
        held.kill()
    monkeypatch.setenv("CASEWRIGHT_RAG_PORT", "none")  # its `casewright down` cannot be carried out
    config, ledger = config_of(stack, tmp_path), Ledger()
    try:
        asyncio.run(storm_disk.disk(Context(config, Client(1.0), stack, ledger)))
    finally:
        subprocess.run(["umount", str(left)], check=True)
    box = next(each for each in ledger.judge(config) if each.id == storm_disk.DISK)
    assert box.status == "NOT MEASURED"
    assert f"CASEWRIGHT_DATA={left} casewright down" in box.reason


@pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0, reason="only root may mount, on Linux")
def test_the_stack_that_a_killed_stage_left_on_its_volume_is_ended_first(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    left, fresh = tmp_path_factory.mktemp("left"), tmp_path_factory.mktemp("fresh")
    with subprocess.Popen([sys.executable, "-c", HOLDS_A_VOLUME, str(left)], stdout=subprocess.PIPE) as held:
        assert held.stdout is not None
        assert held.stdout.readline() == b"mounted\n"
        places = Places(left)
        started, _ = start_plan(plan_of(rag="", notes=""), places)
        supervisor = living(read_record(places.record(SUPERVISOR)))
        assert supervisor is not None
        all_of_it = family([supervisor])
        held.kill()
    assert (started.outcome, len(all_of_it)) == ("healthy", 3)

    async def next_one() -> None:
        async with small_volume(fresh):
            assert not left.is_mount()

    try:
        asyncio.run(next_one())
        assert [each for each in all_of_it if each.is_running()] == []
    finally:
        end([each for each in all_of_it if each.is_running()], grace_s=0)


def test_no_volume_says_why_and_how(tmp_path: Path) -> None:
    async def refused() -> None:
        with pytest.raises(NoVolume, match="run the stage as root on Linux"):
            async with small_volume(tmp_path / "nothing of that name"):
                pass

    asyncio.run(refused())
