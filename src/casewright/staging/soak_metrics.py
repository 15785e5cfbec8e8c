"""Whether /metrics counts what was sent: exactly, by service and status."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from casewright.api.staging import Finding
from casewright.staging.judge import finding
from casewright.staging.ledger import Ledger
from casewright.staging.samples import Recording
from casewright.staging.soak_load import cases

BOX = "stability.metrics"
EXPECTED = "as many as were sent"
# Services that count who wrote each answer.
COUNT_ANSWERS = ("rag", "notes")


def metrics(recording: Recording, ledger: Ledger) -> None:
    """Enter the findings of the box, and what else the services counted."""
    routes = {case.service: case.route for case in cases()}
    if not recording.ends or recording.ends[-1].t < recording.begins[-1].t:
        seen = "cut off: what was under way after the last sample is in no count"
        ledger.add(BOX, [finding("/metrics", EXPECTED, seen, None)])
        return
    others = {}
    for service, route in routes.items():
        before, after = (
            recording.samples[0].counters.get(service),
            recording.samples[-1].counters.get(service),
        )
        if not before or not after:
            seen = "/metrics does not answer" if not after else "/metrics did not answer at the start"
            ledger.add(BOX, [finding(f"{service}: /metrics", EXPECTED, seen, None)])
            continue
        if before.get("began") != after.get("began") or any(v < before.get(k, 0) for k, v in after.items()):
            seen = "its process was started anew: its counters began again"
            ledger.add(BOX, [finding(f"{service}: /metrics", EXPECTED, seen, None)])
            continue
        rose = {k: v - before.get(k, 0) for k, v in after.items() if k != "began" and v != before.get(k, 0)}
        ledger.add(BOX, counted(service, f"POST {route}", rose, recording))
        others[service] = {
            k: v for k, v in rose.items() if not k.startswith((f"POST {route} ", "timed", "answers"))
        }
    looks = len(recording.samples)
    ledger.seen(BOX, counted_beside=others, looks_at_health_and_metrics=looks)
    ledger.say(BOX, f"{len(recording.asks)} requests; counted beside them: {_beside(others)}")


def counted(service: str, route: str, rose: Mapping[str, float], recording: Recording) -> list[Finding]:
    """One finding a status, one that all were timed, and one for the answers where the service counts them.

    Requests whose end is not known (cut off with the soak, or never answered) may have been counted as
    anything, or not at all: they widen what is expected.
    """
    asks = [ask for ask in recording.asks if ask.service == service]
    sent = sum(each.service == service for each in recording.sent)
    ended = Counter(ask.status for ask in asks if ask.status is not None)
    unknown = sent - sum(ended.values())
    seen = {k.rpartition(" ")[2]: int(v) for k, v in rose.items() if k.startswith(f"{route} ")}
    findings = []
    for status in sorted({*map(str, ended), *seen}):
        low, high = ended[int(status)] if status.isdigit() else 0, seen.get(status, 0)
        findings.append(_equal(f"{service}: {route} {status}", low, high, unknown))
    total = sum(seen.values())
    findings.append(_equal(f"{service}: {route} in all", sum(ended.values()), total, unknown))
    timed = int(rose.get(f"timed {route}", 0))
    findings.append(finding(f"{service}: {route} timed", f"{total} as counted", timed, timed == total))
    if service in COUNT_ANSWERS:
        findings.append(_equal(f"{service}: answers", ended[200], int(rose.get("answers", 0)), unknown))
    return findings


def _equal(what: str, sent: int, seen: int, unknown: int) -> Finding:
    expected = f"{sent} sent" + (f", and {unknown} whose end nobody saw" if unknown else "")
    return finding(what, expected, f"{seen} counted", sent <= seen <= sent + unknown)


def _beside(others: Mapping[str, Mapping[str, float]]) -> str:
    total: Counter[str] = Counter()
    for rose in others.values():
        for name, value in rose.items():
            total[name.rpartition(" ")[0]] += int(value)
    return ", ".join(f"{name} {count}" for name, count in total.most_common(4)) or "nothing"
