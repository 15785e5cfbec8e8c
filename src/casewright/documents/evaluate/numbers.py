"""The figures of a text: numbers, amounts, dates, times, references; whatever has a digit in it.

They are compared as they are written. Only what cannot change them is made alike: which dash or minus is
used, space between a currency's sign and its amount, and marks of the sentence around.
"""

from __future__ import annotations

import re
from collections import Counter

_DASHES = re.compile("[\u2010-\u2015\u2212]")
_SIGN_AND_SPACE = re.compile(r"([£$€¥]) +(?=[-+]?\d)")
_SPACE_AND_PERCENT = re.compile(r"(?<=\d) +(?=%)")
# The mark of a note stands at an amount without a space ("£75.00[1]") and is no part of it.
_SQUARE = str.maketrans("[]", "  ")
_LEADERS = re.compile(r"^\.{2,}")
_BEFORE = "\"'“”‘’«»*_|<>{};:!?…•"
_AFTER = _BEFORE + ".,"
_NEGATIVE = re.compile(r"\([-+£$€¥]*\d[\d.,]*%?\)")
_IN_BRACKETS = re.compile(r"\([^()]*\)")


def numbers_of(text: str) -> Counter[str]:
    """How often each figure stands in a text that is on one line and single-spaced."""
    alike = _SPACE_AND_PERCENT.sub("", _SIGN_AND_SPACE.sub(r"\1", _DASHES.sub("-", text)))
    words = alike.translate(_SQUARE).split()
    return Counter(_bare(word) for word in words if any(map(str.isdigit, word)))


def _bare(word: str) -> str:
    """Without the sentence's marks around it.

    A point before a digit stays, and so do brackets around an amount and a minus after it: they say what it
    is worth.
    """
    bare = _trimmed(word)
    if _NEGATIVE.fullmatch(bare):
        return bare
    if ")" not in bare or _IN_BRACKETS.fullmatch(bare):
        bare = bare.removeprefix("(")
    if "(" not in bare:
        bare = bare.rstrip(")")
    return _trimmed(bare)


def _trimmed(word: str) -> str:
    return _LEADERS.sub("", word.lstrip(_BEFORE)).rstrip(_AFTER)
