"""Private remarks, other people's matters and confidences are withheld; ordinary lines are not."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from casewright.errors import ConfigError
from casewright.notes import private_words as w
from casewright.notes.private import private_lines, private_reason, ruled
from casewright.notes.private_likely import MAGIC, read_weights
from casewright.notes.private_office import INTERNAL
from casewright.notes.read import read_entries

CASES = [
    json.loads(line)
    for line in (Path(__file__).parents[2] / "data/notes_private.jsonl").read_text("utf-8").splitlines()
]
UNSEEN = [
    json.loads(line)
    for line in (Path(__file__).parents[2] / "data/notes_private_unseen.jsonl")
    .read_text("utf-8")
    .splitlines()
]
MATTER = [
    json.loads(line)
    for line in (Path(__file__).parents[2] / "data/notes_private_matter.jsonl")
    .read_text("utf-8")
    .splitlines()
]
CLIENT = "John Smith"
# Of lines written to be hard: so much was found, and so many near ones were withheld for a person to look at.
LEAST_FOUND, MOST_FALSE = 0.76, 0.08
MOST_OF_THE_MATTER = 0.07  # 58 % of these lines were withheld before "supervisor" was read with who acts


def test_hand_written_lines_are_told_apart() -> None:
    found = [(case["withheld"], private_reason(case["line"], CLIENT) is not None) for case in CASES]
    withheld = [got for wanted, got in found if wanted]
    ordinary = [got for wanted, got in found if not wanted]
    assert len(withheld) >= 50
    assert len(ordinary) >= 80
    assert sum(withheld) / len(withheld) >= 0.90
    assert sum(ordinary) / len(ordinary) <= 0.02


def test_the_beginnings_that_are_looked_for_first_lose_nothing() -> None:
    lists = {
        "private": [w.PRIVATE],
        "injected": [pattern for _, pattern in w.INJECTED],
        "confidence": [pattern for _, pattern in w.CONFIDENCE],
        "hush": [w.HUSH],
        "office": [*INTERNAL],
        "opinion": [*w.OPINION],
        "remark": [*w.REMARK],
        "self": [*w.SELF],
        "another": [w.OTHER_CLIENT],
        "broad": [w.BROAD],
        "third": [w.SECRET_OF],
        "unknowing": [w.UNKNOWING],
    }
    assert lists.keys() == w.STARTS.keys()
    for case in CASES:
        begins = {word[:4] for word in re.findall(r"[a-z]+", case["line"].lower())}
        for name, patterns in lists.items():
            if any(pattern.search(case["line"]) for pattern in patterns):
                assert begins & w.STARTS[name], (name, case["line"])


@pytest.mark.parametrize(
    ("line", "client", "before", "withheld"),
    [
        ("Patricia's dob 3/4/1980", "Patricia Green", "cl dob 4/5/1970", True),
        ("son's dob 3/4/2012", "Patricia Green", "cl dob 4/5/1970", False),
        ("Pat Green (Station Rd) has same firm", "Thelma Green", "", True),
        ("cl's husband Peter Green (same firm) pays half", "Thelma Green", "", False),
        ("Mrs Khan's case: appeal allowed", "Mr Khan", "", False),
        ("re Mrs Khan: her case is listed", "Mr Jones", "", True),
        ("Mr Patel also has a key to the flat", "", "", False),
    ],
)
def test_other_people_of_the_name(line: str, client: str, before: str, withheld: bool) -> None:
    assert (private_reason(line, client, before) is not None) is withheld


def test_lines_are_withheld_by_number_with_a_reason() -> None:
    notes = "cl owes £40\n\nNB private\n- odd chap\n\nBackground:\ncl smelled of drink"
    found = private_lines(read_entries(notes), CLIENT)
    assert sorted(found) == [4, 7]
    assert "heading" in found[4]
    assert "remark" in found[7]


@settings(max_examples=100, derandomize=True)
@given(st.text(max_size=300), st.text(max_size=30))
def test_no_text_is_a_crash(text: str, name: str) -> None:
    reason = private_reason(text, name)
    assert reason is None or reason


def test_lines_that_no_rule_was_written_for_are_told_apart() -> None:
    found = [(case["withheld"], private_reason(case["line"], CLIENT) is not None) for case in UNSEEN]
    withheld = [got for wanted, got in found if wanted]
    near = [got for wanted, got in found if not wanted]
    assert len(withheld) >= 75
    assert len(near) >= 125
    assert sum(withheld) / len(withheld) >= LEAST_FOUND
    assert sum(near) / len(near) <= MOST_FALSE


def test_what_happened_to_the_client_near_the_words_of_each_list_is_no_private_remark() -> None:
    found = [(case["withheld"], private_reason(case["line"], CLIENT) is not None) for case in MATTER]
    withheld = [got for wanted, got in found if wanted]
    open_ = [got for wanted, got in found if not wanted]
    assert len(withheld) >= 55
    assert len(open_) >= 150
    assert all(withheld)
    assert sum(open_) / len(open_) <= MOST_OF_THE_MATTER


@pytest.mark.parametrize(
    "case",
    [case for case in MATTER if re.search(r"supervisor|team leader|\bTL\b|line manager", case["line"])],
)
def test_a_supervisor_is_the_advisers_only_where_the_adviser_goes_to_one(case: dict[str, str | bool]) -> None:
    if "lying" not in str(case["line"]):  # that is the classifier's to say
        assert (private_reason(str(case["line"]), CLIENT) is not None) is case["withheld"]


def test_another_clients_matter_goes_on_until_the_client_is_back() -> None:
    notes = "cl owes £40\nother client Mr Ali, same landlord\nhis rent is £600\ncl to send payslips"
    assert sorted(private_lines(read_entries(notes), CLIENT)) == [2, 3]


def test_a_line_that_repeats_a_withheld_one_is_withheld() -> None:
    notes = "cl smelled of drink\nLL says cl smelled of drink\ncl to send payslips"
    assert sorted(private_lines(read_entries(notes), CLIENT)) == [1, 2]


@pytest.mark.parametrize("data", [b"", b"other\n{}\n", MAGIC + b"{}\n", MAGIC + b"[1]\nxx"])
def test_damaged_weights_are_said_to_be(data: bytes) -> None:
    with pytest.raises(ConfigError):
        read_weights(data)


def test_what_repeats_one_line_of_a_withheld_entry_is_withheld_too() -> None:
    notes = "(internal)\nby cl cl\n\nby cl cl"
    assert set(private_lines(read_entries(notes), CLIENT)) == {1, 2, 4}


def test_what_repeats_a_line_that_repeats_a_withheld_one_is_withheld_too() -> None:
    entries = read_entries(". must client\nby cl cl .\nby cl cl .\n. must client")
    assert set(private_lines(entries, "Ann Other")) == {1, 2, 3, 4}


@pytest.mark.parametrize(
    ("line", "withheld"),
    [
        ("Bank letter came, file review due Fri", True),
        ("DWP letter in; conflict check outstanding", True),
        ("court date 3 May, matter start needed", True),
        ("employer's solicitor wrote 3 May, file review due", True),
        ("hospital report: lone working needed with cl", True),
        ("letter from bank in & file review due", True),
        ("TL said drop the case", True),
        ("discussed with JM (supervisor) - weak claim", True),
        ("cl's manager Tom Smith is also seeing us re debt", True),
        ("TL said drop her hours", False),
        ("manager's file review found two late reports", False),
        ("DWP will close the file if no evidence by 3 June", False),
        ("employer did no lone working risk assessment", False),
        ("council says conflict of interest so ombudsman to look", False),
    ],
)
def test_a_party_excuses_the_offices_words_only_where_it_has_or_does_them(line: str, withheld: bool) -> None:
    assert (ruled(line, CLIENT) is not None) is withheld
