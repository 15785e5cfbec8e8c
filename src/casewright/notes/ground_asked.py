"""Whether a sentence says that the client is to do what its lines say, and nobody else."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from casewright.notes import ground_forms as g
from casewright.notes.ground_parse import ADVISER, CLIENT, Parsed, Token
from casewright.notes.ground_roles import Event, events, is_doing, is_party, reports
from casewright.notes.ground_words import stem
from casewright.notes.shapes import Fault
from casewright.notes.words import listed

_ORDERS = frozenset(
    stem(word)
    for word in listed(
        "make take let have carry hold hang"
        " come go keep remember avoid ensure note bear try be put leave read"
    )
)


def asked_faults(said: Parsed, lines: Sequence[Parsed]) -> Iterator[Fault]:
    """What a sentence among the client's actions says otherwise than that the client is to do it."""
    if not (_may(said) and any(_may(line) for line in lines)):
        yield from _yours(said)
    yield from _told_faults(said, lines)


def is_other(owner: Token) -> bool:
    """Whether an owner is not the client."""
    return owner.kind == "W" or owner.form == ADVISER


def _ordered(said: Parsed) -> bool:
    """Whether a sentence begins with what is to be done: "Give notice …", "Turn down the voucher"."""
    first, rest = said.tokens[0], said.tokens[1:]
    head = first.low.split()[0]
    if first.kind != "W" or first.form or (head.endswith(("s", "ing", "ed")) and not head.endswith("ss")):
        return False
    finite = next((t for t in rest if t.kind in "XMJC"), None)
    told = finite is not None and finite.kind in "XM" and finite.low != "to"
    leads = rest[:1] and (rest[0].kind in "SAPDF" or rest[0].low in g.SIDES)
    return is_doing(first) or (bool(leads or " " in first.low) and not told and not is_party(first))


def _may(text: Parsed) -> bool:
    """Whether something is the client's to do, if they like: "cl can apply"."""
    return any(token.kind == "M" and token.low in ("can", "could", "may", "might") for token in text.tokens)


def _yours(said: Parsed) -> Iterator[Fault]:
    made = events(said)
    low = [t.low for t in said.tokens]
    client = any(t.form == CLIENT and t.kind == "P" for t in said.tokens)
    first = next((e for e in made if not reports(e.verb)), None)
    if low[:1] in (["do"], ["never"]) or low[:1] == ["not"]:
        return
    if not client and any(e.passive and e.tense == "future" for e in made):
        return
    if not client and low[:1] and (stem(low[0].partition(" ")[0]) in _ORDERS or _ordered(said)):
        return
    if low[:2] == ["we", "need"] and low[2:3] not in (["to"], []):
        return  # "We need all your payslips"
    if not client and _must_be(said):
        return
    if _is_needed(said) or (any(event.passive for event in made) and _by_you(said)):
        return
    if not client and "please" not in low and not _imperative(said, made):
        yield Fault("owner", "it does not say that the client is to do it")
        return
    ours = first is not None and first.subject is not None and first.subject.form == ADVISER
    to_do = first is not None and first.tense in ("future", "open")
    if ours and to_do and "please" not in low and not _asks(said):
        yield Fault("owner", "it says that we do it")
    if made and all(e.tense == "past" for e in made) and "please" not in low:
        yield Fault("modality", "what is to be done is told as done")
    if not (
        {*low} & (g.WILL | g.MUST | {"to", "please", "going", "have to", "would"}) or _imperative(said, made)
    ):
        yield Fault("section", "it does not say that the client is to do it")


def _is_needed(said: Parsed) -> bool:
    """As in "Copies of your fit notes are needed": no party stands before it."""
    place = next((i for i, t in enumerate(said.tokens) if t.low in ("needed", "required")), 0)
    before = said.tokens[:place]
    return bool(before) and before[-1].low in ("is", "are") and not any(is_party(t) for t in before)


def _by_you(said: Parsed) -> bool:
    """As in "The form has to be signed by you both"."""
    pairs = zip(said.tokens, said.tokens[1:], strict=False)
    duty = any(t.low in g.MUST | {"have to", "has to", "has", "will"} for t in said.tokens)
    return duty and any(one.low == "by" and two.form == CLIENT and two.kind == "P" for one, two in pairs)


def _must_be(said: Parsed) -> bool:
    """As in "Your appeal must be in by 5pm"."""
    place = next((i for i, token in enumerate(said.tokens) if token.kind in "MX"), 0)
    before, verb = said.tokens[:place], [token.low for token in said.tokens[place : place + 2]]
    ours = bool(before) and before[0].kind == "S" and before[0].form == CLIENT
    return (
        ours and verb in (["must", "be"], ["should", "be"]) and not any(is_party(token) for token in before)
    )


def _told_faults(said: Parsed, lines: Sequence[Parsed]) -> Iterator[Fault]:
    """What the client is told to do must not be somebody else's doing in the lines."""
    known = [event for line in lines for event in events(line)]
    for event in events(said):
        if not _told_to(said, event):
            continue
        alike = [one for one in known if one.verb.keys & event.verb.keys]
        if alike and all(one.subject is not None and one.beside and is_other(one.subject) for one in alike):
            yield Fault("owner", f"{event.verb.text!r} is not the client's to do in the line")


def _imperative(said: Parsed, made: Sequence[Event]) -> bool:
    comma = next((i for i, token in enumerate(said.tokens) if token.low == ","), 0)
    behind = said.tokens[comma + 1 : comma + 2] if comma and said.tokens[0].kind == "C" else []
    # "If they ring again, hang up"
    ordered = any(stem(token.low.split()[0]) in _ORDERS for token in behind)
    return ordered or any(_told_to(said, event) for event in made)


def _told_to(said: Parsed, event: Event) -> bool:
    """Whether a doing is what the client is told to do: it begins the sentence, or a part after a comma."""
    if event.tense not in ("open", "future") or event.passive:
        return False
    place = next(i for i, token in enumerate(said.tokens) if token is event.verb)
    while place and (said.tokens[place - 1].low in ("please", "then", "also", "do", "not", "just", "always")):
        place -= 1
    led = any(token.kind == "C" for token in said.tokens[:2]) and said.tokens[place - 1].low == ","
    return not place or (said.tokens[place - 1].kind == "J" and (event.subject is None or led))


def _asks(said: Parsed) -> bool:
    """As in "We need you to", "we asked you to", "we agreed that you would"."""
    tokens = said.tokens
    for i, token in enumerate(tokens):
        if token.kind == "P" and token.form == CLIENT:
            return i + 1 < len(tokens) and tokens[i + 1].low in (
                "to",
                "will",
                "would",
                "should",
                "must",
                "need",
                "have to",
            )
    return False
