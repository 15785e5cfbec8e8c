"""An answer over passages or texts: code decides, a model may say it, and each sentence shows its source.

``structured``: the model drafts over several passages; what does not hold is removed. ``plain``: it phrases
the one best passage. ``extractive``: it is not asked. Whatever goes wrong, the passages' own words are the
answer where they answer, and it is said who wrote it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from casewright.engines.base import Engine
from casewright.errors import EmbeddingError, ServiceBusy
from casewright.knowledge.answer import Decision, decide
from casewright.knowledge.asking import Said, ask
from casewright.knowledge.budget import Budget, Count, estimate
from casewright.knowledge.cite import Checker
from casewright.knowledge.composed import (
    Answer,
    Citation,
    LeftOut,
    Mode,
    Removed,
    Sentence,
    citation,
    extract,
)
from casewright.knowledge.draft import MAX_SENTENCES, frame, sentences
from casewright.knowledge.phrase import MAX_QUESTION_CHARS, MAX_TOKENS, phrase, prompt
from casewright.knowledge.pieces import Piece, pieces
from casewright.knowledge.ports import Embedder
from casewright.knowledge.sources import Source

Decide = Callable[[str, Sequence[str], Mapping[str, float] | None], Awaitable[Decision]]
DRAFT_TOKENS = 256
# A model's context where the engine does not say: what the smallest in use has.
CONTEXT = 2048
# The best passage must be this likely to answer before a model is asked over several.
WORTH_ASKING = 0.05


@dataclass(frozen=True, slots=True)
class Asking:
    """The model that may be asked and how far. ``context`` is its tokens for prompt and answer."""

    engine: Engine
    mode: Mode
    context: int | None = None
    deadline_s: float = 60.0
    count: Count = estimate

    def budget(self, answer: int) -> Budget:
        """What a prompt may take."""
        return Budget(self.context or CONTEXT, answer, self.count)


async def compose(
    query: str,
    sources: Sequence[Source],
    asking: Asking | None = None,
    *,
    decided: Decide | None = None,
    embedder: Embedder | None = None,
) -> Answer:
    """Answer a question from these sources alone.

    ``decided`` is how the decision is made off the event loop: a thread, if it is not given. With an
    ``embedder`` the likeliest passages are looked at again with how near they are to the question in meaning.
    Whatever the engine or the embedder does is a warning.
    """
    texts = [source.text for source in sources]
    decision, warning = await _decided(query, texts, decided or _in_thread, embedder)
    found = _warned(extract(decision, sources), warning)
    if asking is None or asking.mode == "extractive":
        return found
    if len(query) > MAX_QUESTION_CHARS:
        return _warned(
            found, f"the model was not asked: the question is longer than {MAX_QUESTION_CHARS} characters"
        )
    if asking.mode == "structured":
        return await _structured(query, sources, asking, decision, found)
    return await _plain(query, asking, decision, found) if decision.grounded else found


async def _in_thread(
    query: str, texts: Sequence[str], closeness: Mapping[str, float] | None = None
) -> Decision:
    return await asyncio.to_thread(decide, query, texts, closeness)


async def _decided(
    query: str, texts: Sequence[str], decided: Decide, embedder: Embedder | None
) -> tuple[Decision, str | None]:
    """The decision; with an embedder made twice, the second time over the likeliest passages."""
    first = await decided(query, texts, None)
    near = list(dict.fromkeys(found.passage.quote for found in first.nearest))
    if embedder is None or not near:
        return first, None
    try:
        vectors = await embedder.embed([query, *near])
    except (EmbeddingError, ServiceBusy) as error:
        return first, f"meaning was not looked at ({error.kind}): {error.message}"
    closeness = {text: float(vectors[0] @ vector) for text, vector in zip(near, vectors[1:], strict=True)}
    return await decided(query, texts, closeness), None


def _warned(found: Answer, *warnings: str | None) -> Answer:
    return replace(found, warnings=(*found.warnings, *(warning for warning in warnings if warning)))


async def _plain(query: str, asking: Asking, decision: Decision, found: Answer) -> Answer:
    """The best passage phrased by the model, or as it stands."""
    budget = asking.budget(MAX_TOKENS)
    if budget.room(prompt(query, decision)) < 0:
        left = tuple(
            LeftOut(cited, f"it does not fit into the model's {budget.context} tokens")
            for cited in found.citations
        )
        return _warned(
            replace(found, left_out=left), "the model was not asked: the passage is too long for it"
        )
    said = await phrase(query, decision, asking.engine, asking.deadline_s)
    found = replace(found, asked=said.asked, usage=said.usage, model=said.model)
    if said.answer is None:
        removed = (Removed(said.refused, said.faults),) if said.refused else ()
        return _warned(replace(found, removed=removed), said.warning)
    checker = await asyncio.to_thread(Checker, query, [passage.quote for passage in decision.cited])
    verdict = await asyncio.to_thread(checker.names_of, said.answer)
    if verdict:
        removed = (Removed(said.answer, verdict),)
        return _warned(replace(found, removed=removed), f"the model's words were not used: {verdict[0]}")
    sentence = Sentence(said.answer, found.citations, "model")
    return replace(found, answer=said.answer, sentences=(sentence,), strategy="plain", answered_by="model")


async def _structured(
    query: str, sources: Sequence[Source], asking: Asking, decision: Decision, found: Answer
) -> Answer:
    """Sentences drafted over several passages, those that hold; else what the code found."""
    best = max((near.passage.score for near in decision.nearest), default=0.0)
    if best < WORTH_ASKING:
        return found
    candidates = pieces(decision, sources)
    around = frame(query, [piece.text for piece in candidates])
    marked = [around.passage(number, piece.text) for number, piece in enumerate(candidates, 1)]
    budget = asking.budget(DRAFT_TOKENS)
    taken = budget.fitting(around.text, marked)
    left = tuple(
        LeftOut(piece.cited(sources), f"it does not fit into the model's {budget.context} tokens")
        for place, piece in enumerate(candidates)
        if place not in taken
    )
    found = replace(found, left_out=left)
    if not taken:
        return _warned(found, "the model was not asked: no passage fits into its context")
    said = await ask(
        asking.engine, around.messages([marked[place] for place in taken]), DRAFT_TOKENS, asking.deadline_s
    )
    found = replace(found, asked=True, usage=said.usage, model=said.model)
    given = [candidates[place] for place in taken]
    kept, removed, warning = await asyncio.to_thread(_verified, query, said, given, sources)
    found = replace(found, removed=removed)
    if not kept:
        return _warned(found, warning)
    return replace(
        _warned(found, warning),
        answer=" ".join(sentence.text for sentence in kept),
        grounded=True,
        reason=f"{len(kept)} of the model's {len(kept) + len(removed)} sentences hold against what they cite",
        sentences=kept,
        nearest=(),
        strategy="structured",
        answered_by="model",
    )


def _verified(
    query: str, said: Said, given: Sequence[Piece], sources: Sequence[Source]
) -> tuple[tuple[Sentence, ...], tuple[Removed, ...], str | None]:
    """The sentences that hold, those that do not, and what there is to say of it."""
    if said.text is None:
        return (), (), said.warning
    drafted = sentences(said.text)
    if not drafted:
        return (), (), "the model found no answer in the passages"
    checker = Checker(query, [piece.text for piece in given])
    kept: list[Sentence] = []
    removed: list[Removed] = []
    for number, text in enumerate(drafted, 1):
        if number > MAX_SENTENCES:
            removed.append(Removed(text, (f"it is beyond the first {MAX_SENTENCES} sentences",)))
        elif said.cut_short and number == len(drafted):
            removed.append(Removed(text, ("it was cut short",)))
        elif any(text == sentence.text for sentence in kept):
            removed.append(Removed(text, ("it says the same again",)))
        else:
            verdict = checker.check(text)
            if verdict.passages:
                cited = tuple(
                    _cited(passage_of, given, sources, verdict.score) for passage_of in verdict.spans
                )
                kept.append(Sentence(text, cited, "model"))
            else:
                removed.append(Removed(text, verdict.faults))
    warning = f"{len(removed)} of the model's {len(drafted)} sentences were not used" if removed else None
    return tuple(kept), tuple(removed), warning


def _cited(
    span: tuple[int, int, int], given: Sequence[Piece], sources: Sequence[Source], score: float
) -> Citation:
    """A span of a piece, where it stands in its document."""
    number, start, end = span
    piece = given[number]
    return citation(sources[piece.source], piece.start + start, piece.start + end, score)
