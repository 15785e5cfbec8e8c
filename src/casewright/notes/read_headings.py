"""Headings, and how far they reach: "Cl not to:", "Only if LL serves notice:", "Already done:", "Mon 3 May:".

An item below a heading that turns it says the opposite, or something else, without it: "leave the flat" under
"Cl not to:". So the heading goes with each of its items (``Entry.under``), and none of them is an action. A
heading of a kind that is not known goes with the actions below it (``Entry.over``), and makes them unsure.
When it is not clear how far a heading reaches, it reaches further: an item too many is shown to a person, one
too few is told to the client as something to do.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from casewright.notes import words as w
from casewright.notes.read_heading_kinds import EDGES, Kind, kind_of, plain_kind, plain_word, turns
from casewright.notes.recognise import core

MOST_WORDS = 7  # of a heading that has no colon
MOST_WORDS_ABOVE_A_LIST = 14
_ENDS = re.compile(r"(?:[:：]\s*[-–—>]*|\s[-–—]+|…|\.{3})[\s*_]*$")
_COLON = re.compile(r"[:：]\s*[-–—>]*[\s*_]*$")
_WHO = r"(?:(?:the )?(?:cl|clt|client|ct|we|us|i|you|adv|adviser) )?"
_PURE = re.compile(
    rf"{_WHO}"
    r"(?:do not|don'?t|not to|must not|mustn'?t|will not|won'?t"
    r"|not agreed|not (?:yet )?done|refused|rejected|declined|already done|cancelled)(?: to)?",
    re.IGNORECASE,
)
# How a heading begins that tells somebody not to do it, or when.
_BIDS = re.compile(
    rf"{_WHO}(?:please |pls )?(?:(?:is|are|was|were) )?(?:do not|don['’]?t|not to|to not|must not|mustn['’]?t"
    r"|should(?: not|n['’]?t)|will not|won['’]?t|never|avoid|refrain|stop|instead|only|if|unless|once|until"
    r"|when|after|no need to|on no account|under no"
    r"|not agreed|not (?:yet )?done|(?:refused|did not agree|does not want"
    r"|doesn['’]?t want) to)\b",
    re.IGNORECASE,
)
# A statement, which is no heading though a list follows: "Cl not working", "UC claim - not yet started".
_STATED = re.compile(
    r"\b(?:not|never|isn['’]?t)\s+(?:currently |yet |been )?(?:working|claiming|receiving|getting|coping"
    r"|living|sleeping|eating|earning|driving|managing|well|able|fit|aware|sure)\b"
    r"|^[\w' ]{2,40} [-–—] not (?:yet )?(?:been )?(?:started|received|made|submitted|paid|issued|claimed"
    r"|in)\b",
    re.IGNORECASE,
)
# The first line of notes says of whom and when they are: "Jane Smith", "Mtg w/ J Smith 3/5".
_TITLE = re.compile(
    r"^(?:[A-Z][a-z'’-]+ ){1,3}[A-Z][a-z'’-]+$|^(?:[A-Z][a-z'’-]+ ){2,3}\d"
    r"|\b(?i:mtg|meeting|appt|appointment|call|attended|attendance|interview|visit|phone|tel)\b"
)
_DASHED = re.compile(r"\s[-–—]+>?\s|[;,–—]\s|\.\s")
_ACTORS = w.CLIENT | w.ADVISER | w.PARTIES | w.HERE | frozenset({"you", "the"})
_OURS = w.CLIENT | w.ADVISER | w.HERE
_DANGLING = w.listed("to about for with of from on not that be like re if")
_JOINED = w.listed("to or and nor then also")


def label(text: str) -> str:
    """A heading's words without its colon and other signs around it."""
    return text.strip(EDGES)


def ends_as_heading(text: str) -> bool:
    """Whether a line announces what comes below: by a colon, a dash or dots at its end."""
    # looked at first, for most lines end in a word
    return not text[-1:].isalnum() and _ENDS.search(text) is not None


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
    indent = 0
    if raw[:1].isspace():
        wide = raw.expandtabs(4)
        indent = len(wide) - len(wide.lstrip())
    return Row(number, text, indent, bullet and not raw.lstrip().startswith(("#", "**", "__")), known, joins)


@dataclass(slots=True)
class _Head:
    """An open heading. ``inline``: its first item stands in its own line. ``first``: of its other items."""

    row: Row
    kind: Kind
    inline: bool = False
    first: Row | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """The headings over a line, by number: those that turn it, those of no known kind; and what it is.

    ``neutral``: each of ``over`` is a day, a number or an organisation. ``heads``: the line is a heading that
    turns what is below; ``opens``: it is one of no known kind.
    """

    under: tuple[int, ...] = ()
    over: tuple[int, ...] = ()
    neutral: bool = False
    heads: bool = False
    opens: bool = False


NOWHERE = Place()


class Reach:
    """Which headings each line stands under, line after line."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self._rows = [one for one in rows if any(map(str.isalnum, one.text))]
        self._at = {one.number: place for place, one in enumerate(self._rows)}
        self._open: list[_Head] = []
        self._last = 0

    def at(self, number: int) -> Place:
        """What stands over the line of this number; every line is to be asked about, in order."""
        gap = number > self._last + 1
        if number not in self._at:  # a rule of signs is no line
            self._last = number if not gap else number - 1
            return NOWHERE
        self._last = number
        place = self._at[number]
        one = self._rows[place]
        kind, inline = self._kind(place)
        wrapped = kind == "turning" and not inline and self._wraps(place)
        while self._open and not _covers(self._open[-1], one, gap, None if inline else kind):
            self._open.pop()
        found = self._over()
        if kind in ("turning", "open", "neutral") or (kind is not None and self._open):
            if wrapped:
                self._open.append(_Head(self._rows[place - 1], "turning"))
            self._open.append(_Head(one, kind, inline))
            return Place(
                found.under,
                found.over,
                found.neutral,
                (kind == "turning" or bool(found.under)) and not inline,
                kind == "open",
            )
        if self._open:
            for head in self._open:
                head.first = head.first or one
        return found

    def close(self) -> None:
        """What follows is somebody else's letter: no heading reaches over it."""
        self._open = []

    def _over(self) -> Place:
        if not self._open:
            return NOWHERE
        kinds = [head.kind for head in self._open]
        numbers = tuple(head.row.number for head in self._open)
        if "turning" in kinds:
            return Place(numbers[kinds.index("turning") :])
        return Place((), numbers, "open" not in kinds)

    def _kind(self, place: int) -> tuple[Kind | None, bool]:
        """What kind of heading the line is, None if it is none; and whether its first item is in it."""
        one = self._rows[place]
        if self._wraps(place):
            return "turning", False
        if one.known and not (self._open and self._is_item(place)):
            return "plain", False
        if ends_as_heading(one.text):
            if turns(one.text):
                return "turning", False
            return (plain_kind(one.text) if _COLON.search(one.text) else None), False
        if (":" in one.text or _PURE.match(one.text)) and turned_label(one.text):
            return "turning", True
        return self._without_a_colon(place), False

    def _without_a_colon(self, place: int) -> Kind | None:
        one = self._rows[place]
        below = self._rows[place + 1] if place + 1 < len(self._rows) else None
        if below is None or (one.bullet and below.indent <= one.indent):
            return None
        listed = below.indent > one.indent or (below.bullet and not one.bullet and below.indent == one.indent)
        begins = listed or _BIDS.match(one.text) or _PURE.match(label(one.text)) or one.text.isupper()
        if not begins or self._goes_on(place):
            return None
        size = _length(one.text)
        if not listed:
            return "turning" if size <= MOST_WORDS and _bare(one, below) else None
        if size > MOST_WORDS_ABOVE_A_LIST:
            return None
        ends = one.text.rstrip()[-1] in ".,;!"
        if turns(one.text):
            stated = _STATED.search(one.text) or (
                ((ends and size > 4) or size > MOST_WORDS) and _states(one.text)
            )
            return "neutral" if stated else "turning"
        apart = below.number > one.number + 1 and size > 2
        if one.bullet or ends or apart or size > MOST_WORDS:
            return None
        kind = plain_kind(one.text)
        titles = _states(one.text) or (not place and _TITLE.search(one.text))
        return "neutral" if kind == "open" and titles else kind

    def _is_item(self, place: int) -> bool:
        """Whether a known heading is an item of a list, with nothing below it: "- debts"."""
        one, below = self._rows[place], self._rows[place + 1 : place + 2]
        nested = bool(below) and below[0].indent > one.indent
        return one.bullet and not nested and not ends_as_heading(one.text)

    def _goes_on(self, place: int) -> bool:
        """Whether the line goes on from the one before: "cl to pay £450" / "unless LL agrees"."""
        one, above = self._rows[place], self._rows[place - 1] if place else None
        if above is None or not one.joins or above.number != one.number - 1 or above.known:
            return False
        return not above.text.endswith((".", "!", "?", ";", ":"))

    def _wraps(self, place: int) -> bool:
        """Whether it is the end of a heading that began in the line before: "must not under any" / "way:"."""
        one, above = self._rows[place], self._rows[place - 1] if place else None
        if above is None or not one.text[:1].islower() or one.bullet or above.number != one.number - 1:
            return False
        if (
            above.bullet
            or above.known
            or above.text[-1] in ".!?;:,"
            or not (one.known or self._announces(place))
        ):
            return False
        return not ends_as_heading(above.text) and _length(one.text) <= MOST_WORDS and turns(above.text)

    def _announces(self, place: int) -> bool:
        one = self._rows[place]
        below = self._rows[place + 1] if place + 1 < len(self._rows) else None
        return _COLON.search(one.text) is not None or (below is not None and below.bullet)


def _covers(head: _Head, one: Row, gap: bool, kind: Kind | None) -> bool:
    """Whether a heading reaches over a line; ``kind`` is the line's own, if it is a heading."""
    nested = one.indent > head.row.indent or (one.bullet and not head.row.bullet)
    if kind is not None:
        if nested:
            return True
        # "or:", "Including:" go on with a heading that turns; after a gap a day or a firm begins anew
        return head.kind == "turning" and (kind == "open" or (kind == "neutral" and not gap))
    named, bare = _names_actor(one.text), _is_doing(one.text)
    if head.inline:
        return nested or (bare and not named and not one.bullet)
    first = head.first
    if named and not one.bullet and not _COLON.search(head.row.text) and _states(head.row.text):
        return False  # the dash of a statement may announce nothing: "Cl can't work -"
    if head.kind == "neutral" and gap and first is not None:
        return one.bullet and first.bullet
    if first is None:  # it is the first item, whatever is between
        return True
    if first.bullet or first.indent > head.row.indent:
        if nested or (one.bullet and first.bullet):
            return nested or one.indent >= first.indent
        return not (named and head.kind != "turning") if not gap else bare and not named
    # with a blank line after the heading, too, one between the items means nothing
    spaced = first.number > head.row.number + 1 and _names_actor(first.text)
    return not (gap and named) or (spaced and head.kind == "turning")


def _length(text: str) -> int:
    """In words; a dash is none."""
    return sum(any(map(str.isalnum, token)) for token in text.split())


def _names_actor(text: str) -> bool:
    return core(text.split(maxsplit=1)[0]).lower() in _ACTORS


def _is_doing(text: str) -> bool:
    """Whether a line begins with a doing and names nobody: "leave the flat", "or sign"."""
    words = [plain_word(token) for token in text.split()[:2]]
    return words[0] in w.ACTIONS or words[0] in _JOINED


def _states(text: str) -> bool:
    """Whether a line with one of us or the client at its beginning is a statement rather than a bidding."""
    words = [plain_word(token) for token in label(text).split()]
    return words[0] in _OURS and words[-1] not in _DANGLING and not _BIDS.match(text)


def _bare(one: Row, below: Row) -> bool:
    """Whether a short line without colon heads the plain line below: "Never" / "leave the flat"."""
    loud = one.text.isupper() and not below.text.isupper()
    if loud or (_PURE.fullmatch(label(one.text)) is not None and not below.known):
        return turns(one.text)
    if _BIDS.match(one.text) is None or one.text.rstrip()[-1] in ".;" or "," in one.text:
        return False
    return _is_doing(below.text) and not below.known and not _STATED.search(one.text)


__all__ = [
    "NOWHERE",
    "Place",
    "Reach",
    "Row",
    "ends_as_heading",
    "kind_of",
    "label",
    "row",
    "turned_label",
    "turns",
]
