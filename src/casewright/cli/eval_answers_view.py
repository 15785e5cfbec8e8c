"""How a measurement of answers is shown in a terminal."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Console
from rich.table import Table
from rich.text import Text

from casewright.api.answer_evaluation import AnswersEvaluation, Balance
from casewright.api.evaluation import Rate

PLAIN_WIDTH = 150
NOT_MEASURED = "not measured"


def print_answers(result: AnswersEvaluation, wrong: int) -> None:
    """Print the figures, and the first ``wrong`` tasks that went wrong."""
    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=PLAIN_WIDTH)
    shown = 0
    for row in result.outcomes:
        if shown < wrong and (row.grounded != row.answerable or row.right is False):
            shown += 1
            said = "answered" if row.grounded else "not answered"
            truth = "answerable" if row.answerable else "not answerable"
            console.print(Text(f"{row.id}: {said}, {truth}: {row.answer} ({row.reason})"))
    console.print(_table(result))
    engine = result.engine or "none"
    console.print(
        Text(
            f"{result.tasks} tasks, {result.answerable} answerable; engine: {engine}; "
            f"strategy: {result.strategy}; embedder: {result.embedder or 'none'}; "
            f"median {_number(result.ms_median)} ms"
        )
    )
    if result.interrupted:
        console.print(Text(f"interrupted: {result.tasks} of {result.expected} tasks"))


def _table(result: AnswersEvaluation) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column("figure")
    table.add_column("value", justify="right")
    table.add_column("95 % interval")
    table.add_column("of")
    for name, balance, declined in (
        ("declined", result.abstention, True),
        ("answered", result.answering, False),
    ):
        for row in _balance(name, balance, declined):
            table.add_row(*row)
    for name, rate, of in (
        ("citations verbatim and in range", result.citation_validity, "citations"),
        ("sentences that hold", result.supported_sentences, "sentences"),
        ("words of the references", result.reference_tokens, "words, answerable tasks"),
        ("numbers of the references", result.reference_numbers, "numbers, answerable tasks"),
        ("answer holds the reference", result.right, "answerable tasks with one"),
        ("the same of those answered", result.right_when_answered, "answered tasks with one"),
        ("answered by the model", result.by_model, "answers"),
        ("answered by code", _rest(result.by_model), "answers"),
        ("the model's sentences that hold", result.held, "sentences of the model"),
    ):
        table.add_row(name, _percent(rate.value), _interval(rate.low, rate.high), _of(rate, of))
    return table


def _balance(name: str, balance: Balance, declined: bool) -> Iterable[tuple[str, str, str, str]]:
    own, true = ("declined", "not answerable") if declined else ("answered", "answerable")
    for figure, rate, of in (
        ("precision", balance.precision, own),
        ("recall", balance.recall, true),
    ):
        yield (
            f"{name}: {figure}",
            _percent(rate.value),
            _interval(rate.low, rate.high),
            _of(rate, f"tasks {own}" if of == own else f"tasks {true}"),
        )
    yield f"{name}: F1", _percent(balance.f1), _interval(balance.f1_low, balance.f1_high), ""


def _rest(part: Rate) -> Rate:
    """The share that is not in a share."""
    low = None if part.high is None else 1 - part.high
    high = None if part.low is None else 1 - part.low
    value = None if part.value is None else 1 - part.value
    return Rate(count=part.total - part.count, total=part.total, value=value, low=low, high=high)


def _of(rate: Rate, of: str) -> str:
    return f"{rate.count:,} of {rate.total:,} {of}"


def _percent(share: float | None) -> str:
    return NOT_MEASURED if share is None else f"{100 * share:.1f} %"


def _interval(low: float | None, high: float | None) -> str:
    return "-" if low is None or high is None else f"{_percent(low)} to {_percent(high)}"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:g}"
