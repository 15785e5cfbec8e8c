"""What finds things: the embedding model in its processes, the chunker, the search over a case."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

from casewright.api.knowledge import SearchMode
from casewright.errors import CasewrightError, EmbeddingError, IndexUnavailable, InstallError
from casewright.knowledge.chunk import chunk
from casewright.knowledge.embed import INGEST, QUERIES, ProcessEmbedder
from casewright.knowledge.models import EmbedderKind, find_model
from casewright.knowledge.ports import Embedder, SearchIndex, Tokens, Vectors
from casewright.knowledge.records import Chunk, Hit, SourceDocument, Stamp
from casewright.knowledge.rerank import EngineReranker
from casewright.knowledge.retrieve import Retriever
from casewright.knowledge.vectors import embed_chunks

Timed = Callable[[str, float], None]
# Searches read in these threads, so that they do not wait for those that write.
THREADS = 4
HEALTH_S = 2.0


@dataclass(frozen=True, slots=True)
class Found:
    """What a search found; ``chunks`` there are in all, ``parts`` are milliseconds."""

    hits: tuple[Hit, ...]
    chunks: int
    parts: Mapping[str, float] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Model:
    """An embedding model at work: an embedder for what comes in, and one for questions, which do not wait."""

    ingesting: Embedder
    asking: Embedder
    tokens: Tokens
    processes: tuple[ProcessEmbedder, ...] = ()


class Tools:
    """The parts that depend on the embedding model. ``model`` may be what says why there is none."""

    def __init__(self, model: Model | InstallError) -> None:
        self._model = model
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="search")

    @property
    def stamp(self) -> Stamp | None:
        """Which embedding it is; None where there is none."""
        return None if isinstance(self._model, InstallError) else self._model.ingesting.stamp

    def model(self) -> Model:
        """The embedding model.

        Raises:
            InstallError: there is none.
        """
        if isinstance(self._model, InstallError):
            raise self._model
        return self._model

    def cut(self, source: SourceDocument) -> Sequence[Chunk]:
        """A document in chunks that fit the model."""
        return chunk(source, self.model().tokens)

    async def embed(self, chunks: Sequence[Chunk], name: str) -> Vectors:
        """A row a chunk of the document of that name."""
        model = self.model()
        return await embed_chunks(chunks, name, model.tokens, model.ingesting)

    async def search(
        self,
        index: SearchIndex,
        query: str,
        limit: int,
        mode: SearchMode,
        timed: Timed,
        *,
        reranker: EngineReranker | None = None,
    ) -> Found:
        """The one search over a case; ``timed`` hears seconds, by part.

        Where nothing can be compared by meaning just now, ``hybrid`` finds by words alone, and says so.

        Raises:
            EmbeddingError, IndexUnavailable, InstallError: so it is, and ``dense`` was asked for.
            ConfigError: the index was made with another embedding.
        """
        try:
            return await self._search(index, query, limit, mode, timed, reranker=reranker)
        except (EmbeddingError, IndexUnavailable, InstallError) as error:
            if mode != "hybrid":
                raise
            found = await self._search(index, query, limit, "bm25", timed, reranker=reranker)
            lack = f"searched by words alone, not by meaning ({error.kind}): {error.message}"
            return replace(found, warnings=(lack, *found.warnings))

    async def start(self) -> None:
        """Have the process for questions there before the first; what is wrong with it /health tells."""
        await self.trouble()

    async def trouble(self) -> str | None:
        """Why nothing can be embedded, in words; None where it can."""
        if isinstance(self._model, InstallError):
            return self._model.message
        try:
            async with asyncio.timeout(HEALTH_S):
                for process in self._model.processes[-1:]:
                    await process.start()
        except TimeoutError:
            return "its process has not come up yet"
        except CasewrightError as error:
            return error.message
        return None

    async def aclose(self) -> None:
        """End processes and threads."""
        if isinstance(self._model, Model):
            await asyncio.gather(*(process.aclose() for process in self._model.processes))
        self._threads.shutdown(wait=False)

    async def _search(
        self,
        index: SearchIndex,
        query: str,
        limit: int,
        mode: SearchMode,
        timed: Timed,
        *,
        reranker: EngineReranker | None,
    ) -> Found:
        began = time.perf_counter()
        # words alone embed nothing, so that any embedder will do
        watched = _Watched(_NoModel() if mode == "bm25" else self.model().asking)
        retriever = Retriever(watched, reranker=reranker, executor=self._threads)
        hits = await retriever.search(index, query, limit, mode=mode)
        size = await asyncio.get_running_loop().run_in_executor(self._threads, index.size)
        took = {"embed": watched.seconds, "all": time.perf_counter() - began}
        for part, seconds in took.items():
            timed(part, seconds)
        warnings = () if reranker is None or reranker.warning is None else (reranker.warning,)
        parts = {part: round(1000 * seconds, 2) for part, seconds in took.items()}
        return Found(tuple(hits), size, parts, warnings)


async def make_tools(kind: EmbedderKind) -> Tools:
    """The tools over a model that is installed, or that say what is missing."""
    try:
        found = await asyncio.to_thread(find_model, kind)
        tokens = await asyncio.to_thread(found.tokens)
    except InstallError as error:
        return Tools(error)
    ingesting, asking = ProcessEmbedder(found, INGEST), ProcessEmbedder(found, QUERIES)
    return Tools(Model(ingesting, asking, tokens, (ingesting, asking)))


class _NoModel:
    stamp = Stamp("none", "", 0)
    max_tokens = 0

    async def embed(self, texts: Sequence[str]) -> Vectors:
        raise InstallError("nothing is embedded here", hint="this is our defect")


class _Watched:
    """An embedder, and how long it took."""

    def __init__(self, embedder: Embedder) -> None:
        self.stamp = embedder.stamp
        self.max_tokens = embedder.max_tokens
        self.seconds = 0.0
        self._embedder = embedder

    async def embed(self, texts: Sequence[str]) -> Vectors:
        began = time.perf_counter()
        try:
            return await self._embedder.embed(texts)
        finally:
            self.seconds += time.perf_counter() - began
