"""How often is a verdict false? The whole decision, simulated on recorded noise.

Each trial is a whole comparison as a profile plans it: the same schedule, the same functions that decide in
earnest (`verdict.log_interval`, `decide`, `overrule`), block noise resampled from recordings, one engine made
``ratio`` times as fast. The bound is on the upper 95 % confidence bound of the false share, not on the share.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from casewright.api.compare import Decision
from casewright.bench.profiles import Profile, schedule
from casewright.bench.stats import Floats, proportion_upper
from casewright.bench.verdict import DECISIONS, LEVEL, MARGIN, by_unit, decide, log_interval, overrule

BOUND = 0.065
RATIOS: tuple[float, ...] = (1.0, 1.05, 1 / 1.05, 1.10, 1.5, 2.0)
Places = npt.NDArray[np.int64]


class NoiseSource(Protocol):
    """Anything that draws block noise: recorded (`noise.Noise`) or assumed (`noise.Assumed`)."""

    @property
    def name(self) -> str:
        """What it is, for a table's row."""
        ...

    def draw(self, rng: np.random.Generator, trials: int, blocks: int) -> Floats:
        """Log noise of consecutive blocks, shape (trials, blocks)."""
        ...


@dataclass(frozen=True, slots=True)
class Layout:
    """Where in the run each pair's first block stands, shape (pairs,); the second follows it."""

    ab: Places
    aa: Places
    pairs_per_unit: int = 1

    @property
    def blocks(self) -> int:
        """How many blocks the run has up to the last pair used."""
        return 2 + int(max(self.ab.max(initial=0), self.aa.max(initial=0)))


def layout(chosen: Profile, pairs: int | None = None) -> Layout:
    """Return the places of a profile's pairs; with ``pairs`` fewer, of the run cut short after that many."""
    slots = schedule(chosen, seed=0)[::2]
    wanted = chosen.pairs if pairs is None else pairs
    done = [i for i, slot in enumerate(slots) if slot.kind == "ab"][wanted - 1]
    following = [i for i, slot in enumerate(slots) if i > done and slot.kind == "ab"]
    kept = slots[: following[0] if following else len(slots)]
    return Layout(
        ab=np.array([2 * i for i, slot in enumerate(kept) if slot.kind == "ab"]),
        aa=np.array([2 * i for i, slot in enumerate(kept) if slot.kind == "aa"]),
        pairs_per_unit=chosen.pairs_per_unit,
    )


@dataclass(frozen=True, slots=True)
class Cell:
    """One simulated condition: how many of ``trials`` ended in each decision (in the order of DECISIONS)."""

    noise: str
    pairs: int
    aa_pairs: int
    ratio: float
    trials: int
    counts: tuple[int, int, int, int]

    def share(self, decision: Decision) -> float:
        """Share of trials that ended in ``decision``."""
        return self.counts[DECISIONS.index(decision)] / self.trials

    @property
    def false(self) -> int:
        """How many verdicts were false; see `is_false`."""
        return sum(n for n, d in zip(self.counts, DECISIONS, strict=True) if is_false(d, self.ratio))

    @property
    def upper(self) -> float:
        """The upper 95 % (Clopper-Pearson) bound of the share of false verdicts."""
        return proportion_upper(self.false, self.trials)


def is_false(decision: Decision, ratio: float, margin: float = MARGIN) -> bool:
    """Return whether a decision contradicts the truth.

    "A faster" claims a ratio beyond 1 + margin, "B faster" one below its inverse, "equivalent" one between;
    on the edge itself none of the three is true. NOT PROVEN is never false: what it costs is power.
    """
    place, edge = math.log(ratio), math.log1p(margin)
    near = 1e-12
    truth = {
        "A faster": place > edge + near,
        "B faster": place < -edge - near,
        "equivalent": abs(place) < edge - near,
    }
    return decision in truth and not truth[decision]


def _oriented(noise: Floats, first: Places, coins: npt.NDArray[np.bool_]) -> Floats:
    """Log noise of B less A, shape (trials, pairs), of pairs at ``first``; ``coins``: A first in a four."""
    pairs = len(first)
    change: Floats = noise[:, first + 1] - noise[:, first]
    a_first = np.repeat(coins, 2, axis=1)[:, :pairs] ^ (np.arange(pairs) % 2 == 1)
    return np.where(a_first, change, -change)


def simulate(
    noise: NoiseSource,
    where: Layout,
    ratio: float,
    trials: int,
    rng: np.random.Generator,
    *,
    margin: float = MARGIN,
    level: float = LEVEL,
) -> Cell:
    """Return the decisions of ``trials`` simulated comparisons in which A is ``ratio`` times as fast as B."""
    drawn = noise.draw(rng, trials, where.blocks)
    ab, aa = (
        _oriented(drawn, first, rng.random((trials, (len(first) + 1) // 2)) < 0.5)
        for first in (where.ab, where.aa)
    )
    units = by_unit(ab, where.pairs_per_unit) + math.log(ratio)
    found = decide(*log_interval(units, level)[:2], margin)
    if len(where.aa) < 2:
        found = np.zeros_like(found)
    else:
        mean, half, _ = log_interval(aa, level)
        found = np.where(np.isinf(half), 0, overrule(found, decide(mean, half, margin))).astype(np.int8)
    counts = np.bincount(found, minlength=4)
    return Cell(
        noise=noise.name,
        pairs=len(where.ab),
        aa_pairs=len(where.aa),
        ratio=ratio,
        trials=trials,
        counts=(int(counts[0]), int(counts[1]), int(counts[2]), int(counts[3])),
    )


def grid(
    noise: NoiseSource,
    chosen: Profile,
    pairs: int,
    *,
    trials: int,
    seed: int,
    ratios: Sequence[float] = RATIOS,
) -> list[Cell]:
    """Return a profile's cells at one number of pairs, one for each true ratio."""
    where = layout(chosen, pairs)
    rng = np.random.default_rng([seed, pairs])
    return [simulate(noise, where, ratio, trials, rng) for ratio in ratios]


@dataclass(frozen=True, slots=True)
class Misses:
    """How often 95 % intervals of two methods miss the true ratio at a number of pairs."""

    noise: str
    pairs: int
    trials: int
    t: int
    bootstrap: int


def interval_misses(
    noise: NoiseSource, pairs: int, trials: int, rng: np.random.Generator, resamples: int = 1000
) -> Misses:
    """Return how often Student's t and the plain percentile bootstrap of the pairs miss the truth.

    The bootstrap resamples whole pairs ``resamples`` times and takes the 2.5 % and 97.5 % points of the
    mean log-ratio; both methods see the same pairs.
    """
    first = np.arange(pairs) * 2
    drawn = noise.draw(rng, trials, 2 * pairs)
    logs = _oriented(drawn, first, rng.random((trials, (pairs + 1) // 2)) < 0.5)
    mean, half, _ = log_interval(logs)
    missed = 0
    for start in range(0, trials, 500):
        part = logs[start : start + 500]
        weights = rng.multinomial(pairs, np.full(pairs, 1 / pairs), size=resamples) / pairs
        low, high = np.quantile(part @ weights.T, [0.025, 0.975], axis=1)
        missed += int(((low > 0) | (high < 0)).sum())
    return Misses(noise.name, pairs, trials, t=int((np.abs(mean) > half).sum()), bootstrap=missed)
