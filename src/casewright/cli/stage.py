"""``casewright stage``: the staging checklist, done and judged with evidence."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from casewright.errors import UsageError

if TYPE_CHECKING:
    from rich.console import Console

    from casewright.api.staging import Group
    from casewright.settings import Settings
    from casewright.staging.config import StageConfig

PLAIN_WIDTH = 120
SERVICES = ("rag", "notes", "documents", "web")


def stage(
    *,
    target: Annotated[str, typer.Option(help="Where: local, processes on this machine.")] = "local",
    only: Annotated[
        list[str] | None,
        typer.Option(
            metavar="GROUP",
            help="build, startup, functional, performance, resilience or stability; repeatable. The others "
            "are printed as not asked.",
        ),
    ] = None,
    attach: Annotated[
        bool,
        typer.Option("--attach", help="Test the stack that runs: nothing is started, broken or stopped."),
    ] = False,
    sample: Annotated[
        Path | None, typer.Option(help="A PDF to upload too [default: sample.pdf, where there is one].")
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(help="Folder of the report and its evidence [default: in the data directory]."),
    ] = None,
) -> int:
    """Start the stack, test it as a user would, break it, stop it: the staging checklist with evidence.

    Exit codes: 0 every box that was asked passed, 1 one failed, 2 none failed and not all are proven or
    measured, 4 no service ever answered, 64 usage, 130 interrupted (what was seen is reported).
    """
    from casewright.settings import load_settings
    from casewright.staging.report import print_report, watching
    from casewright.staging.run import exit_code, planned, run_stage

    if target != "local":
        raise UsageError(f"stage has no target {target!r} yet", hint="use --target local")
    groups = read_groups(only or [])
    config = config_of(load_settings(), groups, attach=attach, sample=sample, output=output)
    console = _console()
    with watching(console, tuple(step.name for step in planned(config))) as watch:
        result = run_stage(config, watch)
    print_report(console, result, config.output)
    return exit_code(result)


def read_groups(words: list[str]) -> tuple[Group, ...]:
    """Read --only; UsageError names the groups there are."""
    from casewright.staging.checklist import GROUPS

    known = {str(group): group for group in GROUPS}
    for word in words:
        if word not in known:
            raise UsageError(f"--only {word!r} is no group", hint=f"one of {', '.join(known)}")
    return tuple(group for name, group in known.items() if name in words)


def config_of(
    settings: Settings, only: tuple[Group, ...], *, attach: bool, sample: Path | None, output: Path | None
) -> StageConfig:
    """The stage that the settings and options ask for."""
    from casewright.services.kit.keys import service_token
    from casewright.staging.config import StageConfig

    if sample is not None and not sample.is_file():
        raise UsageError(f"{sample} is no file", hint="name a PDF, or leave --sample out")
    found = sample or (Path("sample.pdf") if Path("sample.pdf").is_file() else None)
    data_dir = settings.data_dir.absolute()
    stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
    return StageConfig(
        data_dir=data_dir,
        output=output if output is not None else data_dir / "stage" / stamp,
        services={name: f"http://127.0.0.1:{getattr(settings, f'{name}_port')}" for name in SERVICES},
        command=(sys.executable, "-m", "casewright"),
        environment=stand_ins(settings),
        token=service_token(data_dir),
        sample=found,
        attach=attach,
        only=only,
    )


def stand_ins(settings: Settings) -> dict[str, str]:
    """What the stage's own processes are told of the providers that nobody named a URL for.

    The embedded engine answers both APIs, under its own name: behind it the switch can be tried without them.
    """
    engine_url = f"http://127.0.0.1:{settings.engine_port}"
    told: dict[str, str] = {}
    for name in ("ollama", "vllm"):
        if f"{name}_url" not in settings.model_fields_set:
            told |= {f"{name.upper()}_URL": engine_url, f"{name.upper()}_MODEL": ""}
    if "OLLAMA_URL" in told:
        # Ollama would load its model anew for another context; what stands in its place has only its own
        told["CASEWRIGHT_OLLAMA_CONTEXT"] = str(settings.embedded_context)
    return told


def _console() -> Console:
    from rich.console import Console

    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=PLAIN_WIDTH)
