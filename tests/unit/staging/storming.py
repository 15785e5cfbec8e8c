"""Takes one step of a stage against a stack of stand-ins that was started for it, and judges its boxes."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

from casewright.api.staging import BoxResult, EvidenceFile
from casewright.staging.ask import Client
from casewright.staging.checklist import BOXES
from casewright.staging.config import Deadlines, StageConfig
from casewright.staging.context import CannotGoOn, Context
from casewright.staging.ledger import Ledger
from unit.staging.stack import StandInStack

Take = Callable[[Context], Awaitable[str]]
Change = Callable[[StageConfig], StageConfig]


def config_of(stack: StandInStack, folder: Path) -> StageConfig:
    return StageConfig(
        data_dir=folder,
        output=folder / "out",
        services=stack.services,
        command=("false",),
        kills=3,
        deadlines=Deadlines(
            request_s=3.0,
            answer_s=3.0,
            switch_s=1.0,
            recovery_s=4.0,
            poll_s=0.05,
            health_s=0.7,
            traffic_s=0.05,
        ),
    )


async def taken(step: Take, stack: StandInStack, config: StageConfig, provider: str = "embedded") -> Ledger:
    """One step of a stage against a stack that was started for it."""
    ledger = Ledger()
    await stack.up()
    async with Client(config.deadlines.request_s) as client:
        context = Context(config, client, stack, ledger, provider=provider)
        found = await stack.processes()
        context.pids = found.pids
        context.urls = {each.name: each.url for each in found.processes if each.url}
        try:
            await step(context)
        except CannotGoOn as stop:
            ledger.unfinished([box.id for box in BOXES], stop.why)
    return ledger


class Runs:
    """Runs of steps, each with a folder and a stack of its own; the stacks end with ``close``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.stacks: list[StandInStack] = []

    def __call__(
        self,
        step: Take,
        *faults: str,
        stack: StandInStack | None = None,
        change: Change = lambda config: config,
        provider: str = "embedded",
    ) -> dict[str, BoxResult]:
        folder = self.folder / str(len(self.stacks))
        folder.mkdir()
        self.stacks.append(stack or StandInStack(folder, *faults))
        config = change(config_of(self.stacks[-1], folder))
        ledger = asyncio.run(taken(step, self.stacks[-1], config, provider))
        ledger.write(config.output)
        return {box.id: box for box in ledger.judge(config)}

    def close(self) -> None:
        """End every stack."""
        for stack in self.stacks:
            stack.close()


def impatient(config: StageConfig) -> StageConfig:
    quick = replace(config.deadlines, answer_s=0.6, request_s=0.6, recovery_s=1.0, switch_s=0.3)
    return replace(config, deadlines=quick)


def evidence_of(folder: Path, name: str) -> EvidenceFile:
    """The evidence that was written, of the only run there was."""
    (file,) = folder.glob(f"*/out/{name}.json")
    return EvidenceFile.model_validate_json(file.read_bytes())


def failures(folder: Path, name: str) -> set[str]:
    """What did not hold, by the evidence that was written."""
    return {each.what for each in evidence_of(folder, name).findings if each.ok is False}


def open_ones(folder: Path, name: str) -> dict[str, str]:
    """What could not be decided, and what was seen of it."""
    return {each.what: each.seen for each in evidence_of(folder, name).findings if each.ok is None}
