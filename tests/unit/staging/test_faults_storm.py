"""Faults of what is killed and stopped: what a storm loses, restarts of their own, dependencies that go."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from casewright.staging import steps_break, steps_storm, storm_hang
from casewright.staging.acknowledged import Book
from casewright.staging.ask import Client
from casewright.staging.config import Deadlines, StageConfig
from casewright.staging.context import Context
from casewright.staging.ledger import Ledger
from casewright.staging.stack import Listing, ProcessSeen
from casewright.staging.storm import bound_of, patience_of, started_again, starts_of, whole
from ports import free_ports
from unit.staging.faults import injects
from unit.staging.stack import StandInStack, told
from unit.staging.storming import Runs, evidence_of, failures, impatient, open_ones

AFTER = "after the storm"


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Runs]:
    found = Runs(tmp_path)
    yield found
    found.close()


# ---- what was acknowledged


@injects("resilience.data", itself=True)
def test_what_a_storm_loses_fails_each_by_its_kind(run: Runs, tmp_path: Path) -> None:
    faults = ("forgets-paper", "forgets-letter", "forgets-original", "doctor", "fails-now-and-then", "trace")
    assert run(steps_storm.storm, *faults)["resilience.data"].status == "FAIL"
    # one of the lost may be met by an erasure, too
    assert failures(tmp_path, "resilience-data") - {
        f"acknowledged documents that were gone before their erasure {AFTER}"
    } == {
        f"acknowledged documents that are not found {AFTER}",
        f"acknowledged documents that do not answer a question {AFTER}",
        f"confirmations that are lost {AFTER}",
        f"originals that are lost {AFTER}",
        "refused in the storm: status",
        "refused in the storm: no trace",
        "casewright doctor",
    }


@injects("resilience.data", itself=True)
def test_a_document_that_its_erasure_does_not_find_was_lost(run: Runs, tmp_path: Path) -> None:
    assert run(steps_storm.storm, "lost-before")["resilience.data"].status == "FAIL"
    assert failures(tmp_path, "resilience-data") == {
        f"acknowledged documents that were gone before their erasure {AFTER}",
        "refused in the storm: status",  # 404 is no refusal that a storm brings
    }


@injects("resilience.data", itself=True)
def test_every_document_must_answer_and_not_the_oldest_alone(run: Runs, tmp_path: Path) -> None:
    assert run(steps_storm.storm, "tires")["resilience.data"].status == "FAIL"
    assert failures(tmp_path, "resilience-data") == {
        f"acknowledged documents that do not answer a question {AFTER}"
    }


def test_what_was_erased_and_comes_back_fails(run: Runs, tmp_path: Path) -> None:
    assert run(steps_storm.storm, "revives")["resilience.data"].status == "FAIL"
    assert failures(tmp_path, "resilience-data") == {f"erased documents that came back {AFTER}"}


def test_what_was_not_asked_for_in_time_is_not_proven(tmp_path: Path) -> None:
    stack = StandInStack(tmp_path)

    async def looked_at() -> dict[str, tuple[bool | None, str]]:
        await stack.up()
        async with Client(3.0) as client:
            book = Book(client, stack.services, 1, check_s=-1.0)
            await book.put_text()
            findings, _ = await book.check("now")
            return {each.what: (each.ok, each.seen) for each in findings}

    try:
        found = asyncio.run(looked_at())
    finally:
        stack.close()
    seen = (None, "0 of 0; 1 more were not asked for in time")
    assert found["acknowledged documents that are not found now"] == seen


# ---- kills that were none, and restarts that nobody asked for


@pytest.mark.parametrize("kills", [1, 2])
def test_a_storm_kills_as_often_as_it_is_told_and_too_few_prove_nothing(
    run: Runs, tmp_path: Path, kills: int
) -> None:
    box = run(steps_storm.storm, change=lambda config: replace(config, kills=kills))["resilience.data"]
    assert box.status == "NOT PROVEN"
    assert open_ones(tmp_path, "resilience-data") == {"kills carried out": str(kills)}
    kept = evidence_of(tmp_path, "resilience-data")
    assert len(kept.seen["kills"]) == kills
    assert f"kill {kills}, " in "".join(each.what for each in kept.findings)


class Unkillable(StandInStack):
    """A stack whose processes must not be killed, as where a daemon forbids it."""

    async def signal(self, pid: int, number: int) -> str | None:
        return "not allowed" if number == signal.SIGKILL else await super().signal(pid, number)


def test_a_storm_that_kills_nothing_proves_nothing(run: Runs, tmp_path: Path) -> None:
    box = run(steps_storm.storm, stack=Unkillable(tmp_path))["resilience.data"]
    assert box.status == "NOT PROVEN"
    assert "kills carried out: 0; " in box.reason
    assert "not allowed" in box.reason


@injects("resilience.data", itself=True)
def test_the_killed_that_stay_away_fail_the_storm(run: Runs, tmp_path: Path) -> None:
    def quick(config: StageConfig) -> StageConfig:
        limits = Deadlines(
            request_s=0.5, answer_s=0.3, recovery_s=0.2, poll_s=0.05, health_s=0.5, traffic_s=0.05
        )
        return replace(config, kills=1, deadlines=limits)

    stack = StandInStack(tmp_path, restarts=False)
    assert run(steps_storm.storm, stack=stack, change=quick)["resilience.data"].status == "FAIL"
    found = failures(tmp_path, "resilience-data")
    assert "whole again after the storm" in found
    assert any(what.startswith("kill 1, ") and what.endswith(": whole again") for what in found)


class Dragging(StandInStack):
    """A stack in which the page ends by itself whenever something else is killed."""

    async def signal(self, pid: int, number: int) -> str | None:
        web = self.running["web"]
        if number == signal.SIGKILL and pid != web.pid:
            web.kill()
        return await super().signal(pid, number)


@injects("resilience.data", "resilience.recovery", itself=True)
def test_a_process_that_ends_by_itself_meanwhile_fails(run: Runs, tmp_path: Path) -> None:
    stack = Dragging(tmp_path)

    async def both(context: Context) -> str:
        await steps_break.recovery(context)
        return await steps_storm.storm(context)

    boxes = run(both, stack=stack)
    assert {boxes[name].status for name in ("resilience.data", "resilience.recovery")} == {"FAIL"}
    assert "web started again after the kills" in failures(tmp_path, "resilience-recovery")
    assert "web started again in the storm" in failures(tmp_path, "resilience-data")


def listing(*processes: ProcessSeen) -> Listing:
    return Listing(told("ps"), processes)


def test_starts_are_counted_against_kills_and_unknown_ones_prove_nothing(tmp_path: Path) -> None:
    config = StageConfig(tmp_path, tmp_path, {}, ())
    context = Context(config, Client(1.0), StandInStack(tmp_path), Ledger())
    now = listing(*(ProcessSeen(name, "running", 1, None, restarts=2) for name in ("a", "b", "c", "d")))
    before = {"a": 1, "b": 2, "c": 1, "d": None}
    since = starts_of(
        context, listing(*(ProcessSeen(name, "running", 1, None, restarts=n) for name, n in before.items()))
    )
    context.kills = {"a": 1}
    assert [each.ok for each in started_again(context, now, "then", since)] == [True, True, False, None]
    assert [each.ok for each in started_again(context, now, "then", None)] == [None]


# ---- dependencies


class WithChroma(StandInStack):
    """A stack with a Chroma server beside, of which only that is listed, which makes it quick to kill."""

    def __init__(self, folder: Path, *faults: str) -> None:
        super().__init__(folder, *faults)
        self.ports["chroma"] = free_ports(1)[0]

    @property
    def services(self) -> dict[str, str]:
        return {name: url for name, url in super().services.items() if name != "chroma"}

    async def processes(self) -> Listing:
        found = await super().processes()
        return replace(found, processes=tuple(each for each in found.processes if each.name == "chroma"))


@injects("resilience.recovery", "resilience.hang", itself=True)
def test_a_search_that_needs_the_server_which_is_gone_fails(run: Runs, tmp_path: Path) -> None:
    async def both(context: Context) -> str:
        await steps_break.recovery(context)
        return await storm_hang.hang(context)

    boxes = run(both, stack=WithChroma(tmp_path, "needs-chroma"))
    assert {boxes[name].status for name in ("resilience.hang", "resilience.recovery")} == {"FAIL"}
    assert failures(tmp_path, "resilience-recovery") == {"a search by meaning while chroma is gone"}
    assert "a search by meaning while chroma hangs" in failures(tmp_path, "resilience-hang")


def test_a_search_by_meaning_goes_on_without_the_server(run: Runs, tmp_path: Path) -> None:
    box = run(steps_break.recovery, stack=WithChroma(tmp_path))["resilience.recovery"]
    assert box.status == "PASS"
    whats = {each.what for each in evidence_of(tmp_path, "resilience-recovery").findings}
    assert "a search by meaning while chroma is gone is answered" in whats


class Said(StandInStack):
    """A stack of which one process is listed under another name, without a page of its own to ask."""

    def __init__(self, folder: Path, name: str, of: str, *, health: str = "healthy", after: str = "") -> None:
        super().__init__(folder)
        self.shown, self.of, self.health, self.after = name, of, health, after or health

    async def signal(self, pid: int, number: int) -> str | None:
        self.health = self.after
        return await super().signal(pid, number)

    async def processes(self) -> Listing:
        found = await super().processes()
        seen = tuple(
            ProcessSeen(self.shown, "running", each.pid, None, self.health, restarts=each.restarts)
            for each in found.processes
            if each.name == self.of
        )
        return replace(found, processes=seen)


@injects("resilience.recovery", itself=True)
def test_a_container_without_a_page_is_well_again_only_when_it_is_said_to_be(
    run: Runs, tmp_path: Path
) -> None:
    stack = Said(tmp_path, "ollama", "documents", after="starting")
    assert run(steps_break.recovery, stack=stack, change=impatient)["resilience.recovery"].status == "FAIL"
    assert "ollama: healthy again" in failures(tmp_path, "resilience-recovery")


def test_a_container_is_well_when_it_runs_anew_and_says_so(tmp_path: Path) -> None:
    stack = Said(tmp_path, "n8n", "web")
    config = StageConfig(tmp_path, tmp_path, {}, (), target="compose")

    async def looked_at() -> list[bool]:
        await stack.up()
        async with Client(1.0) as client:
            context = Context(config, client, stack, Ledger())
            well = await whole(context, "n8n")
            context.killed.update((await stack.processes()).pids.values())
            said_still = await whole(context, "n8n")
            context.killed.clear()
            stack.health = "starting"
            return [well, said_still, await whole(context, "n8n"), await whole(context, "ollama")]

    try:
        assert asyncio.run(looked_at()) == [True, False, False, False]
    finally:
        stack.close()


def test_what_a_killed_one_may_take_is_by_what_it_must_load(tmp_path: Path) -> None:
    services = {"rag": "http://127.0.0.1:1"}
    context = Context(
        StageConfig(tmp_path, tmp_path, services, ()), Client(1.0), StandInStack(tmp_path), Ledger()
    )
    names = ("rag", "engine", "vllm", "ollama")
    assert [bound_of(context, name) for name in names] == [15, 30, 30, 15]
    assert bound_of(context, "rag", "engine") == 30
    assert patience_of(context, "vllm") == context.config.deadlines.recovery_s
    context.config = replace(context.config, target="compose")
    assert [bound_of(context, name) for name in names] == [15, 60, 300, 60]
    assert patience_of(context, "vllm", "rag") == 300


@injects("resilience.hang", itself=True)
def test_an_engine_under_its_containers_name_must_be_missed(run: Runs, tmp_path: Path) -> None:
    stack = Said(tmp_path, "vllm", "engine")
    assert run(storm_hang.hang, stack=stack, provider="vllm")["resilience.hang"].status == "PASS"
    deaf = Said(tmp_path, "vllm", "engine")
    deaf.faults = "deaf"
    boxes = run(storm_hang.hang, stack=deaf, provider="vllm", change=impatient)
    assert boxes["resilience.hang"].status == "FAIL"
    assert "vllm hangs: health tells it: not in 1 s" in boxes["resilience.hang"].reason


def test_a_container_that_nobody_asks_is_asked_itself_or_not_measured(run: Runs, tmp_path: Path) -> None:
    stack = Said(tmp_path, "n8n", "engine")

    def published(config: StageConfig) -> StageConfig:
        return replace(impatient(config), addresses={"n8n:5678": f"127.0.0.1:{stack.ports['engine']}"})

    assert run(storm_hang.hang, stack=stack, change=published)["resilience.hang"].status == "PASS"
    alone = Said(tmp_path, "n8n", "engine")
    box = run(storm_hang.hang, stack=alone, change=impatient)["resilience.hang"]
    assert box.status == "NOT MEASURED"
    assert "nothing that can be asked from here needs it" in box.reason


class Ended(Said):
    """A stack in which the one that is stopped ends, and is started again."""

    async def signal(self, pid: int, number: int) -> str | None:
        return await super().signal(pid, signal.SIGKILL if number == signal.SIGSTOP else number)


@injects("resilience.hang", itself=True)
def test_one_that_is_started_again_while_it_hangs_fails(run: Runs, tmp_path: Path) -> None:
    stack = Ended(tmp_path, "vllm", "engine")
    assert run(storm_hang.hang, stack=stack, change=impatient)["resilience.hang"].status == "FAIL"
    assert "vllm started again after the hangs" in failures(tmp_path, "resilience-hang")
