"""What looks like a private remark and is the client's own matter: what others said of or to the client.

"Dismissal letter: cl was rude" and "account not credible per decision letter" say what was held against the
client, "manager told cl in confidence" what the client knows already.
"""

from __future__ import annotations

import re

from casewright.notes.private_office import OUTSIDE

_CL = r"(?:cl|ct|clt|c/l|client)"
_ACCUSED = re.compile(
    r"\b(?:ll|landlord|employer|council|dwp|company|agents?|manager|boss|letter|lender|bank|insurer"
    r"|neighbours?|police|ex|report|they|decision|assessor"
    r"|solicitors?|school|trader|firm|hmrc|housing officer|decision maker|supervisor|team leader|judge|court"
    r"|tribunal|ftt|home office|doctor|gp|nurse|consultant|midwife)\b.{0,30}"
    r"\b(?:says?|said|alleg\w+|claims?|claimed|accus\w+|states?|stated|reckons?|thinks?|thought|called"
    r"|insists?|implied|suggest\w*|found|decided)\b"
    r"|\b(?:home office|tribunal|ftt|decision maker|judge)\b.{0,20}\b(?:refus\w*|reject\w*|dismiss\w*)\b"
    r"|^(?:the )?(?:(?:dismissal|decision|refusal|warning|disciplinary|grievance|suspension|investigation"
    r"|employer'?s?|ll'?s?|manager'?s?|outcome) )+(?:letter|email|report|outcome|statement)\b[^:]{0,20}:",
    re.IGNORECASE,
)
_CLIENT_SAYS = re.compile(
    rf"\b(?:{_CL}|she|he|they) (?:says?|said|feels?|thinks?|believes?|reckons?|alleges?|claims?|suspects?)"
    r"(?: that)? (?!he\b|she\b|they\b|cl\b|it\b)[^,;.–]{2,30}$",
    re.IGNORECASE,
)
_SAID_SO = re.compile(
    rf"^[^.;]{{0,40}}?\b(?:(?:{_CL}|she|he|they|{OUTSIDE}) (?:says?|said|thinks?|feels?|alleges?|claims?"
    rf"|reckons?)|(?:says?|said|per|acc(?:ording)? to|alleged by) (?:the |her |his )?(?:\w+ )?{OUTSIDE})\W*$",
    re.IGNORECASE,
)
_PAPERS = re.compile(
    r"\b(?:payslips?|bills?|stmts?|statements?|invoices?|dwp|council'?s?|employer'?s?|ll'?s?|bank'?s?|et3)\b"
    r"[^,;.]{0,25}$",
    re.IGNORECASE,
)
_FIGURES = re.compile(r"(?:story|account|version|figures|tale|it)\b", re.IGNORECASE)
_TOLD_CLIENT = re.compile(
    rf"\b{OUTSIDE}\b.{{0,20}}\b(?:told|asked|asks|wants?|wanted|warned|ordered|instructed)"
    rf" (?:{_CL}|her|him|them|staff|everyone|workers)(?: to)?\b[^,;]{{0,15}}$",
    re.IGNORECASE,
)
_IN_TALKS = re.compile(r"\b(?:mediation|conciliation|acas|talks|negotiations?)\b.{0,20}$", re.IGNORECASE)
_DONE_QUIETLY = re.compile(
    rf"\b{OUTSIDE}\b.{{0,30}}\b(?:dismissed|sacked|sold|selling|sublet|moved|hired|promoted|replaced|paid)\b"
    r"[^,;]{0,25}$",
    re.IGNORECASE,
)
_TO_CLIENT = re.compile(rf"^ in (?:{_CL}|her|him)\b", re.IGNORECASE)
# The client works with clients: "cl shouted at another client".
_CARES = re.compile(
    r"\b(?:care home|carer|care (?:worker|co\w*|agency)|support work\w*|agency|nursery|salon|suspended"
    r"|accused|alleg\w*|disciplin\w*|gross misconduct)\b",
    re.IGNORECASE,
)
_OF_FIRM = re.compile(r"^'?s? (?:of (?:the|her|his) (?:agency|firm|home|company|salon)|medication)\b", re.I)
_AT_CUSTOMER = re.compile(
    r"^ to (?:the |her |his |a )?(?:supervisor|team leader|manager|boss|customers?|colleagues?|passengers?"
    r"|residents?|patients?|ll|landlord|driver)\b",
    re.IGNORECASE,
)


def accused(plain: str, found: re.Match[str]) -> bool:
    """Whether an opinion or a remark is what somebody else says of the client, or the client of others."""
    before, after = plain[: found.start()], plain[found.end() :]
    if _ACCUSED.search(before) or _SAID_SO.search(after) or _AT_CUSTOMER.match(after):
        return True
    if _CLIENT_SAYS.search(before):
        return True
    return _FIGURES.match(found[0]) is not None and _PAPERS.search(plain[: found.end()]) is not None


def told_to_client(plain: str, found: re.Match[str]) -> bool:
    """Whether it is something that another told or asked the client, or did without telling."""
    before = plain[: found.start()]
    return (
        _TOLD_CLIENT.search(before) is not None
        or _TO_CLIENT.match(plain[found.end() :]) is not None
        or ("quiet" in found[0].lower() and _DONE_QUIETLY.search(before) is not None)
        or ("confidence" in found[0].lower() and _IN_TALKS.search(before) is not None)
    )


def at_work(plain: str, found: re.Match[str]) -> bool:
    """Whether another client is one whom the client works with."""
    return (
        _CARES.search(plain[: found.start()]) is not None or _OF_FIRM.match(plain[found.end() :]) is not None
    )
