"""Whatever engines do: one whole answer of one engine, or one typed error. Never a mixture, never a hang."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from hypothesis import given, settings
from hypothesis import strategies as st

from casewright.engines.admission import AdmissionConfig
from casewright.engines.policy import Route, RouterConfig
from casewright.engines.router import Restarted, RouterEngine
from casewright.engines.scripted import Fail, Say, Script, ScriptedEngine, in_turn
from casewright.engines.wire import ChatRequest, Delta, DeltaKind, Finished, Message
from casewright.errors import EngineError, every_error

ASKED = ChatRequest("", (Message("user", "x"),), 64)
KINDS = sorted(
    kind
    for kind, cls in every_error().items()
    if issubclass(cls, EngineError) and kind not in ("all_engines_failed", "circuit_open")
)


@dataclass(frozen=True)
class Plan:
    """One answer: so many pieces, then an error of this kind or a good end."""

    pieces: int
    fails: str | None
    kind: DeltaKind


PLANS = st.builds(
    Plan,
    st.integers(0, 3),
    st.none() | st.sampled_from(KINDS),
    st.sampled_from((DeltaKind.CONTENT, DeltaKind.REASONING)),
)
ROUTES = st.lists(st.lists(PLANS, min_size=1, max_size=3), min_size=1, max_size=3)


def engine(name: str, plans: list[Plan]) -> ScriptedEngine:
    """One that follows its plans; every piece says whose and of which answer it is."""
    scripts = []
    for turn, plan in enumerate(plans):
        steps: list[Say | Fail] = [Say(f"{name}{turn}.{place} ", plan.kind) for place in range(plan.pieces)]
        if plan.fails is not None:
            steps.append(Fail(plan.fails))
        scripts.append(Script(tuple(steps)))
    return ScriptedEngine(in_turn(*scripts))


async def streamed(router: RouterEngine) -> tuple[list[str], Finished | None, EngineError | None]:
    """The pieces since the last restart, the end, the error."""
    pieces: list[str] = []
    end: Finished | None = None
    async with router.open(ASKED) as answer:
        try:
            async for event in answer:
                assert end is None, "something came after the end"
                if isinstance(event, Restarted):
                    assert pieces, "a beginning was voided that was never shown"
                    assert router.config.restart_after_first_token
                    pieces.clear()
                elif isinstance(event, Delta):
                    pieces.append(event.text)
                else:
                    end = event
        except EngineError as error:
            assert end is None, "an error came after the end"
            return pieces, None, error
    source = answer.provenance
    if pieces:
        assert source.provider == pieces[0][0]
    assert source.attempts[-1].outcome == "ok"
    assert sum(attempt.outcome == "ok" for attempt in source.attempts) == 1
    return pieces, end, None


@settings(max_examples=250, deadline=None, derandomize=True)
@given(routes=ROUTES, restart=st.booleans(), retries=st.integers(0, 2), requests=st.integers(1, 4))
def test_one_answer_of_one_engine_or_one_error(
    routes: list[list[Plan]], restart: bool, retries: int, requests: int
) -> None:
    named = dict(zip("abc", routes, strict=False))

    async def run() -> None:
        config = RouterConfig(restart_after_first_token=restart, retries=retries)
        router = RouterEngine([Route(name, engine(name, plans)) for name, plans in named.items()], config)
        for _ in range(requests):
            pieces, end, error = await streamed(router)
            assert (end is None) != (error is None)
            if pieces:
                name, turn = pieces[0][0], int(pieces[0][1])
                plan = named[name][turn]
                assert pieces == [f"{name}{turn}.{place} " for place in range(plan.pieces)]
                assert plan.fails == (error.kind if error else None)
            elif end is not None:
                assert any(plan.pieces == 0 and plan.fails is None for plans in routes for plan in plans)
            assert all(status.inside == status.waiting == 0 for status in router.status())

    asyncio.run(run())


@settings(max_examples=60, deadline=None, derandomize=True)
@given(routes=ROUTES, places=st.integers(1, 3), leaving=st.sets(st.integers(0, 7)))
def test_places_are_free_again_whoever_leaves_or_fails(
    routes: list[list[Plan]], places: int, leaving: set[int]
) -> None:
    async def one(router: RouterEngine, number: int) -> None:
        async with router.open(ASKED, caller=str(number % 3)) as answer:
            async for _ in answer:
                if number in leaving:
                    return

    async def run() -> None:
        admission = AdmissionConfig(places, 8, 5.0)
        named = zip("abc", routes, strict=False)
        router = RouterEngine(
            [Route(name, engine(name, plans), admission=admission) for name, plans in named]
        )
        found = await asyncio.gather(*(one(router, number) for number in range(8)), return_exceptions=True)
        assert all(error is None or isinstance(error, EngineError) for error in found)
        assert all(status.inside == status.waiting == 0 for status in router.status())

    asyncio.run(run())
