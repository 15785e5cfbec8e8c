"""One engine as a service knows it: what answers there, whether it does, and what its model may be asked.

It is asked by a probe, of which there is never more than one: first what it serves, which also a busy engine
says at once, then for one token. One that is silent for ``late_s`` is told so, and the probe goes on. More
time for the token has an engine that has requests of this process in hand, or that took longer the last time.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable
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


def _nobody(_began_s: float) -> None:
    """Nobody listens."""


@dataclass(slots=True)
class Source:
    """``problem`` is None while the last request for one token was answered, at ``checked``.

    ``context`` in tokens is named with that request, where the engine would else choose its own. ``busy``:
    whether requests of this process are in its hands. ``answered`` hears when a probe that was answered with
    a token began, in monotonic seconds.
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
    busy: Callable[[], bool] = bool
    answered: Callable[[float], None] = _nobody
    _began: float = 0.0
    _said: bool = False
    _took: float = 0.0

    @property
    def model(self) -> str | None:
        """The model that answers there, as the engine names it."""
        return self.identity.model if self.identity else self.engine.model

    @property
    def age_s(self) -> float | None:
        """Seconds since the last finding."""
        return None if self.checked is None else round(time.monotonic() - self.checked, 1)

    async def known(self, until: float) -> None:
        """Make sure there is a finding; waits until ``until`` (monotonic seconds) for the first, and only a
        glance for another: whoever has a request to send finds out by sending it.
        """
        if self.checked is None:
            await self._look(until if self.problem == NOT_ASKED else self._glance())

    async def fresh(self, until: float) -> None:
        """Make sure that the finding is not old; waits for another until ``until`` (monotonic seconds)."""
        if self.checked is None or time.monotonic() - self.checked > self.config.fresh_s:
            until = max(until, self._glance())
            await self._look(until if self.problem in (None, NOT_ASKED) else self._glance())

    def doubt(self) -> None:
        """Something went wrong with it: the next one to ask looks anew."""
        self.checked = None

    def _glance(self) -> float:
        return time.monotonic() + self.config.glance_s

    async def _look(self, until: float) -> None:
        """Wait for the probe that is under way, or begin one, until then or until it is late."""
        if self.probing is None or self.probing.done():
            self._began, self._said = time.monotonic(), False
            self.probing = asyncio.ensure_future(self._probe())
        while not self.probing.done():
            # what is known to be silent may answer at any moment, and is worth the glance
            told = self.problem not in (None, NOT_ASKED)
            left = (until if told else min(until, self._late_at())) - time.monotonic()
            if left <= 0:
                break
            await asyncio.wait((self.probing,), timeout=left)
        if not self.probing.done():
            if time.monotonic() >= self._late_at():
                self._silent()
        elif not self.probing.cancelled():
            self.probing.result()  # a defect in the probe is not kept silent

    def _late_at(self) -> float:
        """From when on the probe under way is late, in monotonic seconds."""
        if not self._said:
            return self._began + self.config.late_s
        if self.busy():
            return self._began + self.config.probe_s
        return self._began + min(self.config.probe_s, max(self.config.late_s, 2 * self._took))

    def _silent(self) -> None:
        """The probe is late."""
        waited = time.monotonic() - self._began
        lacks = "no token" if self._said else "no word of what it serves"
        self.problem = f"{lacks} within {round(waited, 1):g} s"
        self.checked = time.monotonic()

    async def _probe(self) -> None:
        try:
            async with asyncio.timeout(self.config.probe_s):
                if self.identity is None:
                    identity = await self.engine.identity()
                    self.identity, self.strategies = identity, self._allowed(identity)
                else:
                    await self.engine.models()
                self._said = True
                found = await self.engine.probe(self.context)
            self.problem = None if found.ready else found.detail
            if found.ready:
                self._took = time.monotonic() - self._began
                self.answered(self._began)
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
