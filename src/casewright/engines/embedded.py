"""The embedded engine that already runs at a URL: llama.cpp's server, bare or behind Casewright's own face.

Source: llama.cpp ``tools/server/README.md``. Its ways: /health is 503 while the model loads; one model
answers to any name; /props tells slots, the context of one slot and the chat template; ``timings`` come with
the last chunk; idle kept-alive connections are closed.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath

from casewright.engines.http import Access
from casewright.engines.vllm import OpenAIEngine, true_name
from casewright.engines.wire import ServerFacts, digest_text, parse_props
from casewright.values import EngineIdentity


class EmbeddedEngine(OpenAIEngine):
    """A running llama.cpp server."""

    health_path = "/health"

    def __init__(self, url: str, *, model: str | None = None, access: Access | None = None) -> None:
        super().__init__(url, kind="embedded", model=model, access=access)

    def serves(self, model: str, served: Sequence[str]) -> bool:
        """Whether it answers for a model: llama.cpp answers for its one model under any name."""
        return bool(served)

    async def identity(self) -> EngineIdentity:
        """What answers, from /v1/models, /version and /props."""
        fact = await self.chosen_facts()
        server, props = await self.server_facts(), await self._props()
        return EngineIdentity(
            kind="embedded",
            name=server.engine or props.engine or true_name(fact.owned_by),
            version=server.version or props.version,
            model=fact.id,
            digest=fact.digest,
            quantization=fact.quantization,
            parameters=fact.parameters,
            context_length=props.context_length or fact.context_length,
            template_digest=digest_text(props.template),
            slots=props.slots,
            notes=_notes(props),
        )

    async def _props(self) -> ServerFacts:
        reply = await self.ask_if_there("/props")
        return (parse_props(reply.body) if reply else None) or ServerFacts()


def _notes(props: ServerFacts) -> tuple[str, ...]:
    """The weights' file by its name only: its folder is nobody's business in a published result."""
    return (f"weights from {PurePath(props.model_path).name}",) if props.model_path else ()
