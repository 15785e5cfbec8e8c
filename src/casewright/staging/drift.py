"""Whether a service is at the end of a soak what it was: how fast, what it says, how it is set."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import scipy.stats

from casewright.api.staging import Finding
from casewright.staging.judge import finding
from casewright.staging.ledger import Ledger
from casewright.staging.samples import Ask, Recording
from casewright.staging.trend import correlation_time, detrended

BOX = "stability.drift"
SLOWER = 1.25
LEVEL = 0.95
# In each third.
MIN_ANSWERS = 18


@dataclass(frozen=True, slots=True)
class Ratio:
    """Latency of the last third over that of the first, with the interval of its level."""

    middle: float
    low: float
    high: float
    first: int
    last: int


def drift(recording: Recording, warm_up_s: float, ledger: Ledger) -> None:
    """Enter the findings of the box, and the latencies that they rest on."""
    series = latencies(recording, recording.samples[0].t + warm_up_s)
    strict = 1 - (1 - LEVEL) / max(1, len(series))
    rows = {}
    for name, points in series.items():
        found, sure = ratio_of(points, LEVEL), ratio_of(points, strict)
        rows[name] = None if found is None else [found.middle, found.low, found.high, found.first, found.last]
        ledger.add(BOX, [slower(name, found, sure, len(points))])
    ledger.add(BOX, answers(recording.asks))
    ledger.add(BOX, configurations(recording))
    ledger.seen(BOX, latency_ratios=rows, answers_by_model=model_words(recording.asks))


def latencies(recording: Recording, after_s: float) -> dict[str, list[tuple[float, float]]]:
    """Times and log latencies by service, each case by its own median; of /health where nothing is asked."""
    by_case: dict[tuple[str, str], list[Ask]] = defaultdict(list)
    for ask in recording.asks:
        if ask.status == 200 and ask.t >= after_s and ask.ms > 0:
            by_case[ask.service, ask.case].append(ask)
    series: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for (service, _), asks in by_case.items():
        middle = float(np.median([math.log(ask.ms) for ask in asks]))
        series[f"{service}: latency"] += [(ask.t, math.log(ask.ms) - middle) for ask in asks]
    asked = {ask.service for ask in recording.asks}
    for sample in recording.samples:
        for name, health in sample.health.items():
            if name not in asked and health.good and health.ms and sample.t >= after_s:
                series[f"{name}: latency of /health"].append((sample.t, math.log(health.ms)))
    return {name: sorted(points) for name, points in series.items()}


def ratio_of(points: Sequence[tuple[float, float]], level: float) -> Ratio | None:
    """Last third against first: Welch's t on their means; None for too few.

    ``points`` are seconds and logarithms of milliseconds, in order. Each third counts for as many values as
    are independent of each other: n over the integrated autocorrelation time.
    """
    if len(points) < 3:
        return None
    start, end = points[0][0], points[-1][0]
    third = (end - start) / 3
    first = [point for point in points if point[0] <= start + third]
    last = [point for point in points if point[0] >= end - third]
    if min(len(first), len(last)) < MIN_ANSWERS:
        return None
    before, after = _third(first), _third(last)
    middle, spread = after.mean - before.mean, math.sqrt(before.square + after.square)
    half = 0.0
    if spread > 0:
        parts = before.square**2 / before.freedom + after.square**2 / after.freedom
        half = float(scipy.stats.t.ppf((1 + level) / 2, spread**4 / parts)) * spread
    return Ratio(math.exp(middle), math.exp(middle - half), math.exp(middle + half), len(first), len(last))


@dataclass(frozen=True, slots=True)
class _Mean:
    """A mean, the square of its standard error, and the degrees of freedom that this has."""

    mean: float
    square: float
    freedom: float


def _third(points: Sequence[tuple[float, float]]) -> _Mean:
    times = np.array([t for t, _ in points])
    values = np.array([value for _, value in points])
    # its own line is taken out first: what drifts within a third is not what hangs together
    together = correlation_time(detrended(times, values))
    independent = max(2.0, len(values) / together)
    return _Mean(float(values.mean()), float(values.var(ddof=1)) / independent, independent - 1)


def slower(name: str, found: Ratio | None, sure: Ratio | None, count: int) -> Finding:
    """FAIL: surely beyond the bound; PASS: surely below it."""
    expected = f"at the end under {SLOWER:g} times the start"
    if found is None or sure is None:
        few = f"{count} answers after the warm-up; {3 * MIN_ANSWERS} are needed"
        return finding(name, expected, few, None)
    interval = f"{found.low:.2f} to {found.high:.2f}"
    seen = f"{found.middle:.2f} times ({interval}; {found.first} and {found.last} answers)"
    ok = False if sure.low > SLOWER else True if found.high < SLOWER else None
    return finding(name, expected, seen, ok)


def answers(asks: Sequence[Ask]) -> list[Finding]:
    """Whether every case was answered alike; a model's own words are not judged here."""
    by_case: dict[tuple[str, str], list[Ask]] = defaultdict(list)
    for ask in asks:
        if ask.digest is not None and ask.by != "model":
            by_case[ask.service, ask.case].append(ask)
    findings = []
    for (service, case), found in sorted(by_case.items()):
        other = next((ask for ask in found if ask.digest != found[0].digest), None)
        kinds = len({ask.digest for ask in found})
        seen = f"{len(found)} alike, {found[0].digest}"
        if other is not None:
            seen = f"{kinds} answers to one question; another than the first after {other.t:.0f} s"
        elif len(found) < 2:
            seen = "asked once"
        same = other is None if len(found) > 1 else None
        findings.append(finding(f"{service}, {case}: answer", "the same every time", seen, same))
    if not findings:
        findings.append(finding("answers", "the same every time", "nothing was answered", None))
    return findings


def model_words(asks: Sequence[Ask]) -> dict[str, list[int]]:
    """By case, how many answers a model wrote and how many different ones."""
    found: dict[str, list[str]] = defaultdict(list)
    for ask in asks:
        if ask.by == "model" and ask.digest is not None:
            found[f"{ask.service}, {ask.case}"].append(ask.digest)
    return {name: [len(digests), len(set(digests))] for name, digests in found.items()}


def configurations(recording: Recording) -> list[Finding]:
    """Whether each /health says the same settings in every sample, by their digest."""
    known = {(each.service, each.digest): each.config for each in recording.configs}
    findings = []
    for name in recording.samples[0].health:
        digests = [
            s.health[name].config for s in recording.samples if name in s.health and s.health[name].config
        ]
        kinds = list(dict.fromkeys(digests))
        what = f"{name}: configuration"
        if not kinds:
            findings.append(finding(what, "the same", "/health never told it", None))
            continue
        seen = str(kinds[0])
        if len(kinds) > 1:
            before, after = (known.get((name, str(kind)), {}) for kind in kinds[:2])
            seen = f"{len(kinds)} different; changed: {_changed(before, after)}"
        findings.append(finding(what, "the same", seen, len(kinds) == 1))
    return findings


def _changed(before: Mapping[str, object], after: Mapping[str, object]) -> str:
    names = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    return ", ".join(f"{name} from {before.get(name)} to {after.get(name)}" for name in names) or "unknown"
