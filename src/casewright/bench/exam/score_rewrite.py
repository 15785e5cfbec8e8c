"""A note line written out as plain sentences: every fact kept, none added, no shorthand left."""

from __future__ import annotations

import re

from casewright.bench.exam.figures import read_figures, straighten
from casewright.bench.exam.items import Rewrite
from casewright.bench.exam.prompts import expand
from casewright.bench.exam.words import contains, fold

_LEAST_WORDS = 6
_TITLES = frozenset({"mr", "mrs", "ms", "miss", "dr", "sir", "madam"})
_HARMLESS = frozenset(
    re.findall(
        r"\S+",
        """
        i the a an client client's adviser advisor landlord council section notice reference ref employer
        court department for work and pensions dwp national am pm
        january february march april may june july august september october november december
        monday tuesday wednesday thursday friday saturday sunday
        """,
    )
)


def score_rewrite(item: Rewrite, answer: str) -> str | None:
    """Why the rewriting is wrong; None if it is right."""
    text = straighten(answer)
    note, given = read_figures(item.note), read_figures(text)
    if lost := note.lost(given, text) + [name for name in item.keep if not contains(text, name)]:
        return f"loses {', '.join(lost)}"
    if added := given.beyond(note) + _new_names(item, text):
        return f"adds {', '.join(added)}"
    if left := [token for token in item.shorthand if _stands(token, text)]:
        return f"leaves the shorthand {', '.join(left)}"
    for choice in item.must:
        if not any(_has(text, word) for word in choice):
            return f"does not say {choice[0]!r}"
    return _sentence_fault(text)


def _has(text: str, word: str) -> bool:
    return word in text.lower() if word == "n't" else contains(text, word)


def _stands(token: str, text: str) -> bool:
    """Whether a shorthand token stands alone; capitals matter only where it is all capitals (MR, not Mr)."""
    flags = 0 if token.isupper() else re.IGNORECASE
    return bool(re.search(rf"(?<![\w']){re.escape(token)}(?![\w'])", text, flags))


def _sentence_fault(text: str) -> str | None:
    if len(text.split()) < _LEAST_WORDS:
        return "is not a sentence"
    if not text.rstrip(" \"')").endswith((".", "!", "?")):
        return "does not end as a sentence"
    first = re.search(r"[^\W_]", text)
    return None if first and not first[0].islower() else "does not begin as a sentence"


def _new_names(item: Rewrite, text: str) -> list[str]:
    """Capitalised words that the note does not have and its shorthand does not stand for.

    A sentence's first word may be anything, unless a title stands before it.
    """
    known = set(_HARMLESS | _TITLES)
    for part in (item.note, *item.keep, *(expand(token) for token in item.shorthand)):
        known |= set(fold(part).split())
    for choice in item.must:
        known |= {word for phrase in choice for word in fold(phrase).split()}
    found: list[str] = []
    for match in re.finditer(r"[^\W\d_][^\W\d_'-]*", text):
        word = match[0]
        opening = not text[: match.start()].rstrip(" \"'(") or bool(
            re.search(r"(?<!\bMr)(?<!\bMs)(?<!\bDr)(?<!\bMrs)[.!?:;]\s+[\"'(]*$", text[: match.start()])
        )
        if word[0].isupper() and not opening and word.lower().removesuffix("'s") not in known:
            found.append(word)
    return found
