"""Doings of a sentence against those of its lines: by whom, to whom, and whether done or to be done."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from casewright.notes import words as w
from casewright.notes.ground_parse import ADVISER, CLIENT, Parsed, Token
from casewright.notes.ground_roles import Event, events, parties_after, same
from casewright.notes.ground_words import TIED, stem

_LASTING = frozenset(stem(word) for word in w.listed("owe live work rent earn want own"))


def role_faults(
    said: Parsed, lines: Sequence[Parsed], client_acts: bool, ours: bool = False
) -> Iterator[str]:
    """Doings in the sentence that no line has in that way: other parties, other direction, done for to do."""
    known = [event for line in lines for event in events(line)]
    client_there = client_acts or any(t.form == CLIENT for line in lines for t in line.tokens)
    given = events(said)
    yield from _turned_round(given, lines)
    for event in given:
        taken = {_head(other.verb) for other in given if other is not event} - {_head(event.verb)}
        alike = _closest(event.verb, [one for one in known if _head(one.verb) not in taken])
        if not alike:
            continue
        # a doing that the line says once for several ("X chases £1, Y £2") may be said again for each
        again = sum(_alike(event.verb, one.verb) for one in given) > len(alike)
        if any(_reduced(other, line, ours) for other in alike for line in lines):
            continue
        reasons = [_unlike(event, other, client_there, again) for other in alike]
        if all(reasons):
            yield str(reasons[0])


_SPOKEN_TO = frozenset(
    stem(word) for word in w.listed("inform notify tell chase contact email phone call text warn remind")
)


_DONE_BY_US = _SPOKEN_TO | {stem(word) for word in w.listed("show give advise help refer signpost offer ask")}


def _reduced(event: Event, line: Parsed, ours: bool) -> bool:
    """As in "council informed 3/5", short for "has been informed"; "cl shown how", where we showed it."""
    if (
        ours
        and event.subject is not None
        and event.subject.form == CLIENT
        and stem(event.verb.low) in _DONE_BY_US
    ):
        return event.verb.form == "past" and not event.objects
    if stem(event.verb.low) not in _SPOKEN_TO or event.verb.form != "past" or event.objects:
        return False
    place = next((i for i, token in enumerate(line.tokens) if token is event.verb), None)
    if place is None or event.subject is None or event.subject.kind != "W":
        return False
    after = line.tokens[place + 1 : place + 2]
    return not after or after[0].kind in "FJ" or after[0].low in ("re", "about", "on", "by")


def _turned_round(given: Sequence[Event], lines: Sequence[Parsed]) -> Iterator[str]:
    """What is from somebody in a line without a doing ("letter from DWP") is not sent to them."""
    for line in lines:
        if events(line):
            continue
        for side, party in parties_after(line.tokens, False, ()):
            for event in given:
                if _head(event.verb) in _ASK | _ANSWERS:
                    continue
                moved = side == "to" and _head(event.verb) in _MOVES and not event.passive
                if moved and _meet(party, [event.subject] if event.subject else []):
                    yield f"pairing:it is to {party.text!r} in the line"
                wrong = event.firm if side == "from" else event.sources if side == "to" else []
                if _meet(party, wrong):
                    yield f"pairing:it is {side} {party.text!r} in the line"


_MOVES = frozenset(stem(word) for word in w.listed("send give pay lend issue serve transfer post hand repay"))
_ANSWERS = frozenset(stem(word) for word in w.listed("reply answer respond write speak complain appeal pay"))


def _head(verb: Token) -> str:
    return stem(verb.low.split()[0])


def _closest(verb: Token, known: Sequence[Event]) -> list[Event]:
    """The doings of the lines that are this one: of the same word, else of a set, else of a family."""
    same_word = [one for one in known if _head(one.verb) == _head(verb)]
    alike = same_word or [one for one in known if _alike(verb, one.verb)]
    # what the list of note words alone ties together is a weaker likeness
    sets = {key for key in verb.keys if not key.startswith(TIED)}
    return [one for one in alike if one.verb.keys & sets] or alike


def _alike(one: Token, two: Token) -> bool:
    if one.keys & two.keys:
        return True
    return any(part & two.keys for part in one.parts[:1]) or any(part & one.keys for part in two.parts[:1])


def _unlike(event: Event, known: Event, client_there: bool, again: bool) -> str:
    verb = event.verb.text
    wished = known.wished and event.tense == "future"
    if {event.tense, known.tense} == {"past", "future"} and not wished:
        way = "done" if event.tense == "past" else "to be done"
        return f"modality:{verb!r} is {way}, and not so in the line"
    if known.tense == "present" and stem(known.verb.low) in _LASTING and event.tense in ("past", "future"):
        return f"modality:{verb!r} is so now in the line"
    who, does = event.subject, known.subject
    if who and does and known.beside and not event.beside and {who.form, does.form} == {CLIENT, ADVISER}:
        return f"pairing:{who.text!r} is not who does {verb!r} in the line"
    if event.subject is not None and known.subject is not None and (event.beside and known.beside):
        alike = same(event.subject, known.subject)
        if alike is False and not (again and event.subject.kind == "W"):
            return f"pairing:{event.subject.text!r} is not who does {verb!r} in the line"
        if alike is None and event.subject.form == CLIENT and not client_there:
            return f"owner:who does {verb!r} is not clear in the line"
        if alike is None and event.subject.form == ADVISER:
            return f"owner:who does {verb!r} is not clear in the line"
    if (
        event.tense == "past"
        and known.verb.low.split()[0].endswith("ing")
        and _head(event.verb) != _head(known.verb)
    ):
        return f"modality:{verb!r} is done, and not so in the line"
    if event.subject is not None and event.subject.kind == "W" and _meet(event.subject, known.helped):
        return f"pairing:{verb!r} is done for {event.subject.text!r} in the line"
    if _meet(event.subject, known.objects) or _meet(event.subject, known.sources):
        return f"pairing:{verb!r} is done to {event.subject.text if event.subject else ''!r} in the line"
    for one in event.objects if not again else ():
        if known.beside and _meet(known.subject, [one]):
            return f"pairing:{verb!r} is done by {one.text!r} in the line"
        if _meet(one, known.sources) and not _asked_of(event.verb, known.verb):
            return f"pairing:it is from {one.text!r} in the line"
    for one in event.sources:
        if _meet(one, known.firm) and not _asked_of(known.verb, known.verb):
            return f"pairing:it is to {one.text!r} in the line"
    if again:
        return ""
    others = [one for one in event.objects if one.kind == "W"]
    theirs = [one for one in known.objects if one.kind == "W"]
    if others and theirs and not any(_meet(one, theirs) for one in others):
        return f"pairing:{verb!r} is done to {theirs[0].text!r} in the line"
    return ""


_ASK = frozenset(
    stem(word) for word in w.listed("ask request contact approach write call phone ring email chase")
)
_GET = frozenset(stem(word) for word in w.listed("get obtain collect find gather receive"))


def _asked_of(one: Token, two: Token) -> bool:
    """What is got from somebody is asked of them."""
    return stem(one.low.split()[0]) in _ASK and stem(two.low.split()[0]) in _GET | _ASK


def _meet(one: Token | None, others: Sequence[Token]) -> bool:
    return one is not None and any(same(one, two) is True for two in others)
