"""Every fault of the simulator over real sockets, as docs/router.md says that a caller sees it."""

from __future__ import annotations

import asyncio
import os
import re
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from casewright.bench.simulator import MODEL, Fault, FaultPlan, SimConfig, SimulatorServer
from casewright.engines.admission import AdmissionConfig
from casewright.engines.base import Deadlines
from casewright.engines.breaker import BreakerConfig, BreakerState
from casewright.engines.http import Access
from casewright.engines.policy import Route, RouterConfig
from casewright.engines.router import Provenance, RouterEngine
from casewright.engines.vllm import OpenAIEngine
from casewright.engines.wire import ChatRequest, Delta, Message
from casewright.errors import AllEnginesFailed, EngineError, every_error

PAGE = Path(__file__).resolve().parents[3] / "docs" / "router.md"
ASKED = ChatRequest("", (Message("user", "one two three"),), 4)
TOKENS = 4
# between tokens: enough for the first one to be read before the fault, which follows the second
ITL_MS = 60.0
STALLED = Deadlines(first_token_s=0.3, idle_s=0.3)
PATIENT = Deadlines(first_token_s=30.0, idle_s=30.0)


@dataclass(frozen=True)
class Row:
    """One row of the page's table."""

    fault: Fault
    kind: str
    shown: str
    alone: int | None
    counts: bool


def rows() -> list[Row]:
    found = []
    for line in PAGE.read_text().splitlines():
        cells = [cell.strip().strip("`") for cell in line.strip().strip("|").split("|")]
        if len(cells) == 6 and re.fullmatch(r"[a-z0-9_]+", cells[0]) and cells[0] != "fault":
            fault, kind, shown, _, alone, counts = cells
            found.append(Row(Fault(fault), kind, shown, int(alone) if alone else None, counts == "yes"))
    return found


ROWS = rows()
BEFORE = [row for row in ROWS if row.shown == "before"]
AFTER = [row for row in ROWS if row.shown == "after"]
HARMLESS = [row for row in ROWS if row.shown == "harmless"]


def name_of(row: Row) -> str:
    return row.fault.value


@pytest.fixture(scope="module")
def servers() -> Iterator[tuple[SimulatorServer, SimulatorServer]]:
    config = SimConfig(ttft_ms=1.0, itl_ms=ITL_MS, tokens=TOKENS)
    with SimulatorServer(config) as first, SimulatorServer(config) as second:
        yield first, second


@pytest.fixture
def pair(
    servers: tuple[SimulatorServer, SimulatorServer],
) -> Iterator[tuple[SimulatorServer, SimulatorServer]]:
    yield servers
    for server in servers:
        server.control(None)
        server.reset_truth()


def plan(fault: Fault) -> FaultPlan:
    delay_ms = 0.1  # between the bytes of a trickle
    return FaultPlan(fault=fault, after_tokens=2, retry_after_s=7.0, delay_ms=delay_ms)


def route(name: str, url: str, deadlines: Deadlines = PATIENT, places: int = 64) -> Route:
    engine = OpenAIEngine(url, kind="simulator", model=MODEL, access=Access(deadlines=deadlines))
    return Route(name, engine, model=MODEL, admission=AdmissionConfig(places, 256, 30.0))


def deadlines(fault: Fault) -> Deadlines:
    """Short ones where only a deadline can tell."""
    silent = (Fault.STALL_BEFORE_FIRST, Fault.STALL_AFTER_FIRST, Fault.BAD_FRAMING)
    return STALLED if fault in silent else PATIENT


async def until(met: Callable[[], bool], within_s: float = 20.0) -> None:
    async with asyncio.timeout(within_s):
        for _ in iter(met, True):
            await asyncio.sleep(0.01)


def outcomes(source: Provenance) -> list[tuple[str, str]]:
    return [(attempt.route, attempt.outcome) for attempt in source.attempts]


def test_the_table_has_every_fault_and_only_known_kinds() -> None:
    assert sorted(row.fault for row in ROWS) == sorted(Fault)
    assert {row.kind for row in ROWS if row.kind} <= set(every_error())
    assert len(BEFORE) + len(AFTER) + len(HARMLESS) == len(ROWS)


@pytest.mark.parametrize("row", BEFORE, ids=name_of)
async def test_before_the_first_token(row: Row, pair: tuple[SimulatorServer, SimulatorServer]) -> None:
    first, second = pair
    first.control(plan(row.fault))
    routes = [route("first", first.url, deadlines(row.fault)), route("second", second.url)]
    async with RouterEngine(routes) as router:
        async with router.open(ASKED) as answer:
            pieces = [event async for event in answer if isinstance(event, Delta)]
            source = answer.provenance
        assert len(pieces) == TOKENS
        assert (source.provider, source.fallback) == ("second", True)
        assert outcomes(source) == [("first", row.kind), ("second", "ok")]
        for _ in range(2):
            await router.complete(ASKED)
        opened = router.status()[0].state is BreakerState.OPEN
        assert opened == row.counts


@pytest.mark.parametrize("row", BEFORE, ids=name_of)
async def test_in_all_engines(row: Row, pair: tuple[SimulatorServer, SimulatorServer]) -> None:
    for server in pair:
        server.control(plan(row.fault))
    limits = deadlines(row.fault)
    routes = [route("first", pair[0].url, limits), route("second", pair[1].url, limits)]
    async with RouterEngine(routes) as router:
        with pytest.raises(AllEnginesFailed) as raised:
            await router.complete(ASKED)
    error = raised.value
    assert [cause.kind for cause in error.causes] == [row.kind, row.kind]
    assert [cause.url for cause in error.causes] == [server.url for server in pair]
    assert all(server.url in error.message for server in pair)
    assert error.status == row.alone
    assert error.retry_after_s == (7.0 if row.fault in (Fault.HTTP_429, Fault.HTTP_503) else None)


@pytest.mark.parametrize("row", AFTER, ids=name_of)
async def test_after_the_first_token(row: Row, pair: tuple[SimulatorServer, SimulatorServer]) -> None:
    first, second = pair
    first.control(plan(row.fault))
    routes = [route("first", first.url, deadlines(row.fault)), route("second", second.url)]
    async with RouterEngine(routes) as router:
        pieces = []
        async with router.open(ASKED) as answer:
            with pytest.raises(EngineError) as raised:
                async for event in answer:
                    pieces.append(event)
            source = answer.provenance
        assert raised.value.kind == row.kind
        assert 1 <= len(pieces) < TOKENS
        assert all(isinstance(piece, Delta) for piece in pieces)
        assert outcomes(source) == [("first", row.kind)]
        assert second.truth().requests == 0
        whole, source = await router.complete_routed(ASKED)
        assert (whole.chunks, source.provider, source.fallback) == (TOKENS, "second", True)
        assert outcomes(source) == [("first", row.kind), ("second", "ok")]
        await router.complete(ASKED)
        assert (router.status()[0].state is BreakerState.OPEN) == row.counts


@pytest.mark.parametrize("row", HARMLESS, ids=name_of)
async def test_harmless(row: Row, pair: tuple[SimulatorServer, SimulatorServer]) -> None:
    first, second = pair
    first.control(plan(row.fault))
    async with RouterEngine([route("first", first.url), route("second", second.url)]) as router:
        for _ in range(2):
            answer, source = await router.complete_routed(ASKED)
            assert (answer.chunks, source.provider, source.fallback) == (TOKENS, "first", False)
        assert router.status()[0].state is BreakerState.CLOSED
    assert second.truth().requests == 0


@pytest.mark.parametrize("fault", [Fault.STALL_BEFORE_FIRST, Fault.STALL_AFTER_FIRST])
async def test_leaving_ends_the_work_of_the_engine(
    fault: Fault, pair: tuple[SimulatorServer, SimulatorServer]
) -> None:
    first, _ = pair
    first.control(plan(fault))
    async with RouterEngine([route("first", first.url)]) as router:
        waiting = asyncio.ensure_future(router.complete(ASKED))
        await until(lambda: first.truth().in_service == 1)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert router.status()[0].inside == 0
        await until(lambda: first.truth().cancelled == 1)


async def one(router: RouterEngine, number: int) -> tuple[int, EngineError | None, Provenance]:
    """How many pieces one caller was shown, how it ended, and who answered."""
    shown = 0
    async with router.open(ASKED, caller=str(number)) as answer:
        try:
            async for event in answer:
                shown += isinstance(event, Delta)
        except EngineError as error:
            return shown, error, answer.provenance
    return shown, None, answer.provenance


@pytest.mark.alone
async def test_the_first_engine_is_killed_under_fifty_callers_and_comes_back() -> None:
    config = SimConfig(ttft_ms=20.0, itl_ms=20.0, tokens=TOKENS)
    breaker = RouterConfig(BreakerConfig(open_s=0.05, open_max_s=0.2))
    with SimulatorServer(config) as first, SimulatorServer(config) as second:
        port = int(first.url.rsplit(":", 1)[1])
        # places for a half, so that others wait for one when it dies
        routes = [route("first", first.url, places=25), route("second", second.url)]
        async with RouterEngine(routes, breaker) as router:
            await router.start()
            callers = [asyncio.ensure_future(one(router, number)) for number in range(50)]
            await until(lambda: first.truth().tokens >= 10)
            os.kill(first.pid, signal.SIGKILL)
            ended = await asyncio.gather(*callers)
            for shown, error, source in ended:
                # whoever saw nothing of a broken answer has a whole one; the others a typed error
                assert (shown == TOKENS) if error is None else (shown > 0 and error.kind == "connection_lost")
                assert source.provider == ("first" if error else source.provider)
            assert sum(source.fallback for _, _, source in ended) >= 25
            assert router.status()[0].state is not BreakerState.CLOSED
            more = await asyncio.gather(*(one(router, number) for number in range(50)))
            assert {(shown, error, source.provider) for shown, error, source in more} == {
                (TOKENS, None, "second")
            }
            with SimulatorServer(config, port=port):
                await until(lambda: router.status()[0].state is BreakerState.CLOSED)
                assert (await one(router, 0))[2].provider == "first"
