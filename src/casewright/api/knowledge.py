"""The contract of stored documents: they are put into a case, searched there, and erased with a certificate.

Spans are characters of a document's whole Markdown, as the document service counts them.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from casewright.api.contract import Contract, Timings
from casewright.api.documents import BoxOut, JobError

MAX_FILES = 64
MAX_TEXT_CHARS = 1_000_000
MAX_NAME_CHARS = 255
MAX_HITS = 50
# A case's id is the caller's own: it stands in paths and logs, so it is kept to what is safe there.
CASE_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9_.\-]{0,99}$"
CaseId = Annotated[str, StringConstraints(pattern=CASE_PATTERN)]
SearchMode = Literal["hybrid", "dense", "bm25"]
# What is found of a document: it waits, is read, its chunks are embedded; then it can be found, or it failed.
DocumentState = Literal["queued", "reading", "embedding", "ready", "partial", "failed", "deleted"]
# Of a job's documents some may be there already: nothing is done then.
ItemState = Literal["queued", "reading", "embedding", "ready", "partial", "failed", "unchanged", "deleted"]
IngestStatus = Literal["queued", "running", "done", "failed"]
Erased = Literal["erased", "pending"]


class IngestText(Contract):
    """A text that is no file. ``name`` is its name within the case."""

    name: str = Field(min_length=1, max_length=MAX_NAME_CHARS, pattern=r"\S")
    text: str = Field(min_length=1, max_length=MAX_TEXT_CHARS, pattern=r"\S")


class IngestRequest(Contract):
    """Texts for a case; files go as a form with ``case_id`` and ``files``."""

    case_id: CaseId
    texts: tuple[IngestText, ...] = Field(min_length=1, max_length=MAX_FILES)


class IngestItem(Contract):
    """One document of a job. ``pages_total`` is None until it is known, and for a text.

    ``status`` ``unchanged``: the case had these very bytes already, as ``document_id``; nothing was done.
    ``chunks`` counts those that are embedded; ``chunks_total`` is None until the document is cut.
    """

    document_id: str
    name: str
    version: int
    status: ItemState
    pages_done: int = 0
    pages_total: int | None = None
    chunks: int = 0
    chunks_total: int | None = None
    warnings: tuple[str, ...] = ()
    error: JobError | None = None


class IngestJob(Contract):
    """What one ``POST /ingest`` brought. ``failed``: at least one of its documents failed, and says why.

    ``links`` are paths of this service: ``self`` and ``events``.
    """

    job_id: str
    case_id: str
    status: IngestStatus
    documents: tuple[IngestItem, ...]
    created: str
    ended: str | None = None
    links: dict[str, str] = Field(default_factory=dict)


class IngestAnswer(Contract):
    """The answer of ``POST /ingest``, when everything is safe on disk. ``notes`` say what needs no doing."""

    job: IngestJob
    notes: tuple[str, ...] = ()


class CaseOut(Contract):
    """A case: its documents by state, and how many chunks of them can be found."""

    case_id: str
    created: str
    documents: dict[DocumentState, int]
    chunks: int


class CaseList(Contract):
    """Cases by id: ``total`` there are, from ``offset`` on."""

    cases: tuple[CaseOut, ...]
    total: int
    offset: int


class IndexedDocument(Contract):
    """A document of a case. ``version`` is the one that is found; ``status`` is that of the newest.

    So a document whose newer version failed is ``failed`` with ``version`` of the one that is still found;
    ``version`` is None where none was ever ready. ``original`` names the file and its page images at the
    document service; None where it has none.
    """

    document_id: str
    case_id: str
    name: str
    media_type: str | None = None
    sha256: str
    status: DocumentState
    version: int | None = None
    newest: int = 1
    pages: int | None = None
    chunks: int | None = None
    warnings: tuple[str, ...] = ()
    error: JobError | None = None
    original: str | None = None
    created: str
    ready: str | None = None


class IndexedDocuments(Contract):
    """A case's documents by name: ``total`` there are, from ``offset`` on."""

    documents: tuple[IndexedDocument, ...]
    total: int
    offset: int


class ErasedStore(Contract):
    """One place that held something. ``pending`` with a ``reason`` is tried again until it is erased.

    ``moment`` is when it was erased, or last tried, or (a backup) when it will be gone at the latest.
    """

    store: str
    status: Erased
    moment: str
    what: str = ""
    reason: str = ""


class ErasureAnswer(Contract):
    """What became of what was to be erased, store by store. ``complete``: nothing is pending."""

    erasure_id: str
    case_id: str
    document_id: str | None = None
    complete: bool
    stores: tuple[ErasedStore, ...]


class ReindexProgress(Contract):
    """So many documents of a case are indexed anew, of so many."""

    done: int
    total: int


class ErasureList(Contract):
    """Certificates, newest first: ``total`` there are, from ``offset`` on."""

    erasures: tuple[ErasureAnswer, ...]
    total: int = 0
    offset: int = 0


class SearchHit(Contract):
    """A chunk as chat would see it. ``parts`` are its scores by each way of searching that found it."""

    document_id: str
    name: str
    version: int
    page: int
    start: int
    end: int
    text: str
    heading_path: tuple[str, ...] = ()
    kind: Literal["text", "table"] = "text"
    box: BoxOut | None = None
    score: float
    parts: dict[str, float] = Field(default_factory=dict)


class SearchAnswer(Contract):
    """What a search found, best first. ``chunks`` is how many there are to be found in the case.

    ``unread`` names documents of the case that are not found yet, or never will be.
    """

    case_id: str
    query: str
    mode: SearchMode
    hits: tuple[SearchHit, ...]
    chunks: int
    unread: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    timings: Timings
    request_id: str


class DoctorFinding(Contract):
    """Something about which the stores of a case disagree; of no case where ``case_id`` is None.

    ``how`` mends it, and a repair does that where it is ``repairable``; empty where nothing does here.
    """

    case_id: str | None
    what: str
    detail: str = ""
    how: str = ""
    repairable: bool = False


class DoctorAnswer(Contract):
    """What is wrong with these cases now, and what a repair has mended."""

    cases: tuple[str, ...]
    findings: tuple[DoctorFinding, ...] = ()
    mended: tuple[DoctorFinding, ...] = ()
