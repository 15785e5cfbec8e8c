"""May a freely worded sentence leave, resting on its lines? Code reads both and compares; when unsure, no.

Figures are compared by value, words by a curated lexicon (a word that is neither in the lines nor among
those of letter language is a fault), and then what belongs together: who does what to whom, which figure
stands with which words, what a negation or a condition applies to, what is done and what is to be done.
A sentence that is refused here is not lost: its lines are said by the templates or quoted.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from casewright.notes.ground_figures import Figure, missing, recurs
from casewright.notes.ground_forms import HAVE
from casewright.notes.ground_modes import condition_faults, modality_faults, negation_faults
from casewright.notes.ground_owner import owner_faults
from casewright.notes.ground_pairs import pairing_faults, side_faults
from casewright.notes.ground_parse import ADVISER, Names, Parsed, Token, names, parse
from casewright.notes.ground_roles import REPORTS, events, is_party, role_faults
from casewright.notes.ground_short import initials_of, stands_for
from casewright.notes.ground_words import Keys, lexicon, stem
from casewright.notes.shapes import Context, Fault, SourceLine
from casewright.notes.values_kinds import Duration, Number, Reference
from casewright.notes.words import listed

MAX_CHARS = 4_000
# Every figure of a sentence is held against every one of its lines.
MAX_FIGURES = 40
# Kinds of things that may follow what they are named by ("PIP claim", "UC50 form") and say no more.
_HEADS = listed(
    "form forms letter letters report notice payment payments bill account claim decision document documents"
    " scheme benefit company team office certificate appointment meeting process date details statement"
)
_NOTICES = (Reference("S21"), Reference("S8"))  # nobody but a landlord gives them
# What a line without a doing may be said with: it is, it has, it costs.
_PLAIN_STATES = frozenset(
    stem(word) for word in listed("cost last cover receive total stand come due start amount")
)
_OWED = frozenset({"owe", "debt", "owed"})
_DEBTS = frozenset(
    stem(word)
    for word in listed(
        "loan card catalogue arrears debt bill water gas electric energy overdraft bal tax fine wages"
    )
)
_JOBS = frozenset(stem(word) for word in listed("hours hrs shift job contract shop school hospital nights"))
# What an action is where the notes name only its thing ("payslips by Friday").
_PLAIN_ACTS = frozenset(
    stem(word) for word in listed("send bring provide get give write make complete take attend")
)
_FRAMES = REPORTS | {stem("ask"), stem("agree")}
_OF_DENIALS = frozenset({"without", "or", "any", "anything", "have", "failed", "either"})


def faults(sentence: str, lines: Sequence[SourceLine], context: Context) -> tuple[Fault, ...]:
    """Everything that is wrong with a sentence for the lines it cites; empty if it may leave."""
    if not lines:
        return (Fault("source", "the sentence names no line"),)
    if not sentence.strip():
        return (Fault("form", "the sentence is empty"),)
    if len(sentence) > MAX_CHARS or sum(len(line.text) for line in lines) > 4 * MAX_CHARS:
        return (Fault("form", "too long to be compared"),)
    known_names = names(context.client_name, context.adviser)
    said = parse(sentence, context.meeting, known_names, notes=False)
    known = [parse(line.text, context.meeting, known_names, notes=True) for line in lines]
    if len(said.figures) > MAX_FIGURES or sum(len(line.figures) for line in known) > 4 * MAX_FIGURES:
        return (Fault("form", "too many figures to be compared"),)
    return tuple(dict.fromkeys(_all(said, known, known_names, context)))


def _all(said: Parsed, known: Sequence[Parsed], own: Names, context: Context) -> Iterator[Fault]:
    more, less, pairs = missing(
        said.figures,
        [(figure, line.text) for line in known for figure in line.figures],
        context.meeting,
        said.text,
    )
    ones = any(token.low in ("one", "a", "an") for token in said.tokens)
    written = {token.low for line in known for token in line.tokens}
    for figure in more:
        if figure.text.lower() not in written:
            yield Fault(figure.kind, f"{figure.text!r} is not in the line")
    if context.covers:
        for figure in less:
            if not (ones and figure.value == Number(Decimal(1))):
                yield Fault(figure.kind, f"{figure.text!r} is lost")
    _align(said, known)
    yield from _word_faults(said, known, own, context)
    yield from (Fault("negation", what) for what in negation_faults(said, known))
    yield from (Fault("condition", what) for what in condition_faults(said, known))
    yield from (Fault("modality", what) for what in modality_faults(said, known, context))
    yield from (Fault("pairing", what) for what in pairing_faults(said, known, pairs))
    yield from (Fault("date", what) for what in side_faults(said, known, pairs))
    for what in role_faults(said, known, _he_is_the_client(known, context)):
        kind, _, text = what.partition(":")
        yield Fault("modality" if kind == "modality" else "owner" if kind == "owner" else "pairing", text)
    yield from owner_faults(said, known, context)


def _all_keys(texts: Sequence[Parsed]) -> Keys:
    found: set[str] = set()
    for text in texts:
        for token in text.tokens:
            if token.kind not in "AJXS" or token.low in HAVE:
                found |= token.keys
                for part in token.parts:
                    found |= part
    return frozenset(found)


def _held(token: Token, keys: Keys) -> bool:
    return bool(token.keys & keys) or bool(token.parts and all(part & keys for part in token.parts))


def _word_faults(said: Parsed, known: Sequence[Parsed], own: Names, context: Context) -> Iterator[Fault]:
    more, lost = list(_more(said, known)), list(_lost(said, known, own))
    if more and any(_bare_part(line) for line in known):
        more = [token for token in more if not _implied(token, known, context)]
    if len(more) == 1 and not lost and not more[0].name and stem(more[0].low) in lexicon().glue:
        more = []
    for token in more:
        yield Fault("name" if token.name else "word", f"{token.text!r} is not in the line")
    if context.covers:
        yield from (Fault("word", f"{token.text!r} is lost") for token in lost)


def _bare_part(line: Parsed) -> bool:
    """Whether a line has a part without a doing ("rent £450", "lost job, payslips by Friday")."""
    doings = {id(event.verb) for event in events(line)}
    words = bare = 0
    for token in line.tokens:
        if token.kind == "J":
            if words and bare == words:
                return True
            words = bare = 0
        elif token.kind in "WFPXM":
            words += 1
            bare += id(token) not in doings and token.kind not in "XM"
    return words > 0 and bare == words


def _implied(token: Token, known: Sequence[Parsed], context: Context) -> bool:
    """Whether a line without a doing ("rent £450", "payslips by Friday") is naturally said with this one."""
    stemmed = stem(token.low)
    sums = any(figure.kind == "amount" for line in known for figure in line.figures)
    if context.section == "matters_discussed":
        words = {key for line in known for one in line.tokens for key in one.keys}
        return (
            stemmed in _PLAIN_STATES
            or (stemmed in _OWED and sums and bool(words & _DEBTS))
            or (stemmed == "work" and bool(words & _JOBS))
            or (stemmed == stem("buy") and sums and "from" in words)
        )
    return stemmed in _PLAIN_ACTS or (stemmed == "pay" and sums)


def _more(said: Parsed, known: Sequence[Parsed]) -> Iterator[Token]:
    """Words of weight of the sentence that the lines have in no form."""
    letter = lexicon().letter
    there = _all_keys(known)
    denied = any(token.denies for line in known for token in line.tokens)
    figures = [figure for line in known for figure in line.figures]
    for place, token in enumerate(said.tokens):
        if token.kind != "W" or _held(token, there) or _with_figure(said, place, figures):
            continue
        if stem(token.low) in _FRAMES and not _framed(said, place):
            yield token
            continue
        if stem(token.low) in letter or (denied and token.low in _OF_DENIALS) or recurs(token.low, figures):
            continue
        if place and token.low in _HEADS and said.tokens[place - 1].kind in "WF" and not token.name:
            continue
        yield token


def _framed(said: Parsed, place: int) -> bool:
    """Whether "told", "asked" or "agreed" is what client and adviser did in the meeting."""
    before = said.tokens[max(0, place - 4) : place]
    if said.tokens[place].low.endswith("ing"):
        return True  # "a letter asking for …"
    if before and before[-1].low == "to" and any(token.form == ADVISER for token in said.tokens[:place]):
        return True  # "we will write to say that"
    return any(token.kind == "P" for token in before) and not any(
        token.kind == "W" and is_party(token) for token in before
    )


def _align(said: Parsed, known: Sequence[Parsed]) -> None:
    """Give a word of the lines that no list knows the keys of the sentence's word that it is short for."""
    lexical, words = lexicon(), [token.low for token in said.tokens]
    spoken = {key for token in said.tokens for key in token.keys}
    for line in known:
        for short in line.tokens:
            if short.kind != "W" or not short.low.isalpha() or short.keys & spoken or len(short.keys) > 1:
                continue
            if short.text.isupper() and len(short.text) > 1:
                spans = (initials_of(short.low, words, at) for at in range(len(words)))
                span = next((found for found in spans if found is not None), None)
                if span is not None:
                    short.keys |= frozenset(k for at in span for k in said.tokens[at].keys)
                    continue
            if stem(short.low) in lexical.letter or (short.name and not short.text.isupper()):
                continue
            full = next(
                (t for t in said.tokens if t.kind == "W" and not t.name and stands_for(short.low, t.low)),
                None,
            )
            if full is not None:
                short.keys |= full.keys


def _lost(said: Parsed, known: Sequence[Parsed], own: Names) -> Iterator[Token]:
    """Words of weight of the lines that the sentence has in no form."""
    here = _all_keys([said])
    denied = any(token.denies for token in said.tokens)
    for line in known:
        for token in line.tokens:
            if token.kind != "W" or _held(token, here) or token.low in own.client | own.adviser:
                continue
            if stem(token.low) in lexicon().droppable and not _told_by_others(line, token):
                continue
            if (denied and token.low in _OF_DENIALS) or recurs(token.low, said.figures):
                continue
            if stem(token.low) == "pay" and "rent" in here and {"is", "are"} & {t.low for t in said.tokens}:
                continue
            if token.low in {figure.text.lower() for figure in said.figures}:
                continue
            yield token


def _with_figure(said: Parsed, place: int, figures: Sequence[Figure]) -> bool:
    """As in "The last 3 months", "the UC50 form": words that add nothing to the figure beside them."""
    token, tokens = said.tokens[place], said.tokens
    before = tokens[place - 1].figure if place else None
    after = tokens[place + 1].figure if place + 1 < len(tokens) else None
    if token.low in ("last", "past"):
        return after is not None and isinstance(after.value, Duration)
    if token.low == "landlord":
        return any(f.value in _NOTICES for f in figures)
    if token.low in ("reference", "ref", "number"):
        return (before is not None and isinstance(before.value, Reference | Number)) or (
            after is not None and isinstance(after.value, Reference | Number)
        )
    if token.low in ("form", "notice"):
        return before is not None and isinstance(before.value, Reference)
    return False


def _he_is_the_client(known: Sequence[Parsed], context: Context) -> bool:
    """Whether a "he" or "she" of the lines can only be the client."""
    others = any(token.kind == "W" and is_party(token) for line in known for token in line.tokens)
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
