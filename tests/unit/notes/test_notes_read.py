"""Lines keep their numbers and spans; headings, bullets and lines that go on are told apart."""

from __future__ import annotations

import pytest

from casewright.notes.read import flatten, heading_of, inline_heading, read_entries, read_lines


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_keep_their_numbers_and_spans_whatever_ends_them(end: str) -> None:
    notes = end.join(["first", "", "\t- second", "   ", "third"])
    lines = read_lines(notes)
    assert [(line.number, line.text) for line in lines] == [(1, "first"), (3, "second"), (5, "third")]
    assert [notes[line.start : line.end] for line in lines] == ["first", "\t- second", "third"]


@pytest.mark.parametrize(
    "bullet", ["- ", "* ", "• ", "•", "– ", "> ", "[ ] ", "a) ", "(b) ", "iv) ", "1. ", "1) ", "- 1. "]
)
def test_bullets_are_no_part_of_the_text(bullet: str) -> None:
    (line,) = read_lines(f"  {bullet}cl to send form")
    assert (line.text, line.bullet) == ("cl to send form", True)


@pytest.mark.parametrize(
    "text", ["-£45 overdraft", "5. £40 pm", "12. May hearing", "3.5 hours", "1. May hearing", "[x] send form"]
)
def test_what_may_be_a_figure_or_a_tick_is_no_bullet(text: str) -> None:
    assert read_lines(text)[0].text == text


def test_numbers_are_bullets_only_while_they_count_on() -> None:
    texts = [line.text for line in read_lines("1. one\n2. two\n7. seven children\n3. three")]
    assert texts == ["one", "two", "7. seven children", "three"]


def test_control_and_invisible_characters_do_not_reach_the_letter() -> None:
    assert flatten("a\x00b\u202ec\u200b d\x1b[0m\u2028e\ud800") == "a bc d e"
    assert flatten("می\u200cشود") == "می\u200cشود", "a joiner that the script needs stays"


def test_headings_cover_the_lines_below_until_a_gap_or_the_next() -> None:
    notes = (
        "Client to do:\n\n- send form\n- sign lease\n\ncall Barclays\nOUR ACTIONS\nring court\nRent:\nflat"
    )
    found = [(entry.text, entry.heading) for entry in read_entries(notes) if entry.left_out is None]
    assert found == [
        ("send form", "yours"),
        ("sign lease", "yours"),
        ("call Barclays", "none"),
        ("ring court", "ours"),
        ("flat", "none"),
    ]


def test_a_private_heading_reaches_over_gaps_to_the_next_heading() -> None:
    found = [
        (entry.text, entry.heading) for entry in read_entries("NB private\none\n\ntwo\nBackground:\nthree")
    ]
    assert found[1:3] == [("one", "private"), ("two", "private")]
    assert found[4] == ("three", "matters")


def test_a_line_that_goes_on_is_read_with_the_one_before() -> None:
    entries = read_entries("cl to pay £450\nunless LL agrees\n- by the way\n\nby Friday")
    assert [(entry.text, [line.number for line in entry.lines]) for entry in entries] == [
        ("cl to pay £450 unless LL agrees", [1, 2]),
        ("by the way", [3]),
        ("by Friday", [5]),
    ]


def test_known_headings_and_labels() -> None:
    assert heading_of("## Client Actions:") == "yours"
    assert heading_of("cl owes £5") is None
    assert inline_heading("Client to do: send form") == ("yours", "send form")
    assert inline_heading("cl: send form") is None
