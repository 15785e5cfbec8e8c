"""Ctrl-C and a closed terminal during a stage: what they end; the handlers are as before afterwards."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

T = TypeVar("T")
# How a stage is told to end: Ctrl-C, a service manager, the terminal that was closed.
ORDERS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


async def to_the_end(work: Coroutine[Any, Any, T]) -> T:
    """What has to be finished once it is begun, and has a deadline of its own; a cancel goes on after it."""
    task, cut = asyncio.ensure_future(work), False
    while not task.done():
        try:
            await asyncio.wait((task,))
        except asyncio.CancelledError:
            cut = True
    if cut:
        # what went wrong in it is not told: the cancel is what its caller has to hear
        with contextlib.suppress(Exception):
            task.result()
        raise asyncio.CancelledError
    return task.result()


def while_heard(watch: Callable[[T], None]) -> Callable[[T], None]:
    """Tells until nobody can be told any more (the terminal was closed), and then no more."""
    gone = False

    def tell(event: T) -> None:
        nonlocal gone
        if gone:
            return
        try:
            watch(event)
        except (OSError, SystemExit):  # the latter is what rich makes of a broken pipe
            gone = True

    return tell


@dataclass(slots=True)
class Orders:
    """What Ctrl-C cancels now; ``done`` are the tasks that have been it. ``ending``: nothing is cancelled."""

    done: list[asyncio.Task[None]]
    _task: asyncio.Task[None] | None = None
    ending: bool = False
    # the task that was cancelled last: its own count goes down where the cancel is taken back
    _given: asyncio.Task[None] | None = None

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
        """Cancel it, once: what it undoes then has deadlines, and cut short it would leave processes."""
        if self._task is not None and not self.ending and self._given is not self._task:
            self._given = self._task
            self._task.cancel()

    def carry_out(self) -> None:
        """Between two steps: an order that the last one swallowed is carried out, for it is given only once.

        Raises:
            CancelledError: there is one.
        """
        if self._given is not None and self._given is self._task:
            raise asyncio.CancelledError


@contextlib.contextmanager
def ordered() -> Iterator[Orders]:
    """Ctrl-C (or SIGTERM, or SIGHUP) ends the steps; a second one, during the end, changes nothing."""
    orders, loop = Orders([]), asyncio.get_running_loop()
    # under nohup the stage goes on when its terminal is closed
    numbers = [
        each for each in ORDERS if each != signal.SIGHUP or signal.getsignal(each) is not signal.SIG_IGN
    ]
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
