"""People, organisations and roles as they stand in a line: capitals, titles, endings, and lists that help to
find.

No name is recognised by a model, and the lists decide nothing: a name that is on none of them is found by
its capitals
as a ``name``, and what it is stays open.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from casewright.notes import words as w

Kind = Literal["person", "organisation", "role", "name"]

_TITLE = re.compile(r"(?:Mr|Mrs|Ms|Miss|Mx|Dr|Prof|Rev|Cllr|DJ|Judge)\.?")
_RUN = re.compile(
    r"(?:\b(?:Mr|Mrs|Ms|Miss|Mx|Dr|Prof|Rev|Cllr|Judge)\.?\s)?\b[A-Z][\w'’&-]*(?:\s(?:&\s|of\s(?=[A-Z])"
    r"|and\s(?=[A-Z]\w+\s(?:Ltd|LLP"
    r"|Council)))?[A-Z][\w'’&-]*){0,5}"
)
_ENDING = re.compile(
    r"\b(?:Ltd|Limited|LLP|plc|PLC|Council|Bank|Court|Tribunal|Association|Housing|Homes|Society|Trust"
    r"|School|Hospital|Surgery"
    r"|University|College|Solicitors|Lettings|Properties|Finance|Loans|Energy|Water|Insurance|Police"
    r"|Union|Ombudsman|Services|HA"
    r"|Centre|Agency|Group|Church|Charity|Department|Office)\b"
)
# Common creditors, suppliers and public bodies of the United Kingdom. To be on it makes a word no less a
# quotation.
_BODIES = w.listed(
    """
    barclays barclaycard lloyds natwest hsbc santander halifax nationwide monzo starling tsb rbs aviva capita
    lowell cabot
    capquest aqua vanquis newday studio very littlewoods klarna clearpay brighthouse provident amigo
    moneybarn wonga sunny intrum
    marlin arrow link perch bw jacobs marston bristow rossendales equita dwp hmrc dvla dvsa hmcts cica cms
    ico fca fos acas cqc ofgem
    ofcom ofsted edf eon ovo octopus sse utilita bulb scottishpower bt sky ee o2 vodafone virgin talktalk
    tesco asda argos ikea
    currys amazon ebay paypal shelter crisis mind uc jobcentre nhs gp
    """
)
_ROLES = w.listed(
    """
    landlord landlady ll tenant agent bailiff bailiffs creditor creditors lender insurer employer manager
    supervisor accountant
    solicitor barrister judge gp doctor consultant nurse midwife social-worker police officer council court
    tribunal neighbour
    neighbours wife husband partner ex son daughter mother mum father dad sister brother aunt uncle carer
    guarantor executor
    """
)
_NO_NAMES = (
    w.ACTIONS
    | w.PAST
    | w.CLIENT
    | w.ADVISER
    | frozenset(w.SAYS)
    | frozenset(w.SHORTHAND)
    | w.HERE
    | w.THERE
    | w.DEPENDS
) | w.listed(
    """
    the a an this that these those it its rent arrears debt debts letter form hearing appt notice deposit
    council court
    background discussion actions action income expenditure housing benefits today tomorrow next last first
    also but and or so no
    yes not then now because re ref nb discussed advised agreed client's monthly weekly total january
    february march april may
    june july august september october november december jan feb mar apr jun jul aug sep sept oct nov dec
    monday tuesday
    wednesday thursday friday saturday sunday mon tue tues wed thu thur thurs fri sat sun your you his her
    their is was has had
    will to of in on at by for from with dear please kind regards subject date sent
    """
)


@dataclass(frozen=True, slots=True)
class Name:
    """A person, an organisation or a role; ``text`` is exactly ``source[start:end]``."""

    kind: Kind
    start: int
    end: int
    text: str


def names(text: str) -> tuple[Name, ...]:
    """The people, organisations and roles of a line, in order, without overlaps."""
    found = [name for match in _RUN.finditer(text) if (name := _named(text, match)) is not None]
    rest = list(text)
    for name in found:
        rest[name.start : name.end] = " " * (name.end - name.start)
    for match in re.finditer(r"[^\W\d_]+", "".join(rest)):
        if match[0].lower() in _ROLES:
            found.append(Name("role", match.start(), match.end(), match[0]))
    return tuple(sorted(found, key=lambda name: name.start))


def _named(text: str, match: re.Match[str]) -> Name | None:
    """A run of capitals without the plain words that it begins with; None if nothing is left of it."""
    start, words = match.start(), match[0]
    titled = _TITLE.match(words) is not None
    while words and not titled:
        first = words.split(maxsplit=1)[0]
        plain = first.lower().rstrip("'’").removesuffix("'s").removesuffix("’s")
        if plain not in _NO_NAMES and plain not in _ROLES:
            break
        rest = words[len(first) :]
        start += len(first) + len(rest) - len(rest.lstrip())
        words = rest.lstrip()
    words = words.rstrip("'’&- ")
    if len(words) < 2 or (titled and " " not in words):
        return None
    return Name(_kind(words, titled), start, start + len(words), text[start : start + len(words)])


def _kind(words: str, titled: bool) -> Kind:
    if titled:
        return "person"
    listed = any(word.lower().removesuffix("'s") in _BODIES for word in words.split())
    return "organisation" if listed or _ENDING.search(words) else "name"
