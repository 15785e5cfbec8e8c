"""A case's index, read only: what ``ports.SearchIndex`` asks for. Any number of threads at once."""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from casewright.errors import ConfigError, IndexUnavailable, NotFound
from casewright.knowledge.ports import Vectors
from casewright.knowledge.records import Scored, SourceDocument, Stamp, StoredChunk
from casewright.knowledge.store.exact import Matrix, Memory, matrix_of
from casewright.knowledge.store.keyword import Frequencies, by_features, by_words
from casewright.knowledge.store.rows import STORED_COLUMNS, source_of, stored_chunk
from casewright.knowledge.store.texts import Meta, TextFile, meta
from casewright.knowledge.store.values import DenseBy
from casewright.knowledge.store.vectors import Home

log = logging.getLogger(__name__)

# From this many chunks on Chroma is asked; below, comparing each is faster and exact
# (benchmarks/index_scale.py).
EXACT_BELOW = 20_000
_NOT_ASKED_S = 30.0
_SPARE = 20


@dataclass(frozen=True, slots=True)
class Parts:
    """What a case's index works with. ``key`` names it in ``memory``; ``stamp`` is the embedding in use.

    ``clean`` false: Chroma's files may hold bytes of other cases, so it is used only where it is asked for.
    """

    key: str
    folder: Path
    texts: TextFile
    home: Home
    memory: Memory
    stamp: Stamp | None
    dense_by: DenseBy
    exact_below: int
    on_server: bool
    clean: bool


class CaseIndex:
    """``ports.SearchIndex``, and a case's documents as they were read."""

    def __init__(self, parts: Parts) -> None:
        self.parts = parts
        self.frequencies = Frequencies()
        self.trouble: str | None = None
        self._loading = threading.Lock()
        self._ask_again = 0.0

    def keyword(self, terms: Sequence[str], limit: int) -> list[Scored]:
        """See ``ports.SearchIndex``. Terms are ``terms.Token.key`` of words and figures."""
        with self.parts.texts.reading() as connection:
            return by_words(connection, self.frequencies, terms, limit, meta(connection).size)

    def exact(self, features: Sequence[str], limit: int) -> list[Scored]:
        """See ``ports.SearchIndex``. Features are those of ``features.features_asked``."""
        with self.parts.texts.reading() as connection:
            return by_features(connection, features, limit, meta(connection).size)

    def dense(self, vector: Vectors, limit: int) -> list[Scored]:
        """See ``ports.SearchIndex``. Where Chroma cannot be asked each vector is compared, if they fit
        memory.

        Raises:
            ConfigError: the vectors are of another embedding than the one in use.
            IndexUnavailable: Chroma cannot be asked, and the vectors are too many to compare each.
        """
        asked = np.ascontiguousarray(vector, dtype=np.float32).reshape(-1)
        with self.parts.texts.reading() as connection:
            said = meta(connection)
            stamp = said.stamped
            if stamp is None or not said.size or limit <= 0:
                return []
            check_stamp(stamp, self.parts.stamp)
            if asked.shape != (stamp.dimensions,):
                raise ConfigError(
                    f"a vector of {asked.size} numbers was asked for, and the index has {stamp.dimensions}",
                    hint="set the embedding that made the index, or run casewright reindex",
                )
            if said.vectors_name and self.parts.dense_by != "exact" and time.monotonic() >= self._ask_again:
                try:
                    near = self._near(connection, said, asked, limit)
                except IndexUnavailable as error:
                    if not self._moved_on(said):
                        self._failed(error)
                    self._must_fit(said, stamp, error)
                else:
                    self.trouble = None
                    tail = self._matrix(connection, said.changes, said.vectors_upto, stamp.dimensions)
                    return sorted(near + tail.near(asked, limit), key=lambda one: (-one.score, one.id))[
                        :limit
                    ]
            self._must_fit(said, stamp, None)
            return self._matrix(connection, said.changes, 0, stamp.dimensions).near(asked, limit)

    def chunks(self, ids: Sequence[int]) -> list[StoredChunk]:
        """See ``ports.SearchIndex``."""
        wanted = list(dict.fromkeys(ids))
        found: dict[int, StoredChunk] = {}
        with self.parts.texts.reading() as connection:
            for start in range(0, len(wanted), 1000):
                some = wanted[start : start + 1000]
                for row in connection.execute(
                    f"SELECT {STORED_COLUMNS} FROM shown s JOIN chunks c ON c.id = s.chunk "
                    f"JOIN papers p ON p.id = c.paper WHERE s.chunk IN ({','.join('?' * len(some))})",
                    some,
                ):
                    found[row[0]] = stored_chunk(row)
        return [found[one] for one in wanted if one in found]

    def size(self) -> int:
        """See ``ports.SearchIndex``."""
        with self.parts.texts.reading() as connection:
            return meta(connection).size

    @property
    def stamp(self) -> Stamp | None:
        """Which embedding made the vectors; None before the first."""
        with self.parts.texts.reading() as connection:
            return meta(connection).stamped

    def documents(self) -> dict[str, int]:
        """The documents that can be found, and which version of each."""
        with self.parts.texts.reading() as connection:
            return dict(connection.execute("SELECT document, version FROM papers WHERE shown").fetchall())

    def facts(self) -> dict[str, tuple[int, str, int, int]]:
        """Version, status, pages and chunks of every document that can be found."""
        with self.parts.texts.reading() as connection:
            rows = connection.execute(
                "SELECT document, version, source ->> 'status', json_array_length(source, '$.pages'), chunks "
                "FROM papers WHERE shown"
            ).fetchall()
        return {
            document: (version, status, pages, chunks) for document, version, status, pages, chunks in rows
        }

    def source(self, document: str) -> tuple[int, SourceDocument]:
        """The version of a document that is found, as it was read.

        Raises:
            NotFound: none of it is found.
        """
        with self.parts.texts.reading() as connection:
            row = connection.execute(
                "SELECT version, source, markdown FROM papers WHERE shown AND document = ?", (document,)
            ).fetchone()
        if row is None:
            raise NotFound(f"document {document} cannot be found in this case", hint="look at its status")
        return int(row[0]), source_of(row[1], row[2])

    def sources(self) -> Iterator[tuple[str, int, SourceDocument]]:
        """Every document that can be found, as it was read, one at a time."""
        for document in self.documents():
            try:
                version, source = self.source(document)
            except NotFound:  # it was deleted meanwhile
                continue
            yield document, version, source

    def rest(self) -> None:
        """Give back what is kept for the next search."""
        self.parts.texts.rest()
        self.parts.memory.drop(self.parts.key)
        self.frequencies.clear()

    def _near(self, connection: sqlite3.Connection, said: Meta, vector: Vectors, limit: int) -> list[Scored]:
        """What Chroma finds, without what is gone or not published yet."""
        asked = limit + _SPARE
        while True:
            found = self.parts.home.near(said.vectors_name, vector, min(asked, max(1, said.vectors_held)))
            marks = ",".join("?" * len(found))
            there = {
                chunk
                for (chunk,) in connection.execute(
                    f"SELECT chunk FROM shown WHERE chunk IN ({marks}) AND seq <= ?",
                    [*(one.id for one in found), said.vectors_upto],
                )
            }
            kept = [one for one in found if one.id in there]
            if len(kept) >= limit or asked >= said.vectors_held or len(found) < asked:
                return kept[:limit]
            asked *= 4

    def _matrix(self, connection: sqlite3.Connection, changes: int, floor: int, dimensions: int) -> Matrix:
        known = self.parts.memory.get(self.parts.key)
        if known is not None and known.floor == floor and known.changes >= changes:
            return known
        with self._loading:
            known = self.parts.memory.get(self.parts.key)
            if known is not None and known.floor == floor and known.changes >= changes:
                return known
            try:
                fresh = matrix_of(connection, changes, floor, dimensions, known)
            except KeyError as error:
                raise IndexUnavailable(
                    f"{self.parts.texts.path}: a chunk has no vector", hint="run casewright doctor --repair"
                ) from error
            self.parts.memory.put(self.parts.key, fresh)
            return fresh

    def _moved_on(self, said: Meta) -> bool:
        """Whether the build that was asked was dropped meanwhile."""
        with self.parts.texts.reading() as connection:
            return meta(connection).vectors_name != said.vectors_name

    def _failed(self, error: IndexUnavailable) -> None:
        if self.trouble is None:
            log.warning("vectors are compared one by one for a while: %s", error.message)
        self.trouble = error.message
        self._ask_again = time.monotonic() + _NOT_ASKED_S

    def _must_fit(self, said: Meta, stamp: Stamp, cause: IndexUnavailable | None) -> None:
        """Comparing each needs them all in memory."""
        if said.size * stamp.dimensions * 4 <= self.parts.memory.bound:
            return
        if cause is not None:
            raise cause
        why = f": {self.trouble}" if self.trouble else ""
        raise IndexUnavailable(
            f"the vectors of {said.size} chunks are not in Chroma{why}",
            hint="they are being put there; keyword search works meanwhile",
        )


def check_stamp(found: Stamp, used: Stamp | None) -> None:
    """Whether vectors are of the embedding in use (None: nobody embeds here, so any will do).

    Raises:
        ConfigError: they are of another.
    """
    if used is not None and found != used:
        raise ConfigError(
            f"this case was indexed with {found.model} ({found.version[:12]}, {found.dimensions} numbers), "
            f"and {used.model} ({used.version[:12]}, {used.dimensions} numbers) is set",
            hint="run casewright reindex, or set the embedding that made the index",
        )
