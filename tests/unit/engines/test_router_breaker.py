"""The router over time: breakers and probes, full queues, leaving, switching, and the time for it all."""

from __future__ import annotations

import asyncio

import pytest

from casewright.engines.admission import AdmissionConfig
from casewright.engines.breaker import BreakerConfig, BreakerState
from casewright.engines.policy import Route, RouterConfig
from casewright.engines.router import RouterEngine
from casewright.engines.scripted import Fail, RealClock, Say, Script, ScriptedEngine, in_turn
from casewright.engines.wire import Api, Delta
from casewright.errors import (
    AllEnginesFailed,
    CircuitOpen,
    ConfigError,
    Overloaded,
    TotalTimeout,
)
from routing import ASKED, Clock, Notes, outcomes, routed, saying, texts, until


async def test_an_open_breaker_costs_nothing_and_with_all_open_the_error_comes_at_once() -> None:
    clock = Clock()
    dead, other = saying(Fail("connection_refused")), saying("good")
    router = routed(dead, other, clock=clock)
    await router.complete(ASKED)
    async with router.open(ASKED) as answer:
        assert await texts(answer) == ["good"]
    assert outcomes(answer) == [("a", "circuit_open"), ("b", "ok")]
    assert len(dead.requests) == 1
    with pytest.raises(AllEnginesFailed) as raised:
        await router.complete_routed(ASKED, only=frozenset("a"))
    assert isinstance(raised.value.causes[0], CircuitOpen)
    assert (raised.value.status, raised.value.retry_after_s) == (503, 1.0)
    assert len(dead.requests) == 1
    clock.now_s = 60.0
    with pytest.raises(AllEnginesFailed):  # due, but a caller is never the probe
        await router.complete_routed(ASKED, only=frozenset("a"))


async def test_the_probe_brings_it_back() -> None:
    clock = Clock()
    bad, good = Script((Fail("connection_refused"),)), Script((Say("back"),))
    engine = ScriptedEngine(in_turn(bad, bad, good))
    router = routed(engine, clock=clock)
    with pytest.raises(AllEnginesFailed):
        await router.complete(ASKED)
    await router.probe_due()
    assert len(engine.requests) == 1  # nothing is due yet
    clock.now_s = 1.0
    await router.probe_due()
    status = router.status()[0]
    assert (status.state, status.probe_in_s, status.opened_for_s) == (BreakerState.OPEN, 2.0, 1.0)
    assert engine.requests[-1].max_tokens == 1
    clock.now_s = 3.0
    await router.probe_due()
    assert router.status()[0].state is BreakerState.CLOSED
    assert (await router.complete(ASKED)).text == "back"


async def test_it_looks_after_its_engines_by_itself() -> None:
    scripts = in_turn(Script((Fail("connection_refused"),)), Script((Say("back"),)))
    notes = Notes()
    config = RouterConfig(BreakerConfig(open_s=0.01))
    async with RouterEngine([Route("a", ScriptedEngine(scripts))], config, observer=notes) as router:
        await router.start()
        with pytest.raises(AllEnginesFailed):
            await router.complete(ASKED)
        await until(lambda: router.status()[0].state is BreakerState.CLOSED)
        assert (await router.complete(ASKED)).text == "back"
    states = [told[2] for told in notes.told if told[0] == "breaker"]
    assert states == ["open", "half_open", "closed"]


async def test_a_probe_without_a_word_is_given_up() -> None:
    scripts = in_turn(Script((Fail("connection_refused"),)), Script((Say("late", after_s=3600.0),)))
    engine = ScriptedEngine(scripts, clock=RealClock())
    clock = Clock()
    router = routed(engine, config=RouterConfig(BreakerConfig(probe_s=0.01)), clock=clock)
    with pytest.raises(AllEnginesFailed):
        await router.complete(ASKED)
    clock.now_s = 1.0
    await router.probe_due()
    status = router.status()[0]
    assert status.state is BreakerState.OPEN
    assert status.last_error is not None and "no token within" in status.last_error
    assert engine.cancelled == 1


async def test_the_probe_is_what_callers_would_send() -> None:
    clock = Clock()
    dead = saying(Fail("connection_refused"), model="there")
    dead.api = Api.OLLAMA
    router = RouterEngine([Route("a", dead, model="there", context_length=4096)], clock=clock)
    with pytest.raises(AllEnginesFailed):
        await router.complete(ASKED)
    clock.now_s = 1.0
    await router.probe_due()
    probe = dead.requests[-1]
    assert (probe.model, probe.max_tokens, probe.context_length) == ("there", 1, 4096)


@pytest.mark.parametrize(
    ("found", "state", "due_in_s"),
    [
        (Fail("overloaded"), BreakerState.OPEN, 1.0),
        (Fail("server_failure"), BreakerState.OPEN, 2.0),
        (Say(""), BreakerState.OPEN, 2.0),
        (Fail("bad_request"), BreakerState.CLOSED, None),
    ],
)
async def test_what_a_probe_finds(found: Say | Fail, state: BreakerState, due_in_s: float | None) -> None:
    clock = Clock()
    scripts = in_turn(Script((Fail("connection_refused"),)), Script((found,)))
    router = routed(ScriptedEngine(scripts), clock=clock)
    with pytest.raises(AllEnginesFailed):
        await router.complete(ASKED)
    clock.now_s = 1.0
    await router.probe_due()
    assert (router.status()[0].state, router.status()[0].probe_in_s) == (state, due_in_s)


async def test_a_busy_engine_is_passed_over_and_not_held_against_it() -> None:
    busy = saying(Fail("overloaded"))
    router = routed(busy, saying("good"))
    for _ in range(5):
        assert (await router.complete(ASKED)).text == "good"
    assert len(busy.requests) == 5
    assert router.status()[0].state is BreakerState.CLOSED


async def test_broken_streams_open_the_breaker_although_each_began() -> None:
    router = routed(saying("half", Fail("idle_timeout")), saying("good"))
    for _ in range(3):
        await router.complete(ASKED)
    assert router.status()[0].state is BreakerState.OPEN


async def test_only_failures_in_a_row_open_the_breaker() -> None:
    good, bad = Script((Say("good"),)), Script((Fail("server_failure"),))
    router = routed(ScriptedEngine(in_turn(bad, bad, good, bad, bad, good)), saying("other"))
    for _ in range(6):
        await router.complete(ASKED)
    assert router.status()[0].state is BreakerState.CLOSED


async def test_nobody_queues_for_an_engine_that_is_left_alone() -> None:
    notes = Notes()
    routes = [Route("a", saying(Fail("connection_refused"))), Route("b", saying("good"))]
    router = RouterEngine(routes, observer=notes)
    for _ in range(2):
        await router.complete(ASKED)
    assert notes.told.count(("queued", "a")) == 1
    assert notes.told.count(("fell_back", "a", "b", "circuit_open")) == 1


async def test_a_full_queue_leads_to_the_next_engine() -> None:
    slow = ScriptedEngine(in_turn(Script((Say("a", after_s=3600.0),))), clock=RealClock())
    routes = [
        Route("a", slow, admission=AdmissionConfig(1, 0, 0.0)),
        Route("b", saying("good")),
    ]
    router = RouterEngine(routes)
    first = asyncio.ensure_future(router.complete(ASKED))
    await until(lambda: router.status()[0].inside == 1)
    async with router.open(ASKED, caller="second") as answer:
        assert await texts(answer) == ["good"]
    assert outcomes(answer) == [("a", "overloaded"), ("b", "ok")]
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    assert (router.status()[0].inside, slow.cancelled) == (0, 1)
    assert router.status()[0].state is BreakerState.CLOSED


async def test_alone_and_full_it_says_when_to_come_again() -> None:
    slow = ScriptedEngine(in_turn(Script((Say("a", after_s=3600.0),))), clock=RealClock())
    router = RouterEngine([Route("a", slow, admission=AdmissionConfig(1, 0, 0.0))])
    async with router.open(ASKED) as held:
        first = asyncio.ensure_future(anext(held))
        await until(lambda: router.status()[0].inside == 1)
        with pytest.raises(AllEnginesFailed) as raised:
            await router.complete(ASKED)
        assert isinstance(raised.value.causes[0], Overloaded)
        assert raised.value.status == 503
        assert raised.value.retry_after_s is not None and raised.value.retry_after_s >= 1
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first


async def test_who_waited_while_it_failed_goes_on_without_asking_it() -> None:
    scripts = in_turn(Script((Fail("connection_refused", after_s=0.05),)))
    dead = ScriptedEngine(scripts, clock=RealClock())
    routes = [Route("a", dead, admission=AdmissionConfig(1, 64, 30.0)), Route("b", saying("good"))]
    router = RouterEngine(routes)
    answers = await asyncio.gather(*(router.complete_routed(ASKED, caller=str(n)) for n in range(20)))
    assert {source.provider for _, source in answers} == {"b"}
    assert len(dead.requests) == 1


async def test_leaving_a_stream_frees_its_place_and_ends_the_work() -> None:
    engine = saying("a", "b", "c")
    router = routed(engine)
    async with router.open(ASKED) as answer:
        await anext(answer)
        assert router.status()[0].inside == 1
    assert (router.status()[0].inside, engine.cancelled) == (0, 1)
    assert outcomes(answer) == [("a", "cancelled")]


async def test_a_switch_is_for_new_requests() -> None:
    router = routed(saying("a1", "a2"), saying("b"))
    async with router.open(ASKED) as answer:
        assert isinstance(await anext(answer), Delta)
        router.reorder(["b"])
        assert await texts(answer) == ["a2"]
    assert (await router.complete(ASKED)).text == "b"
    # who was allowed a route before the switch is served by it
    assert (await router.complete_routed(ASKED, only=frozenset("a")))[0].text == "a1a2"
    assert [status.name for status in router.status()] == ["b", "a"]
    with pytest.raises(ConfigError, match="no route z"):
        router.reorder(["z"])
    with pytest.raises(ConfigError, match="no route was named"):
        router.reorder([])
    assert router.order == ("b",)


async def test_the_whole_time_bounds_all_attempts() -> None:
    slow = ScriptedEngine(in_turn(Script((Say("a", after_s=3600.0),))), clock=RealClock())
    second = saying("good")
    with pytest.raises(TotalTimeout, match="over all engines"):
        await routed(slow, second, config=RouterConfig(total_s=0.02)).complete(ASKED)
    assert (slow.cancelled, second.requests) == (1, [])
