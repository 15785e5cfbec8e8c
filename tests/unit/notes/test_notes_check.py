"""The check finds every fault that would harm: another figure, a lost "not", a new name, a swapped person."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from casewright.notes import phrase
from casewright.notes.check import faults
from casewright.notes.claim import Claim
from casewright.notes.convert import draft


def claim_of(line: str, meeting: date | None = None) -> Claim:
    return draft(line, meeting).said[0].claim


LINE = "cl to pay £450 to Barclays, £54 to Aviva by 12 May, ref PPR-9087"
TRUE = "You need to pay £450 to Barclays, £54 to Aviva by 12 May, ref PPR-9087."


def test_the_templates_sentence_holds() -> None:
    assert draft(LINE).said[0].text == TRUE
    assert faults(TRUE, claim_of(LINE)) == ()


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        ("£450", "£451", "'£451' is not in the line"),
        ("12 May", "13 May", "'12' is lost"),
        ("12 May", "12 June", "'june' is not in the line"),
        ("PPR-9087", "PPR-9078", "'PPR-9078'"),
        ("£450 to Barclays, £54", "£54 to Barclays, £450", "another order"),
        ("Barclays, £54 to Aviva", "Aviva, £54 to Barclays", "another order"),
        ("need to pay", "need not to pay", "a negation is added"),
        ("pay", "repay", "'repay' is not in the line"),
        (" by 12 May", "", "is lost"),
        ("Barclays", "Mrs Jones at Barclays", "'jones' is not in the line"),
        ("You need to", "We will", "begin with"),
        (" to Aviva", "", "'aviva' is lost"),
    ],
)
def test_every_harmful_change_is_a_fault(before: str, after: str, says: str) -> None:
    assert before in TRUE
    found = faults(TRUE.replace(before, after), claim_of(LINE))
    assert says.lower() in " ".join(found).lower()


def test_a_lost_negation_is_a_fault() -> None:
    claim = claim_of("cl not to sign anything")
    assert faults("You must not sign anything.", claim) == ()
    assert "a negation is lost" in faults("You must sign anything.", claim)


def test_a_swapped_person_within_the_sentence_is_a_fault() -> None:
    claim = claim_of("I will send cl the form")
    assert faults("We will send us the form.", claim)


def test_a_decision_for_the_wrong_person_is_a_fault_even_if_its_words_agree() -> None:
    claim = claim_of("cl to call Barclays")
    swapped = replace(claim.decision, owner="adviser", section="our_actions", opening="We will")
    found = faults("We will call Barclays.", replace(claim, decision=swapped))
    assert found == ("the sentence, its section and its line do not name the same person",)


def test_a_quotation_must_be_word_for_word_and_a_matter() -> None:
    claim = claim_of("RM to chase")
    assert faults("We noted: “RM to chase”.", claim) == ()
    assert faults("We noted: “RM to chase it”.", claim)
    action = claim_of("cl to call Barclays")
    assert faults("We noted: “cl to call Barclays”.", action)


def test_a_named_day_must_be_the_right_one() -> None:
    claim = claim_of("cl to call tomorrow", date(2026, 5, 12))
    assert faults("You need to call tomorrow (13 May 2026).", claim) == ()
    assert faults("You need to call tomorrow (14 May 2026).", claim)
    assert faults("You need to call tomorrow (13 May 2026).", replace(claim, meeting=None))


@pytest.mark.parametrize(
    "answer",
    [
        TRUE,
        "You need to pay the £450 to Barclays, £54 to Aviva by 12 May, ref PPR-9087.",
        "You need to pay £450 to Barclays, the £54 to Aviva by 12 May, ref PPR-9087.",
    ],
)
def test_a_model_may_add_articles(answer: str) -> None:
    assert phrase.wrong(answer, TRUE, claim_of(LINE)) == ()


def test_a_model_may_choose_between_words_that_mean_the_same() -> None:
    template = "You need to ring Barclays."
    assert phrase.wrong("You need to phone Barclays.", template, claim_of("cl to ring Barclays")) == ()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("£450", "£540"),
        ("£450 to Barclays, £54", "£54 to Barclays, £450"),
        ("pay", "not pay"),
        ("Barclays", "Mr Barclay"),
        ("You need to", "We will"),
        ("by 12 May", "from 12 May"),
        ("9087.", "9087"),
        ("9087.", "9087. Good luck."),
        ("9087.", "9087 <b>!</b>."),
        (", £54 to Aviva", ""),
        ("pay £450", "pay us £450"),
    ],
)
def test_a_model_may_change_nothing_else(before: str, after: str) -> None:
    assert before in TRUE
    assert phrase.wrong(TRUE.replace(before, after), TRUE, claim_of(LINE))


def test_an_empty_or_quoted_answer() -> None:
    assert phrase.wrong(phrase.cleaned(""), TRUE, claim_of(LINE))
    assert phrase.cleaned(f' "{TRUE}"\n') == TRUE


def test_the_answers_length_is_bounded() -> None:
    assert phrase.token_bound(TRUE) < phrase.MOST_TOKENS
    assert phrase.token_bound(TRUE * 100) == phrase.MOST_TOKENS
