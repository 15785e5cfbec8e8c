"""What follows from a soak's record: uptime, restarts, leaks; drift and metrics have modules of their own."""

from __future__ import annotations

from dataclasses import dataclass, replace

from casewright.api.staging import Finding
from casewright.staging import soak_gpus
from casewright.staging.drift import drift
from casewright.staging.judge import finding
from casewright.staging.ledger import Ledger
from casewright.staging.samples import Recording, Sample, values_of
from casewright.staging.soak_metrics import metrics
from casewright.staging.trend import LEVEL, Trend, slope_of
from casewright.staging.trend_ceiling import ceiling_of, single_step

SOAK_BOXES = (
    "stability.uptime",
    "stability.leaks",
    "stability.drift",
    "stability.metrics",
    "stability.restarts",
)
UPTIME_S = 3600.0
# A look in time for the last one may still be under way when the hour is over.
UPTIME_SLACK_S = 5.0
# What a process takes in its first minutes (caches, arenas) is no leak; of a short soak a sixth is left out.
WARM_UP_S = 600.0
WARM_UP_SHARE = 1 / 6
# Under half an hour of samples a rise by steps would not show.
LEAK_S = 1800.0
MEMORY_SHARE = 0.01
HANDLES_PER_HOUR = 2.0
MEASURES = {"rss": "memory", "fds": "descriptors", "threads": "threads"}


@dataclass(frozen=True, slots=True)
class Rise:
    """One measure of one process: its slope at 95 %, and at the level that many at once ask for.

    ``bound`` is in units per hour. None for a trend: too few samples. ``ceiling`` is the most per hour that
    is left possible, ``by`` what proves it, or why nothing does (`casewright.staging.trend_ceiling`).
    """

    name: str
    what: str
    bound: float
    trend: Trend | None
    strict: Trend | None
    ceiling: float | None = None
    by: str = ""


@dataclass(frozen=True, slots=True)
class HealthGap:
    """A time without a good /health: from the first bad look on for ``seen_s`` seconds, up to the next good
    one; it may have been ``at_most_s``, from the last good look before.
    """

    start: float
    seen_s: float
    at_most_s: float


def judge_soak(recording: Recording, ledger: Ledger) -> None:
    """Enter the findings of the five boxes."""
    if not recording.samples:
        ledger.unfinished(SOAK_BOXES, "the soak ended before its first sample")
        return
    about = about_soak(recording)
    for box in SOAK_BOXES:
        ledger.seen(box, soak=about)
    ledger.add("stability.uptime", uptime(recording))
    ledger.say("stability.uptime", f"{recording.watched_s / 60:.0f} min under watch")
    ledger.add("stability.restarts", restarts(recording))
    found = rises(recording)
    ledger.seen(
        "stability.leaks", warm_up_s=round(warm_up_s(recording)), slopes=[_row(each) for each in found]
    )
    ledger.add("stability.leaks", [leak(each, recording) for each in found])
    ledger.say("stability.leaks", steepest(found))
    drift(recording, warm_up_s(recording), ledger)
    metrics(recording, ledger)


def about_soak(recording: Recording) -> dict[str, object]:
    """The soak in figures: how long, how many, what was missed."""
    return {
        "asked_s": recording.plan.duration_s,
        "watched_s": round(recording.watched_s, 1),
        "looks_before": recording.warmed[-1].looks if recording.warmed else {},
        "samples": len(recording.samples),
        "asks": len(recording.asks),
        "interval_s": recording.plan.interval_s,
        "gaps_s": [[round(start, 1), round(end, 1)] for start, end in recording.gaps],
        "unwatched_s": [[round(start, 1), round(end, 1)] for start, end in recording.unwatched],
        "lines_cut_off": recording.unread,
        "documents_erased": sum(end.erased for end in recording.ends),
        "documents_left": recording.ends[-1].left if recording.ends else None,
        "gpus": soak_gpus.ranges(recording),
        "outcome": recording.ends[-1].outcome if recording.ends else "cut off",
    }


def uptime(recording: Recording) -> list[Finding]:
    """An hour under watch, no new process, no health gap beyond the bound, every request answered."""
    watched = recording.watched_s
    seen = f"{watched / 60:.1f} min"
    if recording.gaps:
        seen += (
            f" in {len(recording.begins)} runs, {sum(b - a for a, b in recording.gaps):.0f} s between them"
        )
    if recording.unwatched:
        away = sum(b - a for a, b in recording.unwatched)
        seen += f"; {away:.0f} s more between samples too far apart ({len(recording.unwatched)} times)"
    long_enough = watched >= UPTIME_S - UPTIME_SLACK_S
    findings = [finding("under watch", "60 min", seen, True if long_enough else None)]
    asked = recording.plan.duration_s
    if watched < asked - recording.plan.interval_s - UPTIME_SLACK_S:
        shown = f"{seen} of {asked / 60:.1f} min asked for"
        findings.append(finding("the time asked for", "reached", shown, None))
    findings += [each for each in restarts(recording) if each.ok is False]
    findings += [health_gap(recording, name) for name in recording.samples[-1].health]
    findings += soak_gpus.stayed(recording)
    bad = [ask for ask in recording.asks if ask.status != 200]
    told = f"{len(recording.asks) - len(bad)} of {len(recording.asks)}"
    if bad:
        told += f"; first: {bad[0].service}, {bad[0].case} after {bad[0].t:.0f} s: {bad[0].problem}"
    ok = (not bad) if recording.asks else None
    findings.append(finding("requests answered with 200", "all", told, ok))
    return findings


def health_gap(recording: Recording, name: str) -> Finding:
    """FAIL: seen bad (or not healthy) for longer than the bound; PASS: good again within it, at the latest.

    How long it was bad before the first bad look and after the last one nobody saw: between is NOT PROVEN.
    """
    bound, gaps = recording.plan.gap_s, gaps_of(recording, name)
    what, expected = f"{name} /health", f"no gap over {bound:g} s"
    if not gaps:
        return finding(what, expected, f"good in all {len(recording.samples)} looks", True)
    bad = [s for s in recording.samples if name not in s.health or not s.health[name].good]
    first = bad[0].health.get(name)
    why = (first.problem or first.word) if first is not None else "not looked at"
    worst = max(gaps, key=lambda gap: (gap.seen_s, gap.at_most_s))
    most = max(gap.at_most_s for gap in gaps)
    words = (
        f"{len(bad)} bad looks, longest {worst.seen_s:.1f} s (after {worst.start:.0f} s), "
        f"{most:.1f} s from a good look to the next: {why}"
    )
    ok = False if worst.seen_s > bound else True if most <= bound else None
    return finding(what, expected, words, ok)


def gaps_of(recording: Recording, name: str) -> list[HealthGap]:
    """Every time without a good /health; the times between runs are left out."""
    gaps = []
    for span in recording.spans():
        good_at = span[0].t if span else 0.0
        since: float | None = None
        for sample in span:
            health = sample.health.get(name)
            if health is not None and health.good:
                if since is not None:
                    gaps.append(HealthGap(since, sample.t - since, sample.t - good_at))
                good_at, since = sample.t, None
            elif since is None:
                since = sample.t
        if since is not None:
            gaps.append(HealthGap(since, span[-1].t - since, span[-1].t - good_at))
    return gaps


def restarts(recording: Recording) -> list[Finding]:
    """Whether every process is the same in every sample, by its id and its start time."""
    findings = []
    first = recording.samples[0].processes
    for name in sorted({name for sample in recording.samples for name in sample.processes}):
        lives = lives_of(recording, name)
        missing = sum(name not in sample.processes for sample in recording.samples)
        if name not in first:
            lives = [(0.0, 0), *lives]
        pids = ", then ".join(f"pid {pid} after {t:.0f} s" if t else f"pid {pid}" for t, pid in lives)
        seen = pids + (f"; gone in {missing} samples" if missing else "")
        findings.append(finding(f"{name} under watch", "one process", seen, len(lives) == 1 and not missing))
    told = [each.restarts for each in recording.listed if each.restarts]
    if told:
        rose = {n: v - told[0].get(n, v) for n, v in told[-1].items() if v != told[0].get(n, v)}
        seen = ", ".join(f"{name} {count:+d}" for name, count in rose.items()) or "0"
        findings.append(finding("restarts by casewright ps", "0", seen, not rose))
    problems = [each.problem for each in recording.listed if each.problem]
    if problems:
        seen = f"{len(problems)} of {len(recording.listed)} lists failed: {problems[-1]}"
        findings.append(finding("casewright ps", "a list", seen, None))
    if not findings:
        findings.append(finding("processes", "some to watch", "casewright ps names none", None))
    return findings


def lives_of(recording: Recording, name: str) -> list[tuple[float, int]]:
    """When each process of this name was first seen, and its id."""
    lives: list[tuple[float, int]] = []
    last: tuple[int, float] | None = None
    for sample in recording.samples:
        process = sample.processes.get(name)
        if process is not None and (process.pid, process.created) != last:
            last = (process.pid, process.created)
            lives.append((sample.t if lives else 0.0, process.pid))
    return lives


def warm_up_s(recording: Recording) -> float:
    """Seconds from the first sample that slopes leave out."""
    return min(WARM_UP_S, recording.watched_s * WARM_UP_SHARE)


def steady(recording: Recording, name: str) -> list[Sample]:
    """The samples after the warm-up of the process of this name that lived last."""
    after = recording.samples[0].t + warm_up_s(recording)
    began = lives_of(recording, name)[-1][0]
    if began:
        after = max(after, began + warm_up_s(recording))
    return [sample for sample in recording.samples if sample.t >= after]


def rises(recording: Recording) -> list[Rise]:
    """The slopes of every measure of every process, and of each GPU's memory."""
    names = sorted({name for sample in recording.samples for name in sample.processes})
    gpus = soak_gpus.indices(recording)
    strict = 1 - (1 - LEVEL) / max(1, len(names) * len(MEASURES) + len(gpus))
    found = []
    for name in names:
        samples = steady(recording, name)
        for key, what in MEASURES.items():
            rise = _rise(name, what, values_of(samples, name, key), strict)
            # a step needs the whole life to be the only one; memory always rises in the warm-up
            whole = None if key == "rss" else single_step(*values_of(_life(recording, name), name, key))
            if whole is not None and rise.ceiling is not None and whole < rise.ceiling:
                rise = replace(rise, ceiling=whole, by="single step")
            found.append(rise)
    after = recording.samples[0].t + warm_up_s(recording)
    warm = [sample for sample in recording.samples if sample.t >= after]
    for index in gpus:
        found.append(_rise(f"GPU {index}", "memory", soak_gpus.memory_of(warm, index), strict))
    return found


def _life(recording: Recording, name: str) -> list[Sample]:
    """The samples of the process of this name that lived last, with its warm-up."""
    began = lives_of(recording, name)[-1][0]
    return [sample for sample in recording.samples if sample.t >= began]


def _rise(name: str, what: str, series: tuple[list[float], list[float]], strict: float) -> Rise:
    rough = slope_of(*series)
    share = MEMORY_SHARE * (rough.level if rough is not None else 0.0)
    bound = share if what == "memory" else max(share, HANDLES_PER_HOUR)
    if rough is None:
        return Rise(name, what, bound, None, None)
    most, sure = ceiling_of(*series, bound), ceiling_of(*series, bound, strict)
    if most is None or sure is None:
        return Rise(name, what, bound, rough, slope_of(*series, strict))
    return Rise(name, what, bound, most.plain, sure.plain, most.high, most.by)


def leak(rise: Rise, recording: Recording) -> Finding:
    """FAIL: surely beyond its bound, and still in the second half. PASS: surely below, for long enough."""
    what, expected = f"{rise.name}: {rise.what}", f"under {_amount(rise.what, rise.bound)}/h"
    trend, strict = rise.trend, rise.strict
    if trend is None or strict is None:
        return finding(what, expected, _untold(rise, recording), None)
    seen = slope_words(rise)
    if trend.low is None or trend.high is None or strict.low is None:
        return finding(what, expected, f"{seen}; too few samples", None)
    if strict.low > rise.bound:
        if trend.late > rise.bound:
            return finding(what, expected, seen, False)
        late = f"but {_amount(rise.what, trend.late)}/h in the second half: it comes to an end, or is none"
        return finding(what, expected, f"{seen}, {late}", None)
    if rise.ceiling is None or rise.ceiling >= rise.bound:
        return finding(what, expected, seen, None)
    seconds = recording.watched_s - warm_up_s(recording)
    if seconds < LEAK_S:
        short = f"{seconds / 60:.0f} min after the warm-up; under {LEAK_S / 60:.0f} nothing is proven"
        return finding(what, expected, f"{seen}; {short}", None)
    return finding(what, expected, seen, True)


def _untold(rise: Rise, recording: Recording) -> str:
    """Why there is no slope."""
    seen = [s.processes[rise.name] for s in recording.samples if rise.name in s.processes]
    if rise.what == MEASURES["fds"] and seen and all(each.fds is None for each in seen):
        return "not shown to this user, nor told by /metrics: root sees them"
    return "too few samples"


def slope_words(rise: Rise) -> str:
    """A slope in words, with its interval."""
    trend = rise.trend
    if trend is None:
        return "-"
    middle = _amount(rise.what, trend.per_hour)
    if trend.low is None or trend.high is None:
        return f"{middle}/h, no interval"
    share = ""
    if rise.what == "memory" and trend.level:
        share = f", {100 * trend.per_hour / trend.level:+.2f} % of {_amount('memory', trend.level)}"
    low, high = _amount(rise.what, trend.low), _amount(rise.what, trend.high)
    said = f"{middle}/h ({low} to {high}{share})"
    if rise.ceiling is not None and abs(rise.ceiling - trend.high) > 1e-9 * max(1.0, abs(trend.high)):
        said += f", at most {_amount(rise.what, rise.ceiling)}/h by its {rise.by}"
    if rise.ceiling is None and rise.by:
        said += f"; {rise.by}"
    return said


def steepest(found: list[Rise]) -> str:
    """The steepest rise of memory by its share of the level."""
    known = [each for each in found if each.what == "memory" and each.trend is not None]
    shares = {each.name: each.trend.per_hour / (each.trend.level or 1) for each in known if each.trend}
    if not shares:
        return "no slope of memory"
    name = max(shares, key=lambda each: shares[each])
    return f"steepest memory: {name} {100 * shares[name]:+.2f} %/h"


def _amount(what: str, value: float) -> str:
    return f"{value / 2**20:.2f} MiB" if what == "memory" else f"{value:.1f}"


def _row(rise: Rise) -> dict[str, object]:
    trend = rise.trend
    row: dict[str, object] = {"process": rise.name, "measure": rise.what, "bound_per_hour": rise.bound}
    if trend is None:
        return row
    row |= {"ceiling": rise.ceiling, "ceiling_by": rise.by}
    return row | {name: getattr(trend, name) for name in Trend.__slots__}
