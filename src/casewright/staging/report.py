"""A stage in the terminal: the steps as they go, then the checklist in full."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from casewright.api.bench import Status
from casewright.api.staging import BoxResult, StageResult, StepStatus
from casewright.staging.checklist import GROUPS
from casewright.staging.report_markdown import duration
from casewright.staging.run import StepEvent, Watch
from casewright.staging.words import SIGNS, headline, origin_words

_STYLES: dict[Status, str] = {
    "PASS": "green",
    "FAIL": "bold red",
    "NOT PROVEN": "yellow",
    "NOT MEASURED": "dim",
}
COUNTING_S = 10.0
_FIGURES = re.compile(r"[0-9.]+")
_STEP_STYLES: dict[StepStatus, str] = {
    "done": "green",
    "failed": "bold red",
    "skipped": "yellow",
    "interrupted": "yellow",
}


class _Live:
    """The steps as a table that is drawn anew; ``__rich__`` is called at every refresh.

    One line a step: a table higher than the terminal would hide the step under way.
    """

    def __init__(self, names: tuple[str, ...]) -> None:
        self._events: dict[str, StepEvent | None] = dict.fromkeys(names)
        self._began: dict[str, float] = {}

    def __call__(self, event: StepEvent) -> None:
        self._events[event.name] = event
        self._began.setdefault(event.name, time.monotonic())

    def __rich__(self) -> Table:
        table = Table(box=None, pad_edge=False)
        for column in ("step", "status", "seconds", ""):
            table.add_column(column, justify="right" if column == "seconds" else "left")
        for name, event in self._events.items():
            table.add_row(Text(name), *self._row(name, event))
        return table

    def _row(self, name: str, event: StepEvent | None) -> tuple[Text, Text, Text]:
        if event is None:
            return Text("waiting", style="dim"), Text(""), Text("")
        if event.result is None:
            passed = time.monotonic() - self._began[name]
            told = Text(event.words, overflow="ellipsis", no_wrap=True)
            return Text("running", style="bold"), Text(f"{passed:.0f}"), told
        result = event.result
        seconds = "" if result.seconds is None else f"{result.seconds:.1f}"
        style = _STEP_STYLES[result.status]
        return (
            Text(result.status, style=style),
            Text(seconds),
            Text(result.detail, overflow="ellipsis", no_wrap=True),
        )


class _Lines:
    """One line an event; a wait that only counts on is told again every ten seconds, not at every count."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._told: tuple[str, str] | None = None
        self._at = 0.0

    def __call__(self, event: StepEvent) -> None:
        said = (event.name, _FIGURES.sub("", event.words)) if event.words else None
        now = time.monotonic()
        if said is not None and said == self._told and now - self._at < COUNTING_S:
            return
        self._told, self._at = said, now
        self._console.print(_line(event), markup=False, highlight=False, soft_wrap=True)


@contextmanager
def watching(console: Console, names: tuple[str, ...]) -> Iterator[Watch]:
    """Yield a watcher: a live table in a terminal, one line an event elsewhere."""
    if not console.is_terminal:
        yield _Lines(console)
        return
    table = _Live(names)
    with Live(table, console=console, refresh_per_second=4):
        yield table


def _line(event: StepEvent) -> str:
    if event.result is None:
        return f"{event.name}: {event.words}" if event.words else f"{event.name} ..."
    took = "" if event.result.seconds is None else f" in {event.result.seconds:.1f} s"
    return f"{event.name}: {event.result.status}{took}" + (
        f": {event.result.detail}" if event.result.detail else ""
    )


def print_report(console: Console, result: StageResult, folder: Path) -> None:
    """The checklist in full, grouped, and where its evidence lies."""
    for group, title in GROUPS.items():
        console.print()
        console.print(Text(title, style="bold"))
        console.print(boxes_table([box for box in result.boxes if box.group == group]))
    if result.parts:
        console.print()
        console.print(Text("What ran as what", style="bold"))
        console.print(_parts(result))
    badge, words = headline(result)
    console.print()
    style = "bold green" if badge == "PASS" else "bold red" if result.counts.failed else "bold yellow"
    console.print(Text.assemble((badge, style), f"  {words}"))
    for note in result.notes:
        console.print(Text(f"Note: {note}"))
    console.print(
        Text(
            f"{duration(result.seconds)}; evidence, results.json, report.html, .md and junit.xml in {folder}"
        ),
        soft_wrap=True,
    )


def _parts(result: StageResult) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 1))
    for column in ("part", "in containers", "here"):
        table.add_column(column, overflow="fold")
    for each in result.parts:
        table.add_row(Text(each.part), Text(each.container), Text(each.here))
    return table


def boxes_table(boxes: list[BoxResult]) -> Table:
    """Sign, status, words and reason of each box."""
    table = Table(box=None, pad_edge=False, show_header=False, padding=(0, 1))
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(ratio=2)
    table.add_column(ratio=3)
    for box in boxes:
        origin = origin_words(box.origin)
        words = Text(box.words + (f" ({origin})" if origin else ""))
        style = _STYLES[box.status]
        table.add_row(Text(SIGNS[box.status]), Text(box.status, style=style), words, Text(box.reason))
    return table
