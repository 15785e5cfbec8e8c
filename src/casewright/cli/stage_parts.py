"""What a stage starts beside our own services, and what stands in for the rest of the plan's stack."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from casewright.settings import Settings
    from casewright.stack.description import Part
    from casewright.staging.config import StageConfig

# ${NAME:-default}
_VARIABLE = re.compile(r"\$\{[A-Z][A-Z0-9_]*:-([^${}]*)\}")
# Why a stage does not start by itself what is installed here.
_WHY_NOT = {
    "vllm": "two engines on the same cores would falsify each other's figures, and its first start compiles "
    "for minutes",
    "n8n": "nothing of ours asks it, and its first start takes minutes",
}


def dependencies(settings: Settings, chroma: bool | None) -> tuple[str, ...]:
    """The dependencies to start as processes: what the settings name, and the Chroma server that the plan's
    stack has, where it is installed and no other is named. ``chroma`` True or False decides that.
    """
    from casewright.stack.description import CHROMA
    from casewright.stack.plan import wanted
    from casewright.stack.programs import has_chroma

    if chroma is None:
        chroma = CHROMA in wanted(settings) or (has_chroma(settings) and not settings.chroma_host)
    others = tuple(name for name in wanted(settings) if name != CHROMA)
    return (CHROMA, *others) if chroma else others


def with_parts(
    config: StageConfig, settings: Settings, chroma: bool | None, *, clean_install: bool = False
) -> StageConfig:
    """The stage with its dependencies: started with the stack, waited for, and told of in the report.

    ``clean_install``: the locks of the current folder, or of the source tree, are installed anew.
    """
    from casewright.stack.description import CHROMA, ON_REQUEST, PARTS, PROCESSES
    from casewright.staging.config import PartPlan

    started = dependencies(settings, chroma)
    parts = tuple(
        PartPlan(
            part.name,
            container_words(part),
            "not seen" if config.attach else _instead(part.name, settings, config.environment),
        )
        for part in PARTS
        if part.container is not None
    )
    slowest_s = max((PROCESSES[name].start_s for name in started), default=0.0)
    patience_s = max(config.deadlines.start_s, slowest_s)
    # what makes its database or compiles at its first start may take that long; Chroma is there in time
    slow_s = max((PROCESSES[name].start_s for name in started if name != CHROMA), default=0.0)
    bound_s = max(config.deadlines.start_bound_s, slow_s)
    return replace(
        config,
        up_words=tuple(f"--{name}" if name in started else f"--no-{name}" for name in ON_REQUEST),
        parts=parts,
        requirements=_locks() if clean_install else None,
        deadlines=replace(config.deadlines, start_s=patience_s, start_bound_s=bound_s),
    )


def _locks() -> Path | None:
    """The folder of the locks: of the current folder, or of the source tree."""
    places = (Path("requirements"), Path(__file__).parents[3] / "requirements")
    return next((each.absolute() for each in places if (each / "run.lock").is_file()), None)


def container_words(part: Part) -> str:
    """Service, image, and the one file that has it where the other has not."""
    about = part.container
    assert about is not None
    image = f"casewright-{about.target}:local" if about.target else _VARIABLE.sub(r"\1", about.image or "")
    only = f", {about.files[0]} only" if len(about.files) == 1 else ""
    return f"{about.service} ({image}{only})"


def _instead(name: str, settings: Settings, told: Mapping[str, str]) -> str:
    """What does a part's work where it is no process of ours; a server that was named is named."""
    from casewright.engines.failures import redacted
    from casewright.stack.description import BY_NAME, CHROMA, N8N, VLLM
    from casewright.stack.programs import is_installed

    if name in ("ollama", "vllm") and f"{name.upper()}_URL" not in told:
        return f"the server at {redacted(getattr(settings, f'{name}_url'))}"
    if name == CHROMA and settings.chroma_host:
        return f"the server at {settings.chroma_host}:{settings.chroma_port}"
    words = BY_NAME[name].instead or "not seen"
    if name in (VLLM, N8N) and is_installed(name, settings):
        words += f" (installed, and started with CASEWRIGHT_UP_WITH={name} only: {_WHY_NOT[name]})"
    return words
