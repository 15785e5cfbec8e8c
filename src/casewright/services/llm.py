"""The engines behind a service: one router over all of them, ordered by what is asked for now.

What is asked for may change at any time (``casewright.services.provider``); new requests see it at once,
those under way finish where they began, since no engine is closed for it. What answers is proven by a
request for one token, not by a health page.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import cast
from urllib.parse import urlsplit

from casewright.api.contract import AttemptMade, EngineInCharge, EngineRow, Strategy
from casewright.api.qualification import Use
from casewright.engines.base import Answer, Engine, EngineHealth
from casewright.engines.breaker import BreakerState
from casewright.engines.connect import open_engine
from casewright.engines.policy import Capabilities, Route, RouterConfig
from casewright.engines.router import Provenance, Routed, RouterEngine
from casewright.engines.wire import Api, ChatRequest, Delta, Finished
from casewright.errors import ConfigError, EngineError, StorageError
from casewright.observability.context import request_id
from casewright.observability.engine_metrics import EngineMetrics
from casewright.observability.observer import Observers
from casewright.observability.tracing import Place, start_tracing
from casewright.services.llm_config import EngineAccess, LlmConfig, llm_config
from casewright.services.llm_source import NOT_ASKED, Source
from casewright.services.provider import Choice, ProviderFile
from casewright.settings import Provider
from casewright.values import EngineIdentity

__all__ = ["EngineAccess", "LanguageModel", "Lease", "LlmConfig", "Origin", "llm_config"]

log = logging.getLogger(__name__)


class RoutedEngine(Engine):
    """The router for one request of one caller, over some routes; ``answers`` is where they came from."""

    def __init__(self, router: RouterEngine, *, only: frozenset[str], caller: str) -> None:
        self.kind = router.kind
        self.api = router.api
        self.url = router.url
        self.model = None
        self.only = only
        self.answers: list[Provenance] = []
        self._router = router
        self._caller = caller

    async def chat(self, request: ChatRequest) -> AsyncGenerator[Delta | Finished]:
        """See ``Engine.chat``; a broken stream never begins anew, as ``Engine`` has no word for that."""
        async with self._open(request, restart=False) as routed:
            try:
                async for event in routed:
                    if isinstance(event, Delta | Finished):
                        yield event
            finally:
                self.answers.append(routed.provenance)

    async def complete(self, request: ChatRequest) -> Answer:
        """See ``Engine.complete``: nothing is shown before it is whole, so a broken one may begin anew."""
        async with self._open(request, restart=None) as routed:
            try:
                return await routed.collect()
            finally:
                self.answers.append(routed.provenance)

    def _open(self, request: ChatRequest, restart: bool | None) -> Routed:
        return self._router.open(request, caller=self._caller, only=self.only, restart=restart)

    async def chosen_model(self) -> str:
        """No name: each engine has its own."""
        return ""

    async def embed(self, texts: Sequence[str], model: str) -> list[list[float]]:
        """See ``Engine.embed``."""
        return await self._router.embed(texts, model)

    async def models(self) -> tuple[str, ...]:
        """See ``Engine.models``."""
        return await self._router.models()

    async def health(self) -> EngineHealth:
        """See ``Engine.health``."""
        return await self._router.health()

    async def identity(self) -> EngineIdentity:
        """See ``Engine.identity``."""
        return await self._router.identity()

    async def aclose(self) -> None:
        """Nothing of its own to close."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where words came from; ``provider`` and ``model`` are None where no engine is there."""

    provider: Provider | None
    model: str | None
    attempts: tuple[AttemptMade, ...]
    fallback: bool


@dataclass(frozen=True, slots=True)
class Lease:
    """The engines for one request. ``provider``, ``identity`` and ``available`` are of the one in charge.

    ``engine`` falls back as configured; ``origin`` says afterwards who answered.
    """

    provider: Provider
    engine: RoutedEngine
    identity: EngineIdentity | None
    strategies: Mapping[str, Strategy]
    available: bool
    sources: Mapping[Provider, Source]

    @property
    def model(self) -> str | None:
        """The model that answers, as the engine in charge names it."""
        return self.identity.model if self.identity else None

    def strategy(self, use: Use) -> Strategy:
        """How far this model may be used: ``extractive`` where it has shown nothing else."""
        return self.strategies.get(use, "extractive")

    def origin(self) -> Origin:
        """Who answered: the last engine that did, else the one in charge if it is there at all."""
        said = [found for found in self.engine.answers if found.provider]
        attempts = tuple(
            AttemptMade(provider=made.route, outcome=made.outcome, message=made.message, ms=round(made.ms, 1))
            for found in self.engine.answers
            for made in found.attempts
        )
        fallback = any(found.fallback for found in said)
        if not said:
            known = self.provider if self.available else None
            return Origin(known, self.model if self.available else None, attempts, fallback)
        last = said[-1]
        return Origin(cast(Provider, last.provider), last.model, attempts, fallback)

    def keep_to_qualified(self, use: Use) -> None:
        """Fall back only to models that have shown as much: a weaker one must not slip in."""
        allowed = {
            name
            for name, source in self.sources.items()
            if name in self.engine.only and source.strategies.get(use, "extractive") != "extractive"
        }
        self.engine.only = frozenset(allowed or {self.provider})


class LanguageModel:
    """The service's way to its engines; one an application, started and closed with it."""

    def __init__(self, config: LlmConfig, metrics: EngineMetrics | None = None) -> None:
        self._config = config
        self._file = ProviderFile(config.data_dir)
        self._sources = {name: _source(name, found, config) for name, found in config.engines.items()}
        self._asked: Choice | None = None
        self.tracing = start_tracing(config.tracing, _places(config))
        self.router = RouterEngine(
            [_route(name, self._sources[name].engine, found) for name, found in config.engines.items()],
            RouterConfig(
                restart_after_first_token=config.restart_streams,
                total_s=config.deadlines.total_s,
                first_token_s=config.deadlines.first_token_s,
            ),
            observer=Observers(self.tracing) if metrics is None else Observers(metrics, self.tracing),
        )
        for name, source in self._sources.items():
            source.shut = partial(self.router.shut, name)
            source.answered = partial(self.router.seen_answering, name)
        if metrics is not None:
            metrics.watch(self.router.status)

    async def start(self) -> None:
        """Begin to look after engines that went away."""
        await self.router.start()

    async def aclose(self) -> None:
        """Close every engine."""
        for source in self._sources.values():
            await source.aclose()
        # after the probes have ended: one that went on would open a connection of its own again
        await self.router.aclose()
        await asyncio.to_thread(self.tracing.close)  # sends what is left, and waits for it

    def names(self) -> tuple[Choice, tuple[Provider, ...]]:
        """What is asked for now, and the engines that may answer, in order; the router follows.

        Raises:
            StorageError: the provider file cannot be read.
        """
        choice = self._file.choose(self._config.from_environment)
        order = [name for name in self._config.order if name in self._sources]
        if choice.provider == "auto":
            names = order
        else:
            rest = [name for name in order if name != choice.provider] if self._config.fallback else []
            names = [choice.provider, *rest] if choice.provider in self._sources else rest
        if not names:
            raise ConfigError(
                f"{choice.provider} was asked for and is not set up here",
                hint=f"ask for one of {', '.join(self._sources)}",
            )
        if self._asked is None or self._asked.provider != choice.provider:
            if self._asked is not None:
                log.info("provider changed", extra={"before": self._asked.provider, "now": choice.provider})
            self.router.reorder(names)
        self._asked = choice
        return choice, tuple(names)

    @contextlib.asynccontextmanager
    async def lease(self, caller: str = "") -> AsyncIterator[Lease]:
        """Engines for one request; ``caller`` is who is to wait fairly behind others.

        An engine error that leaves the block makes the next health call ask the engine anew.

        Raises:
            StorageError: the provider file cannot be read.
        """
        _, names = self.names()
        source = await self._in_charge(names)
        engine = RoutedEngine(self.router, only=frozenset(names), caller=caller or request_id() or "")
        try:
            yield Lease(
                source.name, engine, source.identity, source.strategies, source.problem is None, self._sources
            )
        except EngineError:
            source.doubt()
            raise

    async def _in_charge(self, names: Sequence[Provider]) -> Source:
        """The first that answered when it was last asked, else the first."""
        self._doubt_what_failed()
        until = time.monotonic() + self._config.wait_s
        for name in names:
            await self._sources[name].known(until)
            if self._sources[name].problem is None:
                return self._sources[name]
        return self._sources[names[0]]

    def _doubt_what_failed(self) -> None:
        """What requests have met since an engine was last asked outweighs the older finding."""
        for row in self.router.status():
            source = self._sources.get(cast(Provider, row.name))
            if row.state is not BreakerState.CLOSED and source is not None and source.problem is None:
                source.doubt()

    async def status(self) -> EngineInCharge:
        """What is in charge and whether it answers, by a request for one token not older than ``fresh_s``.

        While an engine that is full lets its probe wait the last finding is told with its age, until
        ``full_s``; one that is silent is told after ``late_s``. Returns after ``wait_s`` and a glance for
        each further engine at the latest.
        """
        try:
            choice, names = self.names()
        except StorageError as error:
            return EngineInCharge(
                provider="embedded",
                requested="unknown",
                source="file",
                llm_available=False,
                reason=str(error),
            )
        self._doubt_what_failed()
        found = self._sources[names[0]]
        until = time.monotonic() + self._config.wait_s
        for name in names:
            await self._sources[name].fresh(until)
            if self._sources[name].problem is None:
                found = self._sources[name]
                break
        return self._told(choice, found)

    def _told(self, choice: Choice, found: Source) -> EngineInCharge:
        about, reason = found.identity, found.problem
        asked = self._sources.get(choice.provider) if choice.provider != "auto" else None
        if found.problem is None and asked is not None and asked is not found:
            reason = f"{choice.provider} was asked for and {found.name} answers: {asked.problem}"
        rows = tuple(
            EngineRow(
                name=row.name,
                url=row.url,
                breaker=str(row.state),
                inside=row.inside,
                waiting=row.waiting,
                last_error=row.last_error,
                opened_for_s=row.opened_for_s,
                last_fallback=row.last_fallback,
            )
            for row in self.router.status()
        )
        return EngineInCharge(
            provider=found.name,
            requested=choice.provider,
            source=choice.source,
            llm_available=found.problem is None,
            engine=about.name if about else None,
            model=about.model if about else None,
            url=found.engine.url,
            strategies=found.strategies,
            reason=reason if reason != NOT_ASKED else "the engine has not answered yet",
            checked_s_ago=found.age_s,
            slow=found.slow,
            engines=rows,
        )


def _source(name: Provider, access: EngineAccess, config: LlmConfig) -> Source:
    engine = open_engine(access.spec, api_key=access.api_key, deadlines=config.deadlines)
    return Source(name, engine, config, _context(engine, access))


def _context(engine: Engine, access: EngineAccess) -> int | None:
    """Ollama's context is always named."""
    return access.context if engine.api is Api.OLLAMA else None


def _places(config: LlmConfig) -> dict[str, Place]:
    """Each engine's host and port, for traces."""
    found = {}
    for name, access in config.engines.items():
        parts = urlsplit(access.spec.url or "")
        port = parts.port or (443 if parts.scheme == "https" else 80)
        found[str(name)] = Place(access.spec.kind, parts.hostname or "", port, access.spec.model)
    return found


def _route(name: Provider, engine: Engine, access: EngineAccess) -> Route:
    """The engine as the router knows it."""
    return Route(
        name=name,
        engine=engine,
        model=access.spec.model,
        models=access.models,
        admission=access.admission,
        capabilities=Capabilities(images=access.images, tools=True, json_schema=True, embeddings=True),
        context_length=_context(engine, access),
    )
