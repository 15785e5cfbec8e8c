"""What every page needs: the client, the templates, the secrets; and how the services are."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from pathlib import Path

import jinja2
from starlette.requests import Request

from casewright.api.client import SERVICES, Client, ServiceName
from casewright.api.contract import EngineInCharge, Health
from casewright.engines.failures import redacted
from casewright.errors import CasewrightError
from casewright.services.kit.health import Check
from casewright.services.kit.keys import KeyStore

TITLES: dict[ServiceName, str] = {
    "rag": "Questions",
    "notes": "Letters",
    "documents": "Files",
}


@dataclass(frozen=True, slots=True)
class Seen:
    """One service as it was found now. ``error`` says why there is no ``health``."""

    name: ServiceName
    url: str
    ms: float
    health: Health | None = None
    error: CasewrightError | None = None

    @property
    def title(self) -> str:
        """Its name for people."""
        return TITLES[self.name]

    @property
    def word(self) -> str:
        """Its state in one word; ``down`` where it did not answer."""
        return "down" if self.health is None else self.health.status


@dataclass(frozen=True, slots=True)
class WebState:
    """Held by the application as ``app.state.web``. ``max_file_bytes`` is what people are told.

    ``spool`` holds the files of forms while they are read.
    """

    client: Client
    templates: jinja2.Environment
    secret: bytes = field(repr=False)
    keys: KeyStore
    service_token: str = field(repr=False)
    max_file_bytes: int
    spool: Path

    async def look(self) -> list[Seen]:
        """Ask all services at once how they are; none of them can hold up the page beyond its deadline."""
        return list(await asyncio.gather(*(self._look_at(name) for name in SERVICES)))

    async def checks(self) -> dict[str, Check]:
        """For /health: every service that the pages need."""
        found: dict[str, Check] = {}
        for seen in await self.look():
            if seen.health is None:
                found[seen.name] = Check(False, str(seen.error))
            else:
                ok = seen.health.status != "unhealthy"
                found[seen.name] = Check(ok, "" if ok else "; ".join(seen.health.reasons) or "unhealthy")
        return found

    async def _look_at(self, name: ServiceName) -> Seen:
        url = redacted(self.client.config.url(name))
        began = time.monotonic()
        try:
            health = await self.client.health(name)
        except CasewrightError as error:
            return Seen(name, url, _ms_since(began), error=error)
        return Seen(name, url, _ms_since(began), health=health)


def of(request: Request) -> WebState:
    """The state of the application that serves a request."""
    state: WebState = request.app.state.web
    return state


def engine_of(seen: list[Seen]) -> EngineInCharge | None:
    """The engine in charge as the first service that speaks of one tells it; None if none does."""
    told = [one.health.engine for one in seen if one.health is not None and one.health.engine is not None]
    return told[0] if told else None


def engines_differ(seen: list[Seen]) -> bool:
    """Whether two services name different providers: one of them has not the setting of the other."""
    told = {one.health.engine.provider for one in seen if one.health and one.health.engine}
    return len(told) > 1


def _ms_since(began: float) -> float:
    return round((time.monotonic() - began) * 1000, 1)
