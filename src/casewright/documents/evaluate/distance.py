"""Edit distances of texts of any length, in bounded time.

rapidfuzz's distance is bit-parallel (Hyyrö 2003): n m / 64 steps. Beyond ``EXACT`` it goes by pieces: both
texts are cut where they say the same words (a run that occurs once in each, as patience diff does), and
pieces that stay too long are cut in proportion. A cut can only forbid alignments, so the sum is never below
the exact distance.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rapidfuzz.distance import Levenshtein

# Two texts of so many characters take about 2 s on one core; they are some 80 pages.
EXACT = 200_000
PIECE_WORDS = 8_000
RUN = 6


@dataclass(frozen=True, slots=True)
class Distance:
    """Edits in characters and in words; ``exact`` is False where they are upper bounds."""

    characters: int
    words: int
    exact: bool


def distance(truth: str, reading: str, *, exact_to: int = EXACT, piece: int = PIECE_WORDS) -> Distance:
    """Levenshtein's distance: insertions, deletions and substitutions, one each."""
    true, read = truth.split(), reading.split()
    if max(len(truth), len(reading)) <= exact_to:
        return Distance(Levenshtein.distance(truth, reading), Levenshtein.distance(true, read), exact=True)
    characters = words = 0
    for first, second in pieces(true, read, piece):
        characters += Levenshtein.distance(" ".join(first), " ".join(second)) + (bool(first) != bool(second))
        words += Levenshtein.distance(first, second)
    return Distance(min(characters, max(len(truth), len(reading))), words, exact=False)


def pieces(
    first: Sequence[str], second: Sequence[str], longest: int
) -> Iterator[tuple[Sequence[str], Sequence[str]]]:
    """Both sequences, cut at the same number of places; no piece of either is longer than ``longest``."""
    end = (len(first), len(second))
    at = last = (0, 0)
    for anchor in [*_anchors(first, second), end]:
        if _beyond(at, anchor, longest) and last != at:
            yield first[at[0] : last[0]], second[at[1] : last[1]]
            at = last
        while _beyond(at, anchor, longest):
            step = _proportional(at, anchor, longest)
            yield first[at[0] : step[0]], second[at[1] : step[1]]
            at = step
        last = anchor
    yield first[at[0] :], second[at[1] :]


def _beyond(at: tuple[int, int], end: tuple[int, int], longest: int) -> bool:
    return max(end[0] - at[0], end[1] - at[1]) > longest


def _proportional(at: tuple[int, int], end: tuple[int, int], longest: int) -> tuple[int, int]:
    left = (end[0] - at[0], end[1] - at[1])
    share = longest / max(left)
    return at[0] + int(left[0] * share), at[1] + int(left[1] * share)


def _anchors(first: Sequence[str], second: Sequence[str]) -> list[tuple[int, int]]:
    """Places from which both say the same run of words that occurs once in each, in the order of both."""
    places = _single_runs(second)
    pairs = [(at, places[run]) for run, at in _single_runs(first).items() if run in places]
    return _longest_rising(pairs)


def _single_runs(words: Sequence[str]) -> dict[int, int]:
    """Hash of each run that occurs once -> where it begins."""
    hashes = [hash(tuple(words[at : at + RUN])) for at in range(len(words) - RUN + 1)]
    often = Counter(hashes)
    return {run: at for at, run in enumerate(hashes) if often[run] == 1}


def _longest_rising(pairs: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The longest chain of pairs (which come sorted by the first) that rises in the second too."""
    tails: list[int] = []
    ends: list[int] = []
    before: list[int] = []
    for number, (_, place) in enumerate(pairs):
        at = bisect_left(tails, place)
        before.append(ends[at - 1] if at else -1)
        if at == len(tails):
            tails.append(place)
            ends.append(number)
        else:
            tails[at], ends[at] = place, number
    chain: list[tuple[int, int]] = []
    number = ends[-1] if ends else -1
    while number >= 0:
        chain.append(pairs[number])
        number = before[number]
    return chain[::-1]
