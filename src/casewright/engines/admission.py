"""Bounded admission to one engine: so many at work, so many waiting, none for ever, and callers take turns.

Each caller has a line of its own, first come first served; a free place goes to the lines in turn (round
robin), so that one who asks for a hundred answers delays another by one of them at a time, and not by all.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import time
from collections import OrderedDict, deque
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

from casewright.errors import ConfigError, Overloaded

RETRY_MIN_S = 1.0
# weight of the newest holding time once there are enough: about the last 19 matter (2 / (19 + 1))
WEIGHT = 0.1


@dataclass(frozen=True, slots=True)
class AdmissionConfig:
    """At most ``concurrency`` at work and ``queue`` waiting, none of these longer than ``queue_s`` seconds.

    Raises:
        ConfigError: a value is out of its bounds.
    """

    concurrency: int
    queue: int
    queue_s: float

    def __post_init__(self) -> None:
        if self.concurrency >= 1 and self.queue >= 0 and 0 <= self.queue_s < math.inf:
            return
        raise ConfigError(
            f"admission cannot work with {self}",
            hint="concurrency is at least 1, queue at least 0, and queue_s a number of seconds",
        )

    def share(self, index: int, processes: int) -> AdmissionConfig:
        """The part of process ``index`` (from 0) of so many, such that all parts make the whole.

        Raises:
            ConfigError: there are more processes than places, so that some would have none.
        """
        if self.concurrency < processes:
            raise ConfigError(
                f"{self.concurrency} places at the engine cannot be shared by {processes} processes",
                hint="allow more at once, or run fewer processes",
            )
        return AdmissionConfig(
            self.concurrency // processes + (index < self.concurrency % processes),
            self.queue // processes + (index < self.queue % processes),
            self.queue_s,
        )


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """One place at the engine: whose, and how long they waited for it in seconds.

    ``since_s`` is when it was given, by the clock of the admission.
    """

    caller: str
    waited_s: float
    since_s: float


@dataclass(slots=True, eq=False)
class _Waiter:
    """One in a line. ``turn`` is set to a place, or to None, and then ``refusal`` says why."""

    caller: str
    since_s: float
    turn: asyncio.Future[Place | None]
    refusal: str = ""


class Admission:
    """The places at one engine; use it from one event loop.

    A place passes from who leaves to who is next at that moment, so nobody can step in between, and a place
    that is given to one who was cancelled meanwhile passes on. When the queue is full, one who has fewer
    waiting pushes out the newest of who has most (by two or more), as a queue that one caller fills is no
    queue for the others (stealing from the longest line: P. McKenney, *Stochastic Fairness Queueing*, 1990).
    """

    def __init__(self, config: AdmissionConfig, clock: Callable[[], float] = time.monotonic) -> None:
        self.config = config
        self._clock = clock
        self._held: set[Place] = set()
        self._lines: OrderedDict[str, deque[_Waiter]] = OrderedDict()
        self._mean_s = 0.0
        self._finished = 0

    @property
    def inside(self) -> int:
        """How many hold a place."""
        return len(self._held)

    @property
    def waiting(self) -> int:
        """How many wait for one; one who was cancelled does not, from that moment."""
        return sum(self._length(line) for line in self._lines.values())

    @contextlib.asynccontextmanager
    async def enter(self, caller: str) -> AsyncIterator[Place]:
        """Hold one place, after waiting for it if need be.

        Raises:
            Overloaded: the queue is full, or no place came free within ``queue_s``. ``retry_after_s`` is
                ``expected_wait_s`` in whole seconds, at least 1.
        """
        place = self._take(caller) if self.inside < self.config.concurrency else await self._wait(caller)
        try:
            yield place
        except BaseException:
            held_s = self._clock() - place.since_s
            if self._finished and held_s > self._mean_s:
                self._measure(held_s)
            raise
        else:
            self._measure(self._clock() - place.since_s)
        finally:
            self._leave(place)

    def expected_wait_s(self, caller: str) -> float:
        """Seconds until one who came now had a place: ``(ahead + 1) * T / concurrency``; 0 if one is free.

        T is the moving average of how long places are held: the plain mean of the first ten, then each moves
        it by a tenth of the difference. ``ahead`` are those whose turn comes first, which under round robin
        are not all who wait. One more than these must leave, and a station of c servers lets c / T a second
        go. For the first to leave, T is at least what every place has been held for already, as an engine
        that got stuck finishes nothing to average; before anyone has left, T is the longest such time. What
        an error or a cancellation cut short counts only if it lasted longer than T until then: it would have
        lasted longer still, and a hundred refused connections do not make an engine quick.

        With steady holding times, and if nobody comes later to take a turn first, it is off by less than T:
        with k = ceil((ahead + 1) / concurrency), both this and the true wait are within ((k - 1) * T, k * T],
        so from the second round on within a factor of 2.
        """
        if self.inside < self.config.concurrency:
            return 0.0
        now_s = self._clock()
        held_s = [max(0.0, now_s - place.since_s) for place in self._held]
        each_s = self._mean_s if self._finished else max(held_s)
        first_s = max(each_s, min(held_s))
        return (first_s + self._ahead(caller) * each_s) / self.config.concurrency

    def _ahead(self, caller: str) -> int:
        """How many have their turn before one more of this caller."""
        own = self._length(self._lines.get(caller, ()))
        total, turns = own, own + 1
        for other, line in self._lines.items():
            if other == caller:
                turns = own  # lines behind the caller's have one turn less before the caller's last one
            else:
                total += min(turns, self._length(line))
        return total

    async def _wait(self, caller: str) -> Place:
        if self.waiting >= self.config.queue and not self._push_out(caller):
            raise self._overloaded(caller, self._full())
        loop = asyncio.get_running_loop()
        waiter = _Waiter(caller, self._clock(), loop.create_future())
        self._lines.setdefault(caller, deque()).append(waiter)
        late = f"no place came free within {self.config.queue_s:g} s"
        timer = loop.call_later(self.config.queue_s, self._refuse, waiter, late)
        place = None
        try:
            place = await waiter.turn
        except BaseException:
            self._withdraw(waiter)
            raise
        finally:
            timer.cancel()
        if place is None:
            raise self._overloaded(caller, waiter.refusal)
        return place

    def _take(self, caller: str, waited_s: float = 0.0) -> Place:
        place = Place(caller, waited_s, self._clock())
        self._held.add(place)
        return place

    def _leave(self, place: Place) -> None:
        self._held.remove(place)
        if (waiter := self._next()) is not None:
            waiter.turn.set_result(self._take(waiter.caller, self._clock() - waiter.since_s))

    def _next(self) -> _Waiter | None:
        """Take the next from the lines, in turn; those cancelled a moment ago cost their caller no turn."""
        while self._lines:
            caller, line = next(iter(self._lines.items()))
            waiter = line.popleft()
            waits = not waiter.turn.done()
            if not line:
                del self._lines[caller]
            elif waits:
                self._lines.move_to_end(caller)
            if waits:
                return waiter
        return None

    def _withdraw(self, waiter: _Waiter) -> None:
        """Undo a wait that was cancelled, before or after the turn came."""
        if waiter.turn.done() and not waiter.turn.cancelled():
            # the task was cancelled between its turn and its next step: the unused place passes on
            if (place := waiter.turn.result()) is not None:
                self._leave(place)
        else:
            self._drop(waiter)

    def _refuse(self, waiter: _Waiter, why: str) -> None:
        if not waiter.turn.done():
            waiter.refusal = why
            self._drop(waiter)
            waiter.turn.set_result(None)

    def _drop(self, waiter: _Waiter) -> None:
        line = self._lines.get(waiter.caller, deque())
        with contextlib.suppress(ValueError):  # passed over in _next after it was cancelled
            line.remove(waiter)
        if not line:
            self._lines.pop(waiter.caller, None)

    def _push_out(self, caller: str) -> bool:
        """Make room in a full queue from the longest line, if that stays no shorter than the own."""
        if not self._lines:
            return False
        longest = max(self._lines.values(), key=self._length)
        if self._length(longest) < self._length(self._lines.get(caller, ())) + 2:
            return False
        newest = next(waiter for waiter in reversed(longest) if not waiter.turn.done())
        self._refuse(newest, self._full())
        return True

    def _measure(self, held_s: float) -> None:
        self._finished += 1
        self._mean_s += max(WEIGHT, 1 / self._finished) * (max(0.0, held_s) - self._mean_s)

    def _full(self) -> str:
        return f"{self.inside} requests are at work and {self.waiting} wait, which is the bound"

    def _overloaded(self, caller: str, why: str) -> Overloaded:
        wait_s = max(RETRY_MIN_S, float(math.ceil(self.expected_wait_s(caller))))
        return Overloaded(
            why, hint="repeat the request after the time in Retry-After", status=503, retry_after_s=wait_s
        )

    @staticmethod
    def _length(line: deque[_Waiter] | tuple[()]) -> int:
        return sum(not waiter.turn.done() for waiter in line)
