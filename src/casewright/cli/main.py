"""The ``casewright`` command; it imports the rest late, so that Ctrl-C is heard meanwhile too."""

from __future__ import annotations

import sys

TYPE_CHECKING = False  # what typing calls so; typing itself is imported later
if TYPE_CHECKING:
    import typer


def run(arguments: list[str], commands: typer.Typer | None = None, name: str = "casewright") -> int:
    """Run a command with our exit codes: 64 for usage, 130 for Ctrl-C, an error's own otherwise.

    ``commands``: those of another program, called ``name``.
    """
    try:
        from casewright.cli.commands import app, carry_out

        return carry_out(arguments, app if commands is None else commands, name)
    except KeyboardInterrupt:
        from casewright.errors import EXIT_INTERRUPTED

        print("interrupted", file=sys.stderr)
        return EXIT_INTERRUPTED


def main() -> None:
    """Entry point of the console script."""
    sys.exit(run(sys.argv[1:]))
