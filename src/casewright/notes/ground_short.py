"""Whether an unknown word of the notes is a short or misspelt form of a word of the sentence.

Only for words that no list knows: "dghtr" for "daughter", "expl" for "explained", "EC" for "early
conciliation", "retrun" for "return". Names are never matched this way.
"""

from __future__ import annotations

from collections.abc import Sequence

from casewright.notes.ground_words import stem

_VOWELS = frozenset("aeiou")
_SMALL = frozenset({"of", "and", "for", "the", "to", "in"})
LONGEST = 30


def stands_for(short: str, full: str) -> bool:
    """Whether ``short``, a word of the notes, can be read as ``full`` and, being no word itself, as little
    else.
    """
    short, full = short.strip("."), full.strip(".")
    if not short or not full or short[0] != full[0] or max(len(short), len(full)) > LONGEST:
        return False
    head, mark, tail = short.replace("/", "'").partition("'")
    whole = len(tail) > 2 or (len(head) > 2 and tail == "d")
    if mark and whole and len(full) > len(short) and full.startswith(head) and full.endswith(tail):
        return True  # "g'will", "m'ship", "c/claim", "rep'd"
    if len(short) >= 3 and len(full) > len(short) and full.startswith(short):
        return True
    if len(short) >= 2 and len(full) > len(short) and _squeezed(short, full):
        return True
    if len(short) >= 5 and len(full) > len(short) and _cut(short, full):
        return True
    if len(short) >= 6 and len(full) > len(short) and short[-1] == full[-1] and _within(short, full):
        return True
    if min(len(short), len(full)) >= 4 and misspelt(short, full):
        return True
    return (
        len(short) >= 6 and min(len(stem(short)), len(stem(full))) >= 5 and misspelt(stem(short), stem(full))
    )


# Endings that make a thing out of a doing or of how something is, and back.
_TAILS = frozenset({"", "al", "ance", "ence", "ation", "ition", "ion", "ness", "ship"})


def derived(one: str, two: str) -> bool:
    """Whether two words are of one: "valid" and "validity", "renew" and "renewal".

    Not those of who does it ("-er", "-ee", "-ant"), nor what can be done ("-able").
    """
    same = next(
        (n for n, (a, b) in enumerate(zip(one, two, strict=False)) if a != b), min(len(one), len(two))
    )
    tails = {one[same:], two[same:]}
    if same < 5 or tails == {"", "ity"}:
        return same >= 5
    plain = {"" if tail in ("e", "y") else tail for tail in tails}
    return len(plain) == 2 and "" in plain and plain <= _TAILS


def glued(short: str, one: str, two: str) -> bool:
    """The first letter of a word and the next word whole, or both as one: "fbank", "c.card", "daycentre"."""
    bare = short.replace(".", "").replace("/", "")
    return len(two) > 2 and bare in (one[:1] + two, one + two)


def _within(short: str, full: str) -> bool:
    """All its letters in order, with all the consonants of the other but few: "overpymt"."""
    rest = iter(full)
    return len(short) * 3 >= len(full) * 2 and all(char in rest for char in short)


def _cut(short: str, full: str) -> bool:
    """A beginning of three letters or more, then consonants alone, in order: "dischg", "bedrm", "distn"."""
    same = next((n for n, (a, b) in enumerate(zip(short, full, strict=False)) if a != b), len(short))
    for size in range(same, 2, -1):
        rest, left = iter(full[size:]), short[size:]
        if left and not set(left) & _VOWELS and all(char in rest for char in left):
            return left[-1] in {full[-1], stem(full)[-1]} or not set(_after(full, size, left)) - _VOWELS
    return False


def _after(full: str, size: int, left: str) -> str:
    """What of a word follows the last letter that a short form has of it."""
    return full[full.rfind(left[-1], size) + 1 :]


def _squeezed(short: str, full: str) -> bool:
    """The consonants, in order, with the last one: "pymt", "dghtr", "chk"."""
    if any(char in _VOWELS for char in short[1:-1]) or len(short) * 3 < len(full):
        return False
    if short[-1] not in (full[-1], stem(full)[-1]):
        # "vch" for "voucher": the first consonants, all of them
        return len(short) > 2 and "".join(char for char in full if char not in _VOWELS).startswith(short)
    rest = iter(full)
    return all(char in rest for char in short)


def misspelt(one: str, two: str) -> bool:
    """One letter wrong, missing or too many, or two that changed places; in longer words two such."""
    allowed = 2 if min(len(one), len(two)) >= 7 else 1
    if abs(len(one) - len(two)) > allowed:
        return False
    before: list[int] = []
    row = list(range(len(two) + 1))
    for i, char in enumerate(one, 1):
        older, before, row = before, row, [i]
        for j, other in enumerate(two, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (char != other))
            if i > 1 and j > 1 and char == two[j - 2] and one[i - 2] == other:
                cost = min(cost, older[j - 2] + 1)
            row.append(cost)
    return row[-1] <= allowed


def initials_of(short: str, words: Sequence[str], place: int) -> range | None:
    """The stretch of ``words`` from ``place`` whose first letters are ``short``; None if there is none."""
    if not 2 <= len(short) <= 6:
        return None
    left, at = short.lower(), place
    while left and at < len(words):
        word = words[at]
        if word == "'s":  # "JSB": "Jobseeker's Benefit"
            left, at = left[1:] if left[0] == "s" else left, at + 1
            continue
        if word[:1] == left[0]:
            left = left[1:]
        elif word not in _SMALL:
            return None
        at += 1
    return None if left else range(place, at)
