"""The joint decision on lines: a sure rule decides, otherwise the classifier says where one is quoted.

Notes run in blocks: what is to be done stands beside what is to be done. So the guess weighs a line's own
words with the lines around it and the heading above. A line placed wrongly among the client's actions harms;
one among the matters that is shown to a person harms less: a guess moves a line to the actions only from a
likelihood on (``ACTION_FROM``), and a line is shown as unsure below a higher one (``SURE_FROM``). The
thresholds were set by tools/notes_cross.py on authors not learned from.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from casewright.api.notes import Owner, Section
from casewright.notes import classify
from casewright.notes import words as w
from casewright.notes.classify_features import Piece
from casewright.notes.decision import Decision, Names, plain_words
from casewright.notes.owner import decide
from casewright.notes.read import Entry, Heading, inline_heading
from casewright.notes.recognise import core
from casewright.notes.shapes import Guess

ACTION_FROM: dict[Section, float] = {"matters_discussed": 0.0, "our_actions": 0.45, "your_actions": 0.55}
# Sure is a line whose section and owner are likely, and that is not as likely the client's as the adviser's:
# "you" for "we" is the error that harms. Of lines by an author not learned from, 98 % of the sure ones are
# placed right.
SURE_FROM, OWNER_FROM, SWAPPED_TO = 0.88, 0.6, 0.1
RULE_SURE = 0.98  # how often a sure rule was right: 60 of 61 labelled lines of benchmarks/data/notes
NOBODY = Names()
_OWNER_OF: dict[Section, Owner] = {"your_actions": "client", "our_actions": "adviser"}
_OF_OWNER: tuple[tuple[Owner, tuple[int, ...]], ...] = (
    ("client", (0, 2)),
    ("adviser", (1, 3)),
    ("third_party", (4,)),
)
_OF_SECTION: tuple[tuple[Section, tuple[int, ...]], ...] = (
    ("your_actions", (0,)),
    ("our_actions", (1,)),
    ("matters_discussed", (2, 3, 4)),
)  # places in classify.CLASSES
_NEVER = -1e4
_OPEN = w.DOUBT | w.listed("if unless once when provided assuming")
_LETTER_ABOVE = frozenset({"dear", "from", "sent", "subject", "to"})
_TO_ANYBODY = frozenset({"you", "we", "i", "your", "our", "please"})
_LONGEST_HEADING = 5


def pieces_of(entries: Iterable[Entry]) -> Iterator[tuple[Entry, Piece]]:
    """Every entry with what is decided on it, and the heading it stands under by its own words.

    A short line that ends with a colon or is all in capitals heads the lines below it, too.
    """
    above, filled, apart, last = "", False, True, 0
    for entry in entries:
        first = entry.lines[0]
        gap = first.number > last + 1
        last = entry.lines[-1].number
        if gap and filled:
            above = ""
        apart = apart or gap
        inline = inline_heading(entry.text)
        if entry.left_out is not None or _heads(entry.text):
            above, filled = (entry.text, False) if _heads(entry.text) or entry.left_out else (above, filled)
            yield entry, Piece(entry.text, entry.heading, "", apart, first.bullet)
            apart = True
            continue
        if inline:
            yield entry, Piece(inline[1], inline[0], entry.text.partition(":")[0], apart, first.bullet)
        else:
            yield entry, Piece(entry.text, entry.heading, above, apart, first.bullet)
        filled, apart = True, False


def _heads(text: str) -> bool:
    words = text.split()
    return len(words) <= _LONGEST_HEADING and (text.endswith(":") or (text.isupper() and text.isascii()))


def heard(pieces: Iterable[Piece]) -> Iterator[Piece]:
    """The pieces, those that speak as the letter whose head stands above them as somebody's speech."""
    before = ""
    for piece in pieces:
        speaks = piece.heading == "none" and _of_a_letter(piece.text, before)
        before = piece.text
        yield replace(piece, heading="speech") if speaks else piece


def placed_all(
    pieces: Iterable[Piece], names: Names = NOBODY, model: classify.Model | None = None
) -> list[Decision]:
    """Who acts in each line or sentence of one meeting's notes and where it belongs.

    Only a sure rule has an opening: what it does not decide is to be quoted in the section that is named.
    """
    known = list(heard(pieces))
    rules = [decide(one.text, one.heading) for one in known]
    judge = model or classify.shipped()
    scores = classify.scored(known, rules, names, judge)
    fit = [_open_to(rule, own) for rule, own in zip(rules, scores, strict=True)]
    likely = judge.likelihoods(fit, [one.apart for one in known])
    return [_joint(one.text, rule, found) for one, rule, found in zip(known, rules, likely, strict=True)]


def _open_to(rule: Decision, scores: Sequence[float]) -> list[float]:
    """The scores, of the classes that a sure rule leaves."""
    if not rule.sure:
        return list(scores)
    left = [(owner, section) == (rule.owner, rule.section) for owner, section in classify.CLASSES]
    return [score if kept else _NEVER for score, kept in zip(scores, left, strict=True)]


def placed(text: str, heading: Heading, before: str = "", names: Names = NOBODY) -> Decision:
    """The decision on one line alone; ``before`` is the line above, "" where there is none."""
    pieces = [Piece(before)] if before else []
    return placed_all([*pieces, Piece(text, heading)], names)[-1]


def guess(text: str, heading: Heading, before: str = "", names: Names = NOBODY) -> Guess:
    """A line's likeliest owner and section and how likely they are (``shapes.Guesses``)."""
    said = placed(text, heading, before, names)
    return Guess(said.owner, said.section, said.probability or 0.0)


def _joint(text: str, rule: Decision, likely: Sequence[float]) -> Decision:
    if rule.sure:
        return replace(rule, probability=RULE_SURE)
    owners: dict[Owner, float] = {one: sum(map(likely.__getitem__, at)) for one, at in _OF_OWNER}
    sections: dict[Section, float] = {one: sum(map(likely.__getitem__, at)) for one, at in _OF_SECTION}
    section = max(sections, key=sections.__getitem__)
    if rule.stays or sections[section] < ACTION_FROM[section]:
        section = "matters_discussed"
    owner: Owner = max(owners, key=owners.__getitem__)
    owner = _OWNER_OF.get(section, owner)
    swapped = min(owners["client"], owners["adviser"])
    clear = sections[section] >= SURE_FROM and owners[owner] >= OWNER_FROM and swapped <= SWAPPED_TO
    sure = clear and not (
        rule.doubted or _by_initials(text) or (section != "matters_discussed" and _depends(text))
    )
    return Decision(
        owner,
        section,
        sure,
        "" if sure else rule.why,
        rule.lead,
        doubted=rule.doubted,
        stays=rule.stays,
        probability=round(min(sections[section], owners[owner]), 3),
    )


def _by_initials(text: str) -> bool:
    """Whether initials that are no known party are set to act: "RM to chase" may be anybody."""
    first, following = [*map(core, text.split()[:2]), "", ""][:2]
    known = first.lower() in w.PARTIES or first.lower() in w.SHORTHAND
    return first.isupper() and 1 < len(first) < 4 and not known and following.lower() in ("to", "will")


def _depends(text: str) -> bool:
    """Whether an action is a question or hangs on something: it is shown, however likely its place."""
    return "?" in text or not _OPEN.isdisjoint(plain_words(text))


def _of_a_letter(text: str, before: str) -> bool:
    """Whether a line speaks as the letter whose head stands above it, so that "you" may be anybody."""
    first, above = text.split(maxsplit=1)[:1], before.split(maxsplit=1)[:1]
    if not first or not above or core(first[0]).lower() not in _TO_ANYBODY:
        return False
    head = core(above[0]).lower()
    return head in _LETTER_ABOVE and (head == "dear" or above[0].endswith(":"))
