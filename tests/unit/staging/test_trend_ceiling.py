"""The most that a series may rise by: dips and falls are no leak, and hide none."""

from __future__ import annotations

import importlib.util
import math
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from casewright.staging.soak_judge import rises
from casewright.staging.trend import slope_of
from casewright.staging.trend_ceiling import ceiling_of, single_step
from casewright.staging.trend_shape import LEAST_SHARE
from unit.staging.test_soak import MIB, Hour, verdicts

ROOT = Path(__file__).resolve().parents[3]
ROUNDS = 6


def _simulation() -> ModuleType:
    spec = importlib.util.spec_from_file_location("leak_verdicts", ROOT / "benchmarks" / "leak_verdicts.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


made = _simulation()


def renewed(t: float) -> float:
    """A worker is renewed twice: 28 of 203 MiB less for one minute and for three."""
    return (203 - 28 * (2045 <= t < 2105 or 2475 <= t < 2650)) * MIB


def from_a_fall_on(percent: float) -> Callable[[float], float]:
    """A process ends at minute 45, and from then on another leaks by so much of 200 MiB an hour."""
    return lambda t: (200 - 10 * (t > 2700) + 2 * percent * max(0.0, t - 2700) / 3600) * MIB


def step_at_falls(seconds: float) -> Callable[[float], float]:
    """One MiB more in the minute of each of three falls, so long after it (or before it: negative)."""
    return lambda t: (200 + sum((t > at + seconds) - 10 * (t > at) for at in (1200, 2000, 2800))) * MIB


@pytest.mark.parametrize(
    "calm",
    [
        Hour(rss=renewed),
        Hour(rss=lambda t: (203 - 28 * (t > 1800)) * MIB),
        Hour(rss=lambda t: renewed(t) + t / 3600 * 0.3 * MIB),
        Hour(fds=lambda t: 28 if t < 1166 else 24),
        Hour(fds=lambda t: 40 - 4 * (t > 900) - 4 * (t > 2000)),
        Hour(fds=lambda t: 8 if t < 1011 else 9),
    ],
)
def test_a_dip_a_fall_and_a_single_step_are_no_leak(calm: Hour) -> None:
    found = verdicts(calm.record())["leaks"]
    assert found.status == "PASS", found.reason


@pytest.mark.parametrize(
    "leaking",
    [
        Hour(rss=lambda t: renewed(t) + t / 3600 * 2.2 * MIB),
        # another process ended, and what it held is filled again by a leak
        Hour(rss=lambda t: (203 + t / 3600 * 2.2 - 28 * (t > 1800)) * MIB),
        Hour(rss=lambda t: (203 + int(t / 1100) * 0.7 - 28 * (2000 < t < 2100)) * MIB, noise=0.0),
        Hour(fds=lambda t: 30 + int(t / 1200) - 4 * (t > 1500)),
        Hour(fds=lambda t: 30 + 2 * (t > 1800)),
        # one in the warm-up, one after it: no single step
        Hour(fds=lambda t: 30 + (t > 300) + (t > 1011)),
        # begins where something falls: the long flat part before says nothing of the short one after
        Hour(rss=lambda t: (203 - 10 * (t > 2700) + 10 * max(0, t - 2700) / 3600) * MIB),
        Hour(fds=lambda t: 40 - 10 * (t > 2700) + int(12 * max(0, t - 2700) / 3600)),
        *(Hour(rss=from_a_fall_on(share)) for share in (3, 5, 10)),
        # begins late: 2 % an hour from minute 44, 4 % from minute 50, one descriptor in minute 58
        Hour(rss=lambda t: (200 + 4 * max(0, t - 2640) / 3600) * MIB),
        Hour(rss=lambda t: (200 + 8 * max(0, t - 3000) / 3600) * MIB),
        Hour(rss=lambda t: (200 + 8 * max(0, t - 3000) / 3600) * MIB, noise=0.0),
        Hour(fds=lambda t: 8 if t < 3420 else 9),
        # falls too small to be cut out are not set against it
        *(
            Hour(
                rss=lambda t: (200 + 2.4 * t / 3600 - 0.48 * sum(t > at for at in (1200, 2000, 2800))) * MIB,
                noise=noise,
            )
            for noise in (0.0, 0.1)
        ),
        # another process of the tree gives back: ever slower, or in ten minutes
        Hour(rss=lambda t: (200 + 4 * t / 3600 - 10 * (1 - math.exp(-t / 1080))) * MIB),
        Hour(rss=lambda t: (200 + 4 * t / 3600 - 3 * min(1, max(0, t - 1500) / 600)) * MIB),
        # a step in the minute of each of three falls, before it or after it
        *(Hour(rss=step_at_falls(off), noise=noise) for off in (-30, 30) for noise in (0.0, 0.05)),
        # more than a tenth of the time lies in parts too short to be judged
        Hour(rss=lambda t: (200 - 10 * sum(t > at for at in (3000, 3200, 3400))) * MIB),
    ],
)
def test_a_leak_beside_a_dip_or_a_fall_does_not_pass(leaking: Hour) -> None:
    found = verdicts(leaking.record())["leaks"]
    assert found.status != "PASS", found.reason


def test_a_leak_beside_dips_fails_as_it_would_without() -> None:
    found = verdicts(Hour(rss=lambda t: renewed(t) + t / 3600 * 6 * MIB).record())["leaks"]
    assert found.status == "FAIL", found.reason


@pytest.mark.parametrize("name", ["documents", "notes", "engine", "web", "chroma"])
def test_recorded_hours_without_a_leak_pass(name: str) -> None:
    values = made.recorded(name)
    bound = 0.01 * float(np.median(values))
    found = ceiling_of(made.TIMES.tolist(), values.tolist(), bound)
    assert found is not None and found.high is not None
    assert found.high < bound
    plain = slope_of(made.TIMES.tolist(), values.tolist())
    assert plain is not None and plain.high is not None
    assert (plain.high >= bound) == (name in {"documents", "notes"})


def test_the_recorded_hour_that_rose_by_one_percent_does_not_pass() -> None:
    values = made.recorded("rag")
    found = ceiling_of(made.TIMES.tolist(), values.tolist(), 0.01 * float(np.median(values)))
    assert found is not None and found.high is not None
    assert found.high > 0.01 * float(np.median(values))


@pytest.mark.parametrize(
    ("name", "least"),
    [("nothing", 0.8), ("dips", 0.8), ("a fall", 0.5), ("two falls", 0.4), ("a fall and dips", 0.4)],
)
def test_what_is_harmless_mostly_passes(name: str, least: float) -> None:
    slope, ceiling = made.shares(made.HARMLESS[name], ROUNDS, 1).mean(axis=0)
    assert ceiling >= least
    assert ceiling >= slope + (0.35 if name != "nothing" else 0.0)


@pytest.mark.parametrize("name", list(made.LEAKS))
def test_a_leak_just_at_the_bound_hardly_ever_passes(name: str) -> None:
    leak, beside = made.LEAKS[name]
    found = made.shares(beside, ROUNDS, 2, leak, 1.0)[:, 1]
    assert found.mean() <= 0.05
    assert found.max() <= 1 / ROUNDS
    assert made.shares(beside, ROUNDS, 2, leak, 2.0)[:, 1].max() == 0.0


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    count=st.integers(3, 40),
    phase=st.floats(0, 0.99),
    drops=st.lists(st.tuples(st.floats(700, 3500), st.floats(0.1, 30)), max_size=3),
)
def test_steps_at_an_even_pace_never_pass_whatever_falls_beside(
    count: int, phase: float, drops: list[tuple[float, float]]
) -> None:
    turns = made.HOURS * count + phase
    values = 100 + 1.05 * np.floor(turns) / count
    for at, less in drops:
        values = values - less * (at < made.TIMES)
    found = ceiling_of(made.TIMES.tolist(), values.tolist(), 1.0)
    assert found is not None
    assert found.high is None or found.high > 1.0


def test_what_is_left_out_is_told_and_a_saw_tooth_keeps_its_low_points() -> None:
    times = made.TIMES
    dipped = ceiling_of(times.tolist(), [renewed(t) / MIB for t in times], 2.03)
    assert dipped is not None
    assert 0.06 < dipped.left_out < 0.1
    assert dipped.falls == 0
    tooth = ceiling_of(times.tolist(), (100 + times % 240 / 60).tolist(), 1.0)
    assert tooth is not None
    assert tooth.left_out == 0.0
    shallow = ceiling_of(times.tolist(), (100 - 0.9 * LEAST_SHARE * (abs(times - 2000) < 60)).tolist(), 1.0)
    assert shallow is not None
    assert shallow.left_out == 0.0


def test_a_dip_that_has_not_come_back_is_no_dip() -> None:
    values = np.where(made.TIMES > 3400, 90.0, 100.0)
    found = ceiling_of(made.TIMES.tolist(), values.tolist(), 1.0)
    assert found is not None
    assert (found.left_out, found.falls, found.high) == (0.0, 1, 0.0)


def test_a_ceiling_of_nothing_is_not_overruled_by_a_single_step() -> None:
    """A step in the warm-up, nothing after: the ceiling is 0, which is a figure and not "none"."""
    calm = Hour(fds=lambda t: 9 if t >= 300 else 8)
    rows = [each for each in rises(calm.record()) if each.what == "descriptors"]
    assert {each.ceiling for each in rows} == {0.0}
    assert "single step" not in {each.by for each in rows}


def test_what_goes_down_without_a_fall_proves_nothing_and_says_so() -> None:
    found = ceiling_of(made.TIMES.tolist(), (100 - 2 * made.HOURS).tolist(), 1.0)
    assert found is not None
    assert (found.high, found.by) == (None, "it goes down without a fall")


@pytest.mark.parametrize("rounds", [6, 30, 200])
def test_the_bound_on_a_base_is_one_that_the_rounds_can_show(rounds: int) -> None:
    assert made.ALLOWED < made.allowed_on_a_base(rounds) < 1


def test_a_single_step_is_one_by_one() -> None:
    times = [float(t) for t in range(0, 3601, 5)]
    assert single_step(times, [8.0 + (t >= 900) for t in times]) == pytest.approx(3600 / 2700)
    assert single_step(times, [8.0 + 2 * (t >= 900) for t in times]) is None
    assert single_step(times, [8.0 + (t >= 900) + (t >= 2000) for t in times]) is None
    # in the last third it may only have begun
    assert single_step(times, [8.0 + (t >= 2500) for t in times]) is None
    assert single_step(times, [8.0 for _ in times]) is None
    assert single_step([1.0, 2.0], [1.0, 2.0]) is None


@pytest.mark.parametrize(("times", "values"), [([], []), ([0.0, 1.0], [1.0, 2.0]), ([3.0] * 5, [1.0] * 5)])
def test_too_little_says_nothing(times: list[float], values: list[float]) -> None:
    assert ceiling_of(times, values, 1.0) is None


def test_days_of_samples_take_no_square_of_time() -> None:
    times = np.arange(100_000) * 5.0
    found = ceiling_of(times.tolist(), (100 + times % 240 / 60).tolist(), 1.0)
    assert found is not None and found.high is not None
    assert found.high < 1.0
