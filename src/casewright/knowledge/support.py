"""Whether a model's words hold against the sentences they are about; pure.

Held to: every figure stands in the cited text; every name and content word there or in the question; what is
denied there is denied here; a doubt is not dropped; a figure stands with the words it stands with in the
text. A fault costs only the model's phrasing (the cited sentences are sent instead), so
every doubt is a fault.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass

from casewright.knowledge.names import Name, names_in, opens
from casewright.knowledge.question import VALUE_KINDS, asked_for
from casewright.knowledge.terms import FIGURES, Kind, Reader, Token, date_within
from casewright.knowledge.words import HEDGES, LIMITS, NEGATIONS, ROLES, TITLES, words

MAX_CHARS = 600
# Figures that can be mistaken for one another.
_CLASSES: tuple[frozenset[Kind], ...] = (
    frozenset({"amount", "number", "percent"}),
    frozenset({"date", "time"}),
    frozenset({"identifier", "phone", "email"}),
)
_RELATING = frozenset({"of", "to", "by", "from", "for", "with", "and", "or"})
# Who wrote that something was so did not say that it is.
_REPORTING = words(
    "wrote writes stated states claimed thought argued argues denied denies suggested suggests expects hoped "
    "feared insisted insists alleged explained suspected suspects"
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
        *_brought(said, asked, source),
        *_nothing_new(said, asked),
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
    if figure.kind == "amount":
        same = [other for other in figures if other.key == figure.key]
        return any(
            other.kind in ("amount", "number") and _currency(other) in (_currency(figure), "")
            for other in same
        )
    if figure.kind in ("number", "percent"):
        # a bare number may be an amount's; an amount or a percentage may not be made of a bare number's kind
        return any(
            figure.key == other.key and (figure.kind in ("number", other.kind) or other.kind == "number")
            for other in figures
        )
    return any(figure.key == other.key for other in figures)


def _nothing_new(said: _Words, asked: _Words) -> Iterable[str]:
    """The question in other words is no answer, nor one without the amount, date or number asked for."""
    kind = asked_for(asked.text)
    wanted = VALUE_KINDS.get(kind)
    known = {token.key for token in asked.tokens}
    if wanted is not None:
        if not any(token.kind in wanted and token.key not in known for token in said.figures):
            yield f"it does not give what is asked for ({kind})"
    elif kind != "yes_no" and all(token.key in known for token in (*said.content, *said.figures)):
        yield "it only repeats the question"


def _currency(figure: Token) -> str:
    """The currency that an amount is in; empty for a bare number."""
    found = re.search(r"(?i)£|€|\$|gbp|eur|usd|pound|quid|dollar|pence|p\b", figure.text)
    names = {
        "gbp": "£",
        "pound": "£",
        "quid": "£",
        "pence": "£",
        "p": "£",
        "eur": "€",
        "usd": "$",
        "dollar": "$",
    }
    return names.get(found.group().casefold(), found.group()) if found else ""


def _content(said: _Words, asked: _Words, source: _Words) -> Iterable[str]:
    own = {token.key for token in source.content}
    known = own | {token.key for token in asked.content}
    spoken = [token for token in said.content if token.folded not in _YES | _NO]
    if not spoken and not said.figures:
        yield "it says nothing that can be checked"
    elif not any(token.key in own for token in spoken) and not said.figures:
        yield "it says nothing of what the cited text says"
    for token in spoken:
        if token.key not in known:
            yield f"'{token.text}' is neither in the cited text nor in the question"
    counts = [Counter(token.key for token in words.content) for words in (said, source, asked)]
    for key, count in counts[0].items():
        if count > max(1, counts[1][key], counts[2][key]):
            yield f"it says '{key}' {count} times"
    for word in sorted(said.folded & (LIMITS | TITLES) - asked.folded - source.folded):
        yield f"'{word}' is neither in the cited text nor in the question"


def _brought(said: _Words, asked: _Words, source: _Words) -> Iterable[str]:
    """A name that only the question has, in an answer from a text that names somebody else."""
    if not _names(source):
        return
    asked_for_by_name = {
        token.folded for token in asked.content if token.capital and not opens(token, asked.text)
    }
    for token in said.content:
        if token.folded in asked_for_by_name - source.folded:
            yield f"'{token.text}' is not in the cited text, which names others"


def _names(words: _Words) -> list[Name]:
    common = frozenset(token.folded for token in words.tokens if token.kind == "word" and not token.capital)
    known = frozenset(token.folded for token in words.tokens if token.capital)
    return list(names_in(words.tokens, words.text, common, known - common))


def _denial(said: _Words, source: _Words) -> Iterable[str]:
    if source.denies and not said.denies:
        yield "the cited text denies something, and it does not"
    elif said.denies and not source.denies:
        yield "it denies something, and the cited text does not"
    elif said.denies and said.folded & _YES:
        yield "it says yes and denies"


def _doubts(said: _Words, asked: _Words, source: _Words) -> Iterable[str]:
    for word in sorted(source.folded & (HEDGES | _REPORTING) - said.folded):
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
        tied: set[int] = set()
        for key, places in pairs:
            here = [at for at, token in enumerate(source.tokens) if token.key == key and _bound(token)]
            if not here:
                continue
            near = {source.tokens[place].key for at in here for place in _nearest(at, theirs)}
            spoken = [said.tokens[place] for place in places]
            tied.update(
                place
                for place in places
                if len(near) == 1 and any(_same(said.tokens[place], other) for other in near)
            )
            if not any(_same(figure, other) for figure in spoken for other in near):
                yield f"'{spoken[0].text}' does not stand with '{key}' in the cited text"
        for place in mine:
            if place not in tied:
                figure = said.tokens[place].text
                yield f"nothing ties '{figure}' to its words, and the text has other figures"


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
    """Where the text has two people (or bodies), each stands on the same side of its words as there."""
    names = _names(source)
    parts = {token.folded for token in source.tokens if token.folded in ROLES}
    if len(names) + len(parts) < 2:
        return
    people = parts.union(*(name.words for name in names))
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
            if not stands and not any(_are_one(a, b, source, people) for a in theirs for b in others):
                yield f"'{token.text}' and '{other.text}' stand the other way round in the cited text"


def _are_one(left: int, right: int, source: _Words, people: Set[str]) -> bool:
    """Whether two words name one person: "the manager is Carol Dunn", "Landlord: Mr Patel"."""
    between = source.tokens[min(left, right) + 1 : max(left, right)]
    return all(
        token.folded in people or (not token.key and token.folded not in _RELATING) for token in between
    ) and all(source.tokens[place].folded in people for place in (left, right))


def first_sentence(text: str) -> str:
    """A model's answer without what small models add after it: the first paragraph, unquoted."""
    lines = [line.strip() for line in text.strip().splitlines() if line.strip()]
    said = lines[0] if lines else ""
    said = re.sub(r"^(?i:(?:the\s)?answer(?:\sto\s(?:the|this)\squestion)?(?:\sis)?)\s*:\s*", "", said)
    return said.strip().strip('"“”').strip()
