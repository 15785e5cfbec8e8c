"""``casewright engine``: serve, install, probe and qualify engines."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from casewright.errors import UsageError

app = typer.Typer(help="Serve, install, probe and qualify engines.", no_args_is_help=True)


@app.callback()
def group() -> None:
    """Serve, install, probe and qualify engines."""


class FaceName(StrEnum):
    """Which API to serve."""

    OLLAMA = "ollama"
    OPENAI = "openai"
    BOTH = "both"


@app.command()
def serve(
    *,
    api: Annotated[FaceName, typer.Option(help="Which API to answer.")] = FaceName.BOTH,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0 takes any free one.")] = 11434,
    slots: Annotated[int | None, typer.Option(min=1, max=64, help="Requests served at once.")] = None,
    threads: Annotated[int | None, typer.Option(min=1, max=256, help="Compute threads.")] = None,
    context: Annotated[int | None, typer.Option(min=256, help="Context of one slot, in tokens.")] = None,
    host: Annotated[
        str, typer.Option(help="Address to listen on; beyond loopback a key is needed.")
    ] = "127.0.0.1",
    api_key_env: Annotated[
        str | None, typer.Option(metavar="NAME", help="Environment variable that holds the API key.")
    ] = None,
    queue: Annotated[int, typer.Option(min=1, help="Requests admitted at once; more get 503.")] = 1024,
) -> None:
    """Serve the embedded engine (llama.cpp) behind Ollama's native API, OpenAI's, or both."""
    from casewright.engines.llama_server import EmbeddedConfig
    from casewright.services.engine_process import ServeConfig, Serving
    from casewright.services.engine_process import serve as run
    from casewright.settings import load_settings

    settings = load_settings()
    engine = EmbeddedConfig(
        model_path=settings.embedded_model,
        slots=slots or settings.embedded_slots,
        threads=threads or settings.embedded_threads,
        context=context or settings.embedded_context,
        embeddings=True,
    )
    key = read_key(api_key_env)

    def announce(serving: Serving) -> None:
        about = serving.about
        print(
            f"{about.model} ({about.quantization}, {about.slots} slots of {about.context} tokens) "
            f"on llama.cpp ({about.version}) at {serving.url} ({api.value}); Ctrl-C stops",
            flush=True,
        )

    run(ServeConfig(engine, api.value, host, port, key, queue), announce)


def read_key(name: str | None) -> str | None:
    """The API key from the environment variable the user named.

    Raises:
        UsageError: the variable is not set or empty.
    """
    if name is None:
        return None
    from casewright.settings import environment_secret

    value = environment_secret(name)
    if not value:
        raise UsageError(f"the environment variable {name} is not set", hint=f"export {name}=… first")
    return value
