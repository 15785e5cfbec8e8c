"""Record how one engine's blocks scatter when nothing changes: the noise that error rates are simulated on.

`record` takes any callable that runs one block and returns its values by metric, so it does not care how
blocks are run; `append` puts the series into docs/benchmarks/noise.json. A first real recording replaces a
placeholder.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from casewright.api.bench import Machine
from casewright.bench.noise import NoiseFile, RecordedSeries, load

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
        print(f"block {index + 1} of {blocks}: {dict(found[-1])}", flush=True)
    values: dict[str, tuple[float, ...]] = {}
    for name in found[0]:
        series = [block.get(name) for block in found]
        whole = tuple(value for value in series if value is not None and value > 0)
        if len(whole) == blocks:
            values[name] = whole
    return RecordedSeries(
        engine=engine,
        load=load_text,
        recorded_at=started.isoformat(timespec="seconds"),
        block_s=block_s,
        at_s=tuple(at),
        values=values,
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
