"""``casewright serve``: one service in the foreground."""

from __future__ import annotations

from typing import Annotated

import typer


def serve(
    name: Annotated[str, typer.Argument(help="rag, notes, documents, web or gateway.")],
    *,
    host: Annotated[
        str, typer.Option(help="Address to listen on; beyond loopback a key must exist.")
    ] = "127.0.0.1",
    port: Annotated[
        int | None,
        typer.Option(min=0, max=65535, help="Port; 0 takes any free one [default: the settings' one]."),
    ] = None,
) -> None:
    """Serve one service in the foreground; its URL is printed once it answers. Ctrl-C stops it."""
    from casewright.services.registry import run_service
    from casewright.settings import load_settings

    def announce(url: str) -> None:
        print(f"{name} at {url}; Ctrl-C stops", flush=True)

    run_service(name, load_settings(), host, port, announce)
