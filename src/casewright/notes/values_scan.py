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
    waiting: int | None = None
    for match in _TOKEN.finditer(text):
        place = match.start()
        word = match[0]
        first = word[0]
        low = word.lower() if len(word) < 12 else ""
        opens = False
        if first.isdecimal():
            found.figures.append(place)
            found.codes.append(place)
            found.clocks.append(place)
            opens = True
        else:
            after = text[match.end() : match.end() + 1]
            if after in ("-", "/") or low in ("section", "sec", "s") or _coded(word, text, match.end()):
                found.codes.append(place)
            if low in _CLOCK_WORDS:
                found.clocks.append(place)
            if low in _NUMBER_WORDS:
                found.spelled.append(place)
            named = low[:3] in _MONTHS or low[:3] in _WEEKDAYS
            opens = low in _OF_DAYS or (named and _DAY_NAME.match(low) is not None)
        follows = opens or low in _STRETCHES or (low in _NUMBER_WORDS and low != "a")
        if waiting is not None and (follows or low in ("a", "the", "on", "by", "early", "mid", "late")):
            found.days.append(waiting)
        if opens or (low in _NUMBER_WORDS and low != "a"):
            found.days.append(place)
        waiting = place if low in _BEFORE_DAYS else None
    return found


def _coded(word: str, text: str, end: int) -> bool:
    """Whether a word of letters first has a figure in it, or right after it (a postcode, an insurance
    number).
    """
    if len(word) <= 2 and word.isupper():
        return text[end + 1 : end + 2].isdecimal()
    return not word.isalpha()
