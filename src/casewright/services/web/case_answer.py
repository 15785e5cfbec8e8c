"""An answer out of a case as people check it: each sentence, and the words it rests on where they stand."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from casewright.api.client import Client
from casewright.api.documents import DocumentAnswer
from casewright.api.rag import AnswerSentence, AnswerSource, Citation, PassedOver, QueryResponse
from casewright.errors import CasewrightError
from casewright.services.web.quotes import Shown, Source, show


@dataclass(frozen=True, slots=True)
class Cited:
    """A citation with its place; ``unseen`` says why it could not be looked up in its document, if so.

    ``original`` names the file at the document service where the page can be looked at; None where not.
    """

    shown: Shown
    start: int
    end: int
    unseen: str
    original: str | None


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence of the answer and the numbers of its citations."""

    text: str
    by_model: bool
    numbers: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class CaseAnswer:
    """The answer with its sentences and its citations by number.

    ``near`` came nearest where nothing answers, ``left`` the model was not given; each with its reason.
    """

    found: QueryResponse
    sentences: tuple[Said, ...]
    cited: tuple[Cited, ...]
    near: tuple[tuple[Cited, str], ...]
    left: tuple[tuple[Cited, str], ...]


@dataclass(frozen=True, slots=True)
class _Kept:
    """A source of the answer as the document service has it; ``unseen`` says why not, if so."""

    name: str
    document: DocumentAnswer | None
    unseen: str = ""


async def shown_answer(client: Client, found: QueryResponse) -> CaseAnswer:
    """The answer with every quote looked up in the document that it names."""
    kept = await asyncio.gather(*(_kept(client, found.case_id or "", source) for source in found.sources))
    citations = _in_order(found)
    sentences = found.sentences or _as_one(found)
    numbers = {_place(citation): number for number, citation in enumerate(citations, 1)}
    return CaseAnswer(
        found,
        tuple(
            Said(
                sentence.text,
                sentence.origin == "model",
                tuple(dict.fromkeys(numbers[_place(one)] for one in sentence.citations)),
            )
            for sentence in sentences
        ),
        _cited(citations, kept),
        _passed_over(found.nearest, kept),
        _passed_over(found.left_out, kept),
    )


async def _kept(client: Client, case_id: str, source: AnswerSource) -> _Kept:
    """The document at the document service; what is not there is told with the citation, not as an error."""
    try:
        record = await client.case_document(case_id, source.document_id)
        # while a newer version is read, the original may be that one's already
        if record.original is None or record.version != record.newest:
            return _Kept(source.name, None, "no original of it is kept")
        document = await client.document(record.original)
    except CasewrightError as error:
        return _Kept(source.name, None, error.message)
    return _Kept(source.name, document, "" if document.reading is not None else "it is not read yet")


def _in_order(found: QueryResponse) -> list[Citation]:
    """Citations in the order in which the sentences speak of them, each once."""
    told = [one for sentence in found.sentences for one in sentence.citations]
    return list({_place(one): one for one in (*told, *found.citations)}.values())


def _place(citation: Citation) -> tuple[int, int, int]:
    return citation.document, citation.start, citation.end


def _as_one(found: QueryResponse) -> tuple[AnswerSentence, ...]:
    if not found.grounded:
        return ()
    return (AnswerSentence(text=found.answer, origin=found.answered_by, citations=found.citations),)


def _cited(citations: Sequence[Citation], kept: Sequence[_Kept]) -> tuple[Cited, ...]:
    sources = [Source(one.name, _text(one)) for one in kept]
    return tuple(
        _one(citation, shown, kept)
        for citation, shown in zip(citations, show(tuple(citations), sources), strict=True)
    )


def _passed_over(passages: Sequence[PassedOver], kept: Sequence[_Kept]) -> tuple[tuple[Cited, str], ...]:
    found = _cited([one.passage for one in passages], kept)
    return tuple(zip(found, (one.reason for one in passages), strict=True))


def _one(citation: Citation, shown: Shown, kept: Sequence[_Kept]) -> Cited:
    known = (
        kept[citation.document]
        if citation.document < len(kept)
        else _Kept("", None, "its document is not named")
    )
    document = known.document
    on_page = document is not None and citation.page is not None and citation.page <= document.image_pages
    original = document.document_id if document is not None and on_page and shown.verbatim else None
    return Cited(shown, citation.start, citation.end, known.unseen, original)


def _text(kept: _Kept) -> str:
    document = kept.document
    return document.reading.markdown if document is not None and document.reading is not None else ""
