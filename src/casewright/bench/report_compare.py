"""What the report of a comparison says: the verdict in one sentence, what it means, and what it rests on."""

from __future__ import annotations

from casewright.api.compare import Comparison, Estimate, Secondary, SideSummary
from casewright.bench.report_view import (
    NOTHING,
    TableView,
    Tone,
    View,
    distribution_cells,
    engine_line,
    machine_line,
    number,
    percent_interval,
    targets_table,
)
from casewright.bench.warn import comparison_warnings

METRIC_WORDS = {
    "output_tokens_per_s": "output tokens/s",
    "requests_per_s": "requests/s",
    "e2e_p50_ms": "whole answer, p50 ms",
    "ttft_p50_ms": "first token, p50 ms",
    "tpot_p50_ms": "per token, p50 ms",
}


def comparison_view(found: Comparison) -> View:
    """The report of one comparison."""
    badge, tone = _badge(found)
    tables = (
        _metrics(found),
        _sides(found),
        _drift(found),
        targets_table(found.targets),
    )
    return View(
        title="Comparison of A and B",
        badge=badge,
        tone=tone,
        verdict=verdict_sentence(found),
        meaning=_meaning(found),
        valid=found.validity.verdict == "VALID",
        validity=found.validity.reasons,
        facts=(
            ("A", engine_line(found.a.engine)),
            ("B", engine_line(found.b.engine)),
            ("compared as", _label(found)),
            ("load", _load(found)),
            ("done", _done(found)),
            ("noise floor", found.noise_floor.text.removeprefix("noise floor ")),
            ("machine", machine_line(found.machine)),
        ),
        tables=tuple(table for table in tables if table.rows),
        warnings=comparison_warnings(found),
    )


def _badge(found: Comparison) -> tuple[str, Tone]:
    if found.validity.verdict == "INVALID":
        return "INVALID", "bad"
    decision = found.verdict.decision
    return decision.upper(), "open" if decision == "not proven" else "good"


def name(found: Comparison, side: str) -> str:
    """A side with the user's own word for its engine."""
    engine = (found.a if side == "A" else found.b).engine
    return f"{side} ({engine.spec})"


def verdict_sentence(found: Comparison) -> str:
    """Who, by how much, with the interval, and what the interval does to the margin."""
    verdict, metric = found.verdict, METRIC_WORDS.get(found.primary, found.primary)
    margin = f"{verdict.margin:.0%}"
    ratio = verdict.estimate.ratio
    if verdict.decision == "not proven" or ratio is None:
        seen = f" The A/B ratio seen on {metric} is {ratio_words(verdict.estimate)}." if ratio else ""
        return f"It is not proven that either is faster: {verdict.reason}.{seen}{_more(found)}"
    if verdict.decision == "equivalent":
        return (
            f"{name(found, 'A')} and {name(found, 'B')} are equivalent on {metric}: the A/B ratio is "
            f"{ratio_words(verdict.estimate)}, wholly within the margin of {margin}."
        )
    a_wins = verdict.decision == "A faster"
    times = ratio.value if a_wins else 1 / ratio.value
    low, high = (ratio.low, ratio.high) if a_wins else (1 / ratio.high, 1 / ratio.low)
    winner, loser = ("A", "B") if a_wins else ("B", "A")
    return (
        f"{name(found, winner)} is {times:.2f}x faster than {name(found, loser)} on {metric}: "
        f"{ratio.level:.0%} interval {low:.2f}x to {high:.2f}x, wholly beyond the margin of {margin}."
    )


def ratio_words(estimate: Estimate) -> str:
    """A over B with its interval."""
    r = estimate.ratio
    if r is None:
        return NOTHING
    return f"{r.value:.2f} ({r.level:.0%} interval {r.low:.2f} to {r.high:.2f}; above 1 A is better)"


def _more(found: Comparison) -> str:
    more = found.verdict.more_pairs
    if more is None:
        return ""
    if more.pairs is None:
        return f" {more.reason[:1].upper()}{more.reason[1:]}."
    pairs = "pair" if more.pairs == 1 else "pairs"
    return f" About {more.pairs} more {pairs} of blocks would probably decide it."


def _meaning(found: Comparison) -> tuple[str, ...]:
    estimate, lines = found.verdict.estimate, []
    metric = METRIC_WORDS.get(found.primary, found.primary)
    if estimate.a is not None and estimate.b is not None:
        better = "more is better" if estimate.direction == "higher_better" else "less is better"
        lines.append(
            f"Over {estimate.pairs} pairs of blocks A gave {number(estimate.a)} and B {number(estimate.b)} "
            f"{metric} ({better}), at this load on this machine."
        )
    if found.parity.label == "stack comparison":
        lines.append(f"A stack comparison, not one of engines alone: {'; '.join(found.parity.differs)}.")
    lines += found.notes
    if found.agreement is not None:
        lines.append(found.agreement.text)
    return tuple(lines)


def _label(found: Comparison) -> str:
    words: list[str] = [found.parity.label]
    return "; ".join([*words, *found.parity.differs, *found.parity.findings])


def _load(found: Comparison) -> str:
    load = found.load
    users = "1 user" if load.concurrency == 1 else f"{load.concurrency} users"
    how = users if load.mode == "closed" else f"{load.rate:g} requests/s"
    facts = found.workload
    return (
        f"{load.mode} loop, {how}, {load.requests or NOTHING} requests a block, workload {facts.name}, "
        f"{facts.prefix} prefixes, seed {found.seed}"
    )


def _done(found: Comparison) -> str:
    plan, budget = found.plan, found.budget
    text = (
        f"profile {plan.name}: {budget.pairs_done} of {plan.pairs} A/B pairs and {budget.aa_pairs_done} of "
        f"{plan.aa_pairs} A/A pairs in {budget.used_s:.0f} of {plan.budget_s:.0f} s, order {found.order}"
    )
    return f"{text}; ended early: {budget.cut}" if budget.cut else text


def _metrics(found: Comparison) -> TableView:
    rows = [(*_estimate_cells(found.verdict.estimate), found.verdict.decision, "primary")]
    rows += [(*_estimate_cells(s.estimate), s.decision, _adjusted(s)) for s in found.secondary]
    columns = ("metric", "A", "B", "A is better by", "pairs", "verdict", "p")
    notes = ("The primary metric was declared before the run; the others' p is Holm-corrected.",)
    return TableView("Metrics, by pairs of blocks", columns, tuple(rows), notes)


def _estimate_cells(found: Estimate) -> tuple[str, str, str, str, str]:
    r = found.ratio
    return (
        METRIC_WORDS.get(found.metric, found.metric),
        NOTHING if found.a is None else number(found.a),
        NOTHING if found.b is None else number(found.b),
        NOTHING if r is None else f"{r.value:.2f} ({r.low:.2f}–{r.high:.2f})",
        str(found.pairs),
    )


def _adjusted(found: Secondary) -> str:
    if found.p_adjusted is None:
        return NOTHING
    return "<0.001" if found.p_adjusted < 0.001 else f"{found.p_adjusted:.3f}"


def _sides(found: Comparison) -> TableView:
    rows: list[tuple[str, ...]] = []
    for side, summary in (("A", found.a), ("B", found.b)):
        for label, dist in (
            ("first token", summary.ttft_ms),
            ("per output token", summary.tpot_ms),
            ("whole answer", summary.e2e_ms),
        ):
            rows.append((f"{side} {label}", *distribution_cells(dist), f"{dist.n:,}"))
    columns = ("milliseconds", "min", "mean", "p50", "p90", "p95", "p99", "max", "n")
    notes = [f"{side} errors: {_errors(summary)}" for side, summary in (("A", found.a), ("B", found.b))]
    return TableView(
        "All requests of the A/B blocks (described, not tested)", columns, tuple(rows), tuple(notes)
    )


def _errors(summary: SideSummary) -> str:
    return f"{summary.failed:,} of {summary.attempted:,}, {percent_interval(summary.error_rate)}"


def _drift(found: Comparison) -> TableView:
    rows = tuple(
        (
            d.series,
            NOTHING if d.change is None else f"{d.change:+.1%}",
            NOTHING if d.p_adjusted is None else f"{d.p_adjusted:.3f}",
            "drifts" if d.significant else "steady" if d.tested else "too few blocks to say",
        )
        for d in found.drift
    )
    return TableView("Drift over the run", ("series", "change", "p", "finding"), rows)
