"""The RAG service of ``rag_served`` in a process of its own, to be killed: DATA DELAY; prints its URL."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

from casewright.knowledge.ports import Vectors
from casewright.services.kit.config import KitConfig
from casewright.services.kit.server import listen, serve
from casewright.services.llm import LlmConfig
from casewright.services.rag import MAX_BODY_BYTES, RagConfig, create_app
from casewright.services.rag.config import KnowledgeConfig
from casewright.services.rag.tools import Model, Tools
from unit.services.rag_served import DEAD, WordEmbedder, WordTokens


class Slow(WordEmbedder):
    """Takes a moment, so that there are moments to be killed at."""

    def __init__(self, delay_s: float) -> None:
        super().__init__()
        self._delay_s = delay_s

    async def embed(self, texts: Sequence[str]) -> Vectors:
        await asyncio.sleep(self._delay_s)
        return await super().embed(texts)


def main(data: Path, delay_s: float) -> None:
    """Serve until killed."""
    kit = KitConfig("rag", data, max_body_bytes=MAX_BODY_BYTES)
    llm = LlmConfig(data, {"embedded": DEAD, "ollama": DEAD, "vllm": DEAD})
    config = RagConfig(kit, llm, knowledge=KnowledgeConfig(data / "knowledge", batch=2))
    embedder = Slow(delay_s)
    app = create_app(config, Tools(Model(embedder, embedder, WordTokens())))
    serve(app, listen("127.0.0.1", 0), 2.0, lambda url: (sys.stdout.write(url + "\n"), sys.stdout.flush())[1])


if __name__ == "__main__":
    main(Path(sys.argv[1]), float(sys.argv[2]))
