"""Values that two lines give for one thing, told by the words that the lines share and by who says so.

"Rent £795 … agmt says £759" shares nothing but the likeness of the figures and that the second is somebody's
word; "advance £400 … told £500 advance" shares its thing. Each alone would be chance, so two of the three are
asked for: a shared thing, figures that look like a slip, and a line that reports what a paper or person says.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from casewright.notes.contradict_counts import (
    NUMBERS,
    counts_in,
    noun_of,
)
from casewright.notes.contradict_facts import things_of
from casewright.notes.contradict_pieces import Piece
from casewright.notes.contradict_words import Lazy, classes, topic
from casewright.notes.values_kinds import Amount, Day, Duration, Found, Partial, Time, Value
from casewright.notes.words import PARTIES, listed

# What is done with many things, and the papers that say so: to share these alone means nothing.
_VERBS = listed(
    "bought payment send receive agree report claim notice contract bill sign order decision form bank"
    " tenancy"
)
_ONE_WORD = ({"was"}, {"were"}, {"now"}, {"total"})  # "advance was £360" may be no more than a tense
_KINDS = listed("gas elec water loan card overdraft council_tax rent deposit mortgage phone")
# What takes place on a day: a line on one of these is not on another.
_EVENTS = listed("incident hearing bailiff appt visit assessment birth die dismissed")
_OF_PAPER = re.compile(
    r"\b(?:letters?|ltr|texts?|e-?mail|stmt|statement|report|voicemail|passbook)(?: \w+){0,3} $",
    re.IGNORECASE,
)
_CHANGED = re.compile(
    r"\b(?:total|altogether|in all|was|were|used to|previous\w*|now|increas\w+|reduc\w+|rise[ns]?|rising"
    r"|up(?! to date| front)"
    r"|down to|down from"
    r"|original(?:ly)?|initial(?:ly)?|next year|if|would|could|max\w*|min(?:imum)?|at least|over|under"
    r"|more than"
    r"|less than|half|share|another|further|additional|extra|plus|limit|cap|LHA|each|instead|rather|drop\w*"
    r"|back ?dated"
    r"|rebate|of which|about|approx\w*|around|roughly|circa|nearly|almost|gross|est(?:imate)?|<"
    r"|off (?:the )?)\b|~|=|\bx\s?£|£[\d.,]+ to £",
    re.IGNORECASE,
)
_MOVED = re.compile(
    r"\b(?:adjourn\w*|re-?schedul\w*|re-?arrang\w*|postpon\w*|moved (?:to|from)|changed (?:to|from)"
    r"|put back|brought forward"
    r"|re-?list\w*|cancel(?:led)? (?:and|to)|exten\w+|originally|was (?:due|set|listed|meant)|instead"
    r"|previous\w*|next"
    r"|another|follow[- ]?up|new|second|2nd|third|3rd|further|other|old|again|every|each|weekly|between"
    r"|if)\b",
    re.IGNORECASE,
)
_ROLE = re.compile(
    r"\b(?:(?P<limit>limit|lim|cap|LHA|allow\w*|threshold)|(?P<offer>offer\w*|propos\w+|afford|can pay"
    r"|wants?(?: £)|agreed)"
    r"|(?P<part>instal\w+|towards|token|deduct\w*|repay\w*|a (?:week|month)|coming off|x \d\d)"
    r"|(?P<owed>owe[sd]?|owing|arrears|arr|debts?|balance|bal|outstanding|o/s|behind)"
    r"|(?P<back>refund\w*|returned|kept|got back))\b",
    re.IGNORECASE,
)
_WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_WHOSE = re.compile(
    r"\b(?:wife|husband|partner|mum|mother|dad|father|sister|brother|ex(?! notice| [A-Z])|flatmates?|friend"
    r"|neighbour|lodger)(?:'s)?\b"
    r"|\b(?:Mr|Mrs|Ms|Miss) [A-Z]\w+"
)


@dataclass(eq=False)  # made for every value of every line: a frozen one takes twice as long to make
class Saying:
    """One value, the words that say what it is of, and whether its line reports what a paper or person"
    " says.
    """

    line: int
    kind: str
    value: Amount | Day | Time | Decimal
    words: frozenset[str]
    wide: frozenset[str]
    names: frozenset[str]
    whose: frozenset[str]
    reported: bool
    part: str
    own: str
    around: str
    bare: bool
    text: str

    @Lazy
    def classes(self) -> frozenset[str]:
        """Of what kind its day is, or what part its amount plays."""
        return classes(self.own) if self.kind == "day" else _roles(self.around)

    @Lazy
    def marks(self) -> frozenset[str]:
        """The words beside the value that say that it was otherwise, is a part, or is of another time."""
        marks = (_MOVED if self.kind in ("day", "time", "day of a paper") else _CHANGED).findall(self.part)
        return frozenset(mark.lower() for mark in marks)

    @Lazy
    def things(self) -> frozenset[str]:
        """The known things that its part is about."""
        return things_of(self.own)

    @Lazy
    def figures(self) -> str:
        """The figures of an amount."""
        return f"{self.value.value:.2f}".removesuffix(".00") if isinstance(self.value, Amount) else ""

    @Lazy
    def parties(self) -> frozenset[str]:
        """Who is named in its part."""
        return frozenset(PARTIES.intersection(self.own.lower().split()))


def sayings(piece: Piece) -> Iterator[Saying]:
    """The values of one entry that something can be said of twice."""
    line_at, text, found, all_words = piece.at, piece.text, piece.values, piece.words
    reported = piece.reported
    counts = counts_in(text, all_words)
    # a time that opens a line is when it was written
    told = [one for one in found if isinstance(one.value, Amount | Day | Duration)
            or (isinstance(one.value, Time) and one.start)]  # fmt: skip
    if not told and not counts:
        return
    whose = frozenset(word.lower().removesuffix("'s") for word in _WHOSE.findall(text))
    names, wide = piece.names, piece.topic
    opening = frozenset(all_words[:1])
    parts = piece.parts
    for one in told:
        first, last = next(((a, b) for a, b in parts if a <= one.start < b), (0, len(text)))
        before = [other.end for other in told if first <= other.start < one.start and like(other, one)]
        part = text[max([first, *before]) : last]
        own = wide if part == text else topic(part)
        if not own and isinstance(one.value, Duration) and first:  # "notice pay - 6 wks": what is before it
            own = topic(text[max([0, *(b for _, b in parts if b < first)]) : last])
        alone = len([other for other in told if like(other, one)]) == 1
        words = own or wide
        kind, value = _kind(one.value)
        if kind == "day" and _OF_PAPER.search(text[max(0, one.start - 40) : one.start]):
            kind = "day of a paper"
        # a sentence's first word has a capital whatever it is; a sum is of the name that opens its line
        called = names if kind == "money" else names - opening
        yield Saying(
            line_at(one.start), kind, value, words, wide if alone else words, called, whose, reported,
            text[first:last], part, text if alone else part, not own - _VERBS, one.text,
        )  # fmt: skip
    for match in counts:
        noun = noun_of(match["what"].lower())
        number = NUMBERS.get(match["count"].lower()) or int(match["count"])
        less = re.search(
            r"\b(?:other|of|elements?|at (?:school|home)|in all|live[sd]?|living|x)\b",
            text[max(0, match.start() - 6) : match.end() + 12],
        )
        if less:
            continue
        yield Saying(
            line_at(match.start()), noun, Decimal(number), wide | {noun}, wide | {noun}, names,
            whose,
            reported, text, "", "", False, match[0],
        )  # fmt: skip


def like(one: Found[Value], two: Found[Value]) -> bool:
    """Whether two values are of one kind."""
    return type(one.value) is type(two.value)


def _kind(value: Value) -> tuple[str, Amount | Day | Time | Decimal]:
    if isinstance(value, Amount):
        return "money", value
    if isinstance(value, Day):
        return "day", value
    if isinstance(value, Time):
        return "time", value
    assert isinstance(value, Duration)
    return f"{value.unit}s", value.count


def _roles(text: str) -> frozenset[str]:
    return frozenset(match.lastgroup for match in _ROLE.finditer(text) if match.lastgroup)


def differ(
    one: Saying, two: Saying, meeting: date | None, day_clash: Callable[[Day, Day], bool]
) -> str | None:
    """In words, what two sayings give two values for; None where both can hold."""
    if one.kind != two.kind or one.line == two.line or one.value == two.value:
        return None
    if one.whose != two.whose and _of_others(one, two):
        return None
    if one.kind == "day of a paper" and len(one.wide & two.wide) < 2:
        return None
    if isinstance(one.value, Amount) and isinstance(two.value, Amount):
        held = _money(one, two)
    elif isinstance(one.value, Day) and isinstance(two.value, Day):
        held = (_day(one, two) and day_clash(one.value, two.value)) or _weekdays(one, two)
    elif isinstance(one.value, Time) and isinstance(two.value, Time):
        held = _time(one, two)
    else:
        held = _count(one, two)
    if not held or _of_others(one, two) or (one.things and two.things and not one.things & two.things):
        return None
    apart = one.marks ^ two.marks
    if apart and not (_swapped(one, two) and apart in _ONE_WORD):
        return None
    shared = ", ".join(sorted(one.words & two.words) or sorted(one.wide & two.wide))
    return f"two values for what may be one thing{f' ({shared})' if shared else ''}"


def _of_others(one: Saying, two: Saying) -> bool:
    """Whether the two are said of different people, or of different kinds of debt or supply."""
    kinds = one.wide & _KINDS, two.wide & _KINDS
    if kinds[0] and kinds[1] and not kinds[0] & kinds[1]:
        return True
    return one.whose != two.whose and "dies" not in one.classes & two.classes


def _swapped(one: Saying, two: Saying) -> bool:
    return isinstance(one.value, Amount) and isinstance(two.value, Amount) and likeness(one, two)[0]


def _money(one: Saying, two: Saying) -> bool:
    a, b = one.value, two.value
    assert isinstance(a, Amount) and isinstance(b, Amount)
    if a.value == b.value or a.currency != b.currency or (a.per and b.per and a.per != b.per):
        return False
    reported = one.reported or two.reported
    shared = one.words & two.words
    apart = bool(one.names and two.names and not one.names & two.names)
    if not reported and not shared - _VERBS:
        return False
    swapped, near, tenfold = likeness(one, two)
    if not (reported or swapped or tenfold):
        return False
    if (
        one.classes != two.classes
        and one.classes & two.classes == frozenset()
        and one.classes
        and two.classes
    ):
        return False
    if tenfold:
        return bool(shared - _VERBS) and (reported or not apart)
    if swapped:
        return (reported and not apart) or (
            bool(shared - _VERBS) and (not apart or len(shared) > 1 or (reported and "debt" in shared))
        )
    if near and reported and a.per == b.per and (one.bare or two.bare) and not apart:
        return True
    ratio = max(a.value, b.value) / max(min(a.value, b.value), Decimal("0.01"))
    if bool(a.per) != bool(b.per):
        return False
    if not reported or not shared - _VERBS or ratio > 3 or apart:
        return False
    return near or one.classes == two.classes


def slips(money: Amount) -> Iterator[str]:
    """The figures with each hidden in turn: sums that one wrong figure sets apart have one of these in"
    " common.
    """
    figures = f"{money.value:.2f}".removesuffix(".00")
    if 3 <= len(figures) <= 9:
        for place in range(len(figures)):
            yield f"{figures[:place]}_{figures[place + 1 :]}"


def likeness(one: Saying, two: Saying) -> tuple[bool, bool, bool]:
    """Whether two sums have the same figures in another order (or a nought more), whether one figure
    differs, and whether one is ten or a hundred times the other.
    """
    assert isinstance(one.value, Amount)
    assert isinstance(two.value, Amount)
    a, b = one.figures, two.figures
    if len(a) != len(b):
        small, big = sorted((one.value.value, two.value.value))
        tenfold = big in (small * 10, small * 100)
        return tenfold and small >= 10, tenfold and small >= 10, tenfold
    if len(a) < 3:
        return sorted(a) == sorted(b) and len(a) == 2, False, False
    apart = sum(map(str.__ne__, a, b))
    return apart <= 3 and sorted(a) == sorted(b), apart == 1, False


def _day(one: Saying, two: Saying) -> bool:
    if one.classes and two.classes and not one.classes & two.classes:
        return False
    if one.names and two.names and not one.names & two.names and not (one.reported and two.reported):
        return False
    assert isinstance(one.value, Day) and isinstance(two.value, Day)
    if one.parties and two.parties and not one.parties & two.parties and not (one.reported and two.reported):
        return False
    if one.wide & _EVENTS and two.wide & _EVENTS and not one.wide & two.wide & _EVENTS:
        return False
    near = days_near(one.value, two.value)
    shared = len(one.wide & two.wide)
    reported = one.reported or two.reported
    slip = slip_of(one.value, two.value)
    if near:
        kinds = one.classes & two.classes
        if ("end" in one.classes) != ("end" in two.classes):
            kinds -= {"deadline"}
        lasting = kinds & {"start", "end", "dies"}
        if slip and (
            (shared and (reported or lasting))
            or (reported and (lasting or (kinds and (one.bare or two.bare))))
        ):
            return True
        return shared >= 2 or (reported and shared == 1 and bool(kinds or one.wide & two.wide & _EVENTS))
    # an end is no time by which something else is to be done
    held = one.classes & two.classes
    if ("end" in one.classes) != ("end" in two.classes):
        held -= {"deadline"}
    return reported and shared >= 2 and bool(held)


def _weekdays(one: Saying, two: Saying) -> bool:
    """Whether one date has two weekdays."""
    a, b = one.text.lower(), two.text.lower()
    if a[:3] not in _WEEK or b[:3] not in _WEEK:
        return False
    first, second = (next((day for day in _WEEK if text.startswith(day)), None) for text in (a, b))
    figures = [re.findall(r"\d+|[a-z]{3}", re.sub(r"^[a-z]+", "", text))[:2] for text in (a, b)]
    return first is not None and second is not None and first != second and figures[0] == figures[1] != []


def _time(one: Saying, two: Saying) -> bool:
    a, b = one.value, two.value
    assert isinstance(a, Time) and isinstance(b, Time)
    if (a.hour % 12, a.minute) == (b.hour % 12, b.minute):
        return False
    return bool(one.wide & two.wide & {"hearing", "appt", "visit", "assessment", "bailiff"}) and (
        one.reported or two.reported
    )


def _count(one: Saying, two: Saying) -> bool:
    shared = one.words & two.words - {one.kind} - _VERBS
    if one.kind in ("child", "bed", "payment", "dependant", "creditor", "point", "employee"):
        return one.kind in ("child", "bed") or one.reported or two.reported
    return (
        bool(shared)
        and (one.reported or two.reported)
        and one.kind not in ("money", "day", "time", "minutes", "day of a paper")
    )


def days_near(one: Day, two: Day) -> bool:
    """Whether one day may be a slip for the other: the same month, or the same day of another month."""
    a, b = one.value, two.value
    if not isinstance(a, date | Partial) or not isinstance(b, date | Partial):
        return False
    if a.day is None or b.day is None:
        return False
    if a.month == b.month:
        return abs(a.day - b.day) in (1, 2, 3, 9, 10, 20) or sorted(f"{a.day:02}") == sorted(f"{b.day:02}")
    return a.day == b.day


def slip_of(one: Day, two: Day) -> bool:
    """Whether one figure makes the difference: the 4th and the 14th, the 12th and the 21st."""
    a, b = one.value, two.value
    if (
        not isinstance(a, date | Partial)
        or not isinstance(b, date | Partial)
        or a.day is None
        or b.day is None
    ):
        return False
    return a.month == b.month and (
        abs(a.day - b.day) in (10, 20) or sorted(f"{a.day:02}") == sorted(f"{b.day:02}")
    )
