"""A soak in the terminal: a table that is drawn anew, or one line now and then."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from casewright.staging.samples import Recording
from casewright.staging.soak_judge import Rise, lives_of, rises, slope_words

LINE_S = 60.0
# Slopes take a moment over a long soak, and change slowly.
SLOPES_S = 15.0
Show = Callable[[Recording], None]


@contextmanager
def shown(console: Console, *, line_s: float = LINE_S) -> Iterator[Show]:
    """Yield what shows a recording: a live table in a terminal, a line every ``line_s`` seconds elsewhere."""
    if console.is_terminal:
        view = _Table()
        with Live(view, console=console, refresh_per_second=2):
            yield view
        return
    yield _Lines(console, line_s)


class _Lines:
    """One line at once, then one every ``every_s`` seconds of the soak's own time."""

    def __init__(self, console: Console, every_s: float) -> None:
        self._console, self._every_s = console, every_s
        self._last: float | None = None

    def __call__(self, recording: Recording) -> None:
        at = recording.samples[-1].t
        if self._last is not None and at - self._last < self._every_s:
            return
        self._last = at
        self._console.print(progress(recording), markup=False, highlight=False, soft_wrap=True)


class _Table:
    """The processes and services, put together at every sample and not at every refresh."""

    def __init__(self) -> None:
        self._shown = Group(Text("looking for the first time ..."))
        self._rises: list[Rise] = []
        self._counted = -SLOPES_S

    def __call__(self, recording: Recording) -> None:
        now = time.monotonic()
        if now - self._counted >= SLOPES_S:
            self._rises, self._counted = rises(recording), now
        self._shown = Group(Text(progress(recording)), table(recording, self._rises))

    def __rich__(self) -> Group:
        return self._shown


def table(recording: Recording, found: list[Rise]) -> Table:
    """One row a process, with its slopes so far, and the bad looks at its /health."""
    shown = Table(box=None, pad_edge=False)
    for name in (
        "name",
        "pid",
        "restarts",
        "memory",
        "descriptors",
        "threads",
        "bad health",
        "memory's slope",
    ):
        shown.add_column(name, justify="left" if name in ("name", "memory's slope") else "right")
    last = recording.samples[-1]
    slopes = {each.name: slope_words(each) for each in found if each.what == "memory"}
    for name in sorted(
        {name for sample in recording.samples for name in sample.processes} | set(last.health)
    ):
        process = last.processes.get(name)
        lives = len(lives_of(recording, name))
        bad = sum(not sample.health[name].good for sample in recording.samples if name in sample.health)
        cells = [name, *(["-"] * 5)]
        if process is not None:
            fds = "-" if process.fds is None else str(process.fds)
            cells = [name, str(process.pid), str(lives - 1), f"{process.rss / 2**20:.0f} MiB", fds]
            cells.append(str(process.threads))
        watched = str(bad) if name in last.health else "-"
        shown.add_row(*(Text(cell) for cell in (*cells, watched, slopes.get(name, "-"))))
    return shown


def progress(recording: Recording) -> str:
    """The soak so far in one line."""
    watched, plan = recording.watched_s, recording.plan
    names = {name for sample in recording.samples for name in sample.processes}
    again = sum(max(0, len(lives_of(recording, name)) - 1) for name in names)
    bad = sum(not health.good for sample in recording.samples for health in sample.health.values())
    failed = sum(ask.status != 200 for ask in recording.asks)
    memory = sum(process.rss for process in recording.samples[-1].processes.values())
    gpus = ", ".join(f"GPU {gpu.index} {_percent(gpu.busy)}" for gpu in recording.samples[-1].gpus)
    left = max(0.0, plan.duration_s - watched)
    told = [
        f"{clock(watched)} of {clock(plan.duration_s)} watched, {clock(left)} left",
        f"{len(recording.samples)} samples",
        f"{again} restarts",
        f"{bad} bad looks at /health",
        f"{len(recording.asks)} requests, {failed} not answered with 200",
        f"memory {memory / 2**20:.0f} MiB",
        *([gpus] if gpus else []),
    ]
    return "; ".join(told)


def clock(seconds: float) -> str:
    """Seconds as 0:05:09."""
    whole = int(seconds)
    return f"{whole // 3600}:{whole // 60 % 60:02d}:{whole % 60:02d}"


def _percent(value: float | None) -> str:
    return "not told" if value is None else f"{value:.0f} %"
