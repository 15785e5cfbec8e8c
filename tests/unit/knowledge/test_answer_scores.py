"""What answers are scored by: nothing on their own word, nothing measured is None."""

from __future__ import annotations

import pytest

from casewright.api.answer_evaluation import AnswerTask
from casewright.knowledge.answer_scores import balance, outcome, over_tasks, rate, stands
from casewright.knowledge.composed import Answer, Citation, Sentence

TEXT = "The rent is £450 a month."
TASK = AnswerTask(question="How much is the rent?", contexts=(TEXT,), answerable=True, reference="£450.00")


def cited(quote: str, start: int = 0, document: int | str = 0) -> Citation:
    return Citation(document, "a", None, start, start + len(quote), quote, 1.0)


def answer(text: str, *citations: Citation) -> Answer:
    return Answer(text, True, "", (Sentence(text, citations, "model"),), "plain", "model", asked=True)


@pytest.mark.parametrize(
    ("citation", "valid"),
    [
        (cited(TEXT), True),
        (cited("rent", 4), True),
        (cited("rent", 5), False),
        (cited(TEXT, document=1), False),
        (cited(TEXT, document="0"), False),
        (Citation(0, "a", None, 0, 400, TEXT, 1.0), False),
        (Citation(0, "a", None, -25, 25, TEXT, 1.0), False),
        (Citation(0, "a", None, 3, 3, "", 1.0), False),
    ],
)
def test_a_citation_is_looked_up(citation: Citation, valid: bool) -> None:
    assert stands(citation, [TEXT]) == valid


def test_an_answer_is_held_against_what_it_cites_and_against_the_reference() -> None:
    right = outcome(TASK, "1", answer("The rent is 450 pounds.", cited(TEXT)), 1.0)
    assert (right.right, right.numbers, right.numbers_found, right.unsupported) == (True, 1, 1, ())
    wrong = outcome(TASK, "2", answer("The rent is £540.", cited(TEXT), cited("rent", 5)), 1.0)
    assert (wrong.right, wrong.numbers_found, wrong.invalid_citations) == (False, 0, 1)
    assert "540" in wrong.unsupported[0]
    bare = outcome(TASK, "3", answer("The rent is £450."), 1.0)
    assert "no citation" in bare.unsupported[0]
    silent = outcome(TASK, "4", Answer("The documents do not say £450.", False, "", (), "extractive"), 1.0)
    assert (silent.right, silent.tokens_found) == (False, 0)


def test_the_best_of_several_references_counts_and_none_is_not_measured() -> None:
    several = TASK.model_copy(update={"reference": ("four hundred", "£450")})
    assert outcome(several, "1", answer("£450", cited("£450", 12)), 1.0).right
    without = TASK.model_copy(update={"reference": None})
    row = outcome(without, "1", answer("£450", cited("£450", 12)), 1.0)
    assert (row.right, row.tokens, row.numbers) == (None, None, None)


def test_both_sides_of_the_balance() -> None:
    said = answer("£450", cited("£450", 12))
    silent = Answer("-", False, "", (), "extractive")
    no = TASK.model_copy(update={"answerable": False, "reference": None})
    rows = [outcome(task, "x", found, 1.0) for task in (TASK, no) for found in (said, silent, silent)]
    declined = balance(rows, positive=lambda row: not row.grounded, answerable=False)
    assert (declined.precision.value, declined.recall.value, declined.f1) == (0.5, 2 / 3, 4 / 7)
    assert declined.f1_low is not None
    assert declined.f1_low < 4 / 7
    answered = balance(rows, positive=lambda row: row.grounded, answerable=True)
    assert (answered.precision.value, answered.recall.value) == (0.5, 1 / 3)
    none = balance([], positive=lambda row: row.grounded, answerable=True)
    assert (none.precision.value, none.f1, none.f1_low) == (None, None, None)


def test_intervals() -> None:
    assert rate(0, 0).value is None
    low = rate(10, 10).low
    assert low is not None
    assert 0.72 < low < 0.73  # Wilson's
    assert over_tasks([]).value is None
    assert over_tasks([(1, 1)] * 9).low is None  # resampling what is all alike says nothing
    mixed = over_tasks([(1, 1), (0, 1)] * 20)
    assert mixed.low is not None
    assert mixed.low < 0.5
