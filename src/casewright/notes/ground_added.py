"""Which words a sentence may add to those of its lines.

A word that the lines have in no form is of one of three kinds. It is *borne* where a word, a figure or the
shape of a line says as much (``ground_support``: "s21" bears "possession"). It is *plain* where it states
nothing by itself (``ground_letter_words``); of plain words a sentence may add no more than it has of the
lines' own. Every part of a sentence must say something of the lines that the parts before it have not said.
Everything else *weighs* and is a fault; so is a word that no list knows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache

from casewright.notes import ground_forms as g
from casewright.notes.ground_borne import Support, is_done
from casewright.notes.ground_carried import carries, turned_out
from casewright.notes.ground_filled import fills
from casewright.notes.ground_letter_words import GENERAL, HARMLESS, TIES
from casewright.notes.ground_modes import is_no, stops
from casewright.notes.ground_parse import Parsed, Token
from casewright.notes.ground_roles import REPORTS
from casewright.notes.ground_thesaurus import is_listed
from casewright.notes.ground_words import NAMED, Keys, keys_of, lexicon, stem
from casewright.notes.words import listed

# At least so many plain words may be added, however short the line.
_FEW = 2
# How exact a figure is, which is held against the line by itself.
_BOUNDS = listed("around roughly approximately approx circa nearly almost little slightly")
_PARTICLES = listed("until out up off in on over through back into at down to about for with of from forward")
_PHRASES = frozenset(
    {
        "which is",
        "that is",
        "take place",
        "takes place",
        "took place",
        "as well",
        "as well as",
        "such as",
        "so that",
        "with",
        "in addition",
        "together with",
        "and",
        "in respect of",
        "draw up",
        "make sure",
        "be done",
        "be made",
    }
)


@cache
def _harmless() -> frozenset[str]:
    return frozenset(stem(word) for word in HARMLESS)


@cache
def _general() -> frozenset[str]:
    return frozenset(stem(word) for word in GENERAL)


@cache
def _ties() -> frozenset[str]:
    return frozenset(stem(word) for word in TIES)


def added_faults(
    said: Parsed,
    known: Sequence[Parsed],
    added: Sequence[Token],
    support: Support,
    framed: frozenset[int],
    *,
    lost: bool,
) -> Iterator[Token]:
    """Of the words that the lines do not have, those that may not be added.

    ``framed``: words of telling that say only that client and adviser spoke.
    """
    plain, weighs, carried, filled, there = 0, False, False, False, support.there
    kinds: dict[int, str] = {}
    yield from turned_out(said, there)
    one = added[0] if len(added) == 1 and not lost else None
    if one is not None and _unheard(one, said, there):
        return  # nothing is lost, and it is no word of notes
    if one is not None and not one.name and stem(one.low) in _general() and not _manner_or_deed(one, said):
        kinds[id(added[0])] = "plain"
        added = ()
    for token in added:
        kinds[id(token)] = _kind(said, token, support, there)
        if kinds[id(token)] == "weighs" and not lost and not carried and carries(token, said, known, support):
            kinds[id(token)], carried = "borne", True
        if kinds[id(token)] == "weighs" and not lost and not filled and fills(token, said, there):
            kinds[id(token)], filled = "borne", True
        if kinds[id(token)] == "weighs":
            weighs = True
            yield token
        plain += kinds[id(token)] == "plain"
    if weighs:
        return
    own = sum(
        (token.kind == "F" or (token.kind == "W" and id(token) not in kinds and _own(token, there)))
        for token in said.tokens
    )
    if plain > max(_FEW, own):
        yield from (token for token in added if kinds[id(token)] == "plain")
        return
    loose = next(_loose_parts(said, kinds, framed, support), None)
    if loose is not None:
        yield from loose
        return
    yield from _brought_about(said, there)
    for part in _idle_parts(said, known, framed):
        yield next((t for t in part if t.kind == "W" and stem(t.low) not in _ties()), part[0])


def _loose_parts(
    said: Parsed, kinds: dict[int, str], framed: frozenset[int], support: Support
) -> Iterator[list[Token]]:
    """What parts of a sentence add that have nothing of the lines."""
    letter, there = lexicon().letter, support.there
    for part in _parts(said):
        loose = []
        for token in part:
            if token.kind != "W" or stem(token.low) in _ties():
                continue
            known = id(token) in kinds or id(token) in framed or _own(token, there)
            mere = stem(token.low) in letter and stem(token.low) not in REPORTS
            if kinds.get(id(token)) == "plain" or (
                not known and mere and not support.bears(token.low, False)
            ):
                loose.append(token)
        if [t.low for t in part if t.kind in "WP"][:1] == ["according"] and len(part) < 4:
            continue  # "according to you"
        if loose and not any(t.kind == "F" or _own(t, there) or kinds.get(id(t)) == "borne" for t in part):
            yield loose


def _idle_parts(said: Parsed, known: Sequence[Parsed], framed: frozenset[int]) -> Iterator[list[Token]]:
    """Parts of a sentence after the first that say nothing of the lines that is not said before.

    "…, and keep a copy", "…, which has been paid": what goes with a line must not become a part of its own.
    """
    free = [token for line in known for token in line.tokens if token.kind == "W"]
    denied = any(token.denies for line in known for token in line.tokens)
    spoken = frozenset(stem(token.low) for token in said.tokens if token.kind == "W")
    for place, (opening, part) in enumerate(_opened(said)):
        told = opening == "C"  # a condition is held against the lines by itself
        for token in part:
            if token.kind in "FC" or token.text == "May" or id(token) in framed or (token.denies and denied):
                told = True
            if token.kind != "W" or stem(token.low) in _ties():
                continue
            match = _match(token, free, spoken)
            if match is not None:
                free.remove(match)
                told = True
        says = any(t.kind in "XM" or (t.kind == "W" and stem(t.low) not in _ties()) for t in part)
        if place and says and not told:
            yield part


def _brought_about(said: Parsed, there: Keys) -> Iterator[Token]:
    """As in "to get the hearing adjourned": what is asked for is told as got."""
    for i, token in enumerate(said.tokens):
        if stem(token.low) == "get" and "get" not in there:
            after = said.tokens[i + 1 : i + 5]
            thing = next((n for n, t in enumerate(after) if t.kind == "W"), None)
            if thing is not None and any(t.form == "past" and t.kind == "W" for t in after[thing + 1 :]):
                yield token


def _match(token: Token, free: Sequence[Token], spoken: frozenset[str]) -> Token | None:
    """The word of the lines that one of the sentence stands for: the same one, else one of a set with it.

    One that the sentence says in its own form is not given away to another.
    """
    own = stem(token.low)
    same = next((one for one in free if stem(one.low) == own), None)
    if same is not None:
        return same
    keys = token.keys | frozenset(key for part in token.parts for key in part)
    alike = [one for one in free if keys & one.keys or any(keys & part for part in one.parts)]
    return next((one for one in alike if stem(one.low) not in spoken), None)


def _own(token: Token, there: Keys) -> bool:
    if token.kind != "W" or stem(token.low) in _ties():
        return False
    return bool(token.keys & there) or bool(token.parts and all(part & there for part in token.parts))


def _parts(said: Parsed) -> Iterator[list[Token]]:
    return (part for _, part in _opened(said))


def _opened(said: Parsed) -> Iterator[tuple[str, list[Token]]]:
    """A sentence cut at its joints, conditions and "which", each part with the kind of what opens it."""
    opening, part = "", list[Token]()
    for place, token in enumerate(said.tokens):
        if token.low == "and" and token.kind == "J" and _within_name(said, place):
            continue
        if token.kind in "JC" or token.low in ("which", "who", "whom", "so", "which is"):
            yield opening, part
            opening, part = token.kind, []
        else:
            part.append(token)
    yield opening, part


def _within_name(said: Parsed, place: int) -> bool:
    """As in "the Competition and Consumer Protection Commission"."""
    beside = said.tokens[max(0, place - 1) : place] + said.tokens[place + 1 : place + 2]
    return len(beside) == 2 and all(token.name for token in beside)


def _kind(said: Parsed, token: Token, support: Support, there: Keys) -> str:
    """``borne``, ``plain`` or ``weighs``; a phrase weighs as the heaviest of its words."""
    if token.low == "or":
        return "borne" if support.either else "weighs"
    if token.low == "both":
        return "borne" if support.pair else "weighs"
    if token.denies and not token.parts:
        return "borne" if is_no(token) and support.denied else "weighs"
    if stops(token) and support.denied:
        return "borne"
    if " " not in token.low:
        return _kind_of_word(token.low, token, said, support)
    if any(key.startswith(NAMED) for key in token.keys):
        every = all(part & there or support.bears(word, False) for word, part in _with_parts(token))
        return "borne" if support.bears(token.low, False) or every else "weighs"
    on_top = token.low == "on top of" and support.bears("top", False)
    if is_manner(token) and token.low not in _PHRASES and not on_top:
        return "weighs"  # a manner or a time of its own: "by email", "in person", "at once"
    found = list[str]()
    for word in token.low.split():
        if word == "because":
            found.append("borne" if support.bears("because", False) else "weighs")
            continue
        if word in ("not", "no", "never"):
            found.append("borne" if support.denied else "weighs")
            continue
        keys = keys_of(stem(word))
        if keys & there:
            found.append("borne")
            continue
        if stem(word) in lexicon().letter or stem(word) in _ties() or word in g.SIDES:
            continue
        if word in g.BE or word in g.HAVE:
            continue
        found.append(_kind_of_word(word, token, said, support))
    if not found and any(support.bears(word, False) for word in token.low.split()):
        return "borne"
    if not found and token.low not in _PHRASES:
        return "weighs"  # small words that together say something: "at once", "for now"
    if "weighs" in found or (
        set(found) == {"plain"} and token.low not in _PHRASES and token.low.split()[1] not in _PARTICLES
    ):
        return "weighs"  # "part time" is more than its words, "carry out" is not
    return "plain" if "plain" in found else "borne"


def _with_parts(token: Token) -> list[tuple[str, Keys]]:
    return [(word, keys_of(stem(word))) for word in token.low.split()]


def _unheard(token: Token, said: Parsed, there: Keys) -> bool:
    """Whether no list knows a word, and it stands with words of the lines ("a template letter").

    What notes state is in the list of their words, many times over; a word that is in none belongs to
    the way in which it is told. Alone behind a preposition or an "and" it would be a thing of its own.
    """
    word = token.low
    if (
        token.name
        or not word.isalpha()
        or token.text != word
        or is_listed(word)
        or stem(word) in lexicon().sets
    ):
        return False
    if token.denies or len(word) < 4 or _after_be(token, said) or _manner_or_deed(token, said):
        return False
    place = next(i for i, other in enumerate(said.tokens) if other is token)
    around = [*_up_to_side(said.tokens[:place][::-1]), *_up_to_side(said.tokens[place + 1 :])]
    return any(_own(other, there) for other in around)


def _after_be(token: Token, said: Parsed) -> bool:
    """As in "was upheld": a doing told as done, of whatever form."""
    place = next(i for i, other in enumerate(said.tokens) if other is token)
    return place > 0 and said.tokens[place - 1].kind == "X" and not token.low.endswith("ing")


def _up_to_side(tokens: Sequence[Token]) -> Iterator[Token]:
    """The tokens up to the next joint, condition or preposition."""
    for token in tokens:
        if token.kind in "JCDF":
            return
        yield token


def _manner_or_deed(token: Token, said: Parsed) -> bool:
    """As in "in person", "by text", "you got the job": more than a general word."""
    place = next(i for i, other in enumerate(said.tokens) if other is token)
    beside = said.tokens[place - 1].low in ("in", "by", "on", "at") if place else False
    return beside or _told_as_done(token.low, token, said)


def is_manner(token: Token) -> bool:
    """Whether a phrase says how or when by itself."""
    return token.low.startswith(("by ", "in ", "on ", "at "))


def _kind_of_word(word: str, token: Token, said: Parsed, support: Support) -> str:
    if stem(word) in _ties() or word in _BOUNDS or support.bears(word, _told_as_done(word, token, said)):
        return "borne"
    return "plain" if stem(word) in _harmless() and not token.name else "weighs"


def _told_as_done(word: str, token: Token, said: Parsed) -> bool:
    """A past form, but for "is paid", "will be paid", "to be paid"."""
    if not is_done(word) and token.form != "past":
        return False
    place = next(i for i, other in enumerate(said.tokens) if other is token)
    if token.low.startswith("be "):
        return False
    for before in reversed(said.tokens[max(0, place - 2) : place]):
        if before.low in ("is", "are", "be", "being"):
            return False
        if before.kind in "XJ":
            return True
    return True
