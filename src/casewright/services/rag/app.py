"""The RAG service's application: what lives as long as it does, and how it is."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Mapping
from functools import partial
from typing import TYPE_CHECKING

from fastapi import APIRouter, FastAPI

from casewright import __version__
from casewright.api.rag import MAX_DOCUMENT_CHARS, MAX_DOCUMENTS, MAX_QUERY_CHARS
from casewright.errors import StorageError
from casewright.observability.engine_metrics import EngineMetrics
from casewright.observability.metrics import ServiceMetrics
from casewright.services.kit.app import Shell, create_service
from casewright.services.kit.health import Check, HealthSource, no_checks
from casewright.services.llm import LanguageModel
from casewright.services.rag import query
from casewright.services.rag.config import NAME, RagConfig
from casewright.services.rag.figures import AnswerMetrics
from casewright.services.rag.readers import Readers

if TYPE_CHECKING:
    from casewright.knowledge.rerank import EngineReranker
    from casewright.services.rag.cases import Cases
    from casewright.services.rag.tools import Tools


def create_app(config: RagConfig, tools: Tools | None = None) -> FastAPI:
    """The application; ``tools`` None are those that the configuration names.

    Raises:
        ConfigError: it would be open to other machines without a key.
        StorageError: the data directory cannot hold its token.
    """
    metrics = ServiceMetrics(NAME, __version__)
    llm = LanguageModel(config.llm, EngineMetrics(metrics.registry))
    readers = Readers(config.workers, config.read_s)
    opened: list[Cases] = []
    state = {"llm": llm, "readers": readers, "config": config, "answer_metrics": AnswerMetrics(metrics)}

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with contextlib.AsyncExitStack() as closing:
            await llm.start()
            closing.push_async_callback(llm.aclose)
            closing.callback(readers.close)
            if config.knowledge is not None:
                cases = await closing.enter_async_context(_cases(config, metrics, tools))
                app.state.cases = cases
                app.state.stopping = cases.intake.stop_telling
                if config.knowledge.rerank:
                    cases.reranking = partial(_reranker, llm, config.knowledge.rerank_s)
                opened.append(cases)
                closing.callback(opened.clear)
            yield

    async def checks() -> Mapping[str, Check]:
        return await opened[0].checks() if opened else await no_checks()

    def figures() -> Mapping[str, int]:
        return opened[0].figures() if opened else {}

    return create_service(
        Shell(
            config=config.kit,
            router=_routes(config),
            health=HealthSource(
                NAME, checks=checks, engine=llm.status, limits=_limits(config), figures=figures
            ),
            lifespan=lifespan,
            title="Casewright RAG",
            metrics=metrics,
            state=state,
            switchable=True,
            from_environment=config.llm.from_environment,
        )
    )


def _limits(config: RagConfig) -> dict[str, int]:
    limits = {
        "max_documents": MAX_DOCUMENTS,
        "max_document_chars": MAX_DOCUMENT_CHARS,
        "max_query_chars": MAX_QUERY_CHARS,
    }
    if config.knowledge is not None:
        limits |= {
            "max_file_bytes": config.knowledge.file_bytes,
            "ingest_waiting": config.knowledge.waiting,
            "ingest_workers": config.knowledge.workers,
        }
    return limits


def _routes(config: RagConfig) -> APIRouter:
    """The routes; what those about stored cases need is only there with the extra "knowledge"."""
    router = APIRouter()
    router.include_router(query.router)
    if config.knowledge is not None:
        from casewright.services.rag import ingest, keep, stored  # noqa: PLC0415

        router.include_router(ingest.router)
        router.include_router(stored.router)
        router.include_router(keep.router)
    return router


@contextlib.asynccontextmanager
async def _cases(config: RagConfig, metrics: ServiceMetrics, tools: Tools | None) -> AsyncIterator[Cases]:
    """The cases, open."""
    from casewright.services.rag.assemble import assembled  # noqa: PLC0415

    assert config.knowledge is not None
    async with assembled(config.knowledge, config.kit.data_dir, metrics.registry, tools) as cases:
        yield cases


@contextlib.asynccontextmanager
async def _reranker(llm: LanguageModel, deadline_s: float) -> AsyncIterator[EngineReranker | None]:
    """The engine in charge as a reranker, if its model has shown that it can read several passages."""
    from casewright.knowledge.rerank import EngineReranker  # noqa: PLC0415

    async with contextlib.AsyncExitStack() as held:
        try:
            lease = await held.enter_async_context(llm.lease())
        except StorageError:
            lease = None  # nobody can say which engine is in charge: the answer itself warns of that
        if lease is None or lease.strategy("answer") != "structured":
            yield None
            return
        lease.keep_to_qualified("answer")
        yield EngineReranker(lease.engine, deadline_s)
