"""Were the targets met? Observations of a run's requests, each with one-sided 95 % bounds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from scipy import special

from casewright.api.bench import Interval, Run, TargetResult
from casewright.bench.sample import Sample
from casewright.bench.stats import (
    NS_PER_MS,
    Floats,
    effective_n,
    mean_interval,
    nearest_rank,
    percentile_interval,
    proportion_lower,
    proportion_upper,
    rate_in,
    samples_for_error_rate,
    steady_window,
    wilson,
)
from casewright.bench.target_spec import Observation, TargetSpec, judged, not_measured, parse_target
from casewright.errors import (
    EXIT_INVALID_RUN,
    EXIT_NOT_PROVEN,
    EXIT_OK,
    EXIT_TARGET_FAILED,
    EXIT_UNREACHABLE,
)

ONE_SIDED = 0.95
TWO_SIDED = 0.90  # its limits are the two one-sided 95 % bounds
WINDOWS = 10

SPANS = {
    "ttft": ("t_send", "t_first"),
    "ttft_user": ("t_sched", "t_first"),
    "e2e": ("t_send", "t_last"),
    "e2e_user": ("t_sched", "t_last"),
}


def evaluate(expressions: Sequence[str], run: Run, sample: Sample) -> tuple[TargetResult, ...]:
    """Return each target's result on a run and its requests (warm-up apart); UsageError for a wrong word."""
    return attained([parse_target(text) for text in expressions], sample, run.load.ramp_s)


def attained(specs: Sequence[TargetSpec], sample: Sample, ramp_s: float = 0.0) -> tuple[TargetResult, ...]:
    """Return each parsed target's result on a run's requests; ``ramp_s`` as for `stats.steady_window`."""
    return tuple(_one(spec, specs, sample, ramp_s) for spec in specs)


def _one(spec: TargetSpec, specs: Sequence[TargetSpec], sample: Sample, ramp_s: float) -> TargetResult:
    attempted = int(sample.completed.sum()) + sample.failed
    if spec.family == "ratio":
        return not_measured(spec, "a ratio needs a comparison of two engines")
    if attempted == 0:
        return not_measured(spec, "no request was completed or failed")
    if spec.family == "time":
        return _time(spec, sample)
    if spec.family == "rate":
        return _rate(spec, sample, ramp_s)
    if spec.family == "count":
        return _concurrency(spec, sample)
    if spec.metric == "error_rate":
        return _share(spec, sample.failed, attempted)
    met = _met(specs, sample)
    if met is None:
        return not_measured(spec, "goodput needs a time target of each request, such as ttft_p95<500ms")
    return _share(spec, int(met.sum()), len(met))


def _times(metric: str, sample: Sample) -> tuple[Floats, int]:
    """Milliseconds in the order of sending, failures +infinity; and how many completed lack the value."""
    failed = ~sample.completed & (sample.column("cut") == 0)
    if metric == "tpot":
        values = np.asarray(sample.tpot, dtype=np.float64) / NS_PER_MS
        missing = int(sample.completed.sum()) - len(values)
        return np.concatenate((values, np.full(int(failed.sum()), np.inf))), missing
    first, last = (sample.column(name) for name in SPANS[metric])
    has = sample.completed & (first >= 0) & (last >= 0)
    spans = np.where(failed, np.inf, (last - first) / NS_PER_MS)
    order = np.argsort(sample.column("t_send"), kind="stable")
    kept = order[(has | failed)[order]]
    return np.asarray(spans[kept], dtype=np.float64), int((sample.completed & ~has).sum())


def _time(spec: TargetSpec, sample: Sample) -> TargetResult:
    """A latency's percentile, mean, least or greatest value."""
    spans, missing = _times(spec.metric, sample)
    values = spans[np.isfinite(spans)]
    failed = len(spans) - len(values)
    if len(spans) == 0 or (len(values) == 0 and missing):
        return not_measured(
            spec, f"no completed request has a {spec.metric} (the server gave no usage or text)"
        )
    remark = f"; {missing} completed requests without a {spec.metric} are left out" if missing else ""
    if spec.q is not None:
        return judged(spec, _percentile(spans, values, failed, spec.q, remark))
    samples = f"{len(spans)} requests"
    if spec.stat == "mean":
        return judged(spec, _mean(values, failed, samples, remark))
    value = float(spans.min() if spec.stat == "min" else spans.max())
    seen = f"the {spec.stat} of {samples} as seen, not an estimate"
    return judged(spec, Observation(value=value, low=value, high=value, samples=seen, remark=remark))


def _percentile(spans: Floats, values: Floats, failed: int, q: float, remark: str) -> Observation:
    """A percentile with its order-statistic bounds, narrower samples where requests depend on each other."""
    n = len(spans)
    worth = effective_n(spans > np.median(spans))
    low, high = percentile_interval(values, q, failed, TWO_SIDED, worth)
    needed = math.ceil(math.log(1 - ONE_SIDED) / math.log(q))
    counted = f"{n} requests" if worth == n else f"{n} requests (worth {worth} independent ones)"
    if failed:
        counted += f", {failed} of them failed"
    return Observation(
        value=nearest_rank(values, q, failed),
        low=low,
        high=None if math.isinf(high) else high,
        samples=counted,
        too_few=f"a bound of P{100 * q:g} needs at least {needed} independent requests"
        if worth < needed
        else "failures leave the percentile without an upper bound",
        remark=remark,
    )


def _mean(values: Floats, failed: int, samples: str, remark: str) -> Observation:
    """The mean of the completed with a t interval; failures have no latency, so with any it cannot pass."""
    no_pass = f"the mean leaves out {failed} failed requests" if failed else None
    plain = mean_interval(values, TWO_SIDED)
    if plain is None:
        value = float(values[0]) if len(values) else None
        return Observation(
            value, None, None, samples, "a mean's interval needs two requests", remark, no_pass
        )
    n, worth = len(values), effective_n(values > np.median(values))
    half = plain.high - plain.value
    if worth < n:
        if worth < 2:
            return Observation(plain.value, None, None, samples, "requests depend too much", remark, no_pass)
        tails = [float(special.stdtrit(m - 1, ONE_SIDED)) / math.sqrt(m) for m in (worth, n)]
        half *= tails[0] / tails[1]
        samples += f" (worth {worth} independent ones)"
    return Observation(plain.value, plain.value - half, plain.value + half, samples, None, remark, no_pass)


def _rate(spec: TargetSpec, sample: Sample, ramp_s: float) -> TargetResult:
    """Completions or tokens a second in the steady window, by batch means (Law, Simulation Modeling, 9.5)."""
    done = sample.completed
    ends = sample.column("t_end")[done]
    weights: Floats | None = None
    if spec.metric == "output_tokens_per_s":
        tokens = sample.column("output")[done]
        if len(tokens) == 0 or (tokens < 0).any():
            return not_measured(spec, "the server did not count every answer's tokens")
        weights = tokens.astype(np.float64)
    window = steady_window(sample.column("t_send"), sample.column("t_end"), ramp_s)
    if window is None or (window[1] - window[0]) < WINDOWS or len(ends) == 0:
        seen = Observation(None, None, None, f"{len(ends)} completions", "the run has no steady window")
        return judged(spec, seen)
    edges = np.linspace(window[0], window[1], WINDOWS + 1).astype(np.int64)
    rates = [rate_in((int(a), int(b)), ends, weights) for a, b in pairwise(edges)]
    if not any(rates):
        seen = Observation(None, None, None, f"{len(ends)} completions", "the steady window is too short")
        return judged(spec, seen)
    interval = mean_interval(rates, TWO_SIDED)
    seconds = (window[1] - window[0]) / 1e9
    samples = f"{WINDOWS} parts of the steady window of {seconds:.1f} s"
    if interval is None or min(rates) == max(rates):
        seen = Observation(float(np.mean(rates)), None, None, samples, "its parts do not differ: too coarse")
        return judged(spec, seen)
    return judged(spec, Observation(interval.value, max(0.0, interval.low), interval.high, samples))


def _share(spec: TargetSpec, k: int, n: int) -> TargetResult:
    """A share with its exact bounds (Clopper-Pearson): 0 of 20 does not show less than 1 %."""
    too_few = None
    if spec.metric == "error_rate" and k == 0:
        too_few = f"without a failure it takes {samples_for_error_rate(spec.bound)} requests"
    seen = Observation(
        value=k / n,
        low=proportion_lower(k, n, ONE_SIDED),
        high=proportion_upper(k, n, ONE_SIDED),
        samples=f"{k} of {n} requests",
        too_few=too_few,
    )
    result = judged(spec, seen)
    if result.status == "NOT PROVEN" and too_few is not None:
        return result.model_copy(update={"reason": f"{too_few}, {seen.samples} seen"})
    return result


def _concurrency(spec: TargetSpec, sample: Sample) -> TargetResult:
    """The most requests in flight at once among those that completed."""
    done = sample.completed
    sends, ends = sample.column("t_send")[done], sample.column("t_end")[done]
    times = np.concatenate((sends, ends))
    steps = np.concatenate((np.ones(len(sends), dtype=np.int64), -np.ones(len(ends), dtype=np.int64)))
    level = np.cumsum(steps[np.lexsort((steps, times))])  # at one instant departures first: never too many
    most = float(level.max()) if len(level) else 0.0
    failed = f", {sample.failed} failed beside them" if sample.failed else ""
    return judged(spec, Observation(most, most, most, f"completed requests in flight at once{failed}"))


def _met(specs: Sequence[TargetSpec], sample: Sample) -> npt.NDArray[np.bool_] | None:
    """Which attempted requests meet every time target, taken as a bound of each request; None without one."""
    limits = [spec for spec in specs if spec.family == "time" and spec.upper and spec.metric in SPANS]
    if not limits:
        return None
    met = sample.completed.copy()
    for spec in limits:
        first, last = (sample.column(name) for name in SPANS[spec.metric])
        has = (first >= 0) & (last >= 0)
        met &= has & np.array([spec.holds(x) for x in (last - first) / NS_PER_MS], dtype=np.bool_)
    counted: npt.NDArray[np.bool_] = met[sample.column("cut") == 0]
    return counted


def goodput(expressions: Sequence[str], sample: Sample) -> Interval | None:
    """Return requests meeting every time target / attempted, with Wilson's interval; None without targets."""
    met = _met([parse_target(text) for text in expressions], sample)
    return None if met is None else wilson(int(met.sum()), len(met))


def exit_code(results: Sequence[TargetResult], *, valid: bool = True, reachable: bool = True) -> int:
    """Return the exit code of a run with targets; the gravest thing wins.

    4 an engine was unreachable, 3 the run is invalid, 1 a target failed, 2 one is not proven or not
    measured, 0 all pass (or none were set).
    """
    statuses = {result.status for result in results}
    if not reachable:
        return EXIT_UNREACHABLE
    if not valid:
        return EXIT_INVALID_RUN
    if "FAIL" in statuses:
        return EXIT_TARGET_FAILED
    if statuses & {"NOT PROVEN", "NOT MEASURED"}:
        return EXIT_NOT_PROVEN
    return EXIT_OK
