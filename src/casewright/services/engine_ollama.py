"""The embedded engine's Ollama face: Ollama's native API in front of llama.cpp, under the engine's true name.

Source: Ollama ``docs/api.md``. ``load_duration`` is what passed before the prompt was begun: the model is
always loaded, so it is the wait for a slot.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from casewright.engines.wire.framing import EventFramer
from casewright.services.engine_http import FaceError, Relay, RelaySend, parse_body, read_body, refusal
from casewright.services.engine_state import ENGINE_NAME, EngineState, body_of, responses_of
from casewright.services.ollama_contract import (
    ChatBody,
    EmbedBody,
    GenerateBody,
    LegacyEmbedBody,
    Options,
    ShowBody,
    chat_request,
    check_context,
    generate_request,
)

MAX_EVENT_BYTES = 1 << 20
NDJSON = "application/x-ndjson"
JSON_TYPE = "application/json; charset=utf-8"
# The engine keeps its model for ever; Ollama's clients expect a date.
NEVER = "2318-01-01T00:00:00Z"
router = APIRouter(tags=["ollama"])
Piece = Callable[[str], dict[str, Any]]


def chat_piece(text: str) -> dict[str, Any]:
    """A piece of an /api/chat answer."""
    return {"message": {"role": "assistant", "content": text}}


def generate_piece(text: str) -> dict[str, Any]:
    """A piece of an /api/generate answer."""
    return {"response": text}


class Translation:
    """One answer on its way from llama.cpp's words to Ollama's; pure but for the clock."""

    def __init__(self, model: str, piece: Piece, began_ns: int) -> None:
        self._model = model
        self._piece = piece
        self._began_ns = began_ns
        self._framer = EventFramer(MAX_EVENT_BYTES)
        self.failure: FaceError | None = None
        self._reason: str | None = None
        self._usage: Mapping[str, Any] = {}
        self._timings: Mapping[str, Any] = {}

    def feed(self, data: bytes) -> bytes:
        """Lines for the stream's next bytes; an error the engine reports among them becomes ``failure``."""
        lines = []
        for payload in self._framer.feed(data):
            if payload.data == b"[DONE]":
                continue
            chunk = json.loads(payload.data)
            if "error" in chunk:
                self.failure = FaceError(500, str(chunk["error"].get("message", chunk["error"])))
                break
            text = self.take(chunk)
            if text:
                lines.append(self._line(self._piece(text) | {"done": False}))
        return b"".join(lines)

    def take(self, chunk: Mapping[str, Any]) -> str:
        """Note what a chunk (or a whole answer) says of the end, and return its text."""
        self._usage = chunk.get("usage") or self._usage
        self._timings = chunk.get("timings") or self._timings
        for choice in chunk.get("choices") or ():
            self._reason = choice.get("finish_reason") or self._reason
            part = choice.get("delta") or choice.get("message")
            return str((part.get("content") if part else choice.get("text")) or "")
        return ""

    def last(self, text: str = "") -> bytes:
        """The line with ``done`` true.

        Raises:
            FaceError: the engine's stream ended without saying why.
        """
        if self._reason is None:
            raise FaceError(502, "the engine's answer ended before it was complete")
        return self._line(self._piece(text) | {"done": True, "done_reason": self._reason} | self._durations())

    def _durations(self) -> dict[str, int]:
        total = time.monotonic_ns() - self._began_ns
        prompt = int(self._timings.get("prompt_ms", 0) * 1e6)
        answer = int(self._timings.get("predicted_ms", 0) * 1e6)
        found = {
            "total_duration": total,
            "load_duration": max(0, total - prompt - answer),
            "prompt_eval_count": int(self._usage.get("prompt_tokens", 0)),
            "prompt_eval_duration": prompt,
            "eval_count": int(self._usage.get("completion_tokens", 0)),
            "eval_duration": answer,
        }
        return {name: value for name, value in found.items() if value}

    def _line(self, fields: Mapping[str, Any]) -> bytes:
        line = {"model": self._model, "created_at": _now(), **fields}
        return json.dumps(line, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace") + b"\n"


@router.post("/api/chat", openapi_extra=body_of(ChatBody), responses=responses_of("api", stream=True))
async def chat(request: Request) -> Response:
    """A chat answer, streamed as lines of JSON unless ``stream`` is false."""
    state = EngineState.of(request)
    body = parse_body(ChatBody, await read_body(request, state.max_body_bytes))
    state.check_model(body.model)
    sent = chat_request(body, body.model)
    if not body.messages:
        return _loaded(body.model, chat_piece, body.keep_alive)
    return _answer(request, body, "/v1/chat/completions", sent, chat_piece)


@router.post("/api/generate", openapi_extra=body_of(GenerateBody), responses=responses_of("api", stream=True))
async def generate(request: Request) -> Response:
    """The answer to one prompt."""
    state = EngineState.of(request)
    body = parse_body(GenerateBody, await read_body(request, state.max_body_bytes))
    state.check_model(body.model)
    sent = generate_request(body, body.model)
    if not body.prompt:
        return _loaded(body.model, generate_piece, body.keep_alive)
    path = "/v1/completions" if body.raw else "/v1/chat/completions"
    return _answer(request, body, path, sent, generate_piece)


def _answer(
    request: Request, body: ChatBody | GenerateBody, path: str, sent: dict[str, Any], piece: Piece
) -> Response:
    began_ns = time.monotonic_ns()
    state = EngineState.of(request)
    check_context(body.options, state.about.context)

    async def work(out: RelaySend) -> None:
        with state.gate.admitted():
            await _fit(state, body.options, sent)
            translation = Translation(body.model, piece, began_ns)
            out.ignored = body.options.ignored() if body.options else ()
            upstream = json.dumps(sent, ensure_ascii=False).encode("utf-8", "replace")
            async with state.upstream.call("POST", path, upstream) as answer:
                if answer.status >= 400:
                    raise await refusal(answer)
                if not body.stream:
                    text = translation.take(json.loads(await answer.read()))
                    await out.start(200, JSON_TYPE)
                    await out.send(translation.last(text), more=False)
                    return
                await out.start(200, NDJSON)
                async for data in answer.content.iter_any():
                    lines = translation.feed(data)
                    if lines:
                        await out.send(lines)
                    if translation.failure is not None:
                        raise translation.failure
            await out.send(translation.last(), more=False)

    return Relay(request.url.path, work)


async def _fit(state: EngineState, options: Options | None, sent: dict[str, Any]) -> None:
    """Hold a ``num_ctx`` below the slot's own: count the prompt, refuse it if too long, bound the answer."""
    limit = options.num_ctx if options else None
    if limit is None or limit >= state.about.context:
        return
    text = sent.get("prompt")
    if text is None:
        applied = await state.upstream.json("POST", "/apply-template", {"messages": sent["messages"]})
        text = applied["prompt"]
    counted = await state.upstream.json(
        "POST", "/tokenize", {"content": text, "add_special": True, "parse_special": True}
    )
    prompt_tokens = len(counted["tokens"])
    if prompt_tokens >= limit:
        raise FaceError(
            400, f"the prompt's {prompt_tokens} tokens do not fit num_ctx {limit}: exceeds the context length"
        )
    sent["max_tokens"] = min(sent.get("max_tokens", limit), limit - prompt_tokens)


def _loaded(model: str, piece: Piece, keep_alive: int | float | str | None) -> Response:
    unload = keep_alive in (0, "0", "0s")
    reason = "unload" if unload else "load"
    return JSONResponse(
        {"model": model, "created_at": _now(), **piece(""), "done": True, "done_reason": reason}
    )


@router.post("/api/embed", openapi_extra=body_of(EmbedBody), responses=responses_of("api"))
async def embed(request: Request) -> Response:
    """Vectors of length one for one or many texts: mean-pooled by the chat model, in the same process."""
    began_ns = time.monotonic_ns()
    state = EngineState.of(request)
    body = parse_body(EmbedBody, await read_body(request, state.max_body_bytes))
    state.check_model(body.model)
    if body.dimensions:
        raise FaceError(400, f"'dimensions' is not supported by {body.model} on this engine")
    texts = [body.input] if isinstance(body.input, str) else body.input

    async def work(out: RelaySend) -> None:
        with state.gate.admitted():
            vectors, tokens = await _vectors(state, [text for text in texts if text], cut=body.truncate)
        answer: dict[str, Any] = {"model": body.model, "embeddings": vectors}
        answer["total_duration"] = time.monotonic_ns() - began_ns
        if tokens:
            answer["prompt_eval_count"] = tokens
        await out.start(200, JSON_TYPE)
        await out.send(json.dumps(answer).encode(), more=False)

    return Relay(request.url.path, work)


@router.post("/api/embeddings", openapi_extra=body_of(LegacyEmbedBody), responses=responses_of("api"))
async def embeddings(request: Request) -> Response:
    """The older form of ``/api/embed``: one text, one vector."""
    state = EngineState.of(request)
    body = parse_body(LegacyEmbedBody, await read_body(request, state.max_body_bytes))
    state.check_model(body.model)

    async def work(out: RelaySend) -> None:
        with state.gate.admitted():
            vectors, _ = await _vectors(state, [body.prompt] if body.prompt else [], cut=True)
        await out.start(200, JSON_TYPE)
        await out.send(json.dumps({"embedding": vectors[0] if vectors else []}).encode(), more=False)

    return Relay(request.url.path, work)


async def _vectors(state: EngineState, texts: list[str], *, cut: bool) -> tuple[list[list[float]], int]:
    """Vectors and the tokens read. One text fits one batch (``embedding_limit`` tokens) or is cut to it."""
    if not state.about.embeddings:
        raise FaceError(400, "this engine was started without embeddings")
    if not texts:
        return [], 0
    given: list[Any] = list(texts)
    if cut:
        limit = state.about.embedding_limit
        for index, text in enumerate(texts):
            # a token is at least one byte, so a short text needs no counting
            if len(text.encode("utf-8", "replace")) > limit:
                counted = await state.upstream.json("POST", "/tokenize", {"content": text})
                given[index] = counted["tokens"][:limit]
    answer = await state.upstream.json("POST", "/v1/embeddings", {"input": given})
    rows = sorted(answer["data"], key=lambda row: row["index"])
    return [row["embedding"] for row in rows], int(answer["usage"]["prompt_tokens"])


@router.get("/api/tags", responses=responses_of("api"))
async def tags(request: Request) -> JSONResponse:
    """The one model there is."""
    return JSONResponse({"models": [_listed(EngineState.of(request))]})


@router.get("/api/ps", responses=responses_of("api"))
async def running(request: Request) -> JSONResponse:
    """The same model, which is always loaded."""
    state = EngineState.of(request)
    entry = _listed(state) | {
        "expires_at": NEVER,
        "size_vram": 0,
        "context_length": state.about.context,
        "slots": state.about.slots,
    }
    return JSONResponse({"models": [entry]})


@router.post("/api/show", openapi_extra=body_of(ShowBody), responses=responses_of("api"))
async def show(request: Request) -> JSONResponse:
    """What the model is made of."""
    state = EngineState.of(request)
    body = parse_body(ShowBody, await read_body(request, state.max_body_bytes))
    name = body.model or body.name
    if not name:
        raise FaceError(400, "model is required")
    state.check_model(name)
    about = state.about
    info = {
        "general.file_type": about.quantization,
        "general.parameter_count": about.parameters,
        "general.architecture": about.family,
        f"{about.family or 'model'}.context_length": about.trained_context,
    }
    return JSONResponse(
        {
            "modelfile": f"# {ENGINE_NAME}\nFROM {about.file_name}\nPARAMETER num_ctx {about.context}\n",
            "parameters": f"num_ctx                        {about.context}",
            "template": about.template or "",
            "details": _details(state),
            "model_info": {name: value for name, value in info.items() if value is not None},
            "capabilities": ["completion", *(["embedding"] if about.embeddings else [])],
            "modified_at": _stamp(about.modified),
        }
    )


@router.get("/api/version", responses=responses_of("api"))
async def version(request: Request) -> JSONResponse:
    """The version of this engine, which is not Ollama and says so."""
    return JSONResponse({"version": EngineState.of(request).about.version, "engine": ENGINE_NAME})


@router.api_route("/", methods=["GET", "HEAD"], include_in_schema=False)
async def root() -> PlainTextResponse:
    """What some clients ask to see whether anything is there."""
    return PlainTextResponse(f"{ENGINE_NAME} is running")


def _listed(state: EngineState) -> dict[str, Any]:
    about = state.about
    return {
        "name": about.model,
        "model": about.model,
        "modified_at": _stamp(about.modified),
        "size": about.size_bytes,
        "digest": (about.digest or "").removeprefix("sha256:"),
        "details": _details(state),
    }


def _details(state: EngineState) -> dict[str, Any]:
    about = state.about
    size = "" if about.parameters is None else f"{about.parameters / 1e6:.2f}M"
    return {
        "parent_model": "",
        "format": "gguf",
        "family": about.family or "",
        "families": [about.family] if about.family else [],
        "parameter_size": size,
        "quantization_level": about.quantization or "unknown",
    }


def _now() -> str:
    return _stamp(datetime.now(UTC))


def _stamp(moment: datetime) -> str:
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")
