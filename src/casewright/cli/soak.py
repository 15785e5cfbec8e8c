"""``casewright soak``: a running stack watched for an hour, or any length, with a verdict."""

from __future__ import annotations

import subprocess
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from casewright.errors import EXIT_OK, EXIT_UNREACHABLE, NotRunning, StorageError, UsageError

if TYPE_CHECKING:
    from rich.console import Console

    from casewright.settings import Settings
    from casewright.staging.config import StageConfig
    from casewright.staging.samples import Plan, Recording
    from casewright.staging.soak_run import SoakResult

LOG = "soak.log"
BEGIN_S = 60.0
# Between looks further apart the time without health that fails a soak could pass unseen.
LONGEST_INTERVAL_S = 15.0
POLL_S = 0.5


def soak(
    *,
    duration: Annotated[str | None, typer.Option(help="How long: 10m, 1h, 1h30m [default: 1h].")] = None,
    interval: Annotated[str, typer.Option(help="Between two looks; 15s at most.")] = "5s",
    users: Annotated[int, typer.Option(min=1, max=50, help="Users who ask the golden questions.")] = 5,
    pause: Annotated[str, typer.Option(help="A user's wait between two questions.")] = "30s",
    output: Annotated[
        Path | None, typer.Option(help="Folder of samples and verdict [default: in the data directory].")
    ] = None,
    resume: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Go on with a soak that was ended or killed.")
    ] = None,
    follow: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Show a soak that runs elsewhere; Ctrl-C leaves it.")
    ] = None,
    detach: Annotated[bool, typer.Option("--detach", help="Run it in the background and return.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the verdict as one JSON object.")] = False,
) -> int:
    """Watch the stack that runs: restarts, health, memory, descriptors, threads, drift, what it counts.

    Nothing is started or stopped: `casewright up` first. A light load of known questions is put to it.
    Exit codes: 0 all boxes passed, 1 one failed, 2 one is open (under an hour, uptime always is), 4 there
    is no stack to watch, 64 usage, 130 interrupted (what was seen is judged).
    """
    from casewright.settings import load_settings
    from casewright.staging.samples import Plan, Recording, read_recording
    from casewright.staging.soak import seconds_in

    if sum(each is not None for each in (resume, follow, output)) > 1:
        raise UsageError("--output, --resume and --follow exclude each other", hint="name one folder")
    if follow is not None:
        return _follow(follow, as_json=as_json)
    recording = read_recording(resume) if resume is not None else Recording()
    plan = Plan(
        duration_s=seconds_in(duration or "1h", "--duration"),
        interval_s=_interval(interval),
        users=users,
        pause_s=seconds_in(pause, "--pause"),
    )
    if resume is not None and duration is None:
        plan = plan.model_copy(update={"duration_s": recording.plan.duration_s})
    settings = load_settings()
    stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
    folder = resume or output or settings.data_dir.absolute() / "soak" / stamp
    _refuse_used(output)
    if detach:
        return _detach(folder, resume=resume is not None)
    return _watch(_config(settings, folder), plan, recording, as_json=as_json)


def _interval(words: str) -> float:
    from casewright.staging.soak import seconds_in

    seconds = seconds_in(words, "--interval")
    if seconds > LONGEST_INTERVAL_S:
        raise UsageError(
            f"--interval {words} is too long: {LONGEST_INTERVAL_S:g} s without health could go unseen",
            hint="5s is the default, 15s the longest",
        )
    return seconds


def _config(settings: Settings, folder: Path) -> StageConfig:
    """The stack of these settings, as it runs: nothing is told to its processes."""
    from casewright.cli.stage import config_of

    return replace(config_of(settings, (), attach=True, sample=None, output=folder), environment={})


def _watch(config: StageConfig, plan: Plan, recording: Recording, *, as_json: bool) -> int:
    from casewright.cli.stack_view import console_for
    from casewright.staging.soak_run import exit_code, run_soak
    from casewright.staging.soak_view import shown

    console = console_for(stderr=as_json)
    console.print(f"samples in {config.output}", markup=False, soft_wrap=True)
    try:
        with shown(console) as show:
            result = run_soak(
                config, plan, recording, show, tell=lambda words: console.print(words, markup=False)
            )
    except NotRunning as error:
        console_for(stderr=True).print(f"error: {error.message}\n  try: {error.hint}", markup=False)
        return EXIT_UNREACHABLE
    _tell(console, result, config.output, as_json=as_json)
    return exit_code(result)


def _tell(console: Console, result: SoakResult, folder: Path, *, as_json: bool) -> None:
    if as_json:
        print(result.model_dump_json(by_alias=True, indent=2))
        return
    from casewright.staging.report import boxes_table

    console.print(boxes_table(list(result.boxes)))
    if result.interrupted:
        console.print("interrupted: judged by what was seen until then")
    console.print(f"evidence, soak.json and samples.jsonl in {folder}", markup=False, soft_wrap=True)


def _refuse_used(folder: Path | None) -> None:
    from casewright.staging.samples import SAMPLES

    if folder is not None and (folder / SAMPLES).exists():
        raise UsageError(
            f"{folder} holds a soak already",
            hint=f"casewright soak --resume {folder} goes on with it, or name another --output",
        )


def _detach(folder: Path, *, resume: bool) -> int:
    """Start the same command without --detach in a session of its own, and wait until it has begun."""
    before = _begun(folder)
    words = [word for word in sys.argv[1:] if word != "--detach"]
    if not resume and not any(word == "--output" or word.startswith("--output=") for word in words):
        words += ["--output", str(folder)]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / LOG).open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "casewright", *words],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
    except OSError as error:
        raise StorageError(
            f"{folder} cannot be written: {error.strerror}", hint="name another --output"
        ) from error
    try:
        begun = _wait_for_begin(process, folder, before)
    except KeyboardInterrupt:
        process.terminate()
        raise
    if begun:
        print(f"pid {process.pid} watches; samples, {LOG} and at the end soak.json in {folder}")
        print(f"  to see it: casewright soak --follow {folder}")
        print(f"  to end it with a verdict: kill -INT {process.pid}")
        return EXIT_OK
    process.terminate()
    print((folder / LOG).read_text(errors="replace")[-2000:], file=sys.stderr, end="")
    return process.returncode if process.returncode is not None else EXIT_UNREACHABLE


def _wait_for_begin(process: subprocess.Popen[bytes], folder: Path, before: int) -> bool:
    """Whether it began to watch, before it ended or the time was over."""
    until = time.monotonic() + BEGIN_S
    while process.poll() is None and time.monotonic() < until:
        if _begun(folder) > before:
            return True
        time.sleep(0.1)
    return False


def _begun(folder: Path) -> int:
    """How many runs of a soak have begun there."""
    from casewright.staging.samples import read_recording

    try:
        return len(read_recording(folder).begins)
    except UsageError:
        return 0


def _follow(folder: Path, *, as_json: bool) -> int:
    """Show what is written there until the soak is over, then its verdict."""
    from casewright.cli.stack_view import console_for
    from casewright.staging.samples import being_written, read_recording
    from casewright.staging.soak_run import exit_code, read_result
    from casewright.staging.soak_view import shown

    console = console_for(stderr=as_json)
    with shown(console) as show:
        while True:
            alive = being_written(folder)
            recording = read_recording(folder)
            if recording.samples:
                show(recording)
            if not alive:
                break
            time.sleep(max(POLL_S, min(5.0, recording.plan.interval_s)))
    result = read_result(folder)
    if result is None or not recording.ends:
        console.print(
            f"it was cut off; casewright soak --resume {folder} goes on", markup=False, soft_wrap=True
        )
        return EXIT_UNREACHABLE
    _tell(console, result, folder, as_json=as_json)
    return exit_code(result)
