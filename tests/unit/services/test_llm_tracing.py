"""What an engine is asked arrives as spans at the endpoint that was named, without a word of its content."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from casewright.engines.wire import ChatRequest, Message
from casewright.observability.tracing import TracingConfig
from casewright.services.llm import EngineAccess, LanguageModel, LlmConfig
from casewright.values import EngineSpec
from contract.scripted_upstream import ABOUT, served_face

SECRET = "Adaeze owes four hundred"


@contextmanager
def collector() -> Iterator[tuple[str, list[bytes]]]:
    """An OTLP endpoint that keeps what it is sent."""
    kept: list[bytes] = []

    class Keep(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            kept.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Keep)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/v1/traces", kept
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)


async def ask(data_dir: Path, url: str, tracing: TracingConfig) -> None:
    spec = EngineSpec(text="embedded", kind="embedded", url=url, model=ABOUT.model)
    llm = LanguageModel(LlmConfig(data_dir, {"embedded": EngineAccess(spec)}, tracing=tracing))
    async with llm.lease() as lease:
        messages = (Message("user", SECRET),)
        await lease.engine.complete(ChatRequest(model="", messages=messages, max_tokens=4))
    await llm.aclose()


async def test_spans_arrive_without_content(tmp_path: Path) -> None:
    with served_face() as face, collector() as (endpoint, kept):
        await ask(tmp_path, face.url, TracingConfig("rag", "0", endpoint))
        sent = b"".join(kept)
    assert b"gen_ai.provider.name" in sent
    assert b"casewright-rag" in sent
    assert ABOUT.model.encode() in sent
    assert SECRET.encode() not in sent
    assert "wörld".encode() not in sent


async def test_nothing_is_sent_unless_an_endpoint_is_named(tmp_path: Path) -> None:
    with served_face() as face, collector() as (_, kept):
        await ask(tmp_path, face.url, TracingConfig("rag", "0"))
    assert kept == []
