"""What the parts of the index hand to each other: a document as it was read, its chunks, what a search found.

Spans are characters of the document's whole Markdown, as the document service counts them; so a citation can
be shown on the page that it came from.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

ChunkKind = Literal["text", "table"]


@dataclass(frozen=True, slots=True)
class Stamp:
    """Which embedding made the vectors of an index: two that differ in anything cannot be compared.

    ``version`` is the SHA-256 of the weights and the tokenizer.
    """

    model: str
    version: str
    dimensions: int


@dataclass(frozen=True, slots=True)
class PageSpan:
    """One page's characters in the whole Markdown; ``warnings`` are what was said of reading it."""

    number: int
    start: int
    end: int
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class BlockSpan:
    """One block's characters, as the document service found it; ``box`` is on its page."""

    kind: str
    page: int
    start: int
    end: int
    level: int = 0
    box: tuple[float, float, float, float] | None = None


@dataclass(frozen=True, slots=True)
class SourceDocument:
    """A document as it was read. ``original`` names it at the document service; None for a text given as
    such.

    ``sha256`` is of the file's bytes (of the UTF-8 text where a text was given): the same file is the same
    document.
    """

    name: str
    media_type: str
    sha256: str
    markdown: str
    pages: tuple[PageSpan, ...]
    blocks: tuple[BlockSpan, ...] = ()
    status: Literal["ok", "partial"] = "ok"
    warnings: tuple[str, ...] = ()
    language: str | None = None
    original: str | None = None


@dataclass(frozen=True, slots=True)
class Chunk:
    """A stretch of one page: ``markdown[start:end] == text``. ``tokens`` are the embedding model's.

    ``heading_path`` are the headings it stands under, outermost first. ``box`` surrounds its blocks on the
    page.
    """

    ordinal: int
    page: int
    start: int
    end: int
    text: str
    tokens: int
    heading_path: tuple[str, ...] = ()
    kind: ChunkKind = "text"
    box: tuple[float, float, float, float] | None = None


@dataclass(frozen=True, slots=True)
class StoredChunk:
    """A chunk of a document in the index; ``id`` is unique within its case."""

    id: int
    document: str
    version: int
    name: str
    chunk: Chunk


@dataclass(frozen=True, slots=True)
class Scored:
    """A chunk's id and its score by one way of searching; higher is better."""

    id: int
    score: float


@dataclass(frozen=True, slots=True)
class Hit:
    """What a search found: ``score`` orders, ``parts`` say what each way of searching gave (only those that
    did).
    """

    found: StoredChunk
    score: float
    parts: dict[str, float] = field(default_factory=dict)
