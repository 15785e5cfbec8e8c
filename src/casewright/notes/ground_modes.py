"""Negations by what they turn round, and how firm a statement is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise

from casewright.notes import ground_forms as g
from casewright.notes.ground_bounds import bounds_of
from casewright.notes.ground_parse import CLIENT, Parsed, Token
from casewright.notes.ground_words import Keys, keys_of, lexicon, stem
from casewright.notes.shapes import Context
from casewright.notes.values_kinds import Number
from casewright.notes.words import listed

_NUMBERED = listed(
    "ref reference account acct acc claim phone tel telephone house flat order invoice policy case form"
)


def negation_faults(said: Parsed, lines: Sequence[Parsed]) -> Iterator[str]:
    """As many negations, each turning round what it turns round in the lines."""
    if any(_half_denied(said, line) for line in lines):
        yield "a negation is lost"
        return
    given = [_turned(said.tokens, i) for i in _denials(said.tokens)]
    known = [_turned(line.tokens, i) for line in lines for i in _denials(line.tokens)]
    more, less = _soft([said], lines), _soft(lines, [said]) + zeros(said, lines)
    if len(known) > len(given) and any(t.low in ("or", "nor") for t in said.tokens):
        # "no meeting, no warning" may be "without a meeting or warning"
        given += [
            _turned(said.tokens, i)
            for i, token in enumerate(said.tokens)
            if token.low == "or" and any(t.denies for t in said.tokens[:i])
        ][: len(known) - len(given)]
    if len(given) == len(known) + 1:
        # "not to call or agree" may be "do not call, and do not agree"
        known += [
            _turned(line.tokens, i)
            for line in lines
            for i, token in enumerate(line.tokens)
            if token.low == "or" and any(t.denies for t in line.tokens[:i])
        ][:1]
    if len(given) + more < len(known) or len(known) + less < len(given):
        yield "a negation is lost" if len(given) < len(known) else "a negation is added"
        return
    if len(given) != len(known):
        return
    left = list(known)
    everything = frozenset(k for line in lines for t in line.tokens if t.kind == "W" for k in all_keys(t))
    for one in given:
        match = next((other for other in left if _fits(one, other, everything)), None)
        if match is None:
            yield "a negation turns round something else"
            return
        left.remove(match)


def _half_denied(said: Parsed, line: Parsed) -> bool:
    """Whether of "not to call or agree" the second is told without its "not"."""
    place = next((i for i, t in enumerate(line.tokens) if t.low == "or"), 0)
    if not any(t.denies for t in line.tokens[:place]) or any(t.low == "or" for t in said.tokens):
        return False
    after = next((t for t in line.tokens[place + 1 :] if t.kind == "W"), None)
    denied = False
    for token in said.tokens:
        denied = (denied and token.kind != "J") or token.denies
        if after is not None and token.kind == "W" and token.keys & after.keys:
            return not denied
    return False


def _soft(texts: Sequence[Parsed], others: Sequence[Parsed]) -> int:
    """How many words could as well be said with a "not" ("missed": "did not attend") and are not in the
    others.
    """
    soft = lexicon().soft
    there = {stem(word) for text in others for t in text.tokens for word in (t.low, *t.low.split())}
    return sum(
        not t.denies
        and t.kind == "W"
        and (bool(t.keys & soft) or stops(t))
        and not ({stem(t.low)} | t.keys) & there
        for text in texts
        for t in text.tokens
    )


def zeros(said: Parsed, lines: Sequence[Parsed]) -> int:
    """How many noughts of the lines the sentence can only have as "no" or "none"."""
    said_so, known = (
        sum(1 for text in texts for f in text.figures if f.value == Number(Decimal(0)))
        for texts in ([said], lines)
    )
    return max(0, known - said_so)


def stops(token: Token) -> bool:
    """Whether a word can as well be said with "not" and what follows ("stop driving": "do not drive")."""
    return token.kind == "W" and (
        stem(token.low.split()[0]) in ("stop", "avoid") or token.low in ("hold off", "holding off")
    )


def is_no(token: Token) -> bool:
    """Whether a word that denies says little more than "not" ("refuses to", "failed to")."""
    return token.denies and stem(token.low.split()[0]) in _MERE_NO


_MERE_NO = frozenset(
    stem(word) for word in listed("not no never refuse decline fail without unwilling unable nil lack")
)


@dataclass(frozen=True, slots=True)
class _Denial:
    """A negation: the sets of a word that denies, what a phrase with "not" holds, what follows, and all
    near.
    """

    own: Keys
    inner: tuple[Keys, ...]
    after: tuple[Keys, ...]
    near: Keys
    ahead: Keys
    open: bool
    plain: bool
    far: Keys


def _fits(said: _Denial, known: _Denial, everything: Keys) -> bool:
    """Whether a negation of the sentence is one of the line's: the same word of it, and the same words after
    it.
    """
    if said.own & known.own and not (said.open and known.open):
        return True
    if said.own and not said.open and (known.own or not said.plain):
        return False
    turned = (*said.inner, *said.after)[:2]
    if not turned:  # "…, and the gas has not"
        return not said.near & everything or not known.after or bool(said.near & (known.near | known.far))
    ahead = known.ahead | known.own
    if turned[0] & ahead:
        # the second word too must not be one that the line has elsewhere only
        return all(keys & (known.near | known.own) or not keys & everything for keys in turned[1:])
    if not known.after and not known.inner and turned[0] & known.near:
        return True
    # "keep paying £28, not the increase": the doing is said again after the "not"
    if len(turned) > 1 and turned[0] & (known.near | known.far) & said.far and turned[1] & ahead:
        return True
    return not turned[0] & everything


def _denials(tokens: Sequence[Token]) -> list[int]:
    found = []
    for i, token in enumerate(tokens):
        after = tokens[i + 1] if i + 1 < len(tokens) else None
        numbered = after is not None and after.figure is not None and i > 0 and tokens[i - 1].low in _NUMBERED
        if token.denies and not (token.low == "no" and numbered):
            found.append(i)
    return found


def _turned(tokens: Sequence[Token], i: int) -> _Denial:
    """What a negation turns round."""
    token = tokens[i]
    own: Keys = frozenset()
    negative = keys_of("not")
    if token.kind != "N" and token.low not in g.DENIES_ALONE and not token.keys & negative:
        own = token.keys
    inner = tuple(part for part in token.parts if not part & (negative | lexicon().droppable))
    after = [all_keys(t) for t in weighty(tokens[i + 1 :])][:4]
    before = [all_keys(t) for t in weighty(tokens[:i][::-1])][:3]
    near = frozenset(k for keys in (*after, *before, *inner) for k in keys)
    far = frozenset(k for t in tokens[max(0, i - 6) : i] if t.kind == "W" for k in all_keys(t))
    stop = next((n for n, t in enumerate(tokens[i + 1 : i + 4]) if t.low in (".", ";")), 3)
    close = frozenset(k for t in tokens[i + 1 : i + 1 + stop] if t.kind in "WX" for k in t.keys)
    ahead = frozenset(k for keys in (*after, *inner) for k in keys) | close
    if token.text.lower() in ("nothing", "none", "nobody", "nowhere", "neither"):
        ahead |= near
    return _Denial(
        own,
        inner,
        tuple(after[:2]),
        near | close,
        ahead,
        token.low.startswith(("not ", "no ")),
        is_no(token),
        far,
    )


def weighty(tokens: Sequence[Token]) -> Iterator[Token]:
    """The words of weight up to the next joint or condition."""
    for token in tokens:
        if token.kind in "JC":
            return
        if token.kind == "W" and stem(token.low) not in lexicon().droppable:
            yield token


def all_keys(token: Token) -> Keys:
    """The keys of a word and of its parts."""
    return token.keys | frozenset(k for part in token.parts for k in part)


def has(parsed: Parsed, words: Sequence[str] | frozenset[str]) -> bool:
    """Whether one of some words is in a text."""
    return any(token.low in words for token in parsed.tokens)


def modality_faults(said: Parsed, lines: Sequence[Parsed], context: Context) -> Iterator[str]:
    """May stays may, must stays must, and about £50 does not become £50."""
    actions = context.section != "matters_discussed"
    given, known = _modes(said.tokens), set().union(*(_modes(line.tokens) for line in lines))
    most = any(one == "most" for line in lines for one in bounds_of(line.tokens))
    limited = any(has(line, ("only", "once", "max", "maximum", "per")) for line in lines)
    can_may = "can" in known - given and has(said, ("may", "might"))
    asked = any(has(line, ("?",)) for line in lines)
    if (
        "may" in given
        and not known & {"may"}
        and not can_may
        and not asked
        and not (most and _may_cost(said))
    ):
        yield "a doubt is added"
    if "may" in known and not given & {"may", "could"} and not has(said, ("whether",)):
        yield "a doubt is lost"
    if (
        "can" in given
        and not known & {"can", "may", "able"}
        and not ((limited and not actions and _can_be(said)) or _harmless_can(said, lines))
    ):
        yield "an ability is added"
    if "can" in known and not given & {"can", "may", "able"}:
        yield "an ability is lost"
    to_do = known & {"to", "must"} or (
        "must" in given
        and any(_out_by(line.tokens) or _says_do(line.tokens) or _to_be_by(said, line) for line in lines)
    )
    if "must" in given and not to_do and not actions:
        yield "a duty is added"
    if "firm" in given and actions and _third_will(lines) and not to_do:
        yield "a duty is added"
    if "must" in known and not actions and not given & {"must", "please"}:
        yield "a duty is lost"
    if "would" in known and not given & {"would", "can", "may"} and "want" not in given:
        yield "'would' is lost"
    bounds = [list(bounds_of(said.tokens)), sorted(one for line in lines for one in bounds_of(line.tokens))]
    if "plus" in bounds[1]:  # "3 wks+" is at least three or over three
        bounds[0] = ["plus" if one in ("over", "least") else one for one in bounds[0]]
    bounds[0].sort()
    if bounds[0] != bounds[1] and (context.covers or set(bounds[0]) - set(bounds[1])):
        yield "a bound of a figure (about, over, at least …) is not as in the line"


def _out_by(tokens: Sequence[Token]) -> bool:
    """As in "cousin says out by the 8th"."""
    return any(one.low == "out by" or (one.low == "out" and two.low == "by") for one, two in pairwise(tokens))


def _says_do(tokens: Sequence[Token]) -> bool:
    """As in "Corefit says pay £719"."""
    return any(one.low in ("says", "say", "said") and two.low in _ORDERED for one, two in pairwise(tokens))


_ORDERED = listed(
    "pay send bring ring call return repay apply go wait contact write leave sign complete fill stop"
)


def _to_be_by(said: Parsed, line: Parsed) -> bool:
    """As in "lodge by 5 Oct", told as "it must be lodged by 5 October"."""
    be = any(one.low in ("must", "to") and two.low == "be" for one, two in pairwise(said.tokens))
    return be and any(one.low == "by" and two.kind == "F" for one, two in pairwise(line.tokens))


def _may_cost(said: Parsed) -> bool:
    """As in "which may cost up to £30"."""
    pairs = list(zip(said.tokens, said.tokens[1:], strict=False))
    return all(two.low in ("cost", "be", "come", "take") for one, two in pairs if one.low in g.MAY)


def _harmless_can(said: Parsed, lines: Sequence[Parsed]) -> bool:
    """As in "so that we can look at it", and "you cannot find it" for "doesn't find it"."""
    denied = any(token.denies for line in lines for token in line.tokens)
    places = [
        i for i, token in enumerate(said.tokens) if token.low in ("can", "could", "can not", "could not")
    ]
    turn = any(has(line, ("then", "->", "→")) for line in lines)
    return bool(places) and all(
        (turn and [t.low for t in said.tokens[i + 1 : i + 2]] == ["go"])
        or (denied and (said.tokens[i].denies or any(t.denies for t in said.tokens[i + 1 : i + 2])))
        or {"so", "whether", "how", "what", "where"} & {t.low for t in said.tokens[max(0, i - 4) : i]}
        for i in places
    )


def _can_be(said: Parsed) -> bool:
    return any(
        one.low == "can" and two.low in g.BE for one, two in zip(said.tokens, said.tokens[1:], strict=False)
    )


def _third_will(lines: Sequence[Parsed]) -> bool:
    return any(
        token.low == "will" and i and line.tokens[i - 1].kind == "W"
        for line in lines for i, token in enumerate(line.tokens)
    )  # fmt: skip


def _modes(tokens: Sequence[Token]) -> set[str]:
    found: set[str] = set()
    for i, token in enumerate(tokens):
        low, after = token.low, tokens[i + 1].low if i + 1 < len(tokens) else ""
        if low == "possible" and after == "to":
            found.add("can")
        elif low in g.MAY or (token.kind == "W" and low.startswith("may ")):
            found.add("may")
        elif low in g.CAN or low in (
            "be able to",
            "be able",
            "not able",
            "not be able",
            "can not",
            "could not",
        ):
            found |= {"can", "could"} if low == "could" else {"can"}
        elif (
            low in ("must", "should", "ought", "required", "obliged")
            or (low in ("need", "needs", "needed") and after == "to")
            or low in ("have to", "has to", "had to")
            or (low in ("have", "has", "had") and after == "to")
        ):
            found |= {"must", "firm"}
        elif low == "do" and after == "not" and (not i or tokens[i - 1].kind != "P"):
            found.add("to")
        elif token.kind == "W" and stem(low) in _ABLE:
            found.add("able")
        elif low == "would":
            found.add("would")
        elif low in ("please", "want", "would like", "like", "to"):
            found.add(low if low in ("please", "to") else "want")
    return found


_ABLE = frozenset(
    stem(word)
    for word in listed(
        "entitled eligible deductible payable refundable recoverable claimable allowed manageable affordable"
        " afford qualify manage"
    )
)


def is_client(token: Token) -> bool:
    """Whether a token is the client."""
    return token.kind == "P" and token.form == CLIENT
