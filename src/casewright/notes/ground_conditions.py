"""Conditions and reasons: the same ones as the lines have, on the same things."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from casewright.notes import ground_forms as g
from casewright.notes.ground_modes import all_keys, has, weighty
from casewright.notes.ground_parse import Parsed, Token
from casewright.notes.ground_roles import is_doing
from casewright.notes.ground_words import Keys, lexicon, stem
from casewright.notes.words import listed

_CAUSES = listed("because due as since so re for reason owing following result cause b/c")
_ASKS = frozenset(
    stem(word)
    for word in listed(
        "check see ask asked know decide decides confirm establish checked unsure enquire asking wonder"
        " clarify"
    )
)
_DASHES = ("-", "–", "—", ":", "->", "→", "(", ",", ";", ".")


def condition_faults(said: Parsed, lines: Sequence[Parsed]) -> Iterator[str]:
    """The same conditions, on the same things."""
    there = frozenset(k for line in lines for t in line.tokens if t.kind == "W" for k in all_keys(t))
    given = list(_conditions(said.tokens, there))
    known = [one for line in lines for one in _conditions(line.tokens)]
    counts, wanted = Counter(form for form, _, _ in given), Counter(form for form, _, _ in known)
    said_no, known_no = any(t.denies for t in said.tokens), any(t.denies for one in lines for t in one.tokens)
    for form in ("if", "until", "before", "when", "case"):
        more = counts[form] == wanted[form] + 1
        if form == "if" and more and any(fit(said, lines) for fit in (_without, _agreed, _leads_to, _open)):
            continue
        if form == "if" and counts[form] + 1 == wanted[form] and has(said, ("whether",)):
            continue  # "say if ok": "tell us whether it is"
        if (
            form == "until"
            and counts[form] + 1 == wanted[form]
            and known_no
            and said_no
            and has(said, ("before",))
        ):
            continue  # "not until after 1 June": "not before 1 June"
        if (
            form == "until"
            and not wanted[form]
            and any(has(line, ("then",)) for line in lines)
            and has(said, g.WAS)
        ):
            continue  # "on it 2 years, then stopped": "until it was stopped"
        if form == "when" and counts[form] and not wanted[form] and _only_when(said, lines):
            continue
        if form == "before" and counts[form] and not wanted[form] and all(_in_turn(said.tokens, lines)):
            continue
        if form in ("until", "before") and _not_until(counts, wanted) and said_no and known_no:
            continue  # "do not sign until we have read it" is "before we have read it"
        if bool(counts[form]) != bool(wanted[form]) or (form == "if" and counts[form] != wanted[form]):
            if (
                form == "when"
                and not counts[form]
                and has(said, ("following", "upon", "on", "then", "after"))
            ):
                continue
            yield f"a condition ({form}) is " + ("lost" if wanted[form] > counts[form] else "added")
    given_reason = any(has(line, _CAUSES) or has(line, _DASHES) for line in lines)
    if counts["because"] and not wanted["because"] and not given_reason:
        yield "a reason is added"
    yield from _scope_faults(said, given, known)


def _scope_faults(
    said: Parsed, given: Sequence[tuple[str, Keys, Keys]], known: Sequence[tuple[str, Keys, Keys]]
) -> Iterator[str]:
    for form, first, _ in given:
        alike = ("because", "so") if form in ("because", "so") else (form,)
        if form == "when" and all(_past_when(said.tokens)):
            continue  # two things at one time, whichever is told of the other
        scopes = [scope for other, _, scope in known if other in alike]
        if first and scopes and all(scopes) and not any(first & scope for scope in scopes):
            yield f"the condition ({form}) is about something else"


def _agreed(said: Parsed, lines: Sequence[Parsed]) -> bool:
    """As in "cl consents", told as "with your consent"."""
    with_it = any(t.low == "with" and _consent(said.tokens[i + 1 : i + 4]) for i, t in enumerate(said.tokens))
    given = {key for line in lines for t in line.tokens if t.kind == "W" and not t.denies for key in t.keys}
    return with_it and bool(given & _CONSENTS)


def _without(said: Parsed, lines: Sequence[Parsed]) -> bool:
    """As in "won't write w/o a fee", told as "will not write unless a fee is paid"."""
    return any(has(line, ("without",)) for line in lines) and not has(said, ("without",))


def _leads_to(said: Parsed, lines: Sequence[Parsed]) -> bool:
    """As in "no reply in 8 wks -> ombudsman", told as "if there is none, …"."""
    return (
        any(
            line.tokens and line.tokens[0].denies and any(t.low in ("->", "→", "then") for t in line.tokens)
            for line in lines
        )
        and said.tokens[0].low == "if"
    )


def _open(said: Parsed, lines: Sequence[Parsed]) -> bool:
    """As in "claim form? reply within 14 days": if there is one."""
    return said.tokens[0].low == "if" and any(
        token.low == "?" and i and not has(line, ("if",)) and _ordered(line.tokens[i + 1 : i + 2])
        for line in lines
        for i, token in enumerate(line.tokens)
    )


def _ordered(after: Sequence[Token]) -> bool:
    return bool(after) and is_doing(after[0]) and not after[0].form


_IN_TURN = ("then", "->", "→", "next", "at", "after", "first", ",", "-", "to", "for", "in", "on", "of")


def _not_until(one: Counter[str], two: Counter[str]) -> bool:
    return bool(one["until"] + one["before"]) and one["until"] + one["before"] == two["until"] + two["before"]


def _only_when(said: Parsed, lines: Sequence[Parsed]) -> bool:
    """Whether a "when" that the lines have not is of the past, or of what they say in its place."""
    return all(_past_when(said.tokens)) or all(_told_anyway(said.tokens, lines))


def _told_anyway(tokens: Sequence[Token], lines: Sequence[Parsed]) -> Iterator[bool]:
    """Whether the words after each "when" or "after" are the lines' ("at appt": "when you come to it")."""
    there = frozenset(k for line in lines for t in line.tokens if t.kind == "W" for k in all_keys(t))
    for i in range(len(tokens)):
        if _condition_at(tokens, i) != "when":
            continue
        words = list(weighty(tokens[i + 1 : i + 8]))
        ordered = any(has(line, _IN_TURN) for line in lines)
        yield ordered and any(all_keys(t) & there for t in words)


def _in_turn(tokens: Sequence[Token], lines: Sequence[Parsed]) -> Iterator[bool]:
    """Whether what comes after each "before" comes after it in a line, too ("check it, then sign")."""
    for i in range(len(tokens)):
        if _condition_at(tokens, i) != "before":
            continue
        ahead, behind = [list(weighty(part)) for part in (tokens[i + 1 :], tokens[:i][::-1])]
        yield any(
            has(line, ("then", "first", "for", "->", "→")) and -1 < _place(line, behind) < _place(line, ahead)
            for line in lines
        )


def _place(line: Parsed, words: Sequence[Token]) -> int:
    """Where the last of some words stands in a line, -1 if none does."""
    found = [
        n
        for word in words
        for n, t in enumerate(line.tokens)
        if t.kind == "W" and all_keys(word) & all_keys(t)
    ]
    return max(found, default=-1)


def _past_when(tokens: Sequence[Token]) -> Iterator[bool]:
    """Whether each "when" of a sentence tells of something done: "on 12 August, when you were given …"."""
    for i, token in enumerate(tokens):
        if token.low in ("when", "after", "once") and _condition_at(tokens, i) == "when":
            first = next(
                (t for t in tokens[i + 1 : i + 6] if t.kind in "XM" or t.form in ("past", "base")), None
            )
            yield token.low == "when" and first is not None and (first.low in g.WAS or first.form == "past")


def _conditions(tokens: Sequence[Token], there: Keys | None = None) -> Iterator[tuple[str, Keys, Keys]]:
    """Each condition's class, the keys of its first word of weight, and those of its clause."""
    for i, token in enumerate(tokens):
        far = i + 1 < len(tokens) and tokens[i + 1].low in ("far", "much", "many", "long")
        last = i + 1 == len(tokens) or tokens[i + 1].kind == "J"  # "tell the agent so"
        if token.low == "so" and i and tokens[i - 1].kind != "J" and not far and not last:
            before = [all_keys(t) for t in weighty(tokens[:i][::-1])]
            yield "so", before[-1] if before else frozenset(), frozenset(k for keys in before for k in keys)
        form = _condition_at(tokens, i)
        if not form:
            continue
        first: Keys = frozenset()
        scope: Keys = frozenset()
        seen = 0
        for after in tokens[i + 1 :]:
            if there is not None and not first and after.kind == "W" and not all_keys(after) & there:
                continue  # a word that only the sentence has says nothing of what the condition is about
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


def is_named(token: Token) -> bool:
    """Whether a word names somebody who can be asked."""
    return token.name or stem(token.low) in _PARTY_STEMS


_PARTY_STEMS = frozenset(stem(word) for word in g.PARTIES)


def _asking(before: Sequence[Token]) -> bool:
    """As in "Check if", "let us know if": what follows is asked, not a condition."""
    asked = [token for token in before if token.kind not in "DSAP" and not is_named(token)]
    if asked and stem(asked[-1].low) in ("ask", "check") and before[-1] is not asked[-1]:
        return True  # "ask the council if"
    return stem(before[-1].low) in _ASKS or " ".join(t.low for t in before[-2:]) in ("find out", "work out")


def _condition_at(tokens: Sequence[Token], i: int) -> str:
    token = tokens[i]
    after = tokens[i + 1] if i + 1 < len(tokens) else None
    low = after.low if after is not None else ""
    if token.low == "as" and low in ("long", "soon") and i + 2 < len(tokens) and tokens[i + 2].low == "as":
        return "if" if low == "long" else "when"
    if token.low == "because of":
        return "because"
    if token.low in ("condition", "event"):
        return "if" if low in ("that", "of") else ""
    if token.low in ("as", "since") and after is not None and after.kind == "P":
        return "because"
    if token.low == "before" and after is not None and _heard_by(tokens[i + 1 : i + 3]):
        return ""  # "before Ms Crane"
    if token.low == "should" and not i and low not in ("you", "we"):
        return "if"  # "Should a claim form arrive, …"
    if token.low == "before" and low in ("action", "then"):
        return ""  # "a letter before action"; "before then" only points back
    if token.low in ("before", "until", "till", "after") and (after is None or after.kind in "FJ"):
        return ""
    if token.low in ("if", "when", "while", "though") and i and tokens[i - 1].low == "even":
        return ""  # "even if": no condition; the words after it are held against the lines by themselves
    if token.low in ("before", "until", "till", "after") and _dated(tokens[i + 1 : i + 7]):
        return ""
    if (
        token.low in ("on", "upon")
        and low.endswith("ing")
        and low not in _THINGS
        and after is not None
        and after.kind == "W"
    ):
        return "when"  # "on leaving"
    if token.low == "with" and _consent(tokens[i + 1 : i + 4]):
        return "if"
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
    led = i < 2 or tokens[i - 2].kind in "MPD"
    if token.low == "when" and i and led and stem(tokens[i - 1].low) in _ASKS:
        return ""  # "check when it is due"
    if token.low == "whether" or (token.low == "if" and i and _asking(tokens[max(0, i - 5) : i])):
        return ""
    return "" if token.form in ("else", "while") else token.form


def _heard_by(after: Sequence[Token]) -> bool:
    """Who hears a case, or what is taken off: no time."""
    words = [t for t in after if t.kind not in "SA"][:1]
    return bool(words) and words[0].low in _HEARS


_HEARS = listed("mr mrs ms miss judge tribunal panel magistrates court tax deductions ni")


def _dated(after: Sequence[Token]) -> bool:
    """As in "before your payday on 28 January": a thing with its day and no doing."""
    at = next((n for n, token in enumerate(after) if token.kind not in "SA"), len(after))
    rest = after[at:]
    if at and [token.kind for token in rest[:1]] == ["F"]:
        return True  # "until the 14th"
    if len(rest) < 2 or rest[0].kind != "W" or rest[0].form:
        return False
    return rest[1].kind == "F" or (rest[1].low in ("on", "of") and [t.kind for t in rest[2:3]] == ["F"])


_THINGS = listed(
    "anything something nothing everything housing parking heating training evening morning building"
)
_CONSENTS = frozenset(stem(word) for word in listed("agreement consent permission approval go-ahead ok okay"))


def _consent(after: Sequence[Token]) -> bool:
    """As in "with your agreement", which is a condition."""
    whose = [token for token in after if token.kind not in "SPA"]
    return len(after) > len(whose) and bool(whose) and stem(whose[0].low) in _CONSENTS
