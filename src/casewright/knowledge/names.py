"""Who is named: runs of capitalised words, and whether two such runs can mean one person or body.

A rule, not a model: it asks only "is this sentence about somebody else?", and errs towards yes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass

from casewright.knowledge.terms import Token
from casewright.knowledge.words import COMMON, FEMALE, IRREGULAR, MALE, ROLES, STOP, TITLES

_JOINED = re.compile(r"\s|\.\s?|\s?&\s?|-")
_OPENS = re.compile(r"(?:^|[|•*>#\n\t]|[.!?]\s|^\s*[-–(\[\"'“‘]|\d[.)])\s*[\"'“‘(\[]*$")
_ACTS = re.compile(r"\s(?:also\s|then\s)?([a-z]+)\b")
_AUXILIARIES = frozenset({"has", "had", "was", "is", "will", "did", "does", "must", "can", "would"})
_BODIES = frozenset({"ltd", "plc", "llp", "inc", "co"})


@dataclass(frozen=True, slots=True)
class Name:
    """``words`` without case, title or legal form; an initial is a word of one letter."""

    words: tuple[str, ...]
    title: str | None

    def same(self, other: Name) -> bool:
        """Whether both can mean one: one's words are among the other's, and the titles do not contradict."""
        if {self.title, other.title} & MALE and {self.title, other.title} & FEMALE:
            return False
        short, long = sorted((self.words, other.words), key=len)
        if set(short) <= set(long):
            return True
        if len(short) < 2 or short[-1] != long[-1]:
            return False
        first, second = short[0], long[0]
        return first[0] == second[0] and 1 in (len(first), len(second))

    def __str__(self) -> str:
        said = " ".join(word.capitalize() for word in self.words)
        return f"{self.title.capitalize()} {said}" if self.title else said


def names_in(
    tokens: Sequence[Token], text: str, common_words: Set[str], known_names: Set[str]
) -> Iterator[Name]:
    """The names in a text that was read into ``tokens``.

    A capitalised word that opens a sentence counts only if a title or another capital goes with it, or if it
    is in ``known_names``; a word that is in ``common_words`` (lower case elsewhere) does not count at all.
    """
    if _shouted(text):
        return
    run: list[Token] = []
    for token in tokens:
        if token.capital and (token.folded not in STOP or _initial(token)):
            if run and not _JOINED.fullmatch(text[run[-1].end : token.start]):
                yield from _name(run, text, common_words, known_names)
                run = []
            run.append(token)
        else:
            yield from _name(run, text, common_words, known_names)
            run = []
    yield from _name(run, text, common_words, known_names)


def opens(token: Token, text: str) -> bool:
    """Whether a word stands where any word would have a capital."""
    return bool(_OPENS.search(text[max(0, token.start - 12) : token.start])) or token.start == 0


def _initial(token: Token) -> bool:
    return len(token.text) == 1 and token.folded not in ("i", "a")


def _shouted(text: str) -> bool:
    return len(text) > 3 and text.upper() == text


def _name(run: list[Token], text: str, common_words: Set[str], known: Set[str]) -> Iterator[Name]:
    if not run:
        return
    title = next((token.folded for token in run if token.folded in TITLES), None)
    rest = [token for token in run if token.folded not in TITLES and token.folded not in _BODIES]
    if not title:
        rest = [token for token in rest if not _acronym(token)]
    words = tuple(token.folded for token in rest)
    if not words or all(word in COMMON or word in IRREGULAR for word in words):
        return
    if title is None and all(word in common_words or word in COMMON or word in ROLES for word in words):
        return
    if len(words) == 1 and title is None:
        if words[0] in ROLES or len(words[0]) < 2:
            return
        sure = words[0] in known or not opens(rest[0], text) or _acts(rest[0], text)
        if not sure or text[rest[0].end : rest[0].end + 1] == ":":
            return
    yield Name(words, title)


def _acronym(token: Token) -> bool:
    return len(token.text) > 1 and token.text.isupper()


def _acts(token: Token, text: str) -> bool:
    """Whether an opening word is followed as a person is: "Ben's", "Ben owes", "Ben came"."""
    if token.text.endswith(("'s", "’s")):
        return True
    after = _ACTS.match(text, token.end)
    return after is not None and (
        after.group(1) in IRREGULAR
        or after.group(1) in _AUXILIARIES
        or (after.group(1).endswith(("ed", "s")) and after.group(1) not in STOP)
    )
