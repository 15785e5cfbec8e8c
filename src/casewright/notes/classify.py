"""A small classifier for lines that no rule decides: how likely each owner and section is.

A linear chain over hashed features (``classify_features``): each line's own weights, and how likely a line of
one class follows one of another, so that a block of actions holds together. Pure Python; the weights are a
file of the package, which tools/train_notes.py makes; it is read once, when the first line is asked about.
The file: ``MAGIC``, a line of JSON (what was trained, and how), then one signed byte a class and bucket.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from operator import mul
from zlib import crc32

from casewright.api.notes import Owner, Section
from casewright.errors import ConfigError
from casewright.notes.classify_features import BUCKETS, Piece, places
from casewright.notes.decision import Decision, Names

MAGIC = b"casewright-notes-lines-2\n"
FILE = "lines.weights"
CLASSES: tuple[tuple[Owner, Section], ...] = (
    ("client", "your_actions"),
    ("adviser", "our_actions"),
    ("client", "matters_discussed"),
    ("adviser", "matters_discussed"),
    ("third_party", "matters_discussed"),
)
Links = tuple[tuple[tuple[float, ...], ...], ...]
_HINT = "install the package again, or run tools.train_notes"
_ALL = range(len(CLASSES))
_EVEN = [1.0] * len(CLASSES)
_ZERO = 128  # a weight of nothing, as an unsigned byte
_WIDE = 24  # bits of a class's sum; a line has less than 2**16 features
NOBODY = Names()


@dataclass(frozen=True, slots=True)
class Model:
    """The weights and what makes them likelihoods. ``temperature`` was fitted on lines not trained on.

    ``rows`` has one number a bucket, in which each class has ``_WIDE`` bits: all classes are summed at once.
    ``follows[apart][one][other]``: how ``other`` follows ``one``, directly or after a gap; ``comes`` is the
    same by ``other`` first.
    """

    rows: tuple[int, ...]
    scale: float
    temperature: float
    follows: Links
    comes: Links

    def scores(self, found: Sequence[int]) -> list[float]:
        """What each of ``CLASSES`` weighs for the features at these places."""
        whole = sum(map(self.rows.__getitem__, found))
        nothing = _ZERO * len(found)
        mask = (1 << _WIDE) - 1
        factor = self.scale / self.temperature
        return [((whole >> _WIDE * one & mask) - nothing) * factor for one in _ALL]

    def likelihoods(self, scores: Sequence[Sequence[float]], apart: Sequence[bool]) -> list[list[float]]:
        """How likely each class is for each line, given all the lines; each line's sum to 1."""
        own = [_powers(one) for one in scores]
        ahead: list[list[float]] = []
        for line, gap in zip(own, apart, strict=True):
            come = [sum(map(mul, ahead[-1], row)) for row in self.comes[gap]] if ahead else _EVEN
            ahead.append(_whole(list(map(mul, line, come))))
        back = _EVEN
        found: list[list[float]] = []
        for line, before, gap in zip(own[::-1], ahead[::-1], list(apart)[::-1], strict=True):
            found.append(_whole(list(map(mul, before, back))))
            after = list(map(mul, line, back))
            back = _whole([sum(map(mul, row, after)) for row in self.follows[gap]])
        return found[::-1]


def _powers(scores: Sequence[float]) -> list[float]:
    most = max(scores)
    return [math.exp(max(value - most, -200.0)) for value in scores]


def _whole(values: list[float]) -> list[float]:
    total = sum(values)
    return [value / total for value in values] if total > 0 else [1 / len(values)] * len(values)


def read_model(data: bytes) -> Model:
    """The model in a file's bytes.

    Raises:
        ConfigError: they are not such a file, or not whole.
    """
    head, _, body = data.removeprefix(MAGIC).partition(b"\n")
    if not data.startswith(MAGIC):
        raise ConfigError("the weights of the notes' classifier have another format", hint=_HINT)
    try:
        about = json.loads(head)
        scale, temperature = float(about["scale"]), float(about["temperature"])
        follows = tuple(tuple(tuple(map(float, row)) for row in one) for one in about["follows"])
        fits = about["buckets"] == BUCKETS and about["classes"] == [list(one) for one in CLASSES]
        whole = len(body) == BUCKETS * len(CLASSES) and crc32(body) == about["crc32"]
    except (ValueError, KeyError, TypeError) as error:
        raise ConfigError("the head of the notes' classifier cannot be read", hint=_HINT) from error
    square = [[len(row) for row in one] for one in follows] == [[len(CLASSES)] * len(CLASSES)] * 2
    if not (fits and whole and square and scale > 0 and temperature > 0):
        raise ConfigError(
            "the weights of the notes' classifier are damaged or of another version", hint=_HINT
        )
    links = tuple(
        tuple(tuple(math.exp(value / temperature) for value in row) for row in one) for one in follows
    )
    comes = tuple(tuple(zip(*one, strict=True)) for one in links)
    return Model(_rows(body), scale, temperature, links, comes)


def _rows(body: bytes) -> tuple[int, ...]:
    """Signed bytes as one number a bucket."""
    shifts = [_WIDE * one for one in _ALL]
    size = len(CLASSES)
    above = bytes((byte + _ZERO) % 256 for byte in range(256))
    plain = body.translate(above)
    return tuple(
        sum(byte << shift for byte, shift in zip(plain[at : at + size], shifts, strict=True))
        for at in range(0, len(plain), size)
    )


@lru_cache(maxsize=1)
def shipped() -> Model:
    """The package's own model, read once.

    Raises:
        ConfigError: its file is missing or damaged.
    """
    try:
        data = resources.files("casewright.notes").joinpath(FILE).read_bytes()
    except OSError as error:
        raise ConfigError("the weights of the notes' classifier are missing", hint=_HINT) from error
    return read_model(data)


def scored(
    pieces: Sequence[Piece], rules: Sequence[Decision], names: Names, model: Model | None = None
) -> list[list[float]]:
    """What each of ``CLASSES`` weighs for each piece; ``rules`` are the rules' words on them."""
    known = model or shipped()
    return [known.scores(found) for found in places(pieces, rules, names)]
