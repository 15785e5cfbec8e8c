"""The index of cases on disk: what there is, what it says, and what it is found by.

::

    <data>/knowledge/
      catalogue.sqlite       cases, documents and their versions, jobs, erasures, backups
      cases/<uuid>/<n>/      one case, in its generation n; reindexing builds n+1 beside and swaps
        text.sqlite          the truth: Markdown, chunks, vectors, keyword index, exact features
        vectors-<k>/         Chroma's copy of the vectors, of this case alone; made when it pays

    library.py     everything together: the one door for services and commands (``Library``)
    database.py, tables.py, migrations/   the catalogue's file (SQLAlchemy Core, alembic)
    catalogue.py, jobs.py, erasures.py    what is in it
    texts.py, rows.py      a case's text.sqlite
    reading.py, writing.py a case's ``SearchIndex`` and ``CaseWriter``
    keyword.py, index_terms.py   words and exact features
    exact.py       vectors compared one by one
    vectors.py     vectors in Chroma, embedded or on a server: the only module that speaks to it
    build.py       Chroma's copy brought up to date
    heap.py        nothing of freed memory in Chroma's files
    opened.py      one case, open
    erasing.py, recovery.py, rebuild.py   taking out, mending after a crash, making anew beside

A search never sees half a document: ``publish`` flips rows of text.sqlite in one transaction, and whatever
Chroma or a cache returns is looked up there.
"""

from __future__ import annotations

from casewright.knowledge.store.library import Library
from casewright.knowledge.store.values import (
    CaseRecord,
    ChromaServer,
    DocumentRecord,
    Erased,
    ErasureCertificate,
    Failure,
    Finding,
    JobItem,
    JobRecord,
    Registered,
    StoreHealth,
)

__all__ = [
    "CaseRecord",
    "ChromaServer",
    "DocumentRecord",
    "Erased",
    "ErasureCertificate",
    "Failure",
    "Finding",
    "JobItem",
    "JobRecord",
    "Library",
    "Registered",
    "StoreHealth",
]
