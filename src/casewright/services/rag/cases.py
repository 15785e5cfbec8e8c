"""Everything about stored cases that lives as long as the service: index, embedders, what comes in."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from casewright.api.knowledge import SearchMode
from casewright.api.rag import UnreadDocument
from casewright.disk import own_folder
from casewright.errors import CasewrightError
from casewright.knowledge.ingest.backlog import Backlog
from casewright.knowledge.ingest.intake import Intake, Upload
from casewright.knowledge.ingest.originals import Originals
from casewright.knowledge.ingest.pipeline import Parts, Pipeline, PipelineConfig
from casewright.knowledge.ingest.reindex import reindex
from casewright.knowledge.ingest.spool import Spool
from casewright.knowledge.ports import Embedder
from casewright.knowledge.rerank import EngineReranker
from casewright.knowledge.store import ErasureCertificate, JobRecord, Library
from casewright.knowledge.store.jobs import no_such_job
from casewright.knowledge.store.values import State
from casewright.services.kit.events import Streams
from casewright.services.kit.health import Check
from casewright.services.rag.config import KnowledgeConfig
from casewright.services.rag.convert import Conversion
from casewright.services.rag.figures import KnowledgeMetrics
from casewright.services.rag.tools import Found, Tools

log = logging.getLogger(__name__)
_UNREAD: tuple[State, ...] = ("queued", "reading", "embedding", "partial", "failed")


# A reranker for one search, or None where the order of the search is to stand.
Reranking = Callable[[], contextlib.AbstractAsyncContextManager[EngineReranker | None]]


@contextlib.asynccontextmanager
async def no_reranker() -> AsyncIterator[EngineReranker | None]:
    """The order of the search stands."""
    yield None


class Cases:
    """Opened and closed with the service; used from its event loop."""

    def __init__(
        self,
        config: KnowledgeConfig,
        library: Library,
        tools: Tools,
        conversion: Conversion,
        metrics: KnowledgeMetrics,
    ) -> None:
        self.config = config
        self.library = library
        self.tools = tools
        self.conversion = conversion
        self.metrics = metrics
        self.streams = Streams(config.streams)
        self.reranking: Reranking = no_reranker
        # one at a time looks at the stores: that takes a thread, and others need some
        self.doctor = asyncio.Lock()
        folder = config.folder
        # forms while they arrive; their files have no name there
        self.forms = folder / "forms"
        self.parts = Parts(
            library=library,
            backlog=Backlog(folder / "queue"),
            spool=Spool(folder / "spool", config.file_bytes),
            converter=conversion,
            originals=Originals(folder / "queue" / "originals", library, conversion),
            embed=tools.embed,
            cut=tools.cut,
        )
        work = PipelineConfig(workers=config.workers, batch=config.batch, attempts=config.attempts)
        self.pipeline = Pipeline(work, self.parts, metrics.took)
        self.intake = Intake(self.parts, self.pipeline, config.waiting)

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Everything, for as long as the service serves."""
        async with contextlib.AsyncExitStack() as closing:
            await asyncio.to_thread(self.library.open)
            closing.callback(self.library.close)
            await asyncio.to_thread(self.parts.spool.open)
            await asyncio.to_thread(own_folder, self.forms)
            await asyncio.to_thread(self.parts.backlog.open)
            closing.callback(self.parts.backlog.close)
            closing.push_async_callback(self.conversion.aclose)
            closing.push_async_callback(self.tools.aclose)
            await self.tools.start()
            self.metrics.watch(self._by_state)
            await self.pipeline.start()
            closing.push_async_callback(self.pipeline.aclose)
            tending = asyncio.ensure_future(self._tend())
            closing.callback(tending.cancel)
            yield

    async def check(self, case_id: str) -> None:
        """Say whether there is such a case.

        Raises:
            NotFound: there is none.
        """
        await asyncio.to_thread(self.library.case, case_id)

    async def take(self, case_id: str, uploads: Sequence[Upload]) -> tuple[JobRecord, tuple[str, ...]]:
        """Uploads into a case; see ``Intake.submit``.

        Raises:
            InstallError: there is no embedding model, so nothing would ever be found.
        """
        self.tools.model()
        return await self.intake.submit(case_id, uploads)

    async def job(self, job_id: str, case_id: str | None = None) -> JobRecord:
        """A job as it is now; one of another case than ``case_id`` is not there.

        Raises:
            NotFound: there is none of that id.
        """
        found = await self.intake.job(job_id)
        if case_id is not None and found.case_id != case_id:
            raise no_such_job()
        return found

    async def search(self, case_id: str, query: str, *, limit: int, mode: SearchMode = "hybrid") -> Found:
        """What a case holds about a question: the one search, for those who look and for answers.

        Raises:
            NotFound: there is no such case.
            ConfigError: its index was made with another embedding.
        """
        index = await asyncio.to_thread(self.library.reader, case_id)
        async with self.reranking() as reranker:
            timed = self.metrics.searched
            return await self.tools.search(index, query, limit, mode, timed, reranker=reranker)

    def meaning(self) -> Embedder | None:
        """The embedder that answers look at likely passages with; None where they go by words alone."""
        if not self.config.answer_by_meaning or self.tools.stamp is None:
            return None
        return self.tools.model().asking

    async def unread(self, case_id: str) -> tuple[UnreadDocument, ...]:
        """The documents of a case that a search does not see, or not all of."""
        found = await asyncio.to_thread(self.library.documents, case_id, _UNREAD)
        return tuple(
            UnreadDocument(
                document_id=record.id,
                name=record.name,
                status=record.state,
                reason=record.failure.message if record.failure is not None else "; ".join(record.warnings),
            )
            for record in found
        )

    async def erase_document(self, case_id: str, document: str) -> ErasureCertificate:
        """Erase a document; see ``Intake.delete_document``."""
        return await self.intake.delete_document(case_id, document)

    async def erase_case(self, case_id: str) -> ErasureCertificate:
        """Erase a case; see ``Intake.delete_case``."""
        return await self.intake.delete_case(case_id)

    async def reindexed(self, case_id: str) -> AsyncGenerator[tuple[int, int] | None]:
        """Make a case's index anew with the embedding in use: documents done, and how many there are;
        None as a sign of life. Leaving it ends it, and leaves the index as it was.

        Raises:
            NotFound: there is no such case.
            NotReady: it is being made anew already.
        """
        told: asyncio.Queue[tuple[int, int]] = asyncio.Queue()
        making = asyncio.ensure_future(
            reindex(
                self.library,
                case_id,
                self.tools.cut,
                self.tools.embed,
                lambda done, total: told.put_nowait((done, total)),
            )
        )
        try:
            while not (making.done() and told.empty()):
                getting = asyncio.ensure_future(told.get())
                await asyncio.wait(
                    (getting, making),
                    timeout=self.config.heartbeat_s,
                    return_when=asyncio.FIRST_COMPLETED,
                )
                if getting.done() or not making.done():
                    yield getting.result() if getting.done() else None
                getting.cancel()
            await making
        finally:
            making.cancel()
            await asyncio.gather(making, return_exceptions=True)

    async def checks(self) -> Mapping[str, Check]:
        """What this depends on: without its own files it cannot serve."""
        try:
            health = await asyncio.to_thread(self.library.health)
            disk, chroma = health.disk, health.chroma
        except CasewrightError as error:
            disk, chroma = error.message, None
        embedder = await self.tools.trouble()
        documents = await self.conversion.trouble()
        return {
            "store": Check(disk is None, disk or "", vital=True),
            "chroma": Check(chroma is None, chroma or ""),
            "embedder": Check(embedder is None, embedder or ""),
            "documents": Check(documents is None, documents or ""),
        }

    def figures(self) -> Mapping[str, int]:
        """How much there is to do just now."""
        return {"ingest_waiting": self.pipeline.waiting, "ingest_running": self.pipeline.running}

    def _by_state(self) -> tuple[dict[str, int], int]:
        """Documents by state, and chunks, over all cases."""
        states: dict[str, int] = {}
        chunks = 0
        for case in self.library.cases():
            chunks += case.chunks
            for state, number in case.documents.items():
                states[state] = states.get(state, 0) + number
        return states, chunks

    async def _tend(self) -> None:
        """What is to be done again and again; a refusal is told, and tried again."""
        tasks: dict[str, Callable[[], Awaitable[object]]] = {
            "pending erasures could not be tried again": self._erase_again,
            "what could not be written is not gone on with": self.pipeline.go_on,
            "old jobs could not be forgotten": self._prune,
        }
        while True:
            for otherwise, task in tasks.items():
                try:
                    await task()
                except CasewrightError as error:
                    log.error("%s: %s", otherwise, error.message)
                except Exception:
                    log.exception("%s, by a defect", otherwise)
            await asyncio.sleep(self.config.again_s)

    async def _erase_again(self) -> None:
        await asyncio.to_thread(self.library.retry_erasures)
        await self.parts.originals.retry()

    async def _prune(self) -> None:
        """Forget jobs that ended long ago; what they brought stays."""
        before = datetime.now(UTC) - timedelta(days=self.config.job_days)
        while await asyncio.to_thread(self.library.prune_jobs, before.isoformat(timespec="milliseconds")):
            pass
