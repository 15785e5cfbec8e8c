"""The document service's application: what lives as long as it does, and how it is."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from datetime import timedelta

from fastapi import APIRouter, FastAPI

from casewright import __version__
from casewright.disk import trouble
from casewright.documents.jobs import JobBook
from casewright.documents.store import DocumentStore
from casewright.documents.vision import Vision
from casewright.documents.workers import Workers
from casewright.errors import CasewrightError
from casewright.observability.metrics import ServiceMetrics
from casewright.services.documents import process, queue, stored
from casewright.services.documents.config import NAME, DocumentsConfig
from casewright.services.documents.desk import Desk
from casewright.services.documents.figures import DocumentMetrics
from casewright.services.documents.images import PageImages
from casewright.services.documents.places import Places
from casewright.services.documents.runner import Runner
from casewright.services.kit.app import Shell, create_service
from casewright.services.kit.health import Check, HealthSource
from casewright.services.kit.uploads import spool_of

log = logging.getLogger(__name__)
FOLDER = "documents"


class Parts:
    """What the service is made of, opened and closed in order."""

    def __init__(self, config: DocumentsConfig, metrics: DocumentMetrics) -> None:
        retention = config.retention if config.retention is not None else timedelta(0)
        folder = config.kit.data_dir / FOLDER
        self.config = config
        self.spool = spool_of(config.kit.data_dir, NAME)
        self.store = DocumentStore(folder, retention=retention)
        self.book = JobBook(folder / "jobs.sqlite")
        # their folders are beside the originals, so one disk is to be watched, and files need no copy
        self.workers = Workers(replace(config.workers, folder=config.workers.folder or self.spool))
        self.runner: Runner | None = None
        self.vision: Vision | None = None
        self.places = Places(config.workers.workers, config.kit.queue, config.kit.queue_s)
        self.metrics = metrics

    def try_out(self) -> None:
        """Find out, before anything is served, whether the data directory can be used.

        Raises:
            ConfigError: another process has it.
            StorageError: what lies there is not ours, or it cannot be used.
        """
        self.store.try_out(self._try_book)

    def _try_book(self) -> None:
        self.book.open()
        self.book.close()

    @contextlib.asynccontextmanager
    async def running(self, app: FastAPI) -> AsyncIterator[None]:
        """Everything, for as long as the application serves."""
        async with contextlib.AsyncExitStack() as closing:
            await asyncio.to_thread(self.store.open)
            closing.callback(self.store.close)
            await asyncio.to_thread(self.book.open)
            closing.callback(self.book.close)
            if self.config.vision is not None:
                self.vision = Vision(self.config.vision)
                closing.push_async_callback(self.vision.aclose)
            closing.push_async_callback(self.workers.aclose)
            await self.workers.alive()  # so that the first file does not wait for a process to start
            desk = Desk(self.config, self.store, self.workers, self.vision, self.metrics)
            runner = Runner(self.config.jobs, desk, self.book, self.places)
            self.runner = app.state.runner = runner
            app.state.desk = desk
            app.state.stopping = runner.stop_telling
            self.metrics.watch("process", lambda: self.places.waiting)
            self.metrics.watch("jobs", lambda: runner.waiting)
            await runner.sweep()
            await runner.start()
            closing.push_async_callback(runner.aclose)
            sweeping = asyncio.ensure_future(_sweep(runner, self.config.sweep_s))
            closing.callback(sweeping.cancel)
            yield

    async def checks(self) -> Mapping[str, Check]:
        """Without a worker that answers, or a store that takes files, the service cannot serve."""
        workers = await self.workers.alive()
        lost = await asyncio.to_thread(self._store_lost)
        found = {
            "workers": Check(workers, "" if workers else "no worker process answers", vital=True),
            "store": Check(not lost, lost, vital=True),
            "jobs": Check(*self._jobs_alive(), vital=True),
        }
        if self.store.unreadable:
            reason = f"the records of {self.store.unreadable} documents cannot be read; the log names them"
            found["records"] = Check(False, reason)
        return found

    async def sees(self) -> Check:
        """Whether figures are described just now."""
        if self.vision is None:
            return Check(False, "no vision model is configured")
        found = await self.vision.status()
        return Check(found.ok, found.reason)

    def isolation(self) -> Mapping[str, int | bool | str | None]:
        """What really holds the workers."""
        found = self.workers.isolation()
        return {"gaps": "no worker has come up"} if found is None else found.shown()

    def _jobs_alive(self) -> tuple[bool, str]:
        alive = self.runner is not None and self.runner.alive
        return alive, "" if alive else "no job is begun any more; start the service again"

    def _store_lost(self) -> str:
        try:
            self.book.count()
            return self.store.check() or trouble(self.spool)
        except CasewrightError as error:
            return error.message


def create_app(config: DocumentsConfig) -> FastAPI:
    """The ASGI application.

    Raises:
        ConfigError: it would be open to other machines without a key, or another process has its folder.
        StorageError: the data directory cannot hold its token, or its files.
    """
    metrics = ServiceMetrics(NAME, __version__)
    parts = Parts(config, DocumentMetrics(metrics.registry))
    parts.try_out()
    router = APIRouter()
    for routes in (process.router, stored.router, queue.forms, queue.router):
        router.include_router(routes)
    images = PageImages(config, parts.store, parts.workers, parts.places, parts.metrics)

    def figures() -> Mapping[str, int]:
        runner: Runner | None = getattr(app.state, "runner", None)
        at_jobs = {"jobs_waiting": runner.waiting, "jobs_running": runner.running} if runner else {}
        return {"process_running": parts.places.callers, "process_waiting": parts.places.waiting, **at_jobs}

    health = HealthSource(
        service=NAME,
        checks=parts.checks,
        vision=parts.sees,
        limits=config.limits(),
        figures=figures,
        isolation=parts.isolation,
    )
    state = {
        "store": parts.store,
        "workers": parts.workers,
        "places": parts.places,
        "images": images,
        "spool": parts.spool,
    }
    app = create_service(
        Shell(config.kit, router, health, parts.running, "Casewright documents", metrics, state=state)
    )
    return app


async def _sweep(runner: Runner, every_s: float) -> None:
    """Remove what is due, for ever; a refusal of the disk is told and tried again."""
    while True:
        await asyncio.sleep(every_s)
        try:
            await runner.sweep()
        except CasewrightError as error:
            log.error("what is due could not be removed: %s", error.message)
        except Exception:
            log.exception("what is due could not be removed, by a defect")
