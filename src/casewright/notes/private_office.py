"""What is for the office: the adviser's own supervision, conflicts, file, time and mistakes.

The same words tell what happened to a client: a supervisor shouts, an employer has lone workers, a bank owns
up to "our error". So a supervisor is the adviser's only where the adviser is to go to one ("discuss w
supervisor", "run past TL"), and what others are said to do, have or say is no matter of the office.
"""

from __future__ import annotations

import re

_SUPERVISOR = (
    r"(?:supervisor|supvr|team leader|TL|line manager|case ?work (?:manager|supervisor)"
    r"|supervising solicitor|duty solicitor\?|head of service)\b"
)
_OWN = r"(?:my |our |the |a )?"
# Two or three capitals that are no party's are the adviser's initials.
_ADVISER = (
    r"(?:i|we|adv|adviser|advisor|caseworker|cw"
    r"|(?-i:(?!LL|HR|GP|LA|HA|HO|ER|CL|CT|DWP|EHO|JCP|NHS|HB|UC|CAB|MP)[A-Z]{2,3}))\b:?"
)
_BEGINS = rf"(?:^[-–•*\W]*|[,;:.?!(–—-]\s*|\b(?:and|then|so|but) |& )(?:{_ADVISER}(?:'ll|'d)? )?"
_WILL = (
    r"(?:(?:will|shall|to|need(?:s)? to|must|should|shd|have to|has to|going to|want to|pls|please|also"
    r"|first|just|better|can|could|nb:?) ){0,3}"
)
_TO_ONE = (
    r"(?:discuss(?:ed)?|disc|check(?:ed)?|raise|run|ran|speak|talk|refer|flag|escalate|clear(?:ed)?|agree"
    r"|take|pass|query|confirm|mention|go|show|put|bring)"
)
_ONE = r"(?:ask|tell|see|email|ring|call|consult(?:ed)?|get|need|seek|inform|warn)"
_DID = (
    r"(?:asked|spoke|raised|told|emailed|referred|flagged|saw|took|rang|talked|mentioned|discussed|checked)"
)
_AT_WORK = r"(?! (?:at|in|of|from) (?:work|the|her|his|council|dwp|jcp|cl's))(?!'s (?:statement|email|text))"
_FOR_HIM = rf"{_OWN}{_SUPERVISOR}{_AT_WORK}"
_WITH = r"(?:w/ ?|(?:w|with|to|past|by|through|thru) )"


def _any(*forms: str) -> re.Pattern[str]:
    return re.compile("|".join(forms), re.IGNORECASE)


SUPERVISED = _any(
    rf"{_BEGINS}{_WILL}{_TO_ONE} (?:\w+ ){{0,3}}?{_WITH}{_FOR_HIM}",
    rf"{_BEGINS}{_WILL}{_ONE} {_FOR_HIM}",
    rf"\b(?:i|we)(?:'ve| have)? {_DID} (?:\w+ ){{0,3}}?{_WITH}?{_FOR_HIM}",
    rf"(?:^|[,;:(–-]\s*)(?:\w+ )?for {_OWN}{_SUPERVISOR}(?! (?:role|job|post|position|duties|pay))",
    rf"(?<![\"“'])\b(?:my|our) {_SUPERVISOR}",
    rf"(?:^|[,;:(–-]\s*){_SUPERVISOR} (?:to|will|shd|should|must|needs to) (?:check|approve|advise|sign off"
    r"|agree|decide|look|review|be (?:told|asked)|authorise|ok)\b(?! (?:her|his|the|cl'?s?) )",
    rf"\b{_SUPERVISOR} (?:says?|said|thinks?|advises?|wants?|agrees?) .{{0,20}}\b(?:we|us"
    r"|not to (?:take|act|open)|no merits?)\b",
    r"^\W*(?:my |our )?(?:TL|team leader|supervisor) (?:says?|said|thinks?|advises?|wants?|told us)"
    r" (?:to )?(?:drop|close|not take|not run|turn down)\b(?! (?:her|his|cl'?s?|my|overtime|hours))",
    rf"{_BEGINS}{_WILL}{_TO_ONE} (?:\w+ ){{0,3}}?{_WITH}[\w.' ]{{1,20}}\((?:my |our )?{_SUPERVISOR}\)",
    r"\b(?:raise|discuss|take|bring|mention|for)(?: \w+){0,2} (?:(?:at|in|to) )?(?:my |our )?supervision\b"
    r"(?! order)",
)
OFFICE = _any(
    r"\bconflict of interests?\b|\bconflicts? check\b|\bCOI\b|\bpossible conflict\b|\bconflict\?"
    r"|\bcheck (?:for )?conflict|\bconflict\s?:",
    r"\bsafeguarding\b(?! (?:team|officer) (?:at|in|of) (?:the )?(?:council|school))|\blone[- ]work"
    r"|\bdo not see alone\b|\bsee in pairs\b",
    r"\bfile review\b|\btime[- ]record|\bmatter start\b|\bfunding target\b|\bbillable\b|\bAQS\b"
    r"|\bclose (?:the )?file if\b",
    r"\bwithhold (?:this\b|from (?:the )?(?:cl|client|letter|her|him|them)\b)|\bdata breach\b"
    r"|\bcomplaints? risk\b(?! assess)",
)
OWNED_UP = _any(r"\bour (?:mistake|error|fault)\b|\bwe missed\b|\bI (?:forgot|missed) (?:to|the)\b")
INTERNAL = (SUPERVISED, OFFICE, OWNED_UP)
OUTSIDE = (
    r"(?:employer'?s?|er|work|manager'?s?|boss|hr|company|firm|supervisor|team leader|colleagues?|staff"
    r"|ll'?s?|landlord'?s?|agents?|housing (?:officer|assoc\w*|manager)|council'?s?|dwp|jcp|hmrc|work coach"
    r"|home office|ombudsman|bank'?s?|lender|insurer|creditor|builder|trader|shop|school'?s?|nursery|college"
    r"|care home|agency|hospital|gp|doctor|nurse|surgery|consultant|midwife|social worker|police|court|judge"
    r"|tribunal|ftt|et|acas|solicitors?|assessor|decision(?: maker)?|letter|ltr|email|text|notice|policy"
    r"|handbook|procedure|journal|report|statement)"
)
_OUTSIDE = re.compile(rf"\b{OUTSIDE}\b", re.IGNORECASE)
_OURS = re.compile(r"\b(?:we|us|our|ours|i|my|me|here|adv|adviser|books)\b", re.IGNORECASE)
# What shows, behind the words, that it is at the client's work, school or home.
_GOES_ON = re.compile(
    r"^\w*(?: \w+){0,2} (?:at (?:the )?(?:work|nursery|school|college|home)|where (?:cl|she|he) works?"
    r"|(?:system|sheets?|records?) (?:at work|from|shows?)|from (?:work|hr|employer|er)"
    r"|investigation|referral|on (?:nights|shift\w*))\b"
    r"|^(?:ing|er|ers) (?:since|on|at|for|all|most|nights|without)\b",
    re.IGNORECASE,
)
_CLAUSE = re.compile(r"[,;.:&]|\s[-–—]\s|\b(?:and|so|but)\b")
# Words that only an office like ours has; others have them only where they do something with them.
_ONLY_OURS = re.compile(
    r"file review|time[- ]record|matter start|funding target|billable|AQS|close (?:the )?file"
    r"|conflicts? check|COI",
    re.IGNORECASE,
)
_OTHERS_DO = re.compile(
    r"(?:'s?|\b(?:says?|said|will|did|does|do|ran|run|has|have|had|keeps?|kept|shows?|from|at|refus\w+|wants?|told|asked"
    r"|raised|made|found|sent|policy))\s(?:\w+\s){0,3}$",
    re.IGNORECASE,
)
_DOES = re.compile(r"\b(?:he|she|cl|they) (?:does|did|keeps?|kept|ha[sd] to|fills?)\b.{0,12}$", re.IGNORECASE)
_SPEAKS = re.compile(
    rf"\b{OUTSIDE}\b[^.;]{{0,30}}(?:[:\"“]|\b(?:says?|said|admit\w*|stat\w+|wrote|accept\w*|emailed|texted"
    rf"|apologis\w+|conced\w+|confirm\w*|told|called it)\b)[^.;]{{0,30}}$|^[^\"“]*\b{OUTSIDE}\b[^\"“]*[\"“]"
    r"[^\"”]*$",
    re.IGNORECASE,
)
_RULE = re.compile(
    r"\b(?:policy|handbook|procedure|contract|hr|letter|email|manual|told|says|said)\b[^,;.]{0,25}$",
    re.IGNORECASE,
)


def office_words(plain: str) -> str | None:
    """The words that show that a line is for the office and not about the client's matter."""
    found = SUPERVISED.search(plain)
    if found and not _RULE.search(plain[: found.start() + 1]):
        return found[0].strip(" ,;:.?!(–—-")
    for found in OFFICE.finditer(plain):
        before, after = plain[: found.start()], plain[found.end() :]
        if (
            _GOES_ON.match(after)
            or _DOES.search(before)
            or (_others(before, found[0]) and not _OURS.search(plain))
        ):
            continue
        return found[0].strip()
    found = OWNED_UP.search(plain)
    return found[0].strip() if found and not _SPEAKS.search(plain[: found.start()]) else None


def _others(before: str, said: str) -> bool:
    """Whether somebody outside, in the same clause, has or does what the words say."""
    clause = _CLAUSE.split(before)[-1]
    if not _OUTSIDE.search(clause):
        return False
    return not _ONLY_OURS.match(said.strip()) or _OTHERS_DO.search(clause) is not None


def without_office(plain: str) -> str:
    """A line that is not for the office, with "matter" for words that elsewhere show that one is."""
    return OFFICE.sub("matter", plain)
