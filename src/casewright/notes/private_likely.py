"""How likely a line is one that must not reach the client, for wordings that no rule knows.

Linear, over hashed features, in pure Python; the weights are a file of the package, which
tools/train_private.py makes from invented lines. The file: ``MAGIC``, a line of JSON, then one signed byte a
bucket.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Set
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from zlib import crc32

from casewright.errors import ConfigError
from casewright.notes.private_kinds import kinds
from casewright.notes.private_words import SECRET_OF, STARTS, THIRD_PERSON, UNKNOWING

MAGIC = b"casewright-notes-private-1\n"
FILE = "private.weights"
BUCKETS = 1 << 15
MOST_WORDS = 40
APART = 6  # words of two kinds count as a pair if they stand no further apart
_HINT = "install the package again, or run tools.train_private"
_WORD = re.compile(r"[^\W\d_][\w'’-]*|[£$€]?\d[\w.,:/]*|[?\[\]<>(:]")
# "RK: …", "KT note to Bev: …"
_LETTERS = re.compile(r"[a-z]+")
_ENDS = re.compile(r"[.;]")
_TO_COLLEAGUE = re.compile(r"(?:[A-Z]{1,3}|[A-Z][a-z]+)(?: (?:note )?to [A-Z][a-z]+)? ?[:–-]")
_TITLES = frozenset({"mr", "mrs", "ms", "miss", "dr"})


@dataclass(frozen=True, slots=True)
class Weights:
    """The weights. A line is withheld from the sum ``least`` on; the last line has ``last`` more."""

    row: tuple[int, ...]
    bias: float
    least: float
    last: float


def read_weights(data: bytes) -> Weights:
    """The weights in a file's bytes; ``ConfigError`` if it is not such a file, or not whole."""
    head, _, body = data.removeprefix(MAGIC).partition(b"\n")
    try:
        about = json.loads(head)
        scale, whole = float(about["scale"]), crc32(body) == about["crc32"] and len(body) == BUCKETS
        bias, least, last = (float(about[name]) / scale for name in ("bias", "least", "last"))
    except (ValueError, KeyError, TypeError, ZeroDivisionError) as error:
        raise ConfigError("the weights of private lines cannot be read", hint=_HINT) from error
    if not (data.startswith(MAGIC) and whole):
        raise ConfigError("the weights of private lines are damaged or of another version", hint=_HINT)
    return Weights(tuple(byte - 256 if byte > 127 else byte for byte in body), bias, least, last)


@lru_cache(maxsize=1)
def shipped() -> Weights:
    """The package's own weights, read once; ``ConfigError`` if they are missing or damaged."""
    try:
        data = resources.files("casewright.notes").joinpath(FILE).read_bytes()
    except OSError as error:
        raise ConfigError("the weights of private lines are missing", hint=_HINT) from error
    return read_weights(data)


def looks_private(text: str, own: frozenset[str] = frozenset(), *, last: bool = False) -> bool:
    """Whether a line looks like one that must not reach the client. ``own``: the client's names.

    ``last``: it is the last of longer notes, where asides often stand.
    """
    weights = shipped()
    row = weights.row
    return (
        sum([row[place] for place in places(text, own)]) + weights.bias >= weights.least - weights.last * last
    )


def places(text: str, own: frozenset[str]) -> set[int]:
    """The places of a line's features; training uses the same."""
    words = [_plain(word, first == 0, own) for first, word in enumerate(_WORD.findall(text)[:MOST_WORDS])]
    found: set[int] = {_place(f"n{min(len(words), 8)}")}
    found.update(map(_place, _hints(text, beginnings(text))))
    previous = "^"
    near: list[tuple[int, str]] = []
    for at, word in enumerate(words):
        found.update(_pieces(word))
        found.add(crc32(f"b={previous} {word}".encode()) % BUCKETS)
        here = kinds(word)
        if here:
            near = [(where, kind) for where, kind in near if at - where <= APART]
            for kind in here:
                found.add(_place(f"b{kind}{previous}") if at < 2 else _place(f"K{kind}"))
                found.update([_pair(other, kind) for _, other in near])
            near += [(at, kind) for kind in here]
        previous = word
    return found


@lru_cache(maxsize=8)
def beginnings(text: str) -> frozenset[str]:
    """The first four letters of a text's words, in small letters."""
    return frozenset([word[:4] for word in _LETTERS.findall(text.lower())])


def _hints(text: str, begins: Set[str]) -> Iterator[str]:
    """What rules find that are too often wrong to decide."""
    if _TO_COLLEAGUE.match(text):
        yield "to colleague"
    if begins & STARTS["unknowing"] and UNKNOWING.search(text):
        yield "unknowing"
    for person in THIRD_PERSON.finditer(text) if begins & STARTS["third"] else ():
        found = SECRET_OF.search(text, person.end(), person.end() + 60)
        if found and not _ENDS.search(text, person.end(), found.start()):
            yield "secret of another"
            return


def _plain(word: str, first: bool, own: frozenset[str]) -> str:
    """A word without what it is by chance: a figure, a person's name."""
    if not word[0].isalpha():
        return "#" if word[-1].isalnum() or word[0] in "£$€" else word
    small = word.lower().replace("’", "'")
    if small.removesuffix("'s") in own:
        return "cl"
    if small in _TITLES:
        return "#mr"
    if word[0].isupper() and not first and word[1:].islower() and not kinds(small):
        return "#name"
    return small


@lru_cache(maxsize=4096)
def _place(feature: str) -> int:
    return crc32(feature.encode()) % BUCKETS


@lru_cache(maxsize=4096)
def _pair(one: str, other: str) -> int:
    return _place(f"P{one}{other}")


@lru_cache(maxsize=20_000)
def _pieces(word: str) -> tuple[int, ...]:
    """A word, its kinds, and how it begins and ends."""
    features = [f"w={word}", *(f"k={kind}" for kind in kinds(word))]
    if len(word) > 4 and word[0] != "#":
        features += [f"<{word[:4]}", f"<{word[:5]}", f"{word[-4:]}>"]
    return tuple(_place(feature) for feature in features)
