"""The most that a series may rise by: dips and falls are no leak, and hide none."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from casewright.staging.trend import slope_of
from casewright.staging.trend_ceiling import LEAST_SHARE, ceiling_of, single_step
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


@pytest.mark.parametrize(
    "calm",
    [
        Hour(rss=renewed),
        Hour(rss=lambda t: (203 - 28 * (t > 1800)) * MIB),
        Hour(rss=lambda t: renewed(t) + t / 3600 * 0.3 * MIB),
        Hour(fds=lambda t: 28 if t < 1166 else 24),
        Hour(fds=lambda t: 40 - 4 * (t > 900) - 4 * (t > 2000)),
        Hour(fds=lambda t: 8 if t < 1011 else 9),
        Hour(fds=lambda t: 8 if t < 3501 else 9),
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
    assert found is not None
    assert found.high < bound
    plain = slope_of(made.TIMES.tolist(), values.tolist())
    assert plain is not None and plain.high is not None
    assert (plain.high >= bound) == (name in {"documents", "notes"})


def test_the_recorded_hour_that_rose_by_one_percent_does_not_pass() -> None:
    values = made.recorded("rag")
    found = ceiling_of(made.TIMES.tolist(), values.tolist(), 0.01 * float(np.median(values)))
    assert found is not None
    assert found.high > 0.01 * float(np.median(values))


@pytest.mark.parametrize(
    ("name", "least"),
    [("nothing", 0.9), ("dips", 0.9), ("a fall", 0.7), ("two falls", 0.7), ("a fall and dips", 0.6)],
)
def test_what_is_harmless_mostly_passes(name: str, least: float) -> None:
    slope, ceiling = made.shares(made.HARMLESS[name], ROUNDS, 1).mean(axis=0)
    assert ceiling >= least
    assert ceiling >= slope + (0.5 if name != "nothing" else 0.0)


@pytest.mark.parametrize("name", list(made.LEAKS))
def test_a_leak_just_at_the_bound_hardly_ever_passes(name: str) -> None:
    leak, beside = made.LEAKS[name]
    assert made.shares(beside, ROUNDS, 2, leak, 1.0).mean(axis=0)[1] <= 0.05


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
    assert found.high > 1.0


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


def test_a_single_step_is_one_by_one() -> None:
    times = [float(t) for t in range(0, 3601, 5)]
    assert single_step(times, [8.0 + (t >= 900) for t in times]) == pytest.approx(3600 / 2700)
    assert single_step(times, [8.0 + 2 * (t >= 900) for t in times]) is None
    assert single_step(times, [8.0 + (t >= 900) + (t >= 2000) for t in times]) is None
    assert single_step(times, [8.0 for _ in times]) is None
    assert single_step([1.0, 2.0], [1.0, 2.0]) is None


@pytest.mark.parametrize(("times", "values"), [([], []), ([0.0, 1.0], [1.0, 2.0]), ([3.0] * 5, [1.0] * 5)])
def test_too_little_says_nothing(times: list[float], values: list[float]) -> None:
    assert ceiling_of(times, values, 1.0) is None


def test_days_of_samples_take_no_square_of_time() -> None:
    times = np.arange(100_000) * 5.0
    found = ceiling_of(times.tolist(), (100 + times % 240 / 60).tolist(), 1.0)
    assert found is not None
    assert found.high < 1.0
