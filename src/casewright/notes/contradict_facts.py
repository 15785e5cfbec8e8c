"""What the notes say about one thing, so that two sayings can be held against each other: sums, days,
numbers.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from casewright.notes.contradict_events import ends_at
from casewright.notes.contradict_words import Lazy
from casewright.notes.values_kinds import Amount, Day, Found, Phone, Reference, Time, Value
from casewright.notes.words import PARTIES, listed

if TYPE_CHECKING:
    from casewright.notes.contradict_pieces import Piece

Role = Literal["charge", "owed", "instalment", "paid", "income", "offer"]

# A thing and the words for it; "_" joins two words, which are taken before one ("council tax" is no tax).
_THINGS = {
    word.replace("_", " "): thing
    for thing, words in {
        "rent": "rent rents rent_arrears",
        "council tax": "council_tax c/tax ctax liability_order",
        "deposit": "deposit deposits",
        "wage": "wage wages payslip payslips salary earns earning take_home net_pay hourly_rate",
        "UC": "uc universal_credit",
        "PIP": "pip",
        "housing benefit": "hb housing_benefit",
        "ESA": "esa",
        "DLA": "dla",
        "child benefit": "child_benefit chb",
        "pension": "pension pensions",
        "service charge": "service_charge service_charges",
        "gas": "gas",
        "electricity": "electric electricity leccy elec",
        "energy": "energy",
        "water": "water",
        "loan": "loan loans lent borrowed",
        "overdraft": "overdraft o/d",
        "card": "card cards credit_card visa",
        "mortgage": "mortgage",
        "fine": "fine fines pcn parking parking_charge penalty",
        "fee": "fee fees",
        "bill": "bill bills bils invoice invoices vet",
        "refund": "refund refunds",
        "redundancy": "redundancy redundancy_pay",
        "holiday pay": "holiday_pay",
        "savings": "savings",
        "maintenance": "maintenance child_maintenance csa cms",
        "catalogue": "catalogue",
        "phone": "phone mobile broadband",
        "insurance": "insurance premium",
        "price": "price cost costs quote quoted estimate repair repairs",
        "overpayment": "overpayment overpayments overpaid o/p",
        "bought": "sofa fridge boiler car laptop kitchen roof roofer roofers holiday puppy pupy"
        " washing_machine season_ticket",
    }.items()
    for word in words.split()
}
_CT = re.compile(
    r"\bLO (?:for|of|granted|£|sum)|\bCT (?:arrears|bills?|band|debts?|owed|owing|liab\w*|a/?c+|account"
    r"|team|for|\d\d|£|reduction"
    r"|support|balance|bal)\b"
)
_NEAR = 160  # characters on either side of an amount that say what it is for
_FIRST_WORDS = frozenset(word.partition(" ")[0] for word in _THINGS)
_PLAIN_WORD = re.compile(r"[a-z]+(?:/[a-z]+)?")
_ROLES: tuple[tuple[Role, re.Pattern[str]], ...] = (
    ("offer", re.compile(r"\b(?:offer(?:s|ed|ing)?|propos\w+|afford|settle\w*|suggest\w*)\b", re.I)),
    (
        "instalment",
        re.compile(
            r"\b(?:instalments?|installments?|repay\w*|towards?|token|deduct\w*|off (?:the )?arrears"
            r"|payment plan|dd|direct debit)\b",
            re.I,
        ),
    ),
    (
        "paid",
        re.compile(r"\b(?:paid|payments? (?:made|of)|sent (?:them|him|her))\b|\bbank statement\b", re.I),
    ),
    (
        "owed",
        re.compile(
            r"\b(?:owe[sd]?|owing|arrears|debts?|balance|outstanding|o/s|behind|final demand|liability)\b",
            re.I,
        ),
    ),
    ("income", re.compile(r"\b(?:gets|receives|receiving|income|award(?:ed)?|earns?)\b", re.I)),
)
_ANY_ROLE = re.compile("|".join(f"(?P<{role}>{form.pattern})" for role, form in _ROLES), re.IGNORECASE)
_ARREARS = re.compile(r"\barrears\b", re.IGNORECASE)
_CAPITAL = re.compile(r"\b[A-Z][A-Za-z&'’]+(?:\s(?:[A-Z][A-Za-z&'’]+|&))*")
_NO_NAME = listed(
    "I We He She They The A An It Its Client Cl Ct Clt LL Adv Adviser Rent Arrears Says Said States Owes"
    " Paid Pays Pay Council"
    " Letter Landlord His Her Their My Our Your Hearing Appt Appointment Court Deposit Wages Gets Income"
    " Debt Debts Loan Total"
    " Jan Feb Mar Apr May Jun Jul Aug Sep Sept Oct Nov Dec January February March April June July August"
    " September October"
    " November December Mon Tue Tues Wed Thu Thur Thurs Fri Sat Sun Monday Tuesday Wednesday Thursday"
    " Friday Saturday Sunday"
    " Discussed Advised Told Explained Called Rang Ref Has Had Is Was Will To Of On In At By For From"
    " With And But No Not Notice"
    " Bank Statement Credit Card Tax Gas Electric Water UC PIP HB ESA DLA JSA New Old Now Current Bill"
    " Balance Benefit Housing"
    " Universal Tenancy Section First Second Next Agreed Did Does Statement Also Then Company Contract"
    " Form Claim Works Lives"
    " Monthly Weekly Offer Offered Eviction Interview Assessment Meeting Deadline Both Still Mrs Mr Ms"
    " Miss Dr Employer Agent"
    " Confirmed Confirms Checked Savings Price Cost Quote Invoice Refund Fine Penalty Repairs Redundancy"
    " Insurance Pension"
    " Catalogue Overdraft Mortgage Service Charge Dismissed Started Moved Left Born Date DOB Reply"
    " Return Send Attend Go"
    " Payment Parking Tribunal Bailiffs Energy Maintenance Account Acc Later According Payslip Paperwork"
    " Screenshot Rs INR"
)
_WHOSE = re.compile(
    r"\b(?:wife|husband|partner|son|daughter|mum|mother|dad|father|sister|brother|ex|joint|flatmate"
    r"|housemate|lodger|tenant next door|neighbour|gross|net|take[- ]home)(?:'s)?\b",
    re.IGNORECASE,
)
# A day beside what only says when that was: "letter dated 6 May - the day before the hearing".
_BESIDE_IT = re.compile(
    r"\b(?:before|after|prior to|ahead of|following) (?:the |her |his |my )?(?:\w+ )?(?:hearing|hrg|appt"
    r"|appointment|meeting|interview|assessment|medical|eviction|accident|wedding|death)\b",
    re.IGNORECASE,
)
_SEGMENT = re.compile(r"[;,]\s|\.\s|\s(?:and|but|plus|then|while|whereas)\s|\s[-–—]\s", re.IGNORECASE)


@dataclass(eq=False)
class Sum:
    """An amount, what it is for, and whose."""

    line: int
    money: Amount
    things: frozenset[str]
    names: frozenset[str]
    role: Role
    whose: frozenset[str]
    days: tuple[Day, ...]
    near: tuple[Day, ...]
    text: str
    segment: str
    entry: str

    @Lazy
    def figures(self) -> str:
        """Its figures, without hundredths where it has none."""
        return f"{self.money.value:.2f}".removesuffix(".00")


@dataclass(eq=False)
class Dated:
    """A day or time of something that happens once."""

    line: int
    event: str
    day: Day | None
    time: Time | None
    names: frozenset[str]
    whose: frozenset[str]
    text: str
    entry: str


@dataclass(frozen=True, slots=True)
class Code:
    """A reference or a telephone number and whom it is of."""

    line: int
    code: str
    names: frozenset[str]
    text: str


def segments(text: str, found: tuple[Found[Value], ...]) -> list[tuple[int, int]]:
    """Parts of a text that say one thing each; a separator inside a value ends none."""
    cuts = [0]
    for cut in _SEGMENT.finditer(text):
        if not any(one.start < cut.end() - 1 and cut.start() < one.end for one in found):
            cuts.append(cut.start() if cut[0].strip().isalpha() else cut.end())
    return [(a, b) for a, b in zip(cuts, [*cuts[1:], len(text)], strict=True) if b > a]


def things_of(text: str) -> frozenset[str]:
    """What a text is about, of the things that are known."""
    words = _PLAIN_WORD.findall(text.lower())
    found: set[str] = set()
    place = len(words) if _FIRST_WORDS.isdisjoint(words) else 0
    while place < len(words):
        two = _THINGS.get(f"{words[place]} {words[place + 1]}") if place + 1 < len(words) else None
        one = two or _THINGS.get(words[place])
        if one is not None:
            found.add(one)
        place += 2 if two else 1
    if ("CT" in text or "LO" in text) and _CT.search(text):
        found.add("council tax")
    return frozenset(found)


def names_of(text: str) -> frozenset[str]:
    """The words of capitalised names, in small letters, but for words that open lines."""
    return frozenset(
        word.lower().removesuffix("'s").removesuffix("’s")
        for match in _CAPITAL.finditer(text)
        for word in match[0].split()
        if len(word) > 1 and word not in _NO_NAME
    )


def role_of(text: str, money: Amount) -> Role:
    """What part the amount plays: what is owed is not what is paid off it each month."""
    found = {match.lastgroup for match in _ANY_ROLE.finditer(text)}
    for role, _ in _ROLES if found else ():
        if role in found:
            return "instalment" if role == "owed" and money.per else role
    return "charge"


def sums(piece: Piece) -> Iterator[Sum]:
    """The amounts of one entry with the part of it that says what they are for."""
    line_at, text, found = piece.at, piece.text, piece.values
    amounts = [one for one in found if isinstance(one.value, Amount)]
    if not amounts:
        return
    parts = piece.parts
    starts = [start for start, _ in parts]
    places = [bisect_right(starts, one.start) - 1 for one in amounts]
    filled = set(places)
    whose = frozenset(word.lower().removesuffix("'s") for word in _WHOSE.findall(text))
    marked = [(one.start, one.value) for one in found if isinstance(one.value, Day)]
    days = tuple(day for _, day in marked)
    for number, one in enumerate(amounts):
        start, end = _part_of(text, number, amounts, places, parts)
        segment = _segment(text, places[number], (start, end), parts, filled)
        if not isinstance(one.value, Amount):
            continue
        things = things_of(segment)
        if not things and _ARREARS.search(segment):
            things = frozenset({"rent"})
        near = tuple(day for place, day in marked if start <= place < end)
        role = role_of(segment, one.value)
        role = role_of(text, one.value) if role == "charge" and len(amounts) == 1 else role
        names = piece.names if segment == text else names_of(segment)
        yield Sum(
            line_at(one.start), one.value, things, names, role, whose, days, near, one.text, segment, text
        )


def _part_of(
    text: str,
    number: int,
    amounts: Sequence[Found[Value]],
    places: Sequence[int],
    parts: Sequence[tuple[int, int]],
) -> tuple[int, int]:
    """The part of the text that an amount stands in, up to the amounts beside it."""
    start, end = parts[places[number]]
    first = number == 0 or places[number - 1] != places[number]
    last = number + 1 == len(amounts) or places[number + 1] != places[number]
    if not first:
        start = amounts[number - 1].end
    elif not last and _says(text[start : amounts[number].start]):
        end = amounts[number + 1].start
    return max(start, amounts[number].start - _NEAR), min(end, amounts[number].end + _NEAR)


def _segment(
    text: str, place: int, span: tuple[int, int], parts: Sequence[tuple[int, int]], filled: set[int]
) -> str:
    """What says what the amount is for: its part, or one beside it that has no amount of its own."""
    start, end = span
    before = place
    while not _says(text[start:end]) and before > max(0, place - 3) and before - 1 not in filled:
        before -= 1
        start = parts[before][0]
    if not _says(text[start:end]) and place + 1 < len(parts) and place + 1 not in filled:
        return text[span[0] : parts[place + 1][1]]
    return text[start:end]


def _says(segment: str) -> bool:
    return bool(things_of(segment) or names_of(segment) or _ARREARS.search(segment))


def dated(piece: Piece) -> Iterator[Dated]:
    """The days and times of one entry that belong to something that happens once."""
    line_at, text, found = piece.at, piece.text, piece.values
    marks = [one for one in found if isinstance(one.value, Day | Time)]
    if not marks:
        return
    parts = piece.parts
    whose = frozenset(word.lower().removesuffix("'s") for word in _WHOSE.findall(text))
    for one in marks:
        part = next((a, b) for a, b in parts if a <= one.start < b)
        alone = sum(part[0] <= other.start < part[1] and isinstance(other.value, Day) for other in marks) == 1
        event = piece.event_in(text[part[0] : part[1]])
        if event is None and sum(isinstance(other.value, Day) for other in marks) <= 1:
            event = None if _BESIDE_IT.search(text) else piece.event
        if event is None or (not alone and isinstance(one.value, Day)):
            continue
        if event.startswith("deadline") and not ends_at(text, one.start):
            continue
        day = one.value if isinstance(one.value, Day) else None
        time = one.value if isinstance(one.value, Time) else None
        names = piece.names
        if event.endswith("of the notice"):
            names |= {
                "landlord" if word == "ll" else word for word in text.lower().split() if word in PARTIES
            }
        yield Dated(line_at(one.start), event, day, time, names, whose, one.text, text)


def codes(piece: Piece) -> Iterator[Code]:
    """The references and telephone numbers of one entry that are long enough to tell slips from others."""
    line_at, text, found = piece.at, piece.text, piece.values
    for one in found:
        if not isinstance(one.value, Phone | Reference):
            continue
        names = names_of(text[: one.start]) | names_of(text[one.end :])
        if isinstance(one.value, Phone):
            yield Code(line_at(one.start), one.value.digits, names, one.text)
        elif isinstance(one.value, Reference) and sum(char.isdigit() for char in one.value.code) >= 4:
            yield Code(line_at(one.start), one.value.code, names, one.text)
