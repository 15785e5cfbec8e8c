"""From a run's columns to its result: every figure of ``casewright.bench/1``; see docs/metrics.md."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from casewright.api.bench import (
    Arrivals,
    Client,
    Distribution,
    Lag,
    Rate,
    Requests,
    Throughput,
    Tokens,
)
from casewright.bench.plan import LoadPlan
from casewright.bench.sample import NS_PER_MS, Sample
from casewright.bench.stats import (
    dispersion,
    distribution,
    gap_cv,
    nearest_rank,
    rate_in,
    steady_window,
    wilson,
)
from casewright.bench.validity import LAG_BOUND_MS, Signs


@dataclass(frozen=True, slots=True)
class Generator:
    """What the load generator says of itself after a run.

    ``scheduled`` is how many requests the open loop's schedule held in the window (None in a closed loop).
    ``cpu_s`` is over all processes, ``busiest_cpu`` the CPU share of the busiest; lags in milliseconds.
    """

    processes: int
    scheduled: int | None
    cpu_s: float | None
    busiest_cpu: float | None
    loop_lag_ms: Lag | None
    max_rss_mb: float | None
    spool_bytes: int
    spool_dropped: int
    interrupted: bool
    findings: tuple[str, ...] = ()

    def facts(self) -> Client:
        """As the result records it."""
        return Client(
            processes=self.processes,
            cpu_s=self.cpu_s,
            cpu_share=self.busiest_cpu,
            loop_lag_ms=self.loop_lag_ms,
            max_rss_mb=self.max_rss_mb,
            spool_bytes=self.spool_bytes,
            spool_dropped=self.spool_dropped,
        )


def requests(sample: Sample) -> Requests:
    """Counts, the error rate with its Wilson interval, and one message of each kind of failure."""
    completed, cut = int(sample.completed.sum()), sum(sample.cut)
    attempted = completed + sample.failed
    return Requests(
        attempted=attempted,
        completed=completed,
        failed=sample.failed,
        cut=cut,
        errors=dict(sample.errors.most_common()),
        error_rate=wilson(sample.failed, attempted),
        reconnects=sample.reconnects,
        samples=tuple(f"{kind}: {text}"[:300] for kind, text in list(sample.messages.items())[:8]),
    )


def throughput(sample: Sample, ramp_s: float = 0.0) -> Throughput:
    """Completions and the server's output tokens per second, over the whole and over the steady window.

    The whole window is from the first request sent to the last answer's end.
    """
    done = sample.completed
    if not done.any():
        return Throughput(requests_per_s=None, output_tokens_per_s=None, window_s=None)
    sends, ends, tokens = sample.column("t_send"), sample.column("t_end"), sample.column("output")
    whole = (int(sends.min()) - 1, int(ends[done].max()))
    counted = done & (tokens >= 0)
    weights = tokens.astype(np.float64)
    all_counted = bool((counted == done).all())
    seconds = (whole[1] - whole[0]) / 1e9
    steady = steady_window(sends, ends, ramp_s)
    if steady is not None and not ((ends[done] > steady[0]) & (ends[done] <= steady[1])).any():
        steady = None  # nothing ended in it: too short to give a rate, which is not a rate of 0
    return Throughput(
        requests_per_s=rate_in(whole, ends[done]),
        output_tokens_per_s=rate_in(whole, ends[done], weights[done]) if all_counted else None,
        window_s=seconds,
        steady_requests_per_s=rate_in(steady, ends[done]) if steady else None,
        steady_output_tokens_per_s=rate_in(steady, ends[done], weights[done])
        if steady and all_counted
        else None,
        steady_window_s=(steady[1] - steady[0]) / 1e9 if steady else None,
    )


def tokens(sample: Sample) -> Tokens:
    """Token counts as the server gave them."""
    output = sample.known("output")
    chunks = sample.column("chunks")[sample.completed & (sample.column("output") >= 0)]
    prompt = sample.known("prompt")
    return Tokens(
        prompt=sample.total("prompt"),
        output=sample.total("output"),
        cached=sample.total("cached"),
        prompt_per_request=distribution(prompt.astype(np.float64)) if len(prompt) else None,
        output_per_request=distribution(output.astype(np.float64)) if len(output) else None,
        per_chunk=float(output.sum() / chunks.sum()) if len(output) and chunks.sum() else None,
        usage_missing=int(sample.completed.sum()) - len(output),
    )


def send_lag(sample: Sample, plan: LoadPlan) -> Lag:
    """How late requests left their schedule; nothing in a closed loop, which has none."""
    if plan.mode == "closed" or not len(sample):
        return Lag()
    lags = (sample.column("t_send") - sample.column("t_sched")) / NS_PER_MS
    return Lag(p50=nearest_rank(lags, 0.5), p99=nearest_rank(lags, 0.99), max=float(lags.max()))


def rate(sample: Sample, plan: LoadPlan, scheduled: int | None) -> Rate:
    """Requested and achieved rate: requests sent within the lag bound over requests scheduled."""
    if plan.mode == "closed" or plan.rate is None:
        return Rate()
    lags = (sample.column("t_send") - sample.column("t_sched")) / NS_PER_MS
    planned = max(scheduled or 0, len(sample))
    if not planned:
        return Rate(requested=plan.rate)
    share = float((lags <= LAG_BOUND_MS).sum()) / planned
    return Rate(requested=plan.rate, achieved=plan.rate * share, share_on_time=share)


def arrivals(sample: Sample, plan: LoadPlan) -> Arrivals:
    """The arrival process as it left."""
    if plan.mode == "closed":
        return Arrivals(kind="closed")
    sends = sample.column("t_send")
    if plan.ramp_s and len(sends):
        sends = sends[sends >= sends.min() + round(plan.ramp_s * 1e9)]
    return Arrivals(kind=plan.arrivals, dispersion=dispersion(sends), gap_cv=gap_cv(sends))


def latencies(sample: Sample) -> dict[str, Distribution]:
    """Every latency distribution of a run by its field's name; failures count as +infinity."""
    failed = sample.failed
    spans = {
        "ttft_ms": ("t_send", "t_first"),
        "ttft_user_ms": ("t_sched", "t_first"),
        "e2e_ms": ("t_send", "t_last"),
        "e2e_user_ms": ("t_sched", "t_last"),
    }
    found = {name: distribution(sample.spans_ms(*ends), failed) for name, ends in spans.items()}
    found["tpot_ms"] = distribution(np.asarray(sample.tpot) / NS_PER_MS, failed)
    found["chunk_gap_ms"] = distribution(np.asarray(sample.gaps_ns, dtype=np.float64) / NS_PER_MS)
    return found


def signs(
    sample: Sample, plan: LoadPlan, generator: Generator, *, prefix: str, calibration: str | None
) -> Signs:
    """What the run's validity is judged from."""
    lag, counted = send_lag(sample, plan), tokens(sample)
    return Signs(
        attempted=int(sample.completed.sum()) + sample.failed,
        completed=int(sample.completed.sum()),
        usage_missing=counted.usage_missing,
        on_time=rate(sample, plan, generator.scheduled).share_on_time,
        send_lag_ms=lag.p99 if lag.p99 is not None else lag.max,
        loop_lag_ms=generator.loop_lag_ms.p99 if generator.loop_lag_ms else None,
        ttft_p50_ms=nearest_rank(sample.spans_ms("t_send", "t_first"), 0.5),
        cpu_share=generator.busiest_cpu,
        processes=generator.processes,
        spool_dropped=generator.spool_dropped,
        findings=generator.findings,
        interrupted=generator.interrupted,
        prefix_shared=prefix == "shared",
        cached_tokens=counted.cached,
        prompt_tokens=counted.prompt,
        reconnects=sample.reconnects,
        calibration=calibration,
        warmup_failed=sample.warmup_failed,
    )
