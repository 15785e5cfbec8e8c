"""Two lines, one below the other, that cannot both be so: "SFS sent in February" and "no SFS received".

Notes put what a person says right beside what a paper shows or another party answers. No single sign tells
whether two such lines quarrel: two speakers, two values of one kind, figures that look like a slip, a thing
sent and the denial that it came, a word in common. So each sign has points, and a pair is told from a sum on.
The points are the weights of a logistic regression over the notes of six authors, in tenths. With one author
left out at a time it found half of that author's pairs, and three of four that it told were right. A line
that puts the one before right ("no, it's £540") is told with it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from itertools import pairwise, product

from casewright.api.notes import Contradiction
from casewright.notes.contradict_pieces import Piece
from casewright.notes.contradict_source_values import Money, Told, clash, equal
from casewright.notes.contradict_voices import BUT, CORRECTS, ONLY, Line
from casewright.notes.contradict_words import classes, topic

_BIAS = -44
_POINTS = {
    "psays_b": 15,
    "sh1": 14,
    "money_slip": 13,
    "money_near": 11,
    "clash": 10,
    "clash_2src": 10,
    "clash_empty": 9,
    "colon_b": 9,
    "but": 8,
    "drec_third": 8,
    "opp": 8,
    "paper_b": 8,
    "deny1": 7,
    "deny_comm": 7,
    "he_b": 6,
    "money_perm": 6,
    "psays_a": 6,
    "two_src": 6,
    "drec_comm": 5,
    "he_a": 5,
    "length1": 5,
    "day1": 2,
    "names_sh": -3,
    "money_per": -4,
    "apart": -5,
    "number_many": -5,
    "neg1": -6,
    "names_apart": -8,
    "todo": -9,
    "day_many": -10,
    "third_third": -12,
    "open": -14,
}
_SHARED = _POINTS["sh1"]
_TOLD_FROM = -5
_CLEAR_OF_NEXT = 12  # more is asked of a pair that shares a line with one of more points
_APART_BY = 2  # line numbers: one line may be empty
_LONGEST = 300
_TAKES_PLACE = ("hearing", "appointment", "assessment")
_OF_JOB = topic("notice holiday sick redundancy probation")
_NEAR = 40  # characters on either side of a value that say what it is of
_KINDS = ("money", "day", "length", "number", "hours a week")


class Beside:
    """The lines of some notes, and how much speaks for two of them quarrelling."""

    def __init__(self, read: Sequence[Piece], own: frozenset[str]) -> None:
        self._lines = [Line(piece, own) for piece in read if len(piece.text) <= _LONGEST]
        self._by_number: dict[int, Line] | None = None
        self._points: dict[tuple[int, int], int] = {}

    def likely(self, lines: Sequence[int], from_: int = _TOLD_FROM) -> bool:
        """Whether lines that another rule tells, wherever they stand, have signs enough of it."""
        if self._by_number is None:
            self._by_number = {number: one for one in self._lines
                               for number in range(one.piece.line, one.piece.last + 1)}  # fmt: skip
        one, two = self._by_number.get(lines[0]), self._by_number.get(lines[-1])
        if from_ <= _BIAS or one is None or two is None or one is two:
            return True
        key = (one.piece.line, two.piece.line)
        if key not in self._points:
            self._points[key] = points(one, two)
        return self._points[key] >= from_

    def faults(self) -> Iterator[Contradiction]:
        """Lines right below each other that quarrel, and lines that correct the one above."""
        return _faults(self._lines)


def _faults(lines: Sequence[Line]) -> Iterator[Contradiction]:
    told: list[tuple[int, Line, Line]] = []
    for one, two in pairwise(lines):
        if not 0 < two.piece.line - one.piece.last <= _APART_BY:
            continue
        fixed = _corrected(one, two)
        if fixed is not None:
            yield fixed
            continue
        if not one.sourced and not two.sourced:
            continue
        sum_ = points(one, two)
        if sum_ >= _TOLD_FROM and _of_one_thing(one, two):
            told.append((sum_, one, two))
    for place, (sum_, one, two) in enumerate(told):
        beside = [other for other in (*told[max(0, place - 1) : place], *told[place + 1 : place + 2])
                  if other[1] is two or other[2] is one]  # fmt: skip
        more = any(other[0] > sum_ for other in beside)
        if sum_ >= _TOLD_FROM + (_CLEAR_OF_NEXT if more else 0):
            yield _fault(one, two)


def points(one: Line, two: Line) -> int:
    """How much speaks for two lines quarrelling, in tenths of log-odds."""
    clashing = _clashing(one, two)
    if not clashing and one.denies == two.denies and not (one.sourced and two.sourced):
        return _BIAS
    got = _BIAS
    for sign in _cheap(one, two, clashing):
        got += _POINTS.get(sign, 0)
    if got + _SHARED >= _TOLD_FROM and not one.topic.isdisjoint(two.topic):
        got += _SHARED
    if clashing and got + _POINTS["clash_empty"] >= _TOLD_FROM and not (one.topic and two.topic):
        got += _POINTS["clash_empty"]
    if got < _TOLD_FROM:  # what speaks against it costs more to find out
        return got
    return got + sum(_POINTS.get(sign, 0) for sign in _against(one, two, clashing))


def signs(one: Line, two: Line) -> Iterator[str]:
    """The names of all the signs of a pair."""
    clashing = _clashing(one, two)
    yield from _cheap(one, two, clashing)
    if not one.topic.isdisjoint(two.topic):
        yield "sh1"
    if clashing and not (one.topic and two.topic):
        yield "clash_empty"
    yield from _against(one, two, clashing)


def _cheap(one: Line, two: Line, clashing: Collection[str]) -> list[str]:
    """The signs for it that the words of the two lines give."""
    found = [*clashing]
    if one.sourced and two.sourced:
        found += ("two_src", "clash_2src") if clashing else ("two_src",)
    if one.he:
        found.append("he_a")
    if two.he:
        found.append("he_b")
    if one.he != two.he and (two if one.he else one).third:
        found.append("opp")
    if one.other:
        found.append("psays_a")
    if two.other:
        found.append("psays_b")
    if two.colon:
        found.append("colon_b")
    if two.paper:
        found.append("paper_b")
    if not two.piece.known.isdisjoint(ONLY) or BUT.match(two.piece.text):
        found.append("but")
    if one.denies != two.denies:
        found.append("deny1")
        if (two if one.denies else one).done:
            found.append("deny_comm")
    if one.never_came != two.never_came:
        no, yes = (one, two) if one.never_came else (two, one)
        if yes.done:
            found += ("drec_comm", "drec_third") if no.third else ("drec_comm",)
    return found


def _against(one: Line, two: Line, clashing: Collection[str]) -> Iterator[str]:
    if one.third and two.third and not one.he and not two.he:
        yield "third_third"
    if one.negative != two.negative:
        yield "neg1"
    if one.open or two.open:
        yield "open"
    if clashing and not one.sourced and not two.sourced:
        yield "clash_nosrc"
    if one.names and two.names:
        yield "names_apart" if one.names.isdisjoint(two.names) else "names_sh"
    if one.piece.to_do or two.piece.to_do:
        yield "todo"
    if one.changed != two.changed:
        yield "apart"


def _clashing(one: Line, two: Line) -> set[str]:
    """How the values of two lines clash; empty where they have none of one kind, or one in common."""
    found: set[str] = set()
    if not one.values or not two.values:
        return found
    for kind in _KINDS:
        a, b = one.values.get(kind), two.values.get(kind)
        if not a or not b or any(equal(x[1], y[1]) for x in a for y in b):
            continue
        apart = [(x, y) for x in a for y in b if clash(x[1], y[1])]
        if not apart:
            continue
        found.add("clash")
        alone = len(a) == len(b) == 1
        if kind == "money":
            found.update(_sums(apart, alone))
        else:
            found.add(f"{kind}{'1' if alone else '_many'}")
    return found


def _sums(apart: Sequence[tuple[Told, Told]], alone: bool) -> Iterator[str]:
    for (_, a, _), (_, b, _) in apart:
        assert isinstance(a, Money)
        assert isinstance(b, Money)
        x, y = a.figures, b.figures
        small, big = sorted((a.cents, b.cents))
        swapped = sorted(x) == sorted(y)
        if (len(x) == len(y) >= 3 and (swapped or sum(map(str.__ne__, x, y)) == 1)) or (
            big in (small * 10, small * 100)
        ):
            yield "money_slip"
        if swapped and len(x) > 3:
            yield "money_perm"
        if alone and big * 10 < small * 16:
            yield "money_near"
        if bool(a.per) != bool(b.per):
            yield "money_per"


def _corrected(one: Line, two: Line) -> Contradiction | None:
    if CORRECTS.match(two.piece.text) is None:
        return None
    for kind in ("money", "day", "time", "length", "number"):
        b = two.values.get(kind)
        a = one.values.get(kind) or (one.values.get("length") if kind == "number" else None)
        if a and b and (kind == "number" or clash(a[0][1], b[0][1])):
            return _told(one, two, "the later line puts the earlier one right", a[0][2], b[0][2])
    return None


def _of_one_thing(one: Line, two: Line) -> bool:
    """Whether what the points found can be of one thing: looked at where a pair would be told."""
    if one.advice or two.advice:
        return False
    if _told_values(one, two) is not None:
        return True
    if one.denies == two.denies and _clashing(one, two):
        return False  # the values that clash are of two things
    # a day for a hearing is no answer to what is said of something else
    on_a_day = [said for said in (one, two) if said.piece.event in _TAKES_PLACE]
    apart = bool(one.topic and two.topic) and one.topic.isdisjoint(two.topic)
    alone = apart and len(on_a_day) == 1 and not on_a_day[0].denies
    return not (alone and (one.denies == two.denies or not on_a_day[0].done))


def _told_values(one: Line, two: Line) -> tuple[str, str] | None:
    """The two values that a pair is told with, those in like units and words before others."""
    for kind in _KINDS:
        found = [
            (-_alike(one, x[2], two, y[2]), n, x[2], y[2])
            for n, (x, y) in enumerate(product(one.values.get(kind, ()), two.values.get(kind, ())))
            if clash(x[1], y[1]) and not (kind == "day" and _days_of_two(one, x[2], two, y[2]))
            and not (kind == "length" and _lengths_of_two(one, x[2], two, y[2]))
        ]  # fmt: skip
        if found:
            return min(found)[2:]
    return None


def _near(said: Line, value: str) -> str:
    """The words around a value, up to the next comma."""
    text = said.piece.text
    place = max(0, text.find(value))
    before = re.split(r"[,;.(]\s", text[max(0, place - _NEAR) : place])[-1]
    return before + re.split(r"[,;.(]\s?", text[place + len(value) : place + len(value) + _NEAR])[0]


def _alike(one: Line, value: str, two: Line, other: str) -> int:
    words = topic(_near(one, value)) & topic(_near(two, other))
    return 2 * (value.lower().split()[-1:] == other.lower().split()[-1:]) + len(words)


def _lengths_of_two(one: Line, value: str, two: Line, other: str) -> bool:
    """Whether they are of two things of an employment: weeks of notice, days of holiday."""
    a, b = (_OF_JOB & (topic(_near(said, text)) or said.topic) for said, text in ((one, value), (two, other)))
    return bool(a and b) and a.isdisjoint(b)


def _days_of_two(one: Line, value: str, two: Line, other: str) -> bool:
    """Whether one is the day on which something ended and the other the last for doing something."""
    a, b = classes(_near(one, value)), classes(_near(two, other))
    return ("end" in a and b == {"deadline"}) or ("end" in b and a == {"deadline"})


def _fault(one: Line, two: Line) -> Contradiction:
    values = _told_values(one, two)
    if values is not None:
        return _told(one, two, "two sources give two values", *values)
    if one.denies != two.denies:
        return _told(one, two, "one line says that it is so, the other that it is not")
    return _told(one, two, "two sources do not seem to agree")


def _told(one: Line, two: Line, what: str, *values: str) -> Contradiction:
    lines = {one.piece.line, two.piece.line}
    if values:
        places = (max(0, said.piece.text.find(value)) for said, value in zip((one, two), values, strict=True))
        lines = {said.piece.at(place) for said, place in zip((one, two), places, strict=True)}
    told = values or (one.piece.text, two.piece.text)
    return Contradiction(lines=tuple(sorted(lines)), what=what, values=told)
