"""The notes service's work in a process of its own, by code alone: no engine is asked and nothing listens."""

from __future__ import annotations

import asyncio

from casewright.api.contract import Strategy
from casewright.api.notes import Confirmation, ConvertRequest, ConvertResponse, ExportFormat, ExportParts
from casewright.errors import NotFound, UnprocessableRequest
from casewright.notes.claim import Draft
from casewright.notes.read import flatten
from casewright.notes.read_once import JudgedOnce
from casewright.services.llm import LanguageModel, Origin
from casewright.services.notes.config import config_from
from casewright.services.notes.confirmations import Confirmations
from casewright.services.notes.convert import NOBODY, Converter
from casewright.services.notes.files import drawn
from casewright.services.notes.model import FromModel
from casewright.services.notes.seal import Sealer
from casewright.services.notes.stream import Tell
from casewright.settings import Settings


class _ByCode(Converter):
    """A converter whose model is never asked, whatever a request wants."""

    async def _from_model(
        self, body: ConvertRequest, made: Draft, tell: Tell, grounds: JudgedOnce
    ) -> tuple[Strategy, Origin, FromModel]:
        return "extractive", NOBODY, FromModel()


class Alone:
    """As the client of a running service: the same letters, seals and confirmations.

    Every method raises as the service answers; ``StorageError`` where the data directory refuses.
    """

    def __init__(self, settings: Settings) -> None:
        config = config_from(settings, "127.0.0.1", 0)
        self._sealer = Sealer(settings.data_dir)
        self._kept = Confirmations(settings.data_dir)
        self._converter = _ByCode(config, LanguageModel(config.llm), self._sealer)

    async def convert(self, request: ConvertRequest) -> ConvertResponse:
        """A letter out of notes."""
        return await self._converter.convert(request)

    async def confirm(
        self, letter: ConvertResponse, confirmed_by: str, note: str | None = None
    ) -> Confirmation:
        """Keep a person's word that a letter may leave."""
        name = flatten(confirmed_by)
        if not name:
            raise UnprocessableRequest(
                "confirmed_by: nothing printable is in it", hint="give a person's name"
            )
        self._sealer.check(letter)
        return await asyncio.to_thread(self._kept.keep, letter.seal, name, note)

    async def confirmation(self, seal: str) -> Confirmation:
        """Who confirmed a letter first; ``NotFound`` where nobody did."""
        found = await asyncio.to_thread(self._kept.first, seal)
        if found is None:
            raise NotFound("nobody has confirmed such a letter", hint="a person's word releases it")
        return found

    async def export(
        self,
        letter: ConvertResponse,
        format_: ExportFormat,
        notes: str | None = None,
        parts: ExportParts = "sources",
    ) -> bytes:
        """A letter as a file."""
        self._sealer.check(letter)
        word = await asyncio.to_thread(self._kept.first, letter.seal)
        return await asyncio.to_thread(drawn, letter, format_, notes, word, parts)
