"""How long the whole stage took, the soak left out, against what it may take on this machine."""

from __future__ import annotations

from collections.abc import Iterable

from casewright.api.staging import Finding, StepResult
from casewright.staging.checklist import STAGE_BOUND_S
from casewright.staging.config import LoadPlan, StageConfig
from casewright.staging.judge import finding

DURATION = "stability.duration"
SOAK = "soak"


def duration(config: StageConfig, steps: Iterable[StepResult]) -> Finding:
    """The seconds of the steps; a stage that is not whole shows nothing of the whole."""
    known = [each for each in steps if each.name != SOAK]
    seconds = sum(each.seconds or 0.0 for each in known)
    what, expected = "every step but the soak", f"under {STAGE_BOUND_S / 60:g} min"
    seen = f"{seconds / 60:.1f} min"
    why = _not_whole(config) or _skipped(known)
    if why is not None:
        return finding(what, expected, f"{seen}, but {why}", None, tried=False)
    slowest = sorted(known, key=lambda each: each.seconds or 0.0, reverse=True)[:3]
    seen += f"; the longest: {', '.join(f'{each.name} {each.seconds or 0:.0f} s' for each in slowest)}"
    return finding(what, expected, seen, seconds < STAGE_BOUND_S)


def _not_whole(config: StageConfig) -> str | None:
    if config.target != "local":
        return "it is bounded on target local: here images are built and models fetched"
    if config.attach:
        return "the stack was running already (--attach)"
    if config.only:
        return f"only a part was asked for (--only {' '.join(config.only)})"
    usual, kills = LoadPlan(), StageConfig.__dataclass_fields__["kills"].default
    given = (config.load.users, config.load.seconds, config.kills)
    if given != (usual.users, usual.seconds, kills):
        return "with another load or another number of kills than usual"
    return None


def _skipped(steps: Iterable[StepResult]) -> str | None:
    names = [each.name for each in steps if each.seconds is None or each.status in ("skipped", "interrupted")]
    return f"not carried through: {', '.join(names)}" if names else None
