"""What the steps of one stage share, and what a step is."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from casewright.staging.ask import Answer, Client
from casewright.staging.config import StageConfig
from casewright.staging.ledger import Ledger
from casewright.staging.stack import Listing, Stack

LLM_SERVICES = ("rag", "notes")


@dataclass(slots=True)
class Context:
    """One stage under way.

    ``pids`` are the processes as they should be: found at the start, and again after each kill of ours.
    ``touched``: something was told to start, so it must be told to stop; ``started``: it did. ``provider``,
    ``engine``, ``model`` and ``source`` are what the RAG service's /health said at first. ``log_marks``
    are the logs' sizes before.
    """

    config: StageConfig
    client: Client
    stack: Stack
    ledger: Ledger
    pids: dict[str, int] = field(default_factory=dict)
    urls: dict[str, str] = field(default_factory=dict)
    touched: bool = False
    started: bool = False
    reachable: bool = False
    provider: str | None = None
    engine: str | None = None
    model: str | None = None
    source: str | None = None
    log_marks: dict[Path, int] = field(default_factory=dict)
    killed_for_memory: int | None = None

    def url(self, service: str) -> str:
        """Where a service answers."""
        return self.config.services[service]

    async def healths(self) -> dict[str, Answer]:
        """GET /health of every service at once."""
        services = self.config.services
        answers = await asyncio.gather(*(self.client.get(f"{url}/health") for url in services.values()))
        return dict(zip(services, answers, strict=True))

    async def listing(self, *boxes: str) -> Listing:
        """What runs, kept as evidence of these boxes."""
        found = await self.stack.processes()
        for box in boxes:
            self.ledger.command(box, found.run)
        return found

    async def until(
        self, holds: Callable[[], Awaitable[bool]], limit_s: float, began: float | None = None
    ) -> float | None:
        """Poll until a condition holds; the seconds since ``began``, None when it did not in ``limit_s``."""
        start = time.monotonic() if began is None else began
        while True:
            held = await holds()
            took = time.monotonic() - start
            if held:
                return took
            if took > limit_s:
                return None
            await asyncio.sleep(self.config.deadlines.poll_s)


@dataclass(frozen=True, slots=True)
class Step:
    """One step. ``boxes`` are those it finds something for; ``run`` returns a few words of what it did.

    ``needs_stack``: it can only be taken while the stack answers.
    """

    name: str
    boxes: tuple[str, ...]
    run: Callable[[Context], Awaitable[str]]
    needs_stack: bool = True


class CannotGoOn(Exception):
    """Ends a step whose boxes cannot be judged; ``why`` becomes their reason."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


def mapping(value: Any) -> Mapping[str, Any]:
    """The value if it is a JSON object, else an empty one."""
    return value if isinstance(value, dict) else {}
