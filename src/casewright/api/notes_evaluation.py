"""The schema of a measurement of letters, ``casewright.evaluation/1`` with kind ``notes``.

Every figure carries what it was counted from; nothing measured is None. docs/evaluation.md defines each.
"""

from __future__ import annotations

from datetime import date
from typing import Literal, Self

from pydantic import Field, model_validator

from casewright.api.contract import AnsweredBy, Contract, Strategy
from casewright.api.evaluation import Rate
from casewright.api.notes import MAX_NAME_CHARS, MAX_NOTES_CHARS, Mode, Owner, Section

LabelledSection = Literal["matters_discussed", "our_actions", "your_actions", "withheld"]
FoundSection = Literal["matters_discussed", "our_actions", "your_actions", "withheld", "none"]
LabelledOwner = Literal["client", "adviser", "third_party"]
FoundOwner = Literal["client", "adviser", "third_party", "unclear", "none"]
FigureKind = Literal["number", "date", "reference", "name"]
FIGURE_KINDS: tuple[FigureKind, ...] = ("number", "date", "reference", "name")


class NotesCase(Contract):
    """One line of a cases file. Lines of the notes are numbered from 1, blank ones counted.

    ``contradictions`` None: not labelled; empty: the notes hold none.
    """

    notes: str = Field(min_length=1, max_length=MAX_NOTES_CHARS, pattern=r"\S")
    client_name: str = Field(min_length=1, max_length=MAX_NAME_CHARS, pattern=r"\S")
    meeting_date: date | None = None
    adviser: str | None = Field(default=None, min_length=1, max_length=MAX_NAME_CHARS, pattern=r"\S")
    labels: dict[int, LabelledSection] = Field(default_factory=dict)
    owners: dict[int, LabelledOwner] = Field(default_factory=dict)
    must_include: tuple[str, ...] = ()
    must_not_include: tuple[str, ...] = ()
    contradictions: tuple[tuple[int, ...], ...] | None = None
    id: str | None = None
    split: str | None = None
    area: str | None = None
    traps: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _lines_exist(self) -> Self:
        last = len(self.notes.replace("\r\n", "\n").replace("\r", "\n").split("\n"))
        groups = [line for group in self.contradictions or () for line in group]
        for line in (*self.labels, *self.owners, *groups):
            if not 1 <= line <= last:
                raise ValueError(f"the notes have no line {line}, they have {last}")
        return self


class Unsupported(Contract):
    """A figure or name of a sentence that is not in the lines it cites.

    ``nowhere``: it is nowhere in the notes either. ``lines`` is empty for what no sentence of the letter
    has, but the words around them.
    """

    kind: FigureKind
    what: str
    sentence: str
    lines: tuple[int, ...]
    nowhere: bool


class SectionVerdict(Contract):
    """A labelled line, and where it is."""

    line: int
    label: LabelledSection
    found: FoundSection
    right: bool


class OwnerVerdict(Contract):
    """A labelled line, and who acts in it by the letter's facts."""

    line: int
    label: LabelledOwner
    found: FoundOwner
    right: bool


class PaperOutcome(Contract):
    """One letter, or one raw draft, held against its notes and key.

    ``quoted`` sentences give a line word for word; ``figures`` counts what was looked at by kind.
    ``contradictions_found`` of ``contradictions_true`` were told; ``contradictions_right`` of
    ``contradictions_told`` are in the key (None: not labelled). ``withheld_wrongly`` are labelled lines
    that were left out and should not be.
    """

    sentences: int
    quoted: int
    figures: dict[FigureKind, int]
    unsupported: tuple[Unsupported, ...]
    lines: int
    uncovered: tuple[int, ...]
    sections: tuple[SectionVerdict, ...]
    owners: tuple[OwnerVerdict, ...]
    included: int
    missing: tuple[str, ...]
    kept_out: int
    present: tuple[str, ...]
    contradictions_true: int | None = None
    contradictions_found: int | None = None
    contradictions_told: int | None = None
    contradictions_right: int | None = None

    @property
    def wrong(self) -> bool:
        """Whether it has something that must never be in a letter."""
        return bool(self.unsupported or self.present)


class CaseOutcome(Contract):
    """One case. ``draft`` is None where no model drafted; ``failed`` names the checks that did not pass.

    ``broken`` counts the model's answers that were to be JSON and were not.
    """

    id: str
    split: str | None
    area: str | None
    traps: tuple[str, ...]
    mode: Mode
    answered_by: AnsweredBy
    ready_to_send: bool
    unsure: int
    failed: tuple[str, ...]
    rejected: int
    broken: int
    ms: float
    own_ms: float | None
    letter: PaperOutcome
    draft: PaperOutcome | None
    warnings: tuple[str, ...] = ()


class PaperScores(Contract):
    """The figures over all letters, or over all raw drafts. Intervals are Wilson's, 95 %.

    ``unsupported`` is, by kind, how many figures of those looked at are not in the cited lines; ``nowhere``
    how many are not in the notes at all. ``sections`` leaves out the lines that are to be withheld;
    ``withheld`` is the share of those that are, ``false_alarms`` the share of the others that are too.
    """

    papers: int
    unsupported: dict[FigureKind, Rate]
    nowhere: dict[FigureKind, Rate]
    coverage: Rate
    quoted: Rate
    sections: Rate
    owners: Rate
    owner_confusion: dict[LabelledOwner, dict[FoundOwner, int]]
    section_confusion: dict[LabelledSection, dict[FoundSection, int]]
    included: Rate
    kept_out: Rate
    withheld: Rate
    false_alarms: Rate
    contradiction_recall: Rate
    contradiction_precision: Rate


class Group(Contract):
    """The letters of one trap, area or split."""

    by: Literal["split", "area", "trap"]
    name: str
    cases: int
    unsupported: int
    present: int
    sections: Rate
    owners: Rate
    ready: Rate


class NotesEvaluation(Contract):
    """The whole measurement. ``drafts`` is over those that hold a sentence, None where there are none;
    ``drafts_empty`` counts those without one, though a model was asked.

    ``wrong`` counts letters that have something unsupported, or something that must not be in them.
    ``own_ms_median`` is a letter's time without the engine's.
    """

    schema_: Literal["casewright.evaluation/1"] = Field("casewright.evaluation/1", alias="schema")
    kind: Literal["notes"] = "notes"
    version: str
    file: str
    engine: str | None
    model: str | None
    strategy: Strategy | Literal["auto"]
    url: str | None
    cases: int
    expected: int
    wrong: int
    letters: PaperScores
    drafts: PaperScores | None
    drafts_empty: int
    ready: Rate
    modes: dict[Mode, Rate]
    unsure_lines: Rate
    ms_median: float | None
    ms_most: float | None
    own_ms_median: float | None
    groups: tuple[Group, ...]
    outcomes: tuple[CaseOutcome, ...]
    interrupted: bool = False


class DraftedLine(Contract):
    """A sentence of a model's raw draft, and what it says of it; nothing of it is believed."""

    text: str
    section: Section | None = None
    owner: Owner | None = None
    lines: tuple[int, ...] = ()
