"""Notes with labels as lessons: what the letter's code decides on, with the label of its first line."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from casewright.notes.classify import CLASSES
from casewright.notes.classify_features import Piece
from casewright.notes.decision import Decision, Names
from casewright.notes.owner import decide
from casewright.notes.place import heard, pieces_of
from casewright.notes.read import Entry, read_entries

_OF_SECTION = {"your_actions": 0, "our_actions": 1}
_OF_OWNER = {"client": 2, "adviser": 3, "third_party": 4}


@dataclass(frozen=True, slots=True)
class Lesson:
    """One meeting: its pieces, the rules' word on each, and each one's place in ``CLASSES``."""

    pieces: tuple[Piece, ...]
    rules: tuple[Decision, ...]
    labels: tuple[int, ...]
    owners: tuple[str | None, ...]
    names: Names
    hand: str
    weight: float = 1.0


def read_cases(path: Path, split: str | None = None) -> list[dict[str, Any]]:
    """The cases of a file; of one split, if it is named."""
    cases = [json.loads(row) for row in path.read_text(encoding="utf-8").splitlines() if row.strip()]
    return [case for case in cases if split is None or case.get("split") == split]


def label_of(entry: Entry, labels: dict[str, Any]) -> Any:
    """What the first labelled line of an entry is labelled as."""
    return next((labels[str(line.number)] for line in entry.lines if str(line.number) in labels), None)


def place_of(section: str, owner: str | None) -> int:
    """The place in ``CLASSES`` of a label: an action is its doer's, whoever else is in it."""
    return _OF_SECTION.get(section, _OF_OWNER.get(owner or "client", 2))


def lesson(case: dict[str, Any], hand: str, weight: float = 1.0) -> Lesson:
    """One case; its withheld and unlabelled lines are left out, as they are in the letter."""
    entries = [
        entry for entry in read_entries(case["notes"])
        if entry.left_out is not None or label_of(entry, case["labels"]) not in (None, "withheld")
    ]  # fmt: skip
    kept = [(entry, piece) for entry, piece in pieces_of(entries) if entry.left_out is None]
    pieces = tuple(heard([piece for _, piece in kept]))
    labels, owners = [], []
    for entry, _ in kept:
        section, owner = label_of(entry, case["labels"]), label_of(entry, case.get("owners", {}))
        labels.append(place_of(section, owner))
        owners.append(owner)
    return Lesson(
        pieces,
        tuple(decide(one.text, one.heading) for one in pieces),
        tuple(labels),
        tuple(owners),
        Names.of(case["client_name"], case.get("adviser")),
        hand,
        weight,
    )


def right(lesson: Lesson, at: int, place: int) -> tuple[bool, bool]:
    """Whether a class has a piece's section and its owner."""
    owner, section = CLASSES[place]
    return section == CLASSES[lesson.labels[at]][1], lesson.owners[at] in (None, owner)


def marks(case: dict[str, Any], entries: Sequence[Entry]) -> Iterator[tuple[Entry, str]]:
    """Each labelled entry of a case with its label."""
    for entry in entries:
        label = label_of(entry, case["labels"])
        if label is not None and entry.left_out is None:
            yield entry, label
