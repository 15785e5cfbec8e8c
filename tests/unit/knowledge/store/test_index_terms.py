from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from casewright.knowledge.features import features_of
from casewright.knowledge.lexical import Lexicon
from casewright.knowledge.store.index_terms import TermReader, searchable

_PIECES = (
    "the tenant owes £450.00 450 pounds PPR-9087 ppr 9087 HB 2024 0117 QQ 12 34 56 C 12 March 2024 "
    "12.03.2024 of on 5 per cent 3rd May 2 p.m. 020 7946 0000 a@b.org sw1a 1aa GBP 1,200 March, in (2024) "
    "943 476 5919 £2 million don't café 12th of June 2023; x"
)
_TEXTS = st.lists(
    st.one_of(st.sampled_from(_PIECES.split()), st.text(alphabet="aZ0 .-/£@\n’é", max_size=8)), max_size=40
).map(" ".join)


@given(_TEXTS)
@settings(max_examples=150, deadline=None)
def test_features_are_those_of_the_whole_text(text: str) -> None:
    assert set(TermReader().read(text).features) == set(features_of(text))


@given(_TEXTS)
@settings(max_examples=100, deadline=None)
def test_terms_are_those_that_a_question_asks_for(text: str) -> None:
    read = TermReader().read(text, ("A heading",))
    asked = [searchable(term) for term in Lexicon().terms("A heading\n" + text)]
    assert list(read.terms) == [term for term in asked if term]
    assert all(term.isalnum() for term in read.terms)
