"""What a storm needs of containers: stopping all that one consists of, and what is said of its settings."""

from __future__ import annotations

import asyncio
import json
import signal
from pathlib import Path

import psutil  # type: ignore[import-untyped]

from casewright.staging.compose import ComposeStack
from unit.staging.docker_scenarios import Scenario


async def stopped_and_on(stack: ComposeStack, name: str) -> list[bool]:
    """Whether a container's process is stopped before, while, and after it is paused."""
    assert (await stack.up()).exit_code == 0
    seen = await stack.processes()
    process, states = psutil.Process(seen.pids[name]), list[bool]()
    for number in (None, signal.SIGSTOP, signal.SIGCONT):
        if number is not None:
            assert await stack.signal(process.pid, number) is None
        states.append(process.status() == psutil.STATUS_STOPPED)
    assert await stack.signal(1, signal.SIGSTOP) == "no container runs as pid 1"
    assert all(each.restarts == 0 for each in seen.processes)
    assert json.loads((await stack.settings_shown()).stdout)["settings"]["CASEWRIGHT_AUTH"]["value"] == "none"
    assert (await stack.down()).exit_code == 0
    return states


def test_a_container_is_paused_as_a_whole_and_goes_on(tmp_path: Path) -> None:
    """Its main process is an init: to stop that would leave the service at work."""
    found = Scenario(tmp_path / "machine", auth="none")
    try:
        _, stack = found.stage()
        assert asyncio.run(stopped_and_on(stack, "rag")) == [False, True, False]
        calls = found.calls()
        assert [word in calls for word in ("docker pause rag-service", "docker unpause rag-service")] == [
            True,
            True,
        ]
        assert not any("--pid host" in call for call in calls)
    finally:
        found.close()
