"""A scripted engine as a server: vLLM's API or Ollama's; every answer fits the schema it was asked for."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping
from typing import Any, Literal

from jsonschema import Draft202012Validator  # type: ignore[import-untyped]
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from casewright.engines.base import Answer
from casewright.engines.scripted import ScriptedEngine, Scripts
from casewright.engines.wire import ChatRequest, Message
from serving import served

Api = Literal["vllm", "ollama"]
MODEL = "drafts"


class _Server:
    def __init__(self, engine: ScriptedEngine) -> None:
        self.engine = engine

    async def _said(self, body: Mapping[str, Any], most: int, schema: Mapping[str, Any] | None) -> Answer:
        """The engine's answer; a whole one that a grammar would have kept back is a fault of the test."""
        asked = tuple(Message(one["role"], one["content"]) for one in body["messages"])
        request = ChatRequest("scripted", asked, most, json_schema=schema, stream=False)
        answer = await self.engine.complete(request)
        if schema is not None and answer.finish_reason != "length":
            Draft202012Validator.check_schema(schema)
            Draft202012Validator(schema).validate(json.loads(answer.text))
        return answer

    async def vllm(self, request: Request) -> Response:
        body = await request.json()
        wanted = body.get("response_format")
        schema = wanted["json_schema"]["schema"] if wanted else None
        answer = await self._said(body, body["max_tokens"], schema)
        text, reason = answer.text, answer.finish_reason
        head: dict[str, Any] = {"id": "1", "object": "chat.completion", "created": 1, "model": MODEL}
        usage = {"prompt_tokens": 5, "completion_tokens": 7, "total_tokens": 12}
        if not body.get("stream"):
            message = {"role": "assistant", "content": text}
            choice = {"index": 0, "message": message, "finish_reason": reason}
            return JSONResponse(head | {"choices": [choice], "usage": usage})
        head["object"] = "chat.completion.chunk"
        chunks = [
            head | {"choices": [{"index": 0, "delta": {"content": text}, "finish_reason": reason}]},
            head | {"choices": [], "usage": usage},
        ]
        said = "".join(f"data: {json.dumps(chunk)}\n\n" for chunk in chunks) + "data: [DONE]\n\n"
        return Response(said, media_type="text/event-stream")

    async def ollama(self, request: Request) -> Response:
        body = await request.json()
        answer = await self._said(body, body["options"]["num_predict"], body.get("format"))
        head = {"model": MODEL, "created_at": "2026-01-01T00:00:00Z"}
        last = {"done": True, "done_reason": answer.finish_reason, "prompt_eval_count": 5, "eval_count": 7}
        whole = head | {"message": {"role": "assistant", "content": answer.text}} | last
        return Response(json.dumps(whole) + "\n", media_type="application/x-ndjson")


async def _told(request: Request) -> Response:
    """What is asked about the server and its model."""
    model = {"id": MODEL, "object": "model", "owned_by": "vllm", "max_model_len": 8192}
    known: dict[str, Any] = {
        "/health": {},
        "/version": {"version": "0.1"},
        "/v1/models": {"object": "list", "data": [model]},
        "/api/version": {"version": "0.1"},
        "/api/tags": {"models": [{"name": MODEL, "model": MODEL}]},
        "/api/show": {"model_info": {"general.architecture": "llama", "llama.context_length": 8192}},
        "/api/ps": {"models": []},
    }
    return JSONResponse(known[request.url.path])


@contextlib.contextmanager
def scripted_server(api: Api, script: Scripts) -> Iterator[str]:
    """The server's URL."""
    server = _Server(ScriptedEngine(script))
    asked = {
        "vllm": ["/health", "/version", "/v1/models"],
        "ollama": ["/api/version", "/api/tags", "/api/ps"],
    }
    routes = [Route(path, _told) for path in asked[api]]
    if api == "vllm":
        routes.append(Route("/v1/chat/completions", server.vllm, methods=["POST"]))
    else:
        routes.append(Route("/api/show", _told, methods=["POST"]))
        routes.append(Route("/api/chat", server.ollama, methods=["POST"]))
    with served(Starlette(routes=routes)) as url:
        yield url
