"""What a storm is made of: processes killed or stopped by their ids, and the stack becoming whole."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from casewright.api.staging import Finding
from casewright.staging.context import Context, mapping
from casewright.staging.judge import finding


def within(what: str, took: float | None, bound_s: float, waited_s: float | None = None) -> Finding:
    """Something that was waited for came within its bound; ``took`` None: not within ``waited_s`` either."""
    limit_s = bound_s if waited_s is None else waited_s
    seen = f"after {took:.1f} s" if took is not None else f"not in {limit_s:g} s"
    return finding(what, f"within {bound_s:g} s", seen, took is not None and took <= bound_s)


async def kill(context: Context, pid: int) -> str | None:
    """Kill -9 a process of the stack; why it could not be, or None."""
    problem = await context.stack.signal(pid, signal.SIGKILL)
    if problem is None:
        context.killed.add(pid)
    return problem


@asynccontextmanager
async def stopped(context: Context, pid: int) -> AsyncIterator[str | None]:
    """Stop a process (SIGSTOP) and let it go on whatever happens; yields why it could not be."""
    try:
        yield await context.stack.signal(pid, signal.SIGSTOP)
    finally:
        # a second Ctrl-C must not leave it stopped; one that was killed meanwhile is gone anyway
        await asyncio.shield(asyncio.ensure_future(context.stack.signal(pid, signal.SIGCONT)))


async def whole(context: Context, name: str | None = None) -> bool:
    """Every service is healthy, and the process ``name`` says so of itself."""
    if name is not None:
        own = context.health_url(name)
        if (
            own is not None
            and (await context.client.get(own, timeout_s=context.config.deadlines.health_s)).status != 200
        ):
            return False
    answers = await context.healths()
    return all(
        answer.status == 200 and mapping(answer.json).get("status") == "healthy"
        for answer in answers.values()
    )


async def kill_and_wait(context: Context, name: str, pid: int) -> tuple[float | None, str | None]:
    """Kill -9; the seconds until the stack is whole again (None: not in time), or why it was not killed."""
    began = time.monotonic()
    problem = await kill(context, pid)
    if problem is not None:
        return None, problem
    limit_s = context.config.deadlines.recovery_s
    return await context.until(lambda: whole(context, name), limit_s, began), None


async def new_pid(context: Context, name: str, *boxes: str) -> int | None:
    """The process's id now, taken as the one that should be there from now on."""
    found = await context.listing(*boxes)
    fresh = found.pids.get(name)
    if fresh is not None:
        context.pids[name] = fresh
    return fresh
