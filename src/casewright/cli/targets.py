"""From the user's word for an engine to a target: started if it is ours, and identified."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager

from casewright.bench.target import Target
from casewright.engines.connect import identify
from casewright.engines.llama_server import EmbeddedConfig, EmbeddedServer
from casewright.engines.vllm_cpu import completed
from casewright.engines.wire import Api
from casewright.errors import UsageError
from casewright.settings import Settings, parse_engine
from casewright.values import EngineSpec

OLLAMA_CONTEXT = 4096


@contextmanager
def open_targets(words: Sequence[str], settings: Settings) -> Iterator[list[Target]]:
    """Yield a target for each word, in order; embedded engines live as long as the context.

    The same embedded word twice is one engine, so that an A/A comparison shares its process.

    Raises:
        UsageError: a word is no engine, or names no model where several are served.
        EngineError: an engine does not answer.
        InstallError: the embedded engine is not installed.
    """
    specs = [parse_engine(word, settings) for word in words]
    with ExitStack() as stack:
        started: dict[str, Target] = {}
        for spec in specs:
            if spec.text not in started:
                started[spec.text] = _open(spec, settings, stack)
        yield [started[spec.text] for spec in specs]


def _open(spec: EngineSpec, settings: Settings, stack: ExitStack) -> Target:
    if spec.url is None:
        return _start_embedded(spec, settings, stack)
    return reach(spec, settings)


def reach(spec: EngineSpec, settings: Settings) -> Target:
    """Identify a running engine.

    Raises:
        EngineError: it does not answer, or refuses.
        UsageError: it serves several models and the word names none.
    """
    if spec.url is None:
        raise UsageError(f"{spec.text} has no URL", hint="name it KIND=URL")
    key = settings.api_key(spec.kind)
    identity = completed(asyncio.run(identify(spec, api_key=key)), spec.url, settings.data_dir)
    model = spec.model or identity.model
    if model is None:
        raise UsageError(f"{spec.text} names no model", hint=f"write {spec.text}#MODEL")
    ollama = spec.kind == "ollama"
    return Target(
        spec=spec.text,
        api=Api.OLLAMA if ollama else Api.OPENAI,
        url=spec.url,
        model=model,
        identity=identity,
        api_key=key,
        context_length=OLLAMA_CONTEXT if ollama else None,
    )


def embedded_config(spec: EngineSpec, settings: Settings) -> EmbeddedConfig:
    """The shape of the embedded engine a word asks for."""
    options = dict(spec.options)
    return EmbeddedConfig(
        model_path=settings.embedded_model,
        slots=int(options["slots"]),
        threads=int(options["threads"]),
        context=int(options["context"]),
    )


def _start_embedded(spec: EngineSpec, settings: Settings, stack: ExitStack) -> Target:
    server = stack.enter_context(EmbeddedServer(embedded_config(spec, settings)))
    identity = server.identity()
    return Target(
        spec=spec.text, api=Api.OPENAI, url=server.url, model=identity.model or "default", identity=identity
    )
