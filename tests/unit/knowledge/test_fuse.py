"""Fusion: by scores, each way by its own best."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casewright.knowledge.fuse import Way, fuse
from casewright.knowledge.records import Scored


def way(
    name: str, weight: float, scores: dict[int, float], *, good: float = 0.0, partial: bool = False
) -> Way:
    ordered = sorted(scores.items(), key=lambda item: -item[1])
    return Way(name, weight, [Scored(chunk, score) for chunk, score in ordered], good, partial)


def test_each_way_counts_by_its_own_best() -> None:
    found = fuse([way("bm25", 0.4, {1: 30.0, 2: 15.0}), way("dense", 0.6, {2: 0.8, 3: 0.4})])
    assert [one.id for one in found] == [2, 1, 3]
    assert [one.score for one in found] == pytest.approx([0.8, 0.4, 0.3])
    assert found[0].parts == {"bm25": 15.0, "dense": 0.8}
    assert found[1].parts == {"bm25": 30.0}


def test_a_clear_first_is_not_forgotten_as_ranks_would() -> None:
    lead = fuse([way("bm25", 0.5, {1: 9.0, 2: 1.0}), way("dense", 0.5, {2: 0.51, 1: 0.5})])
    assert [one.id for one in lead] == [1, 2]


def test_what_a_bounded_list_left_out_counts_as_its_last() -> None:
    scores = {1: 0.9, 2: 0.6}
    bounded = fuse([way("dense", 1.0, scores, partial=True), way("bm25", 0.5, {3: 2.0})])
    whole = fuse([way("dense", 1.0, scores), way("bm25", 0.5, {3: 2.0})])
    assert {one.id: one.score for one in bounded}[3] == pytest.approx(0.5 + 0.6 / 0.9)
    assert {one.id: one.score for one in whole}[3] == pytest.approx(0.5)


def test_a_poor_best_is_not_believed_as_a_good_one() -> None:
    found = fuse([way("bm25", 0.5, {1: 2.0}, good=8.0), way("dense", 0.5, {2: 0.6, 1: 0.5}, good=0.4)])
    assert [one.id for one in found] == [1, 2]
    assert [one.score for one in found] == pytest.approx([0.125 + 0.5 * 0.5 / 0.6, 0.5])


def test_nothing_found_says_nothing() -> None:
    assert fuse([]) == []
    assert fuse([way("bm25", 1.0, {})]) == []
    assert [one.id for one in fuse([way("bm25", 1.0, {}), way("dense", 1.0, {5: -0.2, 4: -0.1})])] == [4, 5]


SCORES = st.dictionaries(st.integers(0, 30), st.floats(-1, 100, allow_nan=False), max_size=15)


@given(SCORES, SCORES, st.booleans())
def test_all_that_was_found_comes_once_in_order_within_bounds(
    left: dict[int, float], right: dict[int, float], partial: bool
) -> None:
    found = fuse([way("bm25", 0.35, left, partial=partial), way("dense", 0.65, right, partial=partial)])
    assert sorted(one.id for one in found) == sorted({*left, *right})
    assert all(0 <= one.score <= 1 + 1e-9 for one in found)
    assert found == sorted(found, key=lambda one: (-one.score, one.id))


@given(SCORES, st.floats(0.01, 1_000))
def test_the_unit_of_a_score_does_not_matter(scores: dict[int, float], unit: float) -> None:
    other = way("dense", 0.65, {1: 0.7, 2: 0.6})
    one = fuse([way("bm25", 0.35, scores), other])
    scaled = fuse([way("bm25", 0.35, {key: unit * score for key, score in scores.items()}), other])
    expected = {found.id: found.score for found in scaled}
    assert {found.id: found.score for found in one} == pytest.approx(expected, abs=1e-6)
