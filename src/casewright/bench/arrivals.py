"""When each request is to leave: one global schedule, whatever the number of processes.

The schedule is a function of the plan alone (rate, arrivals, ramp, seed). Process ``k`` of ``P`` sends the
requests whose index is ``k`` modulo ``P`` at their global times, so the union of all processes is exactly
the one-process schedule; splitting the *rate* instead would give a different process (P constant streams in
phase are bursts, which is how a tool ends with a dispersion of 7.5 for "Poisson").

A ramp is a linear rise of the rate from 0 to ``rate`` over ``ramp_s``; arrivals are the unit-rate process
mapped through the inverse of the cumulative rate (the standard construction of a non-homogeneous Poisson
process; Lewis and Shedler 1979 compare it with thinning).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import numpy.typing as npt

from casewright.bench.clock import NS_PER_S
from casewright.bench.plan import LoadPlan

# Part of the schedule's definition: sums are carried over block by block, so another size could round
# differently in the last bit.
_BLOCK = 4096
_MIN_STEP_NS = 200_000


class IndexSet:
    """A set of request indices as a bitmap: one bit each, for runs of tens of millions of requests."""

    __slots__ = ("_bits", "_count")

    def __init__(self, indices: Iterable[int] = ()) -> None:
        self._bits = bytearray()
        self._count = 0
        for index in indices:
            self.add(index)

    def add(self, index: int) -> None:
        """Add ``index`` (0 or more)."""
        byte, bit = divmod(index, 8)
        if byte >= len(self._bits):
            self._bits.extend(bytes(max(byte + 1 - len(self._bits), len(self._bits))))
        if not self._bits[byte] >> bit & 1:
            self._bits[byte] |= 1 << bit
            self._count += 1

    def __contains__(self, index: int) -> bool:
        byte, bit = divmod(index, 8)
        return byte < len(self._bits) and bool(self._bits[byte] >> bit & 1)

    def __len__(self) -> int:
        return self._count

    def first_missing(self) -> int:
        """The lowest index that is not in the set."""
        for place, byte in enumerate(self._bits):
            if byte != 0xFF:
                return place * 8 + ((~byte & 0xFF) & -(~byte & 0xFF)).bit_length() - 1
        return len(self._bits) * 8


def offset_blocks(plan: LoadPlan) -> Iterator[npt.NDArray[np.int64]]:
    """The open loop's global schedule: ascending offsets in nanoseconds from the start, block by block.

    Ends by the plan's count or duration. A constant schedule begins at 0; a Poisson one after its first gap.
    """
    if plan.rate is None:
        raise ValueError("a closed loop has no schedule of offsets")
    generator = np.random.Generator(np.random.PCG64(plan.seed))
    issued, carried = 0, 0.0
    while plan.requests is None or issued < plan.requests:
        if plan.arrivals == "poisson":
            units = carried + np.cumsum(generator.standard_exponential(_BLOCK))
            carried = float(units[-1])
        else:
            units = np.arange(issued, issued + _BLOCK, dtype=np.float64)
        seconds = _at_rate(units, plan.rate, plan.ramp_s)
        if plan.requests is not None:
            seconds = seconds[: plan.requests - issued]
        if plan.duration_s is not None:
            seconds = seconds[: int(np.searchsorted(seconds, plan.duration_s, side="left"))]
        if len(seconds):
            yield np.asarray(np.rint(seconds * NS_PER_S), dtype=np.int64)
        issued += len(seconds)
        if len(seconds) < _BLOCK:
            return


def open_schedule(
    plan: LoadPlan, process: int = 0, done: IndexSet | None = None
) -> Iterator[tuple[int, int]]:
    """``(index, offset_ns)`` of the requests that ``process`` is to send, ascending.

    A resumed run leaves out ``done`` and counts from the first index that is missing from it, the same
    zero in every process; the gaps between the remaining requests are those of the original schedule.
    """
    done = done if done is not None else IndexSet()
    first = done.first_missing()
    base: int | None = None
    index = 0
    for block in offset_blocks(plan):
        end = index + len(block)
        if base is None and first < end:
            # The first request keeps its own first gap, so that an untouched schedule is as it was.
            base = int(block[first - index]) if len(done) else 0
        if base is not None:
            start = max(index, first)
            start += (process - start) % plan.processes
            for at in range(start, end, plan.processes):
                if at not in done:
                    yield at, int(block[at - index]) - base
        index = end


def closed_indices(plan: LoadPlan, process: int = 0, done: IndexSet | None = None) -> Iterator[int]:
    """The indices that ``process`` is to send in a closed loop, ascending, without those in ``done``."""
    index = process
    while plan.requests is None or index < plan.requests:
        if done is None or index not in done:
            yield index
        index += plan.processes


def user_offsets(plan: LoadPlan, process: int = 0) -> list[int]:
    """When each of the process's users joins a closed loop: nanoseconds from the start.

    Evenly over the ramp, and at most 5,000 users a second: users who begin in the same instant stay in step,
    so that all their answers end together, and each would be timed behind the others.
    """
    users = plan.concurrency or 0
    step = max(plan.ramp_s * NS_PER_S / users, _MIN_STEP_NS) if users else 0.0
    return [round(user * step) for user in range(process, users, plan.processes)]


def scheduled_count(plan: LoadPlan, done: IndexSet | None = None) -> int | None:
    """How many requests the plan will issue; None for a closed loop ended by time alone."""
    finished = len(done) if done is not None else 0
    if plan.mode == "closed":
        return None if plan.requests is None or plan.duration_s is not None else plan.requests - finished
    return sum(len(block) for block in offset_blocks(plan)) - finished


def _at_rate(units: npt.NDArray[np.float64], rate: float, ramp_s: float) -> npt.NDArray[np.float64]:
    """Map unit-rate arrival times to seconds under a rate that rises linearly over ``ramp_s``."""
    if ramp_s <= 0:
        return units / rate
    in_ramp = rate * ramp_s / 2  # expected arrivals within the ramp
    rising = np.sqrt(2 * ramp_s * np.minimum(units, in_ramp) / rate)
    return np.where(units < in_ramp, rising, ramp_s + (units - in_ramp) / rate)
