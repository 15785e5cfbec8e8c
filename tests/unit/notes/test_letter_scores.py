"""The scorer sees what is wrong in a letter, by a reading of its own."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from casewright.api.notes_evaluation import DraftedLine, NotesCase, PaperOutcome
from casewright.engines.wire import ChatRequest, Message
from casewright.notes.evaluate_draft import Reply, drafted
from casewright.notes.evaluate_figures import Source, marks
from casewright.notes.letter_scores import Paper, contains, includes, lines_of, scored

MEETING = date(2026, 5, 14)  # a Thursday


def lacking(said: str, *lines: str, meeting: date | None = MEETING) -> list[str]:
    source = Source(lines, ["Ann Other", "Priya Nand"], meeting)
    return [mark.shown for mark in marks(said) if not source.holds(mark)]


@pytest.mark.parametrize(
    ("said", "line"),
    [
        ("You owe Barclays £1,200.50.", "cl owes barclays £1200.50"),
        ("You owe about £450 to British Gas.", "owes c.£450 to British Gas"),
        ("You have two children.", "2 kids"),
        ("The limit is £1,500.", "limit £1.5k"),
        ("You need to pay by 12 May.", "cl to pay by 12/5"),
        ("You need to pay by 12 May 2026.", "pay by 12th May"),
        ("You need to pay by Friday (15 May 2026).", "pay by fri"),
        ("We will call tomorrow (15 May 2026).", "call tmrw"),
        ("It ends on 28 May 2026.", "ends in 14 days"),
        ("We will meet at 2.30pm.", "meet 14:30"),
        ("Their reference is PPR-9087.", "ref ppr-9087"),
        ("The sort code is 20-45-67.", "sc 20-45-67"),
        ("You get Universal Credit.", "on UC"),
        ("We told the landlord about section 21.", "told LL re s21"),
        ("Dear Ann Other, Priya Nand will write.", "x"),
        ("We noted: “RM to chase”.", "RM to chase"),
    ],
)
def test_what_the_lines_say_is_held(said: str, line: str) -> None:
    assert lacking(said, line) == []


@pytest.mark.parametrize(
    ("said", "line", "what"),
    [
        ("You owe Barclays £540.", "owes Barclays £450", ["£540"]),
        ("You owe £45.", "owes £450", ["£45"]),
        ("You owe $450.", "owes £450", ["$450"]),
        ("You owe Barclays £450.", "owes £450", ["Barclays"]),
        ("Lendwell wrote to you.", "they wrote", ["Lendwell"]),
        ("Pay by 13 May.", "pay by 12 May", ["13 May"]),
        ("Pay by 12 May 2028.", "pay by 12 May", ["12 May 2028"]),
        ("Pay by Monday.", "pay by Friday", ["Monday"]),
        ("Pay by Friday (22 May 2026).", "pay by Friday", ["22 May 2026"]),
        ("You have three children.", "2 kids", ["three"]),
        ("Their reference is PPR-9078.", "ref PPR-9087", ["PPR-9078"]),
        ("We will meet at 2.30pm.", "meet 3pm", ["2.30pm"]),
    ],
)
def test_what_they_do_not_say_is_seen(said: str, line: str, what: list[str]) -> None:
    assert lacking(said, line) == what


def test_a_year_nobody_named_needs_the_meetings_day() -> None:
    assert lacking("Pay by 12 May 2026.", "pay by 12 May", meeting=None) == ["12 May 2026"]


@given(st.text(max_size=120), st.text(max_size=120))
@example("1234567890" * 5, "1234567890" * 4 + "k")  # more digits than a Decimal reckons with
def test_any_text_can_be_read_and_holds_itself(said: str, other: str) -> None:
    assert lacking(said, said, other) == []


@pytest.mark.parametrize(
    ("text", "words", "there"),
    [
        ("You owe £45.50", "£45", False),
        ("You owe £450", "£45", False),
        ("You owe £45.", "£45", True),
        ("ref 1540", "540", False),
        ("The “Council’s”\n letter", 'the "council\'s" letter', True),
        ("cannot", "not", False),
    ],
)
def test_words_are_found_whole(text: str, words: str, there: bool) -> None:
    assert contains(text, words) is there


@pytest.mark.parametrize(
    ("text", "words", "there"),
    [
        ("Pay by 2 May.", "2/5", True),
        ("You owe £1,284.", "1284", True),
        ("You owe £612.", "GBP 612", False),  # a name is to be there as it stands
        ("You owe £1,248.", "1,284", False),
        ("Barclays", "Aviva", False),
    ],
)
def test_figures_that_must_be_in_it_may_be_said_otherwise(text: str, words: str, there: bool) -> None:
    assert includes(text, words) is there


def case(**more: Any) -> NotesCase:
    row = {"notes": "owes £450 to Aviva\r\n\ncl to pay £54\nNB private: smells\nrent £600\rrent £650"}
    return NotesCase.model_validate(row | {"client_name": "Ann Other"} | more)


def outcome(found: NotesCase, said: list[DraftedLine], **more: Any) -> PaperOutcome:
    text = "Dear Ann Other\n" + "\n".join(one.text for one in said) + more.pop("around", "")
    owners = more.pop("owners", ())
    return scored(
        found, Paper(text, tuple(said), owners, more.pop("left_out", frozenset()), more.pop("told", ()))
    )


def line(text: str, section: Any, *lines: int) -> DraftedLine:
    return DraftedLine(text=text, section=section, lines=lines)


def test_lines_are_numbered_over_all_and_have_words() -> None:
    assert list(lines_of(case().notes)) == [1, 3, 4, 5, 6]


def test_a_figure_of_another_line_is_unsupported_but_somewhere() -> None:
    found = outcome(case(), [line("You owe Aviva £54.", "matters_discussed", 1)], around="Pay £9.")
    assert [(one.what, one.nowhere, one.lines) for one in found.unsupported] == [
        ("£54", False, (1,)),
        ("£9", True, ()),
    ]
    assert found.uncovered == (3, 4, 5, 6)


def test_sections_owners_and_what_is_withheld() -> None:
    labelled = case(
        labels={1: "matters_discussed", 3: "your_actions", 4: "withheld", 5: "matters_discussed"},
        owners={1: "client", 3: "client", 4: "client", 5: "third_party"},
    )
    said = [
        line("You owe Aviva £450.", "matters_discussed", 1),
        line("We will pay £54.", "our_actions", 3),
        line("You need to pay £54.", "your_actions", 3),
    ]
    owners: Any = (("client", (1,)), ("adviser", (3,)), ("client", (3,)))
    found = outcome(labelled, said, owners=owners, left_out=frozenset({4, 5}))
    assert [(one.line, one.found, one.right) for one in found.sections] == [
        (1, "matters_discussed", True),
        (3, "our_actions", False),
        (4, "withheld", True),
        (5, "withheld", False),
    ]
    assert [(one.line, one.found, one.right) for one in found.owners] == [
        (1, "client", True),
        (3, "adviser", False),
        (5, "none", False),
    ]


def test_contradictions_are_counted_only_where_they_are_labelled() -> None:
    assert outcome(case(), []).contradictions_true is None
    found = outcome(case(contradictions=[[5, 6]]), [], told=(frozenset({5, 6}), frozenset({1, 3})))
    assert (found.contradictions_true, found.contradictions_found) == (1, 1)
    assert (found.contradictions_told, found.contradictions_right) == (2, 1)


def test_what_must_and_must_not_be_in_it() -> None:
    found = outcome(
        case(must_include=["£450", "Aviva"], must_not_include=["smells", "£45"]),
        [line("You owe £450. It smells.", "matters_discussed", 1)],
    )
    assert (found.missing, found.present, found.wrong) == (("Aviva",), ("smells",), True)


def test_a_raw_draft_is_read_as_it_was_said() -> None:
    asked = Message("user", '---\n{"id": "a1", "section": "our_actions", "lines": [3], "text": "x"}\n---')

    def reply(text: str, schema: bool = True) -> Reply:
        return Reply(ChatRequest("m", (asked,), 9, json_schema={} if schema else None), text)

    found = drafted(
        [
            reply('{"facts": [{"text": "x", "owner": "adviser", "lines": [3, true, "4"]}]}'),
            reply('Here: {"sentences": [{"text": "We will pay.", "facts": ["a1", "a9"]}]}'),
            reply('{"sentences": [{"number": 1, "text": "put right"}]}'),
            reply('{"sentences": [{"text": "Whole.", "facts": ["a1"]}, {"text": "cut'),
            reply("plain words", schema=False),
        ]
    )
    assert found.said == (
        line("We will pay.", "our_actions", 3),
        line("Whole.", "our_actions", 3),
        DraftedLine(text="plain words"),
    )
    assert (found.facts[0].owner, found.facts[0].lines, found.broken) == ("adviser", (3,), 1)
