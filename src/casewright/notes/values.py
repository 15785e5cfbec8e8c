"""What is recognised in the notes and what it comes to: sums, days, deadlines, times, shares, numbers,
references.

``find`` gives every value with its span, in order and without overlaps; ``deadlines`` the ends of time that
some of
its days stand in; ``spelled`` writes a value so that it is read as the same one again. People and
organisations are
in ``values_names``. Nothing here decides: what has two readings is not sure, and says why.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal

from casewright.notes.values_calendar import MONTHS, WEEKDAYS, spoken
from casewright.notes.values_days import days
from casewright.notes.values_kinds import (
    Amount,
    Day,
    Deadline,
    Duration,
    Found,
    Number,
    Partial,
    Percent,
    Phone,
    Reference,
    Relative,
    Span,
    Time,
    Unit,
    Value,
)
from casewright.notes.values_money import NUMBER_WORDS, amounts, number_of
from casewright.notes.values_relative import due_in
from casewright.notes.values_scan import Starts, starts

_PHONE = re.compile(
    r"(?<![\w£$€/.-])(?:\+44[\s-]?(?:\(0\)[\s-]?)?\d|\(0\d{2,4}\)[\s-]?\d|0\d)(?:[\s-]{0,2}\d){5,9}(?![\w/]"
    r"|[.-]\d)"
)
_PERCENT = re.compile(r"(?<![\w.,])(\d{1,4}(?:\.\d{1,4})?)\s?(?:%|per\s?cent\b|percent\b)", re.IGNORECASE)
_TIME = re.compile(
    r"(?<![\w:£.,])(?P<hour>\d{1,2})(?:[:.](?P<minute>\d{2}))?\s?(?P<half>[ap]\.?m\b\.?)"
    r"|(?<![\w:£.,])(?P<hour24>\d{1,2}):(?P<minute24>\d{2})(?::\d{2})?(?![\w:])"
    r"|\bat\s(?P<hour_at>\d{1,2})\.(?P<minute_at>\d{2})(?![\w.,%])"
    r"|\b(?P<hour_clock>\d{1,2})\so'?clock\b|\b(?P<noon>noon|midday|midnight)\b",
    re.IGNORECASE,
)
_DURATION = re.compile(
    rf"(?<![\w£.,/-])(?P<count>\d{{1,4}}(?:\.\d{{1,2}})?|\b{NUMBER_WORDS})(?:\s|-)?(?:working\s|calendar\s)?"
    r"(?P<unit>minutes?|mins?|hours?|hrs?|days?|weeks?|wks?|fortnights?|months?|mths?|years?|yrs?)\b",
    re.IGNORECASE,
)
_NATIONAL_INSURANCE = r"[A-Z]{2}\s?\d{2}\s?\d{2}\s?\d{2}\s?[A-D]"
_POSTCODE = r"[A-Z]{1,2}\d[A-Z\d]?\s\d[A-Z]{2}"
_REFERENCE = re.compile(
    rf"(?-i:\b(?:{_NATIONAL_INSURANCE}|{_POSTCODE}|\d\d-\d\d-\d\d)\b)"
    r"|\b(?:section|sec\.|s\.)\s?(?P<section>\d{1,3}[A-Za-z]?)\b"
    r"|\b(?=[A-Za-z0-9/-]{3,40}(?![A-Za-z0-9]))(?=[A-Za-z/-]{0,39}\d)(?=[0-9/-]{0,39}[A-Za-z])"
    r"[A-Za-z0-9]+(?:[/-][A-Za-z0-9]+){0,8}\b|(?<![\d£$€.,/-])\b\d{6,20}\b(?![/.,]\d)",
    re.IGNORECASE,
)
_NUMBER = re.compile(
    r"(?<![\w.,/£$€-])\d{1,3}(?:,\d{3}){1,4}(?:\.\d{1,6})?(?![\w/]|,\d)"
    r"|(?<![\w.,/£$€])\d{1,20}(?:\.\d{1,6})?(?![\w/])"
)
_NO_REFERENCE = re.compile(
    r"\d+(?:st|nd|rd|th|am|pm|k|m|p|x|ish|mins?|days?|weeks?|months?|years?|hrs?|wks?|mths?|yrs?|yo|s)",
    re.IGNORECASE,
)
_BY = re.compile(
    r"(?:(?P<by>\bby|due(?:\s(?:on|by|in))?|until|till|deadline(?:\s(?:is|of|was))?:?|(?:no"
    r"|not)\slater\sthan|latest|up\sto"
    r"|on\sor\sbefore|expires?(?:\son)?|return\sby|by\sthe)|(?P<before>\bbefore|prior\sto))"
    r"(?:\sthe)?(?:\s(?:\d{1,2}(?:[.:]\d\d)?\s?[ap]m|noon|midday|\d\d:\d\d)\son)?\s$",
    re.IGNORECASE,
)
_WITHIN = re.compile(
    r"\b(?:with?in|in\sthe\snext|has|have|given|allow(?:ed|s)?)\s(?:the\snext\s)?$", re.IGNORECASE
)
_HIDDEN = "\x00"


def find(text: str, meeting: date | None = None) -> tuple[Found[Value], ...]:
    """Every value in a text, in order; ``text[one.start:one.end] == one.text`` holds for each.

    ``meeting`` is what relative days count from; without it they stay relative and unsure.
    """
    found: list[Found[Value]] = []
    rest = text
    at = starts(text)
    if not (at.figures or at.spelled or at.days or at.codes or at.clocks):
        return ()
    for reader in _READERS:
        new: Sequence[Found[Value]] = list(reader(rest, at, meeting))
        if new:
            rest = _without(rest, new)
            # what hides the taken places is no part of what a later reader shows
            found += [Found(one.value, one.start, one.end, text[one.start : one.end]) for one in new]
    return tuple(sorted(found, key=lambda one: one.start))


def _at(pattern: re.Pattern[str], text: str, places: Sequence[int]) -> Iterator[re.Match[str]]:
    """The matches that begin at these places, in order, none within another."""
    end = 0
    for place in places:
        match = pattern.match(text, place) if place >= end and text[place] != _HIDDEN else None
        if match is not None:
            end = match.end()
            yield match


def _without(text: str, found: Sequence[Found[Value]]) -> str:
    """The text with the found places hidden, of the same length, so that spans hold."""
    parts, place = [], 0
    for one in found:
        parts += [text[place : one.start], _HIDDEN * (one.end - one.start)]
        place = one.end
    return "".join([*parts, text[place:]])


def _of(match: re.Match[str], value: Value) -> Found[Value]:
    return Found(value, match.start(), match.end(), match[0])


def _phones(text: str, at: Starts, _meeting: date | None) -> Iterator[Found[Value]]:
    if len(at.figures) > 0 and sum(map(str.isdigit, text)) >= 10:
        yield from _numbers_to_call(text)


def _numbers_to_call(text: str) -> Iterator[Found[Value]]:
    for match in _PHONE.finditer(text):
        digits = re.sub(r"\D", "", match[0].replace("(0)", ""))
        national = "0" + digits[2:] if match[0].startswith("+") else digits
        if 10 <= len(national) <= 11:
            yield _of(match, Phone(national))


def _percents(text: str, at: Starts, _meeting: date | None) -> Iterator[Found[Value]]:
    for match in _at(_PERCENT, text, at.figures):
        yield _of(match, Percent(Decimal(match[1])))


def _times(text: str, at: Starts, _meeting: date | None) -> Iterator[Found[Value]]:
    for match in _at(_TIME, text, at.clocks):
        time = _time(match)
        if time is not None:
            yield _of(match, time)


def _time(match: re.Match[str]) -> Time | None:
    if match["noon"]:
        return Time(0 if match["noon"].lower() == "midnight" else 12)
    minute = int(match["minute"] or match["minute24"] or match["minute_at"] or 0)
    hour = int(match["hour"] or match["hour24"] or match["hour_at"] or match["hour_clock"])
    if minute > 59 or hour > 23:
        return None
    if match["half"]:
        if not 1 <= hour <= 12:
            return Time(hour, minute, False, "“am” or “pm” after an hour of the long day")
        return Time(hour % 12 + (12 if match["half"][0] in "pP" else 0), minute)
    long_day = bool(match["hour24"]) and (hour > 12 or match["hour24"].startswith("0") or hour == 0)
    morning = 8 <= hour <= 12
    return Time(
        hour, minute, long_day or morning, "" if long_day or morning else "it may be in the afternoon"
    )


def _durations(text: str, at: Starts, _meeting: date | None) -> Iterator[Found[Value]]:
    for match in _at(_DURATION, text, sorted(at.figures + at.spelled)):
        value = _duration(match["count"], match["unit"])
        if value is not None:
            yield _of(match, value)


def _duration(count: str, unit: str) -> Duration | None:
    number = Decimal(count) if count[0].isdecimal() else number_of(count)
    if number is None:
        return None
    low = unit.lower()
    units: tuple[tuple[str, int, Unit], ...] = (
        ("mi", 1, "minute"),
        ("h", 1, "hour"),
        ("d", 1, "day"),
        ("w", 7, "day"),
        ("f", 14, "day"),
        ("m", 1, "month"),
        ("y", 1, "year"),
    )
    times, name = next((times, name) for begins, times, name in units if low.startswith(begins))
    return Duration(number * times, name)


def _references(text: str, at: Starts, _meeting: date | None) -> Iterator[Found[Value]]:
    for match in _at(_REFERENCE, text, at.codes):
        if match["section"]:
            yield _of(match, Reference("S" + match["section"].upper()))
        elif not _NO_REFERENCE.fullmatch(match[0]):
            yield _of(match, Reference(re.sub(r"\s", "", match[0]).upper()))


def _numbers(text: str, at: Starts, _meeting: date | None) -> Iterator[Found[Value]]:
    for match in _at(_NUMBER, text, at.figures):
        yield _of(match, Number(Decimal(match[0].replace(",", ""))))


def _amounts(text: str, at: Starts, _meeting: date | None) -> Iterator[Found[Value]]:
    yield from amounts(text, at.figures, at.spelled)


def _days(text: str, at: Starts, meeting: date | None) -> Iterator[Found[Value]]:
    yield from days(text, meeting, at.days)


# The order decides: what one reader takes the next ones do not see.
_READERS = (_phones, _amounts, _days, _percents, _times, _durations, _references, _numbers)


def deadlines(text: str, meeting: date | None = None) -> tuple[Found[Deadline], ...]:
    """The ends of time in a text; a span reaches from "by" over the day.

    A day without a year is the coming one where it is at most ten months ahead of the meeting. "Within 14
    days"
    stays a length of time: what it counts from is for a person to say.
    """
    found: list[Found[Deadline]] = []
    for one in find(text, meeting):
        window = max(0, one.start - 40)
        if isinstance(one.value, Day):
            lead = _BY.search(text[window : one.start])
            if lead:
                day = _coming(one.value, meeting)
                made = Deadline(day, lead["before"] is None, day.sure, day.why)
                found.append(_wide(text, window + lead.start(), one.end, made))
        elif isinstance(one.value, Duration):
            lead = _WITHIN.search(text[window : one.start])
            if lead and (
                lead[0].lower().startswith(("wi", "in")) or text[one.end : one.end + 3].lower() == " to"
            ):
                made = Deadline(one.value, True, False, "what it counts from is not said")
                found.append(_wide(text, window + lead.start(), one.end, made))
    return tuple(found)


def _wide(text: str, start: int, end: int, value: Deadline) -> Found[Deadline]:
    return Found(value, start, end, text[start:end])


def _coming(day: Day, meeting: date | None) -> Day:
    parts = day.value
    if (
        meeting is None
        or not isinstance(parts, Partial)
        or not day.sure
        or parts.day is None
        or parts.month is None
    ):
        return day
    due = due_in(parts, meeting)
    return Day(due) if due else Day(parts, False, "which year is not said")


def same_day(one: Day, two: Day, meeting: date | None = None) -> bool | None:
    """Whether two days can be one; None where what is written does not tell."""
    first, second = one.value, two.value
    if first == second:
        return True
    if isinstance(first, Relative) or isinstance(second, Relative):
        return None
    if isinstance(first, Span) or isinstance(second, Span):
        whole, part = (first, second) if isinstance(first, Span) else (second, first)
        return (
            whole.first <= part <= whole.last if isinstance(whole, Span) and isinstance(part, date) else None
        )
    a, b = _parts(first), _parts(second)
    pairs = ((a.year, b.year), (a.month, b.month), (a.day, b.day))
    if any(x is not None and y is not None and x != y for x, y in pairs):
        return False
    if a.day is None or b.day is None or a.month is None or b.month is None:
        return None
    return True


def _parts(day: date | Partial) -> Partial:
    return Partial(day.day, day.month, day.year) if isinstance(day, date) else day


def spelled(value: Amount | Day | Duration | Time | Percent | Phone | Reference | Number) -> str:
    """The value in the one way in which this package writes it; reading that gives the value again."""
    if isinstance(value, Amount):
        return _spelled_amount(value)
    if isinstance(value, Day):
        return _spelled_day(value.value)
    if isinstance(value, Duration):
        return f"{value.count:f} {value.unit}{'' if value.count == 1 else 's'}"
    if isinstance(value, Time):
        return f"{value.hour:02d}:{value.minute:02d}" if value.sure else f"{value.hour}:{value.minute:02d}"
    if isinstance(value, Percent):
        return f"{value.value:f}%"
    if isinstance(value, Number):
        return f"{value.value:f}"
    return value.digits if isinstance(value, Phone) else value.code


def _spelled_amount(amount: Amount) -> str:
    sign = {"GBP": "£", "EUR": "€", "USD": "$"}[amount.currency]
    whole = amount.value == amount.value.to_integral_value()
    number = f"{amount.value:,.0f}" if whole else f"{amount.value:,.2f}"
    article = "every" if amount.per == "four weeks" else "an" if amount.per == "hour" else "a"
    return f"{sign}{number}" + (f" {article} {amount.per}" if amount.per else "")


def _spelled_day(day: date | Partial | Relative | Span) -> str:
    if isinstance(day, date):
        return spoken(day)
    if isinstance(day, Relative):
        return day.words
    if isinstance(day, Span):
        return f"{spoken(day.first)} to {spoken(day.last)}"
    date_words = [
        str(day.day) if day.day else "",
        MONTHS[day.month] if day.month else "",
        str(day.year or ""),
    ]
    text = " ".join(word for word in date_words if word)
    if day.part:
        return f"w/c {text}" if day.part == "week" else f"{day.part} of {text}"
    if day.weekday is not None:
        return f"{WEEKDAYS[day.weekday]} {text}".strip()
    return text
