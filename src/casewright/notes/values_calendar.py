"""The calendar: names of months and weekdays, and what is left of a day when parts of it are missing."""

from __future__ import annotations

import calendar
import re
from datetime import date, timedelta

from casewright.notes.values_kinds import Day, Partial

MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?"
    r"|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"
)
WEEKDAY = (
    r"(?:mon(?:day)?|tue(?:s(?:day)?)?|wed(?:s|nesday)?|thu(?:rs?(?:day)?)?|fri(?:day)?|sat(?:urday)?"
    r"|sun(?:day)?)"
)
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = tuple(calendar.month_name)
_SHORT_MONTHS = [name[:3].lower() for name in MONTHS]


def month_of(word: str) -> int:
    """1 to 12 of an English month's name or its short form."""
    return _SHORT_MONTHS.index(word[:3].lower())


def weekday_of(word: str) -> int:
    """0 (Monday) to 6 of an English weekday's name or its short form."""
    return next(n for n, name in enumerate(WEEKDAYS) if name[:3].lower() == word[:3].lower())


def year_of(digits: str, meeting: date | None) -> int:
    """A year of two figures: not more than twenty years after the meeting, or before 2050."""
    year = int(digits)
    if len(digits) > 2:
        return year
    last = meeting.year + 20 if meeting else 2049
    return 2000 + year if 2000 + year <= last else 1900 + year


def parts_of(text: str, meeting: date | None) -> Partial:
    """Day, month and year of "12th of May 2026", "May 12", "12/5/26", "12-May-26" as far as they are
    there.
    """
    name = re.search(MONTH, text, re.IGNORECASE)
    numbers = re.findall(r"\d+", text)
    if name is None:
        day, month, *rest = numbers
        return Partial(int(day), int(month), year_of(rest[0], meeting) if rest else None)
    year = next((number for number in numbers[1:]), None)
    if not numbers:
        return Partial(month=month_of(name[0]))
    if len(numbers) == 1 and len(numbers[0]) == 4:
        return Partial(month=month_of(name[0]), year=int(numbers[0]))
    return Partial(int(numbers[0]), month_of(name[0]), year_of(year, meeting) if year else None)


def day_of(parts: Partial, weekday: str | None = None) -> Day:
    """A day from its parts; one that is not in the calendar, or on another weekday, is unsure."""
    day, month, year = parts.day or 0, parts.month or 0, parts.year
    if month > 12 >= day and year:
        swapped = day_of(Partial(month, day, year))
        return Day(swapped.value, False, "its month comes first, or it is a slip")
    leap = year if year is not None else 2024
    if not 1 <= month <= 12 or not 1 <= leap <= 9999 or not 1 <= day <= calendar.monthrange(leap, month)[1]:
        return Day(parts, False, "there is no such day")
    if year is None:
        of_week = weekday_of(weekday) if weekday else None
        return Day(Partial(day, month, weekday=of_week))
    found = date(year, month, day)
    if weekday and weekday_of(weekday) != found.weekday():
        return Day(found, False, f"{spoken(found)} is a {WEEKDAYS[found.weekday()]}, not a {weekday.title()}")
    return Day(found)


def spoken(day: date) -> str:
    """A day as the letter writes it: ``3 April 2026``."""
    return f"{day.day} {MONTHS[day.month]} {day.year}"


def shifted(day: date, *, days: int = 0, months: int = 0) -> date | None:
    """The day so much later (or earlier); the month's last where it is shorter, None beyond the calendar."""
    try:
        if months:
            count = day.year * 12 + day.month - 1 + months
            year, month = divmod(count, 12)
            return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))
        return day + timedelta(days=days)
    except (OverflowError, ValueError):
        return None


def nearest(parts: Partial, meeting: date) -> date | None:
    """The day of this kind closest to the meeting, for a day and a month without a year."""
    return _closest(
        [day_of(Partial(parts.day, parts.month, meeting.year + ahead)) for ahead in (-1, 0, 1)], meeting
    )


def _closest(found: list[Day], meeting: date) -> date | None:
    real = [one.value for one in found if isinstance(one.value, date)]
    return min(real, key=lambda day: abs((day - meeting).days), default=None)
