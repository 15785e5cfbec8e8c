"""One file read: by a worker, put together, its figures described, and kept as it was asked for."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime

from casewright.api.documents import DescriptionOut, Keep, PageOut, Reading, StoredDocument
from casewright.documents import pages
from casewright.documents.blocks import Found, Opened, Page
from casewright.documents.pages import Converted
from casewright.documents.store import DocumentStore, Upload, stamp
from casewright.documents.vision import Figure, Vision, crop, figures, spread, summary
from casewright.documents.workers import Workers
from casewright.errors import (
    CasewrightError,
    DocumentTimeout,
    DocumentTooLarge,
    EncryptedDocument,
    ServiceBusy,
    StorageError,
    UnprocessableRequest,
)
from casewright.services.documents.config import DocumentsConfig
from casewright.services.documents.figures import DocumentMetrics
from casewright.services.documents.upload import Asked

Hearer = Callable[[Found], None]
# Only whether the file opens is of interest.
_LOOK_DPI = 20
_TO_JOBS = "send it to POST /jobs, which takes longer files and tells how far it is"


@dataclass(frozen=True, slots=True)
class Bounds:
    """What one reading may take. ``hint`` is said where it takes more."""

    seconds: float
    pages: int
    hint: str = _TO_JOBS


@dataclass(slots=True)
class Outcome:
    """A file that was read. ``parts`` are milliseconds; ``kept``: it is in the store now."""

    reading: Reading
    record: StoredDocument
    descriptions: tuple[DescriptionOut, ...] = ()
    parts: dict[str, float] = field(default_factory=dict)
    kept: bool = False

    @contextlib.contextmanager
    def timed(self, part: str) -> Iterator[None]:
        """Put down what a part took."""
        began = time.monotonic()
        try:
            yield
        finally:
            self.parts[part] = round(1000 * (time.monotonic() - began), 1)


@dataclass(frozen=True, slots=True)
class Desk:
    """Reads files that lie in the store. ``vision`` None: figures are not described."""

    config: DocumentsConfig
    store: DocumentStore
    workers: Workers
    vision: Vision | None
    metrics: DocumentMetrics

    def keeping(self, keep: Keep) -> Keep:
        """What is kept in the end, as the settings allow.

        Raises:
            UnprocessableRequest: to be kept for ever by a service that keeps nothing.
        """
        if self.config.retention is None and keep == "until_deleted":
            raise UnprocessableRequest(
                "keep: this service keeps nothing after its answer",
                hint="leave keep out; whoever runs it may raise CASEWRIGHT_DOCUMENT_RETENTION_DAYS",
            )
        return "no" if self.config.retention is None else keep

    def record(self, upload: Upload, name: str, keep: Keep) -> StoredDocument:
        """A new document, not read yet."""
        now = datetime.now(UTC)
        ends = keep == "default" and self.config.retention is not None
        return StoredDocument(
            document_id=upload.id,
            filename=name,
            sha256=upload.sha256,
            size_bytes=upload.size_bytes,
            created=stamp(now),
            expires=stamp(now + self.store.retention) if ends else None,
            keep=keep,
            status="queued",
        )

    async def read(
        self,
        upload: Upload,
        record: StoredDocument,
        asked: Asked,
        *,
        bounds: Bounds,
        place: AbstractAsyncContextManager[None],
        heard: Hearer = lambda found: None,
    ) -> Outcome:
        """Read a file in a ``place`` that is waited for here; keep it unless ``record`` says no.

        Raises:
            DocumentError, UnsupportedMedia: it cannot be read, or takes more than ``bounds``.
            ServiceBusy: no place came free.
            StorageError: it could be read, and not kept.
        """
        until = time.monotonic() + bounds.seconds
        waiting = time.monotonic()
        try:
            async with place:
                queued_ms = round(1000 * (time.monotonic() - waiting), 1)
                reading_since = time.monotonic()
                until = reading_since + bounds.seconds
                converted = await self._convert(upload, record.filename, asked, bounds, heard)
                self.metrics.seconds.labels("read").observe(time.monotonic() - reading_since)
                read_ms = round(1000 * (time.monotonic() - reading_since), 1)
                joining = time.monotonic()
                found = await asyncio.to_thread(pages.reading_of, converted)
                self.metrics.seconds.labels("join").observe(time.monotonic() - joining)
                outcome = Outcome(found, _read(record, found), parts={"queue": queued_ms, "convert": read_ms})
                outcome.parts["join"] = round(1000 * (time.monotonic() - joining), 1)
                pictures, left_out = await self._look(upload, outcome, asked, until)
        except (ServiceBusy, StorageError):
            raise  # that says nothing of the file
        except CasewrightError as error:
            self.metrics.refused(error)
            raise
        if pictures or left_out:
            with outcome.timed("describe"):
                await self._describe(outcome, pictures, left_out, until)
        self.metrics.read(outcome.reading)
        return outcome

    async def keep(self, outcome: Outcome) -> None:
        """Put what was read into the store; the original stays unless nothing is to be kept.

        Raises:
            NotFound: it was deleted meanwhile.
            StorageError: it cannot be written.
        """
        await asyncio.to_thread(self._put, outcome)
        outcome.kept = True

    def _put(self, outcome: Outcome) -> None:
        reading = outcome.reading.model_dump_json().encode()
        described = ",".join(one.model_dump_json() for one in outcome.descriptions)
        self.store.put(outcome.record, reading, f"[{described}]".encode())

    async def _convert(
        self, upload: Upload, name: str, asked: Asked, bounds: Bounds, heard: Hearer
    ) -> Converted:
        too_long: list[int] = []

        def hear(found: Found) -> None:
            if isinstance(found, Opened) and found.pages is not None and found.pages > bounds.pages:
                too_long.append(found.pages)
                working.cancel()
            heard(found)

        working = asyncio.ensure_future(self.workers.read(upload.path, name, asked.options(), on_found=hear))
        try:
            async with asyncio.timeout(bounds.seconds):
                return await working
        except TimeoutError as error:
            what = f"reading this file took longer than {bounds.seconds:g} s and was ended"
            raise DocumentTimeout(what, hint=bounds.hint) from error
        except asyncio.CancelledError as error:
            if not too_long:
                raise
            what = f"the file has {too_long[0]} pages, and {bounds.pages} are read at once"
            raise DocumentTooLarge(what, hint=bounds.hint) from error

    async def _look(
        self, upload: Upload, outcome: Outcome, asked: Asked, until: float
    ) -> tuple[list[tuple[Figure, bytes | None]], int]:
        """Images that are wanted while the file is open: all pages behind a password, and the figures."""
        reading = outcome.reading
        made = await self._behind_password(upload, outcome, asked.password, until)
        if self.vision is None or asked.describe == "never":
            return [], 0
        wanted, left_out = spread(figures(reading), self.vision.config.pictures)
        cut: list[tuple[Figure, bytes | None]] = []
        for figure in wanted:
            if figure.page not in made:
                image = await self._image(upload, figure.page, asked.password, until)
                if image is None:
                    cut.append((figure, None))
                    continue
                made[figure.page] = image
            page = reading.pages[figure.page - 1]
            picture = await asyncio.to_thread(crop, made[figure.page], figure, page, self.vision.config)
            if picture is not None:
                cut.append((figure, picture))
        return cut, left_out

    async def _behind_password(
        self, upload: Upload, outcome: Outcome, password: str | None, until: float
    ) -> dict[int, bytes]:
        """The images of a file that opens with its password only, which is not kept; by page number."""
        made: dict[int, bytes] = {}
        record = outcome.record
        if password is None or record.keep == "no" or not record.image_pages:
            return made
        if not await self._is_locked(upload, until):
            return made  # its pages can be made whenever somebody asks
        for number in range(1, min(record.image_pages, self.config.encrypted_pages) + 1):
            image = await self._image(upload, number, password, until)
            if image is None:
                break
            made[number] = image
            await asyncio.to_thread(self.store.put_page, upload.id, number, image)
        outcome.record = record.model_copy(update={"image_pages": len(made), "images_kept": True})
        return made

    async def _is_locked(self, upload: Upload, until: float) -> bool:
        """Whether a file asks for a password: many are sent with one that they do not need."""
        try:
            async with asyncio.timeout(max(0.0, until - time.monotonic())):
                await self.workers.render(upload.path, page=1, dpi=_LOOK_DPI, password=None)
        except EncryptedDocument:
            return True
        except (CasewrightError, TimeoutError):
            return False  # it was opened, and then something else went wrong
        return False

    async def _image(self, upload: Upload, number: int, password: str | None, until: float) -> bytes | None:
        """A page's image; None where it cannot be made: the text was read, which is what was asked for."""
        began = time.monotonic()
        try:
            async with asyncio.timeout(max(0.0, until - began)):
                return await self.workers.render(
                    upload.path, page=number, dpi=self.config.image_dpi, password=password
                )
        except (CasewrightError, TimeoutError):
            return None
        finally:
            self.metrics.seconds.labels("image").observe(time.monotonic() - began)

    async def _describe(
        self, outcome: Outcome, pictures: Sequence[tuple[Figure, bytes | None]], left_out: int, until: float
    ) -> None:
        vision = self.vision
        assert vision is not None
        began = time.monotonic()
        until = min(until, began + vision.config.document_s)
        said: list[DescriptionOut] = []
        warnings: list[str] = []
        # one that was not asked lately is asked now, in the time of this document
        found = await vision.status(min(vision.config.picture_s, until - began))
        for figure, picture in pictures:
            warning = ""
            if picture is None:
                one = vision.untold(figure, "its page could not be made into an image")
            elif found.ok:
                one, warning = await vision.describe(figure, picture, until)
            else:  # not each figure is to wait for a model that does not answer
                one = vision.untold(figure, f"no vision model answers: {found.reason}")
            said.append(one)
            warnings += [f"page {figure.page}: {warning}"] if warning else []
            self.metrics.descriptions.labels("failed" if one.reason else "described").inc()
        outcome.descriptions = tuple(said)
        warnings = [*summary(said, left_out), *warnings]
        outcome.reading = outcome.reading.model_copy(
            update={"warnings": (*outcome.reading.warnings, *warnings)}
        )
        self.metrics.seconds.labels("describe").observe(time.monotonic() - began)


def image_pages(found: Sequence[PageOut]) -> int:
    """How many pages, from the first on, can be looked at; one that was lost among them may be too."""
    seen = [page.number for page in found if page.width and page.height and not page.part]
    return max(seen, default=0)


def opened(found: Found) -> int | None:
    """How many pages a reader's first word promises."""
    return found.pages if isinstance(found, Opened) else None


def is_page(found: Found) -> bool:
    """Whether a reader's word is a page."""
    return isinstance(found, Page)


def _read(record: StoredDocument, reading: Reading) -> StoredDocument:
    return record.model_copy(
        update={
            "media_type": reading.media_type,
            "status": reading.status,
            "reason": reading.reason,
            "page_count": reading.page_count,
            "method": reading.method,
            "image_pages": image_pages(reading.pages),
        }
    )
