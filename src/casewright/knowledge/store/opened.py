"""One case, open: its index, its writer and what keeps Chroma's copy up to date; and where these lie."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from casewright.disk import sync_folder, told
from casewright.knowledge.records import Stamp
from casewright.knowledge.store.build import Builder
from casewright.knowledge.store.exact import Memory
from casewright.knowledge.store.reading import CaseIndex, Parts
from casewright.knowledge.store.texts import FILE, TextFile
from casewright.knowledge.store.values import DenseBy
from casewright.knowledge.store.vectors import Chroma
from casewright.knowledge.store.writing import IndexWriter

GONE = ".gone-"


@dataclass(frozen=True, slots=True)
class Shared:
    """What all cases work with."""

    root: Path
    chroma: Chroma
    memory: Memory
    dense_by: DenseBy
    exact_below: int


class OpenCase:
    """A case in one of its generations. ``writing`` is held by who writes to it."""

    def __init__(self, shared: Shared, uuid: str, generation: int, stamp: Stamp | None) -> None:
        self.uuid = uuid
        self.generation = generation
        self.writing = threading.Lock()
        self.folder = shared.root / uuid / str(generation)
        label = label_of(uuid, generation)
        self.index = CaseIndex(
            Parts(
                key=label,
                folder=self.folder,
                texts=TextFile(self.folder / FILE),
                home=shared.chroma.home(self.folder, label),
                memory=shared.memory,
                stamp=stamp,
                dense_by=shared.dense_by,
                exact_below=shared.exact_below,
                on_server=shared.chroma.server is not None,
                clean=shared.chroma.clean,
            )
        )
        self.builder = Builder(self.index)
        self.writer = IndexWriter(self.index, self.builder)

    def close(self) -> None:
        """Stop what is being built, and give everything back."""
        self.builder.stop()
        self.index.rest()
        self.index.parts.texts.close()


def label_of(uuid: str, generation: int | None = None) -> str:
    """What a case's collections on a server begin with: of one generation, or of all."""
    return f"case-{uuid}" if generation is None else f"case-{uuid}-{generation}"


def remove_folder(place: Path, chroma: Chroma) -> None:
    """Take a folder of a case away, in one step for everybody who looks; none there is well.

    Raises:
        StorageError: it cannot be removed.
    """
    aside = place.with_name(f"{GONE}{place.name}")
    chroma.forget_below(place)
    with told(place):
        if place.exists():
            place.rename(aside)
            sync_folder(place.parent)
        if aside.exists():
            shutil.rmtree(aside)
            sync_folder(place.parent)


class Background:
    """Work that is done by and by, one piece at a time, each kind once at most. It ends with ``close``."""

    def __init__(self, failed: Callable[[str, BaseException], None]) -> None:
        self._failed = failed
        self._guard = threading.Condition()
        self._due: dict[str, Callable[[], object]] = {}
        self._busy = False
        self._thread: threading.Thread | None = None
        self._closed = False

    def ask(self, key: str, work: Callable[[], object]) -> None:
        """Have it done, unless it is due already."""
        with self._guard:
            if self._closed:
                return
            self._due.setdefault(key, work)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="index-tender", daemon=True)
                self._thread.start()
            self._guard.notify_all()

    def wait(self) -> None:
        """Until nothing is due."""
        with self._guard:
            self._guard.wait_for(lambda: not self._due and not self._busy)

    def close(self) -> None:
        """Do no more; what is being done ends first."""
        with self._guard:
            self._closed = True
            self._due.clear()
            thread = self._thread
            self._guard.notify_all()
        if thread is not None:
            thread.join()

    def _run(self) -> None:
        while True:
            with self._guard:
                self._busy = False
                self._guard.notify_all()
                self._guard.wait_for(lambda: bool(self._due) or self._closed)
                if self._closed:
                    return
                key = next(iter(self._due))
                work = self._due.pop(key)
                self._busy = True
            try:
                work()
            except Exception as error:  # noqa: BLE001 - told, and the thread goes on with the others
                self._failed(key, error)
