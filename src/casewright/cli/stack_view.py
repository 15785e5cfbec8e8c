"""How the stack is shown: a table, a live table, or plain lines where there is no terminal."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from casewright.settings import Settings
from casewright.stack.plan import Places
from casewright.stack.run import Watch
from casewright.stack.status import ProcessStatus, StackStatus

_COLOURS = {"healthy": "green", "degraded": "yellow", "unhealthy": "red", "no answer": "red"}
PLAIN_WIDTH = 150


def places_of(settings: Settings) -> Places:
    """Where the stack of these settings lies."""
    return Places(settings.data_dir.absolute())


def known_token(settings: Settings) -> str | None:
    """The token that services accept from their own user; None while none was made."""
    from casewright.services.kit.keys import TOKEN_FILE, service_token

    return service_token(settings.data_dir) if (settings.data_dir / TOKEN_FILE).exists() else None


def console_for(*, stderr: bool = False) -> Console:
    """A console; without a terminal it is wide enough for a table."""
    console = Console(stderr=stderr, highlight=False)
    return console if console.is_terminal else Console(stderr=stderr, highlight=False, width=PLAIN_WIDTH)


def duration(seconds: float | None) -> str:
    """Seconds in words: 12 s, 3 min, 5.2 h."""
    if seconds is None:
        return "-"
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


def status_table(status: StackStatus, *, full: bool = True) -> Table:
    """The processes; ``full`` with provider, memory and port."""
    table = Table(box=None, pad_edge=False)
    names = ["name", "state", "pid", "health", "seconds" if not full else "uptime"]
    names += ["restarts", "port", "provider", "memory"] if full else []
    for name in (*names, "reason"):
        table.add_column(name, overflow="fold")
    for each in status.processes:
        table.add_row(*_cells(each, full=full))
    return table


def _cells(each: ProcessStatus, *, full: bool) -> list[Text]:
    health = "-" if each.health == "no answer" and each.pid is None else each.health
    uptime = duration(each.uptime_s) if full else "-" if each.uptime_s is None else f"{each.uptime_s:.0f}"
    words = [each.name, each.state, str(each.pid or "-"), health, uptime]
    if full:
        memory = "-" if each.memory_bytes is None else f"{each.memory_bytes / 2**20:.0f} MiB"
        words += [str(each.restarts), str(each.port), provider_word(each), memory]
    words.append(each.reason)
    cells = [Text(word) for word in words]
    cells[3].stylize(_COLOURS.get(health, ""))
    return cells


def provider_word(each: ProcessStatus) -> str:
    """The provider that a process says it uses, and whether it answers."""
    if each.provider is None:
        return "-"
    return each.provider if each.llm_available is not False else f"{each.provider} (no answer)"


@contextmanager
def watching(console: Console) -> Iterator[Watch]:
    """Yield what shows a start: a live table, or one line for each change."""
    if console.is_terminal:
        with Live(console=console, transient=True, refresh_per_second=4) as live:

            def show(status: StackStatus, seconds: float) -> None:
                live.update(
                    Group(Text(f"starting, {seconds:.0f} s"), status_table(status, full=False)), refresh=True
                )

            yield show
        return
    before: dict[str, str] = {}

    def tell(status: StackStatus, seconds: float) -> None:
        for each in status.processes:
            line = f"{each.state}, {each.health}" + (f" ({each.reason})" if each.reason else "")
            if before.get(each.name) != line:
                before[each.name] = line
                pid = f" pid {each.pid}" if each.pid else ""
                console.print(f"{seconds:5.1f} s  {each.name}{pid}: {line}", markup=False, soft_wrap=True)

    yield tell
