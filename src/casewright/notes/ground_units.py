"""Units that notes glue to a number or cut short, written out as the sentence has them.

"3m" may be months, metres, minutes or millions, "16 wk" a length or how often: the line alone leaves it open,
and a person who reads it knows. A reading is taken only where the sentence has that number with that unit.
"""

from __future__ import annotations

import re
from functools import cache

_READINGS: dict[str, tuple[str, ...]] = {
    "m": ("month",),
    "h": ("hour",), "hr": ("hour",), "hrs": ("hour",), "w": ("week",), "wk": ("week",), "wks": ("week",),
    "d": ("day",), "y": ("year",), "yr": ("year",), "yrs": ("year",), "min": ("minute",), "mins": ("minute",),
    "mi": ("mile",), "mth": ("month",), "mths": ("month",), "mo": ("month",),
}  # fmt: skip
_NUMBERS = [
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty",
]  # fmt: skip
_GLUED = re.compile(r"(?<![\w£$€.,/])(\d{1,3}(?:\.\d)?)(m|hrs?|h|wks?|w|d|yrs?|y|mins?|mi|mths?|mo)\b", re.I)
_RATE = re.compile(
    r"(?<![\w£$€.,/:])(\d{1,4}(?:\.\d\d)?) ?(?:/ ?|p\.?|a |per |)(wk|w|mth|m|month|week)\b", re.I
)
_HOURLY = re.compile(r"(hours? a week|hrs? (?:pw|a week)) @ ?£?(\d+(?:\.\d\d)?)(?=\s*(?:$|[,;.)]))", re.I)
_BETWEEN = re.compile(
    r"\b(?:btwn|betw|btw|b/w|between) (\d{1,2})(?: ?[ap]m)? ?(?:&|and|-|–|to) ?(\d{1,2})\b(?! ?[ap]m|[:.\d])",
    re.I,
)
_AT_HOUR = re.compile(
    r"\b(after|before|from|till|until|by|at|to) (\d{1,2})(?=\s*(?:$|[,;)]|\.(?!\d)|on\b|to\b|and\b))", re.I
)
_CLOCK = re.compile(r"\b\d{1,2}(?:[:.]\d\d)? ?[ap]m\b", re.I)
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_SHORT_DAY = re.compile(r"\b(mon|tue|wed|thu|fri|sat|sun)\b(?! ?[-/])", re.I)
_DISTANCE = re.compile(r"\b(?:walk\w*|steps?|away|distance|far|metres?|miles?|yards)\b", re.I)
_HOURS_EACH = re.compile(
    r"(?<![\w£$€.,/])(\d{1,3}(?:\.\d)?) ?(?:h(?:ou)?rs? ?/ ?w(?:ee)?k|h ?/ ?wk?)\b", re.IGNORECASE
)
# Short words with more than one reading, and those that the sentence may have for them.
_SHORT_ROWS = """
poss = possession; dl = deadline; disc = discount; gf = girlfriend; bf = boyfriend; op = operative,
operation; dtr = daughter; wk = work; p/x = part exchange; px = part exchange; hub = husband; ex-hub =
ex-husband, former husband; ex-p = ex-partner; tr std = trading standards; cau = carer's allowance unit;
mil = mother-in-law; fil = father-in-law; sil = sister-in-law; bil = brother-in-law; ex-h = ex-husband,
former husband; ex-w = ex-wife, former wife; inc = increase; ass = assessment; ins = insurance; dep =
deposit; app = application, appointment; ten = tenancy; sup = supervisor; cert = certificate; int =
interest; inv = invoice; sol = solicitor; std = standard, standards; cont = contract; tel = telephone;
reg = register, registration; dom = domestic; med = medical, medication; meds = medication, medicines;
mobil = mobility; gen = general; max = maximum; perm = permanent; bal = balance; orig = original; diff =
difference, different; dist = distribution
"""
_SHORT = {
    short.strip(): tuple(one.strip() for one in words.split(","))
    for short, _, words in (row.partition("=") for row in _SHORT_ROWS.split(";"))
}
_SHORT_WORD = re.compile(
    rf"(?<![\w£/'-])({'|'.join(sorted(map(re.escape, _SHORT), key=len, reverse=True))})(?![\w/'’-])\.?", re.I
)
_BOUND = re.compile(r"(?<![-=<>])([<>]) ?(?=£?\d)")


@cache
def _said_with(number: str, unit: str) -> re.Pattern[str]:
    spelt = _NUMBERS[int(number)] if number.isdigit() and int(number) < len(_NUMBERS) else number
    return re.compile(rf"(?<![\d.,£])(?:{re.escape(number)}|{spelt})[ -]{unit}s?\b", re.IGNORECASE)


def _weekday(match: re.Match[str], said: str) -> str:
    name = next(day for day in _WEEKDAYS if day.lower().startswith(match[1].lower()))
    return name if re.search(rf"\b{name}\b", said) else match[0]


def units(text: str, said: str) -> str:
    """A line with its units written out, where the sentence it is held against has the same."""
    if not said:
        return text

    low = said.lower()

    def short(match: re.Match[str]) -> str:
        for word in _SHORT[match[1].lower()]:
            if re.search(rf"\b{word}\b", low):
                return word
        return match[0]

    def hour(match: re.Match[str]) -> str:
        told = rf"\b{match[2]}(?:[:.]00)? ?[ap]m\b"
        return f"{match[1]} {match[2]}:00" if re.search(told, low) else match[0]

    text = _SHORT_WORD.sub(short, text)
    if "day" in said:
        text = _SHORT_DAY.sub(lambda m: _weekday(m, said), text)
    if not any(char.isdigit() for char in text):
        return text

    far = _DISTANCE.search(text)

    def glued(match: re.Match[str]) -> str:
        for unit in ("metre", "mile") if far and match[2] in "mM" else _READINGS[match[2].lower()]:
            if _said_with(match[1], unit).search(said):
                return f"{match[1]} {unit}s"
        return match[0]

    def rate(match: re.Match[str]) -> str:
        unit = "week" if match[2][0].lower() == "w" else "month"
        sums = rf"£{re.escape(match[1])} (?:an? |per |each |every ){unit}\b"
        return f"£{match[1]} a {unit}" if re.search(sums, said) else match[0]

    text = _BOUND.sub(lambda m: "less than " if m[1] == "<" else "more than ", text)
    text = _HOURS_EACH.sub(lambda m: f"{m[1]} hours a week", text)
    text = _GLUED.sub(glued, text)
    text = _RATE.sub(rate, text)
    if "week after" in low:
        text = re.sub(r"(?<=\d) wk after\b", " the week after", text)
    text = _HOURLY.sub(r"\1 at £\2 an hour", text)
    if _CLOCK.search(said):
        text = _AT_HOUR.sub(hour, text)
        text = _BETWEEN.sub(r"between \1:00 and \2:00", text)
    return text
