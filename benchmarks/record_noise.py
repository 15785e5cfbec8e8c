"""Record how one engine's blocks scatter when nothing changes: the noise that error rates are simulated on.

    python benchmarks/record_noise.py ENGINE [--users N] [--blocks N] [--block-s S] [--workload NAME]

Blocks run one after the other as a comparison runs them (a fixed number of requests each, sized by a warm-up,
prompts of their own), so that a recording holds what a comparison meets: scatter, slow changes, drift. The
series is added to docs/benchmarks/noise.json; a first recording replaces a placeholder.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from casewright.api.bench import Machine
from casewright.bench.blocks import LEAST_REQUESTS, values
from casewright.bench.machine import describe_machine
from casewright.bench.measure import measure
from casewright.bench.noise import LEAST_BLOCKS, NoiseFile, RecordedSeries, load
from casewright.bench.plan import LoadPlan
from casewright.cli.bench_options import WorkloadChoice
from casewright.cli.bench_run import choose_workload
from casewright.cli.targets import open_targets
from casewright.errors import CasewrightError, MeasurementError
from casewright.settings import load_settings

NOISE = Path(__file__).resolve().parent.parent / "docs" / "benchmarks" / "noise.json"
NOTE = "Block values of one engine under one load, one block after the other, nothing changed in between."
SEED = 4711

Block = Callable[[int], Mapping[str, float | None]]


def record(
    run_block: Block,
    blocks: int,
    *,
    engine: str,
    load_text: str,
    block_s: float,
    machine: Machine | None = None,
) -> RecordedSeries:
    """Run ``blocks`` blocks one after the other; ``run_block(i)`` runs block i with prompts of its own.

    A metric is kept only if every block had a value: a series with holes is not consecutive.
    """
    started, start = datetime.now(UTC), time.monotonic()
    at: list[float] = []
    found: list[Mapping[str, float | None]] = []
    for index in range(blocks):
        at.append(round(time.monotonic() - start, 3))
        found.append(run_block(index))
        print(f"block {index + 1} of {blocks}: {dict(found[-1])}", file=sys.stderr, flush=True)
    kept: dict[str, tuple[float, ...]] = {}
    for name in found[0]:
        series = [block.get(name) for block in found]
        whole = tuple(float(f"{value:.6g}") for value in series if value is not None and value > 0)
        if len(whole) == blocks:
            kept[name] = whole
    return RecordedSeries(
        engine=engine,
        load=load_text,
        recorded_at=started.isoformat(timespec="seconds"),
        block_s=block_s,
        at_s=tuple(at),
        values=kept,
        machine=machine,
    )


def append(path: Path, series: RecordedSeries, note: str) -> None:
    """Add a recorded series to the file; assumed ones are dropped, recordings and assumptions never mix."""
    kept: tuple[RecordedSeries, ...] = ()
    if path.exists():
        before = load(path)
        kept = () if before.placeholder else before.series
    file = NoiseFile(placeholder=False, note=note, series=(*kept, series))
    path.write_text(file.model_dump_json(indent=1, by_alias=True) + "\n", encoding="utf-8")


def record_engine(options: argparse.Namespace) -> RecordedSeries:
    """Warm the engine up, size the blocks by that, and record."""
    choice = WorkloadChoice(options.workload, max_tokens=options.max_tokens)
    plan = LoadPlan.closed(options.users, requests=max(LEAST_REQUESTS, options.users), seed=SEED)
    with (
        open_targets([options.engine], load_settings()) as (target,),
        tempfile.TemporaryDirectory() as root,
    ):

        def run(index: int, requests: int) -> tuple[dict[str, float | None], float]:
            name = f"block-{index}"
            one = replace(plan, requests=requests, seed=SEED + index)
            found = measure(target, one, choose_workload(choice, name), Path(root) / name).run
            if found.requests.completed == 0:
                raise MeasurementError(
                    f"block {index}: no request completed: " + "; ".join(found.requests.samples),
                    hint=f"look at it with: casewright engine probe '{target.spec}'",
                )
            return values(found), (found.throughput.window_s or 0.0) / found.requests.completed

        _, each = run(0, plan.requests or LEAST_REQUESTS)
        users = options.users
        count = max(LEAST_REQUESTS, users * max(1, round(options.block_s / max(each, 1e-6) / users)))
        return record(
            lambda index: run(index + 1, count)[0],
            options.blocks,
            engine=f"{target.identity.name}, {target.model}",
            load_text=f"{users} users, {options.workload}, {count} requests a block",
            block_s=options.block_s,
            machine=describe_machine(),
        )


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("engine", help="such as embedded:slots=4 or vllm=http://127.0.0.1:8000#smollm2")
    parser.add_argument("--users", type=int, default=4)
    parser.add_argument("--blocks", type=int, default=60)
    parser.add_argument("--block-s", type=float, default=6.5)
    parser.add_argument("--workload", default="short")
    parser.add_argument("--max-tokens", type=int, default=24)
    parser.add_argument("--out", type=Path, default=NOISE)
    options = parser.parse_args()
    if options.blocks < LEAST_BLOCKS:
        parser.error(f"--blocks must be at least {LEAST_BLOCKS}: fewer cannot be resampled")
    try:
        append(options.out, record_engine(options), NOTE)
    except CasewrightError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
