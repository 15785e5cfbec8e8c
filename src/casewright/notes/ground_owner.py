"""Whether a sentence speaks of the person, and stands in the section, that its lines and context say."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from casewright.notes.ground_asked import asked_faults, is_other
from casewright.notes.ground_done import any_finished, is_finished
from casewright.notes.ground_parse import ADVISER, CLIENT, OTHER, Parsed, Token
from casewright.notes.ground_roles import Event, events, is_party, reports
from casewright.notes.ground_words import stem
from casewright.notes.shapes import Context, Fault

_TELLS = frozenset(stem(word) for word in ("tell", "advise", "inform", "explain", "warn", "remind"))
_SHARED = frozenset(
    stem(word) for word in ("discuss", "talk", "note", "understand", "meet", "record", "speak")
)
_SHARED_OBJECTS = frozenset(
    [
        "office",
        "letter",
        "meeting",
        "records",
        "advice",
        "file",
        "service",
        "team",
        "appointment",
        "conversation",
        "emails",
        "letters",
        "reply",
        "request",
        "review",
        "draft",
        "discussion",
        "call",
        "notes",
        "behalf",
        "supervisor",
        "manager",
        "colleague",
        "colleagues",
        "next",
        "last",
        "previous",
        "telephone",
        "phone",
        "website",
        "email",
        "adviser",
        "advisers",
    ]
)


def owner_faults(said: Parsed, lines: Sequence[Parsed], context: Context) -> Iterator[Fault]:
    """Persons, their possessions and the section."""
    yield from _person_faults(said, lines, context)
    yield from _report_faults(said, lines, context)
    yield from _whose_faults(said, lines, context)
    if context.section != "matters_discussed":
        yield from _done_faults(said, lines)
    if context.section == "our_actions":
        told = any(event.tense == "past" for line in lines for event in events(line))
        yield from _ours(said, told or any_finished(lines))
        if not _there(lines, ADVISER) and any(map(_begins_theirs, lines)):
            yield Fault("owner", "the client does it in the line")
    elif context.section == "your_actions":
        yield from asked_faults(said, lines)
    else:
        yield from _matters(said, lines)


def _begins_theirs(line: Parsed) -> bool:
    """As in "cl to send letter"."""
    return [(t.kind, t.form) for t in line.tokens[:1]] == [("P", CLIENT)]


def _under_condition(said: Parsed, event: Event) -> bool:
    for token in said.tokens:
        if token is event.verb:
            return False
        if token.kind == "C" and token.low != "that":
            return True
    return False


def _in_condition(said: Parsed, event: Event) -> bool:
    inside = False
    for token in said.tokens:
        if token is event.verb:
            return inside
        inside = (inside and token.kind != "J") or (
            (token.kind == "C" and token.low not in ("that", "because"))
            or token.low in ("how", "what", "why")
        )
    return False


def _done_faults(said: Parsed, lines: Sequence[Parsed]) -> Iterator[Fault]:
    """What stands among the actions is not told as done where its line does not say so."""
    known = [event for line in lines for event in events(line)]
    for event in events(said):
        alike = [one for one in known if one.verb.keys & event.verb.keys]
        if _in_condition(said, event):
            continue  # "until you have confirmed"
        if event.tense == "past" and is_finished(event.verb, lines):
            continue
        if event.tense == "past" and alike and not any(one.tense == "past" for one in alike):
            yield Fault("modality", f"{event.verb.text!r} is told as done")


def _there(lines: Sequence[Parsed], form: str) -> bool:
    return any(token.form == form and token.kind in "PS" for line in lines for token in line.tokens)


def _person_faults(said: Parsed, lines: Sequence[Parsed], context: Context) -> Iterator[Fault]:
    """No "we" and "you" as who acts, where the lines and the context name somebody else."""
    for event in events(said):
        subject = event.subject
        if _under_condition(said, event):
            return
        if _is_told(said, subject):
            continue
        if subject is not None and subject.form == CLIENT and _after_ours(said, event):
            continue
        if subject is None or subject.kind != "P" or reports(event.verb):
            continue
        if subject.form == ADVISER and not (_there(lines, ADVISER) or context.owner == "adviser"):
            yield Fault("owner", "nothing in the line says that we do it")
        nowhere = not _there(lines, CLIENT) and not _there(lines, OTHER)
        others = context.owner in ("adviser", "third_party") and _bare_subject(lines, context)
        if subject.form == CLIENT and nowhere and others:
            yield Fault("owner", "nothing in the line says that the client does it")


def _after_ours(said: Parsed, event: Event) -> bool:
    """Whether a doing is not the first of the sentence, or "we" stands before it."""
    place = next(i for i, token in enumerate(said.tokens) if token is event.verb)
    ours = any(token.kind == "P" and token.form == ADVISER for token in said.tokens[:place])
    return ours or event is not events(said)[0]


def _is_told(said: Parsed, who: Token | None) -> bool:
    """As in "The court ordered you to pay": somebody else says it."""
    for before, token, after in zip(said.tokens, said.tokens[1:], said.tokens[2:], strict=False):
        if token is who:
            return before.kind == "W" and before.form == "past" and after.low == "to"
    return False


def _bare_subject(lines: Sequence[Parsed], context: Context) -> bool:
    made = [event for line in lines for event in events(line)]
    return (not made and context.section == "our_actions") or any(event.subject is None for event in made)


def _report_faults(said: Parsed, lines: Sequence[Parsed], context: Context) -> Iterator[Fault]:
    """What the client told is said with "you told us", what the adviser did with "we told you"."""
    known = [event for line in lines for event in events(line) if reports(event.verb)]
    for event in events(said):
        who = event.subject.form if event.subject is not None and event.subject.kind == "P" else ""
        verb = stem(event.verb.low.split()[0])
        if not reports(event.verb) or verb in _SHARED or event.tense == "future":
            continue
        if who == CLIENT and not event.passive and not _told_by(known, CLIENT, context):
            yield Fault("owner", "the line does not say that the client told it")
        if who == ADVISER and verb in _TELLS and not _told_by(known, ADVISER, context):
            yield Fault("owner", "the line does not say that we told it")


def _told_by(known: Sequence[Event], who: str, context: Context) -> bool:
    mine = {CLIENT: "client", ADVISER: "adviser"}[who]
    other = {CLIENT: "adviser", ADVISER: "client"}[who]
    if not known:
        return context.owner == "adviser" if who == ADVISER else context.owner != "adviser"
    for event in known:
        subject = event.subject.form if event.subject is not None else ""
        if subject in (who, OTHER) or any(one.form == _opposite(who) for one in event.objects):
            return True
        told_to_them = any(one.form == who for one in event.objects)
        if event.subject is None and not told_to_them and context.owner != other:
            return True
        if (
            event.subject is not None
            and event.subject.kind == "W"
            and mine == "client"
            and context.owner == "client"
        ):
            return True
    own = any(event.subject is not None and event.subject.kind == "W" for event in known)
    return own and who == CLIENT and context.owner == "client"


def _opposite(who: str) -> str:
    return ADVISER if who == CLIENT else CLIENT


def _ours_by_line(thing: Token, lines: Sequence[Parsed], context: Context) -> bool:
    """As in "diary 8/3" among what we do, "PN did calc": nobody else has it in the lines."""
    ours = context.section == "our_actions" or any(
        line.tokens and line.tokens[0].form == ADVISER and line.tokens[0].kind == "P" for line in lines
    )
    named = any(thing.keys & token.keys for line in lines for token in line.tokens if token.kind == "W")
    return (
        ours and named and not any(thing.keys & two.keys for line in lines for _, two in _owned(line.tokens))
    )


def _whose_faults(said: Parsed, lines: Sequence[Parsed], context: Context) -> Iterator[Fault]:
    """No "our" and "your" before what the lines give to somebody else."""
    given = list(_owned(said.tokens))
    known = [one for line in lines for one in _owned(line.tokens)]
    for owner, thing in given:
        same_thing = [other for other, two in known if thing.keys & two.keys]
        if owner.form == ADVISER and ADVISER not in {o.form for o in same_thing}:
            if thing.low.split()[0] not in _SHARED_OBJECTS and not _ours_by_line(thing, lines, context):
                yield Fault("owner", f"'our {thing.text}' is not in the line")
        elif owner.form == CLIENT and same_thing and all(is_other(o) for o in same_thing):
            yield Fault("owner", f"{thing.text!r} is somebody else's in the line")
        elif owner.kind == "W" and same_thing and all(o.form == CLIENT for o in same_thing):
            yield Fault("owner", f"{thing.text!r} is the client's in the line")


def _owned(tokens: Sequence[Token]) -> Iterator[tuple[Token, Token]]:
    for i, token in enumerate(tokens):
        after = next((t for t in tokens[i + 1 : i + 3] if t.kind == "W"), None)
        if after is None:
            continue
        if token.kind == "S":
            if after.text != "own":
                yield token, after
        elif token.kind == "W" and is_party(token) and i + 1 < len(tokens) and tokens[i + 1].low == "'s":
            yield token, after


def _lead(said: Parsed) -> tuple[Token | None, list[str]]:
    """The first person or party, past an opening such as "at our meeting", and the words around it."""
    for i, token in enumerate(said.tokens):
        if is_party(token) and not (i and said.tokens[i - 1].kind == "D"):
            return token, [t.low for t in said.tokens[: i + 6]]
    return None, [t.low for t in said.tokens[:6]]


def _ours(said: Parsed, done: bool) -> Iterator[Fault]:
    made = events(said)
    ours = any(e.subject is not None and e.subject.form == ADVISER for e in made)
    lead, _ = _lead(said)
    if any(t.form == ADVISER and t.kind == "P" for t in said.tokens[:12]) or ours:
        ours_told = [e.tense for e in made if _is_ours(e)]
        told = "past" in ours_told and not {"future", "possible"} & set(ours_told)
        if made and not done and (told or all(e.tense == "past" for e in made)):
            yield Fault("modality", "what is to be done is told as done")
        duty = _duty_on_client(made)
        if duty and not _ours_first(made):
            yield Fault("owner", "it says that the client is to do it")
    elif _goes_from_us(said):
        return
    elif lead is not None and not (made and any(e.passive for e in made)):
        yield Fault("owner", "it does not say that we do it")
    elif "please" in {t.low for t in said.tokens}:
        yield Fault("owner", "it asks the client to do it")
    elif not (made and any(e.passive for e in made)):
        yield Fault("owner", "it does not say that we do it")


def _goes_from_us(said: Parsed) -> bool:
    """As in "Our letter will ask for …", "A checklist will go to you"."""
    tokens = said.tokens
    if tokens and tokens[0].kind == "C":  # "Once the figures are agreed, a letter will go to …"
        comma = next((i for i, token in enumerate(tokens) if token.low == ","), 0)
        tokens = tokens[comma + 1 :]
    will = next((i for i, token in enumerate(tokens) if token.low == "will"), 0)
    before, after = tokens[:will], [token.low for token in tokens[will + 1 : will + 4]]
    ours = bool(before) and before[0].form == ADVISER and not any(is_party(t) for t in before)
    ours = ours or (bool(before) and before[0].kind == "S" and before[0].form == ADVISER)
    goes = after[:1] in (["go"], ["be"]) or (after[:1] != [] and after[0].startswith("be "))
    return ours or (bool(will) and not any(is_party(t) for t in before) and goes)


def _is_ours(event: Event) -> bool:
    ours = event.subject is not None and event.subject.form == ADVISER
    return ours and not reports(event.verb)


def _duty_on_client(made: Sequence[Event]) -> bool:
    return any(e.subject is not None and e.subject.form == CLIENT and e.tense == "future" for e in made)


def _ours_first(made: Sequence[Event]) -> bool:
    return any(
        e.subject is not None and e.subject.form == ADVISER and e.tense in ("future", "open") for e in made
    )


def _matters(said: Parsed, lines: Sequence[Parsed]) -> Iterator[Fault]:
    words = [t.low for t in said.tokens if t.kind not in "JA"]
    if "please" in words:
        yield Fault("section", "it asks for something, among what was discussed")
    made = events(said)
    first = made[0] if made else None
    if first is None or first.subject is None or (reports(first.verb) and first.tense != "future"):
        return
    told = [t.low for line in lines for t in line.tokens]
    if first.subject.form == ADVISER and first.tense == "future" and not set(told) & {"will", "to"}:
        yield Fault("section", "it says what we will do, among what was discussed")
