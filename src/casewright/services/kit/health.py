"""Health tells three things apart.

``healthy``: everything that the service offers, it can do. ``degraded`` (200): it serves, with less; the
reasons say what is missing. ``unhealthy`` (503): its own store is lost, so it cannot serve.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from casewright import __version__
from casewright.api.contract import EngineInCharge, Health, HealthStatus


@dataclass(frozen=True, slots=True)
class Check:
    """One thing a service depends on. ``vital``: without it the service cannot serve at all."""

    ok: bool
    reason: str = ""
    vital: bool = False


Checks = Callable[[], Awaitable[Mapping[str, Check]]]
EngineStatus = Callable[[], Awaitable[EngineInCharge]]
Figures = Callable[[], Mapping[str, int]]
Isolated = Callable[[], Mapping[str, int | bool | str | None]]


async def no_checks() -> Mapping[str, Check]:
    """For a service that depends on nothing of its own."""
    return {}


@dataclass(frozen=True, slots=True)
class HealthSource:
    """Where a service's health comes from. ``engine`` None: it works without one and does not speak of it.

    ``vision`` says whether images are described; None: the service has nothing to do with images. ``figures``
    and ``isolation`` (what holds the processes that read files) are read at every report.
    """

    service: str
    checks: Checks = no_checks
    engine: EngineStatus | None = None
    vision: Callable[[], Awaitable[Check]] | None = None
    limits: Mapping[str, int] = field(default_factory=dict)
    figures: Figures = dict
    isolation: Isolated | None = None
    began: float = field(default_factory=time.monotonic)

    async def report(self) -> Health:
        """The health now."""
        checks = dict(await self.checks())
        engine = await self.engine() if self.engine is not None else None
        vision = await self.vision() if self.vision is not None else None
        reasons = [f"{name}: {check.reason}" for name, check in checks.items() if not check.ok]
        if engine is not None and engine.reason is not None:
            reasons.append(f"engine: {engine.reason}")
        notes = [f"vision: {vision.reason}"] if vision is not None and not vision.ok else []
        return Health(
            status=_status(checks, engine),
            service=self.service,
            version=__version__,
            uptime_s=round(time.monotonic() - self.began, 1),
            llm_available=None if engine is None else engine.llm_available,
            provider=None if engine is None else engine.provider,
            model=None if engine is None else engine.model,
            engine=engine,
            vision_analysis_available=None if vision is None else vision.ok,
            checks={name: check.ok for name, check in checks.items()},
            limits=dict(self.limits),
            figures=dict(self.figures()),
            isolation=None if self.isolation is None else dict(self.isolation()),
            reasons=tuple(reasons + notes),
        )


def _lacking(engine: EngineInCharge | None) -> bool:
    """Whether no engine answers, or another one than was asked for."""
    return engine is not None and (not engine.llm_available or engine.reason is not None)


def _status(checks: Mapping[str, Check], engine: EngineInCharge | None) -> HealthStatus:
    if any(check.vital and not check.ok for check in checks.values()):
        return "unhealthy"
    if any(not check.ok for check in checks.values()) or _lacking(engine):
        return "degraded"
    return "healthy"
