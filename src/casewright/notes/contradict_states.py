"""What is so and what is not, beyond who did what: "no arrears" and "2 mths behind", "order? none" and"
" "has an order".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from casewright.notes.contradict_facts import names_of
from casewright.notes.contradict_words import tokens, topic, topic_of
from casewright.notes.words import PARTIES, listed

_CLAUSE = re.compile(r"[;,.]\s|\s(?:but|and|although|because|b/c)\s|\s[-–—]\s|:\s")
_NONE = re.compile(r"^(?P<what>[^?]{2,40})\?\s*(?P<answer>no|none|not|never|yes|y|n)\b", re.IGNORECASE)
_NO = re.compile(r"\b(?:no|without|lost (?:the|his|her)|any) (?P<what>(?:[\w'/-]+ ?){1,3})", re.IGNORECASE)
_NOT = re.compile(
    r"\b(?:not|never|\w+n['’]t|refuse[sd]?|declined?s?|reject(?:s|ed)|denie[sd]|deny|unsigned|unpaid)\b", re.I
)
_OPEN = listed(
    "if unless will would should could might may must need needs needed until till before whether maybe"
    " want wants can can't"
    " going expl explain explained advised discuss discussed"
)
_NOTS = listed("hasn't haven't didn't doesn't isn't wasn't hadn't don't aren't weren't won't hasnt didnt")
# What was done or is so; "cl claim form" is a thing to do.
_TOLD = re.compile(
    r"\b(?:\w+ed|has|have|had|is|was|are|were|got|did|told|sent|found|paid|left|put|let|lives|works|knew"
    r"|wrote|rang|owns"
    r"|gave|given|took|taken|met|seen|agrees|accepts|denies|admits|wants|read|made|came|went|spoke|heard"
    r"|lost|kept)\b", re.I
)  # fmt: skip
_TO_DO = re.compile(r"(?:\b(?:cl|adv|we|he|she|they|i|us|not|and) |^)to\b", re.IGNORECASE)
_NEGATIVE = re.compile(
    r"n['’]t\b|\b(?:no|not?|non[e]|never|without|refus|declin|reject|den[iy]|unsigned|unpaid|y(?:es)?\b)",
    re.I,
)
# Whole states that are written without a "not": what they say is there, or is not.
_STATES: tuple[tuple[str, str, bool], ...] = (
        (r"no (?:rent )?arrears|(?:rent|payments?)[a-z ]{0,12} up to date|rent (?:is )?clear|not in arrears"
         r"|never (?:been )?(?:late|missed)(?: rent)?", "arrears", False),
        (r"(?<!no )(?<!not in )(?<!ct )(?:rent )?(?:arrears|arr) (?:of )?£\d[\d.,]*"
         r"|(?:mths?|months?|wks?|weeks?|rent) (?:behind|in arrears)", "arrears", True),
        (r"lives? alone|living alone|single occup\w+", "alone", True),
        (r"(?:lives?|living) (?:w|w/|with) (?!no)|(?:doesn't|does not|not) liv\w* alone"
         r"|partner (?:has )?moved in", "alone", False),
        (r"no job|unemployed|not work(?:ing)?|out of work|doesn't work|does not work", "job", False),
        (r"works? (?:at|for|as|in|ft|pt|\d)|started at|employed (?:at|as|by)", "job", True),
        (r"lets? (?:him|her|cl|them) back in|cl let back in", "back in", True),
        (r"not let (?:him|her|cl|them) back in|still locked out", "back in", False),
        (r"repaid|paid off|cleared|settled in full|paid in full", "owing", False),
        (r"still (?:o/s|owe[sd]?|outstanding|unpaid)"
         r"|(?:bal|balance) £?[\d,.]+ (?:still )?o/s", "owing", True),
        (r"sole ten\w*", "sole", True),
        (r"joint ten\w*", "sole", False),
        (r"not on (?:the )?tenancy", "sole", True),
)  # fmt: skip
_STATE = re.compile(
    r"\b(?:" + "|".join(f"(?P<s{n}>{form})" for n, (form, _, _) in enumerate(_STATES)) + r")\b", re.IGNORECASE
)
# Whether any of them may be there, without looking for each.
_MAYBE = re.compile(
    r"arr|to date|clear|missed|late|behind|alone|occup|liv|partner|job|employ|work|started at|back in"
    r"|locked|sole|joint"
    r"|tenancy|paid|settled|still|bal", re.I
)  # fmt: skip
_WHOSE = re.compile(
    r"\b(?:wife|husband|partner|sons?|daughter|mum|mother|dad|father|sister|brother|ex|flatmates?"
    r"|neighbour)(?:'s)?\b",
    re.I,
)
_PAST = re.compile(
    r"\b(?:was|were|until|used to|before|now|since|then|previous\w*|in (?:19|20)\d\d)\b", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class State:
    """What is so or not; ``whole`` where the words are one known state, ``there`` where it is that a"
    " thing is there.
    """

    line: int
    words: frozenset[str]
    so: bool
    whole: bool
    there: bool
    reported: bool
    whose: frozenset[str]
    parties: frozenset[str]
    text: str


def states(line: int, text: str, reported: bool) -> Iterator[State]:
    """The states that one entry tells of."""
    whose = frozenset(word.lower().removesuffix("'s") for word in _WHOSE.findall(text))
    for match in _STATE.finditer(text) if _MAYBE.search(text) else ():
        if match.lastgroup:
            _, what, so = _STATES[int(match.lastgroup[1:])]
            words = frozenset({f"={what}"})
            if what == "owing":  # of one creditor, which both lines name
                words = frozenset(f"={what} {name}" for name in names_of(text))
            yield State(line, words, so, True, False, reported, whose, frozenset(), match[0])
    start = 0
    for cut in [*_CLAUSE.finditer(text), None]:
        clause = text[start : cut.start() if cut else len(text)].strip(" ,;.-–—:")
        start = cut.end() if cut else 0
        if 2 < len(clause) <= 120:
            state = _of_clause(clause)
            if state is not None:
                words, so, there = state
                parties = frozenset(PARTIES.intersection(clause.lower().split()))
                yield State(line, words, so, False, there, reported, whose, parties, clause)


def _of_clause(clause: str) -> tuple[frozenset[str], bool, bool] | None:
    words = tokens(clause)
    if _NEGATIVE.search(clause) is None:
        affirmed = (
            "?" not in clause
            and _TOLD.search(clause)
            and _OPEN.isdisjoint(words)
            and not _TO_DO.search(clause)
        )
        return (topic_of(words), True, False) if affirmed else None
    asked = _NONE.match(clause)
    if asked:
        return topic(asked["what"]), asked["answer"].lower() in ("yes", "y"), True
    if "?" in clause:
        return None
    no = _NO.search(clause)
    if no and no[0][:3].lower() != "any":
        return topic(no["what"]), False, True
    if not _OPEN.isdisjoint(words) or _TO_DO.search(clause):
        return None
    negated = len(_NOT.findall(clause))
    return topic_of(words) - _NOTS, negated % 2 == 0, False


def opposed(one: State, two: State) -> bool:
    """Whether one state is the contrary of the other."""
    if one.so == two.so or one.line == two.line or one.whole != two.whole:
        return False
    if one.whose != two.whose and (one.whole or not one.there ^ two.there):
        return False
    if one.whole:
        return True
    no, yes = (one, two) if two.so else (two, one)
    shared = no.words & yes.words
    if not shared or (len(shared) < len(no.words) * 0.6 and shared != yes.words):
        return False
    if no.there:
        has = re.search(
            r"\b(?:has|have|had|yes|delivered|attached|signed|accepted|granted|given|got|found|protected|registered|shows?)\b",
            yes.text,
            re.IGNORECASE,
        )
        reported = no.reported or yes.reported
        return (
            (len(shared) >= 2 and (has is not None or reported))
            or (has is not None and reported)
            or (yes.there and len(shared) == len(yes.words))
        )
    if shared == yes.words and no.reported ^ yes.reported:
        return (
            len(shared - {"rent", "payment"}) >= 1
            and no.parties == yes.parties
            and bool(no.parties or len(shared) > 1)
        )
    return len(shared) >= 2 and (no.reported or yes.reported) and len(shared) >= len(yes.words) * 0.4
