"""A stage in a process of its own, to be killed: ``python interrupted.py FOLDER`` prints each step.

Its stand-in stack outlives it, as a real one does; ``FOLDER/stack.json`` names its ports and processes.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path

from casewright.api.staging import CommandRun
from casewright.staging.config import Deadlines, StageConfig
from casewright.staging.run import StepEvent, run_stage
from casewright.staging.stack import Listing, ProcessSeen
from unit.staging.stack import StandInStack

FILE = "stack.json"


def config_at(folder: Path, services: dict[str, str], *, resume: bool = False) -> StageConfig:
    """The stage that is interrupted, and that which goes on."""
    return StageConfig(
        data_dir=folder / "data",
        output=folder / "out",
        services=services,
        command=("false",),
        only=("startup", "functional"),
        resume=resume,
        deadlines=Deadlines(request_s=5, poll_s=0.02, sample_s=0.05, sampled_s=0.3),
    )


class Left(StandInStack):
    """The stack that a killed stage left running, as another process finds it."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        about = json.loads((folder / FILE).read_text())
        self.ports = about["ports"]
        self.left: dict[str, int] = about["pids"]

    async def processes(self) -> Listing:
        found = await super().processes()
        left = tuple(ProcessSeen(name, "running", pid, None) for name, pid in self.left.items())
        return Listing(found.run, (*left, *found.processes))

    async def down(self) -> CommandRun:
        for pid in self.left.values():
            os.kill(pid, signal.SIGKILL)
        self.left = {}
        return await super().down()


if __name__ == "__main__":
    here = Path(sys.argv[1])
    stack = StandInStack(here)

    def tell(event: StepEvent) -> None:
        if event.name == "end to end" and event.result is None:
            pids = {name: process.pid for name, process in stack.running.items()}
            (here / FILE).write_text(json.dumps({"ports": stack.ports, "pids": pids}))
        if event.result is None and not event.words:
            sys.stdout.write(f"{event.name}\n")
            sys.stdout.flush()

    run_stage(config_at(here, stack.services), tell, stack)
