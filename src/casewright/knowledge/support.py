"""Whether a model's words hold against the sentences they are about; pure.

Held to: every figure stands in the cited text; every name and content word there or in the question; what is
denied there is denied here; a doubt is not dropped; a figure stands with the words it stands with in the
text. A fault costs only the model's phrasing (the cited sentences are sent instead), so
every doubt is a fault.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from casewright.knowledge.names import names_in
from casewright.knowledge.terms import FIGURES, Kind, Reader, Token, date_within
from casewright.knowledge.words import HEDGES, LIMITS, NEGATIONS, TITLES

MAX_CHARS = 600
# Figures that can be mistaken for one another.
_CLASSES: tuple[frozenset[Kind], ...] = (
    frozenset({"amount", "number", "percent"}),
    frozenset({"date", "time"}),
    frozenset({"identifier", "phone", "email"}),
)
_YES, _NO = frozenset({"yes"}), frozenset({"no"})


@dataclass(frozen=True, slots=True)
class _Words:
    text: str
    tokens: tuple[Token, ...]

    @property
    def figures(self) -> list[Token]:
        return [token for token in self.tokens if token.kind in FIGURES]

    @property
    def content(self) -> list[Token]:
        return [token for token in self.tokens if token.kind == "word" and token.key]

    @property
    def folded(self) -> set[str]:
        return {token.folded for token in self.tokens if token.kind == "word"}

    @property
    def denies(self) -> bool:
        return any(word in NEGATIONS or word.endswith("n't") for word in self.folded)


def faults(answer: str, question: str, cited: Sequence[str]) -> tuple[str, ...]:
    """What does not hold, in words for a person; empty if everything does."""
    reader = Reader()
    said, asked = _Words(answer, reader.read(answer)), _Words(question, reader.read(question))
    source = _Words("\n".join(cited), reader.read("\n".join(cited)))
    if not answer.strip():
        return ("it says nothing",)
    if len(answer) > MAX_CHARS:
        return (f"it is longer than {MAX_CHARS} characters",)
    found = [
        *_figures(said, asked, source),
        *_content(said, asked, source),
        *_denial(said, source),
        *_doubts(said, asked, source),
    ]
    if not found:  # what stands in the text may still stand there with something else
        found = [*_bindings(said, asked, source), *_order(said, source)]
    return tuple(dict.fromkeys(found))


def _figures(said: _Words, asked: _Words, source: _Words) -> Iterable[str]:
    for figure in said.figures:
        if not _stands(figure, source.figures):
            yield f"'{figure.text}' is not in the cited text"
    if said.folded & _YES:
        for figure in asked.figures:
            if not _stands(figure, source.figures):
                yield f"it says yes to '{figure.text}', which is not in the cited text"


def _stands(figure: Token, figures: Iterable[Token]) -> bool:
    if figure.kind == "date":
        return any(date_within(figure.key, other.key) for other in figures if other.kind == "date")
    if figure.kind in ("amount", "number", "percent"):
        # a bare number may be an amount's; an amount or a percentage may not be made of a bare number's kind
        return any(
            figure.key == other.key and (figure.kind in ("number", other.kind) or other.kind == "number")
            for other in figures
        )
    return any(figure.key == other.key for other in figures)


def _content(said: _Words, asked: _Words, source: _Words) -> Iterable[str]:
    known = {token.key for token in (*asked.content, *source.content)}
    spoken = [token for token in said.content if token.folded not in _YES | _NO]
    if not spoken and not said.figures:
        yield "it says nothing that can be checked"
    if said.content or said.figures:
        own = {token.key for token in (*source.content, *source.figures)}
        if not any(token.key in own for token in (*spoken, *said.figures)):
            yield "it says nothing of what the cited text says"
    capitals = {token.folded for token in (*asked.content, *source.content)}
    for token in spoken:
        named = token.capital and token.start > 0 and token.folded not in capitals
        if token.key not in known or (named and token.key not in {t.key for t in source.content}):
            yield f"'{token.text}' is neither in the cited text nor in the question"
    for word in sorted(said.folded & (LIMITS | TITLES) - asked.folded - source.folded):
        yield f"'{word}' is neither in the cited text nor in the question"


def _denial(said: _Words, source: _Words) -> Iterable[str]:
    if source.denies and not said.denies:
        yield "the cited text denies something, and it does not"
    elif said.denies and not source.denies:
        yield "it denies something, and the cited text does not"
    elif said.denies and said.folded & _YES:
        yield "it says yes and denies"


def _doubts(said: _Words, asked: _Words, source: _Words) -> Iterable[str]:
    for word in sorted(source.folded & HEDGES - said.folded):
        yield f"the cited text says '{word}', and it does not"
    for word in sorted(said.folded & HEDGES - source.folded - asked.folded):
        yield f"'{word}' is not in the cited text"


def _bindings(said: _Words, asked: _Words, source: _Words) -> Iterable[str]:
    """A figure must stand nearest to the same words in the answer as in the text."""
    for kinds in _CLASSES:
        mine = [place for place, token in enumerate(said.tokens) if token.kind in kinds]
        theirs = [place for place, token in enumerate(source.tokens) if token.kind in kinds]
        if not mine or len({source.tokens[place].key for place in theirs}) < 2:
            continue
        pairs = [(token.key, _nearest(at, mine)) for at, token in enumerate(said.tokens) if _bound(token)]
        if len(mine) == 1:
            pairs += [(token.key, mine) for token in asked.content]
        anchored = False
        for key, places in pairs:
            here = [at for at, token in enumerate(source.tokens) if token.key == key and _bound(token)]
            if not here:
                continue
            near = {source.tokens[place].key for at in here for place in _nearest(at, theirs)}
            spoken = [said.tokens[place] for place in places]
            anchored = anchored or len(near) == 1
            if not any(_same(figure, other) for figure in spoken for other in near):
                yield f"'{spoken[0].text}' does not stand with '{key}' in the cited text"
        if not anchored:
            yield f"nothing ties '{said.tokens[mine[0]].text}' to its words, and the text has other figures"


def _bound(token: Token) -> bool:
    return token.kind == "word" and bool(token.key)


def _nearest(at: int, places: Sequence[int]) -> list[int]:
    least = min(abs(place - at) for place in places)
    return [place for place in places if abs(place - at) == least]


def _same(figure: Token, key: str) -> bool:
    return (
        date_within(figure.key, key)
        if figure.kind == "date" and key[:2] in ("d:", "w:")
        else figure.key == key
    )


def _order(said: _Words, source: _Words) -> Iterable[str]:
    """With two or more people in the text, each stands on the same side of the words around as there."""
    common = frozenset(token.folded for token in source.tokens if token.kind == "word" and not token.capital)
    known = frozenset(token.folded for token in source.tokens if token.capital)
    names = list(names_in(source.tokens, source.text, common, known - common))
    people = {word for name in names for word in name.words}
    if len(names) < 2:
        return
    places: dict[str, list[int]] = {}
    for at, token in enumerate(source.tokens):
        places.setdefault(token.key, []).append(at)
    for at, token in enumerate(said.tokens):
        theirs = places.get(token.key)
        if token.kind != "word" or token.folded not in people or not theirs:
            continue
        for other_at, other in enumerate(said.tokens):
            others = places.get(other.key)
            if not _bound(other) or other.key == token.key or not others:
                continue
            stands = min(theirs) < max(others) if at < other_at else max(theirs) > min(others)
            if not stands:
                yield f"'{token.text}' and '{other.text}' stand the other way round in the cited text"


def first_sentence(text: str) -> str:
    """A model's answer without what small models add after it: the first paragraph, unquoted."""
    lines = [line.strip() for line in text.strip().splitlines() if line.strip()]
    said = lines[0] if lines else ""
    return re.sub(r"^(?i:answer|the answer)\s*:\s*", "", said).strip().strip('"“”').strip()
