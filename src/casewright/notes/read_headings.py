"""Headings that turn what stands below them: "Cl not to:", "Only if LL serves notice:", "Already done:".

An item below one of these says the opposite, or something else, without it: "leave the flat" under "Cl not
to:". So the heading goes with each of its items (``Entry.under``), and none of them is an action unasked.
When it is not clear how far such a heading reaches, it reaches further: an item too many is shown to a
person, one too few is told to the client as something to do.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from casewright.notes import words as w
from casewright.notes.recognise import core, is_negation

MOST_WORDS = 7  # of a heading that has no colon
_ENDS = re.compile(r"(?:[:：]\s*[-–—>]*|\s[-–—]+|…|\.{3})[\s*_]*$")
_EDGES = " *_#=-–—:：.…>"
_REFUSED = w.listed(
    "refusing refusal refusals rejected reject rejects rejecting rejection declining against avoid avoiding"
    " avoided stop stops stopped stopping forbidden prohibited banned barred disagree disagreed disagrees"
    " oppose opposed opposes object objected objects objecting objections denied denies deny dispute disputed"
    " disputes instead rather failed failing fails forgot warned overruled ruled wrong incorrect untrue false"
    " myths exceptions excluded excluding omitted unwilling reluctant undecided unresolved unagreed"
    " impossible nt n/a nope donts"
)
_CONDITIONS = w.listed(
    "if unless only until till when whenever once provided providing assuming depending depends depend"
    " subject whether pending otherwise case event conditional conditions condition contingent"
)
_DOUBTS = w.DOUBT | w.listed(
    "possible potential potentially tbd tba consider considered considering consideration option options"
    " optional alternative alternatives alternatively idea ideas suggestion suggestions suggested proposed"
    " proposal proposals would could unsure uncertain unclear doubt doubtful hypothetical eventually later"
    " queried undecided"
)
_STATES = w.listed(
    "already canceled longer previously previous formerly finished withdrawn withdrew postponed hold held"
    " superseded abandoned dropped expired lapsed ended stopped complete'd actioned historic outdated"
)
_LOADED = _REFUSED | _CONDITIONS | _DOUBTS | _STATES
# Without an apostrophe, as they are often typed.
_CLIPPED = re.compile(r"(?:do|ca|wo|did|does|is|was|are|were|has|have|hav|should|could|would|must|need)nt")
# "Ref no:" is a number; "no" denies at the beginning and after these.
_SAID_NO = w.listed("said says say is was are a has have with there got")
_LAST_TIME = re.compile(r"\blast (?:time|meeting|mtg|appt|appointment|week|month|session|call|visit)\b", re.I)
_IN_CASE = frozenset({"case", "event"})  # a condition only after "in": "Case:" is a title
_SIGNS = frozenset("?✗✘❌")
_PURE = re.compile(
    r"(?:(?:cl|clt|client|ct|we|us|i|you|adv|adviser) )?"
    r"(?:do not|don'?t|not to|must not|mustn'?t|will not|won'?t"
    r"|not agreed|not (?:yet )?done|refused|rejected|declined|already done|cancelled)(?: to)?",
    re.IGNORECASE,
)
_DASHED = re.compile(r"\s[-–—]+>?\s|[;,–—]\s|\.\s")
_ACTORS = w.CLIENT | w.ADVISER | w.PARTIES | w.HERE | frozenset({"you", "the"})


def label(text: str) -> str:
    """A heading's words without its colon and other signs around it."""
    return text.strip(_EDGES)


def ends_as_heading(text: str) -> bool:
    """Whether a line announces what comes below: by a colon, a dash or dots at its end."""
    return _ENDS.search(text) is not None


def turns(text: str) -> bool:
    """Whether a heading has a negation, a refusal, a condition, a doubt or a state in it."""
    if not _SIGNS.isdisjoint(text) or _LAST_TIME.search(text):
        return True
    words = [core(token).strip(_EDGES).lower().replace("’", "'") for token in re.split(r"[\s/]+", text)]
    return any(_turning(word, words[place - 1] if place else "") for place, word in enumerate(words))


def _turning(word: str, before: str) -> bool:
    if word == "no":
        return not before or before in _SAID_NO
    if word in _IN_CASE:
        return before in ("in", "the")
    if word == "after":
        return not before
    return word in _LOADED or is_negation(word) or _CLIPPED.fullmatch(word) is not None


def turned_label(text: str) -> bool:
    """Whether a line begins with such a heading of its own: "not agreed: sign the settlement"."""
    before, colon, rest = text.partition(":")
    dashed = _DASHED.split(text, maxsplit=1)
    if len(dashed) > 1 and _PURE.fullmatch(label(dashed[0])):
        return True  # "not agreed - sign the settlement"
    if not colon or before.lower().strip() == "when" or (rest[:1].isdigit() and before[-1:].isdigit()):
        return False
    return len(before.split()) <= MOST_WORDS and turns(before)


@dataclass(frozen=True, slots=True)
class Row:
    """A line as its place in a list shows it. ``bullet`` is of a list: the signs of a title are none."""

    number: int
    text: str
    indent: int
    bullet: bool
    known: bool  # a heading of a kind that is known
    joins: bool  # it begins as a line that goes on from the one before


def row(number: int, raw: str, text: str, *, bullet: bool, known: bool, joins: bool) -> Row:
    """``raw`` is the line as it stands in the notes."""
    begins = raw.lstrip()
    indent = len(raw.expandtabs(4)) - len(raw.expandtabs(4).lstrip())
    return Row(number, text, indent, bullet and not begins.startswith(("#", "**", "__")), known, joins)


class Reach:
    """Which headings that turn it each line stands under, line after line."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self._rows = rows
        self._open: list[Row] = []
        self._first: Row | None = None  # of the items of the outermost heading
        self._last = 0

    def at(self, place: int) -> tuple[tuple[int, ...], bool]:
        """The numbers of the headings over the line at this place, and whether it is one itself."""
        one = self._rows[place]
        gap = one.number > self._last + 1
        self._last = one.number
        if not any(char.isalnum() for char in one.text):
            self._last = one.number if not gap else one.number - 1
            return (), False
        while self._open and not self._covers(self._open[-1], one, gap):
            self._open.pop()
        if not self._open:
            self._first = None
        above = tuple(head.number for head in self._open)
        if not one.known and self._heads(place):
            self._open.append(one)
            return above, True
        if self._open and (one.known or ends_as_heading(one.text)):
            self._open.append(one)  # "- with LL:" below "Not agreed:" goes with its items, too
            return above, True
        if self._open and self._first is None:
            self._first = one
        return above, False

    def close(self) -> None:
        """What follows is somebody else's letter: no heading reaches over it."""
        self._open, self._first = [], None

    def _covers(self, head: Row, one: Row, gap: bool) -> bool:
        nested = one.indent > head.indent or (one.bullet and not head.bullet)
        heads = one.known or ends_as_heading(one.text)
        if heads:
            return nested
        first = self._first
        if first is None:  # it is the first item, whatever is between
            return True
        in_list = first.bullet or first.indent > head.indent
        if not in_list:
            return not gap
        if nested or (one.bullet and first.bullet and one.indent >= first.indent):
            return not (gap and _names_actor(one.text))
        return not gap and not one.bullet and not _names_actor(one.text)

    def _heads(self, place: int) -> bool:
        """Whether the line is a heading that turns what is below."""
        one = self._rows[place]
        if not turns(one.text):
            return False
        if ends_as_heading(one.text):
            return True
        below = next((r for r in self._rows[place + 1 :] if any(map(str.isalnum, r.text))), None)
        if below is None or _length(one.text) > MOST_WORDS or one.text.rstrip()[-1] in ".!,;":
            return False
        above = self._rows[place - 1] if place else None
        follows = above is not None and above.number == one.number - 1 and not above.known
        if one.joins and above and follows and not above.text.endswith((".", "!", "?", ";", ":")):
            return False  # "cl to pay £450" / "unless LL agrees"
        if below.indent > one.indent or (below.bullet and not one.bullet):
            return True
        loud = one.text.isupper() and not below.text.isupper()
        return loud or (_PURE.fullmatch(label(one.text)) is not None and not below.known)


def _length(text: str) -> int:
    """In words; a dash is none."""
    return sum(any(map(str.isalnum, token)) for token in text.split())


def _names_actor(text: str) -> bool:
    return core(text.split(maxsplit=1)[0]).lower() in _ACTORS
