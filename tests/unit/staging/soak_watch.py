"""A soak as a process of its own, to be killed: ``python soak_watch.py FOLDER SERVICES PIDS`` (JSON)."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from casewright.api.staging import CommandRun
from casewright.staging.config import StageConfig
from casewright.staging.samples import Plan, Recording
from casewright.staging.soak_run import run_soak
from casewright.staging.stack import Listing, LocalStack, ProcessSeen


class FixedStack(LocalStack):
    """A stack as somebody else started it: these processes, whatever becomes of them."""

    def __init__(self, config: StageConfig, pids: dict[str, int]) -> None:
        super().__init__(config)
        self.pids = pids

    async def processes(self) -> Listing:
        run = CommandRun(at="now", words=("ps",), exit_code=0, seconds=0.1, stdout="", stderr="")
        return Listing(run, tuple(ProcessSeen(name, "running", pid, None) for name, pid in self.pids.items()))


def main(folder: Path, services: dict[str, str], pids: dict[str, int]) -> None:
    """Watch for a minute, or until killed."""
    config = StageConfig(folder, folder, services, ("false",), attach=True)
    plan = Plan(duration_s=60, interval_s=0.05, users=2, pause_s=0.05, warm=1, looks=3)
    run_soak(config, plan, Recording(), lambda _: None, FixedStack(config, pids))


if __name__ == "__main__":
    main(Path(sys.argv[1]), json.loads(sys.argv[2]), json.loads(sys.argv[3]))
