"""What a value in the notes can be, once it no longer matters how it was written.

Equal values compare equal however they were spelled; ``why`` tells a person what is doubtful and takes no
part
in the comparison.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Generic, Literal, TypeVar

Per = Literal["hour", "day", "week", "fortnight", "four weeks", "month", "quarter", "year"]
Currency = Literal["GBP", "EUR", "USD"]
Unit = Literal["minute", "hour", "day", "month", "year"]


@dataclass(frozen=True, slots=True)
class Amount:
    """A sum of money; ``per`` None where nothing says that it comes again."""

    value: Decimal
    currency: Currency = "GBP"
    per: Per | None = None
    sure: bool = True
    why: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Partial:
    """As much of a day as was written: "12 May" has no year, "May 2026" no day, "Friday" only a weekday.

    ``weekday`` counts from Monday, 0. ``part`` is "end", "start", "middle" or "week" where it was one of
    those.
    """

    day: int | None = None
    month: int | None = None
    year: int | None = None
    weekday: int | None = None
    part: str = ""


@dataclass(frozen=True, slots=True)
class Relative:
    """A day counted from a meeting whose date nobody gave, in one fixed wording ("in 14 days")."""

    words: str


@dataclass(frozen=True, slots=True)
class Span:
    """From one day to another, both included."""

    first: date
    last: date


@dataclass(frozen=True, slots=True)
class Day:
    """A day as far as it is known. Not ``sure``: ``why`` gives the other reading, or what is wrong with
    it.
    """

    value: date | Partial | Relative | Span
    sure: bool = True
    why: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Duration:
    """A length of time; weeks are days, so a fortnight is 14 days."""

    count: Decimal
    unit: Unit


@dataclass(frozen=True, slots=True)
class Deadline:
    """The end of the time for something: a day, or a length of time from a beginning that may not be known.

    ``inclusive``: "by Friday" includes it, "before Friday" does not.
    """

    until: Day | Duration
    inclusive: bool = True
    sure: bool = True
    why: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Time:
    """A time of day."""

    hour: int
    minute: int = 0
    sure: bool = True
    why: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Percent:
    """A share of a hundred."""

    value: Decimal


@dataclass(frozen=True, slots=True)
class Phone:
    """A telephone number: its digits as dialled within the country."""

    digits: str


@dataclass(frozen=True, slots=True)
class Reference:
    """A reference, account number, postcode or section of an Act: capitals, no white space."""

    code: str


@dataclass(frozen=True, slots=True)
class Number:
    """Any other number in figures."""

    value: Decimal


Value = Amount | Day | Duration | Deadline | Time | Percent | Phone | Reference | Number
V_co = TypeVar("V_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Found(Generic[V_co]):
    """A value and where it stands: ``text`` is exactly ``source[start:end]``."""

    value: V_co
    start: int
    end: int
    text: str
