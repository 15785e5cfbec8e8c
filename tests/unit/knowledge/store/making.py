"""Made documents for tests of the store: seeded words and vectors, with spans that are right."""

from __future__ import annotations

import hashlib
import random

import numpy as np

from casewright.knowledge.ports import Vectors
from casewright.knowledge.records import Chunk, PageSpan, SourceDocument, Stamp
from casewright.knowledge.store import Library
from casewright.knowledge.store.writing import IndexWriter

DIMENSIONS = 16
STAMP = Stamp("made-vectors", "a" * 64, DIMENSIONS)
_LETTERS = "bcdfghklmnprstvz"


def word(rng: random.Random) -> str:
    return "".join(rng.choice(_LETTERS) + rng.choice("aeiou") for _ in range(rng.randint(2, 4)))


def vectors_for(count: int, seed: int, dimensions: int = DIMENSIONS) -> Vectors:
    rows = np.random.default_rng(seed).normal(size=(count, dimensions)).astype(np.float32)
    made: Vectors = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return made


def document(
    seed: int, chunks: int = 3, *, name: str | None = None, extra: str = ""
) -> tuple[SourceDocument, list[Chunk], Vectors]:
    """A document of one page, its chunks and vectors; ``extra`` stands in its first chunk."""
    rng = random.Random(seed)
    texts = [" ".join(word(rng) for _ in range(12)) for _ in range(chunks)]
    texts[0] = f"{texts[0]} {extra}".strip()
    markdown = "\n\n".join(texts)
    made, at = [], 0
    for ordinal, text in enumerate(texts):
        made.append(Chunk(ordinal, 1, at, at + len(text), text, 12, ("Heading",), box=(0.0, 1.0, 2.0, 3.0)))
        at += len(text) + 2
    source = SourceDocument(
        name or f"paper-{seed}.txt",
        "text/plain",
        hashlib.sha256(markdown.encode("utf-8", "surrogatepass")).hexdigest(),
        markdown,
        (PageSpan(1, 0, len(markdown), ("a warning",)),),
        language="en",
    )
    return source, made, vectors_for(chunks, seed)


def put(
    library: Library, case: str, seed: int, chunks: int = 3, *, name: str | None = None, extra: str = ""
) -> str:
    """A document into a case, as ingest does; its id."""
    source, made, vectors = document(seed, chunks, name=name, extra=extra)
    library.create_case(case)
    found = library.register(
        case, name=source.name, media_type=source.media_type, sha256=source.sha256, size=len(source.markdown)
    )
    record = found.document
    with library.writer(case) as writer:
        write(writer, record.id, record.newest, seed, chunks, name=name, extra=extra)
    library.advance(record.id, record.newest, "ready", pages=1, chunks=chunks)
    assert made and len(vectors) == chunks
    return record.id


def write(
    writer: IndexWriter,
    identity: str,
    version: int,
    seed: int,
    chunks: int = 3,
    *,
    name: str | None = None,
    extra: str = "",
) -> None:
    source, made, vectors = document(seed, chunks, name=name, extra=extra)
    writer.add(identity, version, source, made, vectors)
    writer.publish(identity, version)
