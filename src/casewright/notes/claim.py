"""What one piece of the notes claims: its words, its lines, and what was decided about it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from casewright.api.notes import Contradiction, Fact, LeftOut
from casewright.notes.owner import Decision
from casewright.notes.read import Heading
from casewright.notes.read_once import Reading


@dataclass(frozen=True, slots=True)
class Claim:
    """One entry of the notes, or one full sentence of an entry that has several.

    ``text`` is as it stands in the notes but for bullets and white space; ``lines`` are their numbers;
    ``meeting`` is what relative days count from, None where nobody said. ``under`` is the heading that turns
    what the line says; ``text`` begins with it, and its line is the first of ``lines``.
    """

    id: str
    text: str
    lines: tuple[int, ...]
    heading: Heading
    decision: Decision
    meeting: date | None = None
    under: str = ""


@dataclass(frozen=True, slots=True)
class Said:
    """A claim and the sentence that holds for it. ``from_template``: a model may be asked to phrase it."""

    claim: Claim
    text: str
    from_template: bool


@dataclass(frozen=True, slots=True)
class Draft:
    """Every line of the notes, in a sentence or left out. ``reading``: the notes as they were read for it;
    ``facts``: what the claims say, where it was put together already.
    """

    said: tuple[Said, ...]
    left_out: tuple[LeftOut, ...]
    notes: str = ""
    contradictions: tuple[Contradiction, ...] = ()
    reading: Reading | None = None
    facts: tuple[Fact, ...] = ()


@dataclass(frozen=True, slots=True)
class Written:
    """A sentence of the model's that holds, and the claims (by id) that it stands for."""

    text: str
    claims: tuple[str, ...]
