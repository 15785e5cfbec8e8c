"""The precise timer and the loop-lag sampler."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
import uvloop

from casewright.bench.clock import NS_PER_MS, LoopLag, PreciseTimer, nearest_rank, now_ns


@pytest.fixture(params=["uvloop", "asyncio"])
def runner(request: pytest.FixtureRequest) -> Iterator[asyncio.Runner]:
    factory = uvloop.new_event_loop if request.param == "uvloop" else asyncio.new_event_loop
    with asyncio.Runner(loop_factory=factory) as made:
        yield made


def test_callbacks_come_in_order_and_never_early(runner: asyncio.Runner) -> None:
    async def main() -> list[tuple[int, int]]:
        timer = PreciseTimer(asyncio.get_running_loop())
        done = asyncio.Event()
        seen: list[tuple[int, int]] = []
        start = now_ns()
        dues = [start + ms * NS_PER_MS for ms in (7, 1, 3, 3, 5, 2)]

        def fired(due: int) -> None:
            seen.append((due, now_ns()))
            if len(seen) == len(dues):
                done.set()

        for due in dues:
            timer.call_at_ns(due, fired, due)
        await asyncio.wait_for(done.wait(), 10)
        timer.close()
        return seen

    seen = runner.run(main())
    assert [due for due, _ in seen] == sorted(due for due, _ in seen)
    assert all(at >= due for due, at in seen)


def test_equal_times_keep_their_order_and_callbacks_may_schedule(runner: asyncio.Runner) -> None:
    async def main() -> list[str]:
        timer = PreciseTimer(asyncio.get_running_loop())
        done = asyncio.Event()
        seen: list[str] = []
        due = now_ns() + NS_PER_MS

        def again() -> None:
            seen.append("again")
            done.set()

        def first() -> None:
            seen.append("first")
            timer.call_at_ns(now_ns() - 5, again)

        timer.call_at_ns(due, first)
        timer.call_at_ns(due, seen.append, "second")
        await asyncio.wait_for(done.wait(), 10)
        timer.close()
        return seen

    assert runner.run(main()) == ["first", "second", "again"]


def test_a_failing_callback_is_reported_and_stops_no_other(runner: asyncio.Runner) -> None:
    async def main() -> tuple[list[str], list[object]]:
        loop = asyncio.get_running_loop()
        reported: list[object] = []
        loop.set_exception_handler(lambda _loop, context: reported.append(context["exception"]))
        timer = PreciseTimer(loop)
        done = asyncio.Event()
        seen: list[str] = []

        def boom() -> None:
            raise ValueError("boom")

        timer.call_at_ns(now_ns(), boom)
        timer.call_at_ns(now_ns(), seen.append, "after")
        timer.call_at_ns(now_ns() + NS_PER_MS, done.set)
        await asyncio.wait_for(done.wait(), 10)
        timer.close()
        return seen, reported

    seen, reported = runner.run(main())
    assert seen == ["after"]
    assert [type(exc) for exc in reported] == [ValueError]


def test_close_forgets_what_is_due(runner: asyncio.Runner) -> None:
    async def main() -> list[str]:
        loop = asyncio.get_running_loop()
        seen: list[str] = []
        closed = PreciseTimer(loop)
        closed.call_at_ns(now_ns() + NS_PER_MS, seen.append, "closed")
        closed.close()
        closed.call_at_ns(now_ns(), seen.append, "closed")
        other = PreciseTimer(loop)
        done = asyncio.Event()
        other.call_at_ns(now_ns() + 3 * NS_PER_MS, done.set)
        await asyncio.wait_for(done.wait(), 10)
        other.close()
        return seen

    assert runner.run(main()) == []


def test_loop_lag_sees_a_blocked_loop(runner: asyncio.Runner) -> None:
    async def main() -> tuple[int, int]:
        loop = asyncio.get_running_loop()
        timer = PreciseTimer(loop)
        lag = LoopLag(timer, interval_ns=NS_PER_MS)
        lag.start()
        done = asyncio.Event()
        blocked = 0

        def block() -> None:
            nonlocal blocked
            begin = now_ns()
            while now_ns() < begin + 30 * NS_PER_MS:
                pass
            blocked = now_ns() - begin
            timer.call_at_ns(now_ns() + 5 * NS_PER_MS, done.set)

        timer.call_at_ns(now_ns() + 5 * NS_PER_MS, block)
        await asyncio.wait_for(done.wait(), 10)
        lag.stop()
        summary = lag.summary()
        timer.close()
        assert summary.max_ns is not None
        return summary.max_ns, blocked

    worst, blocked = runner.run(main())
    # The sample due within 1 ms of the block's beginning waited for nearly all of it.
    assert worst >= blocked - 2 * NS_PER_MS


def test_loop_lag_is_none_without_samples_and_bounded_with_many() -> None:
    async def main() -> tuple[LoopLag, LoopLag]:
        timer = PreciseTimer(asyncio.get_running_loop())
        idle = LoopLag(timer)
        busy = LoopLag(timer, interval_ns=10_000, limit=64)
        busy.start()
        done = asyncio.Event()

        def enough() -> None:
            if busy.summary().samples > 300:
                done.set()
            else:
                timer.call_at_ns(now_ns() + NS_PER_MS, enough)

        enough()
        await asyncio.wait_for(done.wait(), 20)
        busy.stop()
        timer.close()
        return idle, busy

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        idle, busy = runner.run(main())
    assert idle.summary().max_ns is None
    assert idle.summary().p50_ns is None
    assert len(busy._lags) < 64
    assert busy.summary().p99_ns is not None


def test_nearest_rank() -> None:
    values = list(range(1, 101))
    assert [nearest_rank(values, share) for share in (0.5, 0.9, 0.99, 1.0)] == [50, 90, 99, 100]
    assert nearest_rank([7], 0.01) == 7
