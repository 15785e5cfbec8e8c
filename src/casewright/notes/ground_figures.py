"""Figures of a sentence against those of its lines: equal by value, not by spelling.

The only place where the ground check knows how values are found (``values.find``).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from casewright.notes.ground_days import weekday_with_day
from casewright.notes.shapes import FaultKind
from casewright.notes.values import find, same_day
from casewright.notes.values_kinds import (
    Amount,
    Day,
    Duration,
    Found,
    Number,
    Partial,
    Phone,
    Reference,
    Time,
)

_WORTH_A_LOOK = re.compile(
    r"\d|hundred|thousand|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|mon|tue|wed|thu|fri|sat|sun|jan"
    r"|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|today|tomorrow|tmrw|tmw|tmr|tomo|morrow|2moro|yr|wk|mth|yesterday|week|month|year|day|fortnight"
    r"|hour|minute|twice|fortnight|midday|noon|midnight|pound|quid|christmas|easter|new year",
    re.IGNORECASE,
)
_COUNTED = re.compile(
    r"\b(?<![.,])(\d{1,3})(?:\s|-)?(?:yo|y/o|(?:years?|yrs?)(?:\s|-)olds?|years of age|x)\b"
    r"|\bx\s?(\d{1,2})\b(?!\s?(?:wk|week|mth|month|yr|year|day|hr|hour))",
    re.IGNORECASE,
)
_YEARS = re.compile(r"(?<![\d/.£])(?:20)?(\d\d)\s?[/-]\s?(?:20)?(\d\d)(?![\d/]|\.\d)")
_SECTION = re.compile(r"\b[sS]\.?(\d{1,3})\b")
_TWICE = re.compile(r"\btwice\b|\b2x(?!\w)", re.IGNORECASE)
_M = re.compile(r"(?<![\w£.,])(\d{1,3})m\b")
_LASTING = re.compile(r"contract|loan|over|term|deal|plan|tenancy|agreement|warranty", re.IGNORECASE)
_PLAIN = re.compile(
    r"(?<![\w.,/£$€-])(\d{1,3}(?:,\d{3}){1,4}(?:\.\d{1,2})?|\d{1,9}(?:\.\d{1,2})?)(k)?(?![\w/]|[.,]\d|-\d)"
)
_UNTIL = re.compile(
    r"(?:by|before|until|till?|out|ends|expires|due|runs to|deadline)(?: on)?(?: the)?[: -]*$"
)
_EVERY = re.compile(r"\s*(?:pw|pm|pcm|p/w|p/m|a week|a month|per|each|wkly|weekly|monthly)\b")
# A number before these is a sum; before any other plural it counts things.
_COUNTED_THINGS = re.compile(
    r"\s+(?!(?:pounds|quids|arrears|arrs|pymts|instalments|deds|wages|fees|costs|savings|expenses|earnings|was|is|has|as|this|plus|less|towards"
    r"|owes|gas|across|minus|charges|damages|outstandings|outgoings|tops|takes|pays|gets|wants|needs|covers)\b)[a-z]+s\b"
)
_PER = {
    "week": ("week", "pw", "p/w", "wk"),
    "month": ("month", "mnth", "pcm", "p/m", "pm", "mth", "mo"),
    "year": ("year", "annual", "annum", "pa", "p/a", "yr"),
    "day": ("dai", "day"),
    "fortnight": ("fortnight",),
    "hour": ("hour", "ph", "hr"),
    "quarter": ("quarter",),
    "four weeks": ("week",),
}
_RELATIVE = ("next", "last", "this")


@dataclass(frozen=True, slots=True)
class Figure:
    """A value where it stands. ``also`` is a second way to take it ("in 2 weeks": a day, and a length)."""

    value: Any
    text: str
    also: Any = None
    start: int = 0
    end: int = 0
    until: bool = False

    @property
    def kind(self) -> FaultKind:
        """What a fault about it is called."""
        if isinstance(self.value, Amount):
            return "amount"
        if isinstance(self.value, Day | Time | Duration):
            return "date"
        return "reference" if isinstance(self.value, Reference | Phone) else "number"


def figures(text: str, meeting: date | None) -> list[Figure]:
    """Every figure of a text, in order; a weekday before a date is one with it."""
    if not _WORTH_A_LOOK.search(text):
        return []
    made = [
        Figure(Number(Decimal(m[1] or m[2])), m[0], None, m.start(), m.end()) for m in _COUNTED.finditer(text)
    ]
    made += [Figure(Number(Decimal(2)), m[0], None, m.start(), m.end()) for m in _TWICE.finditer(text)]
    made += [
        Figure(Reference(f"20{m[1]}/{m[2]}"), m[0], None, m.start(), m.end())
        for m in _YEARS.finditer(text)
        if int(m[1]) > 12 and int(m[2]) == int(m[1]) + 1
    ]
    made += [
        Figure(day, words, None, start, end, bool(_UNTIL.search(text[:start].lower())))
        for day, words, start, end in weekday_with_day(text, meeting)
    ]
    ages = [(age.start, age.end) for age in made]
    for one in find(text, meeting):
        if any(one.start < end and start < one.end for start, end in ages):
            continue
        if _is_word(one):
            year = one.text[-4:]
            if isinstance(one.value, Day) and year.isdigit():
                made.append(Figure(Number(Decimal(year)), year, None, one.end - 4, one.end))
            continue
        if made and _one_with(made[-1], one, text):
            before = made.pop()
            made.append(
                Figure(_with_weekday(before, one), text[before.start : one.end], None, before.start, one.end)
            )
            continue
        also = None
        if isinstance(one.value, Day) and one.text[:3].lower() in ("in ", "wit"):
            inner = find(one.text[3:] if one.text[:2].lower() == "in" else one.text[7:])
            also = inner[0].value if inner and isinstance(inner[0].value, Duration) else None
        until = bool(_UNTIL.search(text[: one.start].lower()))
        made.append(Figure(one.value, one.text, also, one.start, one.end, until))
    made += _months(text, made)
    made += _left_over(text, made)
    return sorted(made, key=lambda one: one.start)


def _left_over(text: str, made: Sequence[Figure]) -> list[Figure]:
    """Numbers that nothing else has taken: "5k", "1,356.60," before a comma."""
    found = []
    for match in _PLAIN.finditer(text):
        if not any(match.start() < one.end and one.start < match.end() for one in made):
            value = Decimal(match[1].replace(",", "")) * (1000 if match[2] else 1)
            found.append(Figure(Number(value), match[0], None, match.start(), match.end()))
    for match in _SECTION.finditer(text):
        if not any(match.start() < one.end and one.start < match.end() for one in made):
            found.append(Figure(Reference(f"S{match[1]}"), match[0], None, match.start(), match.end()))
    return found


def _months(text: str, made: Sequence[Figure]) -> list[Figure]:
    """As in "over 24m", "18m contract", and not as in "can't walk 20m"."""
    if not _LASTING.search(text):
        return []
    return [
        Figure(Duration(Decimal(match[1]), "month"), match[0], None, match.start(), match.end())
        for match in _M.finditer(text)
        if not any(match.start() < one.end and one.start < match.end() for one in made)
    ]


def _is_word(one: Found[Any]) -> bool:
    """A month alone is a word ("June"); so are the hours of a zero hours contract."""
    value = one.value
    if isinstance(value, Duration):
        return value.count == 0
    if not isinstance(value, Day) or not isinstance(value.value, Partial):
        return False
    parts = value.value
    return parts.day is None and parts.weekday is None and not parts.part and parts.month is not None


def _one_with(before: Figure, one: Found[Any], text: str) -> bool:
    if not (isinstance(before.value, Day) and isinstance(one.value, Day)):
        return False
    between = text[before.end : one.start].strip(" ,()").lower()
    return (
        between in ("", "the")
        and before.text.strip(".").isalpha()
        and any(char.isdigit() for char in one.text)
    )


def _with_weekday(before: Figure, one: Found[Any]) -> Day:
    """The date that follows a weekday; unsure where the two do not agree."""
    value: Day = one.value
    named = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
    place = next((n for n, day in enumerate(named) if day.startswith(before.text[:3].lower())), None)
    if isinstance(value.value, date) and place is not None and value.value.weekday() != place:
        return Day(value.value, False, "the weekday is another")
    if isinstance(value.value, Partial) and place is not None:
        parts = value.value
        return Day(Partial(parts.day, parts.month, parts.year, place), value.sure, value.why)
    return value


def equal(said: Figure, known: Figure, meeting: date | None, text: str, source: str) -> bool:
    """Whether a figure of the sentence is one of the line's."""
    one, two = said.value, known.value
    if said.also is not None and said.also in (two, known.also):
        return True
    if known.also is not None and known.also == one:
        return True
    if isinstance(one, Amount) and isinstance(two, Amount | Number):
        return _same_amount(said, known, text, source)
    if isinstance(one, Day) and isinstance(two, Day):
        return _same_day(said, known, meeting)
    if isinstance(two, Number) and isinstance(one, Day | Time):
        return _dotted(one, known.text)
    if isinstance(one, Time) and isinstance(two, Time):
        if two.sure and one.sure:
            return (one.hour, one.minute) == (two.hour, two.minute)
        return _in_hours(one) and (one.hour % 12, one.minute) == (two.hour % 12, two.minute)
    if isinstance(one, Number) and isinstance(two, Duration):
        # "from 30 hours to 16": the unit is said once
        joined = text[: said.start].endswith((" to ", " and ", " or "))
        return one.value == two.count and joined and f" {two.unit}" in text[: said.start]
    if isinstance(one, Duration) and isinstance(two, Duration):
        working = ["working" in text.lower() for text in (said.text, known.text)]
        return _length(one) == _length(two) and working[0] == working[1]
    if (
        isinstance(one, Reference | Number)
        and isinstance(two, Reference | Number)
        and type(one) is not type(two)
    ):
        return _bare(said.text) == _bare(known.text)
    return type(one) is type(two) and bool(one == two)


def _in_hours(one: Time) -> bool:
    """Where the line leaves morning or afternoon open, a sentence may name only what an office has."""
    return not one.sure or 8 <= one.hour < 20


def _dotted(one: Day | Time, text: str) -> bool:
    """As in "14.1" may be a day, "9.45" a time; what the sentence makes of it must have the same two
    numbers.
    """
    match = re.fullmatch(r"(\d{1,2})\.(\d{1,2})", text)
    if match is None:
        return False
    first, second = int(match[1]), int(match[2])
    if isinstance(one, Time):
        return _in_hours(one) and (first % 12, second) == (one.hour % 12, one.minute)
    return isinstance(one.value, date | Partial) and (one.value.day, one.value.month) == (first, second)


def _bare(text: str) -> str:
    return re.sub(r"[^A-Z0-9]", "", text.upper())


def _length(one: Duration) -> tuple[Decimal, str]:
    if one.unit in ("year", "fortnight"):
        return (one.count * 12, "month") if one.unit == "year" else (one.count * 2, "week")
    return one.count, one.unit


def _same_amount(said: Figure, known: Figure, text: str, source: str) -> bool:
    one, two = said.value, known.value
    if one.value != two.value:
        return False
    if isinstance(two, Number):
        after = source[known.end : known.end + 24].lower()
        if (two.value < 10 and not _EVERY.match(after)) or _COUNTED_THINGS.match(after):
            return False
        per_known = None
    else:
        if one.currency != two.currency:
            return False
        per_known = two.per
    if one.per == per_known:
        return True
    if one.per is not None and per_known is not None:
        return False
    per, other, place = (one.per, source, known) if one.per else (per_known, text, said)
    # the line has it beside the sum; a sentence may say it once for several
    near = other.lower() if one.per is None else other[max(0, place.start - 30) : place.end + 30].lower()
    return any(re.search(rf"(?<![a-z]){word}", near) for word in _PER.get(str(per), ()))


def _same_day(said: Figure, known: Figure, meeting: date | None) -> bool:
    one, two = said.value, known.value
    if not one.sure and one.why == "the weekday is another":
        return bool(known.value == one)
    if not two.sure and known.text.isalpha() and not known.until and any(c.isdigit() for c in said.text):
        return False  # "came Friday": the one before the meeting or the one after
    if one.value == two.value:
        return _same_reading(said, known, meeting)
    if isinstance(one.value, Partial) and isinstance(two.value, Partial):
        a, b = one.value, two.value
        if a.part != b.part or (a.year is not None and b.year is None):
            return False
        if b.month is None and b.weekday is None and b.day is not None and a.day == b.day:
            return _comes_next(a, known, meeting)
        if (a.day, a.month) != (b.day, b.month) or (a.year and b.year and a.year != b.year):
            return False
        return a.weekday is None or a.weekday == b.weekday or _weekday_holds(a, b, meeting)
    if same_day(one, two, meeting) is not True:
        return False
    if isinstance(one.value, date) and isinstance(two.value, Partial):
        return two.value.year is not None or _nearest(one.value, meeting)
    return True


_MEANT = re.compile(r"\b(?:on|for)(?: the)? $")


def to_come(known: Figure, text: str) -> Figure:
    """A day of a line that says what is to be done: "on the 3rd" is the next one, too."""
    named = known.kind == "date" and known.text.isalpha()
    return replace(known, until=known.until or named or bool(_MEANT.search(text[: known.start].lower())))


def _comes_next(said: Partial, known: Figure, meeting: date | None) -> bool:
    """As in "by the 20th", told with the month: that of the next such day."""
    if meeting is None or said.month is None or said.day is None or not known.until:
        return False
    month = meeting.month if said.day >= meeting.day else meeting.month % 12 + 1
    return said.month == month and said.year is None


def _weekday_holds(said: Partial, known: Partial, meeting: date | None) -> bool:
    """A weekday that the sentence adds to a date must be that date's, in the one year it can mean."""
    if known.weekday is not None or meeting is None or said.day is None or said.month is None:
        return False
    try:
        days = [
            date(year, said.month, said.day) for year in (meeting.year - 1, meeting.year, meeting.year + 1)
        ]
    except ValueError:
        return False
    return min(days, key=lambda day: abs(day - meeting)).weekday() == said.weekday


def _nearest(day: date, meeting: date | None) -> bool:
    return meeting is not None and abs(day - meeting) <= timedelta(days=184)


def _same_reading(said: Figure, known: Figure, meeting: date | None) -> bool:
    """Where the line's day has two readings, the sentence must keep its words, or the readings must agree."""
    if known.value.sure:
        return True
    first, other = known.text.split()[0].lower(), said.text.split()[0].lower()
    if first not in _RELATIVE or other == first or not known.value.why:
        return True
    readings = re.findall(r"\d{1,2} [A-Z][a-z]+ \d{4}", known.value.why)
    return meeting is not None and len(readings) > 1 and len(set(readings)) == 1


def recurs(word: str, known: Sequence[Figure]) -> bool:
    """Whether a word such as "pcm" or "weekly" is how often one of these sums comes again."""
    if word in ("each", "every", "per"):
        return any(isinstance(one.value, Amount) and one.value.per for one in known)
    return any(
        isinstance(one.value, Amount) and any(part in word for part in _PER.get(str(one.value.per), ()))
        for one in known
    )


def missing(
    said: Sequence[Figure], known: Sequence[tuple[Figure, str]], meeting: date | None, text: str
) -> tuple[list[Figure], list[Figure], dict[int, set[int]]]:
    """Figures that only the sentence has, figures that only the lines have, and which equals which."""
    pairs: dict[int, set[int]] = {}
    for i, one in enumerate(said):
        pairs[i] = {j for j, (two, source) in enumerate(known) if equal(one, two, meeting, text, source)}
    used = set().union(*pairs.values()) if pairs else set()
    more = [one for i, one in enumerate(said) if not pairs[i]]
    less = [two for j, (two, _) in enumerate(known) if j not in used]
    return more, less, pairs
