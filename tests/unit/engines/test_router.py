"""The rules of routing, with engines that say what they are told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from casewright.engines.policy import Capabilities, Route, RouterConfig
from casewright.engines.router import Restarted, RouterEngine
from casewright.engines.scripted import Fail, Say, Script, ScriptedEngine, in_turn
from casewright.engines.wire import ChatRequest, Delta, Message
from casewright.errors import (
    AllEnginesFailed,
    BadRequest,
    CircuitOpen,
    ConfigError,
    ConnectionLost,
    ContextOverflow,
    EngineError,
)
from routing import ASKED, KINDS, Notes, outcomes, routed, saying, texts

PNG = b"\x89PNG\r\n\x1a\n"
OF_THE_REQUEST = {"bad_request", "context_overflow", "rejected"}


@pytest.mark.parametrize("kind", KINDS)
async def test_before_the_first_token_the_next_engine_answers(kind: str) -> None:
    router = routed(saying(Fail(kind, "broke")), saying("good"))
    async with router.open(ASKED) as answer:
        if kind in OF_THE_REQUEST:
            with pytest.raises(EngineError) as raised:
                await texts(answer)
            assert raised.value.kind == kind
            assert outcomes(answer) == [("a", kind)]
            assert answer.provenance.provider == ""
            return
        assert await texts(answer) == ["good"]
        found = answer.provenance
    assert (found.provider, found.kind, found.model, found.fallback) == ("b", "scripted", "scripted", True)
    assert outcomes(answer) == [("a", kind), ("b", "ok")]
    assert "broke" in found.attempts[0].message
    fallen = router.status()[0].last_fallback
    assert fallen is not None and kind in fallen


@pytest.mark.parametrize("kind", KINDS)
async def test_after_the_first_token_the_error_is_the_end(kind: str) -> None:
    second = saying("good")
    async with routed(saying("half", Fail(kind)), second).open(ASKED) as answer:
        assert isinstance(await anext(answer), Delta)
        with pytest.raises(EngineError) as raised:
            await anext(answer)
    assert raised.value.kind == kind
    assert second.requests == []
    assert outcomes(answer) == [("a", kind)]
    assert (answer.provenance.provider, answer.provenance.fallback) == ("a", False)


async def test_who_opted_in_gets_a_new_beginning_and_is_told() -> None:
    engines = (saying("half", Fail("connection_lost")), saying(Fail("malformed")), saying("whole"))
    async with routed(*engines, config=RouterConfig(restart_after_first_token=True)).open(ASKED) as answer:
        assert isinstance(await anext(answer), Delta)
        event = await anext(answer)
        assert isinstance(event, Restarted)
        assert (event.from_route, event.to_route, event.cause) == ("a", "c", "connection_lost")
        assert await texts(answer) == ["whole"]
    assert (answer.provenance.provider, answer.provenance.fallback) == ("c", True)


async def test_a_new_beginning_that_fails_everywhere_ends_with_the_first_error() -> None:
    router = routed(saying("half", Fail("connection_lost")), saying(Fail("server_failure")))
    async with router.open(ASKED, restart=True) as answer:
        with pytest.raises(ConnectionLost):
            await texts(answer)
    assert outcomes(answer) == [("a", "connection_lost"), ("b", "server_failure")]


async def test_what_is_collected_was_not_shown_so_it_may_begin_anew() -> None:
    router = routed(saying("half", Fail("idle_timeout")), saying("who", "le"))
    answer, source = await router.complete_routed(ASKED)
    assert (answer.text, answer.chunks, source.provider, source.fallback) == ("whole", 2, "b", True)
    assert (await router.complete(ASKED)).text == "whole"


async def test_as_an_engine_it_never_begins_anew() -> None:
    engines = (saying("half", Fail("connection_lost")), saying("whole"))
    router = routed(*engines, config=RouterConfig(restart_after_first_token=True))
    with pytest.raises(ConnectionLost):
        _ = [event async for event in router.chat(ASKED)]


@pytest.mark.parametrize(
    ("kinds", "status"),
    [
        (("connection_refused", "connection_refused"), 503),
        (("overloaded", "rate_limited"), 503),
        (("overloaded", "connect_timeout"), 503),
        (("model_not_found", "model_not_found"), 404),
        (("first_token_timeout", "overloaded"), 504),
        (("server_failure", "first_token_timeout"), 502),
        (("unauthorized", "malformed"), 502),
    ],
)
async def test_when_all_fail_every_cause_is_shown(kinds: tuple[str, str], status: int) -> None:
    first, second = (Fail(kind, f"{kind} here", retry_after_s=7.2) for kind in kinds)
    with pytest.raises(AllEnginesFailed) as raised:
        await routed(saying(first), saying(second)).complete(ASKED)
    error = raised.value
    assert tuple(cause.kind for cause in error.causes) == kinds
    assert all(f"{kind} here" in error.message for kind in kinds)
    assert error.status == status
    busy = all(kind in ("overloaded", "rate_limited") for kind in kinds)
    assert error.retry_after_s == (8.0 if busy else None)


@pytest.mark.parametrize(
    ("pinned", "there", "tried"),
    [(100, 200, True), (100, None, True), (100, 100, False), (200, 100, False), (None, 9000, False)],
)
async def test_a_prompt_that_does_not_fit_goes_only_where_there_is_more_room(
    pinned: int | None, there: int | None, tried: bool
) -> None:
    first = Route("a", saying(Fail("context_overflow", "9 of 8 tokens")), context_length=pinned)
    router = RouterEngine([first, Route("b", saying("good"), context_length=there)])
    if tried:
        assert (await router.complete(ASKED)).text == "good"
        return
    with pytest.raises(ContextOverflow, match="9 of 8 tokens"):
        await router.complete(ASKED)


async def test_images_go_where_they_can_be_seen() -> None:
    picture = replace(ASKED, messages=(Message("user", "what is it?", (PNG,)),))
    blind, seeing = saying("blind"), saying("seen")
    routes = [Route("a", blind), Route("b", seeing, capabilities=Capabilities(images=True))]
    async with RouterEngine(routes).open(picture) as answer:
        assert await texts(answer) == ["seen"]
    assert outcomes(answer) == [("a", "unsuitable"), ("b", "ok")]
    assert answer.provenance.fallback is False
    with pytest.raises(BadRequest, match="a takes no images"):
        await RouterEngine(routes[:1]).complete(picture)
    assert blind.requests == []


async def test_each_route_is_asked_for_its_own_name_of_the_model() -> None:
    first, second = saying(Fail("server_failure"), model="meta/llama"), saying("good", model="llama:3b")
    routes = [
        Route("a", first, models={"llama": "meta/llama"}),
        Route("b", second, models={"llama": "llama:3b"}),
    ]
    router = RouterEngine(routes)
    _, source = await router.complete_routed(replace(ASKED, model="llama"))
    assert (first.requests[0].model, source.model) == ("meta/llama", "llama:3b")
    with pytest.raises(AllEnginesFailed) as raised:
        await router.complete(replace(ASKED, model="no-such"))
    assert raised.value.status == 404


async def test_without_a_name_the_only_model_is_meant() -> None:
    two = ScriptedEngine(model="x", others=("y",))
    two.model = None
    router = RouterEngine([Route("a", two)])
    with pytest.raises(AllEnginesFailed, match="serves 2 models and none was named"):
        await router.complete(ASKED)
    named = RouterEngine([Route("a", two, model="y")])
    assert (await named.complete_routed(ASKED))[1].model == "y"


async def test_a_lost_connection_may_be_repeated_where_nothing_was_shown() -> None:
    scripts = in_turn(Script((Fail("connection_lost"),)), Script((Say("again"),)))
    async with routed(ScriptedEngine(scripts), config=RouterConfig(retries=1)).open(ASKED) as answer:
        assert await texts(answer) == ["again"]
    assert outcomes(answer) == [("a", "connection_lost"), ("a", "ok")]
    assert answer.provenance.fallback is False
    lost = saying(Fail("connection_lost"))
    with pytest.raises(AllEnginesFailed):
        await routed(lost, config=RouterConfig(retries=1)).complete(ASKED)
    assert len(lost.requests) == 2
    failing = saying(Fail("server_failure"))
    with pytest.raises(AllEnginesFailed):
        await routed(failing, config=RouterConfig(retries=5)).complete(ASKED)
    assert len(failing.requests) == 1


class Asked(ScriptedEngine):
    """One that counts how often it is asked for its models, and has no default."""

    asked = 0

    async def models(self) -> tuple[str, ...]:
        self.asked += 1
        return await super().models()


async def test_the_only_model_is_asked_for_once_and_again_after_a_failure() -> None:
    good, bad = Script((Say("good"),)), Script((Fail("server_failure"),))
    engine = Asked(in_turn(good, good, bad, good))
    engine.model = None
    router = routed(engine)
    for _ in range(2):
        await router.complete(ASKED)
    assert engine.asked == 1
    with pytest.raises(AllEnginesFailed):
        await router.complete(ASKED)
    await router.complete(ASKED)
    assert engine.asked == 2


class Endless(ScriptedEngine):
    """One that stops without saying that it is finished."""

    async def chat(self, request: ChatRequest):  # type: ignore[no-untyped-def]
        async for event in super().chat(request):
            if isinstance(event, Delta):
                yield event


async def test_an_answer_without_an_end_is_none() -> None:
    with pytest.raises(EngineError, match="has no end"):
        _ = [event async for event in routed(Endless()).chat(ASKED)]


async def test_what_is_told_to_the_observer() -> None:
    notes = Notes()
    routes = [Route("a", saying(Fail("connection_refused"))), Route("b", saying("good"))]
    await RouterEngine(routes, observer=notes).complete(ASKED)
    assert notes.told == [
        ("queued", "a"),
        ("started", "a"),
        ("breaker", "a", "open"),
        ("finished", "a", "connection_refused"),
        ("fell_back", "a", "b", "connection_refused"),
        ("queued", "b"),
        ("started", "b"),
        ("first_token", "b"),
        ("finished", "b", "ok"),
    ]


class Mute(ScriptedEngine):
    """One whose embeddings are broken."""

    async def embed(self, texts: Sequence[str], model: str) -> list[list[float]]:
        raise ConnectionLost("gone", hint="wait")


async def test_embeddings_fall_back_as_well() -> None:
    routes = [
        Route("a", ScriptedEngine(), capabilities=Capabilities(embeddings=False)),
        Route("b", Mute()),
        Route("c", ScriptedEngine()),
    ]
    router = RouterEngine(routes)
    vectors, source = await router.embed_routed(["x", "y"], "")
    assert [len(vector) for vector in vectors] == [8, 8]
    assert [(tried.route, tried.outcome) for tried in source.attempts] == [
        ("a", "unsuitable"),
        ("b", "connection_lost"),
        ("c", "ok"),
    ]
    assert await router.embed(["x"], "scripted") == vectors[:1]
    with pytest.raises(BadRequest, match="makes no embeddings"):
        await RouterEngine(routes[:1]).embed(["x"], "")


async def test_as_an_engine_it_speaks_for_the_first_usable_route() -> None:
    gone, here = saying(Fail("connection_refused"), model="x"), saying("good", model="y")
    router = routed(gone, here)
    assert (await router.models(), (await router.identity()).model) == (("x",), "x")
    await router.complete(ASKED)
    assert (await router.models(), (await router.identity()).model) == (("y",), "y")
    assert (await router.health()).models == ("y",)
    assert router.url == "router:"
    assert (await router.probe()).ready
    router.reorder(["a"])
    assert (await router.health()).ready is False
    with pytest.raises(CircuitOpen):
        await router.models()
    with pytest.raises(CircuitOpen):
        await router.identity()


async def test_no_routes_two_of_one_name_and_none_allowed() -> None:
    with pytest.raises(ConfigError):
        RouterEngine([])
    with pytest.raises(ConfigError):
        RouterEngine([Route("a", ScriptedEngine()), Route("a", ScriptedEngine())])
    with pytest.raises(AllEnginesFailed, match="no engine is allowed"):
        await routed(ScriptedEngine()).complete_routed(ASKED, only=frozenset())
