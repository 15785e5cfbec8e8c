"""The figures that a passage's likelihood to answer is made of, and the weight of each."""

from __future__ import annotations

from dataclasses import dataclass

from casewright.knowledge.question import VALUE_KINDS, Question
from casewright.knowledge.weigh import Weights

NAMES = (
    "always", "own", "referred", "around", "alike", "absent", "elsewhere", "given", "of that kind",
    "not of that kind", "somebody named", "how surely", "a value", "a person", "open", "a cause", "concepts",
)  # fmt: skip
WEIGHTS: tuple[float, ...] = (
    -5.607, 4.430, 0.348, -0.857, 0.365, -0.538, -2.323, 2.120, -0.067,
    -0.335, -2.027, 1.775, -0.172, -0.411, -0.341, 0.429, 1.137,
)  # fmt: skip
# The same with how near an embedding takes a passage to be, and how much nearer the nearest is.
WEIGHTS_WITH_CLOSENESS: tuple[float, ...] = (
    -4.901, 3.158, 0.560, -0.377, 0.518, -0.809, -2.095, 1.864, 0.168,
    -0.571, -0.870, 0.574, -0.120, -0.170, -0.166, 0.519, 0.136, 2.577, 3.398,
)  # fmt: skip
_MOST_CONCEPTS = 4


@dataclass(frozen=True, slots=True)
class Figures:
    """What was seen of a passage. ``named`` is how surely it is about those whom the question names."""

    values: tuple[float, ...]
    weights: Weights
    given: bool
    named: float | None


def figures(
    weights: Weights, question: Question, *, given: bool, typed: bool | None, named: float | None
) -> Figures:
    """The figures in the order of ``NAMES``."""
    heavy = sum(key not in question.light for key in question.concepts)
    values = (
        1.0,
        weights.own,
        weights.referred,
        weights.near - weights.own - weights.referred,
        weights.like,
        weights.absent,
        weights.elsewhere,
        float(given),
        float(typed is True),
        float(typed is False),
        float(named is not None),
        max(named or 0.0, 0.0),
        float(question.asked in VALUE_KINDS),
        float(question.asked == "person"),
        float(question.asked in ("open", "yes_no")),
        float(question.asked == "cause"),
        min(_MOST_CONCEPTS, heavy) / _MOST_CONCEPTS,
    )
    return Figures(values, weights, given, named)
