"""What an engine says it is: pure parsers of the identity endpoints of both APIs.

Every parser takes the body and never raises: a server that answers something else says nothing here.
Sources: Ollama ``docs/api.md`` (/api/version, /api/tags, /api/show, /api/ps); vLLM's OpenAI server
(/v1/models with ``max_model_len`` and ``root``, /version); llama.cpp ``tools/server/README.md`` (/v1/models
with ``meta``, /props).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from casewright.engines.wire.payload import count_of

CASEWRIGHT_OWNER = "casewright-embedded"
CASEWRIGHT_NAME = "llama.cpp (Casewright embedded)"


@dataclass(frozen=True, slots=True)
class ServerFacts:
    """What a server says of itself. ``engine`` is its true name where it says one.

    ``template`` is the chat template's text, ``context_length`` the tokens one request may use,
    ``slots`` the requests served at once.
    """

    version: str | None = None
    engine: str | None = None
    slots: int | None = None
    context_length: int | None = None
    model_path: str | None = None
    template: str | None = None


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """What a server says of one model; None where it does not say.

    ``context_length`` is what the server will use, ``trained_context`` what the model was trained with.
    """

    id: str
    owned_by: str | None = None
    digest: str | None = None
    quantization: str | None = None
    parameters: str | None = None
    context_length: int | None = None
    trained_context: int | None = None
    root: str | None = None
    size_bytes: int | None = None
    template: str | None = None


def digest_text(text: str | None) -> str | None:
    """``sha256:`` and the hex digest of a text (a chat template), or None for None."""
    return None if text is None else "sha256:" + hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


def parse_api_version(body: bytes) -> ServerFacts | None:
    """Ollama's ``/api/version``; an ``engine`` field names a stand-in behind Ollama's API."""
    answer = _object(body)
    version = _text(answer.get("version"))
    if version is None:
        return None
    return ServerFacts(version=version, engine=_text(answer.get("engine")))


def parse_vllm_version(body: bytes) -> ServerFacts | None:
    """The ``/version`` of vLLM."""
    return parse_api_version(body)


def parse_api_tags(body: bytes) -> tuple[ModelFacts, ...]:
    """Ollama's ``/api/tags``: the models that are installed."""
    return _ollama_models(body)


def parse_api_ps(body: bytes) -> tuple[ModelFacts, ...]:
    """Ollama's ``/api/ps``: the models in memory; ``context_length`` is the one each is loaded with."""
    return _ollama_models(body)


def parse_api_show(body: bytes, model: str) -> ModelFacts | None:
    """Ollama's ``/api/show`` of ``model``: details, template, and ``model_info``'s trained context."""
    answer = _object(body)
    details, info = _mapping(answer.get("details")), _mapping(answer.get("model_info"))
    if not details and not info and "template" not in answer:
        return None
    contexts = [count_of(value) for name, value in info.items() if name.endswith(".context_length")]
    return ModelFacts(
        id=model,
        quantization=_text(details.get("quantization_level")),
        parameters=_text(details.get("parameter_size")),
        context_length=_num_ctx(answer.get("parameters")),
        trained_context=next((context for context in contexts if context), None),
        template=_text(answer.get("template")),
    )


def parse_v1_models(body: bytes) -> tuple[ModelFacts, ...]:
    """``/v1/models`` of vLLM (``max_model_len``, ``root``) and llama.cpp (``meta``)."""
    found = []
    for entry in _entries(_object(body).get("data")):
        name, meta = _text(entry.get("id")), _mapping(entry.get("meta"))
        if name is None:
            continue
        found.append(
            ModelFacts(
                id=name,
                owned_by=_text(entry.get("owned_by")),
                digest=_text(entry.get("digest")) or _text(meta.get("digest")),
                quantization=_text(meta.get("quantization")) or _text(meta.get("ftype")),
                parameters=_count_text(meta.get("n_params")),
                context_length=_positive(entry.get("max_model_len")) or _positive(meta.get("n_ctx")),
                trained_context=_positive(meta.get("n_ctx_train")),
                root=_text(entry.get("root")),
                size_bytes=_positive(meta.get("size")),
                template=None,
            )
        )
    return tuple(found)


def parse_props(body: bytes) -> ServerFacts | None:
    """llama.cpp's ``/props``: slots, the context of one slot, the model's file, template and build."""
    answer = _object(body)
    settings = _mapping(answer.get("default_generation_settings"))
    if "total_slots" not in answer and not settings:
        return None
    return ServerFacts(
        version=_text(answer.get("build_info")),
        engine=_text(answer.get("engine")),
        slots=_positive(answer.get("total_slots")),
        context_length=_positive(settings.get("n_ctx")),
        model_path=_text(answer.get("model_path")),
        template=_text(answer.get("chat_template")),
    )


def _ollama_models(body: bytes) -> tuple[ModelFacts, ...]:
    found = []
    for entry in _entries(_object(body).get("models")):
        name, details = _text(entry.get("model")) or _text(entry.get("name")), _mapping(entry.get("details"))
        if name is None:
            continue
        digest = _text(entry.get("digest"))
        found.append(
            ModelFacts(
                id=name,
                digest=f"sha256:{digest.removeprefix('sha256:')}" if digest else None,
                quantization=_text(details.get("quantization_level")),
                parameters=_text(details.get("parameter_size")),
                context_length=_positive(entry.get("context_length")),
                size_bytes=_positive(entry.get("size")),
            )
        )
    return tuple(found)


def _num_ctx(parameters: object) -> int | None:
    """``num_ctx`` of a Modelfile's parameters, which /api/show gives as text, one a line."""
    for line in parameters.splitlines() if isinstance(parameters, str) else ():
        name, _, value = line.strip().partition(" ")
        if name == "num_ctx" and value.strip().isdecimal():
            return _positive(int(value))
    return None


def _count_text(value: object) -> str | None:
    """A parameter count as people write it: 134515008 is ``135M``."""
    count = _positive(value)
    if count is None:
        return None
    for size, unit in ((10**9, "B"), (10**6, "M"), (10**3, "K")):
        if count >= size:
            return f"{count / size:.3g}{unit}"
    return str(count)


def _object(body: bytes) -> Mapping[str, Any]:
    try:
        return _mapping(json.loads(body.decode("utf-8")))
    except (ValueError, RecursionError):
        return {}


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _entries(value: object) -> list[Mapping[str, Any]]:
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []


def _text(value: object) -> str | None:
    return value.strip() or None if isinstance(value, str) else None


def _positive(value: object) -> int | None:
    return count_of(value) or None
