"""What a client asks the document service for: a file read now, or as a job, and what is kept of it."""

from __future__ import annotations

import unicodedata
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any, BinaryIO, Literal, TypeVar
from urllib.parse import urlencode

import aiohttp
from pydantic import BaseModel

from casewright.api.calls import event_data, event_of, part
from casewright.api.documents import (
    Describe,
    DocumentAnswer,
    DocumentList,
    JobList,
    JobOut,
    Keep,
    ProcessResponse,
)

MAX_FILE_NAME = 200
MAX_EVENT_BYTES = 64 * 1024

Answer = TypeVar("Answer", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class ReadAs:
    """How a file is to be read and kept; what is None is left to the service."""

    ocr: Literal["auto", "always", "never"] | None = None
    ocr_engine: Literal["rapidocr", "tesseract"] | None = None
    describe: Describe | None = None
    keep: Keep | None = None
    password: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class FileSent:
    """A file on its way to the service. ``content`` is streamed where it is a file."""

    name: str
    content: bytes | BinaryIO
    media_type: str = "application/octet-stream"
    read_as: ReadAs = ReadAs()


class DocumentCalls(ABC):
    """The document service's part of ``Client``; every method raises as ``Client.query`` says.

    What is not there (any more) is ``NotFound``; a job's result that is not there yet is ``NotReady``.
    """

    async def process(
        self,
        name: str,
        content: bytes | BinaryIO,
        media_type: str = "application/octet-stream",
        read_as: ReadAs | None = None,
    ) -> ProcessResponse:
        """A file as Markdown. ``content`` is streamed where it is a file."""
        form = form_of(FileSent(name, content, media_type, read_as or ReadAs()))
        return await self._document(ProcessResponse, "POST", "/process", form)

    async def submit_job(self, file: FileSent) -> JobOut:
        """Have a file read; answered when it is safe on the service's disk."""
        return await self._document(JobOut, "POST", "/jobs", form_of(file))

    async def job(self, job_id: str) -> JobOut:
        """A job as it is now."""
        return await self._document(JobOut, "GET", f"/jobs/{part(job_id)}")

    async def jobs(self, *, limit: int = 50, offset: int = 0) -> JobList:
        """Jobs, newest first."""
        return await self._document(JobList, "GET", f"/jobs?limit={limit}&offset={offset}")

    async def job_result(self, job_id: str) -> ProcessResponse:
        """What was read; a failed job raises the error of its file."""
        return await self._document(ProcessResponse, "GET", f"/jobs/{part(job_id)}/result")

    async def cancel_job(self, job_id: str) -> JobOut:
        """End a job, and remove its upload."""
        return await self._document(JobOut, "POST", f"/jobs/{part(job_id)}/cancel")

    async def job_events(self, job_id: str, *, after: JobOut | None = None) -> AsyncGenerator[JobOut]:
        """A job at each page, the last time when it is ended; ``after`` is the state that is known already.

        Where the stream breaks it is for the caller to ask again with the last state.
        """
        headers = {"Accept": "text/event-stream"}
        if after is not None:
            headers["Last-Event-ID"] = f"{after.attempts}.{after.pages_done}"
        pieces = self._stream("documents", f"/jobs/{part(job_id)}/events", headers)
        async with aclosing(event_data(pieces, f"job {job_id}", MAX_EVENT_BYTES)) as events:
            async for data in events:
                yield event_of(JobOut, data, "document")

    async def documents(self, *, limit: int = 50, offset: int = 0) -> DocumentList:
        """What is kept, newest first."""
        return await self._document(DocumentList, "GET", f"/documents?limit={limit}&offset={offset}")

    async def document(self, document_id: str) -> DocumentAnswer:
        """A document, and what was read of it."""
        return await self._document(DocumentAnswer, "GET", f"/documents/{part(document_id)}")

    async def original(self, document_id: str) -> bytes:
        """A document's bytes as they came."""
        return await self._bytes(f"/documents/{part(document_id)}/original")

    async def page_image(self, document_id: str, number: int, spans: Sequence[tuple[int, int]] = ()) -> bytes:
        """A page as PNG, with the lines marked that the spans (characters of the whole Markdown) touch."""
        asked = urlencode([("span", f"{start}-{end}") for start, end in spans])
        path = f"/documents/{part(document_id)}/pages/{int(number)}.png"
        return await self._bytes(f"{path}?{asked}" if asked else path)

    async def delete_document(self, document_id: str) -> None:
        """Remove everything of a document."""
        await self._bytes(f"/documents/{part(document_id)}", "DELETE")

    @abstractmethod
    async def _document(self, answer: type[Answer], method: str, path: str, data: Any = None) -> Answer:
        """A call of the document service whose answer is of a contract."""

    @abstractmethod
    async def _bytes(self, path: str, method: str = "GET") -> bytes:
        """A call of the document service whose answer is bytes."""

    @abstractmethod
    def _stream(
        self,
        service: Literal["rag", "documents"],
        path: str,
        headers: dict[str, str],
        method: Literal["GET", "POST"] = "GET",
    ) -> AsyncGenerator[bytes]:
        """The body of an answer as it comes."""


def form_of(file: FileSent) -> aiohttp.FormData:
    """The form that carries a file."""
    form = aiohttp.FormData(quote_fields=False)  # the services read UTF-8 names
    # the fields come first: they are few, and the file may be long
    for name in ReadAs.__slots__:
        if (value := getattr(file.read_as, name)) is not None:
            form.add_field(name, value)
    form.add_field(
        "file", file.content, filename=plain_name(file.name), content_type=_media_type(file.media_type)
    )
    return form


def _media_type(stated: str) -> str:
    """The stated type if it is one; the service looks at the content anyway."""
    main, _, sub = stated.partition("/")
    allowed = set("abcdefghijklmnopqrstuvwxyz0123456789.+-")
    fits = bool(main and sub) and set((main + sub).lower()) <= allowed and len(stated) <= 127
    return stated if fits else "application/octet-stream"


def plain_name(name: str) -> str:
    """A file's own name without folders and control characters, at most 200 characters; never empty."""
    last = PurePosixPath(name.replace("\\", "/")).name
    kept = "".join(char for char in last if unicodedata.category(char) not in ("Cc", "Cs"))
    return kept[-MAX_FILE_NAME:].strip() or "file"
