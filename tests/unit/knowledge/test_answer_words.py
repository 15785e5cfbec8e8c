"""What the words of a question may be answered by: relatives, kinds, measures, and who is meant."""

from __future__ import annotations

import pytest

from casewright.knowledge.answer import decide
from casewright.knowledge.evidence import Evidence
from casewright.knowledge.lexicon import AKIN, KIND, SAME, lexicon
from casewright.knowledge.measures import measured
from casewright.knowledge.names import Name
from casewright.knowledge.naming import ABSENT, OTHER, REFERRED, STATED, TOPIC, standing
from casewright.knowledge.terms import Reader
from casewright.knowledge.typed import kind_noun


@pytest.mark.parametrize(
    ("asked", "said", "least"),
    [
        ("memorial", "monument", SAME),
        ("prohibit", "forbade", SAME),
        ("sacked", "dismissal", SAME),
        ("designed", "architect", AKIN),
        ("wood", "maple", KIND),
        ("claimed", "applied", AKIN),
        ("bird", "woodpecker", 0.4),
    ],
)
def test_relatives(asked: str, said: str, least: float) -> None:
    assert lexicon().relation(asked, said) >= least


@pytest.mark.parametrize(
    ("asked", "said"),
    [("husband", "wife"), ("mother", "father"), ("deposit", "rent"), ("born", "died"), ("xyzzy", "rent")],
)
def test_no_relatives(asked: str, said: str) -> None:
    assert lexicon().relation(asked, said) == 0.0


def test_kinds_and_opposites() -> None:
    known = lexicon()
    assert known.is_kind("red", "colour")
    assert known.is_kind("warfarin", "medication")
    assert not known.is_kind("scheme", "animal")
    assert known.opposite("lower", "raised")
    assert not known.opposite("rent", "deposit")
    assert known.entry("") is None


@pytest.mark.parametrize(
    ("question", "noun"),
    [
        ("Which bird preys on the ant?", "bird"),
        ("In what city is she buried?", "city"),
        ("What colour of light do they emit?", "colour"),
        ("What makes the light?", None),
        ("What is the reason?", None),
        ("What does he do for a living?", "job"),
        ("Who is it?", None),
    ],
)
def test_the_noun_after_what(question: str, noun: str | None) -> None:
    assert kind_noun(Reader().read(question), lexicon()) == noun


@pytest.mark.parametrize(
    ("question", "passage", "fits"),
    [
        ("How deep is the lake?", "It lies at 2,140 metres.", False),
        ("How deep is the lake?", "It is 40 metres deep.", True),
        ("How old is Joan?", "Mr Finch (84) lives there.", True),
        ("How old is Joan?", "She pays £910 a month at 8 Cobden Terrace.", False),
        ("How long was he away?", "He left for two weeks.", True),
        ("How often do they meet?", "They meet on Tuesdays.", True),
        ("How much is the rent?", "The rent is £450.", None),
    ],
)
def test_measures(question: str, passage: str, fits: bool | None) -> None:
    assert measured(question, passage) is fits


def standings(name: Name, text: str) -> list[float]:
    evidence = Evidence([text], Reader())
    passages = [evidence.passage(0, index) for index in range(len(evidence.spans[0]))]
    evidence.learn_words(passages, "")
    return [standing(name, passage, evidence, person_asked=False) for passage in passages]


def test_who_is_meant() -> None:
    text = "Anna came in on Monday. She owes £300. Ben came in too. He owes £450. It rained."
    assert standings(Name(("anna",), None), text) == [STATED, REFERRED, OTHER, OTHER, TOPIC]
    assert standings(Name(("carla",), None), text)[4] == ABSENT


def test_a_letter_says_you_to_whom_it_is_written() -> None:
    text = "Dear Mr Oduya,\n\nYou earned £412 a week. Your manager was Mrs Lund."
    assert standings(Name(("oduya",), "mr"), text)[1:] == [REFERRED, REFERRED]
    assert standings(Name(("lund",), "mrs"), text)[1] <= ABSENT


@pytest.mark.parametrize(
    ("question", "document"),
    [
        ("Who was the first man to climb it?", "In 1901 Ida Roth was the first woman to climb it."),
        ("How deep is Lake Orm?", "Lake Orm lies 300 metres above the sea and covers 12 square kilometres."),
        ("How old is Ms Noori?", "Ms Noori rents a flat for £910 a month."),
        ("What is the address of Mr Reid?", "Mr Reid moved to Leeds in March."),
        ("When was the rent lowered?", "The rent was raised on 1 May 2024."),
        ("What is the average rent?", "The rent is £450 a month."),
    ],
)
def test_near_misses_of_kind_and_measure_are_not_answers(question: str, document: str) -> None:
    assert not decide(question, [document]).grounded


@pytest.mark.parametrize(
    ("question", "document"),
    [
        ("Who designed the memorial?", "The monument was designed by Clara Voss in 1894."),
        ("In what year did the canal open?", "The canal was opened to barges in 1801."),
        ("Why was he sacked?", "He was dismissed because a parcel had gone missing."),
        ("How old is Mr Finch?", "Mr Finch (84) lives at Larkspur House."),
        ("Which bird eats the ants?", "The ants are eaten by the black woodpecker."),
        (
            "What is the main drawback of the stove?",
            "The stove's chief disadvantage is that it must be preheated.",
        ),
    ],
)
def test_the_same_in_other_words_is_an_answer(question: str, document: str) -> None:
    assert decide(question, [document]).answer == document
