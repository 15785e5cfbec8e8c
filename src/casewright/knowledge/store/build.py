"""Chroma's copy of a case's vectors: made when it pays, kept up to date in large pieces, dropped on a
removal.

A search asks Chroma for what it holds and compares the rest one by one, so it is complete at every moment;
the copy only makes it fast. That is why it may lag behind a publication, and may be dropped and made again.
"""

from __future__ import annotations

import json
import threading

import numpy as np

from casewright.errors import IndexUnavailable
from casewright.knowledge.store.exact import vectors_of
from casewright.knowledge.store.reading import CaseIndex
from casewright.knowledge.store.texts import Meta, meta, put_meta
from casewright.knowledge.store.vectors import BATCH

# Chunks that are compared one by one beside a build before they are put into it.
TAIL = 2_000
# A build is made again when this share of it is of chunks that are gone.
_STALE_SHARE = 0.1


class Builder:
    """Brings Chroma's copy of one case up to date. Searches and writes go on meanwhile."""

    def __init__(self, index: CaseIndex) -> None:
        self._index = index
        self._parts = index.parts
        self._tending = threading.Lock()
        self._removal = threading.Event()
        self._stopped = False

    def tend(self) -> bool:
        """Do what is due; whether anything was.

        Raises:
            IndexUnavailable: Chroma cannot be asked; it is as before.
        """
        with self._tending:
            if self._stopped:
                return False
            self._drop_leftovers()
            said = self._said()
            if not self._wanted(said):
                return self._leave(said)
            if not said.vectors_name or self._stale(said):
                return self._build()
            return self._catch_up(said)

    def drop_leftovers(self) -> str:
        """Take builds away that are to go; a build under way ends first. Why one is still there, or empty."""
        self._removal.set()
        with self._tending:
            if not self._stopped:
                self._removal.clear()
            try:
                self._drop_leftovers()
            except IndexUnavailable as error:
                return error.message
        return ""

    def stop(self) -> None:
        """Build no more; what is under way ends first."""
        self._stopped = True
        self._removal.set()
        with self._tending:
            pass

    def check(self) -> str:
        """What is wrong with the build in use; empty where nothing is.

        Raises:
            IndexUnavailable: the server cannot be asked.
        """
        with self._tending:
            said = self._said()
            if not said.vectors_name:
                return ""
            try:
                return self._wrong(said)
            except IndexUnavailable as error:
                if self._parts.on_server:
                    raise
                return error.message

    def leave(self) -> None:
        """Do without the build; the next ``tend`` makes another."""
        with self._tending:
            self._leave(self._said())

    def _wrong(self, said: Meta) -> str:
        if said.vectors_name not in self._parts.home.names():
            return f"{self._parts.home.where} has not the build {said.vectors_name} of this case"
        count, most = self._parts.home.count(said.vectors_name), said.vectors_held
        least = self._count(said.vectors_upto)
        if not least <= count <= most:
            return f"{self._parts.home.where} holds {count} vectors where there are {least} to {most}"
        return ""

    def _said(self) -> Meta:
        with self._parts.texts.reading() as connection:
            return meta(connection)

    def _count(self, upto: int) -> int:
        with self._parts.texts.reading() as connection:
            return int(connection.execute("SELECT count(*) FROM shown WHERE seq <= ?", (upto,)).fetchone()[0])

    def _wanted(self, said: Meta) -> bool:
        if self._parts.dense_by == "exact" or not said.size:
            return False
        if self._parts.dense_by == "chroma" or self._parts.on_server:
            return True
        if not self._parts.clean:
            return False
        # one that is there stays until half are gone, or it would come and go around the bound
        bound = self._parts.exact_below
        return said.size >= (bound // 2 if said.vectors_name else bound)

    def _stale(self, said: Meta) -> bool:
        return said.vectors_held - self._count(said.vectors_reach) > said.vectors_held * _STALE_SHARE

    def _leave(self, said: Meta) -> bool:
        if not said.vectors_name:
            return False
        with self._parts.texts.writing() as connection:
            put_meta(
                connection,
                vectors_name="",
                vectors_upto=0,
                vectors_reach=0,
                vectors_held=0,
                vectors_dropping=json.dumps([*meta(connection).dropping, said.vectors_name]),
            )
        self._drop_leftovers()
        return True

    def _catch_up(self, said: Meta) -> bool:
        """Put what was published since into the build."""
        due = said.size - self._count(said.vectors_upto)
        eager = self._parts.on_server or self._parts.dense_by == "chroma"
        if due < (1 if eager else TAIL):
            return False
        at = said.vectors_upto
        while not self._removal.is_set():
            seqs, ids = self._next(at)
            if not ids:
                break
            with self._parts.texts.writing() as connection:
                now = meta(connection)
                if now.vectors_epoch != said.vectors_epoch or now.vectors_name != said.vectors_name:
                    break
                # said before it is done: from here on Chroma may hold them, whatever happens
                put_meta(connection, vectors_reach=seqs[-1], vectors_held=now.vectors_held + len(ids))
            self._put(said.vectors_name, ids)
            with self._parts.texts.writing() as connection:
                if meta(connection).vectors_epoch == said.vectors_epoch:
                    put_meta(connection, vectors_upto=seqs[-1])
            at = seqs[-1]
        return True

    def _build(self) -> bool:
        """Make a build beside, and use it from then on."""
        with self._parts.texts.writing() as connection:
            said = meta(connection)
            name = str(said.vectors_made + 1)
            # on the list until it is in use, so whatever happens it does not stay
            put_meta(
                connection,
                vectors_made=said.vectors_made + 1,
                vectors_dropping=json.dumps([*said.dropping, name]),
            )
        self._parts.home.make(name)
        at = held = 0
        while not self._removal.is_set():
            seqs, ids = self._next(at)
            if not ids:
                break
            self._put(name, ids)
            at, held = seqs[-1], held + len(ids)
        with self._parts.texts.writing() as connection:
            now = meta(connection)
            if now.vectors_epoch == said.vectors_epoch and not self._removal.is_set():
                dropping = [one for one in now.dropping if one != name]
                put_meta(
                    connection,
                    vectors_name=name,
                    vectors_upto=at,
                    vectors_reach=at,
                    vectors_held=held,
                    vectors_dropping=json.dumps(dropping + ([now.vectors_name] if now.vectors_name else [])),
                )
        self._drop_leftovers()
        self._parts.memory.drop(self._parts.key)
        return True

    def _next(self, at: int) -> tuple[list[int], list[int]]:
        with self._parts.texts.reading() as connection:
            found = connection.execute(
                "SELECT seq, chunk FROM shown WHERE seq > ? ORDER BY seq LIMIT ?", (at, BATCH)
            ).fetchall()
        return [seq for seq, _ in found], [chunk for _, chunk in found]

    def _put(self, name: str, ids: list[int]) -> None:
        with self._parts.texts.reading() as connection:
            stamp = meta(connection).stamped
            if stamp is None:
                return
            there = [
                chunk
                for (chunk,) in connection.execute(
                    f"SELECT chunk FROM vectors WHERE chunk IN ({','.join('?' * len(ids))})", ids
                )
            ]
            rows = vectors_of(connection, np.array(there, dtype=np.int64), stamp.dimensions)
        if there:
            self._parts.home.put(name, there, rows)

    def _drop_leftovers(self) -> None:
        """Drop the builds that are listed, and in a folder of ours all that are not in use."""
        said = self._said()
        names = set(said.dropping)
        if not self._parts.on_server:
            names |= set(self._parts.home.names()) - {said.vectors_name}
        for name in sorted(names):
            self._parts.home.drop(name)
        if said.dropping:
            with self._parts.texts.writing() as connection:
                left = [one for one in meta(connection).dropping if one not in names]
                put_meta(connection, vectors_dropping=json.dumps(left))
