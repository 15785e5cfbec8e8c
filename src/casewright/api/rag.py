"""The contract of the RAG service: ``POST /query`` with the documents in the request."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from casewright.api.contract import Answered, Contract

MAX_DOCUMENTS = 64
MAX_DOCUMENT_CHARS = 500_000
MAX_QUERY_CHARS = 4_000


class QueryRequest(Contract):
    """A question and the texts it is to be answered from; nothing else is looked at.

    ``strategy`` ``auto`` is what the model's qualification allows; ``plain`` asks the model whatever it has
    shown (its words are still checked); ``extractive`` does not ask it.
    """

    query: str = Field(min_length=1, max_length=MAX_QUERY_CHARS, pattern=r"\S")
    documents: tuple[str, ...] = Field(min_length=1, max_length=MAX_DOCUMENTS)
    strategy: Literal["auto", "plain", "extractive"] = "auto"


class Citation(Contract):
    """Where the answer's words stand: ``documents[document][start:end] == quote`` (characters).

    ``document`` is the 0-based index in the request; ``page`` is None for a text without pages. ``score`` is
    the share of the question's weight that the passage carries, 0 to 1.
    """

    document: int
    page: int | None = None
    start: int
    end: int
    quote: str
    score: float


class QueryResponse(Answered):
    """``grounded`` False: the documents do not say; ``answer`` then says so, and ``citations`` is empty.

    ``reason`` says why it is grounded or not, in words for a person.
    """

    answer: str
    citations: tuple[Citation, ...]
    grounded: bool
    reason: str
