"""How often is the soak's verdict on leaks false? The slope alone beside the ceiling, on hours made up here.

    python benchmarks/leak_verdicts.py [--rounds N] [--seed N] [--out FILE]

Each hour has a sample every 5 s, of which the first 10 minutes are left out, as in a soak. What it is made of
is noise, or memory that a real soak recorded (``data/soak_hour.json``: KiB and for how many samples), scaled
to a level of 100 MiB and told in pages of 4 KiB.

Exits 1 when a leak of the bound, 1 % an hour, or of more passes in more than 5 % of the rounds of any shape,
or on any base so often that 5 % there is ruled out (binomial, at 5 % for all cells of the table together).
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import scipy.stats
from numpy.typing import NDArray

from casewright.staging.trend import slope_of
from casewright.staging.trend_ceiling import ceiling_of

Floats = NDArray[np.float64]
Random = np.random.Generator
Made = Callable[[Random], Floats]

RECORDED = Path(__file__).resolve().parent / "data" / "soak_hour.json"
LEVEL, BOUND = 100.0, 1.0
TIMES = 600.0 + 5.0 * np.arange(601)
HOURS = TIMES / 3600
ALLOWED = 0.05
SIZES = (1.0, 2.0, 5.0)


def recorded(name: str) -> Floats:
    """A process's memory as it was recorded, in KiB, 601 samples 5 s apart after the warm-up."""
    runs = json.loads(RECORDED.read_text(encoding="utf-8"))[name]
    return np.repeat([float(value) for value, _ in runs], [count for _, count in runs])


def real(name: str) -> Made:
    """A recorded series at level 100, as it is: it rises by 0.1 % an hour itself."""
    values = recorded(name)
    return lambda _: LEVEL * values / np.median(values)


def noise(deviation: float, memory: float = 0.0) -> Made:
    """Normal noise in percent, with an autocorrelation from sample to sample."""

    def made(dice: Random) -> Floats:
        shocks = dice.normal(0, deviation * np.sqrt(1 - memory**2), len(TIMES))
        found = np.empty(len(TIMES))
        last = dice.normal(0, deviation)
        for place, shock in enumerate(shocks):
            last = memory * last + shock
            found[place] = last
        return LEVEL + found

    return made


BASES: dict[str, Made] = {
    "level": lambda _: np.full(len(TIMES), LEVEL),
    "noise 0.05 %": noise(0.05),
    "noise 0.1 %, autocorrelation 0.9": noise(0.1, 0.9),
    "noise 0.3 %, autocorrelation 0.5": noise(0.3, 0.5),
    "recorded: documents": real("documents"),
    "recorded: engine": real("engine"),
    "recorded: notes": real("notes"),
    "recorded: web": real("web"),
}


def no_more(_: Random) -> Floats:
    return np.zeros(len(TIMES))


def dips(dice: Random) -> Floats:
    """One to three renewals: 30 to 240 s at 2 to 20 % less."""
    found = np.zeros(len(TIMES))
    for start in dice.choice([700.0, 1400.0, 2100.0, 2800.0], dice.integers(1, 4), replace=False):
        begin = start + dice.uniform(0, 300)
        found[(begin <= TIMES) & (begin + dice.uniform(30, 240) > TIMES)] = -dice.uniform(2, 20)
    return found


def one_fall(dice: Random) -> Floats:
    return np.where(dice.uniform(1000, 3000) < TIMES, -dice.uniform(2, 20), 0.0)


def two_falls(dice: Random) -> Floats:
    return one_fall(dice) + one_fall(dice)


def blips(dice: Random) -> Floats:
    """Twenty requests that take 5 to 25 s and up to 5 %."""
    found = np.zeros(len(TIMES))
    for place in dice.integers(0, 590, 20):
        found[place : place + dice.integers(1, 6)] += dice.uniform(0, 5)
    return found


def teeth(dice: Random) -> Floats:
    """A saw-tooth with a level base: every 1 to 3 minutes, 2 to 10 %."""
    period = dice.uniform(60, 180)
    height, phase = dice.uniform(2, 10), dice.uniform(0, period)
    return np.asarray(height * (((TIMES + phase) % period) / period), np.float64)


HARMLESS: dict[str, Made] = {
    "nothing": no_more,
    "dips": dips,
    "a fall": one_fall,
    "two falls": two_falls,
    "a fall and dips": lambda dice: one_fall(dice) + dips(dice),
    "blips": blips,
    "saw-tooth, level": teeth,
}


def linear(_: Random) -> Floats:
    return HOURS.copy()


def even_steps(dice: Random, lasting_s: float = 0.0) -> Floats:
    """Three to twelve steps an hour at an even pace, at a random phase."""
    count = int(dice.choice([3, 4, 6, 12]))
    turns = HOURS * count + dice.random()
    part = np.minimum(1.0, (turns % 1) * 3600 / count / lasting_s) if lasting_s else 1.0
    return (np.floor(turns) + part) / count


def any_steps(dice: Random) -> Floats:
    """Three to eight steps at any time after the warm-up, which make up an hour's rate together."""
    count = int(dice.integers(3, 9))
    at = dice.uniform(TIMES[0], TIMES[-1], count)
    found: Floats = (TIMES[:, None] >= at).sum(axis=1) / count * (HOURS[-1] - HOURS[0])
    return found


def rising_teeth(dice: Random) -> Floats:
    """A saw-tooth of 4 to 15 minutes whose base rises, by 0.5 to 3 % each (for a rise of 1)."""
    period = dice.uniform(240, 900)
    return HOURS + dice.uniform(0.5, 3) * (((TIMES + dice.uniform(0, period)) % period) / period)


def under_a_lid(dice: Random) -> Floats:
    """A heap that is cleared at 5 %: its tops stay, its base rises."""
    period = dice.uniform(240, 900)
    return HOURS + (5 - HOURS) * (((TIMES + dice.uniform(0, period)) % period) / period)


def grows_back(dice: Random) -> Floats:
    """A restart of another process: 2 to 20 % less, half of it back within 10 minutes, the rest never."""
    at, less = dice.uniform(1000, 3000), dice.uniform(2, 20)
    return np.where(at < TIMES, -less * (0.5 + 0.5 * np.exp(-(TIMES - at) / 200)), 0.0)


def from_a_fall_on(dice: Random) -> Floats:
    """A restart by which another process begins to leak: nothing before, one an hour after."""
    at = dice.uniform(1500, 2900)
    found: Floats = np.maximum(TIMES - at, 0.0) / 3600 - dice.uniform(2, 20) * (at < TIMES)
    return found


def late(share: float) -> Made:
    """A leak that begins when this share of the hour's judged time is left."""
    at = TIMES[-1] - share * (TIMES[-1] - TIMES[0])
    return lambda _: np.maximum(TIMES - at, 0.0) / 3600


def within_falls(dice: Random) -> Floats:
    """Three falls, each with a third of an hour's rate in the minute before it or after it."""
    found = np.zeros(len(TIMES))
    for start in (1000.0, 1800.0, 2600.0):
        at = start + dice.uniform(0, 300)
        found += (at + dice.choice([-1, 1]) * dice.uniform(5, 50) < TIMES) * (HOURS[-1] - HOURS[0]) / 3
        found -= dice.uniform(2, 20) * (at < TIMES)
    return found


def gives_back(dice: Random) -> Floats:
    """Another process of the tree gives back 1 to 4 % in 5 to 15 minutes."""
    at, lasts = dice.uniform(900, 2500), dice.uniform(300, 900)
    return np.asarray(-dice.uniform(1, 4) * np.clip((TIMES - at) / lasts, 0, 1), np.float64)


def saturating(_: Random) -> Floats:
    """Another process of the tree gives back 5 % in all, ever slower."""
    return -5 * (1 - np.exp(-HOURS / 0.3))


def small_falls(dice: Random) -> Floats:
    """Three falls of 0.24 %, each less than a fall of its own."""
    at = np.array([1000.0, 1800.0, 2600.0]) + dice.uniform(0, 300, 3)
    found: Floats = -0.24 * (TIMES[:, None] > at).sum(axis=1)
    return found


# A leak of one an hour, and what is added beside it at any size.
LEAKS: dict[str, tuple[Made, Made]] = {
    "linear": (linear, no_more),
    "even steps": (even_steps, no_more),
    "even steps, each a minute long": (lambda dice: even_steps(dice, 60.0), no_more),
    "steps at any time": (any_steps, no_more),
    "saw-tooth, base rising": (rising_teeth, no_more),
    "saw-tooth under a lid": (under_a_lid, no_more),
    "linear, behind a restart": (linear, one_fall),
    "linear, behind one that grows back": (linear, grows_back),
    "linear, dips": (linear, dips),
    "even steps, dips": (even_steps, dips),
    "even steps, behind a restart": (even_steps, one_fall),
    "even steps, a restart and dips": (even_steps, lambda dice: one_fall(dice) + dips(dice)),
    "linear, blips": (linear, blips),
    "begins at a fall": (from_a_fall_on, no_more),
    "begins in the last third": (late(1 / 3), no_more),
    "begins in the last quarter": (late(1 / 4), no_more),
    "linear, another gives back in minutes": (linear, gives_back),
    "linear, another gives back ever slower": (linear, saturating),
    "steps within falls": (within_falls, no_more),
}
# What an hour cannot show, or only without noise. Told, not judged.
UNSEEN: dict[str, tuple[Made, Made]] = {
    "begins 5 minutes before the end": (late(1 / 10), no_more),
    "linear, another gives back 1.5 %/h": (linear, lambda _: -1.5 * HOURS),
    "linear, three falls of 0.24 %": (linear, small_falls),
}


def passed(values: Floats) -> tuple[bool, bool]:
    """Whether the slope alone lets it pass, and whether the ceiling does."""
    listed = (np.floor(values * 256) / 256).tolist()
    slope, ceiling = slope_of(TIMES.tolist(), listed), ceiling_of(TIMES.tolist(), listed, BOUND)
    before = slope is not None and slope.high is not None and slope.high < BOUND
    return before, ceiling is not None and ceiling.high is not None and ceiling.high < BOUND


def shares(beside: Made, rounds: int, seed: int, leak: Made = no_more, size: float = 0.0) -> Floats:
    """Shares of rounds that pass by the slope alone and by the ceiling, a row for each base."""
    found = []
    for place, base in enumerate(BASES.values()):
        dice = np.random.default_rng(seed + place)
        told = [passed(base(dice) + size * leak(dice) + beside(dice)) for _ in range(rounds)]
        found.append(np.mean(told, axis=0))
    return np.array(found, float)


def harmless(rounds: int, seed: int) -> list[str]:
    """The table of what does not leak, in Markdown."""
    lines = ["| no leak, but | PASS, slope alone | PASS, ceiling (least on a base) |", "| --- | --- | --- |"]
    for name, beside in HARMLESS.items():
        found = shares(beside, rounds, seed)
        before, now = np.mean(found, axis=0)
        least = min(zip((one for _, one in found), BASES, strict=True))
        lines.append(f"| {name} | {before:.1%} | {now:.1%} ({least[0]:.1%}, {least[1]}) |")
    return lines


def leaking(shapes: dict[str, tuple[Made, Made]], rounds: int, seed: int) -> tuple[list[str], float, float]:
    """The table of leaks, and the largest share that passes: of a shape, and of a shape on one base."""
    head = " | ".join(f"{size:g} %/h" for size in SIZES)
    lines = [
        f"| leak, PASS by slope alone, by ceiling (most on a base) | {head} |",
        "| --- | --- | --- | --- |",
    ]
    worst = worst_base = 0.0
    for name, (leak, beside) in shapes.items():
        cells = []
        for size in SIZES:
            found = shares(beside, rounds, seed, leak, size)
            before, now = np.mean(found, axis=0)
            most = max(one for _, one in found)
            worst, worst_base = max(worst, float(now)), max(worst_base, float(most))
            cells.append(f"{before:.1%}, {now:.1%} ({most:.1%})")
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return lines, worst, worst_base


def allowed_on_a_base(rounds: int) -> float:
    """The largest share on one base that a true one of ``ALLOWED`` still explains, among all cells."""
    cells = len(LEAKS) * len(SIZES) * len(BASES)
    return float(scipy.stats.binom.ppf(1 - 0.05 / cells, rounds, ALLOWED)) / rounds


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--seed", type=int, default=20_261_127)
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    lines = [f"{given.rounds} rounds of each of {len(BASES)} bases: {', '.join(BASES)}.", ""]
    lines += harmless(given.rounds, given.seed)
    table, worst, worst_base = leaking(LEAKS, given.rounds, given.seed)
    lines += ["", *table, "", "What an hour cannot show:", ""]
    lines += leaking(UNSEEN, given.rounds, given.seed)[0]
    most = allowed_on_a_base(given.rounds)
    lines += [
        "",
        f"A leak of {BOUND:g} %/h or more passes in {worst:.1%} of the rounds of a shape at most, on a",
    ]
    lines += [f"base in {worst_base:.1%} (so many rounds explain {most:.1%}).", ""]
    text = "\n".join(lines)
    print(text)
    if given.out is not None:
        given.out.write_text(text, encoding="utf-8")
    return 1 if worst > ALLOWED or worst_base > most else 0


if __name__ == "__main__":
    sys.exit(main())
