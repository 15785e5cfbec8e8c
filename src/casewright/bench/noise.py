"""Recorded block noise: what one engine's block values do when nothing but time passes.

A recording is one engine under one load, block after block: an A/A run. Its level is nobody's concern here;
what counts is how blocks scatter, how long a disturbance lasts, and where the level drifts. Simulations
resample these residuals in contiguous stretches, so no distribution is invented and neighbours stay alike.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field

from casewright.api.bench import Machine, Record
from casewright.bench.stats import Floats

LEAST_BLOCKS = 40  # from fewer, a resampled run has too few different shapes to stand for others
STRETCH = 10


class RecordedSeries(Record):
    """One engine, one load: block values in order, by metric; ``at_s`` is each block's start in seconds."""

    engine: str
    load: str
    recorded_at: str
    block_s: float
    at_s: tuple[float, ...]
    values: dict[str, tuple[float, ...]]
    machine: Machine | None = None


class NoiseFile(Record):
    """docs/benchmarks/noise.json. ``placeholder`` marks parameters that were assumed, not recorded."""

    schema_: Literal["casewright.noise/1"] = Field("casewright.noise/1", alias="schema")
    placeholder: bool
    note: str
    series: tuple[RecordedSeries, ...]


def load(path: Path) -> NoiseFile:
    """Read a noise file; pydantic's ValidationError names what is wrong with it."""
    return NoiseFile.model_validate_json(path.read_text(encoding="utf-8"))


@dataclass(frozen=True, slots=True)
class Noise:
    """The noise of one recorded metric, as logs.

    ``residuals`` are about the fitted line, shape (n,), ``slope`` is the line's change a block. ``spread`` is
    the residuals' standard deviation, ``memory`` their lag-1 autocorrelation.
    """

    name: str
    residuals: Floats
    slope: float

    @property
    def spread(self) -> float:
        """Standard deviation of a block about the trend, as a log (0.04: 4 %)."""
        return float(self.residuals.std())

    @property
    def memory(self) -> float:
        """Lag-1 autocorrelation of the residuals."""
        r = self.residuals - self.residuals.mean()
        return float(r[:-1] @ r[1:] / (r @ r))

    def draw(self, rng: np.random.Generator, trials: int, blocks: int) -> Floats:
        """Return log noise, shape (trials, blocks): stretches of residuals, and the drift with a random sign.

        Circular moving-block bootstrap (Kunsch 1989; Politis and Romano 1992), stretches of `STRETCH` blocks.
        """
        n = len(self.residuals)
        length = min(STRETCH, n)
        stretches = -(-blocks // length)
        starts = rng.integers(0, n, size=(trials, stretches))
        index = (starts[:, :, None] + np.arange(length)).reshape(trials, -1)[:, :blocks] % n
        sign: npt.NDArray[np.int64] = rng.choice(np.array([-1, 1]), size=(trials, 1))
        drawn: Floats = self.residuals[index] + sign * self.slope * np.arange(blocks)
        return drawn


def fit(name: str, values: tuple[float, ...] | Floats) -> Noise:
    """Return the noise of one series of block values (positive, in order, at least `LEAST_BLOCKS`)."""
    logs = np.log(np.asarray(values, dtype=np.float64))
    n = len(logs)
    if n < LEAST_BLOCKS or not np.isfinite(logs).all():
        raise ValueError(f"{name}: noise needs {LEAST_BLOCKS} positive block values, have {n}")
    at = np.arange(n) - (n - 1) / 2
    slope = float(at @ logs / (at @ at))
    residuals = (logs - logs.mean() - slope * at) * math.sqrt(n / (n - 2))  # two degrees went into the line
    return Noise(name, residuals, slope)


def noises(file: NoiseFile) -> list[Noise]:
    """Return the noise of every recorded metric long enough to be resampled."""
    return [
        fit(f"{series.engine}, {series.load}, {metric}", values)
        for series in file.series
        for metric, values in series.values.items()
        if len(values) >= LEAST_BLOCKS
    ]


@dataclass(frozen=True, slots=True)
class Assumed:
    """Noise by parameters, for stress tests: log standard deviations and their structure.

    ``white`` is independent from block to block, Student's t with ``tails`` degrees of freedom scaled to
    that deviation; ``slow`` has lag-1 autocorrelation ``memory``; ``drift`` is the change a block;
    ``walk`` the step of a random walk.
    """

    name: str
    white: float = 0.0
    slow: float = 0.0
    memory: float = 0.0
    walk: float = 0.0
    drift: float = 0.0
    tails: float = math.inf

    def draw(self, rng: np.random.Generator, trials: int, blocks: int) -> Floats:
        """Return log noise, shape (trials, blocks)."""
        shape = (trials, blocks)
        if math.isinf(self.tails):
            white = rng.normal(size=shape)
        else:
            white = rng.standard_t(self.tails, size=shape) * math.sqrt((self.tails - 2) / self.tails)
        slow = np.empty(shape)
        slow[:, 0] = rng.normal(size=trials)
        kicks = rng.normal(size=shape) * math.sqrt(1 - self.memory**2)
        for block in range(1, blocks):
            slow[:, block] = self.memory * slow[:, block - 1] + kicks[:, block]
        walk = rng.normal(size=shape).cumsum(axis=1)
        sign: npt.NDArray[np.int64] = rng.choice(np.array([-1, 1]), size=(trials, 1))
        drawn: Floats = (
            self.white * white + self.slow * slow + self.walk * walk + sign * self.drift * np.arange(blocks)
        )
        return drawn
