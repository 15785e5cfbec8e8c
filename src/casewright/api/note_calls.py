"""What a client asks the notes service for: a letter, a person's word on it, and its files."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Literal, TypeVar

from pydantic import BaseModel, ValidationError

from casewright.api.calls import event_data, event_of, part
from casewright.api.notes import (
    Confirmation,
    ConfirmRequest,
    ConvertRequest,
    ConvertResponse,
    ExportFormat,
    ExportParts,
    ExportRequest,
    Progress,
)

# The last event is the whole answer: 10,000 lines make 5 MB.
MAX_LETTER_BYTES = 16 * 1024 * 1024

Answer = TypeVar("Answer", bound=BaseModel)


class NoteCalls(ABC):
    """The notes service's part of ``Client``; every method raises as ``Client.query`` says."""

    async def convert(self, request: ConvertRequest) -> ConvertResponse:
        """A letter out of notes."""
        plain = request.model_copy(update={"stream": False})
        return await self._notes(ConvertResponse, "POST", "/convert", plain)

    async def convert_events(self, request: ConvertRequest) -> AsyncGenerator[Progress | ConvertResponse]:
        """How far a letter is, and at last the letter. Leaving ends the work."""
        asked = request.model_copy(update={"stream": True}).model_dump_json().encode()
        headers = {"Accept": "text/event-stream", "Content-Type": "application/json"}
        pieces = self._stream("notes", "/convert", headers, "POST", asked)
        async with aclosing(event_data(pieces, "the letter", MAX_LETTER_BYTES)) as events:
            async for data in events:
                try:
                    yield Progress.model_validate_json(data)
                    continue
                except ValidationError:
                    pass  # the letter, or the error that kept it from being written
                self._refuse_error(data)
                yield event_of(ConvertResponse, data, "notes")

    async def confirm(
        self, letter: ConvertResponse, confirmed_by: str, note: str | None = None
    ) -> Confirmation:
        """Keep a person's word that a letter may leave; it must be as it came."""
        asked = ConfirmRequest(letter=letter, confirmed_by=confirmed_by, note=note)
        return await self._notes(Confirmation, "POST", "/confirm", asked)

    async def confirmation(self, seal: str) -> Confirmation:
        """Who confirmed a letter first; ``NotFound`` where nobody did."""
        return await self._notes(Confirmation, "GET", f"/confirmations/{part(seal)}")

    async def export(
        self,
        letter: ConvertResponse,
        format_: ExportFormat,
        notes: str | None = None,
        parts: ExportParts = "sources",
    ) -> bytes:
        """A letter as a file; ``notes`` stand beside its sentences where ``parts`` has them."""
        asked = ExportRequest(letter=letter, format=format_, notes=notes, parts=parts)
        return await self._file("/export", asked)

    @abstractmethod
    async def _notes(
        self, answer: type[Answer], method: str, path: str, body: BaseModel | None = None
    ) -> Answer:
        """A call of the notes service whose answer is of a contract."""

    @abstractmethod
    async def _file(self, path: str, body: BaseModel) -> bytes:
        """A call of the notes service whose answer is a file."""

    @abstractmethod
    def _refuse_error(self, data: bytes) -> None:
        """Raise what an event says if it is an error."""

    @abstractmethod
    def _stream(
        self,
        service: Literal["notes"],
        path: str,
        headers: dict[str, str],
        method: Literal["GET", "POST"] = "GET",
        data: bytes | None = None,
    ) -> AsyncGenerator[bytes]:
        """The bytes of a stream of events."""
