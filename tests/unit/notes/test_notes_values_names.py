"""Names are found by capitals, titles and endings; lists only say what kind."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from casewright.notes.values_names import names


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (
            "Mr Patel called Leeds City Council",
            [("person", "Mr Patel"), ("organisation", "Leeds City Council")],
        ),
        ("owes Barclays and Zedbury", [("organisation", "Barclays"), ("name", "Zedbury")]),
        ("Called the landlord", [("role", "landlord")]),
        ("Rent arrears, Client to call Smith & Co", [("name", "Smith & Co")]),
        ("cl to send form", []),
    ],
)
def test_names_and_their_kinds(text: str, found: list[tuple[str, str]]) -> None:
    assert [(name.kind, name.text) for name in names(text)] == found


@settings(max_examples=150, derandomize=True)
@given(st.text(max_size=200))
def test_spans_are_exact_on_any_text(text: str) -> None:
    end = 0
    for name in names(text):
        assert name.start >= end
        assert name.text == text[name.start : name.end] != ""
        end = name.end
