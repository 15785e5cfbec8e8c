"""What a series is made of besides a slope: dips, falls, small falls, a descent that takes longer.

A **dip** is a valley that the morphological closing (Serra 1982) fills: narrower than ``DIP_S``, with a
shoulder on either side, and deeper than noise. A **fall** stays down, and takes ``BLIP_S`` at most. A
**small fall** is one too small for that, seen by the means of the minutes on either side. A **descent** is
what goes down without a fall. Times are seconds, values of any unit, depths of that unit.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import numpy as np
import scipy.ndimage
from numpy.typing import NDArray

from casewright.staging.trend import Floats, averaged, correlation_time

Flags = NDArray[np.bool_]
Cuts = Sequence[tuple[float, float]]

DIP_S = 300.0
DIP_SHARE = 0.25
# What is back in this time is a request under way, not a level; so long a fall or a step may take, too.
BLIP_S = 60.0
MAX_FALLS = 3
# A dip or fall is deeper than so many standard deviations of the noise from sample to sample ...
NOISE_TIMES = 6.0
# ... and than this part of what the bound allows in an hour.
LEAST_SHARE = 0.25
# A small fall is so many standard deviations of the difference of two minutes: one hour has some 50 of them.
SMALL_TIMES = 4.0
DESCENT_BLOCKS = 10
DESCENT_TIMES = 3.0


def base_line(t: Floats, y: Floats) -> Floats:
    """The series without blips up (opening by ``BLIP_S``), then without dips (closing by ``DIP_S``).

    At its ends nothing is filled or cut: what has not come back yet is a level.
    """
    return _closed(opened(t, y), samples_in(t, DIP_S))


def opened(t: Floats, y: Floats) -> Floats:
    """The series without what is higher for less than ``BLIP_S``."""
    return -_closed(-y, samples_in(t, BLIP_S))


def _closed(y: Floats, size: int) -> Floats:
    edge = np.full(size, -np.inf)
    wide = scipy.ndimage.maximum_filter1d(np.concatenate([edge, y, edge]), size, mode="nearest")
    found: Floats = scipy.ndimage.minimum_filter1d(wide, size, mode="nearest")[size:-size]
    return found


def samples_in(t: Floats, seconds: float) -> int:
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
    size = min(samples_in(t, BLIP_S), len(line) - 1)
    down = line[:-size] - line[size:]
    found: list[tuple[float, float]] = []
    while len(found) <= MAX_FALLS and float(down.max(initial=0.0)) > least:
        place = int(down.argmax())
        found.append((float(t[place]), float(t[place + size])))
        down[max(0, place - size) : place + size + 1] = 0.0
    return sorted(found)


def parts_of(t: Floats, cuts: Cuts) -> list[Flags]:
    """Which samples lie in each part between the cuts."""
    edges = [-math.inf, *itertools.chain.from_iterable(cuts), math.inf]
    return [(t >= low) & (t <= high) for low, high in zip(edges[::2], edges[1::2], strict=True)]


def stitched(t: Floats, y: Floats, cuts: Cuts) -> Floats:
    """The series with its falls added back: the minute before each and the one after get the same mean."""
    found = y.copy()
    for low, high in cuts:
        before = found[(t > low - BLIP_S) & (t <= low)]
        after = found[(t >= high) & (t < high + BLIP_S)]
        if len(before) and len(after):
            found[t >= high] += float(before.mean() - after.mean())
            # somewhere in between it fell: what is there is neither level
            found[(t > low) & (t < high)] = float(before.mean())
    return found


def small_falls(t: Floats, y: Floats, cuts: Cuts) -> float:
    """How much the series lost in falls that stand out from noise, besides those in ``cuts``."""
    size = samples_in(t, BLIP_S)
    if len(y) < 4 * size:
        return 0.0
    means = np.convolve(stitched(t, y, cuts), np.full(size, 1 / size), "valid")
    down = means[:-size] - means[size:]
    # the place of a fall is between the two minutes: near one that is known already nothing is looked for
    places = t[size : size + len(down)]
    for low, high in cuts:
        down[(places > low - BLIP_S) & (places < high + BLIP_S)] = 0.0
    least = SMALL_TIMES * 1.4826 * float(np.median(np.abs(down - np.median(down))))
    total = 0.0
    while float(down.max(initial=0.0)) > least + 1e-9:
        place = int(down.argmax())
        total += float(down[place])
        down[max(0, place - size) : place + size + 1] = 0.0
    return total


def descent(t: Floats, y: Floats) -> float:
    """The deepest way down from one of ``DESCENT_BLOCKS`` means to a later one, beyond what noise makes."""
    size = len(y) // DESCENT_BLOCKS
    if size < 3:
        return 0.0
    means = averaged(t, y, size)[1]
    cut = len(y) - DESCENT_BLOCKS * size
    blocks = y[cut : cut + DESCENT_BLOCKS * size].reshape(DESCENT_BLOCKS, size)
    place = np.arange(size) - (size - 1) / 2
    level = blocks.mean(axis=1, keepdims=True)
    left = blocks - level - (blocks @ place / (place @ place))[:, None] * place
    error = math.sqrt(2 * float(left.var()) * correlation_time(left.ravel()) / size)
    deepest = float((np.maximum.accumulate(means) - means).max())
    return max(0.0, deepest - DESCENT_TIMES * error)


def lows(t: Floats, y: Floats, count: int) -> tuple[Floats, Floats]:
    """The lowest values of so many parts of equal length, and the middle of each: a saw-tooth's base."""
    parts = np.array_split(np.arange(len(y)), count)
    middles = np.array([float(t[part].mean()) for part in parts])
    return middles, np.array([float(y[part].min()) for part in parts])
