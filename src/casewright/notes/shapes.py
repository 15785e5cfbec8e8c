"""The shapes that the parts of the notes service hand to each other, and who makes them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Literal, Protocol

from casewright.api.notes import Owner, Section

FaultKind = Literal[
    "amount",
    "date",
    "reference",
    "number",
    "negation",
    "name",
    "word",
    "pairing",
    "owner",
    "section",
    "source",
    "modality",
    "condition",
    "form",
]


@dataclass(frozen=True, slots=True)
class SourceLine:
    """A line of the notes as a check sees it: its number, and its text without bullet or heading."""

    number: int
    text: str


@dataclass(frozen=True, slots=True)
class Context:
    """What a sentence may rest on besides its lines. ``section`` is where the sentence is to stand, ``owner``
    who acts in it by the rules or the classifier, ``sure`` whether that is beyond doubt. ``covers``: the
    sentence stands for the lines all alone, so nothing of theirs may be lost.
    """

    client_name: str
    section: Section
    owner: Owner
    sure: bool
    adviser: str | None = None
    meeting: date | None = None
    covers: bool = True


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a sentence, in words that name the thing."""

    kind: FaultKind
    what: str


@dataclass(frozen=True, slots=True)
class Asked:
    """A sentence to be held against its lines."""

    sentence: str
    lines: tuple[SourceLine, ...]
    context: Context


@dataclass(frozen=True, slots=True)
class Guess:
    """The classifier's word on a line: the likeliest owner and section, and how likely they are together."""

    owner: Owner
    section: Section
    probability: float


class Grounds(Protocol):
    """ground.py: what is wrong with a sentence for its lines; empty if it may leave."""

    def __call__(self, sentence: str, lines: Sequence[SourceLine], context: Context) -> tuple[Fault, ...]:
        """Look at one sentence."""
        ...


class Guesses(Protocol):
    """classify.py: a line's owner and section. ``before`` is the line above it, "" where there is none."""

    def __call__(self, text: str, heading: str, before: str = "") -> Guess:
        """Guess about one line."""
        ...


@dataclass(frozen=True, slots=True)
class DraftedFact:
    """A fact as the model gave it, of the right shape and not yet believed."""

    id: str
    text: str
    section: Section
    owner: Owner
    lines: tuple[int, ...]
    due: str | None = None
    amounts: tuple[str, ...] = ()
    dates: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DraftedSentence:
    """A sentence as the model gave it, not yet believed; ``facts`` are the ids it cites."""

    text: str
    section: Section
    facts: tuple[str, ...]
    lines: tuple[int, ...] = field(default=())
