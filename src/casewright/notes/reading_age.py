"""How old a reader must be for a text, by the Automated Readability Index.

Source: Smith and Senter, "Automated Readability Index", AMRL-TR-66-220 (1967): grade = 4.71 * characters per
word + 0.5 * words per sentence - 21.43. A school grade is taken as an age five years higher. The index says
how long words and sentences are, no more: a text with a low one can still be hard to understand. Its grades
begin with 0; of a few short words the formula makes less, which is told as that.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_GRADE_TO_AGE = 5
_LOWEST_GRADE = 0.0


def reading_age(sentences: Sequence[str]) -> float | None:
    """The age in years for these sentences together; None where they hold no word."""
    words = [word for sentence in sentences for word in _WORD.findall(sentence)]
    if not words:
        return None
    characters = sum(len(word) for word in words)
    grade = 4.71 * characters / len(words) + 0.5 * len(words) / len(sentences) - 21.43
    return max(grade, _LOWEST_GRADE) + _GRADE_TO_AGE


def word_count(sentence: str) -> int:
    """How many words the index counts in a sentence."""
    return len(_WORD.findall(sentence))
