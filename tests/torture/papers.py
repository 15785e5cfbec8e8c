"""What a client has sent, and what was acknowledged of it: what must be there after a kill, or must not."""

from __future__ import annotations

import random
import threading
from dataclasses import dataclass, field

_LETTERS = "bcdfghjkmpqvwxz"
_WORDS = (
    *("amount", "letter", "rent", "council", "notice", "garden", "window", "review", "meeting", "doctor"),
    *("school", "water", "heating", "repair", "benefit", "claim", "appeal", "tenant", "landlord", "officer"),
    *("record", "payment", "arrears", "income", "support", "housing", "family", "statement", "evidence"),
    *("hearing", "report", "contact", "visit", "transfer", "account", "balance", "deadline"),
)


def marker_of(number: int) -> str:
    """A word that no other paper has."""
    letters = []
    for _ in range(6):
        number, place = divmod(number, len(_LETTERS))
        letters.append(_LETTERS[place])
    return "q" + "a".join(letters) + "ak"


@dataclass
class Paper:
    """A document of a case. ``contents`` were sent in this order; up to ``acknowledged`` it was said that
    they are safe. ``leaving``: its erasure was asked for, and not answered; ``gone``: it was.
    """

    case: str
    number: int
    contents: list[str] = field(default_factory=list)
    acknowledged: int = -1
    identity: str | None = None
    as_file: bool = False
    leaving: bool = False
    gone: bool = False
    touched: bool = True

    @property
    def marker(self) -> str:
        """What stands in each of its paragraphs."""
        return marker_of(self.number)

    @property
    def name(self) -> str:
        """Its name in the case."""
        return f"{self.marker}.txt"

    def write(self, words: random.Random) -> str:
        """Its next content."""
        version = len(self.contents)
        count = words.choice((2, 4, 4, 8, 40))
        paragraphs = [
            f"{self.marker} part {place} of version {version}: "
            + " ".join(words.choice(_WORDS) for _ in range(words.randint(20, 60)))
            for place in range(count)
        ]
        self.contents.append("\n\n".join(paragraphs))
        return self.contents[-1]


class Papers:
    """All of them. A paper is worked on by one thread at a time: who takes it gives it back."""

    def __init__(self, seed: int) -> None:
        self.all: list[Paper] = []
        self.erased_cases: set[str] = set()
        self._words = random.Random(seed)
        self._guard = threading.Lock()
        self._busy: set[int] = set()
        self._cases = [f"case-{number}" for number in range(3)]
        self._next_case = 3

    @property
    def cases(self) -> list[str]:
        """Those that are not to be erased."""
        return list(self._cases)

    def fresh(self, *, as_file: bool) -> tuple[Paper, str]:
        """A new one, taken, and its content."""
        with self._guard:
            paper = Paper(self._words.choice(self._cases), len(self.all), as_file=as_file)
            self.all.append(paper)
            self._busy.add(paper.number)
            return paper, paper.write(self._words)

    def known(self, chance: random.Random) -> Paper | None:
        """One that is there and that nobody works on, taken."""
        with self._guard:
            there = [
                paper
                for paper in self.all
                if paper.identity and not paper.leaving and not paper.gone and paper.number not in self._busy
            ]
            if not there:
                return None
            paper = chance.choice(there)
            self._busy.add(paper.number)
            paper.touched = True
            return paper

    def rewritten(self, paper: Paper) -> str:
        """The next content of one that was taken."""
        with self._guard:
            return paper.write(self._words)

    def give_back(self, paper: Paper) -> None:
        """Another may work on it."""
        with self._guard:
            self._busy.discard(paper.number)

    def close_case(self, chance: random.Random) -> tuple[str, list[Paper]] | None:
        """A case that is to be erased, with its papers; None where somebody works on one of each."""
        with self._guard:
            idle = [
                case
                for case in self._cases
                if not any(paper.case == case and paper.number in self._busy for paper in self.all)
            ]
            if not idle:
                return None
            case = chance.choice(idle)
            self._cases[self._cases.index(case)] = f"case-{self._next_case}"
            self._next_case += 1
            papers = [paper for paper in self.all if paper.case == case and not paper.gone]
            for paper in papers:
                paper.leaving = paper.touched = True
            return case, papers

    def free(self) -> None:
        """Nobody works any more: the service is gone."""
        with self._guard:
            self._busy.clear()
