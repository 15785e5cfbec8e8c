"""One engine as a service knows it: what answers there, whether it does, and what its model may be asked."""

from __future__ import annotations

import asyncio
import contextlib
import time
from dataclasses import dataclass, field

from casewright.api.contract import Strategy
from casewright.api.qualification import Use, load_qualification
from casewright.engines.base import Engine
from casewright.errors import CasewrightError
from casewright.services.llm_config import LlmConfig
from casewright.settings import Provider
from casewright.values import EngineIdentity

USES: tuple[Use, ...] = ("answer", "letter")
NOT_ASKED = "not asked yet"


@dataclass(slots=True)
class Source:
    """``problem`` is None while the last request for one token was answered, at ``checked``.

    ``context`` in tokens is named with that request, where the engine would else choose its own.
    """

    name: Provider
    engine: Engine
    config: LlmConfig
    context: int | None = None
    identity: EngineIdentity | None = None
    strategies: dict[str, Strategy] = field(default_factory=dict)
    problem: str | None = NOT_ASKED
    checked: float | None = None
    probing: asyncio.Task[None] | None = None

    @property
    def model(self) -> str | None:
        """The model that answers there, as the engine names it."""
        return self.identity.model if self.identity else self.engine.model

    @property
    def age_s(self) -> float | None:
        """Seconds since the last finding."""
        return None if self.checked is None else round(time.monotonic() - self.checked, 1)

    async def known(self) -> None:
        """Make sure there is a finding, waiting a little for it."""
        if self.checked is None:
            await self._look()

    async def fresh(self) -> None:
        """Make sure that the finding is not old, waiting a little for a newer one."""
        if self.checked is None or time.monotonic() - self.checked > self.config.fresh_s:
            await self._look()

    def doubt(self) -> None:
        """Something went wrong with it: the next one to ask looks anew."""
        self.checked = None

    async def _look(self) -> None:
        """Wait a little for a probe that is under way, or begin one; there is never more than one."""
        if self.probing is None or self.probing.done():
            self.probing = asyncio.ensure_future(self._probe())
        await asyncio.wait((self.probing,), timeout=self.config.wait_s)
        if self.probing.done() and not self.probing.cancelled():
            self.probing.result()  # a defect in the probe is not kept silent

    async def _probe(self) -> None:
        try:
            async with asyncio.timeout(self.config.probe_s):
                if self.identity is None:
                    self.identity = await self.engine.identity()
                    self.strategies = self._allowed(self.identity)
                found = await self.engine.probe(self.context)
            self.problem = None if found.ready else found.detail
        except TimeoutError:
            self.problem = f"no token within {self.config.probe_s:g} s"
        except CasewrightError as error:
            self.problem = str(error)
        if self.problem is not None:
            self.identity = None  # another engine may stand there when it answers again
        self.checked = time.monotonic()

    def _allowed(self, identity: EngineIdentity) -> dict[str, Strategy]:
        known = load_qualification(self.config.data_dir, identity)
        return {use: known.strategy_for(use) if known else "extractive" for use in USES}

    async def aclose(self) -> None:
        """End a probe under way and close the engine."""
        if self.probing is not None and not self.probing.done():
            self.probing.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self.probing
        await self.engine.aclose()
