"""What the classifier sees of a line: its words, how it begins, its heading, the rules' word.

A feature is a text that is hashed to a place in the table of weights. Figures are kinds ("#amt", "#date"), so
that no weight rests on an amount; names of the client and the adviser are persons, so that none rests on one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from zlib import crc32

from casewright.notes import words as w
from casewright.notes.recognise import core, is_negation

BUCKETS = 1 << 15
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
_KIND: dict[str, str] = (
    dict.fromkeys(_DAYS, "D")
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


def line_tokens(text: str, client: frozenset[str], adviser: frozenset[str]) -> list[str]:
    """The words of a line as the classifier knows them; ``client`` and ``adviser`` are ``Names``."""
    found: list[str] = []
    for token in text.split()[:MOST_WORDS]:
        bare = core(token)
        if not bare or not any(map(str.isalnum, bare)):
            if _ARROW.fullmatch(token):
                found.append("#dir")
            elif token in _BREAKS:
                found.append("-")
            continue
        word = bare.lower().replace("’", "'")
        person = _person(word, bare, client, adviser, first=found in ([], ["#name"])) or _canonical(
            word, bare
        )
        if person == "cl" and found[-1:] == ["#name"]:
            found.pop()
        if not (found and person == found[-1] and person in ("cl", "adv")):
            found.append(person)
        if token[-1] in ":;" or (token[-1] == "," and len(found) < 6):
            found.append("-")
    return found


def _person(
    word: str, bare: str, client: frozenset[str], adviser: frozenset[str], *, first: bool
) -> str | None:
    """Whose name or initials a word is. One letter is somebody's only where it leads, or after a title."""
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


def buckets(tokens: Sequence[str], heading: str, rule: str, ending: str) -> set[int]:
    """The places of a line in the table of weights. ``rule``: the rules' word, ``ending``: its last sign."""
    found = {crc32(feature.encode()) % BUCKETS for feature in _features(tokens, heading, rule, ending)}
    for place, token in enumerate(tokens[:5]):
        found.update(_pieces(token, place < 2))
    return found


def _features(tokens: Sequence[str], heading: str, rule: str, ending: str) -> Iterator[str]:
    kinds = "".join(map(_kind, tokens))
    start = kinds[:3]
    yield from ("bias", f"h={heading}", f"h{heading}{start[:2]}", f"r={rule}", f"e={ending}")
    yield from (
        f"k2={start[:2]}",
        f"k3={start}",
        f"k4={kinds[:4]}",
        f"k1={start[:1]}",
        f"n={min(len(tokens), 9)}",
    )
    yield f"l={kinds[-2:]}"
    yield from (f"x{kind}" for kind in set(kinds))
    previous = "^"
    for place, token in enumerate(tokens):
        yield f"w={token}"
        yield f"b={previous} {token}"
        if place < 3:
            yield f"{place}={token}"
        if place < 4:
            yield f"bk={previous} {kinds[place]}"
        previous = token
    yield from _parts(tokens, kinds)


def _parts(tokens: Sequence[str], kinds: str) -> Iterator[str]:
    """How the parts after an arrow, a dash or a colon begin; and the first doing that somebody is set to."""
    for place, token in enumerate(tokens[:-1]):
        if token in ("#dir", "-"):
            yield f"a{'>' if token == '#dir' else ''}={kinds[place + 1 : place + 4]}"
            yield f"aw={tokens[place + 1]}"
    set_to = next((place for place, kind in enumerate(kinds) if kind in "OM"), None)
    if set_to is not None:
        yield f"who={kinds[:set_to][-2:]}|{tokens[set_to]}"
        yield f"do={' '.join(tokens[set_to + 1 : set_to + 2])}"
        yield f"do2={' '.join(tokens[set_to + 1 : set_to + 3])}"
    elif kinds[:1] == "V":
        yield f"do={tokens[0]}"
        yield f"do2={' '.join(tokens[:2])}"


def _pieces(token: str, first: bool) -> frozenset[int]:
    """A word's runs of three and four letters, so that a typo or another language leaves something known."""
    if token.startswith("#") or len(token) < 3:
        return frozenset()
    whole = f"<{token}>"
    runs = {whole[at : at + size] for size in (3, 4) for at in range(len(whole) - size + 1)}
    marks = ("c", "f") if first else ("c",)
    return frozenset(crc32(f"{mark}={run}".encode()) % BUCKETS for run in runs for mark in marks)
