"""The engine that a service gets its words from: the provider asked for now, opened, probed, leased.

A lease holds its engine open: when the provider changes, new requests get the new engine and those under way
finish where they began. What answers is proven by a request for one token, not by a health page.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from casewright.api.contract import EngineInCharge, Strategy
from casewright.api.qualification import Use, load_qualification
from casewright.engines.base import Deadlines, Engine
from casewright.engines.connect import open_engine
from casewright.errors import CasewrightError, EngineError, StorageError
from casewright.services.provider import Choice, ProviderFile
from casewright.settings import Provider, Settings, parse_engine
from casewright.values import EngineIdentity, EngineSpec

log = logging.getLogger(__name__)

USES: tuple[Use, ...] = ("answer", "letter")


@dataclass(frozen=True, slots=True)
class EngineAccess:
    """Where a provider is, and the key it asks for."""

    spec: EngineSpec
    api_key: str | None = None


@dataclass(frozen=True, slots=True)
class LlmConfig:
    """``engines`` is where each provider is; ``from_environment`` what LLM_PROVIDER said at the start.

    Seconds: ``fresh_s`` a finding of the probe is believed, ``wait_s`` a health call waits for a probe under
    way before it answers with the last finding.
    """

    data_dir: Path
    engines: Mapping[Provider, EngineAccess]
    from_environment: Provider | None = None
    deadlines: Deadlines = field(default_factory=lambda: Deadlines(first_token_s=60.0, total_s=180.0))
    probe_s: float = 10.0
    fresh_s: float = 2.0
    wait_s: float = 3.0


@dataclass(slots=True)
class _Open:
    """One provider's engine while it is in use. ``leases`` are the requests that read from it."""

    choice: Choice
    engine: Engine
    url: str
    identity: EngineIdentity | None = None
    strategies: dict[str, Strategy] = field(default_factory=dict)
    problem: str | None = "not asked yet"
    checked: float | None = None
    leases: int = 0
    retired: bool = False
    probing: asyncio.Task[None] | None = None


@dataclass(frozen=True, slots=True)
class Lease:
    """An engine held for one request. ``identity`` is None while the engine was never reached."""

    provider: Provider
    engine: Engine
    identity: EngineIdentity | None
    strategies: Mapping[str, Strategy]
    available: bool

    @property
    def model(self) -> str | None:
        """The model that answers, as the engine names it."""
        return self.identity.model if self.identity else None

    def strategy(self, use: Use) -> Strategy:
        """How far this model may be used: ``extractive`` where it has shown nothing else."""
        return self.strategies.get(use, "extractive")


class LanguageModel:
    """The service's way to its engine; one an application. Close it with ``aclose``."""

    def __init__(self, config: LlmConfig) -> None:
        self._config = config
        self._file = ProviderFile(config.data_dir)
        self._open: _Open | None = None
        self._retired: set[asyncio.Task[None]] = set()

    @contextlib.asynccontextmanager
    async def lease(self) -> AsyncIterator[Lease]:
        """Hold the engine in charge for one request.

        An engine error that leaves the block makes the next health call ask the engine anew.

        Raises:
            StorageError: the provider file cannot be read.
        """
        current = await self._current()
        current.leases += 1
        try:
            if current.checked is None:
                await self._probed(current)
            yield Lease(
                current.choice.provider,
                current.engine,
                current.identity,
                current.strategies,
                current.problem is None,
            )
        except EngineError:
            current.checked = None
            raise
        finally:
            current.leases -= 1
            if current.retired and not current.leases:
                await current.engine.aclose()

    async def status(self) -> EngineInCharge:
        """What is in charge and whether it answers, by a request for one token not older than ``fresh_s``.

        While a probe takes longer than ``wait_s`` (a busy engine) the last finding is told with its age.
        """
        try:
            current = await self._current()
        except StorageError as error:
            return EngineInCharge(provider="embedded", source="file", llm_available=False, reason=str(error))
        if current.checked is None or time.monotonic() - current.checked > self._config.fresh_s:
            await self._probed(current)
        about = current.identity
        return EngineInCharge(
            provider=current.choice.provider,
            source=current.choice.source,
            llm_available=current.problem is None,
            engine=about.name if about else None,
            model=about.model if about else None,
            url=current.url,
            strategies=current.strategies,
            reason=current.problem,
            checked_s_ago=None if current.checked is None else round(time.monotonic() - current.checked, 1),
        )

    async def aclose(self) -> None:
        """Close every engine."""
        if self._open is not None:
            await self._retire(self._open, at_once=True)
            self._open = None
        if self._retired:
            await asyncio.gather(*self._retired)

    async def _current(self) -> _Open:
        choice = self._file.choose(self._config.from_environment)
        if self._open is not None and self._open.choice.provider == choice.provider:
            self._open.choice = choice
            return self._open
        before, access = self._open, self._config.engines[choice.provider]
        engine = open_engine(access.spec, api_key=access.api_key, deadlines=self._config.deadlines)
        self._open = _Open(choice, engine, engine.url)
        if before is not None:
            log.info("provider changed", extra={"before": before.choice.provider, "now": choice.provider})
            task = asyncio.ensure_future(self._retire(before))
            self._retired.add(task)
            task.add_done_callback(self._retired.discard)
        return self._open

    async def _retire(self, old: _Open, *, at_once: bool = False) -> None:
        old.retired = True
        if old.probing is not None and not old.probing.done():
            old.probing.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await old.probing
        if at_once or not old.leases:
            await old.engine.aclose()

    async def _probed(self, current: _Open) -> None:
        """Wait a little for a probe that is under way, or begin one; there is never more than one."""
        if current.probing is None or current.probing.done():
            current.probing = asyncio.ensure_future(self._probe(current))
        await asyncio.wait((current.probing,), timeout=self._config.wait_s)
        if current.probing.done() and not current.probing.cancelled():
            current.probing.result()  # a defect in the probe is not kept silent

    async def _probe(self, current: _Open) -> None:
        try:
            async with asyncio.timeout(self._config.probe_s):
                if current.identity is None:
                    current.identity = await current.engine.identity()
                    current.strategies = self._strategies(current.identity)
                found = await current.engine.probe()
            current.problem = None if found.ready else found.detail
        except TimeoutError:
            current.problem = f"no token within {self._config.probe_s:g} s"
        except CasewrightError as error:
            current.problem = str(error)
        if current.problem is not None:
            current.identity = None  # another engine may stand there when it answers again
        current.checked = time.monotonic()

    def _strategies(self, identity: EngineIdentity) -> dict[str, Strategy]:
        known = load_qualification(self._config.data_dir, identity)
        return {use: known.strategy_for(use) if known else "extractive" for use in USES}


def llm_config(settings: Settings) -> LlmConfig:
    """Where each provider is, from the settings."""
    specs: dict[Provider, EngineSpec] = {
        "ollama": parse_engine("ollama", settings),
        "vllm": parse_engine("vllm", settings),
        "embedded": parse_engine(f"embedded={settings.embedded_url}", settings),
    }
    return LlmConfig(
        data_dir=settings.data_dir,
        engines={name: EngineAccess(spec, settings.api_key(spec.kind)) for name, spec in specs.items()},
        from_environment=settings.llm_provider,
    )
