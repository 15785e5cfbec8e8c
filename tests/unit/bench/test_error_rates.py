"""The verdict's error rate, simulated small with fixed seeds: statistics, no timing."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from casewright.bench.error_rates import (
    BOUND,
    RATIOS,
    Cell,
    NoiseSource,
    grid,
    interval_misses,
    is_false,
    layout,
    simulate,
)
from casewright.bench.noise import Assumed, NoiseFile, RecordedSeries, fit, load, noises
from casewright.bench.profiles import PROFILES, schedule
from casewright.bench.stats import Floats
from casewright.bench.verdict import Metric, combine, judge, noise_floor

DECIDING = [profile for profile in PROFILES.values() if profile.decides]
RECORDED = Path(__file__).resolve().parents[3] / "docs" / "benchmarks" / "noise.json"
HARD: tuple[NoiseSource, ...] = (
    Assumed("independent", white=0.04),
    Assumed("heavy tails", white=0.04, tails=3),
    Assumed("slow", white=0.01, slow=0.05, memory=0.5),
    Assumed("walk", white=0.02, walk=0.03),
    Assumed("drift", white=0.03, drift=0.02),
)


def worst(noise: NoiseSource, trials: int = 6000) -> float:
    """The worst upper bound over all profiles, whole and cut to their minimum, and all true ratios."""
    return max(
        cell.upper
        for chosen in DECIDING
        for pairs in {chosen.minimum_pairs, chosen.pairs}
        for cell in grid(noise, chosen, pairs, trials=trials, seed=9)
    )


@pytest.mark.parametrize("noise", HARD, ids=lambda n: str(n.name))
def test_false_verdicts_stay_below_the_bound_under_hard_noise(noise: NoiseSource) -> None:
    assert worst(noise) <= BOUND


@pytest.mark.parametrize("noise", noises(load(RECORDED)), ids=lambda n: str(n.name))
def test_false_verdicts_stay_below_the_bound_on_the_noise_file(noise: NoiseSource) -> None:
    # as many trials as the committed table has: fewer widen the interval, not the method's error
    assert worst(noise, trials=40_000) <= BOUND


def test_pairs_as_units_would_be_too_sure_in_slow_noise_and_fours_are_not() -> None:
    slow = Assumed("slow", slow=0.05, memory=0.5)
    where = layout(PROFILES["full"])
    by_pairs = type(where)(where.ab, where.aa, pairs_per_unit=1)
    rng = np.random.default_rng(4)
    assert simulate(slow, by_pairs, 1.05, 40_000, rng).false / 40_000 > 0.06
    assert simulate(slow, where, 1.05, 40_000, rng).upper < 0.056


def test_a_difference_is_found_and_equivalence_shown() -> None:
    noise = Assumed("3 %", white=0.03)
    for name, equivalent in (("quick", 0.2), ("standard", 0.85), ("full", 0.99)):
        cells = {c.ratio: c for c in grid(noise, PROFILES[name], PROFILES[name].pairs, trials=4000, seed=2)}
        assert cells[1.5].share("A faster") > 0.98
        assert cells[2.0].share("A faster") > 0.99
        assert cells[1.0].share("equivalent") > equivalent


def test_the_percentile_bootstrap_is_false_far_more_often_than_t() -> None:
    found = interval_misses(HARD[0], 4, 4000, np.random.default_rng(1))
    assert 0.17 < found.bootstrap / found.trials < 0.25
    assert 0.04 < found.t / found.trials < 0.06
    more = interval_misses(HARD[0], 20, 4000, np.random.default_rng(1))
    assert 0.06 < more.bootstrap / more.trials < 0.09


class Fixed:
    """Noise that is given, the same in every trial."""

    def __init__(self, logs: Floats) -> None:
        self._logs = logs
        self.name = "fixed"

    def draw(self, rng: np.random.Generator, trials: int, blocks: int) -> Floats:
        return np.tile(self._logs[:blocks], (trials, 1))


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([1.0, 1.06, 1.2]), st.sampled_from([0.005, 0.03]))
def test_the_simulation_decides_as_the_verdict_does(seed: int, ratio: float, sd: float) -> None:
    """Every order of the coins gives a verdict that the simulation of the same blocks gives too."""
    chosen = PROFILES["quick"]
    where = layout(chosen)
    logs = np.random.default_rng(seed).normal(0, sd, where.blocks)
    simulated = simulate(Fixed(logs), where, ratio, 4000, np.random.default_rng(seed))
    values = 100 * np.exp(logs)
    sides: dict[str, list[dict[str, float]]] = {"ab": [], "aa": []}
    for place, slot in enumerate(schedule(chosen, seed)):
        pairs = sides[slot.kind]
        if slot.pair == len(pairs):
            pairs.append({})
        slower = ratio if slot.kind == "ab" and slot.side == "B" else 1.0
        pairs[slot.pair][slot.side] = float(values[place]) * slower
    metric = Metric("e2e_p50_ms", "lower_better")
    ab = judge([(p["A"], p["B"]) for p in sides["ab"]], metric, minimum_pairs=chosen.minimum_pairs)
    verdict = combine(ab, noise_floor([(p["A"], p["B"]) for p in sides["aa"]], metric))
    assert simulated.share(verdict.decision) > 0


def test_layout_of_a_run_cut_short() -> None:
    for chosen in DECIDING:
        whole, cut = layout(chosen), layout(chosen, chosen.minimum_pairs)
        assert (len(whole.ab), len(whole.aa)) == (chosen.pairs, chosen.aa_pairs)
        assert len(cut.ab) == chosen.minimum_pairs
        assert len(cut.aa) >= 2
        assert cut.blocks == max(cut.ab.max(), cut.aa.max()) + 2


def test_without_a_noise_floor_the_simulation_proves_nothing() -> None:
    where = layout(PROFILES["quick"])
    alone = type(where)(where.ab, where.aa[:1])
    cell = simulate(HARD[0], alone, 2.0, 100, np.random.default_rng(0))
    assert cell.share("not proven") == 1.0


def test_what_is_false() -> None:
    edge = 1.05
    assert [is_false(d, 1.0) for d in ("A faster", "B faster", "equivalent", "not proven")] == [
        True,
        True,
        False,
        False,
    ]
    for ratio in (edge, 1 / edge):
        assert is_false("equivalent", ratio)
        assert is_false("A faster", ratio)
        assert is_false("B faster", ratio)
        assert not is_false("not proven", ratio)
    assert not is_false("A faster", 1.1)
    assert is_false("B faster", 1.1)
    assert Cell("x", 6, 4, 1.0, 100, (90, 1, 2, 7)).false == 3
    assert len(RATIOS) == 6


def test_fit_finds_trend_scatter_and_memory() -> None:
    source = Assumed("", white=0.02, slow=0.04, memory=0.7, drift=0.0)
    logs = source.draw(np.random.default_rng(3), 1, 4000)[0] + 0.0001 * np.arange(4000)
    found = fit("x", 100 * np.exp(logs))
    assert found.slope == pytest.approx(0.0001, rel=0.1)
    assert found.spread == pytest.approx(math.hypot(0.02, 0.04), rel=0.06)
    assert found.memory == pytest.approx(0.7 * 0.04**2 / (0.02**2 + 0.04**2), abs=0.06)


def test_resampled_noise_looks_like_its_recording() -> None:
    source = Assumed("", slow=0.04, memory=0.7)
    found = fit("x", np.exp(source.draw(np.random.default_rng(3), 1, 400)[0]))
    drawn = found.draw(np.random.default_rng(1), 2000, 40)
    assert drawn.shape == (2000, 40)
    assert drawn.std() == pytest.approx(found.spread, rel=0.05)
    near = float(np.mean(drawn[:, 1:10] * drawn[:, :9]) / np.mean(drawn[:, :9] ** 2))
    assert near == pytest.approx(found.memory, abs=0.05)


def test_too_short_a_recording_is_refused() -> None:
    with pytest.raises(ValueError, match="40 positive"):
        fit("short", (1.0,) * 39)
    short = RecordedSeries(
        engine="e", load="l", recorded_at="", block_s=1, at_s=(0.0,) * 3, values={"m": (1.0, 2.0, 3.0)}
    )
    assert noises(NoiseFile(placeholder=False, note="", series=(short,))) == []
