"""What happens to a request inside the simulator: slots, timing, faults, and the truth about each.

Intended times are counted from the moment a request enters service, and each token's from the one before,
so a late write delays nothing after it: lateness does not add up.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable
from typing import Protocol

from casewright.bench.clock import PreciseTimer, now_ns
from casewright.bench.faults import Fault, FaultPlan
from casewright.bench.sim_answer import spoil
from casewright.bench.sim_config import SimConfig, Truth
from casewright.bench.sim_frames import ID, Answer, End, Frames, Wanted
from casewright.bench.sim_truth import TruthBook

_HEARTBEAT_NS = 10_000_000
_JITTERS = 65_536
_CONNECTION_FAULTS = (Fault.REFUSE, Fault.KEEPALIVE_DROP)


class Line(Protocol):
    """The connection that an answer is written to."""

    flow: Flow | None

    def write(self, data: bytes) -> bool:
        """Hand bytes to the socket now; False when the client has gone (``connection_lost`` follows)."""

    def finish(self, end: End) -> None:
        """The answer is over; do with the connection as ``end`` says."""


class Flow:
    """One answer under way."""

    __slots__ = ("_answer", "_due", "_gap", "_id", "_place", "_service", "line", "t_read")

    def __init__(self, service: Service, line: Line, answer: Answer, t_read: int, request_id: bytes) -> None:
        self._service = service
        self._answer = answer
        self._id = request_id
        self._place = 0
        self._due = 0
        self._gap = 0
        self.line: Line | None = line
        self.t_read = t_read

    def start(self, at_ns: int) -> None:
        """Enter service at ``at_ns``."""
        service, answer = self._service, self._answer
        self._gap = service.itl_ns
        if not answer.frames:
            return  # a stall before the first byte: nothing will ever be due
        if answer.gaps_ns is not None:
            wait = answer.gaps_ns[0]
        else:
            wait = service.ttft_ns + (service.itl_ns * (answer.tokens - 1) if answer.whole else 0)
            wait = service.vary(wait, answer.frames[0]) if service.varies else wait
        self._due = at_ns + wait
        service.timer.call_at_ns(self._due, self.step)

    def step(self) -> None:
        """Write the frame that is due and ask for the next."""
        line = self.line
        if line is None:
            return
        service, answer, place = self._service, self._answer, self._place
        frame = answer.frames[place].replace(ID, self._id)
        book = service.book
        now = now_ns()
        if not line.write(frame):
            return  # the connection's end will abandon this flow
        book.lateness.add(now - self._due)
        book.bytes_written += len(frame)
        if place == answer.first:
            book.ttft.add(now - self.t_read)
        place = self._place = place + 1
        if place == len(answer.frames):
            self._finish(now)
            return
        if answer.gaps_ns is not None:
            self._due += answer.gaps_ns[place]
        elif service.varies:
            self._due += service.vary(self._gap, answer.frames[place], load=True)
        else:
            self._due += self._gap
        service.timer.call_at_ns(self._due, self.step)

    def abandon(self) -> None:
        """The client has gone."""
        self.line = None
        first = self._answer.first
        if first is not None and self._answer.end is not End.STALL:
            self._service.book.tokens += min(max(self._place - first, 0), self._answer.tokens)
        self._service.book.cancelled += 1
        self._service.leave(self)

    def _finish(self, now: int) -> None:
        answer, line = self._answer, self.line
        book = self._service.book
        book.tokens += answer.tokens
        if answer.end is End.STALL or line is None:
            return
        if answer.end is End.KEEP and answer.last is not None:
            book.duration.add(now - self.t_read)
            book.completed += 1
        self.line = None
        line.flow = None
        self._service.leave(self)
        line.finish(answer.end)


class Service:
    """The simulated engine of one process."""

    def __init__(self, config: SimConfig, timer: PreciseTimer) -> None:
        self.config = config
        self.timer = timer
        self.book = TruthBook()
        self.frames = Frames(config)
        self.plan: FaultPlan | None = None
        self.ttft_ns, self.itl_ns = int(config.ttft_ms * 1e6), int(config.itl_ms * 1e6)
        self.varies = config.jitter != "none" or config.load_growth > 0 or config.bandwidth is not None
        # With slots or a fault the answer must pass through them even if it takes no time.
        self.at_once = config.immediate and config.slots is None
        self.quick = self.at_once
        self._active: set[Flow] = set()
        self._queue: deque[Flow] = deque()
        self._dice = random.Random(config.seed)
        self._next_id = random.Random().getrandbits(40)
        self._jitters = self._make_jitters()
        self._jitter_at = 0
        self._beat_due = now_ns() + _HEARTBEAT_NS
        timer.call_at_ns(self._beat_due, self._beat)

    def set_plan(self, plan: FaultPlan | None) -> None:
        """Switch the fault; its dice start afresh, so that a plan hits the same requests each time."""
        self.plan = plan
        self._dice = random.Random(plan.seed if plan else self.config.seed)
        self.quick = self.at_once and (plan is None or plan.fault in _CONNECTION_FAULTS)

    def hit(self) -> bool:
        """Throw the dice for one request (or connection)."""
        return self.plan is not None and (self.plan.rate >= 1 or self._dice.random() < self.plan.rate)

    def request_id(self) -> bytes:
        """Twelve hexadecimal digits, different for each request of the process."""
        self._next_id += 1
        return b"%012x" % (self._next_id & 0xFFFFFFFFFFFF)

    def answer_at_once(self, line: Line, wanted: Wanted, t_read: int) -> None:
        """The hot path: everything in one write, as the separate chunks of a stream."""
        answer = self.frames.answer(wanted)
        data = answer.blob.replace(ID, self.request_id())
        book = self.book
        book.requests += 1
        took = now_ns() - t_read
        if not line.write(data):
            book.cancelled += 1
            return
        book.ttft.add(took)
        book.duration.add(took)
        book.lateness.add(took)
        book.completed += 1
        book.tokens += answer.tokens
        book.bytes_written += len(data)
        if book.max_in_service == 0:
            book.max_in_service = 1
        line.finish(End.KEEP)

    def answer(self, line: Line, wanted: Wanted, t_read: int) -> None:
        """Any other answer: into service, or into the queue when every slot is taken."""
        self.book.requests += 1
        answer = self._choose(wanted)
        flow = line.flow = Flow(self, line, answer, t_read, self.request_id())
        slots = self.config.slots
        if slots is not None and len(self._active) >= slots:
            self._queue.append(flow)
        else:
            self._enter(flow, t_read)

    def leave(self, flow: Flow) -> None:
        """A flow is over: its slot goes to the first in the queue whose client is still there."""
        if flow not in self._active:
            return
        self._active.discard(flow)
        while self._queue:
            waiting = self._queue.popleft()
            if waiting.line is not None:
                self._enter(waiting, now_ns())
                return

    def vary(self, wait_ns: int, frame: bytes, *, load: bool = False) -> int:
        """A wait with jitter, the load's growth and the bandwidth applied."""
        config = self.config
        wait = float(wait_ns)
        if self._jitters:
            self._jitter_at = (self._jitter_at + 1) % _JITTERS
            wait *= self._jitters[self._jitter_at]
        if load and config.load_growth:
            wait *= 1.0 + config.load_growth * (len(self._active) - 1)
        if config.bandwidth is not None:
            wait = max(wait, len(frame) / config.bandwidth * 1e9)
        return int(wait)

    def truth(self) -> Truth:
        """What really happened since the last reset."""
        queued = sum(flow.line is not None for flow in self._queue)
        return self.book.report(self.config, len(self._active), queued)

    def _choose(self, wanted: Wanted) -> Answer:
        plan = self.plan
        if plan is not None and plan.fault not in _CONNECTION_FAULTS and self.hit():
            self.book.faulted[plan.fault] = self.book.faulted.get(plan.fault, 0) + 1
            return spoil(plan, wanted, self.frames, self.config)
        answer = self.frames.answer(wanted)
        if self.itl_ns == 0 and self.config.bandwidth is None and len(answer.frames) > 1:
            return Answer([answer.blob], 0, 0, answer.tokens)
        return answer

    def _enter(self, flow: Flow, at_ns: int) -> None:
        self._active.add(flow)
        self.book.max_in_service = max(self.book.max_in_service, len(self._active))
        flow.start(at_ns)

    def _make_jitters(self) -> list[float]:
        if self.config.jitter == "none":
            return []
        draw: Callable[[float, float], float] = random.Random(self.config.seed).lognormvariate
        return [draw(0.0, self.config.jitter_sigma) for _ in range(_JITTERS)]

    def _beat(self) -> None:
        now = now_ns()
        self.book.loop_lag.add(now - self._beat_due)
        self._beat_due = now + _HEARTBEAT_NS
        self.timer.call_at_ns(self._beat_due, self._beat)
