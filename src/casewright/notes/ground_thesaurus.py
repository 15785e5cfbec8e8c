"""What a letter may say for a word of the notes: a list written by hand (note_words.txt), read at first use.

A row is ``form, other form: what may be said; …``, with ``- may go`` where the word may stay unsaid. Nothing
is turned round: "bus" may be told as transport, transport not as a bus. Nor are two steps taken: what a word
may be told by is not told on by what that may be told by.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import resources

from casewright.errors import ConfigError
from casewright.notes.ground_parse import Parsed, Token
from casewright.notes.ground_short import misspelt
from casewright.notes.ground_words import TIED, Keys, lexicon, stem
from casewright.notes.words import listed

FILE = "note_words.txt"
_HINT = "Install the package again."
_MAY_GO = "- may go"
_SMALL = listed("a an the of your you their his her our my be to for it that with")


@dataclass(frozen=True, slots=True)
class Told:
    """What a word may be told by: single words and phrases, as stems; ``goes``: it may stay unsaid."""

    words: Keys
    phrases: tuple[tuple[str, ...], ...]
    goes: bool


@cache
def _text() -> str:
    try:
        return (resources.files("casewright.notes") / FILE).read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError("the list of note words is missing", hint=_HINT) from error


@cache
def _rows() -> tuple[dict[str, list[str]], dict[str, tuple[int, ...]]]:
    """The rows of each form, by its stems, not yet read; and of how many words forms are, by their first."""
    found: dict[str, list[str]] = {}
    sizes: dict[str, set[int]] = {}
    for row in _text().splitlines():
        forms, colon, told = row.partition(":")
        if not colon or row.startswith("#"):
            continue
        for form in forms.split(", "):
            words = form.split()
            stems = [stem(word) for word in words if len(words) == 1 or word not in _SMALL]
            if not stems:
                continue
            sizes.setdefault(stems[0], set()).add(len(stems))
            found.setdefault(" ".join(stems), []).append(told)
    return found, {first: tuple(sorted(sizes[first], reverse=True)) for first in sizes}


@lru_cache(maxsize=4096)
def told_by(stemmed: str) -> Told | None:
    """What the list has for a stem, or for several with blanks between."""
    rows = _rows()[0].get(stemmed)
    if rows is None:
        return None
    words: set[str] = set()
    phrases: set[tuple[str, ...]] = set()
    goes = False
    for one in (piece.strip() for row in rows for piece in row.split(";")):
        goes = goes or one == _MAY_GO
        stems = tuple(stem(word) for word in one.replace("-", " ").split() if word not in _SMALL)
        if one == _MAY_GO or not stems:
            continue
        if len(stems) == 1:
            words.add(stems[0])
        else:
            phrases.add(stems)
    return Told(frozenset(words), tuple(phrases), goes)


@dataclass(frozen=True, slots=True)
class _Spelt:
    """The words of a text one by one, as stems, each with the token that it is of; small ones left out."""

    stems: tuple[str, ...]
    tokens: tuple[Token, ...]


@lru_cache(maxsize=4096)
def is_listed(word: str) -> bool:
    """Whether the list has a word at all, as one of notes or as one of letters."""
    stemmed = stem(word)
    alike = re.compile(rf"\b{re.escape(stemmed[:-1])}\w*")
    return stemmed in _rows()[0] or any(stem(one[0]) == stemmed for one in alike.finditer(_text()))


def _spelt(text: Parsed, read: Callable[[str], str] = stem) -> _Spelt:
    pairs = [
        (stem(word) if token.name else read(word), token)
        for token in text.tokens
        if token.kind in "WNXMCDJ" and token.low[:1].isalnum()
        for word in token.low.replace("-", " ").split()
        if word not in _SMALL
    ]
    return _Spelt(tuple(one for one, _ in pairs), tuple(token for _, token in pairs))


def align(said: Parsed, lines: Sequence[Parsed]) -> frozenset[int]:
    """Give a word of the lines and what the sentence says for it a key that both have.

    What the sentence has in the lines' own words is of those alone: it can only let another word stay
    unsaid. Such words are given back by their ``id``.
    """
    there = frozenset(
        key for line in lines for token in line.tokens if token.kind == "W" for key in token.keys
    )
    unsaid: set[int] = set()
    spoken = _spelt(said)
    places: dict[str, list[int]] = {}
    for at, one in enumerate(spoken.stems):
        places.setdefault(one, []).append(at)
    for number, line in enumerate(lines):
        own = _spelt(line, _meant)
        for at, size, told in _listed(own):
            key = f"{TIED}{number}.{at}"
            found = list(_found(told, spoken, places))
            if told.goes or found:
                whole = own.tokens[at : at + size]
                unsaid |= {
                    id(token)
                    for token in whole
                    if sum(one is token for one in whole) == sum(one is token for one in own.tokens)
                }
            found = [
                place for place in found
                if any(spoken.tokens[n].kind == "W" and spoken.stems[n] not in there for n in place)
            ]  # fmt: skip
            if found:
                _tie(key, [(own.tokens[n], own.stems[n]) for n in range(at, at + size)], spoken, found)
    return frozenset(unsaid)


@lru_cache(maxsize=2048)
def _meant(word: str) -> str:
    """The one listed word that a word in no list is misspelt for ("strted"); else the word itself."""
    if len(word) < 5 or not word.isalpha() or stem(word) in _rows()[0] or stem(word) in lexicon().sets:
        return stem(word)
    alike = [
        form for form in _forms().get(word[0], ()) if abs(len(form) - len(word)) < 2 and misspelt(word, form)
    ]
    short = [form for form in alike if _left_out(word, form)]
    near = {stem(form) for form in short or alike}
    return near.pop() if len(near) == 1 else stem(word)


def _left_out(word: str, form: str) -> bool:
    """Whether a letter was left out, rather than another written."""
    rest = iter(form)
    return all(char in rest for char in word)


@cache
def _forms() -> dict[str, list[str]]:
    """The single words of the list's first column, by their first letter."""
    found: dict[str, list[str]] = {}
    for row in _text().splitlines():
        forms, colon, _ = row.partition(":")
        for form in forms.split(", ") if colon and not row.startswith("#") else ():
            if form.isalpha() and len(form) > 4:
                found.setdefault(form[0], []).append(form)
    return found


def _listed(own: _Spelt) -> Iterator[tuple[int, int, Told]]:
    """Words of a line that the list has, by place and length."""
    sizes = _rows()[1]
    for at, token in enumerate(own.tokens):
        for size in sizes.get(own.stems[at], ()) if token.kind in "WDNM" else ():
            if size == 1 and token.kind != "W":
                break  # "up" and "no" by themselves are of other words; "up front" and "no joy" are told
            told = told_by(" ".join(own.stems[at : at + size])) if at + size <= len(own.stems) else None
            if told is not None:
                yield at, size, told
                break


def _found(told: Told, spoken: _Spelt, places: dict[str, list[int]]) -> Iterator[range]:
    """Where the sentence has what a word may be told by."""
    for word in told.words & places.keys():
        for at in places[word]:
            # "by post" is a way of sending that "send" does not say
            if spoken.tokens[at].kind in "WD" and not (at and spoken.stems[at - 1] == "by"):
                yield range(at, at + 1)
    for phrase in told.phrases:
        for at in places.get(phrase[0], ()):
            if spoken.stems[at : at + len(phrase)] == phrase:
                yield range(at, at + len(phrase))


def _tie(key: str, own: Sequence[tuple[Token, str]], spoken: _Spelt, found: Sequence[range]) -> None:
    theirs = [(spoken.tokens[at], spoken.stems[at]) for place in found for at in place]
    if any(t.denies and " " not in t.low for t, _ in own) and not any(t.denies for t, _ in theirs):
        theirs[0][0].denies = True  # "refuse": "turn away"
    elif not any(t.denies for t, _ in own) and any(
        one in ("not", "no", "never") or (t.denies and " " not in t.low) for t, one in theirs
    ):
        own[0][0].denies = True  # "disputes it": "do not agree with it"
    for token, stemmed in (*own, *theirs):
        if token.kind != "W":
            continue
        if " " in token.low and len(token.parts) < len(token.low.split()):
            token.keys |= {key} if _whole(token, spoken, found) else set()
        elif token.parts and " " in token.low:
            token.parts = tuple(part | {key} if stemmed in part else part for part in token.parts)
            token.keys |= {key} if all(key in part for part in token.parts) else set()
        else:
            token.keys |= {key}


def _whole(token: Token, spoken: _Spelt, found: Sequence[range]) -> bool:
    """Whether all words of a phrase ("in writing") are told for the word, not one of them alone."""
    places = {at for place in found for at in place}
    return all(at in places for at, one in enumerate(spoken.tokens) if one is token)
