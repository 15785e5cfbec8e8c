"""Which words a sentence may add: truths and lies in ordinary words.

The lies add what a reader would not notice: a consequence, a status, an outcome, a way of sending, a time.
They keep the loosening of the vocabulary honest; the truths say the same notes freely, and not all pass.
"""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from casewright.notes.ground_letter_words import HARMLESS, TIES
from casewright.notes.ground_support import RULES
from casewright.notes.ground_words import lexicon, stem
from unit.notes.ground_mutations import mutations
from unit.notes.test_ground import judged, said

DATA = Path(__file__).resolve().parents[2] / "data" / "notes_ground_words.jsonl"
ITEMS = [json.loads(line) for line in DATA.read_text(encoding="utf-8").splitlines()]
TRUTHS = [item for item in ITEMS if item["kind"] == "truth"]
LIES = [item for item in ITEMS if item["kind"] != "truth"]


def test_there_are_enough_of_both() -> None:
    assert len(TRUTHS) >= 400
    assert len(LIES) >= 200


def test_truths_pass_but_for_a_tenth() -> None:
    refused = [item["sentence"] for item in TRUTHS if judged(item["sentence"], item)]
    assert len(refused) * 10 <= len(TRUTHS), refused


@pytest.mark.parametrize("kind", sorted({item["kind"] for item in LIES}))
def test_no_lie_passes(kind: str) -> None:
    passed = [item for item in LIES if item["kind"] == kind and not judged(item["sentence"], item)]
    assert passed == []


def test_no_mutation_of_a_truth_passes() -> None:
    rng = random.Random(11)
    passed = [
        (kind, item["lines"], changed)
        for item in TRUTHS
        if not judged(item["sentence"], item)
        for kind, changed in mutations(item["sentence"], rng)
        if not judged(changed, item)
    ]
    assert passed == []


def test_plain_words_carry_no_claim() -> None:
    weighty = """
        owe pay send receive sue evict dismiss refuse accept agree win lose award appeal sign court bank
        council bailiff landlord employer partner doctor mother son friend tenant all only never always
        some most severe urgent new used red cold late early again soon tomorrow weekly recorded free
        valid unlawful likely because must may can should pension universal pip rent wage debt loan tax
        fee refund eviction sanction
    """
    plain = {stem(word) for word in HARMLESS | TIES}
    assert sorted(word for word in weighty.split() if stem(word) in plain) == []


def test_every_rule_has_cues_and_words() -> None:
    for row in RULES.replace("\n", " ").split(";"):
        cues, colon, words = row.partition(":")
        assert (cues.strip() and colon and words.strip()) or not row.strip(), row


def test_an_unknown_word_weighs() -> None:
    assert "word" in said("You owe £450 to Barclays for a zibbet.", "cl owes £450 to Barclays")


def test_what_a_line_bears_may_be_said() -> None:
    assert said("The hearing will take place on 14 July.", "hearing 14 July", owner="third_party") == set()
    assert said("You owe £450 to Barden Bank.", "£450 to Barden Bank") == set()
    assert said("You paid £450 to Barden Bank.", "£450 to Barden Bank")


def test_a_part_of_its_own_needs_a_word_of_its_own() -> None:
    line = "cl to send form to DWP"
    assert said("You need to send the form to the DWP.", line, section="your_actions") == set()
    assert "word" in said(
        "You need to send the form to the DWP and keep a copy.", line, section="your_actions"
    )
    assert "word" in said("You need to send the form to the DWP by post.", line, section="your_actions")


def test_plain_words_are_few() -> None:
    line = "cl saw GP"
    assert said("You saw your GP about this matter.", line) == set()
    long = "You saw your GP about this matter and the details of the background, the process and the context."
    assert "word" in said(long, line)


def test_shorthand_with_two_readings_keeps_them_apart() -> None:
    table = lexicon().sets
    assert not table[stem("point")] & table.get(stem("part-time"), frozenset())
    assert table["pt"] & table[stem("point")]
