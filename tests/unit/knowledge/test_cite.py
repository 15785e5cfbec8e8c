"""A sentence's citation is found by code, and it holds there or nowhere."""

from __future__ import annotations

import pytest

from casewright.knowledge.cite import Checker

NOTE = (
    "Anna Kowalska came in on Monday. She owes the council £300 for Council Tax. "
    "The rent is £725.00 a month and the deposit was £836. The landlord is Mr Patel. "
    "He has not repaired the boiler."
)
OTHER = "Ben Carter owes the council £450. The hearing is on 3 October 2024 at Leeds."


def cited(query: str, sentence: str, *texts: str) -> list[str]:
    return [passage.text for passage in Checker(query, texts or (NOTE, OTHER)).check(sentence).passages]


def test_the_span_is_the_sentence_that_says_it() -> None:
    assert cited("How much is the rent?", "The rent is £725.00 a month.") == [
        "The rent is £725.00 a month and the deposit was £836."
    ]
    assert cited("When is the hearing?", "The hearing is on 3 October 2024.") == [
        "The hearing is on 3 October 2024 at Leeds."
    ]


def test_a_name_that_only_stands_before_is_cited_too() -> None:
    assert cited("How much does Anna owe?", "Anna owes the council £300.") == [
        "Anna Kowalska came in on Monday.",
        "She owes the council £300 for Council Tax.",
    ]


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("How much does Anna owe?", "Anna owes the council £450."),  # stands elsewhere, of somebody else
        ("How much is the rent?", "The rent is £836 a month."),  # in the same sentence, of the deposit
        ("When is the hearing?", "The hearing is on 4 October 2024."),
        ("When is the hearing?", "The hearing is on 3 October 2024 at York."),
        ("Has the landlord repaired the boiler?", "The landlord has repaired the boiler."),
        ("Who is the landlord?", "The landlord is Mr Khan."),
        ("How much does Anna owe?", "The council owes Anna £300."),
        ("How much does Carla owe?", "Carla owes the council £300."),
        ("How much is the rent?", "The rent is £725.00, see https://example.org/pay."),
        ("How much is the rent?", "![x](https://example.org/?q=725.00) The rent is £725.00."),
        ("How much is the rent?", "The moon is made of cheese."),
    ],
)
def test_what_does_not_hold_in_its_span_has_none(query: str, sentence: str) -> None:
    verdict = Checker(query, (NOTE, OTHER)).check(sentence)
    assert verdict.passages == ()
    assert verdict.faults


def test_figures_from_two_sentences_need_both() -> None:
    both = "The rent is £725. It is due on 1 May."
    assert cited("How much is the rent and when is it due?", "The rent is £725, due on 1 May.", both) == [
        "The rent is £725.",
        "It is due on 1 May.",
    ]
