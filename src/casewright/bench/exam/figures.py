"""The figures of a text: amounts, dates, times of day, references and plain numbers, in one notation.

Used to score answers, so it is strict about values and lenient about notation: ``£1,250.50`` and
``1250.50 pounds`` are one amount, ``3 March 2025``, ``03/03/2025``, ``March 3rd, 2025`` and ``2025-03-03``
one date (day before month, as British letters have it). Each figure is read once, as the most specific kind
that fits.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal

_MONTHS = (
    "jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?"
    "|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?"
)
_MONTH_ORDER = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_NUMBER = r"(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?"
_UNITS = (
    "two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen"
    "|eighteen|nineteen"
)
_NINES = "one|two|three|four|five|six|seven|eight|nine"
_TENS = "twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety"
_WORDS = {"one": 1}
_WORDS |= {word: value for value, word in enumerate(_UNITS.split("|"), 2)}
_WORDS |= {word: 10 * value for value, word in enumerate(_TENS.split("|"), 2)}
_TYPOGRAPHY = str.maketrans(
    {"‘": "'", "’": "'", "“": '"', "”": '"', "–": "-", "—": "-", "‑": "-", "\u00a0": " ", "\u202f": " "}
)


@dataclass(frozen=True, slots=True)
class Date:
    """A date of which some parts may not be said (None)."""

    day: int | None
    month: int
    year: int | None

    def __str__(self) -> str:
        parts = (str(self.day or ""), _MONTH_ORDER[self.month - 1].title(), str(self.year or ""))
        return " ".join(filter(None, parts))

    def same_day(self, other: Date) -> bool:
        """Whether both name one day; a year that one of them leaves out does no harm."""
        years = {self.year, other.year} - {None}
        return self.day == other.day and self.month == other.month and len(years) <= 1


@dataclass(frozen=True, slots=True)
class Clock:
    """A time of day in minutes after midnight; ``sure`` is False for "2:15" that may be either half."""

    minutes: int
    sure: bool

    def __str__(self) -> str:
        return f"{self.minutes // 60}:{self.minutes % 60:02d}"

    def same(self, other: Clock) -> bool:
        """Whether both may be one time."""
        if self.sure and other.sure:
            return self.minutes == other.minutes
        return self.minutes % 720 == other.minutes % 720


@dataclass(frozen=True, slots=True)
class Figures:
    """Every figure of one text; ``references`` are upper case and hold sums in other currencies too."""

    amounts: frozenset[Decimal] = frozenset()
    dates: frozenset[Date] = frozenset()
    times: frozenset[Clock] = frozenset()
    references: frozenset[str] = frozenset()
    numbers: frozenset[Decimal] = frozenset()

    def beyond(self, source: Figures) -> list[str]:
        """What is here and not in ``source``, in words: the figures that an answer has added.

        An amount may be given without its pound sign; a date may drop its year, not gain one that no date of
        the source has.
        """
        known = source.amounts | source.numbers
        years = {date.year for date in source.dates} | {int(n) for n in source.numbers} | {None}
        extra = [pounds(a) for a in sorted(self.amounts - known)]
        extra += [plain(n) for n in sorted(self.numbers - known)]
        extra += [str(d) for d in self.dates if not _known_date(d, source.dates, years)]
        extra += [str(t) for t in self.times if not any(t.same(known_time) for known_time in source.times)]
        extra += sorted(self.references - source.references)
        return extra

    def lost(self, answer: Figures, answer_text: str) -> list[str]:
        """What is here and not in ``answer``: each figure must be there, a date with its year if it has one.

        "A month" or "one month" keeps the number 1.
        """
        missing = [pounds(a) for a in sorted(self.amounts - answer.amounts)]
        for number in sorted(self.numbers - answer.numbers):
            if number != 1 or not re.search(r"\b(?:one|an?)\b", answer_text, re.IGNORECASE):
                missing.append(plain(number))
        missing += [str(date) for date in self.dates - answer.dates]
        missing += [str(t) for t in self.times if not any(t.same(time) for time in answer.times)]
        return missing + sorted(self.references - answer.references)


def _known_date(date: Date, known: frozenset[Date], years: set[int | None]) -> bool:
    return date.year in years and any(
        date.month == other.month and date.day in (other.day, None) for other in known
    )


def pounds(amount: Decimal) -> str:
    """An amount as it is printed: ``£1,250.50``, ``£600``."""
    whole = amount == amount.to_integral_value()
    return f"£{amount:,.0f}" if whole else f"£{amount:,.2f}"


def plain(number: Decimal) -> str:
    """A number without trailing zeros."""
    return f"{number.normalize():f}"


def straighten(text: str) -> str:
    """Typographic quotes, dashes and spaces as plain ones, and white space collapsed."""
    return " ".join(text.translate(_TYPOGRAPHY).split())


@dataclass
class _Reader:
    """Reads kinds one after the other, blanking what it has read."""

    text: str
    amounts: set[Decimal] = field(default_factory=set)
    dates: set[Date] = field(default_factory=set)
    times: set[Clock] = field(default_factory=set)
    references: set[str] = field(default_factory=set)
    numbers: set[Decimal] = field(default_factory=set)

    def take(self, pattern: str, use: Callable[[re.Match[str]], bool]) -> None:
        """Blank every match that ``use`` accepts."""

        def blank(match: re.Match[str]) -> str:
            return " # " if use(match) else match[0]

        self.text = re.sub(pattern, blank, self.text, flags=re.IGNORECASE)

    def date(self, day: str | None, month: str | int, year: str | None) -> bool:
        """Keep a date if it can be one; two-digit years are of this century."""
        number = month if isinstance(month, int) else _MONTH_ORDER.index(month[:3].lower()) + 1
        d = int(day) if day else None
        y = int(year) if year else None
        if d is not None and not 1 <= d <= 31:
            return False
        if not 1 <= number <= 12:
            return False
        self.dates.add(Date(d, number, y + 2000 if y is not None and y < 100 else y))
        return True

    def numeric_date(self, first: str, second: str, year: str | None) -> bool:
        """Day first; month first only where it cannot be otherwise (``06/30/2025``)."""
        if int(second) > 12 >= int(first):
            first, second = second, first
        return self.date(first, int(second), year)

    def time(self, hour: str, minute: str | None, half: str | None) -> bool:
        """Keep a time of day if it can be one."""
        h, m = int(hour), int(minute or 0)
        if h > 23 or m > 59:
            return False
        if half and h <= 12:
            h = h % 12 + (12 if half.lower().startswith("p") else 0)
        self.times.add(Clock(h * 60 + m, sure=bool(half) or h > 12 or hour.startswith("0")))
        return True

    def amount(self, digits: str, divisor: int = 1) -> bool:
        """Keep an amount in pounds."""
        self.amounts.add(_decimal(digits) / divisor)
        return True

    def reference(self, text: str) -> bool:
        """Keep a reference."""
        self.references.add(text.upper())
        return True

    def number(self, value: Decimal) -> bool:
        """Keep a plain number."""
        self.numbers.add(value)
        return True


def _decimal(digits: str) -> Decimal:
    return Decimal(digits.replace(",", ""))


def read_figures(text: str) -> Figures:
    """Read every figure of ``text``.

    List markers (``1.`` at a line's start) and ``passage 3`` are not figures. ``s21`` reads as "section 21".
    Number words count from two on: "one" is too often a pronoun.
    """
    lined = re.sub(r"(?m)^\s*\d{1,2}[.)]\s+", " ", text)
    clean = re.sub(r"(?i)\bpassages?\s*[(\[]?\d\b[)\]]?|\[\d\]", " ", straighten(lined))
    reader = _Reader(re.sub(r"(?i)\bs(\d{1,3})\b", r"section \1", clean))
    _read_dates(reader)
    _read_times(reader)
    _read_amounts(reader)
    _read_references(reader)
    _read_numbers(reader)
    return Figures(
        frozenset(reader.amounts),
        frozenset(reader.dates),
        frozenset(reader.times),
        frozenset(reader.references),
        frozenset(reader.numbers),
    )


def _read_dates(reader: _Reader) -> None:
    reader.take(r"\b20\d\d/\d\d\b", lambda m: reader.reference(m[0]))
    reader.take(r"\b(\d{4})-(\d{2})-(\d{2})\b", lambda m: reader.date(m[3], int(m[2]), m[1]))
    day = r"(\d{1,2})(?:st|nd|rd|th)?"
    reader.take(
        rf"\b{day}\s+(?:of\s+)?({_MONTHS})\b\.?(?:,?\s+(\d{{4}})\b)?", lambda m: reader.date(m[1], m[2], m[3])
    )
    reader.take(
        rf"\b({_MONTHS})\b\.?\s+(?:the\s+)?{day}\b(?!\d)(?:,?\s+(\d{{4}})\b)?",
        lambda m: reader.date(m[2], m[1], m[3]),
    )
    reader.take(rf"\b({_MONTHS})\b\.?,?\s+(\d{{4}})\b", lambda m: reader.date(None, m[1], m[2]))
    reader.take(
        r"(?<![\d£.,])(\d{1,2})([/.-])(\d{1,2})\2(\d{4}|\d{2})\b",
        lambda m: reader.numeric_date(m[1], m[3], m[4]),
    )
    reader.take(r"(?<![\d£.,])(\d{1,2})/(\d{1,2})\b(?!/)", lambda m: reader.numeric_date(m[1], m[2], None))


def _read_times(reader: _Reader) -> None:
    half = r"\s?([ap])\.?m\b\.?"
    reader.take(rf"\b(\d{{1,2}})[:.](\d{{2}}){half}", lambda m: reader.time(m[1], m[2], m[3]))
    reader.take(rf"\b(\d{{1,2}}){half}", lambda m: reader.time(m[1], None, m[2]))
    reader.take(r"\b(\d{1,2}):(\d{2})\b", lambda m: reader.time(m[1], m[2], None))


def _read_amounts(reader: _Reader) -> None:
    reader.take(rf"[$€]\s?{_NUMBER}", lambda m: reader.reference(m[0].replace(" ", "")))
    reader.take(rf"(?:£|\bGBP)\s?({_NUMBER})(?!\d)", lambda m: reader.amount(m[1]))
    reader.take(rf"(?<![\d.,])({_NUMBER})\s?(?:pounds?|GBP|quid)\b", lambda m: reader.amount(m[1]))
    reader.take(r"(?<![\d.,])(\d{1,2})p\b", lambda m: reader.amount(m[1], 100))


def _read_references(reader: _Reader) -> None:
    spans = "days?|weeks?|months?|years?|hours?|mths?|wks?|yrs?|hrs?"
    reader.take(rf"\b(\d+)(?:st|nd|rd|th|-?(?:{spans}))\b", lambda m: reader.number(_decimal(m[1])))
    reader.take(r"\bx(\d+)\b", lambda m: reader.number(_decimal(m[1])))
    token = r"(?<![\w-])(?=[a-z0-9-]*\d)(?=[a-z0-9-]*[a-z])[a-z0-9]+(?:-[a-z0-9]+)*\b"
    reader.take(token, lambda m: reader.reference(m[0]))


def _read_numbers(reader: _Reader) -> None:
    reader.take(rf"(?<![\d.,])({_NUMBER})(?!\d)", lambda m: reader.number(_decimal(m[1])))
    reader.take(
        rf"\b({_TENS})(?:[- ]({_NINES}))?\b",
        lambda m: reader.number(Decimal(_WORDS[m[1].lower()] + (_WORDS[m[2].lower()] if m[2] else 0))),
    )
    reader.take(rf"\b({_UNITS})\b", lambda m: reader.number(Decimal(_WORDS[m[1].lower()])))
