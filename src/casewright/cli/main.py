"""The ``casewright`` command: puts the command groups together and turns errors into exit codes."""

from __future__ import annotations

import sys

import click
import typer
from rich.console import Console

from casewright.cli import bench, engine
from casewright.errors import EXIT_INTERRUPTED, EXIT_USAGE, CasewrightError

app = typer.Typer(
    name="casewright",
    help="Private document AI for casework: measure engines, deploy, and prove it.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(bench.app, name="bench")
app.add_typer(engine.app, name="engine")


def run(command: click.Command, arguments: list[str]) -> int:
    """Run a command with our exit codes: 64 for usage, 130 for Ctrl-C, an error's own otherwise."""
    console = Console(stderr=True)
    try:
        result = command.main(args=arguments, prog_name="casewright", standalone_mode=False)
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except click.UsageError as error:
        error.show()
        return EXIT_USAGE
    except (click.Abort, KeyboardInterrupt):
        console.print("interrupted")
        return EXIT_INTERRUPTED
    except CasewrightError as error:
        console.print(f"[bold red]error[/] ({error.kind}): ", end="")
        console.print(error.message, markup=False, highlight=False)
        if error.hint:
            console.print(f"  try: {error.hint}", markup=False, highlight=False)
        return error.exit_code
    return result if isinstance(result, int) else 0


def main() -> None:
    """Entry point of the console script."""
    sys.exit(run(typer.main.get_command(app), sys.argv[1:]))
