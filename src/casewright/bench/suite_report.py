"""The suite in the terminal: each stage as it ends, then the comparison, the criteria and the trend."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from casewright.api.bench import Throughput
from casewright.api.suite import Attempt, Criterion, Provider, Stage, StageName, Suite, SuiteRatio
from casewright.bench.report import RULED, STATUS_STYLES
from casewright.bench.report_view import NOTHING, number, observed, p95_cell, percent_interval
from casewright.bench.suite import Event, Sizes
from casewright.bench.suite_judge import SESSION_FACTOR
from casewright.bench.warn import run_warnings

RULE = 70
_TITLES: dict[StageName, str] = {
    "single": "1. Single Request Latency",
    "throughput": "2. Throughput",
    "workers": "3. Concurrent Requests",
    "simultaneous": "4. Simultaneous Requests",
}


class SuitePrinter:
    """Prints a suite to a console; text from engines is never read as markup."""

    def __init__(self, console: Console, sizes: Sizes) -> None:
        self._console = console
        self._sizes = sizes
        self._told: set[str] = set()

    def opening(self, providers: Sequence[tuple[str, Attempt]]) -> None:
        """The title, and what reaching each provider gave."""
        self._line("=" * RULE)
        self._line("  vLLM BENCHMARKING SUITE", style="bold")
        self._line("=" * RULE)
        self._line("")
        for words, attempt in providers:
            mark = ("  ✓ ", "green") if attempt.reachable else ("  ✗ ", "red")
            self._print(Text.assemble(mark, words))
            self._line(f"      {attempt_line(attempt)}", style="dim")

    def event(self, event: Event) -> None:
        """What happened."""
        if event.phase == "start":
            self._section(f"{_TITLES[event.stage]} ({event.provider.label})")
            if event.provider.warmup_s is None:
                self._line(f"  Warming up {event.provider.label}...")
            else:
                self._line(f"  {self._doing(event.stage)}...")
        elif event.phase == "warm":
            self._print(
                Text.assemble(("  ✓ ", "green"), f"Warm-up completed in {event.provider.warmup_s:.3f}s")
            )
            self._line("")
            self._line(f"  {self._doing(event.stage)}...")
        elif event.phase == "done" and event.result is not None:
            self._figures(event.stage, event.result)
        elif event.phase == "skipped":
            self._skipped(event)

    def closing(self, suite: Suite) -> None:
        """Comparison, criteria, warnings and trend."""
        self._section("BENCHMARK COMPARISON REPORT")
        self._comparison(suite)
        self._section("SUCCESS CRITERIA (on this hardware)")
        self._criteria(suite.criteria)
        self._warnings(suite)
        if suite.trend:
            self._line("")
            for line in suite.trend:
                self._line(f"  Trend: {line}")
        for note in suite.notes:
            self._line(f"  Note: {note}")
        if suite.interrupted:
            self._line("")
            self._line("  Interrupted: this is what had been measured by then", style="bold yellow")

    def saved(self, path: Path, *, measured: bool) -> None:
        """The last line. A result that holds nothing does not replace one that holds something."""
        self._line("")
        if measured:
            self._print(Text.assemble(("  ✓ ", "green"), f"Results saved to: {path}"))
        else:
            self._print(
                Text.assemble(("  ✗ ", "red"), f"Nothing was measured; results that {path} held before stay")
            )

    def _doing(self, stage: StageName) -> str:
        sizes = self._sizes
        return {
            "single": f"Running {sizes.single} requests, one after the other",
            "throughput": f"Sustaining {sizes.users} users for {sizes.duration_s:g} s",
            "workers": f"Running {sizes.workers} workers × {sizes.per_worker} requests",
            "simultaneous": f"Sending {sizes.simultaneous} requests at once",
        }[stage]

    def _figures(self, stage: StageName, result: Stage) -> None:
        for name, value in stage_figures(stage, result):
            self._line(f"    {name}: {value}")
        run = result.run
        for kind, count in run.requests.errors.items():
            self._line(f"    {count} failed: {kind}", style="red")
        if run.validity.verdict == "INVALID":
            for reason in run.validity.reasons:
                self._line(f"    INVALID: {reason}", style="bold red")

    def _skipped(self, event: Event) -> None:
        """Say once why a provider is not measured; its later stages are not announced."""
        who = event.provider
        if who.label in self._told:
            return
        self._told.add(who.label)
        if not who.attempt.reachable:
            self._section(f"{_TITLES[event.stage]} ({who.label})")
            self._print(Text.assemble(("  ✗ ", "red"), f"{who.label} is unreachable: {who.attempt.reason}"))
            for name, words in (("Start it", who.attempt.start_with), ("Try", who.attempt.hint)):
                if words:
                    self._line(f"    {name}: {words}")
        else:
            self._print(Text.assemble(("  ✗ ", "red"), f"not measured further: {who.failure}"))

    def _comparison(self, suite: Suite) -> None:
        base = next((p for p in suite.providers if p.label == suite.baseline), None)
        cand = next((p for p in suite.providers if p.label == suite.candidate), None)
        if base is None or cand is None:
            self._line("  No comparison: only one provider was asked for")
        else:
            self._line(f"  Comparison: {base.label} vs {cand.label}")
        for metric, unit in (("latency", "ms"), ("throughput", " req/sec")):
            self._line("")
            self._line(f"  {metric.capitalize()}:")
            ratio = next((r for r in suite.ratios if r.metric == metric), None)
            shown = (ratio.baseline, ratio.candidate) if ratio else (None, None)
            for provider, value in zip((base, cand), shown, strict=True):
                if provider is not None:
                    self._line(f"    {provider.label}: {_figure(provider, metric, unit, value)}")
            if ratio is not None and base is not None and cand is not None:
                self._ratio(ratio, base, cand)
        self._line("")
        self._line("  Reliability:")
        for provider in suite.providers:
            rate = percent_interval(provider.error_rate)
            many = f", {provider.failed} of {provider.attempted}" if provider.attempted else ""
            self._line(f"    {provider.label} Error Rate: {rate}{many}")
        if suite.ratios and base is not None and cand is not None:
            self._line("")
            self._line("  Ratios of one sitting are indicative. For a verdict with an interval run:")
            self._line(f"    casewright bench compare '{base.spec}' '{cand.spec}'", style="cyan")

    def _ratio(self, ratio: SuiteRatio, base: Provider, cand: Provider) -> None:
        for line in ratio_lines(ratio, base.label, cand.label):
            self._print(Text.assemble(("    → ", "bold"), line))

    def _criteria(self, rows: Sequence[Criterion]) -> None:
        table = Table(box=RULED, pad_edge=False, show_edge=False)
        for column in ("metric", "target", "observed", "status", "why"):
            table.add_column(column, no_wrap=column in ("target", "observed", "status"), overflow="fold")
        for row in rows:
            cells = (row.label, row.asked, observed(row.result), row.result.status, row.result.reason)
            table.add_row(*(Text(cell, style=STATUS_STYLES.get(cell, "")) for cell in cells))
        self._console.print(table)

    def _warnings(self, suite: Suite) -> None:
        places: dict[str, list[str]] = {}
        for provider in suite.providers:
            for stage in provider.stages:
                for warning in run_warnings(stage.run):
                    # Sample sizes are the suite's own choice, and the criteria already account for them.
                    if "requests" not in warning.next and "for a P95" not in warning.cause:
                        where = f"{provider.label}, {_TITLES[stage.name][3:].lower()}"
                        places.setdefault(str(warning), []).append(where)
        alike: dict[str, list[tuple[str, str]]] = {}
        for text, found in places.items():
            alike.setdefault(re.sub(r"[\d.,]+", "#", text), []).extend((text, where) for where in found)
        if alike:
            self._line("")
            self._line("  Warnings", style="bold yellow")
        for seen in alike.values():
            texts = {text for text, _ in seen}
            place = seen[0][1] if len(seen) == 1 else f"in {len(seen)} stages"
            self._line(f"  - {place}{', such as' if len(texts) > 1 else ''}: {seen[0][0]}")

    def _section(self, title: str) -> None:
        self._line("")
        self._line("-" * RULE)
        self._line(f"  {title}", style="bold")
        self._line("-" * RULE)

    def _line(self, text: str, style: str = "") -> None:
        self._print(Text(text, style=style))

    def _print(self, text: Text) -> None:
        self._console.print(text, soft_wrap=True)


def attempt_line(attempt: Attempt) -> str:
    """Connection and initialisation times, as what they are."""
    parts = []
    if attempt.connect_ms is not None:
        how = "connected in" if attempt.reachable else "connection attempt ended after"
        parts.append(f"{how} {attempt.connect_ms:.1f} ms")
    if attempt.initialise_ms is not None:
        how = "identified in" if attempt.reachable else "initialisation gave up after"
        parts.append(f"{how} {attempt.initialise_ms:.1f} ms")
    if not attempt.reachable and parts:
        parts.append("no request was made, so these are not latencies")
    return ", ".join(parts) or "no connection was tried"


def stage_figures(stage: StageName, result: Stage) -> list[tuple[str, str]]:
    """The figures of a stage in the order they are printed."""
    run = result.run
    share = run.requests.completed / run.requests.attempted if run.requests.attempted else None
    success = ("Success Rate", NOTHING if share is None else f"{share:.1%}")
    e2e, through = run.e2e_ms, run.throughput
    if stage == "single":
        label, p95 = p95_cell(e2e)
        name, _, rest = label.partition(" ")
        return [
            ("Average Latency", _ms(e2e.mean)),
            ("Min Latency", _ms(e2e.min)),
            ("Max Latency", _ms(e2e.max)),
            (f"{name} Latency{' ' + rest if rest else ''}", p95),
            ("Average Time to First Token", _ms(run.ttft_ms.mean)),
            success,
        ]
    tokens = ("Output Tokens", _per_s(through.output_tokens_per_s, "tok/sec"))
    if stage == "throughput":
        return [
            ("Requests Completed", f"{run.requests.completed:,} in {through.window_s or 0:.1f} s"),
            ("Throughput", _per_s(through.requests_per_s, "req/sec")),
            ("Throughput in the steady window", _per_s(steady_rate(through), "req/sec")),
            tokens,
            success,
        ]
    return [
        ("Requests Completed", f"{run.requests.completed:,} of {run.requests.attempted:,}"),
        ("Concurrent Throughput", _per_s(through.requests_per_s, "req/sec")),
        tokens,
        ("Max Latency", _ms(e2e.max)),
        success,
    ]


def ratio_lines(ratio: SuiteRatio, base: str, cand: str) -> list[str]:
    """Who is faster and by how much, with the interval of this sitting and the widened one's judgement."""
    better, times = (cand, ratio.value) if ratio.value >= 1 else (base, 1 / ratio.value)
    words = f"{better} is {times:.2f}x faster"
    if ratio.metric == "latency":
        words = f"{better} is {100 * (1 - 1 / times):.1f}% faster ({times:.2f}x)"
    if ratio.interval is None:
        return [f"{words}; too few requests for an interval"]
    low, high = ratio.interval.low, ratio.interval.high
    if ratio.value < 1:
        low, high = 1 / high, 1 / low
    lines = [f"{words}; this sitting's {ratio.interval.level:.0%} interval {low:.2f}x to {high:.2f}x"]
    if low / SESSION_FACTOR <= 1:
        lines.append("which is not more than sittings may differ by: no difference is shown")
    return lines


def _figure(provider: Provider, metric: str, unit: str, compared: float | None) -> str:
    """A provider's figure: the one a ratio was taken of, where there is a ratio."""
    stage = provider.stage("single" if metric == "latency" else "throughput")
    if stage is None:
        return f"not measured: {provider.failure or 'interrupted'}"
    through = stage.run.throughput
    value = stage.run.e2e_ms.mean if metric == "latency" else through.requests_per_s
    value = compared if compared is not None else value
    return NOTHING if value is None else f"{value:.2f}{unit}"


def steady_rate(through: Throughput) -> float | None:
    """Requests a second in the steady window; None where nothing completed in it: that is no rate of 0."""
    return through.steady_requests_per_s or None


def _ms(value: float | None) -> str:
    return NOTHING if value is None else f"{value:.2f}ms"


def _per_s(value: float | None, unit: str) -> str:
    return NOTHING if value is None else f"{number(value)} {unit}"
