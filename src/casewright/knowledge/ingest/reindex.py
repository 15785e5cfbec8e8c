"""A case's index made anew with the embedding in use, beside the one that serves; then swapped."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable

from casewright.errors import NotFound, NotReady
from casewright.knowledge.ingest.pipeline import Cut, Embed
from casewright.knowledge.records import SourceDocument
from casewright.knowledge.store import Library
from casewright.knowledge.store.rebuild import Rebuild

# Documents done, and how many there are.
Told = Callable[[int, int], None]


async def reindex(library: Library, case_id: str, cut: Cut, embed: Embed, told: Told) -> int:
    """Make it anew; how many documents it has. Cancelled or failing, it leaves the index as it was.

    Raises:
        NotFound: there is no such case.
        NotReady: it is being made anew already.
        InstallError, EmbeddingError: its texts cannot be embedded.
    """
    beside = library.rebuild(case_id)
    made = await asyncio.to_thread(beside.__enter__)
    try:
        done = 0
        while True:
            missing = await asyncio.to_thread(lambda: made.missing)
            total = done + len(missing)
            told(done, total)
            for document in missing:
                with contextlib.suppress(NotFound):  # deleted meanwhile
                    found = await asyncio.to_thread(library.source, case_id, document)
                    await _one(made, document, found, cut, embed)
                done += 1
                told(done, total)
            try:
                await asyncio.to_thread(made.swap)
            except NotReady:  # documents came meanwhile
                continue
            return done
    finally:
        await asyncio.to_thread(beside.__exit__, None, None, None)


async def _one(
    made: Rebuild, document: str, found: tuple[int, SourceDocument], cut: Cut, embed: Embed
) -> None:
    version, source = found
    chunks = await asyncio.to_thread(cut, source)
    vectors = await embed(chunks, source.name)

    def write() -> None:
        made.writer.add(document, version, source, chunks, vectors)
        made.writer.publish(document, version)

    await asyncio.to_thread(write)
