"""What is counted in the notes, and who is named as the client: one of each, or a contradiction."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

from casewright.api.notes import Contradiction
from casewright.notes.read import Entry
from casewright.notes.words import listed

_COUNT = re.compile(
    r"\b(?P<count>\d{1,3}|one|two|three|four|five|six|seven|eight|nine|ten)(?:-"
    r"| )?(?:(?:written|verbal|small|young|dependent|missed|late|credit|payday"
    r"|school[- ]age) )?(?P<what>(?:non[- ])?dep\w*|child(?:ren)?"
    r"|kids?|bed(?:room)?s?|payments?|pymts|creditors?|employees|instalments?|sons|daughters|debts|hearings"
    r"|warnings|grandchildren|falls|visits|shifts|accounts|cards|loans|people|adults|occupants"
    r"|tablets"
    r"|letters|calls|absences|staff|tenants|rooms|m|metres|yards|miles)\b",
    re.IGNORECASE,
)
_METRES = re.compile(r"\d ?m\b")
_COUNTED = frozenset(
    [
        "non",
        "dep",
        "chi",
        "kid",
        "bed",
        "pay",
        "pym",
        "cre",
        "emp",
        "ins",
        "son",
        "dau",
        "deb",
        "hea",
        "war",
        "met",
        "yar",
        "mil",
        "poi",
        "pts",
        "gra",
        "fal",
        "vis",
        "shi",
        "acc",
        "car",
        "loa",
        "peo",
        "adu",
        "occ",
        "tab",
        "let",
        "cal",
        "abs",
        "sta",
        "ten",
        "roo",
        "m",
    ]
)
NUMBERS = dict(
    zip(
        ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"],
        range(1, 11),
        strict=True,
    )
)
_NOUNS = {
    "child": listed("child children kid kids"),
    "bed": listed("bed beds bedroom bedrooms"),
    "payment": listed("payment payments pymts"),
    "dependant": listed("dependant dependants"),
    "instalment": listed("instalment instalments"),
    "distance": listed("m metres yards miles"),
    "creditor": listed("creditor creditors"),
}
_NAMED = re.compile(
    r"^(?i:client(?:'s)?(?: name)?|cl(?:'s)?(?: name)?|name(?: of client)?|ct(?: name)?)\s?[:=–-]\s?(?:Mr"
    r"|Mrs|Ms|Miss|Dr)?\.?\s?"
    r"(?P<name>[A-Z][\w'’-]+(?:\s[A-Z][\w'’.-]*){0,3})(?=\s*(?:$|[,;(.]))"
    r"|\b(?i:client|cl|our client)\s?(?:,|is|\()\s?(?P<titled>(?:Mr|Mrs|Ms|Miss"
    r"|Dr)\.?\s[A-Z][\w'’-]+(?:\s[A-Z][\w'’-]+)?)"
    r"|\b(?P<before>(?:Mr|Mrs|Ms|Miss|Dr)\.?\s[A-Z][\w'’-]+(?:\s[A-Z][\w'’-]+)?)\s\((?:the )?(?:client|cl)\)",
)
_COUNTED_AS_CLIENTS = re.compile(
    r"\b(?P<count>\d{1,2}|one|two|three|four|five|six|seven|no) (?P<what>children|child|kids?|dependants?"
    r"|bedrooms?|beds?)\b",
    re.IGNORECASE,
)
_PART = re.compile(
    r" (?:at (?:school|home)|in all|under|over|live|living|from|with)\b|,? \d+ (?:live|with|at)\b", re.I
)
_MAYBE = re.compile(r"child|kid|depend|bed", re.IGNORECASE)
_OF_CLIENT = re.compile(
    r"(?:cl|client|ct|he|she|has|have|with|says|lives|is|single|parent|got|\s)*", re.IGNORECASE
)
_COUNTS = {w: str(n) for n, w in enumerate(("no", "one", "two", "three", "four", "five", "six", "seven"))}


def noun_of(what: str) -> str:
    """The one word for what is counted."""
    for noun, forms in _NOUNS.items():
        if what in forms or (what.startswith(("dep", "non")) and noun == "dependant"):
            return noun
    return what.rstrip("s")


def counts_in(text: str, words: Sequence[str]) -> list[re.Match[str]]:
    """What is counted in a text; looked for only where one of the words of counting is there."""
    if not _COUNTED.isdisjoint([word[:3] for word in words]) or ("m" in text and _METRES.search(text)):
        return list(_COUNT.finditer(text))
    return []


def two_clients(entries: Sequence[Entry], client_name: str) -> Iterator[Contradiction]:
    """Lines that name another person as the client than the letter's, or than an earlier line."""
    named = [
        (entry.lines[0].number, m)
        for entry in entries
        if entry.voice == "notes" and _may_name(entry.text)
        for m in _NAMED.finditer(entry.text)
    ]
    names = [(line, (m["name"] or m["titled"] or m["before"]).strip()) for line, m in named]
    for line, name in names:
        if client_name and not _same_person(name, client_name):
            yield Contradiction(
                lines=(line,), what="another person is named as the client", values=(name, client_name)
            )
    for (line, name), (later, other) in pairwise(names):
        if not _same_person(name, other):
            yield Contradiction(
                lines=(line, later), what="two people are named as the client", values=(name, other)
            )


def _may_name(text: str) -> bool:
    low = text.lower()
    return "cl" in low or low.startswith(("name", "ct"))


def _same_person(one: str, two: str) -> bool:
    """Whether two names can be one person's: the last word is the same, and the first words do not differ."""
    a, b = (
        [
            w.strip(".,").lower()
            for w in n.split()
            if w.strip(".").lower() not in ("mr", "mrs", "ms", "miss", "dr")
        ]
        for n in (one, two)
    )
    if not a or not b or set(a) <= set(b) or set(b) <= set(a):
        return True
    initials = a[0][:1] == b[0][:1] and (len(a[0]) == 1 or len(b[0]) == 1)
    return a[-1] == b[-1] and (len(a) == 1 or len(b) == 1 or a[0] == b[0] or initials)


def two_counts(entries: Sequence[Entry], changed: Callable[[str], bool]) -> Iterator[Contradiction]:
    """Two numbers of children or bedrooms that are said of the client alone; ``changed`` tells those that
    changed.
    """
    seen: dict[str, tuple[int, str, str]] = {}
    for entry in entries:
        if entry.left_out is not None or not _MAYBE.search(entry.text):
            continue
        for match in _COUNTED_AS_CLIENTS.finditer(entry.text):
            if changed(entry.text):
                continue
            what = {"c": "children", "k": "children", "d": "children"}.get(
                match["what"][0].lower(), "bedrooms"
            )
            count = _COUNTS.get(match["count"].lower(), match["count"])
            alone = _OF_CLIENT.fullmatch(entry.text[: match.start()])
            line = entry.lines[0].number
            if not alone or _PART.match(entry.text, match.end()):
                continue
            earlier = seen.setdefault(what, (line, count, match[0]))
            if earlier[1] != count and earlier[0] != line:
                yield Contradiction(
                    lines=(earlier[0], line), what=f"two numbers of {what}", values=(earlier[2], match[0])
                )
