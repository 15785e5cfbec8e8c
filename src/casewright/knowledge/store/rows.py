"""Records to the rows of ``text.sqlite`` and back."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from casewright.knowledge.records import BlockSpan, Chunk, PageSpan, SourceDocument, StoredChunk
from casewright.knowledge.store.index_terms import IndexTerms

CHUNK_COLUMNS = 'ordinal, page, "start", "end", tokens, kind, headings, box, text, terms'
STORED_COLUMNS = (
    'c.id, p.document, p.version, p.name, c.ordinal, c.page, c."start", c."end", c.tokens, c.kind, '
    "c.headings, c.box, c.text"
)


def chunk_row(chunk: Chunk, terms: str) -> tuple[Any, ...]:
    """The values of ``CHUNK_COLUMNS``."""
    return (
        chunk.ordinal,
        chunk.page,
        chunk.start,
        chunk.end,
        chunk.tokens,
        chunk.kind,
        json.dumps(chunk.heading_path, ensure_ascii=False),
        None if chunk.box is None else json.dumps(chunk.box),
        chunk.text,
        terms,
    )


def stored_chunk(row: Sequence[Any]) -> StoredChunk:
    """A row of ``STORED_COLUMNS``."""
    (one, document, version, name, ordinal, page, start, end, tokens, kind, headings, box, text) = row
    return StoredChunk(
        one,
        document,
        version,
        name,
        Chunk(
            ordinal=ordinal,
            page=page,
            start=start,
            end=end,
            text=text,
            tokens=tokens,
            heading_path=tuple(json.loads(headings)),
            kind=kind,
            box=None if box is None else _box(json.loads(box)),
        ),
    )


def source_text(source: SourceDocument) -> str:
    """A document as it was read, without its Markdown, as JSON."""
    return json.dumps(asdict(source) | {"markdown": None}, ensure_ascii=False)


def source_of(text: str, markdown: str) -> SourceDocument:
    """A document out of ``source_text`` and its Markdown."""
    said = json.loads(text)
    said["markdown"] = markdown
    said["pages"] = tuple(PageSpan(**page | {"warnings": tuple(page["warnings"])}) for page in said["pages"])
    said["blocks"] = tuple(
        BlockSpan(**block | {"box": None if block["box"] is None else _box(block["box"])})
        for block in said["blocks"]
    )
    said["warnings"] = tuple(said["warnings"])
    return SourceDocument(**said)


def terms_text(every: str, read: IndexTerms) -> str:
    """The terms as the keyword index takes them."""
    return " ".join((every, *read.terms))


def _box(said: Sequence[float]) -> tuple[float, float, float, float]:
    left, top, right, bottom = said
    return (left, top, right, bottom)
