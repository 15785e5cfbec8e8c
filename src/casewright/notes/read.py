"""Notes as numbered lines, and the entries they make: a line, or a line that goes on over the next ones.

Pasted e-mails and letters are told apart (``Line.voice``): what stands in them is somebody else's word.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from casewright.notes.escapes import without_escapes
from casewright.notes.read_headings import NOWHERE, Place, Reach, row, turned_label
from casewright.notes.read_language import Language, language_of
from casewright.notes.read_voice import Part, Voice, voices
from casewright.notes.words import ADVISER, CLIENT, PARTIES, SAYS, listed

Heading = Literal["none", "matters", "ours", "yours", "actions", "speech", "private"]

MOST_LINES = 12  # that one entry is made of; beyond it a line stands alone
_ENDS = re.compile(r"\r\n|\r|\n")
_BULLET = re.compile(r"(?:[*•·‣▪◦●○–—>+]+|-(?=\s|[^\W\d_])|\[ \]|#{1,6}(?=\s))\s*")
_LETTERED = re.compile(r"\(?[a-zA-Z]\)\s+|\(?(?:ii|iii|iv|vi|vii|viii|ix)\)\s+")
_NUMBERED = re.compile(r"\(?(\d{1,3})[.)]\s+(?=\S)")
# "14:05 –", "[12/05/2026 14:05]": when the line was typed, in notes that run like a log
_STAMP = re.compile(
    r"(?:\[?(?:\d{1,2}[/.-]\d{1,2}[/.-]\d{2,4},?\s)?(?P<hour>[01]?\d"
    r"|2[0-3])[:.](?P<minute>[0-5]\d)(?::[0-5]\d)?"
    r"\s?(?P<half>[ap]m)?\]?)\s?(?:[-–—:]\s|(?<=\])\s?)(?=\S)(?!\d{1,2}[:.]\d\d)",
    re.IGNORECASE,
)
_SENTENCE_ENDS = re.compile(r"(?<=[.!?])[\"”’)]?\s+(?=[\"“‘(]?[A-Z£\d])")
_ABBREVIATED = re.compile(
    r"\b(?:c|approx|nos?|mr|mrs|ms|dr|st|a\.m|p\.m|e\.g|i\.e|etc|ref|tel|appt|rd|ave|sec|s|para|v|vs"
    r"|[A-Z])\.$",
    re.IGNORECASE,
)
_MONTH_NEXT = re.compile(
    r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|am\b|pm\b|days?|weeks?|months?|years?)",
    re.IGNORECASE,
)
# A line that begins with one of these in lower case goes on from the line before: alone it would lose its
# condition or its date.
_GOES_ON = listed(
    "and or but by if unless until only except because before after on at for from with without as so when"
    " which who that then provided otherwise plus nor"
)
HEADINGS: dict[Heading, frozenset[str]] = {
    "matters": listed(
        "background|discussion|discussed|matters|matters discussed|issues|facts|notes|meeting notes|summary"
        "|advice|advice given|circumstances|situation|current situation|income|expenditure|debts|housing"
        "|benefits|employment|health|family|points discussed|what we discussed",
        "|",
    ),
    "ours": listed(
        "our actions|our action|adviser actions|adviser action|adviser to do|adv to do|adv actions"
        "|actions for us|actions for adviser|adviser's actions|we will|i will|my actions|for me|for us"
        "|for adviser|me|us|me to|us to|we to|i to|adv to|adviser to"
        "|us to do|me to do|caseworker actions|caseworker to do|what we will do",
        "|",
    ),
    "yours": listed(
        "client actions|client action|client to do|cl to do|ct to do|cl actions|cl action|client's actions"
        "|actions for client|actions for cl|your actions|you will|for client|for cl|client will|cl will"
        "|client to|cl to|what you need to do|you to do",
        "|",
    ),
    "actions": listed(
        "actions|action|action points|action point|to do|todo|next steps|next step|follow up|ap|aps", "|"
    ),
    "private": listed(
        "private|nb private|private notes|private note|internal|internal notes|internal note|internal only"
        "|not for letter|not for the letter|not for client|not for cl|off the record|confidential"
        "|for file only|file note only",
        "|",
    ),
}
_LABEL = re.compile(
    r"(?:copy of |pasted |fwd |forwarded )?(?:an? |the )?(?:e-?mail|letter|text|message|voicemail|whatsapp"
    r"|reply|statement)"
    r" (?:received |rec'd |in |dated [\d/. ]{4,12})?(?:from|of|by|dated)\b.{0,60}:",
    re.IGNORECASE,
)
_SPEAKERS = CLIENT | ADVISER | PARTIES | frozenset(SAYS) | listed("email letter text quote message voicemail")
_SPEAKER_TOO = frozenset({"me", "us"})  # "Me: have you the letter?" is a talk written down
_LONGEST_HEADING = 30
_HEADING_OF = {name: kind for kind, names in HEADINGS.items() for name in names}


@dataclass(frozen=True, slots=True)
class Line:
    """A line with something on it. ``number`` counts from 1; ``start`` and ``end`` are its span in the notes.

    ``text`` is the line without its bullet or number, white space and control characters made single spaces;
    ``bullet`` says that it had one. ``stamp`` is the time a log's line begins with, which is not in ``text``;
    ``cells`` are the parts of a line pasted from a table. ``language`` is a hint.
    """

    number: int
    start: int
    end: int
    text: str
    bullet: bool
    voice: Voice = "notes"
    part: Part = "body"
    language: Language = "en"
    stamp: str = ""
    cells: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Entry:
    """What is decided as one: usually one line. ``heading`` is the one it stands under.

    Where ``voice`` is not "notes" the words are somebody else's, and ``heading`` is ``speech``. ``under`` are
    the headings that turn what it says ("Cl not to:"), outermost first; ``heads``: it is one of them.
    ``over`` are headings of no known kind ("Myth:"), below which no action is sure, ``neutral`` that they are
    but days, numbers or organisations, below which a line that says itself who acts may be; ``opens``: it is
    one of no known kind.
    """

    lines: tuple[Line, ...]
    text: str
    heading: Heading
    left_out: str | None = None
    under: tuple[Line, ...] = ()
    heads: bool = False
    over: tuple[Line, ...] = ()
    neutral: bool = False
    opens: bool = False

    @property
    def voice(self) -> Voice:
        """Whose words it is."""
        other = self.lines[0].voice
        return "speech" if other == "notes" and self.heading == "speech" else other

    @property
    def language(self) -> Language:
        """Whether all of it seems to be English."""
        return "other" if any(line.language == "other" for line in self.lines) else "en"


def flatten(text: str) -> str:
    """One line of printable text: white space and control characters as single spaces, invisible ones gone.

    Invisible are the format characters that may reorder what a reader sees; the two joiners that some
    scripts need are kept.
    """
    if text.isprintable():  # then a space is all that there is between words
        return " ".join(text.split())
    kept = []
    for char in without_escapes(text):
        kind = unicodedata.category(char)
        if kind in ("Cc", "Zl", "Zp", "Zs"):
            kept.append(" ")
        elif kind == "Cs" or (kind == "Cf" and char not in "\u200c\u200d"):
            continue
        else:
            kept.append(char)
    return " ".join("".join(kept).split())


def stands_in(text: str, source: str) -> bool:
    """Whether whole words of ``source`` are ``text``: "£45" does not stand in "£450"."""
    return f" {text} " in f" {source} "


def read_lines(notes: str) -> tuple[Line, ...]:
    """The lines with something on them, in order; numbers count every line of the notes."""
    spans: list[tuple[int, int, int]] = []
    start = 0
    ends = [(m.start(), m.end()) for m in _ENDS.finditer(notes)] + [(len(notes), len(notes))]
    for number, (end, after) in enumerate(ends, 1):
        if not notes[start:end].isspace() and start < end:
            spans.append((number, start, end))
        start = after
    flat = [flatten(notes[start:end]) for _, start, end in spans]
    stamps = _stamps(flat)
    said = voices([number for number, _, _ in spans], flat, _is_heading)
    lines: list[Line] = []
    last_number = 0
    for (number, start, end), whole, stamp, whose in zip(spans, flat, stamps, said, strict=True):
        text, bullet, last_number = _without_bullet(whole[len(stamp) :], last_number)
        raw = notes[start:end].strip()
        cells = tuple(flatten(cell) for cell in raw.split("\t")) if "\t" in raw else ()
        hint = language_of(text)
        lines.append(
            Line(number, start, end, text, bullet, whose.voice, whose.part, hint, stamp.strip(" -–—:"), cells)
        )
    return tuple(lines)


def _is_heading(text: str) -> bool:
    return heading_of(text) is not None


def _stamps(texts: Sequence[str]) -> list[str]:
    """The times that lines begin with; none unless two or more do, in the order of the day."""
    found = [_STAMP.match(text) for text in texts]
    minutes = [
        int(m["hour"]) % 12 * 60 + int(m["minute"]) + 720 * (m["half"].lower() == "pm")
        if m["half"]
        else int(m["hour"]) * 60 + int(m["minute"])
        for m in found
        if m
    ]
    if len(minutes) < 2 or minutes != sorted(minutes):
        return [""] * len(texts)
    return [m[0] if m else "" for m in found]


def sentence_spans(text: str) -> tuple[tuple[int, int], ...]:
    """Where the sentences of a text begin and end; abbreviations end none, and nothing is lost but white
    space.
    """
    spans: list[tuple[int, int]] = []
    start = 0
    for gap in _SENTENCE_ENDS.finditer(text):
        space = gap.end() - len(gap[0]) + len(gap[0].rstrip())
        if not _ABBREVIATED.search(text, max(start, gap.start() - 12), gap.start()):
            spans.append((start, space))
            start = gap.end()
    return (*spans, (start, len(text))) if start < len(text) else tuple(spans)


def _without_bullet(text: str, last_number: int) -> tuple[str, bool, int]:
    """The text after its bullet; a number is one only where it counts on, for "5. £40" may mean five."""
    bullet = _BULLET.match(text) or _LETTERED.match(text)
    rest = text[bullet.end() :] if bullet else text
    counted = _NUMBERED.match(rest)
    if (
        counted
        and int(counted[1]) == last_number + 1
        and not rest[: counted.end()].startswith("(0")
        and not _MONTH_NEXT.match(rest[counted.end() :])
    ):
        return rest[counted.end() :], True, int(counted[1])
    return rest, bullet is not None, last_number


def heading_of(text: str) -> Heading | None:
    """The heading that a whole line is; None if it is none of those that are known."""
    if len(text) > _LONGEST_HEADING and text[0].isalnum() and text[-1] not in "*_#=-":
        return None
    plain = text.strip(" *_#=-:.").lower().replace("’", "'")
    return _HEADING_OF.get(" ".join(plain.split()))


def inline_heading(text: str) -> tuple[Heading, str] | None:
    """``Client to do: send form`` as its heading and the rest; None where no known heading leads."""
    before, colon, rest = text.partition(":")
    if not colon or not rest.strip() or len(before) > 40:
        return None
    kind = heading_of(before) if before.strip().lower() not in _SPEAKER_TOO else None
    return (kind, rest.strip()) if kind else None


def _unknown_heading(text: str) -> Heading | None:
    """A short label with a colon and nothing else, which says nothing of its own; None if it is none.

    Below "Cl says:" or "Landlord:" an "I" may be anybody's: that is ``speech``.
    """
    if _LABEL.fullmatch(text):
        return "speech"
    body = text[:-1].lower().split()
    if not text.endswith(":") or not 1 <= len(body) <= 3 or not all(word.isalpha() for word in body):
        return None
    return "speech" if _SPEAKERS & set(body) else "none"


def read_entries(notes: str) -> tuple[Entry, ...]:
    """Every non-blank line in exactly one entry, in order.

    A heading covers the lines below it to the next heading; for lines that do not say themselves
    who acts it ends at the first blank line after one of them. One for private remarks reaches to the next.
    """
    entries: list[Entry] = []
    heading: Heading = "none"
    filled, before = False, 0
    lines = read_lines(notes)
    above = _above(notes, lines)
    for line in lines:
        place, under, over = above.get(line.number, (NOWHERE, (), ()))
        gap = bool(before) and line.number > before + 1
        before = line.number
        if line.voice != "notes":
            entry = _of_another(line, entries[-1] if entries and not gap else None)
            if entries and entry.lines[0] is entries[-1].lines[0]:
                entries[-1] = entry
            else:
                entries.append(entry)
            heading = "none" if heading != "private" else heading
            continue
        if gap and filled and heading not in ("private", "matters"):
            heading = "none"
        kind = heading_of(line.text) or _unknown_heading(line.text)
        if kind is not None:
            heading, filled = kind, False
            reason = "a heading" if kind != "private" else "a heading for private remarks"
            entries.append(Entry((line,), line.text, "none", reason, under))
            continue
        if not any(char.isalnum() for char in line.text):
            entries.append(Entry((line,), line.text, "none", "nothing to read on it"))
            continue
        if place.heads and heading != "private":
            heading, filled = "none", False
            entries.append(Entry((line,), line.text, heading, under=under))
            continue
        last = entries[-1] if entries and not gap else None
        if last is not None and _heads(above.get(last.lines[-1].number)):
            last = None  # a heading goes on in its items
        if last is not None and _goes_on(line, last):
            entries[-1] = replace(last, lines=(*last.lines, line), text=f"{last.text} {line.text}")
            continue
        filled = True
        under, over = ((), ()) if heading == "private" else (under, over)
        entry = Entry((line,), line.text, heading, None, under, False, over, place.neutral, place.opens)
        entries.append(entry)
    return _headed(entries)


_Above = tuple[Place, tuple[Line, ...], tuple[Line, ...]]


def _heads(above: _Above | None) -> bool:
    return above is not None and (above[0].heads or above[0].opens)


def _above(notes: str, lines: Sequence[Line]) -> dict[int, _Above]:
    """By its number a line's place, and the headings over it: those that turn it, those of no known kind."""
    own = [line for line in lines if line.voice == "notes"]
    rows = [
        row(
            line.number,
            notes[line.start : line.end],
            line.text,
            bullet=line.bullet,
            known=_is_heading(line.text),
            joins=_first(line.text) in _GOES_ON,
        )
        for line in own
    ]
    by_number = {line.number: line for line in own}
    others = {line.number for line in lines if line.voice != "notes"}
    reach = Reach(rows)
    found: dict[int, _Above] = {}
    before = 0
    for line in own:
        if others and before and not others.isdisjoint(range(before, line.number)):
            reach.close()
        before = line.number
        place = reach.at(line.number)
        if place is not NOWHERE:
            under, over = (tuple(map(by_number.__getitem__, one)) for one in (place.under, place.over))
            found[line.number] = (place, under, over)
    return found


def _headed(entries: Sequence[Entry]) -> tuple[Entry, ...]:
    """The entries; ``heads`` are those that others stand under."""
    used = {head.number for one in entries if one.left_out is None for head in one.under}
    return tuple(replace(one, heads=True) if one.lines[0].number in used else one for one in entries)


def turned(entry: Entry) -> bool:
    """Whether a heading, over the line or at its beginning, turns what it says."""
    return bool(entry.under) or (turned_label(entry.text) and inline_heading(entry.text) is None)


_PARTS: dict[Part, str | None] = {
    "body": None,
    "header": "the header of an e-mail",
    "signature": "the end of an e-mail or letter",
    "disclaimer": "an e-mail's small print",
}


def _of_another(line: Line, last: Entry | None) -> Entry:
    """A line of a pasted e-mail or letter; one that goes on in lower case is read with the line before it."""
    reason = _PARTS[line.part] if any(char.isalnum() for char in line.text) else "nothing to read on it"
    if reason is None and last is not None and last.left_out is None and last.lines[0].voice == line.voice:
        whole = last.text.endswith((".", "!", "?", ";", ":"))
        if not whole and not line.bullet and line.text[:1].islower() and len(last.lines) < MOST_LINES:
            return replace(last, lines=(*last.lines, line), text=f"{last.text} {line.text}")
    return Entry((line,), line.text, "speech", reason)


def _first(text: str) -> str:
    return text.partition(" ")[0].strip(",")


def _goes_on(line: Line, last: Entry) -> bool:
    if last.left_out is not None or last.lines[0].voice != "notes":
        return False
    first = _first(line.text)
    whole = last.text.endswith((".", "!", "?", ";"))
    return not line.bullet and not whole and first in _GOES_ON and len(last.lines) < MOST_LINES
