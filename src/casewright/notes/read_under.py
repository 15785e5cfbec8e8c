"""What the headings over a line mean for it: whether it is withheld with one, and whether it may be sure."""

from __future__ import annotations

from collections.abc import Mapping

from casewright.api.notes import Section
from casewright.notes.owner import leads
from casewright.notes.private import LIKELY
from casewright.notes.read import Entry
from casewright.notes.read_heading_kinds import plain_kind
from casewright.notes.read_headings import MOST_WORDS


def withheld_with(entry: Entry, withheld: Mapping[int, str]) -> str | None:
    """The reason for which a heading that turns an entry, and so the entry, is withheld; None if none is."""
    return next((withheld[head.number] for head in entry.under if head.number in withheld), None)


def in_doubt(entry: Entry, withheld: Mapping[int, str]) -> bool:
    """Whether an entry is withheld only for its heading, which the classifier alone takes to be private."""
    return entry.lines[0].number not in withheld and withheld_with(entry, withheld) == LIKELY


def unknown_heading(entry: Entry, text: str, section: Section) -> bool:
    """Whether ``text`` of an entry is an action that a heading of no known kind makes unsure: one over it, or
    at its own beginning.
    """
    if section == "matters_discussed":
        return False
    if entry.opens or (entry.over and not (entry.neutral and leads(text))):
        return True
    # "Plan B: cl to sign the form"; in "Agnes: ring the council" the label is who acts, and is quoted
    before, _, rest = text.partition(": ")
    labelled = bool(rest) and len(before.split()) <= MOST_WORDS and plain_kind(before) == "open"
    return labelled and leads(rest) and not leads(text)
