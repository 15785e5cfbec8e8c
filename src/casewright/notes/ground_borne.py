"""What the lines of a sentence bear beyond their own words (``ground_support`` has the rules)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache, cached_property

from casewright.notes import ground_forms as g
from casewright.notes.ground_parse import Parsed
from casewright.notes.ground_roles import events, is_party
from casewright.notes.ground_support import RULES
from casewright.notes.ground_words import NAMED, SHORT, Keys, keys_of, lexicon, stem
from casewright.notes.shapes import Context
from casewright.notes.values_kinds import Amount, Duration, Number, Percent, Phone, Reference, Time
from casewright.notes.words import listed

# Told as done, these need more than a word that goes with them.
_DEEDS = frozenset(
    stem(word)
    for word in listed(
        "pay repay send submit sign claim apply attend complete agree decide protect serve report cancel"
        " return deduct appeal settle offer refuse evict charge advance insure discuss explain contact speak"
        " write call collect"
    )
)
_EITHER = re.compile(r"/|\d ?[-–] ?\d")


@dataclass(frozen=True, slots=True)
class _Rule:
    """Cues of a line, a group of alternatives each, and what they bear: a stem, and whether as done."""

    groups: tuple[Keys, ...]
    words: frozenset[tuple[str, bool]]


def is_done(word: str) -> bool:
    """Whether a word is a past form."""
    return bool(g.IRREGULAR.get(word, ("", ""))[1]) or (word.endswith("ed") and len(word) > 4)


def _cue(entry: str) -> Keys:
    """The keys by which a cue is known: the word, and the short forms and names that are the same."""
    if entry.startswith("<"):
        return frozenset({entry})
    stems = tuple(stem(word) for word in entry.split())
    if len(stems) == 1:
        narrow = (NAMED, SHORT)
        return frozenset(key for key in keys_of(stems[0]) if key == stems[0] or key.startswith(narrow))
    known = [one.keys for one in lexicon().phrases.get(stems[0], ()) if one.stems == stems]
    return frozenset({" ".join(stems)}) | {
        key for keys in known for key in keys if key.startswith((NAMED, SHORT))
    }


@cache
def _rules() -> tuple[dict[str, tuple[int, ...]], tuple[_Rule, ...]]:
    """Every rule, and for each stem the places of those that bear it."""
    made: list[_Rule] = []
    bearing: dict[str, list[int]] = {}
    for row in RULES.replace("\n", " ").split(";"):
        cues, _, words = row.partition(":")
        if not words.strip():
            continue
        groups = tuple(
            frozenset().union(*(_cue(one.strip()) for one in group.split(",") if one.strip()))
            for group in cues.replace("> <", ">, <").split("&")
        )
        made.append(_Rule(groups, frozenset((stem(word), is_done(word)) for word in words.split())))
        for word in {stem(word) for word in words.split()}:
            bearing.setdefault(word, []).append(len(made) - 1)
    return {word: tuple(places) for word, places in bearing.items()}, tuple(made)


class Support:
    """What some lines bear, for a sentence in a section."""

    def __init__(self, known: Sequence[Parsed], words: Keys, context: Context) -> None:
        self._known, self._context = known, context
        self.there = words
        self._bears: dict[tuple[str, bool], bool] = {}

    @cached_property
    def _keys(self) -> Keys:
        """The words, what the lines have besides, and words side by side; made when first asked for."""
        return self.there | frozenset(_shapes(self._known, self._context)) | frozenset(_pairs(self._known))

    @property
    def denied(self) -> bool:
        """Whether a line denies something."""
        return "<not>" in self._keys

    @property
    def section(self) -> str:
        """Which section the sentence stands in."""
        return self._context.section

    @property
    def pair(self) -> bool:
        """Whether a line names two, or joins some."""
        two = any(f.value == Number(Decimal(2)) for line in self._known for f in line.figures)
        return two or any(t.low in ("and", ",", "both") for line in self._known for t in line.tokens)

    @property
    def either(self) -> bool:
        """Whether a line leaves a choice."""
        return "<if>" in self._keys or any(_EITHER.search(line.text) for line in self._known)

    def bears(self, word: str, done: bool) -> bool:
        """Whether the lines bear a word, as a doing that is done or else."""
        stemmed = stem(word)
        asked = (stemmed, done and stemmed in _DEEDS)
        if asked not in self._bears:
            bearing, rules = _rules()
            self._bears[asked] = any(
                (not asked[1] or (stemmed, True) in rules[place].words)
                and all(group & self._keys for group in rules[place].groups)
                for place in bearing.get(stemmed, ())
            )
        return self._bears[asked]

    def covers(self, word: str) -> bool:
        """Whether a word may stay unsaid, being borne by what is said ("arrears" says "owes")."""
        return (stem(word) not in _DEEDS or stem(word) == "send") and self.bears(word, False)


def _pairs(known: Sequence[Parsed]) -> Iterator[str]:
    """Two and three words side by side, as stems: for cues of several words that are in no set."""
    for line in known:
        stems = [stem(word) for token in line.tokens for word in token.low.split()]
        for size in (2, 3):
            yield from (" ".join(stems[i : i + size]) for i in range(len(stems) - size + 1))


def _shapes(known: Sequence[Parsed], context: Context) -> Iterator[str]:
    yield {"matters_discussed": "<matters>", "our_actions": "<ours>", "your_actions": "<yours>"}[
        context.section
    ]
    if context.section != "matters_discussed":
        yield "<actions>"
    for line in known:
        if bare_part(line):
            yield "<bare>"
        if _QUOTED.search(line.text):
            yield "<quote>"
        sums = 0
        for figure in line.figures:
            value = figure.value
            sums += isinstance(value, Amount)
            for kind, name in _FIGURES:
                if isinstance(value, kind):
                    yield name
            if value == Number(Decimal(0)):
                yield "zero"
            if isinstance(value, Amount) and value.per == "hour":
                yield "<hourly>"
            if isinstance(value, Duration) and value.unit == "hour":
                yield "<hours>"
            if figure.kind == "date" and not isinstance(value, Duration | Time):
                yield "<day>"
        if sums > 1:
            yield "<list>"
        yield from _turns(line)
        for token in line.tokens:
            if token.low in ("before", "until"):
                yield "<by>"
            if token.low in ("?", "="):
                yield f"<{token.low}>"
            if token.low in ("for", "to", "in", "from", "by") and token.kind == "D":
                yield f"<{token.low}>"
            if token.denies:
                yield "<not>"
                yield stem(token.text.lower())
            if token.low in (",", ":", "(") or token.text in ("-", "–", "—"):
                yield "<comma>"
            if token.text in ("+", "&") or token.low == "plus":
                yield "<plus>"
            if token.kind == "C" and token.form == "if":
                yield "<if>"
            if token.kind == "W" and is_party(token):
                yield "<party>"


def _turns(line: Parsed) -> Iterator[str]:
    """As in "hrs 16 -> 20": which way it went."""
    for one, arrow, two in zip(line.tokens, line.tokens[1:], line.tokens[2:], strict=False):
        if arrow.low not in ("->", "→") or one.figure is None or two.figure is None:
            continue
        before, after = _size(one.figure.value), _size(two.figure.value)
        if before is not None and after is not None and before != after:
            yield "<up>" if before < after else "<down>"


def _size(value: object) -> Decimal | None:
    if isinstance(value, Duration):
        return value.count
    return value.value if isinstance(value, Amount | Number) else None


_QUOTED = re.compile(r"(?:^|[\s(])[\"'“‘]\w")
_FIGURES = (
    (Amount, "<sum>"), (Percent, "<percent>"), (Number, "<number>"), (Reference, "<ref>"), (Phone, "<phone>"),
    (Duration, "<span>"), (Time, "<time>"),
)  # fmt: skip


def bare_part(line: Parsed) -> bool:
    """Whether a line has a part without a doing ("rent £450", "lost job, payslips by Friday")."""
    doings = {id(event.verb) for event in events(line)}
    words = bare = 0
    for token in line.tokens:
        if token.kind == "J":
            if words and bare == words:
                return True
            words = bare = 0
        elif token.kind in "WFPXM":
            words += 1
            bare += id(token) not in doings and token.kind not in "XM"
    return words > 0 and bare == words
