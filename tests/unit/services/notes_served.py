"""The notes service with a scripted engine, served over HTTP."""

from __future__ import annotations

import contextlib
import http.client
import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from casewright.api.contract import EngineInCharge
from casewright.api.notes import ConvertResponse
from casewright.engines.policy import Route
from casewright.engines.router import RouterEngine
from casewright.engines.scripted import ScriptedEngine, Scripts
from casewright.services.kit.config import KitConfig
from casewright.services.llm import EngineAccess, LanguageModel, Lease, LlmConfig, RoutedEngine
from casewright.services.llm_source import Source
from casewright.services.notes import NotesConfig, create_app
from casewright.values import EngineSpec
from serving import served


class Scripted(LanguageModel):
    """The service's way to a scripted engine; ``problem`` is raised instead of a lease."""

    def __init__(self, config: LlmConfig, script: Scripts, allowed: str, problem: Exception | None) -> None:
        super().__init__(config)
        self.scripted = ScriptedEngine(script)
        self._allowed: Any = {"letter": allowed}
        self._problem = problem

    @contextlib.asynccontextmanager
    async def lease(self, caller: str = "") -> AsyncIterator[Lease]:
        if self._problem is not None:
            raise self._problem
        source = Source("embedded", self.scripted, self._config)
        source.identity = await self.scripted.identity()
        router = RouterEngine([Route("embedded", self.scripted)])
        engine = RoutedEngine(router, only=frozenset({"embedded"}), caller=caller)
        yield Lease("embedded", engine, source.identity, self._allowed, True, {"embedded": source})

    async def status(self) -> EngineInCharge:
        return EngineInCharge(provider="embedded", source="default", llm_available=True, model="scripted")


def unreachable(data_dir: Path) -> LlmConfig:
    """Engines of which none is there."""
    spec = EngineSpec(text="embedded", kind="embedded", url="http://127.0.0.1:9")
    return LlmConfig(data_dir, {"embedded": EngineAccess(spec)}, fresh_s=60.0)


@contextlib.contextmanager
def service(
    data_dir: Path,
    script: Scripts,
    *,
    allowed: str = "extractive",
    problem: Exception | None = None,
    **bounds: Any,
) -> Iterator[tuple[str, ScriptedEngine]]:
    """The service's URL and its engine."""
    config = NotesConfig(KitConfig(name="notes", data_dir=data_dir), unreachable(data_dir), **bounds)
    llm = Scripted(config.llm, script, allowed, problem)
    with served(create_app(config, llm)) as url:
        yield url, llm.scripted


def call(url: str, method: str, path: str, body: bytes | None = None) -> tuple[int, dict[str, str], Any]:
    """Status, headers and JSON of an answer."""
    status, headers, content = fetch(url, method, path, body)
    return status, headers, json.loads(content)


def fetch(url: str, method: str, path: str, body: bytes | None = None) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and bytes of an answer."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)
    connection.request(method, path, body, {"Content-Type": "application/json"} if body is not None else {})
    answer = connection.getresponse()
    content = answer.read()
    connection.close()
    return answer.status, {name.lower(): value for name, value in answer.getheaders()}, content


def convert(url: str, **body: Any) -> ConvertResponse:
    """A letter to Ann Other, if nothing else is said."""
    status, _, found = call(
        url, "POST", "/convert", json.dumps({"client_name": "Ann Other", **body}).encode()
    )
    assert status == 200, found
    return ConvertResponse.model_validate(found)
