"""``casewright bench``: measure one engine, compare two, calibrate the instrument."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from casewright.cli import bench_options as opt
from casewright.errors import UsageError

app = typer.Typer(help="Measure engines and say what the measurements prove.", no_args_is_help=True)


@app.command()
def run(
    engine: opt.EngineWord,
    *,
    concurrency: Annotated[
        int | None, typer.Option("--concurrency", "-c", help="closed loop: this many users at once")
    ] = None,
    rate: Annotated[float | None, typer.Option(help="open loop: requests per second, never waiting")] = None,
    arrivals: Annotated[str, typer.Option(help="open loop: constant or poisson")] = "poisson",
    requests: Annotated[int | None, typer.Option("--requests", "-n", help="stop after this many")] = None,
    duration: Annotated[float | None, typer.Option(help="stop sending after this many seconds")] = None,
    ramp: Annotated[float, typer.Option(help="seconds in which users join, or the rate rises")] = 0.0,
    warmup: Annotated[int, typer.Option(help="requests sent first and not counted")] = 0,
    max_tokens: opt.MaxTokens = None,
    workload: opt.WorkloadWord = "short",
    prefix: opt.Prefix = "unique",
    ignore_eos: opt.IgnoreEos = False,
    processes: opt.Processes = 1,
    seed: opt.Seed = 0,
    target: Annotated[
        list[str] | None, typer.Option(help="a bound to prove, such as 'ttft_p95<500ms'; repeatable")
    ] = None,
    timeout: opt.Timeout = 600.0,
    quiet: opt.Quiet = False,
    json_file: opt.JsonFile = None,
    html_file: opt.HtmlFile = None,
    run_dir: Annotated[
        Path | None, typer.Option(help="where records are kept (default: a new folder in the data directory)")
    ] = None,
    resume: Annotated[
        Path | None, typer.Option(help="continue the interrupted run in this folder with its own plan")
    ] = None,
    keep_raw: Annotated[bool, typer.Option(help="keep the raw spool beside the records")] = False,
) -> int:
    """Measure one engine under one load.

    Exit codes: 0 valid and every target proven, 1 a target failed, 2 not proven, 3 the run is invalid, 4 the
    engine is unreachable, 64 usage, 130 interrupted (what was measured is reported).
    """
    from casewright.bench.plan import LoadPlan
    from casewright.cli.bench_run import RunOrder, run_once

    if rate is not None and concurrency is not None:
        raise UsageError(
            "--rate and --concurrency exclude each other",
            hint="--concurrency N is a closed loop of N users, --rate R an open loop of R requests a second",
        )
    plan = LoadPlan(
        mode="closed" if rate is None else "open",
        concurrency=(concurrency or 1) if rate is None else None,
        rate=rate,
        arrivals=opt.arrival_kind(arrivals),
        requests=requests if requests is not None or duration is not None else 20,
        duration_s=duration,
        warmup=warmup,
        ramp_s=ramp,
        processes=processes,
        seed=seed,
        total_s=timeout,
        first_token_s=min(timeout, 120.0),
        idle_s=min(timeout, 60.0),
    )
    choice = opt.WorkloadChoice(workload, prefix, max_tokens, ignore_eos)
    order = RunOrder(
        engine, plan, choice, tuple(target or ()), run_dir=run_dir, resume=resume, keep_raw=keep_raw
    )
    return run_once(order, opt.Output(quiet, json_file, html_file))


@app.command()
def compare(
    a: Annotated[str, typer.Argument(metavar="A", help="the first engine")],
    b: Annotated[str, typer.Argument(metavar="B", help="the second engine")],
    *,
    profile: Annotated[
        str,
        typer.Option(help="quick (3 min), standard (15 min), full (60 min), or smoke (30 s, proves nothing)"),
    ] = "quick",
    concurrency: Annotated[int, typer.Option("--concurrency", "-c", help="users at once")] = 1,
    rate: Annotated[float | None, typer.Option(help="open loop instead: requests per second")] = None,
    budget: Annotated[
        float | None,
        typer.Option(min=1, help="seconds it may take, instead of the profile's; the pairs stay as planned"),
    ] = None,
    primary: Annotated[
        str, typer.Option(help="the metric the verdict is on, declared before the first request")
    ] = "output_tokens_per_s",
    margin: Annotated[float, typer.Option(help="differences within this share do not matter")] = 0.05,
    max_tokens: opt.MaxTokens = None,
    workload: opt.WorkloadWord = "short",
    ignore_eos: opt.IgnoreEos = False,
    exam: Annotated[
        str, typer.Option(help="answer quality: auto (stored results, else short), short, full or none")
    ] = "auto",
    seed: opt.Seed = 0,
    timeout: opt.Timeout = 600.0,
    quiet: opt.Quiet = False,
    json_file: opt.JsonFile = None,
    html_file: opt.HtmlFile = None,
) -> int:
    """Compare two engines: which is faster, by how much, or that it is not proven.

    Blocks alternate in ABBA order with the same prompts on both sides, and A/A pairs on one engine show the
    noise. Exit codes: 0 a verdict, 2 not proven, 3 invalid, 4 unreachable, 64 usage, 130 interrupted.
    """
    from casewright.bench.plan import LoadPlan
    from casewright.cli.bench_compare import CompareOrder, compare_once

    plan = LoadPlan(
        mode="closed" if rate is None else "open",
        concurrency=concurrency if rate is None else None,
        rate=rate,
        requests=1,
        total_s=timeout,
        first_token_s=min(timeout, 120.0),
        idle_s=min(timeout, 60.0),
    )
    order = CompareOrder(
        engines=(a, b),
        profile=profile,
        budget_s=budget,
        plan=plan,
        primary=primary,
        margin=margin,
        seed=seed,
        workload=opt.WorkloadChoice(workload, "unique", max_tokens, ignore_eos),
        exam=opt.exam_choice(exam),
    )
    return compare_once(order, opt.Output(quiet, json_file, html_file))


@app.command()
def demo(
    *,
    output: Annotated[Path, typer.Option(help="where the result goes")] = Path("benchmark_results.json"),
    html_file: opt.HtmlFile = None,
    quiet: opt.Quiet = False,
) -> int:
    """Compare the embedded model served with 1 slot and with 4, with real inference and no other server.

    Exits 0 on any truthful verdict, NOT PROVEN included.
    """
    from casewright.cli.bench_compare import demo_order, truthful

    return truthful(demo_order(), opt.Output(quiet, output, html_file))


@app.command()
def calibrate(*, quiet: opt.Quiet = False, json_file: opt.JsonFile = None) -> int:
    """Measure our own error and ceiling on this machine against the built-in simulator."""
    from casewright.cli.bench_calibrate import calibrate_once

    return calibrate_once(opt.Output(quiet, json_file, None))
