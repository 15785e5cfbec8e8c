"""Days of a text for the evaluation, and whether lines name a day: by nothing that the checks use."""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_MONTH = (
    r"(?P<{0}>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?"
    r"|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\b\.?"
)
_WEEKDAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
_WEEKDAY = r"(?:mon|tues?|wed(?:nes)?|thu(?:rs?)?|fri|sat(?:ur)?|sun)(?:day)?s?"
_FORMS = (
    re.compile(r"\b(?P<y>\d{4})-(?P<n>\d{2})-(?P<d>\d{2})\b"),
    re.compile(r"(?<![\w£$€/.-])(?P<d>\d{1,2})(?P<s>[/.-])(?P<n>\d{1,2})(?P=s)(?P<y>\d{4}|\d{2})(?![\w/-])"),
    re.compile(
        rf"(?<![\w£$€.,/])(?P<d>\d{{1,2}})(?:st|nd|rd|th)?[\s-](?:of\s)?{_MONTH.format('m')}"
        r"(?:,?[\s-](?P<y>(?:19|20)\d{2}|\d{2}(?![\w:]))\b)?",
        re.IGNORECASE,
    ),
    re.compile(
        rf"\b{_MONTH.format('m')}\s(?P<d>\d{{1,2}})(?:st|nd|rd|th)?\b(?:,?\s(?P<y>(?:19|20)\d{{2}})\b)?",
        re.IGNORECASE,
    ),
    re.compile(rf"\b{_MONTH.format('m')}\s(?P<y>(?:19|20)\d{{2}})\b", re.IGNORECASE),
    re.compile(r"(?<![\w£$€/.-])(?P<d>\d{1,2})/(?P<n>\d{1,2})(?![\w/-])"),
    re.compile(r"\b(?P<d>\d{1,2})(?:st|nd|rd|th)\b", re.IGNORECASE),
)
# "13.2" is a day in somebody's notes perhaps, in a letter it is a number
_DOTTED = re.compile(r"(?<![\w£$€/.,-])(?P<d>\d{1,2})[.-](?P<n>\d{1,2})(?![\w/-])")
_BARE_MONTH = re.compile(rf"\b{_MONTH.format('m')}", re.IGNORECASE)
_BARE_DAY = re.compile(rf"\b(?:(?P<q>next|last|this|past)\s)?(?P<w>{_WEEKDAY})\b", re.IGNORECASE)
_NEAR = re.compile(r"\b(?P<r>today|tomorrow|yesterday|tmrw|tmr|tmw)\b", re.IGNORECASE)
_IN = re.compile(
    r"\b(?:(?:in|within)\s)?(?P<n>\d{1,3}|a|one|two|three|four|six)[\s-]*"
    r"(?P<u>days?|d|wks?|weeks?|months?|mths?|yrs?|years?)\b",
    re.IGNORECASE,
)
_END = re.compile(r"\bend(?: of)?(?: the| this)? (?P<u>week|month|year|wk|mth)\b", re.IGNORECASE)
# How many weeks from the coming one a weekday may be; people differ on "next", and a bare one may be past.
_WEEKS = {None: (-1, 0), "this": (0,), "next": (0, 1), "last": (-1, -2), "past": (-1,)}
_COUNTS = {"a": 1, "one": 1, "two": 2, "three": 3, "four": 4, "six": 6}
_AMBIGUOUS = frozenset({"may", "march", "mar", "sat", "sun", "mon", "wed", "jan", "dec", "sept"})


@dataclass(frozen=True, slots=True)
class Day:
    """A day as far as it is named: any of its parts may be None. ``which`` is next, last, this or past."""

    shown: str
    day: int | None = None
    month: int | None = None
    year: int | None = None
    weekday: int | None = None
    near: str | None = None
    which: str | None = None

    def __str__(self) -> str:
        return self.shown


def days_named(text: str, *, strict: bool) -> tuple[Day, ...]:
    """The days of a text; ``strict`` (a letter's) takes bare months and weekdays only with a capital."""
    return tuple(day for day, _ in _found(text, strict=strict))


def blank_dates(text: str, *, strict: bool) -> str:
    """The text with blanks for its days."""
    chars = list(text)
    for _, (start, end) in _found(text, strict=strict):
        chars[start:end] = " " * (end - start)
    return "".join(chars)


def _found(text: str, *, strict: bool) -> list[tuple[Day, tuple[int, int]]]:
    found: list[tuple[Day, tuple[int, int]]] = []
    rest = text
    for form in _FORMS if strict else (*_FORMS, _DOTTED):
        for match in form.finditer(rest):
            day = _day(match)
            if day is not None:
                found.append((day, match.span()))
        for _, (start, end) in found:
            rest = rest[:start] + " " * (end - start) + rest[end:]
    for form in (_BARE_MONTH, _BARE_DAY, _NEAR):
        for match in form.finditer(rest):
            if form is not _NEAR and strict and not _certain(match, rest):
                continue
            day = _day(match)
            if day is not None:
                found.append((day, match.span()))
    return found


def _certain(match: re.Match[str], text: str) -> bool:
    """Whether a bare word is a month or a weekday: "May" at a sentence's beginning, or "sat", is not."""
    word = (match["w"] if "w" in match.re.groupindex else match[0]).rstrip(".")
    if not word[0].isupper():
        return False
    before = text[: match.start()].rstrip()
    return word.lower() not in _AMBIGUOUS or (bool(before) and before[-1] not in '.!?:;“"-')


def _day(match: re.Match[str]) -> Day | None:
    parts = match.groupdict()
    number = int(parts["d"]) if parts.get("d") else None
    month = int(parts["n"]) if parts.get("n") else None
    if parts.get("m"):
        month = _MONTHS.index(parts["m"][:3].lower()) + 1
    year = int(parts["y"]) if parts.get("y") else None
    if year is not None and year < 100:
        year += 2000
    if (number is not None and not 1 <= number <= 31) or (month is not None and not 1 <= month <= 12):
        return None
    weekday = _WEEKDAYS.index(parts["w"][:3].lower()) if parts.get("w") else None
    near = parts["r"].lower() if parts.get("r") else None
    which = parts["q"].lower() if parts.get("q") else None
    near = "tomorrow" if near in _TOMORROW else near
    return Day(match[0].strip(" ."), number, month, year, weekday, near, which)


_TOMORROW = ("tmrw", "tmr", "tmw", "tomorrow")


def supported_day(day: Day, known: Sequence[Day], texts: Iterable[str], meeting: date | None) -> bool:
    """Whether lines that name ``known`` say this day: as it is, in part, or counted from the meeting."""
    if any(_within(day, other) for other in known):
        return True
    if meeting is None:
        return False
    possible = list(_counted(known, texts, meeting))
    return any(_is(day, one) for one in possible)


def _within(day: Day, other: Day) -> bool:
    """Whether every part of a day is in another, which may name more."""
    pairs = (
        (day.day, other.day),
        (day.month, other.month),
        (day.year, other.year),
        (day.weekday, other.weekday),
        (day.near, other.near),
    )
    return all(mine is None or mine == theirs for mine, theirs in pairs)


def _is(day: Day, one: date) -> bool:
    named = Day("", one.day, one.month, one.year, one.weekday())
    return day.near is None and _within(day, named)


def _counted(known: Sequence[Day], texts: Iterable[str], meeting: date) -> Iterable[date]:
    """The days that what the lines name may be, counted from the meeting."""
    for day in known:
        if day.near:
            yield meeting + timedelta(days=("yesterday", "today", "tomorrow").index(day.near) - 1)
        if day.weekday is not None and day.day is None:
            ahead = (day.weekday - meeting.weekday()) % 7
            yield from (meeting + timedelta(days=ahead + 7 * week) for week in _WEEKS[day.which])
        if day.day is not None and day.year is None:
            yield from _years(day, meeting)
    for text in texts:
        for match in _IN.finditer(text):
            count = int(match["n"]) if match["n"].isdigit() else _COUNTS[match["n"].lower()]
            yield from _ahead(meeting, count, match["u"].lower())
        for match in _END.finditer(text):
            yield from _ends(meeting, match["u"].lower()[0])


def _years(day: Day, meeting: date) -> Iterable[date]:
    """A day without its year (or month): the nearest one, and the next to come."""
    months = [day.month] if day.month else list(range(1, 13))
    days = sorted(
        date(year, month, day.day)
        for year in (meeting.year - 1, meeting.year, meeting.year + 1)
        for month in months
        if day.day and day.day <= calendar.monthrange(year, month)[1]
    )
    if days:
        yield min(days, key=lambda one: abs((one - meeting).days))
        yield next((one for one in days if one >= meeting), days[-1])


def _ahead(meeting: date, count: int, unit: str) -> Iterable[date]:
    if unit.startswith("d"):
        yield meeting + timedelta(days=count)
    elif unit.startswith("w"):
        yield meeting + timedelta(weeks=count)
    else:
        months = count * (12 if unit.startswith("y") else 1) + meeting.month - 1
        year, month = meeting.year + months // 12, months % 12 + 1
        if year <= date.max.year:
            yield date(year, month, min(meeting.day, calendar.monthrange(year, month)[1]))


def _ends(meeting: date, unit: str) -> Iterable[date]:
    if unit == "w":
        yield from (meeting + timedelta(days=(last - meeting.weekday()) % 7) for last in (4, 6))
    elif unit == "m":
        yield meeting.replace(day=calendar.monthrange(meeting.year, meeting.month)[1])
    else:
        yield date(meeting.year, 12, 31)
