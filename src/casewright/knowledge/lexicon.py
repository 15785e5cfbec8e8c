"""Which words mean nearly the same, are a kind of another, or are opposites: from WordNet 3.1.

Only for finding and weighing passages. What a model may say is held to the passages' own words.

The data is ``lexicon.bin``, made by ``tools/build_lexicon.py``; WordNet's licence is beside it. Loading it
takes some 0.1 s and 20 MB, once a process.
"""

from __future__ import annotations

import array
import sys
import zlib
from collections.abc import Iterator, Set
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

from casewright.knowledge.akin import GROUPS

_NONE = 0xFFFFFFFF
# How a word's endings are undone, as WordNet's own morphology does; the first that gives a known word counts.
_ENDINGS = (
    ("ies", "y"), ("sses", "ss"), ("ches", "ch"), ("shes", "sh"), ("xes", "x"), ("zes", "z"), ("ses", "s"),
    ("es", "e"), ("s", ""), ("ied", "y"), ("ed", "e"), ("ed", ""), ("ing", "e"), ("ing", ""), ("er", "e"),
    ("er", ""), ("est", "e"), ("est", ""), ("ly", ""),
)  # fmt: skip
_DEEP = 12
# A service runs for months: what was worked out is forgotten now and then.
MOST_KEPT = 50_000
SAME, AKIN, KIND, NEAR_KIND = 0.9, 0.75, 0.7, 0.45
_NO_SENSES: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Entry:
    """A word's senses, the senses that its relatives in form have ("employ", "employer"), its opposites'."""

    senses: tuple[int, ...]
    derived: frozenset[int]
    opposed: frozenset[int]
    akin: frozenset[int] = frozenset()


class Lexicon:
    """The loaded data. Safe to share between threads: nothing in it changes but its caches."""

    def __init__(self, data: bytes) -> None:
        raw = zlib.decompress(data)
        self._nouns, self._verbs, _, _, size = (
            int.from_bytes(raw[at : at + 4], "little") for at in range(0, 20, 4)
        )
        text = raw[20 : 20 + size].decode()
        self._lines = dict(line.split("\t", 1) for line in text.split("\n") if line)
        self._above = array.array("I", raw[20 + size :])
        if sys.byteorder == "big":
            self._above.byteswap()
        self._entries: dict[str, Entry | None] = {}
        self._ancestors: dict[int, frozenset[int]] = {}
        self._above_words: dict[str, tuple[frozenset[int], ...]] = {}
        self._relations: dict[tuple[str, str], float] = {}

    def entry(self, word: str) -> Entry | None:
        """A word in lower case, in any of its forms; None if it is not known."""
        if word not in self._entries:
            if len(self._entries) > MOST_KEPT:
                self._entries.clear()
            self._entries[word] = self._find(word)
        return self._entries[word]

    def relation(self, asked: str, said: str) -> float:
        """How well ``said`` in a passage stands for ``asked`` in a question: 0 to 1, one-sided.

        A sense in common, or a common derivation, is ``SAME``, a group of ``akin.py`` ``AKIN``; that what is
        said is a kind of what is asked is ``KIND`` for the next kind, ``NEAR_KIND`` beyond or the other way
        round. Opposites are 0.
        """
        pair = (asked, said)
        found = self._relations.get(pair)
        if found is None:
            if len(self._relations) > MOST_KEPT:
                self._relations.clear()
            found = self._relations[pair] = self._related(asked, said)
        return found

    def _related(self, asked: str, said: str) -> float:
        left, right = self.entry(asked), self.entry(said)
        if left is None or right is None:
            return 0.0
        mine, theirs = set(left.senses), set(right.senses)
        if left.opposed & theirs:
            return 0.0
        if mine & theirs or mine & right.derived or theirs & left.derived or left.derived & right.derived:
            return SAME
        if left.akin & right.akin:
            return AKIN
        wide = mine | left.derived
        above = self._steps(said, right)
        if wide & above[0]:
            return KIND
        if any(wide & step for step in above[1:]) or self._steps(asked, left)[0] & theirs:
            return NEAR_KIND
        return 0.0

    def opposite(self, asked: str, said: str) -> bool:
        """Whether they are opposites in some sense."""
        left, right = self.entry(asked), self.entry(said)
        if left is None or right is None or left.akin & right.akin:
            return False
        return bool(left.opposed & set(right.senses))

    def is_kind(self, word: str, kind: str, *, first: bool = False) -> bool:
        """Whether one of a word's senses is a kind of one of ``kind``'s first two ("woodpecker", "bird").

        ``first``: only the commonest sense of the word counts.
        """
        left, right = self.entry(word), self.entry(kind)
        if left is None or right is None:
            return False
        wanted = set(right.senses[:2])
        return any(wanted & self._all_above(sense) for sense in left.senses[: 1 if first else 3])

    def _steps(self, word: str, entry: Entry) -> tuple[frozenset[int], ...]:
        """The kinds that a word's first senses are of, one, two and three steps up."""
        known = self._above_words.get(word)
        if known is None:
            if len(self._above_words) > MOST_KEPT:
                self._above_words.clear()
            found: list[frozenset[int]] = []
            at: Set[int] = set(entry.senses[:3])
            for _ in range(3):
                at = frozenset(kind for sense in at for kind in self._next(sense))
                found.append(at)
            known = self._above_words[word] = tuple(found)
        return known

    def _next(self, sense: int) -> list[int]:
        return [kind for kind in self._above[2 * sense : 2 * sense + 2] if kind != _NONE]

    def _all_above(self, sense: int) -> frozenset[int]:
        known = self._ancestors.get(sense)
        if known is None:
            found, at = {sense}, {sense}
            for _ in range(_DEEP):
                at = {kind for each in at for kind in self._next(each)} - found
                found |= at
            known = self._ancestors[sense] = frozenset(found)
        return known

    def _find(self, word: str) -> Entry | None:
        """All forms that it may be of, together: "forbidden" is an adjective and a form of "forbid"."""
        found = [self._read(line) for form in _forms(word) if (line := self._lines.get(form)) is not None]
        akin = frozenset[int]().union(*(GROUPS.get(form, ()) for form in _forms(word)))
        if not found and not akin:
            return None
        return Entry(
            tuple(dict.fromkeys(sense for entry in found for sense in entry.senses)),
            frozenset[int]().union(*(entry.derived for entry in found)),
            frozenset[int]().union(*(entry.opposed for entry in found)),
            akin.union(*(entry.akin for entry in found)),
        )

    def is_noun(self, word: str) -> bool:
        """Whether it can be a noun."""
        entry = self.entry(word)
        return entry is not None and any(sense < self._nouns for sense in entry.senses)

    def is_verb(self, word: str) -> bool:
        """Whether it can be a verb."""
        entry = self.entry(word)
        return entry is not None and any(self._nouns <= sense < self._verbs for sense in entry.senses)

    def _read(self, line: str) -> Entry:
        parts = line.split(";")
        base: Entry | None = None
        if parts[0].startswith("="):
            base = self.entry(parts[0][1:])
            parts = parts[1:] or ["", "", ""]
        senses, derived, opposed = ([int(each, 36) for each in part.split(",") if each] for part in parts)
        if base is not None:
            return Entry(
                (*base.senses, *senses), base.derived.union(derived), base.opposed.union(opposed), base.akin
            )
        return Entry(tuple(senses), frozenset(derived), frozenset(opposed))


def _forms(word: str) -> Iterator[str]:
    yield word
    for ending, instead in _ENDINGS:
        if word.endswith(ending) and len(word) > len(ending) + 1:
            stem = word[: -len(ending)]
            yield stem + instead
            if ending in ("ed", "ing", "er", "est") and not instead and stem[-1] == stem[-2]:
                yield stem[:-1]


@lru_cache(maxsize=1)
def lexicon() -> Lexicon:
    """The lexicon, read when it is first asked for."""
    return Lexicon(files("casewright.knowledge").joinpath("lexicon.bin").read_bytes())
