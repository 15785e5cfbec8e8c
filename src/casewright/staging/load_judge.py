"""What follows from a load run: rates with their intervals, percentiles with theirs, and what refused how."""

from __future__ import annotations

import math
from collections.abc import Sequence

from casewright.api.staging import CommandRun, Finding
from casewright.bench.stats import nearest_rank, percentile_interval, proportion_upper, wilson
from casewright.staging.capacity import Capacity
from casewright.staging.checklist import LOAD_SECONDS, LOAD_USERS
from casewright.staging.judge import finding
from casewright.staging.load import ENDS, LoadSeen
from casewright.staging.load_asks import MODEL_OUTPUT_TOKENS, MODEL_PROMPT_TOKENS

ERROR_BOUND = 0.01
MODEL_SHARE = 0.8
OVERLOAD_DEADLINE_S = 30.0
# How much of a run may pass after its last request was answered.
LAST_REQUEST_SHARE = 0.05
_SHOWN = 120  # a finding keeps the beginning of a line, and what went wrong stands at the end


def ran(name: str, seen: LoadSeen | None, command: CommandRun) -> Finding:
    """Whether there is a run to judge; Locust's own exit code is 1 where its bounds did not hold.

    Any other code is a run that broke off: what it wrote is not the whole.
    """
    if seen is not None and seen.sent and command.exit_code in (0, 1):
        workers = f", {seen.run.get('workers')} workers" if seen.run.get("workers") else ""
        words = f"{seen.sent} requests of {seen.run.get('users')} users{workers}"
        return finding(f"{name}: the run", "carried out", words, True)
    said = " ".join((command.problem or command.stderr or command.stdout).split())[-_SHOWN:]
    return finding(f"{name}: the run", "carried out", f"exit {command.exit_code}: {said}", False)


def errors(name: str, seen: LoadSeen) -> Finding:
    """All requests succeed: the share that did not, refused ones among them, by Wilson's interval."""
    bad = seen.sent - seen.answered
    found = wilson(bad, seen.sent)
    expected = f"under {ERROR_BOUND:.0%}, proven by its interval"
    if found is None:
        return finding(f"{name}: error rate", expected, "no request", None)
    ok = True if found.high < ERROR_BOUND else False if found.low >= ERROR_BOUND else None
    why = "; ".join(f"{count} x {reason}" for reason, count in list(seen.reasons.items())[:2])
    words = f"{bad} of {seen.sent} ({found.value:.2%}, up to {found.high:.2%}) {why}"
    return finding(f"{name}: error rate", expected, words, ok)


def enough(name: str, seen: LoadSeen, wanted: int) -> Finding:
    """Whether there were as many requests as the box asks for; fewer prove nothing."""
    return _at_least(f"{name}: requests", f"{wanted}", seen.sent, seen.sent >= wanted)


def sized(name: str, seen: LoadSeen, *, seconds: bool = True) -> list[Finding]:
    """Whether it was as many users as the box asks for, and for as long; less proves nothing."""
    users, took = seen.run.get("users") or 0, seen.run.get("seconds") or 0.0
    found = [_at_least(f"{name}: users", f"{LOAD_USERS}", users, users >= LOAD_USERS)]
    if seconds:
        long = took >= LOAD_SECONDS * (1 - LAST_REQUEST_SHARE)
        words = f"{LOAD_SECONDS} s (the last request may be {LAST_REQUEST_SHARE:.0%} earlier)"
        found.append(_at_least(f"{name}: duration", words, f"{took:.0f} s", long))
    return found


def asked(name: str, seen: LoadSeen, services: Sequence[str]) -> list[Finding]:
    """Whether each service got requests: one that got none has shown nothing."""
    sent = dict.fromkeys(services, 0)
    for what, row in seen.requests.items():
        service = what.partition(":")[0]
        if service in sent:
            sent[service] += sum(int(row.get(end) or 0) for end in ENDS)
    return [_at_least(f"{name}: requests to {each}", "1", count, count > 0) for each, count in sent.items()]


def _at_least(what: str, expected: str, seen: object, enough: bool) -> Finding:
    return finding(what, f"at least {expected}", seen, True if enough else None)


def in_time(name: str, seen: LoadSeen, bound_ms: float) -> Finding:
    """Response times under target: the 95th percentile by its interval; what failed counts as endless."""
    ms, lost = seen.ms("model", "extractive"), seen.sent - seen.answered
    value = nearest_rank(ms, 0.95, lost)
    low, high = percentile_interval(ms, 0.95, lost)
    ok = True if high < bound_ms else False if low >= bound_ms else None
    shown = "not known" if value is None else "endless" if math.isinf(value) else f"{value:.0f} ms"
    upper = "unknown" if math.isinf(high) else f"{high:.0f} ms"
    words = f"{shown} (interval {low:.0f} ms to {upper})"
    return finding(f"{name}: p95", f"under {bound_ms:g} ms, proven by its interval", words, ok)


def distributed(name: str, seen: LoadSeen, workers: int) -> Finding:
    """Whether the load came from so many workers."""
    found = seen.run.get("workers")
    return finding(f"{name}: workers of Locust", str(workers), found, found == workers)


def engine_asked(name: str, seen: LoadSeen, simulated: int) -> Finding:
    """Whether the answers cost the simulator something: those that name tokens against what it counted."""
    ok = 0 < seen.model_asked <= simulated
    words = f"{seen.model_asked} answers with tokens, {simulated} answered by the simulator"
    return finding(f"{name}: the engine was asked", "by every answer with tokens", words, ok)


def by_model(name: str, seen: LoadSeen) -> Finding:
    """The share of right answers in the model's own words."""
    found = wilson(seen.total["model"], seen.answered)
    expected = f"at least {MODEL_SHARE:.0%}, proven by its interval"
    if found is None:
        return finding(f"{name}: answered by the model", expected, "nothing was answered", False)
    ok = True if found.low >= MODEL_SHARE else False if found.high < MODEL_SHARE else None
    who = ", ".join(seen.origins)
    words = f"{found.value:.1%} of {seen.answered} (at least {found.low:.1%}), from {who}"
    return finding(f"{name}: answered by the model", expected, words, ok)


def short(name: str, seen: LoadSeen) -> list[Finding]:
    """The longest prompt and the longest answer, as the engine counted them.

    How long an answer gets is the model's: with a few that are longer it was another load than was meant,
    which proves nothing; with more than one in twenty it was a wrong one.
    """
    prompt, longest, most = seen.prompt_tokens["max"], seen.output_tokens["max"], seen.output_tokens["p95"]
    told = f"at most {MODEL_PROMPT_TOKENS}"
    wanted = f"at most {MODEL_OUTPUT_TOKENS}"
    ok = _at_most(longest, MODEL_OUTPUT_TOKENS)
    if ok is False and _at_most(most, MODEL_OUTPUT_TOKENS):
        ok = None
    words = f"{longest} (19 of 20 up to {most})"
    return [
        finding(f"{name}: longest prompt in tokens", told, prompt, _at_most(prompt, MODEL_PROMPT_TOKENS)),
        finding(f"{name}: longest answer in tokens", wanted, words, ok),
    ]


def _at_most(value: float | None, bound: float) -> bool | None:
    return None if value is None else value <= bound


def capacity_known(found: Capacity) -> Finding:
    """Whether the think time rests on a measured capacity."""
    expected = f"answers a second within {found.target_ms:g} ms"
    if found.best is None:
        return finding("capacity", expected, found.words, False)
    return finding("capacity", expected, found.words, True)


def shed_rightly(seen: LoadSeen) -> list[Finding]:
    """In an overload: some are answered, the surplus is refused with Retry-After, and nothing hangs."""
    shed, failed, answered = seen.total["shed"], seen.total["failed"], seen.answered
    statuses = ", ".join(f"{count} x {status}" for status, count in sorted(seen.statuses.items()))
    longest = max(seen.ms("model", "extractive", "shed", "failed"), default=0.0) / 1000
    why = "; ".join(f"{count} x {reason}" for reason, count in list(seen.reasons.items())[:3])
    upper = proportion_upper(failed, seen.sent)
    other = f"{failed} of {seen.sent} (at most {upper:.1%}) {why}"
    return [
        finding("answered meanwhile", "some", f"{answered} of {seen.sent}", answered > 0),
        # no surplus is no failure of the services: there was no overload, and nothing is shown
        finding("surplus", "429 or 503 with Retry-After", f"{shed} ({statuses})", True if shed else None),
        finding("other ends", "none", other if failed else "none", failed == 0),
        finding(
            "longest request",
            f"under {OVERLOAD_DEADLINE_S:g} s",
            f"{longest:.1f} s",
            longest < OVERLOAD_DEADLINE_S,
        ),
    ]
