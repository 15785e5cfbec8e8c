"""The embedded engine's OpenAI face: llama.cpp speaks that API itself, so bytes are relayed, not rewritten.

Only what llama.cpp leaves open is done here: the model's name is checked, types are checked before the engine
sees them, errors get OpenAI's shape. Source: the OpenAI API reference; llama.cpp ``tools/server/README.md``.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from casewright.services.engine_http import Relay, RelaySend, parse_body, read_body, refusal
from casewright.services.engine_state import EngineState, body_of, responses_of

OWNER = "casewright-embedded"
router = APIRouter(tags=["openai"])

PositiveInt = Annotated[int, Field(ge=1)]


class OpenAiBody(BaseModel):
    """What every call has; fields that are not named here go to llama.cpp as they are, which checks them."""

    model_config = ConfigDict(extra="allow", strict=True, protected_namespaces=())

    model: str | None = None


class Sampled(OpenAiBody):
    """The sampling fields that both kinds of completion share."""

    stream: bool | None = None
    max_tokens: Annotated[int, Field(ge=-1)] | None = None
    temperature: Annotated[float, Field(ge=0, le=100)] | None = None
    top_p: Annotated[float, Field(ge=0, le=1)] | None = None
    seed: int | None = None
    stop: str | list[str] | None = None
    n: Annotated[int, Field(ge=1, le=1)] | None = None


class ChatMessage(BaseModel):
    """One message; its content is a text, a list of parts, or null beside tool calls."""

    model_config = ConfigDict(extra="allow", strict=True)

    role: Literal["system", "user", "assistant", "tool", "developer"]
    content: str | list[dict[str, Any]] | None = None


class ChatCompletionBody(Sampled):
    """``POST /v1/chat/completions``."""

    messages: Annotated[list[ChatMessage], Field(min_length=1)]


class CompletionBody(Sampled):
    """``POST /v1/completions``; a list of prompts is not offered."""

    prompt: str


class EmbeddingBody(OpenAiBody):
    """``POST /v1/embeddings``."""

    input: str | Annotated[list[str], Field(min_length=1)]
    encoding_format: Literal["float", "base64"] | None = None


BODIES = (ChatCompletionBody, CompletionBody, EmbeddingBody)


@router.post(
    "/v1/chat/completions",
    openapi_extra=body_of(ChatCompletionBody),
    responses=responses_of("v1", stream=True),
)
async def chat_completions(request: Request) -> Response:
    """A chat answer, streamed as server-sent events or whole."""
    return await _relay(request, ChatCompletionBody)


@router.post(
    "/v1/completions", openapi_extra=body_of(CompletionBody), responses=responses_of("v1", stream=True)
)
async def completions(request: Request) -> Response:
    """The continuation of a text, without the chat template."""
    return await _relay(request, CompletionBody)


@router.post("/v1/embeddings", openapi_extra=body_of(EmbeddingBody), responses=responses_of("v1"))
async def embeddings(request: Request) -> Response:
    """Mean-pooled vectors of the chat model (a model made for embedding serves retrieval better)."""
    return await _relay(request, EmbeddingBody)


@router.get("/v1/models", responses=responses_of("v1"))
async def models(request: Request) -> JSONResponse:
    """The one model there is, with what it is made of."""
    state = EngineState.of(request)
    return JSONResponse({"object": "list", "data": [_model_entry(state)]})


@router.get("/v1/models/{name:path}", responses=responses_of("v1"))
async def model(request: Request, name: str) -> JSONResponse:
    """One model by name."""
    state = EngineState.of(request)
    state.check_model(name)
    return JSONResponse(_model_entry(state))


def _model_entry(state: EngineState) -> dict[str, Any]:
    about = state.about
    return {
        "id": about.model,
        "object": "model",
        "created": int(about.modified.timestamp()),
        "owned_by": OWNER,
        "digest": about.digest,
        "max_model_len": about.context,
        "meta": {
            "n_ctx": about.context,
            "n_ctx_train": about.trained_context,
            "n_params": about.parameters,
            "size": about.size_bytes,
            "ftype": about.quantization,
        },
    }


async def _relay(request: Request, model_type: type[OpenAiBody]) -> Response:
    state = EngineState.of(request)
    body = await read_body(request, state.max_body_bytes)
    asked = parse_body(model_type, body)
    if asked.model is not None:
        state.check_model(asked.model)
    path = request.url.path

    async def work(out: RelaySend) -> None:
        with state.gate.admitted():
            await _pass_through(state, path, body, out)

    return Relay(path, work)


async def _pass_through(state: EngineState, path: str, body: bytes, out: RelaySend) -> None:
    async with state.upstream.call("POST", path, body) as answer:
        if answer.status >= 400:
            raise await refusal(answer)
        content_type = answer.headers.get("Content-Type", "application/json")
        await out.start(answer.status, content_type)
        async for piece in answer.content.iter_any():
            await out.send(piece)
    await out.send(b"", more=False)
