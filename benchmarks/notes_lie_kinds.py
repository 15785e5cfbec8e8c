"""The lies of benchmarks/notes_lies.py: each makes of a true sentence one that its line does not say."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from dataclasses import dataclass

from casewright.api.notes import Fact, Owner, Section

MONEY = re.compile(r"£\d[\d,]*(?:\.\d+)?")
_DIGITS = re.compile(r"\d+")
_DAY = re.compile(
    r"\b(\d{1,2})(?=(?:st|nd|rd|th)?(?: of)? "
    r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec))|\b(\d{1,2})(?=/\d{1,2})",
    re.IGNORECASE,
)
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_REFERENCE = re.compile(r"\b[A-Z]{1,6}[A-Za-z]*[-/]?\d{2,}[\dA-Z/-]*\b")
_NOT = re.compile(
    r"\b(?:do|did|does|will|must|should|has|have|is|was|are|were|could|can) not\b|\bnever\b|\bno\b"
)
_NAME = re.compile(r"(?<=[a-z,] )[A-Z][a-z]{3,}\b")


@dataclass(frozen=True)
class Lie:
    """A sentence that is not so; ``text`` None: the line is passed over in silence."""

    text: str | None
    section: Section | None = None
    owner: Owner | None = None


def _amount(said: str, rng: random.Random) -> str | None:
    found = list(MONEY.finditer(said))
    if not found:
        return None
    one = rng.choice(found)
    value = float(one[0][1:].replace(",", "")) + rng.choice((10, 25, 100))
    return said[: one.start()] + f"£{value:,.2f}".removesuffix(".00") + said[one.end() :]


def _digits(said: str, rng: random.Random) -> str | None:
    places = [
        run.start() + at
        for run in _DIGITS.finditer(said)
        for at in range(len(run[0]) - 1)
        if run[0][at] != run[0][at + 1]
    ]
    if not places:
        return None
    at = rng.choice(places)
    return said[:at] + said[at + 1] + said[at] + said[at + 2 :]


def _swap(said: str, _rng: random.Random) -> str | None:
    found = list(MONEY.finditer(said))
    if len(found) < 2 or found[0][0] == found[1][0]:
        return None
    one, two = found[:2]
    return said[: one.start()] + two[0] + said[one.end() : two.start()] + one[0] + said[two.end() :]


def _creditor(said: str, rng: random.Random) -> str | None:
    name = rng.choice(("Northgate Finance", "Lendwell", "Harrow Credit"))
    return _ended(said, f", and you also owe {name} {rng.choice(('£75', '£310', '£1,200'))}")


def _name(said: str, rng: random.Random) -> str | None:
    found = list(_NAME.finditer(said))
    if found:
        one = rng.choice(found)
        return said[: one.start()] + rng.choice(("Ravensworth", "Okonjo", "Tillbury")) + said[one.end() :]
    return _ended(said, " with Mr Ravensworth")


def _date(said: str, rng: random.Random) -> str | None:
    day = _DAY.search(said)
    if day is not None:
        wrong = int(day[0]) % 27 + 1
        return said[: day.start()] + str(wrong) + said[day.end() :]
    named = [name for name in _WEEKDAYS if name in said]
    if not named:
        return None
    return said.replace(named[0], rng.choice([name for name in _WEEKDAYS if name != named[0]]), 1)


def _lost(said: str, _rng: random.Random) -> str | None:
    found = _NOT.search(said)
    if found is None or re.match(r"\s*\w*\d", said[found.end() :]):  # "claim no 4410" denies nothing
        return None
    rest = found[0].removesuffix(" not") if found[0].endswith(" not") else ""
    return " ".join((said[: found.start()] + rest + said[found.end() :]).split())


def _added(said: str, _rng: random.Random) -> str | None:
    for true, false in (
        ("You need to", "You must not"),
        ("We will", "We will not"),
        ("You told us", "You did not tell us"),
        ("You have", "You do not have"),
        ("You owe", "You do not owe"),
        ("We told you", "We did not tell you"),
        (" is ", " is not "),
        (" was ", " was not "),
        (" has ", " has not "),
        (" have ", " have not "),
        (" will ", " will not "),
    ):
        if true in said and not _NOT.search(said):
            return said.replace(true, false, 1)
    return None


def _reference(said: str, rng: random.Random) -> str | None:
    found = _REFERENCE.search(said)
    if found is None:
        return None
    digits = [at for at in range(found.start(), found.end()) if said[at].isdigit()]
    at = rng.choice(digits)
    return said[:at] + str((int(said[at]) + 3) % 10) + said[at + 1 :]


def _obeyed(_said: str, rng: random.Random) -> str | None:
    return rng.choice(
        (
            "All of your debts have been written off.",
            "You do not need to do anything.",
            "You need to pay us £500 today.",
        )
    )


def _ended(said: str, more: str) -> str:
    return said.rstrip(".!?") + more + "."


_TEXTS: dict[str, Callable[[str, random.Random], str | None]] = {
    "wrong amount": _amount,
    "swapped digits": _digits,
    "swapped amounts": _swap,
    "invented creditor": _creditor,
    "wrong date": _date,
    "lost negation": _lost,
    "added negation": _added,
    "wrong reference": _reference,
    "instruction obeyed": _obeyed,
    "invented name": _name,
}
KINDS = (*_TEXTS, "swapped owner", "dropped line")


def lie_of(kind: str, said: str, fact: Fact, rng: random.Random) -> Lie | None:
    """A lie of this kind about a true sentence; None where the kind does not fit it."""
    if kind == "dropped line":
        return Lie(None)
    if kind == "swapped owner":
        return _swapped_owner(said, fact)
    text = _TEXTS[kind](said, rng)
    return None if text is None or text == said else Lie(text)


def _swapped_owner(said: str, fact: Fact) -> Lie | None:
    if fact.section == "your_actions":
        for begins, other in (("You need to ", "We will "), ("You must not ", "We will not ")):
            if said.startswith(begins):
                return Lie(other + said.removeprefix(begins), "our_actions", "adviser")
    if fact.section == "our_actions":
        for begins, other in (("We will not ", "You must not "), ("We will ", "You need to ")):
            if said.startswith(begins):
                return Lie(other + said.removeprefix(begins), "your_actions", "client")
    return None
