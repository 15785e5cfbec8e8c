"""Amounts, dates, references and negations are found as they are written."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from casewright.notes.recognise import (
    amounts,
    dates,
    figures,
    is_negation,
    recognised,
    references,
    resolved,
)


@pytest.mark.parametrize(
    ("text", "money", "days", "refs"),
    [
        ("£450 to Barclays, £54.10 to Aviva by 12 May", ("£450", "£54.10"), ("12 May",), ()),
        ("ref PPR-9087 and s21, served 03/04/2025", (), ("03/04/2025",), ("PPR-9087", "s21")),
        ("next Tuesday at the court, or Fri", (), ("next Tuesday", "Fri"), ()),
        ("£1,200.00 due 1st of June 2025", ("£1,200.00",), ("1st of June 2025",), ()),
        ("account 20931877, 200 pounds", ("200 pounds",), (), ("20931877",)),
        ("in 2 weeks, then May 3rd", (), ("in 2 weeks", "May 3rd"), ()),
        ("no figure at all", (), (), ()),
    ],
)
def test_figures_are_found_as_written(
    text: str, money: tuple[str, ...], days: tuple[str, ...], refs: tuple[str, ...]
) -> None:
    assert (amounts(text), dates(text), references(text)) == (money, days, refs)


def test_every_token_with_a_digit_counts_in_order() -> None:
    assert figures(["pay", "(£450),", "then", "£54.", "on", "12/5;", "AB-1"]) == [
        "£450",
        "£54",
        "12/5",
        "AB-1",
    ]


@pytest.mark.parametrize("word", ["not", "never", "isn't", "can't", "w/o", "dont", "unless", "cannot"])
def test_negations(word: str) -> None:
    assert is_negation(word)


def test_a_plain_word_is_no_negation() -> None:
    assert not is_negation("note")


# 12 May 2026 is a Tuesday.
@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("send it tomorrow", "13 May 2026"),
        ("send it today.", "12 May 2026"),
        ("send it by Friday", "15 May 2026"),
        ("send it on Mon.", "18 May 2026"),
        ("send it by Tuesday", None),
        ("send it next Friday", None),
        ("send it by next Friday", None),
        ("send it on Friday to Aviva", None),
        ("send it", None),
    ],
)
def test_only_days_with_one_reading_are_resolved(text: str, day: str | None) -> None:
    assert resolved(text, date(2026, 5, 12)) == day


def test_the_calendars_end_is_no_crash() -> None:
    assert resolved("tomorrow", date.max) is None


_PARTS = ["£450", "£1.2k", "12", "May", "2025", "3/4/25", "PPR-9087", "s21", "20931877", "next", "Tuesday"]
_SOUP = st.lists(
    st.sampled_from([*_PARTS, "in", "2", "weeks", "²", "5p", "#", "£"]) | st.text(max_size=4), max_size=12
).map(" ".join)


@settings(max_examples=200, deadline=None)
@given(text=_SOUP)
def test_together_they_find_what_each_finds_alone(text: str) -> None:
    assert recognised(text) == (amounts(text), dates(text), references(text))
