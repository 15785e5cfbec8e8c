"""One engine as a service knows it: what answers there, whether it does, and what its model may be asked.

It is asked by a probe, of which there is never more than one: first what it serves, which also a busy engine
says at once, then for one token. One that is silent for ``late_s`` is told so, and the probe goes on. Where
only the token is late it is asked again what it serves, and again until the token comes: a process that hangs
says nothing, one that is full of others' requests does, and is then given ``full_s`` for its token.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from casewright.api.contract import Strategy
from casewright.api.qualification import Use, load_qualification
from casewright.engines.base import Engine
from casewright.errors import CasewrightError, EngineError, EngineTimeout, EngineUnreachable, StreamBroken
from casewright.services.llm_config import LlmConfig
from casewright.settings import Provider
from casewright.values import EngineIdentity

log = logging.getLogger(__name__)

USES: tuple[Use, ...] = ("answer", "letter")
NOT_ASKED = "not asked yet"


def _nobody(_began_s: float) -> None:
    """Nobody listens."""


@dataclass(slots=True)
class Source:
    """``problem`` is None while the last request for one token was answered, at ``checked``.

    ``context`` in tokens is named with that request, where the engine would else choose its own. ``shut``:
    whether callers are kept away from it, by what they met there. ``answered`` hears when a probe that was
    answered with a token began, in monotonic seconds.
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
    shut: Callable[[], bool] = bool
    answered: Callable[[float], None] = _nobody
    _began: float = 0.0
    _said: bool = False
    _late: asyncio.Event = field(default_factory=asyncio.Event)
    _lagging: bool = False

    @property
    def model(self) -> str | None:
        """The model that answers there, as the engine names it."""
        return self.identity.model if self.identity else self.engine.model

    @property
    def age_s(self) -> float | None:
        """Seconds since the last finding."""
        return None if self.checked is None else round(time.monotonic() - self.checked, 1)

    def _age(self) -> float:
        return math.inf if self.checked is None else time.monotonic() - self.checked

    @property
    def slow(self) -> bool:
        """Whether it is believed to answer though its token is late: it lives, and is busy with others."""
        return self.problem is None and self._lagging

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
            first = self.problem in (None, NOT_ASKED) and not self.slow
            await self._look(until if first else self._glance())

    def doubt(self) -> None:
        """Something went wrong with it: the next one to ask looks anew."""
        self.checked = None

    def _glance(self) -> float:
        return time.monotonic() + self.config.glance_s

    async def _look(self, until: float) -> None:
        """Wait for the probe that is under way, or begin one, until then or until it is late."""
        if self.probing is None or self.probing.done():
            self._began, self._said = time.monotonic(), False
            self._late.clear()
            self.probing = asyncio.ensure_future(self._probe())
        # what is known to be silent, or slow, may answer at any moment, and is worth the glance
        told = self.problem not in (None, NOT_ASKED) or self.slow
        left = max(0.0, until - time.monotonic())
        if told:
            await asyncio.wait((self.probing,), timeout=left)
        else:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._late.wait(), left)
        if self.probing.done() and not self.probing.cancelled():
            self.probing.result()  # a defect in the probe is not kept silent

    async def _probe(self) -> None:
        """Ask, and judge an engine that is late, until it answers or ``probe_s`` are over."""
        asking = asyncio.ensure_future(self._ask())
        try:
            await asyncio.wait((asking,), timeout=self.config.late_s)
            while not asking.done() and await self._patient(asking):
                await asyncio.wait((asking,), timeout=self.config.again_s)
            await asking
        finally:
            asking.cancel()
            await asyncio.wait((asking,))
            self._lagging = False
            self._late.set()  # whoever waits need not any more

    async def _patient(self, asking: asyncio.Task[None]) -> bool:
        """Whether an engine that is late is believed all the same; tells it as silent where it is not."""
        lives = self._said and await self._lives()
        if asking.done():
            return False
        waited = time.monotonic() - self._began
        # what never answered, or not of late, and what callers are kept from, has nothing that speaks for it
        answered = self.problem is None and self._age() < self.config.full_s + self.config.fresh_s
        believed = lives and answered and not self.shut() and waited < self.config.full_s
        if not believed:
            lacks = "no token" if lives else "no word of what it serves"
            self.problem = f"{lacks} within {round(waited, 1):g} s"
            self.checked = time.monotonic()
        elif not self._lagging:
            log.info("the engine lives and owes a token", extra={"engine": self.name, "s": round(waited, 1)})
        self._lagging = believed
        self._late.set()
        return believed

    async def _lives(self) -> bool:
        """Whether it says what it serves at once, as no process does that is stopped."""
        try:
            async with asyncio.timeout(self.config.again_s):
                await self.engine.models()
        except (TimeoutError, EngineUnreachable, EngineTimeout, StreamBroken):
            return False
        except EngineError:
            return True  # it refused, so it lives
        return True

    async def _ask(self) -> None:
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
