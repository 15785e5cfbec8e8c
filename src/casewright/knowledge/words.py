"""Word lists: what carries no content, irregular forms, a few synonyms of casework, months, numbers.

Small on purpose. A synonym here only helps a passage to be found; what a model may say is held to the
passage's own words (``support.py`` does not use them).
"""

from __future__ import annotations


def words(text: str) -> frozenset[str]:
    """The words of a list that is written as a text."""
    return frozenset(text.split())


STOP = words(
    "a about above after again against all also am an and any are aren't as at be because been before "
    "being below between both but by can can't cannot could couldn't did didn't do does doesn't doing "
    "don't down during each few for from further had hadn't has hasn't have haven't having he her "
    "here hers herself him himself his how i if in into is isn't it its itself just me more most must "
    "mustn't my myself neither no nor not of off on once only or other our ours ourselves out over "
    "own please same shall shan't she should shouldn't so some such than that the their theirs them "
    "themselves then there these they this those through to too under until up upon very was wasn't "
    "we were weren't what when where which while who whom whose why will with within won't would "
    "wouldn't you your yours yourself may might since till per yet still much many long often soon "
    "old far ever never without"
)
# They say little about what a sentence is about.
LIGHT = words(
    "client get give make take go come say tell know happen need want use state mention show "
    "exact kind sort thing person document letter note text file case accord list detail ask it"
)
# "asked him to repair it", "refused to pay": what comes after is not said to be done.
WISHES = words(
    "ask asked asks want wants wanted hope hopes hoped plan plans planned refused refuses fail failed "
    "try tried promised intends intended requested wishes told ordered meant supposed"
)
NEGATIONS = words("no not never none neither nor without cannot can't nobody nothing nowhere unable")
HEDGES = words(
    "says said say according reported reports told believes thinks "
    "may might could if unless about approximately around roughly nearly almost allegedly alleged "
    "probably possibly perhaps maybe likely unlikely claims alleges estimated expected provisional "
    "except"
)
LIMITS = words(
    "must should shall only all every always any before after until by since within least most more "
    "less over under than"
)
IRREGULAR = {
    form: base
    for base, forms in {
        "pay": "paid pays payment payments payable",
        "owe": "owed owes owing",
        "send": "sent sends",
        "say": "said says",
        "tell": "told tells",
        "meet": "met meets",
        "leave": "left leaves leaving",
        "begin": "began begun begins beginning",
        "give": "gave given gives",
        "get": "got gets getting",
        "go": "went gone goes going",
        "come": "came comes coming",
        "make": "made makes making",
        "take": "took taken takes taking",
        "write": "wrote written writes writing",
        "speak": "spoke spoken speaks",
        "know": "knew known knows",
        "see": "saw seen sees",
        "hold": "held holds",
        "keep": "kept keeps",
        "find": "found finds",
        "buy": "bought buys",
        "sell": "sold sells",
        "bring": "brought brings",
        "lose": "lost loses",
        "spend": "spent spends",
        "break": "broke broken breaks",
        "become": "became becomes",
        "freeze": "froze frozen freezes",
        "bear": "born",
        "child": "children",
        "man": "men",
        "woman": "women",
        "wife": "wives",
        "person": "people persons",
        "fall": "fell fallen falls",
        "rise": "rose risen rises",
        "sign": "signature signatures",
        "arrive": "arrival",
        "employ": "employer employers employment employee",
        "decide": "decision decisions",
    }.items()
    for form in forms.split()
}
# Groups of stems that mean nearly the same in these papers; the first stands for all.
SYNONYMS = {
    word: group.split()[0]
    for group in (
        "owe debt arrear outstand balanc creditor",
        "start begin commenc",
        "end expir finish ceas terminat",
        "live resid address",
        "phone telephon tel mobil ring",
        "cost fee price charg",
        "wage salari earn",
        "email e-mail",
        "deadlin limit latest",
        "ref refer",
        "dob birth bear",
        "solicitor lawyer",
        "child kid",
        "fridai fri",
        "send post",
        "receiv get",
        "month monthli",
        "week weekli",
        "year annual yearli",
        "dismiss sack",
        "repair mend fix",
        "appeal appel",
    )
    for word in group.split()
}
MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "january jan",
            "february feb",
            "march mar",
            "april apr",
            "may",
            "june jun",
            "july jul",
            "august aug",
            "september sept sep",
            "october oct",
            "november nov",
            "december dec",
        ),
        1,
    )
    for name in names.split()
}
WEEKDAYS = {
    name + ending: name[:3]
    for name in ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
    for ending in ("", "s")
}
_UNITS = "two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen"
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
NUMBER_WORDS = {
    **{word: number for number, word in enumerate(f"{_UNITS} seventeen eighteen nineteen".split(), 2)},
    **{word: 10 * number for number, word in enumerate(_TENS.split(), 2)},
    "hundred": 100,
    "dozen": 12,
    "once": 1,
    "twice": 2,
}
TITLES = words("mr mrs ms miss mx dr prof rev sir lady lord cllr")
MALE, FEMALE = frozenset({"mr", "sir", "lord"}), frozenset({"mrs", "ms", "miss", "lady"})
# Capitalised at the beginning of a sentence, these are no names.
COMMON = words(
    "account address adviser agent agreement allowance amount appeal application arrears award "
    "balance bank benefit bill broadband caseworker case charge child children claim claimant client "
    "contract copy cost council court creditor date dear debt decision deduction defendant deposit "
    "documents electricity email employer fee file finance flat form gas heating hearing holiday home "
    "house housing income interest invoice issue item job landlord letter loan manager meeting "
    "monthly note notes notice number office order paid parents part payment payments pension people "
    "personal phone present property purpose question rate reason reference rent review savings "
    "school section service settlement signed social solicitor standard summary support tax tel "
    "tenancy tenant total universal visit wages water weekly work yours name reviews street road lane "
    "new old next last first second third both most many some other another every it today however "
    "also although because while after before during since until when where who what sample seen "
    "conditions document documents minutes family university department"
)
ROLES = words(
    "landlord tenant client council adviser advisor solicitor employer manager agent mother father "
    "sister brother son daughter wife husband partner neighbour court tribunal bank authority officer "
    "doctor claimant defendant caseworker worker child children parents school company department "
    "hospital police judge bailiff creditor carer aunt uncle cousin friend teacher housing government"
)
CAUSES = words("because due since owing therefore reason caused cause causes so as")
