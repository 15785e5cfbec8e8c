"""Slopes of what hangs together: intervals that hold, by simulation, and what they say of known series."""

from __future__ import annotations

import numpy as np
import pytest

from casewright.staging.drift import SLOWER, ratio_of
from casewright.staging.trend import MIN_BLOCKS, correlation_time, slope_of

STEP_S = 5.0
RISE = 1.0


def ar1(random: np.random.Generator, count: int, phi: float) -> np.ndarray:
    """AR(1) noise of unit variance; for 1 a random walk."""
    shocks = random.normal(0, np.sqrt(1 - phi**2) if phi < 1 else 1.0, count)
    noise = np.empty(count)
    noise[0] = random.normal()
    for place in range(1, count):
        noise[place] = phi * noise[place - 1] + shocks[place]
    return noise


@pytest.mark.parametrize("phi", [0.0, 0.8, 1.0])
@pytest.mark.parametrize("count", [200, 600])
def test_a_rise_just_at_the_bound_is_hardly_ever_called_more_or_less(phi: float, count: int) -> None:
    random = np.random.default_rng(20250607)
    times = np.arange(count) * STEP_S
    above = below = 0
    rounds = 200
    for _ in range(rounds):
        found = slope_of(times.tolist(), (100 + RISE * times / 3600 + ar1(random, count, phi)).tolist())
        assert found is not None
        if found.low is not None and found.high is not None:
            above += found.low > RISE
            below += found.high < RISE
    # nominal 2.5 % each; 5 % is what is promised, and 200 rounds of it are 10
    assert above <= 0.05 * rounds
    assert below <= 0.06 * rounds


def test_the_interval_that_takes_samples_for_independent_is_wrong_where_ours_is_not() -> None:
    import scipy.stats

    random, rounds, wrong = np.random.default_rng(1), 100, 0
    times = np.arange(300) * STEP_S
    for _ in range(rounds):
        plain = scipy.stats.theilslopes(ar1(random, 300, 0.9), times)
        wrong += plain.low_slope > 0 or plain.high_slope < 0
    assert wrong > 0.3 * rounds


def test_a_clear_rise_is_found_with_its_size() -> None:
    random = np.random.default_rng(2)
    times = np.arange(600) * STEP_S
    found = slope_of(times.tolist(), (100 + 20 * times / 3600 + ar1(random, 600, 0.5)).tolist())
    assert found is not None
    assert found.low is not None and found.high is not None
    assert found.low < 20 < found.high
    assert found.low > 15
    assert found.samples == 600


def test_what_never_moves_has_no_slope_and_no_width() -> None:
    found = slope_of([0, 5, 10, *range(15, 600, 5)], [7.0] * 120)
    assert found is not None
    assert (found.per_hour, found.low, found.high, found.level) == (0.0, 0.0, 0.0, 7.0)


def test_a_leak_is_found_where_what_is_left_of_the_line_hangs_together() -> None:
    times = np.arange(60) * STEP_S
    values = 100 + times / 60 + np.sin(times / 40)
    found = slope_of(times.tolist(), values.tolist())
    assert found is not None
    assert found.blocks < MIN_BLOCKS
    assert found.low is not None and found.high is not None
    assert 20 < found.low < 60 < found.high


def test_a_rise_that_comes_to_an_end_is_told_by_its_second_half() -> None:
    times = np.arange(600) * STEP_S
    values = np.minimum(times, 1000.0) + np.random.default_rng(4).normal(0, 0.1, 600)
    found = slope_of(times.tolist(), values.tolist())
    assert found is not None
    assert abs(found.late) < 1.0
    assert found.per_hour > 100


def test_days_of_samples_take_no_square_of_time() -> None:
    count = 100_000
    found = slope_of((np.arange(count) * STEP_S).tolist(), np.arange(count).astype(float).tolist())
    assert found is not None
    assert found.per_hour == pytest.approx(720)


@pytest.mark.parametrize(("times", "values"), [([], []), ([0.0, 1.0], [1.0, 2.0]), ([3.0] * 5, [1.0] * 5)])
def test_too_little_says_nothing(times: list[float], values: list[float]) -> None:
    assert slope_of(times, values) is None


def test_the_time_that_samples_hang_together() -> None:
    random = np.random.default_rng(5)
    assert correlation_time(random.normal(size=2000)) < 2
    assert 10 < correlation_time(ar1(random, 5000, 0.9)) < 40
    assert correlation_time(np.zeros(10)) == 1.0


@pytest.mark.parametrize("phi", [0.0, 0.5, 0.9])
def test_latency_just_at_the_bound_is_hardly_ever_called_slower_or_not(phi: float) -> None:
    random, rounds, above, below = np.random.default_rng(6), 200, 0, 0
    times = np.arange(150) * 6.0
    for _ in range(rounds):
        values = 0.3 * ar1(random, 150, phi) + np.where(times > times[-1] / 2, np.log(SLOWER), 0)
        found = ratio_of(list(zip(times.tolist(), values.tolist(), strict=True)), 0.95)
        if found is not None:
            above += found.low > SLOWER
            below += found.high < SLOWER
    assert max(above, below) <= 0.05 * rounds


def test_latency_that_doubled_is_found() -> None:
    random, times = np.random.default_rng(7), np.arange(150) * 6.0
    values = 0.3 * ar1(random, 150, 0.3) + np.where(times > times[-1] / 2, np.log(2), 0)
    found = ratio_of(list(zip(times.tolist(), values.tolist(), strict=True)), 0.95)
    assert found is not None
    assert SLOWER < found.low < 2 < found.high
