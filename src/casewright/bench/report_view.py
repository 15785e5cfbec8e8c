"""What a report says, apart from how it looks: verdict, validity, tables, warnings, in this order.

``report`` draws a view in a terminal and ``report_html`` as a page, so that both say the same.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from casewright.api.bench import Distribution, Engine, Interval, Machine, Run, TargetResult, Throughput
from casewright.bench.live import milliseconds
from casewright.bench.stats import percentile_label
from casewright.bench.warn import Warn, run_warnings

Tone = Literal["good", "bad", "open"]
NOTHING = "–"


@dataclass(frozen=True, slots=True)
class TableView:
    """A table: its title, its columns, and rows as wide; all but the first column are figures."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class View:
    """A report: one sentence with the verdict first, everything else in the order it is read."""

    title: str
    badge: str
    tone: Tone
    verdict: str
    meaning: tuple[str, ...]
    valid: bool
    validity: tuple[str, ...]
    facts: tuple[tuple[str, str], ...]
    tables: tuple[TableView, ...]
    warnings: tuple[Warn, ...]


_LATENCIES = (
    ("ttft_user_ms", "first token, as the user waits"),
    ("ttft_ms", "first token, from sending"),
    ("e2e_user_ms", "whole answer, as the user waits"),
    ("e2e_ms", "whole answer, from sending"),
    ("tpot_ms", "time per output token"),
    ("chunk_gap_ms", "gap between chunks"),
)


def run_view(run: Run) -> View:
    """The report of one run."""
    badge, tone = run_badge(run)
    return View(
        title=f"Run of {run.engine.spec}",
        badge=badge,
        tone=tone,
        verdict=run_sentence(run),
        meaning=tuple(f"{t.status}: {t.expression} – {t.reason}" for t in run.targets if t.status != "PASS"),
        valid=run.validity.verdict == "VALID",
        validity=run.validity.reasons,
        facts=(
            ("engine", engine_line(run.engine)),
            ("load", load_line(run)),
            ("workload", workload_line(run)),
            ("machine", machine_line(run.machine)),
        ),
        tables=tuple(t for t in (latency_table(run), _counts(run), targets_table(run.targets)) if t.rows),
        warnings=run_warnings(run),
    )


def run_badge(run: Run) -> tuple[str, Tone]:
    """The one word a run comes to: its validity, and then its targets'."""
    if run.validity.verdict == "INVALID":
        return "INVALID", "bad"
    statuses = {target.status for target in run.targets}
    if not statuses:
        return "VALID", "good"
    if "FAIL" in statuses:
        return "FAIL", "bad"
    return ("PASS", "good") if statuses == {"PASS"} else ("NOT PROVEN", "open")


def run_sentence(run: Run) -> str:
    """What happened, in one sentence of measured figures."""
    asked, through = run.requests, run.throughput
    parts = [f"{asked.completed:,} of {asked.attempted:,} requests completed"]
    if through.window_s is not None:
        parts[0] += f" in {through.window_s:.1f} s"
    rates = []
    if through.requests_per_s is not None:
        rates.append(f"{number(through.requests_per_s)} requests/s")
    if through.output_tokens_per_s is not None:
        rates.append(f"{number(through.output_tokens_per_s)} output tokens/s")
    if rates:
        parts.append(", ".join(rates))
    open_loop = run.load.mode == "open"
    ttft = run.ttft_user_ms if open_loop else run.ttft_ms
    seen = [
        f"{ms(value)} ({name})" for name, value in (("p50", ttft.p50), ("p99", ttft.p99)) if value is not None
    ]
    if seen:
        parts.append(f"first token after {', '.join(seen)}" + (" as the user waits" if open_loop else ""))
    return "; ".join(parts) + "."


def latency_table(run: Run) -> TableView:
    """Every latency with its percentiles; one that the sample cannot support is a dash with its reason."""
    rows, notes = [], []
    for name, label in _LATENCIES:
        if name.endswith("_user_ms") and run.load.mode == "closed":
            continue  # a closed loop has no schedule to be late on: both are one figure
        found: Distribution = getattr(run, name)
        if found.n == 0:
            continue
        rows.append((label, *distribution_cells(found), f"{found.n:,}"))
        notes += [note for note in found.notes if note not in notes and name != "chunk_gap_ms"]
    columns = ("milliseconds", "min", "mean", "p50", "p90", "p95", "p99", "max", "n")
    return TableView("Latency", columns, tuple(rows), tuple(_shortened(notes)))


def _shortened(notes: list[str]) -> list[str]:
    """Notes without their examples, each once: one per percentile is enough for a table."""
    return list(dict.fromkeys(note.split(" (max ")[0] for note in notes))


def distribution_cells(found: Distribution) -> tuple[str, ...]:
    """min, mean, p50, p90, p95, p99, max."""
    values = (found.min, found.mean, found.p50, found.p90, found.p95, found.p99, found.max)
    return tuple(NOTHING if value is None else number(value) for value in values)


def p95_cell(found: Distribution) -> tuple[str, str]:
    """A P95's name and value; below 20 requests it is the maximum, and its name says so."""
    label = percentile_label(0.95, found.n)
    value = found.p95 if label == "P95" else (found.max if not found.failed else None)
    return label, NOTHING if value is None else f"{value:.2f}ms"


def _counts(run: Run) -> TableView:
    asked, through, lag, rate = run.requests, run.throughput, run.send_lag_ms, run.rate
    rows: list[tuple[str, str]] = [
        (
            "requests attempted / completed / failed",
            f"{asked.attempted:,} / {asked.completed:,} / {asked.failed:,}",
        ),
        ("error rate", percent_interval(asked.error_rate)),
        ("requests/s over the whole window", _rate(through.requests_per_s)),
        ("requests/s in the steady window", _steady(through)),
        ("output tokens/s", _rate(through.output_tokens_per_s)),
        ("prompt tokens / output tokens", f"{_count(run.tokens.prompt)} / {_count(run.tokens.output)}"),
        ("prompt tokens from a cache", _count(run.tokens.cached)),
    ]
    if run.load.mode == "open":
        achieved = NOTHING if rate.achieved is None else f"{rate.achieved:,.1f} of {rate.requested:,.1f}"
        rows += [
            ("requests/s achieved of requested", achieved),
            ("send lag p50 / p99", f"{ms(lag.p50)} / {ms(lag.p99)}"),
            (f"dispersion over {run.arrivals.bin_ms:g} ms", _rate(run.arrivals.dispersion)),
        ]
    if asked.cut:
        rows.append(("in flight at the end (in no figure)", f"{asked.cut:,}"))
    client = run.client
    busy = NOTHING if client.cpu_share is None else f"{client.cpu_share:.0%} of a core"
    rows.append((f"load generator, {_plural(client.processes, 'process', 'processes')}", busy))
    return TableView("Counts and rates", ("", "measured"), tuple(rows))


def targets_table(targets: tuple[TargetResult, ...]) -> TableView:
    """Targets with what was observed, its interval, and the status."""
    rows = tuple((t.expression, observed(t), t.status, t.reason) for t in targets)
    return TableView("Targets, on this hardware", ("target", "observed", "status", "why"), rows)


def observed(target: TargetResult) -> str:
    """A target's observation with its interval, or a dash."""
    if target.observed is None:
        return NOTHING
    unit = "" if target.unit == "x" else " " if target.unit else ""
    whole = float(target.observed).is_integer() and target.low == target.high
    text = f"{target.observed:,.0f}" if whole else number(target.observed)
    text += f"{unit}{target.unit}"
    if (target.low is None and target.high is None) or target.low == target.high:
        return text
    high = "∞" if target.high is None or math.isinf(target.high) else number(target.high)
    return f"{text} ({number(target.low or 0.0)} to {high})"


def engine_line(engine: Engine) -> str:
    """What answers, under its own name, and where."""
    who = engine.identity
    words = [f"{who.name}{' ' + who.version if who.version else ''}"]
    words += [text for text in (who.model, who.quantization) if text]
    if who.context_length:
        words.append(f"context {who.context_length:,}")
    if who.slots:
        words.append(_plural(who.slots, "slot", "slots"))
    return f"{', '.join(words)} ({engine.spec} at {engine.url})"


def load_line(run: Run) -> str:
    """What was asked for."""
    load = run.load
    if load.mode == "closed":
        words = [f"closed loop, {_plural(load.concurrency or 1, 'user', 'users')}"]
    else:
        words = [f"open loop, {load.rate:g} requests/s, {run.arrivals.kind} arrivals"]
    if load.requests is not None:
        words.append(f"{load.requests:,} requests")
    if load.duration_s is not None:
        words.append(f"{load.duration_s:g} s")
    if load.warmup:
        words.append(f"{load.warmup} warm-up apart")
    return ", ".join([*words, f"seed {run.seed}"])


def workload_line(run: Run) -> str:
    """Which prompts."""
    facts = run.workload
    words = [facts.name, f"{facts.prefix} prefixes", f"at most {facts.max_tokens} tokens an answer"]
    words += ["JSON schema"] * facts.json_schema + ["ignore-eos"] * facts.ignore_eos
    return ", ".join([*words, f"sha256 {facts.sha256[:12]}"])


def machine_line(machine: Machine) -> str:
    """Where it ran; the host's name is left to the JSON."""
    words = [machine.cpu or "unknown processor"]
    words += [f"{machine.cores} cores"] * bool(machine.cores)
    words += [f"{machine.memory_gb:.0f} GB"] * bool(machine.memory_gb)
    return ", ".join([*words, f"casewright {machine.casewright}"])


def number(value: float) -> str:
    """A figure with three or more significant digits: 0.0123, 4.56, 78.9, 1,234."""
    size = abs(value)
    if not math.isfinite(value):
        return "∞"
    if size >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if size >= 10 else f"{value:.2f}" if size >= 0.1 or size == 0 else f"{value:.3g}"


def ms(value: float | None) -> str:
    """Milliseconds for reading, or a dash."""
    return NOTHING if value is None else milliseconds(value)


def percent_interval(found: Interval | None) -> str:
    """A share with its interval, in per cent."""
    if found is None:
        return NOTHING
    return f"{found.value:.2%} ({found.level:.0%} interval {found.low:.2%} to {found.high:.2%})"


def _rate(value: float | None) -> str:
    return NOTHING if value is None else number(value)


def _steady(through: Throughput) -> str:
    if through.steady_requests_per_s is None or through.steady_window_s is None:
        return NOTHING
    return f"{number(through.steady_requests_per_s)} over {through.steady_window_s:.1f} s"


def _count(value: int | None) -> str:
    return NOTHING if value is None else f"{value:,}"


def _plural(count: int, one: str, many: str) -> str:
    return f"{count:,} {one if count == 1 else many}"
