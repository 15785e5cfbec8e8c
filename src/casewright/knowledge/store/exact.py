"""Vectors compared one by one: exact, and fast while they are few. Those of recent use stay in memory.

A case's matrix is kept in the order of publication, and brought up to date by what was published and removed
since. All matrices together stay below a bound; those that were not used longest go first.
"""

from __future__ import annotations

import sqlite3
import threading
from collections import OrderedDict
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from casewright.knowledge.ports import Vectors
from casewright.knowledge.records import Scored

Ids = npt.NDArray[np.int64]
_AT_ONCE = 5000


@dataclass(frozen=True, slots=True)
class Matrix:
    """The vectors of the chunks that were published after ``floor``, when the case had seen ``changes``."""

    changes: int
    floor: int
    seqs: Ids
    ids: Ids
    rows: Vectors

    @property
    def size(self) -> int:
        """Its bytes."""
        return int(self.rows.nbytes + self.ids.nbytes + self.seqs.nbytes)

    def near(self, vector: Vectors, limit: int) -> list[Scored]:
        """The nearest by cosine (all are of length 1), best first."""
        if not len(self.ids) or limit <= 0:
            return []
        # one thread: with "@" the linear algebra library takes all cores, and waits for them on a busy
        # machine
        scores = np.vecdot(self.rows, vector)
        few = len(scores) <= limit
        best = np.arange(len(scores)) if few else np.argpartition(scores, -limit)[-limit:]
        best = best[np.lexsort((self.ids[best], -scores[best]))]
        return [Scored(int(self.ids[place]), float(scores[place])) for place in best]


class Memory:
    """The matrices of all cases, up to ``bound`` bytes (one that is larger alone is kept alone)."""

    def __init__(self, bound: int) -> None:
        self.bound = bound
        self._kept: OrderedDict[str, Matrix] = OrderedDict()
        self._guard = threading.Lock()

    def get(self, key: str) -> Matrix | None:
        """A case's matrix, if it is there."""
        with self._guard:
            if key in self._kept:
                self._kept.move_to_end(key)
            return self._kept.get(key)

    def put(self, key: str, matrix: Matrix) -> None:
        """Keep a case's matrix."""
        with self._guard:
            self._kept[key] = matrix
            self._kept.move_to_end(key)
            held = sum(one.size for one in self._kept.values())
            while held > self.bound and len(self._kept) > 1:
                held -= self._kept.popitem(last=False)[1].size

    def drop(self, key: str) -> None:
        """Forget a case's."""
        with self._guard:
            self._kept.pop(key, None)


def matrix_of(
    connection: sqlite3.Connection, changes: int, floor: int, dimensions: int, known: Matrix | None
) -> Matrix:
    """The matrix of a state; what ``known`` has of it is not read again."""
    if known is not None and known.changes == changes and known.floor == floor:
        return known
    pairs = np.array(
        connection.execute("SELECT seq, chunk FROM shown WHERE seq > ? ORDER BY seq", (floor,)).fetchall(),
        dtype=np.int64,
    ).reshape(-1, 2)
    seqs: Ids = np.ascontiguousarray(pairs[:, 0])
    ids: Ids = np.ascontiguousarray(pairs[:, 1])
    rows = np.empty((len(ids), dimensions), dtype=np.float32)
    missing = np.ones(len(ids), dtype=bool)
    if known is not None and len(known.seqs) and known.rows.shape[1] == dimensions:
        # both are in order, so a common one is at its place in either
        place = np.minimum(np.searchsorted(known.seqs, seqs), len(known.seqs) - 1)
        common = known.seqs[place] == seqs
        if common.all() and len(common) == len(known.seqs):
            return Matrix(changes, floor, seqs, ids, known.rows)
        rows[common] = known.rows[place[common]]
        missing = ~common
    if missing.any():
        _read(connection, ids, rows, np.flatnonzero(missing))
    return Matrix(changes, floor, seqs, ids, rows)


def vectors_of(connection: sqlite3.Connection, ids: Ids, dimensions: int) -> Vectors:
    """The vectors of these chunks, a row each.

    Raises:
        KeyError: one has none.
    """
    rows = np.empty((len(ids), dimensions), dtype=np.float32)
    _read(connection, ids, rows, np.arange(len(ids)))
    return rows


def _read(connection: sqlite3.Connection, ids: Ids, rows: Vectors, places: Ids) -> None:
    """Fill these places of ``rows``. Ids that follow each other are read in one go."""
    for part in np.array_split(places, max(1, len(places) // _AT_ONCE)):
        wanted = ids[part]
        order = np.argsort(wanted, kind="stable")
        first, last = int(wanted[order[0]]), int(wanted[order[-1]])
        if last - first < 2 * len(wanted):
            found = connection.execute(
                "SELECT chunk, vector FROM vectors WHERE chunk BETWEEN ? AND ? ORDER BY chunk", (first, last)
            ).fetchall()
        else:
            marks = ",".join("?" * len(wanted))
            found = connection.execute(
                f"SELECT chunk, vector FROM vectors WHERE chunk IN ({marks}) ORDER BY chunk", wanted.tolist()
            ).fetchall()
        there = np.fromiter((chunk for chunk, _ in found), dtype=np.int64, count=len(found))
        at = np.searchsorted(there, wanted[order])
        if (
            len(there) == 0
            or (at >= len(there)).any()
            or (there[np.minimum(at, len(there) - 1)] != wanted[order]).any()
        ):
            raise KeyError("a chunk has no vector")
        block = np.frombuffer(b"".join(vector for _, vector in found), dtype="<f4").reshape(len(found), -1)
        rows[part[order]] = block[at]
