"""Units that notes glue to a number or cut short, written out as the sentence has them.

"3m" may be months, metres, minutes or millions, "16 wk" a length or how often: the line alone leaves it open,
and a person who reads it knows. A reading is taken only where the sentence has that number with that unit.
"""

from __future__ import annotations

import re
from functools import cache

from casewright.notes.words import ACTIONS

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
_GLUED = re.compile(
    r"(?<![\w£$€.,/])(\d{1,3}(?:\.\d)?) ?(m|hrs?|h|wks?|w|d|yrs?|y|mins?|mi|mths?|mo)\b(?!/)", re.I
)
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


# "ask emplr 4 OH report": where no plural follows, so that nothing is counted.
_FOR = re.compile(
    r"(?<=[a-z]) 4 (?:(?!(?:[\w'-]+ ){0,2}[\w'-]+s\b)(?=[A-Za-z])|(?=\w+ing\b))|(?<=receipts) 4 (?=[a-z])"
)
_TO = re.compile(
    r"\b(refer|write|reply|speak|apply|complain|talk|send|give|letter|ltr|email|report)"
    r" 2 (?!(?:[\w'-]+ ){0,2}(?!stds|services|works)[\w'-]+s\b)(?=[A-Za-z])",
    re.IGNORECASE,
)
# "g8 + g10", "p1": grounds and pages, where the sentence speaks of such.
_LETTERED = tuple((full, re.compile(rf"\b{full[0]}\.?(\d{{1,2}}A?)\b")) for full in ("ground", "page"))
_CLAUSE = re.compile(r"\bcl\.? (?=\d)", re.IGNORECASE)
# "ct" is the client, the court or the council tax; where the sentence speaks of neither, it is the client.
_CLIENT = re.compile(r"\bct\b(?![ -]?(?:tax|order|hearing|date|fees?)\b)")
_TO_DO = re.compile(rf"(?<=[A-Za-z]) 2 (?=(?:{'|'.join(sorted(ACTIONS))})\b)")
_SMALL_WORD = {digit: re.compile(rf"(?<=[A-Za-z])(?<!for)(?<!to) {digit} ([A-Za-z]{{3,}})") for digit in "24"}
# "off sick 3/52": weeks, where the sentence has as many.
_MEDICAL = re.compile(r"(?<![\d/£.])(\d{1,2})/(52|12|7)\b(?!/)")
_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth")
_PLACED = re.compile(
    r"\b(day|mtg|meeting|stage|visit|appt|appointment|call|session|round|hearing|interview) ([1-6])\b"
    r"(?![\d/:.,])",
    re.IGNORECASE,
)


def _small(match: re.Match[str], word: str, low: str) -> str:
    """As in "ask 4 repairs", where the sentence has "for repairs"."""
    told = rf"\b{word} (?:the |a |an |your |any |some |our )?{match[1].lower()}"
    return f" {word} {match[1]}" if re.search(told, low) else match[0]


def _medical(match: re.Match[str], said: str) -> str:
    unit = {"52": "week", "12": "month", "7": "day"}[match[2]]
    return f"{match[1]} {unit}s" if _said_with(match[1], unit).search(said) else match[0]


def _placed(match: re.Match[str], low: str) -> str:
    """As in "consult mtg 2": the second meeting, where the sentence calls it so."""
    n = int(match[2])
    if not re.search(rf"\b{_ORDINALS[n - 1]}\b", low):
        return match[0]
    return f"{n}{({1: 'st', 2: 'nd', 3: 'rd'}).get(n, 'th')} {match[1]}"


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
    text = _words(text, said, low)
    if any(char.isdigit() for char in text):
        text = _figures(_joining(text, said, low), said, low)
    return text


def _words(text: str, said: str, low: str) -> str:
    def short(match: re.Match[str]) -> str:
        for word in _SHORT[match[1].lower()]:
            if re.search(rf"\b{word}\b", low):
                return word
        return match[0]

    text = _SHORT_WORD.sub(short, text)
    for full, short_form in _LETTERED:
        if full in low:
            text = short_form.sub(rf"{full} \1", text)
    if "online" in low:
        text = text.replace("on line", "online")
    if "clause" in low:
        text = _CLAUSE.sub("clause ", text)
    if "court" not in low and "council tax" not in low:
        text = _CLIENT.sub("cl", text)
    if "day" in said:
        text = _SHORT_DAY.sub(lambda m: _weekday(m, said), text)
    return text


def _joining(text: str, said: str, low: str) -> str:
    """Figures that stand for small words: "refer 2 Shelter", "ask boss 4 report"."""
    if "4" not in said and "four" not in low:
        text = _FOR.sub(" for ", _SMALL_WORD["4"].sub(lambda m: _small(m, "for", low), text))
    text = _MEDICAL.sub(lambda m: _medical(m, said), text)
    if "2" not in said and "two" not in low and "second" not in low:
        text = _SMALL_WORD["2"].sub(lambda m: _small(m, "to", low), text)
        text = _TO_DO.sub(" to ", text)
        text = _TO.sub(r"\1 to ", text)
    return _PLACED.sub(lambda m: _placed(m, low), text)


def _figures(text: str, said: str, low: str) -> str:
    far = _DISTANCE.search(text)

    def hour(match: re.Match[str]) -> str:
        told = rf"\b{match[2]}(?:[:.]00)? ?[ap]m\b"
        return f"{match[1]} {match[2]}:00" if re.search(told, low) else match[0]

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
