"""Lengths of time that do not fit their days: a notice of two months that runs for one, an age that the date
of birth does not give, "there 4 years" of somebody who started in 2023.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from casewright.api.notes import Contradiction
from casewright.notes.contradict_ages import (
    YEAR,
    Read,
    ages,
    bounds,
    fault,
    later,
)
from casewright.notes.contradict_pieces import Piece
from casewright.notes.values_calendar import shifted
from casewright.notes.values_kinds import Day, Duration, Found, Number, Span, Value

_START = re.compile(
    r"\b(?:start(?:ed|s)?|start date|began|begun|since|joined|employed|commenc\w+|moved in|took (?:it"
    r"|the flat) on"
    r"|from|signed(?: for)? (?:it|the tenancy)|dated)\b[^,;.]{0,24}$",
    re.IGNORECASE,
)
_LASTED = re.compile(
    r"\b(?:worked|work(?:s|ing)? (?:there|here|at|for|as)|employed|been (?:there|at|with|in)|with (?:them"
    r"|the)"
    r"|service|there(?: for)?|employ\w+|lived|living|lives|tenant|tenancy|in the (?:flat|house|property)"
    r"|continuous)\b",
    re.IGNORECASE,
)
_JOB = re.compile(
    r"\b(?:work\w*|employ\w*|job|service|start(?:ed|s)? (?:work|at|with|as|there)|start date|joined|er|p45"
    r"|contract"
    r"|dismiss\w*|sacked|redundan\w*|driver|cleaner|carer|chef|warehouse)\b",
    re.IGNORECASE,
)
_HOME = re.compile(
    r"\b(?:liv(?:e[sd]?|ing)|tenan\w*|flat|house|property|moved in|ast|let|rent\w*)\b", re.IGNORECASE
)
_ENDED = re.compile(
    r"\b(?:dismissed|sacked|let go|made redundant|resigned|left|last day|finished|moved out"
    r"|evicted)\b[^,;.]{0,20}$",
    re.IGNORECASE,
)
_ROUGH = re.compile(
    r"(?:\b(?:about|abt|approx\w*|around|nearly|almost|over|more than|under|less than|c\.?|circa|some|roughly"
    r"|at least|up to|just)|[~><+])\s?$",
    re.IGNORECASE,
)
_ELSE = re.compile(
    r"\b(?:ex-|previous\w*|before that|last job|used to|until|for the last|last|past|behind|arrears|paid"
    r"|notice"
    r"|ago|gap|break|pay|off|needs?|under|min\w*|qualif\w*|contract says)\b",
    re.IGNORECASE,
)
_RULE = re.compile(
    r"\b(?:needs?|must|should|shd|min(?:imum)?|invalid|not valid|required?s?|entitled|only|statutory"
    r"|defective"
    r"|too short|if|less|would|could|at least|wrong|short)\b",
    re.IGNORECASE,
)
_NOTICE = re.compile(r"\b(?:notice|s\.?\s?21|s\.?\s?8|section (?:21|8)|nosp|nspo?|ntq)\b", re.IGNORECASE)
_SERVED = re.compile(
    r"\b(?:serve[sd]?|served on|dated|given|gave|handed(?: over)?|issued|rec'?d|received|got|from|on|sent)"
    r"(?: (?:it|her|him|them|notice|s\.?21|section 21|on|by hand))*[ :]{1,2}$",
    re.IGNORECASE,
)
_EXPIRES = re.compile(
    r"\b(?:expir\w*|ends?|ending|out by|leave by|go by|runs? out|until|till?|up on|vacate by|to leave"
    r"|job ends|by"
    r"|last day|off by|move out by|finish\w*)(?: (?:on|is|the))*[ :]{1,2}$|(?:=|->|→|–|-| to) ?$",
    re.IGNORECASE,
)
_BEGAN = re.compile(
    r"\b(?:from|since|began|started|starting|beginning|of)(?: on| work| the)? $", re.IGNORECASE
)
_OVER = re.compile(
    r"\b(?:back(?: at work| in work)?|returned|ends?|ended|ending|until|till?|to|expires?|expiring"
    r"|runs? out|over|finish\w*)"
    r"(?: on| by)? $",
    re.IGNORECASE,
)
_JOINED = re.compile(
    r"^[ (,=:–-]{0,3}(?:ie|i\.e\.|so|was|were|for|total(?:ling)?)?[ (,=:–-]{0,3}$", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class _Mark:
    line: int
    text: str
    entry: str
    key: str
    low: date
    high: date


@dataclass(frozen=True, slots=True)
class _Length:
    line: int
    text: str
    key: str
    months: float
    rough: bool


@dataclass(frozen=True, slots=True)
class _Notice:
    line: int
    text: str
    day: date | None
    length: Duration | None
    part: str


def period_faults(pieces: Iterable[Piece], meeting: date | None) -> Iterator[Contradiction]:
    """Lengths of time and ages that the days of the same notes do not give."""
    read = [(one.at, one.text, one.values) for one in pieces if one.values]
    yield from ages(read, meeting)
    yield from _services(read, meeting)
    yield from _notices(read, meeting)
    for at, text, values in read:
        yield from _spans(at, text, values)
        yield from _between(at, text, values, meeting)


def _services(read: Sequence[Read], meeting: date | None) -> Iterator[Contradiction]:
    """How long somebody worked or lived somewhere is held against the day on which that began."""
    lengths = [
        length
        for at, text, values in read
        for one in values
        if isinstance(one.value, Duration) and (length := _length(at, text, one)) is not None
    ]
    starts: list[_Mark] = []
    ends: list[_Mark] = []
    for at, text, values in read if lengths else ():
        for one in values:
            mark = _mark(at, text, one, meeting) if isinstance(one.value, Day | Number) else None
            if mark and _ENDED.search(text[: one.start]):
                ends.append(mark)
            elif mark and mark.key and _START.search(text[: one.start]):
                starts.append(mark)
    for length in lengths:
        same = [one for one in starts if one.key == length.key or not length.key]
        if len({(one.low, one.high) for one in same}) != 1:
            continue
        over = [one for one in ends if one.low > same[0].low]
        until = (over[-1].low, over[-1].high) if over else (meeting, meeting)
        if until[0] is None or until[1] is None or same[0].high > until[1]:
            continue
        least, most = _months(same[0].high, until[0]), _months(same[0].low, until[1])
        if not _fits(length, least, most):
            what = f"the start gives about {_spoken(least)}, not {length.text}"
            yield fault((same[0].line, length.line), what, same[0].text, length.text)


def _mark(at: Callable[[int], int], text: str, one: Found[Value], meeting: date | None) -> _Mark | None:
    span = (
        bounds(one.value, meeting, text[one.end : one.end + 6])
        if isinstance(one.value, Day | Number)
        else None
    )
    if span is None:
        return None
    return _Mark(at(one.start), one.text, text, _place(text), *span)


def _place(text: str) -> str:
    job, home = _JOB.search(text), _HOME.search(text)
    return "job" if job and not home else "home" if home and not job else ""


def _length(at: Callable[[int], int], text: str, one: Found[Value]) -> _Length | None:
    assert isinstance(one.value, Duration)
    if one.value.unit not in ("month", "year") or not _LASTED.search(text):
        return None
    around = text[max(0, one.start - 24) : one.end + 16]
    if _ELSE.search(around):
        return None
    months = float(one.value.count) * (12 if one.value.unit == "year" else 1)
    rough = _ROUGH.search(text[: one.start]) is not None or text[one.end : one.end + 1] == "+"
    key = _place(text) or "?"
    return (
        None
        if key == "?" and not YEAR.search(text)
        else _Length(at(one.start), one.text, _place(text), months, rough)
    )


def _fits(length: _Length, least: float, most: float) -> bool:
    slack = 0.2 * length.months + 3 if length.rough else 0.0
    if length.months >= 24 or (length.months >= 12 and length.months % 12 == 0):
        return least - 13 - slack < length.months < most + 4.5 + slack
    return least - 2.5 - slack < length.months < most + 2 + slack


def _months(first: date, last: date) -> float:
    return (last - first).days / 30.44


def _spoken(months: float) -> str:
    return f"{months / 12:.1f} years" if months >= 24 else f"{months:.0f} months"


def _notices(read: Sequence[Read], meeting: date | None) -> Iterator[Contradiction]:
    """When a notice was given, how long it is and when it ends: the three have to agree."""
    parts: list[_Notice] = []
    for at, text, values in read:
        if not _NOTICE.search(text):
            continue
        if _RULE.search(text):
            continue
        for one in values:
            before = text[max(0, one.start - 32) : one.start]
            if isinstance(one.value, Duration):
                parts.append(_Notice(at(one.start), one.text, None, one.value, "length"))
                continue
            span = bounds(one.value, meeting) if isinstance(one.value, Day) else None
            if span is None or span[0] != span[1]:
                continue
            part = "end" if _EXPIRES.search(before) else "start" if _SERVED.search(before) else ""
            if part:
                parts.append(_Notice(at(one.start), one.text, span[0], None, part))
    by = {part: [one for one in parts if one.part == part] for part in ("start", "length", "end")}
    if any(len({(one.day, one.length) for one in kind}) != 1 for kind in by.values()):
        return
    start, length, end = (by[part][0] for part in ("start", "length", "end"))
    if start.day is None or end.day is None or length.length is None:
        return
    low, high = start.day, end.day
    if high < low:
        high = shifted(high, months=12) or high
    wanted = later(low, length.length)
    if wanted is None:
        return
    early, late = (high - wanted).days < -2, (high - wanted).days > max(7, (wanted - low).days // 3)
    if early or late:
        lines = (start.line, length.line, end.line)
        yield fault(lines, f"{length.text} from {start.text} do not end on {end.text}", start.text, end.text)


def _spans(at: Callable[[int], int], text: str, values: Sequence[Found[Value]]) -> Iterator[Contradiction]:
    """A length beside the days that it is said to be of: "5 weeks, 1 March to 12 March"."""
    for n, one in enumerate(values):
        if not isinstance(one.value, Duration) or one.value.unit not in ("day", "month"):
            continue
        if _RULE.search(text) or _ROUGH.search(text[: one.start]):
            continue
        for other in values[max(0, n - 1) : n + 2]:
            if not isinstance(other.value, Day) or not isinstance(other.value.value, Span):
                continue
            between = text[min(one.end, other.end) : max(one.start, other.start)]
            if not _JOINED.match(between):
                continue
            span = other.value.value
            stated, days = _days_of(one.value), (span.last - span.first).days
            if abs(days - stated) > max(3, stated // 6):
                yield fault(
                    (at(one.start),), f"these days are {days + 1}, not {one.text}", one.text, other.text
                )


def _between(
    at: Callable[[int], int], text: str, values: Sequence[Found[Value]], meeting: date | None
) -> Iterator[Contradiction]:
    """One length in a line that says when it began and when it was over."""
    lengths = [one for one in values if isinstance(one.value, Duration)]
    days = [one for one in values if isinstance(one.value, Day)]
    if len(lengths) != 1 or len(days) != 2 or _NOTICE.search(text) or _RULE.search(text):
        return
    length = lengths[0]
    assert isinstance(length.value, Duration)
    first, last = (bounds(one.value, meeting) for one in days)
    if (
        first is None
        or last is None
        or first[0] != first[1]
        or last[0] != last[1]
        or length.value.unit == "hour"
    ):
        return
    if not _BEGAN.search(text[: days[0].start]) or not _OVER.search(text[: days[1].start]):
        return
    end = last[0] if last[0] >= first[0] else shifted(last[0], months=12)
    wanted = later(first[0], length.value)
    if wanted and end and abs((end - wanted).days) > max(4, (wanted - first[0]).days // 5):
        what = f"{length.text} from {days[0].text} do not end on {days[1].text}"
        yield fault((at(days[0].start),), what, length.text, days[1].text)


def _days_of(length: Duration) -> int:
    return int(length.count) if length.unit == "day" else int(float(length.count) * 30.4)
