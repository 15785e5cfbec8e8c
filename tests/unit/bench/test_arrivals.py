"""The global schedule: the same for any number of processes, with the statistics it claims."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from casewright.bench.arrivals import (
    IndexSet,
    closed_indices,
    offset_blocks,
    open_schedule,
    scheduled_count,
    user_offsets,
)
from casewright.bench.plan import LoadPlan

plans = st.builds(
    lambda **values: LoadPlan(mode="open", **values),
    rate=st.floats(0.5, 5000),
    arrivals=st.sampled_from(["constant", "poisson"]),
    requests=st.integers(1, 9000),
    duration_s=st.one_of(st.none(), st.floats(3.0, 60.0)),
    ramp_s=st.sampled_from([0.0, 0.5, 2.0]),
    seed=st.integers(0, 2**32),
)


def schedule(plan: LoadPlan, processes: int, done: IndexSet | None = None) -> dict[int, int]:
    split = LoadPlan(**{**plan.to_json(), "processes": processes})
    parts = [list(open_schedule(split, process, done)) for process in range(processes)]
    for process, part in enumerate(parts):
        assert all(index % processes == process for index, _ in part)
        assert [offset for _, offset in part] == sorted(offset for _, offset in part)
    return dict(itertools.chain.from_iterable(parts))


@settings(max_examples=40, deadline=None)
@given(plans, st.integers(2, 5))
def test_same_schedule_whatever_the_processes(plan: LoadPlan, processes: int) -> None:
    whole = schedule(plan, 1)
    assert schedule(plan, processes) == whole
    assert list(whole) == list(range(len(whole)))
    assert scheduled_count(plan) == len(whole)
    assert plan.requests is None or len(whole) <= plan.requests
    assert plan.duration_s is None or all(offset <= plan.duration_s * 1e9 for offset in whole.values())


@settings(max_examples=40, deadline=None)
@given(plans, st.sets(st.integers(0, 9000)), st.integers(1, 3))
def test_resuming_sends_exactly_what_is_missing(plan: LoadPlan, finished: set[int], processes: int) -> None:
    whole = schedule(plan, 1)
    done = IndexSet(index for index in finished if index in whole)
    rest = schedule(plan, processes, done)
    assert set(rest) == set(whole) - finished
    if len(done) and rest:
        first = min(rest)
        assert {index: offset - whole[index] for index, offset in rest.items()} == dict.fromkeys(
            rest, -whole[first]
        )
    assert scheduled_count(plan, done) == len(rest)


def test_poisson_has_the_rate_and_the_dispersion_of_poisson() -> None:
    plan = LoadPlan.open(1000.0, duration_s=200.0, seed=11)
    offsets = np.concatenate(list(offset_blocks(plan)))
    counts, _ = np.histogram(offsets, bins=np.arange(0, 200 * 10**9 + 1, 10**7))
    # 20,000 bins: the index's standard error is sqrt(2 / 20000) = 0.01.
    assert abs(counts.var(ddof=1) / counts.mean() - 1) < 0.04
    assert abs(len(offsets) / 200_000 - 1) < 0.01
    gaps = np.diff(offsets)
    assert abs(gaps.std() / gaps.mean() - 1) < 0.02


def test_constant_gaps_are_constant() -> None:
    plan = LoadPlan.open(300.0, "constant", requests=10_000)
    offsets = np.concatenate(list(offset_blocks(plan)))
    assert offsets[0] == 0
    assert np.ptp(np.diff(offsets)) <= 1


@pytest.mark.parametrize("arrivals", ["constant", "poisson"])
def test_ramp_rises_linearly(arrivals: Any) -> None:
    plan = LoadPlan.open(1000.0, arrivals, duration_s=20.0, ramp_s=10.0, seed=3)
    offsets = np.concatenate(list(offset_blocks(plan))) / 1e9
    quarters = [int(((offsets >= low) & (offsets < low + 2.5)).sum()) for low in (0, 2.5, 5, 7.5, 10)]
    expected = [312.5, 937.5, 1562.5, 2187.5, 2500]
    assert all(abs(got - want) < 6 * want**0.5 for got, want in zip(quarters, expected, strict=True))


def test_different_seeds_differ_and_a_closed_loop_has_no_offsets() -> None:
    one, two = (next(offset_blocks(LoadPlan.open(10.0, requests=100, seed=seed))).tolist() for seed in (1, 2))
    assert one != two
    with pytest.raises(ValueError, match="closed"):
        next(offset_blocks(LoadPlan.closed(2, requests=4)))


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 300), st.sets(st.integers(0, 299)), st.integers(1, 4))
def test_closed_indices_partition_what_is_missing(requests: int, finished: set[int], processes: int) -> None:
    plan = LoadPlan.closed(8, requests=requests, processes=processes)
    done = IndexSet(finished)
    parts = [list(closed_indices(plan, process, done)) for process in range(processes)]
    assert sorted(itertools.chain(*parts)) == sorted(set(range(requests)) - finished)


def test_users_join_over_the_ramp_and_never_at_once() -> None:
    plan = LoadPlan.closed(4, requests=8, ramp_s=2.0, processes=2)
    assert [user_offsets(plan, process) for process in (0, 1)] == [[0, 10**9], [500_000_000, 1_500_000_000]]
    assert user_offsets(LoadPlan.closed(3, requests=8)) == [0, 200_000, 400_000]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(0, 500)))
def test_index_set_is_a_set(indices: list[int]) -> None:
    found = IndexSet(indices)
    assert len(found) == len(set(indices))
    assert [index for index in range(520) if index in found] == sorted(set(indices))
    assert found.first_missing() == next(index for index in itertools.count() if index not in set(indices))


def test_scheduled_count_of_closed_loops() -> None:
    assert scheduled_count(LoadPlan.closed(2, requests=9), IndexSet([1, 2])) == 7
    assert scheduled_count(LoadPlan.closed(2, duration_s=9.0)) is None
