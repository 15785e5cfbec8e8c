"""Words and quotations, compared as code can: boundaries, typography and case, never meaning."""

from __future__ import annotations

import re
from collections.abc import Sequence

from casewright.bench.exam.figures import straighten

_QUOTE_SHARE = 0.5
_LEAD = re.compile(r"^[^:\n]{0,60}:\s+(\S.*)$", re.DOTALL)


def fold(text: str) -> str:
    """Lower case, words only, one space between: "Mrs. O'Hara-Byrne" becomes "mrs o'hara byrne"."""
    return " ".join(re.findall(r"[^\W_]+(?:'[^\W_]+)?", straighten(text).lower()))


def contains(text: str, words: str) -> bool:
    """Whether ``text`` has ``words`` in a row, as whole words; a possessive s does not hide one."""
    plain = f" {fold(text)} "
    return f" {fold(words)} " in plain or f" {fold(words)} " in plain.replace("'s ", " ")


def copied(candidate: str, source: str) -> bool:
    """Whether ``candidate`` is an exact part of ``source``; kinds of quotes and white space do not count."""
    return straighten(candidate).strip(" .\"'") in straighten(source)


def long_enough(candidate: str, sentence: str) -> bool:
    """Whether a quotation has at least half of its sentence's words: less is a phrase, not evidence."""
    return len(candidate.split()) >= _QUOTE_SHARE * len(sentence.split())


def quote_fault(answer: str, sentence: str, passage: str, key: Sequence[str]) -> str | None:
    """Why ``answer`` is not a quotation of ``sentence`` with the words of ``key``; None if it is.

    Quotation marks around it, one lead-in ("The sentence is: …") and a missing full stop are harmless.
    """
    candidates = _candidates(answer)
    if not any(copied(candidate, passage) for candidate in candidates):
        return "is not word for word in the text"
    good = [candidate for candidate in candidates if copied(candidate, sentence)]
    if not good:
        return (
            "copies more than the sentence that answers"
            if straighten(sentence).rstrip(".") in straighten(answer)
            else "copies another sentence"
        )
    best = max(good, key=len)
    if not long_enough(best, sentence):
        return "copies only a phrase"
    lost = [word for word in key if word not in straighten(best)]
    return f"leaves out {lost[0]!r}" if lost else None


def _candidates(answer: str) -> list[str]:
    """The answer itself, what follows its lead-in, and what it has between one pair of double quotes."""
    text = answer.strip()
    found = [text]
    if lead := _LEAD.match(text):
        found.append(lead[1].strip())
    quoted: list[str] = re.findall(r'"([^"]+)"', straighten(text))
    if len(quoted) == 1:
        found.append(quoted[0])
    return [candidate for candidate in found if candidate.strip(" .\"'")]
