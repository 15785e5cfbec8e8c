"""What one sitting of the suite shows: ratios with what is known of their uncertainty, and the criteria.

Two intervals of one sitting combine into one of their ratio by MOVER on the log scale (Donner and Zou,
"Closed-form confidence intervals for functions of the normal mean and standard deviation", Statistical
Methods in Medical Research 21, 2012). It knows nothing of what changes from one sitting to the next, so it is
widened by a declared factor before a criterion on a ratio is judged by it; only repeated blocks can measure
that part.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from casewright.api.bench import Interval, TargetResult
from casewright.api.suite import Criterion, Provider, StageName, SuiteRatio
from casewright.bench.sample import Sample
from casewright.bench.target_spec import Observation, judged, not_measured, parse_target
from casewright.bench.targets import attained

SESSION_FACTOR = 1.25
"""Allowance for what changes between sittings, either way. Declared, not measured."""

LATENCY, THROUGHPUT, ERRORS, SIMULTANEOUS = (
    "e2e_mean<500ms",
    "throughput>100req/s",
    "error_rate<1%",
    "concurrency>=50",
)
RATIOS = {"latency": "latency_ratio>=5x", "throughput": "throughput_ratio>=5x"}
ASKED = {
    LATENCY: "< 500 ms (mean)",
    THROUGHPUT: "> 100 req/s",
    ERRORS: "< 1 %",
    SIMULTANEOUS: "50+ at once",
    RATIOS["latency"]: "5-10x",
    RATIOS["throughput"]: "5-10x",
}


@dataclass(frozen=True, slots=True)
class Evidence:
    """A provider with the requests of its stages."""

    provider: Provider
    samples: Mapping[StageName, Sample]


def roles(found: Sequence[Evidence]) -> tuple[Evidence | None, Evidence | None]:
    """(baseline, candidate): vLLM is measured against the other; two of a kind in the order given.

    A sole Ollama is a baseline without a candidate, any other sole provider a candidate without a baseline.
    """
    if not found:
        return None, None
    vllm = next((e for e in found if e.provider.kind == "vllm"), None)
    if len(found) == 1:
        return (found[0], None) if found[0].provider.kind == "ollama" else (None, found[0])
    candidate = vllm or found[1]
    baseline = next(e for e in found if e is not candidate)
    return baseline, candidate


def ratios(baseline: Evidence | None, candidate: Evidence | None) -> tuple[SuiteRatio, ...]:
    """Latency and throughput ratios, above 1 where the candidate is better; those that can be had."""
    if baseline is None or candidate is None:
        return ()
    found = []
    latency = [_observed(e, "single", LATENCY) for e in (baseline, candidate)]
    if latency[0] is not None and latency[1] is not None:
        found.append(_ratio("latency", latency[0], latency[1], lower_better=True))
    rate = [_observed(e, "throughput", THROUGHPUT) for e in (baseline, candidate)]
    if rate[0] is not None and rate[1] is not None:
        found.append(_ratio("throughput", rate[0], rate[1], lower_better=False))
    return tuple(found)


def _observed(evidence: Evidence, stage: StageName, expression: str) -> TargetResult | None:
    """A stage's figure with its bounds; None where nothing positive was measured."""
    sample = evidence.samples.get(stage)
    if sample is None:
        return None
    result = attained([parse_target(expression)], sample)[0]
    return result if result.observed else None


def _ratio(metric: str, base: TargetResult, cand: TargetResult, *, lower_better: bool) -> SuiteRatio:
    upper, lower = (base, cand) if lower_better else (cand, base)
    assert upper.observed and lower.observed  # `_observed` lets nothing else through
    interval = mover(upper, lower)
    return SuiteRatio.model_validate(
        {
            "metric": metric,
            "baseline": base.observed,
            "candidate": cand.observed,
            "value": upper.observed / lower.observed,
            "interval": interval,
            "widened": _widened(interval),
        }
    )


def mover(upper: TargetResult, lower: TargetResult) -> Interval | None:
    """The interval of ``upper / lower`` from theirs (one-sided 95 % bounds each); None without bounds."""
    ends = (upper.observed, upper.low, upper.high, lower.observed, lower.low, lower.high)
    if any(end is None or end <= 0 or not math.isfinite(end) for end in ends):
        return None
    x, x_low, x_high, y, y_low, y_high = (math.log(end) for end in ends if end is not None)
    down = math.hypot(x - x_low, y_high - y)
    up = math.hypot(x_high - x, y - y_low)
    return Interval(value=math.exp(x - y), low=math.exp(x - y - down), high=math.exp(x - y + up), level=0.90)


def _widened(found: Interval | None) -> Interval | None:
    if found is None:
        return None
    return found.model_copy(update={"low": found.low / SESSION_FACTOR, "high": found.high * SESSION_FACTOR})


def criteria(
    baseline: Evidence | None, candidate: Evidence | None, compared: Sequence[SuiteRatio]
) -> tuple[Criterion, ...]:
    """The success criteria in the plan's order, each with its status on this hardware."""
    name = candidate.provider.label if candidate else "vLLM"
    rows = [
        (f"{name} latency", LATENCY, _one(candidate, "single", LATENCY)),
        (f"{name} throughput", THROUGHPUT, _one(candidate, "throughput", THROUGHPUT)),
        *(
            (
                f"{metric.capitalize()} improvement",
                text,
                _improvement(metric, text, baseline, candidate, compared),
            )
            for metric, text in RATIOS.items()
        ),
        (f"{name} error rate", ERRORS, _errors(candidate)),
        (f"{name} simultaneous requests", SIMULTANEOUS, _one(candidate, "simultaneous", SIMULTANEOUS)),
    ]
    return tuple(Criterion(label=label, asked=ASKED[text], result=r) for label, text, r in rows)


def _one(evidence: Evidence | None, stage: StageName, expression: str) -> TargetResult:
    spec = parse_target(expression)
    if evidence is None or stage not in evidence.samples:
        return not_measured(spec, _absence(evidence))
    result = attained([spec], evidence.samples[stage])[0]
    if (
        not result.observed and result.status != "FAIL"
    ):  # a steady window so short that nothing completed in it shows no rate of 0
        return not_measured(spec, f"too few requests were completed in that stage, {result.reason}")
    return _believed(result, evidence, (stage,))


def _errors(evidence: Evidence | None) -> TargetResult:
    spec = parse_target(ERRORS)
    if evidence is None or not evidence.samples:
        return not_measured(spec, _absence(evidence))
    result = attained([spec], together(evidence.samples.values()))[0]
    return _believed(result, evidence, tuple(evidence.samples))


def _improvement(
    metric: str,
    expression: str,
    baseline: Evidence | None,
    candidate: Evidence | None,
    compared: Sequence[SuiteRatio],
) -> TargetResult:
    spec = parse_target(expression)
    for evidence in (candidate, baseline):
        if evidence is None or not evidence.samples:
            return not_measured(spec, _absence(evidence))
    ratio = next((r for r in compared if r.metric == metric), None)
    if ratio is None:
        return not_measured(spec, "too few requests were completed in that stage")
    wide = ratio.widened
    seen = Observation(
        value=ratio.value,
        low=wide.low if wide else None,
        high=wide.high if wide else None,
        samples=f"one sitting, {SESSION_FACTOR - 1:.0%} allowed between sittings",
        too_few="too few requests for an interval",
    )
    stage: StageName = "single" if metric == "latency" else "throughput"
    result = judged(spec, seen)
    for evidence in (baseline, candidate):
        if evidence is not None:
            result = _believed(result, evidence, (stage,))
    return result


def _believed(result: TargetResult, evidence: Evidence, stages: Sequence[StageName]) -> TargetResult:
    """An invalid run proves nothing, whichever way it came out."""
    for name in stages:
        stage = evidence.provider.stage(name)
        if (
            stage is not None
            and stage.run.validity.verdict == "INVALID"
            and result.status in ("PASS", "FAIL")
        ):
            why = f"{evidence.provider.label}'s run is invalid: {stage.run.validity.reasons[0]}"
            return result.model_copy(update={"status": "NOT PROVEN", "reason": why})
    return result


def _absence(evidence: Evidence | None) -> str:
    if evidence is None:
        return "it takes a second engine, and only one was asked for"
    who = evidence.provider
    return f"{who.label} was not measured: {who.failure or 'interrupted before that'}"


def together(samples: Iterable[Sample]) -> Sample:
    """All requests of several samples as one, for counts and rates of failure."""
    whole = Sample()
    for sample in samples:
        for name in (
            "t_sched",
            "t_send",
            "t_first",
            "t_last",
            "t_end",
            "output",
            "prompt",
            "cached",
            "chunks",
        ):
            getattr(whole, name).extend(getattr(sample, name))
        whole.ok.extend(sample.ok)
        whole.cut.extend(sample.cut)
        whole.errors.update(sample.errors)
    return whole
