"""The language that a text is written in.

CLD2 is used, the detector that Chrome once had: a naive Bayes classifier over groups of four letters that
says itself when it is not sure. Its tables are in the module (7 MB of memory, under a millisecond a text).
It is shown words only, as figures and table marks say nothing of a language.
"""

from __future__ import annotations

import re
from importlib import import_module
from typing import Any

from casewright.documents.blocks import Found, Page, texts_of

# Pieces of letters in 23 languages: of 25 letters 1 in 127 was called wrongly, of 40 1 in 79, of 60 none.
MIN_LETTERS = 60
# A letter in English with its translation below it has no one language.
MIN_PERCENT = 70
HEARD_OF_PAGE = 2_000
LOOKED_AT = 20_000
SLICES = 3

_NO_WORDS = re.compile(
    "[\x00-&(-@\\[-`{-\xa9\xab-\xb4\xb6-\xb9\xbb-\xbf]+"
)  # ASCII and Latin-1, but letters and '
_ENTITIES_AND_LINKS = re.compile(r"&#?\w{1,32};|\S+@\S+|https?://\S+|www\.\S+", re.IGNORECASE)
# A character of these scripts (Chinese, Japanese, Korean) says as much as three letters.
_FULL = re.compile("[\u3041-\u30ff\u3400-\u9fff\uac00-\ud7a3]")
# Codes that CLD2 kept from before ISO 639-1 was changed.
_RENAMED = {"iw": "he", "in": "id", "ji": "yi", "jw": "jv", "mo": "ro"}


class Words:
    """The beginning of every page, which tells a file's language well enough."""

    def __init__(self) -> None:
        self._heard: list[str] = []

    def hear(self, found: Found) -> None:
        """Take a reader's next word."""
        if not isinstance(found, Page):
            return
        room = HEARD_OF_PAGE
        for text in texts_of(found):
            if room <= 0:
                break
            self._heard.append(text[:room])
            room -= len(text)

    @property
    def text(self) -> str:
        """All of it."""
        return "\n".join(self._heard)


def language_of(text: str) -> str | None:
    """The ISO 639-1 code, or None where too few words tell, or where no language has most of the text.

    None too where CLD2 is not installed: it has no wheel for Linux on ARM. Of a text beyond 20,000 characters
    its beginning, middle and end are looked at.
    """
    words = _words(_sample(text))
    letters = sum(map(str.isalpha, words)) + 2 * len(_FULL.findall(words))
    if letters < MIN_LETTERS:
        return None
    detector = _detector()
    if detector is None:
        return None
    sure, _, found = detector.detect(words)
    _, named, percent, _ = found[0]
    code = str(named).partition("-")[0]
    if not sure or percent < MIN_PERCENT or len(code) != 2 or code == "un":
        return None
    return _RENAMED.get(code, code)


def _detector() -> Any:
    """The module; only who asks for a language holds its tables."""
    try:
        return import_module("pycld2")
    except ModuleNotFoundError:
        return None


def _sample(text: str) -> str:
    if len(text) <= LOOKED_AT:
        return text
    size = LOOKED_AT // SLICES
    step = (len(text) - size) // (SLICES - 1)
    return "\n".join(text[at : at + size] for at in range(0, step * SLICES, step))


def _words(text: str) -> str:
    """The text without figures, marks, links and what cannot be shown (which CLD2 refuses)."""
    shown = "".join(char if char.isprintable() else " " for char in _ENTITIES_AND_LINKS.sub(" ", text))
    return _NO_WORDS.sub(" ", shown)
