"""An answer over passages: each sentence with its source, and what was not used with its reason."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from casewright.engines.scripted import Fail, Say, Script, ScriptedEngine
from casewright.errors import EmbeddingWorkerLost
from casewright.knowledge.answer import NOT_IN_DOCUMENTS
from casewright.knowledge.compose import Asking, compose
from casewright.knowledge.composed import Answer
from casewright.knowledge.ports import Vectors
from casewright.knowledge.records import Chunk, Hit, Stamp, StoredChunk
from casewright.knowledge.sources import Source, from_hits, from_texts
from casewright.values import Usage

TEXT = (
    "Client: Anna Lee\n\nThe rent is £450 a month. The rent is due on the first day of the month.\n\n"
    "The landlord is Mr Patel. He has not repaired the boiler."
)
RENT = "How much is the rent and when is it due?"


def saying(text: str, reason: str = "stop") -> ScriptedEngine:
    script = Script((Say(text),), Usage(prompt_tokens=90, output_tokens=9), reason)
    return ScriptedEngine(lambda _request: script)


def structured(text: str, context: int = 4096) -> Asking:
    return Asking(saying(text), "structured", context)


def hit(
    number: int, start: int, end: int, *, page: int = 1, document: str = "doc-1", text: str = TEXT
) -> Hit:
    chunk = Chunk(number, page, start, end, text[start:end], 10)
    return Hit(StoredChunk(number, document, 1, "note.docx", chunk), 1.0 / number)


def assert_sound(found: Answer, sources: Sequence[Source], whole: dict[int | str, str]) -> None:
    for sentence in found.sentences:
        assert sentence.citations
    for citation in found.citations:
        assert whole[citation.document][citation.start : citation.end] == citation.quote
    assert found.grounded == bool(found.sentences)
    if found.answered_by == "model":
        assert all(sentence.origin == "model" for sentence in found.sentences)


async def test_the_sentences_that_hold_are_kept_and_the_others_are_shown_with_their_fault() -> None:
    said = "The rent is £450 a month. The rent is due on the third day of the month. The sky is blue."
    sources = from_texts([TEXT])
    found = await compose("How much is the rent?", sources, structured(said))
    assert_sound(found, sources, {0: TEXT})
    assert found.answer == "The rent is £450 a month."
    assert (found.answered_by, found.strategy, found.grounded, found.asked) == (
        "model",
        "structured",
        True,
        True,
    )
    assert [removed.text for removed in found.removed] == [
        "The rent is due on the third day of the month.",
        "The sky is blue.",
    ]
    assert all(removed.reasons for removed in found.removed)
    assert found.usage == Usage(prompt_tokens=90, output_tokens=9)
    assert any("2 of the model's 3" in warning for warning in found.warnings)


async def test_nothing_that_holds_is_an_extract_and_marked_so() -> None:
    found = await compose("How much is the rent?", from_texts([TEXT]), structured("The rent is £540."))
    assert found.answer == "The rent is £450 a month."
    assert (found.answered_by, found.strategy, found.asked) == ("code", "extractive", True)
    assert [sentence.origin for sentence in found.sentences] == ["code"]
    assert found.removed[0].text == "The rent is £540."


async def test_without_an_engine_it_is_an_extract() -> None:
    found = await compose("How much is the rent?", from_texts([TEXT]))
    assert (found.answer, found.strategy, found.asked) == ("The rent is £450 a month.", "extractive", False)
    assert found.model is None


async def test_what_the_file_does_not_say_shows_what_came_near() -> None:
    engine = saying("The gas bill is £450 a month.")
    found = await compose(
        "How much is the gas bill of the landlord?", from_texts([TEXT]), Asking(engine, "structured", 4096)
    )
    assert (found.grounded, found.answer, found.citations) == (False, NOT_IN_DOCUMENTS, ())
    assert found.nearest
    for near in found.nearest:
        assert TEXT[near.citation.start : near.citation.end] == near.citation.quote
        assert near.reason


async def test_passages_of_a_search_are_cited_in_their_document_and_page() -> None:
    second = TEXT.index("The landlord")
    hits = [hit(1, second, len(TEXT), page=2), hit(2, 0, second - 2), hit(3, 18, second - 2)]
    sources = from_hits(hits)
    assert [source.offset for source in sources] == [second, 0]
    found = await compose("How much is the rent?", sources)
    assert_sound(found, sources, {"doc-1": TEXT})
    (citation,) = found.citations
    assert (citation.document, citation.name, citation.page) == ("doc-1", "note.docx", 1)
    landlord = await compose("Who is the landlord?", sources)
    assert [citation.page for citation in landlord.citations] == [2]


def test_passages_that_overlap_become_one_text_and_keep_their_pages() -> None:
    hits = [hit(1, 30, 90, page=2), hit(2, 10, 40, page=1), hit(3, 95, 120, page=2)]
    first, other = from_hits(hits)
    assert (first.offset, first.text) == (10, TEXT[10:90])
    assert (first.page(0), first.page(29), first.page(79)) == (1, 1, 2)
    assert (other.offset, other.text) == (95, TEXT[95:120])
    assert from_hits([]) == ()


async def test_what_found_no_room_is_said_and_not_given() -> None:
    long = "The rent of the garage was discussed at length. " * 28
    engine = saying("The rent is £450 a month.")
    sources = from_texts([TEXT, long])
    found = await compose("How much is the rent?", sources, Asking(engine, "structured", 700))
    assert [left.citation.document for left in found.left_out] == [1]
    assert "700 tokens" in found.left_out[0].reason
    (request,) = engine.requests
    assert "garage" not in request.messages[1].content
    nothing = await compose("How much is the rent?", sources, structured("The rent is £450.", context=300))
    assert {left.citation.document for left in nothing.left_out} == {0, 1}
    assert (nothing.answered_by, nothing.asked) == ("code", False)
    assert any("not asked" in warning for warning in nothing.warnings)


async def test_a_long_text_is_given_by_its_paragraphs() -> None:
    filler = "The visit took place and nothing else was said about it on that day.\n\n" * 200
    text = filler + "The ground rent is £77 a year.\n\n" + filler
    engine = saying("The ground rent is £77 a year.")
    found = await compose(
        "How much is the ground rent?", from_texts([text]), Asking(engine, "structured", 2048)
    )
    assert_sound(found, from_texts([text]), {0: text})
    assert found.answered_by == "model"
    assert len(engine.requests[0].messages[1].content) < 6000


async def test_a_plain_answer_rests_on_the_best_passage_alone() -> None:
    engine = saying("The rent is £450.")
    found = await compose("How much is the rent?", from_texts([TEXT]), Asking(engine, "plain", 2048))
    assert (found.answer, found.answered_by, found.strategy) == ("The rent is £450.", "model", "plain")
    assert [citation.quote for citation in found.citations] == ["The rent is £450 a month."]
    refused = await compose(
        "How much is the rent?", from_texts([TEXT]), Asking(saying("It is £540."), "plain", 2048)
    )
    assert (refused.answered_by, refused.strategy) == ("code", "extractive")
    assert refused.removed[0].text == "It is £540."
    cramped = await compose("How much is the rent?", from_texts([TEXT]), Asking(engine, "plain", 64))
    assert cramped.left_out
    assert not cramped.asked


async def test_a_name_from_the_question_alone_is_not_said_of_a_passage_without_it() -> None:
    text = "Client: Anna Lee\n\nShe owes £300 to the bank."
    found = await compose(
        "How much does Anna owe?", from_texts([text]), Asking(saying("Anna owes £300."), "plain", 2048)
    )
    assert found.answer == "She owes £300 to the bank."
    assert "Anna" in found.removed[0].reasons[0]


@pytest.mark.parametrize("kind", ["overloaded", "connection_refused", "context_overflow"])
async def test_an_engine_that_fails_is_a_warning(kind: str) -> None:
    engine = ScriptedEngine(lambda _request: Script((Fail(kind),)))
    found = await compose("How much is the rent?", from_texts([TEXT]), Asking(engine, "structured", 4096))
    assert found.answer == "The rent is £450 a month."
    assert any(f"({kind})" in warning for warning in found.warnings)


async def test_a_sentence_cut_short_and_one_said_twice_are_removed() -> None:
    engine = saying("The rent is £450 a month. The rent is £450 a month. The rent is £450", "length")
    found = await compose("How much is the rent?", from_texts([TEXT]), Asking(engine, "structured", 4096))
    assert found.answer == "The rent is £450 a month."
    assert [removed.reasons for removed in found.removed] == [
        ("it says the same again",),
        ("it was cut short",),
    ]


class Near:
    """Takes texts to be near that share their first word with the question; fails if it is told to."""

    stamp = Stamp("near", "0" * 64, 2)
    max_tokens = 256

    def __init__(self, *, lost: bool = False) -> None:
        self.asked: list[str] = []
        self.lost = lost

    async def embed(self, texts: Sequence[str]) -> Vectors:
        if self.lost:
            raise EmbeddingWorkerLost("the process ended", hint="repeat it")
        self.asked = list(texts)
        return np.array([[1.0, 0.0]] * len(texts), dtype=np.float32)


async def test_meaning_is_looked_at_only_of_the_likeliest_passages_and_may_fail() -> None:
    embedder = Near()
    found = await compose("How much is the rent?", from_texts([TEXT]), embedder=embedder)
    assert found.answer == "The rent is £450 a month."
    assert embedder.asked[0] == "How much is the rent?"
    assert 1 < len(embedder.asked) <= 9
    lost = await compose("How much is the rent?", from_texts([TEXT]), embedder=Near(lost=True))
    assert lost.answer == "The rent is £450 a month."
    assert any("meaning was not looked at" in warning for warning in lost.warnings)
