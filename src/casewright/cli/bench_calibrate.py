"""``casewright bench calibrate``: what the instrument itself adds, on this machine."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from casewright.api.calibration import CalibrationCase, CalibrationResult
from casewright.bench.calibrate import Step, calibrate
from casewright.cli.bench_options import Output
from casewright.cli.bench_run import write_json
from casewright.errors import EXIT_NOT_PROVEN, EXIT_OK, EXIT_TARGET_FAILED
from casewright.settings import load_settings

_CODES = {"PASS": EXIT_OK, "FAIL": EXIT_TARGET_FAILED, "NOT MEASURABLE": EXIT_NOT_PROVEN}
_COLOURS = {"PASS": "green", "FAIL": "red", "NOT MEASURABLE": "yellow"}


def calibrate_once(output: Output) -> int:
    """Run every case, print what was found, store it, and return the exit code."""
    settings, console, aside = load_settings(), Console(), Console(stderr=True)

    def tell(step: Step) -> None:
        again = "" if step.attempt == 1 else " (once more: it did not pass)"
        aside.print(f"case {step.number} of {step.of}: {step.what}{again}", highlight=False, markup=False)

    result = calibrate(settings.data_dir, on_progress=None if output.quiet else tell)
    for line in _head(result):
        console.print(line)
    console.print(_table(result))
    for case in result.cases:
        for bound in case.bounds:
            if bound.status != "PASS":
                console.print(f"  {case.name}, {bound.name}: {bound.status} {bound.reason}", markup=False)
    write_json(output.json_file, result)
    return _CODES[result.status]


def _head(result: CalibrationResult) -> tuple[str, ...]:
    ceiling = "not measured" if result.ceiling_per_s is None else f"{result.ceiling_per_s:,.0f} req/s"
    limit = f" (limited by {result.ceiling_limit})" if result.ceiling_limit else ""
    colour = _COLOURS[result.status]
    return (
        f"[bold {colour}]{result.status}[/]  the load generator against the built-in simulator, "
        f"{result.seconds:.0f} s",
        f"ceiling of one process, no delay: {ceiling}{limit}",
    )


def _table(result: CalibrationResult) -> Table:
    table = Table(box=None, pad_edge=False)
    for name in (
        "case",
        "verdict",
        "req/s",
        "TTFT p50",
        "error",
        "TTFT p99",
        "error",
        "on time",
        "dispersion",
    ):
        table.add_column(name, justify="left" if name in ("case", "verdict") else "right")
    for case in result.cases:
        table.add_row(*_row(case), style=_COLOURS[case.status])
    table.caption = "milliseconds; error: ours minus what the simulator knows to be true"
    return table


def _row(case: CalibrationCase) -> tuple[str, ...]:
    client = case.client
    on_time = "–" if client.share_on_time is None else f"{client.share_on_time:.2%}"
    return (
        case.name,
        case.status,
        _number(client.requests_per_s, 1),
        _number(client.ttft_ms.p50),
        _number(case.error_p50_ms),
        _number(client.ttft_ms.p99),
        _number(case.error_p99_ms),
        on_time,
        _number(client.dispersion, 3),
    )


def _number(value: float | None, digits: int = 2) -> str:
    return "–" if value is None else f"{value:,.{digits}f}"
