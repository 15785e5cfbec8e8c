"""A composed answer as the contract has it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from casewright.api.contract import Strategy, Timings
from casewright.api.rag import (
    AnswerSentence,
    AnswerSource,
    Citation,
    PassedOver,
    QueryRequest,
    QueryResponse,
    RemovedSentence,
    UnreadDocument,
)
from casewright.knowledge import composed
from casewright.observability.context import request_id
from casewright.services.llm import Lease


@dataclass(slots=True)
class Asked:
    """One question on its way: what was asked, with which engine, and what its parts took (milliseconds)."""

    request: QueryRequest
    began: float
    lease: Lease | None = None
    strategy: Strategy = "extractive"
    warnings: list[str] = field(default_factory=list)
    parts: dict[str, float] = field(default_factory=dict)
    unread: tuple[UnreadDocument, ...] = ()

    def took(self, part: str, began: float, less: str | None = None) -> None:
        """Put down what a part took (again), without another part inside it."""
        inside = self.parts.get(less, 0.0) if less is not None else 0.0
        self.parts[part] = round(self.parts.get(part, 0.0) + max(0.0, _ms(began) - inside), 2)


def respond(asked: Asked, found: composed.Answer) -> QueryResponse:
    """The answer, with where it came from."""
    origin = asked.lease.origin() if asked.lease is not None else None
    places = _Places(asked.request.case_id is not None)
    return QueryResponse(
        provider=origin.provider if origin is not None else None,
        model=origin.model if origin is not None else None,
        attempts=origin.attempts if origin is not None else (),
        fallback=origin is not None and origin.fallback,
        answered_by=found.answered_by,
        strategy=asked.strategy,
        usage=found.usage,
        timings=Timings(total_ms=_ms(asked.began), parts=asked.parts),
        warnings=(*asked.warnings, *found.warnings),
        request_id=request_id() or "none",
        answer=found.answer,
        citations=places.cited(found.citations),
        grounded=found.grounded,
        reason=found.reason,
        sentences=tuple(
            AnswerSentence(text=said.text, origin=said.origin, citations=places.cited(said.citations))
            for said in found.sentences
        ),
        removed=tuple(RemovedSentence(text=said.text, reasons=said.reasons) for said in found.removed),
        nearest=places.passed_over(found.nearest),
        left_out=places.passed_over(found.left_out),
        case_id=asked.request.case_id,
        sources=places.sources(),
        unread=asked.unread,
    )


class _Places:
    """Documents of a case by their order of appearance; those of a request have their own order."""

    def __init__(self, of_case: bool) -> None:
        self._of_case = of_case
        self._seen: dict[str, AnswerSource] = {}

    def cited(self, citations: Sequence[composed.Citation]) -> tuple[Citation, ...]:
        return tuple(self._one(found) for found in citations)

    def passed_over(
        self, passages: Sequence[composed.Nearest] | Sequence[composed.LeftOut]
    ) -> tuple[PassedOver, ...]:
        return tuple(PassedOver(passage=self._one(one.citation), reason=one.reason) for one in passages)

    def sources(self) -> tuple[AnswerSource, ...]:
        return tuple(self._seen.values())

    def _one(self, found: composed.Citation) -> Citation:
        return Citation(
            document=self._place(found),
            page=found.page,
            start=found.start,
            end=found.end,
            quote=found.quote,
            score=found.score,
        )

    def _place(self, found: composed.Citation) -> int:
        if not self._of_case:
            return int(found.document)
        identity = str(found.document)
        self._seen.setdefault(identity, AnswerSource(document_id=identity, name=found.name))
        return list(self._seen).index(identity)


def _ms(since: float) -> float:
    return round((time.perf_counter() - since) * 1000, 2)
