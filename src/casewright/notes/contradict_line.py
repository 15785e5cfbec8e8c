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
# Beside a payment: that it is to come, or that there was none. Who says so may stand between.
_NOT_MADE = re.compile(
    r"\b(?:will|won['’]t|shall|should|would|could|can|might|must|may (?:be|make|pay|send|get)|going to|gonna"
    r"|to (?:be|make|pay|send|start|begin|get|receive|set up)|be (?:paid|pd)|due|if|unless|until|next"
    r"|first payment|wants?|asks?|asked|needs?|offer\w*|promis\w+|agree[sd]?|propos\w+|plan\w*|hop(?:es?|ing)"
    r"|expect\w*|inten\w+|arrang\w+|schedul\w+|starting|no|not|nor|never|missed|refused|failed|without)\b"
    r"|n['’]t\b|['’]ll\b",
    re.IGNORECASE,
)
_STILL_TO_COME = re.compile(
    r"^[^.;]{0,12}?\b(?:agreed|due|promised|offered|planned|proposed|expected|scheduled|if|hopefully"
    r"|at the latest|onwards)\b",
    re.IGNORECASE,
)
_IN_PAPERS = re.compile(r"\b(?:shows?|showed|says?|said|states?|confirms?|confirmed|but|though)\b", re.I)
_MOST_MONTHS = 8  # a month that comes later than so much is the one before
# What a sum can be of besides the things that are known; what is owed is one thing by all its names.
_OWED = re.compile(r"\b(?:arrears|behind|owe[sd]?|owing|o/s|outstanding|debts?)\b", re.IGNORECASE)
_ALSO_OF = re.compile(
    r"\b(?:arrears|behind|damages?|cleaning|interest|court|bonus|overtime|tips|notice pay|compensation|food"
    r"|travel|furniture|(?<!council )tax|deductions?|sofa|fridge|boiler|car|laptop|kitchen|roof)\b",
    re.IGNORECASE,
)
_GROSS = re.compile(r"\bgross\b", re.IGNORECASE)
# Papers that are of one sender each; a bank's statement and a payslip are proof of what others say.
_PAPER = r"(?:letters?|ltr|e-?mail|text|bill|invoice|stmt|statement|notice|report|demand)"
_PAPER_OF = re.compile(
    r"\b(?:(?!(?:the|a|an|his|her|their|this|that|per|in|by|of|and|but|says?|though|while|new|old|latest|last"
    r"|first|second|same|bank|final|earlier|later|another|other)\b)"
    rf"(?P<of>\w+)(?:['’]s)? {_PAPER}|{_PAPER} from (?:the |her |his )?(?P<by>\w+))\b",
    re.IGNORECASE,
)
_TWO_OF_THEM = re.compile(
    r"\b(?:diff(?:erent)?|separate|unrelated|two|2) (?:jobs|debts|accounts|a/cs|bills|invoices|loans|cards"
    r"|hearings|periods|claims|matters|cases|properties|flats|firms|creditors|meters|people|things|items)\b"
    r"|\b(?:second|2nd|third|3rd|next|further|another) (?:invoice|bill|payslip|receipt|quote|job|debt|loan)\b"
    r"|\b(?:second|2nd|third|3rd) (?:letter|ltr|email|text) £",
    re.IGNORECASE,
)
_BARE_MONTH = re.compile(
    r"(?<!\d )(?<!\dth )(?<!\dst )(?<!\dnd )(?<!\drd )\b(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
    r"(?:[a-z]{1,6})?\b(?! \d{1,2}\b)"
)
_PART = re.compile(
    r"\b(?:part(?: |-)?(?:paid|pd|payment)?|of (?:it|this|that|which|the)|towards|off|on account|instal\w*"
    r"|paid|pd|repaid|now|back|left|extra|more)\b",
    re.IGNORECASE,
)
_WAS = re.compile(r"\b(?:was|were|used to be|originally|previously|old|until)\b[^£\d]{0,12}$", re.IGNORECASE)
_IS_NOW = re.compile(r"\b(?:is|now|new|today|currently)\b", re.IGNORECASE)
_PER_PAPER = re.compile(r"\b(?:per|acc(?:ording)? to) (?:\w+(?:['’]s)? ){0,3}$", re.IGNORECASE)
_OF_DAY = re.compile(r"\b(?:dated|dtd|of|from) $", re.IGNORECASE)
_CLAUSE = re.compile(r"[,;.(](?:\s|$)| [-–—/] |\b(?:and|but|though|while)\b", re.IGNORECASE)
_PENCE = re.compile(r"\.\d")


def line_faults(piece: Piece) -> Iterator[Contradiction]:
    """Two sources of one line with two values for one thing, and payments after the last one."""
    if not piece.values:
        return
    for one, two in _two_sources(piece.text, piece.values):
        what = "the line gives two values"
        yield Contradiction(lines=_lines(piece, one.start, two.start), what=what, values=(one.text, two.text))
    found = _UNPAID.search(piece.text) if "since" in piece.known else None
    if found and _was_made(found):
        what = f"nothing was paid since {found['first']}, and something in {found['then']}"
        yield Contradiction(
            lines=_lines(piece, found.start(), found.end() - 1), what=what, values=(found[0],)
        )


def _was_made(found: re.Match[str]) -> bool:
    """Whether the payment after the last one is of a month after it, made, and not for another thing."""
    if not 0 < (month_of(found["then"]) - month_of(found["first"])) % 12 <= _MOST_MONTHS:
        return False
    between = found.string[found.end("first") : found.start("then")]
    first, later = things_of(found.string[found.start() : found.end("first")]), things_of(between)
    if (first and not later <= first) or _STILL_TO_COME.match(found.string[found.end() :]):
        return False
    # "cl has to pay, but stmt shows payment of £60": what was to be is not what the paper shows
    shown = [said.end() for said in _IN_PAPERS.finditer(between)]
    return not _NOT_MADE.search(between[shown[-1] if shown else 0 :])


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
        if named and things_of(second) <= things_of(text[: one.end] + first) and of_one(text, one, two):
            yield one, two


def of_one(text: str, one: Found[Value], two: Found[Value]) -> bool:
    """Whether two values beside each other can be of one thing, as far as the words around them tell."""
    between = text[one.end : two.start]
    joints = list(_JOINT.finditer(between))
    cut, go_on = (joints[-1].start(), joints[-1].end()) if joints else (0, 0)
    beside, before_two = between[:cut], between[go_on:]
    end = _CLAUSE.search(text, two.end, two.end + 40)
    after = text[two.end : end.start() if end else two.end + 40]
    if isinstance(one.value, Day) and isinstance(two.value, Day):
        return not _days_of_papers(text, one, two)
    if not (isinstance(one.value, Amount) and isinstance(two.value, Amount)):
        return True
    first, second = f"{text[: one.start]} {beside}", f"{before_two} {after}"
    return not (
        _rounded(one, two)
        or _TWO_OF_THEM.search(text[max(0, one.start - 60) : two.end + 60])
        or _two_things(first, beside, second)
        or _two_senders(first, second)
        or (_GROSS.search(first) is None) != (_GROSS.search(second) is None)
        or _two_months(text[max(0, one.start - 30) : one.start] + beside, text[one.end + cut : two.end + 24])
        or (_PART.search(after[:20]) and not _PART.search(first))
        or (_WAS.search(text[: one.start]) and _IS_NOW.search(second))
    )


def _rounded(one: Found[Value], two: Found[Value]) -> bool:
    """Whether one sum is the other without its pence; two that have pence are meant to the penny.

    A sum that comes each week and one of no such stretch are not held against each other either, unless
    they are near: the other may be for a month.
    """
    if not (isinstance(one.value, Amount) and isinstance(two.value, Amount)):
        return False
    small, big = sorted((one.value.value, two.value.value))
    if (one.value.per is None) != (two.value.per is None) and big * 2 >= small * 3:
        return True
    return big - small < 1 and not (_PENCE.search(one.text) and _PENCE.search(two.text))


def _two_things(first: str, beside: str, second: str) -> bool:
    """Whether the second is of a thing that the first is not of; ``beside`` stands behind the first."""
    ones, twos, near = (_of(text) for text in (first, second, beside))
    return bool(twos - ones or (twos and near and not twos & near))


def _of(text: str) -> frozenset[str]:
    """What a sum is of, by the words on its side but for the papers that give it."""
    also = {"owed" if _OWED.fullmatch(word) else word.lower() for word in _ALSO_OF.findall(text)}
    return things_of(_FIRST.sub(" ", text)) | also


def _two_senders(first: str, second: str) -> bool:
    """Whether two papers of two senders say it and nothing says that both write of one thing."""
    ones, twos = _senders(first), _senders(second)
    return bool(ones and twos and not ones & twos) and not things_of(_PAPER_OF.sub(" ", first))


def _senders(text: str) -> frozenset[str]:
    return frozenset((found["of"] or found["by"]).lower() for found in _PAPER_OF.finditer(text))


def _two_months(first: str, second: str) -> bool:
    """Whether the sums are of two months: "May payslip £1,200, June payslip £1,350"."""
    ones, twos = set(_BARE_MONTH.findall(first)), set(_BARE_MONTH.findall(second))
    return bool(ones and twos and not ones & twos)


def _days_of_papers(text: str, one: Found[Value], two: Found[Value]) -> bool:
    """Whether the days are when two papers were written: "GP letter 3 May, hospital letter 5 May"."""
    first, second = text[: one.start][-40:], text[: two.start][-40:]
    if not PAPER_DAY.search(second):
        return False
    return bool(_OF_DAY.search(second) or (PAPER_DAY.search(first) and not _PER_PAPER.search(first)))


def _apart(one: Value, two: Value) -> bool:
    if isinstance(one, Amount) and isinstance(two, Amount):
        small, big = sorted((one.value, two.value))
        return one.currency == two.currency and one.per == two.per and small < big < small * 4
    return isinstance(one, Day) and isinstance(two, Day) and same_day(one, two) is False
