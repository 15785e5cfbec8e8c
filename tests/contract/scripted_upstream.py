"""A scripted llama.cpp server, and a face in front of it: real sockets, no model."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
from collections.abc import AsyncIterator, Coroutine, Iterator
from concurrent.futures import Future
from contextlib import asynccontextmanager, closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import uvicorn
from aiohttp import web

from casewright.services.engine_api import FaceConfig, create_app
from casewright.services.engine_state import AboutEngine

ABOUT = AboutEngine(
    model="scripted-1m",
    version="xllamacpp 0",
    file_name="Scripted-1M.Q4_1.gguf",
    digest="sha256:" + "ab" * 32,
    size_bytes=1000,
    modified=datetime(2026, 1, 1, tzinfo=UTC),
    quantization="Q4_1",
    parameters=1_000_000,
    trained_context=8192,
    context=512,
    slots=2,
    template="{{ messages }}",
    family="llama",
    embedding_limit=16,
)
WORDS = ("Hel", "lo ", "wörld")
USAGE = {"prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10}
TIMINGS = {"prompt_ms": 2.0, "predicted_ms": 3.0}


@dataclass
class Upstream:
    """Answers like llama.cpp; the prompt's words choose a fault. ``bodies`` are the requests it saw."""

    bodies: list[dict[str, Any]] = field(default_factory=list)
    began: threading.Event = field(default_factory=threading.Event)
    left: threading.Event = field(default_factory=threading.Event)

    def app(self) -> web.Application:
        app = web.Application(client_max_size=1 << 28)
        app.router.add_post("/v1/chat/completions", self.answer)
        app.router.add_post("/v1/completions", self.answer)
        app.router.add_post("/v1/embeddings", self.embeddings)
        app.router.add_post("/tokenize", self.tokenize)
        app.router.add_post("/apply-template", self.apply_template)
        app.router.add_get("/health", self.health)
        app.router.add_get("/metrics", self.metrics)
        return app

    async def health(self, _: web.Request) -> web.Response:
        return web.json_response({"status": "ok"})

    async def metrics(self, _: web.Request) -> web.Response:
        return web.Response(text="llamacpp:requests_processing 0\n")

    async def tokenize(self, request: web.Request) -> web.Response:
        return web.json_response({"tokens": list((await request.json())["content"].encode())})

    async def apply_template(self, request: web.Request) -> web.Response:
        messages = (await request.json())["messages"]
        return web.json_response({"prompt": "".join(message["content"] for message in messages)})

    async def embeddings(self, request: web.Request) -> web.Response:
        body = await request.json()
        self.bodies.append(body)
        texts = body["input"] if isinstance(body["input"], list) else [body["input"]]
        rows = [{"index": index, "embedding": [0.6, 0.8]} for index, _ in enumerate(texts)]
        return web.json_response(
            {"object": "list", "data": rows[::-1], "usage": {"prompt_tokens": len(texts)}}
        )

    async def answer(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        self.bodies.append(body)
        text = str(body["messages"][-1].get("content") if "messages" in body else body["prompt"])
        chat = "messages" in body
        if "REFUSE" in text:
            error = {"code": 400, "message": "too long", "type": "exceed_context_size_error"}
            return web.json_response({"error": error}, status=400)
        if "TYPES" in text:
            return web.json_response({"error": {"message": "[json.exception.type_error.302]"}}, status=500)
        if "HANG" in text:
            await self._hang()
        if not body.get("stream"):
            return web.json_response(
                _chunk(chat, "".join(WORDS), "stop") | {"usage": USAGE, "timings": TIMINGS}
            )
        return await self._stream(request, text, chat)

    async def _hang(self) -> None:
        self.began.set()
        try:
            await asyncio.Event().wait()
        finally:
            self.left.set()

    async def _stream(self, request: web.Request, text: str, chat: bool) -> web.StreamResponse:
        out = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await out.prepare(request)
        for word in WORDS:
            await _event(out, _chunk(chat, word, None))
            if "ERROR" in text:
                await _event(
                    out, {"error": {"code": 500, "message": "the slot failed", "type": "server_error"}}
                )
                return out
            if "BREAK" in text:
                assert request.transport is not None
                request.transport.abort()
                return out
            if "STALL" in text:
                await self._hang()
        if "SHORT" in text:
            return out
        await _event(out, _chunk(chat, "", "stop"))
        await _event(out, {"choices": [], "usage": USAGE, "timings": TIMINGS})
        await out.write(b"data: [DONE]\n\n")
        return out


def _chunk(chat: bool, text: str, reason: str | None) -> dict[str, Any]:
    part: dict[str, Any] = (
        {"delta": {"content": text}, "message": {"content": text}} if chat else {"text": text}
    )
    return {"choices": [{"index": 0, "finish_reason": reason, **part}], "model": ABOUT.model}


async def _event(out: web.StreamResponse, body: dict[str, Any]) -> None:
    # in two pieces, cut inside a character, as a network may
    data = b"data: " + json.dumps(body, ensure_ascii=False).encode() + b"\n\n"
    cut = data.find("ö".encode()) + 1 or len(data) // 2
    await out.write(data[:cut])
    await out.write(data[cut:])


class Loop:
    """An event loop in a thread, so that synchronous clients can speak to servers that run in it."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def start(self, work: Coroutine[Any, Any, Any]) -> Future[Any]:
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()


@dataclass
class Face:
    """A served face: its URL, and the scripted engine behind it."""

    url: str
    upstream: Upstream


@asynccontextmanager
async def _served(app: Any, ready: threading.Event | None = None) -> AsyncIterator[str]:
    with closing(socket.create_server(("127.0.0.1", 0), backlog=256)) as listener:
        server = uvicorn.Server(
            uvicorn.Config(app, log_level="critical", ws="none", timeout_graceful_shutdown=2)
        )
        serving = asyncio.ensure_future(server.serve(sockets=[listener]))
        while not server.started:  # noqa: ASYNC110 - uvicorn offers no event
            await asyncio.sleep(0.005)
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            await serving


@contextmanager
def served_face(**changes: Any) -> Iterator[Face]:
    """A face over a scripted engine; ``changes`` are of ``FaceConfig``; ``gone``: no engine is there."""
    gone = changes.pop("gone", False)
    upstream, loop = Upstream(), Loop()
    stop = asyncio.Event()
    ready: Future[str] = Future()

    async def main() -> None:
        runner = web.AppRunner(upstream.app(), shutdown_timeout=1, handler_cancellation=True)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        if gone:
            await runner.cleanup()
        config = replace(FaceConfig(upstream=url, about=ABOUT), **changes)
        async with _served(create_app(config)) as face:
            ready.set_result(face)
            await stop.wait()
        await runner.cleanup()

    running = loop.start(main())
    running.add_done_callback(
        lambda done: None if ready.done() else ready.set_exception(done.exception() or OSError())
    )
    try:
        yield Face(ready.result(20), upstream)
    finally:
        loop.start(_set(stop)).result(5)
        running.result(20)
        loop.close()


async def _set(event: asyncio.Event) -> None:
    event.set()
