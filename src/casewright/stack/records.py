"""Processes by pid and start time: written by each process at its start, believed only while both hold.

A pid alone is handed out again by the system; with its start time it names one process. Ending a process here
means that process and its group, never whatever has a similar name.
"""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterable
from pathlib import Path

import psutil  # type: ignore[import-untyped]
from pydantic import ValidationError

from casewright.api.contract import Contract
from casewright.files import replace_file

# The start time is computed from the boot time, which a clock correction moves by up to a second.
SAME_START_S = 2.0


class ProcessRecord(Contract):
    """One process: its start in seconds since the epoch, and how many starts its name has had with it."""

    name: str
    pid: int
    created: float
    starts: int = 1


def write_own_record(path: Path, name: str) -> ProcessRecord:
    """Record the calling process at ``path``, as one start more than the record found there.

    Raises:
        StorageError: it cannot be written.
    """
    before = read_record(path)
    record = ProcessRecord(
        name=name,
        pid=os.getpid(),
        created=psutil.Process().create_time(),
        starts=before.starts + 1 if before else 1,
    )
    replace_file(path, record.model_dump_json().encode(), mode=0o600)
    return record


def read_record(path: Path) -> ProcessRecord | None:
    """The record at ``path``; None if there is none, or it is not one."""
    try:
        return ProcessRecord.model_validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return None


def living(record: ProcessRecord | None) -> psutil.Process | None:
    """The recorded process if it still lives, else None (a zombie is dead)."""
    if record is None:
        return None
    try:
        process = psutil.Process(record.pid)
        same = abs(process.create_time() - record.created) <= SAME_START_S
        return process if same and process.status() != psutil.STATUS_ZOMBIE else None
    except psutil.Error:
        return None


def family(processes: Iterable[psutil.Process]) -> list[psutil.Process]:
    """The processes with all that descends from them, each once."""
    found: dict[int, psutil.Process] = {}
    for process in processes:
        with contextlib.suppress(psutil.Error):
            for one in (process, *process.children(recursive=True)):
                found.setdefault(one.pid, one)
    return list(found.values())


def end(processes: Iterable[psutil.Process], grace_s: float) -> list[psutil.Process]:
    """Ask the processes to end, wait, then kill what is left; returns what even that did not end.

    A process that leads a group is ended with its group.
    """
    told = list(processes)
    for process in told:
        _signal(process, signal.SIGTERM)
    _, alive = psutil.wait_procs(told, timeout=grace_s)
    for process in alive:
        _signal(process, signal.SIGKILL)
    _, alive = psutil.wait_procs(alive, timeout=5)
    return list(alive)


def _signal(process: psutil.Process, number: signal.Signals) -> None:
    with contextlib.suppress(psutil.Error, ProcessLookupError, PermissionError):
        if not process.is_running():  # compares the start time too
            return
        if os.getpgid(process.pid) == process.pid != os.getpgrp():
            os.killpg(process.pid, number)
        else:
            process.send_signal(number)
