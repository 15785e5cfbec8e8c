"""Whether two days or times in the notes are two of one event, and not of two."""

from __future__ import annotations

import re
from datetime import date

from casewright.api.notes import Contradiction
from casewright.notes.contradict_facts import Dated, things_of
from casewright.notes.values import same_day
from casewright.notes.values_kinds import Day

_MOVED = re.compile(
    r"\b(?:adjourn\w*|re-?schedul\w*|re-?arrang\w*|postpon\w*|moved (?:to|from|back)|changed|put back"
    r"|brought forward|re-?list\w*|cancel\w*|extend\w*"
    r"|extension|originally|was (?:due|set|listed|meant)|missed|instead|previous\w*|last (?!day|shift|pay"
    r"|credit|amount|money)|next"
    r"|another|invalid|defective|withdrawn"
    r"|follow[- ]?up|new (?:date|appt|appointment|hearing)"
    r"|(?:first|second|third|2nd|1st|3rd|other|further|final|initial|old) (?:\w+ )?(?:hearing|appt"
    r"|appointment|meeting|assessment|interview|notice|deadline|claim)"
    r"|again|re-?served|not on|old one|if|every|each|weekly|between)\b",
    re.IGNORECASE,
)
# What there is one of in one person's notes, whoever else is named beside it.
_ONLY_ONE = (
    "hearing",
    "eviction",
    "date of birth",
    "dismissal",
    "end of the tenancy",
    "start of the tenancy",
)
_HEARINGS = re.compile(
    r"\b(?:pip|uc|esa|dla|hb|possession|employment|et|family|mags|magistrates|immigration|asylum|bail"
    r"|preliminary"
    r"|final|directions|mediation|disciplinary|grievance|appeal|set aside|small claims?|fha|fhdra|dra|cmc"
    r"|cmh|mot"
    r"|medical|wca|gp|dr|jcp|dwp|dentist|hospital|here|office|child|school|exclusion|sendist|sen|inquest"
    r"|crown)\b",
    re.IGNORECASE,
)


def two_days(one: Dated, two: Dated, meeting: date | None) -> Contradiction | None:
    """What two days or times of one event give; None where both can hold."""
    if one.whose != two.whose or _MOVED.search(one.entry) or _MOVED.search(two.entry):
        return None
    if one.names and two.names and not one.names & two.names and one.event not in _ONLY_ONE:
        return None
    kinds = [frozenset(word.lower() for word in _HEARINGS.findall(said.entry)) for said in (one, two)]
    if kinds[0] != kinds[1] and (
        one.event == "appointment" or (not kinds[0] & kinds[1] and kinds[0] and kinds[1])
    ):
        return None
    if one.event.startswith("deadline") and any("draft" in said.entry.lower() for said in (one, two)):
        return None
    if (
        one.event in ("appointment", "purchase", "delivery", "interview")
        and one.names != two.names
        and (one.names or two.names)
    ):
        return None
    if one.event in ("purchase", "delivery") and (
        things_of(one.entry) != things_of(two.entry) or not things_of(one.entry)
    ):
        return None
    if one.day is not None and two.day is not None and one.line != two.line:
        return (
            of_two(one, two, f"two days for one thing ({one.event})")
            if days_clash(one.day, two.day, meeting)
            else None
        )
    if one.time is None or two.time is None or one.line == two.line:
        return None
    apart = (one.time.hour % 12, one.time.minute) != (two.time.hour % 12, two.time.minute)
    met = apart and one.event in ("hearing", "appointment")
    return of_two(one, two, f"two times for one thing ({one.event})") if met else None


def days_clash(one: Day, two: Day, meeting: date | None) -> bool:
    """Whether two days cannot be one, however they are read."""
    readings = [one.why, two.why]
    if same_day(one, two, meeting) is not False:
        return False
    # what has two readings clashes only where neither of them fits
    return not any(", or " in why or "not said" in why or "a part" in why for why in readings)


def of_two(one: Dated, two: Dated, what: str) -> Contradiction:
    """The two lines with what they say."""
    lines = (one.line, two.line) if one.line != two.line else (one.line,)
    return Contradiction(lines=lines, what=what, values=(one.text, two.text))
