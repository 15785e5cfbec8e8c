"""Contradictions beyond two amounts in like words: sources, lengths of time, totals, so and not so."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from casewright.notes.contradict import contradictions
from casewright.notes.read import read_entries

CASES = [
    json.loads(line)
    for line in (Path(__file__).parents[2] / "data/notes_contradiction_kinds.jsonl")
    .read_text("utf-8")
    .splitlines()
]
MEETING = date(2026, 5, 12)


def told(notes: str, meeting: date | None = MEETING) -> list[tuple[tuple[int, ...], str]]:
    return [(one.lines, one.what) for one in contradictions(read_entries(notes), "Jo Bell", meeting)]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["notes"].replace("\n", " | ")[:60])
def test_what_contradicts_is_told_and_near_misses_are_not(case: dict[str, str | bool]) -> None:
    """``told`` marks the cases that are known to be missed, or to be told though nothing is wrong."""
    day = case.get("meeting_date")
    meeting = date.fromisoformat(str(day)) if day else None
    assert bool(told(str(case["notes"]), meeting)) == case.get("told", case["contradicts"])


def test_few_of_them_are_known_to_be_missed() -> None:
    known = [case for case in CASES if "told" in case]
    assert sum(bool(case["contradicts"]) for case in known) <= 0.15 * len(CASES) / 2
    assert sum(not case["contradicts"] for case in known) <= 1


@pytest.mark.parametrize(
    ("notes", "lines", "what"),
    [
        ("fine £660 he says\nnotice of enforcement, £600 + £75 fee", (1, 2), "two sources give two values"),
        ("S: 22 yrs left on mortgage\nG: no, it's 17", (1, 2), "the later line puts the earlier one right"),
        ("was told 24 hrs to decide\nthe letter gives 3 wking days", (1, 2), "two sources"),
        ("client is 42\nDOB 3/4/1990", (1, 2), "the date of birth gives 36, not 42"),
        ("worked there 4 years, started 2023", (1,), "the start gives about"),
        ("notice served 3 March, 2 months, expires 3 April", (1,), "do not end on 3 April"),
        ("sick from 3 March for six weeks, back on 24 March", (1,), "do not end on 24 March"),
        (
            "Barclaycard £1,200\nAqua £800\nNext £300\ntotal debts £2,500",
            (1, 2, 3, 4),
            "the items come to £2,300",
        ),
        ("owes £210 water, £640 gas, £150 TV licence = £900", (1,), "the items come to £1,000"),
        ("rent 400 + service charge 50 = 500 pcm", (1,), "a sum that comes to 450"),
        ("6 wks @ £120 = £840", (1,), "a sum that comes to £720"),
        ("hearing on Friday 12 May", (1,), "12 May 2026 is a Tuesday"),
        ("says arrears are nil\nLL schedule: 3 months unpaid", (1, 2), "one line says that it is so"),
        ("cl attended the WCA\nESA stopped as failed to attend WCA", (1, 2), "one line says that it is so"),
    ],
)
def test_lines_and_reason(notes: str, lines: tuple[int, ...], what: str) -> None:
    found = told(notes)
    assert [one for one in found if one[0] == lines and what in one[1]], found


@pytest.mark.parametrize(
    "notes",
    [
        "client is 36\nDOB 3/4/1990",
        "there 9 yrs, started 2017",
        "nearly 5 years there as cook, started Aug 2021",
        "notice served 3 March, 2 months, expires 4 May",
        "s21 served 3 March expires 3 April - not valid, needs 2 months",
        "Barclaycard £1,200\nAqua £800\nNext £300\ntotal debts £2,300",
        "Barclaycard £1,200\nAqua £800\nand others\ntotal debts about £2,500",
        "owes £210 water, £640 gas = £850, £20 a month to each",
        "6 wks @ £120 = £720",
        "cl not to sign anything\ncl signed form of authority today",
        "RK to send form by 3 June\nform received by council 9 May",
    ],
)
def test_what_adds_up_is_not_told(notes: str) -> None:
    assert told(notes) == []


def test_far_lines_need_more_in_common() -> None:
    between = "\n".join(f"note {letter}" for letter in "abcde")
    assert told(f"s21 served on 3 March\n{between}\ncl says she got the section 21 on 19 March")
    assert not told(f"bought car for £4,500\n{between}\nreceipt £4,100")


def test_a_pasted_table_with_a_total_takes_no_long_time() -> None:
    table = "\n".join(f"item {n} £{n}" for n in range(1, 2_000))
    assert all(len(lines) <= 60 for lines, _ in told(f"{table}\ntotal debts £99"))


@settings(max_examples=80, derandomize=True, deadline=None)
@given(st.lists(st.sampled_from([line for case in CASES for line in case["notes"].split("\n")]), max_size=10))
def test_lines_are_those_of_the_notes(lines: list[str]) -> None:
    for found, _ in told("\n".join(lines)):
        assert found == tuple(sorted(set(found)))
        assert all(1 <= number <= len(lines) for number in found)
