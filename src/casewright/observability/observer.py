"""Who is told what a router's engines do: metrics, traces, or nobody. Plain words, and no library."""

from __future__ import annotations

from typing import Protocol

from casewright.values import Usage


class EngineObserver(Protocol):
    """What a router tells of its work; times in seconds from the start of the attempt.

    All calls about one attempt come from the task that began it, or from tasks begun after that.
    """

    def started(self, route: str, /) -> None:
        """A request was sent to a route."""

    def first_token(self, route: str, seconds: float, /) -> None:
        """It generated its first piece."""

    def finished(self, route: str, usage: Usage | None, seconds: float, outcome: str, /) -> None:
        """It ended: ``ok``, ``cancelled``, or an error's kind."""

    def fell_back(self, from_route: str, to_route: str, cause: str, /) -> None:
        """A request went on to another route because of an error's kind."""

    def breaker(self, route: str, state: str, /) -> None:
        """A breaker is now ``closed``, ``open`` or ``half_open``."""

    def queued(self, route: str, seconds: float, /) -> None:
        """A request waited so long for its place (0 when there was one at once)."""


class Observers:
    """Several observers as one, told in the order given; of none, it keeps all to itself."""

    def __init__(self, *observers: EngineObserver) -> None:
        self._observers = observers

    def started(self, route: str, /) -> None:
        """Tell all."""
        for each in self._observers:
            each.started(route)

    def first_token(self, route: str, seconds: float, /) -> None:
        """Tell all."""
        for each in self._observers:
            each.first_token(route, seconds)

    def finished(self, route: str, usage: Usage | None, seconds: float, outcome: str, /) -> None:
        """Tell all."""
        for each in self._observers:
            each.finished(route, usage, seconds, outcome)

    def fell_back(self, from_route: str, to_route: str, cause: str, /) -> None:
        """Tell all."""
        for each in self._observers:
            each.fell_back(from_route, to_route, cause)

    def breaker(self, route: str, state: str, /) -> None:
        """Tell all."""
        for each in self._observers:
            each.breaker(route, state)

    def queued(self, route: str, seconds: float, /) -> None:
        """Tell all."""
        for each in self._observers:
            each.queued(route, seconds)
