"""A line's words as the classifier knows them, and a letter for the kind of each.

Figures are kinds ("#amt", "#date"), so that no weight rests on an amount; names of the client and the adviser
are persons, so that none rests on one. What begins with a capital and is no known word is somebody's or a
firm's name.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from casewright.notes import words as w
from casewright.notes.decision import Names
from casewright.notes.recognise import core, is_negation

MOST_WORDS = 40
_AMOUNT = re.compile(r"c?\.?[£$€]\d.*|\d[\d.,]*(?:k|quid|gbp)")
_DATE = re.compile(r"\d{1,4}[/.-]\d{1,2}(?:[/.-]\d{1,4})?|\d{1,2}(?:st|nd|rd|th)")
_TIME = re.compile(r"@?\d{1,2}(?:[.:]\d{2})?(?:am|pm)|\d{1,2}:\d{2}")
_FORM = re.compile(r"[a-z]{1,3}\d{1,3}[a-z]?")
_INITIALS = re.compile(r"[A-Z]{2}")
_ARROW = re.compile(r"[-=–—]+>+|[→⇒»>]+")
_BREAKS = frozenset("-–—;:,/.")
_DAYS = w.listed(
    "mon tue tues wed thu thur thurs fri sat sun monday tuesday wednesday thursday friday saturday sunday"
    " today tomorrow tmrw yesterday"
    " jan feb mar apr jun jul aug sep sept oct nov dec january february march april"
    " june july august september october november december"
)
_MODALS = w.listed(
    "will must shall should would can could may might needs need wd shd 'll going agreed happy"
)
_TITLES = w.listed("mr mrs ms miss dr")
_RELATIVES = w.listed(
    "mum mam mother dad father sister brother son daughter wife husband partner ex aunt uncle nan"
    " gran grandson"
    " niece nephew cousin friend neighbour neighbours neighbor flatmate housemate lodger carer"
    " parents family kids"
    " boyfriend girlfriend stepmum stepdad colleague colleagues manager mgr boss supervisor owner"
    " seller dealer"
    " driver nurse doctor consultant surgeon teacher head governors judge officer clerk solicitor sol sols"
    " barrister counsel interpreter witness executor trustee collector collectors"
)
_BODIES = w.listed(
    "cms eho dvla fos tds dps sendist ofsted icb ccg nhs hv ot camhs cmht uni university college nursery"
    " surgery clinic pharmacy revenue charity foodbank hr payroll cps probation lenders insurers garage shop"
    " store supplier provider firm company agency embassy ukvi county magistrates mags sheriff"
    " registry regulator"
    " council's dwp's ll's landlord's hmrc's agent's employer's bank's court's school's l/lord"
)
_LAW = w.listed(
    "act reg regs section para paragraph rule rules law lawful unlawful legal legally limit limits limitation"
    " deadline statute statutory valid invalid entitled entitlement eligible qualifies qualifying"
    " exempt exemption"
    " exception grounds ground route routes option options merits right rights priority"
    " non-priority protected"
    " protection counts liable liability moratorium procedure process test threshold disregard"
    " disregarded depends"
    " prospects chances jurisdiction"
)
_KIND: dict[str, str] = (
    dict.fromkeys(_LAW, "L")
    | dict.fromkeys(_BODIES, "T")
    | dict.fromkeys(_RELATIVES, "R")
    | dict.fromkeys(_DAYS, "D")
    | dict.fromkeys(w.ACTIONS, "V")
    | dict.fromkeys(w.PAST, "P")
    | dict.fromkeys(w.AGREE, "S")
    | dict.fromkeys(w.ADVISED, "E")
    | dict.fromkeys(w.PARTIES, "T")
    | dict.fromkeys(w.THERE, "H")
    | dict.fromkeys(w.HERE, "I")
    | dict.fromkeys(_MODALS, "M")
    | {"to": "O", "you": "Y", "your": "Y", "by": "B", "cl": "C", "cl's": "G", "adv": "A", "2": "O"}
    | {
        "#amt": "£",
        "#date": "D",
        "#time": "D",
        "#num": "N",
        "#ref": "N",
        "#ini": "J",
        "#name": "C",
        "#dir": ">",
    }
)
_HIS = w.listed("he him his himself he's he'd he'll")
_HERS = w.listed("she her hers herself she's she'd she'll")


@dataclass(frozen=True, slots=True)
class Seen:
    """The words of a line and a letter for the kind of each."""

    tokens: Sequence[str]
    kinds: str


NOTHING = Seen((), "")


class Reader:
    """Reads the lines of one meeting's notes, whose habits tell what a capital letter and a "he" mean
    there.
    """

    def __init__(self, texts: Sequence[str], names: Names) -> None:
        self._names = names
        starts = [text[:1] for text in texts]
        self._small = sum(map(str.islower, starts)) * 2 > sum(map(str.isalpha, starts))
        self._others = _others(" ".join(texts))

    def __call__(self, text: str) -> Seen:
        """One line."""
        loud = text.isupper()
        tokens: list[str] = []
        kinds: list[str] = []
        for token, bare in _read(text, self._names):
            tokens.append(token)
            kinds.append(self._kind(token, bare, first=len(tokens) == 1, loud=loud))
        return Seen(tokens, "".join(kinds))

    def _kind(self, token: str, bare: str, *, first: bool, loud: bool) -> str:
        if token in self._others:
            return "h"
        kind = _kind(token)
        if kind != "w" or loud or not bare[:1].isupper():
            return kind
        if bare.isupper() and len(bare) > 1:
            return "Q"
        return "U" if self._small or not first else kind


def _others(text: str) -> frozenset[str]:
    """The pronouns that are not the client's, where notes have both kinds: the rarer ones."""
    words = [_looked_up(token)[1] for token in text.split()]
    his, hers = sum(map(_HIS.__contains__, words)), sum(map(_HERS.__contains__, words))
    if not his or not hers or his == hers:
        return frozenset()
    return _HIS if his < hers else _HERS


def line_tokens(text: str, names: Names) -> list[str]:
    """The words of a line as the classifier knows them."""
    return [word for word, _ in _read(text, names)]


def _read(text: str, names: Names) -> list[tuple[str, str]]:
    """The words of a line, each with what stands there."""
    client, adviser = names.client, names.adviser
    known = client | adviser
    found: list[str] = []
    raw: list[str] = []
    for token in text.split()[:MOST_WORDS]:
        bare, word, plain, breaks = _looked_up(token)
        if plain is None:
            continue
        if not word:  # a sign
            found.append(plain)
            raw.append(token)
            continue
        person = plain
        if word in known or bare in known or word[-2:] == "'s":
            person = _person(word, bare, client, adviser, first=found in ([], ["#name"])) or plain
        if person == "cl" and found[-1:] == ["#name"]:
            found.pop()
            raw.pop()
        if not (found and person == found[-1] and person in ("cl", "adv")):
            found.append(person)
            raw.append(bare)
        if breaks == 2 or (breaks and len(found) < 6):
            found.append("-")
            raw.append(token[-1])
    return list(zip(found, raw, strict=True))


@lru_cache(maxsize=20_000)
def _looked_up(token: str) -> tuple[str, str, str | None, int]:
    """A token without the signs around it, that in small letters, and what it is; 2: a break follows, 1: a
    comma.

    What it is is None for a sign that says nothing.
    """
    bare = core(token)
    if not bare or not any(map(str.isalnum, bare)):
        return bare, "", "#dir" if _ARROW.fullmatch(token) else "-" if token in _BREAKS else None, 0
    word = bare.lower().replace("’", "'")
    return bare, word, _canonical(word, bare), 2 if token[-1] in ":;" else int(token[-1] == ",")


def _person(
    word: str, bare: str, client: frozenset[str], adviser: frozenset[str], *, first: bool
) -> str | None:
    """Whose name or initials a word is. One letter is somebody's only where it leads, or after a title."""
    if word.endswith("'s") and word[:-2] in client:
        return "cl's"
    if word in client or (bare in client and (len(bare) > 1 or first)):
        return "cl"
    return "adv" if word in adviser or (bare in adviser and len(bare) > 1) else None


def _canonical(word: str, bare: str) -> str:
    if any(map(str.isdigit, word)):
        for kind, pattern in (("#amt", _AMOUNT), ("#date", _DATE), ("#time", _TIME)):
            if pattern.fullmatch(word):
                return kind
        if word == "2" or _FORM.fullmatch(word):
            return word
        return "#num" if word.isdigit() else "#ref"
    if word in w.CLIENT:
        return "cl"
    if word in w.CLIENTS:
        return "cl's"
    if word in w.ADVISER:
        return "adv"
    if word in _TITLES:
        return "#name"
    if _INITIALS.fullmatch(bare) and word not in w.ACRONYMS and word not in _KIND:
        return "#ini"
    return word


@lru_cache(maxsize=20_000)
def _kind(word: str) -> str:
    """One letter for what a word is: a doing, a person, a figure, a word of the past, or "w"."""
    known = _KIND.get(word)
    if known:
        return known
    if is_negation(word):
        return "X"
    if word == "-":
        return "-"
    if word.endswith(("ed", "'d")):
        return "p"
    if word.endswith("ing"):
        return "g"
    if word.endswith("s") and word[:-1] in w.ACTIONS:
        return "s"
    return "w"
