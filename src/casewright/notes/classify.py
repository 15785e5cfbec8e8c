"""A small classifier for lines that no rule decides: how likely each owner and section is.

Linear, over hashed features (``classify_features``), in pure Python; its weights are a file of the package,
which tools/train_notes.py makes from synthetic lines; it is read once, when the first line is asked about.
The file: ``MAGIC``, a line of JSON (what was trained, and how), then one signed byte a class and bucket.
"""

from __future__ import annotations

import json
import math
import struct
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from zlib import crc32

from casewright.api.notes import Owner, Section
from casewright.errors import ConfigError
from casewright.notes.classify_features import BUCKETS, buckets, line_tokens
from casewright.notes.decision import Decision, Names
from casewright.notes.read import Heading

MAGIC = b"casewright-notes-lines-1\n"
FILE = "lines.weights"
CLASSES: tuple[tuple[Owner, Section], ...] = (
    ("client", "your_actions"),
    ("adviser", "our_actions"),
    ("client", "matters_discussed"),
    ("adviser", "matters_discussed"),
    ("third_party", "matters_discussed"),
)
_HINT = "install the package again, or run tools.train_notes"
Row = tuple[int, int, int, int, int]
NOBODY = Names()


@dataclass(frozen=True, slots=True)
class Model:
    """The weights and what makes them likelihoods. ``temperature`` was fitted on lines not trained on."""

    rows: tuple[Row, ...]
    scale: float
    temperature: float

    def likelihoods(self, places: set[int]) -> list[float]:
        """How likely each of ``CLASSES`` is for the features at these places; they sum to 1."""
        one = two = three = four = five = 0
        for place in places:
            first, second, third, fourth, fifth = self.rows[place]
            one += first
            two += second
            three += third
            four += fourth
            five += fifth
        sums = [total * self.scale / self.temperature for total in (one, two, three, four, five)]
        most = max(sums)
        powers = [math.exp(value - most) for value in sums]
        whole = sum(powers)
        return [power / whole for power in powers]


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
        fits = about["buckets"] == BUCKETS and about["classes"] == [list(one) for one in CLASSES]
        whole = len(body) == BUCKETS * len(CLASSES) and crc32(body) == about["crc32"]
    except (ValueError, KeyError, TypeError) as error:
        raise ConfigError("the head of the notes' classifier cannot be read", hint=_HINT) from error
    if not (fits and whole and scale > 0 and temperature > 0):
        raise ConfigError(
            "the weights of the notes' classifier are damaged or of another version", hint=_HINT
        )
    return Model(tuple(struct.iter_unpack(f"{len(CLASSES)}b", body)), scale, temperature)


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


def likelihoods(text: str, heading: Heading, rule: Decision, names: Names) -> list[float]:
    """How likely each of ``CLASSES`` is for a line by itself; ``rule`` is the rules' word on it."""
    return shipped().likelihoods(seen(text, heading, rule, names))


def seen(text: str, heading: Heading, rule: Decision, names: Names) -> set[int]:
    """The places of a line's features; training uses the same."""
    word = f"{rule.owner}/{rule.section}/{rule.sure}/{rule.why[:24]}"
    ending = text[-1:] if text[-1:] in "?!.:;" else ""
    return buckets(line_tokens(text, names.client, names.adviser), heading, word, ending)
