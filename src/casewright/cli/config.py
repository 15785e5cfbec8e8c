"""``casewright config``: every setting, where it comes from, and where state lies."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from casewright.settings import Settings

app = typer.Typer(help="Show the settings.", no_args_is_help=True)


@app.callback()
def group() -> None:
    """Show the settings."""


@app.command()
def show(*, as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False) -> None:
    """Print every setting with its value and source, where state lies, and the URLs; never a secret."""
    from rich.table import Table
    from rich.text import Text

    from casewright.cli.stack_view import console_for
    from casewright.settings import load_settings

    settings = load_settings()
    rows, where, urls = settings_rows(settings), places(settings), urls_of(settings)
    if as_json:
        print(json.dumps({"settings": rows, "places": where, "urls": urls}, indent=2))
        return
    console = console_for()
    for title, found in (("settings", rows), ("places", where), ("urls", urls)):
        table = Table(title=title, title_justify="left", box=None, pad_edge=False)
        for name in ("name", "value", "source") if title == "settings" else ("name", "value"):
            table.add_column(name, overflow="fold")
        for name, value in found.items():
            cells = (value["value"], value["source"]) if isinstance(value, dict) else (value,)
            table.add_row(*(Text("-" if cell is None else str(cell)) for cell in (name, *cells)))
        console.print(table)


def settings_rows(settings: Settings) -> dict[str, dict[str, Any]]:
    """Variable -> value (secrets only as set or unset, URLs without their passwords) and source."""
    from pydantic import AliasChoices, SecretStr

    from casewright.engines.failures import redacted
    from casewright.settings import setting_sources

    sources = setting_sources()
    rows: dict[str, dict[str, Any]] = {}
    for name, field in type(settings).model_fields.items():
        alias = field.validation_alias
        variable = str(alias.choices[0]) if isinstance(alias, AliasChoices) else name.upper()
        value = getattr(settings, name)
        if field.annotation is not None and "SecretStr" in str(field.annotation):
            shown: Any = "set" if isinstance(value, SecretStr) else "unset"
        elif name.endswith("_url"):
            shown = None if value is None else redacted(value)
        else:
            shown = value if value is None or isinstance(value, int | float) else str(value)
        rows[variable] = {"value": shown, "source": sources[variable]}
    return rows


def places(settings: Settings) -> dict[str, str]:
    """Where state lies."""
    from casewright.cli.stack_view import places_of
    from casewright.services.kit.keys import FILE as KEYS_FILE
    from casewright.services.provider import FILE as PROVIDER_FILE

    where = places_of(settings)
    return {
        "data": str(where.data_dir),
        "provider": str(where.data_dir / PROVIDER_FILE),
        "keys": str(where.data_dir / KEYS_FILE),
        "run": str(where.run),
        "logs": str(where.logs),
    }


def urls_of(settings: Settings) -> dict[str, str]:
    """Where `up` serves each part."""
    from casewright.stack.plan import plan_from

    return {each.name: each.url for each in plan_from(settings).processes}
