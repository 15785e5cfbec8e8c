"""Plain things left out, short forms beside their phrase, other ways of telling a line: truths and lies.

The lies were written against these loosenings; what had passed before them already is not among them.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from casewright.notes.ground_respell import respell
from casewright.notes.ground_short import derived, glued, stands_for
from casewright.notes.ground_units import units
from unit.notes.test_ground import judged, said

DATA = Path(__file__).resolve().parents[2] / "data" / "notes_ground_filled.jsonl"
ITEMS = [json.loads(line) for line in DATA.read_text(encoding="utf-8").splitlines()]
TRUTHS = [item for item in ITEMS if item["kind"] == "truth"]
LIES = [item for item in ITEMS if item["kind"] != "truth"]


def test_truths_pass_but_for_a_tenth() -> None:
    refused = [item["sentence"] for item in TRUTHS if judged(item["sentence"], item)]
    assert len(TRUTHS) >= 200
    assert len(refused) * 10 <= len(TRUTHS), refused


@pytest.mark.parametrize("kind", sorted({item["kind"] for item in LIES}))
def test_no_lie_passes(kind: str) -> None:
    assert len(LIES) >= 200
    passed = [item for item in LIES if item["kind"] == kind and not judged(item["sentence"], item)]
    assert passed == []


@pytest.mark.parametrize(
    ("line", "written"),
    [
        ("two thousand six hundred and fifty lost", "2650 lost"),
        ("one hundred", "100"),
        ("hrs cut 30h -> 16h", "hrs cut 30 hours -> 16 hours"),
        ("20 wkg days", "20 working days"),
        ("by end wk", "by end of the week"),
        ("5 yrs 3 m service", "5 yrs 3 months service"),
        ("PIP dec 11/2", "PIP decision 11/2"),
        ("owes Thornbeck BC", "owes Thornbeck Borough Council"),
        ("rings 4/5 times", "rings 4 or 5 times"),
        ("she rang this aft", "she rang this afternoon"),
        ("theyll drop her", "they will drop her"),
    ],
)
def test_what_notes_shorten_is_written_out(line: str, written: str) -> None:
    assert respell(line, True) == written


@pytest.mark.parametrize(
    ("line", "sentence", "written"),
    [
        ("refer 2 Shelter", "We will refer you to Shelter.", "refer to Shelter"),
        ("refer 2 clients", "We will refer clients.", "refer 2 clients"),
        ("refer 2 Shelter", "We will refer two to Shelter.", "refer 2 Shelter"),
        ("ask boss 4 OH report", "We will ask your boss for a report.", "ask boss for OH report"),
        ("ask boss 4 reports", "We will ask your boss about reports.", "ask boss 4 reports"),
        ("mtg 2 on Friday", "The second meeting is on Friday.", "2nd mtg on Friday"),
        ("cl 7 says so", "Clause 7 says so.", "clause 7 says so"),
        ("ct 6 yrs there", "You were there for six years.", "cl 6 years there"),
        ("ct 6 June", "The court sits on 6 June.", "ct 6 June"),
        ("12 m rule", "The 12 metres.", "12 m rule"),
        ("12 m rule", "The rule of 12 months.", "12 months rule"),
    ],
)
def test_what_a_line_leaves_open_is_read_as_the_sentence_has_it(
    line: str, sentence: str, written: str
) -> None:
    assert units(line, sentence) == written


def test_short_forms() -> None:
    assert stands_for("vch", "voucher")
    assert not stands_for("vch", "vehicle")
    assert stands_for("m'ship", "membership")
    assert glued("fbank", "food", "bank")
    assert glued("c.card", "credit", "card")
    assert not glued("fbank", "river", "bank")


def test_a_title_is_no_new_name_and_another_title_is() -> None:
    assert said("Your landlord is Mr Stott.", "LL is Stott") == set()
    assert "name" in said("You spoke to Mr Stott.", "spoke to Mrs Stott") | said(
        "You spoke to Dr Stott.", "spoke to Stott"
    )


def test_all_before_a_count_takes_none_out() -> None:
    line = "deposit w 3 schemes, check"
    given = {"section": "our_actions", "owner": "adviser"}
    assert said("We will check all three schemes for the deposit.", line, **given) == set()
    assert said("All three cards are yours.", "1 of 3 cards is hers") != set()


def test_the_unit_of_two_figures_is_said_once() -> None:
    assert said("Your hours were cut from 30 hours to 16.", "hrs cut 30h -> 16h") == set()
    assert said("Your hours were cut from 30 hours to 18.", "hrs cut 30h -> 16h") != set()


def test_several_words_are_told_together_also_where_the_first_is_small() -> None:
    assert said("You paid the builder £600 in advance.", "pd builder £600 up front") == set()
    assert said("You paid the builder £600 in advance.", "pd builder £600") != set()
    assert "negation" in said("You complained and it was a success.", "complained, no joy")


def test_words_written_as_one_or_as_two() -> None:
    assert said("You get your meals at the day centre.", "gets meals at daycentre") == set()
    assert said("You went to the foodbank.", "went to food bank") == set()
    assert derived("validity", "valid")
    assert derived("renewal", "renew")
    assert not derived("mobile", "mobility")
    assert not derived("lender", "lend")


def test_an_arrow_says_which_way_it_went() -> None:
    assert said("Your hours go up from 16 to 20.", "hrs 16 -> 20") == set()
    assert said("Your hours go down from 16 to 20.", "hrs 16 -> 20") != set()
