"""``casewright engine``: serve, install, probe and qualify engines."""

from __future__ import annotations

import typer

app = typer.Typer(help="Serve, install, probe and qualify engines.", no_args_is_help=True)


@app.callback()
def group() -> None:
    """Serve, install, probe and qualify engines."""
