"""How often would a comparison's verdict be false? Simulates every profile on recorded noise.

    python benchmarks/verdict_error_rates.py [--noise FILE] [--trials N] [--out FILE]

Exits 1 when the upper 95 % bound of false verdicts is above 6.5 % anywhere on recorded noise.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from casewright.bench.error_rates import BOUND, Cell, NoiseSource, grid, interval_misses
from casewright.bench.noise import Assumed, Noise, NoiseFile, load, noises
from casewright.bench.profiles import PROFILES, Profile

ROOT = Path(__file__).resolve().parent.parent
NOISE = ROOT / "docs" / "benchmarks" / "noise.json"
OUT = ROOT / "docs" / "benchmarks" / "verdict-error-rates.md"
SEED = 20_240_501
DECIDING = [profile for profile in PROFILES.values() if profile.decides]
STRESS: tuple[Assumed, ...] = (
    Assumed("independent, normal, 4 %", white=0.04),
    Assumed("independent, heavy tails (t, 3 df), 4 %", white=0.04, tails=3),
    Assumed("random walk, 3 % a block, and 2 % independent", white=0.02, walk=0.03),
    Assumed("linear drift, 2 % a block, and 3 % independent", white=0.03, drift=0.02),
    Assumed("slow noise 5 % (autocorrelation 0.3) and 1 % independent", white=0.01, slow=0.05, memory=0.3),
    Assumed("slow noise 5 % (autocorrelation 0.5) and 1 % independent", white=0.01, slow=0.05, memory=0.5),
    Assumed("slow noise 5 % (autocorrelation 0.8) and 1 % independent", white=0.01, slow=0.05, memory=0.8),
)

HEAD = """# How often is a verdict false?

Made by `python benchmarks/verdict_error_rates.py`; the method is explained in [statistics](../statistics.md).

Every row simulates {trials:,} whole comparisons with the functions that decide in earnest: the profile's
order of blocks (cut short after the stated pairs), the t interval over its units (pairs in `quick`, ABBA
fours in the others), the margin of 5 %, and the A/A rule. *False* is at ratio 1 any "faster", at the
margin's edge (1.05, 1/1.05) any verdict but NOT PROVEN, beyond it "equivalent" or the wrong side. In
brackets: the upper 95 % bound (Clopper-Pearson) of that share; it must be at most {bound:.1%}. *Found* is
the share of comparisons that say "A faster" when A is 1.5 or 2 times as fast; *equivalent* the share that
prove equivalence when both are the same. NOT PROVEN is never false: its price is in these last columns.
"""


def cells(noise: NoiseSource, trials: int) -> Iterator[tuple[Profile, int, list[Cell]]]:
    for chosen in DECIDING:
        for pairs in sorted({chosen.minimum_pairs, chosen.pairs}):
            yield chosen, pairs, grid(noise, chosen, pairs, trials=trials, seed=SEED)


def row(chosen: Profile, pairs: int, found: Sequence[Cell]) -> str:
    false = [f"{cell.false / cell.trials:.1%} ({cell.upper:.1%})" for cell in found[:4]]
    power = [f"{cell.share('A faster'):.1%}" for cell in found[4:]]
    equivalent = f"{found[0].share('equivalent'):.1%}"
    what = f"{chosen.name}{'' if pairs == chosen.pairs else ' (cut to its minimum)'}"
    return f"| {' | '.join([what, f'{pairs} + {found[0].aa_pairs}', *false, *power, equivalent])} |"


def recorded_tables(sources: Sequence[Noise], trials: int) -> tuple[list[str], float]:
    lines: list[str] = []
    worst = 0.0
    for source in sources:
        lines += [
            f"\n### {source.name}\n",
            f"{len(source.residuals)} blocks: scatter {source.spread:.1%} a block, lag-1 autocorrelation "
            f"{source.memory:+.2f}, drift {source.slope:+.2%} a block.\n",
            "| profile | A/B + A/A pairs | false at 1 | at 1.05 | at 1/1.05 | at 1.10 "
            "| found at 1.5 | found at 2 | equivalent at 1 |",
            "|---|---|---|---|---|---|---|---|---|",
        ]
        for chosen, pairs, found in cells(source, trials):
            lines.append(row(chosen, pairs, found))
            worst = max(worst, *(cell.upper for cell in found))
    return lines, worst


def stress_table(trials: int) -> list[str]:
    lines = [
        "\n## Where it would break: assumed noise\n",
        "Not recorded: noise made by parameters, to see what the method minds. Shown is the worst false "
        "share over all true ratios, with its upper bound.\n",
        "| noise of a block | " + " | ".join(f"{p.name}, {p.pairs} pairs" for p in DECIDING) + " |",
        "|---|" + "---|" * len(DECIDING),
    ]
    for source in STRESS:
        worst = []
        for chosen in DECIDING:
            found = grid(source, chosen, chosen.pairs, trials=trials, seed=SEED)
            cell = max(found, key=lambda c: c.upper)
            worst.append(f"{cell.false / cell.trials:.1%} ({cell.upper:.1%})")
        lines.append(f"| {source.name} | {' | '.join(worst)} |")
    return lines


def method_table(sources: Sequence[NoiseSource], trials: int) -> list[str]:
    lines = [
        "\n## Why not the plain bootstrap\n",
        "How often a 95 % interval of the ratio misses the true ratio (5 % is right): Student's t over the "
        "pairs' log-ratios, and the percentile bootstrap of the same pairs.\n",
        "| noise | pairs | t | percentile bootstrap |",
        "|---|---|---|---|",
    ]
    rng = np.random.default_rng(SEED)
    for source in (*sources, STRESS[0]):
        for pairs in (4, 6, 16, 20, 32):
            m = interval_misses(source, pairs, trials, rng)
            lines.append(f"| {m.noise} | {pairs} | {m.t / trials:.1%} | {m.bootstrap / trials:.1%} |")
    return lines


def document(file: NoiseFile, trials: int) -> tuple[str, float]:
    sources = noises(file)
    if not sources:
        raise SystemExit("no recorded series is long enough to be resampled")
    tables, worst = recorded_tables(sources, trials)
    title = (
        "\n## Placeholder noise (assumed, not recorded)\n" if file.placeholder else "\n## Recorded noise\n"
    )
    said = "holds" if worst <= BOUND else "IS BROKEN"
    lines = [
        HEAD.format(trials=trials, bound=BOUND),
        f"**Worst upper bound below: {worst:.2%}. The bound of {BOUND:.1%} {said}.**",
        title,
        file.note,
        *tables,
        *stress_table(trials),
        *method_table(sources[:2], min(trials, 4000)),
    ]
    return "\n".join(lines) + "\n", worst


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--noise", type=Path, default=NOISE)
    parser.add_argument("--trials", type=int, default=40_000)
    parser.add_argument("--out", type=Path, default=None, help=f"also write here, for instance {OUT}")
    options = parser.parse_args()
    start = time.perf_counter()
    text, worst = document(load(options.noise), options.trials)
    print(text)
    if options.out is not None:
        options.out.write_text(text, encoding="utf-8")
    print(f"worst upper bound {worst:.2%}, {time.perf_counter() - start:.0f} s", file=sys.stderr)
    return 0 if worst <= BOUND else 1


if __name__ == "__main__":
    sys.exit(main())
