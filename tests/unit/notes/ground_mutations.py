"""Turns a truthful sentence into ones that are not: for tests of the ground check."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator

_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
_DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
_PERIODS = {"a week": "a month", "a month": "a week", "per week": "per month", "an hour": "a day"}
_CREDITORS = (
    "Barclays",
    "Aviva",
    "Lowell",
    "Lantern",
    "EDF",
    "British Gas",
    "Vanquis",
    "Santander",
    "Currys",
)


def mutations(sentence: str, rng: random.Random) -> Iterator[tuple[str, str]]:
    """Kind and changed sentence; each says something else than the sentence does."""
    for kind, changed in (
        ("digits", _digits(sentence, rng)),
        ("amounts swapped", _swapped(sentence)),
        ("date", _date(sentence)),
        ("weekday", _weekday(sentence)),
        ("period", _period(sentence)),
        ("owner", _owner(sentence)),
        ("negation lost", _without_not(sentence)),
        ("negation added", _with_not(sentence)),
        ("creditor", _creditor(sentence)),
        ("condition lost", _without_condition(sentence)),
        ("doubt added", re.sub(r"\bwill\b", "may", sentence, count=1)),
        (
            "done",
            re.sub(r"\b(We|You) (?:will|need to|must) (send|pay|call|write)\b", _as_done, sentence, count=1),
        ),
    ):
        if changed != sentence:
            yield kind, changed


def _as_done(match: re.Match[str]) -> str:
    done = {"send": "sent", "pay": "paid", "call": "called", "write": "written"}
    return f"{match[1]} have {done[match[2]]}"


def _digits(sentence: str, rng: random.Random) -> str:
    """One figure with another digit in one of its places."""
    places = [match.start() for match in re.finditer(r"\d", sentence)]
    if not places:
        return sentence
    at = rng.choice(places)
    other = rng.choice([digit for digit in "123456789" if digit != sentence[at]])
    return sentence[:at] + other + sentence[at + 1 :]


def _swapped(sentence: str) -> str:
    sums = list(re.finditer(r"£\d[\d,.]*\d|£\d", sentence))
    if len(sums) < 2 or sums[0][0] == sums[1][0]:
        return sentence
    one, two = sums[0], sums[1]
    return "".join(
        (sentence[: one.start()], two[0], sentence[one.end() : two.start()], one[0], sentence[two.end() :])
    )


def _date(sentence: str) -> str:
    match = re.search(rf"(\d{{1,2}}) ({'|'.join(_MONTHS)})\b", sentence)
    if not match:
        return sentence
    month = _MONTHS[(_MONTHS.index(match[2]) + 1) % 12]
    return sentence[: match.start()] + f"{match[1]} {month}" + sentence[match.end() :]


def _weekday(sentence: str) -> str:
    match = re.search("|".join(_DAYS), sentence)
    if not match:
        return sentence
    return sentence[: match.start()] + _DAYS[(_DAYS.index(match[0]) + 2) % 7] + sentence[match.end() :]


def _period(sentence: str) -> str:
    for one, other in _PERIODS.items():
        if re.search(rf"£[\d,.]+ {one}\b", sentence):
            return re.sub(rf"(£[\d,.]+) {one}\b", rf"\1 {other}", sentence, count=1)
    return sentence


def _owner(sentence: str) -> str:
    if sentence.startswith("We will "):
        return "You will " + sentence.removeprefix("We will ")
    if sentence.startswith("You need to "):
        return "We need to " + sentence.removeprefix("You need to ")
    if sentence.startswith("You told us "):
        return "We told you " + sentence.removeprefix("You told us ")
    return sentence


def _without_not(sentence: str) -> str:
    return re.sub(
        r"\b(do|did|does|has|have|is|was|were|will|must|should|can)(?: ?not) ", r"\1 ", sentence, count=1
    )


def _with_not(sentence: str) -> str:
    if re.search(r"\b(?:not|cannot|no|never|nothing|unless)\b", sentence):
        return sentence
    return re.sub(r"\b(has|have|is|was|were|are|will|must) (?!to )", r"\1 not ", sentence, count=1)


def _creditor(sentence: str) -> str:
    for name in _CREDITORS:
        if name in sentence:
            return sentence.replace(name, "Moorcroft", 1)
    return sentence


def _without_condition(sentence: str) -> str:
    return re.sub(r",? (?:if|unless|once|until) [a-z][^.,]*(?=[.,])", "", sentence, count=1)
