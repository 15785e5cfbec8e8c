"""An engine made of engines: each request goes to the first that can take it, on to the next if that fails.

Before the first token a failure is invisible but for the provenance; after it nothing is ever spliced. Each
route has a circuit breaker and bounded places of its own. docs/router.md has the rules, and what a caller
sees of every fault.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass

from casewright.engines.base import Answer, Engine, EngineHealth
from casewright.engines.breaker import BreakerState
from casewright.engines.lane import Lane
from casewright.engines.policy import ROUTER_URL, Route, RouterConfig
from casewright.engines.routed import Restarted, Routed, RoutedEvent
from casewright.engines.trail import Attempt, Provenance, Trail
from casewright.engines.translate import lacks
from casewright.engines.wire import Api, ChatRequest, Delta, Finished
from casewright.errors import ConfigError, EngineError
from casewright.observability.observer import EngineObserver, Observers
from casewright.values import EngineIdentity

__all__ = [
    "Attempt",
    "Provenance",
    "Restarted",
    "RouteStatus",
    "Routed",
    "RoutedEvent",
    "RouterEngine",
]


@dataclass(frozen=True, slots=True)
class RouteStatus:
    """One route now. ``inside`` and ``waiting`` count requests; ``opened_for_s``: None while closed."""

    name: str
    url: str
    state: BreakerState
    last_error: str | None
    inside: int
    waiting: int
    opened_for_s: float | None
    last_fallback: str | None
    probe_in_s: float | None = None


class RouterEngine(Engine):
    """Routes in order of preference; use it from one event loop. It closes the engines of its routes.

    ``start`` begins to look after engines that went away; without it a breaker that opened stays open.
    ``kind`` is that of the first route, since a router is no kind of engine.

    Raises:
        ConfigError: there is no route, or two have one name.
    """

    def __init__(
        self,
        routes: Sequence[Route],
        config: RouterConfig | None = None,
        *,
        observer: EngineObserver | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        names = [route.name for route in routes]
        if not names or len(set(names)) < len(names):
            raise ConfigError("a router needs routes with names of their own", hint=f"these are {names}")
        self.config = config or RouterConfig()
        self.kind = routes[0].engine.kind
        self.api = Api.OPENAI
        self.url = ROUTER_URL
        self.model = None
        self._observer = observer or Observers()
        self._lanes = {route.name: Lane(route, self.config, self._observer, clock) for route in routes}
        self._order = tuple(names)
        self._watching: list[asyncio.Task[None]] = []

    @property
    def order(self) -> tuple[str, ...]:
        """The names of the routes in use, in order."""
        return self._order

    async def start(self) -> None:
        """Look after the engines in the background, until ``aclose``; harmless when repeated."""
        if not self._watching:
            self._watching = [asyncio.create_task(lane.look_after()) for lane in self._lanes.values()]

    async def aclose(self) -> None:
        """Stop looking after the engines, and close them."""
        watching, self._watching = self._watching, []
        for task in watching:
            task.cancel()
        await asyncio.gather(*watching, return_exceptions=True)
        for lane in self._lanes.values():
            await lane.engine.aclose()

    async def probe_due(self) -> None:
        """Send every probe that is due now; what ``start`` does in time."""
        for lane in self._lanes.values():
            await lane.probe()

    def reorder(self, names: Sequence[str]) -> None:
        """From now on new requests try these routes, in this order, and no others; those under way stay.

        Raises:
            ConfigError: a route of that name does not exist, or none is named.
        """
        unknown = [name for name in names if name not in self._lanes]
        if unknown or not names:
            raise ConfigError(
                f"no route {', '.join(unknown)}" if unknown else "no route was named",
                hint=f"there are: {', '.join(self._lanes)}",
            )
        self._order = tuple(dict.fromkeys(names))

    def shut(self, name: str) -> bool:
        """Whether callers are kept away from a route, by its breaker."""
        return not self._lanes[name].breaker.allows()

    def seen_answering(self, name: str, began_s: float) -> None:
        """A probe from outside that began at ``began_s`` (monotonic seconds) was answered with a token."""
        self._lanes[name].seen_answering(began_s)

    def status(self) -> tuple[RouteStatus, ...]:
        """Every route now: those in use in their order, then the others."""
        names = dict.fromkeys((*self._order, *self._lanes))
        return tuple(_status(self._lanes[name]) for name in names)

    def open(
        self,
        request: ChatRequest,
        *,
        caller: str = "",
        only: frozenset[str] | None = None,
        restart: bool | None = None,
    ) -> Routed:
        """An answer for ``caller``, from the routes in use; nothing is sent before it is iterated.

        ``only`` are the routes that may answer, also such as are not in use just now (who was allowed a route
        keeps it, whatever is switched meanwhile); None: those in use. ``restart``: whether a broken stream
        may begin anew elsewhere, with ``Restarted``; None: as configured.
        """
        lanes = self._allowed(only)
        lacking = [(lane, why) for lane in lanes if (why := lacks(request, lane.route)) is not None]
        unsuitable = {lane.name for lane, _ in lacking}
        trail = Trail(
            [lane for lane in lanes if lane.name not in unsuitable],
            self.config,
            self._observer,
            caller=caller,
            unsuitable=lacking,
        )
        return Routed(
            request, trail, restart=self.config.restart_after_first_token if restart is None else restart
        )

    async def chat(self, request: ChatRequest) -> AsyncGenerator[Delta | Finished]:
        """See ``Engine.chat``; a broken stream never begins anew here, as ``Engine`` has no word for that."""
        async with self.open(request, restart=False) as routed, aclosing(_plain(routed)) as events:
            async for event in events:
                yield event

    async def complete(self, request: ChatRequest) -> Answer:
        """See ``Engine.complete``."""
        return (await self.complete_routed(request))[0]

    async def complete_routed(
        self, request: ChatRequest, caller: str = "", only: frozenset[str] | None = None
    ) -> tuple[Answer, Provenance]:
        """A whole answer and where it comes from; for that of a failure use ``open`` and ``collect``.

        Raises:
            EngineError: no engine gave a complete answer.
        """
        async with self.open(request, caller=caller, only=only) as routed:
            answer = await routed.collect()
            return answer, routed.provenance

    async def embed(self, texts: Sequence[str], model: str) -> list[list[float]]:
        """See ``Engine.embed``; the next route is asked for the same model under its name there."""
        return (await self.embed_routed(texts, model))[0]

    async def embed_routed(
        self, texts: Sequence[str], model: str, caller: str = "", only: frozenset[str] | None = None
    ) -> tuple[list[list[float]], Provenance]:
        """Vectors and where they come from. Those of different models cannot be compared: name one.

        Raises:
            EngineError: no engine gave them.
        """
        lanes = self._allowed(only)
        able = [lane for lane in lanes if lane.route.capabilities.embeddings]
        unable = [(lane, f"{lane.name} makes no embeddings") for lane in lanes if lane not in able]
        trail = Trail(able, self.config, self._observer, caller=caller, unsuitable=unable)
        for lane in trail.lanes():
            try:
                async with trail.attempt(lane):
                    named = lane.model(lane.route.model_for(model) or "")
                    name = await trail.bounded(named, first=True)
                    trail.using(name, ())
                    vectors = await trail.bounded(lane.engine.embed(texts, name))
                    trail.done()
                return vectors, trail.provenance
            except EngineError as error:
                trail.failed(lane, error)
        raise trail.failure()

    async def models(self) -> tuple[str, ...]:
        """The models of the first route that says so."""
        failure: EngineError | None = None
        for lane in self._usable():
            try:
                return await lane.engine.models()
            except EngineError as error:
                failure = failure or error
        raise failure or self._refusal()

    async def health(self) -> EngineHealth:
        """That of the first route that is ready, else of the first that was asked."""
        found: EngineHealth | None = None
        for lane in self._usable():
            health = await lane.engine.health()
            if health.ready:
                return health
            found = found or health
        return found or EngineHealth(False, False, str(self._refusal()))

    async def identity(self) -> EngineIdentity:
        """That of the first route that says so."""
        failure: EngineError | None = None
        for lane in self._usable():
            try:
                return await lane.engine.identity()
            except EngineError as error:
                failure = failure or error
        raise failure or self._refusal()

    async def chosen_model(self) -> str:
        """No name: each route has its own."""
        return ""

    def _allowed(self, only: frozenset[str] | None) -> list[Lane]:
        if only is None:
            return [self._lanes[name] for name in self._order]
        return [self._lanes[name] for name in dict.fromkeys((*self._order, *self._lanes)) if name in only]

    def _usable(self) -> Iterator[Lane]:
        return (self._lanes[name] for name in self._order if self._lanes[name].breaker.allows())

    def _refusal(self) -> EngineError:
        """Why no route is usable: the first one's breaker."""
        try:
            self._lanes[self._order[0]].check()
        except EngineError as error:
            return error
        raise AssertionError("a route is usable after all")


async def _plain(routed: Routed) -> AsyncGenerator[Delta | Finished]:
    async for event in routed:
        if isinstance(event, Restarted):
            raise AssertionError("a stream began anew although it must not")
        yield event


def _status(lane: Lane) -> RouteStatus:
    closed = lane.breaker.allows()
    return RouteStatus(
        name=lane.name,
        url=lane.engine.url,
        state=lane.breaker.state,
        last_error=lane.breaker.last_error,
        inside=lane.admission.inside,
        waiting=lane.admission.waiting,
        opened_for_s=None if closed else round(lane.breaker.opened_for_s, 3),
        last_fallback=lane.last_fallback,
        probe_in_s=None if closed else round(lane.breaker.due_in_s, 3),
    )
