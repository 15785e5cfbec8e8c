"""``casewright stage``: the staging checklist, done and judged with evidence."""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from casewright.cli import stage_options as options
from casewright.errors import UsageError

if TYPE_CHECKING:
    from rich.console import Console

    from casewright.api.staging import Group, StageResult
    from casewright.settings import Settings
    from casewright.staging.config import LoadPlan, StageConfig
    from casewright.staging.samples import Plan
    from casewright.staging.stack import Stack

PLAIN_WIDTH = 120
# A report without its evidence takes about as much.
PROBE_BYTES = 1_000_000
SERVICES = ("rag", "notes", "documents", "web")


def stage(
    *,
    target: options.Target = "local",
    only: options.Only = None,
    attach: options.Attach = False,
    kills: options.Kills = 20,
    sample: options.Sample = None,
    chroma: options.Chroma = None,
    clean_install: options.CleanInstall = True,
    users: options.Users = 50,
    load_seconds: options.LoadSeconds = 300.0,
    soak: options.Soak = None,
    resume: options.Resume = None,
    compose_file: options.ComposeFile = None,
    bundle: options.Bundle = None,
    output: options.Output = None,
) -> int:
    """Start the stack, test it as a user would, break it, stop it: the staging checklist with evidence.

    Exit codes: 0 every box that was asked passed, 1 one failed, 2 none failed and not all are proven or
    measured, 4 no service ever answered, 64 usage, 130 interrupted (what was seen is reported).
    """
    from casewright.cli.stage_compose import check_target, pack, with_compose
    from casewright.cli.stage_parts import with_parts
    from casewright.settings import load_settings
    from casewright.staging.bundle import check_bundle

    check_target(target, compose_file)
    if resume is not None and output is not None:
        raise UsageError("--resume goes on in its own folder", hint="leave --output out")
    groups, settings, stack = read_groups(only or []), load_settings(), None
    config = config_of(settings, groups, attach=attach, sample=sample, output=resume or output)
    if target == "local":
        config = with_parts(config, settings, chroma, clean_install=clean_install)
    config = replace(config, resume=resume is not None, kills=kills, soak=soak_of(soak))
    config = replace(config, load=load_of(users, load_seconds))
    if target == "compose":
        config, stack = with_compose(config, settings, compose_file)
    if bundle is not None:
        check_bundle(bundle, config.output)
    if resume is None:
        check_output(config.output)
    console = _console()
    result, code = _carried_out(console, config, stack)
    if bundle is not None:
        pack(console, bundle, config, result, stack)
    return code


def _carried_out(console: Console, config: StageConfig, stack: Stack | None) -> tuple[StageResult, int]:
    """The stage with its view and its report, and the exit code."""
    from casewright.staging.report import print_report, watching
    from casewright.staging.run import exit_code, planned, run_stage

    result: StageResult | None = None
    try:
        with watching(console, tuple(step.name for step in planned(config))) as watch:
            result = run_stage(config, watch, stack)
        print_report(console, result, config.output)
    except (OSError, SystemExit):  # the latter is what rich makes of a broken pipe
        if result is None:
            raise
        # the terminal was closed: nobody sees how it ended, but it has
        _print_nowhere()
    return result, exit_code(result)


def _print_nowhere() -> None:
    """What is printed from now on is lost; left unprinted at the end, it would change the exit code."""
    with contextlib.suppress(OSError, ValueError):  # it is no file
        out, err = sys.stdout.fileno(), sys.stderr.fileno()
        nowhere = os.open(os.devnull, os.O_WRONLY)
        for gone in (out, err) if os.path.sameopenfile(out, err) else (out,):
            os.dup2(nowhere, gone)
        os.close(nowhere)


def check_output(folder: Path) -> None:
    """UsageError where the report cannot be written: said before anything is started, not at its end."""
    hint = "name another folder with --output"
    made = [each for each in (folder, *folder.parents) if not each.exists()]
    if not made and not folder.is_dir():
        raise UsageError(f"the report cannot be written to {folder}: it is no folder", hint=hint)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(bytes(PROBE_BYTES))
    except OSError as error:
        raise UsageError(f"the report cannot be written to {folder}: {error.strerror}", hint=hint) from error
    finally:
        for each in made:  # what is refused for another reason leaves no folder
            with contextlib.suppress(OSError):
                each.rmdir()


def soak_of(words: str | None) -> Plan | None:
    """The soak that --soak asks for."""
    from casewright.staging.samples import Plan
    from casewright.staging.soak import seconds_in

    return Plan(duration_s=seconds_in(words, "--soak"), interval_s=5.0, users=5) if words else None


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


def load_of(users: int, seconds: float) -> LoadPlan:
    """The load; the plan's locustfile.py is the one in the current folder, or of the source tree."""
    from casewright.staging.config import LoadPlan

    places = (Path("locustfile.py"), Path(__file__).parents[3] / "locustfile.py")
    found = next((each.absolute() for each in places if each.is_file()), None)
    return LoadPlan(users=users, seconds=seconds, locustfile=found)


def stand_ins(settings: Settings) -> dict[str, str]:
    """What the stage's own processes are told of the providers that nobody named a URL for.

    The embedded engine answers both APIs, under its own name: behind it the switch can be tried without them.
    """
    from casewright.stack.plan import wanted

    engine_url = f"http://127.0.0.1:{settings.engine_port}"
    told: dict[str, str] = {}
    for name in ("ollama", "vllm"):
        if f"{name}_url" not in settings.model_fields_set and name not in wanted(settings):
            told |= {f"{name.upper()}_URL": engine_url, f"{name.upper()}_MODEL": ""}
    if "OLLAMA_URL" in told:
        # Ollama would load its model anew for another context; what stands in its place has only its own
        told["CASEWRIGHT_OLLAMA_CONTEXT"] = str(settings.embedded_context)
    return told


def _console() -> Console:
    from rich.console import Console

    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=PLAIN_WIDTH)
