"""Profiles fit their budgets; the order of blocks is ABBA and reproducible."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from casewright.bench.profiles import PROFILES, Profile, abba, profile, schedule
from casewright.errors import UsageError


@pytest.mark.parametrize("chosen", PROFILES.values(), ids=PROFILES.keys())
def test_a_profile_fits_its_budget_and_its_own_minimum(chosen: Profile) -> None:
    assert chosen.planned_s <= chosen.budget_s
    assert chosen.minimum_pairs >= 4
    assert chosen.aa_pairs >= (4 if chosen.decides else 2)
    assert chosen.plan().pairs == chosen.pairs


def test_budgets() -> None:
    budgets = {p.name: p.budget_s for p in PROFILES.values() if p.decides}
    assert budgets == {"quick": 180, "standard": 900, "full": 3600}
    with pytest.raises(UsageError, match="unknown profile"):
        profile("slow")


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 41), st.integers(0, 2**32))
def test_abba_balances_every_four_blocks(pairs: int, seed: int) -> None:
    order = abba(pairs, seed)
    assert len(order) == pairs
    assert order == abba(pairs, seed)
    for i in range(0, pairs - 1, 2):
        assert order[i] == order[i + 1][::-1]
        places = {side: sum(k for k, s in enumerate(order[i] + order[i + 1]) if s == side) for side in "AB"}
        assert places["A"] == places["B"]


def test_the_first_side_is_a_coin() -> None:
    firsts = [abba(2, seed)[0][0] for seed in range(200)]
    assert 70 < firsts.count("A") < 130


@settings(max_examples=30, deadline=None)
@given(st.sampled_from(sorted(PROFILES)), st.integers(0, 2**32))
def test_schedule_holds_the_plan(name: str, seed: int) -> None:
    chosen = PROFILES[name]
    slots = schedule(chosen, seed, aa_engine="B")
    ab = [s for s in slots if s.kind == "ab"]
    aa = [s for s in slots if s.kind == "aa"]
    assert (len(ab), len(aa)) == (2 * chosen.pairs, 2 * chosen.aa_pairs)
    assert all(s.engine == s.side for s in ab)
    assert all(s.engine == "B" for s in aa)
    assert slots[0].kind == "ab"
    for first, second in zip(slots[::2], slots[1::2], strict=True):
        assert (first.kind, first.pair) == (second.kind, second.pair)
        assert {first.side, second.side} == {"A", "B"}
        assert (first.seed == second.seed) == (first.kind == "ab")
    assert len({s.seed for s in slots}) == chosen.pairs + 2 * chosen.aa_pairs
