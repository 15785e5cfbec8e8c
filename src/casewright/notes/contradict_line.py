"""What one line says twice: a sum per letter and another on the client's word, nothing paid since a month and
a payment after it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from casewright.api.notes import Contradiction
from casewright.notes.contradict_facts import things_of
from casewright.notes.contradict_pieces import Piece
from casewright.notes.contradict_source_values import PAPER_DAY
from casewright.notes.values import same_day
from casewright.notes.values_calendar import month_of
from casewright.notes.values_kinds import Amount, Day, Found, Value

_SOURCE = (
    r"(?:says?|said|shows?|states?|stated|letter|ltr|stmt|statement|receipt|agmt|agreement|payslip|invoice|bill"
    r"|reckons?|thinks?|insists?|claims?|disputes?|contract|email|text|per|acc(?:ording)? to|adamant|portal"
    r"|online|jnl|journal)"
)
_FIRST = re.compile(rf"\b{_SOURCE}\b", re.IGNORECASE)
# The second source's words and no more: another thing beside it is another sum. It never goes back, for a
# word that is of two of these would double its time.
_SECOND = re.compile(
    r"^(?:(?:but|though|although|whereas|while|however|the|his|her|their|own|that|it|its|is|was|of|to|as|at"
    r"|be|only|cl|client|ct|clt|she|he|they|her|ll|landlord|agent|bank|council|lender|firm|company|employer"
    rf"|tenant|in|on|(?-i:[A-Z][a-z]+)|{_SOURCE})(?:['’]s)?\b ?)*+$",
    re.IGNORECASE,
)
_JOINT = re.compile(r"[,;(]\s?| [-–—/] |\s(?=but |though |whereas |while )")
_OTHERWISE = re.compile(
    r"\b(?:offer\w*|pay|paid|pd|paying|towards|of which|instal\w*|reduc\w*|now|incl\w*|plus|and|then|from"
    r"|afford|limit|until|before|after|were|up to|increas\w*|went|if|refund\w*|off|since|ago|each|extra|more"
    r"|used to|previous\w*|new|old)\b",
    re.IGNORECASE,
)
_MONTH = r"(?P<{}>jan|feb|mar|apr|may|june?|july?|aug|sept?|oct|nov|dec)[a-z]*"
_UNPAID = re.compile(
    r"\b(?:not (?:been )?(?:pay(?:ing)?|paid)|has ?n['’]?t (?:been )?(?:paying|paid)"
    r"|nothing (?:was |been )?paid"
    r"|paid nothing|no (?:\w+ )?payments?(?: made)?)\b[^.;]{0,50}?\bsince (?:\d{1,2}\w{0,2} )?"
    + _MONTH.format("first")
    + r"\b.{0,60}?(?:\b(?:paid|payment of|pd) (?:\w+ )?£[\d,.]*\d.{0,16}?|£[\d,.]*\d (?:was )?(?:paid|pd) )"
    r"\b(?:in|on|during) (?:\d{1,2}\w{0,2} )?" + _MONTH.format("then") + r"\b",
    re.IGNORECASE,
)
_MOST_MONTHS = 8  # a month that comes later than so much is the one before


def line_faults(piece: Piece) -> Iterator[Contradiction]:
    """Two sources of one line with two values for one thing, and payments after the last one."""
    if not piece.values:
        return
    for one, two in _two_sources(piece.text, piece.values):
        what = "the line gives two values"
        yield Contradiction(lines=_lines(piece, one.start, two.start), what=what, values=(one.text, two.text))
    found = _UNPAID.search(piece.text) if "since" in piece.known else None
    if found and 0 < (month_of(found["then"]) - month_of(found["first"])) % 12 <= _MOST_MONTHS:
        what = f"nothing was paid since {found['first']}, and something in {found['then']}"
        yield Contradiction(
            lines=_lines(piece, found.start(), found.end() - 1), what=what, values=(found[0],)
        )


def _lines(piece: Piece, *places: int) -> tuple[int, ...]:
    return tuple(sorted({piece.at(place) for place in places}))


def _two_sources(text: str, values: Sequence[Found[Value]]) -> Iterator[tuple[Found[Value], Found[Value]]]:
    """Values with a source behind the first and one before the second: "£640 per letter, cl says £460"."""
    told = [
        one for one in values
        if isinstance(one.value, Amount)
        or (isinstance(one.value, Day) and not PAPER_DAY.search(text[max(0, one.start - 30) : one.start]))
    ]  # fmt: skip
    for one, two in pairwise(told) if len(told) > 1 else ():
        if not _apart(one.value, two.value):
            continue
        between = text[one.end : two.start]
        joints = list(_JOINT.finditer(between)) if len(between) <= 90 else []
        if not joints or "£" in between or _OTHERWISE.search(between + text[two.end : two.end + 14]):
            continue
        first, second = between[: joints[-1].start()], between[joints[-1].end() :]
        if not _FIRST.search(first) or not _SECOND.match(second):
            continue
        tail = text[two.end : two.end + 24]
        named = _FIRST.search(second) or (not second.strip() and _FIRST.search(tail))
        if named and things_of(second) <= things_of(text[: one.end] + first):
            yield one, two


def _apart(one: Value, two: Value) -> bool:
    if isinstance(one, Amount) and isinstance(two, Amount):
        small, big = sorted((one.value, two.value))
        return one.currency == two.currency and one.per == two.per and small < big < small * 4
    return isinstance(one, Day) and isinstance(two, Day) and same_day(one, two) is False
