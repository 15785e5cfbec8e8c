"""What the classifier sees of a line: its words, how it begins, what stands around it, the rules' word.

A feature is a text that is hashed to a place in the table of weights. Figures are kinds ("#amt", "#date"), so
that no weight rests on an amount; names of the client and the adviser are persons, so that none rests on one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from zlib import crc32

from casewright.notes.classify_words import NOTHING, Reader, Seen
from casewright.notes.decision import Decision, Names
from casewright.notes.read import Heading

BUCKETS = 1 << 15
_MASK = BUCKETS - 1
_PEOPLE = frozenset("CGATHIYJRUQh")
_VERBS = frozenset("VPSEpgs")


@dataclass(frozen=True, slots=True)
class Piece:
    """What is decided as one, and what stands around it.

    ``heading`` is the kind of heading above it, ``above`` that heading's own words; ``apart`` says that a
    blank line or a heading stands between it and the piece before.
    """

    text: str
    heading: Heading = "none"
    above: str = ""
    apart: bool = False
    bullet: bool = False


def places(pieces: Sequence[Piece], rules: Sequence[Decision], names: Names) -> list[list[int]]:
    """The places of each piece's features in the table of weights; one may come twice, and counts so."""
    read = Reader([one.text for one in pieces], names)
    seen = [read(one.text) for one in pieces]
    above = {text: read(text) for text in {one.above for one in pieces}}
    last = len(pieces) - 1
    found: list[list[int]] = []
    for at, (piece, rule, here) in enumerate(zip(pieces, rules, seen, strict=True)):
        features = [
            *_own(here, piece),
            *_parts(here.tokens, here.kinds),
            *_of_rule(rule),
            *_under(piece.heading, above[piece.above], here),
            *_beside("p", seen[at - 1] if at else NOTHING),
            *_beside("n", seen[at + 1] if at < last else NOTHING),
            *_position(at, last, piece),
        ]
        own = [crc32(feature.encode()) & _MASK for feature in features]
        for place, token in enumerate(here.tokens):
            own += _pieces(token, place < 6)
        found.append(own)
    return found


def _own(here: Seen, piece: Piece) -> Iterator[str]:
    tokens, kinds = here.tokens, here.kinds
    ending = piece.text[-1:] if piece.text[-1:] in "?!.:;" else ""
    yield from ("bias", f"e={ending}", f"k2={kinds[:2]}", f"k3={kinds[:3]}", f"k4={kinds[:4]}")
    yield from (f"k1={kinds[:1]}", f"n={min(len(tokens), 9)}", f"l={kinds[-2:]}")
    yield from (f"x{kind}" for kind in set(kinds))
    people = "".join(kind for kind in kinds if kind in _PEOPLE)
    yield from (f"pp={people[:3]}", f"p1={people[:1]}{kinds[:1]}")
    doing = next((place for place, kind in enumerate(kinds) if kind in _VERBS), None)
    if doing is not None:
        yield f"pv={people[:1]}{kinds[doing]}{kinds[doing - 1 : doing]}"
    previous = "^"
    for place, token in enumerate(tokens):
        yield f"b={previous} {token}"
        if place < 3:
            yield f"{place}={token}"
        if place < 4:
            yield f"bk={previous} {kinds[place]}"
        previous = token


def _of_rule(rule: Decision) -> Iterator[str]:
    yield f"r={rule.owner}/{rule.section}/{rule.sure}"
    yield f"rw={rule.why[:24]}"


def _under(heading: str, above: Seen, here: Seen) -> Iterator[str]:
    """The heading's kind, and its words, for most headings are of no known kind."""
    yield from (f"h={heading}", f"h{heading}{here.kinds[:2]}")
    if above.tokens:
        yield f"hk={above.kinds[:6]}"
        for word in above.tokens[:6]:
            yield from (f"hw={word}", f"hw{here.kinds[:1]}={word}")


def _beside(side: str, other: Seen) -> Iterator[str]:
    """How a neighbour begins."""
    yield from (f"{side}k={other.kinds[:2]}", f"{side}1={other.kinds[:1]}")
    if other.tokens:
        yield f"{side}w={other.tokens[0]}"


def _position(at: int, last: int, piece: Piece) -> Iterator[str]:
    yield f"at={4 * at // (last + 1)}" if at else "at=first"
    yield f"u={piece.bullet}{piece.apart}"


def _parts(tokens: Sequence[str], kinds: str) -> Iterator[str]:
    """How the parts after an arrow, a dash or a colon begin; and the first doing that somebody is set to."""
    for place, token in enumerate(tokens[:-1]):
        if token in ("#dir", "-"):
            yield f"a{'>' if token == '#dir' else ''}={kinds[place + 1 : place + 4]}"
            yield f"aw={tokens[place + 1]}"
    set_to = next((place for place, kind in enumerate(kinds) if kind in "OM"), None)
    if set_to is not None:
        yield f"who={kinds[:set_to][-2:]}|{tokens[set_to]}"
        yield f"do={' '.join(tokens[set_to + 1 : set_to + 2])}"
        yield f"do2={' '.join(tokens[set_to + 1 : set_to + 3])}"
    elif kinds[:1] == "V":
        yield f"do={tokens[0]}"
        yield f"do2={' '.join(tokens[:2])}"


@lru_cache(maxsize=20_000)
def _pieces(token: str, early: bool) -> tuple[int, ...]:
    """A word, and early in the line its runs of three and four letters: a typo leaves something known."""
    found = [f"w={token}"]
    if early and not token.startswith("#") and len(token) > 2:
        whole = f"<{token}>"
        runs = {whole[at : at + size] for size in (3, 4) for at in range(len(whole) - size + 1)}
        found += [f"c={run}" for run in sorted(runs)]
    return tuple(crc32(feature.encode()) & _MASK for feature in found)
