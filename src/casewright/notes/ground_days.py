"""A weekday with the day of the month ("by Mon 28th"): the one such day that is near the meeting."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta

from casewright.notes.values_calendar import MONTH, WEEKDAY, WEEKDAYS
from casewright.notes.values_kinds import Day, Partial

_WEEKDAY_NTH = re.compile(
    rf"\b(?P<name>{WEEKDAY})\b\.?,? (?:the )?(?P<day>\d{{1,2}})(?:st|nd|rd|th)\b(?!\s(?:of\s)?{MONTH}\b|/)",
    re.IGNORECASE,
)
_FAR = 62


def weekday_with_day(text: str, meeting: date | None) -> Iterator[tuple[Day, str, int, int]]:
    """Each such day with its text and place. Without a meeting it stays a day and a weekday."""
    for match in _WEEKDAY_NTH.finditer(text):
        number = next(n for n, name in enumerate(WEEKDAYS) if name[:3].lower() == match["name"][:3].lower())
        day = int(match["day"])
        value: date | Partial | None = Partial(day=day, weekday=number)
        if meeting is not None:
            value = _near(meeting, day, number)
        if value is not None and 1 <= day <= 31:
            yield Day(value), match[0], match.start(), match.end()


def _near(meeting: date, day: int, weekday: int) -> date | None:
    """The nearest such date; None where there is none within two months, so that the line is unread."""
    for ahead in range(_FAR):
        for one in (meeting + timedelta(days=ahead), meeting - timedelta(days=ahead)):
            if (one.day, one.weekday()) == (day, weekday):
                return one
    return None
