"""How well and how fast scans are read: pages with known text, by both engines, under several conditions.

Each page is drawn from a seed, spoilt as its condition says and read by ``read_picture_page`` as the service
does, one page after the other on one thread. What was chosen by looking at such pages (thresholds, sizes) was
chosen on the seeds of ``--tune``; what is reported is read on others.

    python benchmarks/scans.py --out docs/benchmarks/scans.md
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from casewright.bench.machine import describe_machine
from casewright.documents.ocr.doubt import SURE
from casewright.documents.ocr.page import read_picture_page
from casewright.documents.options import OcrEngine, OcrOptions
from scan_pages import A4_MM, FONTS, KINDS, Condition, draw_page, taken
from scan_score import Score, score

ENGINES: tuple[OcrEngine, ...] = ("rapidocr", "tesseract")
CONDITIONS = (
    Condition("150 dpi, clean", 150),
    Condition("200 dpi, clean", 200),
    Condition("300 dpi, clean", 300),
    Condition("200 dpi, leaning", 200, skew=5.0),
    Condition("150 dpi, noisy", 150, skew=2.0, noise=0.5),
    Condition("200 dpi, noisy", 200, skew=2.0, noise=0.5),
    Condition("200 dpi, very noisy", 200, skew=5.0, noise=0.8),
    Condition("200 dpi, ruined", 200, skew=5.0, noise=1.1),
)
# Bounds that are asked for: the share of wrong characters.
BOUNDS = {"200 dpi, clean": 0.02, "200 dpi, noisy": 0.06}
REPORT_SEED, TUNE_SEED = 1, 1000
WIDTH_PT, HEIGHT_PT = (mm / 25.4 * 72 for mm in A4_MM)


@dataclass(frozen=True)
class Result:
    """One engine under one condition."""

    engine: OcrEngine
    condition: Condition
    score: Score


@dataclass(frozen=True)
class Worker:
    """What one worker process takes.

    ``resident`` and ``addresses`` are the most after a page at 200 and one at 300 dpi, in MB; ``alone`` and
    ``beside`` are seconds a page with no other worker and with one that reads the same.
    """

    engine: OcrEngine
    resident: float
    addresses: float
    alone: float
    beside: float


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pages", type=int, default=7, help="pages a condition (7 have every font once)")
    parser.add_argument("--engine", choices=ENGINES, action="append", help="only this one")
    parser.add_argument("--tune", action="store_true", help="the seeds that settings were chosen on")
    parser.add_argument("--out", type=Path, help="write the report (Markdown) there")
    options = parser.parse_args()
    engines: Sequence[OcrEngine] = options.engine or ENGINES
    seed = TUNE_SEED if options.tune else REPORT_SEED
    workers = [_worker(engine) for engine in engines]
    results = []
    for condition in CONDITIONS:
        for result in _measure(condition, engines, options.pages, seed):
            results.append(result)
            print(_row(result), flush=True)
    report = _report(results, workers, options.pages, tuned="--tune" if options.tune else "")
    print(report)
    if options.out:
        options.out.write_text(report, encoding="utf-8")
    return 0 if _within_bounds(results) else 1


def _measure(condition: Condition, engines: Sequence[OcrEngine], pages: int, seed: int) -> Iterator[Result]:
    for engine in engines:
        total = Score()
        for number in range(pages):
            total.add(_one(condition, engine, seed + number))
        yield Result(engine, condition, total)


def _one(condition: Condition, engine: OcrEngine, seed: int) -> Score:
    kind, font = list(KINDS)[seed % len(KINDS)], list(FONTS)[seed % len(FONTS)]
    drawn = draw_page(kind, font, condition.dpi, seed)
    image = taken(drawn.image, condition, seed)
    began = time.perf_counter()
    page = read_picture_page(image, OcrOptions(engine=engine), width=WIDTH_PT, height=HEIGHT_PT, unit="pt")
    return score(page, drawn.words, time.perf_counter() - began)


def _worker(engine: OcrEngine) -> Worker:
    """Measured in processes of their own, as workers are."""
    context = multiprocessing.get_context("spawn")
    with context.Pool(1) as pool:
        resident, addresses = pool.apply(_memory_here, (engine,))
        alone = pool.apply(_seconds_here, (engine,))
    with context.Pool(2) as pool:
        pool.map(_memory_here, [engine, engine], chunksize=1)  # both have their models now
        beside = max(pool.map(_seconds_here, [engine, engine], chunksize=1))
    return Worker(engine, resident, addresses, alone, beside)


def _memory_here(engine: OcrEngine) -> tuple[float, float]:
    for condition in (CONDITIONS[1], CONDITIONS[2]):
        _one(condition, engine, TUNE_SEED)
    said = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    peak_kb, addresses_kb = (int(said[name].split()[0]) for name in ("VmHWM", "VmPeak"))
    return peak_kb / 1024, addresses_kb / 1024


def _seconds_here(engine: OcrEngine) -> float:
    pages = 3
    return sum(_one(CONDITIONS[1], engine, TUNE_SEED + number).seconds for number in range(pages)) / pages


def _within_bounds(results: Sequence[Result]) -> bool:
    """Whether the default engine keeps to what is asked for."""
    return all(
        _share(result.score.errors, result.score.chars) <= BOUNDS[result.condition.name]
        for result in results
        if result.engine == ENGINES[0] and result.condition.name in BOUNDS
    )


def _report(results: Sequence[Result], workers: Sequence[Worker], pages: int, *, tuned: str) -> str:
    machine = describe_machine()
    seeds = "the seeds that settings were chosen on" if tuned else "seeds that no setting was chosen on"
    command = f"python benchmarks/scans.py {tuned}".strip()
    asked = ", ".join(f"{name} {bound:.0%}" for name, bound in BOUNDS.items())
    lines = [
        "# Scans",
        "",
        f"`{command}` on {datetime.now(UTC):%Y-%m-%d}: {pages} pages a",
        f"condition, {seeds}; {len(FONTS)} fonts, letters, statements and forms; one page after the other on",
        f"one thread. {machine.cpu}, {machine.cores} cores; load at the end {os.getloadavg()[0]:.1f}.",
        "",
        "CER: wrong, missing and added characters as a share of those drawn, white space made single, in the",
        "order in which a reader would read. Figures: amounts, dates and references that stand in the text",
        f"digit for digit. Bounds asked for: {asked}.",
        "",
        "| condition | engine | CER | figures exact | s a page | pages/s |",
        "|---|---|---|---|---|---|",
        *(_row(result) for result in results),
        "",
        "## Doubts",
        "",
        f"A figure is marked when its least sure character is below {SURE:g}, or when it cannot be what it",
        "stands for. Of the figures as they were read (those not read at all are in the table above):",
        "",
        "| engine | conditions | wrong | of them marked | right | of them marked |",
        "|---|---|---|---|---|---|",
        *_doubt_rows(results),
        "",
        "## A worker",
        "",
        "Memory after a page at 200 dpi and one at 300 dpi (Tesseract's own process is not counted), and how",
        "long a page takes it alone and beside another worker:",
        "",
        "| engine | resident at most | addresses at most | s a page alone | beside another |",
        "|---|---|---|---|---|",
        *(_worker_row(one) for one in workers),
        "",
    ]
    return "\n".join(lines)


def _worker_row(one: Worker) -> str:
    memory = f"{one.resident:.0f} MB | {one.addresses:.0f} MB"
    return f"| {one.engine} | {memory} | {one.alone:.2f} | {one.beside:.2f} |"


def _row(result: Result) -> str:
    found = result.score
    seconds = found.seconds / found.pages
    return (
        f"| {result.condition.name} | {result.engine} | {_share(found.errors, found.chars):.2%} "
        f"| {found.exact} of {found.figures} | {seconds:.2f} | {1 / seconds:.2f} |"
    )


def _doubt_rows(results: Sequence[Result]) -> Iterator[str]:
    for engine in dict.fromkeys(result.engine for result in results):
        for name, spoilt in (("clean", False), ("noisy", True)):
            total = Score()
            for result in results:
                if result.engine == engine and bool(result.condition.noise) == spoilt:
                    total.add(result.score)
            yield (
                f"| {engine} | {name} | {total.wrong} | {_said(total.wrong_marked, total.wrong)} "
                f"| {total.right} | {_said(total.right_marked, total.right)} |"
            )


def _said(part: int, whole: int) -> str:
    return f"{part} ({part / whole:.1%})" if whole else "none there"


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0


if __name__ == "__main__":
    sys.exit(main())
