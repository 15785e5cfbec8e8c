"""Earlier suites kept beside the result, one JSON line a provider, and how the present one lies among them.

Only like is compared with like: the same engine, weights, workload, load and machine. A line that cannot be
read (torn by a crash, or of another version) is counted and said, never guessed at.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from pydantic import ValidationError

from casewright.api.bench import Record
from casewright.api.suite import Provider, Suite
from casewright.bench.record import storage_error

FILE_NAME = "benchmark_history.jsonl"
MAX_LINES = 5_000


class Entry(Record):
    """One provider in one suite. ``key`` is equal where the figures may be compared."""

    at: str
    suite: str
    key: str
    label: str
    latency_ms: float | None = None
    throughput: float | None = None
    concurrent: float | None = None
    error_rate: float | None = None


def history_path(result: Path) -> Path:
    """The history's place: beside the result file."""
    return result.with_name(FILE_NAME)


def entries(suite: Suite) -> tuple[Entry, ...]:
    """What a suite leaves for later ones: a line for each provider that was wholly measured."""
    if suite.interrupted:
        return ()
    return tuple(_entry(suite, p) for p in suite.providers if p.stages and p.failure is None)


def _entry(suite: Suite, provider: Provider) -> Entry:
    single, through, workers = (provider.stage(name) for name in ("single", "throughput", "workers"))
    return Entry(
        at=suite.finished_at,
        suite=suite.id,
        key=_key(suite, provider),
        label=provider.label,
        latency_ms=single.run.e2e_ms.mean if single else None,
        throughput=through.run.throughput.requests_per_s if through else None,
        concurrent=workers.run.throughput.requests_per_s if workers else None,
        error_rate=provider.error_rate.value if provider.error_rate else None,
    )


def _key(suite: Suite, provider: Provider) -> str:
    """A digest of everything that must be equal."""
    who = provider.stages[0].run.engine.identity
    facts = {
        "engine": [who.name, who.version, who.model, who.digest, who.quantization, who.slots],
        "machine": [suite.machine.cpu, suite.machine.cores],
        "stages": [[s.name, s.run.load.model_dump(), s.run.workload.sha256] for s in provider.stages],
    }
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:16]


def load_history(path: Path) -> tuple[list[Entry], int]:
    """The last entries (at most `MAX_LINES`) and how many lines could not be read; none without a file.

    Raises:
        StorageError: the file is there and cannot be opened.
    """
    try:
        lines = path.read_bytes().splitlines()[-MAX_LINES:]
    except FileNotFoundError:
        return [], 0
    except OSError as error:
        raise storage_error(path, error) from error
    found, bad = [], 0
    for line in lines:
        try:
            found.append(Entry.model_validate_json(line))
        except ValidationError:
            bad += 1
    return found, bad


def append_history(path: Path, new: Sequence[Entry]) -> None:
    """Add lines in one write, after making sure that the file ends with a whole line.

    Raises:
        StorageError: the disk refuses.
    """
    if not new:
        return
    text = "".join(entry.model_dump_json() + "\n" for entry in new)
    try:
        with path.open("a+b") as file:
            if file.seek(0, os.SEEK_END):
                file.seek(-1, os.SEEK_END)
                text = text if file.read(1) == b"\n" else "\n" + text
            file.write(text.encode())
    except OSError as error:
        raise storage_error(path, error) from error


def trend(before: Sequence[Entry], now: Sequence[Entry], unreadable: int = 0) -> tuple[str, ...]:
    """One line a provider: where its figures lie among those of earlier, comparable suites."""
    lines = []
    for entry in now:
        alike = [old for old in before if old.key == entry.key and old.suite != entry.suite]
        if not alike:
            others = sum(old.label == entry.label for old in before)
            why = f"{others} differ in engine, load or machine" if others else "this is the first"
            lines.append(f"{entry.label}: no earlier suite to compare with ({why})")
            continue
        parts = [
            _among("latency", "ms", entry.latency_ms, [old.latency_ms for old in alike]),
            _among("throughput", "req/s", entry.throughput, [old.throughput for old in alike]),
        ]
        suites = f"{len(alike)} earlier suite{'s' if len(alike) > 1 else ''}"
        lines.append(f"{entry.label}, against {suites}: " + "; ".join(part for part in parts if part))
    if unreadable:
        lines.append(f"{unreadable} lines of the history could not be read and are left out")
    return tuple(lines)


def _among(what: str, unit: str, value: float | None, old: Sequence[float | None]) -> str:
    known = [x for x in old if x is not None]
    if value is None or not known:
        return ""
    middle = median(known)
    change = f"{value / middle - 1:+.0%} against their median {middle:.4g}" if middle else ""
    if len(known) > 1:
        inside = min(known) <= value <= max(known)
        change += f", {'within' if inside else 'outside'} their {min(known):.4g} to {max(known):.4g}"
    return f"{what} {value:.4g} {unit} ({change})"
