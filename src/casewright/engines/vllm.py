"""vLLM, and any other server, through the OpenAI API.

Source: vLLM's OpenAI-compatible server (``vllm/entrypoints/openai``, read at 0.32.0): /v1/chat/completions,
/v1/embeddings, /v1/models with ``max_model_len``, /version, /health. vLLM says neither digest nor
quantization nor how many sequences it runs at once, so these stay None.
"""

from __future__ import annotations

import time
from pathlib import PurePath

from casewright.engines.http import Access, HttpEngine
from casewright.engines.wire import (
    CASEWRIGHT_NAME,
    CASEWRIGHT_OWNER,
    Api,
    Failed,
    ModelFacts,
    ServerFacts,
    parse_v1_models,
    parse_vllm_version,
)
from casewright.values import EngineIdentity, EngineKind

_NAMES = {"vllm": "vLLM", "llamacpp": "llama.cpp server", CASEWRIGHT_OWNER: CASEWRIGHT_NAME}
_TRUE_KINDS: dict[str, EngineKind] = {CASEWRIGHT_NAME: "embedded", "vLLM": "vllm"}


class OpenAIEngine(HttpEngine):
    """An engine that speaks the OpenAI API, whatever it is; outside /v1 it is asked for /version only."""

    health_path = "/v1/models"

    def __init__(
        self,
        url: str,
        *,
        kind: EngineKind = "openai",
        model: str | None = None,
        access: Access | None = None,
    ) -> None:
        super().__init__(url, api=Api.OPENAI, kind=kind, model=model, access=access)

    async def models(self) -> tuple[str, ...]:
        """The models that /v1/models lists."""
        return tuple(model.id for model in await self.model_facts())

    async def model_facts(self) -> tuple[ModelFacts, ...]:
        """All that /v1/models says."""
        return parse_v1_models((await self.ask("/v1/models")).body)

    async def server_facts(self) -> ServerFacts:
        """What /version says, which only some servers have."""
        reply = await self.ask_if_there("/version")
        return (parse_vllm_version(reply.body) if reply else None) or ServerFacts()

    async def identity(self) -> EngineIdentity:
        """What answers, from /v1/models and /version."""
        fact = await self.chosen_facts()
        server = await self.server_facts()
        name = server.engine or true_name(fact.owned_by)
        return EngineIdentity(
            kind=_TRUE_KINDS.get(name, self.kind if self.kind == "simulator" else "openai"),
            name=name,
            version=server.version,
            model=fact.id,
            digest=fact.digest,
            quantization=fact.quantization,
            parameters=fact.parameters,
            context_length=fact.context_length,
            notes=(f"weights from {PurePath(fact.root).name}",) if fact.root and fact.root != fact.id else (),
        )

    async def chosen_facts(self) -> ModelFacts:
        """What /v1/models says of the model that will be used.

        Raises:
            UsageError: none was named and it serves several or none.
            ModelNotFound: the named one is not served; the hint lists those that are.
        """
        facts = await self.model_facts()
        model = await self.chosen_model()
        fact = next((fact for fact in facts if fact.id == model), None)
        if fact is None and len(facts) == 1 and self.serves(model, (facts[0].id,)):
            return facts[0]
        if fact is None:
            served = ", ".join(fact.id for fact in facts) or "nothing"
            failed = Failed("model_not_found", f"{model} is not served", time.monotonic_ns())
            raise self._origin.error(failed, f"it serves: {served}")
        return fact


class VllmEngine(OpenAIEngine):
    """The vLLM server; its health is /health, which says that the process lives (``probe`` says more)."""

    health_path = "/health"

    def __init__(self, url: str, *, model: str | None = None, access: Access | None = None) -> None:
        super().__init__(url, kind="vllm", model=model, access=access)


def true_name(owner: str | None) -> str:
    """A server's product name from the ``owned_by`` of its models."""
    if owner is None:
        return "OpenAI-compatible server"
    return _NAMES.get(owner, f"OpenAI-compatible server ({owner})")
