"""Pasted e-mails and letters, logs, tables and other languages are told from the adviser's own notes."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from casewright.notes.read import read_entries, read_lines, sentence_spans
from casewright.notes.read_language import language_of

EMAIL = """cl brought this
From: arrears@example.org
To: cl
Subject: your rent

Dear Mr Smith,
You must pay £450 by
Friday.
Kind regards
A. Agent

This email is confidential and intended for the addressee.
cl to call them back

Actions:
We will write to LL"""


def test_a_pasted_email_is_somebody_elses_word_until_the_notes_go_on() -> None:
    voices = {line.number: (line.voice, line.part) for line in read_lines(EMAIL)}
    assert voices[1] == ("notes", "body")
    assert voices[2] == voices[3] == ("email", "header")
    assert voices[4] == voices[7] == voices[8] == ("email", "body")
    assert voices[9] == voices[10] == ("email", "signature")
    assert voices[12] == ("email", "disclaimer")
    assert voices[13] == voices[15] == voices[16] == ("notes", "body")
    pays = next(entry for entry in read_entries(EMAIL) if "£450" in entry.text)
    assert (pays.voice, pays.heading) == ("email", "speech")


def test_every_line_is_in_one_entry() -> None:
    numbers = [line.number for entry in read_entries(EMAIL) for line in entry.lines]
    assert numbers == [line.number for line in read_lines(EMAIL)]


def test_a_letter_and_quoted_lines() -> None:
    notes = "Dear Sir\nPlease pay £40.\nYours faithfully\nJ Bloggs\n\ncl upset\n"
    notes += "On 3 May, LL wrote:\n> you must leave\n> by June"
    assert [line.voice for line in read_lines(notes)] == [*["letter"] * 4, "notes", *["email"] * 3]


@pytest.mark.parametrize(
    "notes", ["Date: 3 May\nClient: Smith", "> send form\n> call LL", "From: LL we got a letter"]
)
def test_what_only_looks_like_an_email_is_the_advisers(notes: str) -> None:
    assert {line.voice for line in read_lines(notes)} == {"notes"}


def test_a_label_makes_the_lines_below_speech() -> None:
    entries = read_entries("Letter from Barclays dated 3 May:\nYou must pay £450")
    assert (entries[0].left_out, entries[1].heading, entries[1].voice) == ("a heading", "speech", "speech")


def test_a_logs_times_are_no_part_of_the_text() -> None:
    lines = read_lines("14:05 – cl called\n14:20 – cl to send form\n15:00 - 16:00 appt")
    assert [(line.stamp, line.text) for line in lines] == [
        ("14:05", "cl called"),
        ("14:20", "cl to send form"),
        ("", "15:00 - 16:00 appt"),
    ]
    assert read_lines("14:05 – hearing at court")[0].text == "14:05 – hearing at court"


def test_cells_of_a_table_are_kept_apart() -> None:
    (line,) = read_lines("Barclays\t£450\t12/5")
    assert (line.text, line.cells) == ("Barclays £450 12/5", ("Barclays", "£450", "12/5"))


@pytest.mark.parametrize(
    "text",
    [
        "klient nie zapłacił czynszu za dwa miesiące",
        "el cliente debe pagar el alquiler y no tiene dinero",
        "mae hi wedi talu'r rhent ond nid yw'n deall",
        "клиент не платил за квартиру",
        "العميل لم يدفع الإيجار",
        "客户没有付房租",
    ],
)
def test_other_languages(text: str) -> None:
    assert language_of(text) == "other"


@pytest.mark.parametrize(
    "text",
    [
        "LL arrears £450 pcm",
        "cl to call DWP re UC",
        "José Núñez owes £40 to Müller & Söhne",
        "La Tasca wages o/s",
        "",
        "£40",
    ],
)
def test_english_and_shorthand_are_english(text: str) -> None:
    assert language_of(text) == "en"


def test_sentences_have_spans_and_abbreviations_end_none() -> None:
    text = "Saw Mr. Khan at 10 a.m. today. He owes £40. Will pay c. £5."
    assert [text[start:end] for start, end in sentence_spans(text)] == [
        "Saw Mr. Khan at 10 a.m. today.",
        "He owes £40.",
        "Will pay c. £5.",
    ]


PIECES = st.sampled_from(
    [*EMAIL.split("\n"), "> you", "--", "\t", "14:05 - x", "\x00\u202e", "Dear Sir", "", "NB private"]
)


@settings(max_examples=150, derandomize=True)
@given(st.lists(st.one_of(PIECES, st.text(max_size=30)), max_size=25))
def test_no_line_is_lost_whatever_the_notes_are(lines: list[str]) -> None:
    notes = "\n".join(lines)
    read = read_lines(notes)
    assert [line.number for entry in read_entries(notes) for line in entry.lines] == [
        line.number for line in read
    ]
    for entry in read_entries(notes):
        spans = sentence_spans(entry.text)
        assert "".join(entry.text[start:end] for start, end in spans).replace(" ", "") == entry.text.replace(
            " ", ""
        )
