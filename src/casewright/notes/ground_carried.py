"""The one doing that a sentence needs where its line has none: "sertraline 100mg", told with "take".

Only doings that say how things stand or how something is handled; none of them ends, grants, refuses, pays,
signs or decides anything. What is given or sent needs its direction in the line ("from OVO").
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from casewright.notes import ground_forms as g
from casewright.notes.ground_borne import Support, bare_part
from casewright.notes.ground_parse import Parsed, Token
from casewright.notes.ground_words import Keys, stem
from casewright.notes.words import listed

# As things stand: never told as done.
_STATES = frozenset(
    stem(word)
    for word in listed(
        "live stay use take work rely include involve last run hold own suffer carry list read rest be have"
        " consist range average total rent share sleep drink weigh walk drive study"
    )
)
# What a person or a paper has put down or said.
_SAYS = frozenset(
    stem(word) for word in listed("identify say state show list record name mention describe note")
)
# What is to be done.
_TO_DO = frozenset(
    stem(word)
    for word in listed(
        "open attend bring switch send use allow keep arrange obtain find go meet gather collect look have be"
        " give get provide make prepare include"
    )
)
_MOVES = frozenset(stem(word) for word in listed("send give receive issue"))
_JUDGMENTS = frozenset(stem(word) for word in listed("ccj judgment judgement"))
_BESIDE = frozenset(stem(word) for word in listed("live stay share sleep rest"))
_SMALL = g.SIDES.keys() | listed("a an the your you")


def carries(token: Token, said: Parsed, known: Sequence[Parsed], support: Support) -> bool:
    """Whether a word is the doing that a line without one lacks."""
    words = token.low.split()
    if token.name or token.denies or any(word not in _SMALL for word in words[1:]):
        return False
    if not any(bare_part(line) for line in known) or _is_thing(token, said):
        return False
    if stem(words[0]) in _BESIDE and _has_with(said) and not any(_has_with(line) for line in known):
        return False  # "mum in Hull": with whom somebody lives is not in it
    if words[0] == "be" and len(words) > 1:
        return support.section == "your_actions"
    head, done = stem(words[0]), _is_done(token)
    if head in _MOVES and support.section == "matters_discussed":
        return any(t.kind == "D" and t.low in ("from", "to") for line in known for t in line.tokens)
    if head == "enter":
        return any(stem(t.low) in _JUDGMENTS or "judgment" in t.keys for line in known for t in line.tokens)
    if head in _SAYS:
        return support.section == "matters_discussed"
    if support.section != "matters_discussed":
        return head in _TO_DO and not done
    return head in _STATES and not done


def _has_with(text: Parsed) -> bool:
    return any(word in ("with", "w/", "w") for token in text.tokens for word in token.low.split())


def turned_out(said: Parsed, there: Keys) -> Iterator[Token]:
    """Small verbs that with their particle are an act ("set aside", "gave away"), and not in the lines."""
    for one, two in pairwise(said.tokens):
        words = one.low.split() if " " in one.low else [one.low, two.low]
        pair = (stem(words[0]), words[1])
        if pair == ("hold", "off") and "<no>" in there:
            continue  # "do not claim yet": "hold off claiming"
        if one.kind != "W" or pair not in _ACTS or one.keys & there:
            continue
        if not {pair[0], pair[1], stem(pair[1])} & there:
            yield one


_ACTS = frozenset(
    (stem(verb), particle)
    for verb, particles in (
        ("set", "aside"), ("hold", "off"),
        ("give", "away up back"), ("take", "away back over"), ("move", "out in"),
        ("put", "off out"), ("let", "go"), ("get", "rid"), ("hand", "over back"), ("turn", "down"),
        ("throw", "out"), ("kick", "out"), ("call", "off"), ("cut", "off"), ("pull", "out"), ("back", "out"),
    )
    for particle in particles.split()
)  # fmt: skip


def _is_thing(token: Token, said: Parsed) -> bool:
    """As in "for work", "your use": no doing."""
    place = next(i for i, other in enumerate(said.tokens) if other is token)
    before = said.tokens[place - 1] if place else None
    if before is None or before.low == "to" or token.low.split()[0].endswith("ing"):
        return False
    return before.kind in "DSA"


def _is_done(token: Token) -> bool:
    return token.form == "past" or token.low.split()[0].endswith("ed")
