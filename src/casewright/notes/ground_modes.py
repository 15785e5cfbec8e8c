"""Negations by what they turn round, conditions, and how firm a statement is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from casewright.notes import ground_forms as g
from casewright.notes.ground_parse import CLIENT, Parsed, Token
from casewright.notes.ground_words import Keys, keys_of, lexicon, stem
from casewright.notes.shapes import Context
from casewright.notes.values_kinds import Amount, Duration, Number, Percent
from casewright.notes.words import listed

_CAUSES = listed("because due as since so re for reason owing following result cause b/c")
_ASKS = frozenset(
    stem(word)
    for word in listed(
        "check see ask asked know decide decides confirm establish checked unsure enquire asking wonder"
        " clarify"
    )
)
_ABOUT_WHAT = frozenset(
    stem(word)
    for word in listed(
        "call phone ring write email contact speak talk letter ask told tell advice information"
    )
)
_DASHES = ("-", "–", "—", ":", "->", "→", "(", ",", ";", ".")
_NUMBERED = listed(
    "ref reference account acct acc claim phone tel telephone house flat order invoice policy case form"
)
_BOUND = {
    "over": "over", "above": "over", "exceeding": "over", "under": "under", "below": "under",
    "about": "about", "around": "about", "approximately": "about", "approx": "about", "roughly": "about",
    "circa": "about", "c": "about", "least": "least", "minimum": "least", "min": "least", "most": "most",
    "maximum": "most", "max": "most", "up to": "most", "at least": "least", "at most": "most",
    "more than": "over", "less than": "under", "no less than": "least", "not less than": "least",
    "no more than": "most", "not more than": "most", "nearly": "nearly", "almost": "nearly",
    "in excess of": "over", "in the region of": "about", "fewer than": "under", "some": "about",
    "ca": "about", "just under": "nearly", "within": "within", "ish": "about", "or so": "about",
}  # fmt: skip


def negation_faults(said: Parsed, lines: Sequence[Parsed]) -> Iterator[str]:
    """As many negations, each turning round what it turns round in the lines."""
    given = [_turned(said.tokens, i) for i in _denials(said.tokens)]
    known = [_turned(line.tokens, i) for line in lines for i in _denials(line.tokens)]
    more, less = _soft([said], lines), _soft(lines, [said])
    if len(given) + more < len(known) or len(known) + less < len(given):
        yield "a negation is lost" if len(given) < len(known) else "a negation is added"
        return
    if len(given) != len(known):
        return
    left = list(known)
    everything = frozenset(k for line in lines for t in line.tokens if t.kind == "W" for k in _keys(t))
    for one in given:
        match = next((other for other in left if _fits(one, other, everything)), None)
        if match is None:
            yield "a negation turns round something else"
            return
        left.remove(match)


def _soft(texts: Sequence[Parsed], others: Sequence[Parsed]) -> int:
    """How many words could as well be said with a "not" ("missed": "did not attend") and are not in the
    others.
    """
    soft = lexicon().soft
    there = {stem(t.low) for text in others for t in text.tokens}
    return sum(
        not t.denies and t.kind == "W" and bool(t.keys & soft) and stem(t.low) not in there
        for text in texts
        for t in text.tokens
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


def _fits(said: _Denial, known: _Denial, everything: Keys) -> bool:
    """Whether a negation of the sentence is one of the line's: the same word of it, and the same words after
    it.
    """
    if said.own & known.own and not (said.open and known.open):
        return True
    if said.own and not said.open:
        return False
    turned = (*said.inner, *said.after)[:2]
    if not turned:
        return True
    ahead = known.ahead | known.own
    if turned[0] & ahead:
        # the second word too must not be one that the line has elsewhere only
        return all(keys & (known.near | known.own) or not keys & everything for keys in turned[1:])
    if not known.after and not known.inner and turned[0] & known.near:
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
    after = [_keys(t) for t in _weighty(tokens[i + 1 :])][:4]
    before = [_keys(t) for t in _weighty(tokens[:i][::-1])][:3]
    near = frozenset(k for keys in (*after, *before, *inner) for k in keys)
    close = frozenset(k for t in tokens[i + 1 : i + 4] if t.kind in "WX" for k in t.keys)
    ahead = frozenset(k for keys in (*after, *inner) for k in keys) | close
    if token.text.lower() in ("nothing", "none", "nobody", "nowhere", "neither"):
        ahead |= near
    return _Denial(own, inner, tuple(after[:2]), near | close, ahead, token.low.startswith(("not ", "no ")))


def _weighty(tokens: Sequence[Token]) -> Iterator[Token]:
    for token in tokens:
        if token.kind in "JC":
            return
        if token.kind == "W" and stem(token.low) not in lexicon().droppable:
            yield token


def _keys(token: Token) -> Keys:
    return token.keys | frozenset(k for part in token.parts for k in part)


def condition_faults(said: Parsed, lines: Sequence[Parsed]) -> Iterator[str]:
    """The same conditions, on the same things."""
    given = list(_conditions(said.tokens))
    known = [one for line in lines for one in _conditions(line.tokens)]
    counts, wanted = Counter(form for form, _, _ in given), Counter(form for form, _, _ in known)
    for form in ("if", "until", "before", "when", "case"):
        if bool(counts[form]) != bool(wanted[form]) or (form == "if" and counts[form] != wanted[form]):
            if (
                form == "when"
                and not counts[form]
                and _has(said, ("following", "upon", "on", "then", "after"))
            ):
                continue
            yield f"a condition ({form}) is " + ("lost" if wanted[form] > counts[form] else "added")
    given_reason = any(_has(line, _CAUSES) or _has(line, _DASHES) for line in lines)
    if counts["because"] and not wanted["because"] and not given_reason:
        yield "a reason is added"
    for form, first, _ in given:
        alike = ("because", "so") if form in ("because", "so") else (form,)
        scopes = [scope for other, _, scope in known if other in alike]
        if first and scopes and all(scopes) and not any(first & scope for scope in scopes):
            yield f"the condition ({form}) is about something else"


def _has(parsed: Parsed, words: Sequence[str] | frozenset[str]) -> bool:
    return any(token.low in words for token in parsed.tokens)


def _conditions(tokens: Sequence[Token]) -> Iterator[tuple[str, Keys, Keys]]:
    """Each condition's class, the keys of its first word of weight, and those of its clause."""
    for i, token in enumerate(tokens):
        if token.low == "so" and i and tokens[i - 1].kind != "J":
            before = [_keys(t) for t in _weighty(tokens[:i][::-1])]
            yield "so", before[-1] if before else frozenset(), frozenset(k for keys in before for k in keys)
        form = _condition_at(tokens, i)
        if not form:
            continue
        first: Keys = frozenset()
        scope: Keys = frozenset()
        seen = 0
        for after in tokens[i + 1 :]:
            if after.kind in "J" and after.low not in ("and",):
                break
            if after.kind == "P" and seen >= 2:
                break
            if after.kind == "W" and stem(after.low) not in lexicon().droppable:
                seen += 1
                more = after.keys | frozenset(k for p in after.parts for k in p)
                first = first or more
                scope |= more
                if seen >= 5:
                    break
        yield form, first, scope


def _asking(before: Sequence[Token]) -> bool:
    """As in "Check if", "let us know if": what follows is asked, not a condition."""
    return stem(before[-1].low) in _ASKS or " ".join(t.low for t in before[-2:]) in ("find out", "work out")


def _condition_at(tokens: Sequence[Token], i: int) -> str:
    token = tokens[i]
    after = tokens[i + 1] if i + 1 < len(tokens) else None
    low = after.low if after is not None else ""
    if token.low == "as" and low in ("long", "soon") and i + 2 < len(tokens) and tokens[i + 2].low == "as":
        return "if" if low == "long" else "when"
    if token.low in ("condition", "event"):
        return "if" if low in ("that", "of") else ""
    if token.low in ("as", "since") and after is not None and after.kind == "P":
        return "because"
    if token.low in ("before", "until", "till", "after") and (after is None or after.kind in "FJ"):
        return ""
    if token.kind == "D":
        return (
            token.form if token.low in ("before", "until", "till") else "when" if token.low == "after" else ""
        )
    if token.kind != "C":
        return ""
    if token.low in ("provided", "providing"):
        return "if" if after is not None and (low == "that" or after.kind == "P") else ""
    if token.low == "subject":
        return "if" if low == "to" else ""
    if token.low == "whether" or (token.low == "if" and i and _asking(tokens[max(0, i - 3) : i])):
        return ""
    return "" if token.form in ("else", "while") else token.form


def modality_faults(said: Parsed, lines: Sequence[Parsed], context: Context) -> Iterator[str]:
    """May stays may, must stays must, and about £50 does not become £50."""
    given, known = _modes(said.tokens), set().union(*(_modes(line.tokens) for line in lines))
    if "may" in given and not known & {"may"} and not ("can" in known and _has(said, ("may", "might"))):
        yield "a doubt is added"
    if "may" in known and not given & {"may", "could"}:
        yield "a doubt is lost"
    if "can" in given and not known & {"can", "may"}:
        yield "an ability is added"
    if "can" in known and not given & {"can", "may"}:
        yield "an ability is lost"
    actions = context.section != "matters_discussed"
    to_do = known & {"to", "must"}
    if "must" in given and not to_do and not actions:
        yield "a duty is added"
    if "firm" in given and actions and _third_will(lines) and not to_do:
        yield "a duty is added"
    if "must" in known and not actions and not given & {"must", "please"}:
        yield "a duty is lost"
    if "would" in known and not given & {"would", "can", "may"} and "want" not in given:
        yield "'would' is lost"
    bounds = [sorted(_bounds(said.tokens)), sorted(one for line in lines for one in _bounds(line.tokens))]
    if bounds[0] != bounds[1] and (context.covers or set(bounds[0]) - set(bounds[1])):
        yield "a bound of a figure (about, over, at least …) is not as in the line"


def _third_will(lines: Sequence[Parsed]) -> bool:
    return any(
        token.low == "will" and i and line.tokens[i - 1].kind == "W"
        for line in lines for i, token in enumerate(line.tokens)
    )  # fmt: skip


def _modes(tokens: Sequence[Token]) -> set[str]:
    found: set[str] = set()
    for i, token in enumerate(tokens):
        low, after = token.low, tokens[i + 1].low if i + 1 < len(tokens) else ""
        if low in g.MAY or (token.kind == "W" and low.startswith("may ")):
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
            or (low in ("need", "needs") and after == "to")
            or low in ("have to", "has to", "had to")
            or (low in ("have", "has", "had") and after == "to")
        ):
            found |= {"must", "firm"}
        elif low == "do" and after == "not" and (not i or tokens[i - 1].kind != "P"):
            found.add("to")
        elif low == "would":
            found.add("would")
        elif low in ("please", "want", "would like", "like", "to"):
            found.add(low if low in ("please", "to") else "want")
    return found


def _bounds(tokens: Sequence[Token]) -> Iterator[str]:
    for i, token in enumerate(tokens):
        if token.figure is None or not isinstance(token.figure.value, Amount | Number | Duration | Percent):
            continue
        for back in range(1, 4):
            if i < back or tokens[i - back].kind in "JF":
                break
            before = tokens[i - back]
            two = f"{tokens[i - back - 1].low} {before.low}" if i > back else ""
            found = _BOUND.get(two) or _BOUND.get(before.low)
            if (
                two == "up to"
                and i > back + 1
                and stem(tokens[i - back - 2].low) in ("go", "rise", "increas", "put")
            ):
                break
            if found == "about" and i > back and stem(tokens[i - back - 1].low) in _ABOUT_WHAT:
                break
            if found and found != "within":
                yield found
                break
            if before.kind not in "DA":
                break


def is_client(token: Token) -> bool:
    """Whether a token is the client."""
    return token.kind == "P" and token.form == CLIENT
