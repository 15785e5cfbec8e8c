"""How fast something rises: Theil-Sen's slope with an interval that holds for samples that hang together.

Samples of one process every few seconds are not independent: the interval of ``scipy.stats.theilslopes``
(Sen 1968, by the variance of Kendall's tau) takes them for it and is far too narrow. So the series is
cut into blocks, each longer than the samples hang together, and the slope and its interval are those of the
blocks' means. Where that leaves fewer than ``MIN_BLOCKS``, the values may as well walk: the interval is then
that of a random walk's drift, from the steps between blocks. A steady leak shows in it, noise does not.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy.stats
from numpy.typing import NDArray

Floats = NDArray[np.float64]

MIN_BLOCKS = 8
WALK_BLOCKS = 16
# As many independent blocks say all that is to be said, and pairs grow with the square.
MAX_BLOCKS = 120
# A block is this many times the integrated autocorrelation time: neighbours then correlate by about 0.1.
BLOCK_TIMES = 2.5
# Longer series are averaged first; the autocorrelation beyond is that of minutes.
MAX_POINTS = 1440
LEVEL = 0.95


@dataclass(frozen=True, slots=True)
class Trend:
    """A slope in units per hour, with its interval; ``low`` and ``high`` are None for very few samples.

    ``level`` is the median of the values. ``blocks`` is how many are independent, each of ``block_s``
    seconds; ``times_s`` is how long samples hang together (integrated autocorrelation time). ``late`` is
    the slope over the second half alone.
    """

    per_hour: float
    low: float | None
    high: float | None
    level: float
    samples: int
    blocks: int
    block_s: float
    times_s: float
    late: float


def slope_of(times_s: Sequence[float], values: Sequence[float], level: float = LEVEL) -> Trend | None:
    """The slope over time; None for fewer than three samples or no time between them.

    ``times_s`` in seconds, rising; ``values`` as many; ``level`` is the interval's confidence.
    """
    if len(times_s) < 3 or times_s[-1] <= times_s[0]:
        return None
    t, y = np.asarray(times_s, float), np.asarray(values, float)
    samples, middle = len(y), float(np.median(y))
    t, y = averaged(t, y, max(1, math.ceil(len(t) / MAX_POINTS)))
    step = float(np.median(np.diff(t)))
    together = correlation_time(detrended(t, y))
    length = max(
        1, math.ceil(BLOCK_TIMES * together) if together > 1.0 else 1, math.ceil(len(y) / MAX_BLOCKS)
    )
    blocks = len(y) // length
    enough = blocks >= MIN_BLOCKS
    bt, by = averaged(t, y, length if enough else max(1, len(y) // WALK_BLOCKS))
    per_s, low, high = theil_sen(bt, by, level) if enough else walk(bt, by, level)
    told = enough or len(bt) >= MIN_BLOCKS
    half = len(bt) // 2
    late = theil_sen(bt[half:], by[half:], level)[0] if len(bt) - half >= 3 else per_s
    return Trend(
        per_hour=per_s * 3600,
        low=low * 3600 if told else None,
        high=high * 3600 if told else None,
        level=middle,
        samples=samples,
        blocks=blocks,
        block_s=length * step,
        times_s=together * step,
        late=late * 3600,
    )


def theil_sen(t: Floats, y: Floats, level: float = LEVEL) -> tuple[float, float, float]:
    """Slope and interval of independent values, by scipy; a constant is 0 without width."""
    if np.ptp(y) == 0:
        return 0.0, 0.0, 0.0
    found = scipy.stats.theilslopes(y, t, alpha=level)
    return float(found[0]), float(found[2]), float(found[3])


def walk(t: Floats, y: Floats, level: float = LEVEL) -> tuple[float, float, float]:
    """Theil-Sen's slope, and the interval of the drift of a random walk through these means.

    Neighbouring steps between means of a walk correlate by a quarter: their mean varies half as much again.
    """
    per_s = theil_sen(t, y, level)[0]
    steps = np.diff(y) / np.diff(t)
    if len(steps) < 2:
        return per_s, per_s, per_s
    half = float(scipy.stats.t.ppf((1 + level) / 2, len(steps) - 1)) * float(steps.std(ddof=1))
    half *= math.sqrt(1.5 / len(steps))
    middle = float(steps.mean())
    return per_s, min(per_s, middle - half), max(per_s, middle + half)


def correlation_time(residuals: Floats) -> float:
    """Integrated autocorrelation time in samples, at least 1: the larger of two estimates.

    One sums the autocorrelations up to Sokal's window (five times the sum so far); the other is that of an
    AR(1) process with the same first autocorrelation, freed of the bias that a fitted line leaves in it.
    """
    n = len(residuals)
    centred = residuals - residuals.mean()
    variance = float(centred @ centred)
    if n < 4 or variance == 0:
        return 1.0
    size = 1 << (2 * n - 1).bit_length()
    power = np.abs(np.fft.rfft(centred, size)) ** 2
    rho = np.fft.irfft(power, size)[:n] / variance
    total = 1.0
    for lag in range(1, n):
        total += 2 * float(rho[lag])
        if lag >= 5 * max(total, 1.0):
            break
    first = float(rho[1])
    first = min(first + (2 + 4 * first) / n, 1 - 1 / n)
    by_first = (1 + first) / (1 - first) if first > 0 else 1.0
    return max(1.0, total, by_first)


def detrended(t: Floats, y: Floats) -> Floats:
    """What is left of values without their line, which is fitted to at most 200 means; seconds, any unit."""
    slope = theil_sen(*averaged(t, y, max(1, len(y) // 200)))[0]
    left: Floats = y - slope * (t - t[0])
    return left


def averaged(t: Floats, y: Floats, size: int) -> tuple[Floats, Floats]:
    """Means of ``size`` neighbours; the first few that fill no block are left out."""
    if size <= 1:
        return t, y
    count = len(y) // size
    cut = len(y) - count * size
    return t[cut:].reshape(count, size).mean(axis=1), y[cut:].reshape(count, size).mean(axis=1)
