"""Keyword search in a case: BM25 by SQLite's FTS5, and chunks that hold identifiers, amounts or dates.

FTS5 scores every chunk that has any of the words, which takes a quarter of a second when most of 100,000
chunks have one of them. Words that nearly every chunk has hardly change the order; so candidates are the
chunks that have one of the rarer words, as many as fit a bound, and the common words only add to their
scores.
"""

from __future__ import annotations

import math
import sqlite3
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from threading import Lock

from casewright.knowledge.records import Scored
from casewright.knowledge.store.index_terms import EVERY, searchable

# Chunks that are scored for one question, roughly; fewer than that in all, and every one that has a word is.
CANDIDATES = 12_000
_MOST_TERMS = 48
_MOST_FEATURES = 64
_COMMON = 500
_KEPT = 20_000


class Frequencies:
    """In how many chunks a word is. Those of common words are kept: they cost most and change least.

    They only choose candidates, so they may be a little out of date; a word that was rare is always counted.
    """

    def __init__(self) -> None:
        self._common: OrderedDict[str, int] = OrderedDict()
        self._guard = Lock()

    def of(self, connection: sqlite3.Connection, term: str) -> int:
        """How many chunks have it."""
        with self._guard:
            if term in self._common:
                self._common.move_to_end(term)
                return self._common[term]
        row = connection.execute("SELECT doc FROM vocabulary WHERE term = ?", (term,)).fetchone()
        count = int(row[0]) if row else 0
        if count >= _COMMON:
            with self._guard:
                self._common[term] = count
                while len(self._common) > _KEPT:
                    self._common.popitem(last=False)
        return count

    def clear(self) -> None:
        """Forget them."""
        with self._guard:
            self._common.clear()


def by_words(
    connection: sqlite3.Connection, frequencies: Frequencies, terms: Sequence[str], limit: int, size: int
) -> list[Scored]:
    """BM25 over these terms (any of them), best first; ``size`` is how many chunks there are."""
    counts = {
        term: frequencies.of(connection, term) for term in dict.fromkeys(map(searchable, terms)) if term
    }
    # beyond ASCII SQLite may fold a term otherwise than we do, so one that it does not list may be there
    known = {term: count for term, count in counts.items() if count or not term.isascii()}
    expression = expression_of(known, size)
    if not expression or limit <= 0:
        return []
    found = connection.execute(
        "SELECT rowid, rank FROM keyword WHERE keyword MATCH ? ORDER BY rank, rowid LIMIT ?",
        (expression, limit),
    )
    return [Scored(int(chunk), -float(rank)) for chunk, rank in found]


def expression_of(counts: Mapping[str, int], size: int, candidates: int = CANDIDATES) -> str:
    """The question to FTS5 for words and how many chunks have each; empty where there are no words."""
    rare = sorted(counts, key=lambda term: (counts[term], term))[:_MOST_TERMS]
    if sum(counts[term] for term in rare) <= candidates:
        return _any(rare)
    chosen: list[str] = []
    held = 0
    for term in rare:
        if held + counts[term] > candidates:
            break
        chosen.append(term)
        held += counts[term]
    if chosen:
        needed = f"({_any(chosen)})"
    else:
        # even the rarest is common: chunks with several of the words at once are the best anyway
        expected = float(size)
        for term in rare:
            chosen.append(term)
            expected *= counts[term] / max(size, 1)
            if expected <= candidates:
                break
        needed = " AND ".join(map(_quoted, chosen))
    rest = rare[len(chosen) :]
    return f"{needed} AND ({_any([EVERY, *rest])})" if rest else needed


def by_features(
    connection: sqlite3.Connection, features: Sequence[str], limit: int, size: int
) -> list[Scored]:
    """Chunks with these features; each adds the more, the fewer chunks have it."""
    scores: dict[int, float] = {}
    for feature in list(dict.fromkeys(features))[:_MOST_FEATURES]:
        found = connection.execute(
            "SELECT f.chunk FROM features f JOIN shown s ON s.chunk = f.chunk WHERE f.feature = ?", (feature,)
        ).fetchall()
        worth = math.log1p(size / len(found)) if found else 0.0
        for (chunk,) in found:
            scores[chunk] = scores.get(chunk, 0.0) + worth
    best = sorted(scores.items(), key=lambda item: (-item[1], item[0]))[: max(limit, 0)]
    return [Scored(chunk, score) for chunk, score in best]


def _any(terms: Sequence[str]) -> str:
    return " OR ".join(map(_quoted, terms))


def _quoted(term: str) -> str:
    return f'"{term}"'
