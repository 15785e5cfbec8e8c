"""The RAG service: cases are filled with documents, and questions are answered from them with citations.

::

    app.py       the application: what lives as long as it does, and its health
    config.py    the configuration, from the settings
    query.py     POST /query: documents in the request, or of a case
    respond.py   a composed answer as the contract has it
    stream.py    an answer as server-sent events
    readers.py   long documents of a request, decided in a process of their own
    cases.py     everything about stored cases that lives as long as the service
    assemble.py  its parts put together as configured
    tools.py     the embedding model, the chunker, the search
    convert.py   files read for the index: by the document service, or in here
    ingest.py    POST /ingest and its jobs
    stored.py    /cases, /documents, /search, /erasures
    keep.py      POST /doctor
    shown.py     cases, documents, jobs and certificates as the contract has them
    figures.py   the metrics
    upkeep.py    what commands do with stored cases

Code decides whether the documents answer and which sentences do; a model only phrases, where its
qualification or the request says so, and only words that hold against the cited sentences are sent.
"""

from __future__ import annotations

from casewright.services.rag.app import create_app
from casewright.services.rag.config import MAX_BODY_BYTES, NAME, RagConfig, config_from
from casewright.services.rag.readers import Readers

__all__ = ["MAX_BODY_BYTES", "NAME", "RagConfig", "Readers", "config_from", "create_app"]
