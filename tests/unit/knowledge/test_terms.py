"""Terms: figures whole and normalised, words stemmed, positions exact."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from casewright.knowledge.terms import _PATTERNS, _TOKEN, Reader, concept, date_within, dates_agree


def keys(text: str) -> list[str]:
    return [token.key for token in Reader().read(text) if token.key]


@pytest.mark.parametrize(
    ("kind", "forms"),
    [
        ("amount", ["£450", "450 pounds", "£450.00", "450.00 pounds", "GBP 450", "£ 450"]),
        ("amount", ["£1,234.56", "1234.56 pounds"]),
        ("amount", ["£2k", "£2,000", "2000 pounds"]),
        ("amount", ["50p", "£0.50", "50 pence"]),
        (
            "date",
            ["12.03.2024", "12 March 2024", "12th of March 2024", "March 12, 2024", "2024-03-12", "12/3/24"],
        ),
        ("date", ["Nov. 2023", "November 2023"]),
        ("date", ["Tuesday", "Tuesdays"]),
        ("identifier", ["PPR-9087", "ppr-9087", "PPR 9087", "PPR/9087", "PPR9087"]),
        ("identifier", ["AB 12 34 56 C", "AB123456C"]),
        ("identifier", ["LS7 2QT"]),
        ("identifier", ["80013452"]),
        ("identifier", ["20-45-77"]),
        ("phone", ["0800 121 4433", "08001214433"]),
        ("phone", ["07700 900123", "+447700 900123"]),
        ("percent", ["14 per cent", "14%", "14 percent"]),
        ("time", ["10.30am", "10:30", "10.30 a.m."]),
        ("time", ["4pm", "16:00"]),
        ("number", ["14", "fourteen"]),
        ("email", ["l.doyle@example.org", "L.Doyle@example.org"]),
    ],
)
def test_forms_of_one_figure_meet(kind: str, forms: list[str]) -> None:
    tokens = [Reader().read(form) for form in forms]
    assert {len(found) for found in tokens} == {1}
    assert {found[0].kind for found in tokens} == {kind}
    assert len({found[0].key for found in tokens}) == 1


def test_an_amount_and_a_bare_number_of_its_size_meet() -> None:
    assert keys("£450") == keys("450.00") == ["n:450"]
    assert keys("£450") != keys("£4.50")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The rents were paid late", ["rent", "pay", "late"]),
        ("Anna's landlord's keys", ["anna", "landlord", "key"]),
        ("a 2-bedroom flat on the 3rd floor", ["n:2", "bedroom", "flat", "n:3", "floor"]),
        ("She may come in May", ["come", "d:?-05-?"]),
        ("in 2021", ["d:2021-?-?"]),
        ("14 days", ["n:14", "day"]),
        ("the of and", []),
    ],
)
def test_words(text: str, expected: list[str]) -> None:
    assert keys(text) == expected


def test_dates_agree_when_what_both_say_is_the_same() -> None:
    assert dates_agree("d:2024-03-12", "d:?-03-12")
    assert dates_agree("d:2024-?-?", "d:2024-03-12")
    assert not dates_agree("d:2024-03-12", "d:2023-03-12")
    assert not dates_agree("d:2024-?-?", "d:?-03-?")
    assert not dates_agree("w:fri", "d:2024-03-12")


def test_a_date_may_say_less_than_its_source_and_not_more() -> None:
    assert date_within("d:?-03-12", "d:2024-03-12")
    assert not date_within("d:2024-03-12", "d:?-03-12")
    assert not date_within("w:fri", "d:2024-03-12")


def test_synonyms_meet_for_finding_only() -> None:
    reader = Reader()
    assert concept(reader.stem("arrears")) == concept(reader.stem("owed"))
    assert reader.stem("arrears") != reader.stem("owed")


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=60) | st.text("0123456789.,/-£ %pmkADay", max_size=30))
def test_any_text_can_be_read_and_positions_are_exact(text: str) -> None:
    at = 0
    for token in Reader().read(text):
        assert at <= token.start < token.end <= len(text)
        assert text[token.start : token.end] == token.text
        at = token.end


WITHOUT_PLAIN = re.compile(
    "|".join(f"(?P<{name}>{pattern})" for name, pattern in _PATTERNS.items() if name != "plain")
)
PIECES = st.sampled_from(
    [
        *(
            "may",
            "march",
            "Mar",
            "december",
            "5",
            "12th",
            "2024",
            "gbp",
            "usd",
            "pounds",
            "of",
            "owes",
            "isn't",
        ),
        *("p", "a", "pm", "a.m.", "£", "PPR", "ab12", "x@y.uk", "£4", "ß", "word"),
        *(" ", " ", " ", "", ",", ".", ". ", "-", "/", "'", "_", "\n", ":", "@"),
    ]
)


@given(st.lists(PIECES, max_size=14).map("".join))
def test_plain_words_are_found_as_if_everything_was_tried(text: str) -> None:
    long = [(found.lastgroup, found.span()) for found in WITHOUT_PLAIN.finditer(text)]
    short = [(found.lastgroup, found.span()) for found in _TOKEN.finditer(text)]
    assert [("word" if name == "plain" else name, span) for name, span in short] == long
