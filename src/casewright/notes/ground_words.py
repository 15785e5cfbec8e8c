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
from casewright.notes.ground_shorthand import SHORTHAND
from casewright.notes.words import listed

Keys = frozenset[str]
# Sets of benefits, bodies, law and papers: a phrase of theirs is a name and more than its words.
NAMED, SHORT = "#n", "#s"
# The mark of keys that a word of a sentence has only with the word of the lines that it is told for.
TIED = "="

# What a sentence may say beyond its lines: function words, letter phrases, verbs that add nothing. None of
# them is a creditor, a benefit, an act with consequences, a quantity, or a word that turns a statement
# round.
LETTER = listed(
    """
    a an the this that these those it its itself there here which who whom whose what where how why of at in
    on by for from to into onto with about as up out off over through upon per via so too very also then than
    and but while whereas either however therefore although though if when once be been being am is are
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
# Words of the notes that may stay out of the sentence that stands for the line.
DROPPABLE = LETTER - listed(
    "or if when once until before after than both either any each keep should must may might can could need"
    " agree own within able possible necessary help meet letter ask order discuss talk speak further"
    " still already yet"
    " over up off out"
) | listed(
    "ltd plc any already "
    "re vs versus fyi nb note ok okay etc v vv bit quite really basically seems pls plse apparently just"
    " actually someone somebody something somewhere together"
)


def stem(word: str) -> str:
    """A word without its endings; forms of one word come to the same stem."""
    return _stem(word)


# They end like adverbs and are none.
_NO_ADVERBS = listed("apply reply supply comply imply multiply reapply family assembly early only")


@lru_cache(maxsize=8192)
def _stem(word: str) -> str:
    word = IRREGULAR.get(word, (word, ""))[0]
    if len(word) <= 3 or word == "goods" or not word.isascii():
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
        if ending == "ly" and word in _NO_ADVERBS:
            continue
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
    soft: Keys


def _entries() -> Iterator[tuple[str, bool, list[str]]]:
    for place, line in enumerate(NAMES.splitlines()):
        if line.strip():
            yield f"{NAMED}{place}", False, [one.strip() for one in line.split(",")]
    for place, line in enumerate((ACTS + THINGS).replace("\n+", " ").splitlines()):
        text = line.strip()
        if text:
            yield f"#{place}", text.startswith("!"), [one.strip() for one in text.lstrip("!").split(",")]
    for place, row in enumerate(SHORTHAND.replace("\n", " ").split(";")):
        short, _, readings = row.strip().partition(" = ")
        for number, reading in enumerate(readings.split("|") if short else ()):
            yield f"{SHORT}{place}.{number}", False, [short, *(one.strip() for one in reading.split(","))]


def _readings() -> Iterator[tuple[str, str]]:
    """Shorthand and the single words that it stands for, as stems: it is in all of their sets."""
    for row in SHORTHAND.replace("\n", " ").split(";"):
        short, _, readings = row.strip().partition(" = ")
        for reading in readings.replace("|", ",").split(","):
            if short and " " not in reading.strip() and " " not in short:
                yield _stem(short), _stem(reading.strip())


_NOT = listed("not no never")
_TINY = listed("a the of to in that with for on be an 's")


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
            stems = tuple(_stem(word) for word in entry.replace("'s ", " 's ").split())
            if len(stems) == 1:
                sets.setdefault(stems[0], set()).add(key)
            else:
                phrases.setdefault(stems, set()).add(key)
    for short, reading in _readings():
        sets.setdefault(short, set()).update(sets.get(reading, ()))
    frozen = {word: frozenset(keys) for word, keys in sets.items()}
    letter = frozenset(_stem(word) for word in LETTER)
    starts: dict[str, list[Phrase]] = {}
    soft: set[str] = set()
    for stems, keys in phrases.items():
        parts = tuple(
            frozenset({one, "<no>"} if one in _NOT else {one}) | frozen.get(one, frozenset())
            for one in stems if one not in _TINY
        )  # fmt: skip
        found = Phrase(stems, frozenset(keys), parts, bool(keys & denying) or stems[0] in ("not", "no"))
        if stems[0] in ("not", "no") and "than" not in stems:
            soft |= keys
        starts.setdefault(stems[0], []).append(found)
    ordered = {
        first: tuple(sorted(found, key=lambda one: -len(one.stems))) for first, found in starts.items()
    }
    droppable = frozenset(_stem(word) for word in DROPPABLE)
    return Lexicon(frozen, ordered, frozenset(denying), letter, droppable, frozenset(soft - denying))


def keys_of(stemmed: str) -> Keys:
    """A stem and the sets it is in."""
    return frozenset({stemmed}) | lexicon().sets.get(stemmed, frozenset())
