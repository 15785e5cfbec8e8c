"""Ctrl-C during a stage: what it ends, and that the handlers are as they were afterwards."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(slots=True)
class Orders:
    """What Ctrl-C cancels now; ``done`` are the tasks that have been it."""

    done: list[asyncio.Task[None]]
    _task: asyncio.Task[None] | None = None

    @property
    def task(self) -> asyncio.Task[None]:
        """The task that Ctrl-C cancels."""
        assert self._task is not None
        return self._task

    @task.setter
    def task(self, value: asyncio.Task[None]) -> None:
        self._task = value
        self.done.append(value)

    def cancel(self) -> None:
        """Cancel it."""
        if self._task is not None:
            self._task.cancel()


@contextlib.contextmanager
def ordered() -> Iterator[Orders]:
    """Ctrl-C (or SIGTERM) ends the steps; a second one, during the end, leaves off waiting for `down`."""
    orders, loop = Orders([]), asyncio.get_running_loop()
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.getsignal(number) for number in numbers}
    for number in numbers:
        with contextlib.suppress(RuntimeError, ValueError):  # not the main thread: nobody can press Ctrl-C
            loop.add_signal_handler(number, orders.cancel)
    try:
        yield orders
    finally:
        for number, handler in before.items():
            with contextlib.suppress(RuntimeError, ValueError):
                loop.remove_signal_handler(number)
                signal.signal(number, handler)
