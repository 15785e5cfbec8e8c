"""The ground check on sentences of our own: truths pass, but for a few, and no lie does.

The truths were written to find what the check was missing and the check was mended by them, so that their
share of false alarms is no measure of it; ``benchmarks/notes_ground.py`` measures on sentences of others.
"""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from casewright.notes.ground import MAX_CHARS, faults
from casewright.notes.shapes import Context, Fault, SourceLine
from unit.notes.ground_mutations import mutations

DATA = Path(__file__).resolve().parents[2] / "data" / "notes_ground.jsonl"
ITEMS = [json.loads(line) for line in DATA.read_text(encoding="utf-8").splitlines()]
TRUTHS = [item for item in ITEMS if item["kind"] == "truth"]
LIES = [item for item in ITEMS if item["kind"] != "truth"]
MEETING = date(2026, 5, 12)


def context_of(item: dict[str, Any], **other: Any) -> Context:
    given: dict[str, Any] = {"adviser": "Sam Patel", "meeting": MEETING, **other}
    return Context("John Smith", item["section"], item["owner"], True, **given)


def judged(sentence: str, item: dict[str, Any], **other: Any) -> tuple[Fault, ...]:
    lines = [SourceLine(number, text) for number, text in enumerate(item["lines"], 1)]
    return faults(sentence, lines, context_of(item, **other))


def said(
    sentence: str, *lines: str, section: str = "matters_discussed", owner: str = "client", **other: Any
) -> set[str]:
    found = judged(sentence, {"lines": lines, "section": section, "owner": owner}, **other)
    return {fault.kind for fault in found}


def test_there_are_enough_of_both() -> None:
    assert len(TRUTHS) >= 120
    assert len(LIES) >= 190


def test_truths_pass_but_for_a_few() -> None:
    refused = [item["sentence"] for item in TRUTHS if judged(item["sentence"], item)]
    assert len(refused) * 20 <= len(TRUTHS), refused


@pytest.mark.parametrize("item", LIES, ids=lambda item: f"{item['kind']}: {item['sentence'][:60]}")
def test_no_lie_passes(item: dict[str, Any]) -> None:
    assert judged(item["sentence"], item)


def test_no_mutation_of_a_truth_passes() -> None:
    rng = random.Random(7)
    made: list[tuple[str, Sequence[str], str]] = []
    passed: list[tuple[str, Sequence[str], str]] = []
    for item in TRUTHS:
        if judged(item["sentence"], item):
            continue
        for kind, changed in mutations(item["sentence"], rng):
            made.append((kind, item["lines"], changed))
            if not judged(changed, item):
                passed.append(made[-1])
    assert len(made) > 500
    assert passed == []


def test_a_client_whose_initials_are_a_word_is_still_who_acts() -> None:
    context = Context("Samuel Oduya", "our_actions", "adviser", True, adviser="Sally Bright", meeting=MEETING)
    lines = [SourceLine(1, "SO to ring Klarna, get settlement fig")]
    told = faults("I will ring Klarna for a settlement figure.", lines, context)
    assert {fault.kind for fault in told} == {"owner"}
    ours = [SourceLine(1, "SB to ring Klarna, get settlement fig")]
    assert not faults("We will ring Klarna for a settlement figure.", ours, context)


def test_what_is_denied_of_one_is_not_denied_of_all() -> None:
    line = "One of the two windows does not shut."
    assert "negation" in said("Neither of the two windows shuts.", line)
    assert not said("One of the two windows does not shut.", line)
    assert not said("Neither of the two windows shuts.", "neither of the two windows shuts")


def test_a_fault_says_what_it_is() -> None:
    line = "cl owes £450 to Barclays, £54 to Aviva"
    assert said("You owe £45 to Barclays and £54 to Aviva.", line) >= {"amount"}
    assert said("You owe £54 to Barclays and £450 to Aviva.", line) >= {"pairing"}
    assert said("You owe £450 to Lowell and £54 to Aviva.", line) >= {"name"}
    assert said("You do not owe £450 to Barclays and £54 to Aviva.", line) >= {"negation"}
    assert said("If you owe £450 to Barclays, you owe £54 to Aviva.", line) >= {"condition"}
    assert said("You may owe £450 to Barclays and £54 to Aviva.", line) >= {"modality"}


def test_owner_and_section_go_with_the_context() -> None:
    assert (
        said("We will call the council.", "adv to ring council", section="our_actions", owner="adviser")
        == set()
    )
    assert "owner" in said("We will call the council.", "cl to ring council", section="your_actions")
    assert "section" in said("Please call the council.", "cl rang council")


def test_a_relative_day_may_be_named_only_where_it_is_beyond_doubt() -> None:
    friday, tuesday = "cl to send form by Fri", "cl to send form by next Tues"
    assert said("You need to send the form by Friday 15 May 2026.", friday, section="your_actions") == set()
    assert "date" in said("You need to send the form by Friday 22 May 2026.", friday, section="your_actions")
    assert said("You need to send the form by next Tuesday.", tuesday, section="your_actions") == set()
    without = said("You need to send the form by 15 May 2026.", friday, section="your_actions", meeting=None)
    assert "date" in without


def test_the_rest_of_a_line_may_be_said_elsewhere() -> None:
    line = "cl owes £450 to Barclays, £54 to Aviva"
    assert said("You owe £450 to Barclays.", line)
    assert said("You owe £450 to Barclays.", line, covers=False) == set()
    assert "pairing" in said("You owe £54 to Barclays.", line, covers=False)


def test_names_of_client_and_adviser_are_persons() -> None:
    assert said("You owe £450.", "John owes £450") == set()
    assert (
        said("Sam will call the bank.", "adv to ring bank", section="our_actions", owner="adviser") == set()
    )
    assert said("You owe £450.", "Peter Smith owes £450")


def test_without_lines_or_words_there_is_no_ground() -> None:
    context = Context("John Smith", "matters_discussed", "client", True)
    assert [fault.kind for fault in faults("You owe £450.", [], context)] == ["source"]
    assert [fault.kind for fault in faults(" ", [SourceLine(1, "x")], context)] == ["form"]
    long = faults("word " * MAX_CHARS, [SourceLine(1, "x")], context)
    assert [fault.kind for fault in long] == ["form"]
