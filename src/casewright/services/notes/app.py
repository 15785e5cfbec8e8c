"""The notes service: ``POST /convert`` makes raw meeting notes a letter whose sentences point at their lines.

Of letters it keeps nothing but who confirmed which, by its seal. A model may write sentences; code decides
which of them stand (``casewright.notes.draft``, ``casewright.notes.phrase``).
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from typing import Annotated, Any

from fastapi import APIRouter, FastAPI, Request
from fastapi import Path as PathPart
from starlette.responses import Response

from casewright import __version__
from casewright.api.notes import (
    MAX_NAME_CHARS,
    MAX_NOTES_CHARS,
    Confirmation,
    ConfirmRequest,
    ConvertRequest,
    ConvertResponse,
    ExportRequest,
)
from casewright.errors import NotFound, StorageError, UnprocessableRequest
from casewright.notes.ground import faults
from casewright.notes.read import flatten
from casewright.notes.shapes import Grounds
from casewright.observability.engine_metrics import EngineMetrics
from casewright.observability.metrics import ServiceMetrics
from casewright.services.kit.answers import send
from casewright.services.kit.app import ERRORS, Shell, create_service
from casewright.services.kit.events import EventStream
from casewright.services.kit.health import Check, HealthSource
from casewright.services.llm import LanguageModel
from casewright.services.notes.config import NAME, NotesConfig
from casewright.services.notes.confirmations import Confirmations
from casewright.services.notes.convert import Converter
from casewright.services.notes.files import MEDIA_TYPES, drawn, file_name
from casewright.services.notes.seal import Sealer
from casewright.services.notes.stream import Tell, nobody, streamed
from casewright.services.notes.worker import Worker

TITLE = "Casewright notes"
# Each event of the stream: its name and one line of JSON.
_EVENT = {"type": "object", "properties": {"event": {"type": "string"}, "data": {"type": "string"}}}
_EVENTS = {"text/event-stream": {"schema": _EVENT}}
_FILES = {kind: {"schema": {"type": "string", "format": "binary"}} for kind in MEDIA_TYPES.values()}
_NOT_FOUND: dict[int | str, dict[str, Any]] = {
    404: {"model": ERRORS[500]["model"], "description": "Nobody has confirmed such a letter"}
}


def create_app(config: NotesConfig, llm: LanguageModel | None = None, grounds: Grounds = faults) -> FastAPI:
    """The ASGI application; ``llm`` is made from the configuration unless one is given, and
    ``grounds`` judges what a model drafts.

    Raises:
        ConfigError: it would be open to other machines without a key.
        StorageError: the data directory cannot hold its token.
    """
    metrics = ServiceMetrics(NAME, __version__)
    model = llm or LanguageModel(config.llm, EngineMetrics(metrics.registry))
    sealer = Sealer(config.kit.data_dir)
    kept = Confirmations(config.kit.data_dir)
    worker = None if config.worker is None else Worker(config.worker)
    state = {
        "converter": Converter(config, model, sealer, grounds, worker),
        "sealer": sealer,
        "confirmations": kept,
    }

    @contextlib.asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        await model.start()
        try:
            async with worker or contextlib.nullcontext():
                yield
        finally:
            await model.aclose()

    async def checks() -> Mapping[str, Check]:
        try:
            await asyncio.to_thread(kept.check)
        except StorageError as error:
            return {"confirmations": Check(False, error.message)}
        return {"confirmations": Check(True)}

    return create_service(
        Shell(
            config=config.kit,
            router=_router(),
            health=HealthSource(NAME, checks=checks, engine=model.status, limits=_limits(config)),
            lifespan=lifespan,
            title=TITLE,
            metrics=metrics,
            state=state,
            switchable=True,
            from_environment=config.llm.from_environment,
        )
    )


def _limits(config: NotesConfig) -> dict[str, int]:
    return {
        "notes_chars": MAX_NOTES_CHARS,
        "client_name_chars": MAX_NAME_CHARS,
        "notes_lines": config.max_lines,
        "model_lines": config.model_lines,
    }


def _router() -> APIRouter:
    router = APIRouter(tags=["notes"])
    router.add_api_route(
        "/convert",
        convert,
        methods=["POST"],
        response_model=ConvertResponse,
        responses={**ERRORS, 200: {"content": _EVENTS}},
    )
    router.add_api_route("/confirm", confirm, methods=["POST"], response_model=Confirmation, responses=ERRORS)
    router.add_api_route(
        "/confirmations/{seal}",
        confirmation,
        methods=["GET"],
        response_model=Confirmation,
        responses={**ERRORS, **_NOT_FOUND},
    )
    router.add_api_route(
        "/export",
        export,
        methods=["POST"],
        response_class=Response,
        responses={**ERRORS, 200: {"content": _FILES}},
    )
    return router


async def convert(request: Request, body: ConvertRequest) -> Response:
    """A letter from raw notes: three sections, each sentence with the lines it rests on.

    With ``stream`` as server-sent events: ``progress``, and at the end ``done`` or ``error``.
    """
    converter: Converter = request.app.state.converter

    async def made(tell: Tell) -> ConvertResponse:
        async with request.app.state.gate.admitted():
            return await converter.convert(body, tell)

    converter.check(body)  # a stream that has begun can no longer answer with a status
    if body.stream:
        return EventStream(streamed(request, made))
    return send(request, await made(nobody))


async def confirm(request: Request, body: ConfirmRequest) -> Confirmation:
    """Keep a person's word that a letter may leave; the same person's second word is the first."""
    state = request.app.state
    name = flatten(body.confirmed_by)
    if not name:
        raise UnprocessableRequest("confirmed_by: nothing printable is in it", hint="give a person's name")
    async with state.gate.admitted():
        await asyncio.to_thread(state.sealer.check, body.letter)
        kept: Confirmation = await asyncio.to_thread(
            state.confirmations.keep, body.letter.seal, name, body.note
        )
    return kept


async def confirmation(
    request: Request, seal: Annotated[str, PathPart(pattern=r"^[0-9a-f]{64}$")]
) -> Confirmation:
    """Who confirmed a letter first, and when."""
    found: Confirmation | None = await asyncio.to_thread(request.app.state.confirmations.first, seal)
    if found is None:
        raise NotFound(
            "nobody has confirmed a letter with this seal", hint="POST /confirm keeps a person's word"
        )
    return found


async def export(request: Request, body: ExportRequest) -> Response:
    """A letter as DOCX or PDF, in the parts that are asked for, with its notes where they are sent along.

    What nobody confirmed and is not ready to be sent says so on every page.
    """
    state = request.app.state
    async with state.gate.admitted():
        await asyncio.to_thread(state.sealer.check, body.letter)
        word = await asyncio.to_thread(state.confirmations.first, body.letter.seal)
        content = await asyncio.to_thread(drawn, body.letter, body.format, body.notes, word, body.parts)
    name = file_name(body.letter, body.format, body.parts)
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(content, headers=headers, media_type=MEDIA_TYPES[body.format])
