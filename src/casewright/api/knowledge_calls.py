"""What a client asks the RAG service about stored cases: documents put in, searched, and erased."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import Any, Literal, TypeVar
from urllib.parse import urlencode

import aiohttp
from pydantic import BaseModel, ValidationError

from casewright.api.calls import event_data, event_of, part
from casewright.api.contract import ErrorAnswer
from casewright.api.document_calls import FileSent, plain_name
from casewright.api.knowledge import (
    CaseList,
    CaseOut,
    DoctorAnswer,
    ErasureAnswer,
    ErasureList,
    IndexedDocument,
    IndexedDocuments,
    IngestAnswer,
    IngestJob,
    IngestRequest,
    ReindexProgress,
    SearchAnswer,
    SearchMode,
)
from casewright.errors import CasewrightError, ServiceFailure, every_error

MAX_EVENT_BYTES = 1024 * 1024

Answer = TypeVar("Answer", bound=BaseModel)


class KnowledgeCalls(ABC):
    """The RAG service's part of ``Client`` about stored cases; every method raises as ``Client.query`` says.

    What is not there (any more), or is another case's, is ``NotFound``.
    """

    async def ingest(self, case_id: str, files: Sequence[FileSent]) -> IngestAnswer:
        """Files into a case; answered when they are safe on the service's disk."""
        form = aiohttp.FormData(quote_fields=False)
        form.add_field("case_id", case_id)
        for file in files:
            form.add_field(
                "files",
                file.content,
                filename=plain_name(file.name),
                content_type="application/octet-stream",
            )
        return await self._knowledge(IngestAnswer, "POST", "/ingest", form)

    async def ingest_texts(self, request: IngestRequest) -> IngestAnswer:
        """Texts into a case; answered when they are safe on the service's disk."""
        return await self._knowledge(IngestAnswer, "POST", "/ingest", request.model_dump_json().encode())

    async def ingest_job(self, job_id: str) -> IngestJob:
        """A job, its documents, and how far each is."""
        return await self._knowledge(IngestJob, "GET", f"/jobs/{part(job_id)}")

    async def ingest_events(self, job_id: str) -> AsyncGenerator[IngestJob]:
        """A job at each change, the last time when it is ended."""
        headers = {"Accept": "text/event-stream"}
        pieces = self._stream("rag", f"/jobs/{part(job_id)}/events", headers)
        async with aclosing(event_data(pieces, f"job {job_id}", MAX_EVENT_BYTES)) as events:
            async for data in events:
                yield event_of(IngestJob, data, "RAG")

    async def cases(self, *, limit: int = 50, offset: int = 0) -> CaseList:
        """The cases there are."""
        return await self._knowledge(CaseList, "GET", f"/cases?limit={limit}&offset={offset}")

    async def case(self, case_id: str) -> CaseOut:
        """One case."""
        return await self._knowledge(CaseOut, "GET", f"/cases/{part(case_id)}")

    async def case_documents(self, case_id: str, *, limit: int = 50, offset: int = 0) -> IndexedDocuments:
        """A case's documents, newest first."""
        path = f"/cases/{part(case_id)}/documents?limit={limit}&offset={offset}"
        return await self._knowledge(IndexedDocuments, "GET", path)

    async def case_document(self, case_id: str, document_id: str) -> IndexedDocument:
        """A document of a case."""
        return await self._knowledge(IndexedDocument, "GET", _document(case_id, document_id))

    async def retry_document(self, case_id: str, document_id: str) -> IngestJob:
        """Begin anew with a document that failed."""
        return await self._knowledge(IngestJob, "POST", _document(case_id, document_id, "/retry"))

    async def erase_document(self, case_id: str, document_id: str) -> ErasureAnswer:
        """Erase a document; the certificate says store by store what is gone."""
        return await self._knowledge(ErasureAnswer, "DELETE", _document(case_id, document_id))

    async def erase_case(self, case_id: str) -> ErasureAnswer:
        """Erase a case and everything in it."""
        return await self._knowledge(ErasureAnswer, "DELETE", f"/cases/{part(case_id)}")

    async def reindex(self, case_id: str) -> AsyncGenerator[ReindexProgress]:
        """Make a case's index anew with the embedding in use; over when it is swapped. Leaving ends it."""
        path, headers = f"/cases/{part(case_id)}/reindex", {"Accept": "text/event-stream"}
        pieces = self._stream("rag", path, headers, "POST")
        async with aclosing(event_data(pieces, f"case {case_id}", MAX_EVENT_BYTES)) as events:
            async for data in events:
                try:
                    yield ReindexProgress.model_validate_json(data)
                except ValidationError as error:
                    raise _raised(data) from error

    async def erasures(self, *, pending: bool = False, limit: int = 50, offset: int = 0) -> ErasureList:
        """Certificates of erasure; ``pending``: only those that are not complete."""
        asked = urlencode({"pending": str(pending).lower(), "limit": limit, "offset": offset})
        return await self._knowledge(ErasureList, "GET", f"/erasures?{asked}")

    async def search(
        self, case_id: str, query: str, *, limit: int = 10, mode: SearchMode = "hybrid"
    ) -> SearchAnswer:
        """What an answer would be looked for in, with scores."""
        asked = urlencode({"case_id": case_id, "q": query, "limit": limit, "mode": mode})
        return await self._knowledge(SearchAnswer, "GET", f"/search?{asked}")

    async def doctor(self, case_id: str | None = None, *, repair: bool = False) -> DoctorAnswer:
        """Whether the stores of a case agree, or of every case; ``repair``: mend what can be."""
        case = f"/cases/{part(case_id)}" if case_id is not None else ""
        return await self._knowledge(DoctorAnswer, "POST", f"{case}/doctor?repair={str(repair).lower()}")

    @abstractmethod
    async def _knowledge(self, answer: type[Answer], method: str, path: str, data: Any = None) -> Answer:
        """A call of the RAG service whose answer is of a contract; bytes are JSON."""

    @abstractmethod
    def _stream(
        self,
        service: Literal["rag", "documents"],
        path: str,
        headers: dict[str, str],
        method: Literal["GET", "POST"] = "GET",
    ) -> AsyncGenerator[bytes]:
        """The body of an answer as it comes."""


def _raised(data: bytes) -> CasewrightError:
    """An error that a stream ended with."""
    try:
        said = ErrorAnswer.model_validate_json(data).error
    except ValidationError:
        return ServiceFailure("an error came in an unknown form", hint="run all services in one version")
    kind = every_error().get(said.type, ServiceFailure)
    try:
        return kind(said.message, hint=said.hint)
    except TypeError:  # an engine's error, which carries more
        return ServiceFailure(said.message, hint=said.hint)


def _document(case_id: str, document_id: str, rest: str = "") -> str:
    return f"/documents/{part(document_id)}{rest}?{urlencode({'case_id': case_id})}"
