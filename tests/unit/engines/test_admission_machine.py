"""Admission under any order of events: bounds, no lost wake-up, first come first served, and turns."""

from __future__ import annotations

import asyncio
import math
from collections import defaultdict
from dataclasses import dataclass
from itertools import count

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from casewright.engines.admission import Admission, AdmissionConfig, Place
from casewright.errors import Overloaded
from virtual_time import VirtualLoop

CALLERS = st.sampled_from("abcd")


@dataclass(slots=True, eq=False)
class Request:
    """What is seen of one request from outside; times are ticks of a clock that never stands still."""

    caller: str
    done: asyncio.Future[None]
    task: asyncio.Task[None] | None = None
    asked_at: float = math.inf
    left_line_at: float = math.inf
    place: Place | None = None
    over: bool = False
    cancelled: bool = False

    @property
    def waits(self) -> bool:
        return self.asked_at < math.inf and self.left_line_at == math.inf


class Queue(RuleBasedStateMachine):
    """Arrivals, departures, cancellations and time, between single iterations of the event loop."""

    CONCURRENCY, QUEUE, QUEUE_S = 2, 4, 30.0

    def __init__(self) -> None:
        super().__init__()
        self.loop = VirtualLoop()
        self.ticks = count(1)
        self.requests: list[Request] = []
        self.admission = Admission(AdmissionConfig(self.CONCURRENCY, self.QUEUE, self.QUEUE_S), self.clock)

    def clock(self) -> float:
        return self.loop.time() + next(self.ticks) * 1e-6

    async def serve(self, request: Request) -> None:
        request.asked_at = self.clock()
        try:
            async with self.admission.enter(request.caller) as place:
                request.place, request.left_line_at = place, place.since_s
                await request.done
        except Overloaded as error:
            assert error.retry_after_s is not None
            assert 1 <= error.retry_after_s < math.inf and error.retry_after_s % 1 == 0
        finally:
            request.over, request.left_line_at = True, min(request.left_line_at, self.clock())

    @rule(callers=st.lists(CALLERS, min_size=1, max_size=4))
    def arrive(self, callers: list[str]) -> None:
        for caller in callers:
            request = Request(caller, self.loop.create_future())
            request.task = self.loop.create_task(self.serve(request))
            self.requests.append(request)

    @precondition(lambda self: self.holders())
    @rule(data=st.data())
    def leave(self, data: st.DataObject) -> None:
        request = data.draw(st.sampled_from(self.holders()))
        if not request.done.done():
            request.done.set_result(None)

    @precondition(lambda self: self.alive())
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        """Waiting, inside, or just given a place: whoever it is."""
        request = data.draw(st.sampled_from(self.alive()))
        if request.waits:
            request.left_line_at = self.clock()
        assert request.task is not None
        request.cancelled = request.task.cancel()

    @rule()
    def one_iteration(self) -> None:
        self.loop.turn()

    @rule(seconds=st.sampled_from([1.0, 15.0, 31.0]))
    def time_passes(self, seconds: float) -> None:
        self.loop.jump.now_s += seconds

    @rule()
    def settle(self) -> None:
        for _ in range(2 * len(self.alive()) + 4):
            self.loop.turn()
        waiting = [request for request in self.requests if request.waits]
        assert len(self.holders()) == self.admission.inside
        assert len(waiting) == self.admission.waiting
        assert not waiting or self.admission.inside == self.CONCURRENCY, "a place is free and somebody waits"
        assert all(self.loop.time() - request.asked_at <= self.QUEUE_S for request in waiting)

    @invariant()
    def bounds_hold(self) -> None:
        assert len(self.holders()) <= self.CONCURRENCY
        assert self.admission.inside <= self.CONCURRENCY
        assert self.admission.waiting <= self.QUEUE

    def holders(self) -> list[Request]:
        return [request for request in self.requests if request.place and not request.over]

    def alive(self) -> list[Request]:
        return [request for request in self.requests if not request.over and not request.cancelled]

    def teardown(self) -> None:
        """Everybody who still waits has a turn, nothing is left behind, and turns were fair throughout."""
        self.settle()
        while left := self.alive():
            for request in left:
                if not request.done.done():
                    request.done.set_result(None)
            self.settle()
        assert (self.admission.inside, self.admission.waiting) == (0, 0)
        self.first_come_first_served_and_in_turn()
        for request in self.requests:
            if request.task is not None and not request.task.cancelled():
                request.task.result()
        self.loop.close()

    def first_come_first_served_and_in_turn(self) -> None:
        for request in self.requests:
            if request.cancelled and request.place is None:
                continue  # whether its turn had come is not seen from here
            own = [
                other for other in self.requests if other.caller == request.caller and other is not request
            ]
            before = [other for other in own if other.asked_at < request.asked_at]
            later = [other for other in own if other.asked_at > request.asked_at]
            left = request.left_line_at
            assert not any(o.place and request.asked_at < o.place.since_s < left for o in later)
            # from when it was the first of its caller's line
            first_at = max([request.asked_at, *(o.left_line_at for o in before if o.left_line_at < left)])
            if any(o.left_line_at >= left for o in before):
                continue  # it left from the middle of the line
            passed: defaultdict[str, int] = defaultdict(int)
            for other in self.requests:
                if other.place and first_at < other.place.since_s < left:
                    passed[other.caller] += 1
            assert all(turns <= 1 for turns in passed.values()), f"{request} was passed over: {passed}"


TestQueue = Queue.TestCase
TestQueue.settings = settings(max_examples=150, stateful_step_count=40, deadline=None, derandomize=True)
