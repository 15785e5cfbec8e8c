"""A case that is kept, and the search in it by meaning: what the Chroma server is there for."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from urllib.parse import quote

from casewright.api.staging import Exchange, Finding
from casewright.staging.acknowledged import Book
from casewright.staging.context import Context, mapping
from casewright.staging.judge import finding
from casewright.staging.storm import within

# What the Chroma server is called: as a process, and in the compose files.
CHROMAS = ("chroma", "chromadb")
SEED = 24
READ_S = 60.0


@dataclass(slots=True)
class Kept:
    """A case with one document, whose vector the Chroma server has a copy of."""

    context: Context
    book: Book

    async def asked(self, when: str, bound_s: float) -> tuple[list[Finding], list[Exchange]]:
        """Search in it by meaning: the document must be found in time."""
        (paper,) = self.book.papers
        url = f"{self.book.services['rag']}/search?case_id={self.book.case}&q={quote(paper.text)}&mode=dense"
        answer = await self.context.client.get(
            url, timeout_s=bound_s + self.context.config.deadlines.health_s
        )
        hits = mapping(answer.json).get("hits") or []
        held = any(paper.text in str(mapping(hit).get("text")) for hit in hits)
        seconds = (answer.exchange.ms or 0.0) / 1000
        took = seconds if answer.status is not None else None
        what = f"a search by meaning {when}"
        seen = f"found among {len(hits)}" if held else answer.said
        findings = [
            finding(what, "200 and the document", seen, answer.status == 200 and held),
            within(f"{what} is answered", took, bound_s, seconds),
        ]
        return findings, [answer.exchange]


@asynccontextmanager
async def kept_case(context: Context, box: str) -> AsyncIterator[Kept | None]:
    """A case of the stage's own with a document that is read, erased at the end; findings go to ``box``.

    None where no Chroma server runs here, or nothing can be kept, which is a finding.
    """
    if not any(name in CHROMAS for name in context.pids):
        yield None
        return
    limit_s = context.config.deadlines.request_s
    book = Book(context.client, context.config.services, SEED, limit_s=limit_s)
    try:
        answer = await book.put_text()
        context.ledger.exchange(box, answer.exchange)
        context.tell(f"a document is kept for a search by meaning (at most {READ_S:g} s to be read)")
        wait_s = min(READ_S, context.config.deadlines.answer_s)
        took = await context.until(book.settled, wait_s) if book.papers else None
        what = "a document for the search by meaning is read"
        context.ledger.add(box, [within(what, took, READ_S, wait_s)])
        yield Kept(context, book) if took is not None else None
    finally:
        left = await book.clear()
        if left:
            context.ledger.seen(box, kept_case_not_cleared=left)
