"""Did the machine or an engine change while the comparison ran? A drifting run says so."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
from scipy import special

from casewright.api.compare import Direction, Drift
from casewright.bench.verdict import LEVEL, SAME, Pair, holm, log_ratios, usable

Points = Sequence[tuple[float, float | None]]
LEAST = 4


def drift(
    a: Points, b: Points, pairs: Sequence[Pair], direction: Direction, level: float = LEVEL
) -> tuple[Drift, ...]:
    """Return the trends over the run: of A's and of B's block values, and of the pairs' ratio.

    ``a`` and ``b`` are (position or time, block value). Least squares of the log value on the position, t
    test of the slope, Holm over the series tested. ABBA order cancels a linear trend that both sides share; a
    trend of the ratio itself it does not cancel, and then the verdict is of the run's average only.
    """
    whole, _, _ = usable(pairs)
    ratios = list(enumerate(np.exp(log_ratios(whole, direction)).tolist()))
    names: tuple[Literal["A", "B", "ratio"], ...] = ("A", "B", "ratio")
    fits = [_trend(points) for points in (a, b, ratios)]
    adjusted = iter(holm([fit[1] for fit in fits if fit is not None]))
    found = []
    for name, fit in zip(names, fits, strict=True):
        if fit is None:
            text = f"{name}: drift not tested, fewer than {LEAST} values or no spread"
            found.append(Drift(series=name, tested=False, text=text))
            continue
        p = next(adjusted)
        found.append(
            Drift(
                series=name,
                tested=True,
                change=fit[0],
                p=fit[1],
                p_adjusted=p,
                significant=p < 1 - level,
                text=_text(name, fit[0], p, level),
            )
        )
    return tuple(found)


def _trend(points: Points) -> tuple[float, float] | None:
    """The relative change from the first to the last point as fitted, and its p; None if not testable."""
    kept = [(x, y) for x, y in points if y is not None and np.isfinite(y) and y > 0]
    if len(kept) < LEAST:
        return None
    x, y = np.asarray(kept, dtype=np.float64).T
    logs = np.log(y)
    if np.ptp(x) == 0 or np.ptp(logs) < SAME:
        return None
    centred, freedom = x - x.mean(), len(x) - 2
    spread = float(centred @ centred)
    slope = float(centred @ logs) / spread
    rest = logs - logs.mean() - slope * centred
    error = float(np.sqrt(rest @ rest / freedom / spread))
    p = 2 * float(special.stdtr(freedom, -abs(slope) / error)) if error > 0 else 0.0
    return float(np.expm1(slope * np.ptp(x))), p


def _text(name: str, change: float, p: float, level: float) -> str:
    """The finding as a sentence."""
    what = "the ratio A/B" if name == "ratio" else f"{name}'s blocks"
    if p >= 1 - level:
        return f"{what}: no drift shown ({change:+.1%} over the run, p {p:.2f})"
    tail = (
        "the verdict is of the run's average only"
        if name == "ratio"
        else "ABBA order cancels the part that both sides share"
    )
    return f"{what} drifted {change:+.1%} over the run (p {p:.3f}); {tail}"
