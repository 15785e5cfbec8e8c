"""What a part of a line is about, as words that stand for all the ways of writing them.

Two lines are on one thing where they share such words: "hrg", "court" and "tribunal" are ``hearing``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Generic, TypeVar

from casewright.notes.words import ACTIONS, ADVISER, CLIENT, listed

Of = TypeVar("Of")
Made = TypeVar("Made")
_SAME = {
    form: forms.split()[0]
    for forms in (
        "rent rental rents",
        "arrears arrear arr behind",
        "debt owe owes owed owing debts balance bal outstanding o/s liability",
        "deposit dep",
        "wage wages pay salary earns earn earning earnings",
        "fee fees charge charges",
        "bill bills invoice bils",
        "price cost costs quote",
        "hearing hrg hearings court ct tribunal trial hrng",
        "bailiff bailiffs eviction evict ea marstons warrant evicted",
        "visit visited visits called came visiting attended inspection inspected",
        "appt appointment appts meeting mtg review interview intvw apt",
        "assessment wca medical reassess reassessment",
        "child children kids kid",
        "bed bedroom bedrooms beds bedroomed",
        "holiday hols hol annual_leave",
        "tenancy ten tenancies lease let",
        "redundancy redundant",
        "overpayment overpaid o/p overpayments",
        "advance adv_payment",
        "sign signed signs signing unsigned",
        "agree agreed agrees agreeing accept accepted refused refuses refuse declined rejected reject",
        "adjustments adj adjustment",
        "pay_off instalment instalments installment installments repay repaying repayment",
        "dismissed sacked dismissal fired",
        "job employment work works worked working employed employer unemployed",
        "die died death dies",
        "birth dob born",
        "pregnant preg pregnancy edd",
        "notice notices s21 s8 nosp nspo ntq",
        "claim claimed claims claiming application app applied apply applies applying",
        "income award awarded entitlement",
        "reconsideration mr",
        "suspended suspension stopped",
        "council_tax ctax",
        "elec electric electricity leccy",
        "saving savings saved",
        "report reported reports notify notified told tell",
        "receive received rec'd got receives",
        "send sent sends posted",
        "protect protected unprotected",
        "attend attended attends went",
        "replace replacement replaced",
        "insurance insured",
        "contract agmt agreement ast",
        "flat house home property",
        "pss pre-settled",
        "voucher vouchers",
        "heater heaters",
        "dependant dependants dependents dependent deps",
        "payment payments pymt pymts pd paid pays pay't",
        "repair repairs repaired fixed",
        "drive drives driving",
        "bought purchased purchase ordered buy",
        "live lives lived living stayed stay staying",
        "addr address",
        "incident incidents contravention event offence accident",
        "council_tax council_tax",
        "credit_card visa",
        "separated single split",
        "value val valued valuation worth",
        "arrest arrested",
        "grant granted probate",
        "admit_ admitted admission discharged",
    )
    for form in forms.split()
}
# A day is of one of these; two days of different ones are no contradiction.
_CLASS = re.compile(
    r"\b(?:(?P<deadline>by|before|deadline|due|edd|latest|closing date|closes|no later|within|must be in)"
    r"|(?P<start>start\w*|began|begins?|since|joined|member|commenc\w+|moved in|from|first|out since)"
    r"|(?P<end>end(?:s|ed|ing)?|leaving|last day|last shift|left|expire[sd]?|expiry|valid (?:to|until)"
    r"|until|till?"
    r"|will stop|stop(?:s|ped)?|up on|give up|out by|fixed term to|contract to|terminat\w+|dismissed|sacked)"
    r"|(?P<sent>sent|posted|submitted|serve[sd]?|issued)|(?P<dated>dated|judge?ment)"
    r"|(?P<got>rec'?d|received|got|delivered)|(?P<bought>bought|purchase[sd]?|order(?:ed| confirmation"
    r"| date)|signed)"
    r"|(?P<paid>paid|pay(?:ment)? date|payday|pays)|(?P<dies>died|death|dob|born|birth)"
    r"|(?P<told>told|reported|phoned|emailed|rang))\b",
    re.IGNORECASE,
)
_SAID = listed(
    "letter letters ltr stmt stmts statement statements email e-mail emails text texts jnl journal file"
    " report reports"
    " records record payslip payslips contract agmt agreement agr ast licence receipt invoice log diary"
    " card reminder"
    " website portal online printout copy say says said reckon reckons think thinks thought insists"
    " according per put puts"
    " give gives show shows shown confirm confirms confirmed told later earlier actually register passbook"
    " cert"
    " certificate note notes screenshot schedule kfi paperwork paper form demands adamant calc order"
    " notice bundle decision"
    " summons seen quote quotes state states stated remembers voicemail list lists listed booking sheet"
    " acc makes claims"
)
_SAID_SHORT = re.compile(
    r"[?:]|\bp(?:45|60)\b|\bet[13]\b|rang back|own sums|ask(?:s|ed) for|on (?:uc )?claim|claim is",
    re.IGNORECASE,
)
_STOP = (
    listed(
        "the a an of to in on at by for from with and or but that this it its his her their he she they is"
        " are"
        " was were be been has have had do does did not no never any as so if also all me we i our my him"
        " them"
        " up out there w w/ wk wks pw pm pcm pa ph per month week year monthly weekly day days today now"
        " new old"
        " jan feb mar apr may jun jul aug sep sept oct nov dec january february march april june july august"
        " september october november december mon tue tues wed thu thur thurs fri sat sun monday tuesday"
        " wednesday"
        " thursday friday saturday sunday am mths mth months weeks years yrs yr hrs hours about approx c"
        " only just"
        " says said say states letter letters ltr stmt statement email e-mail text jnl journal file log"
        " diary card"
        " reminder website online printout copy says shows confirms confirmed thinks gives puts later note"
        " notes"
        " dated date mr mrs ms miss dr per acc according given get gets go goes going will would can could"
        " should"
        " must need needs then but after before until since due deadline by still yet already both two one"
        " three"
        " four five six first second next last over total tot who which when what back full ie eg re cl's"
        " call"
        " ask asked asks bring keep check find write help take ring said also some use used acc amount amt"
        " figure"
        " figures actually place verbal verbally seen see done gone made make want wants very own here"
        " direct through via sums mum"
    )
    | CLIENT
    | ADVISER
)
_SHORT = listed("gp bg hb uc ee oh aa")  # what has two letters is else somebody's initials
_WORD = re.compile(r"[a-z][a-z'’/-]*[a-z]|[a-z]\d{1,3}\b")

# What is to be done is nobody's account of what is so.
_TO_DO = re.compile(
    r"^[-–•*\d. ]*(?:(?:expl\w*['’]?d?|exp['’]d|adv['’]?d|advised|discussed|disc['’]d|told (?:him|her|cl"
    r"|them)"
    r"|went (?:thru|through|over)|to|draft|send|write|ring|ask|bring|check|chase|find|get|collect|post"
    r"|email|phone|apply|complete|keep|sign"
    r"|letter to|call|submit|file|lodge|book|diary:?|diarise|prepare|request|obtain)\b)"
    r"|\b(?:(?:cl|clt|ct|client|adv|we|she|he|they|i|us|me) (?:to|will|shall)|(?:i|we|he|she)['’]ll"
    r"|to (?:send|write|ring"
    r"|bring|draft|call|ask|check|get|find|apply|complete|submit))\b",
    re.IGNORECASE,
)
_INITIALS = re.compile(
    r"^[-–•* ]*(?!(?:HA|LL|LA|UC|HB|PO|HO|GP|ET|DWP|HR|ER|CAB|EE|BG|JC|JCP|CMS|NHS)\b)"
    r"[A-Z]{1,3}[:–-]? +(?:to )?([a-z]+)\b(?!:)"
)


class Lazy(Generic[Of, Made]):
    """A property that is made when it is first asked for; unlike the library's it takes no lock."""

    def __init__(self, make: Callable[[Of], Made]) -> None:
        self._make = make
        self.__doc__ = make.__doc__

    def __get__(self, one: Of, owner: type[Of]) -> Made:
        """The value, which from then on stands in the object itself."""
        made = one.__dict__[self._make.__name__] = self._make(one)
        return made


@lru_cache(maxsize=4_096)
def stem(word: str) -> str:
    """One word in small letters as the word that stands for it; "" for one that says nothing."""
    low = word.removesuffix("'s")
    same = _SAME.get(low)
    if same is not None:
        return same
    if low in _STOP or (len(low) < 3 and low not in _SHORT):
        return ""
    for ending in ("ing", "ed", "es", "s"):
        if len(low) > len(ending) + 3 and low.endswith(ending):
            low = low[: -len(ending)]
            break
    # "complained" and "complaint", "cancel" and "cancellation" begin alike
    return _SAME.get(low, low[:6])


def word_of(word: str) -> str:
    """The word that stands for one in small letters, or its stem, also where it says little elsewhere."""
    low = word.removesuffix("'s")
    return stem(low) or low[:6]


def is_known(word: str) -> bool:
    """Whether a word in small letters is one of those that lines are about, and no name."""
    return word in _SAME or word in _STOP or word in _SAID


def tokens(text: str) -> list[str]:
    """The words of a text in small letters."""
    return _WORD.findall(text.lower())


def topic_of(words: Iterable[str]) -> frozenset[str]:
    """The words that say what something is about, of all its words."""
    return frozenset(map(stem, words)) - {""}


def topic(text: str) -> frozenset[str]:
    """The words that say what a text is about."""
    return topic_of(tokens(text))


def is_reported(text: str, words: Iterable[str]) -> bool:
    """Whether a line gives what a paper or a person says, and not simply what is so."""
    return not _SAID.isdisjoint(words) or _SAID_SHORT.search(text) is not None


def classes(text: str) -> frozenset[str]:
    """Of what kind a day in this text is: a beginning, an end, the end of the time for something."""
    found = {match.lastgroup for match in _CLASS.finditer(text) if match.lastgroup}
    return frozenset(found | {"deadline"} if "end" in found else found)


def is_to_do(text: str) -> bool:
    """Whether a line is of something to be done: "RK write to council", "letter to Lowell", "cl to call"."""
    opened = _INITIALS.match(text)
    return (opened is not None and opened[1] in ACTIONS) or _TO_DO.search(text) is not None
