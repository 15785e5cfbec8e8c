"""Several ways of searching made one order: each way's scores by its own best, then a weighted sum.

Scores are used and not ranks: that the first is far ahead of the second is evidence, and ranks forget it. A
way whose best is poor is not believed as one that found something good (measured in docs/retrieval.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from casewright.knowledge.records import Scored


@dataclass(frozen=True, slots=True)
class Way:
    """What one way of searching found, best first, and what it counts for.

    ``good`` is what a good find scores: where the best is below it, scores are shares of this instead.

    ``partial``: there may be chunks beyond those listed, which score up to the last one's. They then count as
    much as the last one, so that to be just outside the list is no fall. Where it is False a chunk that is
    not listed has nothing.
    """

    name: str
    weight: float
    found: Sequence[Scored]
    good: float = 0.0
    partial: bool = False


@dataclass(frozen=True, slots=True)
class Fused:
    """A chunk's id, its score and the scores as each way gave them; only of the ways that found it."""

    id: int
    score: float
    parts: dict[str, float] = field(default_factory=dict)


def fuse(ways: Sequence[Way]) -> list[Fused]:
    """Every chunk that a way found, best first. Where two are equal the lower id is first.

    A way that found nothing, or nothing above 0, says nothing. The score lies between 0 and the sum of the
    weights.
    """
    parts: dict[int, dict[str, float]] = {}
    for way in ways:
        for scored in way.found:
            parts.setdefault(scored.id, {})[way.name] = scored.score
    scales = [(way, *_scale(way)) for way in ways]
    fused = [
        Fused(
            id=chunk,
            score=sum(
                way.weight * (max(given[way.name], 0.0) / whole if way.name in given else floor)
                for way, whole, floor in scales
                if whole > 0
            ),
            parts=given,
        )
        for chunk, given in parts.items()
    ]
    return sorted(fused, key=lambda one: (-one.score, one.id))


def _scale(way: Way) -> tuple[float, float]:
    """What counts as the whole of a way, and the share of it that a chunk has which it did not list."""
    whole = max([way.good, *(scored.score for scored in way.found)])
    if whole <= 0 or not way.partial:
        return whole, 0.0
    return whole, max(min(scored.score for scored in way.found), 0.0) / whole
