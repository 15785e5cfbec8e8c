"""What was found out about a text, kept while a letter is made: code reads each line several times.

Nothing of a client's notes outlives its letter here: whoever made one says ``forget``. A letter that is made
at the same time then finds out anew, and nothing else changes.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import _lru_cache_wrapper, lru_cache, wraps
from typing import TypeVar, cast

_MOST = 4_096  # texts; a letter has at most 2,000 lines, and as many sentences

Made = TypeVar("Made")
_KEPT: list[_lru_cache_wrapper[object]] = []


def remembered(make: Callable[[str], Made]) -> Callable[[str], Made]:
    """A function of one text that is asked once about the same text. What it gives must not be changed."""
    kept = lru_cache(maxsize=_MOST)(make)
    _KEPT.append(cast("_lru_cache_wrapper[object]", kept))

    @wraps(make)
    def found(text: str) -> Made:
        return kept(text)

    return found


def forget() -> None:
    """Keep no text any longer."""
    for each in _KEPT:
        each.cache_clear()


def held() -> int:
    """How many texts are kept."""
    return sum(each.cache_info().currsize for each in _KEPT)
