"""The RAG service's configuration, out of the settings."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from casewright.api.client import ClientConfig, Patience
from casewright.services.kit.config import KitConfig
from casewright.services.llm import LlmConfig, llm_config
from casewright.settings import Settings

NAME = "rag"
FOLDER = "knowledge"
# 64 documents of 500,000 characters fit, in a script of one byte a character.
MAX_BODY_BYTES = 32 * 1024 * 1024
# What an index needs; it comes with the extra "knowledge".
_PARTS = ("alembic", "chromadb", "numpy", "persistqueue", "sqlalchemy", "tokenizers")


@dataclass(frozen=True, slots=True)
class KnowledgeConfig:
    """Stored cases, below ``folder``. ``chroma`` is a server's host, port and whether it speaks https.

    ``documents`` is where the document service may be; None: files are read in here. ``documents_wanted``: it
    is missed where it does not answer, though files can be read in here meanwhile. ``waiting`` documents may
    wait to be read, each of ``file_bytes`` at most; ``workers`` are read at once, and begun ``attempts``
    times where the service ends over one; ``batch`` chunks are embedded at a time. ``answer_by_meaning``: an
    answer weighs likely passages by meaning too, which costs their embedding. ``rerank``: a model that is
    qualified to answer over several passages puts the first hits of a search in order, within ``rerank_s``.
    Seconds: a stream of events gives a sign of life every ``heartbeat_s``; erasures that are pending are
    tried every ``again_s``. Jobs are forgotten ``job_days`` after they were sent. ``exact_below``: see
    ``Library``; None: its choice.
    """

    folder: Path
    embedder: Literal["minilm", "wordllama"] = "minilm"
    chroma: tuple[str, int, bool] | None = None
    documents: ClientConfig | None = None
    documents_wanted: bool = False
    file_bytes: int = 50 * 1024 * 1024
    waiting: int = 256
    workers: int = 2
    attempts: int = 3
    batch: int = 32
    answer_by_meaning: bool = False
    rerank: bool = False
    rerank_s: float = 10.0
    heartbeat_s: float = 15.0
    streams: int = 64
    again_s: float = 60.0
    job_days: float = 30.0
    exact_below: int | None = None


@dataclass(frozen=True, slots=True)
class RagConfig:
    """``workers`` read large documents. ``knowledge`` None: nothing is stored, and only documents in the
    request are asked.

    Seconds: ``read_s`` one request may wait for a document to be read, ``model_s`` for the model's words from
    whichever engines: longer than one may take to its first token, so that another still has its turn, and
    shorter than what people and programs wait (a minute).
    """

    kit: KitConfig
    llm: LlmConfig
    workers: int = 1
    read_s: float = 60.0
    model_s: float = 45.0
    knowledge: KnowledgeConfig | None = field(default=None)


def config_from(settings: Settings, host: str, port: int) -> RagConfig:
    """The service's configuration out of the settings."""
    stores = all(importlib.util.find_spec(name) is not None for name in _PARTS)
    kit = KitConfig(
        name=NAME,
        data_dir=settings.data_dir,
        host=host,
        port=port,
        auth=settings.auth,
        max_body_bytes=max(MAX_BODY_BYTES, settings.document_bytes) if stores else MAX_BODY_BYTES,
        log_level=settings.log_level,
    )
    return RagConfig(kit, llm_config(settings, NAME), knowledge=knowledge_from(settings) if stores else None)


def knowledge_from(settings: Settings) -> KnowledgeConfig:
    """Stored cases as the settings describe them."""
    chroma = None
    if settings.chroma_host is not None:
        chroma = (settings.chroma_host, settings.chroma_port, settings.chroma_ssl == "on")
    key = settings.service_key
    patience = Patience(process_s=settings.document_seconds + 60)
    client = ClientConfig(
        settings.rag_url,
        settings.notes_url,
        settings.documents_url,
        key=None if key is None else key.get_secret_value(),
        patience=patience,
    )
    return KnowledgeConfig(
        folder=settings.data_dir / FOLDER,
        embedder=settings.embedder,
        rerank=settings.rerank == "on",
        chroma=chroma,
        documents=client,
        documents_wanted="documents_url" in settings.model_fields_set,
        file_bytes=settings.document_bytes,
        waiting=settings.ingest_queue,
        workers=settings.ingest_workers,
        job_days=settings.ingest_job_days,
    )
