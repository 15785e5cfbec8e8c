"""What a storm is made of: processes killed or stopped by their ids, and the stack becoming whole."""

from __future__ import annotations

import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from casewright.api.staging import Finding
from casewright.staging.context import Context, mapping
from casewright.staging.judge import finding
from casewright.staging.orders import to_the_end
from casewright.staging.stack import Listing
from casewright.staging.storm_bounds import (
    CONTAINER_BOUND_S,
    ENGINE_RECOVERY_BOUND_S,
    RECOVERY_BOUND_S,
    VLLM_BOUND_S,
)

ENGINES = ("engine", "vllm")


def within(what: str, took: float | None, bound_s: float, waited_s: float | None = None) -> Finding:
    """Something that was waited for came within its bound; ``took`` None: not within ``waited_s`` either."""
    limit_s = bound_s if waited_s is None else waited_s
    seen = f"after {took:.1f} s" if took is not None else f"not in {limit_s:g} s"
    return finding(what, f"within {bound_s:g} s", seen, took is not None and took <= bound_s)


def bound_of(context: Context, *names: str) -> float:
    """Seconds in which the stack must be whole after these were killed; an engine loads its model anew."""
    compose, ours = context.config.target == "compose", context.config.services

    def one(name: str) -> float:
        if compose and name not in ours:
            return VLLM_BOUND_S if name == "vllm" else CONTAINER_BOUND_S
        return ENGINE_RECOVERY_BOUND_S if name in ENGINES else RECOVERY_BOUND_S

    return max((one(name) for name in names), default=RECOVERY_BOUND_S)


def patience_of(context: Context, *names: str) -> float:
    """Seconds to wait for that, longer than it may take, so that it is known how long it took."""
    recovery_s = context.config.deadlines.recovery_s
    return max(recovery_s, bound_of(context, *names)) if context.config.target == "compose" else recovery_s


async def kill(context: Context, name: str, pid: int) -> str | None:
    """Kill -9 a process of the stack; why it could not be, or None."""
    problem = await context.stack.signal(pid, signal.SIGKILL)
    if problem is None:
        context.killed.add(pid)
        context.kills[name] = context.kills.get(name, 0) + 1
    return problem


@asynccontextmanager
async def stopped(context: Context, pid: int) -> AsyncIterator[str | None]:
    """Stop a process (SIGSTOP) and let it go on whatever happens; yields why it could not be."""
    try:
        yield await context.stack.signal(pid, signal.SIGSTOP)
    finally:
        # Ctrl-C must not leave it stopped; one that was killed meanwhile is gone anyway
        await to_the_end(context.stack.signal(pid, signal.SIGCONT))


async def whole(context: Context, *names: str) -> bool:
    """Every service is healthy, and each process of ``names`` says so of itself."""
    limit_s, listed = context.config.deadlines.health_s, list[str]()
    for name in names:
        own = context.health_url(name)
        if own is None:
            listed.append(name)
        elif (await context.client.get(own, timeout_s=limit_s)).status != 200:
            return False
    if listed and not await _said_well(context, listed):
        return False
    answers = await context.healths()
    return all(
        answer.status == 200 and mapping(answer.json).get("status") == "healthy"
        for answer in answers.values()
    )


async def _said_well(context: Context, names: Sequence[str]) -> bool:
    """Whether what runs is said to be well: of those without a health page that can be reached from here."""
    seen = {each.name: each for each in (await context.stack.processes()).processes}
    return all(
        (each := seen.get(name)) is not None
        and each.state.startswith("running")
        and each.pid is not None
        and each.pid not in context.killed  # a moment after a kill it is still said to run
        and each.health in (None, "healthy")
        for name in names
    )


async def kill_and_wait(
    context: Context,
    name: str,
    pid: int,
    *away: str,
    meanwhile: Callable[[], Awaitable[None]] | None = None,
) -> tuple[float | None, str | None]:
    """Kill -9; the seconds until the stack is whole again (None: not in time), or why it was not killed.

    ``away`` were killed before and not waited for; ``meanwhile`` is done right after the kill.
    """
    began = time.monotonic()
    problem = await kill(context, name, pid)
    if problem is not None:
        return None, problem
    if meanwhile is not None:
        await meanwhile()
    names = (name, *away)
    limit_s = patience_of(context, *names)
    return await context.until(lambda: whole(context, *names), limit_s, began), None


async def new_pid(context: Context, name: str, *boxes: str) -> int | None:
    """The process's id now, taken as the one that should be there from now on."""
    found = await context.listing(*boxes)
    fresh = found.pids.get(name)
    if fresh is not None:
        context.pids[name] = fresh
    return fresh


@dataclass(frozen=True, slots=True)
class Starts:
    """How often each process had been started again, and how often the stage had killed it, at a moment."""

    restarts: Mapping[str, int | None]
    kills: Mapping[str, int]


def starts_of(context: Context, found: Listing) -> Starts:
    """The starts now."""
    return Starts({each.name: each.restarts for each in found.processes}, dict(context.kills))


def started_again(context: Context, found: Listing, when: str, since: Starts | None) -> list[Finding]:
    """Whether each process was started again just as often as the stage killed it since."""
    if found.problem is not None or since is None or not since.restarts:
        seen = found.problem or "not known before"
        return [finding(f"started again {when}", "as often as killed", seen, None)]
    now, findings = starts_of(context, found), list[Finding]()
    for name, before in since.restarts.items():
        after = now.restarts.get(name)
        killed = now.kills.get(name, 0) - since.kills.get(name, 0)
        rise = None if before is None or after is None else after - before
        seen = "not known" if rise is None else f"{rise} times"
        held = None if rise is None else rise == killed
        findings.append(
            finding(f"{name} started again {when}", f"{killed} times, as often as killed", seen, held)
        )
    return findings
