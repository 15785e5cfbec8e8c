"""Start and stop: everything or nothing, with a deadline, and no process left behind."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

import psutil  # type: ignore[import-untyped]

from casewright.disk import told
from casewright.errors import StackError, StartFailed
from casewright.files import replace_file
from casewright.stack.description import CHROMA, PROCESSES
from casewright.stack.logs import tail
from casewright.stack.plan import SUPERVISOR, Places, StackPlan, StackRecord, read_stack
from casewright.stack.ports import require_free
from casewright.stack.records import end, family, living, read_record
from casewright.stack.status import ProcessStatus, StackStatus, stack_status
from casewright.stack.supervisor import STOP_S, ask_shutdown, config_text

POLL_S = 0.4  # looking takes part of the cores that the start needs
# Services find the engine within seconds of its start; what is still missing after this long stays missing.
SETTLE_S = 8.0
# As many starts that failed say that the next one will fail too; `up` need not wait for its deadline.
ENOUGH_STARTS = 2
LOCK_S = 90.0
TAIL_LINES = 15
CHROMA_FILE = "chroma.sqlite3"

Watch = Callable[[StackStatus, float], None]


@dataclass(frozen=True, slots=True)
class Started:
    """How a start ended. ``degraded``: everything serves, something with less than it could.

    ``differs`` says what a running stack was started with otherwise; ``cleared`` how many processes of a lost
    supervisor were ended first, ``dropped`` whether the data of an earlier Chroma server were removed.
    """

    outcome: Literal["healthy", "degraded", "already running", "interrupted"]
    status: StackStatus
    seconds: float
    differs: tuple[str, ...] = ()
    cleared: int = 0
    dropped: bool = False


@dataclass(frozen=True, slots=True)
class Order:
    """What to start and how long it may take; ``token`` is what the services are asked for health with.

    A stack that serves and of which nothing changed for ``settle_s`` seconds is taken as it is.
    """

    plan: StackPlan
    places: Places
    timeout_s: float = 60.0
    settle_s: float = SETTLE_S
    token: str | None = None
    python: str = sys.executable


def start(order: Order, stop: threading.Event, watch: Watch) -> Started:
    """Start a stack and wait until it is healthy; ``watch`` sees it on the way, ``stop`` calls it off.

    A stack that runs already is left alone. Unless the outcome is ``healthy``, ``degraded`` or ``already
    running``, nothing of it lives afterwards.

    Raises:
        PortTaken: a port is not free; nothing was started.
        StartFailed: a process ended or did not become healthy in time.
        StorageError: the data directory cannot be used.
        ConfigError: its path cannot.
    """
    places = order.places
    places.prepare()
    with _alone(places):
        running = read_stack(places)
        if running is not None and living(read_record(places.record(SUPERVISOR))) is not None:
            status = stack_status(places, order.token)
            return Started("already running", status, 0.0, _differences(running.plan, order.plan))
        cleared = _end_all(places)
        require_free(order.plan.processes)
        dropped = _drop_vectors(order)
        began = time.monotonic()
        launched = _launch(order)
        try:
            outcome, status = _await_health(order, began, stop, watch)
        except BaseException:
            _end_all(places, launched)
            raise
        if outcome == "interrupted":
            _end_all(places, launched)
    return Started(outcome, status, time.monotonic() - began, cleared=cleared, dropped=dropped)


def _drop_vectors(order: Order) -> bool:
    """Remove what an earlier Chroma server kept here, where this stack has none; whether there was any.

    An erasure cannot reach the vectors of a server that does not run, and would leave them for good. They are
    derived from the texts, and made anew.
    """
    folder = order.places.data_dir / CHROMA
    if order.plan.process(CHROMA) is not None or not (folder / CHROMA_FILE).is_file():
        return False
    with told(folder):
        shutil.rmtree(folder)
    return True


def patience(plan: StackPlan) -> float:
    """Seconds that a plan's slowest process may take to be healthy."""
    return max(
        (PROCESSES[each.name].start_s for each in plan.processes if each.name in PROCESSES), default=60.0
    )


def stop_all(places: Places) -> int:
    """Stop everything of this data directory, also without its supervisor; returns how many processes ended.

    Raises:
        StackError: a process cannot be ended.
    """
    if not places.run.exists():
        return 0
    with _alone(places):
        return _end_all(places)


def _launch(order: Order) -> psutil.Process:
    """Start the supervisor; it records itself a moment later."""
    places = order.places
    replace_file(places.config, config_text(order.plan, places, order.python).encode(), mode=0o600)
    record = StackRecord(plan=order.plan, started_at=datetime.now(UTC))
    replace_file(places.plan, record.model_dump_json(indent=1).encode(), mode=0o600)
    settings = [f"{name}={value}" for name, value in order.plan.environment.items()]
    launcher = [order.python, "-m", "casewright.stack.child", str(places.record(SUPERVISOR)), *settings, "--"]
    command = [order.python, "-m", "casewright.stack.supervise", "-n", "-c", str(places.config)]
    with (places.logs / "supervisor.out").open("wb") as out:
        child = subprocess.Popen(
            launcher + command,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            cwd=places.data_dir,
            start_new_session=True,
        )
    launched = psutil.Process(child.pid)
    # Collected when it ends, so that it does not stay a zombie while we live.
    threading.Thread(target=child.wait, daemon=True).start()
    return launched


def _await_health(
    order: Order, began: float, stop: threading.Event, watch: Watch
) -> tuple[Literal["healthy", "degraded", "interrupted"], StackStatus]:
    changed, before = time.monotonic(), ""
    while True:
        status = stack_status(order.places, order.token, memory=False)
        now = time.monotonic()
        if status.state != "stopped":
            watch(status, now - began)
        if stop.is_set():
            return "interrupted", status
        if status.healthy:
            return "healthy", status
        looks = repr([(each.name, each.state, each.health) for each in status.processes])
        if looks != before:
            changed, before = now, looks
        late = now - began > order.timeout_s
        if status.serves and (late or now - changed > order.settle_s):
            return "degraded", status
        hopeless = _hopeless(order.places, status, began)
        if hopeless or late:
            raise _failure(order, status, hopeless or f"not healthy within {order.timeout_s:g} s")
        stop.wait(POLL_S)


def _hopeless(places: Places, status: StackStatus, began: float) -> str:
    """Why waiting longer has no use; "" while it has."""
    if status.state == "stopped" and time.monotonic() - began > 3.0:
        said = "; ".join(tail(places.logs / "supervisor.out", 5))
        return f"the supervisor did not start ({said or 'it says nothing'})"
    if any(_keeps_ending(each) for each in status.processes):
        return "a process keeps ending"
    return ""


def _keeps_ending(process: ProcessStatus) -> bool:
    tries = process.restarts + 1
    return process.state == "given up" or (process.state == "restarting" and tries >= ENOUGH_STARTS)


def _failure(order: Order, status: StackStatus, why: str) -> StartFailed:
    bad = [each for each in status.processes if not each.serves]
    ending = [each for each in bad if _keeps_ending(each)]
    lines = []
    for each in ending or bad or status.processes:
        log = order.places.log(each.name)
        state = f"{each.state}, {each.health}" + (f" ({each.reason})" if each.reason else "")
        lines += [f"{each.name}: {state}; the last lines of {log}:"]
        lines += [f"    {line}" for line in tail(log, TAIL_LINES)] or ["    (it says nothing)"]
    ways = _ways_on(order, ending or bad)
    return StartFailed(
        "\n".join([f"the stack did not start: {why}; everything was stopped again", *lines]),
        hint="; ".join(["mend what the lines above name, then casewright up again", *ways]),
    )


def _ways_on(order: Order, bad: list[ProcessStatus]) -> list[str]:
    """The next commands to try: with more time for what has not ended, without what can be left out."""
    slow = all(each.state in ("starting", "running") for each in bad)
    ways = [f"with more time: casewright up --timeout {2 * order.timeout_s:g}"] if slow else []
    parts = [PROCESSES[each.name] for each in bad if each.name in PROCESSES]
    return ways + [f"without it: {about.without}" for about in parts if about.without]


def _differences(running: StackPlan, wanted: StackPlan) -> tuple[str, ...]:
    """What a running stack was started with otherwise, in words."""
    found = []
    for each in wanted.processes:
        other = running.process(each.name)
        if other is None:
            found.append(f"{each.name} was not started")
        elif other.command[1:] != each.command[1:]:
            shown = other.command[3:] if other.ours else other.command
            found.append(f"{each.name} runs as: {' '.join(shown)}")
    for name, value in wanted.environment.items():
        before = running.environment.get(name, "")
        if value != before:
            found.append(f"{name} is {before or 'not set'} there, {value or 'not set'} here")
    found += [f"{each.name} runs too" for each in running.processes if wanted.process(each.name) is None]
    return tuple(found)


def _end_all(places: Places, launched: psutil.Process | None = None) -> int:
    """End the supervisor with its children, then what it left behind; the records go when all is gone.

    ``launched`` is a supervisor that may not have recorded itself yet.
    """
    recorded = [read_record(path) for path in places.run.glob("*.json") if path != places.plan]
    alive = [process for record in recorded if (process := living(record)) is not None]
    supervisor = launched or living(read_record(places.record(SUPERVISOR)))
    everyone = family([*alive, *filter(None, [supervisor])])
    if supervisor is not None:
        if not ask_shutdown(places):
            with contextlib.suppress(psutil.Error):
                supervisor.terminate()
        _, late = psutil.wait_procs([supervisor], timeout=STOP_S + 5)
        end(late, grace_s=0)
    # A process may have been started between our look and the supervisor's end.
    again = [living(read_record(path)) for path in places.run.glob("*.json") if path != places.plan]
    leaders = [process for process in again if process is not None]
    end(leaders, grace_s=STOP_S)
    known = {process.pid for process in everyone}
    everyone += [process for process in family(leaders) if process.pid not in known]
    # Children end by themselves when their parent is gone (the embedded engine within a second).
    _, left = psutil.wait_procs([each for each in everyone if each.is_running()], timeout=3)
    stuck = end(left, grace_s=2)
    if stuck:
        raise StackError(
            f"processes {', '.join(str(each.pid) for each in stuck)} do not end",
            hint="end them by hand with kill -9, then casewright down again",
        )
    leftovers = (places.plan, places.socket, places.config, places.run / "supervisord.pid")
    for path in (*leftovers, *places.run.glob("*.json")):
        path.unlink(missing_ok=True)
    return len(everyone)


@contextlib.contextmanager
def _alone(places: Places) -> Iterator[None]:
    """Hold the lock of the data directory: one `up` or `down` at a time."""
    handle = os.open(places.lock, os.O_RDWR | os.O_CREAT, 0o600)
    deadline = time.monotonic() + LOCK_S
    try:
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise StackError(
                        "another casewright up or down is at work in this data directory",
                        hint="wait for it, or end it with Ctrl-C",
                    ) from None
                time.sleep(0.1)
        yield
    finally:
        os.close(handle)
