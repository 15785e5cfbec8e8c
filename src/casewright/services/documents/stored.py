"""/documents: what is kept, shown, handed out and deleted."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any, BinaryIO
from urllib.parse import quote

from fastapi import APIRouter, Query, Request
from pydantic import StringConstraints
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from casewright.api.contract import ErrorAnswer
from casewright.api.documents import DocumentAnswer, DocumentList, StoredDocument
from casewright.documents.highlight import Span
from casewright.documents.store import COPY_BYTES, DESCRIPTIONS, READING, DocumentStore
from casewright.errors import UnprocessableRequest
from casewright.services.documents.form import Route
from casewright.services.documents.upload import LOOKING
from casewright.services.kit.leaving import while_there

MAX_SPANS = 100
MAX_OFFSET = 10_000_000
PRIVATE = {
    # whatever the file is, a browser neither guesses, nor shows, nor runs it
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_BINARY = {"schema": {"type": "string", "format": "binary"}}

_NOT_YET: dict[int | str, dict[str, Any]] = {
    409: {"model": ErrorAnswer, "description": "The document is not read yet; ask again later"}
}

router = APIRouter(tags=["documents"], route_class=Route)
Offset = Annotated[int, Query(ge=0, le=MAX_OFFSET)]
Limit = Annotated[int, Query(ge=1, le=200)]
SpanText = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,8}-[0-9]{1,8}$")]


@router.get("/documents", response_model=DocumentList, responses=LOOKING)
async def documents(request: Request, limit: Limit = 50, offset: Offset = 0) -> DocumentList:
    """What is kept, newest first."""
    found = await asyncio.to_thread(_store(request).all)
    return DocumentList(documents=tuple(found[offset : offset + limit]), total=len(found), offset=offset)


@router.get("/documents/{document_id}", response_model=DocumentAnswer, responses=LOOKING)
async def document(request: Request, document_id: str) -> Response:
    """A document: what it is, and what was read of it."""
    store = _store(request)
    return Response(await asyncio.to_thread(_whole, store, document_id), media_type="application/json")


@router.get(
    "/documents/{document_id}/original",
    response_class=Response,
    responses={**LOOKING, 200: {"content": {"application/octet-stream": _BINARY}}},
)
async def original(request: Request, document_id: str) -> Response:
    """The bytes as they came; to be saved, never to be shown in the browser."""
    store = _store(request)
    record = store.get(document_id)
    file, size = await asyncio.to_thread(store.open_original, document_id)
    headers = {
        **PRIVATE,
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(record.filename, safe='')}",
        "Content-Length": str(size),
    }
    return OpenFile(file, headers)


@router.get(
    "/documents/{document_id}/pages/{number}.png",
    response_class=Response,
    responses={**LOOKING, **_NOT_YET, 200: {"content": {"image/png": _BINARY}}},
)
async def page_image(
    request: Request,
    document_id: str,
    number: int,
    *,
    start: Annotated[
        int | None, Query(ge=0, le=MAX_OFFSET, description="Mark from this character on")
    ] = None,
    end: Annotated[int | None, Query(ge=0, le=MAX_OFFSET, description="Mark up to this character")] = None,
    span: Annotated[
        list[SpanText], Query(max_length=MAX_SPANS, description="START-END; may be repeated")
    ] = [],  # noqa: B006 - FastAPI reads it, nobody changes it
) -> Response:
    """A page as it looks, with the lines marked that the spans (characters of ``markdown``) touch."""
    record = _store(request).get(document_id)
    spans = _spans(start, end, span)
    image = await request.app.state.images.png(record, number, spans)
    return Response(image, headers=PRIVATE, media_type="image/png")


@router.delete("/documents/{document_id}", status_code=204, responses=LOOKING)
async def delete(request: Request, document_id: str) -> Response:
    """Remove everything of a document: original, reading, images, and its jobs."""
    await request.app.state.runner.delete_document(document_id)
    return Response(status_code=204)


class OpenFile(Response):
    """A file that is open: handed out whole, also when it is deleted meanwhile, and closed in any case."""

    def __init__(self, file: BinaryIO, headers: dict[str, str]) -> None:
        super().__init__(headers=headers, media_type="application/octet-stream")
        self._file = file

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve (ASGI)."""
        try:
            await while_there(self._hand_out(send), receive)
        finally:
            self._file.close()

    async def _hand_out(self, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        while block := await asyncio.to_thread(self._file.read, COPY_BYTES):
            await send({"type": "http.response.body", "body": block, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})


def _spans(start: int | None, end: int | None, more: list[str]) -> list[Span]:
    spans: list[Span] = []
    if (start is None) != (end is None):
        raise UnprocessableRequest("start and end belong together", hint="give both, or span=START-END")
    if start is not None and end is not None:
        spans.append((start, end))
    for text in more:
        first, _, last = text.partition("-")
        spans.append((int(first), int(last)))
    return spans


def _whole(store: DocumentStore, identity: str) -> bytes:
    """The answer, put together out of what was written when it was read: nothing is decoded again."""
    record: StoredDocument = store.get(identity)
    reading = store.read(identity, READING)
    described = store.read(identity, DESCRIPTIONS)
    head = record.model_dump_json().encode()[:-1]
    return b"".join((head, b',"reading":', reading or b"null", b',"descriptions":', described or b"[]", b"}"))


def _store(request: Request) -> DocumentStore:
    store: DocumentStore = request.app.state.store
    return store
