"""Erasing a document or a case from every store, and going on with it until nothing is pending."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING

from casewright.errors import CasewrightError, IndexUnavailable
from casewright.knowledge.store.erasures import (
    BACKUPS,
    CATALOGUE,
    TEXTS,
    UNDER_WAY,
    VECTORS,
    being_made,
)
from casewright.knowledge.store.opened import label_of, remove_folder
from casewright.knowledge.store.values import Erased, ErasureCertificate
from casewright.knowledge.store.vectors import drop_collections

if TYPE_CHECKING:
    from casewright.knowledge.store.library import Library

# A Chroma server keeps the bytes of what is deleted, and has no call to be rid of them.
VACUUM = (
    "its collection is deleted; the server's files hold the vectors until `chroma vacuum --force` is run "
    "on its machine"
)
_WHAT = {
    CATALOGUE: "name, fingerprint, state, jobs",
    TEXTS: "Markdown, chunks, keyword index, exact features, vectors",
    VECTORS: "vectors in Chroma",
}


class Eraser:
    """Erases, one at a time; any thread."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._guard = threading.Lock()

    def document(self, case_id: str, document: str) -> ErasureCertificate:
        """See ``Library.delete_document``."""
        case = self._library.opened(case_id)
        self._library.soil(case.uuid)
        certificate = self._library.erased.begin_document(case_id, document, dict(_WHAT))
        with self._guard:
            self._document(certificate, case_id, document)
        self._library.tend_later(case)
        return self._library.erased.get(certificate)

    def case(self, case_id: str) -> ErasureCertificate:
        """See ``Library.delete_case``."""
        uuid, _ = self._library.catalogue.place(case_id)
        certificate = self._library.erased.begin_case(case_id, dict(_WHAT))
        with self._guard:
            self._case(certificate, uuid)
        return self._library.erased.get(certificate, case_id)

    def retry(self) -> list[ErasureCertificate]:
        """See ``Library.retry_erasures``."""
        erased = self._library.erased
        pending = erased.all(pending=True)
        with self._guard:
            for found in pending:
                if all(store.reason == VACUUM for store in found.stores if store.outcome == "pending"):
                    continue
                if all(
                    store.outcome == "erased" for store in found.stores if store.store in (TEXTS, VECTORS)
                ):
                    self._rest(found.id)
                elif found.document is None or not self._there(erased.place(found.id)):
                    self._case(found.id, erased.place(found.id), again=True)
                else:
                    self._document(found.id, found.case_id, found.document, again=True)
        return [erased.get(found.id) for found in pending]

    def vacuumed(self) -> list[ErasureCertificate]:
        """See ``Library.server_vacuumed``."""
        erased = self._library.erased
        ended = []
        for found in erased.all(pending=True):
            for store in found.stores:
                if store.reason == VACUUM:
                    erased.told(found.id, store.store)
                    ended.append(found.id)
        return [erased.get(one) for one in ended]

    def _document(self, certificate: str, case_id: str, document: str, *, again: bool = False) -> None:
        told = self._library.erased.told
        try:
            held, waits = self._from_index(case_id, document)
        except CasewrightError as error:
            told(certificate, TEXTS, error.message)
            told(certificate, VECTORS, error.message)
        else:
            told(certificate, TEXTS)
            # whoever was at it before may have had something dropped, and ended before it was written down
            self._tell_vectors(certificate, held=held or again, waits=waits)
        self._rest(certificate)

    def _from_index(self, case_id: str, document: str) -> tuple[bool, str]:
        while True:
            case = self._library.opened(case_id)
            with case.writing:
                if self._library.opened(case_id) is not case:  # it was rebuilt while we waited
                    continue
                held, waits = case.writer.erase(document)
                # before anybody else writes: an index that is made beside is not put into use meanwhile
                beside = self._library.rebuilding(case.uuid)
                if beside is not None:
                    also, still = beside.writer.erase(document)
                    held, waits = held or also, waits or still
                return held, waits

    def _case(self, certificate: str, uuid: str, *, again: bool = False) -> None:
        library = self._library
        opened = library.forget(uuid)
        if opened is not None:
            opened.close()
        try:
            remove_folder(library.shared.root / uuid, library.shared.chroma)
        except CasewrightError as error:
            library.erased.told(certificate, TEXTS, error.message)
        else:
            library.erased.told(certificate, TEXTS)
        held, waits = False, ""
        if library.shared.chroma.server is not None:
            try:
                held = bool(drop_collections(library.shared.chroma, label_of(uuid)))
            except IndexUnavailable as error:
                waits = error.message
        self._tell_vectors(certificate, held=held or again, waits=waits)
        self._rest(certificate)

    def _tell_vectors(self, certificate: str, *, held: bool, waits: str) -> None:
        """A folder of ours is gone when it is dropped; a server keeps the bytes of what is deleted."""
        before = next(
            (one for one in self._library.erased.get(certificate).stores if one.store == VECTORS), None
        )
        if waits:
            self._library.erased.told(certificate, VECTORS, waits)
        elif self._library.shared.chroma.server is not None and (held or _waited(before)):
            self._library.erased.told(certificate, VECTORS, VACUUM)
        else:
            self._library.erased.told(certificate, VECTORS)

    def _rest(self, certificate: str) -> None:
        """The catalogue's own files, and backups, which go when somebody deletes them."""
        erased = self._library.erased
        stores = {store.store: store for store in erased.get(certificate).stores}
        if BACKUPS in stores:
            # one that was begun before the texts were rid of it holds it, whenever it was asked for
            upto = stores[TEXTS].moment if stores[TEXTS].outcome == "erased" else None
            paths = [Path(path) for path, _ in erased.backups(upto)]
            left = [str(path) for path in paths if path.exists() or being_made(path).exists()]
            reason = f"made before and still there: {', '.join(left[:5])}; delete them when you may"
            erased.told(certificate, BACKUPS, reason if left else "")
        if CATALOGUE in stores and stores[CATALOGUE].outcome == "erased":
            return
        try:
            clean = self._library.database.scrub()
            reason = "" if clean else "somebody reads an older state of the catalogue; it is tried again"
        except CasewrightError as error:
            reason = error.message
        erased.told(certificate, CATALOGUE, reason)

    def _there(self, uuid: str) -> bool:
        return any(one == uuid for _, one, _, _ in self._library.catalogue.places())


def _waited(before: Erased | None) -> bool:
    """Whether a server was asked before, and may have held something then."""
    return before is not None and before.reason not in ("", UNDER_WAY)
