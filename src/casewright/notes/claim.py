"""What one piece of the notes claims: its words, its lines, and what was decided about it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from casewright.notes.owner import Decision
from casewright.notes.read import Heading


@dataclass(frozen=True, slots=True)
class Claim:
    """One entry of the notes, or one full sentence of an entry that has several.

    ``text`` is as it stands in the notes but for bullets and white space; ``lines`` are their numbers;
    ``meeting`` is what relative days count from, None where nobody said.
    """

    id: str
    text: str
    lines: tuple[int, ...]
    heading: Heading
    decision: Decision
    meeting: date | None = None
