"""Waiting for a process to be in the middle of something, and for anything else, with a deadline."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

import psutil  # type: ignore[import-untyped]


def wait_for(what: str, condition: Callable[[], bool], seconds: float = 20.0) -> None:
    """Return once ``condition`` holds; fail when it does not in time."""
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, f"waited {seconds:g} s for {what}"
        time.sleep(0.02)


def reading(pid: int) -> bool:
    """Whether a worker has a file before it."""
    try:
        told = json.loads(psutil.Process(pid).cmdline()[-1])
    except (psutil.NoSuchProcess, IndexError, ValueError):
        return False
    return (Path(told["folder"]) / "in" / "file").exists()
