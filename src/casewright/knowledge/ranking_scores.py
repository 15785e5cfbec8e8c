"""How good a ranking is: recall, nDCG and reciprocal rank of a query, and means over queries with intervals.

The definitions are trec_eval's ``recall``, ``ndcg_cut`` and ``recip_rank``; docs/retrieval.md says them in
words.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from casewright.api.retrieval_evaluation import Estimate

Values = npt.NDArray[np.float64]

_SLICE = 500


def names(ks: Sequence[int]) -> list[str]:
    """The measures' names for these depths, in the order of ``scores``."""
    return [*(f"recall@{k}" for k in ks), *(f"ndcg@{k}" for k in ks), "mrr"]


def scores(ranking: Sequence[str], relevant: Mapping[str, int], ks: Sequence[int]) -> list[float]:
    """The measures of one query; ``ranking`` is of ids, best first, ``relevant`` has grades above 0."""
    grades = [relevant.get(document, 0) for document in ranking]
    ideal = sorted(relevant.values(), reverse=True)
    first = next((place for place, grade in enumerate(grades, 1) if grade), None)
    return [
        *(sum(grade > 0 for grade in grades[:k]) / len(relevant) for k in ks),
        *(_gain(grades[:k]) / _gain(ideal[:k]) for k in ks),
        1 / first if first else 0.0,
    ]


def _gain(grades: Sequence[int]) -> float:
    return sum(grade / math.log2(place + 1) for place, grade in enumerate(grades, 1))


def estimates(values: Values, resamples: int, seed: int) -> list[Estimate]:
    """The mean of each column (a row a query) and its 95 % interval, by bootstrap over queries.

    The resamples hang on the number of queries and the seed only; so differences of two searches are paired.
    One query has no interval.
    """
    queries = len(values)
    if not queries:
        return [Estimate(value=None, low=None, high=None)] * values.shape[1]
    means = values.mean(axis=0)
    if queries == 1:
        return [Estimate(value=float(mean), low=None, high=None) for mean in means]
    random = np.random.default_rng(seed)
    drawn = [
        random.multinomial(queries, np.full(queries, 1 / queries), size=min(_SLICE, resamples - at)) @ values
        for at in range(0, resamples, _SLICE)
    ]
    low, high = np.quantile(np.concatenate(drawn) / queries, (0.025, 0.975), axis=0)
    return [
        Estimate(value=float(mean), low=float(least), high=float(most))
        for mean, least, most in zip(means, low, high, strict=True)
    ]
