"""Sentences written by hand beside their lines, as notes for benchmarks/notes_lies.py.

``paraphrases.jsonl`` has true sentences, ``lies.jsonl`` one that is not so, each with its lines. A case is a
lie's lines among those of a few true ones, so that a model that lies once is otherwise worth believing.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

from casewright.api.notes import Fact
from casewright.api.notes_evaluation import NotesCase
from notes_lie_kinds import Lie

DATA = Path(__file__).parent / "data" / "notes"
BESIDE = 4
_DAYS = re.compile(
    r"day\b|\d[/.]\d|tomorrow|tmrw|yesterday|\b(?:mon|tues?|wed|thurs?|fri|sat|sun|week|month|year|jan|feb|mar|apr|may"
    r"|jun|jul|aug|sep|oct|nov|dec)",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Pair:
    """Notes, the true sentences about them with their lines, and the one that is a lie."""

    kind: str
    case: NotesCase
    truths: tuple[tuple[Fact, str], ...]
    place: int = -1
    lie: Lie | None = None


def pairs(seed: int) -> Iterator[Pair]:
    """One for each written lie."""
    truths = _rows(DATA / "paraphrases.jsonl")
    for row in _rows(DATA / "lies.jsonl"):
        rng = random.Random(f"{seed} {row['id']}")
        chosen = rng.sample([one for one in truths if _fits(one, row)], BESIDE)
        place = rng.randrange(BESIDE + 1)
        chosen.insert(place, row)
        yield _pair(row, chosen, place)


def _rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip()]


def _fits(truth: dict[str, Any], lie: dict[str, Any]) -> bool:
    """A day must be counted from the meeting it was written for, and a name must be the client's."""
    words = " ".join([*truth["lines"], truth["sentence"]])
    other = set(truth["client_name"].split()) & set(words.split())
    same = truth.get("meeting_date") == lie.get("meeting_date")
    return not other and (same or not _DAYS.search(words))


def all_true() -> Iterator[Pair]:
    """The true sentences alone, some of one meeting together."""
    meetings: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for row in _rows(DATA / "paraphrases.jsonl"):
        key = (row["client_name"], row.get("meeting_date") or "", row.get("adviser") or "")
        meetings.setdefault(key, []).append(row)
    for rows in meetings.values():
        for first in range(0, len(rows), BESIDE + 1):
            chosen = rows[first : first + BESIDE + 1]
            pair = _pair(chosen[0], chosen, 0)
            yield replace(pair, place=-1, lie=None)


def _pair(row: dict[str, Any], chosen: list[dict[str, Any]], place: int) -> Pair:
    lines: list[str] = []
    truths: list[tuple[Fact, str]] = []
    for one in chosen:
        numbers = tuple(range(len(lines) + 1, len(lines) + 1 + len(one["lines"])))
        lines += [f"- {text}" for text in one["lines"]]
        fact = Fact(
            id=f"a{len(truths) + 1}",
            text=" ".join(one["lines"]),
            section=one["section"],
            lines=numbers,
            owner=one["owner"],
            sure=True,
        )
        truths.append((fact, one["sentence"]))
    day = row.get("meeting_date")
    case = NotesCase(
        id=row["id"],
        notes="\n".join(lines),
        client_name=row["client_name"],
        adviser=row.get("adviser"),
        meeting_date=date.fromisoformat(day) if day else None,
    )
    return Pair(
        row.get("kind", "none"),
        case,
        tuple(truths),
        place,
        Lie(row["sentence"], row["section"], row["owner"]),
    )
