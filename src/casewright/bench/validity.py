"""May a run be believed? Every reason why not, each with the flag to try next.

The bounds are those of docs/metrics.md. A reason makes a run INVALID; a warning does not.
"""

from __future__ import annotations

from dataclasses import dataclass

from casewright.api.bench import Validity

ON_TIME_SHARE = 0.99
LAG_BOUND_MS = 5.0
LOOP_LAG_BOUND_MS = 5.0
# What delays the generator delays its stamps, so its lag matters in proportion to what is timed: where the
# median first token takes seconds, a hundredth of that is allowed instead.
LOOP_LAG_SHARE = 0.01
CPU_BOUND = 0.95
CACHED_SHARE = 0.10
# The chat template opens every prompt alike: that much of a prefix cache is not to be avoided.
CACHED_TEMPLATE_TOKENS = 64
FEW_REQUESTS = 20


@dataclass(frozen=True, slots=True)
class Signs:
    """What validity is judged from; None means not applicable or not measured.

    ``cpu_share`` is CPU seconds over wall seconds of the busiest load-generating process; lags are p99 in
    milliseconds; ``on_time`` the share of scheduled requests sent within the lag bound (open loop).
    """

    attempted: int
    completed: int
    usage_missing: int
    on_time: float | None
    send_lag_ms: float | None
    loop_lag_ms: float | None
    ttft_p50_ms: float | None
    cpu_share: float | None
    processes: int
    spool_dropped: int
    findings: tuple[str, ...]
    interrupted: bool
    prefix_shared: bool
    cached_tokens: int | None
    prompt_tokens: int | None
    reconnects: int
    calibration: str | None
    warmup_failed: int = 0


def judge(signs: Signs) -> Validity:
    """Give the verdict with every reason and warning found."""
    reasons = [*_answers(signs), *_generator(signs), *_caches(signs), *signs.findings]
    return Validity(
        verdict="INVALID" if reasons else "VALID", reasons=tuple(reasons), warnings=tuple(_warnings(signs))
    )


def _answers(signs: Signs) -> list[str]:
    found = []
    if signs.interrupted:
        found.append("interrupted: the report covers only what had been measured")
    if signs.attempted == 0:
        found.append("no request was sent")
    elif signs.completed == 0:
        found.append(f"none of {signs.attempted} requests completed")
    return found


def _generator(signs: Signs) -> list[str]:
    found = []
    more = f"--processes {signs.processes + 1}"
    if signs.on_time is not None and signs.on_time < ON_TIME_SHARE:
        found.append(
            f"achieved rate is {signs.on_time:.1%} of the requested one (at least {ON_TIME_SHARE:.0%}): "
            f"lower --rate or try {more}"
        )
    if signs.send_lag_ms is not None and signs.send_lag_ms > LAG_BOUND_MS:
        found.append(f"send lag p99 is {signs.send_lag_ms:.1f} ms (bound {LAG_BOUND_MS:g} ms): try {more}")
    lag_bound = max(LOOP_LAG_BOUND_MS, LOOP_LAG_SHARE * (signs.ttft_p50_ms or 0.0))
    if signs.loop_lag_ms is not None and signs.loop_lag_ms > lag_bound:
        found.append(
            f"the load generator's own event loop was late by {signs.loop_lag_ms:.1f} ms at p99 "
            f"(bound {lag_bound:.1f} ms): free a core for it, or try {more}"
        )
    if signs.cpu_share is not None and signs.cpu_share > CPU_BOUND:
        found.append(
            f"the load generator used {signs.cpu_share:.0%} of a core (bound {CPU_BOUND:.0%}): it, not the "
            f"engine, may be the limit; try {more}"
        )
    if signs.spool_dropped:
        found.append(
            f"{signs.spool_dropped} answers did not fit the raw spool: "
            "free disk space, or raise the disk budget"
        )
    return found


def _caches(signs: Signs) -> list[str]:
    if signs.prefix_shared and signs.cached_tokens is None:
        return [
            "prompts share a prefix and the engine does not say what its prefix cache answered: "
            "use --prefix unique"
        ]
    if not signs.prefix_shared and signs.cached_tokens and signs.prompt_tokens:
        share = signs.cached_tokens / signs.prompt_tokens
        each = signs.cached_tokens / max(1, signs.completed)
        if share > CACHED_SHARE and each > CACHED_TEMPLATE_TOKENS:
            return [f"a prefix cache answered {share:.0%} of the prompt tokens although prefixes are unique"]
    return []


def _warnings(signs: Signs) -> list[str]:
    found = []
    if signs.calibration:
        found.append(signs.calibration)
    if signs.usage_missing:
        found.append(
            f"{signs.usage_missing} answers came without usage: their tokens are not counted, nor guessed"
        )
    if signs.reconnects:
        found.append(
            f"{signs.reconnects} requests were sent again on a new connection because a kept-alive one had "
            "closed before any byte of the answer; their times include that"
        )
    if signs.prefix_shared and signs.cached_tokens:
        found.append(f"shared prefix: {signs.cached_tokens} prompt tokens came from the engine's cache")
    if signs.warmup_failed:
        found.append(f"{signs.warmup_failed} warm-up requests failed")
    if 0 < signs.attempted < FEW_REQUESTS:
        found.append(
            f"only {signs.attempted} requests: for a P95 try --requests 20, for a P99 --requests 100"
        )
    return found
