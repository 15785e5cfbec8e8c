"""A heading that turns what stands below it ("Cl not to:") is never lost, and its items are no actions."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from casewright.api.notes import Check, Section
from casewright.notes.convert import Letter, compose, draft
from casewright.notes.ground import faults
from casewright.notes.read import read_entries
from casewright.notes.read_headings import turns
from casewright.notes.shapes import Context, SourceLine
from casewright.notes.verify import Finished, verify

TURNING = (
    "Cl not to", "cl not to", "Client must not", "Not agreed", "Do not", "DO NOT", "Don't", "Dont",
    "Don’t do", "Refused", "Cl refused to", "Rejected", "Declined", "We will not", "We won't",
    "Not done yet", "Not yet", "Cl did not agree to", "Cl does not want", "Never",
    "No agreement on", "Nothing agreed re", "Advised against", "Avoid", "Stop", "Unless LL agrees",
    "Only if LL serves notice", "If evicted", "When notice comes", "Once DRO granted",
    "Until hearing", "After LL serves notice", "In case of eviction", "Subject to funding", "Maybe",
    "Possibly later", "TBC", "To consider", "Options", "Cl could", "Actions??", "Already done",
    "Done", "Completed", "Cancelled", "No longer needed", "Previously", "Agreed last time",
    "On hold", "Instead of",
)  # fmt: skip
PLAIN = {
    "Actions": None,
    "Cl to do": "your_actions",
    "Client to do": "your_actions",
    "Your actions": "your_actions",
    "Us": "our_actions",
    "Me": "our_actions",
    "Us to do": "our_actions",
    "Our actions": "our_actions",
    "Next steps": None,
    "To do": None,
    "Background": None,
    "Debts": None,
    "Housing": None,
    "Income": None,
}
ITEMS = (
    "sign the settlement agreement",
    "leave the flat",
    "send bank statements",
    "Apply to the council today.",
)
_ACTIONS = ("our_actions", "your_actions")


def letter(notes: str) -> Letter:
    return compose(draft(notes), "Ann Other")


def holds(notes: str, heading: str, items: list[str]) -> None:
    """Each item is said with its heading, in the matters, as unsure; both lines are cited."""
    made = letter(notes)
    if any(one.line == 1 and one.to_decide for one in made.left_out):  # the heading seems private: all of it
        assert made.sentences == ()
        return
    for item in items:
        (said,) = [one for one in made.sentences if item in one.text]
        assert said.section == "matters_discussed"
        assert heading in said.text
        assert len(said.lines) == 2
        assert set(said.lines) <= set(made.unsure_lines)
    assert {one.line for one in made.left_out}.isdisjoint(n for s in made.sentences for n in s.lines)
    failed = [check.name for check in made.checks if not check.passed]
    assert failed == ["no_unsure_lines"]
    assert not made.ready_to_send


@pytest.mark.parametrize("heading", TURNING)
def test_an_item_is_not_said_without_the_heading_that_turns_it(heading: str) -> None:
    holds(f"{heading}:\n- {ITEMS[0]}\n- {ITEMS[1]}", heading, list(ITEMS[:2]))
    holds(f"{heading}\n- {ITEMS[0]}\n- {ITEMS[2]}", heading, [ITEMS[0], ITEMS[2]])
    holds(f"{heading}:\n{ITEMS[3]}", heading, [ITEMS[3]])


@pytest.mark.parametrize(("heading", "section"), PLAIN.items())
def test_other_headings_stay_as_they_are(heading: str, section: str | None) -> None:
    made = letter(f"{heading}:\n- send bank statements")
    assert not turns(heading)
    assert [one.line for one in made.left_out] == [1]
    assert [one.lines for one in made.sentences] == [(2,)]
    if section is not None:
        assert made.sentences[0].section == section
        assert made.unsure_lines == ()


@pytest.mark.parametrize(
    "heading", ["Case no", "Ref no", "Last known address", "Case", "May rent", "Debt options paid"]
)
def test_words_that_only_look_alike(heading: str) -> None:
    assert turns(heading) == (heading == "Debt options paid")


@given(
    st.sampled_from([case(one) for one in TURNING for case in (str, str.upper, str.lower)]),
    st.lists(st.sampled_from(ITEMS), min_size=1, max_size=4, unique=True),
    st.sampled_from(["- ", "* ", "• ", "1. ", "a) ", "    ", "\t- ", "[ ] ", "– "]),
    st.tuples(
        st.sampled_from([":", "", " :", ":-", " -", "..."]), st.sampled_from(["\n", "\n\n", "\n\n\n"])
    ).map("".join),
    st.sampled_from(["", "Cl lives in Leeds.\n", "Cl to do:\n- call us\n\n", "Us:\n"]),
)
@settings(max_examples=500, deadline=None, derandomize=True)
def test_no_way_of_writing_it_makes_an_item_a_plain_action(
    heading: str, items: list[str], bullet: str, colon: str, before: str
) -> None:
    listed = "".join(
        f"{f'{number}. ' if bullet == '1. ' else bullet}{item}\n" for number, item in enumerate(items, 1)
    )
    made = letter(f"{before}{heading}{colon}{listed}\nCl to do:\n- ring the council\n")
    told = {item for item in items for out in made.left_out if item in out.text}
    for said in made.sentences:
        for item in items:
            if item.rstrip(".").lower() in said.text.lower():
                told.add(item)
                assert said.section == "matters_discussed"
                assert heading in said.text
    assert told == set(items)
    assert any(said.text == "You need to ring the council." for said in made.sentences)


def test_a_heading_within_one_goes_with_the_items_too() -> None:
    made = letter("Not agreed:\n- with LL:\n  - sign tenancy\n- leave\nCl to do:\n- send form")
    assert [(one.lines, one.text) for one in made.sentences] == [
        ((1, 2, 3), "We noted under “Not agreed: with LL”: “sign tenancy”."),
        ((1, 4), "We noted under “Not agreed”: “leave”."),
        ((6,), "You need to send form."),
    ]


@pytest.mark.parametrize(
    "line",
    [
        "not agreed: sign the settlement",
        "not agreed - sign the settlement",
        "Refused: leave the flat",
        "If evicted: apply to the council",
    ],
)
def test_such_a_heading_within_the_line_is_quoted_with_it(line: str) -> None:
    (said,) = letter(line).sentences
    assert (said.section, said.text) == ("matters_discussed", f"We noted: “{line}”.")
    assert letter(line).unsure_lines == (1,)


def test_a_heading_with_nothing_below_makes_no_sentence_of_its_own() -> None:
    assert [one.text for one in letter("Cl did not agree to:").sentences] == [
        "We noted: “Cl did not agree to:”."
    ]


def test_what_is_below_a_private_heading_is_withheld_with_it() -> None:
    made = letter("Do not tell cl:\n- his wife rang about the loan\n- send form")
    assert made.sentences == ()
    assert {one.line for one in made.left_out} == {1, 2, 3}


def test_a_paragraph_that_says_who_acts_ends_it() -> None:
    made = letter("Cl not to:\n- sign anything\n\nCl to send payslips")
    assert made.sentences[-1].text == "You need to send payslips."


def test_a_model_is_not_asked_about_such_items_and_could_not_turn_them() -> None:
    (said,) = draft("Cl not to:\n- sign the settlement").said
    assert not said.from_template and not said.claim.decision.sure
    lines = [SourceLine(said.claim.lines[0], said.claim.text)]
    context = Context("Ann Other", "your_actions", "client", sure=True)
    found = faults("You need to sign the settlement.", lines, context)
    assert "negation" in {fault.kind for fault in found}


def test_a_letter_that_lost_the_heading_fails_its_checks() -> None:
    notes = "Cl not to:\n- leave the flat"
    made = letter(notes)
    (said,) = made.sentences
    lost = replace_text(made, notes, "Leave the flat.", (2,))
    assert {"negations", "sections"} <= {check.name for check in lost if not check.passed}
    kept = replace_text(made, notes, said.text, said.lines, moved=False)
    assert "negations" not in {check.name for check in kept if not check.passed}


def replace_text(
    made: Letter, notes: str, text: str, lines: tuple[int, ...], *, moved: bool = True
) -> tuple[Check, ...]:
    section: Section = "your_actions" if moved else "matters_discussed"
    (said,), (fact,) = made.sentences, made.facts
    said = said.model_copy(update={"text": text, "lines": lines, "section": section})
    words = {"text": "leave the flat", "owner": "client"} if moved else {}
    fact = fact.model_copy(update={"lines": lines, "section": section, **words})
    sections: dict[Section, tuple[str, ...]] = dict.fromkeys(made.sections, ())
    sections[section] = (text,)
    letter_ = Finished(notes, made.full_text, sections, (said,), (fact,), made.left_out, (), (), "Ann Other")
    return verify(replace(letter_), faults)


@pytest.mark.parametrize(
    "notes",
    [
        "cl to:\n- not let bailiffs in, keep doors locked",
        "cl must not sign anything, send us copies first",
        "cl must not pay the £40, pay the rent",
        "I will not call LL, send a letter",
        "cl not to sign anything and send copies",
        "cl not to pay the fine but the rent",
    ],
)
def test_a_not_does_not_reach_what_comes_after_a_break(notes: str) -> None:
    (said,) = letter(notes).sentences
    assert said.text.startswith("We noted: “")
    assert letter(notes).unsure_lines


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("cl must not sign or send anything", "You must not sign or send anything."),
        ("cl not to contact LL", "You must not contact the landlord."),
        ("I will not call LL", "We will not call the landlord."),
    ],
)
def test_a_plain_not_is_still_said(line: str, text: str) -> None:
    assert [one.text for one in letter(line).sentences] == [text]


@pytest.mark.parametrize(
    "line",
    [
        "Agreed not to contact Capita",
        "Cl & I to go thru budget next time",
        "cl/adv to ring DWP",
        "EMPLOYMENT / tel. call 18.05.26 / adviser R. Jha",
        "Debt - phone call - 12/05/2026",
    ],
)
def test_what_does_not_say_who_acts_is_no_sure_action(line: str) -> None:
    made = letter(f"Cl to do:\n- send form\n\n{line}")
    assert [one.section for one in made.sentences if line in one.text] == ["matters_discussed"]
    assert made.unsure_lines == (4,)


@pytest.mark.parametrize("heading", ["me", "Us", "Adviser to do", "R. Jha to do"])
def test_an_advisers_action_does_not_read_as_an_order(heading: str) -> None:
    made = letter(f"{heading}:\nApply for breathing space today.\nSend the form to DWP.")
    for said in made.sentences:
        assert said.section != "our_actions" or said.text.startswith(("We will ", "We noted"))


def test_a_talk_written_down_gives_us_no_action() -> None:
    made = letter("Me: send it by Friday")
    assert all(not said.text.startswith("We will") for said in made.sentences)


@pytest.mark.parametrize(
    "head", ["tel. call 18.05.26", "by phone", "video call", "e-mail from cl", "Cl came in"]
)
def test_the_opening_claims_no_meeting(head: str) -> None:
    opening = letter(f"{head}\nCl owes £40").full_text.partition("Matters discussed")[0]
    assert "meeting" not in opening


def test_entries_know_the_headings_over_them() -> None:
    heading, first, second = read_entries("Not agreed\n\n- leave\n- sign")
    assert heading.heads and not heading.under
    assert [line.number for line in (*first.under, *second.under)] == [1, 1]
