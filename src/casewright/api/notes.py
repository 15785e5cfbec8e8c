"""The contract of the notes service: raw notes in, a letter with sources out; its export and confirmation."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import Field

from casewright.api.contract import Answered, Contract

MAX_NOTES_CHARS = 200_000
MAX_NAME_CHARS = 200
MAX_NOTE_CHARS = 1_000

Section = Literal["matters_discussed", "our_actions", "your_actions"]
Owner = Literal["client", "adviser", "third_party", "unclear"]
# drafted: every sentence but headings is the model's and held; mixed: some are the templates', where the
# model's did not hold or none was asked for; extractive: all are made of the lines by code.
Mode = Literal["drafted", "mixed", "extractive"]
Tone = Literal["plain", "warm", "formal"]
Template = Literal["standard", "short"]
ExportFormat = Literal["docx", "pdf"]
# letter: the letter and no more; sources: also the lines that each sentence rests on; all: also what is for
# the file alone, with what was withheld.
ExportParts = Literal["letter", "sources", "all"]
# What a file's name begins with, so that nobody sends the client what is not theirs.
FILE_NAMES: dict[ExportParts, str] = {
    "letter": "letter",
    "sources": "letter-with-sources",
    "all": "file-copy",
}


class ConvertRequest(Contract):
    """Raw notes of one meeting.

    ``meeting_date`` is what relative dates count from; None leaves them as they are. ``adviser`` signs the
    letter. ``reading_age`` in years: longer sentences than it allows are told in ``checks``, and the model is
    asked for shorter ones. ``template``: ``short`` leaves out the opening and closing words.

    ``strategy``: ``structured`` has the model draft facts and sentences, ``plain`` has it phrase what stands;
    code decides either way. ``auto`` goes by the model's qualification.
    """

    notes: str = Field(min_length=1, max_length=MAX_NOTES_CHARS, pattern=r"\S")
    client_name: str = Field(min_length=1, max_length=MAX_NAME_CHARS, pattern=r"\S")
    meeting_date: date | None = None
    adviser: str | None = Field(default=None, min_length=1, max_length=MAX_NAME_CHARS, pattern=r"\S")
    template: Template = "standard"
    tone: Tone = "plain"
    reading_age: int | None = Field(default=None, ge=8, le=18)
    strategy: Literal["auto", "structured", "plain", "extractive"] = "auto"
    stream: bool = False


class Fact(Contract):
    """What one or more lines say. ``lines`` are 1-based numbers of the notes' lines.

    ``amounts``, ``dates`` and ``references`` are the words as they stand in those lines. ``due`` is the day
    by which it is to be done, where the lines say so and the day is beyond doubt. ``confidence`` is how
    likely section and owner are right, 0 to 1; ``sure``: a rule was beyond doubt or the likelihood is high.
    """

    id: str
    text: str
    section: Section
    lines: tuple[int, ...]
    owner: Owner
    sure: bool
    confidence: float | None = Field(default=None, ge=0, le=1)
    due: date | None = None
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
    """A line that is not in the letter, and why. ``to_decide``: a person is to say whether it may be."""

    line: int
    text: str
    reason: str
    to_decide: bool = False


class Contradiction(Contract):
    """Lines that cannot both be so: two amounts for one debt, two days for one appointment."""

    lines: tuple[int, ...]
    what: str
    values: tuple[str, ...]


class Check(Contract):
    """One thing that must hold before the letter leaves. ``where`` names lines or sentences that fail it."""

    name: str
    passed: bool
    where: tuple[str, ...] = ()
    detail: str = ""


class Rejected(Contract):
    """A sentence of the model's that is not in the letter, and what was wrong with it."""

    text: str
    reasons: tuple[str, ...]


class ConvertResponse(Answered):
    """The letter in its three sections and as one text, with what each sentence rests on.

    ``lines_total`` counts lines with words; every one is used or left out. ``unsure_lines`` are those whose
    section or owner a person should look at. ``ready_to_send``: every check passed and no person is needed;
    an extractive letter never is before ``POST /confirm``. ``seal`` is what export and confirmation need: it
    says that this letter was made and checked here, and not changed since.
    """

    client_name: str
    adviser: str | None = None
    meeting_date: date | None = None
    mode: Mode
    ready_to_send: bool
    matters_discussed: tuple[str, ...]
    our_actions: tuple[str, ...]
    your_actions: tuple[str, ...]
    full_text: str
    facts: tuple[Fact, ...]
    sentences: tuple[Sentence, ...]
    checks: tuple[Check, ...]
    left_out: tuple[LeftOut, ...]
    contradictions: tuple[Contradiction, ...]
    unsure_lines: tuple[int, ...]
    lines_total: int
    lines_used: int
    rejected: tuple[Rejected, ...] = ()
    seal: str


class Progress(Contract):
    """How far a letter is, as an event of a stream. ``done`` and ``of`` count parts that a model drafts."""

    stage: Literal["read", "drafting", "checking"]
    lines: int | None = None
    done: int | None = None
    of: int | None = None


class ConfirmRequest(Contract):
    """A person's word that a letter may leave: ``letter`` is the whole answer of ``/convert``, unchanged."""

    letter: ConvertResponse
    confirmed_by: str = Field(min_length=1, max_length=MAX_NAME_CHARS, pattern=r"\S")
    note: str | None = Field(default=None, max_length=MAX_NOTE_CHARS)


class Confirmation(Contract):
    """Who confirmed which letter and when (UTC). Of the letter only its seal is kept."""

    seal: str
    confirmed_by: str
    confirmed_at: str
    note: str | None = None


class ExportRequest(Contract):
    """A letter as a file.

    ``parts``: ``letter`` is the letter alone; ``sources`` adds the lines beside each sentence;
    ``all`` is for the file, not for the client, with what was withheld. ``notes`` are those it was made of,
    for the appendix; None: what the letter itself has of them.
    """

    letter: ConvertResponse
    format: ExportFormat
    parts: ExportParts = "sources"
    notes: str | None = Field(default=None, min_length=1, max_length=MAX_NOTES_CHARS)
