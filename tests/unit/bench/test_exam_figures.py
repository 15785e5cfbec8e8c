"""Figures are read by value, whatever their notation."""

from __future__ import annotations

import datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from casewright.bench.exam.figures import Clock, Date, read_figures

QUICK = settings(max_examples=150, deadline=None)


@pytest.mark.parametrize(
    "text", ["£1,250.50", "£1250.50", "£ 1,250.50.", "1250.50 pounds", "GBP 1,250.50", "(£1,250.5)"]
)
def test_one_amount_in_many_notations(text: str) -> None:
    assert read_figures(text).amounts == {Decimal("1250.5")}


@pytest.mark.parametrize(
    "text",
    [
        "3 March 2025",
        "3rd of March, 2025",
        "03/03/2025",
        "3.3.25",
        "2025-03-03",
        "March 3, 2025",
        "Mar 3rd 2025",
        "Monday 3 Mar 2025",
    ],
)
def test_one_date_in_many_notations(text: str) -> None:
    assert read_figures(text).dates == {Date(3, 3, 2025)}


@pytest.mark.parametrize("text", ["2:15 pm", "2.15pm", "14:15", "2:15 p.m."])
def test_one_time_in_many_notations(text: str) -> None:
    (time,) = read_figures(text).times
    assert time.same(Clock(14 * 60 + 15, sure=True))


def test_day_comes_before_month() -> None:
    assert read_figures("4/12/2024").dates == {Date(4, 12, 2024)}


def test_month_first_only_where_nothing_else_is_possible() -> None:
    assert read_figures("06/30/2025").dates == {Date(30, 6, 2025)}


def test_a_modal_verb_is_no_month() -> None:
    assert not read_figures("She may appeal, and we march on in spring.").dates


@pytest.mark.parametrize(
    ("text", "number"),
    [("14-day notice", 14), ("28days", 28), ("twenty-four hours", 24), ("eleven", 11), ("s21 notice", 21)],
)
def test_numbers_in_words_and_compounds(text: str, number: int) -> None:
    assert read_figures(text).numbers == {Decimal(number)}


def test_one_is_a_pronoun_and_list_markers_are_no_figures() -> None:
    assert read_figures("1. One of them, see passage 3 and [2]").numbers == frozenset()


def test_references_keep_letters_and_digits_together() -> None:
    figures = read_figures("ref ws-22619, form SSCS1, tax year 2024/25")
    assert figures.references == {"WS-22619", "SSCS1", "2024/25"}
    assert not figures.numbers


def test_another_currency_is_not_pounds() -> None:
    figures = read_figures("$951.50")
    assert figures.references == {"$951.50"}
    assert not figures.amounts


def test_year_may_be_dropped_and_not_invented() -> None:
    source = read_figures("on 3 March 2025 and 4 May")
    assert read_figures("3 March").beyond(source) == []
    assert read_figures("3 March 2024").beyond(source) == ["3 Mar 2024"]
    assert read_figures("4 May 2026").beyond(source) == ["4 May 2026"]


def test_lost_names_every_figure_that_went() -> None:
    note = read_figures("£412.60 by 3 June at 2:15pm, ref AB-12, 3 wks, 1 mth")
    lost = note.lost(read_figures("£412 by 4 June, a month"), "£412 by 4 June, a month")
    assert set(lost) == {"£412.60", "3", "3 Jun", "14:15", "AB-12"}


@QUICK
@given(st.integers(min_value=1, max_value=99_999_999))
def test_every_amount_reads_back(pence: int) -> None:
    value = Decimal(pence) / 100
    for text in (f"£{value:,.2f}", f"pay £{value:.2f}, then", f"{value:,.2f} pounds"):
        assert read_figures(text).amounts == {value}, text


@QUICK
@given(st.dates(min_value=datetime.date(2000, 1, 1), max_value=datetime.date(2099, 12, 31)))
def test_every_date_reads_back(date: datetime.date) -> None:
    expected = {Date(date.day, date.month, date.year)}
    for text in (
        f"{date:%d/%m/%Y}",
        f"{date.day} {date:%B} {date.year}",
        f"{date:%B} {date.day}, {date.year}",
        date.isoformat(),
        f"{date.day} {date:%b} {date.year}",
    ):
        assert read_figures(text).dates == expected, text


@QUICK
@given(st.text(max_size=200))
def test_any_text_can_be_read_and_adds_nothing_to_itself(text: str) -> None:
    figures = read_figures(text)
    assert figures.beyond(figures) == []
    assert figures.lost(figures, text) == []
