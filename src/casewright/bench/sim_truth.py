"""The simulator's own bookkeeping: bounded samples of exact values, cheap enough for every token."""

from __future__ import annotations

import math
import random
import resource
import time
from array import array

import numpy as np

from casewright.bench.sim_config import ENGINE_NAME, Quantiles, SimConfig, Truth

CAPACITY = 1_000_000
NS_PER_MS = 1e6


class Reservoir:
    """All values up to ``capacity``, then a uniform sample (Vitter's algorithm R); exact maximum."""

    __slots__ = ("_capacity", "_random", "count", "maximum", "values")

    def __init__(self, seed: int, capacity: int = CAPACITY) -> None:
        self._capacity = capacity
        self._random = random.Random(seed).random
        self.values = array("q")
        self.count = 0
        self.maximum = -(2**63)

    def add(self, value: int) -> None:
        """Keep one value (nanoseconds)."""
        self.count += 1
        if value > self.maximum:  # noqa: PLR1730 -- the call of max() costs more than the rest
            self.maximum = value
        if self.count <= self._capacity:
            self.values.append(value)
            return
        place = int(self._random() * self.count)
        if place < self._capacity:
            self.values[place] = value

    def quantiles_ms(self) -> Quantiles:
        """Nearest-rank quantiles in milliseconds."""
        if not self.values:
            return Quantiles(n=0)
        ordered = np.sort(np.frombuffer(self.values, dtype=np.int64)) / NS_PER_MS
        p50, p90, p99 = (float(ordered[math.ceil(q * len(ordered)) - 1]) for q in (0.50, 0.90, 0.99))
        return Quantiles(n=self.count, p50=p50, p90=p90, p99=p99, max=self.maximum / NS_PER_MS)


class TruthBook:
    """Counters and samples since the last reset; the hot path adds to them directly."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget everything but what is in service now, which its owner counts."""
        self.requests = self.completed = self.cancelled = self.rejected = 0
        self.tokens = self.bytes_written = self.connections = self.max_in_service = 0
        self.faulted: dict[str, int] = {}
        self.ttft, self.duration = Reservoir(1), Reservoir(2)
        self.lateness, self.loop_lag = Reservoir(3), Reservoir(4)
        self._cpu_from, self._wall_from = time.process_time(), time.monotonic()

    def report(self, config: SimConfig, in_service: int, queued: int) -> Truth:
        """The truth so far."""
        cpu_s = time.process_time() - self._cpu_from
        wall_s = time.monotonic() - self._wall_from
        return Truth(
            engine=ENGINE_NAME,
            requests=self.requests,
            completed=self.completed,
            cancelled=self.cancelled,
            rejected=self.rejected,
            in_service=in_service,
            queued=queued,
            max_in_service=self.max_in_service,
            tokens=self.tokens,
            bytes_written=self.bytes_written,
            connections=self.connections,
            faulted=self.faulted,
            ttft_ms=self.ttft.quantiles_ms(),
            duration_ms=self.duration.quantiles_ms(),
            lateness_ms=self.lateness.quantiles_ms(),
            loop_lag_ms=self.loop_lag.quantiles_ms(),
            cpu_s=cpu_s,
            wall_s=wall_s,
            cpu_share=cpu_s / wall_s if wall_s > 0 else 0.0,
            max_rss_mb=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
            config=config,
        )
