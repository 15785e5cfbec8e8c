"""Whether the stores of a case agree, and mending them: catalogue, texts, keyword index, vectors, Chroma's
copy.

The texts are the truth. What follows from them (keyword index, Chroma's copy, the catalogue's word on what is
found) is made again; what they lack themselves (a chunk without a vector, a damaged file) only reading the
document again or a backup gives back.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable, Collection

from casewright.errors import CasewrightError, NotFound
from casewright.knowledge.ingest.live import key_of
from casewright.knowledge.store import Finding, Library
from casewright.knowledge.store.opened import OpenCase
from casewright.knowledge.store.recovery import settle, strays
from casewright.knowledge.store.texts import meta, put_meta

_SETTLE = "follow the texts"
_KEYWORDS = "make the keyword index again"
_CHROMA = "make Chroma's copy again"
_COUNT = "count again"
_REINDEX = "run casewright reindex"
_RESTORE = "restore a backup, or delete the case and send its documents again"
_SEND = "send it again"
# What ``repair`` does; the other ways to mend are somebody's own work.
MENDED = frozenset((_SETTLE, _KEYWORDS, _CHROMA, _COUNT))

# What is wrong where the query counts something, and what mends it.
_COUNTED = (
    (
        "chunks that can be found and are not there",
        "SELECT count(*) FROM shown WHERE chunk NOT IN (SELECT id FROM chunks)",
        _RESTORE,
    ),
    (
        "chunks that can be found and have no vector",
        "SELECT count(*) FROM shown WHERE chunk NOT IN (SELECT chunk FROM vectors)",
        _REINDEX,
    ),
    (
        "chunks of published documents that cannot be found",
        "SELECT count(*) FROM chunks c JOIN papers p ON p.id = c.paper WHERE p.shown "
        "AND c.id NOT IN (SELECT chunk FROM shown)",
        _RESTORE,
    ),
    (
        "chunks that can be found of documents that are not published",
        "SELECT count(*) FROM shown s JOIN chunks c ON c.id = s.chunk JOIN papers p ON p.id = c.paper "
        "WHERE NOT p.shown",
        _RESTORE,
    ),
    (
        "vectors or features of chunks that are gone",
        "SELECT (SELECT count(*) FROM vectors WHERE chunk NOT IN (SELECT id FROM chunks)) + "
        "(SELECT count(*) FROM features WHERE chunk NOT IN (SELECT id FROM chunks))",
        _COUNT,
    ),
    (
        "documents that are found in two versions",
        "SELECT count(*) FROM "
        "(SELECT document FROM papers WHERE shown GROUP BY document HAVING count(*) > 1)",
        _RESTORE,
    ),
    (
        "versions that were not published, and that nobody works on",
        "SELECT count(*) FROM papers WHERE NOT shown",
        _SETTLE,
    ),
)


def examine(library: Library, case_id: str) -> list[Finding]:
    """What does not agree in a case; empty where everything does.

    Others may write to it meanwhile, and wait for their turn; but who deletes from it just now can be seen as
    a disagreement.

    Raises:
        NotFound: there is no such case.
    """
    while True:
        case = library.opened(case_id)
        with case.writing:
            if library.opened(case_id) is case:  # else it was made anew while we waited
                return _examined(library, case_id, case)


def examine_all(library: Library) -> list[Finding]:
    """What does not agree in any case, and what is of no case."""
    found = []
    for name, *_ in library.catalogue.places():
        with contextlib.suppress(NotFound):  # deleted meanwhile
            found += examine(library, name)
    return found + examine_rest(library)


def examine_rest(library: Library) -> list[Finding]:
    """Folders that are of no case."""
    there = strays(library, set())
    # asked afterwards: the folder of a case is never there before it
    known = {uuid for _, uuid, _, _ in library.catalogue.places()}
    return [
        Finding("a folder of no case", None, name, "restore the catalogue, or move it away")
        for name in there
        if name not in known
    ]


def examine_uploads(library: Library, kept: Callable[[], Collection[str]]) -> list[Finding]:
    """Documents that wait to be read, and whose upload is gone. ``kept`` names the uploads on the disk.

    One that is just being taken can be seen as such.
    """
    there = set(kept())
    # asked afterwards: an upload goes when its document is read, so what was read meanwhile is not told
    return [
        Finding("a document waits to be read and its upload is gone", case_id, document, _SEND)
        for case_id, document, version in library.unfinished()
        if key_of(document, version) not in there
    ]


def _examined(library: Library, case_id: str, case: OpenCase) -> list[Finding]:
    found: list[Finding] = []

    def told(what: str, repair: str, detail: str = "") -> None:
        found.append(Finding(what, case_id, detail, repair))

    try:
        _texts(case, told)
        _stamps(library, case, told)
        _catalogue(library, case, told)
    except CasewrightError as error:
        told("the texts cannot be read", _RESTORE, error.message)
        return found
    try:
        wrong = case.builder.check()
    except CasewrightError as error:
        told("Chroma cannot be asked", "", error.message)
    else:
        if wrong:
            told("Chroma's copy does not agree", _CHROMA, wrong)
    return found


def repair(library: Library, case_id: str) -> list[Finding]:
    """Mend what can be mended; what is still wrong afterwards.

    Raises:
        NotFound: there is no such case.
    """
    due = {finding.repair for finding in examine(library, case_id)} & MENDED
    if not due:
        return examine(library, case_id)
    case = library.opened(case_id)
    library.soil(case.uuid)
    if due & {_COUNT, _KEYWORDS}:
        with case.writing, case.index.parts.texts.writing() as connection:
            for table in ("vectors", "features"):
                connection.execute(f"DELETE FROM {table} WHERE chunk NOT IN (SELECT id FROM chunks)")
            connection.execute("INSERT INTO keyword (keyword) VALUES ('rebuild')")
            size = connection.execute("SELECT count(*) FROM shown").fetchone()[0]
            put_meta(connection, size=size, changes=meta(connection).changes + 1)
    if _CHROMA in due:
        case.builder.leave()
    settle(library, case)
    case.index.rest()
    library.tend_later(case)
    return examine(library, case_id)


def _texts(case: OpenCase, told: Callable[[str, str, str], None]) -> None:
    with case.index.parts.texts.reading() as connection:
        answer = connection.execute("PRAGMA integrity_check(5)").fetchall()
        if answer != [("ok",)]:
            told("the texts' file is damaged", _RESTORE, "; ".join(str(row[0]) for row in answer))
            return
        for what, query, mends in _COUNTED:
            count = connection.execute(query).fetchone()[0]
            if count:
                told(what, mends, str(count))
        said = meta(connection)
        size = connection.execute("SELECT count(*) FROM shown").fetchone()[0]
        if said.size != size:
            told("the number of chunks is wrong", _COUNT, f"{said.size} for {size}")
        if said.scrub:
            told("deleted text may still be in the files", _SETTLE, "")
    if not _keywords_agree(case):
        told("the keyword index does not agree with the texts", _KEYWORDS, "")


def _keywords_agree(case: OpenCase) -> bool:
    """Whether FTS5 finds its index whole and of these very terms; it says no by an error."""
    connection = sqlite3.connect(case.index.parts.texts.path, timeout=30.0)
    try:
        connection.execute("INSERT INTO keyword (keyword, rank) VALUES ('integrity-check', 1)")
        connection.rollback()
        listed = connection.execute("SELECT count(*) FROM keyword_docsize").fetchone()[0]
        return bool(listed == connection.execute("SELECT count(*) FROM shown").fetchone()[0])
    except sqlite3.DatabaseError:
        return False
    finally:
        connection.close()


def _stamps(library: Library, case: OpenCase, told: Callable[[str, str, str], None]) -> None:
    stamp = case.index.stamp
    if stamp is not None and library.stamp is not None and stamp != library.stamp:
        told(
            "the vectors are of another embedding than the one in use",
            _REINDEX,
            f"{stamp.model} {stamp.version[:12]}, in use {library.stamp.model} {library.stamp.version[:12]}",
        )
    if stamp is None:
        return
    with case.index.parts.texts.reading() as connection:
        wrong = connection.execute(
            "SELECT count(*) FROM vectors WHERE length(vector) != ?", (stamp.dimensions * 4,)
        ).fetchone()[0]
    if wrong:
        told("vectors of another length than the stamp says", _REINDEX, str(wrong))


def _catalogue(library: Library, case: OpenCase, told: Callable[[str, str, str], None]) -> None:
    found = case.index.facts()
    listed = library.catalogue.listed(case.uuid)
    for document in sorted(set(found) - set(listed)):
        told("a document of no catalogue can be found", _SETTLE, document)
    for document, (shown, state) in sorted(listed.items()):
        there = found[document][0] if document in found else None
        if shown != there:
            told(
                "the catalogue names another version than is found", _SETTLE, f"{document}: {shown}, {there}"
            )
        elif state in ("ready", "partial") and there is None:
            told("a document is ready and cannot be found", _SETTLE, document)
