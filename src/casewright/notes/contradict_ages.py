"""How early and late a written day can be, and ages: those that the date of birth does not give."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, timedelta

from casewright.api.notes import Contradiction
from casewright.notes.values_calendar import shifted
from casewright.notes.values_kinds import Day, Duration, Found, Number, Partial, Value

Read = tuple[Callable[[int], int], str, Sequence[Found[Value]]]
YEAR = re.compile(r"(?<![\d£/.-])((?:19|20)\d\d)(?![\d/-])")
_AGE = re.compile(
    r"\b(?:aged?|is(?: now)?|turned|he's|she's|mum|dad|cl|client|husband|wife|son|daughter"
    r"|partner)[:, ]\s?(?P<a>\d{1,2})\b(?! ?(?:%|/|:|\.\d|-|st|nd|rd|th|wk|week|w/|mth"
    r"|month|hour|hr|day|min|mile|m\b|kg|k\b|pts?|point|stone|people|of|£|x|yrs? (?:left|behind|old (?:car"
    r"|van)))"
    r")|\b(?P<b>\d{1,2}) ?(?:y/?o\b|yrs? old|years? old|year-old|yr-old)",
    re.IGNORECASE,
)
_ONE_OF_EACH = ("", "wife", "husband", "partner", "mum", "mother", "dad", "father", "son", "daughter")
_BORN = re.compile(
    r"\b(?:d\.?o\.?b\.?|born|b\.|date of birth)[:, ]{0,2}(?:(?:on|in|is|per|given as|from) (?:\w+ ){0,2})?$",
    re.IGNORECASE,
)
_WHOSE = re.compile(
    r"\b(?:wife|husband|partner|sons?|daughter|dghtr|mum|mother|dad|father|sister|brother|ex|baby|child|kids?"
    r"|grand\w+|nan|eldest|youngest|boy|girl|uncle|aunt|nephew|niece|friend|neighbour|flat|house|boiler|car"
    r"|debt|loan|children|tenancy|contract)(?:'s)?\b",
    re.IGNORECASE,
)


def ages(read: Sequence[Read], meeting: date | None) -> Iterator[Contradiction]:
    """An age is held against the only date of birth of the same person."""
    born: dict[str, list[tuple[int, str, date, date]]] = {}
    ages: dict[str, list[tuple[int, str, int]]] = {}
    for at, text, values in read:
        for one in values:
            span = bounds(one.value, meeting) if isinstance(one.value, Day | Number) else None
            if (
                span
                and span[0].year < (meeting.year if meeting else 3000)
                and _BORN.search(text[: one.start])
            ):
                born.setdefault(_person(text, one.start), []).append((at(one.start), one.text, *span))
        for match in _AGE.finditer(text):
            ages.setdefault(_person(text, match.start()), []).append(
                (at(match.start()), match[0], int(match["a"] or match["b"]))
            )
    for key, told in ages.items():
        for other, same in ((two, one) for n, two in enumerate(told) for one in told[:n]):
            if key in _ONE_OF_EACH and other[2] != same[2] and other[0] != same[0]:
                yield fault((same[0], other[0]), "two ages for one person", same[1], other[1])
        if (
            key
            and key not in born
            and len(told) == 1
            and [abs(b[0] - told[0][0]) for b in born.get("", ())] == [1]
        ):
            born[key] = born[""]
        if len(told) != 1 or len(born.get(key, ())) != 1 or meeting is None:
            continue
        (line, text, age), (where, birth, low, high) = told[0], born[key][0]
        least, most = _whole_years(high, meeting), _whole_years(low, meeting)
        if not least <= age <= most:
            yield fault((where, line), f"the date of birth gives {most}, not {age}", birth, text)


def _person(text: str, place: int) -> str:
    near = _WHOSE.findall(text[max(0, place - 40) : place + 24])
    return near[-1].lower().removesuffix("'s") if near else ""


def _whole_years(first: date, last: date) -> int:
    return last.year - first.year - ((last.month, last.day) < (first.month, first.day))


def later(day: date, length: Duration) -> date | None:
    """The day that is so long after one; None for hours and minutes."""
    if length.unit == "day":
        return day + timedelta(days=int(length.count))
    months = int(length.count) * (12 if length.unit == "year" else 1)
    return shifted(day, months=months) if length.unit in ("month", "year") else None


def bounds(value: Value, meeting: date | None, after: str = "") -> tuple[date, date] | None:
    """The first and the last day that a written day may be; None where that is too wide to be of use."""
    if isinstance(value, Number):
        whole = int(value.value) if value.value == int(value.value) else 0
        return (date(whole, 1, 1), date(whole, 12, 31)) if 1930 <= whole <= 2040 else None
    if not isinstance(value, Day):
        return None
    found = value.value
    if isinstance(found, date):
        return found, found
    if not isinstance(found, Partial) or found.month is None:
        return None
    year = found.year
    if year is None and (named := YEAR.match(after.strip())):
        year = int(named[1])
    if year is None and (meeting is None or found.day is None):
        return None if found.day is None else _day(2025, found.month, found.day)
    if year is None and meeting is not None and found.day is not None:
        near = [_day(meeting.year + more, found.month, found.day) for more in (-1, 0, 1)]
        return min((one for one in near if one), key=lambda o: abs((o[0] - meeting).days), default=None)
    assert year is not None
    if found.day is not None:
        return _day(year, found.month, found.day)
    first = date(year, found.month, 1)
    last = shifted(first, months=1)
    return (first, last - timedelta(days=1)) if last else None


def _day(year: int, month: int, day: int) -> tuple[date, date] | None:
    try:
        return date(year, month, day), date(year, month, day)
    except ValueError:
        return None


def fault(lines: Iterable[int], what: str, *values: str) -> Contradiction:
    """The lines with what is wrong between them."""
    return Contradiction(lines=tuple(sorted(set(lines))), what=what, values=values)
