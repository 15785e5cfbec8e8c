"""The checks of a finished letter: each finds what it is there for, whoever wrote it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from casewright.api.notes import Check, Contradiction, LeftOut, Sentence
from casewright.notes.convert import Wishes, compose, draft
from casewright.notes.ground import faults
from casewright.notes.letter import HEADINGS, Style
from casewright.notes.reading_age import reading_age
from casewright.notes.verify import NAMES, Finished, verify

NOTES = """cl owes Barclays £450
cl to send payslips by 12 May
I will call Barclays, ref PPR-9087
NB private: cl drinks too much
cl has not agreed to the plan"""
NAME = "Ann Other"


def finished(notes: str = NOTES, **changes: Any) -> Finished:
    made = draft(notes, None, NAME)
    letter = compose(made, NAME)
    whole = Finished(
        notes=notes,
        full_text=letter.full_text,
        sections=letter.sections,
        sentences=letter.sentences,
        facts=letter.facts,
        left_out=letter.left_out,
        contradictions=letter.contradictions,
        unsure_lines=letter.unsure_lines,
        client_name=NAME,
    )
    return replace(whole, **changes)


def saying(place: int, text: str, **changes: Any) -> Finished:
    """The letter with another text for one of its sentences, in all three places where it stands."""
    whole = finished()
    said = list(whole.sentences)
    before = said[place].text
    said[place] = said[place].model_copy(update={"text": text, **changes})
    return replace(
        whole,
        sentences=tuple(said),
        sections={name: tuple(one.text for one in said if one.section == name) for name in HEADINGS},
        full_text=whole.full_text.replace(before, text),
    )


def failed(letter: Finished) -> dict[str, Sequence[str]]:
    return {check.name: check.where for check in verify(letter, faults) if not check.passed}


def test_a_right_letter_passes_and_names_every_check() -> None:
    checks = verify(finished(), faults)
    assert [check.name for check in checks] == list(NAMES)
    assert [check for check in checks if not check.passed] == []


@pytest.mark.parametrize(
    ("place", "text", "name"),
    [
        (0, "You owe Barclays £540.", "amounts"),
        (0, "You owe Lowell £450.", "names"),
        (1, "You need to send payslips by 13 May.", "dates"),
        (1, "We will send payslips by 12 May.", "owners"),
        (2, "We will call Barclays, ref PPR-9078.", "references"),
        (2, "You need to call Barclays, ref PPR-9087.", "owners"),
        (3, "You have agreed to the plan.", "negations"),
    ],
)
@pytest.mark.parametrize("by", ["code", "model"])
def test_a_wrong_sentence_is_found_whoever_wrote_it(place: int, text: str, name: str, by: str) -> None:
    found = failed(saying(place, text, written_by=by))
    assert name in found, found
    assert found[name][0].startswith(f"sentence {place + 1}")


def test_what_is_not_in_the_text_or_stands_elsewhere_is_found() -> None:
    whole = finished()
    lost = whole.full_text.replace("- You owe Barclays £450.\n", "")
    assert failed(replace(whole, full_text=lost)) == {"sections": ("matters_discussed",)}
    more = whole.full_text.replace("Your actions\n", "Your actions\n- You need to pay £9.\n")
    assert failed(replace(whole, full_text=more)) == {"sections": ("your_actions",)}
    moved = [said.model_copy(update={"section": "our_actions"}) for said in whole.sentences]
    assert {"sections", "owners"} >= set(failed(replace(whole, sentences=tuple(moved)))) >= {"sections"}


def test_a_line_that_nobody_accounts_for_is_found() -> None:
    whole = finished()
    assert "every_line_accounted" in failed(replace(whole, sentences=whole.sentences[1:]))
    assert failed(replace(whole, left_out=()))["every_line_accounted"] == ("line 4",)
    twice = LeftOut(line=1, text="x", reason="both")
    assert failed(replace(whole, left_out=(*whole.left_out, twice)))["every_line_accounted"] == ("line 1",)


@pytest.mark.parametrize(
    "change", [{"facts": ()}, {"facts": ("f9",)}, {"lines": ()}, {"lines": (1, 2)}, {"lines": (99,)}]
)
def test_a_sentence_without_its_source_is_found(change: dict[str, Any]) -> None:
    assert "sources" in failed(saying(0, "You owe Barclays £450.", **change))


def test_a_fact_in_other_words_than_its_line_is_found() -> None:
    whole = finished()
    other = whole.facts[0].model_copy(update={"text": "cl owes Barclays £45"})
    assert "fact f1" in failed(replace(whole, facts=(other, *whole.facts[1:])))["sources"]


def test_a_private_line_that_came_in_is_found() -> None:
    whole = finished()
    text = "We noted: “cl drinks too much”."
    fact = whole.facts[0].model_copy(update={"id": "f9", "text": "cl drinks too much", "lines": (4,)})
    said = Sentence(text=text, section="matters_discussed", facts=("f9",), lines=(4,), written_by="code")
    found = failed(
        replace(whole, facts=(*whole.facts, fact), sentences=(*whole.sentences, said), left_out=())
    )
    assert found["private_lines_withheld"] == ("line 4",)


def test_what_a_person_must_see_is_no_silence() -> None:
    clash = Contradiction(lines=(1, 2), what="two amounts for one debt", values=("£1", "£2"))
    found = failed(replace(finished(), contradictions=(clash,), unsure_lines=(1, 5)))
    assert found == {
        "no_contradictions": ("lines 1, 2: two amounts for one debt",),
        "no_unsure_lines": ("line 1", "line 5"),
    }


@pytest.mark.parametrize(
    "name", ["<b>Ann</b>", "[Ann](http://x)", "Ann\u202eOther", "Ann\nOther", "\x00", "A{B}"]
)
def test_a_name_with_anything_but_a_name_in_it_is_shown_to_a_person(name: str) -> None:
    assert "client_name_safe" in failed(replace(finished(), client_name=name))


@pytest.mark.parametrize(
    "name", ["Zoë O’Neil-Smith", "李雷", "Dr. A. B. Khan", "María-José (Pepa) & Sons", "नेहा"]
)
def test_a_name_is_a_name(name: str) -> None:
    assert "client_name_safe" not in failed(replace(finished(), client_name=name))


def test_a_reading_age_fails_only_where_it_was_asked_for() -> None:
    long = (
        "cl says that "
        + "the administrative correspondence regarding outstanding liabilities " * 4
        + "continues"
    )
    checks = {check.name: check for check in verify(finished(long), faults)}
    assert checks["reading_age"].passed
    assert "none was asked for" in checks["reading_age"].detail
    found = failed(replace(finished(long), reading_age=9))
    assert found["reading_age"] == ("sentence 1", "the letter as a whole")
    assert "reading_age" not in failed(replace(finished(), reading_age=12))


def test_the_index_is_the_published_one() -> None:
    # 4 words, 29 letters, 1 sentence, and five years
    words = ["Overpayments reduce your benefit."]
    assert reading_age(words) == pytest.approx(4.71 * 29 / 4 + 0.5 * 4 - 21.43 + 5)
    assert reading_age(["Ok."]) == reading_age(["You owe £56a."]) == 5.0, "no age below that of school"
    assert reading_age(["…"]) is None


def test_many_places_are_counted_not_listed() -> None:
    notes = "\n".join(f"KT to sort {n} of them" for n in range(40))
    (check,) = (one for one in verify(finished(notes), faults) if one.name == "no_unsure_lines")
    assert isinstance(check, Check)
    assert (len(check.where), check.where[-1]) == (21, "and 20 more")


@pytest.mark.parametrize("tone", ["plain", "warm", "formal"])
@pytest.mark.parametrize("template", ["standard", "short"])
def test_tone_and_template_change_nothing_that_is_checked(tone: Any, template: Any) -> None:
    style = Style(tone, template, "Mira\nAdviser")
    letter = compose(draft(NOTES, date(2026, 5, 1), NAME), NAME, date(2026, 5, 1), wishes=Wishes(style))
    assert [check.name for check in letter.checks if not check.passed] == []
    assert letter.full_text.startswith("Dear Ann Other,\n\n")
    assert letter.full_text.endswith("\n\nMira Adviser\n")
    assert ("1 May 2026" in letter.full_text) == (template == "standard")


def test_what_is_due_is_a_fact_where_the_day_is_beyond_doubt() -> None:
    notes = "cl to send payslips by 12 May\ncl to call by next Tuesday\ncl owes £5 by 12 May\ncl to sign form"
    facts = compose(draft(notes, date(2026, 5, 1), NAME), NAME, date(2026, 5, 1)).facts
    assert [fact.due for fact in facts] == [date(2026, 5, 12), None, None, None]
