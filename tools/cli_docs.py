"""Write docs/cli.md from the commands' own help; ``--check`` fails when the page is out of date."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer
import typer.main

PAGE = Path(__file__).resolve().parent.parent / "docs" / "cli.md"
HEAD = """# The command line

Generated from the commands themselves by `tools/cli_docs.py`; do not edit.
"""


def commands(command: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Yield (name as typed, command), groups before their members."""
    yield path, command
    if hasattr(command, "commands"):
        for name, member in sorted(command.commands.items()):
            if not member.hidden:
                yield from commands(member, f"{path} {name}")


def options(command: Any, context: Any) -> Iterator[str]:
    """Yield a table row for every argument and option."""
    for parameter in command.get_params(context):
        if getattr(parameter, "hidden", False) or parameter.name == "help":
            continue
        names = ", ".join(f"`{n}`" for n in (*parameter.opts, *parameter.secondary_opts))
        if parameter.param_type_name == "argument":
            names = f"`{parameter.metavar or parameter.name.upper()}`"
        text = " ".join((getattr(parameter, "help", None) or "").split()).replace("|", "\\|")
        default = parameter.get_default(context, call=False)
        shown = "" if default in (None, False, (), []) or callable(default) else f"`{default}`"
        yield f"| {names} | {text} | {shown} |"


def page() -> str:
    """The whole page."""
    from casewright.cli.commands import app  # noqa: PLC0415 - the checks above need no package

    parts = [HEAD]
    for name, command in commands(typer.main.get_command(app), "casewright"):
        context = typer.Context(command, info_name=name)
        parts.append(f"## `{name}`\n\n{' '.join((command.help or '').split(chr(12))[0].split())}\n")
        if rows := list(options(command, context)):
            parts.append("| | what | default |\n| --- | --- | --- |\n" + "\n".join(rows) + "\n")
    return "\n".join(parts)


def main() -> int:
    """Write the page, or with --check compare it."""
    text = page()
    if "--check" not in sys.argv:
        PAGE.write_text(text)
        return 0
    if not PAGE.exists() or PAGE.read_text() != text:
        print("docs/cli.md is out of date: run `make docs`")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
