"""Days: absolute in British order, partial, and relative to the meeting.

Plain arithmetic on the calendar. dateutil and dateparser were tried: dateparser answers "next Tuesday" with
one of
its two readings, puts "3/4/26" into 2126, knows neither "w/c" nor "end of month" and takes 1.3 ms a line;
dateutil
fills what is missing from today. A reading that has a second one is not ``sure`` here, and ``why`` gives the
other.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import date

from casewright.notes import values_relative as relative
from casewright.notes.values_calendar import (
    MONTH,
    WEEKDAY,
    WEEKDAYS,
    day_of,
    nearest,
    parts_of,
    shifted,
    spoken,
)
from casewright.notes.values_kinds import Day, Found, Partial, Span
from casewright.notes.values_money import NUMBER_WORDS
from casewright.notes.values_scan import starts

_NTH = r"\d{1,2}(?:st|nd|rd|th)?"
_YEAR = (
    r"(?:,?\s(?:19|20)\d\d\b|\s'?\d\d\b(?![:./,%]|\d"
    r"|\s?(?:am|pm|p\b|st|th|days?|weeks?|hrs?|hours?|mths?|months?)))"
)
_COUNT = rf"(?:\d{{1,3}}|{NUMBER_WORDS})"
_UNIT = r"(?:days?|weeks?|wks?|months?|mths?|years?|yrs?|fortnights?)"
_DAY_OF = rf"(?:{_NTH}\s?(?:of\s)?{MONTH}\b{_YEAR}?|{MONTH}\s{_NTH}\b(?:{_YEAR})?)"
_FORMS: dict[str, str] = {
    "iso": r"\b(?P<iso>\d{4}-\d{2}-\d{2})\b",
    "week": rf"\b(?P<week>w/c|w/e|week\s(?:commencing|beginning|starting|ending)"
    rf"|wk\scomm?)\.?\s(?:{WEEKDAY}\s)?"
    rf"(?P<week_day>{_DAY_OF}|\d{{1,2}}[/.]\d{{1,2}}(?:[/.](?:\d{{4}}|\d{{2}}))?\b)",
    "span": rf"\b(?P<span_first>{_NTH}(?:\s?{MONTH})?{_YEAR}?)\s?(?:-|–|to|until)\s?(?P<span_last>{_DAY_OF})",
    "day": rf"(?:\b(?P<day_week>{WEEKDAY})\.?,?\s(?:the\s)?)?\b(?P<day>{_DAY_OF}"
    rf"|(?<![\d/.-])\d{{1,2}}(?P<mark>[/.-])\d{{1,2}}(?P=mark)(?:\d{{4}}|\d{{2}})\b(?![/.-]\d)"
    rf"|\d{{1,2}}-{MONTH}-(?:\d{{4}}|\d{{2}})\b)",
    "short": rf"(?:\b(?P<short_week>{WEEKDAY})\.?,?\s)?(?<![\w/.,-])(?P<short>\d{{1,2}}/\d{{1,2}})\b"
    rf"(?![/.,]?\d|[/%-])",
    "end": rf"\b(?P<end>end|start|beginning|middle)\sof\s(?:the\s)?(?P<end_of>(?:this\s|next\s)?(?:week"
    rf"|month|year)"
    rf"|{MONTH}\b{_YEAR}?)",
    "about": rf"\b(?P<about>early|mid|late)[\s-](?P<about_of>{MONTH}\b{_YEAR}?)",
    "nth": r"\b(?P<nth>\d{1,2}(?:st|nd|rd|th))\s(?P<nth_of>inst|ult|prox)\b"
    r"|\bthe\s(?P<bare_nth>\d{1,2}(?:st|nd|rd|th))"
    r"\b(?!\s[a-z]+\s(?:of|time)|\s(?:time|floor|century|visit|hearing|letter|payment|instal))",
    "ago": rf"\b(?P<ago>{_COUNT})\s(?P<ago_unit>{_UNIT})\s(?P<ago_way>ago|from\s(?:now|today)|today)\b"
    rf"|\ba\s(?P<ago_f>"
    r"fortnight)\s(?P<ago_f_way>ago|from\s(?:now|today)|today)\b",
    "hence": rf"\bin\s(?:(?P<hence>{_COUNT})\s(?P<hence_unit>{_UNIT})"
    rf"|(?:a\s)?(?P<hence_f>fortnight))\b(?:'?s?'?\stime)?",
    "word": r"\b(?P<word>today|tomorrow|tmrw|tmw|yesterday)\b",
    "near": rf"\b(?P<near>next|this|last|coming)\s(?P<near_of>{WEEKDAY}\b|week\b|month\b|year\b|{MONTH}\b)",
    "on_week": rf"\b(?P<lead>by|before|until|till|due|due\son|due\sby|on|from|since|every"
    rf"|each)\s(?P<on_week>{WEEKDAY})\b(?!\.?,?\s(?:the\s)?(?:{_DAY_OF}|\d{{1,2}}[/.]\d{{1,2}}\b))"
    rf"|\b(?P<loose_week>{WEEKDAY})\b",
    "month": rf"\b(?P<month>{MONTH}\s(?:(?:19|20)\d\d))\b|\b(?:in|by|since|from|until|till|before|during"
    rf"|for|of)\s"
    rf"(?P<bare_month>{MONTH})\b(?!\s(?:19|20)\d\d\b)",
}
_ANY = re.compile("|".join(f"(?P<f_{name}>{form})" for name, form in _FORMS.items()), re.IGNORECASE)
_NUMBERED_BEFORE = re.compile(
    r"(?:\b(?:flat|unit|room|page|pp?|no|nos|number|score[ds]?|para|apt|plot|marks?|ref|house|rule|reg|form"
    r"|version)"
    r"\.?\s?|[#£$€s]\.?)$",
    re.IGNORECASE,
)
_SMALL_VERBS = re.compile(
    r"\s(?:be|have|not|need|get|want|also|still|lose|apply|well|only|ask|qualify|take)\b"
)


Read = tuple[Day, int, int]


def days(text: str, meeting: date | None = None, at: Sequence[int] | None = None) -> Iterator[Found[Day]]:
    """The days in a text, in order; none overlaps another. ``meeting`` is what relative ones count from.

    ``at`` are the places where one can begin, where they are known already.
    """
    end = 0
    for place in starts(text).days if at is None else at:
        match = _ANY.match(text, place) if place >= end else None
        if match is None:
            continue
        form = next(name for name in _FORMS if match[f"f_{name}"] is not None)
        read = _READERS[form](match, text, meeting)
        if read is None:
            end = match.end() if form == "on_week" else end
        else:
            day, start, end = read
            yield Found(day, start, end, text[start:end])


def _whole(match: re.Match[str], day: Day | None) -> Read | None:
    return None if day is None else (day, match.start(), match.end())


def _iso(match: re.Match[str], _text: str, _meeting: date | None) -> Read | None:
    year, month, day = map(int, match["iso"].split("-"))
    known = day_of(Partial(day, month, year))
    return _whole(
        match, known if month <= 12 else Day(Partial(day, month, year), False, "there is no such day")
    )


def _day(match: re.Match[str], text: str, meeting: date | None) -> Read | None:
    start = match.start()
    if not match["mark"] and re.search(r"\bmay\b", match["day"]) and _SMALL_VERBS.match(text, match.end()):
        return None
    if match["mark"] == "." and _NUMBERED_BEFORE.search(text[max(0, start - 12) : start]):
        return None
    if match["mark"] == "-" and re.fullmatch(r"\d\d-\d\d-\d\d", match["day"]):
        # a bank's sort code is written so too
        coded = re.search(r"sort|s/c|bank|acc", text[max(0, start - 30) : start], re.IGNORECASE)
        return None if coded else _whole(match, day_of(parts_of(match["day"], meeting), match["day_week"]))
    return _whole(match, _checked(day_of(parts_of(match["day"], meeting), match["day_week"]), meeting))


def _checked(day: Day, meeting: date | None) -> Day:
    """A weekday with a day and a month but no year, held against the meeting's year and its neighbours."""
    parts = day.value
    if meeting is None or not isinstance(parts, Partial) or parts.weekday is None or not day.sure:
        return day
    near = nearest(parts, meeting)
    if near is None or near.weekday() == parts.weekday:
        return day
    said = WEEKDAYS[parts.weekday]
    return Day(parts, False, f"{spoken(near)} is a {WEEKDAYS[near.weekday()]}, not a {said}")


def _short(match: re.Match[str], text: str, meeting: date | None) -> Read | None:
    first, second = map(int, match["short"].split("/"))
    if not 1 <= first <= 31 or not 1 <= second <= 12 or match["short"] == "24/7":
        return None
    if _NUMBERED_BEFORE.search(text[max(0, match.start("short") - 10) : match.start("short")]):
        return None
    day = day_of(Partial(first, second), match["short_week"])
    # "22/07" and "12/5" can hardly be parts of a whole; "1/2" and "3/12" can
    if first <= second and not match["short_week"] and not match["short"].split("/")[1].startswith("0"):
        return _whole(match, Day(day.value, False, f"a day or a part: {first} out of {second}"))
    return _whole(match, _checked(day, meeting))


def _span(match: re.Match[str], _text: str, meeting: date | None) -> Read | None:
    last = parts_of(match["span_last"], meeting)
    first = parts_of(match["span_first"], meeting) if re.search(MONTH, match["span_first"], re.I) else None
    numbers = re.findall(r"\d+", match["span_first"])
    begin = Partial(
        int(numbers[0]), first.month if first else last.month, (first and first.year) or last.year
    )
    one, two = day_of(begin).value, day_of(last).value
    if isinstance(one, date) and isinstance(two, date):
        if one > two and first is not None and first.year is None:
            one = day_of(Partial(begin.day, begin.month, two.year - 1)).value
        if isinstance(one, date) and one <= two:
            return _whole(match, Day(Span(one, two)))
        return _whole(match, Day(last, False, "it ends before it begins"))
    near = (nearest(begin, meeting), nearest(last, meeting)) if meeting else (None, None)
    return _whole(match, _near_span(near, last))


def _near_span(near: tuple[date | None, date | None], last: Partial) -> Day:
    first, until = near
    if first and until and first <= until:
        return Day(Span(first, until), False, "no year is given; the nearest is taken")
    return Day(last, False, "a stretch of days without a year")


def _week(match: re.Match[str], _text: str, meeting: date | None) -> Read | None:
    parts = parts_of(match["week_day"], meeting)
    found = day_of(parts)
    known = found.value if isinstance(found.value, date) else nearest(parts, meeting) if meeting else None
    if known is None or not found.sure:
        return _whole(
            match, Day(Partial(parts.day, parts.month, parts.year, part="week"), found.sure, found.why)
        )
    ends = match["week"].lower() in ("w/e",) or match["week"].lower().endswith("ending")
    other = shifted(known, days=-6 if ends else 6) or known
    usual = known.weekday() in ((4, 5, 6) if ends else (0, 6))
    why = "" if usual else f"{spoken(known)} is a {WEEKDAYS[known.weekday()]}"
    return _whole(match, Day(Span(min(known, other), max(known, other)), usual, why))


def _month(match: re.Match[str], text: str, meeting: date | None) -> Read | None:
    if match["month"]:
        return _day_or_none(match, match["month"], match.start("month"), meeting)
    word = match["bare_month"]
    if word.islower() and word in ("may", "march", "mar", "sun", "sat", "jan"):
        return None
    return _day_or_none(match, word, match.start("bare_month"), meeting)


def _day_or_none(match: re.Match[str], words: str, start: int, meeting: date | None) -> Read:
    return Day(parts_of(words, meeting)), start, start + len(words)


Reader = Callable[[re.Match[str], str, "date | None"], "Read | None"]
_READERS: dict[str, Reader] = {
    "iso": _iso,
    "week": _week,
    "span": _span,
    "day": _day,
    "short": _short,
    "month": _month,
    "end": relative.end_of,
    "about": relative.about,
    "nth": relative.nth,
    "ago": relative.ago,
    "hence": relative.hence,
    "word": relative.word,
    "near": relative.near,
    "on_week": relative.weekday,
}
