"""The one door to the index of cases. Every method blocks; any thread may call any of them.

At once: any number of readers, and one writer a case (``writer`` waits for its turn). One process has the
folder. Chroma's copies are brought up to date in a thread of their own after each piece of writing.
"""

from __future__ import annotations

import contextlib
import logging
import threading
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from casewright.disk import trouble
from casewright.errors import CasewrightError, NotFound, StorageError
from casewright.knowledge.records import SourceDocument, Stamp
from casewright.knowledge.store import recovery
from casewright.knowledge.store.catalogue import Catalogue
from casewright.knowledge.store.database import FILE, Database
from casewright.knowledge.store.erasing import Eraser
from casewright.knowledge.store.erasures import Erasures
from casewright.knowledge.store.exact import Memory
from casewright.knowledge.store.jobs import Jobs
from casewright.knowledge.store.lock import FolderLock
from casewright.knowledge.store.opened import Background, OpenCase, Shared
from casewright.knowledge.store.reading import EXACT_BELOW, CaseIndex
from casewright.knowledge.store.rebuild import Rebuild
from casewright.knowledge.store.values import (
    CaseRecord,
    ChromaServer,
    DenseBy,
    DocumentRecord,
    ErasureCertificate,
    Failure,
    ItemState,
    JobRecord,
    Registered,
    State,
    StoreHealth,
)
from casewright.knowledge.store.vectors import Chroma
from casewright.knowledge.store.writing import IndexWriter

log = logging.getLogger(__name__)

FOLDER, CASES = "knowledge", "cases"
MEMORY_BYTES = 512 * 1024 * 1024
_OPEN_CASES = 64


class Library:
    """The cases below a data directory. ``stamp`` is the embedding in use: None where nobody embeds.

    ``dense_by``: "auto" asks Chroma for the nearest vectors in a case of ``exact_below`` chunks or more (on a
    server always), and compares each in a smaller one; "exact" and "chroma" do always the one or the other.
    ``memory_bytes`` bounds the vectors that are kept to compare each.
    """

    def __init__(
        self,
        data_dir: Path,
        *,
        chroma: ChromaServer | None = None,
        stamp: Stamp | None = None,
        dense_by: DenseBy = "auto",
        exact_below: int = EXACT_BELOW,
        memory_bytes: int = MEMORY_BYTES,
    ) -> None:
        self.folder = data_dir / FOLDER
        self.stamp = stamp
        self.database = Database(self.folder / FILE)
        self.catalogue = Catalogue(self.database)
        self.erased = Erasures(self.database)
        self.shared = Shared(self.folder / CASES, Chroma(chroma), Memory(memory_bytes), dense_by, exact_below)
        self._jobs = Jobs(self.database)
        self._eraser = Eraser(self)
        self._lock = FolderLock(self.folder)
        self._guard = threading.Lock()
        self._open: OrderedDict[str, OpenCase] = OrderedDict()
        self._dirty: set[str] = set()
        self._rebuilds: dict[str, Rebuild] = {}
        self._background = Background(_not_done)

    def open(self) -> None:
        """Take the folder, bring the catalogue to this version's schema, and mend what a crash left.

        Raises:
            ConfigError: another process has it, or a newer Casewright wrote it.
            StorageError: it cannot be used, or the catalogue is missing.
        """
        self._lock.take()
        try:
            if not self.database.path.exists() and any(self.shared.root.glob("*")):
                raise StorageError(
                    f"{self.database.path} is missing, and there are cases",
                    hint="restore a backup, or move the folder of cases away",
                )
            self.database.open()
            for told in self.recover():
                log.warning("after a crash: %s", told)
        except BaseException:
            self.close()
            raise

    def recover(self) -> list[str]:
        """Mend what a crash left; what was mended, in words. Nobody may be writing."""
        return recovery.recover(self)

    def close(self) -> None:
        """End what is being done, and give the folder back. Closing twice is well."""
        with self._guard:
            opened, self._open = list(self._open.values()), OrderedDict()
            clean, self._dirty = self._dirty, set()
        for case in opened:
            case.close()
        self._background.close()
        self.shared.chroma.close()
        try:
            for uuid in clean if self._lock.held else ():
                self.catalogue.mark(uuid, dirty=False)
        except CasewrightError as error:  # then the next start looks there, as after a crash
            log.warning("the catalogue could not be closed in order: %s", error.message)
        self.database.close()
        self._lock.give_back()

    def health(self) -> StoreHealth:
        """Whether Chroma's server answers, and the disk takes anything."""
        heartbeat = self.shared.chroma.heartbeat
        chroma = None if heartbeat is None else heartbeat.trouble()
        return StoreHealth(chroma=chroma, disk=trouble(self.folder) or None)

    def create_case(self, case_id: str) -> CaseRecord:
        """A case of this name, if there is none; the record."""
        self.catalogue.create(case_id)
        self.opened(case_id)
        return self.record(case_id)

    def cases(self) -> list[CaseRecord]:
        """Every case, oldest first."""
        return self.catalogue.records()

    def record(self, case_id: str) -> CaseRecord:
        """One case.

        Raises:
            NotFound: there is none of this name.
        """
        for found in self.catalogue.records(case_id):
            return found
        raise NotFound("there is no such case", hint="put a document into it, and it is made")

    def case(self, case_id: str) -> CaseIndex:
        """A case's index, with its documents as they were read.

        Raises:
            NotFound: there is no such case.
        """
        return self.opened(case_id).index

    def reader(self, case_id: str) -> CaseIndex:
        """A case's ``SearchIndex``; see ``case``."""
        return self.case(case_id)

    @contextlib.contextmanager
    def writer(self, case_id: str) -> Iterator[IndexWriter]:
        """A case's ``CaseWriter``, when it is this caller's turn.

        Raises:
            NotFound: there is no such case.
        """
        while True:
            case = self.opened(case_id)
            with case.writing:
                if self.opened(case_id) is not case:  # it was rebuilt while we waited
                    continue
                self.soil(case.uuid)
                yield case.writer
                break
        self.tend_later(case)

    def tend(self, case_id: str) -> bool:
        """Bring Chroma's copy of a case up to date now; whether there was anything to do.

        Raises:
            NotFound: there is no such case.
            IndexUnavailable: Chroma cannot be asked.
        """
        return self.opened(case_id).builder.tend()

    def tend_later(self, case: OpenCase) -> None:
        """Bring Chroma's copy of a case up to date by and by."""
        self._background.ask(case.uuid, case.builder.tend)

    def settled(self) -> None:
        """Wait until what is brought up to date by and by is."""
        self._background.wait()

    def register(
        self, case_id: str, *, name: str, media_type: str, sha256: str, size: int, original: str | None = None
    ) -> Registered:
        """Put a file into a case's catalogue: the same bytes are the document that is there, and a name that
        is there gets its next version.

        Raises:
            NotFound: there is no such case.
        """
        return self.catalogue.register(
            case_id, name=name, media_type=media_type, sha256=sha256, size=size, original=original
        )

    def documents(
        self, case_id: str, states: Sequence[State] = (), limit: int | None = None, offset: int = 0
    ) -> list[DocumentRecord]:
        """The documents of a case, newest first; those in these states, so many from ``offset`` on."""
        return self.catalogue.all(case_id, states, limit, offset)

    def document(self, case_id: str, document: str) -> DocumentRecord:
        """A document of a case.

        Raises:
            NotFound: there is none of that id in it, or no such case.
        """
        return self.catalogue.document(case_id, document)

    def advance(
        self,
        document: str,
        version: int,
        state: State,
        *,
        failure: Failure | None = None,
        pages: int | None = None,
        chunks: int | None = None,
        warnings: Sequence[str] | None = None,
        original: str | None = None,
        media_type: str | None = None,
    ) -> None:
        """How far a version is; what is None stays as it is.

        Raises:
            NotFound: the document was deleted.
        """
        self.catalogue.advance(
            document,
            version,
            state,
            failure=failure,
            pages=pages,
            chunks=chunks,
            warnings=None if warnings is None else list(warnings),
            original=original,
            media_type=media_type,
        )

    def originals(self, document: str) -> list[str]:
        """What the document service keeps of a document: the originals of all its versions."""
        return self.catalogue.originals(document)

    def unfinished(self) -> list[tuple[str, str, int]]:
        """Case, document and version of everything that waits or is at work, oldest first."""
        return self.catalogue.unfinished()

    def source(self, case_id: str, document: str) -> tuple[int, SourceDocument]:
        """The version of a document that is found, as it was read.

        Raises:
            NotFound: none of it is found.
        """
        return self.case(case_id).source(document)

    def add_job(self, case_id: str, documents: Sequence[tuple[str, int, ItemState]]) -> JobRecord:
        """A job of these documents and versions.

        Raises:
            NotFound: there is no such case.
        """
        return self._jobs.add(case_id, documents)

    def job(self, job_id: str) -> JobRecord:
        """A job as it is now.

        Raises:
            NotFound: there is none of that id.
        """
        return self._jobs.get(job_id)

    def jobs(self, case_id: str) -> list[JobRecord]:
        """The jobs of a case, newest first."""
        return self._jobs.all(case_id)

    def prune_jobs(self, before: str) -> int:
        """Forget jobs that were sent before a moment and are at their end; how many those were."""
        return self._jobs.prune(before)

    def progress(self, document: str, version: int, **said: Any) -> None:
        """``pages_done``, ``pages_total``, ``chunks_done``, ``chunks_total`` of a version; None stays."""
        self._jobs.progress(document, version, **said)

    def delete_document(self, case_id: str, document: str) -> ErasureCertificate:
        """Take a document out of every file; what could not be done now is pending, and tried again.

        Raises:
            NotFound: there is none of that id in the case, or no such case.
        """
        return self._eraser.document(case_id, document)

    def delete_case(self, case_id: str) -> ErasureCertificate:
        """Take a case and everything in it out of every file; as for a document.

        Raises:
            NotFound: there is no such case.
        """
        return self._eraser.case(case_id)

    def erasures(
        self, *, pending: bool = False, limit: int | None = None, offset: int = 0
    ) -> list[ErasureCertificate]:
        """Certificates, newest first; or only those that are not complete. So many from ``offset`` on."""
        return self.erased.all(pending=pending, limit=limit, offset=offset)

    def retry_erasures(self) -> list[ErasureCertificate]:
        """Go on with what is pending; the certificates of it, as they are now."""
        return self._eraser.retry()

    def note_erasure(self, certificate: str, store: str, reason: str = "") -> ErasureCertificate:
        """Add what became of a store of another's to a certificate: erased, or pending for this reason."""
        self.erased.told(certificate, store, reason)
        return self.erased.get(certificate)

    def server_vacuumed(self) -> list[ErasureCertificate]:
        """Take the operator's word that ``chroma vacuum`` was run on the server; what it ended."""
        return self._eraser.vacuumed()

    @contextlib.contextmanager
    def rebuild(self, case_id: str, stamp: Stamp | None = None) -> Iterator[Rebuild]:
        """Make a case's index anew beside the one in use, with another embedding; see ``Rebuild``.

        Raises:
            NotFound: there is no such case.
            NotReady: it is being rebuilt already.
        """
        made = Rebuild(self, self.opened(case_id), case_id, stamp or self.stamp)
        with made.beside(self._rebuilds):
            yield made

    def rebuilding(self, uuid: str) -> Rebuild | None:
        """What is made beside a case just now."""
        return self._rebuilds.get(uuid)

    def opened(self, case_id: str) -> OpenCase:
        """A case, open. For the parts of this package, the doctor and backups.

        Raises:
            NotFound: there is no such case.
        """
        uuid, generation = self.catalogue.place(case_id)
        resting = []
        with self._guard:
            case = self._open.get(uuid)
            if case is None or case.generation != generation:
                case = OpenCase(self.shared, uuid, generation, self.stamp)
                case.index.parts.texts.create()
                self._open[uuid] = case
                self.tend_later(case)
            self._open.move_to_end(uuid)
            if len(self._open) > _OPEN_CASES:
                # nobody waits for its lock but through here, so one that is free is not being written to
                idle = [one for one in self._open.values() if one is not case and not one.writing.locked()]
                resting = idle[: len(self._open) - _OPEN_CASES]
        for one in resting:
            one.index.rest()
        return case

    def forget(self, uuid: str) -> OpenCase | None:
        """Have a case opened anew when it is asked for next; what was open is the caller's to close."""
        with self._guard:
            return self._open.pop(uuid, None)

    def soil(self, uuid: str) -> None:
        """Say in the catalogue that a case is being written to, so that a crash's traces are looked for
        there.
        """
        with self._guard:
            if uuid in self._dirty:
                return
        self.catalogue.mark(uuid, dirty=True)
        with self._guard:
            self._dirty.add(uuid)


def _not_done(key: str, error: BaseException) -> None:
    log.warning("Chroma's copy of case %s could not be brought up to date: %s", key, error)
