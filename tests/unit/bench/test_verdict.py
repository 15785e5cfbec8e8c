"""Verdicts against scipy, known answers, and the symmetries they must have."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import stats as sps

from casewright.api.compare import Decision, Estimate
from casewright.bench.verdict import (
    Metric,
    Pair,
    combine,
    estimate,
    holm,
    judge,
    more_pairs,
    noise_floor,
    secondary,
    usable,
)

LATENCY = Metric("e2e_p50_ms", "lower_better")
RATE = Metric("requests_per_s", "higher_better")
SWAPPED: dict[Decision, Decision] = {
    "A faster": "B faster",
    "B faster": "A faster",
    "equivalent": "equivalent",
    "not proven": "not proven",
}
VALUE = st.floats(0.01, 1e5, allow_nan=False)
PAIRS = st.lists(st.tuples(VALUE, VALUE), min_size=2, max_size=20)


def around(ratio: float, sd: float, pairs: int, seed: int = 1) -> list[Pair]:
    """Latency pairs whose log-ratios have exactly this mean and standard deviation."""
    rng = np.random.default_rng(seed)
    z = rng.normal(size=pairs)
    z = (z - z.mean()) / z.std(ddof=1) * sd + math.log(ratio)
    return [(100.0, 100.0 * math.exp(x)) for x in z]


def test_interval_agrees_with_scipys_paired_t_test() -> None:
    rng = np.random.default_rng(5)
    a, b = rng.lognormal(4, 0.1, 8), rng.lognormal(4.3, 0.1, 8)
    found = estimate(list(zip(a.tolist(), b.tolist(), strict=True)), LATENCY)
    theirs = sps.ttest_rel(np.log(b), np.log(a)).confidence_interval(0.95)
    assert found.ratio is not None
    assert (math.log(found.ratio.low), math.log(found.ratio.high)) == pytest.approx((theirs.low, theirs.high))
    assert found.ratio.value == pytest.approx(sps.gmean(b / a))
    assert (found.a, found.b) == pytest.approx((sps.gmean(a), sps.gmean(b)))


def test_p_beyond_agrees_with_a_shifted_t_test() -> None:
    logs = np.log([b / a for a, b in around(1.12, 0.04, 9) if a and b])
    found = estimate(around(1.12, 0.04, 9), LATENCY)
    theirs = sps.ttest_1samp(logs, math.log(1.05), alternative="greater").pvalue
    assert found.p_beyond == pytest.approx(2 * theirs)


@pytest.mark.parametrize(
    ("ratio", "sd", "pairs", "decision"),
    [
        (1.5, 0.05, 6, "A faster"),
        (1 / 1.5, 0.05, 6, "B faster"),
        (1.0, 0.03, 16, "equivalent"),
        (1.0, 0.08, 6, "not proven"),
        (1.05, 0.03, 16, "not proven"),
        (1.06, 0.001, 6, "A faster"),
    ],
)
def test_decisions(ratio: float, sd: float, pairs: int, decision: Decision) -> None:
    verdict = judge(around(ratio, sd, pairs), LATENCY, minimum_pairs=4)
    assert verdict.decision == decision
    assert (verdict.more_pairs is not None) == (decision == "not proven")


@settings(max_examples=150, deadline=None)
@given(PAIRS, st.sampled_from([LATENCY, RATE]))
def test_swapping_sides_inverts_ratio_and_verdict(pairs: list[tuple[float, float]], metric: Metric) -> None:
    one = judge(pairs, metric, minimum_pairs=4)
    other = judge([(b, a) for a, b in pairs], metric, minimum_pairs=4)
    assert other.decision == SWAPPED[one.decision]
    if one.estimate.ratio is not None and other.estimate.ratio is not None:
        assert other.estimate.ratio.value == pytest.approx(1 / one.estimate.ratio.value)
        assert other.estimate.ratio.low == pytest.approx(1 / one.estimate.ratio.high)


@settings(max_examples=150, deadline=None)
@given(PAIRS, st.floats(0.001, 1000))
def test_units_and_the_order_of_pairs_do_not_matter(pairs: list[tuple[float, float]], scale: float) -> None:
    one = estimate(pairs, LATENCY)
    assume(one.sd_log is not None and one.sd_log > 1e-6)
    shuffled = [(a * scale, b * scale) for a, b in sorted(pairs, key=lambda p: p[1])]
    other = estimate(shuffled, LATENCY)
    assert one.ratio is not None
    assert other.ratio is not None
    assert math.log(other.ratio.low) == pytest.approx(math.log(one.ratio.low), rel=1e-6, abs=1e-9)
    assert math.log(other.ratio.high) == pytest.approx(math.log(one.ratio.high), rel=1e-6, abs=1e-9)


@settings(max_examples=60, deadline=None)
@given(PAIRS)
def test_direction_is_only_a_sign(pairs: list[tuple[float, float]]) -> None:
    inverse = [(1 / a, 1 / b) for a, b in pairs]
    assert judge(pairs, LATENCY, minimum_pairs=4).decision == judge(inverse, RATE, minimum_pairs=4).decision


def test_below_the_minimum_nothing_is_proven() -> None:
    verdict = judge(around(3.0, 0.01, 3), LATENCY, minimum_pairs=4)
    assert verdict.decision == "not proven"
    assert "minimum is 4" in verdict.reason
    assert verdict.more_pairs is not None
    assert verdict.more_pairs.pairs == 1
    assert judge([], LATENCY, minimum_pairs=4).decision == "not proven"
    assert judge([(1.0, 2.0)], LATENCY, minimum_pairs=0).decision == "not proven"


def test_identical_ratios_are_not_infinite_confidence() -> None:
    same: list[Pair] = [(100.0, 150.0)] * 8
    verdict = judge(same, LATENCY, minimum_pairs=4)
    assert verdict.decision == "not proven"
    assert verdict.estimate.ratio is None
    assert "resolution" in verdict.reason
    counted = judge(same, Metric("requests", "lower_better", resolution=0.02), minimum_pairs=4)
    assert counted.decision == "A faster"
    assert counted.estimate.ratio is not None
    assert counted.estimate.ratio.high / counted.estimate.ratio.value == pytest.approx(1.02)
    coarse = judge(same, Metric("requests", "lower_better", resolution=0.5), minimum_pairs=4)
    assert coarse.decision == "not proven"


def test_a_side_that_lost_blocks_is_not_called_faster() -> None:
    pairs = [*around(2.0, 0.02, 8), (None, 200.0)]
    verdict = judge(pairs, LATENCY, minimum_pairs=4)
    assert verdict.decision == "not proven"
    assert "A lost 1" in verdict.reason
    other = judge([*around(2.0, 0.02, 8), (100.0, None)], LATENCY, minimum_pairs=4)
    assert (other.decision, other.estimate.lost_b) == ("A faster", 1)
    alike = judge([*around(1.0, 0.01, 8), (100.0, None)], LATENCY, minimum_pairs=4)
    assert alike.decision == "not proven"


def test_usable_drops_what_is_no_positive_number() -> None:
    pairs: list[Pair] = [(1.0, 2.0), (None, 1.0), (0.0, math.nan), (math.inf, 1.0), (3.0, 1.0)]
    assert usable(pairs) == ([(1.0, 2.0), (3.0, 1.0)], 3, 1)


def test_an_engine_that_beats_itself_silences_the_verdict() -> None:
    ab = judge(around(2.0, 0.02, 8), LATENCY, minimum_pairs=4)
    floor = noise_floor(around(1.3, 0.02, 4), LATENCY)
    assert floor.wins
    silenced = combine(ab, floor)
    assert silenced.decision == "not proven"
    assert "noise floor larger than margin" in silenced.reason


def test_a_quiet_noise_floor_lets_the_verdict_stand_and_an_unknown_one_does_not() -> None:
    ab = judge(around(2.0, 0.02, 8), LATENCY, minimum_pairs=4)
    quiet = noise_floor(around(1.0, 0.02, 4), LATENCY)
    assert quiet.half_width == pytest.approx(math.expm1(sps.t.ppf(0.975, 3) * 0.02 / 2))
    assert combine(ab, quiet) is ab
    unknown = noise_floor([], LATENCY)
    assert unknown.half_width is None
    assert combine(ab, unknown).decision == "not proven"


def estimated(ratio: float, sd: float, pairs: int) -> Estimate:
    return estimate(around(ratio, sd, pairs), LATENCY)


def test_more_pairs_is_what_simulation_needs() -> None:
    """Draw the suggested number of pairs anew: about 80 % of such runs prove it."""
    more = more_pairs(estimated(1.12, 0.10, 6), 4)
    assert more.pairs is not None
    total = 6 + more.pairs
    rng = np.random.default_rng(2)
    proven = 0
    for _ in range(800):
        logs = rng.normal(math.log(1.12), 0.10, total)
        half = sps.t.ppf(0.975, total - 1) * logs.std(ddof=1) / math.sqrt(total)
        proven += logs.mean() - half > math.log(1.05)
    assert 0.76 < proven / 800 < 0.87


def test_more_pairs_admits_when_none_would_do() -> None:
    more = more_pairs(estimated(1.0501, 0.05, 8), 4)
    assert more.pairs is None
    assert "margin's edge" in more.reason


def test_more_pairs_for_equivalence() -> None:
    more = more_pairs(estimated(1.0, 0.06, 6), 4)
    assert more.pairs is not None
    assert "equivalent" in more.reason
    assert 5 < more.pairs < 60


def test_holm_published_example() -> None:
    """The p-values .01, .04, .03, .005 of four hypotheses: adjusted .03, .06, .06, .02."""
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([]) == []


@settings(max_examples=80, deadline=None)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_holm_never_lowers_and_keeps_order(p_values: list[float]) -> None:
    adjusted = holm(p_values)
    assert all(p <= q <= 1 for p, q in zip(p_values, adjusted, strict=True))
    order = sorted(range(len(p_values)), key=lambda i: p_values[i])
    assert [adjusted[i] for i in order] == sorted(adjusted)
    assert min(adjusted) <= min(1.0, len(p_values) * min(p_values))


def test_secondary_metrics_are_only_as_sure_as_holm_leaves_them() -> None:
    weak = around(1.12, 0.05, 6, seed=3)
    alone = secondary([(LATENCY, weak)], minimum_pairs=4)
    assert alone[0].decision == "A faster"
    crowd = secondary(
        [(LATENCY, weak), *[(Metric(f"m{i}", "lower_better"), around(1.0, 0.05, 6, i)) for i in range(7)]],
        minimum_pairs=4,
    )
    assert crowd[0].decision == "not proven"
    assert alone[0].p_adjusted is not None
    assert crowd[0].p_adjusted == pytest.approx(8 * alone[0].p_adjusted)
    strong = secondary([(LATENCY, around(2.0, 0.02, 6)), (RATE, around(2.0, 0.02, 6))], minimum_pairs=4)
    assert [s.decision for s in strong] == ["A faster", "B faster"]


def test_the_text_says_who_and_by_how_much() -> None:
    a = judge(around(1.5, 0.03, 8), LATENCY, minimum_pairs=4)
    assert a.text.startswith("A is 1.50x faster than B (95% interval 1.4")
    b = judge([(y, x) for x, y in around(1.5, 0.03, 8)], LATENCY, minimum_pairs=4)
    assert b.text.startswith("B is 1.50x faster than A (95% interval 1.4")
    assert judge(around(1.0, 0.01, 8), LATENCY, minimum_pairs=4).text.startswith(
        "A and B are equivalent within 5%"
    )


def test_fours_as_units_are_a_t_test_over_their_means() -> None:
    pairs = around(1.3, 0.05, 9)
    found = estimate(pairs, LATENCY, pairs_per_unit=2)
    logs = np.array([math.log(b / a) for a, b in pairs[:8] if a and b]).reshape(4, 2).mean(axis=1)
    theirs = sps.ttest_1samp(logs, 0).confidence_interval(0.95)
    assert (found.pairs, found.units) == (8, 4)
    assert found.ratio is not None
    assert (math.log(found.ratio.low), math.log(found.ratio.high)) == pytest.approx((theirs.low, theirs.high))


def test_a_four_that_lost_a_pair_is_left_out_whole() -> None:
    pairs = around(1.3, 0.05, 8)
    pairs[3] = (None, 1.0)
    found = estimate(pairs, LATENCY, pairs_per_unit=2)
    rest = estimate([*pairs[:2], *pairs[4:]], LATENCY, pairs_per_unit=2)
    assert (found.pairs, found.units, found.lost_a) == (6, 3, 1)
    assert found.ratio == rest.ratio


def test_more_pairs_of_fours_come_in_twos() -> None:
    found = estimate(around(1.12, 0.10, 8), LATENCY, pairs_per_unit=2)
    more = more_pairs(found, 8)
    assert more.pairs is not None
    assert more.pairs % 2 == 0
