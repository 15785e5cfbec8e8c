"""What is read or judged once for a letter is taken again only for exactly the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import pytest

from casewright.notes.convert import compared, compose, decided, draft
from casewright.notes.read_once import JudgedOnce, Reading, read_once
from casewright.notes.shapes import Context, Fault, SourceLine
from casewright.notes.verify import Finished, verify

NOTES = "cl owes Barclays £450\nNB private: cl smelt of drink\ncl to send payslips by 12 May"
NAME = "Ann Other"
LINES = (SourceLine(1, "cl owes Barclays £450"),)
CONTEXT = Context(NAME, "matters_discussed", "client", True)


class Judge:
    """Finds the same fault in everything, and counts."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, tuple[SourceLine, ...], Context]] = []

    def __call__(self, sentence: str, lines: Sequence[SourceLine], context: Context) -> tuple[Fault, ...]:
        self.asked.append((sentence, tuple(lines), context))
        return (Fault("word", f"{len(self.asked)}"),)


def test_the_same_notes_are_read_once() -> None:
    first = read_once(NOTES, NAME)
    assert read_once(NOTES, NAME, first) is first
    assert list(first.withheld) == [2]


@pytest.mark.parametrize(("notes", "name"), [(NOTES + " ", NAME), (NOTES, "Ann"), ("", NAME)])
def test_other_notes_are_read_anew(notes: str, name: str) -> None:
    first = read_once(NOTES, NAME)
    assert read_once(notes, name, first) == read_once(notes, name)


def test_a_letter_is_not_checked_by_what_was_read_of_other_notes() -> None:
    made = draft(NOTES, None, NAME)
    letter = compose(made, NAME)
    whole = Finished(
        notes=NOTES,
        full_text=letter.full_text,
        sections=letter.sections,
        sentences=letter.sentences,
        facts=letter.facts,
        left_out=letter.left_out,
        contradictions=letter.contradictions,
        unsure_lines=letter.unsure_lines,
        client_name=NAME,
        reading=made.reading,
    )
    judge = Judge()
    assert verify(whole, judge) == letter.checks
    assert verify(replace(whole, reading=None), judge) == letter.checks
    forged = Reading(NOTES + "\nx", NAME, (), {})
    assert verify(replace(whole, reading=forged), judge) == letter.checks
    more = verify(replace(whole, notes=NOTES + "\ncl owes Aviva £54"), judge)
    assert [(check.name, check.where) for check in more if not check.passed] == [
        ("every_line_accounted", ("line 4",))
    ]


def test_a_sentence_is_judged_once_and_anew_where_anything_differs() -> None:
    judge = Judge()
    once = JudgedOnce(judge)
    first = once("You owe £450.", LINES, CONTEXT)
    assert once("You owe £450.", list(LINES), replace(CONTEXT)) is first
    others = [
        once("You owe £45.", LINES, CONTEXT),
        once("You owe £450.", (*LINES, SourceLine(2, "x")), CONTEXT),
        once("You owe £450.", (SourceLine(1, "cl owes Aviva £54"),), CONTEXT),
        once("You owe £450.", LINES, replace(CONTEXT, covers=False)),
        once("You owe £450.", LINES, replace(CONTEXT, meeting=date(2026, 5, 1))),
    ]
    assert len({first, *others}) == len(judge.asked) == 6


def test_contradictions_looked_for_later_are_the_same() -> None:
    notes = (
        "cl owes Barclays £450\nhearing 12 May 2026\nBarclays debt is £540, cl says\nhearing on 13 May 2026"
    )
    later = decided(notes, None, NAME)
    assert later.contradictions == ()
    assert compared(later) == draft(notes, None, NAME)
    assert compared(later).contradictions
