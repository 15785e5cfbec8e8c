"""A case's index made anew beside the one in use: with another embedding, or cut otherwise. Then swapped.

The one in use serves searches and takes documents meanwhile. ``swap`` is one change in the catalogue; a crash
before it leaves the old index, one after it the new.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from casewright.errors import CasewrightError, NotReady
from casewright.knowledge.records import Stamp
from casewright.knowledge.store.opened import OpenCase, label_of, remove_folder
from casewright.knowledge.store.vectors import drop_collections
from casewright.knowledge.store.writing import IndexWriter

if TYPE_CHECKING:
    from casewright.knowledge.store.library import Library


class Rebuild:
    """``writer`` takes the documents (``CaseIndex.sources`` has them); ``swap`` puts the result into use."""

    def __init__(self, library: Library, case: OpenCase, name: str, stamp: Stamp | None) -> None:
        self._library = library
        self._name = name
        self._old = case
        self._new = OpenCase(library.shared, case.uuid, case.generation + 1, stamp)
        self._swapped = False

    @property
    def writer(self) -> IndexWriter:
        """For the new index. A document that is deleted meanwhile is refused (``NotFound``): leave it out."""
        return self._new.writer

    @property
    def missing(self) -> dict[str, int]:
        """Documents that are found in the old index and not, or in another version, in the new one."""
        new = self._new.index.documents()
        return {
            document: version
            for document, version in self._old.index.documents().items()
            if new.get(document) != version
        }

    def swap(self) -> None:
        """Use the new index from now on.

        Raises:
            NotReady: documents were added or changed meanwhile; ``missing`` names them.
        """
        with self._old.writing:
            missing = self.missing
            if missing:
                raise NotReady(
                    f"{len(missing)} documents came to this case while it was rebuilt",
                    hint="add those that are missing, then swap again",
                )
            self._library.catalogue.set_generation(self._old.uuid, self._new.generation)
            self._swapped = True
            self._library.forget(self._old.uuid)
        self._new.close()
        self._old.close()
        self._remove(self._old)
        self._library.opened(self._name)

    @contextlib.contextmanager
    def beside(self, under_way: dict[str, Rebuild]) -> Iterator[None]:
        """For as long as it is made; without a ``swap`` nothing of it stays."""
        if under_way.setdefault(self._old.uuid, self) is not self:
            raise NotReady("this case is being rebuilt already", hint="wait until that is done")
        try:
            self._library.soil(self._old.uuid)
            remove_folder(self._new.folder, self._library.shared.chroma)
            self._new.index.parts.texts.create()
            yield
        finally:
            del under_way[self._old.uuid]
            if not self._swapped:
                self._new.close()
                self._remove(self._new)

    def _remove(self, case: OpenCase) -> None:
        chroma = self._library.shared.chroma
        remove_folder(case.folder, chroma)
        if chroma.server is not None:
            # a server that is down now is told again by the case's next deletion, which takes every
            # generation
            with contextlib.suppress(CasewrightError):
                drop_collections(chroma, label_of(case.uuid, case.generation))
