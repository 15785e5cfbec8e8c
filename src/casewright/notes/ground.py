"""May a freely worded sentence leave, resting on its lines? Code reads both and compares; when unsure, no.

Figures are compared by value, words by a curated lexicon (a word that is neither in the lines nor among
those of letter language is a fault), and then what belongs together: who does what to whom, which figure
stands with which words, what a negation or a condition applies to, what is done and what is to be done.
A sentence that is refused here is not lost: its lines are said by the templates or quoted.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal

from casewright.notes.ground_added import added_faults, is_manner
from casewright.notes.ground_aligned import TITLES, shorts
from casewright.notes.ground_borne import Support, bare_part
from casewright.notes.ground_bounds import BOUNDS, denied_of_more
from casewright.notes.ground_conditions import condition_faults
from casewright.notes.ground_figures import Figure, missing, recurs, to_come
from casewright.notes.ground_forms import DO, HAVE
from casewright.notes.ground_modes import is_no, modality_faults, negation_faults, stops
from casewright.notes.ground_owner import owner_faults
from casewright.notes.ground_pairs import pairing_faults
from casewright.notes.ground_parse import ADVISER, Names, Parsed, Token, names, parse
from casewright.notes.ground_roles import REPORTS, events, is_doing, is_party
from casewright.notes.ground_sides import side_faults
from casewright.notes.ground_thesaurus import align
from casewright.notes.ground_turned import role_faults
from casewright.notes.ground_words import Keys, lexicon, stem
from casewright.notes.shapes import Context, Fault, SourceLine
from casewright.notes.values_kinds import Duration, Number, Reference
from casewright.notes.words import listed

MAX_CHARS = 4_000
_LONE_STOP = re.compile(r"\w\s[.,;](?:\s|$)")
# Every figure of a sentence is held against every one of its lines.
MAX_FIGURES = 40
# Kinds of things that may follow what they are named by ("PIP claim", "UC50 form") and say no more.
_HEADS = listed(
    "form forms letter letters report notice payment payments bill account claim decision document documents"
    " scheme benefit company team office certificate appointment meeting process date details statement"
    " child children person people property properties address matter matters sheet firm agreement area"
    " part element item side number agency provider shop group class type kind level rate room building"
    " place system service site line list record records work works issue problem reason purposes message"
    " page website email entry section reference premises officer staff worker member department body"
)
_NOTICES = (Reference("S21"), Reference("S8"), Reference("S13"))  # nobody but a landlord gives them
# Abilities and duties are held against the lines by themselves.
_HELD_APART = (
    "be able",
    "not be able",
    "not able",
    "have to",
    "has to",
    "had to",
    "can not",
    "could not",
    "would not",
)
_FRAMES = REPORTS | {stem("ask"), stem("agree")}
_BODIES = frozenset(
    stem(word)
    for word in listed(
        "barclays lloyds natwest hsbc santander halifax nationwide lender creditor insurer dealer trader"
        " agency council dwp hmrc court bank company school police tribunal acas ombudsman jobcentre hospital"
        " university college association shop supplier la ha"
    )
)
_ONE = frozenset({"he", "she"})
_OF_DENIALS = frozenset(
    {"without", "or", "any", "ever", "anything", "anybody", "anyone", "one", "have", "failed", "either"}
)


def faults(sentence: str, lines: Sequence[SourceLine], context: Context) -> tuple[Fault, ...]:
    """Everything that is wrong with a sentence for the lines it cites; empty if it may leave."""
    if not lines:
        return (Fault("source", "the sentence names no line"),)
    if not sentence.strip():
        return (Fault("form", "the sentence is empty"),)
    if _LONE_STOP.search(sentence) and not any(_LONE_STOP.search(line.text) for line in lines):
        return (Fault("form", "something before a stop is missing"),)
    if len(sentence) > MAX_CHARS or sum(len(line.text) for line in lines) > 4 * MAX_CHARS:
        return (Fault("form", "too long to be compared"),)
    known_names = names(context.client_name, context.adviser)
    said = parse(sentence, context.meeting, known_names, notes=False)
    known = [parse(line.text, context.meeting, known_names, True, sentence) for line in lines]
    if len(said.figures) > MAX_FIGURES or sum(len(line.figures) for line in known) > 4 * MAX_FIGURES:
        return (Fault("form", "too many figures to be compared"),)
    return tuple(dict.fromkeys(_all(said, known, known_names, context)))


def _all(said: Parsed, known: Sequence[Parsed], own: Names, context: Context) -> Iterator[Fault]:
    more, less, pairs = missing(
        said.figures,
        [
            (figure if context.section == "matters_discussed" else to_come(figure, line.text), line.text)
            for line in known
            for figure in line.figures
        ],
        context.meeting,
        said.text,
    )
    ones = any(token.low in ("one", "a", "an") for token in said.tokens)
    written = {token.low for line in known for token in line.tokens}
    for figure in more:
        if _counts(figure, known):
            continue
        if figure.text.lower() not in written:
            yield Fault(figure.kind, f"{figure.text!r} is not in the line")
    if context.covers:
        for figure in less:
            if figure.value == Number(Decimal(0)) and any(token.denies for token in said.tokens):
                continue
            if figure.kind == "date" and _told_by_date(figure, known, less):
                continue
            if not (ones and figure.value == Number(Decimal(1))):
                yield Fault(figure.kind, f"{figure.text!r} is lost")
    shorts(said, known)
    unsaid = align(said, known)
    yield from _word_faults(said, known, own, context, unsaid)
    yield from (Fault("negation", what) for what in negation_faults(said, known))
    denied = denied_of_more(said.tokens, [line.tokens for line in known])
    yield from (Fault("negation", what) for what in denied)
    yield from (Fault("condition", what) for what in condition_faults(said, known))
    yield from (Fault("modality", what) for what in modality_faults(said, known, context))
    yield from (Fault("pairing", what) for what in pairing_faults(said, known, pairs))
    yield from (Fault("date", what) for what in side_faults(said, known, pairs))
    for what in role_faults(said, known, _he_is_the_client(known, context), context.owner == "adviser"):
        kind, _, text = what.partition(":")
        yield Fault("modality" if kind == "modality" else "owner" if kind == "owner" else "pairing", text)
    yield from owner_faults(said, known, context)


def _told_by_date(figure: Figure, known: Sequence[Parsed], less: Sequence[Figure]) -> bool:
    """As in "tues nxt wk 17/2": right before a date that the sentence has, the week says no more."""
    if figure.text.lower().split()[0] not in ("next", "this", "last"):
        return False
    return any(
        other.kind == "date" and 0 <= other.start - figure.end < 3 and not any(other is one for one in less)
        for line in known
        if any(one is figure for one in line.figures)
        for other in line.figures
    )


def _counts(figure: Figure, known: Sequence[Parsed]) -> bool:
    """Whether a small number is how many figures of a kind the lines list ("kids 4, 7 & 9": three)."""
    kinds = Counter(type(one.value) for line in known for one in line.figures)
    return any(n > 1 and figure.value == Number(Decimal(n)) for n in kinds.values())


def _all_keys(texts: Sequence[Parsed]) -> Keys:
    found: set[str] = set()
    for text in texts:
        for place, token in enumerate(text.tokens):
            done = token.low in DO and place + 1 < len(text.tokens) and text.tokens[place + 1].kind in "WFAS"
            if token.kind not in "AJXS" or token.low in HAVE or done:
                found |= token.keys
                for part in token.parts:
                    found |= part
    return frozenset(found)


def _held(token: Token, keys: Keys) -> bool:
    if token.keys & keys:
        return True
    if is_manner(token):
        return all(stem(word) in keys for word in token.low.split()[1:])
    return bool(token.parts and all(part & keys for part in token.parts))


def _word_faults(
    said: Parsed, known: Sequence[Parsed], own: Names, context: Context, unsaid: frozenset[int]
) -> Iterator[Fault]:
    behind = Support([said], _all_keys([said]), context)
    more, lost = (
        list(_more(said, known)),
        [one for one in _lost(said, known, own, behind.covers) if id(one) not in unsaid],
    )
    there = _all_keys(known)
    framed = frozenset(
        id(token)
        for place, token in enumerate(said.tokens)
        if stem(token.low) in _FRAMES and _framed(said, place)
    )
    found = list(added_faults(said, known, more, Support(known, there, context), framed, lost=bool(lost)))
    for token in found:
        yield Fault("name" if token.name else "word", f"{token.text!r} is not in the line")
    if context.covers:
        yield from (Fault("word", f"{token.text!r} is lost") for token in lost)


def _more(said: Parsed, known: Sequence[Parsed]) -> Iterator[Token]:
    """Words of weight of the sentence that the lines have in no form."""
    letter = lexicon().letter
    there = _all_keys(known)
    denied = any(token.denies for line in known for token in line.tokens)
    figures = [figure for line in known for figure in line.figures]
    bare = any(bare_part(line) for line in known)
    for place, token in enumerate(said.tokens):
        if token.kind != "W" or _held(token, there) or _with_figure(said, place, figures):
            continue
        if _titled(said, place, there, known):
            continue
        if token.low == "all" and _all_of_them(said, place, known):
            continue
        if (
            token.low in ("much", "far", "long", "many", "often")
            and place
            and said.tokens[place - 1].low == "how"
        ):
            continue
        if token.low.startswith(_HELD_APART):
            continue  # held against the lines by itself
        if token.low in BOUNDS and place + 1 < len(said.tokens) and said.tokens[place + 1].figure is not None:
            continue  # "more than 40": bounds are held against the lines by themselves
        if stem(token.low) in _FRAMES and not _framed(said, place):
            yield token
            continue
        got = token.form == "past" and stem(token.low) == "get" and not bare
        if (
            (stem(token.low) in letter and not got)
            or (denied and token.low in _OF_DENIALS)
            or recurs(token.low, figures)
        ):
            continue
        if place and token.low in _HEADS and said.tokens[place - 1].kind in "WF" and not token.name:
            continue
        yield token


def _titled(said: Parsed, place: int, there: Keys, known: Sequence[Parsed]) -> bool:
    """Whether a "Mr" stands before a name of the lines, and they give that name no other title."""
    tokens = said.tokens
    if tokens[place].low not in TITLES or place + 1 == len(tokens) or not _held(tokens[place + 1], there):
        return False
    return tokens[place + 1].name and not any(
        one.low in TITLES and one.low != tokens[place].low for line in known for one in line.tokens
    )


def _all_of_them(said: Parsed, place: int, known: Sequence[Parsed]) -> bool:
    """As in "all three schemes", where the lines count three and take none of them out."""
    after = said.tokens[place + 1 : place + 2]
    words = {token.low for line in known for token in line.tokens}
    return bool(after and after[0].kind == "F") and not words & _SOME


_SOME = listed("of some most one only part few several but except both either")


def _framed(said: Parsed, place: int) -> bool:
    """Whether "told", "asked" or "agreed" is what client and adviser did in the meeting."""
    before = said.tokens[max(0, place - 4) : place]
    after = said.tokens[place + 1 : place + 3]
    agreed = stem(said.tokens[place].low) == stem("agree") and [t.low for t in after[:1]] == ["to"]
    if agreed and [t.kind for t in after[1:]] in (["A"], ["S"], ["F"]):
        return False  # "agreed to an IVA" says more than that it was talked about
    if said.tokens[place].low.endswith("ing"):
        return True  # "a letter asking for …"
    if before and before[-1].low == "to" and any(token.form == ADVISER for token in said.tokens[:place]):
        return True  # "we will write to say that"
    return any(token.kind == "P" for token in before) and not any(
        token.kind == "W" and is_party(token) for token in before
    )


def _lost(said: Parsed, known: Sequence[Parsed], own: Names, bears: Callable[[str], bool]) -> Iterator[Token]:
    """Words of weight of the lines that the sentence has in no form."""
    here = _all_keys([said])
    denied = any(token.denies for token in said.tokens)
    words = {token.low for token in said.tokens}
    for line in known:
        for place, token in enumerate(line.tokens):
            if (
                token.kind != "W"
                or token.low in ("that is", "which is")
                or _held(token, here)
                or token.low in own.client | own.adviser
            ):
                continue
            if stem(token.low) in lexicon().droppable and not _told_by_others(line, token):
                continue
            if (denied and token.low in _OF_DENIALS) or recurs(token.low, said.figures):
                continue
            if (denied and (is_no(token) or stops(token))) or (token.low == "due" and "will" in words):
                continue
            if token.low in ("copy", "copies") and [t.low for t in line.tokens[place + 1 : place + 2]] == [
                "of"
            ]:
                continue
            if (
                _heads(line, place)
                or _named_beside(line, place, here)
                or (token.low in TITLES and token.low in words)
            ):
                continue
            if token.low in _PARTICLES and _of_a_told(line.tokens, place, said, here):
                continue
            if token.low == "yet" and any(stops(one) for one in said.tokens):
                continue
            if token.low == "first" and words & {"before", "then"}:
                continue
            if token.low == "self" and "yourself" in words:
                continue
            if token.low == "or" and "between" in words:
                continue
            if not token.name and not token.denies and bears(token.low):
                continue
            if stem(token.low) == "pay" and "rent" in here and {"is", "are"} & {t.low for t in said.tokens}:
                continue
            if token.low in {figure.text.lower() for figure in said.figures}:
                continue
            yield token


_PARTICLES = listed("out off up over down in on round through back along away")


def _of_a_told(tokens: Sequence[Token], place: int, said: Parsed, here: Keys) -> bool:
    """As in "coming out", told as "will visit": a small word goes with its verb, told by another."""
    if not place or [token.low for token in tokens[place + 1 : place + 2]] == ["of"]:
        return False
    verb = tokens[place - 1]
    own = stem(verb.low) in {stem(word) for token in said.tokens for word in token.low.split()}
    return verb.kind == "W" and is_doing(verb) and not own and _held(verb, here)


def _heads(line: Parsed, place: int) -> bool:
    """As in "disrepair: mould in both rooms": what the line is about, before its colon."""
    colon = next((i for i, token in enumerate(line.tokens[:4]) if token.low == ":"), 0)
    return place < colon < len(line.tokens) - 1 and all(
        token.kind == "W" and not token.name and not token.denies and not is_party(token) and not token.form
        for token in line.tokens[:colon]
    )


def _named_beside(line: Parsed, place: int, here: Keys) -> bool:
    """As in "bank (NatWest)", "water co (Severley)": the name says who it is."""
    after = line.tokens[place + 1 : place + 3]
    return len(after) == 2 and after[0].low == "(" and after[1].name and _held(after[1], here)


def _with_figure(said: Parsed, place: int, figures: Sequence[Figure]) -> bool:
    """As in "The last 3 months", "the UC50 form": words that add nothing to the figure beside them."""
    token, tokens = said.tokens[place], said.tokens
    before = tokens[place - 1].figure if place else None
    after = tokens[place + 1].figure if place + 1 < len(tokens) else None
    if token.low in ("last", "past"):
        return after is not None and isinstance(after.value, Duration)
    if token.low == "landlord":
        return any(f.value in _NOTICES for f in figures)
    if token.low == "notice" and any(f.value in _NOTICES for f in figures):
        return True
    if token.low in ("reference", "ref", "number"):
        return (before is not None and isinstance(before.value, Reference | Number)) or (
            after is not None and isinstance(after.value, Reference | Number)
        )
    if token.low in ("form", "notice"):
        return before is not None and isinstance(before.value, Reference)
    return False


def _he_is_the_client(known: Sequence[Parsed], context: Context) -> bool:
    """Whether a "he" or "she" of the lines can only be the client."""
    parties = [token for line in known for token in line.tokens if token.kind == "W" and is_party(token)]
    persons = [token for token in parties if stem(token.low) not in _BODIES]
    bodies = [token for line in known for token in line.tokens if stem(token.low) in _BODIES]
    if bodies and not persons and any(t.low in _ONE for line in known for t in line.tokens):
        return True  # "agency deducts £18 for transport he never uses"
    others = bool(parties)
    return context.owner == "client" or (context.owner == "adviser" and not others)


def _told_by_others(line: Parsed, token: Token) -> bool:
    """A third party's word must not become a fact: "LL says" stays."""
    if stem(token.low) not in REPORTS:
        return False
    return any(
        event.verb is token
        and event.subject is not None
        and event.subject.kind == "W"
        and is_party(event.subject)
        for event in events(line)
    )
