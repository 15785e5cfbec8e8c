"""Who sends when: the closed loop's users, and the open loop's schedule."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Protocol

from casewright.bench.arrivals import IndexSet, closed_indices, open_schedule, user_offsets
from casewright.bench.clock import NS_PER_MS, PreciseTimer, now_ns
from casewright.bench.connection import Connection, Exchange
from casewright.bench.plan import LoadPlan

# A user whose connection was refused waits a little, or a dead server would be called as fast as it fails.
_REFUSED_PAUSE_NS = 100 * NS_PER_MS


class Line(Protocol):
    """What an issuer needs of the load loop."""

    plan: LoadPlan
    process: int
    done: IndexSet | None
    timer: PreciseTimer
    stopping: bool

    @property
    def connected(self) -> int:
        """Connections open or being opened."""
        ...

    def issue(self, index: int, t_sched: int, connection: Connection | None) -> None:
        """Send request ``index`` on ``connection``, or on a new one."""
        ...

    def hold(self, index: int, t_sched: int) -> Exchange:
        """A request that is due but has no connection to go on yet."""
        ...

    async def connect_ahead(self, count: int) -> list[Connection]:
        """Open up to ``count`` connections before the start."""
        ...

    def dial(self, exchange: Exchange) -> None:
        """Send on a new connection, as soon as there is one."""
        ...

    def check_finished(self) -> None:
        """Finish when nothing is in flight and nothing more will be sent."""
        ...


class ClosedIssuer:
    """A fixed number of users; each sends its next request when its last one has ended."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._indices = closed_indices(line.plan, line.process, line.done)
        self._users = line.plan.share(line.process)
        self._fresh: list[Connection] = []

    @property
    def exhausted(self) -> bool:
        """Whether no user will send anything more."""
        return self._line.stopping or self._users <= 0

    async def prepare(self) -> None:
        """Users who all begin at once find their connections open; over a ramp each dials as it joins."""
        if not self._line.plan.ramp_s:
            self._fresh = await self._line.connect_ahead(self._users)

    def begin(self, start_ns: int) -> None:
        """Let the users join over the ramp."""
        for offset in user_offsets(self._line.plan, self._line.process):
            self._line.timer.call_at_ns(start_ns + offset, self._join, start_ns + offset)

    def ended(self, connection: Connection | None, at_ns: int) -> None:
        """The user of the ended request, ready since ``at_ns``, sends its next one."""
        if not self._line.stopping:
            index = next(self._indices, None)
            if index is not None:
                self._line.issue(index, at_ns, connection)
                return
        self._users -= 1
        if connection is not None:
            connection.close()

    def refused(self, at_ns: int) -> None:
        """No connection: try again with the next request, after a pause."""
        due = at_ns + _REFUSED_PAUSE_NS
        self._line.timer.call_at_ns(due, self._join, due)

    def gone(self, connection: Connection) -> None:
        """Nothing: the user opens a new connection when it needs one."""

    def stop(self) -> None:
        """Nothing: users see that the line is stopping."""

    def held(self) -> list[Exchange]:
        """Nothing waits for a connection here."""
        return []

    def _join(self, due: int) -> None:
        if not self._line.stopping:
            connection = self._fresh.pop() if self._fresh else None
            self.ended(connection if connection is not None and connection.reusable else None, due)
            self._line.check_finished()


class OpenIssuer:
    """Requests leave at their scheduled times, whatever became of the earlier ones."""

    def __init__(self, line: Line, max_connections: int) -> None:
        self._line = line
        self._limit = max_connections
        self._schedule: Iterator[tuple[int, int]] = open_schedule(line.plan, line.process, line.done)
        self._next: tuple[int, int] | None = next(self._schedule, None)
        self._start = 0
        self._idle: dict[Connection, None] = {}  # the latest used is taken first
        self._waiting: deque[Exchange] = deque()

    @property
    def exhausted(self) -> bool:
        """Whether everything scheduled has been issued."""
        return self._next is None

    async def prepare(self) -> None:
        """Nothing: how many connections a rate needs is the server's doing."""

    def begin(self, start_ns: int) -> None:
        """Arm the timer for the first request."""
        self._start = start_ns
        if self._next is None:
            self._line.check_finished()
        else:
            self._line.timer.call_at_ns(start_ns + self._next[1], self._due)

    def ended(self, connection: Connection | None, at_ns: int) -> None:
        """Reuse the connection: for a request that waits for one, or later."""
        if connection is None:
            return
        if self._waiting:
            connection.send(self._waiting.popleft())
        else:
            self._idle[connection] = None

    def refused(self, at_ns: int) -> None:
        """A place among the connections is free again."""
        self._unblock()

    def gone(self, connection: Connection) -> None:
        """Forget an idle connection that the server closed."""
        self._idle.pop(connection, None)
        self._unblock()

    def stop(self) -> None:
        """Issue nothing more."""
        self._next = None

    def held(self) -> list[Exchange]:
        """Take the requests that wait for a connection."""
        held = list(self._waiting)
        self._waiting.clear()
        return held

    def _due(self) -> None:
        while self._next is not None:
            index, offset = self._next
            due = self._start + offset
            if due > now_ns():
                self._line.timer.call_at_ns(due, self._due)
                return
            self._next = next(self._schedule, None)
            self._send(index, due)
        self._line.check_finished()

    def _send(self, index: int, due: int) -> None:
        while self._idle:
            connection, _ = self._idle.popitem()
            if connection.reusable:
                self._line.issue(index, due, connection)
                return
        if self._line.connected < self._limit:
            self._line.issue(index, due, None)
        else:
            self._waiting.append(self._line.hold(index, due))

    def _unblock(self) -> None:
        while self._waiting and self._line.connected < self._limit:
            self._line.dial(self._waiting.popleft())
