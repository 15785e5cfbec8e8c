"""The document service: one file in, Markdown page by page out; no model is asked."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import re
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, TypeVar

from fastapi import APIRouter, FastAPI, Request, UploadFile
from prometheus_client import Counter
from starlette.responses import Response

from casewright import __version__
from casewright.api.contract import Timings
from casewright.api.documents import ProcessResponse
from casewright.documents.pages import Converted, join, method_of
from casewright.documents.workers import WorkerConfig, Workers
from casewright.observability.context import request_id
from casewright.observability.metrics import ServiceMetrics
from casewright.services.kit.answers import send
from casewright.services.kit.app import ERRORS, Shell, create_service
from casewright.services.kit.config import KitConfig
from casewright.services.kit.health import Check, HealthSource
from casewright.settings import Settings

Result = TypeVar("Result")

NAME = "documents"
MAX_FILENAME_CHARS = 255
COPY_BYTES = 1024 * 1024
# As proxies log it; nobody is left to read the answer.
CALLER_GONE = 499
# An upload waits on disk for its turn, so few may.
QUEUE = 8
_UNSHOWABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")

router = APIRouter()


@dataclass(frozen=True, slots=True)
class DocumentsConfig:
    """The service's own: its workers, and the folder in which uploads lie while they are read.

    ``spool_dir`` None is the system's temporary directory.
    """

    kit: KitConfig
    workers: WorkerConfig = field(default_factory=WorkerConfig)
    spool_dir: Path | None = None


@dataclass(frozen=True, slots=True)
class Spooled:
    """An upload on disk."""

    path: Path
    size_bytes: int
    sha256: str


def config_from(settings: Settings, host: str, port: int) -> DocumentsConfig:
    """The service as the settings describe it."""
    workers = WorkerConfig(deadline_s=settings.document_seconds)
    kit = KitConfig(
        name=NAME,
        data_dir=settings.data_dir,
        host=host,
        port=port,
        auth=settings.auth,
        max_body_bytes=settings.document_bytes,
        concurrency=workers.workers,
        queue=QUEUE,
        queue_s=settings.document_seconds,
        log_level=settings.log_level,
    )
    return DocumentsConfig(kit, workers)


def create_app(config: DocumentsConfig) -> FastAPI:
    """The ASGI application.

    Raises:
        ConfigError: it would be open to other machines without a key.
        StorageError: the data directory cannot hold its token.
    """
    workers = Workers(config.workers)
    metrics = ServiceMetrics(NAME, __version__)
    pages = Counter(
        "casewright_document_pages",
        "Pages read, by how: text, ocr, none (nothing on them).",
        ("method",),
        registry=metrics.registry,
    )

    @contextlib.asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        await workers.alive()  # so that the first file does not wait for a process to start
        try:
            yield
        finally:
            await workers.aclose()

    async def checks() -> Mapping[str, Check]:
        ok = await workers.alive()
        return {"workers": Check(ok, "" if ok else "no worker process answers", vital=True)}

    async def vision() -> Check:
        return Check(False, "no vision model is configured")

    health = HealthSource(service=NAME, checks=checks, vision=vision, limits=config.workers.limits.shown())
    state = {"workers": workers, "pages": pages, "spool_dir": config.spool_dir}
    return create_service(
        Shell(config.kit, router, health, lifespan, "Casewright documents", metrics, state=state)
    )


@router.post("/process", tags=["documents"], response_model=ProcessResponse, responses=ERRORS)
async def process(request: Request, file: UploadFile) -> Response:
    """Read a PDF, DOCX, PNG, JPEG, TIFF, WebP, TXT or Markdown file, by its content and not by its name."""
    began = time.monotonic()
    name = shown_name(file.filename or "")
    place = request.app.state.spool_dir
    with tempfile.TemporaryDirectory(prefix="casewright-", dir=place, ignore_cleanup_errors=True) as folder:
        spooled = await asyncio.to_thread(_spool, file.file, Path(folder) / "upload")
        stored = time.monotonic()
        async with request.app.state.gate.admitted():
            admitted = time.monotonic()
            found = await _while_asked(request, request.app.state.workers.convert(spooled.path, name))
    if found is None:
        return Response(status_code=CALLER_GONE)
    ended = time.monotonic()
    parts = {"store": stored - began, "queue": admitted - stored, "convert": ended - admitted}
    timings = Timings(
        total_ms=_ms(ended - began), parts={part: _ms(seconds) for part, seconds in parts.items()}
    )
    for page in found.pages:
        request.app.state.pages.labels(page.method).inc()
    return send(request, _answer(name, spooled, found, timings))


def shown_name(name: str) -> str:
    """An upload's name as it may be shown: its last part, no control or direction characters, bounded.

    It is never used as a path.
    """
    last = _UNSHOWABLE.sub("", name).replace("\\", "/").rsplit("/", 1)[-1].strip()
    return last[-MAX_FILENAME_CHARS:] or "unnamed"


def _answer(name: str, spooled: Spooled, found: Converted, timings: Timings) -> ProcessResponse:
    markdown, pages = join(found.pages)
    on_pages = tuple(f"page {page.number}: {warning}" for page in pages for warning in page.warnings)
    return ProcessResponse(
        filename=name,
        media_type=found.media_type,
        sha256=spooled.sha256,
        size_bytes=spooled.size_bytes,
        markdown=markdown,
        pages=pages,
        page_count=len(pages),
        method=method_of(found.pages),
        warnings=found.warnings + on_pages,
        timings=timings,
        request_id=request_id() or "",
    )


def _spool(upload: BinaryIO, path: Path) -> Spooled:
    digest, size = hashlib.sha256(), 0
    with path.open("xb") as file:
        while block := upload.read(COPY_BYTES):
            file.write(block)
            digest.update(block)
            size += len(block)
    return Spooled(path, size, digest.hexdigest())


async def _while_asked(request: Request, work: Awaitable[Result]) -> Result | None:
    """The result of ``work``; None if the caller hangs up first, then ``work`` is cancelled."""
    working = asyncio.ensure_future(work)
    leaving = asyncio.ensure_future(_gone(request))
    try:
        await asyncio.wait((working, leaving), return_when=asyncio.FIRST_COMPLETED)
        return working.result() if working.done() else None
    finally:
        for task in (working, leaving):
            task.cancel()
        await asyncio.gather(working, leaving, return_exceptions=True)


async def _gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _ms(seconds: float) -> float:
    return round(1000 * seconds, 1)
