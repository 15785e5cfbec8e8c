"""Sums of money as numbers: "£1.2k", "450 quid", "two hundred pounds", "£50pw".

price-parser was tried: it reads the number but neither words nor "per week", takes a bare number for a
price, and
gives no span.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal

from casewright.notes.values_kinds import Amount, Currency, Found, Per

_ONES = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"),
    *("eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"),
)
_TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
WORDS = {word: number for number, word in enumerate(_ONES)} | {
    word: 10 * number for number, word in enumerate(_TENS, 2)
}
_SCALE = {"hundred": 100, "thousand": 1_000, "grand": 1_000, "million": 1_000_000}
_WORD = "(?:" + "|".join(sorted([*WORDS, "hundred", "thousand", "million"], key=len, reverse=True)) + ")"
# At most eight words, so that no text makes the search long.
NUMBER_WORDS = rf"(?:(?:an?|{_WORD})(?:(?:\s|-)(?:and\s)?{_WORD}){{0,8}})"
_PER: dict[Per, str] = {
    "hour": r"p/?h|ph|(?:per|an|each|every)\shour|/\s?hr?|hourly",
    "day": r"(?:per|a|each|every)\sday|/\s?day|daily",
    "four weeks": r"(?:every|per)\s(?:4|four)\s(?:weeks|wks)|(?:4|four)[\s-]weekly",
    "fortnight": r"(?:per|a|each|every)\sfortnight|fortnightly|(?:every|per)\s(?:2|two)\s(?:weeks|wks)"
    r"|p/?f\b|f/n",
    "week": r"p\.?/?w\.?|(?:per|a|each|every)\s(?:week|wk)|/\s?(?:week|wk)|weekly|wkly",
    "month": r"p\.?/?c\.?/?m\.?|p\.?/?m\.?|(?:per|a|each|every)\s(?:calendar\s)?(?:month|mth)"
    r"|/\s?(?:month|mth)"
    r"|monthly|mthly",
    "quarter": r"(?:per|a|each|every)\squarter|quarterly|p/?q\b",
    "year": r"p\.?/?a\.?|(?:per|a|each|every)\s(?:year|yr|annum)|/\s?(?:year|yr)|yearly|annually",
}
_PER_GROUPS = "|".join(f"(?P<{name.replace(' ', '_')}>{form})" for name, form in _PER.items())
_PERIOD = re.compile(rf"\s?(?:{_PER_GROUPS})(?![\w/])", re.IGNORECASE)
_DIGITS = r"\d{1,3}(?:,\d{3}){1,5}(?:\.\d{1,2})?(?!\d)|\d{1,15}(?:[.,]\d{1,4})?(?!\d)"
_SIGNED = re.compile(
    rf"(?:(?P<sign>[£€$])\s?|\b(?P<code>GBP|EUR|USD)\s?)(?P<number>{_DIGITS})"
    r"(?P<space>\s\d{3}(?![\d/.,-]))?(?P<scale>(?:k|m|bn)\b|\s(?:thousand|million|grand)\b)?"
    r"(?P<odd>[OoIl]\w{0,4})?"
    # the second of "£450-500" has no sign of its own
    rf"(?:[-–](?P<second>{_DIGITS})(?P<scale2>k\b)?(?![\w/%]))?",
    re.IGNORECASE,
)
_MISREAD = re.compile(r"£\s?(?P<first>[OoIlSB][\dOoIl,.]{1,12}\d|[OoIl]\d{1,9})(?!\w)")
_NAMED = re.compile(
    rf"(?<![\w.,£$€])(?P<number>{_DIGITS})(?P<scale>k)?\s?"
    r"(?P<unit>pounds?(?:\ssterling)?|quid|GBP|grand|pence|euros?|EUR|dollars?|USD|p)\b(?!/)",
    re.IGNORECASE,
)
_WORDED = re.compile(
    rf"\b(?P<words>{NUMBER_WORDS})\s(?P<unit>pounds?|quid|grand|pence|euros?|dollars?)\b", re.IGNORECASE
)
_BARE_PERIOD = re.compile(
    rf"(?<![\w.,£$€/-])(?P<number>{_DIGITS})(?=\s?(?:pcm|p/c/m|p/m|p/w|pw|p/a|p\.c\.m|per calendar month)\b)",
    re.IGNORECASE,
)
_CURRENCY: dict[str, Currency] = {
    "£": "GBP",
    "€": "EUR",
    "$": "USD",
    "gbp": "GBP",
    "eur": "EUR",
    "usd": "USD",
}
_MONEY_WORDS = re.compile(r"pound|quid|grand|pence|euro|dollar", re.IGNORECASE)
_CODES = re.compile(r"\b(?:GBP|EUR|USD)\s?\d", re.IGNORECASE)


def number_of(words: str) -> Decimal | None:
    """The number that these words spell ("two hundred and fifty"); None if they spell none."""
    total, current, any_word = 0, 0, False
    for word in re.split(r"[\s-]+", words.lower().strip()):
        if word in ("a", "an") and not any_word:
            current = 1
        elif word in WORDS:
            unit_after_ten = WORDS[word] < 10 and current % 100 >= 20 and current % 10 == 0
            if current % 100 and not unit_after_ten and any_word:
                return None
            current += WORDS[word]
        elif word == "hundred":
            current = max(current, 1) * 100
        elif word in _SCALE:
            total, current = total + max(current, 1) * _SCALE[word], 0
        elif word != "and":
            return None
        any_word = True
    return Decimal(total + current)


def amounts(text: str, figures: Sequence[int], spelled: Sequence[int]) -> Iterator[Found[Amount]]:
    """The sums of money in a text, in order; of those that overlap the first, then the longest.

    ``figures`` and ``spelled`` are the places where a number in figures or in words can begin.
    """
    end = 0
    for found in sorted(_all(text, figures, spelled), key=lambda one: (one.start, -one.end)):
        if found.start >= end:
            end = found.end
            yield found


def _all(text: str, figures: Sequence[int], spelled: Sequence[int]) -> Iterator[Found[Amount]]:
    if any(sign in text for sign in "£€$") or _CODES.search(text):
        for match in _SIGNED.finditer(text):
            yield from _from_signed(text, match)
        for match in _MISREAD.finditer(text):
            value = _decimal(match["first"].translate(str.maketrans("OoIlSB", "001158")))[0]
            doubted = Amount(value, sure=False, why="a letter among the figures")
            yield _made(text, match.start(), match.end(), doubted)
    for place in figures:
        named = _NAMED.match(text, place)
        if named:
            value, why = _decimal(named["number"])
            amount = _of_unit(value, named["unit"], why, bool(named["scale"]))
            yield _made(text, named.start(), named.end(), amount)
        bare = None if named else _BARE_PERIOD.match(text, place)
        if bare:
            value, why = _decimal(bare["number"])
            found = _made(text, bare.start(), bare.end(), Amount(value, sure=not why, why=why))
            unsure = found.value.per != "month" and not why
            yield (
                _doubted(found, "no sign of a currency: it may be hours or anything else")
                if unsure
                else found
            )
    if spelled and _MONEY_WORDS.search(text):
        yield from _worded(text, spelled)


def _worded(text: str, spelled: Sequence[int]) -> Iterator[Found[Amount]]:
    end = 0
    for place in spelled:
        match = _WORDED.match(text, place) if place >= end else None
        number = number_of(match["words"]) if match else None
        if match and number is not None:
            end = match.end()
            yield _made(text, match.start(), end, _of_unit(number, match["unit"], ""))


def _doubted(found: Found[Amount], why: str) -> Found[Amount]:
    old = found.value
    return Found(Amount(old.value, old.currency, old.per, False, why), found.start, found.end, found.text)


def _from_signed(text: str, match: re.Match[str]) -> Iterator[Found[Amount]]:
    value, why = _decimal(match["number"])
    currency = _CURRENCY[(match["sign"] or match["code"]).lower()]
    end = match.end("number")
    if match["space"]:
        value, why = _decimal(match["number"] + match["space"].strip())[0], "a space among the figures"
        end = match.end("space")
    if match["scale"]:
        value *= {"k": 1_000, "m": 1_000_000, "b": 10**9, "t": 1_000, "g": 1_000}[_scale(match["scale"])]
        why = "" if match["scale"].strip().lower() in ("k", "thousand", "grand", "million") else "“m” or “bn”"
        end = match.end("scale")
    if match["odd"]:
        why, end = "letters after the figures", match.end("odd")
    first = Amount(value, currency, sure=not why, why=why)
    if not match["second"] or _decimal(match["second"])[0] * (1_000 if match["scale2"] else 1) <= value:
        yield _made(text, match.start(), end, first)
        return
    second, why2 = _decimal(match["second"])
    thousands = bool(match["scale2"]) and not match["scale"]
    last = match.end("scale2") if match["scale2"] else match.end("second")
    second *= 1_000 if match["scale2"] else 1
    high = _made(text, match.start("second"), last, Amount(second, currency, sure=not why2, why=why2))
    # of "£1-2k" the first is in thousands too, of "£450 a month" neither is told apart
    low = Amount(
        value * (1_000 if thousands else 1), currency, high.value.per, not why and not thousands, why
    )
    yield Found(low, match.start(), end, text[match.start() : end])
    yield high


def _scale(text: str) -> str:
    word = text.strip().lower()
    return "m" if word in ("m", "million") else word[0]


def _of_unit(value: Decimal, unit: str, why: str, thousands: bool = False) -> Amount:
    low = unit.lower()
    value *= 1_000 if thousands else 1
    if low in ("p", "pence"):
        return Amount(value / 100, sure=not why, why=why)
    if low == "grand":
        return Amount(value * 1_000, sure=not why, why=why)
    currency: Currency = (
        "EUR" if low.startswith("eu") else "USD" if low in ("usd", "dollar", "dollars") else "GBP"
    )
    return Amount(value, currency, sure=not why, why=why)


def _made(text: str, start: int, end: int, amount: Amount) -> Found[Amount]:
    """The amount with the "per week" that follows it; both are in the span."""
    period = _PERIOD.match(text, end)
    if period and period.lastgroup:
        per = next(name for name in _PER if name.replace(" ", "_") == period.lastgroup)
        end = period.end()
        amount = Amount(amount.value, amount.currency, per, amount.sure, amount.why)
    return Found(amount, start, end, text[start:end])


def _decimal(digits: str) -> tuple[Decimal, str]:
    """The number and what is doubtful about how it is written: "1,20" and "1.200" have two readings."""
    grouped = re.fullmatch(r"\d{1,3}(?:,\d{3})+(?:\.\d{1,2})?", digits)
    plain = re.fullmatch(r"\d+(?:\.\d{1,2})?", digits)
    value = Decimal(digits.replace(",", "")) if digits.strip(".,") else Decimal(0)
    if grouped or plain:
        return value, ""
    comma = re.fullmatch(r"(\d+),(\d{1,2})", digits)
    if comma:
        return Decimal(f"{comma[1]}.{comma[2]}"), "a comma where a point may be meant"
    return value, "its comma or point is in an odd place"
