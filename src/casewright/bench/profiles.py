"""How long to compare and in what order: the profiles' numbers are those whose error rates are shown.

docs/benchmarks/verdict-error-rates.md shows, for each profile's pairs, how often a verdict is false and how
often a difference is found; change a number here and that table must be made anew.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

import numpy as np

from casewright.api.compare import Plan, Side
from casewright.errors import UsageError


@dataclass(frozen=True, slots=True)
class Profile:
    """A time budget and what is done in it.

    ``pairs`` A/B pairs are planned; with fewer than ``minimum_pairs`` usable ones the only verdict is NOT
    PROVEN. ``aa_pairs`` compare one engine with itself. A block measures for ``block_s`` after ``settle_s``
    in which its users start; ``warmup_s`` is spent on each engine before the first block. The interval is
    taken over units of ``pairs_per_unit`` pairs: 1, or 2 (an ABBA four, which keeps its error rate under slow
    noise too, for half the degrees of freedom).
    """

    name: str
    budget_s: float
    pairs: int
    minimum_pairs: int
    aa_pairs: int
    block_s: float
    settle_s: float
    warmup_s: float
    pairs_per_unit: int = 1

    @property
    def decides(self) -> bool:
        """Whether it plans enough pairs for a verdict; one that does not can only say NOT PROVEN."""
        return self.pairs >= self.minimum_pairs

    @property
    def planned_s(self) -> float:
        """Seconds that the whole plan takes when nothing goes wrong."""
        blocks = 2 * (self.pairs + self.aa_pairs)
        return 2 * self.warmup_s + blocks * (self.settle_s + self.block_s)

    def plan(self) -> Plan:
        """The plan as results record it."""
        return Plan(
            name=self.name,
            budget_s=self.budget_s,
            pairs=self.pairs,
            minimum_pairs=self.minimum_pairs,
            pairs_per_unit=self.pairs_per_unit,
            aa_pairs=self.aa_pairs,
            block_s=self.block_s,
        )


PROFILES: Mapping[str, Profile] = MappingProxyType(
    {
        profile.name: profile
        for profile in (
            # Below every minimum on purpose: shows that a comparison would run, proves nothing.
            Profile("smoke", 30, 2, 4, 2, block_s=1, settle_s=0.2, warmup_s=1),
            Profile("quick", 180, 6, 4, 4, block_s=6.5, settle_s=0.75, warmup_s=8),
            Profile("standard", 900, 16, 8, 4, block_s=20, settle_s=1, warmup_s=20, pairs_per_unit=2),
            Profile("full", 3600, 32, 16, 8, block_s=42, settle_s=1, warmup_s=40, pairs_per_unit=2),
        )
    }
)


def profile(name: str) -> Profile:
    """Return the profile of that name; UsageError names those there are."""
    if name not in PROFILES:
        raise UsageError(f"unknown profile {name!r}", hint=f"use one of {', '.join(PROFILES)}")
    return PROFILES[name]


def abba(pairs: int, seed: int) -> list[tuple[Side, Side]]:
    """Return the order within each of ``pairs`` pairs: every two are ABBA or BAAB, by a seeded coin.

    A linear drift shared by both sides cancels within each four blocks. The coin keeps the order from
    falling in step with anything periodic and, on average, neighbouring pairs from sharing slow noise.
    """
    rng = np.random.default_rng([seed, 0xABBA])
    order: list[tuple[Side, Side]] = []
    for _ in range((pairs + 1) // 2):
        order += [("A", "B"), ("B", "A")] if rng.integers(2) == 0 else [("B", "A"), ("A", "B")]
    return order[:pairs]


@dataclass(frozen=True, slots=True)
class Slot:
    """One block to run: ``engine`` is loaded, ``side`` is the label, ``seed`` fixes prompts and arrivals.

    Both blocks of an A/B pair have one seed, so both engines get the same work. Those of an A/A pair have
    two: the second would otherwise be answered from the first one's prefix cache.
    """

    kind: Literal["ab", "aa"]
    pair: int
    side: Side
    engine: Side
    seed: int


def schedule(chosen: Profile, seed: int, aa_engine: Side = "A") -> list[Slot]:
    """Return all blocks in order: A/B pairs, with the A/A pairs spread evenly among them.

    A run that is cut short thus has both kinds in about the planned proportion. An A/A pair is never first
    nor inside an ABBA four where it can be helped: one follows every ``pairs / aa_pairs`` A/B pairs.
    """
    ab, aa = abba(chosen.pairs, seed), abba(chosen.aa_pairs, seed + 1)
    due = [round((i + 1) * chosen.pairs / (chosen.aa_pairs + 1) / 2) * 2 for i in range(chosen.aa_pairs)]
    slots: list[Slot] = []
    done = 0
    for index, order in enumerate(ab):
        slots += [Slot("ab", index, side, side, _seed(seed, 0, index)) for side in order]
        while done < len(due) and due[done] <= index + 1:
            slots += [
                Slot("aa", done, side, aa_engine, _seed(seed, 1 + (side == "B"), done)) for side in aa[done]
            ]
            done += 1
    return slots


def _seed(seed: int, kind: int, pair: int) -> int:
    """A seed of its own for each kind (A/B, A/A's first label, its second) and pair."""
    return int(np.random.SeedSequence([seed, kind, pair]).generate_state(1)[0])
