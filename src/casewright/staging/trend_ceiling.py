"""The most that a series may rise by in an hour, where dips and falls hide it from a plain slope.

A renewed worker makes a dip, a pool that shrinks a fall. Neither is a rise, yet both make samples hang
together for as long as they last, and the interval of one slope through all of them tells of little else.

* A **dip** is a valley that the morphological closing (Serra 1982) of the series fills: narrower than
  ``DIP_S``, with a shoulder on either side, and deeper than noise. Its samples are left out. What stays keeps
  its time and value, so a leak is as steep as before; where more than ``DIP_SHARE`` would go (a saw-tooth,
  whose low points are the base line) nothing is left out.
* A **fall** stays down. No fall is set against a rise: with up to ``MAX_FALLS`` of them the slope is that
  within the parts between, each with a level of its own (analysis of covariance, Fisher 1932, on the means of
  blocks), so that a restart here hides no leak there.
* The **ascent** is the sum of all rises without dips and blips, falls not counted. A leak at some rate has to
  climb rate times time, in whatever steps and beside whatever falls. What fell outside the samples is added:
  one step as large as the largest rise in a minute (at an even pace no more can), or two as large as the
  largest in ``STEP_S`` (at an uneven pace), whichever is more. It needs no model of noise; noise adds to it.

Where nothing falls the slope is that of Theil (1950) and Sen (1968) with blocks (that do not overlap:
Carlstein 1986; Künsch 1989 has those that do), as in `casewright.staging.trend`; the rise from the first
eighth to the last must be below the bound too, or of a saw-tooth that of its lowest points. The ceiling is
the lower of slope and ascent. ``benchmarks/leak_verdicts.py`` tells how often it is wrong.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy.ndimage
import scipy.stats
from numpy.typing import NDArray

from casewright.staging.trend import (
    BLOCK_TIMES,
    LEVEL,
    MAX_BLOCKS,
    MAX_POINTS,
    MIN_BLOCKS,
    Floats,
    Trend,
    averaged,
    correlation_time,
    detrended,
    slope_of,
    theil_sen,
)

Flags = NDArray[np.bool_]

DIP_S = 300.0
DIP_SHARE = 0.25
# What is back in this time is a request under way, not a level; so long a fall or a step may take, too.
BLIP_S = 60.0
MAX_FALLS = 3
# A dip or fall is deeper than so many standard deviations of the noise from sample to sample ...
NOISE_TIMES = 6.0
# ... and than this part of what the bound allows in an hour: what is less changes no verdict.
LEAST_SHARE = 0.25
STEP_S = 15.0
FLOORS = 10
END_SHARE = 1 / 8


@dataclass(frozen=True, slots=True)
class Ceiling:
    """``high`` is the most per hour that is left possible; ``by`` says what proves it.

    ``plain`` is the slope without dips. ``left_out`` is the share of samples in dips.
    """

    plain: Trend
    high: float
    by: str
    left_out: float
    falls: int


def ceiling_of(
    times_s: Sequence[float], values: Sequence[float], bound: float, level: float = LEVEL
) -> Ceiling | None:
    """Slope and ceiling of a series; None for fewer than three samples or no time between them.

    ``times_s`` in seconds, rising; ``bound`` in units per hour, more than 0, says what size matters.
    """
    if slope_of(times_s, values, level) is None:
        return None
    t, y = np.asarray(times_s, float), np.asarray(values, float)
    least = max(LEAST_SHARE * bound, NOISE_TIMES * noise_of(y))
    base = base_line(t, y)
    dip = dips(base, y, least)
    kept_t, kept_y = t[~dip], y[~dip]
    plain = slope_of(kept_t.tolist(), kept_y.tolist(), level)
    if plain is None:
        return None
    line = opened(kept_t, kept_y)
    found = falls(kept_t, line, least)
    told: dict[str, float | None] = {"ascent": ascent(kept_t, line)}
    if 0 < len(found) <= MAX_FALLS:
        told["slope between falls"] = slope_between(kept_t, kept_y, found, level)
    elif plain.high is not None:
        told["slope"] = max(plain.high, (floor if found else ends)(kept_t, kept_y, level))
    proven = {by: high for by, high in told.items() if high is not None}
    by = min(proven, key=lambda each: proven[each])
    return Ceiling(plain, proven[by], by, float(dip.mean()), len(found))


def single_step(times_s: Sequence[float], values: Sequence[float]) -> float | None:
    """The most per hour of a count that rose once by one; None for any other. Give it the whole record.

    A leak by ones at an even pace is no faster than one in the longest time without.
    """
    if len(times_s) < 3 or times_s[-1] <= times_s[0]:
        return None
    t = np.asarray(times_s, float)
    rises = np.diff(base_line(t, np.asarray(values, float)))
    places = np.flatnonzero(rises > 0)
    if len(places) != 1 or rises[places[0]] > 1:
        return None
    at = float(t[places[0] + 1])
    return 3600.0 / max(at - float(t[0]), float(t[-1]) - at)


def base_line(t: Floats, y: Floats) -> Floats:
    """The series without blips up (opening by ``BLIP_S``), then without dips (closing by ``DIP_S``).

    At its ends nothing is filled or cut: what has not come back yet is a level.
    """
    return _closed(opened(t, y), _samples(t, DIP_S))


def opened(t: Floats, y: Floats) -> Floats:
    """The series without what is higher for less than ``BLIP_S``."""
    return -_closed(-y, _samples(t, BLIP_S))


def _closed(y: Floats, size: int) -> Floats:
    edge = np.full(size, -np.inf)
    wide = scipy.ndimage.maximum_filter1d(np.concatenate([edge, y, edge]), size, mode="nearest")
    found: Floats = scipy.ndimage.minimum_filter1d(wide, size, mode="nearest")[size:-size]
    return found


def _samples(t: Floats, seconds: float) -> int:
    """An odd number of samples, so that the filters are even-handed."""
    return max(1, round(seconds / float(np.median(np.diff(t))))) | 1


def noise_of(y: Floats) -> float:
    """Standard deviation from sample to sample, by the median of the differences; 0 for what mostly stays."""
    steps = np.diff(y)
    return 1.4826 * float(np.median(np.abs(steps - np.median(steps)))) / math.sqrt(2)


def dips(base: Floats, y: Floats, least: float) -> Flags:
    """Which samples lie in dips: none where they are too many to be told from the base line."""
    found: Flags = base - y > least
    return found if found.mean() <= DIP_SHARE else np.zeros(len(y), bool)


def falls(t: Floats, line: Floats, least: float) -> list[tuple[float, float]]:
    """From when to when the line fell by more than ``least``, each within ``BLIP_S``; seconds.

    Beyond ``MAX_FALLS`` nobody needs them: one more is told, not all.
    """
    size = min(_samples(t, BLIP_S), len(line) - 1)
    down = line[:-size] - line[size:]
    found: list[tuple[float, float]] = []
    while len(found) <= MAX_FALLS and float(down.max(initial=0.0)) > least:
        place = int(down.argmax())
        found.append((float(t[place]), float(t[place + size])))
        down[max(0, place - size) : place + size + 1] = 0.0
    return sorted(found)


def ends(t: Floats, y: Floats, level: float) -> float:
    """Upper end of the rise per hour from the mean of the first ``END_SHARE`` to that of the last.

    A slope weighs the middle: steps that all came early or late tilt it less than they raise the level.
    """
    t, y = averaged(t, y, math.ceil(len(y) / MAX_POINTS))
    part = max(1, int(len(y) * END_SHARE))
    left = detrended(t, y)
    independent = max(2.0, part / correlation_time(left))
    error = math.sqrt(2 * float(left.var()) / independent)
    rise = float(y[-part:].mean() - y[:part].mean())
    apart = float(t[-part:].mean() - t[:part].mean())
    factor = float(scipy.stats.t.ppf((1 + level) / 2, 2 * (independent - 1)))
    return 3600 * (rise + factor * error) / apart


def floor(t: Floats, y: Floats, level: float) -> float:
    """Upper end of the slope per hour of the lowest values: of a saw-tooth whose tops have a lid."""
    parts = np.array_split(np.arange(len(y)), FLOORS)
    lowest = np.array([float(y[part].min()) for part in parts])
    return 3600 * theil_sen(np.array([float(t[part].mean()) for part in parts]), lowest, level)[2]


def slope_between(
    t: Floats, y: Floats, cuts: Sequence[tuple[float, float]], level: float = LEVEL
) -> float | None:
    """Upper end of the slope per hour that all parts between the cuts share; None for too few blocks."""
    edges = [-math.inf, *itertools.chain.from_iterable(cuts), math.inf]
    parts = [(t >= low) & (t <= high) for low, high in zip(edges[::2], edges[1::2], strict=True)]
    size = math.ceil(len(y) / MAX_POINTS)
    pairs = [averaged(t[part], y[part], size) for part in parts if part.sum() >= 3 * size]
    if not pairs:
        return None
    together = max(correlation_time(detrended(a, b)) for a, b in pairs)
    length = max(
        1, math.ceil(BLOCK_TIMES * together) if together > 1.0 else 1, math.ceil(len(y) / size / MAX_BLOCKS)
    )
    means = [averaged(a, b, length) for a, b in pairs if len(a) >= 2 * length]
    blocks = sum(len(a) for a, _ in means)
    # without the short parts most of the time must still be told
    if blocks < MIN_BLOCKS or blocks * length * size < len(y) / 2:
        return None
    x = np.concatenate([a - a.mean() for a, _ in means])
    v = np.concatenate([b - b.mean() for _, b in means])
    slope = float(x @ v) / float(x @ x)
    free = blocks - len(means) - 1
    error = math.sqrt(float(((v - slope * x) ** 2).sum()) / free / float(x @ x))
    return 3600 * (slope + float(scipy.stats.t.ppf((1 + level) / 2, free)) * error)


def ascent(t: Floats, line: Floats) -> float:
    """Everything a line ever rose by, with the steps that may have fallen outside, per hour."""
    climbed = np.concatenate([[0.0], np.cumsum(np.maximum(np.diff(line), 0.0))])

    def largest(seconds: float) -> float:
        size = min(_samples(t, seconds), len(line) - 1)
        return float((climbed[size:] - climbed[:-size]).max())

    minute = largest(BLIP_S)
    unseen = max(minute, 2 * largest(STEP_S))
    # the opening took the last minute's rise before a fall for a blip, and the fall hides what rose meanwhile
    cut = float(np.minimum(np.maximum(-np.diff(line), 0.0), 2 * minute).sum())
    return 3600 * (float(climbed[-1]) + unseen + cut) / float(t[-1] - t[0])
