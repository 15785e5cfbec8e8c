"""What a model may be asked for, and what of its answer is taken: other small words, never other facts.

A model is shown the template's sentence, which holds already. Its own is taken only if, articles and the
pairs of ``words.SAME`` aside, it says the same words in the same order: then it cannot have changed who does
what to whom.
"""

from __future__ import annotations

from casewright.engines.wire import Message
from casewright.notes import words as w
from casewright.notes.check import bare_words
from casewright.notes.claim import Claim
from casewright.notes.recognise import figures, negations

_ASK = (
    "Make this sentence of a letter read well in plain English: add the small words that are missing "
    "(a, an, the). "
    "Keep every other word, every name, number, amount and date, in the same order. Add nothing else. "
    "Answer with the one sentence only."
)
_BEFORE = "You need to send form to council by 2 September."
_AFTER = "You need to send the form to the council by 2 September."
_SIGNS = frozenset(" ,.'’-–/()&")
SPARE_TOKENS = 24
MOST_TOKENS = 160


def messages(template: str) -> tuple[Message, ...]:
    """What the model is asked, with one worked example: small models need it."""
    return (
        Message("user", f"{_ASK}\n\n{_BEFORE}"),
        Message("assistant", _AFTER),
        Message("user", template),
    )


def token_bound(template: str) -> int:
    """The most tokens an answer may have: about two a word of English, and some to spare."""
    return min(MOST_TOKENS, SPARE_TOKENS + 2 * len(template.split()))


def cleaned(answer: str) -> str:
    """The model's words as one line, without quotation marks around them; refused later if they hold more."""
    return " ".join(answer.split()).strip('"“” ')


def wrong(answer: str, template: str, claim: Claim) -> tuple[str, ...]:
    """Why the model's sentence is not taken; empty if it is."""
    opening = claim.decision.opening or ""
    found: list[str] = []
    if not answer.endswith(".") or not answer.startswith(opening):
        found.append("it does not begin or end as the sentence must")
    if extra := {char for char in answer if not char.isalnum()} - _SIGNS - set(template):
        found.append(f"it has signs that the sentence has not: {' '.join(sorted(extra))}")
    if figures(answer.split()) != figures(template.split()):
        found.append("its figures are not those of the line")
    if negations(_words(answer)) != negations(_words(template)):
        found.append("a negation is lost or added")
    if _words(answer) != _words(template):
        found.append("it says other words than the line")
    if sum(answer.count(sign) for sign in ".!?") > sum(template.count(sign) for sign in ".!?"):
        found.append("it is more than one sentence")
    return tuple(found)


def _words(text: str) -> list[str]:
    return [w.SAME.get(word, word) for word in bare_words(text)]
