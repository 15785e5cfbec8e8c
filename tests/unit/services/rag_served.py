"""The RAG service with stored cases on a free port, for the tests beside this file.

The embedder is small and real: a text's words, hashed into a vector. It can be held up, and it counts.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from fastapi import FastAPI

from casewright.knowledge.ports import Embedder, Vectors
from casewright.knowledge.records import Stamp
from casewright.services.kit.config import KitConfig
from casewright.services.llm import EngineAccess, LlmConfig
from casewright.services.rag import MAX_BODY_BYTES, RagConfig, create_app
from casewright.services.rag.config import KnowledgeConfig
from casewright.services.rag.tools import Model, Tools
from casewright.values import EngineSpec
from serving import served

DIMENSIONS = 64
# Nothing listens on port 9 of this machine.
DEAD = EngineAccess(EngineSpec(text="dead", kind="embedded", url="http://127.0.0.1:9"))


class WordTokens:
    """Words are the tokens."""

    def spans(self, text: str) -> list[tuple[int, int]]:
        return [found.span() for found in re.finditer(r"\S+", text)]


class WordEmbedder(Embedder):
    """``gate`` cleared: embedding waits; ``fail`` is raised once."""

    def __init__(self, version: str = "1") -> None:
        self.stamp = Stamp("words", version, DIMENSIONS)
        self.max_tokens = 64
        self.gate = threading.Event()
        self.gate.set()
        self.calls = 0
        self.fail: list[Exception] = []

    async def embed(self, texts: Sequence[str]) -> Vectors:
        self.calls += 1
        while not self.gate.is_set():  # in short waits, so that no thread outlives the service by much
            await asyncio.get_running_loop().run_in_executor(None, self.gate.wait, 0.05)
        if self.fail:
            raise self.fail.pop()
        return np.stack([_vector(text) for text in texts])


def _vector(text: str) -> Vectors:
    row = np.zeros(DIMENSIONS, dtype=np.float32)
    for word in text.lower().split():
        digest = hashlib.sha256(word.strip(".,?£").encode()).digest()
        row[digest[0] % DIMENSIONS] += 1 if digest[1] % 2 else -1
    row[0] += 0.01
    return row / np.float32(np.linalg.norm(row))


@dataclass
class Service:
    """A service, where it is and where it keeps things."""

    url: str
    data: Path
    app: FastAPI
    embedder: WordEmbedder
    client: httpx.Client = field(default_factory=lambda: httpx.Client(timeout=60))

    def call(self, method: str, path: str, **more: Any) -> httpx.Response:
        return self.client.request(method, self.url + path, **more)

    def get(self, path: str, **more: Any) -> Any:
        answer = self.call("GET", path, **more)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def send(self, case_id: str, *files: tuple[str, bytes]) -> httpx.Response:
        return self.call(
            "POST", "/ingest", data={"case_id": case_id}, files=[("files", found) for found in files]
        )

    def send_texts(self, case_id: str, **texts: str) -> httpx.Response:
        body = {"case_id": case_id, "texts": [{"name": name, "text": text} for name, text in texts.items()]}
        return self.call("POST", "/ingest", json=body)

    def ingest(self, case_id: str, **texts: str) -> Any:
        """Texts into a case; the job at its end."""
        answer = self.send_texts(case_id, **texts)
        assert answer.status_code == 202, answer.text
        return self.ended(answer.json()["job"]["job_id"])

    def ended(self, job_id: str) -> Any:
        wait_for("the job to end", lambda: self.get(f"/jobs/{job_id}")["ended"] is not None)
        return self.get(f"/jobs/{job_id}")

    def search(self, case_id: str, q: str, **more: Any) -> Any:
        return self.get("/search", params={"case_id": case_id, "q": q, **more})

    def ask(self, case_id: str, query: str, **more: Any) -> Any:
        answer = self.call("POST", "/query", json={"case_id": case_id, "query": query, **more})
        assert answer.status_code == 200, answer.text
        return answer.json()

    def events(self, method: str, path: str, **more: Any) -> list[tuple[str, Any]]:
        """Every event of a stream until it ends by itself."""
        text = self.call(method, path, **more).text
        found = []
        for block in text.split("\n\n"):
            fields = dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":"))
            if fields:
                found.append((fields["event"], json.loads(fields["data"])))
        return found


def wait_for(what: str, there: Callable[[], bool], seconds: float = 30.0) -> None:
    """Until it is so."""
    until = time.monotonic() + seconds
    pause = threading.Event()
    while not there():
        assert time.monotonic() < until, f"waited for {what}"
        pause.wait(0.02)


@contextmanager
def rag(
    data: Path, embedder: WordEmbedder | None = None, engine: EngineAccess = DEAD, **changes: Any
) -> Iterator[Service]:
    """Serve one; ``changes`` are of ``KnowledgeConfig``."""
    embedder = embedder or WordEmbedder()
    kit = KitConfig("rag", data, max_body_bytes=MAX_BODY_BYTES)
    llm = LlmConfig(data, {"embedded": engine, "ollama": engine, "vllm": engine})
    knowledge = KnowledgeConfig(data / "knowledge", **changes)
    app = create_app(RagConfig(kit, llm, knowledge=knowledge), Tools(Model(embedder, embedder, WordTokens())))
    with served(app) as url:
        service = Service(url, data, app, embedder)
        with service.client:
            yield service
