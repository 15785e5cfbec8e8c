"""From raw notes to the contract's ingredients: claims, their sentences, the letter and its checks."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from casewright.api.notes import Checks, Fact, LeftOut, Section, Sentence
from casewright.notes import letter as lt
from casewright.notes.check import faults
from casewright.notes.claim import Claim
from casewright.notes.owner import decide, leads, plain_words, unsure
from casewright.notes.private import private_reason
from casewright.notes.read import Entry, flatten, inline_heading, read_entries
from casewright.notes.recognise import amounts, dates, references
from casewright.notes.words import HERE

_STOP = re.compile(r"(?<=[.;])\s+(?=\S)")
_SHORT = re.compile(
    r"(?:c|approx|nos?|mr|mrs|ms|dr|st|a\.m|p\.m|e\.g|i\.e|etc|ref|tel|appt|rd|ave|[a-z])\.", re.IGNORECASE
)
SECTIONS: tuple[Section, ...] = ("matters_discussed", "our_actions", "your_actions")


@dataclass(frozen=True, slots=True)
class Said:
    """A claim and the sentence that holds for it. ``from_template``: a model may be asked to phrase it."""

    claim: Claim
    text: str
    from_template: bool


@dataclass(frozen=True, slots=True)
class Draft:
    """Every line of the notes, in a sentence or left out."""

    said: tuple[Said, ...]
    left_out: tuple[LeftOut, ...]


@dataclass(frozen=True, slots=True)
class Letter:
    """What the contract's answer is made of."""

    sections: dict[Section, tuple[str, ...]]
    full_text: str
    facts: tuple[Fact, ...]
    sentences: tuple[Sentence, ...]
    checks: Checks


def draft(notes: str, meeting: date | None = None) -> Draft:
    """Read notes and decide about every line; each sentence has passed its check."""
    said: list[Said] = []
    left_out: list[LeftOut] = []
    for entry in read_entries(notes):
        reason = _left_out(entry)
        if reason is not None:
            left_out += [LeftOut(line=line.number, text=line.text, reason=reason) for line in entry.lines]
            continue
        for claim in _claims(entry, meeting, len(said) + 1):
            said.append(_say(claim))
    return Draft(tuple(said), tuple(left_out))


def _left_out(entry: Entry) -> str | None:
    if entry.left_out is not None:
        return entry.left_out
    if entry.heading == "private":
        return "under a heading for private remarks"
    inline = inline_heading(entry.text)
    if inline is not None and inline[0] == "private":
        return "marked as private"
    return private_reason(entry.text)


def _claims(entry: Entry, meeting: date | None, first_id: int) -> Iterator[Claim]:
    """One claim for an entry, or one for each of its sentences that names its own actor."""
    numbers = tuple(line.number for line in entry.lines)
    inline = inline_heading(entry.text)
    heading = inline[0] if inline else entry.heading
    text = inline[1] if inline else entry.text
    for place, piece in enumerate(_pieces(text)):
        decision = decide(piece, heading)
        shown = entry.text if inline and not decision.sure else piece
        if inline and decision.opening is None:
            # the label may say who acts: a quotation keeps it
            shown, decision = (piece if place else entry.text), replace(decision, lead=0)
        yield Claim(f"f{first_id + place}", shown, numbers, heading, decision, meeting)


def _pieces(text: str) -> list[str]:
    """Parts that each begin with who acts; whatever does not stays with the part before it."""
    first, *rest = _STOP.split(text)
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
    return Said(doubted, lt.quoted(claim.text), False)


def compose(
    made: Draft,
    client_name: str,
    meeting: date | None = None,
    phrased: Mapping[str, str] | None = None,
    rejected: Sequence[str] = (),
) -> Letter:
    """The letter. ``phrased`` are a model's accepted sentences by the claim's id, ``rejected`` the others."""
    own = phrased or {}
    sentences = tuple(
        Sentence(
            text=own.get(said.claim.id, said.text),
            section=said.claim.decision.section,
            facts=(said.claim.id,),
            lines=said.claim.lines,
            written_by="model" if said.claim.id in own else "code",
        )
        for said in made.said
    )
    sections = {
        section: tuple(found.text for found in sentences if found.section == section) for section in SECTIONS
    }
    doubtful = sorted({n for said in made.said if not said.claim.decision.sure for n in said.claim.lines})
    used = {number for found in sentences for number in found.lines}
    checks = Checks(
        lines_total=len(used) + len(made.left_out),
        lines_used=len(used),
        left_out=made.left_out,
        unsure_lines=tuple(doubtful),
        rejected=tuple(rejected),
        passed=all(said.claim.id in own or not faults(said.text, said.claim) for said in made.said),
    )
    text = lt.letter(addressee(client_name), meeting, dict(sections), unsure=bool(doubtful))
    return Letter(sections, text, tuple(_fact(said.claim) for said in made.said), sentences, checks)


def addressee(client_name: str) -> str:
    """The name on one line; where nothing printable is left of it, a neutral address."""
    return flatten(client_name) or "Client"


def _fact(claim: Claim) -> Fact:
    decision = claim.decision
    return Fact(
        id=claim.id,
        text=claim.text,
        section=decision.section,
        lines=claim.lines,
        owner=decision.owner,
        sure=decision.sure,
        amounts=amounts(claim.text),
        dates=dates(claim.text),
        references=references(claim.text),
    )
