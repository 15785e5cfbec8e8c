"""One route at work: its engine, its breaker, its places, and the probe that brings it back."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Iterator
from dataclasses import replace

from casewright.engines.admission import Admission
from casewright.engines.base import Engine
from casewright.engines.breaker import BreakerState, CircuitBreaker
from casewright.engines.policy import Route, RouterConfig
from casewright.engines.translate import adapt
from casewright.engines.wire import ChatRequest, Message
from casewright.errors import (
    CircuitOpen,
    EngineError,
    FirstTokenTimeout,
    ModelNotFound,
    ServerFailure,
    UsageError,
)
from casewright.observability.observer import EngineObserver

# a probe that is due while another still runs is looked for again after this
_PAUSE_S = 0.02
PROBE = ChatRequest("", (Message("user", "Hello"),), max_tokens=1)


class Lane:
    """A route with its state; ``last_fallback`` says when requests last went on from it, and why.

    ``heard_s``: when it last generated anything for anybody, in monotonic seconds.
    """

    def __init__(
        self,
        route: Route,
        config: RouterConfig,
        observer: EngineObserver,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.route = route
        self.name = route.name
        self.engine: Engine = route.engine
        self.breaker = CircuitBreaker(config.breaker, clock)
        self.admission = Admission(route.admission)
        self.last_fallback: str | None = None
        self.heard_s = 0.0
        self._observer = observer
        self._chosen: str | None = None
        self._failing = asyncio.Event()

    def succeeded(self) -> None:
        """A request was answered in full."""
        with self._telling():
            self.breaker.succeeded()

    def seen_answering(self, began_s: float) -> None:
        """Somebody else's probe was answered: see ``CircuitBreaker.seen_answering``."""
        with self._telling():
            self.breaker.seen_answering(began_s)

    def failed(self, error: EngineError, *, silent: bool = False) -> None:
        """A request, or a probe, failed; ``silent``: see ``CircuitBreaker.failed``."""
        self._chosen = None  # another engine, or another model, may stand there when it answers again
        with self._telling():
            self.breaker.failed(error, silent=silent)

    def check(self) -> None:
        """Pass while the breaker is closed.

        Raises:
            CircuitOpen: it is not.
        """
        if self.breaker.allows():
            return
        since, said = self.breaker.opened_for_s, self.breaker.last_error or "it failed"
        raise CircuitOpen(
            f"{self.name} has not been asked for {since:.1f} s ({said})",
            hint=f"see that {self.name} answers; it is tried again by itself",
            url=self.engine.url,
            retry_after_s=self.breaker.due_in_s,
        )

    async def adapted(self, request: ChatRequest) -> tuple[ChatRequest, tuple[str, ...]]:
        """The request as this route can take it, with a model, and what was left out.

        Raises:
            EngineError: it cannot take it, or does not say which model it has.
        """
        changed, warnings = adapt(request, self.route)
        return replace(changed, model=await self.model(changed.model)), warnings

    async def model(self, name: str) -> str:
        """The name to ask for; with none given the only one served, which the engine is asked for once.

        Raises:
            ModelNotFound: none was given, and it serves several or none.
            EngineError: the engine did not say.
        """
        if name:
            return name
        if self._chosen is None:
            try:
                self._chosen = await self.engine.chosen_model()
            except UsageError as error:
                raise ModelNotFound(
                    error.message, hint=error.hint, url=self.engine.url, status=404
                ) from error
        return self._chosen

    async def probe(self) -> None:
        """Send the probe if one is due: one token, and no more time for it than ``probe_s``."""
        if not self.breaker.due():
            return
        with self._telling():
            self.breaker.probing()
        allowed = self.breaker.config.probe_s
        try:
            async with asyncio.timeout(allowed):
                await self._one_token()
        except TimeoutError:
            late = f"{self.engine.url}: no token within {allowed:g} s"
            self.failed(FirstTokenTimeout(late, hint="read the engine's own log", url=self.engine.url))
        except EngineError as error:
            self.failed(error)
        else:
            self.succeeded()

    async def _one_token(self) -> None:
        """The request that callers would send, with the model and the context that they would get.

        Not ``Engine.probe``: that names no context, so that Ollama would load the model anew for it; and it
        does not say what kind of error there was.
        """
        request, _ = await self.adapted(PROBE)
        answer = await self.engine.complete(request)
        if not answer.chunks and not (answer.usage and answer.usage.output_tokens):
            url = self.engine.url
            raise ServerFailure(
                f"{url}: an answer without a token", hint="read the engine's own log", url=url
            )

    async def look_after(self) -> None:
        """For ever: whenever the breaker is open, probe until the engine answers again."""
        while True:
            await self._failing.wait()
            await asyncio.sleep(max(self.breaker.due_in_s, _PAUSE_S))
            await self.probe()

    @contextlib.contextmanager
    def _telling(self) -> Iterator[None]:
        before = self.breaker.state
        yield
        after = self.breaker.state
        if after is BreakerState.CLOSED:
            self._failing.clear()
        else:
            self._failing.set()
        if after is not before:
            self._observer.breaker(self.name, after)
