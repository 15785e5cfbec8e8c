"""The command groups put together, and errors turned into exit codes."""

from __future__ import annotations

import sys

import typer
import typer.exceptions
from rich.console import Console

from casewright.cli import (
    bench,
    config,
    convert,
    engine,
    eval,
    keys,
    knowledge,
    notes,
    provider,
    qualify,
    serve,
    soak,
    stage,
    up,
)
from casewright.errors import EXIT_INTERRUPTED, EXIT_USAGE, CasewrightError

app = typer.Typer(
    name="casewright",
    help="Private document AI for casework: measure engines, deploy, and prove it.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(bench.app, name="bench")
engine.app.command()(qualify.qualify)
app.add_typer(engine.app, name="engine")
app.command()(convert.convert)
app.command()(notes.notes)
app.command()(knowledge.reindex)
app.command()(knowledge.doctor)
app.command()(knowledge.backup)
app.command()(knowledge.restore)
for command in (up.up, up.down, up.ps, up.logs, serve.serve, stage.stage, soak.soak):
    app.command()(command)
app.add_typer(eval.app, name="eval")
app.add_typer(provider.app, name="provider")
app.add_typer(keys.app, name="keys")
app.add_typer(config.app, name="config")


def carry_out(arguments: list[str], commands: typer.Typer, name: str) -> int:
    """Run a command with our exit codes: 64 for usage, 130 for Ctrl-C, an error's own otherwise."""
    console = Console(stderr=True)
    try:
        result = typer.main.get_command(commands).main(args=arguments, prog_name=name, standalone_mode=False)
    except typer.Exit as stop:
        return stop.exit_code
    except typer.exceptions.TyperException as error:
        # typer keeps its parser's classes private; the context is there when the words were at fault.
        path = getattr(getattr(error, "ctx", None), "command_path", name)
        print(f"error: {error.format_message()}\n  try: {path} --help", file=sys.stderr)
        return EXIT_USAGE
    except (typer.Abort, KeyboardInterrupt):
        console.print("interrupted")
        return EXIT_INTERRUPTED
    except CasewrightError as error:
        console.print(f"[bold red]error[/] ({error.kind}): ", end="")
        console.print(error.message, markup=False, highlight=False)
        if error.hint:
            console.print(f"  try: {error.hint}", markup=False, highlight=False)
        return error.exit_code
    return result if isinstance(result, int) else 0
