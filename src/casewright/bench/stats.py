"""Descriptive statistics and intervals of one run; pure functions, defined exactly in docs/metrics.md.

A request that failed is never left out of a percentile: it took for ever, so it counts as +infinity
(the way MLPerf's load generator and wrk2 treat what never came back). Nothing measured is None, never 0.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction

import numpy as np
import numpy.typing as npt
from scipy import special

from casewright.api.bench import Distribution, Interval

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Values = Sequence[float] | Floats
Times = Sequence[int] | Ints

NS_PER_MS = 1_000_000
PERCENTILES: tuple[tuple[str, float], ...] = (("p50", 0.50), ("p90", 0.90), ("p95", 0.95), ("p99", 0.99))


# Quantiles come from scipy.special: scipy.stats has the same ones and takes over a second to import,
# which every command would pay before its first word.


def _exact(q: float) -> Fraction:
    """The fraction that was meant: 0.9 is 9/10, so that ranks do not hang on the last bit of a float."""
    if not 0.0 < q < 1.0:
        raise ValueError(f"a percentile's q lies between 0 and 1, not {q}")
    return Fraction(q).limit_denominator(1_000_000)


def needed_for(q: float) -> int:
    """Return the least n at which percentile ``q`` may be printed: p90 10, p95 20, p99 100.

    Above the median, at least one observation must lie beyond the order statistic (n >= 1 / (1 - q)), else
    the "percentile" is only the maximum under another name. Up to the median one observation will do.
    """
    exact = _exact(q)
    return 1 if exact <= Fraction(1, 2) else math.ceil(1 / (1 - exact))


def nearest_rank(values: Values, q: float, failures: int = 0) -> float | None:
    """Return percentile ``q`` by nearest rank: the ``ceil(q n)``-th smallest, ``n`` counting failures.

    ``values`` need not be sorted. Failures are +infinity, so the answer may be ``inf``. None when ``n`` is
    too small for the order statistic (see `needed_for`).
    """
    n = len(values) + failures
    if n < needed_for(q):
        return None
    rank = math.ceil(_exact(q) * n)
    if rank > len(values):
        return math.inf
    return float(np.partition(np.asarray(values, dtype=np.float64), rank - 1)[rank - 1])


def percentile_label(q: float, n: int) -> str:
    """Return how to print percentile ``q`` of ``n`` requests: ``P95``, or ``P95 (max of 10)`` when n < 20."""
    name = f"P{float(100 * _exact(q)):g}"
    return name if n >= needed_for(q) else f"{name} (max of {n})"


def distribution(values: Values, failed: int = 0) -> Distribution:
    """Summarise ``values`` (of the completed requests, any unit); ``failed`` requests count as +infinity.

    ``mean``, ``min`` and ``max`` are of the completed alone, and a note says so when some failed. A
    percentile that n does not support, or that is infinite, is None with a note.
    """
    sample = np.asarray(values, dtype=np.float64)
    if not np.isfinite(sample).all():
        raise ValueError("a measured value is finite; failures are counted, not listed")
    n = len(sample) + failed
    if n == 0:
        return Distribution(n=0, notes=("nothing measured",))
    notes: list[str] = []
    found: dict[str, float | None] = {}
    highest = f" (max {sample.max():.1f})" if len(sample) else ""
    for name, q in PERCENTILES:
        value = nearest_rank(sample, q, failed)
        found[name] = value
        if value is None:
            notes.append(f"{name.upper()} not printed: needs {needed_for(q)} requests, have {n}{highest}")
        elif math.isinf(value):
            found[name] = None
            notes.append(f"{name.upper()} is infinite: {failed} of {n} requests failed")
    if failed and len(sample):
        notes.append(f"mean, min and max are of the {len(sample)} completed requests; {failed} failed")
    summary = (
        {"mean": float(sample.mean()), "min": float(sample.min()), "max": float(sample.max())}
        if len(sample)
        else {}
    )
    return Distribution(n=n, failed=failed, notes=tuple(notes), **summary, **found)


def wilson(k: int, n: int, level: float = 0.95) -> Interval | None:
    """Return ``k / n`` with Wilson's score interval (Wilson 1927, without continuity correction).

    None when nothing was attempted.
    """
    if not 0 <= k <= n:
        raise ValueError(f"{k} of {n} is not a proportion")
    if n == 0:
        return None
    z = float(special.ndtri(0.5 + level / 2))
    p = k / n
    scale = 1 + z * z / n
    centre = (p + z * z / (2 * n)) / scale
    half = z / scale * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    low = 0.0 if k == 0 else max(0.0, centre - half)
    high = 1.0 if k == n else min(1.0, centre + half)
    return Interval(value=p, low=low, high=high, level=level)


def proportion_upper(k: int, n: int, level: float = 0.95) -> float:
    """Return the one-sided exact (Clopper-Pearson) upper bound of a proportion; 1.0 when n is 0."""
    return 1.0 if k >= n else float(special.betaincinv(k + 1, n - k, level))


def proportion_lower(k: int, n: int, level: float = 0.95) -> float:
    """Return the one-sided exact (Clopper-Pearson) lower bound of a proportion; 0.0 when k is 0."""
    return 0.0 if k <= 0 or n == 0 else float(special.betaincinv(k, n - k + 1, 1 - level))


def samples_for_error_rate(bound: float, level: float = 0.95) -> int:
    """Return how many requests without one failure show that the error rate is below ``bound``.

    The least n with ``(1 - bound)**n <= 1 - level``: 299 for 1 % at 95 % ("rule of three").
    """
    if not 0.0 < bound < 1.0:
        raise ValueError(f"an error rate's bound lies between 0 and 1, not {bound}")
    return math.ceil(math.log(1 - level) / math.log1p(-bound))


def dispersion(
    times_ns: Times, bin_ms: float = 10.0, start: int | None = None, end: int | None = None
) -> float | None:
    """Return the index of dispersion of arrivals: variance / mean of counts over bins (Fano factor).

    1 for a Poisson process, near 0 for a constant rate, above 1 for bursts. Bins of ``bin_ms`` lie
    from ``start`` to ``end`` (nanoseconds; default first and last time), the incomplete last one is left out.
    The variance is the sample variance. None with fewer than two bins or no arrival in them.
    """
    times = np.asarray(times_ns, dtype=np.int64)
    if len(times) == 0:
        return None
    first = int(times.min()) if start is None else start
    last = int(times.max()) if end is None else end
    width = round(bin_ms * NS_PER_MS)
    bins = (last - first) // width
    if bins < 2:
        return None
    inside = times[(times >= first) & (times < first + bins * width)]
    counts = np.bincount((inside - first) // width, minlength=bins)
    mean = float(counts.mean())
    return float(counts.var(ddof=1)) / mean if mean else None


def gap_cv(times_ns: Times) -> float | None:
    """Return the coefficient of variation of the gaps between sends (0 constant, 1 Poisson).

    None with fewer than two gaps, or when all times are one.
    """
    gaps = np.diff(np.sort(np.asarray(times_ns, dtype=np.int64))).astype(np.float64)
    if len(gaps) < 2 or gaps.mean() == 0:
        return None
    return float(gaps.std(ddof=1) / gaps.mean())


def effective_n(indicator: npt.NDArray[np.bool_]) -> int:
    """Return how many independent observations a sequence of dependent yes/no is worth, at most its length.

    ``indicator`` is in the order of sending. ``n (1 - r) / (1 + r)`` with r the lag-1 autocorrelation (the
    AR(1) design effect). An r that chance alone would give (one-sided 5 %: below 1.645 / sqrt(n)) counts
    as 0, and so does a negative one: dependence can only widen an interval.
    """
    n = len(indicator)
    x = indicator.astype(np.float64)
    centred = x - x.mean() if n else x
    total = float(centred @ centred)
    if n < 3 or total == 0:
        return n
    r = float(centred[:-1] @ centred[1:]) / total
    if r < 1.645 / math.sqrt(n):
        return n
    return max(1, math.floor(n * (1 - r) / (1 + r)))


def percentile_interval(
    values: Values, q: float, failures: int = 0, level: float = 0.95, worth: int | None = None
) -> tuple[float, float]:
    """Return the distribution-free two-sided interval of percentile ``q`` by order statistics.

    The number of observations below the true percentile is Binomial(n, q) whatever the distribution, so the
    ranks are binomial quantiles (David and Nagaraja, Order Statistics, 7.1); the coverage is at least
    ``level``. ``low`` is 0 and ``high`` is ``inf`` where the sample is too small for that side.
    ``worth`` is the effective number of observations when they are dependent (see `effective_n`).
    """
    ordered = np.sort(np.asarray(values, dtype=np.float64))
    n = len(ordered) + failures
    if n == 0:
        return 0.0, math.inf
    m = n if worth is None else min(n, max(1, worth))
    alpha = (1 - level) / 2
    exact = float(_exact(q))
    below = special.bdtr(np.arange(m + 1, dtype=np.float64), m, exact)
    low_rank = int(np.searchsorted(below, alpha, side="right"))  # greatest l with P(B <= l - 1) <= alpha
    high_rank = int(np.searchsorted(below, 1 - alpha)) + 1  # least u with P(B <= u - 1) >= 1 - alpha
    low_rank = low_rank * n // m
    high_rank = -(-high_rank * n // m) if high_rank <= m else n + 1
    low = 0.0 if low_rank == 0 else math.inf if low_rank > len(ordered) else float(ordered[low_rank - 1])
    high = math.inf if high_rank > len(ordered) else float(ordered[high_rank - 1])
    return low, high


def mean_interval(values: Values, level: float = 0.95) -> Interval | None:
    """Return the mean with Student's t interval; None with fewer than two values."""
    sample = np.asarray(values, dtype=np.float64)
    if len(sample) < 2:
        return None
    mean = float(sample.mean())
    half = (
        float(special.stdtrit(len(sample) - 1, 0.5 + level / 2))
        * float(sample.std(ddof=1))
        / math.sqrt(len(sample))
    )
    return Interval(value=mean, low=mean - half, high=mean + half, level=level)


def steady_window(t_send: Times, t_end: Times, ramp_s: float = 0.0) -> tuple[int, int] | None:
    """Return the steady window (start, end] in nanoseconds, ramp and drain cut; None where there is none.

    ``t_send`` and ``t_end`` are of every request (failed and cut ones too). It starts when the number in
    flight first reaches its plateau, not before ``ramp_s`` is over, and ends with the last request sent:
    after that the load only drains. The plateau is the time-weighted median of the number in flight while
    requests were being sent. From there on arrivals and departures balance (Little's law), so that
    completions in the window over its length are the throughput; it fits closed and open loops alike.
    """
    sends, ends = np.sort(np.asarray(t_send, dtype=np.int64)), np.asarray(t_end, dtype=np.int64)
    if len(sends) < 2:
        return None
    first, last = int(sends[0]), int(sends[-1])
    times = np.concatenate((sends, ends))
    steps = np.concatenate((np.ones(len(sends), dtype=np.int64), -np.ones(len(ends), dtype=np.int64)))
    order = np.lexsort((-steps, times))  # at one instant arrivals first: a closed loop replaces at once
    times, level = times[order], np.cumsum(steps[order])
    while_sending = times[:-1] < last
    spans = np.diff(times)[while_sending]
    levels = level[:-1][while_sending]
    by_level = np.argsort(levels, kind="stable")
    passed = np.cumsum(spans[by_level])
    if len(passed) == 0 or passed[-1] == 0:
        return None
    plateau = levels[by_level][np.searchsorted(passed, passed[-1] / 2)]
    reached = int(times[np.argmax(level >= plateau)])
    start = max(reached, first + round(ramp_s * 1_000_000_000))
    return (start, last) if start < last else None


def rate_in(window: tuple[int, int], t_end: Times, weights: Values | None = None) -> float:
    """Return completions (or the sum of their ``weights``: tokens) a second, ``t_end`` in (start, end]."""
    ends = np.asarray(t_end, dtype=np.int64)
    start, end = window
    inside = (ends > start) & (ends <= end)
    amount = (
        float(inside.sum()) if weights is None else float(np.asarray(weights, dtype=np.float64)[inside].sum())
    )
    return amount * 1e9 / (end - start)


def tpot_ns(
    t_first: int | None, t_last: int | None, output_tokens: int | None, first_chunk_tokens: int | None
) -> float | None:
    """Return the time per output token: (last - first) / (N - tokens in the first chunk), nanoseconds.

    N is the server's count. None when anything is unknown or no token came after the first chunk.
    """
    if t_first is None or t_last is None or output_tokens is None or first_chunk_tokens is None:
        return None
    later = output_tokens - first_chunk_tokens
    return (t_last - t_first) / later if later > 0 else None
