"""Below a heading that turns its items, or whose kind is not known, nothing becomes a sure action."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from casewright.api.notes import Sentence
from casewright.notes.convert import Letter, compose, draft
from casewright.notes.read_heading_kinds import kind_of, turns
from casewright.notes.read_headings import MOST_WORDS

ACTIONS = ("our_actions", "your_actions")
TURNING = (
    "Cl not to", "Client must not", "Not agreed", "Do not", "Don't", "Cl refused to", "We won't",
    "Not done yet",
    "Cl did not agree to", "Cl does not want", "Never", "Nothing agreed re", "Advised against",
    "Only if LL serves notice", "If evicted", "When notice comes", "Until hearing", "Subject to funding",
    "Maybe",
    "To consider", "Cl could", "Already done", "Cancelled", "On hold", "LL wants cl to",
    "To do after hearing",
)  # fmt: skip
BARE = ("sign the settlement agreement", "leave the flat", "send bank statements", "hand back keys")
NAMED = (
    "cl to sign the tenancy agreement",
    "client to pay the bailiff",
    "I will ring DWP",
    "Adv to chase HMRC",
)


def letter(notes: str) -> Letter:
    return compose(draft(notes), "Ann Other")


def sure_actions(made: Letter) -> list[Sentence]:
    """The sentences among the actions that no person is asked to look at."""
    unsure = set(made.unsure_lines)
    return [said for said in made.sentences if said.section in ACTIONS and unsure.isdisjoint(said.lines)]


def accounted(made: Letter, notes: str) -> None:
    used = {number for said in made.sentences for number in said.lines}
    out = {one.line for one in made.left_out}
    assert used | out == {number for number, line in enumerate(notes.split("\n"), 1) if line.strip()}
    assert not used & out
    assert {check.name for check in made.checks if not check.passed} <= {"no_unsure_lines"}


@pytest.mark.parametrize(
    "notes",
    [
        "Cl not to:\n\nleave the flat\n\nsign the tenancy agreement",
        "Do not:\n\nleave the flat\n\nsign the tenancy agreement",
        "Only if LL serves notice:\nleave the flat\n\nsign the tenancy agreement",
        "Cl not to:\n- leave the flat\n\nsign the tenancy agreement",
        "Cl not to;\n- leave the flat",
        "Cl not to.\n- leave the flat",
        "Cl not to,\n- leave the flat\n- cl to sign form",
        "Already done.\n- cl to sign form",
        "Cl not to:\n- leave\n\n- cl to sign the tenancy agreement",
        "Cl not to:\n- leave\nclient to sign the tenancy agreement",
        "Cl not to:\n- leave the flat\nor:\n- sign the tenancy agreement",
        "Cl not to:\n- leave the flat\nEsp:\n- cl to hand back keys",
        "Cl not to:\n- leave the flat\nIncluding:\n- cl to hand back keys",
        "Cl not to: leave the flat,\nsign the tenancy agreement\npay the bailiff",
        "Cl not to: leave the flat\nsign the tenancy agreement\npay the bailiff",
        "Never\nleave the flat",
        "Please don't\nleave the flat",
        "Only if LL agrees\nleave the flat",
        "On no account\nleave the flat",
        "Cl not to:\n\ncl to sign x form\n\ncl to leave the flat",
        "Cl not to do any of these\nleave the flat",
        "What not to do in the next few weeks before hearing\n- leave the flat\n- cl to sign form",
        "Cl must not under any\ncircumstances:\n- leave the flat\n- cl to sign form",
    ],
)
def test_what_a_heading_turns_is_an_unsure_matter_however_far_it_reaches(notes: str) -> None:
    made = letter(notes)
    heading = notes.partition("\n")[0].partition(":")[0].rstrip(".;,")
    assert not any(said.section in ACTIONS for said in made.sentences)
    assert made.sentences
    assert all(heading in said.text and set(said.lines) <= set(made.unsure_lines) for said in made.sentences)
    accounted(made, notes)


@pytest.mark.parametrize(
    "heading",
    [
        "To do after the hearing", "Should LL serve notice", "Out of time to", "Cl worried she has to",
        "LL wants cl to", "LL told cl to", "LL asks cl to", "Cl was going to", "Cl's friend said",
        "What the other side wants", "Fraudster's message", "Too late to", "Illegal to", "Myth", "Scam",
        "Plan B",
        "Refrain from", "Struck out", "LL threatens to", "Cl fears", "Old actions", "LL says", "LL to do",
        "LL",
        "Letter from DWP", "Something that nobody thought of", "Eviction notice", "Cl may", "Council letter",
    ],
)  # fmt: skip
@pytest.mark.parametrize("before", ["", "Cl will:\n- bring payslips\n"])
def test_below_a_heading_of_no_known_kind_no_action_is_sure(heading: str, before: str) -> None:
    notes = f"{before}{heading}:\n- leave the flat\n- cl to leave the flat by 3 May\n- I will ring DWP"
    made = letter(notes)
    sure = sure_actions(made)
    assert [said.lines for said in sure] == ([(2,)] if before else [])
    out = {one.line for one in made.left_out}
    first = notes.count("\n") - 2
    if first not in out:  # else the heading is withheld or, with nothing below it that it changes, left out
        assert any(heading in said.text for said in made.sentences if first in said.lines)
    accounted(made, notes)


@pytest.mark.parametrize(
    "line",
    ["Plan B: cl to sign form", "Fraudster's message: cl to send bank details", "LL says: cl to leave"],
)
def test_the_same_within_the_line(line: str) -> None:
    made = letter(line)
    assert sure_actions(made) == []
    assert [said.text for said in made.sentences] == [f"We noted: “{line}”."]
    accounted(made, line)


def test_a_line_of_several_sentences_below_a_day_passes_its_checks() -> None:
    notes = "Mon 3 May:\n- sign form. Cl to ring LL. I will ring DWP"
    made = letter(notes)
    assert "We noted under “Mon 3 May”: “sign form.”." in [said.text for said in made.sentences]
    accounted(made, notes)


def test_a_sub_heading_of_no_known_kind_is_no_action_itself() -> None:
    made = letter("Cl will:\n- send form\nTo bring in next time she comes:\n- sign form")
    assert [said.text for said in sure_actions(made)] == ["You need to send form."]


@pytest.mark.parametrize(
    ("notes", "texts"),
    [
        (
            "Vulnerable? Yes - depression\n\n- cl to send bank statements",
            ["You need to send bank statements."],
        ),
        ("No. of dependants:\n- cl to send bank statements", ["You need to send bank statements."]),
        ("Deposit held by DPS:\n- cl to send bank statements", ["You need to send bank statements."]),
        ("Later today:\n- cl to send bank statements", ["You need to send bank statements."]),
        ("Disputed debts:\n- cl to send bank statements", ["You need to send bank statements."]),
        ("Cl not working\n- Cl to apply for UC", ["You need to apply for UC."]),
        ("UC claim - not yet started\n- Cl to apply for UC", ["You need to apply for UC."]),
        (
            "Cl can't work -\nback injury\nCl to send fit note\nAdv to chase DWP",
            ["You need to send fit note.", "We will chase DWP."],
        ),
        ("Cl can pay £50 pm instead...\nCl to set up DD", ["You need to set up DD."]),
        (
            "Would like help with:\n- debts\nCl to bring letters\nI will ring DWP by 3 May",
            ["You need to bring letters.", "We will ring DWP by 3 May."],
        ),
    ],
)
def test_ordinary_notes_are_not_swallowed(notes: str, texts: list[str]) -> None:
    assert [said.text for said in sure_actions(letter(notes))] == texts


@pytest.mark.parametrize(
    ("heading", "kind"),
    [
        ("Debts", "plain"), ("Rent arrears", "plain"), ("Agreed", "plain"), ("Cl will now", "plain"),
        ("Actions agreed", "plain"), ("Next steps for cl", "plain"), ("Re DWP appeal", "plain"),
        ("Mon 3 May", "neutral"), ("Capita", "neutral"), ("Case 2", "neutral"), ("Today", "neutral"),
        ("LL", "open"), ("Mr Khan", "open"), ("Plan B", "open"), ("Cl told Capita", "open"), ("or", "open"),
        ("Also", "open"), ("Cl not to", "turning"), ("LL says", "turning"), ("Rent after May", "turning"),
    ],
)  # fmt: skip
def test_kinds(heading: str, kind: str) -> None:
    assert kind_of(f"{heading}:") == kind
    made = letter(f"{heading}:\n- cl to send bank statements\n- leave the flat")
    sure = [said.text for said in sure_actions(made)]
    assert ("You need to send bank statements." in sure) == (kind in ("plain", "neutral"))
    assert kind == "plain" or not any("flat" in text for text in sure)


def test_a_heading_that_only_the_classifier_withholds_fails_a_check_with_its_items() -> None:
    made = letter("In case of eviction:\n- leave the flat")
    assert {one.line for one in made.left_out if one.to_decide} == {1, 2}
    (failed,) = [check for check in made.checks if not check.passed]
    assert (failed.name, failed.where) == (
        "no_unsure_lines",
        ("line 2: withheld only for the heading over it",),
    )


@st.composite
def turned_notes(draw: st.DrawFn) -> tuple[str, str, list[str]]:
    """Notes whose items all stand under a heading that turns them; how the heading reads; and the items."""
    heading = draw(st.sampled_from(TURNING))
    bullet = draw(st.sampled_from(["- ", "* ", "1. ", "    ", "\t- ", "– ", ""]))
    ends = [":", " :", ":-", " -", "..."]
    ends += ["", ".", ",", ";"] if bullet else []
    end = draw(st.sampled_from(ends))
    items = draw(
        st.lists(st.sampled_from([*BARE, *(NAMED if bullet else ())]), min_size=1, max_size=5, unique=True)
    )
    first, _, last = heading.rpartition(" ")
    shape = draw(st.sampled_from(["plain", "wrapped", "long", "inline"]))
    if shape == "wrapped" and first and turns(first) and last.islower() and end in (":", " :", ":-"):
        head = f"{first}\n{last}{end}"
    elif shape == "long" and end in (":", " :"):
        head = f"{heading} in the next few weeks and months of the year{end}"
    elif shape == "inline" and len(heading.split()) <= MOST_WORDS:
        items = [one for one in items if one in BARE] or [BARE[0]]
        bullet, head = "", f"{heading}: {draw(st.sampled_from(['call the bank', 'open post,']))}"
    else:
        head = f"{heading}{end}"
    gap = draw(st.sampled_from(["\n", "\n\n", "\n \n"]))
    between = draw(
        st.lists(st.sampled_from(["\n", "\n", "\n\n", "\nor:\n", "\nEsp:\n"]), min_size=5, max_size=5)
    )
    listed = gap
    for number, (item, then) in enumerate(zip(items, between, strict=False), 1):
        listed += (f"{number}. " if bullet == "1. " else bullet) + item + then
    return f"{head}{listed}", heading, items


@given(turned_notes(), st.sampled_from(["", "Cl lives in Leeds.\n", "Cl to do:\n- call us\n\n", "Us:\n"]))
@settings(max_examples=600, deadline=None, derandomize=True)
def test_no_shape_of_the_notes_makes_a_turned_item_an_action(
    turned: tuple[str, str, list[str]], before: str
) -> None:
    body, heading, items = turned
    notes = f"{before}{body}\n\nCl to do:\n- ring the council"
    made = letter(notes)
    numbers = {line.strip(" -*–\t0123456789."): number for number, line in enumerate(notes.split("\n"), 1)}
    out = {one.line for one in made.left_out}
    for item in items:
        said = [one for one in made.sentences if numbers[item] in one.lines]
        assert said or numbers[item] in out
        for one in said:
            assert one.section == "matters_discussed"
            assert heading in one.text
            assert numbers[item] in made.unsure_lines
    assert any(one.text == "You need to ring the council." for one in sure_actions(made))
    accounted(made, notes)
