"""Questions over contexts, answered as the service answers them and held against a key."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from pathlib import Path

from casewright import __version__
from casewright.api.answer_evaluation import AnswerOutcome, AnswersEvaluation, AnswerTask
from casewright.api.json_lines import read_json_lines
from casewright.knowledge.answer_scores import balance, median, outcome, over_tasks, rate
from casewright.knowledge.compose import Asking, compose
from casewright.knowledge.composed import Mode
from casewright.knowledge.ports import Embedder
from casewright.knowledge.sources import from_texts

FORMAT = '{"question": "…", "contexts": ["…"], "answerable": true, "reference": "…"}'


@dataclass(frozen=True, slots=True)
class Setting:
    """What the tasks were answered with, as it is shown."""

    file: str
    engine: str | None
    model: str | None
    strategy: Mode
    embedder: str | None


def read_tasks(path: Path) -> tuple[AnswerTask, ...]:
    """The tasks of a file of JSON Lines.

    Raises:
        UsageError: the file cannot be read, holds no task, or a line is not one; the line is named.
    """
    return read_json_lines(path, AnswerTask, "task", FORMAT)


async def evaluate(
    tasks: Sequence[AnswerTask], asking: Asking | None, embedder: Embedder | None = None
) -> AsyncGenerator[AnswerOutcome]:
    """Each task's row as it is done, in order."""
    for number, task in enumerate(tasks, 1):
        started = time.perf_counter()
        found = await compose(task.question, from_texts(task.contexts), asking, embedder=embedder)
        ms = round((time.perf_counter() - started) * 1000, 2)
        yield outcome(task, task.id or str(number), found, ms)


def summary(
    rows: Sequence[AnswerOutcome], expected: int, setting: Setting, *, interrupted: bool = False
) -> AnswersEvaluation:
    """The figures over all rows."""
    answers = [row for row in rows if row.grounded]
    compared = [row for row in rows if row.tokens]
    said = [(row.sentences if row.answered_by == "model" else 0, len(row.removed)) for row in rows]
    return AnswersEvaluation(
        version=__version__,
        file=setting.file,
        engine=setting.engine,
        model=setting.model,
        strategy=setting.strategy,
        embedder=setting.embedder,
        tasks=len(rows),
        expected=expected,
        answerable=sum(row.answerable for row in rows),
        abstention=balance(rows, positive=lambda row: not row.grounded, answerable=False),
        answering=balance(rows, positive=lambda row: row.grounded, answerable=True),
        citation_validity=over_tasks(
            [(row.citations - row.invalid_citations, row.citations) for row in rows]
        ),
        supported_sentences=over_tasks(
            [(row.sentences - len(row.unsupported), row.sentences) for row in rows]
        ),
        reference_tokens=over_tasks([(row.tokens_found or 0, row.tokens or 0) for row in compared]),
        reference_numbers=over_tasks([(row.numbers_found or 0, row.numbers or 0) for row in compared]),
        right=rate(sum(bool(row.right) for row in compared), len(compared)),
        right_when_answered=rate(
            sum(bool(row.right) for row in compared), sum(row.grounded for row in compared)
        ),
        by_model=rate(sum(row.answered_by == "model" for row in answers), len(answers)),
        held=over_tasks([(kept, kept + removed) for kept, removed in said]),
        ms_median=median([row.ms for row in rows]),
        outcomes=tuple(rows),
        interrupted=interrupted,
    )
