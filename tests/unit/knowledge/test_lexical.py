"""The terms of a text: what is one word, what is none."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from casewright.knowledge.lexical import Lexicon


def terms(text: str) -> list[str]:
    return Lexicon().terms(text)


def test_forms_of_a_word_are_one_term() -> None:
    assert len({*terms("repairing repaired repairs Repair REPAIR")}) == 1
    assert terms("café") == terms("cafe")
    assert terms("the landlord's") == terms("the landlord’s") == terms("landlord")


def test_words_that_carry_nothing_are_none() -> None:
    assert terms("What did they say about it, and why wasn't she there?") == terms("say")
    assert terms("don’t can’t won't") == []


def test_references_are_their_parts() -> None:
    assert terms("PPR-9087") == terms("ppr9087") == terms("PPR 9087") == ["ppr", "9087"]


def test_asked_are_each_once_and_in_order() -> None:
    assert Lexicon().asked("rent, the rent and arrears of rent") == ["rent", "arrear"]
    assert Lexicon().asked("what is it?") == []


@given(st.text(max_size=200))
def test_every_term_is_letters_or_digits(text: str) -> None:
    lexicon = Lexicon()
    assert all(term.isalnum() for term in lexicon.terms(text))
    assert lexicon.terms(text) == Lexicon().terms(text)
