"""The values that a source gives, also those without a sign: "285k", "Rs 75,000", "fine 660"."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from casewright.notes.values import same_day
from casewright.notes.values_calendar import month_of
from casewright.notes.values_kinds import Amount, Day, Duration, Found, Number, Partial, Time, Value

THOUSANDS = re.compile(r"(?<![\w£.,€$])(\d{1,4}(?:\.\d{1,2})?) ?k\b", re.IGNORECASE)
_RUPEES = re.compile(r"(?:\brs\.?|₹|\binr) ?(\d[\d,]*(?:\.\d\d)?)(?: ?(lakhs?|lacs?))?", re.IGNORECASE)
_MONEY_WORD = re.compile(
    r"\b(?:owe[sd]?|owing|arrears|fine|deposit|rent|debts?|loan|balance|bal|wages?|salary|paid|pays?|cost|fee"
    r"|price|bill|mtg|mortgage|overpaid|o/p|net|gross)\b",
    re.IGNORECASE,
)
PAPER_DAY = re.compile(
    r"\b(?:letters?|ltr|texts?|e-?mails?|stmt|statement|report|voicemail|passbook|notice|call|dated|of"
    r"|invoice|note"
    r"|printout|receipt)(?:,? (?:of|dated|from|on|dtd|to|by)(?: \w+){0,2})?,? $",
    re.IGNORECASE,
)
_A_WEEK = re.compile(
    r" ?(?:(?:most|each|every) w(?:ee)?ks?|pw|p/w|a wk|a week|per (?:wk|week)|/ ?wk|/ ?week|weekly"
    r"|each week)\b",
    re.IGNORECASE,
)
_WORKS = re.compile(r"\b(?:works?|working|contracted(?: for| to)?|does) $", re.IGNORECASE)
_WORKING = re.compile(r" ?w(?:or)?k(?:in)?g days?\b", re.IGNORECASE)
_MONTH = re.compile(
    r"\b(?:January|February|March|April|June|July|August|September|October|November|December|Sept|Nov|Dec"
    r"|Oct|Aug"
    r"|Feb|Jan)\b(?! \d)"
)


@dataclass(frozen=True)
class Money:
    """A sum in hundredths, and the stretch of time that it is for."""

    cents: int
    per: str | None

    @property
    def figures(self) -> str:
        """Its figures, without hundredths where it has none."""
        whole, rest = divmod(self.cents, 100)
        return f"{whole}.{rest:02}" if rest else str(whole)


Told = tuple[str, object, str]  # what kind of value, the value, how it is written
_HOURS = {
    "minute": Decimal(1) / 60,
    "hour": Decimal(1),
    "day": Decimal(24),
    "month": Decimal(730),
    "year": Decimal(8760),
}


def values_in(text: str, values: Sequence[Found[Value]]) -> Iterator[Told]:
    """The values of a text with their kinds, in a form in which equal ones are equal."""
    taken: list[tuple[int, int]] = []
    for match in THOUSANDS.finditer(text):
        taken.append(match.span())
        yield "money", Money(int(Decimal(match[1]) * 100_000), None), match[0]
    for match in _RUPEES.finditer(text) if "Rs" in text or "₹" in text or "r" in text.lower() else ():
        taken.append(match.span())
        times = 100_000 if match[2] else 1
        yield "money", Money(int(Decimal(match[1].replace(",", "")) * times * 100), None), match[0]
    for match in _MONTH.finditer(text):
        if not any(one.start <= match.start() < one.end for one in values):
            yield "day", Day(Partial(month=month_of(match[0]))), match[0]
    for one in values:
        if any(a <= one.start < b for a, b in taken):
            continue
        value = one.value
        if isinstance(value, Amount):
            yield "money", Money(int(value.value * 100), value.per), one.text
        elif isinstance(value, Day) and not PAPER_DAY.search(text[max(0, one.start - 30) : one.start]):
            yield "day", value, one.text
        elif isinstance(value, Time):
            yield "time", (value.hour % 12, value.minute), one.text
        elif (
            isinstance(value, Duration)
            and value.unit == "hour"
            and (_A_WEEK.match(text[one.end :]) or _WORKS.search(text[: one.start]))
        ):
            yield "hours a week", value.count, one.text
        elif isinstance(value, Duration) and one.text[:2].lower() != "a ":
            yield "length", value.count * _HOURS[value.unit], one.text
        elif isinstance(value, Number):
            yield from _number(text, one, value.value)


def _number(text: str, one: Found[Value], value: Decimal) -> Iterator[Told]:
    after = text[one.end : one.end + 2]
    if 1930 <= value <= 2040 and "," not in one.text and len(one.text) == 4:
        if re.search(
            r"\b(?:since|in|from|all|until|till|to|by|early|late|summer|spring) $", text[: one.start]
        ):
            yield "day", Day(Partial(year=int(value))), one.text
    elif (value >= 100 or "." in one.text) and after[:1] not in ("%", "/") and _MONEY_WORD.search(text):
        yield "money", Money(int(value * 100), None), one.text
    elif value < 100 and _WORKING.match(text[one.end :]):
        yield "length", value * 24, one.text
    elif value < 100:
        yield "number", value, one.text


def equal(a: object, b: object) -> bool:
    """Whether two values are the same; the stretch of time that an amount is for aside."""
    return a.cents == b.cents if isinstance(a, Money) and isinstance(b, Money) else a == b


def clash(a: object, b: object) -> bool:
    """Whether two values of one kind cannot be of one thing, and yet are near enough to be meant for it."""
    if isinstance(a, Day) and isinstance(b, Day):
        return _days_clash(a, b)
    if isinstance(a, Money) and isinstance(b, Money):
        if a.per and b.per and a.per != b.per:
            return False
        small, big = sorted((a.cents, b.cents))
        near = big < small * 4 and (big - small) * 250 > big
        return small != big and (near or big in (small * 10, small * 100))
    return a != b


def _days_clash(a: Day, b: Day) -> bool:
    if isinstance(a.value, Partial) or isinstance(b.value, Partial):
        days = [getattr(one.value, "day", None) for one in (a, b)]
        month_first = any(one.why.startswith("its month") for one in (a, b))
        if days[0] and days[1] and days[0] != days[1] and month_first:
            return True
    if isinstance(a.value, date) or isinstance(b.value, date) or (a.sure and b.sure):
        return same_day(a, b) is False and not any(", or " in one.why for one in (a, b))
    return False
