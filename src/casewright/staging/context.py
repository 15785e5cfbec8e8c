"""What the steps of one stage share, and what a step is."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

from casewright.api.staging import PartSeen
from casewright.staging.ask import Answer, Client
from casewright.staging.config import StageConfig
from casewright.staging.ledger import Ledger
from casewright.staging.stack import Listing, Stack

if TYPE_CHECKING:
    from casewright.staging.sampling import Sampler
    from casewright.staging.storm import Starts

LLM_SERVICES = ("rag", "notes")


def _unheard(_words: str) -> None:
    """Nobody watches."""


@dataclass(slots=True)
class Breaking:
    """A time in which the stage broke something itself: monotonic seconds, ``ended`` None while it lasts."""

    why: str
    began: float
    ended: float | None = None

    def covers(self, began: float, ended: float) -> bool:
        """Whether any of a request's time lies in it."""
        return began <= (float("inf") if self.ended is None else self.ended) and ended >= self.began


@dataclass(slots=True)
class Context:
    """One stage under way; ``parts`` is what ran as what.

    ``pids`` are the processes as they should be: found at the start, and again after each kill of ours.
    ``touched``: something was told to start, so it must be told to stop; ``started``: it did. ``provider``,
    ``engine``, ``model`` and ``source`` are what the RAG service's /health said at first. ``log_marks``
    are the logs' sizes before. ``tell`` shows a line of progress of the step under way: call it before
    every wait of more than a few seconds, and in between. ``breaks`` are the times in which an unhealthy
    service is the stage's own doing, ``killed`` the processes that it killed and ``kills`` how often by name,
    ``starts`` how often each had been started again at the start. ``step`` is the name of the step under
    way; ``sampler`` watches from the start to the end.
    ``owned`` are the process ids by which the stack is known again, ``runs`` how often the stage was begun.
    ``loaded`` are the processes that answer the load under way, of this stack or of one beside it.
    """

    config: StageConfig
    client: Client
    stack: Stack
    ledger: Ledger
    pids: dict[str, int] = field(default_factory=dict)
    urls: dict[str, str] = field(default_factory=dict)
    health_urls: dict[str, str] = field(default_factory=dict)
    parts: tuple[PartSeen, ...] = ()
    touched: bool = False
    started: bool = False
    reachable: bool = False
    provider: str | None = None
    engine: str | None = None
    model: str | None = None
    source: str | None = None
    log_marks: dict[Path, int] = field(default_factory=dict)
    killed_for_memory: int | None = None
    tell: Callable[[str], None] = _unheard
    breaks: list[Breaking] = field(default_factory=list)
    killed: set[int] = field(default_factory=set)
    kills: dict[str, int] = field(default_factory=dict)
    starts: Starts | None = None
    step: str = ""
    sampler: Sampler | None = None
    loaded: dict[str, int] = field(default_factory=dict)
    owned: tuple[int, ...] = ()
    runs: int = 1

    @contextlib.contextmanager
    def breaking(self, why: str) -> Iterator[None]:
        """Around everything that breaks a service on purpose, up to its being whole again.

        What the health sampler sees meanwhile is not held against the box "Health checks pass".
        """
        window = Breaking(why, time.monotonic())
        self.breaks.append(window)
        try:
            yield
        finally:
            window.ended = time.monotonic()

    def health_url(self, name: str) -> str | None:
        """Where a process says how it is: at its /health, or at a dependency's own path."""
        base = self.urls.get(name) or self.config.services.get(name)
        return self.health_urls.get(name) or (None if base is None else f"{base}/health")

    def url(self, service: str) -> str:
        """Where a service answers."""
        return self.config.services[service]

    def reach(self, url: str) -> str:
        """A URL as this machine reaches it: containers name each other, and publish their ports here."""
        parts = urlsplit(url)
        return urlunsplit(parts._replace(netloc=self.config.addresses.get(parts.netloc, parts.netloc)))

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

    ``needs_stack``: it can only be taken while the stack answers. ``breaks``: it breaks services from its
    beginning to its end, so that the health sampler holds nothing against them meanwhile.
    """

    name: str
    boxes: tuple[str, ...]
    run: Callable[[Context], Awaitable[str]]
    needs_stack: bool = True
    breaks: bool = False


class CannotGoOn(Exception):
    """Ends a step whose boxes cannot be judged; ``why`` becomes their reason."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


def mapping(value: Any) -> Mapping[str, Any]:
    """The value if it is a JSON object, else an empty one."""
    return value if isinstance(value, dict) else {}
