"""A stage's load: three runs of Locust over stand-ins, what is left out and why, and Ctrl-C in the middle."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from pathlib import Path

import pytest

from casewright.cli.stage import load_of
from casewright.staging import steps_load
from casewright.staging.capacity import Capacity, Level, measure
from casewright.staging.config import LoadPlan, StageConfig
from casewright.staging.context import CannotGoOn, Context
from casewright.staging.load import LoadRun
from casewright.staging.load_stack import free_ports, simulated_stack
from casewright.staging.sampling import Sampler
from casewright.staging.stack import LocalStack, Stack
from casewright.staging.steps_load import LOAD, OVERLOAD
from unit.staging.loading import SMALL, config_for, loaded, loading, refused, until


def test_three_runs_over_a_right_stack_hold(tmp_path: Path) -> None:
    found = loaded(config_for(tmp_path), steps_load.load)
    # two seconds of load may be too little to prove a rate; everything else is shown
    oks = found.oks(LOAD)
    assert not [what for what, ok in oks.items() if ok is False], found.box(LOAD).reason
    shown = {what.removeprefix(f"{name}: ") for what, ok in oks.items() if ok for name in RUNS}
    assert shown >= {"the run", "workers of Locust", "the engine was asked", "longest prompt in tokens"}
    assert oks["capacity"] is True
    # six users for two seconds are not what the boxes ask for
    assert found.box(LOAD).status == found.box(OVERLOAD).status == "NOT PROVEN"
    small = {f"{name}: {what}" for name in RUNS for what in ("users", "duration")}
    assert {oks[what] for what in small} == {None}
    assert [what for what, ok in found.oks(OVERLOAD).items() if not ok] == ["overload: users"]
    assert all(oks[f"load-simulator: requests to {name}"] for name in ("rag", "notes", "documents"))
    found.ledger.write(found.config.output)
    kept = json.loads((found.config.output / "performance-load.json").read_text())
    assert kept["seen"]["simulator"]["completed"] >= kept["seen"]["load-simulator"]["model_asked"] > 0
    assert kept["seen"]["load-simulator"]["run"]["workers"] == 2
    levels = kept["seen"]["capacity"]["levels"]
    assert [each["users"] for each in levels] == [1, 2, 4, 8]
    # the first step has one answer or two: by the slowest of them
    assert all(each["p95_ms"] > 0 for each in levels)
    assert all(each["answered"] == each["by_model"] > 0 == each["failed"] for each in levels)
    assert any("-u" in command["words"] for command in kept["commands"])
    for name in (*RUNS, "overload"):
        files = {path.name for path in found.config.output.glob(f"{name}*")}
        assert {f"{name}.json", f"{name}_stats.csv"} <= files
        assert any(line.startswith(f"{name}: 6 users") for line in found.told)


RUNS = ("load-simulator", "load-model")


def test_the_memory_of_those_that_answer_is_sampled_meanwhile(tmp_path: Path) -> None:
    seen: list[set[str]] = []

    async def run(context: Context) -> str:
        context.step = "load"
        sampler = Sampler(context)
        sampler.start()
        try:
            async with simulated_stack(context, "http://127.0.0.1:9", LOAD):
                await until(lambda: any(each.loaded for each in sampler.moments))
            await steps_load._modelled(context)
        finally:
            await sampler.stop()
        seen.extend({*each.loaded} for each in sampler.moments)
        assert context.loaded == {}
        return ""

    config = config_for(tmp_path, plan=replace(SMALL, workers=0))
    loaded(replace(config, deadlines=replace(config.deadlines, sample_s=0.2)), run)
    assert {"rag (simulator)", "notes (simulator)", "documents (simulator)"} in seen
    assert {"rag (own engine)"} in seen
    assert set() in seen


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"load": replace(SMALL, seconds=0)}, "no load was asked for"),
        ({"attach": True}, "--attach"),
        ({"load": replace(SMALL, locustfile=None)}, "no locustfile.py"),
    ],
)
def test_what_cannot_be_loaded_says_why(change: dict[str, object], why: str, tmp_path: Path) -> None:
    config = replace(config_for(tmp_path), **change)  # type: ignore[arg-type]
    with pytest.raises(CannotGoOn, match=why):
        loaded(config, steps_load.load, stack=False)


def test_ctrl_c_during_a_load_takes_everything_down(tmp_path: Path) -> None:
    config = config_for(tmp_path, plan=replace(SMALL, seconds=60.0))
    places: list[int] = []

    async def run(context: Context) -> str:
        context.stack = WatchedStack(context.config, places)
        return await steps_load._simulated(context)

    async def interrupted() -> None:
        task = asyncio.ensure_future(loading(config, run, stack=False))
        stats = config.output / "load-simulator_stats.csv"
        await until(lambda: stats.is_file() or task.done())
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(interrupted())
    assert len(places) == 4
    assert all(refused(port) for port in places)


def test_the_command_is_the_plans_own_with_workers() -> None:
    run = LoadRun("load-model", "model", "http://127.0.0.1:8003", 300, 20.5, {})
    words = " ".join(run.words(replace(SMALL, users=50, ramp=10), Path("out"), 1234))
    assert f"-f {SMALL.locustfile} --host=http://127.0.0.1:8003 -u 50 -r 10 --run-time 300s" in words
    assert "--processes 2 --master-bind-host 127.0.0.1 --master-bind-port 1234" in words
    assert "--pause 20.50" in words


def level(users: int, per_second: float, p95_ms: float | None, failed: int = 0) -> Level:
    return Level(users, 5.0, 10, 10, failed, per_second, p95_ms, p95_ms)


def test_the_pause_puts_a_share_of_the_capacity_on() -> None:
    found = Capacity((level(1, 2.0, 500.0), level(4, 4.0, 1000.0), level(8, 5.0, 6000.0)), 5000.0)
    assert found.best == found.levels[1]
    pause_s = found.pause_s(50)
    assert pause_s is not None
    assert 50 / (pause_s + 1.0) == pytest.approx(0.7 * 4.0)
    assert found.users_within(pause_s) == 50
    assert "4.00 answers a second with 4 at once" in found.words


def test_nothing_within_the_target_is_no_capacity() -> None:
    found = Capacity((level(1, 2.0, 9000.0), level(2, 2.0, 100.0, failed=1), level(4, 1.0, None)), 5000.0)
    assert (found.best, found.pause_s(50), found.users_within(5.0)) == (None, None, None)
    assert "no step was answered within 5000 ms" in found.words


def test_the_locustfile_is_the_folders_own_or_the_source_trees(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert load_of(7, 30.0) == LoadPlan(users=7, seconds=30.0, locustfile=SMALL.locustfile)
    (tmp_path / "locustfile.py").write_text("")
    assert load_of(7, 30.0).locustfile == tmp_path / "locustfile.py"


def test_services_that_are_not_there_are_asked_once(tmp_path: Path) -> None:
    async def run(context: Context) -> str:
        found = await measure(context.client, context.url("rag"), 0.05, 5000.0, context.tell)
        assert len(found.levels) == 1
        return found.words

    assert "Cannot connect" in loaded(config_for(tmp_path), run, stack=False).ended


def test_ports_are_different_and_free() -> None:
    found = free_ports(20)
    assert len(set(found)) == 20
    assert all(refused(port) for port in found)


class WatchedStack(LocalStack):
    """The stack, noting where another one beside it is put."""

    def __init__(self, config: StageConfig, places: list[int]) -> None:
        super().__init__(config)
        self._places = places

    def beside(self, config: StageConfig) -> Stack:
        """A second stack."""
        self._places.extend(int(url.rpartition(":")[2]) for url in config.services.values())
        return super().beside(config)
