"""What happens once, and has one day: hearings, notices, beginnings and ends, told by the words for them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from casewright.notes.words import listed

EVENTS: dict[str, str] = {
    "hearing": r"hearing|hrg|hrng|tribunal date|(?:in|at) court|court date|possession hearing",
    "appointment": r"appt|appointment|meeting|mtg(?! ?£?\d)",
    "assessment": r"assessment|medical|wca",
    "interview": r"interview",
    "eviction": r"eviction|bailiffs? (?:due|coming|booked|to come|appointment)|warrant (?:is )?for",
    "end of the tenancy": r"tenancy (?:ends?|ending|ended|runs? (?:to|until)|until|expires)"
    r"|fixed term (?:to|until|ends?)|contract ends?",
    "start of the tenancy": r"tenancy (?:started|began|starts|from|since|(?:agreement |agmt )?dated)"
    r"|moved in|ast (?:dated|from)"
    r"|(?:started|began|took on|took|signed) (?:the |her |his )?(?:tenancy|ast)",
    "end of the notice": r"notice (?:expires?|expired|runs out|ends?|period ends)|(?:leave|out) by",
    "service of the notice": r"(?:served|received|got|given) (?:\w+ ){0,2}(?:notice|s\.? ?21|s\.? ?8"
    r"|section 21|section 8|nosp|nsp)"
    r"|(?:notice|s\.? ?21|s\.? ?8|section 21|section 8|nosp|nsp"
    r"|notice of seeking possession) (?:was )?(?:served|dated|given|handed|issued)",
    "date of birth": r"d\.?o\.?b\.?|born|date of birth",
    "dismissal": r"dismissed|sacked|made redundant|last day(?: (?:at work|of work|worked|as|was|is)|:)"
    r"|(?:his|her|cl's) last day|employment (?:ended|ends|terminat\w*)|let go"
    r"|leaving date|finished (?:work|there)|terminated|termination date|job ended",
    "start of the job": r"started (?:work|job|at|with|there)|employment (?:began|started)|joined",
    "purchase": r"bought|purchased|ordered",
    "delivery": r"delivered|delivery",
    "accident": r"accident|fell at|collision|crash",
    "stop of the benefit": r"(?:payments?|benefit|uc|pip|esa|hb|claim) (?:was |were )?(?:stopped|suspended"
    r"|ended)",
    "start of the stay": r"admitted|in hosp(?:ital)?",
    "arrest": r"arrested",
    "separation": r"(?:husband|wife|partner) (?:left|moved out|walked out)|separated|split up|moved out"
    r"|left (?:him|her)",
    "wedding": r"married|wedding|marriage",
    "death": r"died|passed away|death",
    "arrival": r"arrived in|came to (?:the )?uk|entered (?:the )?uk|in uk since|landed",
    "grant": r"probate granted|grant (?:of probate|issued|dated)|granted",
    "end of the fit note": r"(?:fit|sick) notes? (?:covers?|runs?|to|until|till|expire[sd]?|ends?|ended"
    r"|valid|up)",
    "the loan": r"loan (?:taken|agreed|from|dated)|took (?:out )?(?:the )?loan|borrowed",
    "sending": r"(?:form|appeal|application|claim|letter|grievance|docs) (?:was )?(?:posted|sent|submitted"
    r"|lodged)"
    r"|(?:posted|sent|submitted|lodged) (?:the |her |his )?(?:form|appeal|application|claim|grievance)",
    "rise of the charge": r"go(?:es|ing) up|rises?|rising",
    "start of the claim": r"claim(?:ed)? (?:from|started|made)|applied|made (?:the |a )?claim",
    "reconsideration": r"mr (?:decision|notice)|mandatory reconsideration (?:notice|decision)",
    "last payment": r"last (?:\w+ )?(?:payment|pymt|paid|pd|credit|received|credited|money)|paid last",
    "decision": r"decision (?:letter )?(?:dated|made|of)|refused on",
}
# Words, by their first four letters, without which an event need not be looked for.
_EVENT_STARTS = {
    "hearing": "hear hrg hrng trib cour",
    "appointment": "appt appo meet mtg",
    "assessment": "asse medi wca",
    "interview": "inte",
    "eviction": "evic bail warr",
    "end of the tenancy": "tena fixe cont",
    "start of the tenancy": "tena move ast took sign",
    "end of the notice": "noti leav out",
    "service of the notice": "noti s21 s8 nosp nsp sect",
    "date of birth": "dob born birt",
    "dismissal": "dism sack redu last empl let leav fini term job",
    "start of the job": "star empl join",
    "purchase": "boug purc orde",
    "delivery": "deli",
    "accident": "acci fell coll cras",
    "rise of the charge": "goin goes go rise risi",
    "start of the claim": "clai appl made",
    "reconsideration": "mr mand",
    "decision": "deci refu",
    "last payment": "last paid",
    "stop of the benefit": "paym bene uc pip esa hb clai",
    "start of the stay": "admi hosp",
    "arrest": "arre",
    "separation": "sepa spli left move husb wife part",
    "wedding": "marr wedd",
    "death": "died pass deat",
    "arrival": "arri came ente uk land",
    "grant": "gran prob",
    "the loan": "loan borr",
    "end of the fit note": "fit sick",
    "sending": "post sent subm lodg",
}
_STARTS: dict[str, list[str]] = {}
for _event, _starts in _EVENT_STARTS.items():
    for _start in _starts.split():
        _STARTS.setdefault(_start, []).append(_event)
_FORMS = {event: re.compile(rf"\b(?:{form})\b", re.IGNORECASE) for event, form in EVENTS.items()}
_ORDER = {event: place for place, event in enumerate(EVENTS)}
_DUE_WORDS = listed("by before deadline due later until latest")
_OBJECTS = re.compile(
    r"\b(?:form|appeal|payment|payslips?|statements?|documents?|docs|reply|response|defence|claim"
    r"|application|refund|bill|review"
    r"|reconsideration|mr|complaint|quote|bundle|evidence|acknowledg\w+|n9|n244|et1|sscs1|pip2|uc50"
    r"|questionnaire|grievance|rent)\b",
    re.IGNORECASE,
)
_DUE = re.compile(r"\b(?:by|before|deadline|due|no later than|until|latest)\b", re.IGNORECASE)


_ENDS_AT = re.compile(
    r"\b(?:by|before|due(?: (?:in|back|by|on))?|until|latest|no later than|deadline\b.{0,60}|must .{0,40}by"
    r"|within .{0,40})(?: (?:the|on|is|was))*[ :]{1,2}(?:\d{1,2}(?:[.:]\d\d)? ?(?:[ap]m)?,? (?:on )?)?$",
    re.IGNORECASE,
)


def events_near(starts: Iterable[str]) -> list[str]:
    """The events that words which begin so can be of."""
    return sorted({event for start in starts for event in _STARTS.get(start, ())}, key=_ORDER.__getitem__)


def event_of(text: str, events: Sequence[str], known: frozenset[str]) -> str | None:
    """What is on a day: one of these events, or the end of the time for something ("deadline: form")."""
    found = [(match.start(), event) for event in events if (match := _FORMS[event].search(text))]
    if found:
        return min(found, key=lambda one: (one[0], _ORDER[one[1]]))[1]
    if not _DUE_WORDS.isdisjoint(known) and _DUE.search(text):
        objects = {word.lower().rstrip("s") for word in _OBJECTS.findall(text)}
        return "deadline: " + ", ".join(sorted(objects)) if objects else None
    return None


def ends_at(text: str, place: int) -> bool:
    """Whether a day at this place is the end of a time; the "by" of "sent by council 9 May" makes none."""
    return _ENDS_AT.search(text[:place]) is not None
