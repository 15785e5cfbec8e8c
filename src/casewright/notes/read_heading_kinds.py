"""What a heading does to its items, by its words.

``turning``: it makes them something else ("Cl not to:", "LL wants cl to:"). ``plain``: all of its words are
of casework and of doing ("Debts:", "Cl will now:"), and its items stay as they are. ``neutral``: a day, a
number or an organisation ("Mon 3 May:", "Capita:"). ``open``: anything else ("Myth:", "Plan B:"). No list can
name all that turns an item, so what is not known to be plain is open, and no item below it is a sure action.
"""

from __future__ import annotations

import re
from typing import Literal

from casewright.notes import words as w
from casewright.notes.recognise import core, is_negation

Kind = Literal["turning", "plain", "neutral", "open"]
EDGES = " *_#=-–—:：.…>,;!"
_REFUSED = w.listed(
    "refusing refusal refusals rejected reject rejects rejecting rejection declining against avoid avoiding"
    " avoided stop stops stopped stopping forbidden prohibited banned barred disagree disagreed disagrees"
    " oppose opposed opposes object objected objects objecting objections denied denies deny dispute disputed"
    " disputes instead rather failed failing fails forgot warned overruled ruled wrong incorrect untrue false"
    " myth myths scam refrain illegal unlawful exceptions excluded excluding omitted unwilling reluctant"
    " undecided unresolved unagreed impossible nt n/a nope donts"
)
_CONDITIONS = w.listed(
    "if unless only until till when whenever once provided providing assuming depending depends depend after"
    " subject whether pending otherwise case event conditional conditions condition contingent"
)
_DOUBTS = w.DOUBT | w.listed(
    "possible potential potentially tbd tba consider considered considering consideration option options"
    " optional alternative alternatives alternatively idea ideas suggestion suggestions suggested proposed"
    " proposal proposals would could unsure uncertain unclear doubt doubtful hypothetical eventually later"
    " queried undecided"
)
_STATES = w.listed(
    "already canceled longer previously previous formerly finished withdrawn withdrew postponed hold held"
    " superseded abandoned dropped expired lapsed ended stopped complete'd actioned historic outdated"
)
_LOADED = _REFUSED | _CONDITIONS | _DOUBTS | _STATES
# Without an apostrophe, as they are often typed.
_CLIPPED = re.compile(r"(?:do|ca|wo|did|does|is|was|are|were|has|have|hav|should|could|would|must|need)nt")
# "Ref no:" is a number; "no" denies at the beginning and after these.
_SAID_NO = w.listed("said says say is was are a has have with there got on under")
_LAST_TIME = re.compile(r"\blast (?:time|meeting|mtg|appt|appointment|week|month|session|call|visit)\b", re.I)
_IN_CASE = frozenset({"case", "event"})  # a condition only after "in": "Case:" is a title
_SIGNS = frozenset("✗✘❌")
# Where these words turn nothing.
_HARMLESS = re.compile(
    r"\bheld by\b|\bwould like (?=to\b|help\b|advice\b|us\b)|\blater (?=today\b|this\b)"
    r"|\bdisputed (?=(?:debt|bill|charge|sum|item|arrear)s?\b)|\bno\.? of\b|^\W*no\.(?=\s)",
    re.IGNORECASE,
)
_PERSONS = w.listed(
    """
    ll landlord employer agent agents agency gp doctor police neighbour neighbours partner ex bailiff
    insurer lender creditor retailer trader freeholder friend mum dad mother father brother sister son
    daughter wife husband boss manager hr company firm fraudster scammer caller solicitor er side
    """
)
_ANYBODY = "|".join(map(re.escape, sorted(w.PARTIES | w.PARTIES_OF_TWO | _PERSONS)))
_SAID = re.compile(
    rf"\b(?:{_ANYBODY})(?:['’]s)?(?: \w+){{0,2}} "
    r"(?:say|says|said|saying|wants?|wanted|told|tells|asks?|asked|demands?|demanded|threaten\w*|insist\w*"
    r"|alleges?|alleged|suggests?|wrote|writes|texted|emailed|thinks?|reckons?|offers?)\b"
    r"|\b(?:told|asked|ordered|instructed|advised) by\b|\baccording to\b",
    re.IGNORECASE,
)
_TOPICS = w.listed(
    """
    background discussion discussed matters matter issues issue facts notes summary advice advised
    situation circumstances income expenditure outgoings spending budget debts debt housing home
    accommodation tenancy property benefits benefit employment work job health medical family household
    children dependants relationship immigration status money finances financial savings assets bank
    account accounts rent arrears mortgage tax energy gas electric electricity water fuel bills bill
    priorities priority nonpriority non-priority loans loan credit cards card overdraft enforcement
    repairs disrepair damp mould deposit eviction possession homelessness discrimination education school
    consumer court hearing tribunal appeal mr pip uc esa dla hb jsa aa ctr ctc wtc pension pensions
    universal carers disability wages payslips dismissal grievance redundancy holiday sickness maternity
    evidence documents docs paperwork papers forms ref reference number no address contact details dob
    deadline deadlines steps step actions action aps points point do todo agreed agreement plan homework
    outcome outcomes followup follow preparation prep tasks task bring send provide get gather collect
    chase ring call email write complete apply check attend pay
    """
)
_GLUE = w.listed(
    """
    to will need needs must shall please pls now week month next first then and & + re about for with of
    on at in the a an our your my current present key main general misc new urgent asap immediate what
    needed given before mtg meeting appt appointment session interview time it up held later this both all
    these disputed council legal aid
    """
)
_ACTING = w.CLIENT | w.CLIENTS | w.ADVISER | frozenset({"we", "us", "i", "me", "you", "yours", "adv's"})
_NEUTRAL = w.listed(
    """
    today tomorrow mon monday tue tues tuesday wed weds wednesday thu thur thurs thursday fri friday sat
    saturday sun sunday jan january feb february mar march apr april may jun june jul july aug august sep
    sept september oct october nov november dec december case part visit phone tel am pm dps
    """
) | (w.PARTIES - _PERSONS)
_BEFORE_A_PARTY = frozenset({"re", "about", "with", "at", "and", "&", "+"}) | w.listed(
    "ring call email write contact chase by"
)


def plain_word(token: str) -> str:
    """A token in lower case, without the signs around it."""
    return core(token).strip(EDGES).lower().replace("’", "'")


def turns(text: str) -> bool:
    """Whether a heading has a negation, a refusal, a condition, a doubt or a state, or another speaks."""
    if text.rstrip(EDGES + ")").endswith("?") or not _SIGNS.isdisjoint(text) or _LAST_TIME.search(text):
        return True
    words = [plain_word(token) for token in _HARMLESS.sub(" ", text).replace("/", " ").split()]
    pairs = zip(words, ["", *words], strict=False)
    return any(_turning(word, before) for word, before in pairs) or _SAID.search(text) is not None


def _turning(word: str, before: str) -> bool:
    if word == "no":
        return not before or before in _SAID_NO
    if word in _IN_CASE:
        return before in ("in", "the")
    if word == "should":
        return not before  # "Should LL serve notice:"
    return word in _LOADED or is_negation(word) or _CLIPPED.fullmatch(word) is not None


def kind_of(text: str) -> Kind:
    """What a heading does to its items."""
    return "turning" if turns(text) else plain_kind(text)


def plain_kind(text: str) -> Kind:
    """The kind of a heading that does not turn its items; one word that is not known makes it open."""
    anchored, named, before = False, False, ""
    for token in text.replace("/", " ").split():
        word = plain_word(token)
        if not word:
            continue
        if word == "may" and before in _ACTING:
            return "open"  # "Cl may:"
        if word in w.PARTIES and before and word not in _TOPICS:
            if before not in _BEFORE_A_PARTY:
                return "open"  # "LL to do:", "Cl told Capita:"
        elif word in _TOPICS or word in _ACTING:
            anchored = True
        elif word in _NEUTRAL or word[0].isdigit() or word[0] == "£":
            named = True
        elif word not in _GLUE and not (word == "by" and _HARMLESS.search(text)):
            return "open"
        before = word
    if anchored:
        return "plain"
    return "neutral" if named else "open"
