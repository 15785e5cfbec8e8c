"""Looks before the first that counts: a process grows with its first answers to /health and /metrics."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Mapping

from casewright.staging.ask import Client
from casewright.staging.samples import Plan

PATHS = ("/health", "/metrics")
# The page's memory is flat after about 2000 of them, that of the others after half of it.
PAGE, PAGE_TIMES = "web", 2
TOLD_S = 10.0

Tell = Callable[[str], None]


def unheard(_words: str) -> None:
    """Where nobody listens."""


async def look_often(
    client: Client, services: Mapping[str, str], plan: Plan, stop: asyncio.Event, tell: Tell
) -> dict[str, int]:
    """Ask each /health and /metrics ``plan.looks`` times, the page's twice as often: how often each was.

    After ``plan.looks_s`` seconds, or ``stop``, none is begun any more. One that gives no answer is not asked
    again: whether it should have is for the watch to say.
    """
    wanted = {
        f"{name} {path}": plan.looks * (PAGE_TIMES if name == PAGE else 1)
        for name in services
        for path in PATHS
    }
    if not plan.looks:
        return {}
    asked: Counter[str] = Counter()
    began = told = time.monotonic()
    total = sum(wanted.values())
    tell(f"before the first sample: {total} looks at /health and /metrics (at most {plan.looks_s:g} s)")

    async def looks(what: str, url: str) -> None:
        nonlocal told
        while asked[what] < wanted[what] and not stop.is_set():
            now = time.monotonic()
            if now - began >= plan.looks_s:
                return
            if now - told >= TOLD_S:
                told = now
                tell(f"{asked.total()} of {total} looks after {now - began:.0f} s")
            asked[what] += 1
            if (await client.get(url, timeout_s=plan.look_s)).status is None:
                return

    urls = {f"{name} {path}": f"{url}{path}" for name, url in services.items() for path in PATHS}
    await asyncio.gather(*(looks(what, url) for what, url in urls.items()))
    short = [f"{what} {asked[what]} of {count}" for what, count in wanted.items() if asked[what] < count]
    missed = f"; not all of {', '.join(short)}" if short else ""
    tell(f"{asked.total()} of {total} looks in {time.monotonic() - began:.1f} s{missed}")
    return {what: asked[what] for what in wanted}
