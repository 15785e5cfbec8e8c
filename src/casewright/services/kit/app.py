"""One application with everything that services share."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field, replace
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from starlette.responses import JSONResponse, Response

from casewright import __version__
from casewright.api.contract import ErrorAnswer, Health
from casewright.observability.metrics import CONTENT_TYPE_LATEST, ServiceMetrics
from casewright.services.kit.admin import admin_routes
from casewright.services.kit.config import KitConfig
from casewright.services.kit.edge import Edge, EdgeConfig, Render, render_json
from casewright.services.kit.errors import install
from casewright.services.kit.gate import Gate
from casewright.services.kit.guard import OPEN_PATHS, Guard, refuse_open_start
from casewright.services.kit.health import HealthSource
from casewright.services.kit.keys import KeyStore, service_token
from casewright.services.provider import ProviderFile
from casewright.settings import Asked

ERRORS: dict[int | str, dict[str, Any]] = {
    status: {"model": ErrorAnswer, "description": what}
    for status, what in {
        400: "The body is not what its content type says",
        401: "A key is needed, or this one is none of ours",
        403: "The key does not open this service",
        408: "The body did not arrive in time",
        413: "Larger than the limits that /health shows",
        415: "Not a kind of body or file that is read here",
        421: "Asked under a foreign host name",
        422: "A field is missing, unknown or out of bounds",
        500: "Our defect",
        502: "The engine answered something else than it should",
        503: "Busy, or the engine or the store is not there; Retry-After says when to ask again",
        504: "The engine did not answer in time",
    }.items()
}


@dataclass(frozen=True, slots=True)
class Shell:
    """What a service hands to the kit. ``scope`` is the key scope that opens it (its name).

    ``cookie`` and ``open_paths`` are for pages; ``render`` answers errors in another form than JSON.
    ``public_docs`` False leaves the OpenAPI document out. ``switchable``: it has engines, and a route that
    asks for another; ``from_environment`` is what LLM_PROVIDER said.
    """

    config: KitConfig
    router: APIRouter
    health: HealthSource
    lifespan: Callable[[FastAPI], AbstractAsyncContextManager[None]]
    title: str
    metrics: ServiceMetrics
    open_paths: frozenset[str] = OPEN_PATHS
    cookie: str | None = None
    render: Render = render_json
    state: dict[str, Any] = field(default_factory=dict)
    public_docs: bool = True
    switchable: bool = False
    from_environment: Asked | None = None


def create_service(shell: Shell) -> FastAPI:
    """The ASGI application of a service.

    Raises:
        ConfigError: it would be open to other machines without a key.
        StorageError: the data directory cannot hold its token.
    """
    config = shell.config
    keys = KeyStore(config.data_dir)
    refuse_open_start(config.host, config.auth, keys)
    app = FastAPI(
        title=shell.title,
        version=__version__,
        lifespan=shell.lifespan,
        redirect_slashes=False,
        openapi_url="/openapi.json" if shell.public_docs else None,
        docs_url=None,  # the stock pages load scripts from elsewhere
        redoc_url=None,
    )
    app.state.gate = Gate(config.concurrency, config.queue, config.queue_s)
    app.state.metrics = shell.metrics
    for name, value in shell.state.items():
        setattr(app.state, name, value)
    app.include_router(shell.router)
    limits = {
        "max_body_bytes": config.max_body_bytes,
        "concurrency": config.concurrency,
        "queue": config.queue,
    }
    source = replace(shell.health, limits={**limits, **shell.health.limits})
    _add_own_routes(app, source, shell.metrics)
    install(app)
    guard = Guard(
        config.name,
        config.host,
        config.auth,
        keys,
        service_token(config.data_dir),
        shell.open_paths,
        shell.cookie,
    )
    if shell.switchable:
        app.include_router(_switch(guard, shell))
    app.add_middleware(
        Edge,
        config=EdgeConfig(guard, shell.metrics, config.max_body_bytes, config.body_s, shell.render),
    )
    return app


def _switch(guard: Guard, shell: Shell) -> APIRouter:
    """The route that asks for another provider."""
    refusals: dict[int | str, Any] = {
        status: ERRORS[status] for status in (400, 401, 403, 408, 413, 421, 422, 500, 503)
    }
    return admin_routes(guard, ProviderFile(shell.config.data_dir), shell.from_environment, refusals)


def _add_own_routes(app: FastAPI, source: HealthSource, metrics: ServiceMetrics) -> None:
    guarded: dict[int | str, dict[str, Any]] = {status: ERRORS[status] for status in (401, 403, 421)}

    @app.get("/live", tags=["about"], responses={421: ERRORS[421]})
    async def live() -> dict[str, str]:
        """Whether this process lives; says nothing of what it depends on. Needs no key."""
        return {"status": "live"}

    @app.get(
        "/health",
        tags=["about"],
        response_model=Health,
        responses={**guarded, 503: {"model": Health, "description": "The service's own store is lost"}},
    )
    async def health(request: Request) -> Response:
        """``healthy``, ``degraded`` (200, with reasons) or ``unhealthy`` (503)."""
        found = await source.report()
        if found.engine is not None:
            gauge = metrics.llm_available.labels(found.engine.provider)
            gauge.set(1 if found.engine.llm_available else 0)
        status = 503 if found.status == "unhealthy" else 200
        return JSONResponse(found.model_dump(mode="json"), status)

    @app.get(
        "/metrics",
        tags=["about"],
        responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}, **guarded},
        response_class=Response,
    )
    async def prometheus() -> Response:
        """Prometheus metrics."""
        return Response(metrics.expose(), media_type=CONTENT_TYPE_LATEST)
