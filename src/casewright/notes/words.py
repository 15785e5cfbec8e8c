"""The fixed lists that decisions rest on; docs/notes.md shows the shorthand, and a test compares the two."""

from __future__ import annotations


def listed(text: str, separator: str | None = None) -> frozenset[str]:
    """The words (or, with a separator, the phrases) of a list written as one text."""
    return frozenset(text.split(separator))


# Expanded wherever it stands as a word of its own. Nothing else is expanded.
SHORTHAND = {
    "ll": "the landlord",
    "ll's": "the landlord's",
    "re": "about",
    "w/": "with",
    "w/o": "without",
    "b/c": "because",
    "appt": "appointment",
    "appts": "appointments",
    "tel": "telephone",
    "c.": "about",
    "approx": "about",
    "@": "at",
    "&": "and",
    "+": "and",
    "asap": "as soon as possible",
    "docs": "documents",
    "info": "information",
    "mtg": "meeting",
    "wks": "weeks",
    "mths": "months",
    "yrs": "years",
    "hrs": "hours",
    "pw": "a week",
    "p/w": "a week",
    "pcm": "a month",
    "o/s": "outstanding",
    "w/c": "week commencing",
    "rec'd": "received",
    "tmrw": "tomorrow",
    "expl'd": "explained",
    "disc'd": "discussed",
    "adv'd": "advised",
    "conf'd": "confirmed",
    "recd": "received",
    "rcvd": "received",
    "w/b": "week beginning",
    "f/u": "follow up",
    "nok": "next of kin",
    "a/c": "account",
    "pls": "please",
    "incl": "including",
    "mins": "minutes",
    "stmt": "statement",
    "stmts": "statements",
    "wk": "week",
    "mth": "month",
    "yr": "year",
}
# These are shorthand only after a figure or these words: "£50 pw", while "cl to send pw" may be a password;
# "next wk", while "wk coach" is of work.
ONLY_AFTER = {
    "pw": frozenset[str](),
    "p/w": frozenset[str](),
    "wk": listed("a an per each every one once next this last following first second third half"),
}


def is_short(word: str, before: str) -> bool:
    """Whether a word (lower case) is shorthand after the word before it ("" where there is none)."""
    if word not in ONLY_AFTER:
        return word in SHORTHAND
    return any(char.isdigit() for char in before) or before.lower() in ONLY_AFTER[word]


# Shorthand for people, turned by voice: the letter speaks to the client.
CLIENT = frozenset({"cl", "ct", "clt", "c/l", "client", "clnt", "cleint", "clinet"})
CLIENTS = frozenset({"cl's", "clt's", "ct's", "client's", "cls"})
ADVISER = frozenset({"adv", "adviser", "advisor", "caseworker", "cw"})

# What a person can be set to do; "cl to court" is none, "cl to call" is one.
ACTIONS = listed(
    """
    accept access add apply appeal approach arrange ask attend avoid await book bring call cancel
    challenge change chase check claim close collect compile complain complete confirm consider
    contact continue copy correct decide declare deliver describe discuss dispute download draft
    draw email enquire explain fax file fill find finish follow forward gather get give go hand hold
    identify ignore inform instruct investigate keep leave let list liaise log look lodge make meet
    message negotiate notify obtain open order pass pay phone photocopy photograph pick post prepare
    print produce propose provide query raise read reapply reclaim record refer register reject
    remain remember remind reply report request research respond return review revise ring save scan
    see seek send serve set share show sign speak start stay stop submit supply switch take talk tel
    telephone tell text transfer try update upload use vacate verify view visit wait withdraw work
    write appoint compare calculate cooperate co-operate engage sell buy move renew resend resubmit
    re-apply re-send open resign repay assess assist help represent advise issue settle offer object
    opt freeze reduce increase maintain allow permit do put set come drop think bid forward rebook reschedule
    rearrange e-mail sort attach enclose escalate explore redraft signpost monitor prioritise diarise
    recalculate
    """
)
# What advisers do not do for a client: "I will pay" is as likely the client's own words.
NOT_AN_ADVISERS = listed(
    "pay repay leave move vacate stay claim reclaim buy sell resign sign work accept settle offer save"
)
# Both things and doings: before these words they are things ("contact number", "call from the court").
THINGS_BEFORE = listed("from number no date of")

# The client's own telling; "told us" takes a whole clause after it.
SAYS = {
    "says": "told us",
    "said": "told us",
    "states": "told us",
    "stated": "told us",
    "reports": "reported",
    "reported": "reported",
    "mentions": "mentioned",
    "mentioned": "mentioned",
    "explains": "explained",
    "explained": "explained",
    "confirms": "confirmed",
    "confirmed": "confirmed",
}
# Third person to second: "cl owes" -> "you owe".
AGREE = {
    "has": "have",
    "is": "are",
    "was": "were",
    "does": "do",
    "doesn't": "don't",
    "hasn't": "haven't",
    "isn't": "aren't",
    "wasn't": "weren't",
    "owes": "owe",
    "lives": "live",
    "works": "work",
    "pays": "pay",
    "gets": "get",
    "receives": "receive",
    "wants": "want",
    "needs": "need",
    "rents": "rent",
    "claims": "claim",
    "earns": "earn",
    "thinks": "think",
    "believes": "believe",
    "feels": "feel",
    "knows": "know",
    "wishes": "wish",
    "disputes": "dispute",
    "denies": "deny",
    "suffers": "suffer",
    "cares": "care",
    "takes": "take",
}
# What happened: these keep their form when the person before them changes.
PAST = listed(
    """
    accepted appealed applied approached arranged asked asserted attended became began bought
    borrowed brought called cancelled came challenged changed checked claimed complained completed
    contacted declined did didn't discussed disputed emailed ended failed fell felt filled found
    gave got had handed heard hadn't informed issued kept left lent lost made met missed moved
    needed offered opened owned paid phoned posted produced provided raised ran rang received
    refused registered rejected rented repaid replied reported requested responded returned sent
    separated served signed sold split spoke started stayed stopped submitted suffered talked
    thought told took tried visited wanted went withdrew won worked wrote
    """
)
# What advisers write of their own past without saying "I".
ADVISED = listed("advised explained discussed signposted told informed reminded warned expl'd disc'd adv'd")
# Of these, the ones that say something to somebody: sure only where that is the client.
AIMED = listed("told informed reminded warned advised adv'd")
# What a person is or feels, which notes write without the "is".
STATES = listed(
    "worried anxious unhappy pregnant unemployed homeless single married divorced disabled unable upset"
    " scared frightened"
    " concerned confused aware unaware unsure desperate retired self-employed unwell diabetic"
)

# Known third parties; beyond these an unknown name that "is to" do something stays undecided.
PARTIES = listed(
    """
    ll landlord council dwp hmrc court employer bank bailiffs bailiff agent agents jobcentre gp
    hospital school police tribunal lender creditor creditors insurer neighbour neighbours partner
    ex housing acas ombudsman barclays lloyds natwest hsbc santander halifax nationwide aviva capita
    lowell la ha acas cab lettings freeholder ombudsman retailer trader cabot klarna edf eon octopus ovo
    vodafone marston marstons
    """
)
# The same, of two words.
PARTIES_OF_TWO = listed(
    "housing association|letting agent|letting agents|estate agent|british gas|thames water|severn trent"
    "|work coach"
    "|housing officer|social worker|managing agent|managing agents|union rep|line manager|housing benefit"
    "|social services|job centre|credit union",
    "|",
)
TITLES = listed("mr mrs ms miss mx dr prof sir")
# Names that are words of notes as well; a person of such a name is not told by it.
NOT_NAMES = listed(
    "will may april june august grant bill rich penny faith hope joy dean court bank banks young"
    " long short day week sunday friday rent price law page"
)
# Two letters in capitals that are no person's initials.
ACRONYMS = listed(
    "ll uc mr hb ct la ha ho hr ea cb aa ni id dd ta nb gp dv mh et bf ok tv uk eu ca cl cw cm sw tc fu op hw"
    " wc jc cc ac ir fa po ed dr ms pw pm am re vs co"
)
HERE = listed("i we me my us our mine ours i'm i've i'd i'll we're we've we'd we'll")
THERE = listed("he she they him her his hers their theirs he's she's they're himself herself")
DEPENDS = listed("if unless when once whether should provided assuming until")
DOUBT = listed("maybe perhaps possibly might prob probably cancelled done completed tbc")

# All that a sentence may say beyond its lines: openings, voices and what shorthand stands for.
LEXICON = listed(
    "you your we us our will need to must not told confirmed that noted the have are were do don't haven't"
    " aren't weren't is a an also"
) | frozenset(word for said in SHORTHAND.values() for word in said.split())
# Of these, the ones that mean themselves even in notes by or about a person of such initials.
NO_INITIALS = listed("ll uc mr hb ct la ha hr ni id dd ta gp cl pm")
# The pairs a model may choose between; the words mean the same in a letter.
SAME = {
    "phone": "call",
    "ring": "call",
    "telephone": "call",
    "regarding": "about",
    "concerning": "about",
    "obtain": "get",
    "purchase": "buy",
    "commence": "start",
    "complete": "fill in",
    "notify": "tell",
    "inform": "tell",
}
