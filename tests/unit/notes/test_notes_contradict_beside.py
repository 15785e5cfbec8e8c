"""Two lines right below each other that quarrel, by what they have in common and who says them."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from casewright.notes.contradict import contradictions
from casewright.notes.read import read_entries
from casewright.notes.read_once import read_once

MEETING = date(2026, 5, 12)
QUARRELS = [
    "she says the form went off in March, emailed the same day\nJobcentre says nothing received",
    "says he told the lettings office about the leak in June\nagent's letter says no report before October",
    "sent the fit note on 3 May, has the receipt\nemployer says no fit note received",
    "client says she owes £1,480\nWater company's letter says £1,840",
    "letter says 10 weeks notice\nshe says it was 6 weeks",
    "she says she started in April 2023\ncontract says 1 June 2023",
]
NO_QUARRELS = [
    "she says the form went off by post\nJobcentre says it came on 2 April",
    "water £1,480\ngas £1,840",
    "client says rent is £600\nwill ask the agent for a statement by 3 June",
    "letter says hearing on 4 June\nexplained what happens at a hearing, takes 2 hours",
    "paid £40 in March\npaid £60 in April",
]


def told(notes: str, **rest: object) -> list[tuple[int, ...]]:
    return [one.lines for one in contradictions(read_entries(notes), "Jo Bell", MEETING, **rest)]  # type: ignore[arg-type]


@pytest.mark.parametrize("notes", QUARRELS)
def test_a_quarrel_is_told_with_both_lines(notes: str) -> None:
    assert told(notes) == [(1, 2)]
    assert told(notes.replace("\n", "\n\n")) == [(1, 3)]


@pytest.mark.parametrize("notes", NO_QUARRELS)
def test_what_is_no_quarrel_is_not_told(notes: str) -> None:
    assert told(notes) == []


def test_lines_far_from_each_other_are_no_such_quarrel() -> None:
    between = "\n".join(f"note {letter}" for letter in "abcd")
    assert told(QUARRELS[0].replace("\n", f"\n{between}\n")) == []


def test_withheld_lines_are_left_out() -> None:
    notes = f"{QUARRELS[3]}\nrent paid"
    assert told(notes, withheld={1}) == []
    assert told(notes, withheld={3}) == [(1, 2)]
    private = "Internal notes:\n" + QUARRELS[3]
    reading = read_once(private, "Jo Bell")
    assert set(reading.withheld) == {2, 3} or set(reading.withheld) == {1, 2, 3}
    assert told(private, withheld=reading.withheld) == []


@settings(max_examples=60, derandomize=True, deadline=None)
@given(st.lists(st.sampled_from([line for case in QUARRELS + NO_QUARRELS for line in case.split("\n")])))
def test_what_is_told_is_two_lines_of_the_notes(lines: list[str]) -> None:
    for found in told("\n".join(lines)):
        assert found == tuple(sorted(set(found)))
        assert all(1 <= number <= len(lines) for number in found)
