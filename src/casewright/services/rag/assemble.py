"""The parts of stored cases put together as the configuration says."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

from prometheus_client import CollectorRegistry

from casewright.api.client import Client
from casewright.disk import own_folder
from casewright.documents.workers import WorkerConfig
from casewright.knowledge.store import ChromaServer, Library
from casewright.knowledge.store.reading import EXACT_BELOW
from casewright.services.kit.keys import service_token
from casewright.services.rag.cases import Cases
from casewright.services.rag.config import KnowledgeConfig
from casewright.services.rag.convert import AtService, Conversion, InHere
from casewright.services.rag.figures import KnowledgeMetrics
from casewright.services.rag.tools import Tools, make_tools


@contextlib.asynccontextmanager
async def assembled(
    config: KnowledgeConfig, data_dir: Path, registry: CollectorRegistry, tools: Tools | None
) -> AsyncIterator[Cases]:
    """The cases, open for as long as the block lasts.

    Raises:
        ConfigError: another process has their folder.
        StorageError: they cannot be read.
    """
    async with contextlib.AsyncExitStack() as closing:
        service = None
        if config.documents is not None:
            key = config.documents.key or service_token(data_dir)
            client = await closing.enter_async_context(Client(replace(config.documents, key=key)))
            service = AtService(client)
        # a file that is read lies on the disk of everything else meanwhile, so one disk is to be watched
        workers = config.folder / "workers"
        await asyncio.to_thread(own_folder, workers)
        here = InHere(WorkerConfig(workers=1, folder=workers)) if InHere.installed() else None
        conversion = Conversion(service, here, wanted=config.documents_wanted)
        tools = tools if tools is not None else await make_tools(config.embedder)
        bound = EXACT_BELOW if config.exact_below is None else config.exact_below
        library = Library(data_dir, chroma=chroma_of(config), stamp=tools.stamp, exact_below=bound)
        cases = Cases(config, library, tools, conversion, KnowledgeMetrics(registry))
        await closing.enter_async_context(cases.running())
        yield cases


def chroma_of(config: KnowledgeConfig) -> ChromaServer | None:
    """The Chroma server that the configuration names."""
    if config.chroma is None:
        return None
    host, port, ssl = config.chroma
    return ChromaServer(host, port, ssl=ssl)
