"""From pairs of blocks to a verdict, and how far to believe it; docs/statistics.md argues every choice.

The unit is the block. Requests of one block share a machine's mood, a cache and each other's queue, so a
thousand of them are nowhere near a thousand observations; adjacent blocks on A and B with the
same prompts are one pair, and the pairs' log-ratios are what the t interval is taken over. A ratio says how
many times better A is than B whatever the metric's direction; above 1 A is better.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import special

from casewright.api.bench import Interval
from casewright.api.compare import (
    Decision,
    Direction,
    Estimate,
    MorePairs,
    NoiseFloor,
    Secondary,
    Side,
    Verdict,
)
from casewright.bench.stats import Floats

MARGIN = 0.05
LEVEL = 0.95
POWER = 0.8
MOST_UNITS = 500
SAME = 1e-9  # log-ratios closer than this are one number: no clock resolves a billionth of a block

DECISIONS: tuple[Decision, ...] = ("not proven", "A faster", "B faster", "equivalent")
Pair = tuple[float | None, float | None]


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric of blocks: its name, which direction is better, and how finely it can be read.

    ``resolution`` is relative (0.01: values within 1 % cannot be told apart, such as 100 requests a block
    counted whole); no interval is narrower than it.
    """

    name: str
    direction: Direction
    resolution: float = 0.0


def log_interval(
    logs: Floats, level: float = LEVEL, resolution: float = 0.0
) -> tuple[Floats, Floats, Floats]:
    """Return mean, half width and standard deviation of log-ratios along the last axis (shape (..., K)).

    Student's t with K - 1 degrees of freedom. The half width is infinite with fewer than two pairs, or when
    all are the same and no resolution is known: no spread seen is not infinite precision.
    """
    pairs = logs.shape[-1]
    mean = logs.mean(axis=-1)
    if pairs < 2:
        return mean, np.full_like(mean, np.inf), np.full_like(mean, np.nan)
    spread = logs.std(axis=-1, ddof=1)
    least = math.log1p(resolution)
    half = np.maximum(float(special.stdtrit(pairs - 1, 0.5 + level / 2)) * spread / math.sqrt(pairs), least)
    return mean, np.where((spread < SAME) & (least < SAME), np.inf, half), spread


def decide(mean: Floats, half: Floats, margin: float = MARGIN) -> npt.NDArray[np.int8]:
    """Return for each interval an index into `DECISIONS`.

    Faster: the interval lies wholly beyond the margin. Equivalent: wholly inside [1/(1+m), 1+m], which is
    TOST at half of 1 - level a side: at the margin's edge both false verdicts together stay at 1 - level.
    """
    edge = math.log1p(margin)
    low, high = mean - half, mean + half
    found = np.zeros(mean.shape, dtype=np.int8)
    found[low > edge] = 1
    found[high < -edge] = 2
    found[(low > -edge) & (high < edge)] = 3
    return found


def overrule(ab: npt.NDArray[np.int8], aa: npt.NDArray[np.int8]) -> npt.NDArray[np.int8]:
    """Return A/B decisions with those taken back whose A/A pairs called one of two equals faster."""
    return np.where((aa == 1) | (aa == 2), np.int8(0), ab).astype(np.int8)


def by_unit(logs: Floats, pairs_per_unit: int) -> Floats:
    """Return the mean of each ``pairs_per_unit`` consecutive log-ratios (last axis); a rest is left out.

    Two pairs are an ABBA four. Slow noise (autocorrelation r) makes its two pairs alike, by up to 1/8 at
    r = 1/2, so pairs as units would be a little too sure; fours are not, since a coin turns each of them.
    """
    units = logs.shape[-1] // pairs_per_unit
    kept = logs[..., : units * pairs_per_unit]
    mean: Floats = kept.reshape(*logs.shape[:-1], units, pairs_per_unit).mean(axis=-1)
    return mean


def _whole_units(pairs: Sequence[Pair], pairs_per_unit: int) -> list[tuple[float, float]]:
    """The pairs of those units in which none is lost, in order."""
    kept: list[tuple[float, float]] = []
    for start in range(0, len(pairs) - pairs_per_unit + 1, pairs_per_unit):
        whole, _, _ = usable(pairs[start : start + pairs_per_unit])
        if len(whole) == pairs_per_unit:
            kept += whole
    return kept


def usable(pairs: Sequence[Pair]) -> tuple[list[tuple[float, float]], int, int]:
    """Return the pairs with two positive finite values, and how many A and B lost."""
    whole: list[tuple[float, float]] = []
    lost = [0, 0]
    for a, b in pairs:
        bad_a, bad_b = (v is None or not math.isfinite(v) or v <= 0 for v in (a, b))
        lost[0] += bad_a
        lost[1] += bad_b
        if a is not None and b is not None and not (bad_a or bad_b):
            whole.append((a, b))
    return whole, lost[0], lost[1]


def log_ratios(pairs: Sequence[tuple[float, float]], direction: Direction) -> Floats:
    """Return the pairs' log-ratios, shape (K,), positive where A is better."""
    values = np.log(np.asarray(pairs, dtype=np.float64).reshape(-1, 2))
    logs: Floats = values[:, 1] - values[:, 0]
    return logs if direction == "lower_better" else -logs


def _p_beyond(mean: float, spread: float, units: int, margin: float) -> float:
    """Two-sided p of "the ratio lies within the margin": below .05 where the interval lies beyond it."""
    if units < 2 or spread < SAME:
        return 1.0
    t = (abs(mean) - math.log1p(margin)) / (spread / math.sqrt(units))
    return min(1.0, 2 * float(special.stdtr(units - 1, -t)))


def estimate(
    pairs: Sequence[Pair],
    metric: Metric,
    *,
    pairs_per_unit: int = 1,
    margin: float = MARGIN,
    level: float = LEVEL,
) -> Estimate:
    """Return the ratio of A over B on one metric with its interval.

    ``pairs`` are in the order they ran, lost ones (None) included: a four that lost a pair is left out whole.
    """
    _, lost_a, lost_b = usable(pairs)
    whole = _whole_units(pairs, pairs_per_unit)
    facts = {"metric": metric.name, "direction": metric.direction, "lost_a": lost_a, "lost_b": lost_b}
    if not whole:
        return Estimate.model_validate({**facts, "pairs": 0, "units": 0})
    logs = by_unit(log_ratios(whole, metric.direction), pairs_per_unit)
    mean, half, spread = (float(x) for x in log_interval(logs, level, metric.resolution))
    a, b = np.exp(np.log(np.asarray(whole)).mean(axis=0))
    ratio = None
    if math.isfinite(half):
        ratio = Interval(
            value=math.exp(mean), low=math.exp(mean - half), high=math.exp(mean + half), level=level
        )
    return Estimate.model_validate(
        {
            **facts,
            "pairs": len(whole),
            "units": len(logs),
            "a": float(a),
            "b": float(b),
            "ratio": ratio,
            "sd_log": spread if len(logs) > 1 else None,
            "p_beyond": _p_beyond(mean, spread, len(logs), margin),
        }
    )


def _decision(found: Estimate, margin: float) -> Decision:
    """What the interval says, before anything else is asked."""
    if found.ratio is None:
        return "not proven"
    low, high = math.log(found.ratio.low), math.log(found.ratio.high)
    middle, half = np.asarray((low + high) / 2), np.asarray((high - low) / 2)
    return DECISIONS[int(decide(middle, half, margin))]


def _withheld(found: Estimate, decision: Decision, minimum_pairs: int) -> str | None:
    """Why a decision that the interval would allow is not given; None when it is."""
    if found.pairs < minimum_pairs:
        return f"{found.pairs} usable pairs, and the profile's minimum is {minimum_pairs}"
    if found.ratio is None:
        return "all pairs gave the same ratio: that shows the metric's resolution, not a certainty"
    if decision == "A faster" and found.lost_a:
        return f"A lost {found.lost_a} blocks to failures, so it cannot be called faster"
    if decision == "B faster" and found.lost_b:
        return f"B lost {found.lost_b} blocks to failures, so it cannot be called faster"
    if decision == "equivalent" and found.lost_a + found.lost_b:
        return f"{found.lost_a + found.lost_b} blocks were lost to failures, so the sides are not alike"
    return None


def _spoken(found: Estimate, decision: Decision, margin: float) -> str:
    """The verdict as a sentence."""
    if found.ratio is None:
        return "NOT PROVEN"
    r = found.ratio
    if decision == "B faster":
        r = Interval(value=1 / r.value, low=1 / r.high, high=1 / r.low, level=r.level)
    span = f"{r.level:.0%} interval {r.low:.2f} to {r.high:.2f}"
    if decision == "equivalent":
        return f"A and B are equivalent within {margin:.0%} ({span})"
    if decision == "not proven":
        return f"NOT PROVEN (A/B {r.value:.2f}, {span}, margin {margin:.0%})"
    winner, loser = ("A", "B") if decision == "A faster" else ("B", "A")
    return f"{winner} is {r.value:.2f}x faster than {loser} ({span}, beyond the margin of {margin:.0%})"


def judge(
    pairs: Sequence[Pair],
    metric: Metric,
    *,
    minimum_pairs: int,
    pairs_per_unit: int = 1,
    margin: float = MARGIN,
    level: float = LEVEL,
) -> Verdict:
    """Return the verdict of A/B pairs on one metric, before the A/A pairs are heard (see `combine`)."""
    found = estimate(pairs, metric, pairs_per_unit=pairs_per_unit, margin=margin, level=level)
    decision = _decision(found, margin)
    withheld = _withheld(found, decision, minimum_pairs)
    if withheld is not None:
        decision, reason = "not proven", withheld
    else:
        reason = {
            "not proven": "the interval reaches across the margin",
            "equivalent": "the whole interval lies within the margin",
        }.get(decision, "the whole interval lies beyond the margin")
    more = more_pairs(found, minimum_pairs, margin=margin, level=level) if decision == "not proven" else None
    return Verdict(
        decision=decision,
        text=_spoken(found, decision, margin),
        reason=reason,
        margin=margin,
        level=level,
        estimate=found,
        more_pairs=more,
    )


def _power(gap: float, room: float, sd: float, units: int, level: float) -> float:
    """Chance that ``units`` prove it: ``gap`` to the margin's near edge, ``room`` to the far one (log)."""
    critical = float(special.stdtrit(units - 1, 0.5 + level / 2))
    scale = sd / math.sqrt(units)
    near = 1.0 - float(special.nctdtr(units - 1, gap / scale, critical))
    far = 1.0 if math.isinf(room) else 1.0 - float(special.nctdtr(units - 1, room / scale, critical))
    return max(0.0, near + far - 1.0)


def more_pairs(
    found: Estimate, minimum_pairs: int, margin: float = MARGIN, level: float = LEVEL
) -> MorePairs:
    """Return how many more pairs would prove what the estimate suggests, with a chance of 80 %.

    From the observed spread and place, by the noncentral t distribution (for equivalence both one-sided
    tests, by Bonferroni). None when the ratio lies so near the margin's edge that `MOST_UNITS` would not do.
    It is for planning a new run: adding pairs to a finished one until it proves something raises the error
    rate.
    """
    missing = max(0, minimum_pairs - found.pairs)
    if found.ratio is None or not found.sd_log:
        if missing:
            return MorePairs(pairs=missing, reason="to reach the profile's minimum")
        return MorePairs(pairs=None, reason="more pairs do not help: measure longer blocks or a finer metric")
    place, edge = abs(math.log(found.ratio.value)), math.log1p(margin)
    gap = abs(place - edge)
    room = math.inf if place > edge else place + edge
    aim = "one is faster" if place > edge else "they are equivalent"
    each = found.pairs // found.units
    if _power(gap, room, found.sd_log, MOST_UNITS, level) < POWER:
        return MorePairs(
            pairs=None,
            reason=f"the ratio {found.ratio.value:.3f} lies at the margin's edge: "
            f"{MOST_UNITS * each} pairs would probably not decide it",
        )
    low, high = max(2, found.units, -(-minimum_pairs // each)), MOST_UNITS
    while low < high:
        middle = (low + high) // 2
        low, high = (
            (low, middle) if _power(gap, room, found.sd_log, middle, level) >= POWER else (middle + 1, high)
        )
    more = max(1, low - found.units) * each
    return MorePairs(pairs=more, reason=f"about {more} more pairs ({2 * more} blocks) to show that {aim}")


def noise_floor(
    pairs: Sequence[Pair],
    metric: Metric,
    engine: Side = "A",
    margin: float = MARGIN,
    level: float = LEVEL,
) -> NoiseFloor:
    """Return what two labels on one engine gave: the half width of their interval, and whether one "won"."""
    found = estimate(pairs, metric, margin=margin, level=level)
    wins = _decision(found, margin) in ("A faster", "B faster")
    if found.ratio is None:
        return NoiseFloor(
            engine=engine,
            estimate=found,
            half_width=None,
            wins=False,
            text=f"noise floor unknown: {found.pairs} usable A/A pairs gave no interval",
        )
    half = math.sqrt(found.ratio.high / found.ratio.low) - 1
    text = f"noise floor {half:.1%}: {engine} against itself {found.ratio.low:.2f} to {found.ratio.high:.2f}"
    if wins:
        text = f"{text}: one engine beat itself by more than {margin:.0%}"
    return NoiseFloor(engine=engine, estimate=found, half_width=half, wins=wins, text=text)


def combine(ab: Verdict, aa: NoiseFloor) -> Verdict:
    """Return the verdict after the A/A pairs were heard: none where they "won", or were too few to speak."""
    if aa.wins:
        reason = "noise floor larger than margin: the method called one engine faster than itself"
    elif aa.half_width is None:
        reason = "no noise floor: the A/A pairs gave no interval"
    else:
        return ab
    return ab.model_copy(
        update={
            "decision": "not proven",
            "reason": reason,
            "text": _spoken(ab.estimate, "not proven", ab.margin),
            "more_pairs": None,
        }
    )


def holm(p_values: Sequence[float]) -> list[float]:
    """Return Holm's adjusted p-values (Holm 1979), in the order given."""
    adjusted = [0.0] * len(p_values)
    highest = 0.0
    for rank, index in enumerate(sorted(range(len(p_values)), key=lambda i: p_values[i])):
        highest = max(highest, min(1.0, (len(p_values) - rank) * p_values[index]))
        adjusted[index] = highest
    return adjusted


def secondary(
    series: Sequence[tuple[Metric, Sequence[Pair]]],
    *,
    minimum_pairs: int,
    pairs_per_unit: int = 1,
    margin: float = MARGIN,
    level: float = LEVEL,
) -> tuple[Secondary, ...]:
    """Return the metrics that were not declared primary, each only as sure as Holm's correction leaves it.

    Equivalence is not claimed for them: the correction is of the tests for a difference.
    """
    found = [
        judge(
            pairs,
            metric,
            minimum_pairs=minimum_pairs,
            pairs_per_unit=pairs_per_unit,
            margin=margin,
            level=level,
        )
        for metric, pairs in series
    ]
    adjusted = holm([v.estimate.p_beyond if v.estimate.p_beyond is not None else 1.0 for v in found])
    results = []
    for verdict, p in zip(found, adjusted, strict=True):
        sure = verdict.decision in ("A faster", "B faster") and p < 1 - level
        decision: Decision = verdict.decision if sure else "not proven"
        text = _spoken(verdict.estimate, decision, margin)
        p_given = p if verdict.estimate.p_beyond is not None else None
        results.append(Secondary(estimate=verdict.estimate, p_adjusted=p_given, decision=decision, text=text))
    return tuple(results)
