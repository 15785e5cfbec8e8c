"""Words that no line needs to have: those that sentences begin with, and what usual initials stand for."""

from __future__ import annotations

from casewright.notes.words import listed

# With a capital anywhere: "I", the forms of address, the people that a letter turns to.
FIXED = listed(
    """
    i we you dear yours mr mrs ms miss dr mx client adviser advisor sincerely faithfully
    """
)
# Only at the beginning of a sentence, a line or a quotation.
OPENERS = listed(
    """
    advised a about according add after all also
    although am an and any anyone anything apply are arrange as ask at
    attend be because before both bring but by call cannot check collect complete confirm contact could did
    discuss discussed do does don't dont during each email ensure even explain explained fill find finally
    first follow following for forward from further gather get give given go had has have he her here his
    how however if in inform is it its keep last later let like looking make many may meanwhile more my need
    next no not nothing noted now of on once one only or our over pay phone please post prepare provide
    reply regarding remember report request respond return review ring secondly send she should show sign
    since so some someone speak still submit such take talk telephone tell thank that the their then there
    therefore these they this those though to today together tomorrow two under unless until upload up use
    visit wait was were what when where whether which while who will with within without work would write
    you your ensure regards keeping further matters actions summary background kind best hello hi carry hold
    stay pass leave put let's lets pick open sell find move wait read write print
    """
)
_INITIALS = {
    "uc": "universal credit",
    "pip": "personal independence payment",
    "dwp": "department for work and pensions",
    "hmrc": "his her majesty's majestys revenue and customs",
    "hb": "housing benefit",
    "ctax": "council tax",
    "ct": "council tax client",
    "ctr": "council tax reduction",
    "cts": "council tax support",
    "esa": "employment and support allowance",
    "jsa": "jobseeker's jobseekers allowance",
    "dla": "disability living allowance",
    "aa": "attendance allowance",
    "ca": "carer's carer carers allowance",
    "cb": "child benefit",
    "ll": "landlord",
    "la": "local authority",
    "ha": "housing association",
    "ccj": "county court judgment judgement",
    "dro": "debt relief order",
    "iva": "individual voluntary arrangement",
    "dhp": "discretionary housing payment",
    "mr": "mandatory reconsideration",
    "wca": "work capability assessment",
    "ea": "enforcement agent",
    "gp": "doctor general practitioner",
    "cab": "citizens advice bureau",
    "nok": "next of kin",
    "ni": "national insurance",
    "nino": "national insurance number",
    "hmo": "house in multiple occupation",
    "acas": "advisory conciliation and arbitration service",
    "et": "employment tribunal",
    "fos": "financial ombudsman service",
    "foo": "financial ombudsman",
    "lha": "local housing allowance",
    "s21": "section",
    "s8": "section",
    "epc": "energy performance certificate",
    "dd": "direct debit",
    "xmas": "christmas",
    "rd": "road",
    "st": "street",
    "ave": "avenue",
    "stds": "standards",
    "ts": "trading standards",
    "so": "standing order",
    "mon": "monday",
    "tue": "tuesday",
    "tues": "tuesday",
    "wed": "wednesday",
    "thu": "thursday",
    "thur": "thursday",
    "thurs": "thursday",
    "fri": "friday",
    "sat": "saturday",
    "sun": "sunday",
}
# What initials stand for, word by word.
EXPANDED = {short: listed(long) for short, long in _INITIALS.items()}
