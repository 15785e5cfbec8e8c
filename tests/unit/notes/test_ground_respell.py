"""Spellings that only notes have: the value is the same, and what is no such spelling stays as it is."""

from __future__ import annotations

import pytest

from casewright.notes.ground_respell import respell
from unit.notes.test_ground import said

SAME = [
    ("gets £10.90/hr", "You get £10.90 an hour."),
    ("pays 116.75/wk rent", "You pay rent of £116.75 a week."),
    ("appt at 2", "The appointment is at 2pm."),
    ("contract 2.5 yrs", "The contract is for two and a half years."),
    ("contract 18 mths", "The contract is for a year and a half."),
    ("works 16 hrs+ pw", "You work at least 16 hours a week."),
    ("rent due by 15th", "The rent is due by 15 May."),
    ("letter dtd 4/3", "The letter is dated 4 March."),
    ("moved out Mar 24", "You moved out in March 2024."),
    ("ctax 23/24 £400 o/s", "Council tax of £400 is outstanding for 2023/24."),
    ("hearing Weds am", "The hearing is on Wednesday morning."),
    ("wants to keep T&Cs", "You want to keep the terms and conditions."),
]
OTHER = [
    ("gets £10.90/hr", "You get £10.90 a week."),
    ("works 16 hrs+ pw", "You work at most 16 hours a week."),
    ("contract 2.5 yrs", "The contract is for two years."),
    ("rent due by 15th", "The rent is due by 15 June."),
    ("moved out Mar 24", "You moved out in March 2025."),
    ("ctax 23/24 £400 o/s", "Council tax of £400 is outstanding for 2024/25."),
    ("hearing Weds am", "The hearing is on Wednesday afternoon."),
]


@pytest.mark.parametrize(("line", "sentence"), SAME)
def test_the_same_in_other_spellings(line: str, sentence: str) -> None:
    assert said(sentence, line) == set()


@pytest.mark.parametrize(("line", "sentence"), OTHER)
def test_another_value_is_a_fault(line: str, sentence: str) -> None:
    assert said(sentence, line)


def test_two_and_four_are_words_only_where_nothing_is_counted() -> None:
    assert respell("RB 2 send form", notes=True) == "RB to send form"
    assert respell("ask 4 a letter", notes=True) == "ask for a letter"
    assert respell("has 2 kids, 4 cards", notes=True) == "has 2 kids, 4 cards"
    assert respell("ask 4 weeks", notes=True) == "ask 4 weeks"
    assert respell("Ask 4 people.", notes=False) == "Ask 4 people."


def test_a_number_that_is_told_is_not_a_no() -> None:
    assert respell("acct no. off bill", notes=True) == "acct number off bill"
    assert respell("closed acct no reason", notes=True) == "closed acct no reason"


def test_a_month_and_two_digits_are_a_year_only_where_the_sentence_says_so() -> None:
    assert respell("moved Mar 24", notes=True, said="You moved in March 2024.") == "moved Mar 2024"
    assert respell("moved Mar 24", notes=True, said="You moved on 24 March.") == "moved Mar 24"
    assert respell("moved 3 Mar 24", notes=True, said="You moved on 3 March 2024.") == "moved 3 Mar 24"
