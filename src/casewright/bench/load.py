"""One worker's load: who sends when, deadlines, and what is kept. One event loop, one thread."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field

from casewright.bench.arrivals import IndexSet
from casewright.bench.bodies import BodySource
from casewright.bench.clock import NS_PER_MS, NS_PER_S, PreciseTimer, now_ns
from casewright.bench.connection import Connection, Exchange
from casewright.bench.decode import tokens_seen
from casewright.bench.dial import Dialer, DialError
from casewright.bench.issue import ClosedIssuer, OpenIssuer
from casewright.bench.plan import LoadPlan
from casewright.bench.spool import CUT, EOF_ENDED, WARMUP, SpoolWriter
from casewright.engines.wire import Api

_SWEEP_NS = 50 * NS_PER_MS
_SWEEPS_PER_REPORT = 5
_KEEP_NS = 2 * NS_PER_MS
_KEEP_WITHIN_NS = 256 * NS_PER_MS
_KEEP_AT_LEAST = 4
_LOOK_AT_ONCE = 64
_DIAL_BATCH = 32
_REFILL_NS = NS_PER_MS // 2
_RECENT = 256


@dataclass(slots=True)
class Counts:
    """What has happened so far, as seen without decoding; ``recent`` are the latest latencies in ns."""

    issued: int = 0
    completed: int = 0
    failed: int = 0
    cut: int = 0
    reconnects: int = 0
    received: int = 0
    errors: Counter[str] = field(default_factory=Counter)
    recent: list[int] = field(default_factory=list)


class LoadLoop:
    """Sends what the plan says and records every request's end in the spool.

    ``run`` returns when every issued request has ended. ``stop`` ends it early: nothing more is sent and
    what is in flight is cut. ``report`` is called about four times a second, between network events.
    """

    def __init__(
        self,
        *,
        plan: LoadPlan,
        process: int,
        api: Api,
        dialer: Dialer,
        bodies: BodySource,
        spool: SpoolWriter,
        timer: PreciseTimer,
        report: Callable[[Counts], None],
        done: IndexSet | None = None,
        max_connections: int = 1 << 20,
    ) -> None:
        self.plan = plan
        self.process = process
        self.bodies = bodies
        self.timer = timer
        self.done = done
        self.counts = Counts()
        self.stopping = False
        self.interrupted = False
        self.stopped_ns = 0
        self.ended_ns = 0
        self._api = api
        self._dialer = dialer
        self._spool = spool
        self._report = report
        self._connections: set[Connection] = set()
        self._ended: deque[tuple[Exchange, int, int]] = deque()
        self._dialing: dict[asyncio.Task[None], Exchange] = {}
        self._in_flight = 0
        self._sweeps = 0
        self._loop = asyncio.get_running_loop()
        self._finished = self._loop.create_future()
        self._issuer: OpenIssuer | ClosedIssuer = (
            OpenIssuer(self, max_connections) if plan.mode == "open" else ClosedIssuer(self)
        )

    @property
    def in_flight(self) -> int:
        """Requests issued and not ended."""
        return self._in_flight

    @property
    def connected(self) -> int:
        """Connections open or being opened."""
        return len(self._connections) + len(self._dialing)

    async def connect_ahead(self, count: int) -> list[Connection]:
        """Open up to ``count`` connections before the start, a few at a time; failures are left for later.

        All users dialling at once would hold up the first answers: a connection costs the loop more than
        a request. One that cannot be opened now is tried again, and counted, by the request that needs it.
        """
        opened: list[Connection] = []
        while len(opened) < count:
            batch = [self._dialer.open(self) for _ in range(min(_DIAL_BATCH, count - len(opened)))]
            results = await asyncio.gather(*batch, return_exceptions=True)
            made = [result for result in results if isinstance(result, Connection)]
            for connection in made:
                connection.rest()
                self._connections.add(connection)
            opened += made
            if len(made) < len(batch):
                break
        return opened

    async def prepare(self) -> None:
        """What may be done before the start: connections for users who all begin at once."""
        await self._issuer.prepare()

    async def run(self, start_ns: int) -> None:
        """Issue from ``start_ns`` on; return when all has ended and every connection is closed."""
        self._issuer.begin(start_ns)
        if self.plan.duration_s is not None:
            end = start_ns + round(self.plan.duration_s * NS_PER_S)
            self.timer.call_at_ns(end, self._stop_issuing)
            self.timer.call_at_ns(end + round(self.plan.drain_s * NS_PER_S), self._cut_all, "drain")
        self.timer.call_at_ns(now_ns() + _SWEEP_NS, self._sweep)
        await self._finished
        while self._ended:
            self._keep_completed(*self._ended.popleft())
        for connection in list(self._connections):
            connection.close()
        self._report(self.counts)

    def stop(self) -> None:
        """End early: send nothing more, cut what is in flight."""
        if not self._finished.done():
            self.interrupted = True
            self._stop_issuing()
            self._cut_all("interrupted")

    # What the issuers call.

    def issue(self, index: int, t_sched: int, connection: Connection | None) -> None:
        """Send request ``index`` on ``connection``, or on a new one."""
        exchange = Exchange(index, t_sched, self.bodies.take(index))
        self.counts.issued += 1
        self._in_flight += 1
        if connection is not None:
            connection.send(exchange)
        else:
            self.dial(exchange)

    def hold(self, index: int, t_sched: int) -> Exchange:
        """A request that is due but has no connection to go on yet."""
        self.counts.issued += 1
        self._in_flight += 1
        return Exchange(index, t_sched, self.bodies.take(index))

    def dial(self, exchange: Exchange) -> None:
        """Send on a new connection, as soon as there is one."""
        task = self._loop.create_task(self._dial(exchange))
        self._dialing[task] = exchange
        task.add_done_callback(self._dialed)

    def check_finished(self) -> None:
        """Finish when nothing is in flight and nothing more will be sent."""
        if not self._in_flight and self._issuer.exhausted and not self._finished.done():
            self.ended_ns = now_ns()
            self._finished.set_result(None)

    # What connections call (connection.Owner).

    def completed(self, connection: Connection, exchange: Exchange, at_ns: int) -> None:
        """Send the next request at once; this one is kept a little later."""
        self._in_flight -= 1
        if not self._ended:
            self.timer.call_at_ns(at_ns + _KEEP_NS, self._keep_some, at_ns)
        self._ended.append((exchange, at_ns, EOF_ENDED if connection.eof_at else 0))
        self._issuer.ended(connection if connection.reusable else None, at_ns)
        self.check_finished()

    def _keep_some(self, since_ns: int) -> None:
        """Completed requests into the spool, at a pace: a wave of ends is kept over a quarter second."""
        ended, now = self._ended, now_ns()
        share = len(ended) * (now - since_ns) // _KEEP_WITHIN_NS
        for _ in range(min(len(ended), max(_KEEP_AT_LEAST, share))):
            self._keep_completed(*ended.popleft())
        if ended:
            self.timer.call_at_ns(now + _KEEP_NS, self._keep_some, now)

    def _keep_completed(self, exchange: Exchange, at_ns: int, flags: int) -> None:
        self._keep(exchange, at_ns, None, "", flags)

    def broken(self, connection: Connection, exchange: Exchange, at_ns: int, kind: str, message: str) -> None:
        """The exchange failed on its connection."""
        self._in_flight -= 1
        self._keep(exchange, at_ns, kind, message, EOF_ENDED if connection.eof_at else 0)
        self._issuer.ended(None, at_ns)
        self.check_finished()

    def lost_before_answer(self, exchange: Exchange, at_ns: int) -> None:
        """Keep-alive ended as the request went out: once more, on a new connection, and counted."""
        exchange.reconnects += 1
        self.counts.reconnects += 1
        self.dial(exchange)

    def gone(self, connection: Connection) -> None:
        """A connection is closed."""
        self._connections.discard(connection)
        self._issuer.gone(connection)

    async def _dial(self, exchange: Exchange) -> None:
        began = now_ns()
        try:
            connection = await self._dialer.open(self)
        except DialError as error:
            # Never written: the nearest thing to a sending is when we began to try.
            exchange.t_send = exchange.t_send or began
            self._in_flight -= 1
            now = now_ns()
            self._keep(exchange, now, error.kind, str(error), 0)
            self._issuer.refused(now)
            self.check_finished()
            return
        self._connections.add(connection)
        connection.send(exchange)

    def _dialed(self, task: asyncio.Task[None]) -> None:
        self._dialing.pop(task, None)
        if not task.cancelled() and (error := task.exception()) is not None and not self._finished.done():
            self._finished.set_exception(error)

    def _keep(self, exchange: Exchange, at_ns: int, error: str | None, message: str, flags: int) -> None:
        counts = self.counts
        status = exchange.status
        counts.received += exchange.received
        if flags & CUT:
            counts.cut += 1
        elif error is None and status is not None and 200 <= status < 300:
            counts.completed += 1
            if len(counts.recent) < _RECENT:
                counts.recent.append(at_ns - exchange.t_send)
        else:
            counts.failed += 1
            counts.errors[error or f"http_{status}"] += 1
        if exchange.index < self.plan.warmup:
            flags |= WARMUP
        self._spool.append(
            exchange.index,
            flags=flags,
            error=error,
            message=message,
            status=status,
            reconnects=exchange.reconnects,
            t_sched=exchange.t_sched,
            t_send=exchange.t_send or at_ns,
            t_connected=exchange.t_connected,
            t_end=at_ns,
            times=exchange.times,
            pieces=exchange.pieces,
        )

    def _stop_issuing(self) -> None:
        if not self.stopping and not self._issuer.exhausted:
            self.stopped_ns = now_ns()
        self.stopping = True
        self._issuer.stop()
        self.check_finished()

    def _cut_all(self, _why: str) -> None:
        now = now_ns()
        for connection in list(self._connections):
            exchange = connection.abandon() if connection.exchange is not None else None
            if exchange is not None:
                self._cut(exchange, now)
        for task, exchange in list(self._dialing.items()):
            if not task.done() and task.cancel():
                self._cut(exchange, now)
        for exchange in self._issuer.held():
            self._cut(exchange, now)
        self.check_finished()

    def _cut(self, exchange: Exchange, now: int) -> None:
        self._in_flight -= 1
        self._keep(exchange, now, None, "", CUT)

    def _sweep(self) -> None:
        """Deadlines, the spool's flush, encoding ahead, progress: everything that need not be exact."""
        if self._finished.done():
            return
        now = now_ns()
        self._look_over(list(self._connections), now)
        self.bodies.refill(_REFILL_NS)
        self._sweeps += 1
        if self._sweeps % _SWEEPS_PER_REPORT == 0:
            self._spool.flush()
            self._report(self.counts)
            self.counts.recent = []
            if self._spool.failure is not None and not self.stopping:
                # Nothing that is sent from here on could be kept.
                self._stop_issuing()
        self.timer.call_at_ns(now + _SWEEP_NS, self._sweep)

    def _look_over(self, connections: list[Connection], now: int) -> None:
        """Break what is overdue; a few connections at a time, with the sockets served in between."""
        for connection in connections[:_LOOK_AT_ONCE]:
            exchange = connection.exchange
            verdict = self._overdue(exchange, now) if exchange is not None else None
            if exchange is not None and verdict is not None:
                connection.abandon()
                self.broken(connection, exchange, now, *verdict)
        if len(connections) > _LOOK_AT_ONCE:
            self._loop.call_soon(self._look_over, connections[_LOOK_AT_ONCE:], now)

    def _overdue(self, exchange: Exchange, now: int) -> tuple[str, str] | None:
        """Which deadline has passed, if any; only a request that is late is looked into for tokens."""
        plan = self.plan
        age = (now - exchange.t_send) / NS_PER_S
        if age > plan.total_s:
            return "total_timeout", f"not complete after {plan.total_s:g} s"
        quiet = (now - exchange.times[-1]) / NS_PER_S if exchange.times else age
        if age <= plan.first_token_s and quiet <= plan.idle_s:
            return None
        if not exchange.token_seen and exchange.body_seen:
            exchange.token_seen = tokens_seen(self._api, exchange.pieces)
        if not exchange.token_seen:
            if age > plan.first_token_s:
                return "first_token_timeout", f"no token within {plan.first_token_s:g} s"
            return None
        if quiet > plan.idle_s:
            return "idle_timeout", f"nothing for {plan.idle_s:g} s after the first token"
        return None
