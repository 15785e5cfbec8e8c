"""Warnings as a type: what is doubtful about a result, and the next flag that would settle it.

A flag is proposed only when it has not been tried: the result itself says what was asked for. Validity's own
warnings (`validity`) come first, in their own words; those here are about how far a valid result reaches.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from casewright.api.bench import Run
from casewright.api.compare import Comparison
from casewright.bench.profiles import PROFILES

P99_REQUESTS = 100
ERROR_RATE_REQUESTS = 299
BUSY_CLIENT = 0.70
SHORT_RUN_S = 5.0
LENGTH_SPREAD = 1.10
QUEUEING = 1.20

_ERROR_HINTS = {
    "unauthorized": "set VLLM_API_KEY",
    "model_not_found": "name a model that is served: KIND=URL#MODEL (casewright engine probe lists them)",
    "context_overflow": "a shorter --workload or --max-tokens, or an engine with a longer context",
    "rate_limited": "a lower --rate or --concurrency",
    "overloaded": "a lower --rate or --concurrency",
    "first_token_timeout": "a lower --rate or --concurrency: requests waited in the engine's queue",
    "total_timeout": "a smaller --max-tokens, or a lower --concurrency",
    "idle_timeout": "the engine's own log: its streams stalled",
    "connection_refused": "whether the engine is still running",
    "connection_lost": "the engine's own log: it closed connections in the middle of answers",
}


@dataclass(frozen=True, slots=True)
class Warn:
    """One doubt. ``cause`` is what was seen, with its figures; ``next`` the flag or step to try, or ""."""

    cause: str
    next: str = ""

    def __str__(self) -> str:
        return f"{self.cause}: try {self.next}" if self.next else self.cause


def run_warnings(run: Run) -> tuple[Warn, ...]:
    """Everything doubtful about a run, most telling first."""
    found = [Warn(text) for text in run.validity.warnings]
    found += [*_failures(run), *_samples(run), *_client(run), *_lengths(run), *_queueing(run)]
    return tuple(found)


def _failures(run: Run) -> Iterator[Warn]:
    for kind, count in run.requests.errors.items():
        words = kind.replace("_", " ")
        yield Warn(
            f"{count} of {run.requests.attempted} requests failed ({words})", _ERROR_HINTS.get(kind, "")
        )
    if run.requests.cut and not run.interrupted:
        yield Warn(
            f"{run.requests.cut} requests were in flight when the window ended and are in no figure",
            "--requests N instead of --duration, so that all end",
        )


def _samples(run: Run) -> Iterator[Warn]:
    n = run.requests.attempted
    few_are_reported = any(map(_few_requests, run.validity.warnings))
    if 0 < n < P99_REQUESTS and not few_are_reported:
        yield Warn(f"{n} requests are too few for a P99", _more_requests(run, P99_REQUESTS))
    elif P99_REQUESTS <= n < ERROR_RATE_REQUESTS and run.requests.failed == 0:
        yield Warn(
            f"no failure in {n} requests does not yet show an error rate below 1 %",
            _more_requests(run, ERROR_RATE_REQUESTS),
        )
    window = run.throughput.window_s
    if window is not None and window < SHORT_RUN_S and run.load.duration_s is None and n >= P99_REQUESTS:
        yield Warn(f"the run lasted {window:.1f} s, which is little to know a throughput by", "--duration 30")


def _few_requests(text: str) -> bool:
    """Whether validity's own warning says that a run had few requests."""
    return "requests: for a P95" in text


def _more_requests(run: Run, needed: int) -> str:
    if run.load.requests is not None and run.load.requests >= needed:
        return "a longer --duration"
    return f"--requests {needed}"


def _client(run: Run) -> Iterator[Warn]:
    share = run.client.cpu_share
    if share is None or share <= BUSY_CLIENT or share > 0.95:
        return
    cores = run.machine.cores or 1
    users = run.load.concurrency
    can_share = run.client.processes < cores and (users is None or users > run.client.processes)
    yield Warn(
        f"the load generator used {share:.0%} of a core: it is near its own limit",
        f"--processes {run.client.processes + 1}" if can_share else "running it on a machine with free cores",
    )


def _lengths(run: Run) -> Iterator[Warn]:
    lengths = run.tokens.output_per_request
    if lengths is None or not lengths.mean or lengths.max is None or lengths.min is None:
        return
    if lengths.min * LENGTH_SPREAD >= lengths.max or lengths.n < 2:
        return
    seen = f"answers had {lengths.min:g} to {lengths.max:g} tokens, so latency mixes long and short ones"
    if run.workload.ignore_eos:
        yield Warn(f"{seen} although --ignore-eos was asked for: the engine does not support it")
    elif run.engine.api == "ollama":
        yield Warn(
            seen, "judging by time per token: Ollama's API cannot be told to ignore the end of an answer"
        )
    else:
        yield Warn(seen, "--ignore-eos")


def _queueing(run: Run) -> Iterator[Warn]:
    user, service = run.ttft_user_ms.p50, run.ttft_ms.p50
    if run.load.mode == "closed" or user is None or service is None or user <= service * QUEUEING:
        return
    yield Warn(
        f"users waited {user:.0f} ms for the first token, of which the engine saw {service:.0f} ms: "
        "requests left late"
    )


def comparison_warnings(found: Comparison) -> tuple[Warn, ...]:
    """Everything that limits what a comparison says."""
    # A block's few requests matter to a percentile of that block, which no comparison reports.
    warnings = [Warn(text) for text in found.validity.warnings if not _few_requests(text)]
    warnings += [*_verdict(found), *_sides(found), *_noise(found)]
    return tuple(warnings)


def _verdict(found: Comparison) -> Iterator[Warn]:
    verdict = found.verdict
    more = verdict.more_pairs.pairs if verdict.more_pairs else None
    if verdict.decision == "not proven" and not found.interrupted:
        done = found.budget.pairs_done
        step = _longer_profile(found, more)
        if more is not None:
            yield Warn(f"not proven with {done} pairs; about {more} more would do", step)
    for drift in found.drift:
        if drift.significant:
            yield Warn(drift.text, "again on a quiet machine: what changed during the run is in the ratio")


def _longer_profile(found: Comparison, more: int | None) -> str:
    needed = found.budget.pairs_done + (more or 0)
    longer = [p for p in PROFILES.values() if p.budget_s > found.plan.budget_s]
    enough = [p for p in longer if p.pairs >= needed]
    if enough:
        return f"--profile {enough[0].name}"
    return "a quieter machine, or a wider --margin: no profile has so many pairs"


def _sides(found: Comparison) -> Iterator[Warn]:
    a, b = found.a.engine.identity, found.b.engine.identity
    if a.quantization == b.quantization and a.digest and b.digest and a.digest != b.digest:
        who = f"both call it {a.model}" if a.model == b.model else f"{a.model} and {b.model}"
        yield Warn(f"the weights differ ({who})", "the same weights on both sides")
    if a.quantization != b.quantization:
        yield Warn(
            f"quantization differs ({a.quantization or 'not said'} and {b.quantization or 'not said'}): "
            "this compares stacks, not engines",
            "serving both from one quantization, where both can",
        )
    lengths = found.parity.output_tokens_difference
    if lengths is not None and abs(lengths) > LENGTH_SPREAD - 1:
        tried = found.workload.ignore_eos
        yield Warn(
            f"B's answers are {abs(lengths):.0%} {'longer' if lengths > 0 else 'shorter'} than A's",
            "comparing time per token" if tried else "--ignore-eos",
        )
    if found.workload.prefix == "shared":
        yield Warn(
            "prompts share a prefix, so prefix caches are part of what was compared", "--prefix unique"
        )


def _noise(found: Comparison) -> Iterator[Warn]:
    half = found.noise_floor.half_width
    if half is not None and half > found.verdict.margin and not found.noise_floor.wins:
        yield Warn(
            f"the noise floor ({half:.1%}) is wider than the margin ({found.verdict.margin:.0%}): "
            "differences of that size cannot be seen",
            "a quieter machine, or longer blocks",
        )
    lost = found.verdict.estimate.lost_a + found.verdict.estimate.lost_b
    if lost:
        yield Warn(f"{lost} blocks were lost to failures")
