"""``casewright bench calibrate``: what the instrument itself adds, on this machine."""

from __future__ import annotations

from rich.console import Console

from casewright.bench.calibrate import calibrate
from casewright.cli.bench_options import Output
from casewright.cli.bench_run import write_json
from casewright.errors import EXIT_OK
from casewright.settings import load_settings


def calibrate_once(output: Output) -> int:
    """Run every case, print what was found, store it, and return the exit code."""
    settings, console = load_settings(), Console()
    result = calibrate(settings.data_dir)
    console.print(result)
    write_json(output.json_file, result)
    return EXIT_OK
