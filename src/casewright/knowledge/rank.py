"""Which passages are worth reading closely: those that hold the question's words, the rarer the better.

One expression is run over the raw text; only what it hits is read into terms. So the cost of a large document
is that of one search, and the close reading is bounded by ``CLOSE``.
"""

from __future__ import annotations

import heapq
import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from casewright.knowledge.evidence import Evidence, Passage
from casewright.knowledge.passages import Span
from casewright.knowledge.terms import Reader, Token, concept
from casewright.knowledge.words import IRREGULAR, MONTHS, NUMBER_WORDS, SYNONYMS

CLOSE = 300
# A question may be a letter; no more than this many of its words and figures are searched for.
SEARCHED = 40


@dataclass(frozen=True, slots=True)
class Ranked:
    """``passages`` worth reading, best first; ``held`` counts the passages with each concept or figure."""

    passages: tuple[Passage, ...]
    held: Mapping[str, int]
    total: int

    def weight(self, key: str) -> float:
        """How much a concept tells: BM25's inverse document frequency over the passages of this request."""
        held = self.held.get(key, 0)
        return math.log(1 + (self.total - held + 0.5) / (held + 0.5))


def rank(tokens: Sequence[Token], evidence: Evidence, reader: Reader) -> Ranked:
    """The passages that hold most of the question's weight."""
    keys = list(dict.fromkeys(concept(token.key) for token in tokens if token.key))[:SEARCHED]
    hits: dict[tuple[int, int], set[str]] = defaultdict(set)
    if keys:
        expression = _expression(keys, reader)
        for document, text in enumerate(evidence.documents):
            for index, number in _found(expression, text, evidence.spans[document]):
                hits[document, index].add(keys[number])
    held = Counter(key for found in hits.values() for key in found)
    total = sum(map(len, evidence.spans))
    about = Ranked((), held, total)
    if total <= CLOSE:
        places: Iterable[tuple[int, int]] = (
            (document, index) for document, spans in enumerate(evidence.spans) for index in range(len(spans))
        )
    else:
        weights = {key: about.weight(key) for key in keys}
        places = heapq.nsmallest(
            CLOSE, hits, key=lambda place: (-sum(weights[key] for key in hits[place]), place)
        )
    return Ranked(tuple(evidence.passage(*place) for place in places), held, total)


def _expression(keys: Sequence[str], reader: Reader) -> re.Pattern[str]:
    """All keys at once, a group each; words are tried only where a word begins, with one of their letters."""
    groups = {key: f"(?P<g{number}>{_pattern(key, reader)})" for number, key in enumerate(keys)}
    words = [key for key in keys if ":" not in key]
    parts = [groups[key] for key in keys if ":" in key]
    if words:
        first = "".join(sorted({re.escape(form[0]) for key in words for form in _forms(key, reader)}))
        parts.append(rf"\b(?=[{first}])(?:" + "|".join(groups[key] for key in words) + ")")
    return re.compile("|".join(parts), re.IGNORECASE)


def _found(expression: re.Pattern[str], text: str, spans: Sequence[Span]) -> Iterable[tuple[int, int]]:
    """(passage, number of the concept) of each hit in one document."""
    index = 0
    for match in expression.finditer(text):
        while index < len(spans) and spans[index].end <= match.start():
            index += 1
        if index < len(spans) and match.lastgroup is not None:
            yield index, int(match.lastgroup[1:])


def _pattern(key: str, reader: Reader) -> str:
    """An expression that finds every form of a key (and now and then something else: reading decides)."""
    kind, _, value = key.partition(":")
    if not value:
        return "|".join(map(re.escape, _forms(key, reader)))
    if kind == "i":
        return r"[-/\s]?".join(map(re.escape, value))
    if kind == "n":
        whole, _, decimals = value.partition(".")
        words = [word for word, number in NUMBER_WORDS.items() if str(number) == value]
        digits = ",?".join(map(re.escape, whole)) + (re.escape("." + decimals) if decimals else "")
        return "|".join([rf"(?<!\d){digits}(?!\d)", *(rf"\b{word}\b" for word in words)])
    if kind == "d":
        return _date_pattern(value)
    if kind == "t":
        return rf"\b0?{int(value[:2]) % 12 or 12}[:.\s]?(?:{value[3:]}|[ap])|\b{re.escape(value)}"
    return rf"\b{re.escape(value)}"


def _forms(key: str, reader: Reader) -> list[str]:
    """How a word with this key begins: its stem but for the last letter, its synonyms', irregular forms."""
    stems = {key} | {word for word, first in SYNONYMS.items() if first == key}
    irregular = {form for form, base in IRREGULAR.items() if reader.stem(base) in stems}
    return sorted(irregular | {stem if len(stem) <= 3 else stem[:-1] for stem in stems})


def _date_pattern(value: str) -> str:
    year, month, day = value.split("-")
    if month == "?":
        return rf"\b{year}\b" if year != "?" else rf"\b0?{int(day)}(?!\d)"
    names = "|".join(name for name, number in MONTHS.items() if number == int(month))
    return rf"\b(?:{names})|[./-]0?{int(month)}[./-]"
