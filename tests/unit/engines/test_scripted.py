"""The scripted engine beyond what it shares with the others (the conformance suite holds that)."""

from __future__ import annotations

from contextlib import aclosing

import pytest

from casewright.engines.scripted import RealClock, Say, Script, ScriptedEngine, VirtualClock, echo, in_turn
from casewright.engines.wire import ChatRequest, DeltaKind, Message
from casewright.errors import EngineUnreachable, ModelNotFound
from casewright.values import Usage


def _request(text: str = "one two three", max_tokens: int = 64) -> ChatRequest:
    return ChatRequest("scripted", (Message("user", text),), max_tokens)


async def test_by_default_it_repeats_what_it_is_told() -> None:
    async with ScriptedEngine() as engine:
        answer = await engine.complete(_request())
        short = await engine.complete(_request(max_tokens=2))
    assert (answer.text, answer.finish_reason, answer.chunks) == ("one two three", "stop", 3)
    assert answer.usage == Usage(prompt_tokens=3, output_tokens=3)
    assert (short.text, short.finish_reason) == ("one two", "length")
    assert engine.requests == [_request(), _request(max_tokens=2)]


async def test_times_are_the_clocks() -> None:
    clock = VirtualClock(start_ns=0)
    script = Script((Say("a", after_s=0.5), Say("b", DeltaKind.REASONING, after_s=0.25)))
    async with ScriptedEngine(in_turn(script), clock=clock) as engine:
        answer = await engine.complete(_request())
    assert (answer.first_token_ns, answer.last_token_ns) == (500_000_000, 750_000_000)
    assert (answer.text, answer.reasoning, answer.usage) == ("a", "b", None)
    assert clock.now_ns() == 750_000_000


async def test_the_real_clock_goes_on() -> None:
    clock = RealClock()
    before = clock.now_ns()
    await clock.sleep(0)
    assert clock.now_ns() >= before


async def test_scripts_in_turn_and_the_last_again() -> None:
    scripts = in_turn(Script((Say("a"),)), Script((Say("b"),)))
    async with ScriptedEngine(scripts) as engine:
        assert [(await engine.complete(_request())).text for _ in range(3)] == ["a", "b", "b"]
    with pytest.raises(ValueError, match="no script"):
        in_turn()


async def test_leaving_midway_is_counted() -> None:
    async with ScriptedEngine() as engine:
        async with aclosing(engine.chat(_request())) as events:
            await anext(events)
        assert engine.cancelled == 1
        await engine.complete(_request())
        assert engine.cancelled == 1


async def test_embeddings_are_equal_for_equal_texts_only() -> None:
    async with ScriptedEngine() as engine:
        one, two, three = await engine.embed(["a", "a", "b"], "scripted")
        assert one == two != three
        assert all(-1 <= number < 1 for number in one)
        with pytest.raises(ModelNotFound):
            await engine.embed(["a"], "other")


async def test_closed_it_refuses() -> None:
    engine = ScriptedEngine()
    assert (await engine.health()).ready
    assert (await engine.probe()).ready
    await engine.aclose()
    health = await engine.probe()
    assert (health.reachable, health.ready) == (False, False)
    assert not (await engine.health()).reachable
    with pytest.raises(EngineUnreachable):
        await engine.complete(_request())


def test_echo_without_messages_says_nothing() -> None:
    script = echo(ChatRequest("m", (), 5))
    assert script == Script((), Usage(prompt_tokens=0, output_tokens=0), "stop")
