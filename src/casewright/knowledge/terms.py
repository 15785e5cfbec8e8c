"""What a text is compared by: stemmed words, and figures kept whole and normalised.

"£450", "450 pounds" and "450.00" have one key, as have "12.03.2024" and "12 March 2024", "PPR-9087" and
"ppr 9087". Dates are read day first, as in Britain.
"""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Literal, NamedTuple

import snowballstemmer  # type: ignore[import-untyped]

from casewright.knowledge.words import (
    IRREGULAR,
    MONTHS,
    NUMBER_WORDS,
    STOP,
    SYNONYMS,
    TITLES,
    WEEKDAYS,
    words,
)

Kind = Literal["word", "identifier", "amount", "percent", "number", "date", "time", "email", "phone"]
FIGURES: frozenset[Kind] = frozenset(
    {"identifier", "amount", "percent", "number", "date", "time", "email", "phone"}
)

_MONTH = "(?i:" + "|".join(sorted(MONTHS, key=len, reverse=True)) + r")\b\.?"
_DAY = r"(?:0?[1-9]|[12]\d|3[01])"
_ORDINAL = rf"{_DAY}(?:st|nd|rd|th)?"
_YEAR = r"(?:19|20)\d\d"
_DOTTED = r"(?P<_sep>[./-])(?:0?[1-9]|1[0-2])(?P=_sep)"
_NUMBER = r"\d(?:[\d,]*\d)?(?:\.\d+)?"
# A word in small letters with nothing after it that could make it part of a figure or an address: most words
# of a text, found without trying everything else.
_PLAIN = "(?!(?:" + "|".join([*MONTHS, "gbp", "eur", "usd"]) + r")\b)[a-z]+(?=[ ,;)\n]|\.?\Z|\.\s)"
_PATTERNS: dict[str, str] = {
    "plain": _PLAIN,
    "email": r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,6}",
    "date_iso": rf"\b{_YEAR}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])\b",
    "date_dots": rf"\b{_DAY}{_DOTTED}(?:{_YEAR}|\d\d)\b",
    "date_day": rf"\b{_ORDINAL}(?:\s+of)?\s+{_MONTH}(?:,?\s+{_YEAR}\b)?",
    "date_month": rf"\b{_MONTH}\s+{_ORDINAL}\b(?!\s*[:.]\d)(?:,?\s+{_YEAR}\b)?",
    "date_long": rf"\b{_MONTH},?\s+{_YEAR}\b",
    "time": r"\b(?:[01]?\d|2[0-3])(?:[:.][0-5]\d)?\s?(?i:am|pm|a\.m\.|p\.m\.)(?!\w)"
    r"|\b(?:[01]?\d|2[0-3]):[0-5]\d\b",
    "phone": r"(?<![\w.])(?:\+44\s?|0)\d{2,4}[ -]?\d{3,4}[ -]?\d{3,4}\b",
    "amount": rf"(?:£|€|\$|\b(?i:gbp|eur|usd)\s?)\s?{_NUMBER}(?:\s?(?i:k|m|million|thousand)\b)?",
    "amount_word": rf"\b{_NUMBER}\s?(?i:pounds?|quid|euros?|dollars?|pence|p)\b",
    "percent": rf"\b{_NUMBER}\s?(?i:%|per\s?cent\b|percent\b)",
    "identifier": r"\b\d\d-\d\d-\d\d\b|\b[A-Z]{2}\s?\d\d\s?\d\d\s?\d\d\s?[A-D]\b"
    r"|\b[A-Z]{1,2}\d[A-Z\d]?\s\d[A-Z]{2}\b|\b[A-Z]{2,5}\s\d{3,}\b",
    "mixed": r"\b(?=[\w/-]{0,40}\d)[^\W_]+(?:[-/][^\W_]+)+\b|\b(?=\w{0,40}\d)(?=\w{0,40}[^\W\d_])[^\W_]+\b",
    "number": _NUMBER,
    "word": r"[^\W\d_]+(?:['’][^\W\d_]+)*",
}
_TOKEN = re.compile("|".join(f"(?P<{name}>{pattern})" for name, pattern in _PATTERNS.items()))
_SCALE = {
    "k": Decimal(1000),
    "thousand": Decimal(1000),
    "m": Decimal(1_000_000),
    "million": Decimal(1_000_000),
    "pence": Decimal("0.01"),
    "p": Decimal("0.01"),
}
# "in March" is a date; "March" or "May" alone may be the verb.
_BEFORE_MONTH = words(
    "in by since until till last next early late mid from to of before after during for and"
)
_LONG_NUMBER = 6
_POSSESSIVE = re.compile(r"['’]s$|['’]$")
# Stems once made, for all readers: making one takes as long as reading ten words.
_STEMS: dict[str, str] = {}
# The keys of words as they are written.
_WORDS: dict[str, str] = {}
MOST_STEMS = 100_000


class Token(NamedTuple):
    """A word or a figure at ``start:end`` of the text it was read from.

    ``key`` is what it is compared by: a stem, or a normalised figure; empty for a word without content.
    """

    kind: Kind
    key: str
    text: str
    start: int
    end: int

    @property
    def capital(self) -> bool:
        """Whether it is a word that begins with a capital letter."""
        return self.kind == "word" and self.text[:1].isupper()

    @property
    def folded(self) -> str:
        """The word without case and without a possessive ending."""
        return bare(self.text)


class Reader:
    """Reads texts into tokens; one for each piece of work, not thread-safe (the stems made are shared)."""

    def __init__(self) -> None:
        # the English Snowball stemmer: pure Python, no data to download, and stems that are near to prefixes
        self._stem = snowballstemmer.stemmer("english")
        self._known = _STEMS

    def read(self, text: str) -> tuple[Token, ...]:
        """The tokens of a text in order."""
        found: list[Token] = []
        for match in _TOKEN.finditer(text):
            if match.lastgroup in ("plain", "word"):
                found.append(self._word(match.group(), *match.span(), found))
            else:
                found.extend(self._figure(match))
        return tuple(found)

    def stem(self, word: str) -> str:
        """The stem of a word in lower case; irregular forms become their base."""
        known = self._known.get(word)
        if known is None:
            if len(self._known) > MOST_STEMS:
                self._known.clear()
            known = self._known[word] = self._stem.stemWord(IRREGULAR.get(word, word))
        return known

    def _figure(self, match: re.Match[str]) -> list[Token]:
        name, text = match.lastgroup or "", match.group()
        if name == "_sep":
            name = "date_dots"
        start, end = match.span()
        if name == "mixed":
            return self._mixed(text, start)
        kind: Kind
        if name.startswith("date"):
            kind, key = "date", _date_key(name, text)
        elif name in ("amount", "amount_word"):
            kind, key = "amount", _number_key(text)
        elif name == "percent":
            kind, key = "percent", _number_key(text)
        elif name == "time":
            kind, key = "time", _time_key(text)
        elif name == "email":
            kind, key = "email", "e:" + text.casefold()
        elif name == "phone":
            kind, key = "phone", "i:" + re.sub(r"\D", "", text.replace("+44", "0"))
        elif name == "identifier":
            kind, key = "identifier", _identifier_key(text)
        else:
            kind, key = _plain_number(text)
        return [Token(kind, key, text, start, end)]

    def _word(self, text: str, start: int, end: int, before: list[Token]) -> Token:
        key = _WORDS.get(text)
        if key is not None:
            return Token("word", key, text, start, end)
        folded = bare(text)
        if folded in WEEKDAYS:
            return Token("date", f"w:{WEEKDAYS[folded]}", text, start, end)
        if folded in MONTHS and text[0].isupper():
            sure = folded not in ("may", "march", "mar")
            if sure or (before and before[-1].text.casefold() in _BEFORE_MONTH):
                return Token("date", f"d:?-{MONTHS[folded]:02}-?", text, start, end)
        if folded in NUMBER_WORDS:
            return Token("number", f"n:{NUMBER_WORDS[folded]}", text, start, end)
        key = "" if folded in STOP or folded in TITLES or len(folded) < 2 else self.stem(folded)
        if folded not in MONTHS:  # those depend on what stands before them
            if len(_WORDS) > MOST_STEMS:
                _WORDS.clear()
            _WORDS[text] = key
        return Token("word", key, text, start, end)

    def _mixed(self, text: str, start: int) -> list[Token]:
        """References; and what only looks like one: "12th", "2-bedroom", "21-28"."""
        digits, letters = sum(map(str.isdecimal, text)), sum(map(str.isalpha, text))
        upper = any(map(str.isupper, text))
        led = text[0].isalpha() and digits >= 3
        if (letters and (upper or led)) or (not letters and digits >= _LONG_NUMBER):
            return [Token("identifier", _identifier_key(text), text, start, start + len(text))]
        pieces = []
        for piece in re.finditer(r"\d+|[^\W\d_]+", text):
            at, word = start + piece.start(), piece.group()
            if word[0].isdecimal():
                pieces.append(Token(*_plain_number(word), word, at, at + len(word)))
            elif word not in ("st", "nd", "rd", "th"):
                pieces.append(self._word(word, at, at + len(word), []))
        return pieces


@lru_cache(MOST_STEMS)
def bare(word: str) -> str:
    """A word without case and without its possessive ending."""
    return _POSSESSIVE.sub("", word.casefold()).replace("’", "'")


def concept(key: str) -> str:
    """The key that stands for all its near synonyms, for finding; never for checking."""
    return SYNONYMS.get(key, key)


def dates_agree(left: str, right: str) -> bool:
    """Whether two date keys can mean one day: what both say is the same, and they share something."""
    if left == right:
        return True
    if left[0] != "d" or right[0] != "d":
        return False
    pairs = list(zip(left[2:].split("-"), right[2:].split("-"), strict=True))
    shared = [(a, b) for a, b in pairs if "?" not in (a, b)]
    return bool(shared) and all(a == b for a, b in shared)


def date_within(said: str, source: str) -> bool:
    """Whether a date key says nothing that the source's does not say."""
    if said == source:
        return True
    if said[0] != "d" or source[0] != "d":
        return False
    return all(a in ("?", b) for a, b in zip(said[2:].split("-"), source[2:].split("-"), strict=True))


def _date_key(name: str, text: str) -> str:
    numbers = [int(number) for number in re.findall(r"\d+", text)]
    word = re.search(r"[A-Za-z]{3,}", text) if name not in ("date_iso", "date_dots") else None
    if name == "date_iso":
        return _dated(*numbers)
    if name == "date_dots":
        year = numbers[2] + (0 if numbers[2] > 99 else 2000 if numbers[2] < 50 else 1900)
        return _dated(year, numbers[1], numbers[0])
    months = [
        MONTHS[found.casefold()] for found in re.findall(r"[A-Za-z]+", text) if found.casefold() in MONTHS
    ]
    month = months[0] if word and months else None
    if name == "date_long":
        return _dated(numbers[0], month, None)
    return _dated(numbers[1] if len(numbers) > 1 else None, month, numbers[0])


def _dated(year: int | None, month: int | None, day: int | None) -> str:
    parts = (f"{year}" if year else "?", f"{month:02}" if month else "?", f"{day:02}" if day else "?")
    return "d:" + "-".join(parts)


def _number_key(text: str) -> str:
    digits = re.search(r"\d[\d,]*(?:\.\d+)?", text)
    assert digits is not None  # every pattern that comes here has them
    scale = re.search(r"(?i)(k|m|million|thousand|pence|p)$", text.strip())
    try:
        value = Decimal(digits.group().replace(",", ""))
        if scale:
            value *= _SCALE[scale.group(1).casefold()]
        return f"n:{value.normalize():f}"
    except InvalidOperation:  # digits of another script, or more than a Decimal holds
        return "n:" + digits.group()


def _plain_number(text: str) -> tuple[Kind, str]:
    if re.fullmatch(_YEAR, text):
        return "date", f"d:{text}-?-?"
    if text.isdecimal() and len(text) >= _LONG_NUMBER:
        return "identifier", "i:" + text
    return "number", _number_key(text)


def _identifier_key(text: str) -> str:
    return "i:" + re.sub(r"[\W_]", "", text.casefold())


def _time_key(text: str) -> str:
    hour, minute = [*re.findall(r"\d+", text), "0"][:2]
    late = "p" in text.casefold() and int(hour) < 12
    early = "a" in text.casefold() and int(hour) == 12
    return f"t:{int(hour) + (12 if late else 0) - (12 if early else 0):02}:{int(minute):02}"
