"""``casewright bench run``: one engine, one load, one report."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pydantic import BaseModel
from rich.console import Console

from casewright.api.bench import Run
from casewright.bench.calibrate import calibration_warning
from casewright.bench.live import watch_run
from casewright.bench.measure import Keep, measure
from casewright.bench.plan import LoadPlan
from casewright.bench.report import run_report
from casewright.bench.report_html import run_html
from casewright.bench.target_spec import parse_target
from casewright.bench.targets import evaluate, exit_code, goodput
from casewright.bench.workers import PLAN_FILE
from casewright.bench.workload import Workload, check_fits, resolve_workload
from casewright.cli.bench_options import Output, WorkloadChoice, prefix_choice
from casewright.cli.interrupt import interruptible
from casewright.cli.targets import open_targets
from casewright.errors import EXIT_INTERRUPTED, EXIT_INVALID_RUN, StorageError, UsageError
from casewright.files import replace_file
from casewright.settings import Settings, load_settings


@dataclass(frozen=True, slots=True)
class RunOrder:
    """What ``bench run`` was asked for."""

    engine: str
    plan: LoadPlan
    workload: WorkloadChoice
    targets: tuple[str, ...]
    run_dir: Path | None
    resume: Path | None
    keep_raw: bool


def run_once(order: RunOrder, output: Output) -> int:
    """Carry the order out and return the exit code."""
    settings, console = load_settings(), Console()
    for expression in order.targets:
        parse_target(expression)  # a wrong word is known before the first request
    # A salt of its own for each run: a second run with the same seed must not live on the first one's cache.
    run_dir = order.resume or order.run_dir or new_run_dir(settings)
    workload = choose_workload(order.workload, salt=run_dir.name)
    plan = stored_plan(order.resume) if order.resume else order.plan
    with open_targets([order.engine], settings) as (target,), interruptible() as stop:
        if target.identity.context_length is not None:
            check_fits(workload, plan.seed, target.identity.context_length, target.spec)
        with watch_run(plan, target.spec, Console(stderr=True), quiet=output.quiet) as on_progress:
            measured = measure(
                target,
                plan,
                workload,
                run_dir,
                calibration=calibration_note(settings),
                on_progress=on_progress,
                stop=stop,
                resume=order.resume is not None,
                keep=Keep(raw=order.keep_raw),
            )
    run = measured.run
    if order.targets:
        judged = evaluate(order.targets, run, measured.sample)
        run = run.model_copy(update={"targets": judged, "goodput": goodput(order.targets, measured.sample)})
    console.print(run_report(run))
    write_json(output.json_file, run)
    if output.html_file:
        write_text(output.html_file, run_html(run, measured.sample.spans_ms("t_send", "t_last").tolist()))
    return verdict_code(run)


def verdict_code(run: Run) -> int:
    """Interrupted and invalid come first: their targets prove nothing."""
    if run.interrupted:
        return EXIT_INTERRUPTED
    if run.validity.verdict == "INVALID":
        return EXIT_INVALID_RUN
    return exit_code(run.targets)


def choose_workload(choice: WorkloadChoice, salt: str = "") -> Workload:
    """The workload the words name; UsageError when they do not."""
    return resolve_workload(
        choice.name,
        prefix=prefix_choice(choice.prefix),
        max_tokens=choice.max_tokens,
        ignore_eos=choice.ignore_eos,
        salt=salt,
    )


def new_run_dir(settings: Settings) -> Path:
    """A folder of its own for a new run; created by the load generator."""
    stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
    return settings.data_dir / "runs" / f"{stamp}-{uuid.uuid4().hex[:6]}"


def stored_plan(run_dir: Path) -> LoadPlan:
    """The plan an interrupted run was begun with; UsageError when there is none."""
    try:
        return LoadPlan.from_json(json.loads((run_dir / PLAN_FILE).read_bytes()))
    except (OSError, ValueError) as error:
        raise UsageError(
            f"{run_dir} holds no run to resume", hint="name the folder the run printed"
        ) from error


def calibration_note(settings: Settings) -> str | None:
    """The warning about the instrument, None when its calibration holds here."""
    return calibration_warning(settings.data_dir)


def write_json(path: Path | None, result: BaseModel) -> None:
    """Write a result where the user wants it; nothing for None."""
    if path is not None:
        write_text(path, result.model_dump_json(by_alias=True, indent=2) + "\n")


def write_text(path: Path, text: str) -> None:
    """Write a report file, whole or not at all.

    Raises:
        StorageError: the folder does not exist, or refuses.
    """
    if not path.absolute().parent.is_dir():
        raise StorageError(f"cannot write {path}: there is no such folder", hint="name another file")
    replace_file(path, text.encode("utf-8"), mode=None)
