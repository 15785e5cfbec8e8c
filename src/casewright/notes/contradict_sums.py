"""Whether two amounts in the notes are two values of one thing, and not of two."""

from __future__ import annotations

import re
from dataclasses import replace

from casewright.api.notes import Contradiction
from casewright.notes.contradict_facts import Sum
from casewright.notes.contradict_totals import agree
from casewright.notes.values_kinds import Amount

_CHANGED = re.compile(
    r"\b(?:(?:was|were)(?= (?:only |then |about )?[£\d])|used to|previous(?:ly)?|old|new|now|increas\w+"
    r"|up from|up to|down (?:from|to)|reduc\w+|rise[ns]?|rising|going up|go(?:es)? up|went up"
    r"|original(?:ly)?|initial(?:ly)?|last (?:year|month|week|time)|had been|next (?:year|month)|if|would"
    r"|could|max(?:imum)?|min(?:imum)?|at least"
    r"|over|under|more than|less than|half|share|another|further|additional|second|2nd|extra|other|plus"
    r"|incl\w*|former|until|limit|cap|LHA|each"
    r"|corrected|not £|rather than|instead|disputes?|should (?:be|have)|ought|before|after|drops?|dropped"
    r"|backdated|rebate|of which|first|per child)(?!\w)|=|\bx\s?£",
    re.IGNORECASE,
)
_PART_OF = re.compile(r"£[\d,.]+ (?:out )?of (?:the |his |her )?£", re.IGNORECASE)
_ROUGH = re.compile(
    r"(?:\b(?:approx\w*|about|around|roughly|circa|c\.?|some|nearly|almost|abt|ish)|~)\s?$", re.IGNORECASE
)
_ONLY_SAYS = re.compile(
    r"\b(?:says?|said|thinks?|reckons?|makes it|claims?|letter|invoice|statement|adamant|insists?)\b.{0,24}£",
    re.IGNORECASE,
)
_MONTH_NAMED = re.compile(
    r"\b(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|mon|tue|wed|thu|fri|sat|sun)(?:[a-z]{2,6})?\b"
    r"|\bw(?:ee)?k \d",
    re.IGNORECASE,
)


def taken_up(said: Sum, last: Sum | None) -> Sum:
    """A sum that only says who gives it ("cl says £942") is of what the line above is about."""
    if (
        last is None
        or said.things
        or not 0 < said.line - last.line <= 2
        or not _ONLY_SAYS.search(said.segment)
    ):
        return said
    return replace(said, things=last.things, role=last.role, names=frozenset())


def has_changed(text: str) -> bool:
    """Whether a text says that something was otherwise, or may come to be."""
    return _CHANGED.search(text) is not None


def digits(money: Amount) -> str:
    """The figures of an amount in order of size: amounts with the same ones may be slips of each other."""
    return "".join(sorted(f"{money.value.normalize():f}".replace(".", "").rstrip("0")))


def two_sums(one: Sum, two: Sum) -> Contradiction | None:
    """What two amounts of one thing give; None where both can hold."""
    first, second = one.money, two.money
    if first.value == second.value or first.currency != second.currency or one.whose != two.whose:
        return None
    if agree(first, second) or _roles_apart(one, two):
        return None
    if one.things and two.things and not one.things & two.things:
        return None
    if one.line == two.line and _PART_OF.search(one.entry):
        return None
    if one.line == two.line:
        apart = one.things != two.things or one.names != two.names
        if apart or _MONTH_NAMED.search(one.entry):
            return None
    held = _slips(one, two) if _alike(one, two) else _differ(one, two)
    if not held or _changed(one) or _changed(two):
        return None
    lines = (one.line, two.line) if one.line != two.line else (one.line,)
    return Contradiction(lines=lines, what=_what(one, two), values=(one.text, two.text))


def _names_apart(one: Sum, two: Sum) -> bool:
    return bool(one.names and two.names and not one.names & two.names)


def _slips(one: Sum, two: Sum) -> bool:
    """Whether two amounts that look like a slip are of one thing: little else has to agree then."""
    same = one.things == two.things and bool(one.things)
    if _names_apart(one, two):
        single = same and one.things & {"rent", "deposit", "redundancy", "bill"}
        return bool(single) or _same_day_paid(one, two)
    in_name = any(t in n for a, b in ((one, two), (two, one)) for t in a.things for n in b.names)
    owed = one.role == two.role == "owed"
    if one.things & two.things or one.names & two.names or owed or in_name or _same_day_paid(one, two):
        return True
    long = min(len(_figures(one.money)), len(_figures(two.money))) >= 4
    return long and not (one.things and two.things)


def _differ(one: Sum, two: Sum) -> bool:
    """Whether two amounts that do not look alike are nevertheless meant to be one."""
    if ("total" in one.segment.lower()) != ("total" in two.segment.lower()):
        return False
    if _names_apart(one, two) and not (one.things == two.things and "rent" in one.things):
        return False
    same_names = one.names == two.names or not (one.names and two.names)
    known = one.things == two.things and bool(one.things or one.names & two.names)
    if not known or not same_names or one.role in ("paid", "offer") or _days_apart(one, two):
        return False
    many = one.things & {"fee", "maintenance", "bill", "price", "loan", "card", "phone"}
    if len(one.things) > 1 or one.things <= {"fee", "maintenance"} or (one.names != two.names and many):
        return False
    return not any(_ROUGH.search(said.entry[: said.entry.find(said.text)]) for said in (one, two))


def _what(one: Sum, two: Sum) -> str:
    about = (
        sorted(one.things & two.things) or sorted(one.things | two.things) or sorted(one.names & two.names)
    )
    return (
        f"two amounts for one thing ({', '.join(about)})" if about else "two amounts that differ like a slip"
    )


def _changed(said: Sum) -> bool:
    text = said.segment if len(said.segment) > 12 else said.entry
    return has_changed(text.replace("up front", "") if "up front" in text else text)


def _roles_apart(one: Sum, two: Sum) -> bool:
    if one.role == two.role or (one.things == two.things == {"deposit"}):
        return False
    return not {one.role, two.role} <= {"charge", "owed", "income"} or bool(
        one.things & {"rent", "council tax", "loan"}
    )


def _same_day_paid(one: Sum, two: Sum) -> bool:
    return any(a.value == b.value for a in one.days for b in two.days) and one.role == two.role == "paid"


def _days_apart(one: Sum, two: Sum) -> bool:
    return one.role in ("owed", "paid") and bool(one.near or two.near) and one.near != two.near


def _figures(money: Amount) -> str:
    return f"{money.value.normalize():f}".replace(".", "")


def _alike(one: Sum, two: Sum) -> bool:
    """Whether one may be a slip for the other: figures swapped, one figure wrong or a nought more."""
    a, b = one.money, two.money
    if a.per and b.per and a.per != b.per:
        return False
    if len(one.figures) == len(two.figures):
        return slip(one.figures, two.figures)
    small, big = sorted((a.value, b.value))
    return small >= 10 and big in (small * 10, small * 100)


def slip(one: str, two: str) -> bool:
    """Whether two codes of one length differ by one swapped pair, or by one figure of four or more."""
    if len(one) != len(two) or len(one) < 2 or one == two:
        return False
    apart = [n for n, (a, b) in enumerate(zip(one, two, strict=True)) if a != b]
    if len(apart) == 2 and one[apart[0]] == two[apart[1]] and one[apart[1]] == two[apart[0]]:
        return True
    return len(apart) == 1 and len(one) >= 4
