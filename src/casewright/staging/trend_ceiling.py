"""The most that a series may rise by in an hour, where dips and falls hide it from a plain slope.

A renewed worker makes a dip, a pool that shrinks a fall. Neither is a rise, yet both make samples hang
together for as long as they last, and the interval of one slope through all of them tells of little else.

* A **dip** (`casewright.staging.trend_shape`) is left out. What stays keeps its time and value, so a leak is
  as steep as before; where more than ``DIP_SHARE`` would go (a saw-tooth, whose low points are the base line)
  nothing is left out.
* With up to ``MAX_FALLS`` **falls** the slope is that within the parts between, each with a level of its own
  (analysis of covariance, Fisher 1932, on the means of blocks), so that a restart here hides no leak there.
* The **ascent** is the sum of all rises without dips and blips, falls not counted. A leak at some rate has to
  climb rate times time, in whatever steps and beside whatever falls. What fell outside the samples is added:
  one step as large as the largest rise in a minute (at an even pace no more can), or two as large as the
  largest in ``STEP_S`` (at an uneven pace), whichever is more. It needs no model of noise; noise adds to it.
* A rise within a fall's minute shows in neither: all that rises there is added to both, and at least what
  noise would hide.

Where nothing falls the slope is that of Theil (1950) and Sen (1968) with blocks (that do not overlap:
Carlstein 1986; Künsch 1989 has those that do), as in `casewright.staging.trend`; the rise from the first
eighth to the last, falls added back, must be below the bound too, or of a saw-tooth that of its low points.

The lower of slope and ascent is that of the whole time. Both are means: a leak that begins late or behind a
fall is swamped by what was flat before. So the ceiling is the highest of that and of the same two in the
last third, in the last quarter (there the slope is the one after a bend) and in each part
between falls. **Nothing is proven** where more than ``UNJUDGED_SHARE`` of the time is in no such part, or
where the series goes down without a fall: what gives back beside a leak may hide it. Small falls leave the
ascent alone to prove it. What rises in the very sample of a fall nobody sees, nor two processes of one tree
of which one gives back at an even pace what the other takes. ``benchmarks/leak_verdicts.py`` tells how often
all this is wrong.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy.stats

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
from casewright.staging.trend_shape import (
    BLIP_S,
    LEAST_SHARE,
    MAX_FALLS,
    NOISE_TIMES,
    Cuts,
    Flags,
    base_line,
    descent,
    dips,
    falls,
    lows,
    noise_of,
    opened,
    parts_of,
    samples_in,
    small_falls,
    stitched,
)

STEP_S = 15.0
FLOORS = 10
# For the bend of a saw-tooth's base the last quarter needs a few points of its own.
BEND_FLOORS = 15
END_SHARE = 1 / 8
FEWEST = 3  # samples, of which something can be said
LATE_SHARES = {"last third": 1 / 3, "last quarter": 1 / 4}
PART_S = 240.0
UNJUDGED_SHARE = 0.1


@dataclass(frozen=True, slots=True)
class Ceiling:
    """``high`` is the most per hour that is left possible; ``by`` says what proves it.

    ``high`` is None where nothing is proven, and ``by`` then says why. ``plain`` is the slope without dips.
    ``left_out`` is the share of samples in dips.
    """

    plain: Trend
    high: float | None
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
    dip = dips(base_line(t, y), y, least)
    kept_t, kept_y = t[~dip], y[~dip]
    plain = slope_of(kept_t.tolist(), kept_y.tolist(), level)
    if plain is None:
        return None
    found = falls(kept_t, opened(kept_t, kept_y), least)
    # what rises right after a fall is taken for the end of a dip: with all samples it still shows
    hidden = hidden_by(t, y, found) if len(found) <= MAX_FALLS else 0.0
    high, by = _Judge(kept_t, kept_y, found, bound, level=level, hidden=hidden).told(plain)
    return Ceiling(plain, high, by, float(dip.mean()), len(found))


class _Judge:
    """One series without its dips: what proves how much of a rise, over which time."""

    def __init__(
        self, t: Floats, y: Floats, found: Cuts, bound: float, *, level: float, hidden: float
    ) -> None:
        self.t, self.y, self.level, self.hidden = t, y, level, hidden
        self.line = opened(t, y)
        self.teeth = len(found) > MAX_FALLS
        self.cuts: Cuts = [] if self.teeth else found
        # of a longer soak the bound allows more in all, and so does this
        self.allowed = LEAST_SHARE * bound * max(1.0, _length(t) / 3600)
        self.whole = stitched(t, y, self.cuts)
        # a slope nets small falls against a leak; the ascent does not
        self.slopes = self.teeth or small_falls(t, y, self.cuts) <= self.allowed

    def told(self, plain: Trend) -> tuple[float | None, str]:
        """The most per hour and what proves it, or None and why nothing does."""
        if min(self._since(share).sum() for share in LATE_SHARES.values()) < FEWEST:
            return None, "too few samples"
        down = falling(*lows(self.t, self.y, FLOORS)) if self.teeth else descent(self.t, self.whole)
        if down > self.allowed:
            return None, "it goes down without a fall"
        parts = [
            part
            for part in parts_of(self.t, self.cuts)
            if _length(self.t[part]) >= PART_S and part.sum() >= FEWEST
        ]
        judged = sum(_length(self.t[part]) for part in parts)
        if self.cuts and judged < (1 - UNJUDGED_SHARE) * _length(self.t):
            return None, "falls leave too short parts"
        highs = [self._all(plain), *(self._late(by, share) for by, share in LATE_SHARES.items())]
        if self.cuts:
            highs += [self._part(part) for part in parts]
        return max(highs, key=lambda each: each[0])

    def _all(self, plain: Trend) -> tuple[float, str]:
        hidden = 3600 * self.hidden / _length(self.t)
        told: dict[str, float | None] = {"ascent": ascent(self.t, self.line) + hidden}
        over = ends(self.t, self.whole, self.level)
        if self.slopes and self.cuts:
            between = slope_between(self.t, self.y, self.cuts, self.level)
            told["slope between falls"] = None if between is None else max(between, over) + hidden
        elif self.slopes and plain.high is not None:
            told["slope"] = max(plain.high, floor(self.t, self.y, self.level) if self.teeth else over)
        return _lowest(told)

    def _since(self, share: float) -> Flags:
        """The samples of this last share of the time."""
        return self.t >= float(self.t[-1]) - share * _length(self.t)

    def _late(self, by: str, share: float) -> tuple[float, str]:
        """Of the end alone: the slope after a bend there, or all that rose since."""
        late = self._since(share)
        since = float(self.t[-1]) - share * _length(self.t)
        told: dict[str, float | None] = {f"ascent in the {by}": ascent(self.t[late], self.line[late])}
        if self.slopes:
            t, y = lows(self.t, self.y, BEND_FLOORS) if self.teeth else (self.t, self.y)
            told[f"slope in the {by}"] = slope_between(t, y, self.cuts, self.level, since)
        return _lowest(told)

    def _part(self, part: Flags) -> tuple[float, str]:
        t, y = self.t[part], self.y[part]
        told: dict[str, float | None] = {"ascent between two falls": ascent(t, opened(t, y))}
        trend = slope_of(t.tolist(), y.tolist(), self.level)
        if self.slopes and trend is not None:
            told["slope between two falls"] = trend.high
        return _lowest(told)


def _lowest(told: dict[str, float | None]) -> tuple[float, str]:
    proven = [(high, by) for by, high in told.items() if high is not None]
    return min(proven)


def _length(t: Floats) -> float:
    return float(t[-1] - t[0]) if len(t) else 0.0


def single_step(times_s: Sequence[float], values: Sequence[float]) -> float | None:
    """The most per hour of a count that rose once by one; None for any other. Give it the whole record.

    A leak by ones at an even pace is no faster than one in the longest time without. After a step in the last
    third it may have begun only then: None.
    """
    if len(times_s) < 3 or times_s[-1] <= times_s[0]:
        return None
    t = np.asarray(times_s, float)
    rises = np.diff(base_line(t, np.asarray(values, float)))
    places = np.flatnonzero(rises > 0)
    if len(places) != 1 or rises[places[0]] > 1:
        return None
    at = float(t[places[0] + 1])
    if float(t[-1]) - at < LATE_SHARES["last third"] * _length(t):
        return None
    return 3600.0 / max(at - float(t[0]), float(t[-1]) - at)


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
    return 3600 * theil_sen(*lows(t, y, FLOORS), level)[2]


def falling(t: Floats, y: Floats) -> float:
    """How far a saw-tooth's lowest points surely go down over the whole time."""
    return -theil_sen(t, y)[2] * _length(t)


def slope_between(
    t: Floats, y: Floats, cuts: Cuts, level: float = LEVEL, bend_s: float | None = None
) -> float | None:
    """Upper end of the slope per hour that all parts between the cuts share; None for too few blocks.

    With ``bend_s`` the slope may be another one from that time on, and that one is told.
    """
    size = math.ceil(len(y) / MAX_POINTS)
    parts = parts_of(t, cuts)
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
    columns = [x]
    if bend_s is not None:
        bent = [np.maximum(a - bend_s, 0.0) for a, _ in means]
        columns.append(np.concatenate([each - each.mean() for each in bent]))
    return _upper(np.column_stack(columns), v, blocks - len(means) - len(columns), level)


def _upper(x: Floats, v: Floats, free: int, level: float) -> float | None:
    """Upper end, per hour, of the sum of all coefficients of a regression; None where it has none."""
    if free < 1 or np.linalg.matrix_rank(x) < x.shape[1]:
        return None
    spread = np.linalg.inv(x.T @ x)
    found = spread @ x.T @ v
    error = math.sqrt(float(((v - x @ found) ** 2).sum()) / free * float(spread.sum()))
    return 3600 * (float(found.sum()) + float(scipy.stats.t.ppf((1 + level) / 2, free)) * error)


def hidden_by(t: Floats, y: Floats, cuts: Cuts) -> float:
    """All that rose in the minutes around falls, for each at least as much as noise would hide."""
    least = NOISE_TIMES * noise_of(y)
    steps = np.diff(y)
    total = largest = 0.0
    for low, high in cuts:
        near = steps[(t[1:] > low - BLIP_S) & (t[:-1] < high + BLIP_S)]
        seen = float(near[near > least].sum())
        total, largest = total + max(least, seen), max(largest, seen)
    # as in the ascent, one step may have fallen outside
    return total + largest


def ascent(t: Floats, line: Floats) -> float:
    """Everything a line ever rose by, with the steps that may have fallen outside, per hour."""
    climbed = np.concatenate([[0.0], np.cumsum(np.maximum(np.diff(line), 0.0))])

    def largest(seconds: float) -> float:
        size = min(samples_in(t, seconds), len(line) - 1)
        return float((climbed[size:] - climbed[:-size]).max())

    minute = largest(BLIP_S)
    unseen = max(minute, 2 * largest(STEP_S))
    # the opening took the last minute's rise before a fall for a blip, and the fall hides what rose meanwhile
    cut = float(np.minimum(np.maximum(-np.diff(line), 0.0), 2 * minute).sum())
    return 3600 * (float(climbed[-1]) + unseen + cut) / float(t[-1] - t[0])
