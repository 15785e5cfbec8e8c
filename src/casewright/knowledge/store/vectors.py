"""Vectors in Chroma: the one module that speaks to it, and the seam where its errors become ours.

Each build of a case's vectors has a name of its own: a folder with a client to itself, or a collection on a
server. It holds ids and vectors, no text and no metadata, and is never asked to embed anything. Deleting rows
leaves their bytes in Chroma's files, so builds are only added to or dropped whole.
"""

from __future__ import annotations

import contextlib
import logging
import shutil
import threading
import time
from abc import ABC, abstractmethod
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from casewright.disk import own_folder, told
from casewright.errors import IndexUnavailable
from casewright.knowledge.ports import Vectors
from casewright.knowledge.records import Scored
from casewright.knowledge.store.heap import overwrite_freed
from casewright.knowledge.store.heartbeat import Heartbeat
from casewright.knowledge.store.values import ChromaServer

if TYPE_CHECKING:
    import httpx
    from chromadb.api import ClientAPI
    from chromadb.api.models.Collection import Collection

log = logging.getLogger(__name__)

_COLLECTION = "vectors"
_PREFIX = "vectors-"
_OPEN_CLIENTS = 8
# One call, which may be a batch (4 s seen at 99,000); all calls of one look (0.4 s), whose asker waits.
_SERVER_S, _SEARCH_S = 20.0, 6.0
_HINT = "start it, or look at its log; keyword search still works"
# One call to Chroma: short enough that searches get their turn between two, long enough to be worth it.
BATCH = 1000
_HNSW = {"space": "cosine", "ef_construction": 100, "max_neighbors": 16, "ef_search": 100}


class Home(Protocol):
    """Where a case's builds are. Any thread; every method but ``drop`` may run beside the others."""

    where: str

    def make(self, name: str) -> None:
        """An empty build, in the place of one of the same name."""
        ...

    def put(self, name: str, ids: Sequence[int], vectors: Vectors) -> None:
        """Vectors into a build; those that are there already are replaced."""
        ...

    def near(self, name: str, vector: Vectors, limit: int) -> list[Scored]:
        """The ids that are nearest by cosine, best first."""
        ...

    def count(self, name: str) -> int:
        """How many vectors a build holds."""
        ...

    def drop(self, name: str) -> None:
        """Take a build away; none of that name is well."""
        ...

    def names(self) -> list[str]:
        """The builds there are."""
        ...


class Chroma:
    """Chroma's clients: of the server where one is given, else one a folder, a few at a time."""

    def __init__(self, server: ChromaServer | None, search_s: float = _SEARCH_S) -> None:
        self.server = server
        self.heartbeat = None if server is None else Heartbeat(server)
        self._search_s = search_s
        # of a server's memory nothing is known here
        self.clean = server is not None or overwrite_freed()
        self._guard = threading.Condition()
        self._open: OrderedDict[Path, Any] = OrderedDict()
        self._users: dict[Path, int] = {}
        self._gone: set[Path] = set()
        self._remote: ClientAPI | None = None
        self._until = threading.local()

    def home(self, folder: Path, label: str) -> Home:
        """A case's builds: in its folder, or under its label on the server."""
        return ServerHome(self, label) if self.server is not None else FolderHome(self, folder)

    @property
    def where(self) -> str:
        """The server's place, in words."""
        return "Chroma" if self.server is None else f"the Chroma server {self.server.host}:{self.server.port}"

    def remote(self) -> ClientAPI:
        """The server's client."""
        assert self.server is not None
        with self._guard:
            if self._remote is None:
                # making the client asks the server, and waits for ever
                if self.heartbeat is not None and (trouble := self.heartbeat.trouble()) is not None:
                    raise IndexUnavailable(trouble, hint=_HINT)
                import chromadb  # noqa: PLC0415 - large, and only needed where vectors are many

                self._remote = chromadb.HttpClient(
                    host=self.server.host, port=self.server.port, ssl=self.server.ssl, settings=_settings()
                )
                # the client waits for ever and has no setting for it
                session = getattr(getattr(self._remote, "_server", None), "_session", None)
                if session is not None:
                    session.timeout = _SERVER_S
                    session.event_hooks = {"request": [self._hasten]}
            return self._remote

    @contextlib.contextmanager
    def in_haste(self) -> Iterator[None]:
        """What this thread asks the server within has ``search_s`` (seconds) in all to be answered."""
        self._until.at = time.monotonic() + self._search_s
        try:
            yield
        finally:
            del self._until.at

    def _hasten(self, request: httpx.Request) -> None:
        if (until := getattr(self._until, "at", None)) is not None:
            left = max(0.001, until - time.monotonic())
            request.extensions["timeout"] = dict.fromkeys(("connect", "read", "write", "pool"), left)

    @contextlib.contextmanager
    def local(self, folder: Path) -> Iterator[ClientAPI]:
        """A folder's client; it is not closed while it is lent."""
        client = self._lend(folder)
        try:
            yield client
        finally:
            with self._guard:
                self._users[folder] -= 1
                if not self._users[folder]:
                    del self._users[folder]
                self._guard.notify_all()
            self._close_some()

    def forget(self, folder: Path, *, for_good: bool = False) -> None:
        """Close a folder's client, when its last user is done; ``for_good``: and never open it again."""
        with self._guard:
            if for_good:
                self._gone.add(folder)
            self._guard.wait_for(lambda: folder not in self._users)
            client = self._open.pop(folder, None)
        if client is not None:
            client.close()

    def forget_below(self, place: Path) -> None:
        """Close the clients of every folder in a place, for good."""
        with self._guard:
            folders = [folder for folder in self._open if folder.is_relative_to(place)]
        for folder in folders:
            self.forget(folder, for_good=True)

    def welcome(self, folder: Path) -> None:
        """Open a folder again that was forgotten for good."""
        with self._guard:
            self._gone.discard(folder)

    def close(self) -> None:
        """Close every client."""
        with self._guard:
            folders = list(self._open)
            self._remote = None
        for folder in folders:
            self.forget(folder)

    def _lend(self, folder: Path) -> ClientAPI:
        with self._guard:
            if folder in self._gone:
                raise IndexUnavailable(f"{folder} was dropped", hint="ask again: another is in use")
            client = self._open.get(folder)
            if client is None:
                import chromadb  # noqa: PLC0415

                client = chromadb.PersistentClient(path=str(folder), settings=_settings())
                self._open[folder] = client
            self._open.move_to_end(folder)
            self._users[folder] = self._users.get(folder, 0) + 1
            return client

    def _close_some(self) -> None:
        with self._guard:
            spare = [folder for folder in self._open if folder not in self._users]
            closing = [self._open.pop(folder) for folder in spare[: max(0, len(self._open) - _OPEN_CLIENTS)]]
        for client in closing:
            client.close()


class _Builds(ABC):
    """What is done alike with a build, wherever its collection is."""

    def put(self, name: str, ids: Sequence[int], vectors: Vectors) -> None:
        """See ``Home``."""
        with self._collection(name) as collection:
            _put(collection, ids, vectors)

    def near(self, name: str, vector: Vectors, limit: int) -> list[Scored]:
        """See ``Home``."""
        with self._collection(name) as collection:
            return _near(collection, vector, limit)

    def count(self, name: str) -> int:
        """See ``Home``."""
        with self._collection(name) as collection:
            return collection.count()

    @abstractmethod
    def _collection(self, name: str) -> AbstractContextManager[Collection]:
        """The collection of a build, lent."""


class FolderHome(_Builds):
    """Builds as folders ``vectors-<name>`` of a case."""

    def __init__(self, chroma: Chroma, folder: Path) -> None:
        self.where = "Chroma"
        self._chroma = chroma
        self._folder = folder

    def make(self, name: str) -> None:
        """See ``Home``."""
        self.drop(name)
        own_folder(self._place(name))
        self._chroma.welcome(self._place(name))
        with _told(self.where), self._chroma.local(self._place(name)) as client:
            _make(client, _COLLECTION)

    def drop(self, name: str) -> None:
        """See ``Home``."""
        place = self._place(name)
        self._chroma.forget(place, for_good=True)
        with told(place):
            if place.exists():
                shutil.rmtree(place)

    def names(self) -> list[str]:
        """See ``Home``."""
        with told(self._folder):
            return sorted(path.name.removeprefix(_PREFIX) for path in self._folder.glob(f"{_PREFIX}*"))

    def _place(self, name: str) -> Path:
        return self._folder / f"{_PREFIX}{name}"

    @contextlib.contextmanager
    def _collection(self, name: str) -> Iterator[Collection]:
        place = self._place(name)
        if not place.is_dir():
            raise IndexUnavailable(f"{place} is missing", hint="run casewright doctor --repair")
        with _told(self.where), self._chroma.local(place) as client:
            yield client.get_collection(_COLLECTION, embedding_function=None)


class ServerHome(_Builds):
    """Builds as collections ``<label>-<name>`` of a server."""

    def __init__(self, chroma: Chroma, label: str) -> None:
        self.where = chroma.where
        self._chroma = chroma
        self._label = label

    def make(self, name: str) -> None:
        """See ``Home``."""
        self.drop(name)
        with _told(self.where):
            _make(self._chroma.remote(), self._name(name))

    def drop(self, name: str) -> None:
        """See ``Home``."""
        drop_collections(self._chroma, self._name(name), exactly=True)

    def names(self) -> list[str]:
        """See ``Home``."""
        with _told(self.where):
            prefix = f"{self._label}-"
            return sorted(
                name.removeprefix(prefix) for name in _collections(self._chroma) if name.startswith(prefix)
            )

    def near(self, name: str, vector: Vectors, limit: int) -> list[Scored]:
        """See ``Home``."""
        with self._chroma.in_haste():
            return super().near(name, vector, limit)

    def _name(self, name: str) -> str:
        return f"{self._label}-{name}"

    @contextlib.contextmanager
    def _collection(self, name: str) -> Iterator[Collection]:
        with _told(self.where):
            yield self._chroma.remote().get_collection(self._name(name), embedding_function=None)


def drop_collections(chroma: Chroma, label: str, *, exactly: bool = False) -> list[str]:
    """Take collections off the server: that of this name, or all whose names begin so. Which there were."""
    with _told(chroma.where):
        found = [
            name
            for name in _collections(chroma)
            if name == label or (not exactly and name.startswith(f"{label}-"))
        ]
        for name in found:
            chroma.remote().delete_collection(name)
        return found


def _collections(chroma: Chroma) -> list[str]:
    names: list[str] = []
    while page := chroma.remote().list_collections(limit=1000, offset=len(names)):
        names.extend(collection.name for collection in page)
    return names


def _make(client: ClientAPI, name: str) -> None:
    configuration: Any = {"hnsw": dict(_HNSW)}
    client.create_collection(name, configuration=configuration, embedding_function=None)


def _put(collection: Collection, ids: Sequence[int], vectors: Vectors) -> None:
    for start in range(0, len(ids), BATCH):
        collection.upsert(
            ids=[str(one) for one in ids[start : start + BATCH]], embeddings=vectors[start : start + BATCH]
        )


def _near(collection: Collection, vector: Vectors, limit: int) -> list[Scored]:
    found = collection.query(
        query_embeddings=np.asarray([vector], dtype=np.float32), n_results=limit, include=["distances"]
    )
    distances = found["distances"] or [[]]
    return [
        Scored(int(one), 1.0 - float(far)) for one, far in zip(found["ids"][0], distances[0], strict=True)
    ]


def _settings() -> Any:
    from chromadb.config import Settings  # noqa: PLC0415

    # nothing from a .env file that lies about, and nothing sent
    without_file: Any = {"_env_file": None}
    return Settings(anonymized_telemetry=False, allow_reset=False, **without_file)


@contextlib.contextmanager
def _told(where: str) -> Iterator[None]:
    """Chroma's refusals as ours. httpx raises a server's, and ``ValueError`` when none listens."""
    from chromadb.errors import ChromaError  # noqa: PLC0415
    from httpx import HTTPError  # noqa: PLC0415 - Chroma's own client

    try:
        yield
    except (ChromaError, HTTPError, ValueError, OSError, AttributeError) as error:
        # AttributeError: what its client raises when it is opened again after it could not be
        raise _unavailable(where, error) from error
    except BaseException as error:
        if type(error).__name__ != "PanicException":  # Rust's, which is no Exception
            raise
        raise _unavailable(where, error) from error


def _unavailable(where: str, error: BaseException) -> IndexUnavailable:
    said = str(error).strip().splitlines() or [type(error).__name__]
    return IndexUnavailable(
        f"{where} does not serve vectors: {said[0][:300]}",
        hint=_HINT,
    )
