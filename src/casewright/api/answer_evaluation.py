"""The schema of a measurement of answers, ``casewright.evaluation/1`` with kind ``answers``.

Every figure carries what it was counted from; nothing measured is None. docs/rag.md defines each.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from casewright.api.contract import AnsweredBy, Contract, Strategy
from casewright.api.evaluation import Rate


class AnswerTask(Contract):
    """One line of a tasks file. ``reference`` is the right answer, or several ways to say it."""

    question: str = Field(min_length=1, pattern=r"\S")
    contexts: tuple[str, ...] = Field(min_length=1)
    answerable: bool
    reference: str | tuple[str, ...] | None = None
    id: str | None = None

    @property
    def references(self) -> tuple[str, ...]:
        """The ways to say the right answer; empty where the task has none."""
        found = (self.reference,) if isinstance(self.reference, str) else self.reference or ()
        return tuple(text for text in found if text.strip())


class AnswerOutcome(Contract):
    """One task as it was answered.

    ``tokens_found`` of the ``tokens`` of the reference stand in the answer (``numbers_found``: of its
    numbers); None where nothing was to be compared. ``invalid_citations`` are not verbatim at their place,
    ``unsupported`` are sentences of the answer that do not hold against what they cite.
    """

    id: str
    answerable: bool
    grounded: bool
    answer: str
    reason: str
    strategy: Strategy
    answered_by: AnsweredBy
    asked: bool
    sentences: int
    citations: int
    invalid_citations: int
    unsupported: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    tokens: int | None = None
    tokens_found: int | None = None
    numbers: int | None = None
    numbers_found: int | None = None
    right: bool | None = None
    ms: float
    warnings: tuple[str, ...] = ()


class Balance(Contract):
    """Precision, recall and F1 of one class. ``f1_low`` and ``f1_high``: 95 %, over whole tasks."""

    precision: Rate
    recall: Rate
    f1: float | None
    f1_low: float | None = None
    f1_high: float | None = None


class AnswersEvaluation(Contract):
    """The whole measurement.

    ``abstention`` takes "not in the documents" as the positive class, ``answering`` its opposite; neither
    looks at whether an answer is the right one. ``right`` is the share of the answerable tasks with a
    reference whose answer holds all of it (not answered: not right), ``right_when_answered`` of those that
    were answered. ``by_model`` is the share of answers in which every sentence is the model's, ``held`` the
    share of the sentences that a model said which hold.
    """

    schema_: Literal["casewright.evaluation/1"] = Field("casewright.evaluation/1", alias="schema")
    kind: Literal["answers"] = "answers"
    version: str
    file: str
    engine: str | None
    model: str | None
    strategy: Strategy
    embedder: str | None
    tasks: int
    expected: int
    answerable: int
    abstention: Balance
    answering: Balance
    citation_validity: Rate
    supported_sentences: Rate
    reference_tokens: Rate
    reference_numbers: Rate
    right: Rate
    right_when_answered: Rate
    by_model: Rate
    held: Rate
    ms_median: float | None
    outcomes: tuple[AnswerOutcome, ...]
    interrupted: bool = False
