"""A and B side by side: declare, warm, measure in blocks, check that the work was the same, then judge."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Mapping, Sequence
from itertools import chain

import numpy as np

from casewright.api.bench import Distribution, Tokens, Validity, WorkloadFacts
from casewright.api.compare import Budget, Comparison, Drift, Exam, Secondary, Side, SideSummary, Verdict
from casewright.api.qualification import Qualification, QualityComparison
from casewright.bench.blocks import METRICS, Blocks, Design, MakeWorkload, Measure, Runner, Step
from casewright.bench.drift import drift
from casewright.bench.exam.compare import compare_quality
from casewright.bench.exam.report import comparison_lines
from casewright.bench.machine import describe_machine
from casewright.bench.measure import describe_engine, utc_now
from casewright.bench.parity import Check, check
from casewright.bench.sample import Sample
from casewright.bench.stats import distribution, wilson
from casewright.bench.target import Target
from casewright.bench.verdict import Pair, combine, judge, noise_floor, secondary

AA_ENGINE: Side = "A"
Papers = Mapping[Side, Qualification]
Examine = Callable[[], Papers]
"""Puts the exam to both sides, or finds stored results; called after the last block, not to disturb."""


def compare(
    a: Target,
    b: Target,
    design: Design,
    make_workload: MakeWorkload,
    measure: Measure,
    *,
    on_step: Callable[[Step], None] = lambda _: None,
    stop: threading.Event | None = None,
    examine: Examine | None = None,
) -> Comparison:
    """Compare two running engines and return everything that was seen, with the verdict.

    Raises:
        MeasurementError: an engine completed none of its warm-up requests.
        EngineError: an engine cannot be reached.
    """
    started = utc_now()
    targets: dict[Side, Target] = {"A": a, "B": b}
    runner = Runner(targets, design, make_workload, measure, on_step=on_step, stop=stop or threading.Event())
    found = runner.run()
    papers = examine() if examine is not None and not found.interrupted else {}
    work = check(a, b, found.answers["A"], found.answers["B"])
    return _assemble(
        _Judged(found, design, work), targets, papers, make_workload("ab").facts(design.seed), started
    )


def _assemble(
    judged: _Judged,
    targets: Mapping[Side, Target],
    papers: Papers,
    workload: WorkloadFacts,
    started_at: str,
) -> Comparison:
    found, design = judged.found, judged.design
    quality = compare_quality(papers["A"], papers["B"]) if len(papers) == len(targets) else None
    primary = design.primary.name
    return Comparison(
        id=uuid.uuid4().hex[:12],
        started_at=started_at,
        finished_at=utc_now(),
        interrupted=found.interrupted,
        a=_summary(targets["A"], found, "A", papers),
        b=_summary(targets["B"], found, "B", papers),
        machine=describe_machine(),
        seed=design.seed,
        workload=workload,
        load=design.load.to_load().model_copy(update={"requests": found.requests}),
        plan=design.profile.plan(),
        budget=Budget(
            used_s=found.used_s,
            pairs_done=len(judged.pairs("ab", primary)),
            aa_pairs_done=len(judged.pairs("aa", primary)),
            cut=found.cut,
        ),
        primary=primary,
        order="".join(block.side for block in found.blocks if block.kind == "ab"),
        blocks=tuple(found.blocks),
        verdict=judged.verdict(),
        noise_floor=judged.noise,
        drift=judged.drift(),
        secondary=judged.secondary(),
        agreement=judged.work.agreement,
        quality=quality,
        parity=judged.work.parity,
        validity=judged.validity,
        notes=_notes(papers, quality),
    )


class _Judged:
    """The statistics of what was found."""

    def __init__(self, found: Blocks, design: Design, work: Check) -> None:
        self.found = found
        self.design = design
        self.work = work
        self.noise = noise_floor(
            self.pairs("aa", design.primary.name), design.primary, AA_ENGINE, design.margin
        )
        self.validity = _validity(found, work)

    def pairs(self, kind: str, metric: str) -> list[Pair]:
        """(A's, B's) block values of every finished pair."""
        sides: dict[int, dict[str, float | None]] = {}
        for block in self.found.blocks:
            if block.kind == kind:
                sides.setdefault(block.pair, {})[block.side] = block.values[metric]
        return [(pair["A"], pair["B"]) for pair in sides.values() if len(pair) == 2]

    def verdict(self) -> Verdict:
        """The primary metric's verdict, after the A/A pairs and the run's validity were heard."""
        primary = self.design.primary
        ab = judge(
            self.pairs("ab", primary.name),
            primary,
            minimum_pairs=self.design.profile.minimum_pairs,
            pairs_per_unit=self.design.profile.pairs_per_unit,
            margin=self.design.margin,
        )
        verdict = combine(ab, self.noise)
        if self.validity.verdict == "INVALID" and verdict.decision != "not proven":
            return verdict.model_copy(
                update={
                    "decision": "not proven",
                    "text": "NOT PROVEN (the run is invalid, see its reasons)",
                    "reason": "the run is invalid: " + "; ".join(self.validity.reasons),
                }
            )
        return verdict

    def drift(self) -> tuple[Drift, ...]:
        """Trends of each side's blocks and of the ratio."""
        name = self.design.primary.name
        points = {
            side: [(b.at_s, b.values[name]) for b in self.found.blocks if b.kind == "ab" and b.side == side]
            for side in ("A", "B")
        }
        return drift(points["A"], points["B"], self.pairs("ab", name), self.design.primary.direction)

    def secondary(self) -> tuple[Secondary, ...]:
        """Every other metric, Holm-corrected."""
        others = [metric for name, metric in METRICS.items() if name != self.design.primary.name]
        return secondary(
            [(metric, self.pairs("ab", metric.name)) for metric in others],
            minimum_pairs=self.design.profile.minimum_pairs,
            pairs_per_unit=self.design.profile.pairs_per_unit,
            margin=self.design.margin,
        )


def _validity(found: Blocks, work: Check) -> Validity:
    """INVALID where the sides' work differed, or where any block's own run was invalid."""
    reasons = list(work.reasons)
    if found.interrupted:
        reasons.append("interrupted: the report covers only what had been measured")
    bad: dict[str, list[int]] = {}
    for block in found.blocks:
        for reason in block.validity.reasons:
            bad.setdefault(reason, []).append(block.position)
    reasons += [f"{_blocks(places)}: {reason}" for reason, places in bad.items()]
    warnings = dict.fromkeys(chain.from_iterable(block.validity.warnings for block in found.blocks))
    if found.cut:
        warnings[f"ended early: {found.cut}"] = None
    return Validity(
        verdict="INVALID" if reasons else "VALID", reasons=tuple(reasons), warnings=tuple(warnings)
    )


def _blocks(places: Sequence[int]) -> str:
    return f"block {places[0]}" if len(places) == 1 else f"{len(places)} blocks"


def _summary(target: Target, found: Blocks, side: Side, papers: Papers) -> SideSummary:
    samples = found.samples[side]
    attempted = sum(int(s.completed.sum()) + s.failed for s in samples)
    failed = sum(s.failed for s in samples)
    run = found.runs.get(side)
    return SideSummary(
        engine=run.engine if run else describe_engine(target),
        attempted=attempted,
        completed=attempted - failed,
        failed=failed,
        error_rate=wilson(failed, attempted),
        ttft_ms=_spans(samples, "t_send", "t_first"),
        tpot_ms=_together([np.asarray(s.tpot) / 1e6 for s in samples], failed),
        e2e_ms=_spans(samples, "t_send", "t_last"),
        tokens=_tokens(samples),
        exam=_exam(papers[side]) if side in papers else None,
    )


def _spans(samples: Sequence[Sample], start: str, end: str) -> Distribution:
    return _together([s.spans_ms(start, end) for s in samples], sum(s.failed for s in samples))


def _together(parts: Sequence[np.ndarray], failed: int) -> Distribution:
    return distribution(np.concatenate(parts) if parts else np.empty(0), failed)


def _tokens(samples: Sequence[Sample]) -> Tokens:
    totals = {
        name: [total for s in samples if (total := s.total(name)) is not None]
        for name in ("prompt", "output", "cached")
    }
    return Tokens(
        prompt=sum(totals["prompt"]) if totals["prompt"] else None,
        output=sum(totals["output"]) if totals["output"] else None,
        cached=sum(totals["cached"]) if totals["cached"] else None,
        output_per_request=_together([s.known("output").astype(np.float64) for s in samples], 0),
        usage_missing=sum(int(s.completed.sum()) - len(s.known("output")) for s in samples),
    )


def _exam(paper: Qualification) -> Exam:
    right, asked = sum(score.correct for score in paper.skills), sum(score.items for score in paper.skills)
    score = wilson(right, asked)
    assert score is not None  # no exam is without items
    seconds = [item.seconds for item in paper.items if item.seconds is not None]
    return Exam(
        score=score,
        skills={score.skill: score.share for score in paper.skills},
        strategy=paper.strategy or "not decided by the short exam",
        seconds_per_item=float(np.median(seconds)) if seconds else None,
    )


def _notes(papers: Papers, quality: QualityComparison | None) -> tuple[str, ...]:
    if quality is None:
        return ()
    lines = comparison_lines(quality)
    if quality.verdict == "NO DIFFERENCE SHOWN":
        return lines
    return (f"ANSWER QUALITY: {quality.verdict} on the exam: weigh that against any speed", *lines)
