"""What a question asks for."""

from __future__ import annotations

import pytest

from casewright.knowledge.question import asked_for, understand
from casewright.knowledge.terms import Reader


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("How much is the rent?", "amount"),
        ("What is the deposit?", "amount"),
        ("When did she leave?", "date"),
        ("By what date must it arrive?", "date"),
        ("What is the deadline?", "date"),
        ("What time is the hearing?", "time"),
        ("Who is the landlord?", "person"),
        ("Where does she live?", "place"),
        ("How many points?", "count"),
        ("How long was he away?", "count"),
        ("What is the reference?", "identifier"),
        ("What is his telephone number?", "phone"),
        ("What is her email address?", "email"),
        ("Why did he leave?", "cause"),
        ("Did she sign?", "yes_no"),
        ("What is a section 202 review?", "definition"),
        ("What happened to the boiler?", "open"),
        ("What percentage was deducted?", "percent"),
    ],
)
def test_kinds(question: str, kind: str) -> None:
    assert asked_for(question) == kind


def test_names_figures_and_the_thing_itself_are_told_apart() -> None:
    found = understand("What is the balance of Mr Osei on NW-77120?", Reader(), frozenset(), frozenset())
    assert [str(name) for name in found.names] == ["Mr Osei"]
    assert [figure.key for figure in found.figures] == ["i:nw77120"]
    assert found.concepts == (found.head,)


def test_a_name_in_lower_case_is_known_from_the_documents() -> None:
    assert understand("what does anna owe", Reader(), frozenset({"anna"}), frozenset()).names
    assert not understand("What of the Rent?", Reader(), frozenset(), frozenset({"rent"})).names
