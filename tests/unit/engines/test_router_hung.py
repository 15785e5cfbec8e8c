"""Engines that hang: real ones whose process is stopped, or that accept a request and generate nothing."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from casewright.bench.simulator import Fault, FaultPlan, SimConfig, SimulatorServer
from casewright.engines.breaker import BreakerState
from casewright.engines.policy import Route, RouterConfig
from casewright.engines.router import RouterEngine
from casewright.engines.scripted import RealClock, Say, Script, ScriptedEngine
from casewright.engines.vllm import OpenAIEngine
from casewright.engines.wire import ChatRequest, Message
from casewright.errors import AllEnginesFailed, FirstTokenTimeout
from routing import ASKED, outcomes, until

STALLS = FaultPlan(fault=Fault.STALL_BEFORE_FIRST)


@pytest.fixture
def pair() -> Iterator[tuple[SimulatorServer, SimulatorServer]]:
    config = SimConfig(tokens=2)
    with SimulatorServer(config) as first, SimulatorServer(config) as second:
        yield first, second


@contextmanager
def stopped(pid: int) -> Iterator[None]:
    """Its process hangs: connections are still made for it, and nobody answers."""
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def routes(*servers: SimulatorServer) -> list[Route]:
    """Without a model: each must be asked for it before the request."""
    return [
        Route(name, OpenAIEngine(server.url, kind="simulator"))
        for name, server in zip(("first", "second"), servers, strict=False)
    ]


async def test_the_first_tokens_time_bounds_the_asking_for_the_model_too(
    pair: tuple[SimulatorServer, SimulatorServer],
) -> None:
    """An engine is allowed ten seconds to list its models; who waits for an answer is not to wait so long."""
    async with RouterEngine(routes(*pair), RouterConfig(first_token_s=0.3)) as router:
        with stopped(pair[0].pid):
            async with router.open(ASKED) as answer:
                await answer.collect()
            assert outcomes(answer) == [("first", "first_token_timeout"), ("second", "ok")]
            assert router.status()[0].state is BreakerState.OPEN
            async with router.open(ASKED) as answer:
                await answer.collect()
            assert outcomes(answer) == [("first", "circuit_open"), ("second", "ok")], "nobody waits again"


async def test_one_that_generates_nothing_is_left_also_by_who_wants_no_stream(
    pair: tuple[SimulatorServer, SimulatorServer],
) -> None:
    pair[0].control(STALLS)
    async with (
        RouterEngine(routes(*pair), RouterConfig(first_token_s=0.3)) as router,
        router.open(replace(ASKED, stream=False)) as answer,
    ):
        await answer.collect()
        assert outcomes(answer) == [("first", "first_token_timeout"), ("second", "ok")]


@pytest.mark.parametrize(("silent_s", "state"), [(0.05, BreakerState.OPEN), (60.0, BreakerState.CLOSED)])
async def test_who_leaves_after_a_long_silence_has_found_it_hung(
    pair: tuple[SimulatorServer, SimulatorServer], silent_s: float, state: BreakerState
) -> None:
    pair[0].control(STALLS)
    async with RouterEngine(routes(pair[0]), RouterConfig(silent_s=silent_s)) as router:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.5):
                await router.complete(ASKED)
        assert router.status()[0].state is state


async def test_one_that_works_for_others_is_not_taken_to_hang() -> None:
    def script(request: ChatRequest) -> Script:
        patience = 3600.0 if request.messages[-1].content == "long" else 0.0
        return Script((Say("said", after_s=patience),))

    router = RouterEngine(
        [Route("a", ScriptedEngine(script, clock=RealClock()))], RouterConfig(first_token_s=0.3)
    )
    long = replace(ASKED, messages=(Message("user", "long"),))
    async with router.open(long) as waits:
        waiting = asyncio.ensure_future(anext(waits))
        await until(lambda: router.status()[0].inside > 0)
        assert (await router.complete(ASKED)).text == "said"
        with pytest.raises(AllEnginesFailed, match="nothing generated") as raised:
            await waiting
    assert isinstance(raised.value.causes[0], FirstTokenTimeout)
    assert router.status()[0].state is BreakerState.CLOSED
