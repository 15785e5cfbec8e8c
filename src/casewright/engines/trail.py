"""One request's way over the routes: which comes next, what is fatal, and a record of every attempt."""

from __future__ import annotations

import asyncio
import contextlib
import math
import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

from casewright.engines.lane import Lane
from casewright.engines.policy import ROUTER_URL, RouterConfig
from casewright.errors import (
    AllEnginesFailed,
    BadRequest,
    CasewrightError,
    CircuitOpen,
    ConnectionLost,
    ContextOverflow,
    EngineBusy,
    EngineError,
    EngineRejected,
    EngineTimeout,
    EngineUnreachable,
    FirstTokenTimeout,
    ModelNotFound,
    TotalTimeout,
    Truncated,
    Unauthorized,
)
from casewright.observability.observer import EngineObserver
from casewright.values import Usage

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Attempt:
    """One route that was tried, or passed over without cost.

    ``outcome``: ``answering`` while it does, ``ok``, ``cancelled``, ``unsuitable`` (it cannot take the
    request at all), or the kind of the error. ``ms`` includes waiting for a place.
    """

    route: str
    outcome: str
    message: str
    ms: float


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where an answer comes from. Complete after the first token; final with the last event.

    ``provider`` is the route's name and ``model`` the model's name there; both are "" while none answers.
    ``fallback``: it is not the first that was allowed and suitable. ``queue_ms``: spent waiting for places.
    """

    provider: str
    kind: str
    model: str
    attempts: tuple[Attempt, ...]
    fallback: bool
    warnings: tuple[str, ...]
    queue_ms: float


class Trail:
    """The attempts of one request, in order; ``over_s`` is when they must be over, on the loop's clock."""

    def __init__(
        self,
        lanes: Sequence[Lane],
        config: RouterConfig,
        observer: EngineObserver,
        *,
        caller: str,
        unsuitable: Sequence[tuple[Lane, str]] = (),
    ) -> None:
        self.causes: list[EngineError] = []
        self.broken: tuple[Lane, EngineError] | None = None
        self._suitable = tuple(lanes)
        self._left = deque(lanes)
        self._retries = config.retries
        self._config = config
        self._over_s = asyncio.get_running_loop().time() + config.total_s
        self._first_s = math.inf
        self._observer = observer
        self._caller = caller
        self._attempts = [Attempt(lane.name, "unsuitable", why, 0.0) for lane, why in unsuitable]
        self._last: tuple[Lane, EngineError] | None = None
        self._current: Lane | None = None
        self._began_s = self._sent_s = 0.0
        self._queue_s = 0.0
        self._shown = self._done = False
        self._usage: Usage | None = None
        self._model = ""
        self._warnings: tuple[str, ...] = ()

    @property
    def provenance(self) -> Provenance:
        """What is known until now."""
        lane, attempts = self._current, self._attempts
        if lane is not None and not self._done:
            attempts = [*attempts, Attempt(lane.name, "answering", "", self._ms())]
        answering = lane is not None and (self._shown or self._done)
        return Provenance(
            provider=lane.name if lane and answering else "",
            kind=lane.engine.kind if lane and answering else "",
            model=self._model if answering else "",
            attempts=tuple(attempts),
            fallback=answering and lane is not self._suitable[0],
            warnings=self._warnings if answering else (),
            queue_ms=round(self._queue_s * 1e3, 1),
        )

    def lanes(self) -> Iterator[Lane]:
        """The routes to try, one after another; ends when none is left."""
        while self._left:
            lane = self._left.popleft()
            if self._last is not None and lane is not self._last[0]:
                self._tell_fallback(lane, *self._last)
            yield lane

    @contextlib.asynccontextmanager
    async def attempt(self, lane: Lane) -> AsyncIterator[None]:
        """Everything around one attempt: breaker, place, deadline, and what became of it.

        Raises:
            EngineError: of the attempt; hand it to ``failed``.
        """
        self._current, self._shown, self._done, self._model, self._warnings = lane, False, False, "", ()
        self._began_s = time.monotonic()
        outcome, message = "cancelled", ""
        try:
            lane.check()
            async with contextlib.AsyncExitStack() as stack:
                await self._enter(lane, stack)
                async with self._sent(lane):
                    yield
            outcome = "ok"
        except CasewrightError as error:
            outcome, message = error.kind, error.message
            raise
        finally:
            if not self._done:
                self._attempts.append(Attempt(lane.name, outcome, message, self._ms()))
                if not self._shown:
                    self._current = None
                self._done = True

    async def _enter(self, lane: Lane, stack: contextlib.AsyncExitStack) -> None:
        since = time.monotonic()
        try:
            await self.bounded(stack.enter_async_context(lane.admission.enter(self._caller)))
        finally:
            waited = time.monotonic() - since
            self._queue_s += waited
        self._observer.queued(lane.name, waited)
        lane.check()  # it may have failed while this one waited

    @contextlib.asynccontextmanager
    async def _sent(self, lane: Lane) -> AsyncIterator[None]:
        """Tell the breaker and the observer what becomes of a request that is sent now."""
        self._sent_s = time.monotonic()
        if self._config.first_token_s is not None:
            self._first_s = asyncio.get_running_loop().time() + self._config.first_token_s
        self._usage = None
        outcome = "cancelled"
        self._observer.started(lane.name)
        try:
            yield
            outcome = "ok"
        except EngineError as error:
            outcome = error.kind
            if not self._done:
                lane.failed(error, silent=self._silent(lane, error))
            raise
        except asyncio.CancelledError:
            if not self._done and self._silent(lane):
                waited = time.monotonic() - self._sent_s
                lane.failed(_nothing(lane, waited), silent=True)
            raise
        finally:
            if self._done:
                outcome = "ok"
            self._observer.finished(lane.name, self._usage, time.monotonic() - self._sent_s, outcome)

    def _silent(self, lane: Lane, error: EngineError | None = None) -> bool:
        """Whether the engine was given its time, and generated nothing for anybody since this was sent."""
        if self._shown or lane.heard_s >= self._sent_s:
            return False
        if isinstance(error, FirstTokenTimeout):
            return True
        long = time.monotonic() - self._sent_s >= self._config.silent_s
        return long and (error is None or isinstance(error, EngineTimeout))

    async def bounded(self, work: Awaitable[_T], *, first: bool = False) -> _T:
        """Wait for one step within what is left of the whole time.

        ``first``: it leads to the first piece, or comes after it.

        Raises:
            TotalTimeout: nothing is left.
            FirstTokenTimeout: nothing was generated in the time of this attempt.
        """
        early = first and not self._shown and self._first_s < self._over_s
        scope = asyncio.timeout_at(self._first_s if early else self._over_s)
        try:
            async with scope:
                return await work
        except TimeoutError as error:
            if not scope.expired():
                raise
            if early and self._current is not None:
                raise _nothing(self._current, self._config.first_token_s or 0.0) from error
            raise TotalTimeout(
                f"no complete answer within {self._config.total_s:g} s over all engines",
                hint="ask for fewer tokens, or allow more time",
                url=ROUTER_URL,
            ) from error

    def using(self, model: str, warnings: tuple[str, ...]) -> None:
        """What this attempt asks for, and what was left out of it."""
        self._model, self._warnings = model, warnings

    def first_token(self) -> None:
        """A piece is about to be shown; harmless when repeated."""
        if self._current is not None:
            self._current.heard_s = time.monotonic()
        if not self._shown and self._current is not None:
            self._shown = True
            self._observer.first_token(self._current.name, time.monotonic() - self._sent_s)

    def done(self, usage: Usage | None = None) -> None:
        """The answer is complete."""
        if self._current is not None and not self._done:
            self._usage = usage
            self._current.succeeded()
            self._attempts.append(Attempt(self._current.name, "ok", "", self._ms()))
            self._done = True

    def ended(self) -> None:
        """The engine has no more to say.

        Raises:
            Truncated: it never said that the answer was complete.
        """
        if not self._done and self._current is not None:
            url = self._current.engine.url
            raise Truncated(f"{url}: the answer has no end", hint="read the engine's own log", url=url)

    def failed(self, lane: Lane, error: EngineError, *, restart: bool = False) -> None:
        """Note the error of an attempt, and go on if that is right.

        Raises:
            EngineError: this one, since no other engine is to be asked: something of the answer was shown, or
                the request itself is at fault, or there is no time left.
        """
        self.causes.append(error)
        self._last = (lane, error)
        if isinstance(error, TotalTimeout) and error.url == ROUTER_URL:
            raise error
        if self._shown:
            if not restart:
                raise error
            self.broken = (lane, error)
        elif isinstance(error, ConnectionLost) and self._retries > 0:
            self._retries -= 1
            self._left.appendleft(lane)
        elif isinstance(error, ContextOverflow):
            self._left = deque(other for other in self._left if _longer(other, lane))
        elif _of_the_request(error) and self.broken is None:
            raise error

    def failure(self) -> EngineError:
        """The error when no route is left."""
        if self.broken is not None:
            return self.broken[1]
        if self.causes and isinstance(self.causes[-1], ContextOverflow):
            return self.causes[-1]
        if not self._suitable:
            return self._none_suitable()
        telling = next((cause for cause in self.causes if not _wait(cause)), self.causes[0])
        told = "; ".join(dict.fromkeys(cause.message for cause in self.causes))
        busy = all(_wait(cause) for cause in self.causes)
        return AllEnginesFailed(
            f"no engine answered: {told}",
            hint=telling.hint,
            url=ROUTER_URL,
            status=_status(self.causes),
            causes=tuple(self.causes),
            retry_after_s=_soonest(self.causes) if busy else None,
        )

    def _none_suitable(self) -> EngineError:
        if not self._attempts:
            return AllEnginesFailed(
                "no engine is allowed for this request",
                hint="name the engines to use: casewright provider set NAME",
                url=ROUTER_URL,
                status=503,
            )
        return BadRequest(
            "; ".join(attempt.message for attempt in self._attempts),
            hint="leave out what they cannot take, or set up an engine that can",
            url=ROUTER_URL,
            status=400,
        )

    def _tell_fallback(self, lane: Lane, before: Lane, error: EngineError) -> None:
        now = datetime.now(UTC).isoformat(timespec="seconds")
        before.last_fallback = f"{now} to {lane.name}: {error.kind}: {error.message}"
        self._observer.fell_back(before.name, lane.name, error.kind)

    def _ms(self) -> float:
        return round((time.monotonic() - self._began_s) * 1e3, 1)


def _nothing(lane: Lane, seconds: float) -> FirstTokenTimeout:
    url = lane.engine.url
    message = f"{url}: nothing generated within {round(seconds, 1):g} s"
    return FirstTokenTimeout(message, hint="read the engine's own log, or allow more time", url=url)


def _of_the_request(error: EngineError) -> bool:
    """Whether every engine would say the same: a key or a model is one engine's matter, the rest is not."""
    return isinstance(error, EngineRejected) and not isinstance(error, Unauthorized | ModelNotFound)


def _longer(other: Lane, than: Lane) -> bool:
    """Whether a prompt that did not fit may fit there; an unknown context is the engine's own."""
    pinned, there = than.route.context_length, other.route.context_length
    return pinned is not None and (there is None or there > pinned)


def _wait(cause: EngineError) -> bool:
    return isinstance(cause, EngineBusy | CircuitOpen)


def _status(causes: Sequence[EngineError]) -> int:
    if all(_wait(cause) or isinstance(cause, EngineUnreachable) for cause in causes):
        return 503
    told = [cause for cause in causes if not _wait(cause)]
    if all(isinstance(cause, ModelNotFound) for cause in told) and len(told) == len(causes):
        return 404
    return 504 if all(isinstance(cause, EngineTimeout) for cause in told) else 502


def _soonest(causes: Sequence[EngineError]) -> float:
    """Whole seconds until the first of them may answer, at least 1."""
    times = [cause.retry_after_s for cause in causes if isinstance(cause, EngineBusy | CircuitOpen)]
    return max(1.0, float(math.ceil(min((after for after in times if after is not None), default=1.0))))
