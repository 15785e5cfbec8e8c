"""Which amounts, dates and references may be misread: marked, never mended.

A figure is doubtful when the engine was not sure of one of its characters (a line's mean hides one wrong
digit among eighty right ones), or when it cannot be what it stands for: a letter among digits, 31/02/2026,
£12,40.50.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date

from casewright.api.documents import DoubtKind
from casewright.documents.blocks import Doubt

# On noisy pages drawn to choose it (1,521 figures, 109 of them wrong), 0.9 marked 89 % of the wrong ones and
# 12 % of the right; 0.95 would mark 91 % and 16 %, 0.75 84 % and 6 %. benchmarks/scans.py measures it on
# others.
SURE = 0.9

_D = "[0-9OoQIl|SBZ]"  # a digit, or a letter that is taken for one
_LOOKALIKE = re.compile(r"[OoQIl|SBZ]")
_MONTHS = (
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
)
_MONTH = rf"(?:{'|'.join(_MONTHS)}|jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec)\.?"
_ORDINAL = "(?:st|nd|rd|th)?"
_SIGN = "[£$€]|GBP|EUR|USD"
_NUMBER = rf"{_D}(?:[.,'’]?{_D})*(?:[.,] {_D}+(?:[.,]{_D}+)*|(?: {_D}{{3}})+(?![0-9])(?:[.,]{_D}{{2}})?)?"


def _shape(pattern: str, *, any_case: bool = False) -> re.Pattern[str]:
    """A pattern of a whole figure: nothing of a word stands right before or after it."""
    return re.compile(rf"(?<![\w£$€])(?:{pattern})(?!\w)", re.IGNORECASE if any_case else 0)


_DAY_FIRST = _shape(rf"(?P<day>{_D}{{1,2}})([/.-])(?P<month>{_D}{{1,2}})\2(?P<year>{_D}{{4}}|{_D}{{2}})")
_YEAR_FIRST = _shape(rf"(?P<year>{_D}{{4}})-(?P<month>{_D}{{2}})-(?P<day>{_D}{{2}})")
_NAMED = _shape(
    rf"(?P<day>{_D}{{1,2}}){_ORDINAL} ?(?P<name>{_MONTH})(?:,? ?(?P<year>{_D}{{4}}))?"
    rf"|(?P<name2>{_MONTH}) (?P<day2>{_D}{{1,2}}){_ORDINAL},? (?P<year2>{_D}{{4}})",
    any_case=True,
)
_SORT_CODE = _shape(rf"{_D}{{2}}-{_D}{{2}}-{_D}{{2}}")
# a pound sign is at times read as one of these letters
_AMOUNT = _shape(
    rf"(?:{_SIGN}) ?{_NUMBER}(?: ?(?:{_SIGN}))?"
    rf"|{_NUMBER} ?(?:{_SIGN})"
    rf"|[EeFfL]?{_D}(?:[.,'’]?{_D})*[.,]{_D}{{2}}"
    rf"|{_D}{{1,3}}(?:[.,]{_D}{{3}})+"
    r"|[0-9]{1,3}p"
)
_REFERENCE = _shape(
    rf"[A-Z]{{2}} ?{_D}{{2}} ?{_D}{{2}} ?{_D}{{2}} ?[A-D]"
    rf"|{_D}{{3,}}(?: {_D}{{3,}})+|{_D}{{4}}(?: {_D}{{4}})+"
    r"|[A-Za-z0-9|]+(?:[-/][A-Za-z0-9|]+)*"
)
_SHAPES: tuple[tuple[DoubtKind, re.Pattern[str]], ...] = (
    ("reference", _SORT_CODE),
    ("date", _YEAR_FIRST),
    ("date", _DAY_FIRST),
    ("date", _NAMED),
    ("amount", _AMOUNT),
    ("reference", _REFERENCE),
)
_WHOLE_AMOUNTS = (
    re.compile(r"\d+(?:[.,]\d{2})?"),
    re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d{2})?"),
    re.compile(r"\d{1,3}(?:\.\d{3})+(?:,\d{2})?"),
    re.compile(r"\d{1,3}(?:['’ ]\d{3})+(?:[.,]\d{2})?"),
)
_AMONG_DIGITS = re.compile(r"\d[OoQIl|]+\d")
# "XwP-4690", "MPj3159": small letters among the capitals that a code begins with
_MIXED_CASE = re.compile(r"[A-Za-z]*(?:[a-z][A-Z]|[A-Z]{2}[a-z])[A-Za-z]*[-/]?\d")
_CURRENCY = re.compile(rf"{_SIGN}|p$")


def doubts(text: str, confidences: Sequence[float]) -> tuple[Doubt, ...]:
    """The doubtful figures of a line, in order; ``confidences`` has one for each character of ``text``.

    A doubt's confidence is that of the figure's least sure character.
    """
    found = []
    for kind, start, end, match in figures(text):
        least = min(confidences[at] for at in range(start, end) if not text[at].isspace())
        if least < SURE or not _possible(kind, text[start:end], match):
            found.append(Doubt(start, end, kind, round(least, 4)))
    return tuple(sorted(found, key=lambda doubt: doubt.start))


def figures(text: str) -> Iterator[tuple[DoubtKind, int, int, re.Match[str]]]:
    """The amounts, dates and references in a line: kind, first character, the one after the last."""
    taken = [False] * len(text)
    for kind, shape in _SHAPES:
        for match in shape.finditer(text):
            start, end = match.span()
            if any(taken[start:end]) or not _is_figure(kind, match.group()):
                continue
            taken[start:end] = [True] * (end - start)
            yield kind, start, end, match


def _is_figure(kind: DoubtKind, text: str) -> bool:
    """Whether it has enough digits to be one: a word of look-alike letters ("SOIL") has none."""
    digits = sum(char in "0123456789" for char in text)
    if kind != "reference":
        return digits * 2 >= sum(_LOOKALIKE.match(char) is not None for char in text) and digits > 0
    digits += sum(len(found.group()) - 2 for found in _AMONG_DIGITS.finditer(text))
    letters = any(char.isalpha() for char in text)
    return digits >= (3 if letters else 5) and digits * 2 >= sum(char.isalnum() for char in text)


def _possible(kind: DoubtKind, text: str, match: re.Match[str]) -> bool:
    if _AMONG_DIGITS.search(text) or _MIXED_CASE.match(text):
        return False
    if kind == "amount":
        number = _CURRENCY.sub("", text).strip()
        return any(whole.fullmatch(number) for whole in _WHOLE_AMOUNTS)
    return kind != "date" or _is_date(match.groupdict())


def _is_date(parts: dict[str, str | None]) -> bool:
    name = parts.get("name") or parts.get("name2")
    day, year = parts.get("day") or parts.get("day2") or "", parts.get("year") or parts.get("year2") or "2000"
    month = str(_month(name)) if name else parts.get("month") or ""
    if not (day.isascii() and day.isdigit() and month.isdigit() and year.isdigit()):
        return False
    full = int(year) + (2000 if len(year) == 2 else 0)
    return 1900 <= full <= 2100 and (
        _on_calendar(full, month, day) or (not name and _on_calendar(full, day, month))
    )


def _month(name: str) -> int:
    return next(number for number, month in enumerate(_MONTHS, 1) if month.startswith(name.lower()[:3]))


def _on_calendar(year: int, month: str, day: str) -> bool:
    try:
        date(year, int(month), int(day))
    except ValueError:
        return False
    return True
