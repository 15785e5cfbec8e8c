"""Where in a text a value can begin: one pass over its words, so that the patterns are tried at few places
only.

Tried at every character, the patterns of ``values`` take five times as long.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from casewright.notes.values_money import WORDS
from casewright.notes.words import listed

_TOKEN = re.compile(r"[^\W_]+")
_MONTHS = listed("jan feb mar apr may jun jul aug sep oct nov dec")
_WEEKDAYS = listed("mon tue wed thu fri sat sun")
_DAY_NAME = re.compile(
    r"(?:mon|tues?|wed(?:s|nes)?|thu(?:rs?)?|fri|sat(?:ur)?|sun)(?:day)?|jan(?:uary)?|feb(?:ruary)?"
    r"|mar(?:ch)?"
    r"|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?"
)
_OF_DAYS = listed("today tomorrow tmrw tmw yesterday end start beginning middle early mid late w wk week")
# These open a day only where the next word can be one: "by Friday", "the 10th", "next week".
_BEFORE_DAYS = listed(
    "by before until till due on from since every each in the next this last coming during for of a"
)
_STRETCHES = listed("week month year fortnight")
_NUMBER_WORDS = frozenset(WORDS) | listed("a an hundred thousand million")
_CLOCK_WORDS = listed("noon midday midnight at")
_AFTER_OPENERS = listed("a the on by early mid late")
_FOLLOWS, _SPELLED, _BEFORE, _CLOCK, _AFTER, _SECTION, _DAY = (1 << bit for bit in range(7))


def _kinds() -> dict[str, int]:
    """Of each word that opens, joins or spells a value all that it does, so that it is looked up once."""
    numbers = _NUMBER_WORDS - {"a"}
    found: dict[str, int] = {}
    for words, kind in (
        (_OF_DAYS | _STRETCHES | numbers, _FOLLOWS),
        (_NUMBER_WORDS, _SPELLED),
        (_BEFORE_DAYS, _BEFORE),
        (_CLOCK_WORDS, _CLOCK),
        (_AFTER_OPENERS, _AFTER),
        (listed("section sec s"), _SECTION),
        (_OF_DAYS | numbers, _DAY),
    ):
        for word in words:
            found[word] = found.get(word, 0) | kind
    return found


_KINDS = _kinds()
_NAMED = _MONTHS | _WEEKDAYS


@dataclass(slots=True)
class Starts:
    """Places where the values of each kind can begin, each in order."""

    figures: list[int] = field(default_factory=list)
    spelled: list[int] = field(default_factory=list)
    days: list[int] = field(default_factory=list)
    codes: list[int] = field(default_factory=list)
    clocks: list[int] = field(default_factory=list)


def starts(text: str) -> Starts:
    """The places of a text where a value can begin."""
    found = Starts()
    figures, spelled, days, codes, clocks = (
        found.figures,
        found.spelled,
        found.days,
        found.codes,
        found.clocks,
    )
    kinds, named, ends = _KINDS, _NAMED, len(text)
    waiting: int | None = None
    for match in _TOKEN.finditer(text):
        word = match[0]
        place, end = match.span()
        if word[0].isdecimal():
            figures.append(place)
            codes.append(place)
            clocks.append(place)
            kind = _FOLLOWS | _DAY
        else:
            low = word.lower() if end - place < 12 else ""
            kind = kinds.get(low, 0)
            if (end < ends and text[end] in "-/") or kind & _SECTION or _coded(word, text, end):
                codes.append(place)
            if kind & _CLOCK:
                clocks.append(place)
            if kind & _SPELLED:
                spelled.append(place)
            if low[:3] in named and _DAY_NAME.match(low) is not None:
                kind |= _FOLLOWS | _DAY
        if waiting is not None and kind & (_FOLLOWS | _AFTER):
            days.append(waiting)
        if kind & _DAY:
            days.append(place)
        waiting = place if kind & _BEFORE else None
    return found


def _coded(word: str, text: str, end: int) -> bool:
    """Whether a word of letters first has a figure in it, or right after it (a postcode, an insurance
    number).
    """
    if len(word) <= 2 and word.isupper():
        return text[end + 1 : end + 2].isdecimal()
    return not word.isalpha()
