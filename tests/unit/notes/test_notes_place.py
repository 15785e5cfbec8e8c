"""The joint decision: what a guess may move and may not, the lines before, names, letters pasted in."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from casewright.notes import place as pl
from casewright.notes.claim import Claim
from casewright.notes.classify_features import Piece
from casewright.notes.decision import Decision, Names
from casewright.notes.letter import sentence
from casewright.notes.owner import decide
from casewright.notes.place import guess, pieces_of, placed, placed_all
from casewright.notes.read import Heading, read_entries

HEADINGS: tuple[Heading, ...] = ("none", "matters", "ours", "yours", "actions", "speech")
NAMES = Names.of("Shirin Kazemi", "Amina Yusuf")


@pytest.mark.parametrize(
    ("line", "section", "owner"),
    [
        ("to chase DWP re MR", "our_actions", "adviser"),
        ("ring LL", "our_actions", "adviser"),
        ("bring payslips", "your_actions", "client"),
        ("adv cl to appeal", "matters_discussed", "adviser"),
        ("expl'd BSO", "matters_discussed", "adviser"),
        ("cl worried re CCJ", "matters_discussed", "client"),
        ("LL served s21 14/3", "matters_discussed", "third_party"),
        ("council tax arrears £450", "matters_discussed", "client"),
        ("f/u 2 wks", "our_actions", "adviser"),
        ("JB to draft letter", "our_actions", "adviser"),
        ("LL to repair boiler by 5/6", "matters_discussed", "third_party"),
        ("DWP will write", "matters_discussed", "third_party"),
        ("Klient ma przynieść umowę najmu", "your_actions", "client"),
        ("Je vais appeler le propriétaire", "our_actions", "adviser"),
        ("Gwrthododd y landlord", "matters_discussed", "third_party"),
    ],
)
def test_shorthand_without_a_subject_finds_its_place(line: str, section: str, owner: str) -> None:
    found = placed(line, "none")
    assert (found.section, found.owner) == (section, owner)
    assert found.probability is not None


def test_what_a_sure_rule_says_stands() -> None:
    found = placed("cl to send payslips", "none")
    assert found.sure
    assert (found.section, found.opening, found.lead) == ("your_actions", "You need to", 2)


@given(
    line=st.text(max_size=80).filter(str.strip)
    | st.sampled_from(["cl to send", "I will call, cl to sign", "ring?"]),
    heading=st.sampled_from(HEADINGS),
    before=st.text(max_size=30),
)
@settings(max_examples=80, deadline=None)
def test_only_a_sure_rule_has_an_opening(line: str, heading: Heading, before: str) -> None:
    found, rule = placed(line, heading, before), decide(line, heading)
    assert found.owner != "unclear"
    assert found.probability is not None
    assert 0 <= found.probability <= 1
    if found.opening is not None:
        assert rule.sure
    if rule.doubted:
        assert not found.sure
    if found.section != "matters_discussed" and not rule.sure:
        assert found.probability >= pl.ACTION_FROM[found.section]


@pytest.mark.parametrize(
    "line",
    [
        "cl to send payslips and I will call Barclays",
        "“I will call Barclays”",
        "I will call, cl to sign form",
    ],
)
def test_two_people_and_somebodys_own_words_stay_among_the_matters(line: str) -> None:
    found = placed(line, "none")
    assert (found.section, found.sure) == ("matters_discussed", False)


@pytest.mark.parametrize(
    "line", ["If DWP refuse, cl to appeal", "bring payslips?", "ring LL if no reply", "CT to pay"]
)
def test_a_condition_or_a_question_is_always_shown(line: str) -> None:
    assert not placed(line, "none").sure


def test_initials_are_those_of_the_client_or_the_adviser() -> None:
    client, adviser = (
        placed("SK to stop driving", "none", "", NAMES),
        placed("AY to stop driving", "none", "", NAMES),
    )
    assert (client.owner, client.section) == ("client", "your_actions")
    assert adviser.owner == "adviser"


def test_names_that_are_words_or_shared_stand_for_nobody() -> None:
    assert "will" not in Names.of("Will Grant").client
    shared = Names.of("Ann Smith", "Alan Smith")
    assert shared.client == {"ann"}
    assert shared.adviser == {"alan"}
    assert Names.of("Mary R") == Names(frozenset({"mary", "M", "R"}), frozenset())
    assert Names.of("") == Names()


def test_a_line_under_a_letters_head_is_nobodys_action() -> None:
    found = placed("You must pay £450", "none", "Dear Ms Khan")
    assert (found.section, found.sure) == ("matters_discussed", False)
    assert placed("You must pay £450", "none").section == "your_actions"


def test_the_lines_around_weigh() -> None:
    def last(*lines: str) -> str:
        return placed_all([Piece(line) for line in lines])[-1].section

    assert last("cl to bring ID", "cl to sign form", "send form") == "your_actions"
    assert last("I will call DWP", "we will write to LL", "send form") == "our_actions"


def test_a_piece_knows_the_heading_above_it() -> None:
    notes = "rent £450\n\nWhat we do next:\n- ring LL\n- write\n\ncl to do: pay\nOTHER THINGS\nmatter"
    found = [piece for entry, piece in pieces_of(read_entries(notes)) if entry.left_out is None]
    assert [(one.text, one.above, one.apart) for one in found] == [
        ("rent £450", "", True),
        ("What we do next:", "", True),
        ("ring LL", "What we do next:", True),
        ("write", "What we do next:", False),
        ("pay", "cl to do", True),
        ("OTHER THINGS", "", False),
        ("matter", "OTHER THINGS", True),
    ]


def test_no_lines_are_no_decisions() -> None:
    assert placed_all([]) == []


def test_a_guess_is_the_placers_word() -> None:
    found = guess("ring LL", "none")
    assert (found.owner, found.section) == ("adviser", "our_actions")
    assert found.probability > 0.5


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("arrears: £450", "Arrears: £450."),
        ("deposit £190 still held", "Deposit £190 still held."),
        ("5 £40", "We noted: “5 £40”."),
        ("Hollis: no payments", "We noted: “Hollis: no payments”."),
    ],
)
def test_a_sure_line_that_names_nobody_is_said_plainly(line: str, said: str) -> None:
    sure = Decision("client", "matters_discussed", True, "")
    assert sentence(Claim("f1", line, (1,), "none", sure)) == said
