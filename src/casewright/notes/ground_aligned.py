"""Short forms of a line read as the sentence has them: "vch", "c.card", "disc hearing", "JSB", "Ms T".

A word of the lines gets the keys of the word or the phrase that it is short for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from casewright.notes.ground_parse import Parsed, Token
from casewright.notes.ground_roles import is_party
from casewright.notes.ground_short import derived, glued, initials_of, stands_for
from casewright.notes.ground_words import Keys, keys_of, lexicon, stem
from casewright.notes.words import listed

# What a name ends with that is nobody who acts ("JSB": Jobseeker's Benefit).
_THINGS = listed(
    "benefit allowance credit payment order plan form agreement notice act review report assessment statement"
    " pension grant loan letter test claim support"
)
_SLASHED = re.compile(r"[a-vx-z](?:/[a-z])+")  # "c/t", "h/b"
TITLES = listed("mr mrs ms miss")
_APART = re.compile("['./]")


def shorts(said: Parsed, known: Sequence[Parsed]) -> None:
    """Give a word of the lines that no list knows the keys of the sentence's word that it is short for."""
    lexical = lexicon()
    _surnames(said, known)
    spelt = [(word, at) for at, token in enumerate(said.tokens) for word in token.low.split()]
    words = [word for word, _ in spelt]
    spoken = {key for token in said.tokens for key in token.keys}
    whole = {token.low: token.keys for token in said.tokens if token.kind == "W"}
    for line in known:
        _joined(whole, line)
        for short in line.tokens:
            if short.kind != "W" or not _APART.sub("", short.low).isalpha() or short.keys & spoken:
                continue
            letters = short.low.replace("/", "") if _SLASHED.fullmatch(short.low) else ""
            if letters or (short.text.isupper() and len(short.text) > 1):
                spans = (initials_of(letters or short.low, words, at) for at in range(len(words)))
                span = next((found for found in spans if found is not None), None)
                full_form = [said.tokens[spelt[at][1]] for at in span or ()]
                if full_form and not (len(short.keys) > 1 and any(one.name for one in full_form)):
                    short.keys |= frozenset(k for one in full_form for k in one.keys)
                    thing = full_form[-1].low.split()[-1] in _THINGS
                    short.party = not thing and any(one.kind == "W" and is_party(one) for one in full_form)
                    continue
            if len(short.low) > 2 and not short.text.isupper():
                short.keys |= _same_beside(short, line, said)
            short.keys |= frozenset(
                key
                for token in said.tokens
                if token.kind == "W" and not token.name and token.form != "past"
                if token.low[:5] == short.low[:5] and derived(short.low, token.low)
                for key in token.keys
            )
            if len(short.keys) > 1:
                continue
            if stem(short.low) in lexical.letter or (
                short.name and len(short.low) > 4 and not short.text.isupper() and "'" not in short.text
            ):
                continue
            short.keys |= next(_in_full(short.low, said), frozenset())


def _joined(whole: dict[str, Keys], line: Parsed) -> None:
    """As in "food bank", told as "foodbank"."""
    for one, two in pairwise(line.tokens):
        keys = whole.get(one.low + two.low) if one.kind == two.kind == "W" else None
        if keys is not None:
            one.keys |= keys
            two.keys |= keys


def _same_beside(short: Token, line: Parsed, said: Parsed) -> Keys:
    """As in "disc hearing": beside the same word, a short form is read as it can be, though it is listed."""
    place = next(i for i, token in enumerate(line.tokens) if token is short)
    start = short.low.rstrip("s")
    words = [
        (word, token)
        for token in said.tokens
        if token.kind == "W" and not token.name
        for word in token.low.split()
    ]
    if not any(word.startswith(start) for word, _ in words):
        return frozenset()
    for step in (1, -1):
        at = place + step
        if not 0 <= at < len(line.tokens) or line.tokens[at].kind != "W":
            continue
        beside = line.tokens[at].keys | {stem(line.tokens[at].low)}
        for n, (word, token) in enumerate(words):
            other = keys_of(stem(words[n + step][0])) if 0 <= n + step < len(words) else frozenset()
            if other & beside and len(word) > len(short.low) and word.startswith(start):
                return keys_of(stem(word)) if " " in token.low else token.keys
    return frozenset()


def _surnames(said: Parsed, known: Sequence[Parsed]) -> None:
    """As in "Ms T", who in the sentence is "Ms Tansey"."""
    for line in known:
        for title, letter in pairwise(line.tokens):
            if title.low not in TITLES or len(letter.low) > 1 or not letter.text.isupper():
                continue
            for one, two in pairwise(said.tokens):
                if one.low == title.low and two.name and two.low.startswith(letter.low):
                    letter.keys |= two.keys


def _begins(short: str, full: str) -> bool:
    """As in "Ukr" for "Ukrainian"."""
    return len(short) == 3 and len(full) > 5 and full.startswith(short)


def _in_full(short: str, said: Parsed) -> Iterator[Keys]:
    """The keys of the sentence's words that a short form can be read as, of those of a phrase as well."""
    bare = short.replace("'", "").replace("/", "")
    for token in said.tokens:
        if token.kind != "W" or (token.name and "'" not in short and not _begins(bare, token.low)):
            continue
        if stands_for(bare, token.low) or (bare != short and stands_for(short, token.low)):
            yield token.keys
        if token.name:
            continue
        words = token.low.split()
        if len(words) < 2:
            continue
        for one, two in pairwise(words):
            if glued(short, one, two):
                yield keys_of(stem(one)) | keys_of(stem(two)) | token.keys
        yield from (keys_of(stem(word)) for word in words if len(word) > 3 and stands_for(bare, word))
    for this, following in pairwise(said.tokens):
        if this.kind == following.kind == "W" and glued(short, this.low, following.low):
            yield this.keys | following.keys
