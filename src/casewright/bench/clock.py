"""The bench's clock: nanosecond stamps, timers that keep them, and how late an event loop is.

Every stamp is ``time.monotonic_ns()``, which on Linux is CLOCK_MONOTONIC: one clock for all processes of the
machine, so the stamps of several worker processes are compared as they are.

uvloop's (libuv's) own timers count whole milliseconds, which alone would spread arrivals at 1,000 per second
into clumps. ``PreciseTimer`` uses the kernel's ``timerfd`` (timerfd_create(2)) instead.
"""

from __future__ import annotations

import asyncio
import ctypes
import errno
import heapq
import math
import os
import sys
import time
from array import array
from collections.abc import Callable
from dataclasses import dataclass

NS_PER_S = 1_000_000_000
NS_PER_MS = 1_000_000

_TFD_TIMER_ABSTIME = 1
_TFD_NONBLOCK = os.O_NONBLOCK
_TFD_CLOEXEC = getattr(os, "O_CLOEXEC", 0)

now_ns = time.monotonic_ns


class _Timespec(ctypes.Structure):
    """``struct timespec``."""

    _fields_ = (("tv_sec", ctypes.c_long), ("tv_nsec", ctypes.c_long))


class _Itimerspec(ctypes.Structure):
    """``struct itimerspec``: interval and first expiration."""

    _fields_ = (("it_interval", _Timespec), ("it_value", _Timespec))


class _TimerFd:
    """One absolute CLOCK_MONOTONIC timer as a file descriptor; OSError where the kernel has none."""

    def __init__(self) -> None:
        if not sys.platform.startswith("linux"):
            raise OSError(errno.ENOSYS, "timerfd exists on Linux only")
        libc = ctypes.CDLL(None, use_errno=True)
        self.fd: int = libc.timerfd_create(time.CLOCK_MONOTONIC, _TFD_NONBLOCK | _TFD_CLOEXEC)
        if self.fd < 0:
            raise OSError(ctypes.get_errno(), "timerfd_create failed")
        self._spec = _Itimerspec()
        self._settime = libc.timerfd_settime
        self._settime.argtypes = (ctypes.c_int, ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)
        self._address = ctypes.addressof(self._spec)

    def arm(self, due_ns: int) -> None:
        """Expire at ``due_ns`` (0: disarm). Also clears a pending expiration, so no read(2) is needed."""
        value = self._spec.it_value
        value.tv_sec, value.tv_nsec = divmod(due_ns, NS_PER_S)
        if self._settime(self.fd, _TFD_TIMER_ABSTIME, self._address, None) != 0:
            raise OSError(ctypes.get_errno(), "timerfd_settime failed")

    def close(self) -> None:
        os.close(self.fd)


class PreciseTimer:
    """Callbacks at absolute monotonic nanoseconds, on one event loop, with one kernel timer for all of them.

    ``call_at_ns`` may be called from callbacks. Entries are not cancellable: a callback whose reason has
    gone should do nothing (cheaper than handles for tens of thousands of entries a second). Callbacks due
    at the same time run in the order they were asked for. A callback that raises goes to the loop's
    exception handler and does not stop the others.

    Where ``timerfd`` does not exist, ``loop.call_at`` is used, with that loop's resolution.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._heap: list[tuple[int, int, Callable[..., None], tuple[object, ...]]] = []
        self._order = 0
        self._armed = 0
        self._closed = False
        self._handle: asyncio.TimerHandle | None = None
        self._fd: _TimerFd | None = None
        try:
            self._fd = _TimerFd()
        except (OSError, AttributeError):
            return
        loop.add_reader(self._fd.fd, self._expired)

    @property
    def precise(self) -> bool:
        """Whether the kernel timer is in use."""
        return self._fd is not None

    def call_at_ns(self, due_ns: int, callback: Callable[..., None], *args: object) -> None:
        """Call ``callback(*args)`` at ``due_ns`` of ``now_ns()``, at once if that has passed."""
        if self._closed:
            return
        self._order += 1
        heapq.heappush(self._heap, (due_ns, self._order, callback, args))
        if not self._armed or due_ns < self._armed:
            self._arm(due_ns)

    def close(self) -> None:
        """Forget everything that is due and release the kernel timer."""
        self._closed = True
        self._heap.clear()
        if self._handle is not None:
            self._handle.cancel()
        if self._fd is not None:
            self._loop.remove_reader(self._fd.fd)
            self._fd.close()
            self._fd = None

    def _arm(self, due_ns: int) -> None:
        self._armed = max(due_ns, 1)
        if self._fd is not None:
            self._fd.arm(self._armed)
            return
        if self._handle is not None:
            self._handle.cancel()
        delay = max(due_ns - now_ns(), 0) / NS_PER_S
        self._handle = self._loop.call_later(delay, self._expired)

    def _expired(self) -> None:
        heap = self._heap
        # One reading of the clock per expiry: entries that fall due while these run wait for the next
        # turn of the loop, so that sockets are served in between.
        now = now_ns()
        while heap and heap[0][0] <= now:
            _, _, callback, args = heapq.heappop(heap)
            try:
                callback(*args)
            except Exception as exc:  # noqa: BLE001 -- the loop's handler decides, as for any callback
                self._loop.call_exception_handler({"message": "timer callback failed", "exception": exc})
        if self._closed:
            return
        if heap:
            self._arm(heap[0][0])
        else:
            self._armed = 0
            if self._fd is not None:
                self._fd.arm(0)


@dataclass(frozen=True, slots=True)
class LagSummary:
    """How late a loop's timer callbacks ran, in nanoseconds; None when nothing was sampled."""

    samples: int
    p50_ns: int | None
    p99_ns: int | None
    max_ns: int | None


class LoopLag:
    """Samples an event loop's lateness: every ``interval_ns``, how long after its due time a callback runs.

    Memory is bounded: beyond ``limit`` samples every second one is dropped and the interval between kept
    samples doubles; the maximum is over all.
    """

    def __init__(self, timer: PreciseTimer, interval_ns: int = 10 * NS_PER_MS, limit: int = 65_536) -> None:
        self._timer = timer
        self._interval = interval_ns
        self._limit = limit
        self._lags = array("q")
        self._stride = 1
        self._seen = 0
        self._max = 0
        self._running = False

    def start(self) -> None:
        """Begin sampling."""
        self._running = True
        due = now_ns() + self._interval
        self._timer.call_at_ns(due, self._sample, due)

    def stop(self) -> None:
        """Stop sampling; the samples stay."""
        self._running = False

    def _sample(self, due: int) -> None:
        if not self._running:
            return
        now = now_ns()
        lag = now - due
        self._max = max(self._max, lag)
        if self._seen % self._stride == 0:
            self._lags.append(lag)
            if len(self._lags) >= self._limit:
                self._lags = self._lags[::2]
                self._stride *= 2
        self._seen += 1
        # From now, not from due: after a long stall one sample says how long it was.
        due = now + self._interval
        self._timer.call_at_ns(due, self._sample, due)

    def summary(self) -> LagSummary:
        """What was sampled so far; percentiles are nearest rank."""
        lags = sorted(self._lags)
        if not lags:
            return LagSummary(0, None, None, None)
        return LagSummary(self._seen, nearest_rank(lags, 0.50), nearest_rank(lags, 0.99), self._max)


def nearest_rank(ordered: list[int], share: float) -> int:
    """The nearest-rank percentile ``share`` (0..1] of a non-empty ascending list."""
    rank = math.ceil(share * len(ordered) - 1e-9)  # 0.07 * 100 is a little more than 7 in floats
    return ordered[max(rank, 1) - 1]
