"""Which side of a day is meant: by it, from it, on it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from casewright.notes.ground_parse import Parsed, Token
from casewright.notes.ground_words import stem
from casewright.notes.words import listed

_DAY_SIDES = {
    "by": "end", "until": "end", "till": "end", "before": "end", "deadline": "end", "dl": "end", "due": "due",
    "within": "end", "latest": "end", "than": "end", "later": "end", "least": "start", "from": "start",
    "since": "start", "after": "start", "starting": "start", "start": "start", "starts": "start",
    "begin": "start", "wef": "start", "on": "on", "dated": "on", "to": "?",
}  # fmt: skip


def side_faults(said: Parsed, lines: Sequence[Parsed], pairs: dict[int, set[int]]) -> Iterator[str]:
    """A day by which is not a day from which, nor simply a day on which."""
    known = [side for line in lines for side in _day_sides(line)]
    for n, side in enumerate(_day_sides(said)):
        sides = {known[j] for j in pairs.get(n, ())}
        if not sides or side in sides or side == "?" or "?" in sides:
            continue
        if ("due" in sides or side == "due") and not ({side} | sides) & {"start"}:
            continue
        if {side} | sides == {"start", "end"} and all(
            any(t.denies for t in one.tokens) for one in (said, *lines)
        ):
            continue  # "not until after 1 June": "not before 1 June"
        if {side} | sides == {"start", ""} and any(
            stem(t.low.partition(" ")[0]) in _CHANGES for t in said.tokens
        ):
            continue  # what goes up from 1 July goes up on 1 July
        yield f"{said.figures[n].text!r} is {_WORDING[side]} in the sentence and not so in the line"


# Words that may stand between a day and the word that says which side of it is meant.
_OF_TIME = listed(
    "end start beginning close business morning afternoon evening week date later next this last early late"
    " latest noon midday of least"
)
_ALWAYS_SIDE = frozenset({"deadline", "dl", "due", "latest", "starting", "dated", "start"})


def _side_of(low: str, apart: bool) -> str:
    """Which side of a day a word means; a small one does only beside the day."""
    words = low.split()
    if apart or len(words) > 1:
        words = [word for word in words if word in _ALWAYS_SIDE] or ([] if apart else words[-1:])
    return next((_DAY_SIDES[word] for word in words if word in _DAY_SIDES), "")


_CHANGES = frozenset(
    stem(word) for word in listed("increase rise go start begin change move reduce fall drop end stop become")
)
_WORDING = {
    "due": "when it is due",
    "end": "an end of time",
    "start": "a beginning",
    "on": "the day itself",
    "": "the day itself",
}


def _of_its_thing(tokens: Sequence[Token], i: int) -> str:
    """As in "before your payday on 28 January": the side of what has its day behind it."""
    if i < 3 or tokens[i - 1].low != "on" or tokens[i - 2].kind != "W" or tokens[i - 2].form:
        return ""
    whose = tokens[i - 3].kind in "SA"
    before = tokens[i - 4 if whose else i - 3] if i > 3 or not whose else None
    return _DAY_SIDES[before.low] if before is not None and before.low in ("before", "after", "until") else ""


def _last_day(tokens: Sequence[Token], i: int) -> bool:
    """As in "7 Oct latest", "20 August deadline"."""
    return [t.low for t in tokens[i + 1 : i + 2]] in (["latest"], ["deadline"], ["dl"])


def _counted_to(tokens: Sequence[Token], i: int) -> bool:
    """As in "18 days to set aside = 3/10"."""
    return (
        bool(i)
        and tokens[i - 1].low == "="
        and any(
            t.figure is not None and type(t.figure.value).__name__ == "Duration"
            for t in tokens[max(0, i - 10) : i]
        )
    )


def _day_sides(parsed: Parsed) -> list[str]:
    found: list[str] = []
    tokens = parsed.tokens
    for i, token in enumerate(tokens):
        if token.figure is None:
            continue
        if token.figure.kind != "date" or token.figure.also is not None:
            found.append("?")
            continue
        side, apart = _of_its_thing(tokens, i), False
        if side:
            found.append(side)
            continue
        for back in range(1, 9):
            if i < back or (tokens[i - back].kind == "F" and back > 1 and side):
                break
            low = tokens[i - back].low
            near = _side_of(low, apart)
            apart = apart or (tokens[i - back].kind == "W" and not near and low not in _OF_TIME)
            if (
                near
                and (near != "on" or back == 1)
                and not (low == "by" and back > 1 and tokens[i - 1].kind != "A")
            ):
                side = near if not (side and side != "on") else side
                if side != "on":
                    break
            if tokens[i - back].kind == "J" and low not in (":",):
                break
        if not side and _last_day(tokens, i):
            side = "end"
        if not side and _counted_to(tokens, i):
            side = "?"
        if side == "start" and token.low.startswith(("last", "this")):
            side = "?"  # "arrears from last year"
        if " to " in token.low or " - " in token.low or "–" in token.low:
            side = "?"  # from a day to a day
        after = [one.low for one in tokens[i + 1 : i + 2]]
        if (
            after
            and after[0] in ("-", "–", "to", "until")
            and any(t.kind == "F" for t in tokens[i + 2 : i + 3])
        ):
            side = "?"
        if not side and type(token.figure.value).__name__ == "Duration":
            side = "?"
        found.append("" if side == "on" else side)
    return found
