"""``casewright bench compare`` and the demo: two engines, one verdict."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace

from rich.console import Console

from casewright.api.compare import Comparison, Side
from casewright.api.qualification import ExamForm, Qualification, load_qualification
from casewright.bench.blocks import METRICS, Design, Measured
from casewright.bench.compare import Papers, compare
from casewright.bench.exam.ask import asker
from casewright.bench.exam.exam import run_exam
from casewright.bench.live import watch_compare
from casewright.bench.machine import describe_machine
from casewright.bench.measure import Keep, measure
from casewright.bench.plan import LoadPlan
from casewright.bench.profiles import profile
from casewright.bench.report import comparison_report
from casewright.bench.report_html import comparison_html
from casewright.bench.target import Target
from casewright.bench.verdict import Metric
from casewright.bench.workload import Workload, check_fits
from casewright.cli.bench_options import ExamChoice, Output, WorkloadChoice
from casewright.cli.bench_run import calibration_note, choose_workload, new_run_dir, write_json, write_text
from casewright.cli.interrupt import interruptible
from casewright.cli.targets import open_targets
from casewright.errors import EXIT_INTERRUPTED, EXIT_INVALID_RUN, EXIT_NOT_PROVEN, EXIT_OK, UsageError
from casewright.settings import Settings, load_settings


@dataclass(frozen=True, slots=True)
class CompareOrder:
    """What ``bench compare`` was asked for; ``budget_s`` None keeps the profile's own."""

    engines: tuple[str, str]
    profile: str
    budget_s: float | None
    plan: LoadPlan
    primary: str
    margin: float
    seed: int
    workload: WorkloadChoice
    exam: ExamChoice


def compare_once(order: CompareOrder, output: Output) -> int:
    """Carry the order out, report, and return the exit code."""
    found = _carry_out(order, output)
    if found.interrupted:
        return EXIT_INTERRUPTED
    if found.validity.verdict == "INVALID":
        return EXIT_INVALID_RUN
    return EXIT_NOT_PROVEN if found.verdict.decision == "not proven" else EXIT_OK


def truthful(order: CompareOrder, output: Output) -> int:
    """The same, but any verdict of a valid run is a success: the demo shows the instrument."""
    code = compare_once(order, output)
    return EXIT_OK if code == EXIT_NOT_PROVEN else code


def demo_order() -> CompareOrder:
    """One model served with 1 slot and with 4, four users at once, within the quick profile's budget."""
    return CompareOrder(
        engines=("embedded:slots=1", "embedded:slots=4"),
        profile="quick",
        budget_s=None,
        plan=LoadPlan.closed(4, requests=1),
        primary="output_tokens_per_s",
        margin=0.05,
        seed=0,
        workload=WorkloadChoice("tiny", max_tokens=16, ignore_eos=True),
        exam="none",
    )


def _carry_out(order: CompareOrder, output: Output) -> Comparison:
    settings, console = load_settings(), Console()
    design = _design(order)
    with open_targets(order.engines, settings) as (a, b), interruptible() as stop:
        _refuse_misfits(order, (a, b))
        root = new_run_dir(settings)
        calibration = calibration_note(settings)

        def measured(target: Target, plan: LoadPlan, workload: Workload) -> Measured:
            run_dir = root / f"block-{len(list(root.glob('block-*'))):03d}"
            return measure(
                target, plan, workload, run_dir, calibration=calibration, stop=stop, keep=Keep(answers=True)
            )

        with watch_compare(order.primary, Console(stderr=True), quiet=output.quiet) as on_step:
            found = compare(
                a,
                b,
                design,
                lambda salt: choose_workload(order.workload, salt),
                measured,
                on_step=on_step,
                stop=stop,
                examine=lambda: _papers(order.exam, {"A": a, "B": b}, settings),
            )
    console.print(comparison_report(found))
    write_json(output.json_file, found)
    if output.html_file:
        write_text(output.html_file, comparison_html(found))
    return found


def _design(order: CompareOrder) -> Design:
    if order.primary not in METRICS:
        raise UsageError(f"unknown metric {order.primary!r}", hint=f"use one of {', '.join(METRICS)}")
    if not 0 < order.margin < 1:
        raise UsageError(f"the margin is {order.margin:g}", hint="use a share between 0 and 1, such as 0.05")
    chosen = profile(order.profile)
    if order.budget_s is not None:
        chosen = replace(chosen, budget_s=order.budget_s)
    metric: Metric = METRICS[order.primary]
    return Design(chosen, metric, order.margin, order.seed, replace(order.plan, seed=order.seed))


def _refuse_misfits(order: CompareOrder, targets: tuple[Target, Target]) -> None:
    workload = choose_workload(order.workload)
    for target in targets:
        if target.identity.context_length is not None:
            check_fits(workload, order.seed, target.identity.context_length, target.spec)


def _papers(choice: ExamChoice, targets: Mapping[Side, Target], settings: Settings) -> Papers:
    """Exam results of both sides: stored ones, or by asking now; none where the weights are one file."""
    weights = {(target.identity.digest, target.identity.quantization) for target in targets.values()}
    same = len(weights) == 1 and all(digest is not None for digest, _ in weights)
    if choice == "none" or (choice == "auto" and same):
        return {}
    papers: dict[Side, Qualification] = {}
    if choice == "auto":
        stored = {side: load_qualification(settings.data_dir, t.identity) for side, t in targets.items()}
        papers = {side: paper for side, paper in stored.items() if paper is not None}
        if len(papers) == len(targets):
            return papers
    form: ExamForm = "full" if choice == "full" else "short"
    for side, target in targets.items():
        print(f"exam ({form}): {target.spec}", file=sys.stderr, flush=True)
        papers[side] = run_exam(
            asker(target), target.identity, machine=describe_machine(), form=form, spec=target.spec
        )
    return papers
