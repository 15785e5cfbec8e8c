"""What POST /convert takes beyond the engine's own time, for notes of 100 lines, with one user.

The service is `casewright serve notes` as a process. ``extractive`` asks no model, so all of it is overhead.
``structured`` has a small server here draft the letter: it says the lines back as facts and as sentences
after a fixed time a call. The engine's own time is while at least one call was with it; the rest is overhead.
Beside it stands what the service's process used of the processor for a request, which other work on the
machine changes little; where a model drafts, part of that is while the engine works, and is no overhead.

    python benchmarks/notes_overhead.py
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import statistics
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Any

from casewright.bench.machine import describe_machine
from query_overhead import Caller, Engine, engine, interval, service

BOUND_MS = 50.0
LINES = 100
WARM = 5
_KINDS = (
    "cl owes Barclays £{a}",
    "cl to send payslips by {d} May",
    "I will call LL re arrears £{a}",
    "cl says the council has not answered since {d} April",
    "LL served s21 notice on {d} March",
    "told cl not to sign anything",
    "cl lives with 2 children",
    "payslips to be sent",
    "cl to call the court, ref PPR-{a}",
    "rent £{a} pcm, o/s since {d} June",
)


class _Drafting(Engine):
    """Drafts as it is asked, and adds up how long it was at it."""

    engine_ms = 200.0
    spent: list[tuple[float, float]] = []  # noqa: RUF012 - the handler is made anew for each connection

    def said(self, messages: list[dict[str, Any]]) -> str:
        return _said(messages)

    def answered(self, asked: dict[str, Any], began: float) -> None:
        if asked["max_tokens"] > 1:  # the one token is the look after the engine's health
            self.spent.append((began, time.perf_counter()))


def _said(messages: list[dict[str, Any]]) -> str:
    """The lines as facts; for facts, sentences that hold where the line can simply be said to the client."""
    body = str(messages[-1]["content"])
    rows = re.findall(r"^(\d+): (.+)$", body.partition("\nFacts:\n")[0], re.MULTILINE)
    if "\nFacts:\n" not in body:
        facts = [
            {"id": f"a{n}", "text": text, "section": "", "owner": "", "lines": [int(n)]} for n, text in rows
        ]
        return json.dumps({"facts": facts})
    told = [{"text": _told(text), "section": "", "facts": [f"a{n}"]} for n, text in rows]
    return json.dumps({"sentences": told})


def _told(line: str) -> str:
    for before, after in (
        ("cl owes", "You owe"),
        ("cl to ", "You need to "),
        ("I will", "We will"),
        ("cl lives", "You live"),
    ):
        if line.startswith(before):
            return f"{line.replace(before, after, 1)}."
    return f"{line[0].upper()}{line[1:]}."


def notes(rng: random.Random) -> str:
    """Notes of ``LINES`` lines, others each time."""
    return "\n".join(
        rng.choice(_KINDS).format(a=rng.randrange(10, 3_000), d=rng.randrange(1, 29)) for _ in range(LINES)
    )


def busy_ms(spans: list[tuple[float, float]]) -> float:
    """How long at least one call was with the engine: calls side by side count once."""
    total, end = 0.0, float("-inf")
    for first, last in sorted(spans):
        total += max(0.0, last - max(first, end))
        end = max(end, last)
    return total * 1000


def cpu_s(url: str) -> float:
    """What the service's process has used of the processor since it began."""
    with urllib.request.urlopen(f"{url}/metrics", timeout=10) as answer:
        told = answer.read().decode()
    found = re.search(r"^process_cpu_seconds_total (\S+)$", told, re.MULTILINE)
    if found is None:
        sys.exit("the service does not tell its processor time")
    return float(found[1])


def measure(url: str, strategy: str, requests: int) -> tuple[list[float], dict[str, list[float]], float]:
    """Overheads, the service's parts, and processor ms a request."""
    caller = Caller(url)
    rng = random.Random(5)
    over: list[float] = []
    parts: dict[str, list[float]] = {}
    began = 0.0
    for tried in range(requests + WARM):
        _Drafting.spent.clear()
        asked = {"notes": notes(rng), "client_name": "Ann Other", "strategy": strategy}
        took, answer = caller.call("POST", "/convert", asked)
        if answer["lines_total"] != LINES or (strategy == "structured") != bool(_Drafting.spent):
            sys.exit(f"not what is measured: {answer['warnings']}")
        if tried < WARM:  # the first ones load what is loaded once
            began = cpu_s(url)
            continue
        over.append(took - busy_ms(_Drafting.spent))
        for part, ms in answer["timings"]["parts"].items():
            parts.setdefault(part, []).append(ms)
    return over, parts, (cpu_s(url) - began) * 1000 / requests


def main() -> int:
    """Measure and print; 1 where the bound does not hold."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--requests", type=int, default=60, help="of each kind")
    words = parser.parse_args()
    medians = []
    with (
        tempfile.TemporaryDirectory(prefix="cw-notes-") as folder,
        engine(_Drafting) as engine_url,
        service(Path(folder), engine_url, "notes") as url,
    ):
        print(
            "| strategy | requests | overhead p50, ms | overhead p95, ms | processor, ms | parts, median ms |"
        )
        print("|---|---:|---:|---:|---:|---|")
        for strategy in ("extractive", "structured"):
            over, parts, cpu = measure(url, strategy, words.requests)
            medians.append(statistics.median(over))
            cells = [
                f"{v:.1f} ({low:.1f} to {high:.1f})" for v, low, high in map(interval, (over, over), (50, 95))
            ]
            inside = ", ".join(f"{part} {statistics.median(ms):.1f}" for part, ms in parts.items())
            row = [strategy, str(len(over)), *cells, f"{cpu:.1f}", inside]
            print(f"| {' | '.join(row)} |", flush=True)
    machine = describe_machine()
    print(f"\n{machine.cpu}, {machine.cores} cores; load average {os.getloadavg()[0]:.1f}")
    return 0 if max(medians) <= BOUND_MS else 1


if __name__ == "__main__":
    sys.exit(main())
