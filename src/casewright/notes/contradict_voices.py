"""What a line says of who speaks in it, what it denies and what it gives: the ground of two lines'"
" quarrel.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from casewright.notes.contradict_pieces import Piece
from casewright.notes.contradict_source_values import Told, values_in
from casewright.notes.contradict_words import Lazy, stem
from casewright.notes.words import CLIENT, PARTIES, listed

_PAPERS = listed(
    "letter letters ltr ltrs notice form forms diary print printout statement statements stmt stmts passbook"
    " agreement agmt contract copy email emails e-mail text texts note log record records register search"
    " portal"
    " online website journal jnl receipt receipts invoice payslip payslips slip slips p45 p60 calendar report"
    " cert certificate ledger screenshot system order decision schedule file app advert deed paperwork papers"
    " tracker voicemail registry experian trustonline demand summons n5 et1 et3 bundle bill quote ast booking"
    " ticket card minutes transcript rota timesheet timesheets spreadsheet label policy"
)
_PERSONS = listed(
    "says said say reckons reckon thinks think thought insists puts put told tells claims claim states stated"
    " remembers swears adamant maintains per acc according count reads confirms confirmed disputes disputed"
    " sure"
    " swore believes believed recalls recalled quoted mentions mentioned estimate estimates guesses"
    " understood"
    " understands"
)
_SAYS = _PERSONS | listed(
    "shows show gives has records recorded lists counted denies denied maintains quotes"
)
_CLIENTS = listed("he she they i cl clt ct client client's clients his her")
_HE_SAYS = re.compile(
    r"\b(?:he|she|they|i|cl|clt|ct|client) (?:says|said|thinks|reckons|claims|insists|is sure|sure|swears"
    r"|denies"
    r"|disputes|told)\b|\b(?:says|thinks|reckons|claims|insists|sure|adamant|per) (?:he|she|they|cl|client|ct"
    r"|him|her)\b|^[-•*>→ ]*(?:says|reckons|thinks|claims|swears|insists|remembers)\b|\bclient'?s?\b"
    r"|\b(?:his|her) (?:own )?(?:notebook|diary|phone|count|list|evidence|stmt|account)\b",
    re.IGNORECASE,
)
_SPEAKER = re.compile(r"^[^:]{1,34}:(?! ?\d\d)")
_QUOTES = re.compile(
    r"\b(?:states?|read(?:s|out)|shows?|says|said|records?|has|gives|puts|quotes|lists?) ?[\"“']",
    re.IGNORECASE,
)
_OTHER_SAYS = re.compile(
    r"\b(?!(?:he|she|they|cl|client|ct|clt|i|who|also|and) )[\w&'’.)]+ (?:says?|said|claims?|states?|stated"
    r"|maintains?|reckons?|thinks?|insists?|shows?|gives?|has it|puts?|quotes?|records?|recorded|confirms?"
    r"|confirmed|lists?|mentions?|counted|told|denies|denied|disputes)\b",
    re.IGNORECASE,
)
_NOT = listed(
    "no not never none nothing nobody nowt without w/o cannot no-one unsigned unpaid untrue denied denies"
    " deny"
    " denying refused refuses refusing isnt didnt hasnt wasnt don't doesn't didn't isn't wasn't aren't"
    " weren't"
    " hasn't haven't hadn't won't wouldn't couldn't can't don’t doesn’t didn’t isn’t wasn’t hasn’t haven’t"
    " hadn’t"
)
_MAY_DENY = _NOT | listed("first 1st only came dispute disputes disputed")
_CAME = (
    r"(?:rec['’]?d|received?|told|reported|recorded|reach\w*|hit|seen?|heard|notified|informed|arrived?|came"
    r"|raised|made|logged|protected|registered|served|sent)"
)
_NEVER = (
    r"(?:never|not|n['’]t|none|nobody|no one|no-one|nowt)\b"
    r"(?: (?:been|ever|have|had|was|were|it|actually))* ?"
)
# That something never came to be known: "no record of either", "first heard 2 April".
_NEVER_CAME = re.compile(
    r"\b(?:no (?:\w+ ){0,3}?(?:record|trace|sign|evidence|contact)|no (?:\w+ ){1,3}(?:rec['’]?d|received|made"
    r"|raised|taken|logged|reached|on (?:site|file|record|system|the))|nothing (?:was )?(?:rec\w*|in|on|since"
    r"|came|arrived|recorded|logged|sent|there)|" + _NEVER + _CAME + r"|(?:1st|first|only|came to)"
    r" (?:heard|know|knew|told|aware)|(?:1st|first) (?:approach|contact|report|complaint|mention)\w*)\b",
    re.IGNORECASE,
)
_DENIES = re.compile(
    r"\b(?:no (?:\w+ ){0,3}?(?:complaints?|reports?|requests?|deposit|accident|slips?|such|payments?"
    r"|suspensions?"
    r"|mention)|"
    + _NEVER
    + r"(?:got|get|informed|asked|claimed|signed|rang|phoned|called|happened|paid|missed"
    r"|late|agreed|given|had|owned|lived)|no \w+ (?:\w+ )?ever|unsigned|unpaid|untrue|denie[sd]|den(?:y|ying)"
    r"|disputes?)\b",
    re.IGNORECASE,
)
# What is done so that another knows of it or has it, and what proves it.
_DONE = listed(
    "told tell reported report reports sent faxed emailed e-mailed rang phoned called posted cancelled"
    " notified"
    " informed gave given handed submitted uploaded proof receipt receipts slip delivered text texts texted"
    " email"
    " complain complained complains complaint applied registered wrote message msg paid signed served filled"
    " asked request requested screenshot screenshots recorded back"
)
ONLY = listed("only just")
BUT = re.compile(r"^[-•*>→ ]*(?:\[x\] )?(?:but|however|yet|although|though|actually)\b", re.IGNORECASE)
_OPEN = listed(
    "if would could should might wants want hopes hope can need needs needed must unless explain explained"
    " expl"
    " advised adv'd advise adv"
)
_CHANGED = re.compile(
    r"\b(?:(?<!it )(?:was|were)(?= (?:only |about |then )?[£\d])|used to|previous\w*|now(?! says| said"
    r"| thinks)"
    r"|increas\w+|reduc\w+|new|old|up to|if|would|could|max\w*|min(?:imum)?|at least|more than|less than|each"
    r"|another|further|additional|extra|plus|limit|cap|lha|of which|per child|next|last year|since then"
    r"|second"
    r"|2nd|again|adjourn\w*|re-?list\w*|moved|instead|before|after|offer\w*|propos\w*|afford|towards|until"
    r"|till"
    r"|by|rather than|between|either|other|half|wants?|asks?|asked|within|compensation|refund\w*|threshold"
    r"|allowance)\b",
    re.IGNORECASE,
)
CORRECTS = re.compile(
    r"^(?:[A-Z]\w{0,10}: )?[-–•* ]*(?:no(?=[,;:–-]| [-–]| it['’]?s| actually)|nope|correction|corrected|sorry"
    r"|scrap that|wait|actually)\b",
    re.IGNORECASE,
)
# What is done with many things, or says that something is said: to share these alone means nothing.
_LITTLE = listed(
    "bank court told stated shown shows show gives given give mentions copy has have had print note says"
    " officer"
    " account acct office client her his their phone it listed total come put puts added amount figure actual"
    " correc sorry wrong thought per stands stood least whole avg average bought payment send receive agree"
    " report claim notice contract bill sign order decision form tenancy"
)


@dataclass(eq=False)
class Line:
    """A line, who speaks in it, what it denies, its values; most is looked for when it is asked for."""

    piece: Piece
    own: frozenset[str]

    @Lazy
    def person(self) -> bool:
        """Whether somebody says, thinks or states something in it."""
        return not self.piece.known.isdisjoint(_PERSONS)

    @Lazy
    def paper(self) -> bool:
        """Whether it names a paper, a message or a record."""
        return not self.piece.known.isdisjoint(_PAPERS)

    @Lazy
    def he(self) -> bool:
        """Whether the client is the one who says it."""
        known = self.piece.known
        likely = not known.isdisjoint(_CLIENTS) or not _SAYS.isdisjoint(self.piece.words[:1])
        return likely and _HE_SAYS.search(self.piece.text) is not None

    @Lazy
    def colon(self) -> bool:
        """Whether it begins with its speaker, or gives his words."""
        text = self.piece.text
        quoted = ('"' in text or "“" in text or "'" in text) and _QUOTES.search(text) is not None
        return quoted or (":" in text and _SPEAKER.match(text) is not None)

    @Lazy
    def other(self) -> bool:
        """Whether somebody else than the client says it, or a paper does."""
        return not self.piece.known.isdisjoint(_SAYS) and _OTHER_SAYS.search(self.piece.text) is not None

    @Lazy
    def third(self) -> bool:
        """Whether a paper or another than the client gives it."""
        return self.paper or self.other or self.colon

    @Lazy
    def sourced(self) -> bool:
        """Whether it names its source at all."""
        text = self.piece.text
        return self.person or self.third or self.he or text.count('"') > 1 or "“" in text

    @Lazy
    def negative(self) -> bool:
        """Whether something in it is not so."""
        return not self.piece.known.isdisjoint(_NOT)

    @Lazy
    def never_came(self) -> bool:
        """Whether it says that something never came to be known or to arrive."""
        return not self.piece.known.isdisjoint(_MAY_DENY) and _NEVER_CAME.search(self.piece.text) is not None

    @Lazy
    def denies(self) -> bool:
        """Whether it says that, or that something was not done or is not true."""
        may = self.never_came or not self.piece.known.isdisjoint(_MAY_DENY)
        return self.never_came or (may and _DENIES.search(self.piece.text) is not None)

    @Lazy
    def done(self) -> bool:
        """Whether something is done in it that another would know of."""
        return not self.piece.known.isdisjoint(_DONE)

    @Lazy
    def values(self) -> dict[str, list[Told]]:
        """Its values by kind."""
        found: dict[str, list[Told]] = {}
        for one in values_in(self.piece.text, self.piece.values):
            found.setdefault(one[0], []).append(one)
        return found

    @Lazy
    def topic(self) -> frozenset[str]:
        """The words that say what it is about, without who says it."""
        left_out = (_PAPERS, _PERSONS, PARTIES, self.own)
        return frozenset(
            stem(word) for word in self.piece.known if not any(word in one for one in left_out)
        ) - (_LITTLE | {""})

    @Lazy
    def names(self) -> frozenset[str]:
        """The names in it, but for the client."""
        return self.piece.names - self.own

    @Lazy
    def open(self) -> bool:
        """Whether it says what may be or is to be."""
        return not self.piece.known.isdisjoint(_OPEN) or "?" in self.piece.text

    @Lazy
    def advice(self) -> bool:
        """Whether it is what the adviser told the client: "told cl we can't take it on"."""
        said = self.piece.words[1:] if self.piece.words[:1] in (("we",), ("adv",)) else self.piece.words
        return said[:1] == ("told",) and not CLIENT.isdisjoint(said[1:2])

    @Lazy
    def changed(self) -> frozenset[str]:
        """The words that say that a value was otherwise, or is a part or a wish."""
        return frozenset(match.lower() for match in _CHANGED.findall(self.piece.text))
