"""Sums that do not come out: totals, products, and two values that one line gives two speakers."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise

from casewright.api.notes import Contradiction
from casewright.notes.contradict_line import of_one
from casewright.notes.contradict_pieces import Piece
from casewright.notes.contradict_same import like
from casewright.notes.values import same_day
from casewright.notes.values_kinds import Amount, Day, Duration, Found, Number, Per, Value

_YEARLY: dict[Per, Decimal] = {
    "hour": Decimal(52 * 37),
    "day": Decimal(365),
    "week": Decimal(52),
    "fortnight": Decimal(26),
    "four weeks": Decimal(13),
    "month": Decimal(12),
    "quarter": Decimal(4),
    "year": Decimal(1),
}
_BETWEEN = re.compile(
    r"^[^£\d]{0,30}(?:\b(?:but|though|although|whereas|while|vs?\.?|yet|however|or|not)\b"
    r"|[-–,;(/?])[^£\d]{0,40}$",
    re.IGNORECASE,
)
_SPEAKS = re.compile(
    r"\b(?:says?|said|shows?|states?|letter|ltr|stmt|statement|receipt|agmt|agreement|payslip|invoice"
    r"|reckons?|thinks?|insists?"
    r"|claims?|disputes?|contract|email|text|according|acc to|per|puts|makes it|adamant|earlier|portal"
    r"|online|jnl|form)\b",
    re.IGNORECASE,
)
_NO_QUARREL = re.compile(
    r"\b(?:offer\w*|pay|paid|paying|towards|of which|instal\w*|reduc\w*|now|incl\w*|plus|and|then|from"
    r"|afford|limit|owed? to"
    r"|until|before|after|was|were|up to|increas\w*|went|if|refund\w*)\b", re.IGNORECASE
)  # fmt: skip
_DOUBT = re.compile(
    r"\b(?:contradict\w*|do(?:es)?n['’]?t (?:match|tally|add up|agree)|discrepanc\w*|differs?"
    r"|not sure which|which is right"
    r"|inconsisten\w*|conflict\w*|earlier said|said earlier|query which|check which)\b",
    re.IGNORECASE,
)
_PRODUCT = re.compile(
    r"(?<![\d.x×@])(?<![x×@] )(\d{1,3}) ?(?:(?:wks?|weeks?|mths?|months?|hrs?|hours?|days?|shifts?|nights?"
    r"|payments?|instalments?|visits?)['’]? ?)?"
    r"(?:x|×|@|at|of) ?£(\d[\d,]*(?:\.\d\d)?)(?! ?\d)"
    r" ?(?:pw|pm|ph|pcm|each|a (?:week|month|day|go)|per (?:week|month|hour|day))?"
    r"(?: ?(?:=|comes to|is|makes|totals?|so|ie|i\.e\.)|,? (?:total|tot|so|comes to|ie|i\.e\."
    r"|making)) ?(?:owed |owes )?£(\d[\d,]*(?:\.\d\d)?)",
    re.IGNORECASE,
)
_TOTAL = re.compile(
    r"\b(?:totals?|totall?ing|tot|altogether|in all|all together|adds? up to|comes? to|sum|making|makes"
    r"|overall"
    r"|all in|combined)\b(?! income)|=",
    re.IGNORECASE,
)
_ROUGH = re.compile(
    r"\b(?:about|abt|approx\w*|around|nearly|almost|over|more than|under|less than|circa|roughly|other\w*"
    r"|etc|plus"
    r"|some|limit|max\w*|between|min\w*|up to|ish|incl\w*|rest|interest|costs?|charges?|fees?|below)\b"
    r"|[~<>+]\s?£|\bc\.? ?£|\d\s?k\b|£[\d.,]+ ?(?:-|–|to) ?£",
    re.IGNORECASE,
)
_DEBTS = re.compile(r"\b(?:debts?|owe[sd]?|owing|creditors?|arrears|outgoings|income|bills)\b", re.IGNORECASE)
_MOST_ITEMS = 24  # a pasted table of more is not added up in every way
_MOST = 8  # lines above a total that its items may stand in
_PLUS = re.compile(
    r"(?P<all>(?:(?<![\d.])£?\d[\d,]*(?:\.\d\d)?[^\d£+=]{0,28}\+[^\d£+=]{0,28}){1,8}£?\d[\d,]*(?:\.\d\d)?)"
    r"[^\d£+=]{0,20}=\s?£?(?P<sum>\d[\d,]*(?:\.\d\d)?)"
)
_FIGURE = re.compile(r"\d[\d,]*(?:\.\d\d)?")


@dataclass(frozen=True, slots=True)
class _Item:
    line: int
    text: str
    value: Decimal
    per: str | None


def total_faults(
    read: Sequence[Piece],
) -> Iterator[Contradiction]:
    """Totals that no run of amounts beside them comes to, though one is near enough to be meant."""
    above: list[list[_Item]] = []
    for piece in read:
        at, text, values = piece.at, piece.text, piece.values
        yield from _written_out(at, text)
        money = [one for one in values if isinstance(one.value, Amount)]
        items = [_Item(at(one.start), one.text, one.value.value, one.value.per) for one in money
                 if isinstance(one.value, Amount)]  # fmt: skip
        if values and not money and _DEBTS.search(text) and _TOTAL.search(text):
            money = [one for one in values if isinstance(one.value, Number) and not _yearlike(one.text)]
            items = [_Item(at(one.start), one.text, one.value.value, None) for one in money
                     if isinstance(one.value, Number)]  # fmt: skip
        total = _total_of(text, money) if items else None
        if total is not None and not _ROUGH.search(text):
            fault = _held(items, total, above[-_MOST:])
            if fault is not None:
                yield fault
        above.append(items)


def _yearlike(text: str) -> bool:
    return len(text) < 2 or (len(text) == 4 and text[:2] in ("19", "20"))


def _total_of(text: str, money: Sequence[Found[Value]]) -> int | None:
    """Which amount of a text is said to be the whole of others."""
    marks = list(_TOTAL.finditer(text))
    if len(marks) != 1 or not money:
        return None
    mark = marks[0]
    after = next((n for n, one in enumerate(money) if 0 <= one.start - mark.end() <= 24), None)
    if after is not None:
        return after
    before = [n for n, one in enumerate(money) if 0 <= mark.start() - one.end <= 6]
    return (
        before[-1]
        if before and mark[0].lower() in ("in all", "altogether", "total", "tot", "overall")
        else None
    )


def _held(items: Sequence[_Item], total: int, above: Sequence[Sequence[_Item]]) -> Contradiction | None:
    whole = items[total]
    own = [one for n, one in enumerate(items) if n != total]
    if len(own) >= 2:
        run = own
        runs = [own]
    elif own:
        return None
    else:
        # the items are in the lines right above, one line or several
        run, runs = [], []
        for line in reversed(above):
            if not line:
                if run:
                    break
                continue
            run = [*line, *run]
            runs.append(run)
    if len(run) > _MOST_ITEMS:
        return None
    every = [run[a:b] for a in range(len(run)) for b in range(a + 2, len(run) + 1)]
    if len(run) < 2 or any(abs(sum(one.value for one in part) - whole.value) <= 1 for part in every):
        return None
    likely = [
        part for part in runs
        if len(part) >= (2 if own else 3) and len({one.per for one in part} | {whole.per}) == 1
    ]  # fmt: skip
    for part in likely:
        comes = sum((one.value for one in part), Decimal(0))
        biggest = max(one.value for one in part)
        if whole.value > biggest and abs(comes - whole.value) <= comes * Decimal("0.34"):
            lines = tuple(sorted({one.line for one in (*part, whole)}))
            return Contradiction(
                lines=lines, what=f"the items come to £{comes:,}, not {whole.text}",
                values=(whole.text, *(one.text for one in part)),
            )  # fmt: skip
    return None


def _written_out(at: Callable[[int], int], text: str) -> Iterator[Contradiction]:
    """Sums written out: "400 + 50 = 500", with words between the figures or none."""
    if "=" not in text or "+" not in text:
        return
    for match in _PLUS.finditer(text):
        parts = [Decimal(one.replace(",", "")) for one in _FIGURE.findall(match["all"])]
        whole = Decimal(match["sum"].replace(",", ""))
        comes = sum(parts, Decimal(0))
        if abs(comes - whole) > Decimal("0.01") and "x" not in match[0].lower() and "%" not in match[0]:
            yield Contradiction(
                lines=(at(match.start()),), what=f"a sum that comes to {comes:,}", values=(match[0].strip(),)
            )


def quarrels(text: str, found: Sequence[Found[Value]]) -> Iterator[tuple[Found[Value], Found[Value]]]:
    """Two values of one line of which it says itself that one speaker gives the one and another the other."""
    told = [one for one in found if isinstance(one.value, Amount | Day | Duration)]
    if len(told) < 2:
        return
    doubt = _DOUBT.search(text) is not None
    for one, two in pairwise(told):
        between = text[one.end : two.start]
        if not like(one, two) or one.value == two.value or len(between) > 80:
            continue
        if (
            isinstance(one.value, Day)
            and isinstance(two.value, Day)
            and same_day(one.value, two.value) is not False
        ):
            continue
        spoken = (
            len(_SPEAKS.findall(text[max(0, one.start - 60) : one.start])),
            len(_SPEAKS.findall(between + text[two.end : two.end + 20])),
        )
        both = (spoken[0] and spoken[1]) or (
            spoken[1] and re.search(r"\b(?:but|though|whereas|vs?)\b", between, re.IGNORECASE)
        )
        alike = (
            isinstance(one.value, Amount) and isinstance(two.value, Amount) and agree(one.value, two.value)
        )
        apart = both and not alike and _BETWEEN.match(between) and not _NO_QUARREL.search(between)
        if doubt or (apart and of_one(text, one, two)):
            yield one, two


def wrong_product(text: str) -> Iterator[tuple[int, str, str]]:
    """Sums that do not come out: "4 x £132 = £582"; where they stand, the sum and what it comes to."""
    if text.count("£") < 2:
        return
    for match in _PRODUCT.finditer(text):
        each, whole = (Decimal(match[n].replace(",", "")) for n in (2, 3))
        comes = int(match[1]) * each
        if abs(comes - whole) > 1:
            yield match.start(), match[0], f"£{comes:,}"


def agree(one: Amount, two: Amount) -> bool:
    """Whether two amounts are one over different lengths of time: £100 a week is £433.33 a month."""
    if one.per is None or two.per is None or one.per == two.per:
        return False
    a, b = one.value * _YEARLY[one.per], two.value * _YEARLY[two.per]
    return abs(a - b) <= max(a, b) * Decimal("0.09") or "hour" in (one.per, two.per)
