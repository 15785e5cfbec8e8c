"""Small stacks of stand-ins, and waiting for them."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import psutil  # type: ignore[import-untyped]

from casewright.stack.plan import Places, ProcessSpec, StackPlan
from casewright.stack.run import Order, Started, start
from casewright.stack.status import ProcessStatus, StackStatus
from ports import free_ports

T = TypeVar("T")
STAND_IN = str(Path(__file__).parent / "stand_in.py")


def plan_of(**how: str) -> StackPlan:
    """A plan of one stand-in for each name, standing as ordered."""
    ports = free_ports(len(how))
    processes = tuple(
        ProcessSpec(
            name=name,
            command=(sys.executable, STAND_IN, name, str(port), *([order] if order else [])),
            port=port,
            setting=f"CASEWRIGHT_{name.upper()}_PORT",
        )
        for (name, order), port in zip(how.items(), ports, strict=True)
    )
    return StackPlan(processes=processes, environment={"STACK_WORD": "50% of; # it"})


def start_plan(
    plan: StackPlan, places: Places, stop: threading.Event | None = None, timeout_s: float = 30.0
) -> tuple[Started, list[StackStatus]]:
    """Start it, and what was seen on the way."""
    seen: list[StackStatus] = []
    started = start(
        Order(plan, places, timeout_s=timeout_s, settle_s=0.5),
        stop or threading.Event(),
        lambda status, _: seen.append(status),
    )
    return started, seen


def until(look: Callable[[], T | None], what: str, timeout_s: float = 30.0) -> T:
    """The first answer that is not None or False."""
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        if found := look():
            return found
        threading.Event().wait(0.05)
    raise AssertionError(f"not within {timeout_s:g} s: {what}")


def named(status: StackStatus, name: str) -> ProcessStatus:
    """One process of a status."""
    return next(each for each in status.processes if each.name == name)


def alive_with(data_dir: Path) -> list[str]:
    """Command lines of the processes of a data directory, by their environment; ours is left out."""
    found = []
    for process in psutil.process_iter():
        try:
            ours = process.environ().get("CASEWRIGHT_DATA") == str(data_dir)
            if ours and process.pid != os.getpid() and process.status() != psutil.STATUS_ZOMBIE:
                found.append(f"{process.pid} {' '.join(process.cmdline())}")
        except psutil.Error:
            continue
    return found
