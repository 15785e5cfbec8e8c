"""Recall, nDCG and reciprocal rank against values worked out by hand, and their intervals."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from casewright.knowledge.ranking_scores import estimates, names, scores

KS = (1, 3, 5)


def measured(ranking: list[str], relevant: dict[str, int]) -> dict[str, float]:
    return dict(zip(names(KS), scores(ranking, relevant, KS), strict=True))


def test_a_graded_ranking_worked_out_by_hand() -> None:
    # the gains are 0, 1, 2: (1 / log2 3 + 2 / log2 4) to (2 / log2 2 + 1 / log2 3)
    found = measured(["x", "b", "a"], {"a": 2, "b": 1})
    assert found["ndcg@5"] == pytest.approx((1 / math.log2(3) + 1) / (2 + 1 / math.log2(3)))
    assert found["ndcg@1"] == 0
    assert (found["recall@1"], found["recall@3"]) == (0, 1)
    assert found["mrr"] == 0.5


def test_the_ideal_ends_at_the_depth_and_recall_does_not() -> None:
    relevant = {f"d{n}": 1 for n in range(10)}
    found = measured([f"d{n}" for n in range(5)], relevant)
    assert found["ndcg@5"] == pytest.approx(1)
    assert found["recall@5"] == 0.5


def test_nothing_found_is_nothing() -> None:
    assert set(measured([], {"a": 1}).values()) == {0}


@given(
    st.permutations(["a", "b", "c", "d", "e", "f"]),
    st.dictionaries(st.sampled_from("abcxyz"), st.integers(1, 3), min_size=1),
)
def test_every_measure_is_a_share_and_the_best_order_has_all(
    ranking: list[str], relevant: dict[str, int]
) -> None:
    found = measured(ranking, relevant)
    assert all(0 <= value <= 1 + 1e-12 for value in found.values())
    best = measured(sorted(relevant, key=lambda one: -relevant[one]), relevant)
    assert all(best[f"ndcg@{k}"] == pytest.approx(1) for k in KS)
    assert all(found[name] <= best[name] + 1e-12 for name in found)


def test_no_query_is_not_measured() -> None:
    assert [(one.value, one.low, one.high) for one in estimates(np.zeros((0, 2)), 100, 1)] == [
        (None, None, None)
    ] * 2


def test_one_query_has_no_interval() -> None:
    (one,) = estimates(np.array([[0.4]]), 100, 1)
    assert (one.value, one.low, one.high) == (0.4, None, None)


def test_the_interval_is_that_of_the_mean() -> None:
    values = np.random.default_rng(7).random((400, 1))
    (one,) = estimates(values, 4_000, 1)
    assert one.value is not None and one.low is not None and one.high is not None
    half = 1.96 * float(values.std()) / math.sqrt(400)
    assert one.low == pytest.approx(one.value - half, abs=0.004)
    assert one.high == pytest.approx(one.value + half, abs=0.004)


def test_differences_are_paired() -> None:
    left = np.random.default_rng(3).random((50, 1))
    (difference,) = estimates(left - (left - 0.1), 500, 9)
    assert difference.low == pytest.approx(0.1)
    assert difference.high == pytest.approx(0.1)
    assert estimates(left, 500, 9) == estimates(left, 500, 9)
