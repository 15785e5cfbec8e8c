"""The contract of answers: ``POST /query`` with the documents in the request, or with the id of a case."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from casewright.api.contract import Answered, Contract
from casewright.api.knowledge import CaseId, DocumentState

MAX_DOCUMENTS = 64
MAX_DOCUMENT_CHARS = 500_000
MAX_QUERY_CHARS = 4_000


class QueryRequest(Contract):
    """A question, and what it is to be answered from: the texts in it, or what one case holds; nothing else.

    ``strategy`` ``auto`` is what the model's qualification allows; ``plain`` asks the model to phrase the
    best passage and ``structured`` to draft over several, whatever it has shown (its words are still
    checked); ``extractive`` does not ask it. ``stream``: server-sent events, ``passages``, ``sentence`` each,
    ``citations``, and ``done`` with the whole answer; or ``error``.
    """

    query: str = Field(min_length=1, max_length=MAX_QUERY_CHARS, pattern=r"\S")
    documents: tuple[str, ...] | None = Field(None, min_length=1, max_length=MAX_DOCUMENTS)
    case_id: CaseId | None = None
    strategy: Literal["auto", "plain", "structured", "extractive"] = "auto"
    stream: bool = False

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.documents is None) == (self.case_id is None):
            raise ValueError("give documents or case_id, one of both")
        return self


class Citation(Contract):
    """Where the answer's words stand: ``documents[document][start:end] == quote`` (characters).

    ``document`` is the 0-based index in the request; of a case, in the answer's ``sources``, and start and
    end are of that document's Markdown. ``page`` is None for a text without pages. ``score`` is
    how likely the passage answers, 0 to 1.
    """

    document: int
    page: int | None = None
    start: int
    end: int
    quote: str
    score: float


class AnswerSource(Contract):
    """A document of the case that the answer speaks of."""

    document_id: str
    name: str


class AnswerSentence(Contract):
    """One sentence of the answer, who wrote it, and the words it rests on."""

    text: str
    origin: Literal["code", "model"]
    citations: tuple[Citation, ...]


class RemovedSentence(Contract):
    """What a model said and is not in the answer, with what did not hold."""

    text: str
    reasons: tuple[str, ...]


class PassedOver(Contract):
    """A passage that came near, or that the model was not given, and why."""

    passage: Citation
    reason: str


class UnreadDocument(Contract):
    """A document of the case that the answer could not see, or not all of it."""

    document_id: str
    name: str
    status: DocumentState
    reason: str = ""


class QueryResponse(Answered):
    """``grounded`` False: the documents do not say; ``answer`` then says so, and ``citations`` is empty.

    ``reason`` says why it is grounded or not, in words for a person. ``removed`` is what a model said and did
    not hold, ``nearest`` the passages that came nearest where nothing answers, ``left_out`` those that the
    model's prompt had no room for. Of a case: ``sources`` are the documents that ``citations`` speak of,
    ``unread`` those that were not (all) there to be searched.
    """

    answer: str
    citations: tuple[Citation, ...]
    grounded: bool
    reason: str
    sentences: tuple[AnswerSentence, ...] = ()
    removed: tuple[RemovedSentence, ...] = ()
    nearest: tuple[PassedOver, ...] = ()
    left_out: tuple[PassedOver, ...] = ()
    case_id: str | None = None
    sources: tuple[AnswerSource, ...] = ()
    unread: tuple[UnreadDocument, ...] = ()
