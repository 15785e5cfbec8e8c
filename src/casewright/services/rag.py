"""The RAG service: ``POST /query`` answers a question from the documents in the request, with citations.

Code decides whether the documents answer and which sentences do; a model only phrases, where its
qualification or the request says so, and only words that hold against the cited sentences are sent.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import threading
import time
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing import get_context, parent_process
from multiprocessing.process import BaseProcess

from fastapi import APIRouter, FastAPI, Request
from starlette.responses import Response

from casewright import __version__
from casewright.api.contract import Strategy, Timings
from casewright.api.rag import (
    MAX_DOCUMENT_CHARS,
    MAX_DOCUMENTS,
    MAX_QUERY_CHARS,
    Citation,
    QueryRequest,
    QueryResponse,
)
from casewright.errors import ServiceBusy, ServiceFailure, StorageError, UnprocessableRequest
from casewright.knowledge.answer import Decision, decide
from casewright.knowledge.phrase import Phrased, phrase
from casewright.observability.context import request_id
from casewright.observability.engine_metrics import EngineMetrics
from casewright.observability.metrics import ServiceMetrics
from casewright.services.kit.answers import send
from casewright.services.kit.app import ERRORS, Shell, create_service
from casewright.services.kit.config import KitConfig
from casewright.services.kit.health import HealthSource
from casewright.services.llm import LanguageModel, Lease, LlmConfig, llm_config
from casewright.settings import Settings

NAME = "rag"
# 64 documents of 500,000 characters fit, in a script of one byte a character.
MAX_BODY_BYTES = 32 * 1024 * 1024
# Up to this many characters a thread does: tens of milliseconds, during which others get their turn. Beyond
# it the interpreter would be shared for seconds, so a process of its own does.
THREAD_CHARS = 200_000


@dataclass(frozen=True, slots=True)
class RagConfig:
    """``workers`` read large documents; ``read_s`` is how long one request may wait for that, ``model_s`` for
    the model's words.
    """

    kit: KitConfig
    llm: LlmConfig
    workers: int = 1
    read_s: float = 60.0
    model_s: float = 60.0


def config_from(settings: Settings, host: str, port: int) -> RagConfig:
    """The service's configuration out of the settings."""
    kit = KitConfig(
        name=NAME,
        data_dir=settings.data_dir,
        host=host,
        port=port,
        auth=settings.auth,
        max_body_bytes=MAX_BODY_BYTES,
        log_level=settings.log_level,
    )
    return RagConfig(kit, llm_config(settings, NAME))


class Readers:
    """Decides in a thread or, for large documents, in a worker process that is started when first needed.

    A worker that dies is replaced; one that is over its time is ended, with whatever waits behind it.
    """

    def __init__(self, workers: int, read_s: float) -> None:
        self._workers = workers
        self._read_s = read_s
        self._pool: ProcessPoolExecutor | None = None

    async def decide(self, query: str, documents: Sequence[str]) -> Decision:
        """The decision.

        Raises:
            ServiceBusy: it took too long.
            ServiceFailure: the worker died of it.
        """
        if sum(map(len, documents)) <= THREAD_CHARS:
            return await asyncio.to_thread(decide, query, documents)
        if self._pool is None:
            self._pool = ProcessPoolExecutor(self._workers, get_context("spawn"), initializer=_in_worker)
        pool = self._pool
        try:
            async with asyncio.timeout(self._read_s):
                return await asyncio.get_running_loop().run_in_executor(pool, decide, query, documents)
        except TimeoutError:
            self._end(pool)
            raise ServiceBusy(
                f"reading the documents took longer than {self._read_s:g} s",
                hint="send fewer or shorter documents, or repeat it later",
                retry_after_s=max(1, round(self._read_s)),
            ) from None
        except BrokenProcessPool:
            if self._pool is not pool:
                raise ServiceBusy(
                    "the worker was ended for another request's sake", hint="repeat the request"
                ) from None
            self._end(pool)
            raise ServiceFailure(
                "the worker that read these documents ended",
                hint="repeat the request; with shorter documents",
            ) from None

    def close(self) -> None:
        """End the workers."""
        if self._pool is not None:
            self._end(self._pool)

    def _end(self, pool: ProcessPoolExecutor) -> None:
        for process in list(
            (pool._processes or {}).values()
        ):  # the executor has no way to stop a running call
            process.kill()
        pool.shutdown(wait=False)
        if self._pool is pool:
            self._pool = None


def _in_worker() -> None:
    """In a new worker: Ctrl-C is the service's business, and no worker outlives its service."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = parent_process()
    if parent is not None:
        threading.Thread(target=_follow, args=(parent,), daemon=True).start()


def _follow(parent: BaseProcess) -> None:
    parent.join()
    os._exit(0)


router = APIRouter(tags=["rag"])


@router.post(
    "/query",
    response_model=QueryResponse,
    responses={status: ERRORS[status] for status in (400, 401, 403, 408, 413, 421, 422, 500, 503)},
)
async def query(asked: QueryRequest, request: Request) -> Response:
    """Answer from the documents in the request, with citations; ``grounded`` false where they do not say."""
    started = time.perf_counter()
    _check_sizes(asked)
    state = request.app.state
    async with state.gate.admitted(), contextlib.AsyncExitStack() as held:
        lease, warnings = await _lease(asked, state.llm, held)
        strategy = _strategy(asked, lease)
        reading = time.perf_counter()
        decision: Decision = await state.readers.decide(asked.query, asked.documents)
        parts = {"read": _ms(reading)}
        phrased = None
        if decision.grounded and strategy == "plain" and lease is not None:
            if asked.strategy == "auto":
                lease.keep_to_qualified("answer")
            phrasing = time.perf_counter()
            phrased = await phrase(asked.query, decision, lease.engine, state.config.model_s)
            parts["model"] = _ms(phrasing)
            if phrased.warning is not None:
                warnings.append(phrased.warning)
        timings = Timings(total_ms=_ms(started), parts=parts)
        return send(
            request, _response(decision, phrased, lease, strategy, timings=timings, warnings=warnings)
        )


def _check_sizes(asked: QueryRequest) -> None:
    for place, text in enumerate(asked.documents):
        if len(text) > MAX_DOCUMENT_CHARS:
            raise UnprocessableRequest(
                f"documents.{place}: {len(text)} characters, and {MAX_DOCUMENT_CHARS} are the most",
                hint="cut it into several documents",
            )


async def _lease(
    asked: QueryRequest, llm: LanguageModel, held: contextlib.AsyncExitStack
) -> tuple[Lease | None, list[str]]:
    """The engine in charge; none where the request does not want one, or nobody can say which it is."""
    if asked.strategy == "extractive":
        return None, []
    try:
        return await held.enter_async_context(llm.lease()), []
    except StorageError as error:
        return None, [f"the engine in charge is not known ({error.kind}): {error.message}"]


def _strategy(asked: QueryRequest, lease: Lease | None) -> Strategy:
    """``structured`` models are asked plainly too: the citations are code's in any case."""
    if lease is None:
        return "extractive"
    wanted = lease.strategy("answer") if asked.strategy == "auto" else asked.strategy
    return "extractive" if wanted == "extractive" else "plain"


def _response(
    decision: Decision,
    phrased: Phrased | None,
    lease: Lease | None,
    strategy: Strategy,
    *,
    timings: Timings,
    warnings: Sequence[str],
) -> QueryResponse:
    said = phrased.answer if phrased is not None else None
    origin = lease.origin() if lease is not None else None
    return QueryResponse(
        provider=origin.provider if origin is not None else None,
        model=origin.model if origin is not None else None,
        attempts=origin.attempts if origin is not None else (),
        fallback=origin is not None and origin.fallback,
        answered_by="code" if said is None else "model",
        strategy=strategy,
        usage=phrased.usage if phrased is not None else None,
        timings=timings,
        warnings=tuple(warnings),
        request_id=request_id() or "none",
        answer=decision.answer if said is None else said,
        citations=tuple(
            Citation(
                document=cited.document,
                start=cited.start,
                end=cited.end,
                quote=cited.quote,
                score=cited.score,
            )
            for cited in decision.cited
        ),
        grounded=decision.grounded,
        reason=decision.reason,
    )


def _ms(since: float) -> float:
    return round((time.perf_counter() - since) * 1000, 2)


def create_app(config: RagConfig) -> FastAPI:
    """The application.

    Raises:
        ConfigError: it would be open to other machines without a key.
        StorageError: the data directory cannot hold its token.
    """
    metrics = ServiceMetrics(NAME, __version__)
    llm = LanguageModel(config.llm, EngineMetrics(metrics.registry))
    readers = Readers(config.workers, config.read_s)

    @contextlib.asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        await llm.start()
        try:
            yield
        finally:
            readers.close()
            await llm.aclose()

    return create_service(
        Shell(
            config=config.kit,
            router=router,
            health=HealthSource(
                NAME,
                engine=llm.status,
                limits={
                    "max_documents": MAX_DOCUMENTS,
                    "max_document_chars": MAX_DOCUMENT_CHARS,
                    "max_query_chars": MAX_QUERY_CHARS,
                },
            ),
            lifespan=lifespan,
            title="Casewright RAG",
            metrics=metrics,
            state={"llm": llm, "readers": readers, "config": config},
            switchable=True,
            from_environment=config.llm.from_environment,
        )
    )
