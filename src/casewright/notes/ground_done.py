"""Whether a line among the actions says that something is done ("voucher issued", "form - done half")."""

from __future__ import annotations

from collections.abc import Sequence

from casewright.notes import ground_forms as g
from casewright.notes.ground_parse import Parsed, Token
from casewright.notes.ground_words import stem
from casewright.notes.words import listed

_FINISHED = frozenset(stem(word) for word in listed("complete fill draft prepare do"))
# Told of something, these say no more than that it is so; of the rest a past form may be what is asked for.
_HANDLED = frozenset(
    stem(word)
    for word in listed("issue give send draft print book log scan post email complete show hand upload")
)
# Before a past form, these say that it is not so yet.
_NOT_YET = listed(
    "to be get got if once until when not nothing never want wants need needs get if as being unless"
)
_ENDS = listed("ref to by on today and at for")


def is_finished(verb: Token, lines: Sequence[Parsed]) -> bool:
    """Whether a line has this doing as a past form by itself, or "done" for it."""
    head = stem(verb.low.split()[0])
    for line in lines:
        for at, token in enumerate(line.tokens):
            if _before(line.tokens, at) or any(t.low == "?" for t in line.tokens):
                continue
            if token.low == "done" and head in _FINISHED and not _open(line, head):
                return True
            if token.kind != "W" or token.form != "past":
                continue
            if head == stem(token.low) and [t.low for t in line.tokens[at + 1 : at + 2]] == ["already"]:
                return True
            if stem(token.low) not in _HANDLED:
                continue
            if head == stem(token.low) and _stands_alone(line.tokens, at):
                return True
    return False


def any_finished(lines: Sequence[Parsed]) -> bool:
    """Whether a line says of anything that it is done."""
    return any(
        not _before(line.tokens, at)
        and (
            token.low == "done"
            or (token.form == "past" and stem(token.low) in _HANDLED and _stands_alone(line.tokens, at))
        )
        for line in lines
        if not any(t.low == "?" for t in line.tokens)
        for at, token in enumerate(line.tokens)
    )


def _stands_alone(tokens: Sequence[Token], at: int) -> bool:
    """Not before a thing that it describes ("issued letters")."""
    after = tokens[at + 1 : at + 2]
    return at > 0 and (not after or after[0].kind in "JF" or after[0].low in _ENDS)


def _before(tokens: Sequence[Token], at: int) -> bool:
    """Whether something before it in its clause says that it is still to be."""
    for token in reversed(tokens[:at]):
        if token.kind == "J":
            return False
        if token.low in _NOT_YET or token.kind in "CM" or token.low in g.BE or token.denies:
            return True
    return False


def _open(line: Parsed, head: str) -> bool:
    return any(token.kind == "W" and stem(token.low) == head for token in line.tokens)
