"""What of a chunk is embedded, and its vector.

A chunk is embedded with its document's name and its headings in front, as a paragraph seldom says again what
it is about; and without Markdown's marks, which are tokens and mean nothing. A table that is longer than the
model reads is embedded in windows of rows, each with the head row; the chunk's vector is the mean of theirs.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator, Sequence

import numpy as np

from casewright.knowledge.chunk import plain_heading
from casewright.knowledge.ports import Embedder, Tokens, Vectors
from casewright.knowledge.records import Chunk

# The tokens that a model puts around a text.
_SPECIAL = 2
_NAME_CHARS = 80
_ENDING = re.compile(r"\.[A-Za-z0-9]{1,5}$")
_RULE = re.compile(r"[|:\-\s]+")
_MARKS = re.compile(r"\\([!-/:-@\[-`{-~])")


async def embed_chunks(chunks: Sequence[Chunk], name: str, tokens: Tokens, embedder: Embedder) -> Vectors:
    """One row of length 1 a chunk; ``name`` is the document's.

    Raises:
        EmbeddingError, ServiceBusy, InstallError: as the embedder says.
    """

    def prepare() -> list[list[str]]:
        return [windows(chunk, name, tokens, embedder.max_tokens) for chunk in chunks]

    found = await asyncio.to_thread(prepare)
    rows = await embedder.embed([text for texts in found for text in texts])
    counts = [len(texts) for texts in found]
    return _means(rows, counts) if max(counts, default=1) > 1 else rows


def windows(chunk: Chunk, name: str, tokens: Tokens, max_tokens: int) -> list[str]:
    """The texts that are embedded of a chunk: one, unless it is longer than the model reads.

    No word of the chunk is lost; of what stands in front, the end that there is room for is kept.
    """
    room = max_tokens - _SPECIAL
    front, body = _front(chunk, name), _plain(chunk.text)
    used = len(tokens.spans(front))
    if chunk.tokens + used <= room:  # without its marks it has no more
        return [front + body]
    length = len(tokens.spans(body))
    if length <= room:
        return [front + body if length + used <= room else _fitting(front, tokens, room - length) + body]
    front = _fitting(_front(chunk, name, whole=True), tokens, room // 4)
    head = _head(chunk)
    if head and len(tokens.spans(head)) <= room // 4:
        front += head
        body = body.replace(head, "", 1)
    left = room - len(tokens.spans(front))
    return [front + part for part in _parts(body, tokens, left)] or [front + body]


def _front(chunk: Chunk, name: str, *, whole: bool = False) -> str:
    """The document's name and the headings (``whole``: also those that the chunk begins with), on a line."""
    lines = [] if whole else chunk.text.split("\n", 8)[:8]
    said = {plain_heading(line) for line in lines if line.lstrip().startswith("#")}
    title = " ".join(_ENDING.sub("", name).replace("_", " ").split())[:_NAME_CHARS]
    parts = [part for part in (title, *chunk.heading_path) if part and part not in said]
    return ": ".join(parts) + "\n" if parts else ""


def _head(chunk: Chunk) -> str:
    """A table's first row, as it is embedded."""
    rows = (line for line in chunk.text.split("\n") if line.lstrip().startswith("|"))
    return _plain(next(rows, "")) + "\n" if chunk.kind == "table" else ""


def _plain(markdown: str) -> str:
    """The words of a chunk, line by line, without marks of headings, tables and escapes."""
    lines = []
    for line in markdown.split("\n"):
        bare = line.strip()
        if bare.startswith("|"):
            if _RULE.fullmatch(bare):
                continue
            bare = ", ".join(cell.strip() for cell in bare.strip("|").split(" | "))
        elif bare.startswith("#"):
            bare = bare.lstrip("#").lstrip()
        lines.append(_MARKS.sub(r"\1", bare))
    return "\n".join(lines)


def _fitting(front: str, tokens: Tokens, room: int) -> str:
    """The end of what stands in front, the innermost headings, as far as there is room."""
    spans = tokens.spans(front)
    if len(spans) <= room:
        return front
    return front[spans[-room][0] :] if room > 0 else ""


def _parts(body: str, tokens: Tokens, room: int) -> Iterator[str]:
    """Whole lines up to ``room`` tokens; a line that is longer is cut."""
    held, used = "", 0
    for line in body.splitlines(keepends=True):
        spans = tokens.spans(line)
        if held and used + len(spans) > room:
            yield held
            held, used = "", 0
        if len(spans) > room:
            for first in range(0, len(spans), room):
                start = spans[first][0] if first else 0
                end = spans[first + room][0] if first + room < len(spans) else len(line)
                yield line[start:end]
            continue
        held, used = held + line, used + len(spans)
    if held.strip():
        yield held


def _means(rows: Vectors, counts: Sequence[int]) -> Vectors:
    starts = np.cumsum([0, *counts[:-1]])
    sums: Vectors = np.add.reduceat(rows, starts, axis=0).astype(np.float32)
    sums /= np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-12)
    # a chunk of one window has that window's vector, to the last bit
    for at, (start, count) in enumerate(zip(starts, counts, strict=True)):
        if count == 1:
            sums[at] = rows[start]
    return sums
