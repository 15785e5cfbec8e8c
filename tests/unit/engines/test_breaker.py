"""When an engine is left alone, when it is looked at again, and by whom."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from casewright.engines.breaker import HISTORY, BreakerConfig, BreakerState, CircuitBreaker, counts
from casewright.errors import (
    BadRequest,
    ConfigError,
    ConnectionLost,
    ConnectionRefused,
    EngineError,
    EngineUnreachable,
    FirstTokenTimeout,
    Overloaded,
    ServerFailure,
    every_error,
)

CONFIG = BreakerConfig(failures=3, open_s=1.0, open_max_s=5.0, probe_s=2.0)


class Clock:
    """Time that passes when told to."""

    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def breaker(clock: Clock) -> CircuitBreaker:
    return CircuitBreaker(CONFIG, clock)


def error(cls: type[EngineError], message: str = "it broke") -> EngineError:
    return cls(message, hint="look")


def engine_errors() -> Iterator[type[EngineError]]:
    for cls in every_error().values():
        if issubclass(cls, EngineError):
            try:
                error(cls)
            except TypeError:
                continue  # one that is made of others' errors never comes from an engine
            yield cls


def opened(breaker: CircuitBreaker) -> CircuitBreaker:
    breaker.failed(error(ConnectionRefused))
    assert breaker.state is BreakerState.OPEN
    return breaker


AGAINST = {
    "unreachable", "dns_failure", "connection_refused", "tls_failure", "connect_timeout", "server_failure",
    "timeout", "first_token_timeout", "idle_timeout", "total_timeout", "stream_broken", "connection_lost",
    "truncated", "malformed", "line_too_long", "stream_error",
}  # fmt: skip


def test_what_speaks_against_an_engine() -> None:
    assert {cls.kind for cls in engine_errors() if counts(error(cls))} == AGAINST


def test_failures_in_a_row_open_it_and_a_success_between_them_does_not(breaker: CircuitBreaker) -> None:
    for _ in range(4):
        breaker.failed(error(ServerFailure))
        breaker.failed(error(FirstTokenTimeout))
        breaker.succeeded()
    assert breaker.allows() and breaker.opened_for_s == 0
    for cls in (ServerFailure, FirstTokenTimeout, ConnectionLost):
        assert breaker.allows()
        breaker.failed(error(cls, f"a {cls.kind}"))
    assert breaker.state is BreakerState.OPEN and not breaker.allows()
    assert breaker.last_error == "a connection_lost"
    assert [(t.before, t.after) for t in breaker.history] == [(BreakerState.CLOSED, BreakerState.OPEN)]
    assert "3 failures" in breaker.history[0].reason and "connection_lost" in breaker.history[0].reason


def test_one_refused_connection_opens_it(breaker: CircuitBreaker) -> None:
    breaker.failed(error(ConnectionRefused))
    assert not breaker.allows()


@pytest.mark.parametrize("cls", [BadRequest, Overloaded])
def test_refusals_and_business_never_open_it_nor_count_as_health(
    breaker: CircuitBreaker, cls: type[EngineError]
) -> None:
    for _ in range(100):
        breaker.failed(error(cls))
    assert breaker.allows()
    breaker.failed(error(ServerFailure))
    breaker.failed(error(ServerFailure))
    breaker.failed(error(cls))
    assert breaker.allows()
    breaker.failed(error(ServerFailure))
    assert not breaker.allows()


def test_waiting_doubles_up_to_the_bound_and_starts_anew_after_success(
    breaker: CircuitBreaker, clock: Clock
) -> None:
    waits = []
    opened(breaker)
    for _ in range(5):
        waits.append(breaker.due_in_s)
        clock.now_s += breaker.due_in_s
        breaker.probing()
        breaker.failed(error(ServerFailure))
    assert waits == [1, 2, 4, 5, 5]
    assert breaker.opened_for_s == sum(waits)
    clock.now_s += 5
    breaker.probing()
    breaker.succeeded()
    assert breaker.allows() and breaker.opened_for_s == breaker.due_in_s == 0
    assert opened(breaker).due_in_s == 1


def test_no_second_probe_while_one_is_under_way_until_it_is_lost(
    breaker: CircuitBreaker, clock: Clock
) -> None:
    with pytest.raises(RuntimeError):
        breaker.probing()
    opened(breaker)
    with pytest.raises(RuntimeError):
        breaker.probing()
    clock.now_s += 1
    breaker.probing()
    clock.now_s += 1.9
    assert not breaker.due() and not breaker.allows()
    with pytest.raises(RuntimeError):
        breaker.probing()
    clock.now_s += 0.1
    assert breaker.due()
    breaker.probing()
    assert breaker.state is BreakerState.HALF_OPEN and not breaker.due()


def test_a_probe_that_is_refused_proves_life_and_one_that_finds_it_busy_comes_back(
    breaker: CircuitBreaker, clock: Clock
) -> None:
    opened(breaker)
    for _ in range(3):
        clock.now_s += 1
        breaker.probing()
        breaker.failed(error(Overloaded, "loading"))
        assert breaker.state is BreakerState.OPEN and breaker.due_in_s == 1
    clock.now_s += 1
    breaker.probing()
    breaker.failed(error(BadRequest))
    assert breaker.allows()


def test_what_began_before_it_opened_changes_nothing(breaker: CircuitBreaker, clock: Clock) -> None:
    opened(breaker)
    for _ in range(50):  # as many streams as were cut by the same crash
        breaker.failed(error(ConnectionLost, "cut"))
    breaker.succeeded()
    assert breaker.state is BreakerState.OPEN and breaker.due_in_s == 1 and len(breaker.history) == 1
    assert breaker.last_error == "cut"


def test_an_old_success_does_not_shorten_the_wait(breaker: CircuitBreaker, clock: Clock) -> None:
    opened(breaker)
    for expected_s in (2, 4):
        breaker.succeeded()
        clock.now_s += breaker.due_in_s
        breaker.probing()
        breaker.failed(error(ServerFailure))
        assert breaker.due_in_s == expected_s


def test_a_look_of_somebody_else_that_was_answered_closes_it(breaker: CircuitBreaker, clock: Clock) -> None:
    opened(breaker)
    clock.now_s += 0.1
    breaker.seen_answering(clock.now_s)
    assert breaker.allows()
    assert [turn.after for turn in breaker.history][-2:] == [BreakerState.HALF_OPEN, BreakerState.CLOSED]


def test_a_look_that_began_before_it_opened_tells_nothing(breaker: CircuitBreaker, clock: Clock) -> None:
    before = clock.now_s
    clock.now_s += 0.1
    opened(breaker)
    breaker.seen_answering(before)
    assert breaker.state is BreakerState.OPEN
    clock.now_s += 10
    breaker.probing()
    breaker.failed(error(ConnectionRefused))
    breaker.seen_answering(clock.now_s - 5)  # it began before our own probe failed
    assert breaker.state is BreakerState.OPEN


def test_history_is_bounded(breaker: CircuitBreaker, clock: Clock) -> None:
    opened(breaker)
    for _ in range(HISTORY):
        clock.now_s += breaker.due_in_s
        breaker.probing()
        breaker.failed(error(ServerFailure))
    assert len(breaker.history) == HISTORY
    assert breaker.history[-1].at_s == clock.now_s


@pytest.mark.parametrize(
    "wrong",
    [{"failures": 0}, {"open_s": 0}, {"open_s": 31.0}, {"open_max_s": float("inf")}, {"probe_s": 0}],
    ids=str,
)
def test_values_out_of_bounds_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ConfigError):
        BreakerConfig(**wrong)  # type: ignore[arg-type]


class Breakers(RuleBasedStateMachine):
    """One breaker or several side by side, each against a model of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = Clock()
        self.breakers = [CircuitBreaker(CONFIG, self.clock) for _ in range(3)]
        self.in_a_row = [0, 0, 0]
        self.failed_probes = [0, 0, 0]
        self.waiting_since = [0.0, 0.0, 0.0]
        self.probes = [0, 0, 0]
        self.expected = [BreakerState.CLOSED] * 3

    which = st.integers(0, 2)

    @rule(i=which, cls=st.sampled_from(sorted(engine_errors(), key=lambda cls: cls.kind)))
    def caller_fails(self, i: int, cls: type[EngineError]) -> None:
        if not self.breakers[i].allows():
            return  # never asked
        self.breakers[i].failed(error(cls))
        if cls.kind not in AGAINST:
            return
        self.in_a_row[i] += 3 if issubclass(cls, EngineUnreachable) else 1
        if self.in_a_row[i] >= 3:
            self.expected[i], self.failed_probes[i] = BreakerState.OPEN, 0
            self.waiting_since[i] = self.clock.now_s

    @rule(i=which)
    def caller_succeeds(self, i: int) -> None:
        if self.breakers[i].allows():
            self.breakers[i].succeeded()
            self.in_a_row[i] = 0

    @rule(i=which, cls=st.sampled_from([ConnectionLost, ConnectionRefused, BadRequest, None]))
    def old_request_ends_while_open(self, i: int, cls: type[EngineError] | None) -> None:
        if self.expected[i] is BreakerState.OPEN:
            if cls is None:
                self.breakers[i].succeeded()
            else:
                self.breakers[i].failed(error(cls))

    @rule(seconds=st.sampled_from([0.25, 0.5, 1.0, 2.0, 5.0]))
    def time_passes(self, seconds: float) -> None:
        self.clock.now_s += seconds

    @rule(i=which)
    def probe(self, i: int) -> None:
        if not self.breakers[i].due():
            return
        lost = self.expected[i] is BreakerState.HALF_OPEN
        self.breakers[i].probing()
        self.probes[i] = 1 if lost else self.probes[i] + 1
        self.expected[i], self.waiting_since[i] = BreakerState.HALF_OPEN, self.clock.now_s

    @precondition(lambda self: BreakerState.HALF_OPEN in self.expected)
    @rule(answer=st.sampled_from([None, ServerFailure, FirstTokenTimeout, ConnectionRefused]))
    def probe_ends(self, answer: type[EngineError] | None) -> None:
        i = self.expected.index(BreakerState.HALF_OPEN)
        self.probes[i] -= 1
        self.in_a_row[i] = 0
        if answer is None:
            self.breakers[i].succeeded()
            self.expected[i] = BreakerState.CLOSED
        else:
            self.breakers[i].failed(error(answer))
            self.expected[i], self.waiting_since[i] = BreakerState.OPEN, self.clock.now_s
            self.failed_probes[i] += 1

    @invariant()
    def agrees_with_the_model(self) -> None:
        for i, breaker in enumerate(self.breakers):
            assert breaker.state is self.expected[i]
            assert breaker.allows() is (self.expected[i] is BreakerState.CLOSED)
            assert self.probes[i] == (self.expected[i] is BreakerState.HALF_OPEN)
            waited = self.clock.now_s - self.waiting_since[i]
            if breaker.state is BreakerState.OPEN:
                assert breaker.due() is (waited >= min(1.0 * 2 ** self.failed_probes[i], 5.0))
            elif breaker.state is BreakerState.HALF_OPEN:
                assert breaker.due() is (waited >= 2.0)
            else:
                assert not breaker.due() and breaker.opened_for_s == 0

    @invariant()
    def history_hangs_together(self) -> None:
        for breaker in self.breakers:
            changes = breaker.history
            for a, b in pairwise(changes):
                assert a.after is b.before and a.at_s <= b.at_s
            assert breaker.state is (changes[-1].after if changes else BreakerState.CLOSED)
            assert all(change.reason for change in changes)


TestBreakers = Breakers.TestCase
TestBreakers.settings = settings(max_examples=100, stateful_step_count=40, deadline=None, derandomize=True)
