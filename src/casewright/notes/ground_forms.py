"""Forms of words that no rule of endings finds, contractions, and the closed classes of grammar."""

from __future__ import annotations

from casewright.notes.words import listed


def _irregular(table: str) -> dict[str, tuple[str, str]]:
    found: dict[str, tuple[str, str]] = {}
    for row in table.split(";"):
        base, *past = row.split()
        for word in past:
            found[word] = (base, "past")
    return found


# base, then past forms
_VERBS = """
send sent;pay paid pd;tell told;say said;get got gotten;give gave given;take took taken;make made;
go went gone;come came;see saw seen;find found;keep kept;leave left;lose lost;meet met;bring brought;
buy bought;sell sold;speak spoke spoken;write wrote written;ring rang rung;lend lent;hear heard;
hold held;begin began begun;become became become;fall fell fallen;feel felt;think thought;
know knew known;show showed shown;build built;win won;withdraw withdrew withdrawn;break broke broken;
choose chose chosen;deal dealt;draw drew drawn;drive drove driven;forget forgot forgotten;
grow grew grown;hide hid hidden;rise rose risen;run ran;seek sought;shake shook shaken;sleep slept;
spend spent;stand stood;steal stole stolen;swear swore sworn;teach taught;throw threw thrown;
understand understood;undertake undertook undertaken;wake woke woken;wear wore worn;mean meant;lead led;
learn learnt;owe owed owing;catch caught;fight fought;freeze froze frozen;overpay overpaid;
underpay underpaid;repay repaid;mislay mislaid;lay laid;resend resent;hand handed;live lived;use used;
sign signed;rent rented;agree agreed;need needed;fill filled;bid bade;sue sued;argue argued;
issue issued;die died;lie lied
"""
IRREGULAR = _irregular(_VERBS.replace("\n", " ").strip()) | {
    "owing": ("owe", ""), "children": ("child", ""), "kids": ("kid", ""), "men": ("man", ""),
    "women": ("woman", ""), "people": ("person", ""), "wives": ("wife", ""), "halves": ("half", ""),
    "dealing": ("deal", ""), "has": ("have", ""), "does": ("do", ""), "goes": ("go", ""),
    "news": ("news", ""), "this": ("this", ""), "was": ("was", ""), "does't": ("do", ""),
    "owes": ("owe", ""), "wages": ("wage", ""), "goods": ("goods", ""), "us": ("us", ""),
    "bills": ("bill", ""), "ltrs": ("ltr", ""), "dying": ("die", ""), "lying": ("lie", ""),
    "note": ("notex", ""), "notes": ("notex", ""), "noted": ("notex", "past"), "noting": ("notex", ""),
    "care": ("carex", ""), "cares": ("carex", ""), "cared": ("carex", "past"), "caring": ("carex", ""),
    "files": ("filex", ""), "filed": ("filex", "past"), "filing": ("filex", ""), "file": ("filex", ""),
    "cancelled": ("cancel", "past"), "cancelling": ("cancel", ""), "travelled": ("travel", "past"),
    "labelled": ("label", "past"), "travelling": ("travel", ""), "enrolled": ("enrol", "past"),
    "moving": ("move", ""), "leaving": ("leave", ""), "lives": ("live", ""), "using": ("use", ""),
    "going": ("go", ""), "doing": ("do", ""),
}  # fmt: skip
# Past participle and base form alike, so that they say nothing of time.
UNTIMED = listed("come become run put set cut let read cost hit hurt quit shut spread split")
CONTRACTIONS = {
    "can't": "can not", "cannot": "can not", "cant": "can not", "won't": "will not", "wont": "will not",
    "shan't": "shall not", "dont": "do not", "didnt": "did not", "doesnt": "does not", "isnt": "is not",
    "wasnt": "was not", "hasnt": "has not", "havent": "have not", "couldnt": "could not",
    "wouldnt": "would not", "i'm": "i am", "i've": "i have", "i'd": "i would", "i'll": "i will",
    "we're": "we are", "we've": "we have", "we'd": "we would", "we'll": "we will", "you're": "you are",
    "you've": "you have", "you'd": "you would", "you'll": "you will", "he's": "he is", "she's": "she is",
    "they're": "they are", "they've": "they have", "they'll": "they will", "he'll": "he will",
    "she'll": "she will", "it's": "it is", "that's": "that is", "there's": "there is", "it'll": "it will",
    "let's": "let us", "gonna": "going to", "unless": "if not", "w/o": "without", "w/": "with",
    "w/in": "within", "w/out": "without", "b/c": "because", "bc": "because", "&": "and", "+": "and",
    "@": "at", "pls": "please", "asap": "asap", "amp": "and", "n/a": "not applicable", "wd": "would",
    "cd": "could", "shld": "should", "shd": "should", "cldn't": "could not", "wdn't": "would not",
    "should've": "should have", "could've": "could have", "would've": "would have", "must've": "must have",
    "might've": "might have", "shdve": "should have", "tbc": "to be confirmed", "tbd": "to be decided",
    "il": "i will", "thru": "through", "yr": "year",
    "rec'd": "received", "recd": "received", "arent": "are not", "werent": "were not",
    "shouldnt": "should not", "mustnt": "must not", "til": "until", "frm": "from", "hv": "have",
    "b4": "before", "wi": "with", "bec": "because", "cos": "because", "cuz": "because", "ur": "your",
    "u": "you", "wld": "would", "photo'd": "photographed", "abt": "about", "n": "and", ">": "more than",
    "<": "less than", "adv'd": "advised", "expl": "explained", "expl'd": "explained", "prev": "previous",
    "x": "times", "poss": "possible", "prob": "probably", "temp": "temporary",
    "unable": "not able", "unwilling": "not willing", "nothing": "not anything", "nobody": "not anybody",
    "none": "not any", "neither": "not either", "nor": "and not", "without": "without",
    "nowhere": "not anywhere", "no-one": "not anybody", "o/s": "outstanding", "c/o": "care of",
    "ll's": "landlord 's", "lls": "landlord 's",
}  # fmt: skip
NOT = listed("not no never")
DENIES_ALONE = listed("without lack lacks lacking nil")
CLIENT = listed("cl clt c/l client you yourself")
CLIENTS = listed("your yours client's cl's clt's clients' cls")
ADVISER = listed("i we me us adv adviser advisor caseworker cw ourselves myself")
ADVISERS = listed("our ours my mine adviser's adv's")
OTHERS = listed("he she they him them")
THEIRS = listed("his her hers their theirs")
BE = listed("be is are was were been being am")
WAS = listed("was were")
HAVE = listed("have has had having")
DO = listed("do does did")
WILL = listed("will shall")
MAY = listed(
    "may might perhaps possibly maybe possible likely probably potentially poss prob potential chance"
)
CAN = listed("can could able")
MUST = listed("must need needs needed required require obliged ought should required")
FIRM = listed("must need needs required obliged ought")
IF = {
    "if": "if", "provided": "if", "providing": "if", "assuming": "if", "depending": "if", "depends": "if",
    "until": "until", "till": "until", "once": "when", "when": "when", "after": "when", "whenever": "when",
    "before": "before", "because": "because", "otherwise": "else", "while": "while", "whether": "whether",
    "unless": "if", "in case": "case", "subject": "if",
}  # fmt: skip
MONTHS = {
    short: full
    for full in listed("january february march april june july august september october november december")
    for short in (full[:3], full[:4], full)
} | {
    short: full
    for full in listed("monday tuesday wednesday thursday friday saturday sunday")
    for short in (full[:3], full[:4], full[:5], full, full + "s")
    if short not in ("sun", "sat", "wed", "mond", "frid", "sund")
}
SIDES = {
    "from": "from", "to": "to", "by": "by", "against": "against", "for": "for", "with": "with",
    "until": "until", "till": "until", "before": "before", "after": "after", "since": "since", "on": "on",
    "of": "of", "at": "at", "in": "in", "within": "within", "under": "under", "over": "over",
    "above": "over", "below": "under", "between": "between", "about": "about", "into": "to",
    "towards": "to", "than": "than", "up": "up", "upwards": "over",
}  # fmt: skip
ARTICLES = listed("a an the this that these those")
ADVERBS = listed(
    "also then now still just already yet only soon currently recently previously always often first both"
    " all either"
    " so far therefore to already formally immediately shortly kindly please directly again"
)
NUMBERS = {
    word: str(value)
    for value, word in enumerate(
        [
            "zero",
            "one",
            "two",
            "three",
            "four",
            "five",
            "six",
            "seven",
            "eight",
            "nine",
            "ten",
            "eleven",
            "twelve",
            "thirteen",
            "fourteen",
            "fifteen",
            "sixteen",
            "seventeen",
            "eighteen",
            "nineteen",
            "twenty",
        ]
    )
} | {"thirty": "30", "forty": "40", "fifty": "50", "sixty": "60", "ninety": "90", "hundred": "100"}
PARTIES = listed(
    """
    hubby lawyer sol ll landlord landlady council la dwp hmrc court employer boss manager bank bailiff agent
    jobcentre gp doctor hospital school police tribunal lender creditor insurer neighbour partner ex husband
    wife mother mum father dad son daughter sister brother housing association acas ombudsman company
    supplier trader seller garage dealer shop solicitor builder contractor friend barclays lloyds natwest
    hsbc santander halifax nationwide aviva capita lowell university college uncle aunt judge officer worker
    mate pal girlfriend boyfriend cousin nan gran grandmother grandad grandfather nephew niece teacher
    vet buyer
    tenant lodger flatmate supervisor colleague er ha ptnr
    """
)
