"""Statistics of one run against scipy, published values and their own properties."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats as sps

from casewright.bench import stats

FINITE = st.floats(0.001, 1e6, allow_nan=False, allow_infinity=False)


@pytest.mark.parametrize(("q", "rank"), [(0.05, 1), (0.3, 2), (0.4, 2), (0.5, 3)])
def test_nearest_rank_published_example(q: float, rank: int) -> None:
    """The ordered list 15, 20, 35, 40, 50 of the textbook definition of nearest rank."""
    ordered = [15.0, 20.0, 35.0, 40.0, 50.0]
    assert stats.nearest_rank(ordered[::-1], q) == ordered[rank - 1]


@pytest.mark.parametrize(("q", "needed"), [(0.5, 1), (0.9, 10), (0.95, 20), (0.99, 100), (0.999, 1000)])
def test_a_percentile_needs_an_observation_beyond_it(q: float, needed: int) -> None:
    assert stats.needed_for(q) == needed
    assert stats.nearest_rank(np.arange(needed, dtype=float), q) is not None
    if needed > 1:
        assert stats.nearest_rank(np.arange(needed - 1, dtype=float), q) is None


def test_ranks_do_not_hang_on_the_last_bit() -> None:
    """0.07 x 100 is 7.000000000000001 in floats; the 7th of 100 is meant."""
    assert stats.nearest_rank([float(i) for i in range(1, 101)], 0.07) == 7
    assert stats.nearest_rank([float(i) for i in range(1, 101)], 0.99) == 99


def test_failures_count_as_infinity() -> None:
    values = [1.0] * 97
    assert stats.nearest_rank(values, 0.95, failures=3) == 1.0
    assert stats.nearest_rank(values, 0.99, failures=3) == math.inf


@settings(max_examples=100, deadline=None)
@given(st.lists(FINITE, min_size=20, max_size=80), st.integers(0, 10), st.sampled_from([0.5, 0.9, 0.95]))
def test_nearest_rank_agrees_with_numpy_inverted_cdf(values: list[float], failed: int, q: float) -> None:
    whole = [*values, *[math.inf] * failed]
    assert stats.nearest_rank(values, q, failed) == np.percentile(whole, q * 100, method="inverted_cdf")


def test_distribution_says_what_it_leaves_out() -> None:
    few = stats.distribution([100.0] * 9 + [123.4])
    assert (few.n, few.p50, few.p90, few.p95, few.p99) == (10, 100.0, 100.0, None, None)
    assert "P95 not printed: needs 20 requests, have 10 (max 123.4)" in few.notes
    broken = stats.distribution([1.0] * 30, failed=10)
    assert (broken.n, broken.failed, broken.p50, broken.p90, broken.p95) == (40, 10, 1.0, None, None)
    assert "P95 is infinite: 10 of 40 requests failed" in broken.notes
    assert any("of the 30 completed" in note for note in broken.notes)


def test_distribution_of_nothing_is_none_not_zero() -> None:
    empty = stats.distribution([])
    assert (empty.n, empty.mean, empty.min, empty.max, empty.p50) == (0, None, None, None, None)
    assert empty.notes == ("nothing measured",)
    lost = stats.distribution([], failed=3)
    assert (lost.n, lost.failed, lost.mean, lost.p50) == (3, 3, None, None)


def test_distribution_refuses_what_is_not_a_measurement() -> None:
    with pytest.raises(ValueError, match="finite"):
        stats.distribution([1.0, math.nan])


def test_labels() -> None:
    assert stats.percentile_label(0.95, 10) == "P95 (max of 10)"
    assert stats.percentile_label(0.95, 20) == "P95"
    assert stats.percentile_label(0.99, 50) == "P99 (max of 50)"


@pytest.mark.parametrize(
    ("k", "n", "low", "high"),
    [
        (81, 263, 0.2553, 0.3662),  # Newcombe, Statistics in Medicine 17 (1998), table I, method 3
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0000, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_published_values(k: int, n: int, low: float, high: float) -> None:
    interval = stats.wilson(k, n)
    assert interval is not None
    assert interval.low == pytest.approx(low, abs=5e-5)
    assert interval.high == pytest.approx(high, abs=5e-5)


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_proportions_agree_with_scipy(pair: tuple[int, int]) -> None:
    k, n = pair
    ours, exact = stats.wilson(k, n), sps.binomtest(k, n)
    theirs = exact.proportion_ci(0.95, method="wilson")
    assert ours is not None
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=1e-12)
    one_sided = sps.binomtest(k, n, alternative="less").proportion_ci(0.95, method="exact")
    assert stats.proportion_upper(k, n) == pytest.approx(one_sided.high, abs=1e-9)
    other = sps.binomtest(k, n, alternative="greater").proportion_ci(0.95, method="exact")
    assert stats.proportion_lower(k, n) == pytest.approx(other.low, abs=1e-9)


def test_nothing_attempted_has_no_rate() -> None:
    assert stats.wilson(0, 0) is None
    assert stats.proportion_upper(0, 0) == 1.0
    with pytest.raises(ValueError, match="not a proportion"):
        stats.wilson(3, 2)


def test_how_many_requests_show_an_error_rate() -> None:
    assert stats.samples_for_error_rate(0.01) == 299
    assert stats.samples_for_error_rate(0.05) == 59
    assert stats.proportion_upper(0, 299) < 0.01 < stats.proportion_upper(0, 298)


def test_dispersion_of_known_processes() -> None:
    rng = np.random.default_rng(7)
    poisson = np.cumsum(rng.exponential(1e6, 50_000)).astype(np.int64)  # 1,000 a second for 50 s
    assert stats.dispersion(poisson) == pytest.approx(1.0, abs=0.06)
    assert stats.gap_cv(poisson) == pytest.approx(1.0, abs=0.02)
    constant = np.arange(10_000, dtype=np.int64) * 1_000_000
    assert stats.dispersion(constant) == pytest.approx(0.0, abs=1e-9)
    assert stats.gap_cv(constant) == 0.0
    bursts = np.repeat(np.arange(500, dtype=np.int64) * 100_000_000, 10)  # 10 at once, every tenth bin
    assert stats.dispersion(bursts) == pytest.approx(9.0, rel=0.01)


def test_dispersion_by_hand() -> None:
    """Counts 2, 0, 1, 1 in four bins of 10 ms: mean 1, sample variance 2/3."""
    times = [0, 1_000_000, 20_000_000, 30_000_000]
    assert stats.dispersion(times, start=0, end=40_000_000) == pytest.approx(2 / 3)


@pytest.mark.parametrize("times", [[], [5], [1, 2], [0, 9_999_999]])
def test_dispersion_of_too_little_is_none(times: list[int]) -> None:
    assert stats.dispersion(times) is None
    assert stats.gap_cv(times) is None


@pytest.mark.parametrize(("n", "low", "high"), [(10, 2, 9), (20, 6, 15), (50, 18, 33), (100, 40, 61)])
def test_percentile_interval_of_the_median_published_ranks(n: int, low: int, high: int) -> None:
    """The usual table of 95 % confidence ranks for a median (sign test)."""
    assert stats.percentile_interval([float(i) for i in range(1, n + 1)], 0.5) == (low, high)


def test_percentile_interval_knows_when_n_is_too_small() -> None:
    values = [float(i) for i in range(58)]
    assert stats.percentile_interval(values, 0.95, level=0.90)[1] == math.inf
    assert stats.percentile_interval([*values, 58.0], 0.95, level=0.90)[1] == 58.0
    assert stats.percentile_interval([], 0.5) == (0.0, math.inf)
    assert stats.percentile_interval([1.0] * 50, 0.9, failures=50) == (math.inf, math.inf)


def test_percentile_interval_covers() -> None:
    rng = np.random.default_rng(11)
    true = float(sps.lognorm.ppf(0.9, 1.0))
    hits = 0
    for _ in range(1000):
        low, high = stats.percentile_interval(rng.lognormal(0, 1, 120), 0.9)
        hits += low <= true <= high
    assert hits >= 935


def test_dependent_observations_widen_the_interval() -> None:
    values = np.arange(200, dtype=float)
    alternating = np.arange(200) % 2 == 0
    blocks = np.arange(200) < 100
    assert stats.effective_n(alternating) == 200
    assert stats.effective_n(blocks) < 10
    narrow = stats.percentile_interval(values, 0.5)
    wide = stats.percentile_interval(values, 0.5, worth=20)
    assert wide[0] < narrow[0] < narrow[1] < wide[1]


def test_mean_interval_agrees_with_scipy() -> None:
    values = np.random.default_rng(3).normal(10, 2, 12)
    ours = stats.mean_interval(values)
    theirs = sps.ttest_1samp(values, 0).confidence_interval(0.95)
    assert ours is not None
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high))
    assert stats.mean_interval([1.0]) is None


def test_steady_window_of_a_closed_loop_in_lockstep() -> None:
    """4 users, answers of 1 s, 10 rounds: 4 a second, neither the start nor the last round counted."""
    send = np.repeat(np.arange(10), 4) * 1_000_000_000
    end = send + 1_000_000_000
    window = stats.steady_window(send, end)
    assert window == (0, 9_000_000_000)
    assert stats.rate_in(window, end) == pytest.approx(4.0)
    assert stats.rate_in(window, end, np.full(40, 16.0)) == pytest.approx(64.0)


def test_steady_window_of_an_open_loop_cuts_filling_and_draining() -> None:
    """100 a second, answers of 2 s: 200 in flight from second 2 on; the last leaves at 9.99 s."""
    send = np.arange(1000) * 10_000_000
    end = send + 2_000_000_000
    window = stats.steady_window(send, end)
    assert window is not None
    assert window[0] == pytest.approx(2e9, rel=0.01)
    assert window[1] == 9_990_000_000
    assert stats.rate_in(window, end) == pytest.approx(100, rel=0.01)
    ramped = stats.steady_window(send, end, ramp_s=5)
    assert ramped == (5_000_000_000, 9_990_000_000)


def test_no_steady_window_where_all_leave_at_once() -> None:
    send = np.zeros(50, dtype=np.int64)
    assert stats.steady_window(send, send + 1_000_000) is None
    assert stats.steady_window([], []) is None
    assert stats.steady_window([0, 10], [5, 15], ramp_s=1) is None


def test_tpot() -> None:
    assert stats.tpot_ns(100, 1000, 10, 1) == 100.0
    assert stats.tpot_ns(100, 1000, 10, 4) == 150.0
    assert stats.tpot_ns(100, 1000, 1, 1) is None
    assert stats.tpot_ns(100, 1000, None, 1) is None
    assert stats.tpot_ns(None, 1000, 10, 1) is None
