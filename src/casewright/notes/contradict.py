"""Contradictions inside the notes: two amounts for one debt, two days for one appointment, did and did not.

Lines are held against each other only where they say what they are about. What is said to have changed ("was
£400,
now £450") contradicts nothing, nor do an amount and its instalment. Nothing is decided: a person is shown
both lines.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import TypeVar

from casewright.api.notes import Contradiction
from casewright.notes.contradict_deeds import Deed, clash, deeds
from casewright.notes.contradict_facts import Code, Dated, Sum, codes, dated, sums, things_of, values_of
from casewright.notes.contradict_names import two_clients, two_counts
from casewright.notes.contradict_same import Saying, differ, sayings, slips
from casewright.notes.contradict_states import State, opposed, states
from casewright.notes.contradict_within import agree, quarrels, wrong_product
from casewright.notes.contradict_words import is_reported, tokens
from casewright.notes.read import Entry, sentence_spans
from casewright.notes.values import same_day
from casewright.notes.values_kinds import Amount, Day, Found, Value

_LONG = 500  # characters of an entry that is read in one
_MOST = 12  # lines on one thing that a further one is held against
# Values of one entry that are looked at. A line that a person typed has a few; one with hundreds is a
# pasted table or made to stall: they say little of what they are for, and each costs a search for its words.
_MOST_VALUES = 60
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
_ROUGH = re.compile(
    r"(?:\b(?:approx\w*|about|around|roughly|circa|c\.?|some|nearly|almost|abt|ish)|~)\s?$", re.IGNORECASE
)
_MOVED = re.compile(
    r"\b(?:adjourn\w*|re-?schedul\w*|re-?arrang\w*|postpon\w*|moved (?:to|from|back)|changed|put back"
    r"|brought forward|re-?list\w*|cancel\w*|extend\w*"
    r"|extension|originally|was (?:due|set|listed|meant)|missed|instead|previous\w*|last|next|another"
    r"|follow[- ]?up|new (?:date|appt|appointment|hearing)"
    r"|(?:first|second|third|2nd|1st|3rd|other|further|final|initial|old) (?:\w+ )?(?:hearing|appt"
    r"|appointment|meeting|assessment|interview|notice|deadline|claim)"
    r"|again|re-?served|not on|old one|if|every|each|weekly|between)\b",
    re.IGNORECASE,
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
T = TypeVar("T", Sum, Dated, Code, Deed, Saying, State)


def contradictions(
    entries: Sequence[Entry],
    client_name: str = "",
    meeting: date | None = None,
    known: Mapping[str, Sequence[Found[Value]]] | None = None,
) -> tuple[Contradiction, ...]:
    """The pairs of lines that cannot both be so, in the order of the notes.

    ``known`` are the values of texts that were looked for already with the same ``meeting``.
    """
    money: list[Sum] = []
    when: list[Dated] = []
    numbers: list[Code] = []
    done: list[Deed] = []
    told: list[Saying] = []
    stands: list[State] = []
    found: list[Contradiction] = []
    own = frozenset(word.strip(".,").lower() for word in client_name.split())
    for entry in entries:
        if entry.left_out is not None:
            continue
        left = _MOST_VALUES
        for text, at in _pieces(entry):
            if left <= 0:
                break
            have = known.get(text) if known else None
            values = tuple(values_of(text, meeting) if have is None else have)[:left]
            left -= len(values)
            said = [_own(one, own) for one in sums(at, text, values)]
            money += [_taken_up(one, money[-1] if money else None) for one in said]
            when += [replace(one, names=one.names - own) for one in dated(at, text, values)]
            numbers += codes(at, text, values)
            done += deeds(at(0), text)
            words = tokens(text)
            reported = is_reported(text, words)
            told += sayings(at, text, values, words, reported)
            stands += states(at(0), text, reported)
            found += [*_wrong_weekdays(values, at), *_quarrels(text, values, at)]
    found += _pairs(money, lambda one: [*one.things, *one.names, _digits(one.money)], _two_sums)
    found += _pairs(when, lambda one: [one.event], lambda a, b: _two_days(a, b, meeting))
    found += _pairs(numbers, lambda one: ["".join(sorted(one.code)), *one.names], _two_codes)
    found += _pairs(done, lambda one: [(one.who, one.verb)], _two_deeds)
    found += _pairs(told, _said_of, lambda a, b: _two_values(a, b, meeting))
    denied = frozenset(word for one in stands if not one.so for word in one.words)
    found += _pairs(stands, lambda one: one.words & denied, _two_states)
    found += [*two_clients(entries, client_name), *two_counts(entries, _has_changed)]
    return tuple(sorted(_once(found), key=lambda one: one.lines))


def _pieces(entry: Entry) -> Iterator[tuple[str, Callable[[int], int]]]:
    """An entry, or the sentences of a long one, each with what line a place in it is of."""
    ends, end = [], 0
    for line in entry.lines:
        end += len(line.text) + 1
        ends.append(end)
    numbers = [line.number for line in entry.lines]
    spans = [(0, len(entry.text))] if len(entry.text) <= _LONG else sentence_spans(entry.text)
    for first, last in spans:
        for start in range(first, last, _LONG):

            def at(place: int, start: int = start) -> int:
                return numbers[min(bisect_right(ends, start + place), len(numbers) - 1)]

            yield entry.text[start : min(last, start + _LONG)], at


def _wrong_weekdays(values: Sequence[Found[Value]], at: Callable[[int], int]) -> Iterator[Contradiction]:
    for one in values:
        if isinstance(one.value, Day) and " is a " in one.value.why and not one.text.lower().startswith("w/"):
            what = f"weekday and date do not agree: {one.value.why}"
            yield Contradiction(lines=(at(one.start),), what=what, values=(one.text,))


def _quarrels(text: str, values: Sequence[Found[Value]], at: Callable[[int], int]) -> Iterator[Contradiction]:
    for one, two in quarrels(text, values):
        lines = tuple(sorted({at(one.start), at(two.start)}))
        yield Contradiction(lines=lines, what="the line gives two values", values=(one.text, two.text))
    for place, said, comes in wrong_product(text):
        yield Contradiction(lines=(at(place),), what=f"a sum that comes to {comes}", values=(said,))


def _own(said: Sum, own: frozenset[str]) -> Sum:
    return replace(said, names=said.names - own, changed=_CHANGED.search(_without_up(said)) is not None)


def _taken_up(said: Sum, last: Sum | None) -> Sum:
    """A sum that only says who gives it ("cl says £942") is of what the line above is about."""
    if (
        last is None
        or said.things
        or not 0 < said.line - last.line <= 2
        or not _ONLY_SAYS.search(said.segment)
    ):
        return said
    return replace(said, things=last.things, role=last.role, names=frozenset())


def _has_changed(text: str) -> bool:
    return _CHANGED.search(text) is not None


def _once(found: Iterable[Contradiction]) -> list[Contradiction]:
    """One of each pair of lines: who looks at them once sees all that is wrong between them."""
    return list({one.lines: one for one in reversed(list(found))}.values())


def _pairs(
    said: Sequence[T], keys: Callable[[T], Iterable[Hashable]], held: Callable[[T, T], Contradiction | None]
) -> Iterator[Contradiction]:
    """What is found where a saying is held against earlier ones with a key in common, at most ``_MOST`` a
    key.

    What has most keys in common is held against it first. One for each saying: three lines that differ are
    two contradictions.
    """
    seen: dict[Hashable, list[T]] = defaultdict(list)
    for one in said:
        own = list(keys(one))
        others = [other for key in own for other in seen[key]]
        shared = Counter(map(id, others))
        ranked = sorted(
            {id(other): other for other in others}.values(), key=lambda o: (-shared[id(o)], -o.line)
        )
        found = (held(other, one) for other in ranked)
        first = next((one for one in found if one is not None), None)
        if first is not None:
            yield first
        for key in own:
            if len(seen[key]) < _MOST:
                seen[key].append(one)


def _of(one: Sum | Dated | Code | Deed, two: Sum | Dated | Code | Deed, what: str) -> Contradiction:
    lines = (one.line, two.line) if one.line != two.line else (one.line,)
    return Contradiction(lines=lines, what=what, values=(one.text, two.text))


def _said_of(one: Saying) -> list[Hashable]:
    keys: list[Hashable] = [(one.kind, word) for word in one.wide | one.classes]
    if not isinstance(one.value, Amount):
        return [*keys, one.kind] if one.kind in ("child", "bed") else keys
    return [*keys, _digits(one.value).replace("0", ""), *slips(one.value)]


def _two_values(one: Saying, two: Saying, meeting: date | None) -> Contradiction | None:
    what = differ(one, two, meeting, lambda a, b: _days_clash(a, b, meeting))
    return (
        None
        if what is None
        else Contradiction(lines=_lines(one, two), what=what, values=(one.text, two.text))
    )


def _two_states(one: State, two: State) -> Contradiction | None:
    if not opposed(one, two):
        return None
    what = "one line says that it is so, the other that it is not"
    return Contradiction(lines=_lines(one, two), what=what, values=(one.text, two.text))


def _lines(one: Saying | State, two: Saying | State) -> tuple[int, ...]:
    return tuple(sorted({one.line, two.line}))


def _digits(money: Amount) -> str:
    return "".join(sorted(f"{money.value.normalize():f}".replace(".", "").rstrip("0")))


def _two_sums(one: Sum, two: Sum) -> Contradiction | None:
    first, second = one.money, two.money
    if first.value == second.value or first.currency != second.currency or one.whose != two.whose:
        return None
    if one.changed or two.changed or agree(first, second) or _roles_apart(one, two):
        return None
    if one.things and two.things and not one.things & two.things:
        return None
    if one.line == two.line:
        apart = one.things != two.things or one.names != two.names
        if apart or _MONTH_NAMED.search(one.entry):
            return None
    held = _slips(one, two) if _alike(first, second) else _differ(one, two)
    return _of(one, two, _what(one, two)) if held else None


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


def _without_up(said: Sum) -> str:
    return re.sub(r"\bup front\b", "", said.segment if len(said.segment) > 12 else said.entry)


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


def _alike(one: Amount, two: Amount) -> bool:
    """Whether one may be a slip for the other: figures swapped, one figure wrong or a nought more."""
    if one.per and two.per and one.per != two.per:
        return False
    if one.value in (two.value * 10, two.value * 100) or two.value in (one.value * 10, one.value * 100):
        return min(one.value, two.value) >= 10
    return slip(f"{one.value:.2f}".removesuffix(".00"), f"{two.value:.2f}".removesuffix(".00"))


def slip(one: str, two: str) -> bool:
    """Whether two codes of one length differ by one swapped pair, or by one figure of four or more."""
    if len(one) != len(two) or len(one) < 2 or one == two:
        return False
    apart = [n for n, (a, b) in enumerate(zip(one, two, strict=True)) if a != b]
    if len(apart) == 2 and one[apart[0]] == two[apart[1]] and one[apart[1]] == two[apart[0]]:
        return True
    return len(apart) == 1 and len(one) >= 4


def _two_days(one: Dated, two: Dated, meeting: date | None) -> Contradiction | None:
    if one.whose != two.whose or _MOVED.search(one.entry) or _MOVED.search(two.entry):
        return None
    if one.names and two.names and not one.names & two.names:
        return None
    if (
        one.event in ("appointment", "purchase", "delivery", "interview")
        and one.names != two.names
        and (one.names or two.names)
    ):
        return None
    if one.event in ("purchase", "delivery") and (
        things_of(one.entry) != things_of(two.entry) or not things_of(one.entry)
    ):
        return None
    if one.day is not None and two.day is not None and one.line != two.line:
        return (
            _of(one, two, f"two days for one thing ({one.event})")
            if _days_clash(one.day, two.day, meeting)
            else None
        )
    if one.time is None or two.time is None or one.line == two.line:
        return None
    apart = (one.time.hour % 12, one.time.minute) != (two.time.hour % 12, two.time.minute)
    met = apart and one.event in ("hearing", "appointment")
    return _of(one, two, f"two times for one thing ({one.event})") if met else None


def _days_clash(one: Day, two: Day, meeting: date | None) -> bool:
    readings = [one.why, two.why]
    if same_day(one, two, meeting) is not False:
        return False
    # what has two readings clashes only where neither of them fits
    return not any(", or " in why or "not said" in why or "a part" in why for why in readings)


def _two_codes(one: Code, two: Code) -> Contradiction | None:
    alike = slip(one.code, two.code) and len(one.code) >= 5 and one.code[-1:].isdigit()
    apart = one.names and two.names and not one.names & two.names
    return _of(one, two, "two numbers that differ like a slip") if alike and not apart else None


def _two_deeds(one: Deed, two: Deed) -> Contradiction | None:
    return _of(one, two, "one line says that it is so, the other that it is not") if clash(one, two) else None
