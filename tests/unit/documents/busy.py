"""Waiting for a process to be in the middle of something, and for anything else, with a deadline."""

from __future__ import annotations

import time
from collections.abc import Callable

import psutil  # type: ignore[import-untyped]

# A worker that has loaded the OCR engine is several times larger than one that has not.
READING_BYTES = 250 * 1024 * 1024


def wait_for(what: str, condition: Callable[[], bool], seconds: float = 20.0) -> None:
    """Return once ``condition`` holds; fail when it does not in time."""
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, f"waited {seconds:g} s for {what}"
        time.sleep(0.02)


def reading(pid: int) -> bool:
    """Whether a worker is at work on a picture."""
    try:
        return bool(psutil.Process(pid).memory_info().rss > READING_BYTES)
    except psutil.NoSuchProcess:
        return False
