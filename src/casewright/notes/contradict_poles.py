"""Did, and did not, in other words: "has signed the agreement" and "tenancy agreement unsigned".

Verbs that say one thing are one family ("got", "received", "arrived"), and some words are a family's "no" by
themselves ("missed", "unpaid"). Two clauses clash where one family is affirmed in the one and denied in the
other of the same object, by the same party as far as either names one, and no word or day sets them apart.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from casewright.notes.contradict_pieces import Piece
from casewright.notes.contradict_words import word_of
from casewright.notes.words import ADVISER, CLIENT, listed

# A family and the words for it; after "-" those that deny it by themselves.
_FAMILIES = {
    "sign": "sign signs signed signing signature - unsigned",
    "receive": "receive receives received rec'd recd rcvd got get arrived reached served delivered brought",
    "tell": "told tell tells informed reported report notified declared disclosed aware knew knows known"
    " mentioned - unaware undeclared",
    "pay": "paid pd pays repaid cleared settled - unpaid missed",
    "attend": "attended attends attend went turned - missed dna",
    "protect": "protected protect registered lodged - unprotected",
    "agree": "agreed agrees agree accepted accepts consented - refused refuses declined rejected",
    "hold": "held happened",
    "interview": "interviewed interview",
    "meeting": "meeting mtg meetings",
    "medical": "medical wca assessment assessed",
    "arrest": "arrested",
    "evict": "evicted",
    "enter": "entered enter",
    "return": "returned refunded repaid - withheld kept",
    "fix": "repaired fixed mended replaced resolved",
    "admit": "admits admitted accepts accepted - denies denied disputes disputed",
    "apply": "applied apply claimed claims claiming appealed submitted lodged",
    "warn": "warned warning warnings",
    "contact": "contacted contact rang phoned called spoke emailed wrote heard call calls contacts",
    "reply": "replied answered responded reply response answer",
    "give": "given gave gives giving provided supplied issued handed shown",
    "read": "read",
    "see": "seen saw",
    "open": "opened",
    "cancel": "cancelled cancel",
    "complain": "complained complaint complaints grievance",
    "resign": "resigned resign quit",
    "dismiss": "dismissed sacked fired",
    "own": "owns own owned",
    "drive": "drives drive driving",
    "inspect": "inspected tested checked",
    "damage": "damaged broken broke caused",
    "borrow": "borrowed borrow lent",
    "offer": "offered offer offers",
    "visit": "visited visit visits",
    "drink": "drinks drink drinking alcohol drunk",
    "smoke": "smokes smoke smoking smoker",
    "live": "lived lives live living stayed resident",
    "stay": "stay staying",
}
_POSITIVE: dict[str, list[str]] = {}
_NEGATIVE: dict[str, list[str]] = {}
for _name, _words in _FAMILIES.items():
    _yes, _, _no = _words.partition(" - ")
    for _word in _yes.split():
        _POSITIVE.setdefault(_word, []).append(_name)
    for _word in _no.split():
        _NEGATIVE.setdefault(_word, []).append(_name)
# Plain forms, which say what was done only beside a "didn't" or a "never"; elsewhere they are things to do.
_BASE = {
    base: name
    for name, bases in {
        "return": "return", "receive": "arrive", "pay": "pay", "fix": "repair fix mend", "admit": "admit",
        "give": "give provide supply", "tell": "inform report notify mention declare disclose",
        "see": "see", "contact": "ring phone contact speak email write hear", "reply": "reply respond answer",
        "open": "open", "attend": "attend go", "visit": "visit", "borrow": "borrow", "protect": "protect",
        "damage": "damage break", "complain": "complain", "warn": "warn",
    }.items()
    for base in bases.split()
}  # fmt: skip
for _word, _name in _BASE.items():
    _POSITIVE.setdefault(_word, []).append(_name)
_VERBS = frozenset(_POSITIVE) | frozenset(_NEGATIVE)
_NOT = listed(
    "not no never none nothing nobody without cannot didnt hasnt havent wasnt isnt doesnt hadnt werent"
    " neither"
    " nor failed didn't hasn't haven't wasn't isn't doesn't hadn't weren't don't nowt didn hasn zero refused"
    " refuses denies denied"
)
# What is to be, may be or has changed is held against nothing.
_OPEN = listed(
    "if unless will would wd should shd could can can't might may must to whether won't needs need until till"
    " before then later eventually finally again now first second third 1st 2nd 3rd previously originally"
    " advised adv'd explained expl expl'd exp'd discussed disc'd wants want going anymore longer otherwise"
    " ask asked check query maybe perhaps always sometimes usually often only partly half some most new old"
    " when other others another next both all each every further more rest old wrong except i'll we'll"
)
_PARTIES = {
    "ll": "landlord", "landlord": "landlord", "l/lord": "landlord", "landlady": "landlord",
    "agent": "landlord", "agents": "landlord",
    "er": "employer", "employer": "employer", "boss": "employer", "manager": "manager", "mgr": "manager",
    "hr": "hr", "company": "firm", "firm": "firm", "bank": "bank",
    "council": "council", "la": "council", "dwp": "dwp", "jcp": "dwp", "hmrc": "hmrc", "court": "court",
    "police": "police", "school": "school", "gp": "gp", "husband": "husband", "wife": "wife",
    "partner": "partner", "ex": "ex", "son": "son", "daughter": "daughter", "mum": "mother",
    "mother": "mother", "dad": "father", "father": "father", "sister": "sister", "brother": "brother",
    "neighbour": "neighbour", "bailiff": "bailiff", "bailiffs": "bailiff", "seller": "firm",
} | dict.fromkeys(CLIENT, "client") | dict.fromkeys(ADVISER | {"i", "we", "us", "me"}, "adviser")  # fmt: skip
_SAYING = listed("say says said told reckons thinks claims confirms confirmed insists that sure")
_WHO = frozenset(_PARTIES.values())
_LITTLE = (
    listed(
        "the a an of in on at by for from with and or that this it its his her hers their he she they him"
        " them"
        " is are was were be been being do does did has have had having as so but yet still any also says"
        " said"
        " say states stated claims just really definitely ever about up out over off back down there here my"
        " our your who which what re w via per ok yes got get own properly both yesterday today ago already"
        " very even at least apparently actually one two three four five six week weeks month months year"
        " years day days time times date client's cl's jan feb mar apr may jun jul aug sep sept oct nov dec"
        " january february march april june july august september october november december mon tue tues wed"
        " thu thurs fri sat sun monday tuesday wednesday thursday friday saturday sunday mr mrs ms miss dr am"
        " pm wk wks mth mths yr yrs because after though although anything anyone anybody something us we i"
        " shows show confirms confirmed according file record records twice once online thinks think"
        " swears insists"
        " since last maintains remembers adamant sure end start xmas christmas"
    )
    | _NOT
    | CLIENT
    | ADVISER
)
# Things of which there are many: "form" alone is not the same form.
_GENERIC = listed("form letter notice copy docume payment report bill bank money rent court claim contract")
_NOUN_NEXT = [
    [word] for word in ("a", "an", "the", "his", "her", "their", "him", "them", "us", "me", "our", "my",
                        "this", "that", "it")
]  # fmt: skip
_THEN = listed(
    "failed refused refuses forgot able acc according agreed agrees went spoke wrote replied responded"
    " talked given"
)
_BACK = re.compile(r"\b(?:sent|gave|given|handed|posted|paid|put) back\b", re.IGNORECASE)
_CLAUSE = re.compile(
    r"[;,.!]\s+|\s(?:but|and|although|though|because|b/c|whereas|while|so|which|who|as(?= (?:failed|did"
    r"|has|had|was|he|she|cl|they)))\s|\s[-–—]+\s?|:\s"
)
_WHEN = re.compile(
    r"\b(?:\d{1,2}(?:st|nd|rd|th)?[ /](?=jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|\d)"
    r"|jan|feb|mar(?:ch)?\b|apr|may(?! have)|jun|jul|aug|sep|oct|nov|dec|(?:19|20)\d\d)",
    re.IGNORECASE,
)
_ORDERED = re.compile(
    r"^(?:don'?t|do not|never|not|pls|please|no need)\b(?! (?:rec|got|paid|sign\w*ed|had))", re.I
)
_WORD = re.compile(r"[a-z][a-z'’/-]*[a-z]|[a-z]\d{1,3}\b|\b[ai]\b")


@dataclass(frozen=True, slots=True)
class Pole:
    """One clause: which families it affirms or denies, of what, by whom."""

    line: int
    families: frozenset[str]
    so: bool
    things: frozenset[str]
    who: str
    when: frozenset[str]
    text: str


def poles(read: Sequence[Piece], own: frozenset[str] = frozenset()) -> list[Pole]:
    """The clauses of some texts that affirm or deny what is denied or affirmed elsewhere.

    Only families that some text denies are looked at, so that notes without a "not" cost nothing.
    """
    denied: set[str] = set()
    for words in (piece.known for piece in read):
        if not _NOT.isdisjoint(words):
            denied.update(name for word in words & _VERBS for name in _POSITIVE.get(word, ()))
        denied.update(name for word in words & _NEGATIVE.keys() for name in _NEGATIVE[word])
    if not denied:
        return []
    found: list[Pole] = []
    for piece in read:
        if (
            any(
                not denied.isdisjoint((*_POSITIVE.get(word, ()), *_NEGATIVE.get(word, ())))
                for word in piece.known & _VERBS
            )
            and not piece.to_do
        ):
            made = _of_text(piece.at, piece.text)
            found += (replace(one, things=one.things - own) if one.things & own else one for one in made)
    return found


def _of_text(at: Callable[[int], int], text: str) -> Iterator[Pole]:
    if len(text) > 300:
        return
    start = 0
    for cut in [*_CLAUSE.finditer(text), None]:
        clause = text[start : cut.start() if cut else len(text)]
        if 3 < len(clause.strip()) <= 140 and "?" not in clause:
            pole = _pole(at(start), clause.strip(" ,;.-–—:"))
            if pole is not None:
                yield pole
        start = cut.end() if cut else start


def _pole(line: int, clause: str) -> Pole | None:
    clause = _BACK.sub("returned", clause)
    words = [word.replace("’", "'") for word in _WORD.findall(clause.replace("May", "").lower())]
    words = [
        word for n, word in enumerate(words)
        if word != "to" or (words[n - 1] not in _THEN and words[n + 1 : n + 2] not in _NOUN_NEXT)
    ]  # fmt: skip
    if not 1 <= len(words) <= 20 or not _OPEN.isdisjoint(words) or _ORDERED.match(clause):
        return None
    place = next((n for n, word in enumerate(words) if word in _VERBS), None)
    if place is None:
        return None
    if all(word in _BASE for word in words if word in _VERBS) and not any(map(_negates, words)):
        return None
    families = [_families(word) for word in words if word in _VERBS]
    refused = {"refused", "refuses", "denies", "denied"} & set(words)
    own = {name for known, denies in families for name in known if denies}
    if own == {"admit"} and any(known != ["admit"] for known, _ in families):
        families = [one for one in families if one[0] != ["admit"]]
        own, refused = set(), set()
    negated = sum(map(_negates, words)) - len(refused if own else ())
    named = own or {name for known, _ in families for name in known}
    who = next(
        (_PARTIES[word] for word, then in pairwise(words[: place + 1])
         if word in _PARTIES and then not in _SAYING), "",
    )  # fmt: skip
    things = frozenset(_objects(words)) - {""}
    when = frozenset(match[0].lower()[:3] for match in _WHEN.finditer(clause))
    return Pole(
        line,
        frozenset(named),
        (negated % 2 == 0) != bool(own),
        things,
        who,
        when,
        clause,
    )


def _negates(word: str) -> bool:
    return word in _NOT or word.endswith("n't")


def _families(word: str) -> tuple[Sequence[str], bool]:
    return (_NEGATIVE[word], True) if word in _NEGATIVE else (_POSITIVE[word], False)


def _objects(words: Iterable[str]) -> Iterator[str]:
    for word in words:
        if word in _LITTLE or word in _VERBS or len(word) < 2:
            continue
        party = _PARTIES.get(word)
        yield party or word_of(word)


def opposed(one: Pole, two: Pole) -> bool:
    """Whether one clause denies of a thing what the other affirms of it."""
    if one.so == two.so or one.line == two.line or not one.families & two.families:
        return False
    by_either = (
        one.families
        & two.families
        & {"receive", "give", "tell", "hold", "meeting", "interview", "contact", "visit"}
    )
    if one.who and two.who and one.who != two.who and not by_either:
        return False
    if one.when and two.when and not one.when & two.when:
        return False
    a, b = (said.things | {said.who} if by_either else said.things - {said.who} for said in (one, two))
    a, b = a - {"client", ""}, b - {"client", ""}
    shared = a & b
    rest = a - shared, b - shared
    if not shared or shared <= _WHO or (shared <= _GENERIC and rest[0] and rest[1]):
        return not (a or b)  # "he did not resign" and "he resigned": of nothing else in either
    if not rest[0] or not rest[1]:
        return len(rest[0] | rest[1]) <= 2 or len(shared) > 1
    return len(shared) >= 2 and len(shared) / min(len(a), len(b)) >= 0.6
