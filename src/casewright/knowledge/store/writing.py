"""A case's index, for writing: what ``ports.CaseWriter`` asks for. One writer at a time."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from casewright.errors import IndexUnavailable, NotFound, StorageError
from casewright.knowledge.ports import Vectors
from casewright.knowledge.records import Chunk, SourceDocument
from casewright.knowledge.store.build import Builder
from casewright.knowledge.store.index_terms import EVERY, IndexTerms, TermReader
from casewright.knowledge.store.reading import CaseIndex, check_stamp
from casewright.knowledge.store.rows import CHUNK_COLUMNS, chunk_row, source_text, terms_text
from casewright.knowledge.store.texts import Meta, meta, put_meta
from casewright.knowledge.tokens import sayable

_NO_STAMP = "no embedding is set, so nothing can be written to an index"


class IndexWriter:
    """``ports.CaseWriter``. ``erase`` says why Chroma still holds something, where ``remove`` raises it."""

    def __init__(self, index: CaseIndex, builder: Builder) -> None:
        self._index = index
        self._texts = index.parts.texts
        self._builder = builder
        self._reader = TermReader()

    def add(
        self, document: str, version: int, source: SourceDocument, chunks: Sequence[Chunk], vectors: Vectors
    ) -> None:
        """See ``ports.CaseWriter``.

        Raises:
            NotFound: the document was removed.
            ConfigError: the case's vectors are of another embedding.
            DiskFull, StorageError: it cannot be written; nothing of it is.
        """
        stamp = self._index.parts.stamp
        if stamp is None:
            raise StorageError(_NO_STAMP, hint="open the library with the embedder's stamp")
        rows = np.ascontiguousarray(vectors, dtype="<f4")
        if rows.shape != (len(chunks), stamp.dimensions):
            raise ValueError(f"{rows.shape} vectors for {len(chunks)} chunks of {stamp.dimensions} numbers")
        chunks = [_clean(chunk) for chunk in chunks]
        read = [self._reader.read(chunk.text, chunk.heading_path) for chunk in chunks]
        with self._texts.writing() as connection:
            said = meta(connection)
            if said.stamped is None:
                put_meta(connection, stamp=json.dumps(asdict(stamp)))
            else:
                check_stamp(said.stamped, stamp)
            _refuse_removed(connection, document)
            for old in _papers(connection, "document = ? AND version = ? AND NOT shown", document, version):
                drop_paper(connection, old)
            paper = connection.execute(
                "INSERT INTO papers (document, version, name, chunks, source, markdown) VALUES (?,?,?,?,?,?)",
                (
                    document,
                    version,
                    sayable(source.name),
                    len(chunks),
                    sayable(source_text(source)),
                    sayable(source.markdown),
                ),
            ).lastrowid
            _insert_chunks(connection, int(paper or 0), chunks, read, rows)

    def publish(self, document: str, version: int) -> None:
        """See ``ports.CaseWriter``. Repeating it does nothing; a newer version is not replaced by an older
        one.

        Raises:
            NotFound: that version was not added, or the document was removed.
            DiskFull, StorageError: it cannot be written; what is shown is as it was.
        """
        with self._texts.writing() as connection:
            _refuse_removed(connection, document)
            shown = connection.execute(
                "SELECT max(version) FROM papers WHERE document = ? AND shown", (document,)
            ).fetchone()[0]
            fresh = _papers(connection, "document = ? AND version = ? AND NOT shown", document, version)
            if not fresh:
                if shown is not None and shown >= version:
                    return
                raise NotFound(
                    f"version {version} of document {document} was not added", hint="add it, then publish it"
                )
            if shown is not None and shown > version:
                for paper in fresh:
                    drop_paper(connection, paper)
                return
            for paper in _papers(connection, "document = ? AND version <= ?", document, version):
                if paper != fresh[-1]:
                    drop_paper(connection, paper)
            connection.execute(
                "INSERT INTO shown (chunk) SELECT id FROM chunks WHERE paper = ? ORDER BY id", (fresh[-1],)
            )
            connection.execute(
                "INSERT INTO keyword (rowid, terms) SELECT id, terms FROM chunks WHERE paper = ? ORDER BY id",
                (fresh[-1],),
            )
            connection.execute("UPDATE papers SET shown = 1 WHERE id = ?", (fresh[-1],))
            _count(connection)

    def remove(self, document: str) -> None:
        """See ``ports.CaseWriter``. The document's id is not taken again.

        Raises:
            IndexUnavailable: nothing of it is found any more, and Chroma's server holds its vectors yet.
            StorageError: a file holds something of it yet; ``tend`` goes on with it.
        """
        _, waits = self.erase(document)
        if waits:
            raise IndexUnavailable(waits, hint="it is tried again by itself; see the certificate")

    def erase(self, document: str) -> tuple[bool, str]:
        """As ``remove``: whether Chroma held vectors of it, and why it still does (empty: it does not).

        Raises:
            StorageError: a file holds something of it yet.
        """
        with self._texts.writing() as connection:
            said = meta(connection)
            if _is_removed(connection, document) and not said.scrub:  # all that is left may be in Chroma
                held, done = bool(said.dropping), True
            else:
                held, done = _taken_out(connection, said, document), False
        # Python's own memory of its terms
        self._reader = TermReader()
        self._index.frequencies.clear()
        waits = self._builder.drop_leftovers()
        if not done:
            self._scrub()
        return held, waits

    def discard_unshown(self) -> int:
        """Take out versions that nobody published; how many there were."""
        with self._texts.writing() as connection:
            papers = _papers(connection, "NOT shown")
            for paper in papers:
                drop_paper(connection, paper)
            return len(papers)

    def finish_scrub(self) -> None:
        """Go on with taking deleted text out of the files, where that was not finished.

        Raises:
            StorageError: a reader still looks at it.
        """
        with self._texts.reading() as connection:
            due = meta(connection).scrub
        if due:
            self._scrub()

    def _scrub(self) -> None:
        if not self._texts.scrub():
            raise StorageError(
                f"{self._texts.path}: a search still reads what was deleted",
                hint="it is tried again by itself; see the certificate",
            )


def drop_paper(connection: sqlite3.Connection, paper: int) -> None:
    """Take one version of a document out of every table."""
    of_paper = "SELECT id FROM chunks WHERE paper = ?"
    connection.execute(
        "INSERT INTO keyword (keyword, rowid, terms) "
        f"SELECT 'delete', id, terms FROM findable WHERE id IN ({of_paper})",
        (paper,),
    )
    for table in ("shown", "features", "vectors"):
        connection.execute(f"DELETE FROM {table} WHERE chunk IN ({of_paper})", (paper,))
    connection.execute("DELETE FROM chunks WHERE paper = ?", (paper,))
    connection.execute("DELETE FROM papers WHERE id = ?", (paper,))


def _taken_out(connection: sqlite3.Connection, said: Meta, document: str) -> bool:
    """Remove a document, which is not taken again; whether Chroma held vectors of it."""
    connection.execute("INSERT OR IGNORE INTO removed VALUES (?)", (document,))
    held = _in_chroma(connection, said, document) or bool(said.dropping)
    if held and said.vectors_name:
        _leave(connection, said)
    for paper in _papers(connection, "document = ?", document):
        drop_paper(connection, paper)
    _count(connection, scrub=1, vectors_epoch=said.vectors_epoch + 1)
    return held


def _insert_chunks(
    connection: sqlite3.Connection,
    paper: int,
    chunks: Sequence[Chunk],
    read: Sequence[IndexTerms],
    rows: Vectors,
) -> None:
    first = _next_chunk(connection)
    marks = ",".join("?" * 12)
    connection.executemany(
        f"INSERT INTO chunks (id, paper, {CHUNK_COLUMNS}) VALUES ({marks})",
        (
            (first + place, paper, *chunk_row(chunk, terms_text(EVERY, terms)))
            for place, (chunk, terms) in enumerate(zip(chunks, read, strict=True))
        ),
    )
    connection.executemany(
        "INSERT INTO vectors VALUES (?, ?)",
        ((first + place, row.tobytes()) for place, row in enumerate(rows)),
    )
    connection.executemany(
        "INSERT INTO features VALUES (?, ?)",
        ((one, first + place) for place, terms in enumerate(read) for one in terms.features),
    )


def _papers(connection: sqlite3.Connection, where: str, *values: Any) -> list[int]:
    found = connection.execute(f"SELECT id FROM papers WHERE {where} ORDER BY id", values)
    return [int(paper) for (paper,) in found]


def _in_chroma(connection: sqlite3.Connection, said: Meta, document: str) -> bool:
    """Whether Chroma may hold a vector of a document, be it of a version that was replaced."""
    if not said.vectors_name:
        return False
    held = connection.execute("SELECT count(*) FROM shown WHERE seq <= ?", (said.vectors_reach,)).fetchone()[
        0
    ]
    if held != said.vectors_held:
        return True
    found = connection.execute(
        "SELECT 1 FROM papers p JOIN chunks c ON c.paper = p.id JOIN shown s ON s.chunk = c.id "
        "WHERE p.document = ? AND s.seq <= ? LIMIT 1",
        (document, said.vectors_reach),
    ).fetchone()
    return found is not None


def _leave(connection: sqlite3.Connection, said: Meta) -> None:
    """Do without Chroma's build, and have it dropped."""
    put_meta(
        connection,
        vectors_name="",
        vectors_upto=0,
        vectors_reach=0,
        vectors_held=0,
        vectors_dropping=json.dumps([*said.dropping, said.vectors_name]),
    )


def _count(connection: sqlite3.Connection, **values: int) -> None:
    size = connection.execute("SELECT count(*) FROM shown").fetchone()[0]
    put_meta(connection, size=size, changes=meta(connection).changes + 1, **values)


def _refuse_removed(connection: sqlite3.Connection, document: str) -> None:
    if _is_removed(connection, document):
        raise NotFound(f"document {document} was deleted", hint="send it again if it is wanted")


def _is_removed(connection: sqlite3.Connection, document: str) -> bool:
    found = connection.execute("SELECT 1 FROM removed WHERE document = ?", (document,)).fetchone()
    return found is not None


def _next_chunk(connection: sqlite3.Connection) -> int:
    """The first free id; none is ever given twice, so Chroma's of a deleted chunk is never another."""
    row = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'chunks'").fetchone()
    return int(row[0]) + 1 if row else 1


def _clean(chunk: Chunk) -> Chunk:
    """Half characters, which JSON may hold and no file can, are replaced one by one: spans stay right."""
    if all(sayable(text) is text for text in (chunk.text, *chunk.heading_path)):
        return chunk
    return Chunk(
        **{
            name: getattr(chunk, name)
            for name in ("ordinal", "page", "start", "end", "tokens", "kind", "box")
        },
        text=sayable(chunk.text),
        heading_path=tuple(map(sayable, chunk.heading_path)),
    )
