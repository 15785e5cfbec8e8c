"""The compose target of ``casewright stage``: the files, the compose of this machine, and the bundle."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from casewright.errors import UsageError

if TYPE_CHECKING:
    from rich.console import Console

    from casewright.api.staging import StageResult
    from casewright.settings import Settings
    from casewright.staging.compose import ComposeStack
    from casewright.staging.config import StageConfig

TARGETS = ("local", "compose")


def check_target(target: str, files: list[Path] | None) -> None:
    """UsageError for a target that there is not, or compose files without one."""
    if target not in TARGETS:
        raise UsageError(f"stage has no target {target!r}", hint=f"--target {' or --target '.join(TARGETS)}")
    if files and target != "compose":
        raise UsageError("--compose-file is for --target compose", hint="add --target compose")


def with_compose(
    config: StageConfig, settings: Settings, files: list[Path] | None
) -> tuple[StageConfig, ComposeStack]:
    """The stage of the containers, and their stack.

    Raises:
        UsageError: a file is missing or cannot be used, or there is no docker, compose or daemon.
    """
    from casewright.stack.description import GPU_FILE
    from casewright.staging.compose import ComposeStack, compose_config, open_compose

    found = open_compose(tuple(files or (Path(GPU_FILE),)), {})
    config = compose_config(config, found)
    key = settings.service_key
    # the containers' own token lies in their volume: where they ask for a key, it is CASEWRIGHT_SERVICE_KEY
    config = replace(config, token=key.get_secret_value() if key is not None else None, up_words=(), parts=())
    return config, ComposeStack(config, found)


def pack(
    console: Console, bundle: Path, config: StageConfig, result: StageResult, stack: ComposeStack | None
) -> None:
    """Write the bundle and say where it is."""
    from casewright.staging.bundle import write_bundle

    count = write_bundle(bundle, config, result, stack.compose if stack is not None else None)
    console.print(f"bundle of {count} files: {bundle}", markup=False, highlight=False, soft_wrap=True)
