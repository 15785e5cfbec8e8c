"""What one line says against itself: two speakers with two values, or a sum that does not come out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import pairwise

from casewright.notes.contradict_same import like
from casewright.notes.values import same_day
from casewright.notes.values_kinds import Amount, Day, Duration, Found, Per, Value

_YEARLY: dict[Per, Decimal] = {
    "hour": Decimal(52 * 37),
    "day": Decimal(365),
    "week": Decimal(52),
    "fortnight": Decimal(26),
    "four weeks": Decimal(13),
    "month": Decimal(12),
    "quarter": Decimal(4),
    "year": Decimal(1),
}
_BETWEEN = re.compile(
    r"^[^£\d]{0,30}(?:\b(?:but|though|although|whereas|while|vs?\.?|yet|however|or|not)\b"
    r"|[-–,;(/?])[^£\d]{0,40}$",
    re.IGNORECASE,
)
_SPEAKS = re.compile(
    r"\b(?:says?|said|shows?|states?|letter|ltr|stmt|statement|receipt|agmt|agreement|payslip|invoice"
    r"|reckons?|thinks?|insists?"
    r"|claims?|disputes?|contract|email|text|according|acc to|per|puts|makes it|adamant|earlier|portal"
    r"|online|jnl|form)\b",
    re.IGNORECASE,
)
_NO_QUARREL = re.compile(
    r"\b(?:offer\w*|pay|paid|paying|towards|of which|instal\w*|reduc\w*|now|incl\w*|plus|and|then|from"
    r"|afford|limit|owed? to"
    r"|until|before|after|was|were|up to|increas\w*|went|if|refund\w*)\b", re.IGNORECASE
)  # fmt: skip
_DOUBT = re.compile(
    r"\b(?:contradict\w*|do(?:es)?n['’]?t (?:match|tally|add up|agree)|discrepanc\w*|differs?"
    r"|not sure which|which is right"
    r"|inconsisten\w*|conflict\w*|earlier said|said earlier|query which|check which)\b",
    re.IGNORECASE,
)
_PRODUCT = re.compile(
    r"(\d{1,3})\s?(?:x|×|@|at)\s?£(\d[\d,]*(?:\.\d\d)?)\s?(?:pw|pm|ph|pcm|each)?\s?=\s?£(\d[\d,]*(?:\.\d\d)?)"
)


def quarrels(text: str, found: Sequence[Found[Value]]) -> Iterator[tuple[Found[Value], Found[Value]]]:
    """Two values of one line of which it says itself that one speaker gives the one and another the other."""
    told = [one for one in found if isinstance(one.value, Amount | Day | Duration)]
    if len(told) < 2:
        return
    doubt = _DOUBT.search(text) is not None
    for one, two in pairwise(told):
        between = text[one.end : two.start]
        if not like(one, two) or one.value == two.value or len(between) > 80:
            continue
        if (
            isinstance(one.value, Day)
            and isinstance(two.value, Day)
            and same_day(one.value, two.value) is not False
        ):
            continue
        spoken = (
            len(_SPEAKS.findall(text[max(0, one.start - 60) : one.start])),
            len(_SPEAKS.findall(between + text[two.end : two.end + 20])),
        )
        both = (spoken[0] and spoken[1]) or (
            spoken[1] and re.search(r"\b(?:but|though|whereas|vs?)\b", between, re.IGNORECASE)
        )
        if doubt or (both and _BETWEEN.match(between) and not _NO_QUARREL.search(between)):
            yield one, two


def wrong_product(text: str) -> Iterator[tuple[int, str, str]]:
    """Sums that do not come out: "4 x £132 = £582"; where they stand, the sum and what it comes to."""
    if "=" not in text:
        return
    for match in _PRODUCT.finditer(text):
        each, whole = (Decimal(match[n].replace(",", "")) for n in (2, 3))
        comes = int(match[1]) * each
        if abs(comes - whole) > 1:
            yield match.start(), match[0], f"£{comes:,}"


def agree(one: Amount, two: Amount) -> bool:
    """Whether two amounts are one over different lengths of time: £100 a week is £433.33 a month."""
    if one.per is None or two.per is None or one.per == two.per:
        return False
    a, b = one.value * _YEARLY[one.per], two.value * _YEARLY[two.per]
    return abs(a - b) <= max(a, b) * Decimal("0.09") or "hour" in (one.per, two.per)
