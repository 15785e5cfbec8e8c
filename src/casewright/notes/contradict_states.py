"""What is so and what is not, in words of its own: "no arrears" and "2 mths behind", "lives alone"."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from casewright.notes.contradict_facts import names_of
from casewright.notes.contradict_pieces import Piece
from casewright.notes.words import listed

# A form, what state it is of, and whether it says that it is so. Forms that come first are taken first.
_FORMS: tuple[tuple[str, str, bool], ...] = (
    (r"no (?:rent )?arrears|(?:rent|payments?)[a-z ]{0,12} up to date|rent (?:a/?c+ |account )?(?:is )?clear"
     r"|not in arrears|never (?:been )?(?:late|missed)(?: rent)?|rent (?:is |all )?paid (?:up|to date"
     r"|in full)"
     r"|rent\b.{0,14}, paid to date|arrears ?(?:are |is |= ?|- ?|: ?)?(?:nil|none|zero|£0)|no rent (?:owing"
     r"|owed|outstanding|due)", "arrears", False),
    (r"owe[sd]? (?:me |them |him |her )?(?:\w+ )?(?:months|mths|weeks|wks)(?:['’]? rent)?"
     r"|(?:\d+|two|three|four|five|six) (?:months|mths|weeks|wks)(?:['’]? rent)? (?:unpaid|owed|owing"
     r"|missed|outstanding)"
     r"|nothing (?:was |been )?paid|no (?:rent )?payments? (?:since|in|made|for|rec)|unpaid rent"
     r"|rent (?:is )?(?:not|un) ?paid"
     r"|missed (?:the |her |his )?(?:\w+ )?(?:& \w+ |and \w+ )?rent"
     r"|(?<!no )(?<!not in )(?<!ct )(?:rent )?(?:arrears|arr) (?:of )?£\d[\d.,]*"
     r"|(?:mths?|months?|wks?|weeks?|rent) (?:behind|in arrears)"
     r"|(?:ha|ll|landlord|agent|rent)\b.{0,30}£[\d,.]+ (?:owing|behind|in arrears|outstanding|o/s)"
     r"|(?:ha|ll|landlord|agent) (?:claims?|says?|said|reckons?|alleges?|demands?) (?:\w+ )?"
     r"(?:\d|two|three|four|five|six) (?:months|mths|weeks|wks)(?:['’]? (?:rent|arrears))?(?= ?[=(£])",
     "arrears", True),
    (r"lives? alone|living alone|(?:lives?|living) on (?:his|her) own|single occup\w+|no one else (?:lives"
        r"|in)",
     "alone", True),
    (r"(?:lives?|living) (?:w|w/|with) (?!no)|(?:doesn't|does not|not) liv\w* alone"
     r"|(?:partner|boyfriend|girlfriend|husband|wife|bf|gf|lodger) (?:has )?moved in"
     r"|(?:live|lives|living) with (?:him|her|cl)\b", "alone", False),
    (r"no job|(?:not|\w+n['’]t) worked|unemployed|not (?:been )?work(?:ed|ing)?|out of work|doesn't work"
        r"|does not work|no work since"
     r"|no (?:earnings|wages|earned income)", "job", False),
    (r"(?<!not )works? (?:at|for|as|in|ft|pt|\d)|started at|employed (?:at|as|by)|(?<!not )working (?:at"
        r"|for|as|in|\d|ft|pt)"
     r"|self[- ]emp\w*|earnings (?:reported|of £|were|declared)", "job", True),
    (r"lets? (?:him|her|cl|them) back in|cl let back in", "back in", True),
    (r"not let (?:him|her|cl|them) back in|still locked out", "back in", False),
    (r"repaid|paid off|cleared|settled in full|paid in full", "owing", False),
    (r"still (?:o/s|owe[sd]?|outstanding|unpaid)|(?:bal|balance) £?[\d,.]+ (?:still )?o/s", "owing", True),
    (r"sole ten\w*|ten\w* in (?:cl's|her|his) (?:sole )?name|ten\w* (?:is )?(?:in )?sole|sole name",
     "sole", True),
    (r"joint(?:ly)? ten\w*|ten\w* (?:is |was )?(?:in )?joint|joint names|both (?:names )?on (?:the )?ten\w*",
     "sole", False),
    (r"not on (?:the )?tenancy", "sole", True),
    (r"no (?:children|kids|dep(?:endant|endent)s?|deps)\b|childless|hasn't (?:any|got) (?:children|kids)",
     "child", False),
    (r"(?:\d|one|two|three|four|five) (?:children|kids|child|sons|daughters)\b|\b(?:her|his|cl's) (?:son"
        r"|daughter)\b"
     r"|^(?:has )?(?:son|daughter) aged|child benefit|ChB", "child", True),
    (r"no (?:savings|capital)|(?:savings|capital)(?: -|:|=)? ?(?:none|nil|zero|no\b)", "savings", False),
    (r"savings (?:of |are |is )?(?:about |abt |c\.? ?)?£\d|£[\d,.k]+ (?:in )?(?:savings"
        r"|(?:an? )?(?:cash )?isa|premium bonds)"
     r"|isa (?:of |has |w |with )?£\d|savings a/?c", "savings", True),
    (r"(?:cl(?:ient)?|is|she's|he's|she is|he is|,|^) ?single\b|no partner|never married|not married"
        r"|unmarried", "partnered", False),
    (r"\b(?:her|his|cl's) (?:husband|wife|partner|boyfriend|girlfriend|fianc\w+)\b"
        r"|(?<!not )(?<!never )\bmarried\b"
     r"|lives (?:w|w/|with) (?:her |his )?(?:partner|husband|wife)", "partnered", True),
    (r"no (?:child )?maintenance|(?:gets?|gives?|receives?|pays?) (?:her |him "
        r"|cl )?nothing (?:from (?:the )?(?:ex|father|dad)|for the kids)"
     r"|(?:ex|father|dad) (?:pays nothing|(?:doesn't|does not|won't) pay)", "maintenance", False),
    (r"(?:ex|father|dad|he) pays (?:her )?£\d[\d.,]*(?: ?pw| ?pm| a week| a month)? (?:for|maintenance|cm)"
     r"|maintenance (?:of |is |: ?)?£\d|£\d[\d.,]*(?: ?pw| ?pm| a week)? (?:child )?maintenance",
     "maintenance", True),
    (r"no (?:ccjs?|county court judg\w+)", "judgment", False),
    (r"(?<!no )\bccjs? (?:of|for|dated|from|by|£|on|in)|\d ccjs?", "judgment", True),
    (r"no (?:car|vehicle)|(?:does not|doesn't|doesnt) (?:drive|have a car|own a car)|never (?:driven"
        r"|had a car)|sold (?:the|her|his) car",
     "car", False),
    (r"(?:his|her|cl's) car\b|drives (?:a|to)|car (?:worth|on (?:hp|finance)|val)|drove (?:home|there|to)"
        r"|has a car", "car", True),
    (r"no (?:written )?(?:contract|t&cs)|nothing in writing|(?:contract|agreement) never (?:given|issued"
        r"|signed)"
     r"|(?:never|not|n't) (?:been )?(?:given|had|got|signed|seen) (?:a |any )?(?:written )?contract",
     "contract", False),
    (r"(?:his|her|the|signed|written) contract (?:says|states|dated|is|has|gives)|signed (?:a |the |his "
        r"|her )?contract"
     r"|contract (?:dated|signed|says|states|(?:which|that) (?:he|she) signed)|per contract"
     r"|brought (?:in )?(?:the|his|her) contract", "contract", True),
    (r"(?:no|never (?:had|got|given|seen)|without) (?:a |any )?(?:gas (?:safety )?(?:cert\w*|check)|gsc|lgsr)"
     r"|(?:gas (?:safety )?cert\w*|gsc) (?:never|not) \w+", "gas certificate", False),
    (r"(?:has|had|given|got|provided|copy of|shows?|seen) (?:a |the )?(?:gas (?:safety )?cert\w*|gsc)"
     r"|(?:gas (?:safety )?cert\w*|gsc) (?:dated|in|given|provided|seen|attached|on file)",
     "gas certificate", True),
    (r"(?:deposit )?(?:not|never|un) ?-?protected|no (?:deposit )?(?:cert\w*|scheme)|not (?:in"
        r"|with) (?:any|a) (?:deposit )?scheme"
     r"|nothing (?:with|in|from) (?:any|the three|the 3|3|all 3|dps|tds)", "deposit protection", False),
    (r"(?<!not )(?<!never )(?:is |was |has )?protected (?:with|w|by|in|at|since|on|the deposit)"
        r"|deposit (?:is |was )?(?:with|in|at|registered) \w*"
     r"(?:dps|tds|mydeposits|scheme)|(?:dps|tds|mydeposits) (?:cert\w*|ref|id|no)",
     "deposit protection", True),
    (r"(?:dismissed|sacked|fired|let go)(?! unless)", "leaving", True),
    (r"(?<!not )(?<!didn't )(?<!never )(?:resigned|handed in (?:his|her|my) notice|gave in (?:his"
        r"|her) notice|walked out"
     r"|quit|left voluntarily|voluntarily left|left of (?:his |her )?own accord)", "leaving", False),
    (r"(?:tenancy|contract) (?:was )?ended by (?:the )?(?:ll|landlord|agent)|(?:ll|landlord) (?:ended"
        r"|gave notice|terminated)",
     "ended by landlord", True),
    (r"(?:cl|client|she|he|tenant) (?:ended (?:the )?tenancy|gave notice|surrendered)"
        r"|(?:tenancy )?ended by (?:cl|client|tenant)"
     r"|surrendered by (?:cl|client|tenant)", "ended by landlord", False),
    (r"(?:not|no one|nobody|never) let (?:them|him|bailiffs|ea|anyone) in|(?:not|never) (?:been )?let in"
        r"|(?:didn't|did not|hasn't|not) (?:get|got|let) in"
     r"|no entry|refused (?:them )?entry", "bailiffs in", False),
    (r"(?:bailiffs?|ea|they|jacobs|marston\w*|agents?) (?:got|came|were let|was let|went) in\b"
        r"|(?<!not )(?<!never )let (?:them|bailiffs|the bailiffs|ea|him) in\b(?! if)"
     r"|walking possession|signed (?:a |the )?(?:cga|controlled goods)", "bailiffs in", True),
    (r"(?:house|flat|property|home) (?:is |was )?(?:owned )?(?:jointly|joint|in (?:joint|both)\b)"
        r"|joint(?:ly)? own\w*|own (?:it )?jointly",
     "owned", False),
    (r"(?:house|flat|property|home) (?:is |was )?(?:all )?(?:his|hers|her own|in (?:his|her|cl's) (?:sole "
        r"|own )?name|in sole name)"
     r"|sole(?:ly)? own\w*|owns (?:it|the (?:house|flat|property)) (?:alone|outright|himself|herself)",
     "owned", True),
    (r"(?:works?|working|employed|contract\w*|job)(?: is)? (?:full[- ]?time|ft)\b", "full time", True),
    (r"(?:works?|working|employed|contract\w*|job)(?: is)? (?:part[- ]?time|pt|zero[- ]hours?)\b"
        r"|zero[- ]hours? contract", "full time", False),
    (r"(?:has |is )?(?:british|uk) (?:citizen|national|passport)|british by", "british", True),
    (r"no leave|overstay\w*|(?:pre-)?settled status|visa (?:expir|ran|runs)", "british", False),
)  # fmt: skip
# Words, by their first four letters, without which a state need not be looked for.
_ANCHORS = {
    "arrears": "arre arr rent behi noth paym owe owes owed owin unpa miss late mths mont week wks",
    "alone": "alon own livi live occu part boyf girl husb wife bf gf lodg else",
    "job": "job unem work empl self earn wage star",
    "back in": "back lock",
    "owing": "repa paid clea sett stil bal bala",
    "sole": "sole join tena ten both name",
    "child": "chil kids dep deps depe son daug sons chb",
    "savings": "savi capi isa prem",
    "partnered": "sing part marr unma husb wife boyf girl fian neve",
    "maintenance": "main noth pays",
    "judgment": "ccj ccjs coun judg",
    "car": "car vehi driv drov",
    "contract": "cont writ agre brou",
    "gas certificate": "gas gsc lgsr",
    "deposit protection": "prot depo sche dps tds myde noth unpr",
    "leaving": "dism sack fire let resi hand gave walk quit left volu",
    "ended by landlord": "ende gave surr term",
    "bailiffs in": "let entr bail ea got came went refu walk sign",
    "owned": "own owne owns owner hous flat prop home",
    "full time": "full ft part pt zero",
    "british": "brit uk leav over sett pre- visa",
}
# Between two states of one line: somebody else has the word.
_ANOTHER_SAYS = re.compile(
    r"\b(?:but|however|though|although|whereas|while)\b|[,;.–-] ?(?:\w+['’]?s? ){0,2}(?:says?|said|claims?"
    r"|reckons?|alleges?|shows?|thinks?|insists?|states?|letter|statement|stmt)\b",
    re.IGNORECASE,
)
_WHOSE = re.compile(
    r"\b(?:wife|husband|partner|sons?|daughter|mum|mother|dad|father|sister|brother|ex|flatmates?"
    r"|neighbour)(?:'s)?\b",
    re.I,
)
# Before a state: that it is to be, may be or was.
_NOT_SO = re.compile(
    r"\b(?:to|if|unless|could|would|should|may|might|whether|until|before|after|when|was|were|check|query"
    r"|formerly"
    r"|used to|not to|don't|must|get|need|needs|as|wants?|not|never|asks?|for)(?: \w+){0,2} $",
    re.IGNORECASE,
)
_OLD = re.compile(r"\b(?:old|former|previous\w*|last|new|next|future)\b", re.IGNORECASE)
_OF_ARREARS = frozenset(_ANCHORS["arrears"].split())
_LONG = 300  # characters of a line that is looked at
_ANYONES = listed("sole partnered child", None)
_ANCHORED: dict[str, list[str]] = {}
for _key, _starts in _ANCHORS.items():
    for _start in _starts.split():
        _ANCHORED.setdefault(_start, []).append(_key)


def _compiled(key: str) -> tuple[re.Pattern[str], tuple[bool, ...]]:
    forms = [(form, so) for form, of, so in _FORMS if of == key]
    joined = "|".join(f"(?P<s{n}>{form})" for n, (form, _) in enumerate(forms))
    return re.compile(rf"(?<!\w)(?:{joined})", re.IGNORECASE), tuple(so for _, so in forms)


# A state's forms, and for each whether it says that it is so.
_STATES = {key: _compiled(key) for key in _ANCHORS}


@dataclass(frozen=True, slots=True)
class State:
    """What is so or not, of a thing and of whom."""

    line: int
    what: str
    so: bool
    whose: frozenset[str]
    text: str


def states_of(read: Sequence[Piece]) -> list[State]:
    """The states that more than one of the pieces may tell of."""
    near = [{key for start in piece.starts & _ANCHORED.keys() for key in _ANCHORED[start]} for piece in read]
    times = Counter(key for keys in near for key in keys)
    return [state for piece, keys in zip(read, near, strict=True)
            for state in _whole(piece, sorted(key for key in keys if times[key] > 1))]  # fmt: skip


def _whole(piece: Piece, keys: Sequence[str]) -> Iterator[State]:
    if not keys or _OLD.search(piece.text):
        return
    text = piece.text
    for what in keys:
        form, sides = _STATES[what]
        for match in form.finditer(text):
            if _NOT_SO.search(text[: match.start()]):
                continue
            so = sides[int((match.lastgroup or "s0")[1:])]
            # what is owing is owing to one creditor, whom both lines name
            of_all = [f"{what} {name}" for name in names_of(text)] if what == "owing" else [what]
            of = frozenset() if what in _ANYONES or (what, so) == ("alone", False) else _whose(text)
            for of_what in of_all:
                yield State(piece.at(match.start()), of_what, so, of, match[0])


def _whose(text: str) -> frozenset[str]:
    return frozenset(word.lower().removesuffix("'s") for word in _WHOSE.findall(text))


def opposed(one: State, two: State) -> bool:
    """Whether one state is the contrary of the other."""
    return one.so != two.so and one.line != two.line and one.whose == two.whose


def within(read: Sequence[Piece]) -> Iterator[tuple[State, State]]:
    """Arrears and none in one line, where the line says that two people say so."""
    form, sides = _STATES["arrears"]
    for piece in read:
        if not piece.reported or piece.starts.isdisjoint(_OF_ARREARS) or len(piece.text) > _LONG:
            continue
        text = piece.text
        told = [(match, sides[int((match.lastgroup or "s0")[1:])]) for match in form.finditer(text)]
        for (one, so), (two, also) in pairwise(told):
            spoken = _ANOTHER_SAYS.search(text[one.end() : two.end()])
            if so == also or not spoken or _NOT_SO.search(text[: one.start()]):
                continue
            first, second = (
                State(piece.at(said.start()), "arrears", is_so, frozenset(), said[0])
                for said, is_so in ((one, so), (two, also))
            )
            yield first, second
