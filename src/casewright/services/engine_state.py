"""What the faces know of the one engine behind them, and how their routes are described in OpenAPI."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from starlette.requests import Request

from casewright.engines.llama_server import ENGINE_NAME, EmbeddedServer, engine_version, model_architecture
from casewright.services.engine_http import FaceError, Gate, Upstream

__all__ = ["ENGINE_NAME", "AboutEngine", "EngineState", "body_of", "describe", "responses_of"]


@dataclass(frozen=True, slots=True)
class AboutEngine:
    """The engine and its model; None where it does not say. ``context`` is in tokens for one slot."""

    model: str
    version: str
    file_name: str
    digest: str | None
    size_bytes: int
    modified: datetime
    quantization: str | None
    parameters: int | None
    trained_context: int | None
    context: int
    slots: int
    template: str | None
    family: str | None = None
    embeddings: bool = True
    embedding_limit: int = 512

    @property
    def names(self) -> frozenset[str]:
        """Every name this model answers to, in lower case."""
        stem = Path(self.file_name).stem.lower()
        return frozenset(
            {
                self.model.lower(),
                f"{self.model.lower()}:latest",
                stem,
                f"{self.model}:{self.quantization}".lower(),
            }
        )


def describe(server: EmbeddedServer) -> AboutEngine:
    """Put together what a started engine is, from its own answers and its model file."""
    identity, path = server.identity(), server.config.model_path
    assert path is not None
    stat, meta = path.stat(), server.model_meta()
    return AboutEngine(
        model=identity.model or path.stem,
        version=engine_version(),
        file_name=path.name,
        digest=identity.digest,
        size_bytes=stat.st_size,
        modified=datetime.fromtimestamp(stat.st_mtime, UTC),
        quantization=identity.quantization,
        parameters=meta.get("n_params"),
        trained_context=meta.get("n_ctx_train"),
        context=server.config.context,
        slots=server.config.slots,
        template=server.chat_template(),
        family=model_architecture(path),
        embeddings=server.config.embeddings,
    )


@dataclass(frozen=True)
class EngineState:
    """What a route needs; lives on the application."""

    about: AboutEngine
    upstream: Upstream
    gate: Gate
    max_body_bytes: int

    @staticmethod
    def of(request: Request) -> EngineState:
        """The state of the application that serves this request."""
        state = request.app.state.engine
        assert isinstance(state, EngineState)
        return state

    def check_model(self, name: str) -> None:
        """Refuse any model but the one there is.

        Raises:
            FaceError: 404, naming the model there is.
        """
        if name.lower() not in self.about.names:
            raise FaceError(
                404,
                f"model {name!r} not found; this engine serves {self.about.model!r}",
                code="model_not_found",
            )


def body_of(model: type[BaseModel]) -> dict[str, Any]:
    """The OpenAPI description of a body that the route reads itself."""
    schema = {"$ref": f"#/components/schemas/{model.__name__}"}
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


def responses_of(api: str, *, stream: bool = False) -> dict[int | str, dict[str, Any]]:
    """The OpenAPI description of a route's answers: the statuses to expect, and the error shape."""
    text = {"type": "string"}
    if api == "api":
        shape: dict[str, Any] = {"type": "object", "required": ["error"], "properties": {"error": text}}
    else:
        inner = {"type": "object", "required": ["message", "type"], "properties": {"message": text}}
        shape = {"type": "object", "required": ["error"], "properties": {"error": inner}}
    error = {"description": "An error", "content": {"application/json": {"schema": shape}}}
    good: dict[str, Any] = {"application/json": {"schema": {"type": "object"}}}
    if stream:
        good["application/x-ndjson" if api == "api" else "text/event-stream"] = {}
    found: dict[int | str, dict[str, Any]] = {200: {"description": "The answer", "content": good}}
    return found | dict.fromkeys((400, 401, 404, 413, 500, 502, 503), error)
