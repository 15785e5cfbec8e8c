"""A prompt holds whole passages or none of one."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from casewright.knowledge.budget import TEMPLATE_TOKENS, Budget, estimate


def words(text: str) -> int:
    return len(text.split())


def test_what_does_not_fit_is_left_out_whole_and_a_shorter_one_after_it_still_fits() -> None:
    budget = Budget(context=TEMPLATE_TOKENS + 20, answer=5, count=words)
    assert budget.room("four words of frame") == 11
    assert budget.fitting("four words of frame", ["a " * 6, "b " * 9, "c " * 4]) == (0, 2)
    assert budget.fitting("frame " * 40, ["a"]) == ()


def test_the_estimate_counts_high_and_other_scripts_higher() -> None:
    assert estimate("") == 0
    assert estimate("The rent is £450 a month.") == 9
    assert estimate("房租是四百五十镑") > len("房租是四百五十镑")


@given(st.integers(0, 400), st.lists(st.text(max_size=80), max_size=8))
def test_no_prompt_is_over_its_budget(context: int, pieces: list[str]) -> None:
    budget = Budget(context, answer=10)
    taken = budget.fitting("frame", pieces)
    used = sum(estimate(pieces[place]) for place in taken)
    assert not taken or used + estimate("frame") + 10 + TEMPLATE_TOKENS <= context
