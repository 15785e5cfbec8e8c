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
    -5.604, 4.412, 0.342, -0.861, 0.413, -0.542, -2.323, 2.120, -0.072,
    -0.333, -2.070, 1.835, -0.164, -0.410, -0.338, 0.433, 1.128,
)  # fmt: skip
# The same with how near an embedding takes a passage to be, and how much nearer the nearest is.
WEIGHTS_WITH_CLOSENESS: tuple[float, ...] = (
    -4.860, 3.119, 0.581, -0.354, 0.509, -0.836, -2.083, 1.857, 0.189,
    -0.570, -1.060, 0.643, -0.164, -0.203, -0.176, 0.515, 0.127, 2.648,
    3.599,
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
