"""What ``casewright engine probe`` asks and prints."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.table import Table

from casewright.cli.targets import embedded_config
from casewright.engines.connect import open_engine
from casewright.engines.llama_server import EmbeddedServer
from casewright.engines.vllm_cpu import completed
from casewright.errors import EngineUnreachable, ServerFailure
from casewright.settings import Settings
from casewright.values import EngineIdentity, EngineSpec

START = {
    "ollama": "casewright engine serve --api ollama, or: ollama serve",
    "vllm": "casewright engine serve-vllm --port 8000, or: vllm serve MODEL",
    "embedded": "casewright engine serve",
}


@dataclass(frozen=True, slots=True)
class Probe:
    """What an engine is, and how long one token took (milliseconds, with the connection already made)."""

    spec: str
    url: str
    identity: EngineIdentity
    one_token_ms: float

    def as_dict(self) -> dict[str, Any]:
        """For ``--json``."""
        return {
            "spec": self.spec,
            "url": self.url,
            **self.identity.model_dump(mode="json"),
            "one_token_ms": round(self.one_token_ms, 3),
        }


async def examine(spec: EngineSpec, settings: Settings) -> Probe:
    """Ask an engine; an ``embedded`` one without a URL is started for as long as that takes.

    Raises:
        EngineUnreachable: nothing answers; the hint says how to start it.
        EngineError: it answers something else than it should.
    """
    if spec.kind == "embedded" and spec.url is None:
        async with EmbeddedServer(embedded_config(spec, settings)) as server:
            started = EngineSpec(text=spec.text, kind="embedded", url=server.url, model=server.config.alias)
            return await _ask(started, settings, server.identity())
    return await _ask(spec, settings, None)


async def _ask(spec: EngineSpec, settings: Settings, known: EngineIdentity | None) -> Probe:
    try:
        async with open_engine(spec, api_key=settings.api_key(spec.kind)) as engine:
            identity = known or completed(await engine.identity(), spec.url or "", settings.data_dir)
            await engine.health()  # makes the connection, so that the token's time is not the handshake's
            answered = await engine.probe()
    except EngineUnreachable as error:
        start = START.get(spec.kind)
        hint = f"{error.hint}; start it: {start}" if start else error.hint
        raise type(error)(error.message, hint=hint, url=error.url, status=error.status) from error
    if not answered.ready or answered.latency_ms is None:
        raise ServerFailure(
            f"{spec.url} says what it is and does not answer: {answered.detail}",
            hint="look at its log",
            url=spec.url or "",
        )
    return Probe(spec.text, spec.url or "", identity, answered.latency_ms)


def describe(found: Probe) -> None:
    """Print it as a table; what the engine does not say is said to be so."""
    table = Table("", "", title=found.spec, show_header=False)
    table.columns[1].overflow = "fold"
    about = found.identity
    rows = {
        "kind": about.kind,
        "engine": about.name,
        "version": about.version,
        "url": found.url,
        "model": about.model,
        "digest": about.digest,
        "quantization": about.quantization,
        "parameters": about.parameters,
        "context length": about.context_length,
        "slots": about.slots,
        "chat template": about.template_digest,
        "one token": f"{found.one_token_ms:.1f} ms",
        "notes": "; ".join(about.notes) or None,
    }
    for name, value in rows.items():
        table.add_row(name, "not said" if value is None else str(value))
    Console().print(table)
