"""``casewright bench``: measure one engine, compare two, calibrate the instrument."""

from __future__ import annotations

import typer

app = typer.Typer(help="Measure engines and say what the measurements prove.", no_args_is_help=True)


@app.callback()
def group() -> None:
    """Measure engines and say what the measurements prove."""
