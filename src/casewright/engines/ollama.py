"""Ollama through its native API. Source: Ollama ``docs/api.md``.

The native API, not its OpenAI-compatible one: that cannot pin ``num_ctx``, and it turns an error in the
middle of a stream into an empty chunk. Behind this API there may be another engine (Casewright's embedded one
stands in for Ollama); then ``identity`` gives that engine's own name.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from casewright.engines.http import Access, HttpEngine
from casewright.engines.wire import (
    Api,
    ModelFacts,
    ServerFacts,
    digest_text,
    parse_api_ps,
    parse_api_show,
    parse_api_tags,
    parse_api_version,
)
from casewright.values import EngineIdentity


class OllamaEngine(HttpEngine):
    """An engine that speaks Ollama's native API."""

    health_path = "/api/version"

    def __init__(self, url: str, *, model: str | None = None, access: Access | None = None) -> None:
        super().__init__(url, api=Api.OLLAMA, kind="ollama", model=model, access=access)

    async def models(self) -> tuple[str, ...]:
        """The models that are installed."""
        return tuple(model.id for model in parse_api_tags((await self.ask("/api/tags")).body))

    def serves(self, model: str, served: Sequence[str]) -> bool:
        """Whether a model is installed; a name without a tag means ``:latest``."""
        return _named(model, served) is not None

    async def identity(self) -> EngineIdentity:
        """What answers, from /api/version, /api/tags, /api/show and /api/ps."""
        model = await self.chosen_model()
        reply = await self.ask("/api/version")
        server = parse_api_version(reply.body) or ServerFacts()
        shown = await self.ask("/api/show", json.dumps({"model": model}).encode())
        show = parse_api_show(shown.body, model) or ModelFacts(model)
        tag = _find(model, parse_api_tags((await self.ask("/api/tags")).body))
        loaded_reply = await self.ask_if_there("/api/ps")
        loaded = _find(model, parse_api_ps(loaded_reply.body)) if loaded_reply else None
        context = (loaded and loaded.context_length) or show.context_length
        name = server.engine or _named_in_header(reply.headers.get("server", "")) or "Ollama"
        return EngineIdentity(
            kind="embedded" if "Casewright embedded" in name else "ollama",
            name=name,
            version=server.version,
            model=model,
            digest=tag.digest if tag else None,
            quantization=show.quantization or (tag.quantization if tag else None),
            parameters=show.parameters or (tag.parameters if tag else None),
            context_length=context,
            template_digest=digest_text(show.template),
            notes=() if context else ("the context length is not stated until the model is loaded",),
        )


def _named_in_header(server: str) -> str | None:
    """A stand-in that names itself in the Server header only; Ollama itself sends none."""
    return server if "casewright" in server.lower() or "llama.cpp" in server.lower() else None


def _named(model: str, served: Sequence[str]) -> str | None:
    candidates = (model, f"{model}:latest", model.removesuffix(":latest"))
    return next((name for name in candidates if name in served), None)


def _find(model: str, facts: Sequence[ModelFacts]) -> ModelFacts | None:
    name = _named(model, [fact.id for fact in facts])
    return next((fact for fact in facts if fact.id == name), None)
