"""Terminal escape sequences leave nothing of themselves in the notes, and take no words with them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from casewright.notes.escapes import without_escapes


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("You owe \x1b[31m£40 to bank.", "You owe £40 to bank."),
        ("\x1b[1;31mrent\x1b[0m £450\x1b[K", "rent £450"),
        ("\x1b[38;5;196mrent\x1b[?25l £450", "rent £450"),
        ("\x9b31mrent £450\x9b0m", "rent £450"),
        ("see \x1b]8;;http://a.example/\x07the letter\x1b]8;;\x1b\\ of 3 May", "see the letter of 3 May"),
        ("\x1b]0;title\x9crent £450", "rent £450"),
        ("\x1bPq#0;2\x1b\\rent £450", "rent £450"),
        ("\x1b(Brent\x1b7 £450\x1b8\x1bc", "rent £450"),
        ("\x1b]0;rent £450 is owed", "rent £450 is owed"),
        ("rent £450\x1b[", "rent £450"),
        ("rent £450\x1b[12;", "rent £450"),
        ("[31] see note 3[1m]", "[31] see note 3[1m]"),
        ("a\x1b[31m\nb\x1b[0m", "a\nb"),
    ],
)
def test_a_sequence_is_taken_out_whole(text: str, left: str) -> None:
    assert without_escapes(text) == left


@settings(max_examples=200, derandomize=True)
@given(st.text(alphabet=st.characters(exclude_categories=("Cc", "Cs")), max_size=200))
def test_what_has_no_control_is_left_as_it_is(text: str) -> None:
    assert without_escapes(text) == text


@settings(max_examples=200, derandomize=True)
@given(
    st.lists(st.sampled_from(["\x1b", "[", "]", "3", ";", "m", "£40", " ", "\x07", "\\", "\n"]), max_size=40)
)
def test_lines_stay_as_many(parts: list[str]) -> None:
    text = "".join(parts)
    assert without_escapes(text).count("\n") == text.count("\n")


def test_many_openings_without_an_end_take_no_long_time() -> None:
    assert without_escapes("\x1b]" * 20_000 + "rent") == "rent"
    assert without_escapes("\x1b[" * 20_000 + "1mrent") == "rent"
