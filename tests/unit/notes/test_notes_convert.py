"""Whole notes: every line accounted for, no figure lost, the letter as it reads; whatever the text is."""

from __future__ import annotations

import re
import time
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from casewright.notes import words as w
from casewright.notes.check import bare_words
from casewright.notes.convert import compose, draft
from casewright.notes.letter import quotation, quoted
from casewright.notes.owner import plain_words
from casewright.notes.read import read_lines

VOCABULARY = """
    cl client ct I we you adv LL DWP RM Barclays to will not must told says has is call send pay payslips form
    £450 £54 12 May PPR-9087 by re and & if unless Friday tomorrow c. £200 @2pm w/ w/o he his them cl's my me
    . ; : - Action: don't never 1. • “x” (internal) Client to do: needs the landlord c.£9 C2 also ask
"""
WORDS = st.sampled_from(VOCABULARY.split())
SOUP = st.lists(st.lists(WORDS, max_size=9).map(" ".join), max_size=8).map("\n".join)
FOR_A_PERSON = {"no_unsure_lines", "no_contradictions", "reading_age"}
DAY = st.one_of(st.none(), st.dates())
EXAMPLE = """Meeting 12 May
Background:
cl lives with 2 children
- cl says LL has not fixed boiler
NB private: LL seems difficult

Client to do:
1. send payslips by 20 May
2. sign form of authority
Our actions
- call Barclays re arrears £450
RM to check PPR-9087
"""


def accounted(notes: str, meeting: date | None) -> None:
    made = draft(notes, meeting)
    letter = compose(made, "Ann Other", meeting)
    lines = {line.number: line.text for line in read_lines(notes)}
    used = {number for sentence in letter.sentences for number in sentence.lines}
    out = {left.line for left in letter.left_out}
    assert used | out == set(lines)
    assert not used & out
    assert [c for c in letter.checks if not c.passed and c.name not in FOR_A_PERSON] == []
    assert (letter.lines_total, letter.lines_used) == (len(lines), len(used))
    assert all(left.reason for left in letter.left_out)
    for number in used:
        said = " ".join(s.text for s in letter.sentences if number in s.lines)
        assert [run for run in re.findall(r"\d+", lines[number]) if run not in said] == []
    for sentence in letter.sentences:
        assert f"- {sentence.text}\n" in letter.full_text
        assert sentence.text == " ".join(sentence.text.split())


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.text(max_size=300), DAY)
def test_any_text_is_accounted_for(notes: str, meeting: date | None) -> None:
    accounted(notes, meeting)


@settings(max_examples=400, deadline=None, derandomize=True)
@given(SOUP, DAY)
def test_any_soup_of_note_words_is_accounted_for_and_nobody_is_swapped(
    notes: str, meeting: date | None
) -> None:
    accounted(notes, meeting)
    for said in draft(notes, meeting).said:
        first = next((word for word in plain_words(said.claim.text) if word not in ("the", "")), "")
        if said.text in (quoted(said.claim.text), quotation(said.claim)):
            continue
        if said.claim.decision.opening is None:  # the line in its own words, which names nobody by a pronoun
            assert bare_words(said.text) == bare_words(said.claim.text)
            assert not (w.HERE | w.THERE | w.CLIENT | {"you", "your"}) & set(plain_words(said.text))
            assert said.claim.decision.sure
            continue
        if said.claim.decision.section == "our_actions":
            assert said.text.startswith("We will")
            assert first not in w.CLIENT | {"you"}
        if said.claim.decision.section == "your_actions":
            assert said.text.startswith("You ")
            assert first not in w.ADVISER | w.HERE


def test_the_letter_as_it_reads() -> None:
    letter = compose(draft(EXAMPLE, date(2026, 5, 12)), "Ann Other", date(2026, 5, 12))
    assert letter.full_text == (
        "Dear Ann Other,\n\n"
        "Thank you for being in touch with us on 12 May 2026. This letter says what was noted.\n\n"
        "Matters discussed\n"
        "- Meeting 12 May.\n"
        "- You live with 2 children.\n"
        "- You told us that the landlord has not fixed boiler.\n"
        "\nOur actions\n"
        "- We will call Barclays about arrears £450.\n"
        "- We noted: “RM to check PPR-9087”.\n\n"
        "Your actions\n"
        "- You need to send payslips by 20 May.\n"
        "- You need to sign form of authority.\n\n"
        "Please tell us if anything here is wrong or missing.\n\n"
        "Yours sincerely\n"
    )
    assert [(left.line, left.reason) for left in letter.left_out] == [
        (2, "a heading"),
        (5, "marked as private: “NB private”"),
        (7, "a heading"),
        (10, "a heading"),
    ]
    # nobody acts in line 1, and how sure that is, the classifier says; RM may be anybody
    assert {12} <= set(letter.unsure_lines) <= {1, 12}


def test_the_plans_own_example() -> None:
    letter = compose(draft("Client discussed legal requirements"), "John Smith")
    assert letter.sections["matters_discussed"] == ("You discussed legal requirements.",)
    assert letter.full_text.startswith("Dear John Smith,\n")
    assert "No actions for you were noted.\n" in letter.full_text
    assert letter.facts[0].owner == "client"


def test_an_empty_section_does_not_deny_what_is_only_unsure() -> None:
    text = compose(draft("“we will call” was all that she heard"), "A").full_text
    assert "No actions for you were noted. Some of what we noted above does not say who is to act." in text


def test_facts_carry_their_figures_as_written() -> None:
    (fact,) = compose(draft("cl to pay £450 to Barclays by next Tuesday, ref PPR-9087"), "A").facts
    assert (fact.amounts, fact.dates, fact.references) == (("£450",), ("next Tuesday",), ("PPR-9087",))
    assert (fact.id, fact.lines, fact.owner, fact.sure) == ("f1", (1,), "client", True)


@pytest.mark.parametrize("name", ["A\nB", "A\r\n\r\nDear Eve", "A\x00B\u202eC", "\tA"])
def test_a_name_cannot_break_the_letter(name: str) -> None:
    text = compose(draft("cl owes £5"), name).full_text
    first, rest = text.split("\n\n", 1)
    assert first.startswith("Dear A")
    assert first.endswith(",")
    assert "\n" not in first
    assert rest.startswith("Thank you for being in touch with us.")


def test_a_name_with_nothing_printable_is_addressed_neutrally() -> None:
    assert compose(draft("cl owes £5"), "\x00").full_text.startswith("Dear Client,\n")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (f"I will send 9 {short} 9", f"We will send 9 {full} 9.")
        for short, full in w.SHORTHAND.items()
        if short != "c."
    ]
    + [("I will send c. £9", "We will send about £9."), ("I will send c.£9", "We will send about £9.")],
)
def test_every_shorthand_is_expanded_and_holds(line: str, said: str) -> None:
    assert draft(line).said[0].text == said


@pytest.mark.parametrize(
    "line",
    [
        "I will send pw",
        "I will send form C 100",
        "I will send form c 100",
        "I will call a@b.uk",
        "I will call wk coach",
    ],
)
def test_what_only_looks_like_shorthand_is_left(line: str) -> None:
    assert draft(line).said[0].text == line.replace("I ", "We ", 1) + "."


def test_shorthand_within_words_is_left() -> None:
    assert draft("I will call the ref, Reading office, approx. 2 wks").said[0].text == (
        "We will call the ref, Reading office, about 2 weeks."
    )


@pytest.mark.parametrize(
    "notes",
    [
        "cl to pay x. " * 15_000,
        "cl to pay; " * 18_000,
        "cl to pay £5\n" + "by x\n" * 39_000,
        "a-1" * 60_000,
        "c.£9 " * 40_000,
    ],
    ids=lambda notes: notes[:12],
)
def test_no_text_within_the_bounds_takes_for_ever(notes: str) -> None:
    began = time.process_time()
    letter = compose(draft(notes[:200_000]), "A")
    assert [c for c in letter.checks if not c.passed and c.name not in FOR_A_PERSON] == []
    assert time.process_time() - began < 20, (
        "the work grows with the text, not with its square (that took 120 s)"
    )
