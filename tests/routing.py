"""What the router's tests share: engines that say what they are told, and an observer that writes it down."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from casewright.engines.policy import Route, RouterConfig
from casewright.engines.router import Routed, RouterEngine
from casewright.engines.scripted import Fail, Say, Script, ScriptedEngine, in_turn
from casewright.engines.wire import ChatRequest, Delta, Finished, Message
from casewright.errors import EngineError, every_error
from casewright.values import Usage

ASKED = ChatRequest("", (Message("user", "one two three"),), 64)
OF_THE_ROUTER = {"all_engines_failed", "circuit_open"}
KINDS = sorted(
    kind for kind, cls in every_error().items() if issubclass(cls, EngineError) and kind not in OF_THE_ROUTER
)


class Clock:
    """Time that passes when told to."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


class Notes:
    """An observer that writes everything down, without times."""

    def __init__(self) -> None:
        self.told: list[tuple[str, ...]] = []

    def started(self, route: str, /) -> None:
        self.told.append(("started", route))

    def first_token(self, route: str, seconds: float, /) -> None:
        self.told.append(("first_token", route))

    def finished(self, route: str, usage: Usage | None, seconds: float, outcome: str, /) -> None:
        self.told.append(("finished", route, outcome))

    def fell_back(self, from_route: str, to_route: str, cause: str, /) -> None:
        self.told.append(("fell_back", from_route, to_route, cause))

    def breaker(self, route: str, state: str, /) -> None:
        self.told.append(("breaker", route, state))

    def queued(self, route: str, seconds: float, /) -> None:
        self.told.append(("queued", route))


def saying(*steps: str | Fail, model: str = "scripted") -> ScriptedEngine:
    """An engine that always says this."""
    said = tuple(step if isinstance(step, Fail) else Say(step) for step in steps)
    return ScriptedEngine(in_turn(Script(said, Usage(output_tokens=len(said)))), model=model)


def routed(
    *engines: ScriptedEngine, config: RouterConfig | None = None, clock: Clock | None = None
) -> RouterEngine:
    """A router over them, called a, b, c."""
    routes = [Route(name, engine) for name, engine in zip("abc", engines, strict=False)]
    return RouterEngine(routes, config, clock=clock or Clock())


async def texts(answer: Routed) -> list[str]:
    """The pieces; a restart is "!"."""
    return [
        event.text if isinstance(event, Delta) else "!"
        async for event in answer
        if not isinstance(event, Finished)
    ]


def outcomes(answer: Routed) -> list[tuple[str, str]]:
    return [(attempt.route, attempt.outcome) for attempt in answer.provenance.attempts]


async def until(met: Callable[[], bool], within_s: float = 5.0) -> None:
    """Let others work until a condition is met."""
    async with asyncio.timeout(within_s):
        for _ in iter(met, True):
            await asyncio.sleep(0.002)
