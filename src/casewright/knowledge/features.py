"""What a search must find exactly: references, amounts, dates, postcodes, telephone numbers and addresses.

A feature is a short key that does not depend on how it is written: "PPR-9087", "ppr 9087" and "PPR9087" have
one, as have "£450", "450.00" and "450 pounds", "12.03.2024" and "12 March 2024". A text is indexed with
:func:`features_of`; a question is searched for with :func:`features_asked`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from casewright.knowledge.terms import Reader, Token
from casewright.knowledge.words import words

# A reference that is written apart or in small letters, which a reader of running text must not take for one:
# "ppr 9087", "qq 12 34 56 c", "HB 2024 0117". Letters, then groups with digits, and perhaps a last letter.
_LETTERS_FIRST = re.compile(r"\b[^\W\d_]{1,5}(?:[ /.-]?\d[^\W_]*){1,6}(?:[ /-][^\W\d_]\b)?")
# "943 476 5919", "12345 67890": a long number in groups, as it is read out.
_GROUPS = re.compile(r"(?<![\w.,£$€])\d{2,8}(?:[ -]\d{2,8}){1,5}(?![\w,]|\.\d)")
# Postcodes, and the number plates of cars.
_PLATES = re.compile(r"\b[a-z]{1,2}\d[a-z\d]?\s{0,2}\d[a-z]{2}\b|\b[a-z]{2}\d\d\s?[a-z]{3}\b", re.IGNORECASE)
# A reference has many digits, or digits among few letters (X7QP4L, FN17 OKD); "mp3" and "Y2K" are words.
_MANY_DIGITS = 4
_MIXED = re.compile(r"i:(?=\w{6,})(?:\d+[^\W\d_]{1,4}\d+\w*|[^\W\d_]{1,4}\d+[^\W\d_]{1,4}(?:\d\w*)?)")
_FEWEST_DIGITS = 3
# Of year, month and day.
_MANY_UNKNOWN = 2
_LONG_NUMBER = 6
# "in 2024", "at 1200", "rent 450": words that stand before a number in running text and are no part of it.
_NO_PREFIX = words(
    "a am an and april are at aug be but by dec due fee feb flat for from had has i in is it jan july june "
    "mar march may no nor nov oct of off on or order owe owed owes over paid pay pays per rent room sep sept "
    "sum than the then they to total under up was were when year"
)
# No feature is without a digit, but an e-mail address.
_HOT = re.compile(r"[\d@]")
_MOST = 4_000


def features_of(text: str, reader: Reader | None = None) -> tuple[str, ...]:
    """Every feature of a text, each once, in order; dates also by month and year, and by day and month.

    At most 4,000: a table of figures is searched by its first ones. ``reader`` is one that is kept for many
    texts.
    """
    found: dict[str, None] = {}
    if not _HOT.search(text):
        return ()
    for token in (reader or Reader()).read(text):
        for key in _keys(token):
            found.setdefault(key)
            for coarse in _coarser(key):
                found.setdefault(coarse)
        if len(found) >= _MOST:
            break
    for key in _written_apart(text):
        found.setdefault(key)
    return tuple(found)[:_MOST]


def features_asked(question: str) -> tuple[str, ...]:
    """The features a question names, as exactly as it names them: no coarser dates."""
    found = dict.fromkeys(key for token in Reader().read(question) for key in _keys(token))
    found.update(dict.fromkeys(_written_apart(question)))
    return tuple(found)


def names_one_thing(key: str) -> bool:
    """Whether a feature is a reference, a postcode, a telephone number or an e-mail address."""
    if not key.startswith("i:"):
        return key.startswith("e:")
    return sum(map(str.isdecimal, key)) >= _MANY_DIGITS or _MIXED.fullmatch(key) is not None


def is_figure(key: str) -> bool:
    """Whether a feature is an amount, a number, a share or a date."""
    return not key.startswith(("i:", "e:"))


def _keys(token: Token) -> Iterator[str]:
    if token.kind in ("identifier", "email", "phone", "amount"):
        yield token.key
    elif token.kind == "percent":
        yield "%" + token.key
    elif _telling(token):
        yield token.key


def _telling(token: Token) -> bool:
    """Whether a number or date is rare enough to be looked for: "450", "12.50", not "3", not "in 2024"."""
    if token.kind == "number":
        return sum(map(str.isdecimal, token.text)) >= _FEWEST_DIGITS
    return token.kind == "date" and token.key.startswith("d:") and token.key.count("?") < _MANY_UNKNOWN


def _coarser(key: str) -> Iterator[str]:
    if key.startswith("d:") and "?" not in key:
        year, month, day = key[2:].split("-")
        yield f"d:{year}-{month}-?"
        yield f"d:?-{month}-{day}"


def _written_apart(text: str) -> Iterator[str]:
    for match in _LETTERS_FIRST.finditer(text):
        first = re.match(r"[^\W\d_]+", match.group())
        key = _bare(match.group())
        digits = sum(map(str.isdecimal, key))
        if first and first.group().casefold() not in _NO_PREFIX and digits >= _FEWEST_DIGITS:
            yield "i:" + key
    for match in _GROUPS.finditer(text):
        key = _bare(match.group())
        if len(key) >= _LONG_NUMBER:
            yield "i:" + key
    for match in _PLATES.finditer(text):
        yield "i:" + _bare(match.group())


def _bare(text: str) -> str:
    return re.sub(r"[\W_]", "", text.casefold())
