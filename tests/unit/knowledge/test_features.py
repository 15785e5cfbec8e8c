"""Exact features: one key for all ways of writing a thing, and none for what names nothing."""

from __future__ import annotations

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casewright.knowledge.features import features_asked, features_of, is_figure, names_one_thing


@pytest.mark.parametrize(
    "ways",
    [
        ["PPR-9087", "ppr 9087", "PPR9087", "ppr-9087", "PPR/9087", "your ref PPR 9087."],
        ["QQ 12 34 56 C", "QQ123456C", "qq 12 34 56 c", "NI number QQ 123456 C"],
        ["HB/2024/0117", "HB 2024 0117", "hb-2024-0117"],
        ["£450", "450.00", "450 pounds", "paid 450", "£450.00"],
        ["£1,250.50", "1250.5", "1,250.50 pounds"],
        ["12.03.2024", "12 March 2024", "2024-03-12", "12th of March 2024", "March 12, 2024", "12/3/24"],
        ["SW1A 1AA", "sw1a1aa", "Sw1A  1aA"],
        ["020 7946 0123", "+44 20 7946 0123", "02079460123"],
        ["claim 943 476 5919", "9434765919", "943-476-5919"],
        ["Ann@Example.org", "write to ann@example.org"],
    ],
)
def test_however_it_is_written_it_has_one_key(ways: list[str]) -> None:
    shared = set(features_asked(ways[0])).intersection(*(features_asked(way) for way in ways))
    assert shared, [features_asked(way) for way in ways]
    for asked in ways:
        for text in ways:
            assert set(features_asked(asked)) & set(features_of(text)), (asked, text)


@pytest.mark.parametrize(
    "text",
    ["", "the rent is late", "in 2024", "3 letters", "no", "May", "on Monday", "a 2-bedroom flat", "room 12"],
)
def test_what_names_nothing_has_none(text: str) -> None:
    assert features_asked(text) == ()


def test_different_things_differ() -> None:
    apart = ["PPR-9087", "PPR-9078", "£450", "£45", "12.03.2024", "03.12.2024", "SW1A 1AA", "SW1A 1AB"]
    keys = [set(features_asked(text)) for text in apart]
    assert not any(one & other for n, one in enumerate(keys) for other in keys[n + 1 :])


def test_a_coarser_date_finds_the_day_and_not_the_other_way_round() -> None:
    assert set(features_asked("what came in March 2024?")) <= set(features_of("It came on 12.03.2024."))
    assert set(features_asked("what came on 12 March?")) <= set(features_of("It came on 12.03.2024."))
    assert not set(features_asked("what came on 12.03.2024?")) & set(features_of("It came in March 2024."))


def test_they_are_bounded() -> None:
    assert len(features_of(" ".join(f"£{number}.01" for number in range(100, 9_000)))) == 4_000


@given(st.dates(datetime.date(1950, 1, 1), datetime.date(2049, 12, 31)))
def test_any_date_is_found_as_digits_and_in_words(day: datetime.date) -> None:
    words = f"{day.day} {day:%B} {day.year}"
    assert set(features_asked(words)) & set(features_of(f"seen on {day:%d.%m.%Y}, and so"))
    assert set(features_asked(f"{day:%d/%m/%Y}")) & set(features_of(f"seen on {words}, and so"))


# Letters that are no word: "am 1234", "in 2024" are no references, and none is made of them.
@given(st.from_regex(r"[BCDFGHJKLMPRSTVWXZ]{2,4}-[0-9]{4,8}", fullmatch=True))
def test_any_reference_is_found_written_apart(reference: str) -> None:
    asked = features_asked(reference.replace("-", " ").lower())
    assert set(asked) & set(features_of(f"Ref. {reference}: thanks"))


@given(st.text(max_size=300))
def test_any_text_is_read(text: str) -> None:
    assert len(set(features_of(text))) == len(features_of(text))
    assert len(set(features_asked(text))) == len(features_asked(text))


@pytest.mark.parametrize(
    "text", ["PPR-9087", "X7QP4L", "fn17 okd", "sw1a 1aa", "QQ123456C", "a@b.org", "07700 900461"]
)
def test_references_name_one_thing(text: str) -> None:
    assert any(map(names_one_thing, features_asked(text)))


@pytest.mark.parametrize(
    "text", ["mp3", "COVID-19", "Y2K-compliant", "IPv4", "Python3", "UTF-8", "£450", "12.03.2024"]
)
def test_other_features_do_not(text: str) -> None:
    assert not any(map(names_one_thing, features_asked(text)))


def test_figures_are_amounts_numbers_shares_and_dates() -> None:
    assert all(map(is_figure, features_asked("£450, 12.03.2024, 5%, 1,200")))
    assert not any(map(is_figure, features_asked("PPR-9087, a@b.org, 020 7946 0123")))
