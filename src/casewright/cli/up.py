"""``casewright up``, ``down``, ``ps`` and ``logs``: the stack as processes of this machine."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from casewright.errors import EXIT_INTERRUPTED, EXIT_OK, EXIT_TARGET_FAILED, UsageError

if TYPE_CHECKING:
    from rich.console import Console

    from casewright.settings import Settings
    from casewright.stack.plan import Places
    from casewright.stack.run import Started
    from casewright.stack.status import StackStatus

Timeout = Annotated[
    float | None,
    typer.Option(min=1, help="Seconds until everything must be healthy: 60, more with vLLM or n8n."),
]
WithChroma = Annotated[bool | None, typer.Option("--chroma/--no-chroma", help="Start a Chroma server too.")]
WithVllm = Annotated[
    bool | None, typer.Option("--vllm/--no-vllm", help="Start real vLLM on the processor too.")
]
WithN8n = Annotated[bool | None, typer.Option("--n8n/--no-n8n", help="Start n8n too.")]


def up(
    *,
    target: Annotated[str, typer.Option(help="Where: local, processes on this machine.")] = "local",
    timeout: Timeout = None,
    engine: Annotated[
        bool, typer.Option(help="Start the embedded engine; without it CASEWRIGHT_EMBEDDED_URL is used.")
    ] = True,
    chroma: WithChroma = None,
    vllm: WithVllm = None,
    n8n: WithN8n = None,
    detach: Annotated[
        bool, typer.Option("--detach/--attach", help="Return when it is healthy, or stay and show the logs.")
    ] = True,
) -> int:
    """Start the stack: one engine process, the three services and the page, restarted when they end.
    CASEWRIGHT_UP_WITH=chroma,n8n names what is started beside them where no option says otherwise.

    Exit codes: 0 everything is healthy (or it ran already and serves), 1 it runs and something is degraded,
    64 a port is taken, 70 it did not start or is not installed, and nothing was left running,
    130 interrupted, likewise.
    """
    from casewright.cli.stack_view import console_for, places_of, watching
    from casewright.services.kit.keys import service_token
    from casewright.settings import load_settings
    from casewright.stack.plan import plan_from
    from casewright.stack.programs import require_programs
    from casewright.stack.run import Order, patience, start

    if target != "local":
        raise UsageError(
            f"up has no target {target!r}",
            hint="local; for containers: docker compose -f docker-compose.vllm.yml up -d",
        )
    settings = load_settings()
    places, console = places_of(settings), console_for()
    more = asked_for(settings, {"chroma": chroma, "vllm": vllm, "n8n": n8n})
    plan = plan_from(settings, engine=engine, more=more)
    require_programs([each.name for each in plan.processes], settings)
    with calling_off() as stop:
        places.prepare()
        order = Order(plan, places, timeout or patience(plan), token=service_token(settings.data_dir))
        with watching(console) as watch:
            started = start(order, stop, watch)
        _tell(started, console, places)
        if started.outcome == "interrupted":
            return EXIT_INTERRUPTED
        if not detach:
            return _attached(places, [each.name for each in plan.processes], stop)
    good = started.outcome == "healthy" or (started.outcome == "already running" and started.status.serves)
    return EXIT_OK if good else EXIT_TARGET_FAILED


def asked_for(settings: Settings, options: Mapping[str, bool | None]) -> tuple[str, ...]:
    """What is to be started beside our own: as the options say, else as the settings do."""
    from casewright.stack.plan import wanted

    named = wanted(settings)
    return tuple(name for name, option in options.items() if (name in named if option is None else option))


def _tell(started: Started, console: Console, places: Places) -> None:
    from casewright.cli.stack_view import status_table

    if started.cleared:
        console.print(f"ended {started.cleared} processes that a lost supervisor had left")
    if started.dropped:
        console.print(
            "the vectors of an earlier Chroma server here were removed: no erasure could reach them"
        )
    if started.outcome == "interrupted":
        console.print("interrupted: everything was stopped again")
        return
    console.print(status_table(started.status, full=started.outcome == "already running"))
    for line in supervision(started.status):
        console.print(line)
    if started.outcome == "already running":
        console.print("it runs already; nothing was started or restarted")
        for line in started.differs:
            console.print(f"  differs from what you ask for now: {line}", markup=False)
        if started.differs:
            console.print("  to change it: casewright down, then casewright up")
        return
    found = (
        "healthy" if started.outcome == "healthy" else "it serves, with something degraded (see the reasons),"
    )
    console.print(
        f"{found} after {started.seconds:.1f} s; logs in {places.logs}", markup=False, soft_wrap=True
    )
    web = next((each.url for each in started.status.processes if each.name == "web"), None)
    if web is not None:
        console.print(f"the page: {web}")


def _attached(places: Places, names: list[str], stop: threading.Event) -> int:
    """Show the logs until told to stop, then stop everything; or until somebody else stops it."""
    from casewright.stack.logs import follow
    from casewright.stack.plan import read_stack
    from casewright.stack.run import stop_all

    logs_of = {each: places.log(each) for each in names}
    try:
        for name, line in follow(logs_of, stop, ended=lambda: read_stack(places) is None):
            print(f"{name:<10} {line}", flush=True)
    finally:
        ended = stop_all(places)
    print("stopped" if ended else "it was stopped by somebody else")
    return EXIT_INTERRUPTED if stop.is_set() else EXIT_OK


@contextmanager
def calling_off() -> Iterator[threading.Event]:
    """Yield the event that Ctrl-C or SIGTERM sets.

    A second Ctrl-C does no more: stopping has deadlines of its own, and cut short it would leave processes.
    """
    stop = threading.Event()
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, lambda *_: stop.set()) for number in numbers}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def down() -> int:
    """Stop the stack, whoever is left of it. Not running is fine."""
    from casewright.cli.stack_view import places_of
    from casewright.settings import load_settings
    from casewright.stack.run import stop_all

    with calling_off():
        ended = stop_all(places_of(load_settings()))
    print(f"stopped, {ended} processes ended" if ended else "it was not running")
    return EXIT_OK


def ps(*, as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False) -> int:
    """Show every process: state, pid, uptime, restarts, port, health, provider, memory.

    Exit codes: 0 everything is supervised and serves, 1 it does not, or is not running.
    """
    from casewright.cli.stack_view import console_for, known_token, places_of, status_table
    from casewright.settings import load_settings
    from casewright.stack.status import stack_status

    settings = load_settings()
    status = stack_status(places_of(settings), known_token(settings))
    code = EXIT_OK if status.serves else EXIT_TARGET_FAILED
    if as_json:
        print(status.model_dump_json(indent=2, by_alias=True))
        return code
    if status.processes:
        console_for().print(status_table(status))
    for line in supervision(status):
        print(line)
    return code


def supervision(status: StackStatus) -> tuple[str, ...]:
    """What is to be said of the supervisor; nothing when it is well."""
    if status.state == "stopped":
        return ("it is not running; casewright up starts it",)
    if status.state == "unsupervised":
        return (
            "the supervisor is gone: what still serves is not restarted when it ends",
            "  try: casewright up (ends what is left and starts anew), or casewright down",
        )
    if not status.supervisor_answers:
        return (
            f"the supervisor (pid {status.supervisor_pid}) does not answer: nothing is restarted meanwhile",
            "  try: casewright down, then casewright up",
        )
    return ()


def logs(
    name: Annotated[str | None, typer.Argument(help="One process; all of them when left out.")] = None,
    *,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on until Ctrl-C.")] = False,
    lines: Annotated[int, typer.Option("--lines", "-n", min=0, max=100_000, help="Last lines of each.")] = 50,
) -> int:
    """Show what the processes logged: engine, rag, notes, documents, web, supervisor; chroma, vllm, n8n."""
    from casewright.cli.stack_view import places_of
    from casewright.settings import load_settings
    from casewright.stack.description import PROCESSES
    from casewright.stack.logs import Following
    from casewright.stack.plan import SUPERVISOR

    places = places_of(load_settings())
    known = (*PROCESSES, SUPERVISOR)
    if name is not None and name not in known:
        raise UsageError(f"there is no process {name!r}", hint=f"one of {', '.join(known)}")
    paths = {each: places.log(each) for each in ((name,) if name else known)}
    found = {each: path for each, path in paths.items() if path.exists()}
    if not found and not follow:
        print(f"nothing was logged in {places.logs}; casewright up starts the stack")
        return EXIT_OK
    with calling_off() as stop, until_nobody_reads():
        following = Following(paths)
        for each in found:
            for line in following.tail(each, lines):
                print(line if name else f"{each:<10} {line}")
        sys.stdout.flush()
        if follow:
            for each, line in following.lines(stop):
                print(line if name else f"{each:<10} {line}", flush=True)
    return EXIT_OK


@contextmanager
def until_nobody_reads() -> Iterator[None]:
    """Leave the block when the reader of our output has gone (``| head``), without a word."""
    try:
        yield
    except BrokenPipeError:
        # Python flushes once more at its end, which would complain again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
