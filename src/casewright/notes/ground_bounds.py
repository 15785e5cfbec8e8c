"""Bounds of figures: about, over, at least, at most."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from casewright.notes.ground_parse import Token
from casewright.notes.ground_words import stem
from casewright.notes.values_kinds import Amount, Duration, Number, Percent
from casewright.notes.words import listed

_ABOUT_WHAT = frozenset(
    stem(word)
    for word in listed(
        "call phone ring write email contact speak talk letter ask told tell advice information"
    )
)
BOUNDS = {
    "over": "over", "above": "over", "exceeding": "over", "under": "under", "below": "under",
    "about": "about", "around": "about", "approximately": "about", "approx": "about", "roughly": "about",
    "circa": "about", "c": "about", "least": "least", "minimum": "least", "min": "least", "most": "most",
    "maximum": "most", "max": "most", "up to": "most", "at least": "least", "at most": "most",
    "more than": "over", "less than": "under", "no less than": "least", "not less than": "least",
    "no more than": "most", "not more than": "most", "nearly": "nearly", "almost": "nearly",
    "in excess of": "over", "in the region of": "about", "fewer than": "under", "some": "about",
    "ca": "about", "just under": "nearly", "within": "within", "ish": "about", "~": "about", "or so": "about",
    "upwards": "plus", "go over": "over", "goes over": "over",
}  # fmt: skip
_SPREAD = frozenset(stem(word) for word in listed("run spread pay repay last split finance"))


_BEHIND = {
    "ish": "about", "or so": "about", "odd": "about", "min": "least", "minimum": "least", "max": "most",
    "maximum": "most", "tops": "most",
}  # fmt: skip


def bounds_of(tokens: Sequence[Token]) -> Iterator[str]:
    """The bound that each figure of a text has ("about", "over", "most"), if it has one."""
    for i, token in enumerate(tokens):
        if token.figure is None or not isinstance(token.figure.value, Amount | Number | Duration | Percent):
            continue
        behind = _BEHIND.get(tokens[i + 1].low) if i + 1 < len(tokens) else None
        if behind is not None:
            yield behind
            continue
        for back in range(1, 4):
            if i < back or tokens[i - back].kind in "JF":
                break
            before = tokens[i - back]
            if back > 1 and tokens[i - 1].kind == "A" and before.low in ("about", "over", "under", "around"):
                break  # "about the £186": what it is about
            two = f"{tokens[i - back - 1].low} {before.low}" if i > back else ""
            found = BOUNDS.get(two) or BOUNDS.get(before.low)
            if (
                two == "up to"
                and i > back + 1
                and stem(tokens[i - back - 2].low) in ("go", "rise", "increas", "put")
            ):
                break
            if found == "about" and i > back and stem(tokens[i - back - 1].low) in _ABOUT_WHAT:
                break
            over = found == "over" and isinstance(token.figure.value, Duration) and i > back
            near = tokens[max(0, i - back - 6) : i - back]
            if over and near[-1].low != "for" and any(stem(t.low) in _SPREAD for t in near):
                break
            if found and found != "within":
                yield found
                break
            if before.kind not in "DA":
                break


def denied_of_more(said: Sequence[Token], lines: Sequence[Sequence[Token]]) -> Iterator[str]:
    """As in "Neither of the windows shuts", where the line denies it of one of them."""
    words = {token.text.lower() for line in lines for token in line}
    wider = [token.text for token in said if token.text.lower() in _OF_NONE]
    if wider and not words & _OF_NONE and any(map(_of_one, lines)):
        yield f"{wider[0]!r} denies it of more than the line does"


_OF_NONE = listed("neither none nor nothing both")


def _of_one(line: Sequence[Token]) -> bool:
    """Whether a line speaks of one, or of some, of several."""
    return any(
        token.text.lower() in ("one", "1", "some") and after.low == "of" for token, after in pairwise(line)
    )
