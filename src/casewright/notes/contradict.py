"""Contradictions inside the notes: two amounts for one debt, two days for one appointment, did and did not.

Lines right below each other are judged by points for what speaks for a quarrel (``contradict_beside``, on
what ``contradict_voices`` reads in a line). Lines anywhere are held against each other only where they
say what they are about: two sums (``_sums``, of ``_facts``), days (``_days``, of ``_events``), values in
like words (``_same``), did and did not (``_poles``), known states (``_states``), lengths of time and ages
(``_periods``, ``_ages``), totals (``_totals``), counts and names (``_counts``). What is said to have
changed ("was £400, now £450") contradicts nothing, nor do an amount and its instalment. Nothing is
decided: a person sees both lines.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Container, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import TypeVar

from casewright.api.notes import Contradiction
from casewright.notes.contradict_beside import Beside
from casewright.notes.contradict_counts import two_clients, two_counts
from casewright.notes.contradict_days import days_clash, two_days
from casewright.notes.contradict_facts import Code, Dated, Sum, codes, dated, sums
from casewright.notes.contradict_line import line_faults
from casewright.notes.contradict_periods import period_faults
from casewright.notes.contradict_pieces import Piece, pieces
from casewright.notes.contradict_poles import Pole, poles
from casewright.notes.contradict_poles import opposed as poles_apart
from casewright.notes.contradict_same import Saying, differ, sayings, slips
from casewright.notes.contradict_states import State, opposed, states_of, within
from casewright.notes.contradict_sums import digits, has_changed, slip, taken_up, two_sums
from casewright.notes.contradict_totals import quarrels, total_faults, wrong_product
from casewright.notes.contradict_words import stem
from casewright.notes.read import Entry
from casewright.notes.values_kinds import Amount, Day, Found, Value

__all__ = ["contradictions", "slip"]
_MOST = 6  # lines on one thing that a further one is held against
# How much has to speak for a quarrel where a rule finds two values for one thing; of days and counts the
# rules are right as they are.
_LEAST = {"money": -10} | dict.fromkeys(("minutes", "hours", "days", "weeks", "months", "years"), -24)
_LEAST_OF_SUMS = -43
_ANYHOW = -99
_SO_OR_NOT = "one line says that it is so, the other that it is not"
_WRONG_WEEKDAY = re.compile(r" is a \w+day\b")
T = TypeVar("T", Sum, Dated, Code, Saying, State, Pole)


def contradictions(
    entries: Sequence[Entry],
    client_name: str = "",
    meeting: date | None = None,
    known: Mapping[str, Sequence[Found[Value]]] | None = None,
    withheld: Container[int] = (),
) -> tuple[Contradiction, ...]:
    """The pairs of lines that cannot both be so, in the order of the notes.

    ``known`` are the values of texts that were looked for already with the same ``meeting``. Entries
    with a line that is ``withheld`` are no account of the client's matter and are left out.
    """
    if withheld:
        entries = [one for one in entries if not any(line.number in withheld for line in one.lines)]
    read = pieces(entries, meeting, known)
    own = frozenset(word.strip(".,").lower() for word in client_name.split())
    found: list[Contradiction] = []
    for piece in read:
        if piece.values:
            found += [*_wrong_weekdays(piece), *_quarrels(piece), *line_faults(piece)]
    beside = Beside(read, own)
    found += _of_values(read, own, meeting, beside.likely)
    found += _so_and_not(read, own)
    found += [*period_faults(read, meeting), *total_faults(read), *beside.faults()]
    found += [*two_clients(entries, client_name), *two_counts(entries, has_changed)]
    return tuple(sorted(_once(found), key=lambda one: one.lines))


def _of_values(
    read: Sequence[Piece],
    own: frozenset[str],
    meeting: date | None,
    likely: Callable[[Sequence[int], int], bool],
) -> Iterator[Contradiction]:
    """Two amounts, days, numbers or counts of one thing; ``likely`` says whether two lines quarrel."""
    money: list[Sum] = []
    when: list[Dated] = []
    numbers: list[Code] = []
    told: list[Saying] = []
    for piece in read:
        told += sayings(piece)
        if not piece.values:
            continue
        for one in sums(piece):
            said = replace(one, names=one.names - own) if one.names & own else one
            money.append(taken_up(said, money[-1] if money else None))
        for day in dated(piece):
            when.append(replace(day, names=day.names - own) if day.names & own else day)
        numbers += codes(piece)
    yield from _pairs(
        money,
        lambda one: [*one.things, *one.names, digits(one.money)],
        two_sums,
        lambda _one, found: likely(found.lines, _LEAST_OF_SUMS),
    )
    yield from _pairs(when, lambda one: [one.event], lambda a, b: two_days(a, b, meeting))
    yield from _pairs(numbers, lambda one: ["".join(sorted(one.code)), *one.names], _two_codes)
    yield from _pairs(
        told,
        lambda one: _said_of(one, False),
        lambda a, b: _two_values(a, b, meeting),
        lambda one, found: likely(found.lines, _LEAST.get(one.kind, _ANYHOW)),
        lambda one: _said_of(one, True),
    )


def _so_and_not(read: Sequence[Piece], own: frozenset[str]) -> Iterator[Contradiction]:
    """What is so in one line and not in another, wherever the two stand, or in one for two people."""
    for one, two in within(read):
        yield _opposed(one, two)
    yield from _pairs(
        states_of(read), lambda one: [one.what], lambda a, b: _opposed(a, b) if opposed(a, b) else None
    )
    yield from _pairs(
        poles(read, frozenset(map(stem, own))),
        lambda one: one.families,
        lambda a, b: _opposed(a, b) if poles_apart(a, b) else None,
    )


def _wrong_weekdays(piece: Piece) -> Iterator[Contradiction]:
    for one in piece.values:
        if (
            isinstance(one.value, Day)
            and _WRONG_WEEKDAY.search(one.value.why)
            and not one.text.lower().startswith("w/")
        ):
            what = f"weekday and date do not agree: {one.value.why}"
            yield Contradiction(lines=(piece.at(one.start),), what=what, values=(one.text,))


def _quarrels(piece: Piece) -> Iterator[Contradiction]:
    at = piece.at
    for one, two in quarrels(piece.text, piece.values):
        lines = tuple(sorted({at(one.start), at(two.start)}))
        yield Contradiction(lines=lines, what="the line gives two values", values=(one.text, two.text))
    for place, said, comes in wrong_product(piece.text):
        yield Contradiction(lines=(at(place),), what=f"a sum that comes to {comes}", values=(said,))


def _once(found: Iterable[Contradiction]) -> list[Contradiction]:
    """One of each pair of lines: who looks at them once sees all that is wrong between them."""
    return list({one.lines: one for one in reversed(list(found))}.values())


def _pairs(
    said: Sequence[T],
    keys: Callable[[T], Iterable[Hashable]],
    held: Callable[[T, T], Contradiction | None],
    likely: Callable[[T, Contradiction], bool] = lambda _one, _found: True,
    kept: Callable[[T], Iterable[Hashable]] | None = None,
) -> Iterator[Contradiction]:
    """What is found where a saying is held against earlier ones with a key in common, at most ``_MOST`` a
    key, and is ``likely``. ``kept`` are the keys under which later ones find it, where they are others.

    What has most keys in common is held against it first. One for each saying: three lines that differ are
    two contradictions.
    """
    seen: dict[Hashable, list[T]] = defaultdict(list)
    for one in said:
        buckets = [seen[key] for key in keys(one)]
        for other in _most_alike(buckets):
            found = held(other, one)
            if found is not None and likely(one, found):
                yield found
                break
        for bucket in buckets if kept is None else [seen[key] for key in kept(one)]:
            if len(bucket) < _MOST:
                bucket.append(one)


def _most_alike(buckets: Sequence[Sequence[T]]) -> Sequence[T]:
    """The earlier sayings that stand in some bucket, those of most buckets and of the last lines first."""
    filled = [bucket for bucket in buckets if bucket]
    if len(filled) < 2 and (not filled or len(filled[0]) < 2):
        return filled[0] if filled else ()
    times: dict[int, int] = defaultdict(int)
    others: dict[int, T] = {}
    for bucket in filled:
        for other in bucket:
            place = id(other)
            times[place] += 1
            others[place] = other
    order = sorted(
        [(-count, -others[place].line, n, place) for n, (place, count) in enumerate(times.items())]
    )
    return [others[place] for *_, place in order]


def _said_of(one: Saying, kept: bool) -> list[Hashable]:
    """The keys of a saying. Of two amounts in like words at least one has to be somebody's word: what nobody
    is said to say looks only for what somebody does.
    """
    keys: list[Hashable]
    if isinstance(one.value, Amount):
        keys = [("told", word) for word in one.wide] if kept == one.reported else []
        if kept or one.reported:
            keys += [("money", word) for word in one.wide]
        return [*keys, digits(one.value).replace("0", ""), *slips(one.value)]
    keys = [(one.kind, word) for word in one.wide | one.classes]
    return [*keys, one.kind] if one.kind in ("child", "bed") else keys


def _two_values(one: Saying, two: Saying, meeting: date | None) -> Contradiction | None:
    what = differ(one, two, meeting, lambda a, b: days_clash(a, b, meeting))
    if what is None:
        return None
    return Contradiction(lines=_lines(one, two), what=what, values=(one.text, two.text))


def _two_codes(one: Code, two: Code) -> Contradiction | None:
    alike = slip(one.code, two.code) and len(one.code) >= 5 and one.code[-1:].isdigit()
    apart = one.names and two.names and not one.names & two.names
    if not alike or apart:
        return None
    what = "two numbers that differ like a slip"
    return Contradiction(lines=_lines(one, two), what=what, values=(one.text, two.text))


def _opposed(one: State | Pole, two: State | Pole) -> Contradiction:
    return Contradiction(lines=_lines(one, two), what=_SO_OR_NOT, values=(one.text, two.text))


def _lines(one: Saying | Code | State | Pole | Pole, two: Saying | Code | State | Pole) -> tuple[int, ...]:
    return tuple(sorted({one.line, two.line}))
