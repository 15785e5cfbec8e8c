"""A stage's load against the stand-in command, run by run, and runs of a load that never took place."""

from __future__ import annotations

import asyncio
import socket
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from casewright.api.staging import BoxResult, Finding
from casewright.staging.ask import Client
from casewright.staging.config import Deadlines, LoadPlan, StageConfig
from casewright.staging.context import Context
from casewright.staging.ledger import Ledger
from casewright.staging.load import LoadSeen
from casewright.staging.stack import LocalStack
from ports import free_ports
from unit.staging.standin_casewright import NAMES

SCRIPT = Path(__file__).with_name("standin_casewright.py")
ROOT = Path(__file__).parents[3]
SMALL = LoadPlan(
    users=6,
    ramp=100,
    seconds=2.0,
    overload_s=2.0,
    capacity_s=0.002,
    pause_s=0.05,
    requests=10,
    locustfile=ROOT / "locustfile.py",
)


def config_for(folder: Path, *faults: str, plan: LoadPlan = SMALL, attach: bool = False) -> StageConfig:
    numbers = dict(zip(NAMES, free_ports(len(NAMES)), strict=True))
    environment = {f"CASEWRIGHT_{name.upper()}_PORT": str(number) for name, number in numbers.items()}
    return StageConfig(
        data_dir=folder / "data",
        output=folder / "out",
        services={name: f"http://127.0.0.1:{number}" for name, number in numbers.items()},
        command=(sys.executable, str(SCRIPT)),
        environment=environment | {"STANDIN_FAULTS": ",".join(faults)},
        attach=attach,
        load=plan,
        deadlines=Deadlines(request_s=10, recovery_s=0.5, poll_s=0.05),
    )


class Loaded:
    """What a stage's load left: its boxes, findings, and lines of progress."""

    def __init__(self, config: StageConfig) -> None:
        self.config = config
        self.ledger = Ledger()
        self.told: list[str] = []
        self.ended = ""

    def box(self, name: str) -> BoxResult:
        return next(box for box in self.ledger.judge(self.config) if box.id == name)

    def finding(self, box: str, what: str) -> Finding:
        return next(found for found in self.ledger._findings[box] if what in found.what)

    def oks(self, box: str) -> dict[str, bool | None]:
        return {found.what: found.ok for found in self.ledger._findings[box]}


def loaded(config: StageConfig, run: Callable[[Context], Awaitable[str]], *, stack: bool = True) -> Loaded:
    """Carry ``run`` out over a stack that stands meanwhile (unless ``stack`` is False)."""
    return asyncio.run(loading(config, run, stack=stack))


async def loading(
    config: StageConfig, run: Callable[[Context], Awaitable[str]], *, stack: bool = True
) -> Loaded:
    result, own = Loaded(config), LocalStack(config)
    async with Client(config.deadlines.request_s) as client:
        context = Context(config, client, own, result.ledger, tell=result.told.append)
        context.engine = "stand-in"
        if stack:
            started = await own.up()
            assert started.exit_code == 0, started.stderr
            found = await own.processes()
            context.pids = found.pids
        try:
            result.ended = await run(context)
        finally:
            if stack:
                await own.down()
    return result


def refused(port: int) -> bool:
    """Whether nobody listens."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except ConnectionRefusedError:
        return True
    return False


def seen_of(times: dict[str, list[float]], **about: Any) -> LoadSeen:
    """A run with these milliseconds by end."""
    values: dict[str, Any] = {
        "run": {"users": 50, "workers": 2},
        "total": {end: len(times.get(end, [])) for end in ("model", "extractive", "shed", "failed")},
        "requests": {},
        "reasons": {},
        "origins": {"embedded/m": 1},
        "statuses": {},
        "model_asked": len(times.get("model", [])),
        "prompt_tokens": {"p50": 74, "p95": 75, "max": 75},
        "output_tokens": {"p50": 10, "p95": 11, "max": 13},
        "times": [("rag", end, ms) for end, ms in times.items()],
    }
    return LoadSeen.model_validate(values | about)


async def until(holds: Callable[[], bool], limit_s: float = 30.0) -> None:
    """Wait for a condition."""
    deadline = time.monotonic() + limit_s
    while not holds():
        assert time.monotonic() < deadline, "it never held"
        await asyncio.sleep(0.02)
