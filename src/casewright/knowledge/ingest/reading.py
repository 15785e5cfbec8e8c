"""A file or a text to a document as the index takes it. Who reads the file is the caller's choice."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from casewright.api.documents import Reading
from casewright.errors import UnreadableDocument
from casewright.knowledge.records import BlockSpan, PageSpan, SourceDocument

TEXT = "text/plain"
# How the catalogue names what was given as a text, and not as a file.
GIVEN = "text/plain; given"
# Pages done, and how many there are where that is known.
Told = Callable[[int, int | None], None]
# What was begun at the document service: the document that it keeps there.
Begun = Callable[[str], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class File:
    """A file in the spool. ``original`` is what was begun for it at the document service.

    Where an earlier process may have begun it there without putting that down, ``others`` are the originals
    that are known to be of others; None where it did not. ``password`` opens it, and is written nowhere.
    """

    path: Path
    name: str
    sha256: str
    created: float
    original: str | None = None
    others: frozenset[str] | None = None
    password: str | None = field(default=None, repr=False)


class Converter(Protocol):
    """Files to documents."""

    async def convert(self, file: File, told: Told, begun: Begun) -> SourceDocument:
        """Read a file, page by page; cancelling it ends the reading.

        Raises:
            DocumentError, UnsupportedMedia: it cannot be read.
            CasewrightError: nobody is there to read it, or it was lost on the way; repeating may help.
        """
        ...

    async def forget(self, original: str) -> None:
        """Remove an original, its page images and its jobs; one that is not there is removed.

        Raises:
            CasewrightError: that cannot be done just now.
        """
        ...


def from_reading(reading: Reading, name: str, sha256: str, original: str | None) -> SourceDocument:
    """What was read of a file.

    Raises:
        UnreadableDocument: nothing was.
    """
    if reading.status not in ("ok", "partial") or not reading.markdown.strip():
        raise UnreadableDocument(
            reading.reason or "no text was found in this file", hint="send it as a better scan, or as text"
        )
    return SourceDocument(
        name=name,
        media_type=reading.media_type,
        sha256=sha256,
        markdown=reading.markdown,
        pages=tuple(PageSpan(page.number, page.start, page.end, page.warnings) for page in reading.pages),
        blocks=tuple(
            BlockSpan(block.kind, block.page, block.start, block.end, block.level, block.box)
            for page in reading.pages
            for block in page.blocks
        ),
        status="partial" if reading.status == "partial" else "ok",
        warnings=(*((reading.reason,) if reading.reason else ()), *reading.warnings),
        language=reading.language,
        original=original,
    )


def from_text(name: str, content: bytes) -> SourceDocument:
    """A text that was given as such: one page, no blocks, every character as it came.

    Raises:
        UnreadableDocument: it is not UTF-8, or has nothing in it.
    """
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        raise UnreadableDocument("the text is not UTF-8", hint="send it as JSON, or as a file") from error
    if not text.strip():
        raise UnreadableDocument("the text is empty", hint="send a text with something in it")
    page = PageSpan(1, 0, len(text))
    return SourceDocument(name, TEXT, hashlib.sha256(content).hexdigest(), text, (page,))
