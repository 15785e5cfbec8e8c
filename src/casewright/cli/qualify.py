"""``casewright engine qualify``: the exam that says what a model is fit for."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from casewright.cli import bench_options as opt


def qualify(
    engine: opt.EngineWord,
    *,
    short: Annotated[bool, typer.Option(help="three items a skill: a look, decides no strategy")] = False,
    quiet: opt.Quiet = False,
    json_file: opt.JsonFile = None,
    markdown_file: Annotated[
        Path | None, typer.Option("--markdown", help="write the report as Markdown")
    ] = None,
    examples: Annotated[int, typer.Option(min=0, help="wrong answers to show for each skill")] = 1,
) -> int:
    """Put the built-in exam to a model and say how far it may be used: structured, plain or extractive.

    About 60 items in the product's own terms, scored by code, 2 to 5 minutes on 2 cores. The result is stored
    with the digest of the weights; services read the strategy and `bench compare` the scores.
    """
    from casewright.api.qualification import ExamForm
    from casewright.bench.exam.ask import asker
    from casewright.bench.exam.exam import exam_prompts, run_exam
    from casewright.bench.exam.report import markdown_report, terminal_report
    from casewright.bench.exam.store import store_qualification
    from casewright.bench.live import watch_run
    from casewright.bench.machine import describe_machine
    from casewright.bench.plan import LoadPlan
    from casewright.cli.bench_run import write_json, write_text
    from casewright.cli.targets import open_targets
    from casewright.settings import load_settings

    settings, console = load_settings(), Console()
    form: ExamForm = "short" if short else "full"
    plan = LoadPlan.closed(1, requests=len(exam_prompts(form)))
    with (
        open_targets([engine], settings) as (target,),
        watch_run(plan, f"exam of {target.spec}", Console(stderr=True), quiet=quiet) as on_progress,
    ):
        result = run_exam(
            asker(target, on_progress=on_progress),
            target.identity,
            machine=describe_machine(),
            form=form,
            spec=target.spec,
        )
    console.print(terminal_report(result, examples))
    if not short:
        console.print(f"stored: {store_qualification(result, settings.data_dir)}", soft_wrap=True)
    write_json(json_file, result)
    if markdown_file is not None:
        write_text(markdown_file, markdown_report(result, examples))
    return 0
