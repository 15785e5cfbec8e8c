"""How a measurement of reading is shown in a terminal."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Console
from rich.table import Table
from rich.text import Text

from casewright.api.evaluation import DocumentsEvaluation, FileEvaluation, Rate, Scores
from casewright.documents.evaluate.score import f1

PLAIN_WIDTH = 150
NAMES = 5
NOT_MEASURED = "not measured"


def print_evaluation(result: DocumentsEvaluation) -> None:
    """Print files, what each got wrong, and the totals."""
    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=PLAIN_WIDTH)
    console.print(_files(result.files))
    for line in (line for file in result.files for line in _remarks(file)):
        console.print(Text(line))
    for path in result.truths_without_file:
        console.print(Text(f"not used: {path} is the truth of no file"))
    for path in result.files_without_truth:
        console.print(Text(f"not measured: {path} has no truth"))
    console.print()
    console.print(_totals(result))
    if result.interrupted:
        console.print(Text(f"interrupted: {len(result.files)} of {result.expected} files"))


def _files(files: Iterable[FileEvaluation]) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column("file", overflow="fold")
    for name in ("status", "method"):
        table.add_column(name)
    for name in ("pages", "s", "CER", "WER", "words F1", "cells", "numbers"):
        table.add_column(name, justify="right")
    for file in files:
        scores = file.scores
        table.add_row(
            Text(file.path),
            file.status,
            file.method or "-",
            "-" if file.pages is None else str(file.pages),
            f"{file.seconds:.2f}",
            ("≤ " if scores.bounded else "") + _percent(scores.characters.value),
            _percent(scores.words.value),
            _percent(f1(scores.words_found, scores.words_true)),
            _counts(scores.cells_in_place),
            _counts(scores.numbers_found),
        )
    return table


def _remarks(file: FileEvaluation) -> Iterable[str]:
    if file.reason:
        yield f"{file.path}: {file.status}: {file.reason}"
    missing = file.scores.numbers_found.total - file.scores.numbers_found.count
    extra = file.scores.numbers_true.total - file.scores.numbers_true.count
    if missing and file.method is not None:
        yield f"{file.path}: numbers missing: {_named(file.numbers_missing, missing)}"
    if extra:
        yield f"{file.path}: numbers that do not stand there: {_named(file.numbers_extra, extra)}"


def _named(names: tuple[str, ...], count: int) -> str:
    more = count - min(len(names), NAMES)
    return ", ".join(names[:NAMES]) + (f" and {more} more" if more else "")


def _totals(result: DocumentsEvaluation) -> Table:
    table = Table(box=None, pad_edge=False, title="in all", title_justify="left")
    table.add_column("figure")
    table.add_column("value", justify="right")
    table.add_column("95 % interval")
    table.add_column("of")
    for name, rate, what in _rows(result, result.totals):
        interval = (
            "-" if rate is None or rate.low is None else f"{_percent(rate.low)} to {_percent(rate.high)}"
        )
        of = "" if rate is None else f"{rate.count:,} of {rate.total:,} {what}"
        bound = "≤ " if result.totals.bounded and what.startswith("errors") else ""
        table.add_row(name, bound + _percent(None if rate is None else rate.value), interval, of)
    pace = f"{result.pages / result.seconds:.1f} pages/s" if result.seconds else NOT_MEASURED
    table.add_row("time", f"{result.seconds:.1f} s", "-", f"{result.pages:,} pages, {pace}")
    return table


def _rows(result: DocumentsEvaluation, totals: Scores) -> Iterable[tuple[str, Rate | None, str]]:
    yield "files read as ok", result.read, "files"
    yield "CER", totals.characters, "errors to characters"
    yield "WER", totals.words, "errors to words"
    yield "words found, in any order", totals.words_found, "words of the truths"
    yield "words that stand there", totals.words_true, "words read"
    yield "cells in place", totals.cells_in_place, "cells of the truths"
    yield "cells found, in any place", totals.cells_found, "cells of the truths"
    yield "cells that stand there", totals.cells_true, "cells read"
    yield "numbers found", totals.numbers_found, "numbers of the truths"
    yield "numbers that stand there", totals.numbers_true, "numbers read"


def _percent(share: float | None) -> str:
    return NOT_MEASURED if share is None else f"{100 * share:.2f} %"


def _counts(rate: Rate | None) -> str:
    return NOT_MEASURED if rate is None or not rate.total else f"{rate.count}/{rate.total}"
