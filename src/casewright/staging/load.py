"""One run of Locust as an operator starts it: its command, a line of progress, and what it found."""

from __future__ import annotations

import asyncio
import csv
import math
import os
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from casewright.api.staging import CommandRun
from casewright.staging.config import LoadPlan
from casewright.staging.context import Context
from casewright.staging.load_stack import free_ports
from casewright.staging.stack import run_command

TOLD_EVERY_S = 10.0
# Locust starts and ends, users finish the requests that are under way, workers tell their master
AROUND_S = 60.0
FINISH_S = 30
ENDS = ("model", "extractive", "shed", "failed")


class LoadSeen(BaseModel):
    """What locustfile.py wrote of a run; milliseconds of every request by name and end are in ``times``."""

    model_config = ConfigDict(extra="ignore", protected_namespaces=())

    run: dict[str, Any]
    total: dict[str, int]
    requests: dict[str, dict[str, Any]]
    reasons: dict[str, int]
    origins: dict[str, int]
    statuses: dict[str, int]
    model_asked: int
    prompt_tokens: dict[str, float | None]
    output_tokens: dict[str, float | None]
    times: list[tuple[str, str, list[float]]]

    def ms(self, *ends: str) -> list[float]:
        """Milliseconds of the requests that came to one of these ends."""
        return [each for _, end, found in self.times if end in ends for each in found]

    @property
    def sent(self) -> int:
        """Requests that came to an end."""
        return sum(self.total.values())

    @property
    def answered(self) -> int:
        """Right answers."""
        return self.total["model"] + self.total["extractive"]

    @property
    def summary(self) -> dict[str, Any]:
        """Everything but the single times."""
        return self.model_dump(exclude={"times"})


@dataclass(frozen=True, slots=True)
class LoadRun:
    """One run: ``name`` is the beginning of its files in the output folder. ``pause_s``: mean think time.

    ``host`` and ``environment`` say where the services are.
    """

    name: str
    scenario: str
    host: str
    seconds: float
    pause_s: float
    environment: Mapping[str, str]
    strategy: str = "auto"
    max_shed: float = 0.1

    def words(self, plan: LoadPlan, folder: Path, port: int) -> tuple[str, ...]:
        """The command: the plan's own, with what makes it distributed, bounded and kept."""
        words: list[str] = [sys.executable, "-m", "locust", "-f", str(plan.locustfile), f"--host={self.host}"]
        words += ["-u", str(plan.users), "-r", str(plan.ramp), "--run-time", f"{math.ceil(self.seconds)}s"]
        words += ["--scenario", self.scenario, "--strategy", self.strategy, "--pause", f"{self.pause_s:.2f}"]
        words += ["--max-shed", f"{self.max_shed:g}", "--stop-timeout", str(FINISH_S)]
        words += ["--headless", "--only-summary", "--csv", str(folder / self.name)]
        if plan.workers:
            own = ("--master-bind-host", "127.0.0.1", "--master-bind-port", str(port))
            words += ["--processes", str(plan.workers), *own, "--master-port", str(port)]
        return tuple(words)

    @property
    def files(self) -> tuple[str, ...]:
        """What it leaves in the output folder."""
        ends = (".json", "_stats.csv", "_stats_history.csv", "_failures.csv", "_exceptions.csv")
        return tuple(f"{self.name}{end}" for end in ends)


async def put_load(context: Context, run: LoadRun, *boxes: str) -> tuple[LoadSeen | None, CommandRun]:
    """Run it to its end with a line of progress every few seconds; None where it left nothing to read."""
    folder = context.config.output
    await asyncio.to_thread(_make_room, folder, run)
    (port,) = free_ports(1)
    written = folder / f"{run.name}.json"
    environment = {**os.environ, **run.environment, "CASEWRIGHT_LOAD_JSON": str(written)}
    teller = asyncio.create_task(_tell(context, run))
    try:
        words = run.words(context.config.load, folder, port)
        command = await run_command(words, environment, run.seconds + FINISH_S + AROUND_S)
    finally:
        teller.cancel()
        await asyncio.gather(teller, return_exceptions=True)
    for box in boxes:
        context.ledger.command(box, command)
    seen = await asyncio.to_thread(_read, written)
    if seen is not None:
        kept = [name for name in run.files if (folder / name).is_file()]
        for box in boxes:
            context.ledger.seen(box, **{run.name: {**seen.summary, "files": kept}})
    return seen, command


def _make_room(folder: Path, run: LoadRun) -> None:
    """What an earlier run left here is not to be taken for this one's."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in run.files:
        (folder / name).unlink(missing_ok=True)


def _read(path: Path) -> LoadSeen | None:
    try:
        return LoadSeen.model_validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return None


async def _tell(context: Context, run: LoadRun) -> None:
    """Say how far it is, from the statistics that Locust writes as it goes."""
    began, users = time.monotonic(), context.config.load.users
    stats = context.config.output / f"{run.name}_stats.csv"
    while True:
        passed = time.monotonic() - began
        sent, not_right = await asyncio.to_thread(_so_far, stats)
        told = f"{sent} requests, {not_right} not answered" if sent is not None else "Locust starts"
        far = f"{passed:.0f} of {run.seconds:g} s" if passed < run.seconds else "finishing"
        context.tell(f"{run.name}: {users} users, {far}, {told}")
        await asyncio.sleep(TOLD_EVERY_S)


def _so_far(path: Path) -> tuple[int | None, int | None]:
    try:
        with path.open(newline="") as file:
            for row in csv.DictReader(file):
                if row["Name"] == "Aggregated":
                    return int(row["Request Count"]), int(row["Failure Count"])
    except (OSError, KeyError, TypeError, ValueError):
        pass  # it is being written just now: the next line of progress has it
    return None, None
