"""The contract of the document service: one file in, Markdown page by page out, every word with its place.

Spans are characters of the whole ``markdown``: ``markdown[start:end]``. Boxes are ``(x0, y0, x1, y1)`` from
the top left corner of the page as a reader sees it, in the page's ``unit``; divide by its ``width`` and
``height`` for shares of the page.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from casewright.api.contract import Answered, Contract

Method = Literal["text", "ocr", "mixed", "none"]
Unit = Literal["pt", "px"]
BlockKind = Literal["heading", "paragraph", "list_item", "table", "header", "footer", "figure"]
DoubtKind = Literal["amount", "date", "reference"]
# What became of a file: all of it read; some of it; not taken at all; lost on the way.
ReadStatus = Literal["ok", "partial", "rejected", "failed"]
# A kept document is read, or waits for its job.
DocumentStatus = Literal["queued", "ok", "partial"]
JobStatus = Literal["queued", "running", "done", "failed", "cancelled"]
# What becomes of an original: as the settings say, nothing of it, or until somebody deletes it.
Keep = Literal["default", "no", "until_deleted"]
Describe = Literal["auto", "never"]
BoxOut = tuple[float, float, float, float]


class PieceOut(Contract):
    """One line, or one line of a table's cell, where it stands in the Markdown and on the page."""

    start: int
    end: int
    box: BoxOut | None = None
    confidence: float | None = None


class DoubtOut(Contract):
    """A figure that OCR was not sure of: to be compared with the page. ``text`` is as it was read."""

    kind: DoubtKind
    text: str
    start: int
    end: int
    confidence: float
    box: BoxOut | None = None


class BlockOut(Contract):
    """A heading, paragraph, list item, table, running header or footer, or a figure (which has no text)."""

    kind: BlockKind
    page: int
    start: int
    end: int
    box: BoxOut | None = None
    level: int = 0
    pieces: tuple[PieceOut, ...] = ()


class DescriptionOut(Contract):
    """What a vision model says a figure shows: a model's words, never part of what was read.

    ``reason`` says why there is none; then ``text`` is empty.
    """

    page: int
    box: BoxOut | None = None
    text: str
    provider: str | None = None
    model: str | None = None
    reason: str = ""


class PageOut(Contract):
    """One page. ``start`` and ``end`` are its characters in the whole ``markdown``.

    ``confidence`` is the mean of the OCR engine's own, 0 to 1; None where nothing was read by OCR. ``part``
    names the attachment that the page is of. ``width`` and ``height`` are None where the file has no pages
    to look at.
    """

    number: int
    markdown: str
    start: int
    end: int
    method: Method
    confidence: float | None = None
    warnings: tuple[str, ...] = ()
    width: float | None = None
    height: float | None = None
    unit: Unit | None = None
    part: str = ""
    blocks: tuple[BlockOut, ...] = ()
    doubts: tuple[DoubtOut, ...] = ()


class Reading(Contract):
    """A file as it was read. ``method`` is ``mixed`` when its pages differ.

    ``status`` is ``ok`` only where text was read and nothing that was tried was lost; ``reason`` says why it
    is ``partial``. ``language`` is an ISO 639-1 code, None where too little text tells. ``warnings`` say
    what was not read; those of a page begin with its number.
    """

    status: ReadStatus
    reason: str = ""
    media_type: str
    markdown: str
    pages: tuple[PageOut, ...]
    page_count: int
    method: Method
    language: str | None = None
    metadata: dict[str, str] = Field(default_factory=dict)
    warnings: tuple[str, ...] = ()


class ProcessResponse(Reading, Answered):
    """The file as Markdown. ``document_id`` names the kept original; None where it was not kept."""

    filename: str
    sha256: str
    size_bytes: int
    document_id: str | None = None
    descriptions: tuple[DescriptionOut, ...] = ()


class StoredDocument(Contract):
    """A document that is kept. Times are UTC, ISO 8601; ``expires`` None: until it is deleted.

    ``keep`` is what was asked for: ``no`` keeps the reading of a job for an hour, and nothing else.
    ``image_pages``: so many pages, from the first on, can be looked at (``page.png``); 0 for a file without
    pages. ``images_kept``: they were made when the file was read, and are all there is (its password is not
    kept).
    """

    document_id: str
    filename: str
    media_type: str = "application/octet-stream"
    sha256: str
    size_bytes: int
    created: str
    expires: str | None = None
    keep: Keep = "default"
    status: DocumentStatus
    reason: str = ""
    page_count: int = 0
    method: Method = "none"
    image_pages: int = 0
    images_kept: bool = False


class DocumentAnswer(StoredDocument):
    """A document with what was read of it; ``reading`` is None while its job is not done."""

    reading: Reading | None = None
    descriptions: tuple[DescriptionOut, ...] = ()


class DocumentList(Contract):
    """Documents, newest first: ``total`` there are, from ``offset`` on."""

    documents: tuple[StoredDocument, ...]
    total: int
    offset: int


class JobError(Contract):
    """Why a job failed: as the error that ``POST /process`` would have answered."""

    type: str
    message: str
    hint: str


class JobOut(Contract):
    """One file to be read. ``pages_total`` is None until it is known.

    ``document_id`` names what was read once it is ``done`` (and the upload before); None where nothing is
    kept of it. ``links`` are paths of this service: ``self``, ``events``, and ``result`` and ``document``
    once there are.
    """

    job_id: str
    document_id: str | None
    filename: str
    status: JobStatus
    pages_done: int = 0
    pages_total: int | None = None
    attempts: int = 0
    created: str
    started: str | None = None
    ended: str | None = None
    reason: str = ""
    error: JobError | None = None
    links: dict[str, str] = Field(default_factory=dict)


class JobList(Contract):
    """Jobs, newest first: ``total`` there are, from ``offset`` on."""

    jobs: tuple[JobOut, ...]
    total: int
    offset: int
