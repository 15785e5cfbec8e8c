"""The live view: what it makes of a load's progress, in a terminal, in a log and when quiet."""

from __future__ import annotations

import io

from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from casewright.bench.blocks import Step
from casewright.bench.live import (
    CompareWatch,
    RunWatch,
    compare_panel,
    facts,
    milliseconds,
    plain_line,
    run_panel,
    seconds,
    step_line,
    watch_compare,
    watch_run,
)
from casewright.bench.outcome import Progress
from casewright.bench.plan import LoadPlan

COUNTED = LoadPlan.closed(8, requests=100)
TIMED = LoadPlan.open(50.0, duration_s=10.0)


def look(elapsed_s: float, completed: int, failed: int = 0, **more: object) -> Progress:
    values: dict[str, object] = {
        "elapsed_s": elapsed_s, "issued": completed + 8, "completed": completed, "failed": failed, "cut": 0,
        "in_flight": 8, "reconnects": 0, "received_bytes": 1000, "latency_p50_ms": 212.0,
        "errors": {"connection_lost": failed} if failed else {}, "scheduled": None,
    }  # fmt: skip
    return Progress(**(values | more))  # type: ignore[arg-type]


def console(*, terminal: bool) -> tuple[Console, io.StringIO]:
    stream = io.StringIO()
    return Console(file=stream, force_terminal=terminal, width=100, _environ={}), stream


def watched(plan: LoadPlan, *looks: Progress) -> RunWatch:
    watch = RunWatch(plan, "engine")
    for progress in looks:
        watch.update(progress)
    return watch


def test_nothing_is_said_before_anything_is_known() -> None:
    watch = RunWatch(COUNTED, "engine")
    assert (facts(watch), watch.rate, watch.eta_s, watch.share) == ([], None, None, 0.0)


def test_the_rate_is_the_recent_one() -> None:
    looks = [look(t / 4, 10 * t if t <= 8 else 80 + (t - 8)) for t in range(1, 25)]
    watch = watched(COUNTED, *looks)
    assert watch.rate == 4.0  # 40/s at first, 4/s in the last two seconds


def test_time_left_comes_from_the_count_or_from_the_clock() -> None:
    assert watched(COUNTED, look(1.0, 20)).eta_s == 4.0
    assert watched(TIMED, look(4.0, 200)).eta_s == 6.0
    done = watched(TIMED, look(10.5, 500))
    assert (done.eta_s, done.share, done.draining) == (0.0, 1.0, True)


def test_a_line_names_errors_by_kind() -> None:
    line = plain_line(watched(COUNTED, look(2.0, 30, failed=3)))
    assert line == (
        "engine: 2 s, done 33/100, rate 16.5/s, p50 212 ms, in flight 8, "
        "errors 3 (connection_lost 3), left 4 s"
    )


def test_an_open_loop_shows_the_rate_it_was_asked_for() -> None:
    assert "rate 50.0 of 50/s" in plain_line(watched(TIMED, look(2.0, 100)))
    assert "waiting for the last answers" in plain_line(watched(TIMED, look(11.0, 500)))


def test_without_a_terminal_a_line_every_five_seconds() -> None:
    where, stream = console(terminal=False)
    with watch_run(COUNTED, "engine", where) as on_progress:
        assert on_progress is not None
        for tick in range(1, 60):
            on_progress(look(tick / 4, tick))
    assert [line.split(",")[0] for line in stream.getvalue().splitlines()] == ["engine: 5 s", "engine: 10 s"]


def test_a_terminal_gets_a_view_that_goes_away() -> None:
    where, stream = console(terminal=True)
    with watch_run(COUNTED, "engine", where) as on_progress:
        assert on_progress is not None
        on_progress(look(1.0, 50))
    assert "engine" in stream.getvalue()
    assert stream.getvalue().rstrip().endswith("\x1b[2K")  # the last thing done is erasing


def test_quiet_means_quiet() -> None:
    where, stream = console(terminal=False)
    with watch_run(COUNTED, "engine", where, quiet=True) as on_progress:
        assert on_progress is None
    with watch_compare("tokens", where, quiet=True) as on_step:
        on_step(Step("ab", 1, 12, "A", "one", 5.0))
    assert stream.getvalue() == ""


def test_the_panel_holds_bar_and_facts() -> None:
    where, stream = console(terminal=False)
    where.print(run_panel(watched(COUNTED, look(1.0, 50, failed=1))))
    assert "51%" in stream.getvalue()
    assert "errors 1 (connection_lost 1)" in stream.getvalue()


def test_comparison_lines_are_warm_ups_and_finished_blocks() -> None:
    where, stream = console(terminal=False)
    with watch_compare("output_tokens_per_s", where) as on_step:
        on_step(Step("warm-up", 0, 0, "A", "one", None, 1, 180))
        on_step(Step("ab", 0, 12, "A", "one", None, 9, 180))
        on_step(Step("ab", 1, 12, "A", "one", 57.25, 16, 180))
        on_step(Step("aa", 2, 12, "B", "one", 56.0, 100, 180))
    assert stream.getvalue().splitlines() == [
        "warm-up, side A (one) (1 s of 3 min 00 s used)",
        "block 1 of 12, A/B, side A (one): output_tokens_per_s 57.25 (16 s of 3 min 00 s used)",
        "block 2 of 12, A/A (noise floor), side B (one): output_tokens_per_s 56.00 "
        "(1 min 40 s of 3 min 00 s used)",
    ]


def test_the_comparison_panel_keeps_the_last_blocks() -> None:
    where, stream = console(terminal=False)
    watch = CompareWatch("tokens")
    where.print(compare_panel(watch))
    for number in range(1, 12):
        watch.update(Step("ab", number, 12, "A", "one", float(number), number * 10.0, 180.0))
    where.print(compare_panel(watch, watched(COUNTED, look(1.0, 50))))
    text = stream.getvalue()
    assert "starting" in text
    assert "A 11.0" in text
    assert "A 3.0" not in text
    assert "p50 212 ms" in text


def test_a_terminal_sees_every_step_of_a_comparison() -> None:
    where, stream = console(terminal=True)
    with watch_compare("tokens", where) as on_step:
        on_step(Step("ab", 0, 12, "B", "other", None, 9.0, 180.0))
    assert "other" in stream.getvalue()


def test_a_started_block_is_counted_as_the_next() -> None:
    assert step_line(Step("ab", 3, 12, "B", "two"), "x").startswith("block 4 of 12, A/B, side B")


@given(st.floats(0.001, 1e7))
def test_durations_keep_their_magnitude(value: float) -> None:
    number, unit = milliseconds(value).split(" ")
    back = float(number) * (1000 if unit == "s" else 1)
    assert abs(back - value) <= max(0.006, value * 0.01)


def test_seconds_read_as_minutes_from_a_minute_on() -> None:
    assert [seconds(x) for x in (0.4, 59.4, 60.0, 185.2)] == ["0 s", "59 s", "1 min 00 s", "3 min 05 s"]
