"""Originals at the document service that are to go: noted on disk before, and tried until they are gone.

A note is a file that names the original, the document it was of, and the certificate that is to say what
became of it. It is written before the document leaves the catalogue; so no crash leaves an original that
nobody knows of.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from casewright.errors import CasewrightError, NotFound, StorageError
from casewright.files import replace_file
from casewright.knowledge.ingest.reading import Converter
from casewright.knowledge.store import ErasureCertificate, Library

log = logging.getLogger(__name__)
UNDER_WAY = "it is under way"


@dataclass(frozen=True, slots=True)
class Note:
    """``document`` is None for an original that a newer version took the place of."""

    original: str
    document: str | None = None
    certificate: str | None = None

    @property
    def store(self) -> str:
        """Its name on a certificate."""
        return f"original {self.original}"


class Originals:
    """Removes originals; used from one event loop."""

    def __init__(self, folder: Path, library: Library, converter: Converter) -> None:
        self._folder = folder
        self._library = library
        self._converter = converter
        self._turn = asyncio.Lock()

    async def erase_with(
        self, documents: Sequence[str], delete: Callable[[], ErasureCertificate]
    ) -> ErasureCertificate:
        """Delete documents, and then their originals; the certificate says what became of those.

        Raises:
            StorageError: the notes cannot be written; nothing was deleted.
        """
        async with self._turn:
            notes = await asyncio.to_thread(self._noted, documents)
            certificate = await asyncio.to_thread(delete)
            for note in notes:
                certificate = await self._certified(replace(note, certificate=certificate.id))
            return certificate

    async def superseded(self, originals: Sequence[str]) -> None:
        """Remove originals that newer versions took the place of."""
        async with self._turn:
            for original in originals:
                note = Note(original)
                await asyncio.to_thread(self._write, note)
                await self._gone(note)

    async def retry(self) -> None:
        """Go on with everything that is noted."""
        async with self._turn:
            for note in await asyncio.to_thread(self._all):
                if note.document is not None and note.certificate is None:
                    kept = await asyncio.to_thread(self._library.originals, note.document)
                    if note.original in kept:  # the process ended before the document was deleted
                        await asyncio.to_thread(self._forget, note)
                        continue
                if note.certificate is None:
                    await self._gone(note)
                else:
                    await self._certified(note)

    def pending(self) -> int:
        """How many originals are still to go."""
        return len(list(self._folder.glob("*.json"))) if self._folder.is_dir() else 0

    async def _certified(self, note: Note) -> ErasureCertificate:
        """Remove an original, and say on its certificate what became of it."""
        assert note.certificate is not None
        await asyncio.to_thread(self._write, note)
        await asyncio.to_thread(self._library.note_erasure, note.certificate, note.store, UNDER_WAY)
        reason = await self._gone(note, keep=True)
        certificate = await asyncio.to_thread(
            self._library.note_erasure, note.certificate, note.store, reason
        )
        if not reason:
            await asyncio.to_thread(self._forget, note)
        return certificate

    async def _gone(self, note: Note, *, keep: bool = False) -> str:
        """Remove an original; why that cannot be done now, or nothing. ``keep`` leaves the note."""
        try:
            await self._converter.forget(note.original)
        except NotFound:
            pass
        except CasewrightError as error:
            log.warning("an original could not be removed, and is tried again: %s", error.message)
            return error.message
        if not keep:
            await asyncio.to_thread(self._forget, note)
        return ""

    def _noted(self, documents: Sequence[str]) -> list[Note]:
        notes = [
            Note(original, document)
            for document in documents
            for original in self._library.originals(document)
        ]
        for note in notes:
            self._write(note)
        return notes

    def _all(self) -> list[Note]:
        found = []
        for path in sorted(self._folder.glob("*.json")) if self._folder.is_dir() else ():
            try:
                found.append(Note(**json.loads(path.read_bytes())))
            except (OSError, ValueError, TypeError) as error:
                raise StorageError(
                    f"{path.name} cannot be read as a note of an original to remove",
                    hint="look at the document service for what is to go, then delete the note",
                ) from error
        return found

    def _write(self, note: Note) -> None:
        replace_file(self._path(note), json.dumps(asdict(note)).encode(), mode=0o600)

    def _forget(self, note: Note) -> None:
        try:
            self._path(note).unlink(missing_ok=True)
        except OSError as error:
            raise StorageError(
                f"the note of a removed original stays: {error.strerror}", hint="check the data directory"
            ) from error

    def _path(self, note: Note) -> Path:
        return self._folder / f"{hashlib.sha256(note.original.encode()).hexdigest()[:32]}.json"
