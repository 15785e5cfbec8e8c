"""Words as the ground check compares them: stems, the sets they belong to, and the words a letter may add.

The tables are built at first use and kept; nothing here is of a case.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache

from casewright.notes.ground_acts import ACTS
from casewright.notes.ground_forms import IRREGULAR
from casewright.notes.ground_sets import NAMES, THINGS
from casewright.notes.words import listed

Keys = frozenset[str]

# What a sentence may say beyond its lines: function words, letter phrases, verbs that add nothing. None of
# them is a creditor, a benefit, an act with consequences, a quantity, or a word that turns a statement
# round.
LETTER = listed(
    """
    a an the this that these those it its itself there here which who whom whose what where how why of at in
    on by for from to into onto with about as up out off over through upon per via so too very also then than
    and but while whereas both either however therefore although though if when once be been being am is are
    was were have has had having do does did done doing he she they him her them his hers their theirs
    himself herself themselves your yours our ours my mine yourself will would shall should must may might
    can could need to ought please thank thanks kindly dear regards hello addition component element give
    make take put go come get carry happen place keep set tell say said state mention note explain describe
    discuss talk speak told report confirm advise inform understand ask agree summarise meeting met meet
    letter conversation regarding concerning relation respect regard terms connection time date day number
    amount sum sums matter matters thing things way case details detail own such any each one currently at
    well just able going set back further still now already yet important help possible need necessary
    required sure behalf however after before until following follow including named known dated aged worth
    towards between during within us we you i me
    """
)
# One of these may be added to a sentence that has all of its line: kinds of things, links and manners of
# speaking that make a note a sentence. No act with consequences, no degree, no judgement, nobody.
GLUE = listed(
    """
    debt period reason home copy reply answer outcome result stage place type kind rate team department
    website paperwork evidence information situation position circumstances option advice progress contact
    conversation account contract application claim decision benefit money amount balance job work hours
    course event session call message email post delivery property item goods product directly separately
    instead together properly currently recently originally previously altogether afterwards list show
    include contain relate concern involve continue remain use appear become look find try start finish
    follow deal handle prepare run name mark count quote last cost live stay cover arrange relate
    problem issue trouble question request response proposal arrangement office service organisation company
    firm provider supplier scheme past present current difference between point points number
    rest remaining held due around towards
    """
)
# Words of the notes that may stay out of the sentence that stands for the line.
DROPPABLE = LETTER - listed(
    "or if when once until before after than both either any each keep should must may might can could need"
    " agree own within able possible necessary help meet letter ask order discuss talk speak further"
    " still already yet"
    " over up off out"
) | listed(
    "re vs versus fyi nb note ok okay etc v vv bit quite really basically seems pls plse apparently just"
    " actually"
)


def stem(word: str) -> str:
    """A word without its endings; forms of one word come to the same stem."""
    return _stem(word)


@lru_cache(maxsize=8192)
def _stem(word: str) -> str:
    word = IRREGULAR.get(word, (word, ""))[0]
    if len(word) <= 3 or not word.isascii():
        return word
    for ending, kept in (("iness", "i"), ("ies", "i"), ("ied", "i"), ("ying", "i")):
        if word.endswith(ending) and len(word) > len(ending) + 2 and word[-len(ending) - 1] not in "aeou":
            return word[: -len(ending)] + kept
    for ending in (
        "ments",
        "ment",
        "ings",
        "ing",
        "edly",
        "ed",
        "ely",
        "ly",
        "sses",
        "ches",
        "shes",
        "xes",
        "s",
    ):
        if word.endswith(ending) and len(word) - len(ending) >= 3 and not word.endswith(("ss", "us", "is")):
            word = word[: -len(ending)] + {"sses": "ss", "ches": "ch", "shes": "sh", "xes": "x"}.get(
                ending, ""
            )
            if len(word) > 3 and word[-1] == word[-2] and word[-1] not in "lsfz":
                word = word[:-1]
            break
    if len(word) > 3 and word[-1] == "e":
        word = word[:-1]
    if len(word) > 3 and word[-1] == "y":
        word = word[:-1] + "i"
    return word


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words that are looked for together; ``keys`` are its sets, ``parts`` the keys of its single words."""

    stems: tuple[str, ...]
    keys: Keys
    parts: tuple[Keys, ...]
    denies: bool


@dataclass(frozen=True, slots=True)
class Lexicon:
    """All sets, by stem; phrases by their first stem, longest first.

    ``denying`` sets deny by every word, ``soft`` ones by a phrase with "not" where a word does not
    ("missed").
    """

    sets: dict[str, Keys]
    phrases: dict[str, tuple[Phrase, ...]]
    denying: Keys
    letter: Keys
    droppable: Keys
    glue: Keys
    soft: Keys


def _entries() -> Iterator[tuple[str, bool, list[str]]]:
    for place, line in enumerate((NAMES + ACTS + THINGS).replace("\n+", " ").splitlines()):
        text = line.strip()
        if text:
            yield f"#{place}", text.startswith("!"), [one.strip() for one in text.lstrip("!").split(",")]


_TINY = listed("a the of to in that with for on be an")


@cache
def lexicon() -> Lexicon:
    """The tables, built once."""
    sets: dict[str, set[str]] = {}
    phrases: dict[tuple[str, ...], set[str]] = {}
    denying: set[str] = set()
    for key, denies, entries in _entries():
        if denies:
            denying.add(key)
        for entry in entries:
            stems = tuple(_stem(word) for word in entry.split())
            if len(stems) == 1:
                sets.setdefault(stems[0], set()).add(key)
            else:
                phrases.setdefault(stems, set()).add(key)
    frozen = {word: frozenset(keys) for word, keys in sets.items()}
    letter = frozenset(_stem(word) for word in LETTER)
    starts: dict[str, list[Phrase]] = {}
    soft: set[str] = set()
    for stems, keys in phrases.items():
        parts = tuple(frozenset({one}) | frozen.get(one, frozenset()) for one in stems if one not in _TINY)
        found = Phrase(stems, frozenset(keys), parts, bool(keys & denying) or stems[0] in ("not", "no"))
        if stems[0] in ("not", "no"):
            soft |= keys
        starts.setdefault(stems[0], []).append(found)
    ordered = {
        first: tuple(sorted(found, key=lambda one: -len(one.stems))) for first, found in starts.items()
    }
    droppable = frozenset(_stem(word) for word in DROPPABLE)
    glue = frozenset(_stem(word) for word in GLUE)
    return Lexicon(frozen, ordered, frozenset(denying), letter, droppable, glue, frozenset(soft - denying))


def keys_of(stemmed: str) -> Keys:
    """A stem and the sets it is in."""
    return frozenset({stemmed}) | lexicon().sets.get(stemmed, frozenset())
