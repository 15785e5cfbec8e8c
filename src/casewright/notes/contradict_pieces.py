"""The notes in pieces, each with its values and words: what every search for contradictions reads."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from casewright.notes.contradict_events import event_of, events_near
from casewright.notes.contradict_facts import names_of, segments
from casewright.notes.contradict_words import Lazy, is_reported, is_to_do, tokens, topic_of
from casewright.notes.read import Entry, sentence_spans
from casewright.notes.values import find
from casewright.notes.values_kinds import Found, Value
from casewright.notes.values_money import WORDS
from casewright.notes.words import listed

_LONG = 500  # characters of an entry that is read in one
# Values of one entry that are looked at. A line that a person typed has a few; one with hundreds is a
# pasted table or made to stall: they say little of what they are for, and each costs a search for its words.
_MOST_VALUES = 60
_FIGURE = re.compile(r"[\d/-]")
# Without a figure only these words, or one that begins like a month or a weekday, make a value.
_VALUE_WORDS = (frozenset(WORDS) - {"a", "an"}) | listed(
    "hundred thousand million today tomorrow tmrw tmw yesterday start end beginning middle early mid late"
    " week"
    " weeks month months year years fortnight fortnights day days hour hours minute minutes wk wks mth mths"
    " yr"
    " yrs hr hrs min mins noon midday midnight pound pounds quid grand today's tomorrow's"
    " yesterday's"
)
_DAY_STARTS = listed("jan feb mar apr may jun jul aug sep oct nov dec mon tue wed thu fri sat sun")


@dataclass(eq=False)
class Piece:
    """A text with its values, its words in small letters, and what line a place in it is of.

    ``reported``: it gives what a paper or a person says.
    """

    at: Callable[[int], int]
    text: str
    values: tuple[Found[Value], ...]
    words: tuple[str, ...]
    known: frozenset[str]
    reported: bool

    @Lazy
    def line(self) -> int:
        """The line that it begins in."""
        return self.at(0)

    @Lazy
    def last(self) -> int:
        """The line that it ends in."""
        return self.at(len(self.text) - 1)

    @Lazy
    def starts(self) -> frozenset[str]:
        """The first four letters of its words."""
        return frozenset(word[:4] for word in self.known)

    @Lazy
    def names(self) -> frozenset[str]:
        """The words of the names in it."""
        return names_of(self.text)

    @Lazy
    def parts(self) -> list[tuple[int, int]]:
        """Where its parts are that say one thing each."""
        return segments(self.text, self.values)

    @Lazy
    def topic(self) -> frozenset[str]:
        """The words that say what it is about."""
        return topic_of(self.words)

    @Lazy
    def to_do(self) -> bool:
        """Whether it is of something to be done."""
        return is_to_do(self.text)

    @Lazy
    def event(self) -> str | None:
        """What happens in it once, if it is one of the known events."""
        return self.event_in(self.text)

    @Lazy
    def events(self) -> list[str]:
        """The events that its words can be of."""
        return events_near(self.starts)

    def event_in(self, text: str) -> str | None:
        """The event of a part of it."""
        return event_of(text, self.events, self.known)


def pieces(
    entries: Iterable[Entry], meeting: date | None, known: Mapping[str, Sequence[Found[Value]]] | None
) -> list[Piece]:
    """The pieces of what is not left out; ``known`` are the values of texts that were looked for already."""
    found: list[Piece] = []
    for entry in entries:
        left = _MOST_VALUES if entry.left_out is None else 0
        for text, at in _texts(entry):
            if left <= 0:
                break
            have = known.get(text) if known else None
            words = tokens(text)
            only = frozenset(words)
            if have is None:
                have = find(text, meeting) if _may_have_values(text, only) else ()
            values = tuple(have)[:left]
            left -= len(values)
            found.append(Piece(at, text, values, tuple(words), only, is_reported(text, only)))
    return found


def _may_have_values(text: str, words: frozenset[str]) -> bool:
    """Whether a text can have a value: to look at its words costs far less than to look for all kinds."""
    return (
        _FIGURE.search(text) is not None
        or not _VALUE_WORDS.isdisjoint(words)
        or not _DAY_STARTS.isdisjoint([word[:3] for word in words])
    )


def _texts(entry: Entry) -> Iterator[tuple[str, Callable[[int], int]]]:
    """An entry, or the sentences of a long one, each with what line a place in it is of."""
    if len(entry.lines) == 1 and len(entry.text) <= _LONG:
        number = entry.lines[0].number
        yield entry.text, lambda _place: number
        return
    ends, end = [], 0
    for line in entry.lines:
        end += len(line.text) + 1
        ends.append(end)
    numbers = [line.number for line in entry.lines]
    spans = [(0, len(entry.text))] if len(entry.text) <= _LONG else sentence_spans(entry.text)
    for first, last in spans:
        for start in range(first, last, _LONG):

            def at(place: int, start: int = start) -> int:
                return numbers[min(bisect_right(ends, start + place), len(numbers) - 1)]

            yield entry.text[start : min(last, start + _LONG)], at
