"""From raw notes to the contract's ingredients: claims, their sentences, the letter and its checks."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

from casewright.api.notes import Check, Contradiction, Fact, LeftOut, Mode, Rejected, Section, Sentence
from casewright.notes import letter as lt
from casewright.notes.check import faults
from casewright.notes.claim import Claim, Draft, Said, Written
from casewright.notes.classify_features import Piece
from casewright.notes.contradict import contradictions
from casewright.notes.decision import Decision, Names
from casewright.notes.ground import faults as grounded
from casewright.notes.owner import leads, plain_words, unsure
from casewright.notes.place import pieces_of, placed_all
from casewright.notes.read import Entry, Heading, Line, flatten, inline_heading, turned
from casewright.notes.read_once import Reading, read_once
from casewright.notes.read_under import unknown_heading, withheld_with
from casewright.notes.recognise import recognised
from casewright.notes.shapes import Grounds
from casewright.notes.values import deadlines
from casewright.notes.values_kinds import Day
from casewright.notes.verify import Finished, verify
from casewright.notes.words import HERE

_STOP = re.compile(r"(?<=[.;])\s+(?=\S)")
_SHORT = re.compile(
    r"(?:c|approx|nos?|mr|mrs|ms|dr|st|a\.m|p\.m|e\.g|i\.e|etc|ref|tel|appt|rd|ave|[a-z])\.", re.IGNORECASE
)
# Only lines with such a word are read for the day by which something is due.
_ENDS = re.compile(r"\b(?:by|before|until|till|due|deadline|within|latest)\b", re.IGNORECASE)
_HEADS = "a heading that goes with its items"
SECTIONS: tuple[Section, ...] = ("matters_discussed", "our_actions", "your_actions")


@dataclass(frozen=True, slots=True)
class Letter:
    """What the contract's answer is made of."""

    sections: Mapping[Section, tuple[str, ...]]
    full_text: str
    facts: tuple[Fact, ...]
    sentences: tuple[Sentence, ...]
    mode: Mode
    ready_to_send: bool
    checks: tuple[Check, ...]
    left_out: tuple[LeftOut, ...]
    contradictions: tuple[Contradiction, ...]
    unsure_lines: tuple[int, ...]
    lines_total: int
    lines_used: int
    rejected: tuple[Rejected, ...]


def draft(
    notes: str, meeting: date | None = None, client_name: str = "", adviser: str | None = None
) -> Draft:
    """Read notes and decide about every line; each sentence has passed its check.

    The names of client and adviser tell who is meant where the notes call them by it.
    """
    return compared(decided(notes, meeting, client_name, adviser), meeting)


def compared(made: Draft, meeting: date | None = None) -> Draft:
    """The draft with the contradictions of its notes, which takes as long as all the rest."""
    if made.reading is None:
        return made
    reading = made.reading
    found = contradictions(reading.entries, reading.client_name, meeting, withheld=reading.withheld)
    return replace(made, contradictions=found)


def decided(
    notes: str, meeting: date | None = None, client_name: str = "", adviser: str | None = None
) -> Draft:
    """``draft`` without the contradictions of the notes, which are still to be looked for."""
    reading = read_once(notes, client_name)
    kept: list[_Part] = []
    left_out: list[LeftOut] = []
    for entry, whole in pieces_of(reading.entries):
        reason = _reason(entry, reading)
        if reason is None:
            kept += _parts(entry, whole)
        if reason is None or reason == _HEADS:
            continue
        left_out += [
            LeftOut(line=line.number, text=line.text, reason=reason, to_decide=entry.left_out is None)
            for line in entry.lines
        ]
    decisions = placed_all([part.piece for part in kept], Names.of(client_name, adviser))
    claims = [
        _claim(f"f{number}", part, *_doubted(part, decision, reading.withheld), meeting)
        for number, (part, decision) in enumerate(zip(kept, decisions, strict=True), 1)
    ]
    cited = {line for claim in claims for line in claim.lines}
    left_out = [out for out in left_out if out.line not in cited] + _unused(reading, cited)
    return Draft(
        said=tuple(map(_say, claims)),
        left_out=tuple(sorted(left_out, key=lambda out: out.line)),
        notes=notes,
        reading=reading,
    )


def _reason(entry: Entry, reading: Reading) -> str | None:
    """Why an entry is in no sentence of its own; what a withheld heading turns goes with it."""
    if entry.lines[0].number in reading.withheld:
        return reading.withheld[entry.lines[0].number]
    reason = withheld_with(entry, reading.withheld)
    if reason is not None:
        return f"a heading over it is withheld: {reason}"
    return _HEADS if entry.heads else _left_out(entry)


def _unused(reading: Reading, cited: Set[int]) -> list[LeftOut]:
    """The headings of which every item is withheld or left out."""
    return [
        LeftOut(line=line.number, text=line.text, reason="a heading", to_decide=False)
        for entry in reading.entries
        if _reason(entry, reading) == _HEADS
        for line in entry.lines
        if line.number not in cited
    ]


def _left_out(entry: Entry) -> str | None:
    if entry.left_out is not None:
        return entry.left_out
    inline = inline_heading(entry.text)
    return "marked as private" if inline is not None and inline[0] == "private" else None


@dataclass(frozen=True, slots=True)
class _Part:
    """A piece that is decided as one: an entry, or a sentence of it that names its own actor.

    ``labelled``: the entry begins with a heading of its own; ``first`` of the entry's pieces.
    """

    entry: Entry
    piece: Piece
    labelled: bool
    first: bool

    @property
    def text(self) -> str:
        """Its words."""
        return self.piece.text

    @property
    def heading(self) -> Heading:
        """What it stands under."""
        return self.piece.heading


def _parts(entry: Entry, whole: Piece) -> Iterator[_Part]:
    labelled = whole.text != entry.text
    # a heading that turns what is said turns each of the sentences
    texts = [whole.text] if turned(entry) else _pieces(whole.text)
    for place, text in enumerate(texts):
        own = replace(whole, text=text, apart=whole.apart and not place)
        yield _Part(entry, own, labelled, not place)


def _doubted(
    part: _Part, decision: Decision, withheld: Mapping[int, str]
) -> tuple[Decision, tuple[Line, ...]]:
    """What a heading turns, and what stands in a pasted letter or in another language, is for a person; and
    the headings that are quoted with it.
    """
    entry = part.entry
    heads = entry.under
    whole = decision.sure and decision.opening is not None and decision.section == "matters_discussed"
    whole = whole and not part.text.endswith(":")  # "Cl did not agree to:" has lost what it is about
    if entry.under or (turned(entry) and not whole):  # "Disc'd options: DRO" says it all itself
        doubt = replace(
            decision, section="matters_discussed", why="its heading turns what it says", stays=True
        )
    elif entry.voice in ("email", "letter"):
        doubt = replace(decision, section="matters_discussed", why="somebody else's words", stays=True)
    elif unknown_heading(entry, part.text, decision.section):
        heads = tuple(head for head in entry.over if head.number not in withheld and part.first)
        doubt = replace(decision, why="what its heading does to it is not known")
    elif entry.language == "other":
        doubt = replace(decision, why="not in English")
    else:
        return decision, ()
    return replace(doubt, sure=False, doubted=True, lead=0, opening=None), heads


def _claim(
    name: str, part: _Part, decision: Decision, heads: tuple[Line, ...], meeting: date | None
) -> Claim:
    shown = part.entry.text if part.labelled and not decision.sure else part.text
    if part.labelled and decision.opening is None:
        # the label may say who acts: a quotation keeps it
        shown, decision = (part.entry.text if part.first else part.text), replace(decision, lead=0)
    under = " ".join(head.text for head in heads)
    numbers = tuple(line.number for line in (*heads, *part.entry.lines))
    shown = part.entry.text if part.entry.under else shown
    whole = f"{under} {shown}" if under else shown
    return Claim(name, whole, numbers, part.heading, decision, meeting, under)


def _pieces(text: str) -> list[str]:
    """Parts that each begin with who acts; whatever does not stays with the part before it."""
    first, *rest = _STOP.split(text)
    if not rest:
        return [text]
    opens = leads(first) or first.endswith(".")
    parts, before, speech = [[first]], first, False
    for part in rest:
        speech = speech or _speech(before)
        apart = leads(part) and not (speech and plain_words(part)[0] in HERE | {"you"})
        if opens and apart and not _SHORT.fullmatch(before.split()[-1]):
            parts.append([part])
        else:
            parts[-1].append(part)
        before = part
    return [" ".join(part) for part in parts]


def _speech(part: str) -> bool:
    """Whether somebody is quoted in it, so that an "I" after it may be that person's."""
    return bool(
        set(plain_words(part)) & {"says", "said", "states", "stated", "quote"} or set(part) & set('"“”:')
    )


def _say(claim: Claim) -> Said:
    """The template's sentence if it holds, else the line word for word, which always does."""
    text = lt.sentence(claim)
    found = faults(text, claim)
    if not found:
        return Said(claim, text, claim.decision.opening is not None)
    doubted = replace(claim, decision=unsure(f"the sentence did not hold: {found[0]}", claim.decision.owner))
    return Said(doubted, lt.quotation(claim), False)


@dataclass(frozen=True, slots=True)
class Wishes:
    """How the letter is to be. ``reading_age`` None: none was asked for."""

    style: lt.Style = lt.PLAIN
    reading_age: int | None = None


def compose(
    made: Draft,
    client_name: str,
    meeting: date | None = None,
    *,
    written: Sequence[Written] = (),
    rejected: Sequence[Rejected] = (),
    wishes: Wishes | None = None,
    grounds: Grounds = grounded,
) -> Letter:
    """The letter, and what its checks say of it.

    ``written`` are a model's sentences that hold, ``rejected`` are the others; ``grounds`` judges them
    once more.
    """
    wishes = wishes or Wishes()
    sentences = _sentences(made, written)
    sections = {
        section: tuple(found.text for found in sentences if found.section == section) for section in SECTIONS
    }
    doubtful = {n for said in made.said if not said.claim.decision.sure for n in said.claim.lines}
    style = _signed(wishes.style)
    whole = Finished(
        notes=made.notes,
        full_text=lt.letter(addressee(client_name), meeting, sections, unsure=bool(doubtful), style=style),
        sections=sections,
        sentences=sentences,
        facts=made.facts or facts_of(made),
        left_out=made.left_out,
        contradictions=made.contradictions,
        unsure_lines=tuple(sorted(doubtful)),
        client_name=client_name,
        adviser=style.adviser,
        meeting=meeting,
        reading_age=wishes.reading_age,
        reading=made.reading,
    )
    return _letter(whole, verify(whole, grounds), tuple(rejected))


def _letter(whole: Finished, checks: tuple[Check, ...], rejected: tuple[Rejected, ...]) -> Letter:
    mode = _mode(whole.sentences)
    used = {number for found in whole.sentences for number in found.lines}
    return Letter(
        sections=whole.sections,
        full_text=whole.full_text,
        facts=whole.facts,
        sentences=whole.sentences,
        mode=mode,
        ready_to_send=mode != "extractive" and all(check.passed for check in checks),
        checks=checks,
        left_out=whole.left_out,
        contradictions=whole.contradictions,
        unsure_lines=whole.unsure_lines,
        lines_total=len(used) + len(whole.left_out),
        lines_used=len(used),
        rejected=rejected,
    )


def _sentences(made: Draft, own: Sequence[Written]) -> tuple[Sentence, ...]:
    """In the notes' order; the model's sentences where the first of their lines stands."""
    by_claim: dict[str, list[Written]] = {}
    for one in own:
        for name in one.claims:
            by_claim.setdefault(name, []).append(one)
    claims = {said.claim.id: said.claim for said in made.said}
    told: set[int] = set()
    sentences: list[Sentence] = []
    for said in made.said:
        if said.claim.id not in by_claim:
            sentences.append(_sentence(said.text, (said.claim,), "code"))
            continue
        for one in by_claim[said.claim.id]:
            if id(one) not in told:
                told.add(id(one))
                sentences.append(_sentence(one.text, [claims[name] for name in one.claims], "model"))
    return tuple(sentences)


def _sentence(text: str, claims: Sequence[Claim], by: Literal["code", "model"]) -> Sentence:
    return Sentence(
        text=text,
        section=claims[0].decision.section,
        facts=tuple(claim.id for claim in claims),
        lines=tuple(sorted({number for claim in claims for number in claim.lines})),
        written_by=by,
    )


def _mode(sentences: Sequence[Sentence]) -> Mode:
    by_model = sum(sentence.written_by == "model" for sentence in sentences)
    if not by_model:
        return "extractive"
    return "drafted" if by_model == len(sentences) else "mixed"


def _signed(style: lt.Style) -> lt.Style:
    """The style with the adviser's name on one line."""
    return replace(style, adviser=flatten(style.adviser) or None) if style.adviser else style


def addressee(client_name: str) -> str:
    """The name on one line; where nothing printable is left of it, a neutral address."""
    return flatten(client_name) or "Client"


def facts_of(made: Draft) -> tuple[Fact, ...]:
    """What the claims say, whoever words it."""
    return tuple(_fact(said.claim) for said in made.said)


def _fact(claim: Claim) -> Fact:
    decision = claim.decision
    money, days, codes = recognised(claim.text)
    return Fact(
        id=claim.id,
        text=claim.text,
        section=decision.section,
        lines=claim.lines,
        owner=decision.owner,
        sure=decision.sure,
        confidence=decision.probability,
        due=_due(claim),
        amounts=money,
        dates=days,
        references=codes,
    )


def _due(claim: Claim) -> date | None:
    """The day by which it is to be done; None where the line names none, or several, or one in doubt."""
    if claim.decision.section == "matters_discussed" or not _ENDS.search(claim.text):
        return None
    days = {
        found.value.until.value
        for found in deadlines(claim.text, claim.meeting)
        if found.value.sure and isinstance(found.value.until, Day) and found.value.until.sure
    }
    day = next(iter(days)) if len(days) == 1 else None
    return day if isinstance(day, date) else None
