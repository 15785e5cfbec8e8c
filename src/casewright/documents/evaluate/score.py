"""One reading against its truth, and many together."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from casewright.api.evaluation import Rate, Scores
from casewright.documents.evaluate import tables
from casewright.documents.evaluate.distance import distance
from casewright.documents.evaluate.numbers import numbers_of
from casewright.documents.evaluate.plain import Plain

NAMED = 20
RESAMPLES = 4_000
# Fewer files than this say nothing of how files differ.
FEWEST_FILES = 5
SEED = 20_260_314
# The normal distribution's 97.5th percentile.
Z = 1.959963984540054


@dataclass(frozen=True, slots=True)
class Scored:
    """A file's figures, and the numbers that were missed or made up, at most ``NAMED`` of each."""

    scores: Scores
    missing: tuple[str, ...]
    extra: tuple[str, ...]


def score(truth: Plain, reading: Plain) -> Scored:
    """Compare a reading with its truth; what was not read at all is an empty reading."""
    found = distance(truth.text, reading.text)
    true_words, read_words = Counter(truth.text.split()), Counter(reading.text.split())
    true_numbers, read_numbers = numbers_of(truth.text), numbers_of(reading.text)
    cells = tables.compare(truth.tables, reading.tables or ()) if truth.tables else None
    scores = Scores(
        characters=Rate.of(found.characters, len(truth.text)),
        words=Rate.of(found.words, true_words.total()),
        words_found=_shared(true_words, read_words, of=true_words),
        words_true=_shared(true_words, read_words, of=read_words),
        numbers_found=_shared(true_numbers, read_numbers, of=true_numbers),
        numbers_true=_shared(true_numbers, read_numbers, of=read_numbers),
        cells_in_place=Rate.of(cells.in_place, cells.true) if cells else None,
        cells_found=Rate.of(cells.found, cells.true) if cells else None,
        cells_true=Rate.of(cells.found, cells.read) if cells else None,
        bounded=not found.exact,
    )
    return Scored(scores, _named(true_numbers - read_numbers), _named(read_numbers - true_numbers))


def total(scores: Sequence[Scores]) -> Scores:
    """All files' counts added up (micro averages), with 95 % intervals over files."""

    def added(one: Callable[[Scores], Rate | None]) -> Rate | None:
        rates = [rate for each in scores if (rate := one(each)) is not None]
        return _over_files(rates) if rates else None

    def needed(one: Callable[[Scores], Rate]) -> Rate:
        return _over_files([one(each) for each in scores])

    return Scores(
        characters=needed(lambda each: each.characters),
        words=needed(lambda each: each.words),
        words_found=needed(lambda each: each.words_found),
        words_true=needed(lambda each: each.words_true),
        numbers_found=needed(lambda each: each.numbers_found),
        numbers_true=needed(lambda each: each.numbers_true),
        cells_in_place=added(lambda each: each.cells_in_place),
        cells_found=added(lambda each: each.cells_found),
        cells_true=added(lambda each: each.cells_true),
        bounded=any(each.bounded for each in scores),
    )


def with_wilson(share: Rate) -> Rate:
    """A share with Wilson's 95 % score interval (1927): for yes or no of things that do not hang together."""
    if not share.total:
        return share
    n, p = share.total, share.count / share.total
    scale = 1 + Z * Z / n
    centre = (p + Z * Z / (2 * n)) / scale
    half = Z / scale * math.sqrt(p * (1 - p) / n + Z * Z / (4 * n * n))
    low = 0.0 if share.count == 0 else max(0.0, centre - half)
    high = 1.0 if share.count == n else min(1.0, centre + half)
    return share.model_copy(update={"low": low, "high": high})


def f1(found: Rate, true: Rate) -> float | None:
    """The harmonic mean of recall and precision; None where either was not measured."""
    if found.value is None or true.value is None:
        return None
    both = found.value + true.value
    return 2 * found.value * true.value / both if both else 0.0


def _shared(true: Counter[str], read: Counter[str], *, of: Counter[str]) -> Rate:
    return Rate.of((true & read).total(), of.total())


def _named(numbers: Counter[str]) -> tuple[str, ...]:
    return tuple(list(numbers.elements())[:NAMED])


def _over_files(rates: Sequence[Rate]) -> Rate:
    """The sum, with a percentile bootstrap over whole files (Efron 1979), as a file's words share its fate.

    There is no interval with fewer than five files that have anything to count, nor where all give the same
    value: resampling them would only show that.
    """
    counts = np.array([rate.count for rate in rates], dtype=np.int64)
    totals = np.array([rate.total for rate in rates], dtype=np.int64)
    summed = Rate.of(int(counts.sum()), int(totals.sum()))
    with_something = int((totals > 0).sum())
    if with_something < FEWEST_FILES:
        return summed
    chance = np.random.default_rng(SEED)
    weights = chance.multinomial(len(rates), np.full(len(rates), 1 / len(rates)), size=RESAMPLES)
    below = weights @ totals
    drawn = (weights @ counts)[below > 0] / below[below > 0]
    low, high = (float(value) for value in np.quantile(drawn, (0.025, 0.975)))
    if low == high:
        return summed
    return summed.model_copy(update={"low": low, "high": high})
