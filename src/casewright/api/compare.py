"""The schema of a comparison of two engines, ``casewright.bench/1`` with kind ``compare``.

A ratio always says how many times better A is than B, whatever the metric's direction: latency B / A,
throughput A / B; above 1 A is better. The unit of every statistic here is the block, never the request. A
value nobody measured is None, never 0. docs/metrics.md explains the fields, docs/statistics.md the method.
"""

from __future__ import annotations

from typing import Literal

from pydantic import ConfigDict, Field

from casewright.api.bench import (
    Distribution,
    Engine,
    Interval,
    Load,
    Machine,
    Record,
    TargetResult,
    Tokens,
    Validity,
    WorkloadFacts,
)
from casewright.api.qualification import QualityComparison

Direction = Literal["lower_better", "higher_better"]
Side = Literal["A", "B"]
Decision = Literal["A faster", "B faster", "equivalent", "not proven"]


class Plan(Record):
    """What was planned: the profile, its time budget, its numbers of pairs, and how many make one unit."""

    name: str
    budget_s: float
    pairs: int
    minimum_pairs: int
    aa_pairs: int
    block_s: float
    pairs_per_unit: int = 1


class Budget(Record):
    """What was done of the plan; ``cut`` says why it ended early, None when it did not."""

    used_s: float
    pairs_done: int
    aa_pairs_done: int
    cut: str | None = None


class Block(Record):
    """One block: one engine under the declared load for a while; the unit of the comparison.

    ``position`` is its place in the order of all blocks, ``at_s`` its start in seconds since the first.
    Blocks of one ``pair`` share prompts and arrival seed. In an A/A pair (``kind`` "aa") ``side`` is only a
    label and ``engine`` says which of the two was really loaded, both times. A value is None where every
    request of the block failed or the metric does not exist.
    """

    position: int
    at_s: float
    duration_s: float
    kind: Literal["ab", "aa"]
    pair: int
    side: Side
    engine: Side
    values: dict[str, float | None]
    attempted: int
    completed: int
    failed: int
    validity: Validity


class Estimate(Record):
    """One metric's ratio from its pairs of blocks.

    ``pairs`` counts the usable ones, ``units`` what the interval is taken over: pairs, or ABBA fours of two
    pairs. ``a`` and ``b`` are geometric means of the block values in the metric's own unit. ``ratio`` is None
    when no interval exists: fewer than two units, or no spread between them. ``sd_log`` is the standard
    deviation of the units' log-ratios. ``p_beyond`` tests that the ratio lies within the margin. ``lost_a``
    and ``lost_b`` count pairs that one side's failed block made unusable.
    """

    metric: str
    direction: Direction
    pairs: int
    units: int
    a: float | None = None
    b: float | None = None
    ratio: Interval | None = None
    sd_log: float | None = None
    p_beyond: float | None = None
    lost_a: int = 0
    lost_b: int = 0


class MorePairs(Record):
    """How many more pairs a verdict would probably (80 %) take; ``pairs`` is None where none would do."""

    pairs: int | None
    reason: str


class NoiseFloor(Record):
    """What the A/A pairs gave: two labels on one engine.

    ``half_width`` is the half width of their interval as a relative difference (0.04: 4 %), None when
    there were too few. ``wins`` is True when the method called one label faster: then it is not believed.
    """

    engine: Side
    estimate: Estimate
    half_width: float | None
    wins: bool
    text: str


class Verdict(Record):
    """The answer on the primary metric, with the reason and what would change it."""

    decision: Decision
    text: str
    reason: str
    margin: float
    level: float
    estimate: Estimate
    more_pairs: MorePairs | None = None


class Drift(Record):
    """A trend of one series over the run: a side's log values, or the pairs' log-ratios.

    ``change`` is the relative change over the whole series as fitted (0.10: 10 % more at its end);
    ``p_adjusted`` is Holm's over the series tested; ``tested`` is False with fewer than four values.
    """

    series: Literal["A", "B", "ratio"]
    tested: bool
    change: float | None = None
    p: float | None = None
    p_adjusted: float | None = None
    significant: bool = False
    text: str


class Secondary(Record):
    """A metric that was not declared primary; its verdict holds only after Holm's correction."""

    estimate: Estimate
    p_adjusted: float | None
    decision: Decision
    text: str


class Agreement(Record):
    """Whether both engines answered the same prompts alike, over answers of A/B pairs that both completed.

    ``identical`` is the share of word for word equal answers (only telling at temperature 0), ``similar`` the
    share alike in most words, ``similarity`` the mean likeness, 0 to 1.
    """

    compared: int
    identical: Interval | None
    similar: Interval | None = None
    similarity: float | None
    text: str


class Exam(Record):
    """A side's answer quality on the built-in exam: share right overall and by skill."""

    score: Interval
    skills: dict[str, Interval] = Field(default_factory=dict)
    strategy: str
    seconds_per_item: float | None = None


class Parity(Record):
    """Whether both sides did the same work; a "stack comparison" differs in more than the engine.

    Differences are relative, B against A: mean prompt tokens as the servers counted them, mean output tokens.
    ``differs`` names the facts that are not equal (quantization, digest, context length, template, sampling).
    """

    label: Literal["engine comparison", "stack comparison"]
    prompt_tokens_difference: float | None
    output_tokens_difference: float | None
    differs: tuple[str, ...] = ()
    findings: tuple[str, ...] = ()


class SideSummary(Record):
    """All of one engine's A/B blocks together: described, not tested (requests are not the unit)."""

    engine: Engine
    attempted: int
    completed: int
    failed: int
    error_rate: Interval | None
    ttft_ms: Distribution
    tpot_ms: Distribution
    e2e_ms: Distribution
    tokens: Tokens
    exam: Exam | None = None


class Comparison(Record):
    """One comparison of engines A and B under one load."""

    schema_: Literal["casewright.bench/1"] = Field("casewright.bench/1", alias="schema")
    kind: Literal["compare"] = "compare"
    id: str
    started_at: str
    finished_at: str
    interrupted: bool = False
    a: SideSummary
    b: SideSummary
    machine: Machine
    seed: int
    workload: WorkloadFacts
    load: Load
    plan: Plan
    budget: Budget
    primary: str
    order: str
    blocks: tuple[Block, ...]
    verdict: Verdict
    noise_floor: NoiseFloor
    drift: tuple[Drift, ...]
    secondary: tuple[Secondary, ...] = ()
    agreement: Agreement | None = None
    quality: QualityComparison | None = None
    parity: Parity
    validity: Validity
    targets: tuple[TargetResult, ...] = ()
    notes: tuple[str, ...] = ()

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True, protected_namespaces=())
