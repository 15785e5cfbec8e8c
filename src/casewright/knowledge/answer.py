"""The decision: these sentences answer the question, or the documents do not say.

Every rule errs towards "do not say": a caseworker can look again, and will not check what
looks right.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from casewright.knowledge.evidence import Evidence, Passage
from casewright.knowledge.kinds import gives, values
from casewright.knowledge.names import Name
from casewright.knowledge.question import Question, understand
from casewright.knowledge.rank import Ranked, rank
from casewright.knowledge.terms import Reader, Token, concept, dates_agree
from casewright.knowledge.words import WISHES

NOT_IN_DOCUMENTS = "The documents do not say."
MAX_CITED = 3
# The share of the question's weight that a passage must carry; set on the development set (docs/rag.md).
NEEDED = 0.6
NEEDED_OPEN = 0.7
# What a concept counts for that stands not in the passage but right before it.
CONTEXT = 0.6
LIGHT_WEIGHT = 0.2
MINIMUM_WEIGHT = 0.5
# Passages this near to the best are taken to answer too; if they say otherwise, all are cited.
NEAR = 0.08
_STRICT = frozenset({"yes_no", "open", "cause", "definition"})


@dataclass(frozen=True, slots=True)
class Cited:
    """One cited passage: ``documents[document][start:end] == quote``; ``score`` is the weight it carries."""

    document: int
    start: int
    end: int
    quote: str
    score: float


@dataclass(frozen=True, slots=True)
class Decision:
    """``answer`` is the cited passages' own words, or that the documents do not say."""

    grounded: bool
    answer: str
    reason: str
    cited: tuple[Cited, ...]
    passages: int


@dataclass(frozen=True, slots=True)
class _Judged:
    """A passage held against the question; ``fault`` is None if it answers."""

    passage: Passage
    score: float
    missing: tuple[str, ...]
    fault: str | None
    stage: int


def decide(query: str, documents: Sequence[str]) -> Decision:
    """Answer a question from these documents alone, by code alone."""
    reader = Reader()
    evidence = Evidence(documents, reader)
    ranked = rank(reader.read(query), evidence, reader)
    evidence.learn_words(ranked.passages, query)
    question = understand(query, reader, evidence.known_names, evidence.common_words)
    if not ranked.total:
        return _unanswered("the documents hold no text", ranked)
    if question.empty:
        return _unanswered("the question names nothing that could be looked for", ranked)
    judged = [_judge(passage, question, evidence, ranked) for passage in ranked.passages]
    accepted = [found for found in judged if found.fault is None]
    if not accepted:
        return _unanswered(_why_not(judged, question, ranked), ranked)
    return _answered(accepted, question, evidence, ranked)


def _unanswered(reason: str, ranked: Ranked) -> Decision:
    return Decision(False, NOT_IN_DOCUMENTS, reason, (), ranked.total)


def _answered(
    accepted: Sequence[_Judged], question: Question, evidence: Evidence, ranked: Ranked
) -> Decision:
    best = max(found.score for found in accepted)
    near = [found for found in accepted if found.score >= best - NEAR]
    near.sort(key=lambda found: (-found.score, found.passage.document, found.passage.index))
    said: dict[frozenset[str], _Judged] = {}
    for found in near:
        said.setdefault(values(found.passage, question), found)
    chosen = list(said.values())[:MAX_CITED] if question.asked not in _STRICT else near[:1]
    chosen = _without_weaker(chosen)
    passages = [found.passage for found in chosen]
    if len(passages) == 1:
        passages += _list_below(passages[0], evidence)
    score = {id(found.passage): found.score for found in chosen}
    cited = tuple(
        Cited(
            passage.document,
            passage.span.start,
            passage.span.end,
            passage.text,
            round(min(1.0, score.get(id(passage), chosen[0].score)), 3),
        )
        for passage in passages
    )
    several = len(chosen) > 1
    reason = (
        f"{len(chosen)} passages answer and do not say the same: all are cited"
        if several
        else f"the cited passage carries {round(100 * min(1.0, best))} % of what the question asks about"
    )
    answer = "\n".join(passage.quote for passage in cited)
    return Decision(True, answer, reason, cited, ranked.total)


def _without_weaker(chosen: list[_Judged]) -> list[_Judged]:
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


def _judge(passage: Passage, question: Question, evidence: Evidence, ranked: Ranked) -> _Judged:
    kind_given = gives(passage, question, evidence)
    score, missing = _coverage(passage, question, evidence, ranked, kind_given)

    def judged(stage: int, fault: str | None) -> _Judged:
        return _Judged(passage, score, missing, fault, stage)

    if passage.text.rstrip().endswith("?"):
        return judged(0, "it is itself a question")
    said = _said(passage, evidence)
    if not _speaks_of_it(passage, question, said) or (question.head and question.head not in said):
        return judged(0, "it does not speak of what is asked")
    stranger = _unnamed(passage, question, evidence)
    if stranger is not None:
        return judged(1, f"it is not said of {stranger}")
    if _done_by_another(passage, question, evidence):
        return judged(1, "it says that of somebody else")
    figure = _absent_figure(passage, question, evidence)
    if figure is not None:
        return judged(1, f"it does not say {figure}")
    if score < (NEEDED_OPEN if question.asked in _STRICT else NEEDED):
        return judged(2, f"it does not mention {_listed(missing, question)}")
    if not kind_given:
        return judged(3, _lacks(question))
    if _denied(passage, question):
        return judged(4, "it says that this is not so")
    if _only_wanted(passage, question):
        return judged(4, "it says that this was to be, not that it is")
    return judged(5, None)


def _said(passage: Passage, evidence: Evidence) -> frozenset[str]:
    """What a passage says; a table's row says what its head says too."""
    head = evidence.table_head(passage)
    return passage.concepts | head.concepts if head is not None else passage.concepts


def _speaks_of_it(passage: Passage, question: Question, said: frozenset[str]) -> bool:
    wanted = set(question.concepts) - question.light
    if wanted & said:
        return True
    words = {token.folded for token in passage.tokens if token.kind == "word"}
    keys = {token.key for token in passage.figures}
    named = any(words.intersection(name.words) for name in question.names)
    about = named or any(figure.key in keys for figure in question.figures)
    return about and not (wanted - question.kind_concepts)


def _coverage(
    passage: Passage, question: Question, evidence: Evidence, ranked: Ranked, kind_given: bool
) -> tuple[float, tuple[str, ...]]:
    """The share of the question's weight in and around a passage, and the concepts not in it itself."""
    if question.light.issuperset(question.concepts) and (question.names or question.figures):
        return 1.0, ()  # "what happened on 3 May?": the date is all there is to go by
    around = frozenset[str]().union(*(near.concepts for near in evidence.before(passage, 2)))
    said = _said(passage, evidence)
    total = carried = 0.0
    missing = []
    for wanted in question.concepts:
        present = wanted in said
        if not present and wanted in question.kind_concepts and kind_given:
            continue
        weight = LIGHT_WEIGHT if wanted in question.light else max(MINIMUM_WEIGHT, ranked.weight(wanted))
        total += weight
        if present:
            carried += weight
        else:
            missing.append(wanted)
            carried += weight * CONTEXT if wanted in around else 0.0
    return (carried / total if total else 1.0), tuple(missing)


def _unnamed(passage: Passage, question: Question, evidence: Evidence) -> Name | None:
    """A person or body that the question names and the passage is not about."""
    if not question.names:
        return None
    about = evidence.about(passage, person_asked=question.asked == "person")
    words = {token.folded for token in passage.tokens if token.kind == "word"}
    for name in question.names:
        if any(name.same(other) for other in about):
            continue
        rivals = [other for other in evidence.names(passage) if set(other.words) & set(name.words)]
        if set(name.words) <= words and not rivals:
            continue
        return name
    return None


def _done_by_another(passage: Passage, question: Question, evidence: Evidence) -> bool:
    """Whether the passage names people and, before what the question says one of them does, only others."""
    own = evidence.names(passage)
    if question.doer is None or not own:
        return False
    doer, act = question.doer
    nearest: Name | None = None
    found = []
    for token in passage.tokens:
        nearest = next((name for name in own if token.folded in name.words), nearest)
        if token.kind == "word" and token.key and concept(token.key) == act:
            found.append(nearest)
    return bool(found) and not any(name is None or name.same(doer) for name in found)


def _absent_figure(passage: Passage, question: Question, evidence: Evidence) -> str | None:
    """A reference, date or number in the question that the passage (or the one before it) does not have."""
    if question.asked == "yes_no":
        wanted = [figure for figure in question.figures if figure.kind == "identifier"]
    else:
        wanted = list(question.figures)
    for figure in wanted:
        own = [other for other in passage.figures if other.kind == figure.kind]
        if not own:  # it says nothing else either: what stands right before may hold
            own = [other for near in evidence.before(passage, 1) for other in near.figures]
        same = dates_agree if figure.kind == "date" else str.__eq__
        if not any(same(figure.key, other.key) for other in (*own, *passage.figures)):
            return figure.text
    return None


def _denied(passage: Passage, question: Question) -> bool:
    """Whether it denies what a question about a value takes for granted."""
    if question.asked == "yes_no" or question.negative:
        return False
    return bool(passage.negated & (set(question.concepts) - question.light))


def _only_wanted(passage: Passage, question: Question) -> bool:
    """Whether what the question takes as done is only "to" be done there ("asked him to repair it")."""
    intended: set[str] = set()
    stated: set[str] = set()
    tokens = passage.tokens
    for at, token in enumerate(tokens):
        if token.kind == "word" and token.key:
            wished = at > 1 and tokens[at - 1].folded == "to" and _wish(tokens[max(0, at - 6) : at - 1])
            (intended if wished else stated).add(concept(token.key))
    return bool((intended - stated - question.intended) & (set(question.concepts) - question.light))


def _wish(tokens: Sequence[Token]) -> bool:
    return any(token.folded in WISHES for token in tokens)


def _listed(concepts: Sequence[str], question: Question) -> str:
    words = [question.words[missing] for missing in concepts][:3]
    return ", ".join(f"'{word}'" for word in words) or "enough of it"


_LACKING = {
    "amount": "an amount",
    "date": "a date",
    "time": "a time",
    "person": "a name",
    "place": "a place",
    "count": "a number",
    "percent": "a percentage",
    "identifier": "a reference",
    "phone": "a telephone number",
    "email": "an email address",
    "cause": "a reason",
    "definition": "a definition",
}


def _lacks(question: Question) -> str:
    return f"it does not give {_LACKING.get(question.asked, 'an answer')}"


def _why_not(judged: Sequence[_Judged], question: Question, ranked: Ranked) -> str:
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
