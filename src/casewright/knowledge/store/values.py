"""What the store says of cases, documents, jobs and erasures. Moments are ISO 8601 in UTC."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

# A version waits, is read, is embedded; then it can be found ("partial": of some pages only), or it failed.
State = Literal["queued", "reading", "embedding", "ready", "partial", "failed", "deleted"]
ItemState = Literal["queued", "reading", "embedding", "ready", "partial", "failed", "unchanged", "deleted"]
Outcome = Literal["erased", "pending"]
DenseBy = Literal["auto", "exact", "chroma"]
UNFINISHED: tuple[State, ...] = ("queued", "reading", "embedding")


@dataclass(frozen=True, slots=True)
class ChromaServer:
    """Where a Chroma server listens; ``ssl`` for https. It holds vectors and ids, no text."""

    host: str
    port: int = 8000
    ssl: bool = False


@dataclass(frozen=True, slots=True)
class Failure:
    """Why something failed: an error's kind, message and hint."""

    type: str
    message: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class CaseRecord:
    """A case. ``id`` is the caller's; ``documents`` counts those there are by state, ``chunks`` what can be
    found.
    """

    id: str
    created: str
    documents: dict[str, int] = field(default_factory=dict)
    chunks: int = 0


@dataclass(frozen=True, slots=True)
class DocumentRecord:
    """A document by its newest version (``newest``). ``version`` is the one that is found; None: none yet.

    ``original`` names the file at the document service. ``chunks`` and ``pages`` are of the newest version,
    None until they are known. ``ready`` is when the version that is found was published.
    """

    id: str
    case_id: str
    name: str
    media_type: str
    sha256: str
    size: int
    state: State
    newest: int
    version: int | None
    created: str
    updated: str
    ready: str | None = None
    original: str | None = None
    pages: int | None = None
    chunks: int | None = None
    warnings: tuple[str, ...] = ()
    failure: Failure | None = None


@dataclass(frozen=True, slots=True)
class Registered:
    """A document that was put into the catalogue. ``fresh`` false: the case has these very bytes already."""

    document: DocumentRecord
    fresh: bool


@dataclass(frozen=True, slots=True)
class JobItem:
    """One document of a job and how far it is; ``name`` is empty once the document is deleted."""

    ordinal: int
    document: str
    version: int
    name: str
    state: ItemState
    pages_done: int = 0
    pages_total: int | None = None
    chunks_done: int = 0
    chunks_total: int | None = None
    warnings: tuple[str, ...] = ()
    failure: Failure | None = None


@dataclass(frozen=True, slots=True)
class JobRecord:
    """What one request brought. ``ended`` is set when no item is unfinished."""

    id: str
    case_id: str
    created: str
    ended: str | None
    items: tuple[JobItem, ...]


@dataclass(frozen=True, slots=True)
class Erased:
    """One store that held something. ``moment``: when it was erased or, where it is pending, last tried."""

    store: str
    outcome: Outcome
    moment: str
    what: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ErasureCertificate:
    """What became of a document (or of a case, with ``document`` None), store by store."""

    id: str
    case_id: str
    document: str | None
    stores: tuple[Erased, ...]

    @property
    def complete(self) -> bool:
        """Whether nothing is pending."""
        return all(store.outcome == "erased" for store in self.stores)


@dataclass(frozen=True, slots=True)
class Finding:
    """A disagreement between the stores. ``repair`` says what mends it; empty: nothing here can."""

    what: str
    case_id: str | None
    detail: str
    repair: str = ""


@dataclass(frozen=True, slots=True)
class StoreHealth:
    """``chroma`` is why its server cannot be asked, None where it can or there is none; ``disk`` likewise."""

    chroma: str | None
    disk: str | None
