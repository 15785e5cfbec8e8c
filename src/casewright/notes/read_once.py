"""Notes read once, for all that look at the same ones: their entries, and which lines are withheld.

Reading is a function of the notes and the client's name alone. Whoever checks a letter may take what was read
before, if it was read out of exactly these; what the letter says of the lines is checked all the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from casewright.notes.private import private_lines
from casewright.notes.read import Entry, read_entries
from casewright.notes.shapes import Asked, Context, Fault, Grounds, SourceLine


@dataclass(frozen=True, slots=True)
class Reading:
    """Notes as they were read. ``withheld``: the reason for each line that must not reach the client."""

    notes: str
    client_name: str
    entries: tuple[Entry, ...]
    withheld: Mapping[int, str]

    def fits(self, notes: str, client_name: str) -> bool:
        """Whether these notes, for this client, would be read the same."""
        return self.notes == notes and self.client_name == client_name


def read_once(notes: str, client_name: str, before: Reading | None = None) -> Reading:
    """The notes read; ``before`` is taken where it is of the same ones."""
    if before is not None and before.fits(notes, client_name):
        return before
    entries = read_entries(notes)
    return Reading(notes, client_name, entries, private_lines(entries, client_name))


class JudgedOnce:
    """A judge that is asked once about the same sentence for the same lines; made anew for each letter.

    A sentence, a line or a context that differs in anything is judged by itself. What the same judge said
    elsewhere may be learned.
    """

    def __init__(self, grounds: Grounds) -> None:
        self._grounds = grounds
        self._known: dict[Asked, tuple[Fault, ...]] = {}

    def __call__(self, sentence: str, lines: Sequence[SourceLine], context: Context) -> tuple[Fault, ...]:
        """Everything that is wrong with a sentence, as the judge says."""
        return self.judge(Asked(sentence, tuple(lines), context))

    def judge(self, asked: Asked) -> tuple[Fault, ...]:
        """The same for a sentence with what belongs to it."""
        if asked not in self._known:
            self._known[asked] = self._grounds(asked.sentence, asked.lines, asked.context)
        return self._known[asked]

    def unknown(self, asked: Sequence[Asked]) -> list[Asked]:
        """Those that are still to be judged, each once."""
        return [one for one in dict.fromkeys(asked) if one not in self._known]

    def learn(self, asked: Asked, found: tuple[Fault, ...]) -> None:
        """Take what the same judge said in another process."""
        self._known[asked] = found


class Noting:
    """Judges nothing, and notes what it was asked."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []

    def __call__(self, sentence: str, lines: Sequence[SourceLine], context: Context) -> tuple[Fault, ...]:
        """Note it."""
        self.asked.append(Asked(sentence, tuple(lines), context))
        return ()
