"""The contract of the notes service: ``POST /convert``, raw notes in, a letter with sources out."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import Field

from casewright.api.contract import Answered, Contract

MAX_NOTES_CHARS = 200_000
MAX_NAME_CHARS = 200

Section = Literal["matters_discussed", "our_actions", "your_actions"]
Owner = Literal["client", "adviser", "third_party", "unclear"]


class ConvertRequest(Contract):
    """Raw notes of one meeting.

    ``meeting_date`` is what relative dates count from; None leaves them as they are.

    ``strategy`` as in the query contract: ``plain`` asks the model to phrase, code still decides.
    """

    notes: str = Field(min_length=1, max_length=MAX_NOTES_CHARS, pattern=r"\S")
    client_name: str = Field(min_length=1, max_length=MAX_NAME_CHARS, pattern=r"\S")
    meeting_date: date | None = None
    strategy: Literal["auto", "plain", "extractive"] = "auto"


class Fact(Contract):
    """What one or more lines say. ``lines`` are 1-based numbers of the notes' lines.

    ``amounts``, ``dates`` and ``references`` are the words as they stand in those lines.
    """

    id: str
    text: str
    section: Section
    lines: tuple[int, ...]
    owner: Owner
    sure: bool
    amounts: tuple[str, ...] = ()
    dates: tuple[str, ...] = ()
    references: tuple[str, ...] = ()


class Sentence(Contract):
    """A sentence of the letter and the facts and lines it rests on."""

    text: str
    section: Section
    facts: tuple[str, ...]
    lines: tuple[int, ...]
    written_by: Literal["code", "model"]


class LeftOut(Contract):
    """A line that is not in the letter, and why."""

    line: int
    text: str
    reason: str


class Checks(Contract):
    """What code checked before the letter left.

    ``lines_total`` counts lines with words; every one is used or left out. ``unsure_lines`` are those whose
    section or owner a person should look at. ``rejected`` are the model's sentences that did not hold.
    """

    lines_total: int
    lines_used: int
    left_out: tuple[LeftOut, ...]
    unsure_lines: tuple[int, ...]
    rejected: tuple[str, ...] = ()
    passed: bool


class ConvertResponse(Answered):
    """The letter in its three sections and as one text, with what each sentence rests on."""

    matters_discussed: tuple[str, ...]
    our_actions: tuple[str, ...]
    your_actions: tuple[str, ...]
    full_text: str
    facts: tuple[Fact, ...]
    sentences: tuple[Sentence, ...]
    checks: Checks
