"""What must not be lost or changed: amounts, dates, references, numbers and negations, as they are written.

Nothing is interpreted. ``figures`` are compared as tokens, so a sentence that has "£54" where its line has
"£450" fails whatever either of them means. dateparser was looked at for relative dates and is not used: it
answers "next Tuesday" with one of two readings, and here only readings without a second one are resolved,
which is plain arithmetic on the meeting's date.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, timedelta

from casewright.notes.words import listed

_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?"
    r"|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"
)
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_DAY = (
    r"(?:mon(?:day)?|tue(?:s(?:day)?)?|wed(?:nesday)?|thu(?:rs?(?:day)?)?|fri(?:day)?|sat(?:urday)?"
    r"|sun(?:day)?)"
)
_NTH = r"\d{1,2}(?:st|nd|rd|th)?"
AMOUNT = re.compile(
    r"[£$€]\s?\d[\d,]{0,20}(?:\.\d{1,4})?[kKmM]?\b|\b\d[\d,]{0,20}(?:\.\d{1,4})?\s?(?:pounds?|GBP|quid|p)\b"
)
DATE = re.compile(
    rf"\b\d{{4}}-\d{{2}}-\d{{2}}\b|\b\d{{1,2}}[/.-]\d{{1,2}}[/.-](?:\d{{4}}|\d{{2}})\b"
    rf"|\b{_NTH}\s(?:of\s)?{_MONTH}\b(?:,?\s\d{{4}}\b)?|\b{_MONTH}\s{_NTH}\b(?:,?\s\d{{4}}\b)?"
    rf"|\b\d{{1,2}}/\d{{1,2}}\b(?!/)|\b{_MONTH}\s\d{{4}}\b"
    rf"|\b(?:next|this|last)\s(?:{_DAY}|week|month|year|{_MONTH})\b|\b{_DAY}\b"
    r"|\b(?:today|tomorrow|tmrw|yesterday)\b|\bin\s\d{1,3}\s(?:days?|weeks?|months?)\b"
    r"|\bend of (?:the )?(?:week|month|year)\b",
    re.IGNORECASE,
)
REFERENCE = re.compile(
    r"\b(?=[A-Za-z0-9/-]{3,40}\b)(?=[A-Za-z0-9/-]{0,39}\d)(?=[A-Za-z0-9/-]{0,39}[A-Za-z])"
    r"[A-Za-z0-9]+(?:[/-][A-Za-z0-9]+)*\b|(?<![\d£$€.,/-])\b\d{6,20}\b(?![/.,]\d)"
)
_NTH_ONLY = re.compile(
    r"\d+(?:st|nd|rd|th|am|pm|k|p|days?|weeks?|months?|years?|hrs?|wks?|yrs?)", re.IGNORECASE
)
NEGATIONS = listed(
    "not no never none nothing nobody neither nor without cannot unable refuse refuses refused unless except"
    " decline declines declined"
)
_DIGIT = re.compile(r"\d")
_NEGATED = NEGATIONS | {"w/o", "cant", "dont", "wont", "didnt"}
_EDGES = "\"'“”‘’.,;:!?()[]{}<>*_~"


def amounts(text: str) -> tuple[str, ...]:
    """Sums of money as they are written."""
    return tuple(match[0].strip() for match in AMOUNT.finditer(text))


def dates(text: str) -> tuple[str, ...]:
    """Dates as they are written, relative ones too ("next Tuesday")."""
    return tuple(match[0] for match in DATE.finditer(AMOUNT.sub(" # ", text)))


def references(text: str) -> tuple[str, ...]:
    """References and long numbers as they are written: ``PPR-9087``, ``s21``, ``20931877``."""
    rest = DATE.sub(" # ", AMOUNT.sub(" # ", text))
    return tuple(m[0] for m in REFERENCE.finditer(rest) if not _NTH_ONLY.fullmatch(m[0]))


def recognised(text: str) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """``amounts``, ``dates`` and ``references`` of a text, for about half of what the three cost apart."""
    figured = _DIGIT.search(text) is not None  # every amount and every reference has a digit
    money = amounts(text) if figured else ()
    rest = AMOUNT.sub(" # ", text) if money else text
    days = tuple(match[0] for match in DATE.finditer(rest))
    if not figured:
        return money, days, ()
    codes = REFERENCE.finditer(DATE.sub(" # ", rest) if days else rest)
    return money, days, tuple(m[0] for m in codes if not _NTH_ONLY.fullmatch(m[0]))


def core(token: str) -> str:
    """A token without the punctuation around it; its own signs (£, /, -) stay."""
    return token.strip(_EDGES)


def figures(tokens: list[str]) -> list[str]:
    """Every token with a digit, in order, without the punctuation around it."""
    return [core(token) for token in tokens if not token.isalpha() and any(map(str.isdigit, token))]


def is_negation(word: str) -> bool:
    """Whether a lower-case word turns a statement round: "not", "never", "isn't", "w/o"."""
    return word in _NEGATED or word.endswith("n't")


def negations(words: Sequence[str]) -> int:
    """How many of these lower-case words are negations."""
    return len([word for word in words if word in _NEGATED or word.endswith("n't")])


def resolved(text: str, meeting: date) -> str | None:
    """The day that the last words of ``text`` name, counted from the meeting; None if unsure.

    Resolved are "tomorrow", "today" and a bare weekday after "by" or "on" that is not the meeting's own day
    (its next occurrence, within six days). "Next Tuesday" is not: people differ on which one it is.
    """
    words = [core(word).lower() for word in text.split()]
    if not words:
        return None
    if words[-1] in ("tomorrow", "tmrw", "today"):
        return _spelled(meeting, 0 if words[-1] == "today" else 1)
    if len(words) > 1 and words[-2] in ("by", "on") and re.fullmatch(_DAY, words[-1]):
        ahead = ([day[:3] for day in _DAYS].index(words[-1][:3]) - meeting.weekday()) % 7
        return _spelled(meeting, ahead) if ahead else None
    return None


def _spelled(meeting: date, days: int) -> str | None:
    try:
        day = meeting + timedelta(days=days)
    except OverflowError:
        return None
    return f"{day.day} {day:%B %Y}"
