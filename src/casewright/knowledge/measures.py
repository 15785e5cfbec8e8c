"""Which figures can answer "how deep", "how old", "how far": by their units, or the words around them."""

from __future__ import annotations

import re
from functools import lru_cache

_LENGTH = (
    r"(?:miles?|kilomet(?:re|er)s?|km|met(?:re|er)s?|m|feet|foot|ft|inch(?:es)?|yards?"
    r"|centimet(?:re|er)s?|cm|millimet(?:re|er)s?|mm)"
)
_TIME = (
    r"(?:seconds?|minutes?|hours?|days?|nights?|weeks?|fortnights?|months?|years?|decades?"
    r"|centur(?:y|ies)|generations?)"
)
_WEIGHT = r"(?:kg|kilograms?|kilos?|grams?|g|tonnes?|tons?|pounds?|lbs?|stone|ounces?)"
_AGE = (
    r"(?:\d{1,2}|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|\w+teen|twenty|thirty|forty"
    r"|fifty|sixty|seventy|eighty|ninety)"
)
_FIGURE = r"(?:\d[\d,.]*|\w+)[\s-]?(?:\w+\s)?"
_MEASURES: tuple[tuple[str, str], ...] = (
    (
        r"\bhow old\b|\bwhat age\b|\bage of\b",
        r"\baged?\b|\byears?[- ]old\b|\byears? of age\b|\(\d{1,3}\)|\bdob\b|\bborn\b"
        rf"|\b(?:of|was|is|turned|turns|at) {_AGE}(?=[,.;)]|$)"
        rf"|\b(?:before|when) \w+ (?:was|is|were|turned) {_AGE}\b"
        rf"|\bat {_AGE}\b(?!\s?(?:am|pm|[A-Z]|o'clock))",
    ),
    (r"\bhow deep\b|\bdepth of\b", r"\bdeep\b|\bdepth\b"),
    (
        r"\bhow (?:tall|high)\b|\bheight of\b|\baltitude of\b",
        r"\b(?:tall|high|height|altitude|elevation|rises?|rose|above|stands?|highest|tallest)\b",
    ),
    (r"\bhow wide\b|\bwidth of\b", r"\b(?:wide|width|across|broad|breadth)\b"),
    (r"\bhow thick\b", r"\bthick(?:ness)?\b"),
    (
        r"\bhow (?:big|large)\b|\bsize of\b",
        rf"\b(?:square|acres?|hectares?|cubic)\b|\b{_FIGURE}{_LENGTH}\b",
    ),
    (r"\bhow far\b", rf"\b{_FIGURE}{_LENGTH}\b"),
    (
        r"\bhow long\b|\blifespan\b",
        rf"\b{_FIGURE}(?:{_TIME}|{_LENGTH})\b|\bless one day\b|\bsince\b|\buntil\b",
    ),
    (r"\bhow (?:heavy|much .{1,60} weigh)|\bweight of\b", rf"\b{_FIGURE}{_WEIGHT}\b"),
    (r"\bhow fast\b|\bspeed of\b", r"\b(?:mph|kph|km/h|an? (?:hour|day|second|minute)|per \w+|knots)\b"),
    (r"\bhow (?:hot|cold)\b|\btemperature\b", r"\bdegrees?\b|°|\b(?:celsius|fahrenheit)\b"),
    (
        r"\bhow often\b",
        r"\b(?:daily|weekly|fortnightly|monthly|yearly|annually|every|each|once|twice|times|alternate)\b"
        r"|\b(?:mon|tues|wednes|thurs|fri|satur|sun)days\b",
    ),
)
_COMPILED = tuple((re.compile(asked, re.I), re.compile(given, re.I)) for asked, given in _MEASURES)


def measured(question: str, passage: str) -> bool | None:
    """Whether a passage has a figure of the measure asked for; None if the question asks for no measure."""
    given = _measure_of(question)
    return None if given is None else bool(given.search(passage))


@lru_cache(8)  # a question is asked of many passages, and then no more
def _measure_of(question: str) -> re.Pattern[str] | None:
    return next((given for asked, given in _COMPILED if asked.search(question)), None)
