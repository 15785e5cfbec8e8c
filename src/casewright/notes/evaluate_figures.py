"""Figures and names of a text, read anew for the evaluation by nothing that the checks use.

It shares no code with ``ground``, ``check``, ``values`` and ``recognise``: a fault of theirs is to be seen.
It is plain on purpose. A mark is what a reader sees: a number, a day, a reference, a word with a capital.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation

from casewright.api.notes_evaluation import FigureKind
from casewright.notes.evaluate_dates import Day, blank_dates, days_named, supported_day
from casewright.notes.evaluate_fixed import EXPANDED, FIXED, OPENERS

_EDGES = "\"'“”‘’.,;:!?()[]{}<>*_~–—"
_CLOCK = re.compile(
    r"(?<![\d£$€.,/-])(\d{1,2})(?:[:.](\d{2}))?\s?([ap])\.?m\b\.?|\b(\d{1,2}):(\d{2})\b", re.IGNORECASE
)
_NUMBER = re.compile(r"([£$€]?)\s?(\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)([kKmM]\b)?")
_PLAIN = re.compile(r"[£$€]?\d[\d,]*(?:\.\d+)?(?:-?[a-zA-Z%/+]{0,8})", re.ASCII)
_SPACED = re.compile(r"([£$€])\s+(?=\d)")
_DIGITS = re.compile(r"\d+(?:[-/–]\d+)+")
_UNITS = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven"),
    *("twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"),
)
_TENS = {
    "twenty": 20,
    "thirty": 30,
    "forty": 40,
    "fifty": 50,
    "sixty": 60,
    "seventy": 70,
    "eighty": 80,
    "ninety": 90,
}
_WORDS = {word: value for value, word in enumerate(_UNITS) if value > 1} | _TENS
_COMPOUND = re.compile(rf"\b({'|'.join(_TENS)})(?:[- ]({'|'.join(_UNITS[1:10])}))?\b", re.IGNORECASE)
_CAPITAL = re.compile(r"(?<!\w)[^\W\d_][\w’'&-]*")
_STOPS = re.compile(r"[.!?:;•]\s*[\"“‘(]*\s*$|^[\W_]*$|[\"“(]\s*$|\n[\W_]*$")


@dataclass(frozen=True, slots=True)
class Mark:
    """One figure or name. ``key`` is its normal form, ``shown`` its words, ``currency`` £, $, € or none."""

    kind: FigureKind
    key: str
    shown: str
    currency: str = ""
    day: Day | None = None


def marks(text: str) -> tuple[Mark, ...]:
    """Every figure and name of a letter's text."""
    found = [Mark("date", str(day), day.shown, day=day) for day in days_named(text, strict=True)]
    rest = blank_dates(text, strict=True)
    for clock in _CLOCK.finditer(rest):
        found.append(Mark("number", _minutes(clock), clock[0].strip(" .")))
    rest = _CLOCK.sub(lambda clock: " " * len(clock[0]), rest)
    for token in _tokens(rest):
        found += _figures(token)
    for word, value in _number_words(rest):
        found.append(Mark("number", str(value), word))
    return (*found, *_names(text))


class Source:
    """What lines say, in every form in which a sentence may say it too.

    ``names`` are words that need no line (the client's, the adviser's); ``meeting`` is what days count from.
    """

    def __init__(self, lines: Iterable[str], names: Iterable[str], meeting: date | None) -> None:
        self._meeting = meeting
        texts = list(lines)
        self._texts = texts
        self._days = [day for text in texts for day in days_named(text, strict=False)]
        self._numbers: set[tuple[str, str]] = set()
        self._references: set[str] = set()
        self._said = {(mark.kind, mark.key, mark.currency) for text in texts for mark in marks(text)}
        for text in texts:
            self._read(text)
        self._words = {word for text in texts for word in _plain_words(text)}
        own = {word for name in names for word in _plain_words(name)}
        expanded = {word for short in self._words for word in EXPANDED.get(short, ())}
        self._words |= own | expanded

    def _read(self, text: str) -> None:
        """Lenient: each token gives all that may be read in it, for what is here was written by a person."""
        for clock in _CLOCK.finditer(text):
            hour, minute = clock[1] or clock[4], clock[2] or clock[5] or "00"
            self._numbers |= {(_minutes(clock), ""), (f"{int(hour)}:{minute}", "")}
        for token in (*_tokens(text), *_tokens(blank_dates(text, strict=False))):
            self._references.add(_alnum(token))
            for sign, digits, thousands in _NUMBER.findall(token):
                self._numbers |= {(_value(digits, thousands), sign), (_value(digits, ""), sign)}
            for part in re.findall(r"\d+", token) if _DIGITS.search(token) else ():
                self._numbers.add((_value(part, ""), ""))
        self._numbers |= {(str(value), "") for _, value in _number_words(text)}

    def holds(self, mark: Mark) -> bool:
        """Whether the lines say it."""
        if (mark.kind, mark.key, mark.currency) in self._said:
            return True
        if mark.kind == "date" and mark.day is not None:
            return supported_day(mark.day, self._days, self._texts, self._meeting)
        if mark.kind == "number":
            return any(
                (mark.key, sign) in self._numbers
                for sign in ({"", mark.currency} if mark.currency else ("", "£", "$", "€"))
            )
        if mark.kind == "reference":
            return mark.key in self._references
        return bool({mark.key, mark.key.removesuffix("s"), mark.key + "s"} & self._words)


def _tokens(text: str) -> list[str]:
    return [
        bare
        for token in _SPACED.sub(r"\1", text).split()
        if (bare := token.strip(_EDGES)) and any(char.isdigit() for char in bare)
    ]


def _figures(token: str) -> list[Mark]:
    """A token of a letter: one number, several numbers between strokes, or a reference."""
    numbers = [(sign, digits, thousands) for sign, digits, thousands in _NUMBER.findall(token)]
    if _DIGITS.fullmatch(token) and sum(char.isdigit() for char in token) >= 6:
        return [Mark("reference", _alnum(token), token)]
    letters = any(char.isalpha() for char in token)
    if any(sign for sign, _, _ in numbers) or not letters or _PLAIN.fullmatch(token):
        return [Mark("number", _value(digits, k), token, sign) for sign, digits, k in numbers]
    return [Mark("reference", _alnum(token), token)]


def _number_words(text: str) -> Iterable[tuple[str, int]]:
    for tens in _COMPOUND.finditer(text):
        yield tens[0], _TENS[tens[1].lower()] + (_UNITS.index(tens[2].lower()) if tens[2] else 0)
    for word in re.findall(r"[a-z]+", _COMPOUND.sub(" ", text).lower()):
        if word in _WORDS:
            yield word, _WORDS[word]


def _names(text: str) -> Iterable[Mark]:
    """Words with a capital; one that begins a sentence only if it is no word that sentences begin with."""
    dates = blank_dates(text, strict=True)
    for word in _CAPITAL.finditer(dates):
        shown = word[0]
        if not shown[0].isupper():
            continue
        key = _base(shown)
        first = bool(_STOPS.search(text[: word.start()]))
        if key in FIXED or (first and key in OPENERS):
            continue
        parts = [part for part in re.split(r"[-&]", key) if part]
        for part in parts if len(parts) > 1 else [key]:
            if part not in FIXED and not part[0].isdigit():
                yield Mark("name", part, shown)


def _plain_words(text: str) -> set[str]:
    found = set()
    for word in re.findall(r"\w[\w’'&-]*", text):
        base = _base(word)
        found |= {base, *(part for part in re.split(r"[-&_]", base) if part)}
    return found


def _base(word: str) -> str:
    plain = word.lower().replace("’", "'").strip("'-&")
    return plain.removesuffix("'s").removesuffix("'").replace("'", "")


def _value(digits: str, thousands: str) -> str:
    """The normal form of a number: no commas, no zeros after the point; leading zeros are a code's."""
    plain = digits.replace(",", "")
    if plain.startswith("0") and plain.isdigit() and len(plain) > 1:
        return plain
    try:
        value = Decimal(plain) * {"k": 1_000, "m": 1_000_000}.get(thousands.lower(), 1)
    except InvalidOperation:
        return plain
    said = f"{value:f}"
    return said.rstrip("0").rstrip(".") if "." in said else said


def _minutes(clock: re.Match[str]) -> str:
    """``14:30`` for 2.30pm; ``2:30`` as it stands where no half of the day is named."""
    hour, minute = int(clock[1] or clock[4]), clock[2] or clock[5] or "00"
    half = (clock[3] or "").lower()
    if half:
        hour = hour % 12 + (12 if half == "p" else 0)
    return f"{hour}:{minute}"


def _alnum(token: str) -> str:
    return "".join(char for char in token.upper() if char.isalnum())


def outside(text: str, parts: Sequence[str]) -> str:
    """The text without these parts, each taken out once; line ends stand in their place."""
    rest = text
    for part in sorted(parts, key=len, reverse=True):
        rest = rest.replace(part, "\n", 1)
    return rest
