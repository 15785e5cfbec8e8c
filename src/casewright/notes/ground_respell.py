"""Spellings that only notes have, written out before a text is read: "£10.90/hr", "3 wks+", "2 call", "w/".

Both a sentence and its lines are written out, so that the same value is read from either. What two readings
have ("Mar 24": a month of a year, or a day) is read as the sentence has it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache

from casewright.notes.ground_units import units
from casewright.notes.values_calendar import MONTHS
from casewright.notes.words import ACTIONS

Change = str | Callable[[re.Match[str]], str]
_MONTH = "|".join([*map(str.lower, MONTHS[1:]), "jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec"])
_DAY = (
    r"mon|tues?|weds?|thurs?|fri|sat|sun|(?:mon|tues|wednes|thurs|fri|satur|sun)day|tomorrow|tmrw|today"
)  # fmt: skip
_UNITS = {
    "h": "hour", "hr": "hour", "hrs": "hour", "hour": "hour", "w": "week", "wk": "week", "wks": "week",
    "week": "week", "m": "month", "mth": "month", "mnth": "month", "mo": "month", "month": "month",
    "d": "day", "day": "day", "y": "year", "yr": "year", "year": "year", "fortnight": "fortnight",
    "quarter": "quarter", "qtr": "quarter",
}  # fmt: skip
_SPANS = "wks?|weeks?|mths?|mnths?|months?|yrs?|years?|days?|hrs?|hours?"
_COUNT = r"\d[\d,]*(?:\.\d+)?k?"
_WORDS = [
    "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen",
]  # fmt: skip
_TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_VALUES = {word: n for n, word in enumerate([*_WORDS, "nineteen"], 1)} | {
    word: n * 10 for n, word in enumerate(_TENS, 2)
}
_SPELT = rf"(?:{'|'.join(sorted(_VALUES, key=len, reverse=True))}|hundred|thousand)"
_N = rf"(\d{{1,3}}|{'|'.join(_WORDS)})"
_ORDINALS = ["second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth"]
_CLOCK_HOUR = rf"(\d{{1,2}}|{'|'.join(_WORDS[:12])})(?![\w:.,]\d)(\s?[ap]m)?\b"
_NUMBERED = (
    "ph|0[38]00|file|ref|reference|account|acct|acc|a/c|phone|mob|mobile|tel|ni|policy|claim|case|order|reg|contact|our|your"
    "|her|his|their|serial|invoice|flat|house|my|passport|roll"
)
_VERBS = "|".join(sorted(ACTIONS | {"come", "be", "have", "appear", "need", "say"}))
_BEFORE_TO = "|".join(
    rf"(?<=\b{one} )"
    for one in [
        "[A-Z][A-Z]", "[A-Z][A-Z][A-Z]", "cl", "clt", "adv", "need", "needs", "want", "wants", "happy",
        "able", "has", "have", "agreed", "going", "willing", "due", "not",
    ]
)  # fmt: skip
_COUNTED = r"(?!x\b|wk|week|mth|month|yr|year|hr|hour|day|of\b|more\b|times?\b|pm\b|am\b)"
_FOR = (
    "ask|asks|asked|asking|apply|applied|look|looking|wait|waiting|claim|request|pay|paid|paying|go|here|need|chase"
    "|app|req|good|ok|reason|arrange|search|write|ring|call|email|phone|time|form|letter|due|not|is"
)
_ENDS = r"(?=\s*(?:$|[-–,;:.?!)]|or\b|and\b|&|at\b|by\b|to\b|if\b|from\b|unless\b|until\b|then\b))"


def _digits(said: str) -> int:
    return _WORDS.index(said.lower()) + 1 if said.lower() in _WORDS else int(said)


def _clock(match: re.Match[str]) -> str:
    """As in "half past two", "quarter to 3", "10 past 9"."""
    part, side, hour = match[1].lower(), match[2].lower(), _digits(match[3])
    minutes = {"half": 30, "quarter": 15}.get(part) or int(part)
    if side == "to":
        hour, minutes = hour - 1 or 12, 60 - minutes
    return f"{hour}:{minutes:02d}" + (match[4] or "").strip()


def _and_half(match: re.Match[str]) -> str:
    """As in "2.5 yrs", "two and a half years", "a year and a half"."""
    found = match.groupdict()
    size, unit = (12, "months") if found["unit"][0].lower() == "y" else (60, "minutes")
    return f"{(_digits(found['n']) if found.get('n') else 1) * size + size // 2} {unit}"


def _spelt_out(match: re.Match[str]) -> str:
    """As in "two thousand six hundred and fifty"."""
    whole = part = 0
    for word in re.findall(r"[a-z]+", match[0].lower()):
        if word == "thousand":
            whole, part = whole + max(part, 1) * 1000, 0
        elif word == "hundred":
            part = max(part, 1) * 100
        elif word in _VALUES:
            part += _VALUES[word]
    return str(whole + part)


def _ordinal(match: re.Match[str]) -> str:
    place = _ORDINALS.index(match[1].lower()) + 2
    return f"{place}" + {2: "nd", 3: "rd"}.get(place, "th")


_WEEKDAY = re.compile(rf"\b(?:{_DAY})\s*$", re.IGNORECASE)


def _the_day(match: re.Match[str]) -> str:
    """A day without its month ("by 12th"), but for the one after its weekday ("Fri 15th")."""
    return match[0] if _WEEKDAY.search(match.string[: match.start()]) else f"the {match[1]}"


def _each(match: re.Match[str]) -> str:
    """As in "£10.90/hr"."""
    unit = _UNITS[match[2].lower()]
    return f"{match[1]} {'an' if unit == 'hour' else 'a'} {unit}"


# Words that are written out as they stand.
_PLAIN = {
    "face-to-face": "face to face",
    "pay-as-you-go": "pay as you go",
    "day-to-day": "day to day",
    "up-to-date": "up to date",
    "whilst": "while",
    "amongst": "among",
    "ever since": "since",
    "if possible": "if can",
}
_SHORTENED = """
eom = end of the month; yest = yesterday; yday = yesterday; sats = Saturdays; suns = Sundays; aft = after;
thro = through; owt = anything; nowt = nothing; summat = something; smth = something; nxt = next; bfore =
before; bef = before; acc to = per; according to = per; if poss = if can; tmw = tomorrow; tmr = tomorrow;
tmoro = tomorrow; tomo = tomorrow; 2moro = tomorrow; 2morrow = tomorrow; 2mrw = tomorrow; tomorow =
tomorrow; tommorow = tomorrow; til = until; no ifs = ; no ifs or buts = ; no ifs no buts = ; any one else =
anyone else; agst = against; tday = today; 2day = today; 2nite = tonight; ev = every; evry = every; urself =
yourself; hself = himself; betw = between; btwn = between; f'night = fortnight; coz = because; bcs =
because; bcz = because; theyll = they will; theyd = they would; theyre = they are; theyve = they have; shes
= she is; hes = he is; thats = that is; whats = what is; weve = we have; ive = I have; youre = you are; dnt
= do not; cnt = can not; hvnt = have not; hasnt = has not; hdnt = had not; wsnt = was not;
wrnt = were not; arnt = are not; cldnt = could not; wldnt = would not; shldnt = should not; shdnt = should
not; tho = though; altho = although; wud = would; cud = could; cld = could; shud = should;
nvr = never; alrdy = already; avg = average; plz = please; msgs = messages; tgthr = together; f2f = face to
face; atm = at the moment
"""
_PLAIN_NOTES = (
    _PLAIN
    | {
        short.strip(): full.strip()
        for short, _, full in (row.partition("=") for row in _SHORTENED.replace("\n", " ").split(";"))
    }
    | {
        f"{day} aft": f"{day} afternoon"
        for day in ("this", "tomorrow", "tmrw", "mon", "tue", "tues", "wed", "weds", "thu", "thurs", "fri")
    }
)
# What a text must have, one of the pieces between bars ("#": a digit), for a rule to be tried; the rule; and
# what is written for it. In sentences and in notes:
_BOTH: tuple[tuple[str, str, Change], ...] = (
    (" am| pm", r"\b(\d{1,2}[.:]\d\d) ([ap]m)\b", r"\1\2"),
    ("12 ", r"\b12 (noon|midnight|midday)\b", r"\1"),
    ("ish", rf"(£?{_COUNT}) ?-?ish\b", r"about \1"),
    ("half|.5|½|1/2", rf"\b(?P<n>{_N[1:-1]})(?:\.5|½| ?1/2| and a half)[ -]?(?P<unit>yr|year|hr|hour)s?\b",
     _and_half),
    ("and a half", r"\b(?:an?|one|1) (?P<unit>yr|year|hr|hour) and a half\b", _and_half),
    ("hundred|thousand", rf"\b{_SPELT}(?:(?: and|,)? {_SPELT})+\b", _spelt_out),
    ("old", rf"\b{_N}[- ](?:year|yr)s?[- ]olds?\b", lambda m: f"{_digits(m[1])} years old"),
    ("-| to | or | and |–", rf"\b(?:between )?{_N} ?(?:-|–|to|or|and) ?{_N} ?({_SPANS})\b",
     lambda m: f"{_digits(m[1])} to {_digits(m[2])} {m[3]}"),
    ("|".join(_ORDINALS), rf"\b({'|'.join(_ORDINALS)})\b(?! of\b)", _ordinal),
    ("2nd|alternate", r"\b(?:every 2nd|alternate)\b", "every other"),
    ("cal", r"\bcal(?:endar)? (?=mth|month)", ""),
    (" than|maximum", r"\b(?:no|not) (?:more|longer|greater) than(?= (?:£|\d))|\ba maximum of\b", "at most"),
    (" than|minimum", r"\b(?:no|not) (?:less|fewer) than(?= (?:£|\d))|\ba minimum of\b", "at least"),
    ("later than", r"\b(?:no|not) later than\b", "by"),
    ("wc|wb|w/|wk|week", r"\b(?:in |for )?(?:the )?(?:w/?[cb]|wk beg|wk of|week of|week beginning)"
     r"(?= (?:the )?(?:\d|mon(?:day)?\b|week))", "week commencing"),
    ("y", r"\b(?:an? )?(?:(?-i:Y)(?:ear|r)? ?)(\d{1,2})\b(?! ?%)", r"schoolyear \1"),
    (" past | to ", rf"\b(half|quarter|5|10|20|25) (past|to) {_CLOCK_HOUR}", _clock),
    ("half", r"\bhalf (?:an? )?hour\b", "30 minutes"),
    ("half", r"\bhalf a (day|year)\b", r"half \1"),
    ("an hour", r"\b(?:a )?(?<!three )quarter of an hour\b", "15 minutes"),
    ("an hour", r"\bthree quarters of an hour\b", "45 minutes"),
    ("doz", r"\b(?:a )?(?:dozen|doz)\b", "12"),
    ("50", r"(?<![\w.])50 ?%(?= (?:of|off)\b)|(?<![\w.])50 per ?cent(?= of\b)", "half"),
    ("1/2", r"(?<![\w/.])1/2(?= (?:of|the|her|his|day|their)\b)", "half"),
    ("1/3|third", r"(?<![\w/.])(?:a |one )?(?:1/3|third)(?= of\b)", "33%"),
    ("1/4|quarter", r"(?<![\w/.])(?:a |one )?(?:1/4|quarter)(?= of\b)", "25%"),
    ("2/3|thirds", r"(?<![\w/.])(?:2/3|two[- ]thirds)(?= of\b)", "67%"),
    ("3/4|quarters", r"(?<![\w/.])(?:3/4|three[- ]quarters)(?= of\b)", "75%"),
    ("4|four", r"\b(?:4|four)[- ]?(?:weekly|wkly)\b", "every 4 weeks"),
    ("fortnight", r"\bfortnight'?s\b", "2 weeks"),
    ("every", r"\bevery (?:two|2) (?:weeks|wks)\b", "fortnightly"),
    ("every|each", r"(?<!of )\b(?:every|each) (week|wk|month|mth)\b",
     lambda m: f"{_UNITS[m[1].lower()]}ly"),
    ("the ", rf"\bthe (\d(?:st|nd|rd|th)) (?=(?!(?:{_MONTH}|of|and|or|at|by|to|on|for|in|if|is|was|then|next"
     r"|this|we|you|they|with|until|from|but|as)\b)[a-z]{3,})", r"\1 "),
    ("k", r"(?<![\w.,£$€])(\d{1,3}\.\d{1,2})k\b", lambda m: f"{float(m[1]) * 1000:.0f}"),
    ("-", rf"\b(?:an? )?{_N}-(week|month|year|day|hour)\b", r"\1 \2s"),
    ("c", r"\bTs? ?(?:&|and|n|\+) ?Cs?\b(?! ?[\d(])", "terms and conditions"),
    ("or ", rf"(£?{_COUNT}(?: (?:{_SPANS}))?) or (?:more|over)\b", r"at least \1"),
    ("last|this|next", r"\b(last|this|next) (yr|wk|mth|mnth)(?:'?s)?\b",
     lambda m: f"{m[1]} {_UNITS[m[2].lower()]}"),
)  # fmt: skip
# In notes alone:
_NOTES: tuple[tuple[str, str, Change], ...] = (
    ("/", rf"({_COUNT}) ?/ ?(hrs?|h|wks?|w|mn?th|mo|month|m|yr|year|day|d|hour|week|fortnight|quarter|qtr)\b",
     _each),
    ("+", rf"(£?{_COUNT}) ?\+(?=\s*(?:$|[,.;)]|p[wmah]\b|pcm|an? |per |wk|mth|yr|hr|day|week|month"
     r"|year|hour))", r"upwards \1"),
    ("+", rf"(?<![£\d.])\b({_COUNT}) ?({_SPANS}) ?\+(?=\s|$|[,.;)])", r"upwards \1 \2"),
    (" a", rf"\b({_MONTH}|{_DAY}|\d{{1,2}}(?:st|nd|rd|th)|this) a(?:m\b|\.m\.)(?! (?:i|we)\b)",
     r"\1 morning"),
    (" p", rf"\b({_MONTH}|{_DAY}|\d{{1,2}}(?:st|nd|rd|th)|this) p(?:m\b|\.m\.)", r"\1 afternoon"),
    ("end ", rf"\bend (?={_MONTH})", "end of "),
    ("#", r"\b(\d{1,3})d\b", r"\1 days"),
    ("h", r"(?<![\w£$€.,/])(\d{1,3})h\b(?! ?/)", r"\1 hours"),
    ("w", r"\b(\d{1,3}) (?:wkg|wrkg|wk|w/|work) ?(days?)\b", r"\1 working \2"),
    ("end ", r"\bend (?:of )?(?:the )?(wk|week|mth|month|yr|year)\b",
     lambda m: f"end of the {_UNITS[m[1].lower()]}"),
    ("y", r"\b(\d{1,2} ?(?:yrs?|years?|y)) ?(?:and |& ?|\+ ?)?(\d{1,2}) ?m\b", r"\1 \2 months"),
    ("dec", r"\bdec(?=\.? \d{1,2}/\d{1,2}\b)", "decision"),
    ("bc", r"\b(?-i:([A-Z][a-z]+) BC)\b", r"\1 Borough Council"),
    ("ea", r"\b(?-i:ea)\b", "each"),
    ("no.", r"(?<=[a-z] )no\.(?= ?[-–])", "number"),
    ("no", r"(?<=['’]s )no\b\.?(?=\s*(?:$|[,;)]))", "number"),
    ("for ", r"(?<=\bfor )(\d{1,2})m\b", r"\1 months"),
    ("at |@|tonight", r"(?:(?<=\bat )|(?<=@ )|(?<=@)|(?<=tonight ))(\d{1,2})"
     r"(?=\s*(?:$|[,;)]|\.(?!\d)|on\b|with\b|w/|sharp|prompt))", r"\1:00"),
    ("#", r"\b(works?|working|open|hours|shifts?|worked) (\d{1,2}) ?(?:-|–|to) ?(\d{1,2})"
     r"(?! ?(?:hrs|hours|days|wks|weeks|nights|sh|[ap]m|[:.]?\d))\b", r"\1 \2:00 to \3:00"),
    ("at ", r"(?<=\bat )([01]\d|2[0-3])([0-5]\d)(?:hrs)?\b", r"\1:\2"),
    ("hrs", r"\b([01]\d|2[0-3])([0-5]\d) ?hrs\b", r"\1:\2"),
    ("st|nd|rd|th", rf"(?<!the )\b(?<![£\d./])(\d{{1,2}}(?:st|nd|rd|th)){_ENDS}", _the_day),
    # "2 call", "ask 4 a letter"
    ("2 ", r"(?<![\w£$€.,/:-])2 (?=(?:me|us|him|her|them|the|my|our|cl|LL|see|say|be|do|go)\b)", "to "),
    ("2 ", rf"(?:{_BEFORE_TO})2 (?=(?:{_VERBS})\b)", "to "),
    ("4 ", rf"\b({_FOR}) 4 {_COUNTED}", r"\1 for "),
    ("4 ", r"(?<![\w£$€.,/:-])4 (?=(?:the|a|an|me|us|him|her|them|his|their|my|our|cl)\b)", "for "),
    ("no", rf"\b({_NUMBERED}) no(s?)\b"
     r"(?:\.(?!\w)|(?=\s*(?:$|[,;:)&+]|(?:off|from|of|on|is|for|in|and|given|sent|got|noted)\b|\d)))",
     r"\1 number\2"),
    (" w", r"(?<=[a-z] )w\.? (?=[\w&])", "with "),
    ("/", r"\b(\d)/(\d)(?= times\b|x\b)", r"\1 or \2"),
    ("/12", r"\b(\d{1,2})/12(?= ?old\b)", r"\1 months"),
    ("pm.|pw.|pcm.", r"\b(p[wm]|pcm)\. (?=\w)", r"\1; "),
    ("pd £", r"\bpd (?=£\S+ (?:to|from)\b)", "paid "),
    ("poss", r"\bposs(?=\.? (?:claim|order|proceedings|hearing|notice|case|action|grounds?|warrant)\b)",
     "possession"),
    # "gas cut off? no"
    ("? no|?no", r"(?:^|(?<=[.;,] ))([^?.;,]{3,40})\? ?no\b(?=\s*(?:$|[-–.;,]))", r"not \1"),
    ("t1|t2", r"\bT([12]) ?(?=diab|dm\b)", r"type \1 "),
    ("half ", r"(?<=\bat )half (1[0-2]|[1-9])\b(?![:.]\d)", r"\1:30"),
    ("£", r"£(?!\s?\d)", "pounds"),
)  # fmt: skip


@cache
def _rules(notes: bool) -> tuple[tuple[tuple[str, ...], re.Pattern[str], Change], ...]:
    """The rules in order; the words that are written out as they stand are one."""
    plain = _PLAIN_NOTES if notes else _PLAIN
    longest = "|".join(sorted(plain, key=len, reverse=True))
    words = re.compile(rf"\b(?:{longest})\b", re.IGNORECASE)
    made: list[tuple[tuple[str, ...], re.Pattern[str], Change]] = [
        (("",), words, lambda m: plain[m[0].lower()])
    ]
    for needles, rule, change in _NOTES + _BOTH if notes else _BOTH:
        made.append((tuple(needles.split("|")), re.compile(rule, re.IGNORECASE), change))
    return tuple(made)


_MONTH_YEAR = re.compile(
    rf"\b({_MONTH})\.? ?['’]?(\d\d)\b(?!\s?(?:st|nd|rd|th|:|%|wk|week)|[.:/]\d)", re.IGNORECASE
)
_NUMBER_YEAR = re.compile(r"(?<![\d/.£])(0[1-9]|1[0-2])/(\d\d)(?![\d/])")
_AFTER_DAY = re.compile(r"\d(?:st|nd|rd|th)?\s*$")
_FIRST = re.compile(rf"\b1st\b(?! ?(?:of|{_MONTH})\b)", re.IGNORECASE)
_DIGIT = re.compile(r"\d")


def respell(text: str, notes: bool, said: str = "") -> str:
    """A text with what notes shorten written out; ``said`` is the sentence that a line is held against."""
    if notes and "first" in said.lower() and not _FIRST.search(said):
        text = _FIRST.sub("first", text)
    low = text.lower() + ("#" if _DIGIT.search(text) else "")
    for needles, pattern, change in _rules(notes):
        for needle in needles:  # a plain loop: half a hundred rules are asked for each text
            if needle in low:
                break
        else:
            continue
        text, changes = pattern.subn(change, text)
        if changes:
            low = text.lower() + ("#" if _DIGIT.search(text) else "")
    if notes:
        text = units(text, said)
    if not notes or "20" not in said:
        return text

    def month_year(match: re.Match[str]) -> str:
        if f"20{match[2]}" not in said or _AFTER_DAY.search(text[: match.start()]):
            return match[0]
        name = match[1] if match[1].isalpha() else MONTHS[int(match[1])]
        return f"{name} 20{match[2]}"

    return _NUMBER_YEAR.sub(month_year, _MONTH_YEAR.sub(month_year, text))
