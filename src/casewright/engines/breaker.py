"""The circuit breaker of one engine: callers stay away while it fails, and a probe looks after it.

::

          failures in a row, one unreachable, or silent
      CLOSED ------------------------------------------> OPEN <------------------+
        ^                                              |                         |
        |                          time over: probing()|                         | the probe failed:
        |                                              v                         | twice the time, up to
        +------------------------------------------ HALF_OPEN -------------------+ the bound (busy: same)
            the probe was answered: time starts anew

The states are those of M. Nygard, *Release It!* (2nd ed. 2018, ch. 5), but for one thing: the probe of
HALF_OPEN is never a caller's request, so that no caller pays for finding out. It knows nothing of other
engines, and so works alone as it works among several. Pure: no tasks and no waiting, time is what the given
clock says.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from casewright.errors import (
    ConfigError,
    EngineBusy,
    EngineError,
    EngineRejected,
    EngineTimeout,
    EngineUnreachable,
    ServerFailure,
    StreamBroken,
)

HISTORY = 64


class BreakerState(StrEnum):
    """CLOSED: callers pass. OPEN: none does. HALF_OPEN: none does, and one probe is under way."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


@dataclass(frozen=True, slots=True)
class BreakerConfig:
    """When to open, and how often to look again; times in seconds.

    ``failures`` in a row open it, and an unreachable engine, or one that is silent to everybody, counts for
    all of them at once: the next caller must not find that out again by waiting. It stays open for
    ``open_s``, doubled with every failed probe up to ``open_max_s``. A probe without a word after ``probe_s``
    is lost, and another one is due.

    Raises:
        ConfigError: a value is out of its bounds.
    """

    failures: int = 3
    open_s: float = 1.0
    open_max_s: float = 30.0
    probe_s: float = 5.0

    def __post_init__(self) -> None:
        if self.failures >= 1 and 0 < self.open_s <= self.open_max_s < float("inf") and self.probe_s > 0:
            return
        raise ConfigError(
            f"a circuit breaker cannot work with {self}",
            hint="failures is at least 1, and 0 < open_s <= open_max_s and 0 < probe_s, in seconds",
        )


@dataclass(frozen=True, slots=True)
class Transition:
    """One change of state; ``at_s`` is the breaker's clock in seconds, ``reason`` a sentence for people."""

    at_s: float
    before: BreakerState
    after: BreakerState
    reason: str


def counts(error: EngineError) -> bool:
    """Whether an error speaks against the engine, and not against the request or the hour.

    Unreachable, 5xx, timeouts and broken streams do. A refusal (4xx, a prompt that does not fit) is the right
    answer to that request; a busy engine (429, 503) works, and is a reason to ask another one just now. What
    the router itself says of several engines is no engine's failure.
    """
    return isinstance(error, EngineUnreachable | ServerFailure | EngineTimeout | StreamBroken)


class CircuitBreaker:
    """The state of one engine. Ask ``allows()`` before a request, and report how it went.

    Whoever probes asks ``due()``, says ``probing()``, sends one real request, and reports likewise. While
    OPEN, reports are kept as ``last_error`` and change nothing: they are of requests that began before. While
    HALF_OPEN every report decides, the probe's or that of such an old request: both are news of the engine.
    """

    def __init__(self, config: BreakerConfig, clock: Callable[[], float] = time.monotonic) -> None:
        self.config = config
        self.last_error: str | None = None
        self._clock = clock
        self._state = BreakerState.CLOSED
        self._failures = 0
        self._open_s = config.open_s
        self._due_at = 0.0
        self._opened_at = 0.0
        self._history: deque[Transition] = deque(maxlen=HISTORY)

    @property
    def state(self) -> BreakerState:
        """The state now; time alone never changes it."""
        return self._state

    @property
    def history(self) -> tuple[Transition, ...]:
        """The last ``HISTORY`` changes of state, oldest first."""
        return tuple(self._history)

    @property
    def opened_for_s(self) -> float:
        """Seconds since callers were last admitted; 0 while CLOSED."""
        return 0.0 if self._state is BreakerState.CLOSED else max(0.0, self._clock() - self._opened_at)

    @property
    def due_in_s(self) -> float:
        """Seconds until the next probe may be sent, so the soonest that callers may pass; 0 while CLOSED."""
        return 0.0 if self._state is BreakerState.CLOSED else max(0.0, self._due_at - self._clock())

    def allows(self) -> bool:
        """Whether a caller's request may be sent: in CLOSED only, as callers never are the probe."""
        return self._state is BreakerState.CLOSED

    def due(self) -> bool:
        """Whether a probe should be sent now: the time of OPEN is over, or the probe under way is lost."""
        return self._state is not BreakerState.CLOSED and self._clock() >= self._due_at

    def probing(self) -> None:
        """A probe is about to be sent.

        Raises:
            RuntimeError: none is due, so this would be a second one.
        """
        if not self.due():
            raise RuntimeError(f"no probe is due: the breaker is {self._state}")
        lost = self._state is BreakerState.HALF_OPEN
        self._due_at = self._clock() + self.config.probe_s
        self._turn(BreakerState.HALF_OPEN, "the last probe was lost" if lost else "time for a probe")

    def succeeded(self) -> None:
        """A request was answered in full (not a first token: streams that stall must add up as failures)."""
        if self._state is BreakerState.OPEN:
            return
        self._failures = 0
        self._open_s = self.config.open_s
        if self._state is BreakerState.HALF_OPEN:
            self._turn(BreakerState.CLOSED, "the engine answered")

    def seen_answering(self, began_s: float) -> None:
        """Somebody else's probe was answered with a token; it began at ``began_s`` on the breaker's clock.

        As good as a probe of our own, if it began after the breaker opened: whoever says that the engine
        answers again, and is right, must not be contradicted by callers who are still kept away from it.
        """
        if self._state is BreakerState.OPEN and began_s >= self._history[-1].at_s:
            self._turn(BreakerState.HALF_OPEN, "somebody else's probe was under way")
            self.succeeded()

    def failed(self, error: EngineError, *, silent: bool = False) -> None:
        """A request failed; errors that do not speak against the engine never open it.

        ``silent``: it was waited for in full, and meanwhile nobody at all was given a token.
        """
        self.last_error = error.message
        if self._state is BreakerState.HALF_OPEN:
            self._probe_failed(error)
        elif self._state is BreakerState.CLOSED and counts(error):
            sure = "unreachable" if isinstance(error, EngineUnreachable) else "silent" if silent else ""
            self._failures += self.config.failures if sure else 1
            if self._failures >= self.config.failures:
                self._opened_at = self._clock()
                self._open(sure or f"{self._failures} failures in a row", error)

    def _probe_failed(self, error: EngineError) -> None:
        if isinstance(error, EngineRejected):
            # it read the request and refused it: what is wrong is not its health, and callers should be told
            self.succeeded()
        elif isinstance(error, EngineBusy):
            # it lives, but has no room (or still loads its model): nothing speaks for waiting longer
            self._open("the probe found it busy", error)
        else:
            self._open_s = min(self._open_s * 2, self.config.open_max_s)
            self._open("the probe failed", error)

    def _open(self, why: str, error: EngineError) -> None:
        self._due_at = self._clock() + self._open_s
        self._turn(BreakerState.OPEN, f"{why}: {error.message}")

    def _turn(self, after: BreakerState, reason: str) -> None:
        self._history.append(Transition(self._clock(), self._state, after, reason))
        self._state = after
