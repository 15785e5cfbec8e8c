"""A small service on the kit, with a route for every way in which a request can end."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

from fastapi import APIRouter, FastAPI, Request, UploadFile
from pydantic import Field

from casewright.api.contract import Answered, Contract, EngineInCharge, Timings
from casewright.errors import EngineTimeout, StorageError
from casewright.observability.context import request_id
from casewright.observability.metrics import ServiceMetrics
from casewright.services.kit.answers import send
from casewright.services.kit.app import ERRORS, Shell, create_service
from casewright.services.kit.config import KitConfig
from casewright.services.kit.health import Check, HealthSource
from casewright.values import Usage


class Body(Contract):
    """What /echo takes."""

    text: str = Field(min_length=1, max_length=1000, pattern=r"\S")
    times: int = Field(1, ge=1, le=3)


class Echo(Answered):
    """What /echo answers."""

    text: str


def routes() -> APIRouter:
    """A route for every end."""
    router = APIRouter()

    @router.post("/echo", response_model=Echo, responses=ERRORS)
    async def echo(request: Request, body: Body) -> Any:
        answer = Echo(
            text=body.text * body.times,
            provider="embedded",
            model="m",
            answered_by="model",
            usage=Usage(prompt_tokens=3, output_tokens=2),
            timings=Timings(total_ms=1.0),
            request_id=request_id() or "",
        )
        return send(request, answer)

    @router.post("/upload", responses=ERRORS)
    async def upload(file: UploadFile) -> dict[str, int]:
        return {"size": len(await file.read())}

    @router.get("/defect")
    async def defect() -> None:
        raise ZeroDivisionError("secret of the client")

    @router.get("/engine-late")
    async def engine_late() -> None:
        raise EngineTimeout("no token within 3 s", hint="ask again", url="http://127.0.0.1:1")

    @router.get("/store-gone")
    async def store_gone() -> None:
        raise StorageError("the index is gone", hint="restore it")

    return router


def make(data_dir: Path, **changes: Any) -> FastAPI:
    """The application; ``changes`` are of ``KitConfig``, or ``store_ok``, ``engine`` and ``shell``."""
    store_ok = changes.pop("store_ok", lambda: True)
    engine: EngineInCharge | None = changes.pop("engine", None)
    shell_changes = changes.pop("shell", {})
    config = KitConfig(name="rag", data_dir=data_dir, **changes)

    async def checks() -> Mapping[str, Check]:
        ok = store_ok()
        return {"store": Check(ok, "" if ok else "the index is gone", vital=True)}

    async def status() -> EngineInCharge:
        assert engine is not None
        return engine

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        yield

    health = HealthSource("rag", checks=checks, engine=status if engine is not None else None)
    shell = Shell(config, routes(), health, lifespan, "kit test", ServiceMetrics("rag", "0"), **shell_changes)
    return create_service(shell)
