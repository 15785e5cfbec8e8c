"""The gateway: OpenAI's API over the router, so that its clients get switching and fallback unasked.

The hot path is kept short: a body is read once, an answer is written by hand (``gateway_frames``), and
FastAPI's per-request dependency work is left out (``PlainRoute``).
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Any, cast

from fastapi import APIRouter, FastAPI, Request
from fastapi.routing import APIRoute
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from casewright import __version__
from casewright.engines.router import RouterEngine
from casewright.errors import CasewrightError
from casewright.observability.engine_metrics import EngineMetrics
from casewright.observability.metrics import ServiceMetrics
from casewright.services.gateway_contract import (
    ANY_MODEL,
    Call,
    GatewayChatBody,
    GatewayCompletionBody,
    GatewayEmbeddingBody,
    engine_model,
    read,
    read_chat,
    read_completion,
)
from casewright.services.gateway_errors import Refusal, refusal_of, refusal_response
from casewright.services.gateway_frames import embeddings
from casewright.services.gateway_stream import Answering, Completion, origin_headers
from casewright.services.kit.app import Shell, create_service
from casewright.services.kit.config import KitConfig
from casewright.services.kit.errors import error_response
from casewright.services.kit.guard import is_loopback
from casewright.services.kit.health import HealthSource
from casewright.services.kit.keys import KeyStore
from casewright.services.llm import LanguageModel, LlmConfig, llm_config
from casewright.settings import Settings

NAME = "gateway"
# Pictures travel in the body, a third larger than they are.
BODY_BYTES = 24 * 1024 * 1024
OWNER = "casewright"
API = "/v1/"

Handler = Callable[[Request], Coroutine[Any, Any, Response]]
ExceptionHandler = Callable[[Request, Exception], Awaitable[Response]]


class PlainRoute(APIRoute):
    """A route whose endpoint takes the request and nothing else; FastAPI only describes it."""

    def get_route_handler(self) -> Handler:
        """The endpoint itself."""
        handler: Handler = self.endpoint
        return handler


routes = APIRouter(route_class=PlainRoute, tags=["openai"])


@dataclass(frozen=True, slots=True)
class GatewayConfig:
    """``default_tokens`` bounds an answer whose request names no bound: engines always get one."""

    kit: KitConfig
    llm: LlmConfig
    default_tokens: int = 1024


@dataclass(frozen=True, slots=True)
class _Gateway:
    """What endpoints need. ``names`` are the routes that may answer now, None: all; ``mapped`` of models."""

    router: RouterEngine
    names: Callable[[], frozenset[str] | None]
    metrics: ServiceMetrics
    default_tokens: int
    mapped: tuple[str, ...]

    async def models(self) -> tuple[str, ...]:
        """What can be asked for: any model, the mapped names, and the engine's own.

        Raises:
            CasewrightError: no engine says what it has.
        """
        self.names()  # the router follows the provider that is asked for now
        return tuple(dict.fromkeys((ANY_MODEL, *self.mapped, *await self.router.models())))

    @staticmethod
    def of(request: Request) -> _Gateway:
        """The gateway that serves this request."""
        found = request.app.state.gateway
        assert isinstance(found, _Gateway)
        return found


def config_from(settings: Settings, host: str, port: int) -> GatewayConfig:
    """The service as the settings describe it."""
    llm = llm_config(settings, NAME)
    kit = KitConfig(
        name=NAME,
        data_dir=settings.data_dir,
        host=host,
        port=port,
        auth=settings.auth,
        max_body_bytes=BODY_BYTES,
        concurrency=sum(found.admission.concurrency for found in llm.engines.values()),
        queue=sum(found.admission.queue for found in llm.engines.values()),
        queue_s=settings.engine_queue_s,
        log_level=settings.log_level,
    )
    return GatewayConfig(kit, llm)


def create_app(config: GatewayConfig, router: RouterEngine | None = None) -> FastAPI:
    """The ASGI application; ``router`` None makes one from the configuration.

    Raises:
        ConfigError: it would be open to other machines without a key.
        StorageError: the data directory cannot hold its token.
    """
    metrics = ServiceMetrics(NAME, __version__)
    model = LanguageModel(config.llm, EngineMetrics(metrics.registry)) if router is None else None

    @contextlib.asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        started = model or router
        assert started is not None
        await started.start()
        try:
            yield
        finally:
            await started.aclose()

    def names() -> frozenset[str] | None:
        return None if model is None else frozenset(model.names()[1])

    over = router if model is None else model.router
    assert over is not None
    mapped = tuple(sorted({name for found in config.llm.engines.values() for name in found.models}))
    gateway = _Gateway(over, names, metrics, config.default_tokens, mapped)
    health = HealthSource(service=NAME, engine=None if model is None else model.status)
    app = create_service(
        Shell(
            config.kit,
            routes,
            health,
            lifespan,
            "Casewright gateway",
            metrics,
            render=render,
            state={"gateway": gateway},
            switchable=True,
            from_environment=config.llm.from_environment,
        )
    )
    app.add_exception_handler(CasewrightError, _on_ours)
    kits = cast(ExceptionHandler, app.exception_handlers[HTTPException])
    app.add_exception_handler(HTTPException, _on_http(kits))
    if config.kit.auth != "none" and is_loopback(config.kit.host):
        app.add_middleware(Placeholder, keys=KeyStore(config.kit.data_dir))
    return app


class Placeholder:
    """OpenAI's clients cannot be made without a key: while there are none of ours, one of theirs is no key.

    Only where a request without a key would be served too; what looks like a key of ours is checked as ever.
    """

    def __init__(self, app: ASGIApp, keys: KeyStore) -> None:
        self._app = app
        self._keys = keys

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve (ASGI)."""
        if scope["type"] == "http" and scope["path"].startswith(API) and not self._keys.active():
            headers = [pair for pair in scope["headers"] if not _placeholder(*pair)]
            scope = {**scope, "headers": headers}
        await self._app(scope, receive, send)


def _placeholder(name: bytes, value: bytes) -> bool:
    return name == b"authorization" and not value.rpartition(b" ")[2].startswith(b"cw")


def render(request: Request, error: CasewrightError) -> Response:
    """An error in OpenAI's shape under ``/v1/``, in the services' own elsewhere."""
    if request.url.path.startswith(API):
        return refusal_response(refusal_of(error))
    return error_response(error)


async def _on_ours(request: Request, error: Exception) -> Response:
    assert isinstance(error, CasewrightError)
    request.scope["casewright.error"] = error.kind
    return render(request, error)


def _on_http(elsewhere: ExceptionHandler) -> ExceptionHandler:
    """Unknown routes and wrong methods; ``elsewhere`` is what other paths than the API's get."""

    async def answer(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        if not request.url.path.startswith(API):
            return await elsewhere(request, error)
        asked = f"{request.method} {request.url.path}"
        known = error.status_code in (404, 405)
        told, code = ("is not offered", "unknown_url") if known else (str(error.detail), None)
        headers = dict(error.headers or {})
        refusal = Refusal(f"{asked}: {told}", status=error.status_code, code=code, headers=headers)
        return refusal_response(refusal)

    return answer


def _described(body: type[BaseModel] | None, *, stream: bool = False) -> dict[str, Any]:
    """The OpenAPI description of a route that reads and writes by itself."""
    text = {"type": "string"}
    fields = ["message", "type", "param", "code"]
    inner = {"type": "object", "required": fields, "properties": {"message": text}}
    shape = {"type": "object", "required": ["error"], "properties": {"error": inner}}
    error = {"description": "An error", "content": {"application/json": {"schema": shape}}}
    good: dict[str, Any] = {"application/json": {"schema": {"type": "object"}}}
    if stream:
        good["text/event-stream"] = {}
    codes = (400, 401, 403, 404, 408, 413, 421, 429, 500, 502, 503, 504)
    found: dict[int | str, dict[str, Any]] = {200: {"description": "The answer", "content": good}}
    described: dict[str, Any] = {"responses": found | dict.fromkeys(codes, error)}
    if body is not None:
        content = {"application/json": {"schema": body.model_json_schema()}}
        described["openapi_extra"] = {"requestBody": {"required": True, "content": content}}
    return described


@routes.post("/v1/chat/completions", **_described(GatewayChatBody, stream=True))
async def chat_completions(request: Request) -> Response:
    """A chat answer, whole or as server-sent events."""
    gateway = _Gateway.of(request)
    body = await request.body()
    return _completion(request, lambda: read_chat(body, gateway.default_tokens), chat=True)


@routes.post("/v1/completions", **_described(GatewayCompletionBody, stream=True))
async def completions(request: Request) -> Response:
    """The answer to a prompt, as a chat with one message: the engines are asked for chats only."""
    body = await request.body()
    return _completion(request, lambda: read_completion(body), chat=False)


@routes.post("/v1/embeddings", **_described(GatewayEmbeddingBody))
async def embed(request: Request) -> Response:
    """One vector for each text."""
    gateway = _Gateway.of(request)
    try:
        asked, ignored = read(GatewayEmbeddingBody, await request.body())
    except Refusal as refusal:
        return refusal_response(refusal)
    texts = [asked.input] if isinstance(asked.input, str) else asked.input

    async def work(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            vectors, source = await gateway.router.embed_routed(
                texts, engine_model(asked.model), _caller(request, asked.user), gateway.names()
            )
            body = embeddings(vectors, source.model, packed=asked.encoding_format == "base64")
            response = _json(body)
            response.raw_headers.extend(origin_headers(source, asked.model, ignored))
        except CasewrightError as error:
            scope["casewright.error"] = error.kind
            response = refusal_response(refusal_of(error))
        await response(scope, receive, send)

    return Answering(work)


@routes.get("/v1/models", **_described(None))
async def models(request: Request) -> Response:
    """The names that can be asked for."""
    names = await _Gateway.of(request).models()
    return _json({"object": "list", "data": [_entry(name) for name in names]})


@routes.get("/v1/models/{name:path}", **_described(None))
async def model(request: Request) -> Response:
    """One model by name."""
    name = request.path_params["name"]
    if name in await _Gateway.of(request).models():
        return _json(_entry(name))
    refusal = Refusal(
        f"the model {name[:200]!r} does not exist", status=404, param="model", code="model_not_found"
    )
    return refusal_response(refusal)


def _completion(request: Request, reading: Callable[[], Call], *, chat: bool) -> Response:
    gateway = _Gateway.of(request)
    try:
        call = reading()
    except Refusal as refusal:
        return refusal_response(refusal)
    work = Completion(
        gateway.router, gateway.names(), gateway.metrics, call, _caller(request, call.user), chat
    )
    return Answering(work.serve)


def _caller(request: Request, user: str | None) -> str:
    """Who waits in turn: the key (or the address where there is none), then the user it speaks for."""
    token = request.headers.get("authorization", "").rpartition(" ")[2].split("_")
    named = token[1] if len(token) > 2 and token[0] == "cw" else ""
    address = request.client.host if request.client else ""
    return f"{named or address}/{user or ''}"


def _entry(name: str) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": 0, "owned_by": OWNER}


def _json(content: Any) -> Response:
    body = json.dumps(content, separators=(",", ":")).encode()
    return Response(body, media_type="application/json")
