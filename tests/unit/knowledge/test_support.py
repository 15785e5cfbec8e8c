"""Whether a model's words hold: every trap is an answer that reads well and is wrong."""

from __future__ import annotations

import pytest

from casewright.knowledge.support import faults, first_sentence

RENT = ["The rent is £450.00 a month and the deposit is £900."]
TWO = ["Anna owes the council £300 and Ben owes the council £450."]


@pytest.mark.parametrize(
    ("answer", "question", "cited"),
    [
        ("The deposit is £900.", "How much is the deposit?", RENT),
        ("The rent is 450 pounds a month.", "How much is the rent?", RENT),
        ("£900", "How much is the deposit?", RENT),
        ("Anna owes £300.", "How much does Anna owe?", TWO),
        ("The hearing is on 3 October.", "When is the hearing?", ["The hearing is on 03.10.2024 at Leeds."]),
        ("She did not sign it.", "Did she sign it?", ["She did not sign it."]),
        ("Carol Dunn is the manager.", "Who is the manager?", ["The manager is Carol Dunn."]),
        ("It may be reduced.", "Can the payment be reduced?", ["The payment may be reduced."]),
        ("The reference is PPR 9087.", "What is the reference?", ["Our reference: PPR-9087"]),
    ],
)
def test_what_holds(answer: str, question: str, cited: list[str]) -> None:
    assert faults(answer, question, cited) == ()


@pytest.mark.parametrize(
    ("answer", "question", "cited", "named"),
    [
        ("The deposit is £450.", "How much is the deposit?", RENT, "450"),  # the other amount
        ("£450", "How much is the deposit?", RENT, "450"),
        ("Anna owes £450.", "How much does Anna owe?", TWO, "450"),
        ("The rent is £540 a month.", "How much is the rent?", RENT, "540"),  # digits swapped
        ("The rent is £4,500 a month.", "How much is the rent?", RENT, "4,500"),
        ("She signed it.", "Did she sign it?", ["She did not sign it."], "denies"),
        ("No, she did not sign it.", "Did she sign it?", ["She did sign it."], "denies"),
        ("Yes, she did not sign it.", "Did she sign it?", ["She did not sign it."], "yes"),
        ("Mr Khan is the manager.", "Who is the manager?", ["The manager is Carol Dunn."], "Khan"),
        ("The hearing is on 4 October.", "When is it?", ["The hearing is on 3 October."], "4 October"),
        (
            "It is on 3 October 2024.",
            "When is it?",
            ["The hearing is on 3 October."],
            "2024",
        ),  # year invented
        ("Ben paid Anna the money.", "Who paid?", ["Anna paid Ben the money."], "other way"),
        ("The payment will be reduced.", "What of it?", ["The payment may be reduced."], "may"),
        ("The rent is £450 a week.", "How much is the rent?", RENT, "week"),
        ("Yes, the rent is £500.", "Is the rent £500?", RENT, "500"),
        ("Yes.", "Is the rent £500?", RENT, "checked"),
        ("Ask the council.", "Who owes the council?", TWO, "Ask"),
        ("She must pay at least £450.", "How much is the rent?", RENT, "least"),
        (
            "The council owes Anna £300.",
            "How much does Anna owe?",
            ["Anna owes the council £300."],
            "other way",
        ),
        ("Water: $10", "How much for water?", ["Water: £10"], "$10"),
        ("The boiler is broken.", "What of the boiler?", ["Ann says that the boiler is broken."], "says"),
        ("The landlord of the Landlord is Mr Patel.", "Who is it?", ["Landlord: Mr Patel"], "times"),
        ("Mrs Patel is the landlord.", "Who is the landlord?", ["Landlord: Mr Patel"], "mrs"),
        ("The rent per month.", "What is the rent per month?", ["Your rent is £610 per month."], "amount"),
        ("It may be reduced.", "What may be reduced?", ["The payment may be reduced."], "repeats"),
        (
            "His solicitor is Yusuf.",
            "Who is Yusuf's solicitor?",
            ["His solicitor is Helen Marlowe."],
            "Yusuf",
        ),
        (
            "Yusuf is Helen Marlowe.",
            "Who is Yusuf's solicitor?",
            ["His solicitor is Helen Marlowe."],
            "Yusuf",
        ),
        (
            "He was operated on at Moor Hospital on 13 March and on 16 June.",
            "Where was he operated on?",
            ["He was operated on at Moor Hospital on 13 March and physiotherapy begins on 16 June."],
            "16 June",
        ),
        (
            "Dean Crabbe reported the racking in January.",
            "Who reported the racking?",
            ["Dean Crabbe wrote that the racking had been reported in January."],
            "wrote",
        ),
        ("", "How much?", RENT, "nothing"),
        ("rent " * 200, "How much?", RENT, "longer"),
        ("The reference is PPR-9078.", "What is the reference?", ["Our reference: PPR-9087"], "9078"),
        (
            "What is the landlord's name?",
            "What is the landlord's name?",
            ["He is Mr Patel."],
            "nothing of what",
        ),
    ],
)
def test_traps_are_named(answer: str, question: str, cited: list[str], named: str) -> None:
    found = faults(answer, question, cited)
    assert found
    assert named in " ".join(found)


def test_what_small_models_put_around_an_answer_is_taken_off() -> None:
    assert first_sentence('Answer: "The rent is £450."\n\nThe text says that …') == "The rent is £450."
    assert first_sentence("The answer to the question is: £450.") == "£450."
    assert first_sentence("  \n ") == ""
