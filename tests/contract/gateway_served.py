"""The gateway as it is served, over engines that say what a test tells them to."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import openai

from casewright.engines.policy import Route, RouterConfig
from casewright.engines.router import RouterEngine
from casewright.engines.scripted import RealClock, ScriptedEngine, Scripts, echo
from casewright.services.gateway import GatewayConfig, create_app
from casewright.services.kit.config import KitConfig
from casewright.services.llm import LlmConfig
from serving import served

MODEL = "small"


@dataclass(frozen=True)
class Gateway:
    """A gateway, and the engines behind it in their order."""

    url: str
    engines: tuple[ScriptedEngine, ...]
    router: RouterEngine

    def client(self, api_key: str = "none") -> openai.OpenAI:
        """The official client, which repeats nothing."""
        return openai.OpenAI(base_url=f"{self.url}/v1", api_key=api_key, max_retries=0)

    def async_client(self) -> openai.AsyncOpenAI:
        """The official client for asyncio."""
        return openai.AsyncOpenAI(base_url=f"{self.url}/v1", api_key="none", max_retries=0)


@contextmanager
def gateway(
    data_dir: Path, *scripts: Scripts, routes: tuple[Route, ...] = (), restart: bool = False
) -> Iterator[Gateway]:
    """Serve one; engines ``one``, ``two``... by script, with the model ``small``, or over the routes."""
    engines = tuple(ScriptedEngine(script, model=MODEL, clock=RealClock()) for script in scripts or (echo,))
    over = routes or tuple(
        Route(name=name, engine=engine, model=MODEL)
        for name, engine in zip(("one", "two", "three"), engines, strict=False)
    )
    router = RouterEngine(over, RouterConfig(restart_after_first_token=restart), observer=None)
    config = GatewayConfig(KitConfig("gateway", data_dir), LlmConfig(data_dir, {}))
    with served(create_app(config, router)) as url:
        yield Gateway(url, engines, router)
