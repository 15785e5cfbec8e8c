"""Units cut short, weekdays, lines without a doing, and what is done already: truths pass, lies do not."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from casewright.notes.ground_carried import turned_out
from casewright.notes.ground_days import weekday_with_day
from casewright.notes.ground_done import any_finished
from casewright.notes.ground_parse import names, parse
from casewright.notes.ground_short import stands_for
from casewright.notes.ground_units import units
from unit.notes.test_ground import judged

DATA = Path(__file__).resolve().parents[2] / "data" / "notes_ground_short.jsonl"
ITEMS = [json.loads(line) for line in DATA.read_text(encoding="utf-8").splitlines()]
TRUTHS = [item for item in ITEMS if item["kind"] == "truth"]
LIES = [item for item in ITEMS if item["kind"] != "truth"]
NAMES = names("John Smith", "Sam Patel")
TUESDAY = date(2026, 5, 12)


def test_truths_pass_but_for_a_tenth() -> None:
    refused = [item["sentence"] for item in TRUTHS if judged(item["sentence"], item)]
    assert len(TRUTHS) >= 40
    assert len(refused) * 10 <= len(TRUTHS), refused


@pytest.mark.parametrize("item", LIES, ids=lambda item: f"{item['kind']}: {item['sentence'][:60]}")
def test_no_lie_passes(item: dict[str, object]) -> None:
    assert judged(str(item["sentence"]), item)


@pytest.mark.parametrize(
    ("line", "sentence", "written"),
    [
        ("notice period 3m", "Your notice period is three months.", "notice period 3 months"),
        ("walks 50m", "You walk 50 metres.", "walks 50 metres"),
        ("limit 3m", "The limit is three metres.", "limit 3m"),
        ("taking 7.50 wk", "It takes £7.50 a week.", "taking £7.50 a week"),
        ("taking 7.50 wk", "It takes £7.50 a month.", "taking 7.50 wk"),
        ("27 h/wk @ 12.21", "You work 27 hours.", "27 hours a week at £12.21 an hour"),
        ("be in btwn 8 and 1", "Be in between 8am and 1pm.", "be in between 8:00 and 1:00"),
        ("ring cl fri", "We will ring you on Friday.", "ring cl Friday"),
        ("s21, wants poss", "The landlord wants possession.", "s21, wants possession"),
        ("come if poss", "Come if you can.", "come if poss"),
    ],
)
def test_units_are_written_as_the_sentence_has_them(line: str, sentence: str, written: str) -> None:
    assert units(line, sentence) == written


def test_a_weekday_and_a_day_of_the_month_are_one_date() -> None:
    assert [day.value for day, *_ in weekday_with_day("by Thurs 28th", TUESDAY)] == [date(2026, 5, 28)]
    assert list(weekday_with_day("by Fri 28th", TUESDAY)) == []
    assert list(weekday_with_day("by Thurs 28th May", TUESDAY)) == []


@pytest.mark.parametrize(
    ("line", "done"),
    [
        ("voucher issued", True),
        ("form - done half", True),
        ("voucher to be issued", False),
        ("once voucher issued ring cl", False),
        ("form done?", False),
        ("send issued letters", False),
    ],
)
def test_what_is_done_already(line: str, done: bool) -> None:
    assert any_finished([parse(line, TUESDAY, NAMES, notes=True)]) is done


def test_small_verbs_that_are_acts_with_their_particle() -> None:
    said = parse("The judgment was set aside and you gave away the dog.", TUESDAY, NAMES, notes=False)
    assert [token.low for token in turned_out(said, frozenset())] == ["set", "gave"]
    assert list(turned_out(said, frozenset({"set", "giv"}))) == []


@pytest.mark.parametrize(
    ("short", "full"), [("dischg", "discharge"), ("bedrm", "bedroom"), ("contribs", "contributions")]
)
def test_a_word_cut_in_the_middle(short: str, full: str) -> None:
    assert stands_for(short, full)


@pytest.mark.parametrize(
    ("short", "full"), [("dischg", "disciplinary"), ("bedrm", "bedding"), ("distn", "district")]
)
def test_a_word_that_is_another(short: str, full: str) -> None:
    assert not stands_for(short, full)
