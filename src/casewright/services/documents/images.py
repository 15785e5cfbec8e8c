"""Pages as they look, made by a worker when somebody asks, and kept beside the original for the next time."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from casewright.api.documents import PageOut, StoredDocument
from casewright.documents.highlight import Span, boxes_of, mark, touches
from casewright.documents.store import READING, DocumentStore
from casewright.documents.workers import Workers
from casewright.errors import NotFound, NotReady, StorageError, UnprocessableRequest
from casewright.services.documents.config import DocumentsConfig
from casewright.services.documents.figures import DocumentMetrics
from casewright.services.documents.places import Places
from casewright.services.kit.gate import Gate

# Drawing takes a page's pixels three times over.
DRAWN_AT_ONCE = 2
# Images are made one after another; so many callers wait for theirs, and crowd out nobody who sends files.
WAITING = 16

log = logging.getLogger(__name__)


@dataclass(slots=True)
class PageImages:
    """Makes each image once, however many ask for it. Used from one event loop."""

    config: DocumentsConfig
    store: DocumentStore
    workers: Workers
    places: Places
    metrics: DocumentMetrics
    _making: dict[tuple[str, int], asyncio.Task[bytes]] = field(default_factory=dict)
    _gate: Gate = field(init=False)
    _drawing: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(DRAWN_AT_ONCE))

    def __post_init__(self) -> None:
        self._gate = Gate(1, WAITING, self.config.kit.queue_s)

    async def png(self, record: StoredDocument, number: int, spans: Sequence[Span]) -> bytes:
        """A page's image, with the lines marked that ``spans`` (characters of the whole Markdown) touch.

        Raises:
            NotFound: there is no such page, or it cannot be looked at.
            UnprocessableRequest: a span is not in the Markdown, or none is on this page.
            NotReady: the document waits for its job.
            ServiceBusy: too many images are asked for, or no worker came free for it.
        """
        if record.status == "queued":
            raise NotReady(
                "this document is not read yet", hint="wait for its job: GET /jobs/{id} says how far"
            )
        if not 1 <= number <= record.image_pages:
            raise _no_image(record, number)
        if spans:
            page = await asyncio.to_thread(self._page, record, number, spans)
        image = await asyncio.to_thread(self.store.page, record.document_id, number)
        if image is None:
            image = await self._made(record, number)
        if not spans:
            return image
        async with self._drawing:
            return await asyncio.to_thread(mark, image, page, boxes_of(page, spans))

    async def _made(self, record: StoredDocument, number: int) -> bytes:
        key = (record.document_id, number)
        making = self._making.get(key)
        if making is None:
            making = asyncio.ensure_future(self._make(record, number))
            self._making[key] = making
            making.add_done_callback(lambda _: self._making.pop(key, None))
        return await asyncio.shield(making)  # another may wait for it too

    async def _make(self, record: StoredDocument, number: int) -> bytes:
        if record.images_kept:
            raise _no_image(record, number)
        path = await asyncio.to_thread(self.store.original, record.document_id)
        async with self._gate.admitted(), self.places.image():
            began = time.monotonic()
            image = await self.workers.render(path, page=number, dpi=self.config.image_dpi, password=None)
            self.metrics.seconds.labels("image").observe(time.monotonic() - began)
        try:
            await asyncio.to_thread(self.store.put_page, record.document_id, number, image)
        except StorageError as error:  # it can be looked at all the same
            log.warning("the image of a page could not be kept: %s", error.message)
        return image

    def _page(self, record: StoredDocument, number: int, spans: Sequence[Span]) -> PageOut:
        """The page, after a look whether the spans are on it."""
        raw = self.store.read(record.document_id, READING)
        reading = json.loads(raw or b"{}")  # one page of it is needed, so the rest is not made into objects
        pages, length = reading.get("pages", []), len(reading.get("markdown", ""))
        for start, end in spans:
            if not 0 <= start < end <= length:
                raise UnprocessableRequest(
                    f"span {start}-{end} is not in the Markdown, which has {length} characters",
                    hint="spans are characters of the whole markdown: 0 <= start < end <= its length",
                )
        page = PageOut.model_validate_json(json.dumps(pages[number - 1]))
        if not any(touches(page, span) for span in spans):
            on = [found["number"] for found in pages if any(_on(found, span) for span in spans)]
            where = ", ".join(map(str, on[:5])) or "none"
            raise UnprocessableRequest(
                f"none of the spans is on page {number}", hint=f"they are on page {where}"
            )
        return page


def _on(page: dict[str, int], span: Span) -> bool:
    return span[0] < page["end"] and span[1] > page["start"]


def _no_image(record: StoredDocument, number: int) -> NotFound:
    if record.keep == "no":
        return NotFound("nothing is kept of this document to look at", hint="send it with keep=default")
    if record.images_kept:
        return NotFound(
            f"page {number} of this document cannot be shown: its password is not kept, and "
            f"{record.image_pages} pages were made into images when it was read",
            hint="open the original with its password",
        )
    if record.image_pages == 0:
        return NotFound(
            f"this document has no pages to look at ({record.media_type})",
            hint="look at its Markdown instead",
        )
    return NotFound(
        f"there is no page {number} to look at",
        hint=f"this document has images of pages 1 to {record.image_pages}",
    )
