"""``casewright keys``: who may ask the services."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

app = typer.Typer(help="Make, list and revoke API keys.", no_args_is_help=True)


@app.command()
def create(
    name: Annotated[str, typer.Argument(help="Whom or what it is for.")],
    *,
    scope: Annotated[
        list[str],
        typer.Option("--scope", "-s", help="rag, notes, documents, web, gateway or admin; repeatable."),
    ],
) -> None:
    """Make a key and print its token, this once: it is kept nowhere.

    As soon as one key exists, every service asks for one, also on loopback.
    """
    from casewright.services.kit.keys import KeyStore
    from casewright.settings import load_settings

    record, token = KeyStore(load_settings().data_dir).create(name, scope)
    print(
        f"key {record.id} for {record.name} opens {', '.join(record.scopes)}; its token is shown this once:",
        file=sys.stderr,
    )
    print(token)


@app.command("list")
def list_keys() -> None:
    """List the keys; their tokens are not known here."""
    from rich.table import Table
    from rich.text import Text

    from casewright.cli.stack_view import console_for
    from casewright.services.kit.keys import KeyStore
    from casewright.settings import load_settings

    keys = KeyStore(load_settings().data_dir).all()
    if not keys:
        print("there are no keys: the services listen on this machine only and ask for none")
        return
    table = Table(box=None, pad_edge=False)
    for title in ("id", "name", "opens", "made", "revoked"):
        table.add_column(title, overflow="fold")
    for key in keys:
        words = (key.id, key.name, ", ".join(key.scopes), key.created_at, key.revoked_at or "-")
        table.add_row(*(Text(word) for word in words))
    console_for().print(table)


@app.command()
def revoke(identity: Annotated[str, typer.Argument(metavar="ID", help="The id that list shows.")]) -> None:
    """Close a key for good; running services refuse it from their next request on."""
    from casewright.services.kit.keys import KeyStore
    from casewright.settings import load_settings

    record = KeyStore(load_settings().data_dir).revoke(identity)
    print(f"key {record.id} for {record.name} is revoked")
