"""Values are recognised with exact spans, normalised, and unsure where they have two readings."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from casewright.notes.values import deadlines, find, same_day, spelled
from casewright.notes.values_calendar import shifted
from casewright.notes.values_kinds import (
    Amount,
    Day,
    Duration,
    Number,
    Partial,
    Per,
    Percent,
    Phone,
    Reference,
    Relative,
    Span,
    Time,
    Value,
)
from casewright.notes.values_money import number_of

MEETING = date(2026, 5, 12)  # a Tuesday
PERIODS: list[Per] = ["hour", "day", "week", "fortnight", "four weeks", "month", "quarter", "year"]


def only(text: str, meeting: date | None = MEETING) -> Value:
    """The one value of a text."""
    (found,) = find(text, meeting)
    return found.value


@pytest.mark.parametrize(
    ("text", "value", "per"),
    [
        ("£1,200", "1200", None),
        ("1200 pounds", "1200", None),
        ("£1.2k", "1200", None),
        ("450 quid", "450", None),
        ("£50pw", "50", "week"),
        ("£45 p/m", "45", "month"),
        ("£45 pm", "45", "month"),
        ("£1,200.50", "1200.50", None),
        ("two hundred pounds", "200", None),
        ("two hundred and fifty pounds a week", "250", "week"),
        ("a grand", "1000", None),
        ("50p", "0.5", None),
        ("rent 450 pcm", "450", "month"),
        ("GBP 450", "450", None),
        ("£12.50/hr", "12.50", "hour"),
        ("£80 every 4 weeks", "80", "four weeks"),
        ("£2 million", "2000000", None),
    ],
)
def test_equal_sums_are_equal_however_they_are_written(text: str, value: str, per: Per | None) -> None:
    assert only(text) == Amount(Decimal(value), "GBP", per)


@pytest.mark.parametrize("text", ["£1 200", "£1,20", "£l50", "£45O", "£1.2m", "45 pw"])
def test_sums_that_are_easily_misread_are_unsure(text: str) -> None:
    value = only(text)
    assert isinstance(value, Amount)
    assert not value.sure
    assert value.why


def test_a_range_is_two_sums() -> None:
    assert [spelled(found.value) for found in find("£450-500")] == ["£450", "£500"]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "text",
    ["3/4/26", "3 April 2026", "03.04.2026", "3rd of April 2026", "April 3, 2026", "2026-04-03", "3-Apr-26"],
)
def test_equal_days_are_equal_however_they_are_written(text: str) -> None:
    assert only(text) == Day(date(2026, 4, 3))


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("tomorrow", date(2026, 5, 13)),
        ("in 2 weeks", date(2026, 5, 26)),
        ("in a fortnight's time", date(2026, 5, 26)),
        ("two weeks ago", date(2026, 4, 28)),
        ("end of month", date(2026, 5, 31)),
        ("by Fri", date(2026, 5, 15)),
        ("w/c 4 May", Span(date(2026, 5, 4), date(2026, 5, 10))),
        ("next month", Span(date(2026, 6, 1), date(2026, 6, 30))),
        ("12 May", Partial(12, 5)),
        ("22/07", Partial(22, 7)),
        ("May 2026", Partial(month=5, year=2026)),
    ],
)
def test_days_with_one_reading_are_sure(text: str, day: date | Span | Partial) -> None:
    assert only(text) == Day(day)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("next Friday", "15 May 2026, or 22 May 2026"),
        ("on Monday", "18 May 2026, or 11 May 2026"),
        ("1/2", "a day or a part"),
        ("10th inst", "inst"),
        ("by the 10th", "month"),
        ("end of the week", "or 17 May 2026"),
        ("31/2/26", "no such day"),
        ("5/13/26", "month comes first"),
        ("Friday 12 May 2026", "is a Tuesday"),
        ("mid-June", "no day"),
    ],
)
def test_days_with_two_readings_say_so(text: str, why: str) -> None:
    value = only(text)
    assert isinstance(value, Day)
    assert not value.sure
    assert why in value.why


@pytest.mark.parametrize(
    "text", ["24/7 care", "flat 3/4", "cl sat down", "cl may be late", "every Friday", "they march on", "sun"]
)
def test_what_only_looks_like_a_day_is_none(text: str) -> None:
    assert not [found for found in find(text, MEETING) if isinstance(found.value, Day)]


def test_without_a_meeting_relative_days_stay_relative() -> None:
    assert only("in a fortnight", None) == only("in 14 days", None) == Day(Relative("in 14 days"), False)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2pm", Time(14)),
        ("10.30am", Time(10, 30)),
        ("14:05", Time(14, 5)),
        ("noon", Time(12)),
        ("12.5%", Percent(Decimal("12.5"))),
        ("020 7946 0958", Phone("02079460958")),
        ("+44 20 7946 0958", Phone("02079460958")),
        ("PPR-9087", Reference("PPR-9087")),
        ("section 21", Reference("S21")),
        ("s21", Reference("S21")),
        ("QQ 12 34 56 C", Reference("QQ123456C")),
        ("LS1 4AB", Reference("LS14AB")),
        ("a fortnight", Duration(Decimal(14), "day")),
        ("45", Number(Decimal(45))),
    ],
)
def test_other_values(text: str, value: Value) -> None:
    assert only(text) == value


@pytest.mark.parametrize(
    ("text", "words", "until", "inclusive", "sure"),
    [
        ("cl to send form by Friday", "by Friday", Day(date(2026, 5, 15)), True, True),
        ("appeal before 1 June", "before 1 June", Day(date(2026, 6, 1)), False, True),
        ("reply by 5pm on 14 May 2026", "by 5pm on 14 May 2026", Day(date(2026, 5, 14)), True, True),
        ("pay within 14 days", "within 14 days", Duration(Decimal(14), "day"), True, False),
        ("by 1 April", "by 1 April", Day(Partial(1, 4), False), True, False),
    ],
)
def test_deadlines(text: str, words: str, until: Day | Duration, inclusive: bool, sure: bool) -> None:
    (found,) = deadlines(text, MEETING)
    assert (found.text, found.value.until) == (words, until)
    assert (found.value.inclusive, found.value.sure) == (inclusive, sure)


def test_same_day_knows_when_it_cannot_tell() -> None:
    assert same_day(Day(date(2026, 5, 12)), Day(Partial(12, 5))) is True
    assert same_day(Day(date(2026, 5, 12)), Day(Partial(21, 5))) is False
    assert same_day(Day(Partial(12, 5)), Day(Partial(month=5))) is None


def test_number_words() -> None:
    assert number_of("two hundred and fifty thousand") == 250_000
    assert number_of("twenty-five") == 25
    assert number_of("one two") is None


DATES = st.dates(date(1950, 1, 1), date(2049, 12, 31))
SUMS = st.integers(1, 10**9).map(lambda pence: Decimal(pence) / 100)
VALUES = st.one_of(
    st.builds(Amount, SUMS, st.sampled_from(["GBP", "EUR", "USD"]), st.sampled_from([None, *PERIODS])),
    DATES.map(Day),
    DATES.map(lambda day: Day(Partial(day.day, day.month))),
    DATES.map(lambda day: Day(Partial(month=day.month, year=day.year))),
    st.tuples(DATES, st.integers(1, 300)).map(lambda t: Day(Span(t[0], shifted(t[0], days=t[1]) or t[0]))),
    st.builds(Duration, st.integers(1, 999).map(Decimal), st.sampled_from(["day", "month", "year", "hour"])),
    st.builds(Time, st.integers(13, 23), st.integers(0, 59)),
    st.integers(0, 9999).map(lambda share: Percent(Decimal(share) / 10)),
    st.integers(10**8, 10**9 - 1).map(lambda digits: Phone(f"07{digits}")),
    st.integers(10**3, 10**9).map(lambda digits: Reference(f"ABC-{digits}")),
    st.integers(0, 99_999).map(lambda number: Number(Decimal(number))),
)


@settings(max_examples=300, derandomize=True)
@given(VALUES)
def test_what_is_spelled_is_read_as_the_same(value: Value) -> None:
    (found,) = find(spelled(value), MEETING)  # type: ignore[arg-type]
    assert found.value == value


@settings(max_examples=200, derandomize=True)
@given(
    VALUES,
    st.sampled_from(["cl owes ", "pay ", "(", "to ", "ref: "]),
    st.sampled_from([" to LL", ".", ", then", ")"]),
)
def test_spans_are_exact_within_a_line(value: Value, before: str, after: str) -> None:
    text = f"{before}{spelled(value)}{after}"  # type: ignore[arg-type]
    found = [one for one in find(text, MEETING) if one.start >= len(before)]
    assert found[0].text == text[found[0].start : found[0].end] == text[len(before) : len(text) - len(after)]


FRAGMENTS = st.lists(
    st.sampled_from(
        [
            "£",
            "1",
            "2/3",
            "12",
            "May",
            "26",
            "£1,200",
            "k",
            "pw",
            "two",
            "hundred",
            "pounds",
            "by",
            "Friday",
            "31/2",
            "s",
            "21",
            "+44",
            "0",
            "7",
            "/",
            "-",
            ".",
            ",",
            "%",
            "pm",
            "at",
            "in",
            "a",
            "fortnight",
            "the",
            "10th",
            "next",
            "w/c",
            "24:61",
            "99999999999999999999",
            "²",
            "٣",
            "\x00",
        ]
    ),
    max_size=40,
)


@settings(max_examples=300, derandomize=True)
@given(st.one_of(st.text(max_size=200), FRAGMENTS.map(" ".join), FRAGMENTS.map("".join)), st.dates())
def test_any_text_is_read_without_a_crash_and_without_overlaps(text: str, meeting: date) -> None:
    end = 0
    for found in find(text, meeting):
        assert found.start >= end
        assert found.text == text[found.start : found.end]
        end = found.end
    for late in deadlines(text, meeting):
        assert late.text == text[late.start : late.end]


@pytest.mark.parametrize(
    "piece", ["£1,", "1 ", "12/", "a hundred ", "by 12 May 2026 £45 ", "A1/", "0 (", "May 12 "]
)
def test_long_texts_are_read_to_the_end(piece: str) -> None:
    text = piece * (200_000 // len(piece))
    found = find(text, MEETING)
    assert all(one.text == text[one.start : one.end] for one in found)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("hearing on Friday 12 May", "Friday 12 May"),
        ("by Friday 12/5", "Friday 12/5"),
        ("in June 2023", "June 2023"),
        ("since May 2024", "May 2024"),
        ("owes 1,200, then 850", "1,200"),
    ],
)
def test_a_little_word_before_a_value_cuts_nothing_off(text: str, found: str) -> None:
    assert found in [one.text for one in find(text)]
