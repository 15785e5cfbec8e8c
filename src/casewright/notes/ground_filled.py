"""The thing that notes leave out because it is plain: "finishing the job", "reject the car", "late shifts".

Only where nothing else is added and nothing of the line is lost, and only things that say no more than the
words of the line that they stand with: what a doing of the line is done to, behind its "the", or what a word
of the line describes. What is behind a preposition is a matter of its own.
"""

from __future__ import annotations

from collections.abc import Sequence

from casewright.notes.ground_parse import Parsed, Token
from casewright.notes.ground_roles import is_doing, is_party
from casewright.notes.ground_words import TIED, Keys, stem
from casewright.notes.words import listed

# What is done to it says which it is.
_OBJECTS = frozenset(
    stem(word)
    for word in listed("car vehicle job machine item product goods appliance change notice device unit")
)
# Kinds, of which the word before says which.
_KINDS = frozenset(
    stem(word)
    for word in listed(
        "hearing shift credit certificate declaration request income session stage type basis rate"
    )
)
# Whose and what it is says all there is to say with these.
_OF_ONES_OWN = frozenset(
    stem(word)
    for word in listed(
        "sell buy keep lose give take send get want pay sign own owe refuse accept ask steal return receive"
        " win leave lend borrow need have find hide share"
    )
)


def fills(token: Token, said: Parsed, there: Keys) -> bool:
    """Whether a word is the thing that a word of the lines is done to, or that it describes."""
    head, tokens = stem(token.low), said.tokens
    if token.name or token.text != token.low or head not in _OBJECTS | _KINDS:
        return False
    place = next(i for i, other in enumerate(tokens) if other is token)
    after = tokens[place + 1] if place + 1 < len(tokens) else None
    if not place or (after is not None and (after.kind in "WF" or after.low == "'s")):
        return False
    return (head in _OBJECTS and _pointed_at(tokens, place, there)) or (
        head in _KINDS and _described(tokens, place, there)
    )


def _held(token: Token, there: Keys) -> bool:
    """Whether the lines have a word, or one of a set with it: not one that is told for another."""
    keys = token.keys | frozenset(key for part in token.parts for key in part)
    return any(key in there for key in keys if not key.startswith(TIED))


def _pointed_at(tokens: Sequence[Token], place: int, there: Keys) -> bool:
    """As in "reject the car", "The car is on hire purchase"."""
    if tokens[place - 1].low != "the":
        return False
    if place == 1:
        return True
    before = tokens[place - 2]
    if before.kind != "W" or stem(before.low.split()[0]) in _OF_ONES_OWN:
        return False
    doing = is_doing(before) or before.form == "past" or before.low.endswith("ing")
    return doing and _held(before, there)


def _described(tokens: Sequence[Token], place: int, there: Keys) -> bool:
    """As in "an in-person hearing", "no late shifts"."""
    before = tokens[place - 1]
    if before.kind != "W" or before.form or is_party(before) or not _held(before, there):
        return False
    return not is_doing(before) or (place > 1 and tokens[place - 2].kind in "ASN")
