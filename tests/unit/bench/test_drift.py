"""Drift is found where it is, and not where it is not."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats as sps

from casewright.bench.drift import drift
from casewright.bench.verdict import Pair


def blocks(
    slope_a: float, slope_b: float, seed: int, pairs: int = 16
) -> tuple[list[tuple[float, float | None]], list[tuple[float, float | None]], list[Pair]]:
    """Block values at positions 0.. in ABBA order with 2 % noise and log slopes a position."""
    rng = np.random.default_rng(seed)
    a: list[tuple[float, float | None]] = []
    b: list[tuple[float, float | None]] = []
    paired: list[Pair] = []
    for i in range(pairs):
        at = (2 * i, 2 * i + 1) if i % 2 == 0 else (2 * i + 1, 2 * i)
        noise = rng.normal(0, 0.02, 2)
        x = 100 * float(np.exp(slope_a * at[0] + noise[0]))
        y = 100 * float(np.exp(slope_b * at[1] + noise[1]))
        a.append((at[0], x))
        b.append((at[1], y))
        paired.append((x, y))
    return a, b, paired


def test_a_shared_drift_is_found_on_both_sides_and_not_in_the_ratio() -> None:
    found = {d.series: d for d in drift(*blocks(0.01, 0.01, 1), "lower_better")}
    assert (found["A"].significant, found["B"].significant, found["ratio"].significant) == (True, True, False)
    assert found["A"].change == pytest.approx(np.expm1(0.01 * 31), rel=0.15)
    assert "ABBA order cancels" in found["A"].text


def test_a_drift_of_one_engine_is_a_drift_of_the_ratio() -> None:
    found = {d.series: d for d in drift(*blocks(0.01, 0.0, 2), "lower_better")}
    assert (found["A"].significant, found["ratio"].significant) == (True, True)
    assert "average only" in found["ratio"].text
    assert found["ratio"].change is not None
    assert found["ratio"].change < 0


def test_p_values_agree_with_scipy() -> None:
    a, b, pairs = blocks(0.002, 0.0, 3)
    found = drift(a, b, pairs, "lower_better")
    theirs = sps.linregress([x for x, _ in a], np.log([y for _, y in a if y]))
    assert found[0].p == pytest.approx(theirs.pvalue)


def test_no_drift_is_rarely_called_one() -> None:
    false = sum(any(d.significant for d in drift(*blocks(0, 0, seed), "lower_better")) for seed in range(300))
    assert false / 300 < 0.09


def test_too_few_blocks_are_not_tested() -> None:
    a, b, pairs = blocks(0.01, 0.01, 4, pairs=3)
    found = drift(a, b, pairs, "higher_better")
    assert [d.tested for d in found] == [False, False, False]
    assert all(d.p is None and not d.significant for d in found)
    assert not drift([(i, None) for i in range(9)], [(i, 5.0) for i in range(9)], [], "lower_better")[
        1
    ].tested


def test_trend_and_its_p_are_those_of_least_squares() -> None:
    rng = np.random.default_rng(5)
    x = np.arange(12.0)
    y = np.exp(0.03 * x + rng.normal(0, 0.05, 12))
    fit = sps.linregress(x, np.log(y))
    found = drift(list(zip(x.tolist(), y.tolist(), strict=True)), [], [], "lower_better")[0]
    assert found.p == pytest.approx(fit.pvalue, rel=1e-9)
    assert found.change == pytest.approx(np.expm1(fit.slope * 11), rel=1e-9)
