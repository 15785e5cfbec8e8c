"""The embedded engine's HTTP face: Ollama's native API, OpenAI's, or both, before one llama.cpp server."""

from __future__ import annotations

import contextlib
import hmac
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, Literal

from fastapi import FastAPI, Request
from fastapi.openapi.utils import get_openapi
from pydantic.json_schema import models_json_schema
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from casewright.services import engine_ollama, engine_openai, ollama_contract
from casewright.services.engine_http import FaceError, Gate, Upstream, error_response, open_session
from casewright.services.engine_state import ENGINE_NAME, AboutEngine, EngineState, responses_of

Face = Literal["ollama", "openai", "both"]
PROVIDER = "embedded"


@dataclass(frozen=True, slots=True)
class FaceConfig:
    """What is served and its bounds.

    ``upstream`` is llama.cpp's URL; ``queue`` bounds the requests admitted at once (served and waiting),
    beyond which the answer is 503 with Retry-After; ``api_key`` None means that no key is asked for.
    """

    upstream: str
    about: AboutEngine
    face: Face = "both"
    api_key: str | None = None
    queue: int = 1024
    max_body_bytes: int = 8 * 1024 * 1024


def create_app(config: FaceConfig) -> FastAPI:
    """The ASGI application of the faces."""

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with open_session() as session:
            app.state.engine = EngineState(
                about=config.about,
                upstream=Upstream(session, config.upstream),
                gate=Gate(config.queue),
                max_body_bytes=config.max_body_bytes,
            )
            yield

    app = FastAPI(title=ENGINE_NAME, version=config.about.version, lifespan=lifespan, redirect_slashes=False)
    if config.face in ("ollama", "both"):
        app.include_router(engine_ollama.router)
    if config.face in ("openai", "both"):
        app.include_router(engine_openai.router)
    _add_own_routes(app)
    app.add_exception_handler(FaceError, _on_face_error)
    app.add_exception_handler(HTTPException, _on_http_error)
    app.add_exception_handler(Exception, _on_defect)
    app.add_middleware(Guard, api_key=config.api_key)
    _describe(app, config)
    return app


class Guard:
    """Asks for the key, where there is one, and names the engine on every answer."""

    def __init__(self, app: ASGIApp, api_key: str | None) -> None:
        self._app = app
        self._key = api_key.encode() if api_key else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve (ASGI)."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def named(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)["X-Casewright-Provider"] = PROVIDER
            await send(message)

        if self._key is not None and scope["path"] != "/live" and not self._knows(Headers(scope=scope)):
            error = FaceError(
                401,
                "the API key is missing or wrong",
                code="invalid_api_key",
                headers={"WWW-Authenticate": "Bearer"},
            )
            await error_response(scope["path"], error)(scope, receive, named)
            return
        await self._app(scope, receive, named)

    def _knows(self, headers: Headers) -> bool:
        scheme, _, given = headers.get("authorization", "").partition(" ")
        key = self._key or b""
        return scheme.lower() == "bearer" and hmac.compare_digest(
            given.strip().encode("latin-1", "replace"), key
        )


def _add_own_routes(app: FastAPI) -> None:
    @app.get("/live", responses={200: {"description": "This process lives"}})
    async def live() -> dict[str, str]:
        """Whether this process lives; says nothing of the engine."""
        return {"status": "live"}

    @app.get("/health", responses={503: responses_of("own")[503]})
    async def health(request: Request) -> dict[str, Any]:
        """Whether the engine answers."""
        state = EngineState.of(request)
        answer = await state.upstream.json("GET", "/health")
        return {
            "status": "healthy" if answer.get("status") == "ok" else "degraded",
            "llm_available": answer.get("status") == "ok",
            "provider": PROVIDER,
            "engine": ENGINE_NAME,
            "model": state.about.model,
            "requests": {"admitted": state.gate.inside, "bound": state.gate.limit},
        }

    @app.get("/props", responses=responses_of("own"))
    async def props(request: Request) -> JSONResponse:
        """Slots, context of one slot, model file and template, in llama.cpp's own words."""
        about = EngineState.of(request).about
        return JSONResponse(
            {
                "engine": ENGINE_NAME,
                "build_info": about.version,
                "total_slots": about.slots,
                "default_generation_settings": {"n_ctx": about.context},
                "model_alias": about.model,
                "model_path": about.file_name,
                "chat_template": about.template,
            }
        )

    @app.get("/version", responses=responses_of("own"))
    async def version(request: Request) -> dict[str, str]:
        """The engine's version and true name."""
        return {"version": EngineState.of(request).about.version, "engine": ENGINE_NAME}

    @app.get("/metrics", response_class=PlainTextResponse, responses={503: responses_of("own")[503]})
    async def metrics(request: Request) -> Response:
        """llama.cpp's Prometheus metrics."""
        async with EngineState.of(request).upstream.call("GET", "/metrics") as answer:
            return Response(await answer.read(), answer.status, media_type="text/plain; version=0.0.4")


async def _on_face_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, FaceError)
    return error_response(request.url.path, error)


async def _on_http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    message = f"{request.method} {request.url.path}: {error.detail}".lower()
    if error.status_code in (404, 405):
        message = f"{request.method} {request.url.path} is not offered by {ENGINE_NAME}"
    return error_response(
        request.url.path, FaceError(error.status_code, message, headers=dict(error.headers or {}))
    )


async def _on_defect(request: Request, error: Exception) -> Response:
    """Our own defect: the asker gets a number to quote, the log gets the trace."""
    number = uuid.uuid4().hex[:12]
    error.add_note(f"request {number}")
    return error_response(request.url.path, FaceError(500, f"internal error; quote request {number}"))


def _describe(app: FastAPI, config: FaceConfig) -> None:
    """Give the OpenAPI document the bodies that routes read themselves, each under its own name."""
    bodies: list[Any] = []
    if config.face in ("ollama", "both"):
        bodies += ollama_contract.BODIES
    if config.face in ("openai", "both"):
        bodies += engine_openai.BODIES
    _, definitions = models_json_schema(
        [(body, "validation") for body in bodies], ref_template="#/components/schemas/{model}"
    )

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            document = get_openapi(title=app.title, version=app.version, routes=app.routes)
            schemas = document.setdefault("components", {}).setdefault("schemas", {})
            schemas.update(definitions.get("$defs", {}))
            app.openapi_schema = document
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]
