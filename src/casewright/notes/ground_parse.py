"""A sentence or a line as the ground check reads it: words with their sets, figures, persons, clauses."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any, Literal

from casewright.notes import ground_forms as g
from casewright.notes.ground_figures import Figure, figures
from casewright.notes.ground_respell import respell
from casewright.notes.ground_words import Keys, keys_of, lexicon, stem
from casewright.notes.values_kinds import Duration, Number
from casewright.notes.words import listed

# W word, F figure, P person, S whose, N negation, C condition, M modality, X auxiliary, D side, J joint, A
# small
Kind = Literal["W", "F", "P", "S", "N", "C", "M", "X", "D", "J", "A"]
CLIENT, ADVISER, OTHER = "<client>", "<adviser>", "<other>"
_WORD = re.compile(
    r"['’]s(?![^\W\d_])|[bB]4(?!\w)|w/(?:in|out|o)?(?![^\W\d_])|[^\W\d_]+(?:['’./&-][^\W\d_]+)*(?:['’](?=\s|$))?|[@&+]|[,;:.!?()\n–—\"“”]|->|→|=|\d\w*|\S"
)
_TITLES = frozenset({"mr", "mrs", "ms", "miss", "dr", "mx"})
_STOPS = frozenset(".!?\n")
_JOINTS = frozenset(",;:().!?–—=") | {"\n", "->", "→", '"', "“", "”"}


@dataclass(slots=True)
class Token:
    """A word, a figure or a joint. ``keys`` are its stem and sets; ``parts`` those of a phrase's words."""

    kind: Kind
    text: str
    low: str
    keys: Keys
    parts: tuple[Keys, ...] = ()
    denies: bool = False
    figure: Figure | None = None
    name: bool = False
    place: int = 0
    form: str = ""
    party: bool | None = None


@dataclass(slots=True)
class Parsed:
    """A text as tokens; ``figures`` in order; ``doings`` once somebody has asked for them."""

    text: str
    tokens: list[Token]
    figures: list[Figure]
    doings: list[Any] | None = None


@dataclass(frozen=True, slots=True)
class Names:
    """The words of the client's and the adviser's name, in lower case."""

    client: frozenset[str]
    adviser: frozenset[str]


def names(client: str, adviser: str | None) -> Names:
    """The names' own words and their initials; titles are none."""
    return Names(_own_words(client), _own_words(adviser or ""))


def _own_words(name: str) -> frozenset[str]:
    words = [
        word for word in re.findall(r"[^\W\d_]+(?:['’-][^\W\d_]+)*", name.lower()) if word not in _TITLES
    ]
    both = re.findall(r"[&+]\s*([^\W\d_])|\band\s+([^\W\d_])", name.lower())  # "Wayne & Lorraine Doyle"
    found = {word for word in words if len(word) > 1} | {word[0] for word in words[:1]}
    found |= {one or two for one, two in both}
    if len(words) > 1:
        found |= {words[0][0] + words[-1][0], "".join(word[0] for word in words)}
    return frozenset(found)


def parse(text: str, meeting: date | None, known: Names, notes: bool, held_against: str = "") -> Parsed:
    """Read a text. ``notes``: it is a line, in which "cl" and "adv" are people, held against a sentence."""
    if notes:
        text = _doer_first(text, known)
    text = respell(text, notes, held_against)
    found = figures(text, meeting)
    tokens: list[Token] = []
    place = 0
    own = known.client | known.adviser if notes else frozenset[str]()
    for figure in found:
        if _is_modal_may(figure, text):
            continue
        tokens += _words(text, place, figure.start, own)
        tokens.append(
            Token("F", figure.text, figure.text.lower(), frozenset(), figure=figure, place=figure.start)
        )
        place = figure.end
    tokens += _words(text, place, len(text), own)
    _people(tokens, known, notes)
    tokens = list(_phrased(_let_know(tokens)))
    kept = [token.figure for token in tokens if token.figure is not None]
    return _periods(Parsed(text, tokens, kept))


_DOER_LAST = re.compile(r"^(\S.*\w) (?:[-–] ?|\()([A-Z]{2,3})\)?\.?$")


_MINE_LAST = re.compile(r"^(\S.*\w) ?(?:,|[-–]) ?me\.?$")


def _doer_first(text: str, known: Names) -> str:
    """As in "check deposit - SP": the adviser's initials at the end say who does it."""
    mine = _MINE_LAST.match(text)
    if mine is not None:
        return f"I {mine[1]}"
    match = _DOER_LAST.match(text)
    if match is None or match[2].lower() not in known.adviser or match[2] in match[1]:
        return text
    return f"{match[2]} {match[1]}"


def _is_modal_may(figure: Figure, text: str) -> bool:
    if figure.text.lower() != "may":
        return False
    before = text[max(0, figure.start - 12) : figure.start].lower().split()
    return figure.text == "may" or not before or before[-1] not in (
        "in", "of", "since", "until", "till", "by", "from", "last", "next", "this", "early", "late", "mid",
        "for", "to", "before", "after", "during", "and", "+", "&",
    )  # fmt: skip


def _words(text: str, start: int, end: int, own: frozenset[str] = frozenset()) -> Iterator[Token]:
    for match in _WORD.finditer(text, start, end):
        raw = match[0]
        low = raw.lower().replace("’", "'").strip("'")
        if raw in ("'s", "’s"):
            low = "'s"
        if raw in _JOINTS:
            yield Token("J", raw, raw, frozenset(), place=match.start())
            continue
        if low in own and raw.isupper() and 1 < len(raw) < 4 and not text.isupper():
            # "IS advised", "call CD": the initials of client or adviser, though they are a word as well
            yield Token("W", raw, low, keys_of(low), place=match.start(), name=True)
            continue
        for piece in _pieces(low, raw) if low else ():
            yield _token(piece, raw, match.start(), text)


_CUT_SHORT = re.compile(r"[a-vx-z]/[a-z]{3,}")  # "b/day", "c/claim"


def _pieces(low: str, raw: str) -> Sequence[str]:
    if low in g.CONTRACTIONS:
        return g.CONTRACTIONS[low].split()
    if low.endswith("n't"):
        return (low[:-3], "not")
    if low in ("he'd", "she'd", "they'd", "it'd"):
        return (low[:-2],)  # "had" or "would": either way nothing is claimed for it
    if low.endswith("'s") and low not in g.CLIENTS and low not in g.ADVISERS and len(low) > 2:
        return (low[:-2], "'s")
    if raw.endswith(("'", "’")) and low.endswith("s") and low not in g.CLIENTS:
        return (low, "'s")
    if "/" in low and low not in lexicon().sets and len(low) > 3 and not _CUT_SHORT.fullmatch(low):
        return tuple(one for one in low.split("/") if one)
    if low in lexicon().sets or "-" not in low.strip("-") or low.count("-") > 1:
        return (low,)
    return tuple(one for one in low.split("-") if one)


_NO = frozenset({"<no>"})


@lru_cache(maxsize=4096)
def _sort(low: str) -> tuple[Kind, str, str, Keys, bool]:
    """A word's kind, form, plain wording, keys and whether it denies; the same wherever it stands."""
    kind: Kind = "W"
    form = ""
    if low in g.NOT:
        kind = "N"
    elif low in g.IF:
        kind, form = "C", g.IF[low]
    elif low in g.WILL or low in g.MAY or low in g.CAN or low in g.MUST or low == "would":
        kind = "M"
    elif low in g.BE or low in g.HAVE or low in g.DO:
        kind = "X"
    elif low in g.SIDES:
        kind, form = "D", g.SIDES[low]
    elif low in ("and", "but", "whereas", "plus", "so"):
        kind = "J"
    elif low == "'s" or low in g.ARTICLES or not low[0].isalnum():
        kind = "A"
    elif low in g.CLIENT or low in g.ADVISER or low in g.OTHERS:
        kind = "P"
        form = CLIENT if low in g.CLIENT else ADVISER if low in g.ADVISER else OTHER
    elif low in g.CLIENTS or low in g.ADVISERS or low in g.THEIRS:
        kind = "S"
        form = CLIENT if low in g.CLIENTS else ADVISER if low in g.ADVISERS else OTHER
    plain = g.MONTHS.get(low, low)
    keys = keys_of(stem(plain)) if plain == low else keys_of(stem(plain)) | keys_of(stem(low))
    if kind == "N":
        keys |= _NO
    if kind != "W":
        return kind, form, plain, keys, kind == "N"
    if "-" in plain:
        keys |= frozenset(key for one in plain.split("-") if one for key in keys_of(stem(one)))
    if plain in g.IRREGULAR or (plain.endswith("ed") and len(plain) > 3):
        past = "past" if g.IRREGULAR.get(plain, ("", "past"))[1] else ""
        form = "base" if plain in g.UNTIMED else past
    return kind, form, plain, keys, plain in g.DENIES_ALONE or bool(keys & lexicon().denying)


def _token(low: str, raw: str, place: int, text: str) -> Token:
    kind, form, plain, keys, denies = _sort(low)
    if kind == "W" and low in g.NUMBERS and low != "one":
        figure = Figure(Number(Decimal(g.NUMBERS[low])), raw, None, place, place + len(raw))
        return Token("F", raw, low, frozenset(), figure=figure, place=place)
    token = Token(kind, raw, plain, keys, denies=denies, place=place, form=form)
    token.name = kind == "W" and raw[:1].isupper() and not _starts(text, place)
    return token


def _starts(text: str, place: int) -> bool:
    before = text[max(0, place - 8) : place].rstrip(" \"'“‘(")
    return (not before and place <= 8) or before[-1:] in ".!?:\n"


def _people(tokens: list[Token], known: Names, notes: bool) -> None:
    """Words of the client's and the adviser's name are persons, unless they belong to another name."""
    for i, token in enumerate(tokens):
        after = tokens[i + 1] if i + 1 < len(tokens) else None
        if token.low in ("adv", "adviser", "advisor") and i and tokens[i - 1].low in _ADVISES:
            token.kind, token.low, token.form, token.keys = "W", "adviser", "", keys_of("adviser")
            token.party = True
            continue
        if (
            token.low == "adv"
            and after is not None
            and (after.form == CLIENT or after.low in ("re", "that", "not", "on"))
        ):
            # "adv cl of her rights" is what was advised; "adv to call" is who calls
            token.kind, token.low, token.form, token.keys = "W", "advised", "past", keys_of(stem("advised"))
            continue
        if notes and not i and len(token.text) == 1 and token.text.isupper() and after is not None:
            # "K ring the tribunal": the letter is a person's where it is the first of a name
            for own, who in ((known.client, CLIENT), (known.adviser, ADVISER)):
                if token.kind == "W" and token.low in own and after.kind in "WNDJX":
                    token.kind, token.form = "P", who
        if token.kind != "W":
            if token.kind == "P" and not notes and token.low in ("cl", "clt", "client", "c/l", "adv", "cw"):
                token.kind, token.form = "W", ""
            continue
        if token.text[:1].islower():
            continue
        for own, who in ((known.client, CLIENT), (known.adviser, ADVISER)):
            if token.low in own and not _of_another(tokens, i, own):
                initials = token.text.isupper() and len(token.text) < 4
                if len(token.low) == 1 or (initials and i and tokens[i - 1].low in ("the", "a", "your")):
                    continue  # "the GP's letter", of a client Gary Pilcher
                token.kind, token.form = "P", who
                if i and tokens[i - 1].low in ("mr", "mrs", "ms", "miss", "dr", "mx"):
                    tokens[i - 1].kind = "A"
    for i, token in enumerate(tokens[:-2]):
        if token.low in ("c", "ca") and tokens[i + 1].low == "." and tokens[i + 2].kind == "F":
            tokens[i + 1].kind, tokens[i + 1].low = "A", ""  # "c. £900"
        if token.low in ("no", "nos") and tokens[i + 1].low == "." and tokens[i + 2].text[:1].isalnum():
            token.kind, token.low, token.keys, token.denies = "W", "number", keys_of("number"), False
            tokens[i + 1].kind, tokens[i + 1].low = "A", ""
    for i, token in enumerate(tokens):
        if token.low == "will" and i and (tokens[i - 1].kind in "SN" or tokens[i - 1].low == "'s"):
            token.kind = "W"  # "her mother's will"
        if token.low == "'s" and i and tokens[i - 1].kind == "P":
            tokens[i - 1].kind = "S"


# "immig adv" is somebody else, not the adviser who writes.
_ADVISES = listed(
    "immig immigration debt housing hsg legal benefits benefit money welfare finance financial mortgage tax"
    " pension pensions employment energy careers career specialist independent"
)


def _of_another(tokens: Sequence[Token], i: int, own: frozenset[str]) -> bool:
    """Whether the name stands beside a capitalised word that is not of it ("Peter Smith")."""
    before = tokens[i - 1] if i else None
    return bool(
        before is not None and before.name and before.low not in own and before.text[:1].isupper()
        and before.low not in ("mr", "mrs", "ms", "miss", "dr", "mx", "dear")
    )  # fmt: skip


def _let_know(tokens: list[Token]) -> list[Token]:
    """As in "Let the council know", "let you have": one doing, of which a party stands in the middle."""
    for i, token in enumerate(tokens):
        if token.low != "let":
            continue
        for j in range(i + 2, min(i + 5, len(tokens))):
            if tokens[j].low == "know":
                token.text, token.low, token.keys, tokens[j].kind = (
                    "let know",
                    "tell",
                    keys_of(stem("tell")),
                    "A",
                )
                token.keys |= keys_of("let")
                break
            if tokens[j].low == "have" and tokens[j - 1].kind != "M":
                token.text, token.low, token.keys = "let have", "give", keys_of("send") | keys_of("give")
                tokens[j].kind = "A"
                break
    return tokens


def _phrased(tokens: Sequence[Token]) -> Iterator[Token]:
    phrases = lexicon().phrases
    stems = [stem(token.low) if token.kind != "F" and token.low not in _JOINTS else "" for token in tokens]
    i = 0
    while i < len(tokens):
        for phrase in phrases.get(stems[i], ()):
            size = len(phrase.stems)
            if tuple(stems[i : i + size]) == phrase.stems:
                if not _goes_on(phrase.stems, tokens[i + size :]):
                    yield _merged(tokens[i : i + size], phrase.keys, phrase.parts, phrase.denies)
                    i += size
                    break
            elif between := _apart(phrase.stems, stems, tokens, i):
                # "hand in your notice", "follow this up"
                whole = [token for at, token in enumerate(tokens[i : i + size + 1], i) if at != between]
                yield _merged(whole, phrase.keys, phrase.parts, phrase.denies)
                yield tokens[between]
                i += size + 1
                break
        else:
            yield tokens[i]
            i += 1


def _apart(phrase: tuple[str, ...], stems: Sequence[str], tokens: Sequence[Token], i: int) -> int:
    """Where the one "your" or "the" stands that is in the middle of a phrase; 0 if it is not so."""
    beside = stems[i + 1 : i + 2] == [phrase[1]]
    for at in range(i + 2, i + len(phrase)) if beside else (i + 1,):
        if at < len(tokens) and tokens[at].kind in "SA" and tokens[at].low != "'s":
            return at if (*stems[i:at], *stems[at + 1 : i + len(phrase) + 1]) == phrase else 0
    return 0


def _goes_on(stems: tuple[str, ...], after: Sequence[Token]) -> bool:
    """As in "said no need to pay", "do not have to": the last word is of what follows."""
    if not after:
        return False
    return (stems in (("say", "no"), ("say", "not")) and after[0].kind not in "JC") or (
        stems[-1] == "have" and after[0].low == "to"
    )


def _merged(tokens: Sequence[Token], keys: Keys, parts: tuple[Keys, ...], denies: bool) -> Token:
    first = tokens[0]
    form = next((one.form for one in tokens if one.kind == "W" and one.form), "")
    return Token(
        "W", " ".join(one.text for one in tokens), " ".join(one.low for one in tokens), keys, parts, denies,
        name=False, place=first.place, form=form,
    )  # fmt: skip


def _periods(parsed: Parsed) -> Parsed:
    """As in "16 hours a week": the second is how often, not a length of time."""
    tokens = parsed.tokens
    for i, token in enumerate(tokens):
        if token.figure is None or not isinstance(token.figure.value, Duration) or not i:
            continue
        article, _, unit = token.low.partition(" ")
        before = tokens[i - 1]
        if (
            article in ("a", "an")
            and unit
            and (before.kind == "F" or before.low in ("once", "twice", "times", "hours"))
        ):
            parsed.figures.remove(token.figure)
            tokens[i] = Token(
                "W", token.text, token.low, keys_of(stem(unit + "ly")) | keys_of(unit), place=token.place
            )
    return parsed
