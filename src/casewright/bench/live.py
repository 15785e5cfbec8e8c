"""What a person sees while something is being measured: a live view in a terminal, plain lines elsewhere.

Rendering is apart from watching, and watching counts the load's own clock (`Progress.elapsed_s`), so the
view costs nothing on the hot path and is the same whatever draws it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from casewright.bench.blocks import Step
from casewright.bench.outcome import Progress
from casewright.bench.plan import LoadPlan

PLAIN_EVERY_S = 5.0
RATE_OVER_S = 2.0
_BAR_WIDTH = 36

OnProgress = Callable[[Progress], None]
OnStep = Callable[[Step], None]


@dataclass(slots=True)
class RunWatch:
    """Makes of a run's successive `Progress` what is worth showing: recent rate, share done, time left."""

    plan: LoadPlan
    title: str
    seen: deque[tuple[float, int]] = field(default_factory=lambda: deque([(0.0, 0)]))
    last: Progress | None = None

    def update(self, progress: Progress) -> None:
        """Take the next look in."""
        self.last = progress
        self.seen.append((progress.elapsed_s, progress.completed + progress.failed))
        while len(self.seen) > 2 and self.seen[1][0] <= progress.elapsed_s - RATE_OVER_S:
            self.seen.popleft()

    @property
    def rate(self) -> float | None:
        """Requests that ended a second, lately; None before anything can be said."""
        if len(self.seen) < 2:
            return None
        (then, before), (now, after) = self.seen[0], self.seen[-1]
        return (after - before) / (now - then) if now > then else None

    @property
    def share(self) -> float:
        """How much of the run is over, 0 to 1: the further of its count and its duration."""
        if self.last is None:
            return 0.0
        ended = self.last.completed + self.last.failed + self.last.cut
        shares = [0.0]
        if self.plan.requests:
            shares.append(ended / self.plan.requests)
        if self.plan.duration_s:
            shares.append(self.last.elapsed_s / self.plan.duration_s)
        return min(1.0, max(shares))

    @property
    def eta_s(self) -> float | None:
        """Seconds left, by the nearer end; None before anything can be said."""
        if self.last is None:
            return None
        left = []
        if self.plan.requests and self.rate:
            left.append((self.plan.requests - self.last.completed - self.last.failed) / self.rate)
        if self.plan.duration_s:
            left.append(self.plan.duration_s - self.last.elapsed_s)
        return max(0.0, min(left)) if left else None

    @property
    def draining(self) -> bool:
        """Whether nothing more is sent and the last answers are awaited."""
        over = self.plan.duration_s is not None and self.last is not None
        return over and self.last is not None and self.last.elapsed_s >= (self.plan.duration_s or 0.0)


def facts(watch: RunWatch) -> list[tuple[str, str]]:
    """The figures to show, as (name, value); what is not known yet is left out."""
    now = watch.last
    if now is None:
        return []
    total = f"/{watch.plan.requests}" if watch.plan.requests else ""
    found = [("done", f"{now.completed + now.failed}{total}")]
    if watch.rate is not None:
        wanted = f" of {watch.plan.rate:g}" if watch.plan.rate else ""
        found.append(("rate", f"{watch.rate:,.1f}{wanted}/s"))
    if now.latency_p50_ms is not None:
        found.append(("p50", milliseconds(now.latency_p50_ms)))
    found.append(("in flight", str(now.in_flight)))
    found.append(("errors", _errors(now)))
    if watch.draining:
        found.append(("left", "waiting for the last answers"))
    elif watch.eta_s is not None:
        found.append(("left", seconds(watch.eta_s)))
    return found


def _errors(now: Progress) -> str:
    if not now.failed:
        return "0"
    kinds = sorted(now.errors.items(), key=lambda pair: -pair[1])[:2]
    return (
        f"{now.failed} ({', '.join(f'{kind} {count}' for kind, count in kinds)})"
        if kinds
        else str(now.failed)
    )


def milliseconds(value: float) -> str:
    """A duration with as many digits as matter: 0.42 ms, 38.1 ms, 512 ms, 4.21 s."""
    if value >= 1000:
        return f"{value / 1000:.2f} s" if value < 100_000 else f"{value / 1000:.0f} s"
    return f"{value:.0f} ms" if value >= 100 else f"{value:.1f} ms" if value >= 10 else f"{value:.2f} ms"


def seconds(value: float) -> str:
    """A time left or used: 42 s, 3 min 05 s."""
    whole = round(value)
    return f"{whole} s" if whole < 60 else f"{whole // 60} min {whole % 60:02d} s"


def plain_line(watch: RunWatch) -> str:
    """One line for a log: the title, how long, and the facts."""
    elapsed = seconds(watch.last.elapsed_s) if watch.last else "0 s"
    return f"{watch.title}: {elapsed}, " + ", ".join(f"{name} {value}" for name, value in facts(watch))


def run_panel(watch: RunWatch) -> RenderableType:
    """The same for a terminal: title and bar, then the facts."""
    head = Table.grid(padding=(0, 2))
    head.add_row(
        Text(watch.title, style="bold"),
        ProgressBar(total=1.0, completed=watch.share, width=_BAR_WIDTH),
        Text(f"{watch.share:.0%}", style="cyan"),
    )
    line = Text("  ")
    for name, value in facts(watch):
        bad = name == "errors" and value != "0"
        line.append(f"{name} ", style="dim").append(value, style="bold red" if bad else "").append("   ")
    return Group(head, line)


@contextmanager
def watch_run(
    plan: LoadPlan, title: str, console: Console, *, quiet: bool = False
) -> Iterator[OnProgress | None]:
    """Show one run while it lasts; give what is yielded to the load generator.

    In a terminal a view that disappears at the end, elsewhere a line every five seconds, and with ``quiet``
    nothing (None is yielded).
    """
    watch = RunWatch(plan, title)
    if quiet:
        yield None
    elif console.is_terminal:
        with Live(run_panel(watch), console=console, refresh_per_second=8, transient=True) as live:

            def draw(progress: Progress) -> None:
                watch.update(progress)
                live.update(run_panel(watch))

            yield draw
    else:
        yield _plain(watch, console)


def _plain(watch: RunWatch, console: Console) -> OnProgress:
    due = PLAIN_EVERY_S

    def line(progress: Progress) -> None:
        nonlocal due
        watch.update(progress)
        if progress.elapsed_s >= due:
            due = progress.elapsed_s + PLAIN_EVERY_S
            console.print(plain_line(watch), highlight=False, markup=False, soft_wrap=True)

    return line


@dataclass(slots=True)
class CompareWatch:
    """A comparison as it goes: which block, which side, what the pairs gave so far, and the budget."""

    primary: str
    last: Step | None = None
    values: list[Step] = field(default_factory=list)

    def update(self, step: Step) -> None:
        """Take the next step in; one with a value is a block that has ended."""
        self.last = step
        if step.value is not None:
            self.values.append(step)


_STAGES = {"warm-up": "warm-up", "ab": "A/B", "aa": "A/A (noise floor)"}


def step_line(step: Step, primary: str) -> str:
    """One line for a step: the block, its side and engine, its value when it has ended, and the budget."""
    stage = _STAGES.get(step.stage, step.stage)
    place = (
        f"block {min(step.done + (step.value is None), step.total)} of {step.total}, " if step.total else ""
    )
    value = f": {primary} {step.value:,.2f}" if step.value is not None else ""
    budget = f" ({seconds(step.used_s)} of {seconds(step.budget_s)} used)" if step.budget_s else ""
    return f"{place}{stage}, side {step.side} ({step.engine}){value}{budget}"


def compare_panel(watch: CompareWatch, run: RunWatch | None = None) -> RenderableType:
    """The comparison for a terminal: budget bar, the present step, and the last blocks' values."""
    step = watch.last
    if step is None:
        return Text("starting")
    head = Table.grid(padding=(0, 2))
    share = min(1.0, step.used_s / step.budget_s) if step.budget_s else 0.0
    head.add_row(
        Text("budget", style="dim"),
        ProgressBar(total=1.0, completed=share, width=_BAR_WIDTH),
        Text(f"{seconds(step.used_s)} of {seconds(step.budget_s)}", style="cyan"),
    )
    parts: list[RenderableType] = [head, Text(f"  {step_line(step, watch.primary)}")]
    if watch.values:
        recent = "  ".join(
            f"{s.side}{'=' if s.stage == 'aa' else ' '}{s.value:,.1f}" for s in watch.values[-8:]
        )
        parts.append(Text(f"  {watch.primary}, last blocks: {recent}", style="dim"))
    if run is not None and run.last is not None:
        parts.append(Text("  " + ", ".join(f"{name} {value}" for name, value in facts(run)), style="dim"))
    return Group(*parts)


@contextmanager
def watch_compare(primary: str, console: Console, *, quiet: bool = False) -> Iterator[OnStep]:
    """Show a comparison while it lasts; give what is yielded to ``compare`` as ``on_step``.

    Only the ends of blocks and the warm-ups make plain lines; a terminal sees every step.
    """
    watch = CompareWatch(primary)
    if quiet:
        yield watch.update
    elif console.is_terminal:
        with Live(compare_panel(watch), console=console, refresh_per_second=8, transient=True) as live:

            def draw(step: Step) -> None:
                watch.update(step)
                live.update(compare_panel(watch))

            yield draw
    else:

        def line(step: Step) -> None:
            watch.update(step)
            if step.value is not None or step.stage == "warm-up":
                console.print(step_line(step, primary), highlight=False, markup=False, soft_wrap=True)

        yield line
