"""The shape of an answer: sentences with where they stand, and everything that was not used, with why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from casewright.knowledge.answer import Cited, Decision
from casewright.knowledge.sources import Source
from casewright.values import Usage

Origin = Literal["code", "model"]
Mode = Literal["extractive", "plain", "structured"]


@dataclass(frozen=True, slots=True)
class Citation:
    """``quote`` is verbatim at ``start:end`` of the document's text; ``score`` is 0 to 1."""

    document: int | str
    name: str
    page: int | None
    start: int
    end: int
    quote: str
    score: float


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence of the answer. A model's holds against its citations; code's is its citation."""

    text: str
    citations: tuple[Citation, ...]
    origin: Origin


@dataclass(frozen=True, slots=True)
class Removed:
    """What a model said and is not in the answer."""

    text: str
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Nearest:
    """A passage that came near, and why it was not taken."""

    citation: Citation
    reason: str


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A passage that the model was not given, as the prompt had no room for it."""

    citation: Citation
    reason: str


@dataclass(frozen=True, slots=True)
class Answer:
    """``answer`` is the sentences, or that the documents do not say. ``strategy`` is how it was made.

    ``reason`` says why it is grounded or not. ``asked`` is whether a model was asked; ``answered_by`` is
    ``model`` only if every sentence is a model's. ``usage`` is None where no token was made.
    """

    answer: str
    grounded: bool
    reason: str
    sentences: tuple[Sentence, ...]
    strategy: Mode
    answered_by: Origin = "code"
    asked: bool = False
    removed: tuple[Removed, ...] = ()
    nearest: tuple[Nearest, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    warnings: tuple[str, ...] = ()
    usage: Usage | None = None
    model: str | None = None

    @property
    def citations(self) -> tuple[Citation, ...]:
        """Each place once, in the order of the sentences."""
        return tuple(dict.fromkeys(found for sentence in self.sentences for found in sentence.citations))


def citation(source: Source, start: int, end: int, score: float) -> Citation:
    """Where ``source.text[start:end]`` stands in its document."""
    return Citation(
        document=source.document,
        name=source.name,
        page=source.page(start),
        start=source.offset + start,
        end=source.offset + end,
        quote=source.text[start:end],
        score=round(min(1.0, score), 3),
    )


def extract(decision: Decision, sources: Sequence[Source]) -> Answer:
    """The decision as an answer: the passages' own words."""
    near = [
        Nearest(place(found.passage, sources), found.fault)
        for found in decision.nearest
        if found.fault is not None
    ]
    return Answer(
        answer=decision.answer,
        grounded=decision.grounded,
        reason=decision.reason,
        sentences=tuple(Sentence(cited.quote, (place(cited, sources),), "code") for cited in decision.cited),
        strategy="extractive",
        nearest=() if decision.grounded else tuple(near[:3]),
    )


def place(cited: Cited, sources: Sequence[Source]) -> Citation:
    """A passage of the decision, where it stands in its document."""
    return citation(sources[cited.document], cited.start, cited.end, cited.score)
