"""Days that count from the meeting, or that leave a part to the reader ("next Tuesday", "the 10th", "end of
May").

Every function takes a match of the pattern in ``values_days`` and answers the day with its span.
"""

from __future__ import annotations

import re
from datetime import date

from casewright.notes.values_calendar import (
    MONTH,
    MONTHS,
    WEEKDAY,
    WEEKDAYS,
    day_of,
    month_of,
    nearest,
    parts_of,
    shifted,
    spoken,
    weekday_of,
)
from casewright.notes.values_kinds import Day, Partial, Relative, Span
from casewright.notes.values_money import number_of

Read = tuple[Day, int, int]


def _at(match: re.Match[str], day: Day) -> Read:
    return day, match.start(), match.end()


def length_of(count: str, unit: str) -> tuple[int, str] | None:
    """A length in days, months or years ("two", "weeks" -> 14 days); None if the count is none."""
    number = int(count) if count.isdecimal() else int(number_of(count) or 0)
    if not number:
        return None
    low = unit.lower()
    if low.startswith("f"):
        return number * 14, "day"
    if low.startswith("w"):
        return number * 7, "day"
    return number, "day" if low.startswith("d") else "month" if low.startswith("m") else "year"


def _moved(meeting: date | None, count: int, unit: str, back: bool = False) -> Day:
    """The day so far from the meeting; without one the distance in fixed words."""
    if meeting is None:
        amount = f"{count} {unit}{'s' if count != 1 else ''}"
        return Day(
            Relative(f"{amount} ago" if back else f"in {amount}"), False, "the meeting's date is not known"
        )
    signed = -count if back else count
    months = signed * 12 if unit == "year" else signed if unit == "month" else 0
    found = shifted(meeting, days=signed if unit == "day" else 0, months=months)
    if found is None:
        return Day(Relative(f"in {signed} {unit}s"), False, "it is beyond the calendar")
    return Day(found)


def ago(match: re.Match[str], _text: str, meeting: date | None) -> Read | None:
    """Read “2 weeks ago”, "a fortnight from today", "a week today"."""
    count, unit = (match["ago"], match["ago_unit"]) if match["ago"] else ("1", "fortnight")
    length = length_of(count, unit)
    if length is None:
        return None
    return _at(
        match, _moved(meeting, *length, back=(match["ago_way"] or match["ago_f_way"]).lower() == "ago")
    )


def hence(match: re.Match[str], _text: str, meeting: date | None) -> Read | None:
    """Read “in 2 weeks”, "in a fortnight's time"."""
    count, unit = (match["hence"], match["hence_unit"]) if match["hence"] else ("1", "fortnight")
    length = length_of(count, unit)
    return None if length is None else _at(match, _moved(meeting, *length))


def word(match: re.Match[str], _text: str, meeting: date | None) -> Read:
    """Read “today”, "tomorrow", "yesterday"."""
    said = match["word"].lower()
    if said == "today":
        known = Day(meeting) if meeting else Day(Relative("today"), False, "the meeting's date is not known")
        return _at(match, known)
    return _at(match, _moved(meeting, 1, "day", back=said == "yesterday"))


def weekday(match: re.Match[str], text: str, meeting: date | None) -> Read | None:
    """A bare weekday: the coming one after "by"; anywhere else it may as well be past."""
    name = match["on_week"] or match["loose_week"]
    start = match.start("on_week") if match["on_week"] else match.start("loose_week")
    lead = (match["lead"] or "").lower()
    if (
        lead in ("every", "each")
        or (not lead and name.islower() and len(name) < 4)
        or text[start - 1 : start] == "'"
    ):
        return None
    end = start + len(name)
    number = weekday_of(name)
    plain = Partial(weekday=number)
    if meeting is None:
        return Day(plain, False, "the meeting's date is not known"), start, end
    ahead = (number - meeting.weekday()) % 7
    coming, past = shifted(meeting, days=ahead or 7), shifted(meeting, days=(ahead or 7) - 7)
    if coming is None or past is None:
        return Day(plain, False, "it is beyond the calendar"), start, end
    if lead in ("by", "before", "until", "till", "due", "due on", "due by") and ahead:
        return Day(coming), start, end
    return Day(coming, False, f"{spoken(coming)}, or {spoken(past)}"), start, end


def near(match: re.Match[str], _text: str, meeting: date | None) -> Read | None:
    """Read “next Tuesday” and its kind. People differ on which Tuesday the next one is: both are given."""
    which, of = match["near"].lower(), match["near_of"]
    if which == "coming":
        which = "this"
    if re.fullmatch(WEEKDAY, of, re.IGNORECASE):
        return _at(match, _near_weekday(which, weekday_of(of), meeting))
    if re.fullmatch(MONTH, of, re.IGNORECASE):
        if of == "may":
            return None
        return _at(match, Day(Partial(month=month_of(of)), False, f"which year’s {of} is not said"))
    if meeting is None:
        return _at(match, Day(Relative(f"{which} {of.lower()}"), False, "the meeting's date is not known"))
    return _at(match, _near_stretch(which, of.lower(), meeting))


def _near_weekday(which: str, number: int, meeting: date | None) -> Day:
    if meeting is None:
        return Day(Relative(f"{which} {WEEKDAYS[number].lower()}"), False, "the meeting's date is not known")
    ahead = (number - meeting.weekday()) % 7
    monday = shifted(meeting, days=-meeting.weekday())
    first, second = {
        "next": (shifted(meeting, days=ahead or 7), shifted(meeting, days=(ahead or 7) + 7)),
        "this": (shifted(meeting, days=ahead), monday and shifted(monday, days=number)),
        "last": (shifted(meeting, days=(ahead or 7) - 7), monday and shifted(monday, days=number - 7)),
    }[which]
    if first is None or second is None:
        return Day(Partial(weekday=number), False, "it is beyond the calendar")
    if first == second:
        return Day(first)
    return Day(first, False, f"{spoken(first)}, or {spoken(second)}")


def _near_stretch(which: str, unit: str, meeting: date) -> Day:
    step = {"next": 1, "this": 0, "last": -1}[which]
    if unit == "week":
        first = shifted(meeting, days=7 * step - meeting.weekday())
        last = shifted(first, days=6) if first else None
    elif unit == "month":
        first = shifted(meeting.replace(day=1), months=step)
        after = shifted(first, months=1) if first else None
        last = shifted(after, days=-1) if after else None
    else:
        year = meeting.year + step
        first = date(year, 1, 1) if 1 <= year <= 9999 else None
        last = date(year, 12, 31) if first else None
    if first is None or last is None:
        return Day(Relative(f"{which} {unit}"), False, "it is beyond the calendar")
    # "last year" may be twelve months back, "last week" the seven days before
    return Day(
        Span(first, last), which != "last", "" if which != "last" else "it may be the time just before"
    )


def end_of(match: re.Match[str], _text: str, meeting: date | None) -> Read:
    """Read “end of the month”, "end of May 2026"; where a week ends people differ."""
    part = match["end"].lower()
    part = "start" if part == "beginning" else part
    of = match["end_of"].lower()
    named = re.match(MONTH, of, re.IGNORECASE)
    if named:
        parts = parts_of(match["end_of"], meeting)
        last = _last_of(parts.year, parts.month) if part == "end" else None
        loose = Partial(month=parts.month, year=parts.year, part=part)
        return _at(
            match,
            Day(last) if last else Day(loose, part == "end", "" if part == "end" else "no day is named"),
        )
    if meeting is None:
        return _at(match, Day(Relative(f"{part} of {of}"), False, "the meeting's date is not known"))
    span = _near_stretch("next" if of.startswith("next") else "this", of.split()[-1], meeting).value
    if not isinstance(span, Span) or part != "end":
        return _at(match, Day(span, False, "no day is named"))
    if of.endswith("week"):
        friday = shifted(span.last, days=-2) or span.last
        return _at(match, Day(friday, False, f"{spoken(friday)}, or {spoken(span.last)}"))
    return _at(match, Day(span.last))


def _last_of(year: int | None, month: int | None) -> date | None:
    after = shifted(date(year, month, 1), months=1) if year and month else None
    return shifted(after, days=-1) if after else None


def about(match: re.Match[str], _text: str, meeting: date | None) -> Read:
    """Read “early May”, "mid-June 2026"."""
    parts = parts_of(match["about_of"], meeting)
    part = {"early": "start", "mid": "middle", "late": "end"}[match["about"].lower()]
    return _at(match, Day(Partial(month=parts.month, year=parts.year, part=part), False, "no day is named"))


def nth(match: re.Match[str], _text: str, meeting: date | None) -> Read | None:
    """Read “10th inst”, "the 10th": a day without its month."""
    start = match.start("nth") if match["nth"] else match.start("bare_nth")
    number = int(re.sub(r"\D", "", match["nth"] or match["bare_nth"]))
    if not 1 <= number <= 31:
        return None
    if meeting is None or not match["nth"]:
        return Day(Partial(day=number), False, "its month is not said"), start, match.end()
    months = {"inst": 0, "ult": -1, "prox": 1}[match["nth_of"].lower()]
    base = shifted(meeting.replace(day=1), months=months)
    day = day_of(Partial(number, base.month, base.year)) if base else Day(Partial(day=number))
    said = match["nth_of"]
    why = f"“{said}” counts from the letter it stands in; here from the meeting, {MONTHS[meeting.month]}"
    return Day(day.value, False, why), start, match.end()


def due_in(parts: Partial, meeting: date) -> date | None:
    """The coming day of a deadline without a year, where it is at most ten months ahead; None otherwise."""
    near_one = nearest(parts, meeting)
    for ahead in (near_one, near_one and shifted(near_one, months=12)):
        if ahead is not None and 0 <= (ahead - meeting).days <= 300:
            return ahead
    return None
