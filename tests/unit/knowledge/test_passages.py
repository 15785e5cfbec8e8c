"""Passages: exact spans, nothing lost, nothing cut that belongs together."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from casewright.knowledge.passages import MAX_CHARS, split


def parts(text: str) -> list[str]:
    return [text[span.start : span.end] for span in split(text)]


WHOLE = (
    "The rent is £1,234.56 a month.",
    "She came on 12.03.2024 with Mr. Patel and Mrs. J. Shah.",
    "Ref. HB/2024/0091 was given by Brook & Sons Ltd. of Leeds.",
    "See s. 21 and No. 5, e.g. the notice, at 10.30 a.m. on Friday.",
    "He has been off since Nov. 2023 with back pain.",
    "Write to l.doyle@example.org about it.",
    "The version is 2.1.4 of the form.",
    "3 people left on Monday.",
)


@pytest.mark.parametrize("sentence", WHOLE)
def test_a_sentence_stays_whole(sentence: str) -> None:
    assert parts(sentence) == [sentence]
    assert parts(f"Before this. {sentence}")[1:] == [sentence]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("He left. She stayed! Why? No.", ["He left.", "She stayed!", "Why?", "No."]),
        ('He said "no." Then he left.', ['He said "no."', "Then he left."]),
        ("It is run by Brook Ltd. The agent moved.", ["It is run by Brook Ltd.", "The agent moved."]),
        ("Come at 5 p.m. Bring it.", ["Come at 5 p.m. Bring it."]),  # not sure: kept together
        ("The answer was no. 12 people came.", ["The answer was no. 12 people came."]),  # "no. 12"
        ("a line that\nwas wrapped. Then more.", ["a line that\nwas wrapped.", "Then more."]),
        ("Rent: £450\nDeposit: £900", ["Rent: £450", "Deposit: £900"]),
        ("She brought:\n- a passport\n- two letters", ["She brought:", "- a passport", "- two letters"]),
        ("| A | B |\n|---|---|\n| 1 | 2 |", ["| A | B |", "|---|---|", "| 1 | 2 |"]),
        ("NOTE\n\nHe came.\r\n\r\nShe left.", ["NOTE", "He came.", "She left."]),
        ("3. He left on Monday.", ["3. He left on Monday."]),
        ("", []),
        (" \n\t ", []),
    ],
)
def test_where_texts_are_cut(text: str, expected: list[str]) -> None:
    assert parts(text) == expected


def test_blocks_are_paragraphs_and_lines_are_known() -> None:
    text = "Client: Ann\nRent: £5\n\nShe came. She left."
    assert [(span.block, span.line) for span in split(text)] == [
        (0, True),
        (0, True),
        (1, False),
        (1, False),
    ]


def test_a_text_without_a_stop_is_bounded() -> None:
    for text in ("x" * 5000, "word " * 2000):
        assert all(0 < span.end - span.start <= MAX_CHARS for span in split(text))
        assert "".join(parts(text)).replace(" ", "") == text.replace(" ", "")


PIECES = st.sampled_from(
    [
        " ",
        "\n",
        "\r\n",
        "\n\n",
        "\t",
        ". ",
        "! ",
        "Mr. ",
        "£1,234.56",
        "12.03.2024",
        "- ",
        "| ",
        "Ref: ",
        "a",
        "B",
        *("\x00", "\x85", "\u2028", "e.g. ", "x" * 400, "ß", "é", "word ", "…", "?", "\x1c", "\u00a0"),
    ]
)


@settings(max_examples=300, deadline=None)
@given(st.lists(PIECES | st.text(max_size=8), max_size=30).map("".join))
def test_spans_are_ordered_apart_and_complete(text: str) -> None:
    spans = split(text)
    at = 0
    for span in spans:
        assert at <= span.start < span.end <= len(text)
        assert not text[at : span.start].strip()
        piece = text[span.start : span.end]
        assert piece == piece.strip()
        assert len(piece) <= MAX_CHARS
        at = span.end
    assert not text[at:].strip()
