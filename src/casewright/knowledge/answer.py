"""The decision: these sentences answer the question, or the documents do not say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from casewright.knowledge.evidence import Evidence, Passage
from casewright.knowledge.judge import STRICT, Judge, Judged
from casewright.knowledge.kinds import values
from casewright.knowledge.question import Question, understand
from casewright.knowledge.rank import Ranked, rank
from casewright.knowledge.terms import Reader

NOT_IN_DOCUMENTS = "The documents do not say."
MAX_CITED = 3
MAX_NEAREST = 8
# Passages this near to the best are taken to answer too; if they say otherwise, all are cited.
NEAR = 0.08


@dataclass(frozen=True, slots=True)
class Cited:
    """One cited passage: ``documents[document][start:end] == quote``; ``score`` is how likely it answers."""

    document: int
    start: int
    end: int
    quote: str
    score: float


@dataclass(frozen=True, slots=True)
class Near:
    """A passage worth a look: ``fault`` says why it was not taken, and is None for one that was."""

    passage: Cited
    fault: str | None


@dataclass(frozen=True, slots=True)
class Decision:
    """``answer`` is the cited passages' own words, or that the documents do not say.

    ``nearest`` are the passages that came nearest, best first, whether they were taken or not.
    """

    grounded: bool
    answer: str
    reason: str
    cited: tuple[Cited, ...]
    passages: int
    nearest: tuple[Near, ...] = ()


def decide(query: str, documents: Sequence[str], closeness: Mapping[str, float] | None = None) -> Decision:
    """Answer a question from these documents alone, by code alone.

    ``closeness`` are the cosines of passages' texts to the question: then only those passages are looked at.
    """
    reader = Reader()
    evidence = Evidence(documents, reader)
    ranked = rank(reader.read(query), evidence, reader)
    evidence.learn_words(ranked.passages, query)
    question = understand(query, reader, evidence.known_names, evidence.common_words)
    if not ranked.total:
        return _unanswered("the documents hold no text", ranked)
    if question.empty:
        return _unanswered("the question names nothing that could be looked for", ranked)
    judge = Judge(question, evidence, ranked, closeness)
    looked_at = (passage for passage in ranked.passages if not closeness or passage.text in closeness)
    judged = [judge.judge(passage) for passage in looked_at]
    nearest = _nearest(judged)
    accepted = [found for found in judged if found.fault is None]
    if not accepted:
        return _unanswered(_why_not(judged, question, ranked), ranked, nearest)
    return _answered(accepted, question, evidence, ranked, nearest)


def _unanswered(reason: str, ranked: Ranked, nearest: tuple[Near, ...] = ()) -> Decision:
    return Decision(False, NOT_IN_DOCUMENTS, reason, (), ranked.total, nearest)


def _nearest(judged: Sequence[Judged]) -> tuple[Near, ...]:
    worth = [found for found in judged if found.score > 0]
    worth.sort(
        key=lambda found: (found.stage == 0, -found.score, found.passage.document, found.passage.index)
    )
    return tuple(Near(_cited(found.passage, found.score), found.fault) for found in worth[:MAX_NEAREST])


def _cited(passage: Passage, score: float) -> Cited:
    span = passage.span
    return Cited(passage.document, span.start, span.end, passage.text, round(min(1.0, score), 3))


def _answered(
    accepted: Sequence[Judged],
    question: Question,
    evidence: Evidence,
    ranked: Ranked,
    nearest: tuple[Near, ...],
) -> Decision:
    best = max(found.score for found in accepted)
    near = [found for found in accepted if found.score >= best - NEAR]
    near.sort(key=lambda found: (-found.score, found.passage.document, found.passage.index))
    said: dict[frozenset[str], Judged] = {}
    for found in near:
        said.setdefault(values(found.passage, question), found)
    chosen = list(said.values())[:MAX_CITED] if question.asked not in STRICT else near[:1]
    chosen = _without_weaker(chosen)
    passages = [found.passage for found in chosen]
    if len(passages) == 1:
        passages += _list_below(passages[0], evidence)
    score = {id(found.passage): found.score for found in chosen}
    cited = tuple(_cited(passage, score.get(id(passage), chosen[0].score)) for passage in passages)
    reason = (
        f"{len(chosen)} passages answer and do not say the same: all are cited"
        if len(chosen) > 1
        else f"the cited passage is {round(100 * best)} % likely to answer, by the words it shares"
    )
    answer = "\n".join(passage.quote for passage in cited)
    return Decision(True, answer, reason, cited, ranked.total, nearest)


def _without_weaker(chosen: list[Judged]) -> list[Judged]:
    """A passage that carries the question in itself outdoes one that owes it to what stands around it."""
    whole = [found for found in chosen if not found.missing]
    return whole or chosen


def _list_below(passage: Passage, evidence: Evidence) -> list[Passage]:
    """The lines after one that ends with a colon: without them it says nothing."""
    found: list[Passage] = []
    following = evidence.after(passage) if passage.text.endswith(":") else None
    while following is not None and len(found) < MAX_CITED - 1:
        found.append(following)
        following = evidence.after(following)
    return found


def _why_not(judged: Sequence[Judged], question: Question, ranked: Ranked) -> str:
    """The fault of the passage that came nearest, and the words that no document has."""
    absent = [
        question.words[wanted]
        for wanted in question.concepts
        if not ranked.held.get(wanted) and wanted not in question.light | question.kind_concepts
    ]
    nearest = max(judged, key=lambda found: (found.stage, found.score), default=None)
    if absent:
        return "no document mentions " + ", ".join(f"'{word}'" for word in absent[:3])
    if nearest is None or nearest.stage == 0 or nearest.fault is None:
        return "no passage speaks of what is asked"
    return f"the nearest passage was not taken: {nearest.fault}"
