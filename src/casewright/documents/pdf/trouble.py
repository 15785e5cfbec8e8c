"""Whether a page's text can be what a reader sees: some files draw one thing and say another."""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import Literal

import numpy as np
import numpy.typing as npt

Doubt = Literal["none", "weak", "strong"]

# Share of characters without a meaning: private use, controls, replacement.
MAX_UNMAPPED_SHARE = 0.2
# Shares of letter pairs that are usual. Counted on the messages of Debian's programs in 15 languages: of 80
# pairs in a row 99 % of English has at least 0.72, whole texts 0.85 to 0.93; letters moved along the alphabet
# or exchanged at random have 0.22 to 0.54.
STRONG_BELOW = 0.5
WEAK_BELOW = 0.62
MIN_PAIRS = 60
# Few pairs say little: only very odd ones count.
FEW_PAIRS = 20
FEW_BELOW = 0.3
SAMPLE_CHARS = 6000
_WORD = re.compile("[a-z]{2,}")
_ACCENTS = re.compile("[\u0300-\u036f]")
_MEANINGLESS = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\ue000-\uf8ff\ufffd\U000f0000-\U0010ffff]")
# The pairs that are at least 0.35 % of all in one of the languages: a letter, and what follows it.
_PAIRS = (
    "aabcdfgijklmnorstuvwyz baeilou caehijostuz daeinouz eacdegijklmnprstuvxyz feio gaeiouy haeilot "
    "iacdegijklmnorstuvz jae kaeiklorsuy ladeilmostuy maeiop nacdeghinostuy oabcdefghiklmnoprstuvwz "
    "paeiloru qu radehinostuz sacehiklopstuz taehiortuy ubegiklmnorstu vaeioy waeiy yaceost zaeinoty"
)


@cache
def _usual() -> npt.NDArray[np.bool_]:
    """Whether a pair is usual, by 26 times its first letter and its second."""
    usual = np.zeros(26 * 26, np.bool_)
    for group in _PAIRS.split():
        for after in group[1:]:
            usual[26 * (ord(group[0]) - 97) + ord(after) - 97] = True
    return usual


def plausibility(text: str) -> tuple[float, int]:
    """The share of letter pairs that are usual in Latin languages, and how many pairs there are.

    Words count once.
    """
    folded = text[:SAMPLE_CHARS].lower()
    if not folded.isascii():  # accents are letters of their own then, and fall out between others
        folded = _ACCENTS.sub("", unicodedata.normalize("NFKD", folded))
    # each word once: a page full of the same reference is no page of odd words
    words = " ".join(sorted(set(_WORD.findall(folded))))
    codes = np.frombuffer(words.encode("ascii"), np.uint8).astype(np.int16) - 97
    letter = (codes >= 0) & (codes < 26)
    both = letter[1:] & letter[:-1]
    pairs = int(both.sum())
    if not pairs:
        return 1.0, 0
    return float(_usual()[26 * codes[:-1][both] + codes[1:][both]].mean()), pairs


def unmapped_share(text: str) -> float:
    """The share of characters that have no meaning: private use, controls, replacement."""
    found = len(_MEANINGLESS.findall(text))
    return found / max(1, len(text) - text.count(" ") - text.count("\n")) if found else 0.0


def doubt_of(text: str) -> Doubt:
    """How far the text of a page is to be doubted. Figures alone are not; other scripts neither."""
    if unmapped_share(text) > MAX_UNMAPPED_SHARE:
        return "strong"
    share, pairs = plausibility(text)
    if pairs < FEW_PAIRS or not _is_latin(text):
        return "none"
    if pairs < MIN_PAIRS:
        return "weak" if share < FEW_BELOW else "none"
    if share < STRONG_BELOW:
        return "strong"
    return "weak" if share < WEAK_BELOW else "none"


def _is_latin(text: str) -> bool:
    if text.isascii():
        return True
    letters = [char for char in text[:SAMPLE_CHARS] if char.isalpha()]
    return sum(char < "\u0250" for char in letters) * 2 > len(letters)
