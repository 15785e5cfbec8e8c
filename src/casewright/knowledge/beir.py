"""Test collections for search in BEIR's format: documents, queries, and which is relevant to which.

``corpus.jsonl`` has ``{"_id", "title", "text"}`` a line, ``queries.jsonl`` ``{"_id", "text"}``, and
``qrels.tsv`` ``query-id<TAB>corpus-id<TAB>score`` under a header. Other keys are allowed and not read. A line
that is not so is an error that names the file and the line: a set that was read in part would be measured
wrong.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from casewright.errors import UsageError

_COLUMNS = 3
_HEADER = "query-id<TAB>corpus-id<TAB>score"


@dataclass(frozen=True, slots=True)
class Document:
    """One document of the corpus; ``title`` may be empty."""

    id: str
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Query:
    """One query."""

    id: str
    text: str


@dataclass(frozen=True, slots=True)
class Collection:
    """``relevant[query id][document id]`` is the grade, above 0: what is judged 0 or less is not relevant."""

    documents: tuple[Document, ...]
    queries: tuple[Query, ...]
    relevant: dict[str, dict[str, int]]
    judgements: int

    @property
    def judged(self) -> tuple[Query, ...]:
        """The queries that have something relevant."""
        return tuple(query for query in self.queries if self.relevant.get(query.id))


def read_collection(corpus: Path, queries: Path, qrels: Path) -> Collection:
    """Read the three files.

    Raises:
        UsageError: one cannot be read, a line is malformed or an id comes twice.
    """
    documents = tuple(
        Document(key, _text(record, "title", where, needed=False), _text(record, "text", where))
        for key, record, where in _records(corpus)
    )
    asked = tuple(Query(key, _text(record, "text", where)) for key, record, where in _records(queries))
    for found, path in ((documents, corpus), (asked, queries)):
        if not found:
            raise UsageError(f"{path} has not one line", hint='give {"_id": …, "text": …}, one a line')
    relevant, judgements = _judgements(qrels)
    return Collection(documents, asked, relevant, judgements)


def _judgements(path: Path) -> tuple[dict[str, dict[str, int]], int]:
    relevant: dict[str, dict[str, int]] = {}
    seen: set[tuple[str, str]] = set()
    for number, line in _lines(path):
        where = f"{path}:{number}"
        cells = [cell.strip() for cell in line.split("\t")]
        if len(cells) != _COLUMNS or not all(cells):
            raise UsageError(f"{where}: {len(cells)} columns of 3", hint=f"give {_HEADER}")
        query, document, grade = cells
        if not seen and not relevant and not _whole(grade) and number == 1:
            continue  # the header
        if not _whole(grade):
            raise UsageError(f"{where}: the score {grade!r} is no whole number", hint=f"give {_HEADER}")
        if (query, document) in seen:
            raise UsageError(f"{where}: {query} and {document} are judged twice", hint="leave one of them")
        seen.add((query, document))
        if int(grade) > 0:
            relevant.setdefault(query, {})[document] = int(grade)
    if not seen:
        raise UsageError(f"{path} has no judgement", hint=f"give {_HEADER}, one a line")
    return relevant, len(seen)


def _whole(cell: str) -> bool:
    digits = cell.removeprefix("-")
    return digits.isascii() and digits.isdecimal() and len(digits) < 10


def _records(path: Path) -> Iterator[tuple[str, dict[str, Any], str]]:
    """Each line's id, its object, and where it stands."""
    seen: set[str] = set()
    for number, line in _lines(path):
        where = f"{path}:{number}"
        try:
            record = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise UsageError(f"{where}: no JSON: {error}", hint="give one JSON object a line") from error
        if not isinstance(record, dict):
            raise UsageError(f"{where}: JSON, but no object", hint='give {"_id": …, "text": …}')
        key = _id(record, where)
        if key in seen:
            raise UsageError(f'{where}: the _id "{key}" comes twice', hint="give each its own")
        seen.add(key)
        yield key, record, where


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    """The lines with their numbers, without empty ones."""
    number = 0
    try:
        with path.open("rb") as file:
            for number, raw in enumerate(file, 1):
                line = raw.decode("utf-8-sig" if number == 1 else "utf-8").strip("\r\n")
                if line.strip():
                    yield number, line
    except UnicodeDecodeError as error:
        raise UsageError(f"{path}:{number}: not UTF-8", hint="save it as UTF-8") from error
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}", hint="name a file") from error


def _id(record: dict[str, Any], where: str) -> str:
    found = record.get("_id")
    if isinstance(found, int) and not isinstance(found, bool):
        found = str(found)
    if not isinstance(found, str) or not found.strip() or "\t" in found:
        raise UsageError(f'{where}: "_id" is missing, or is no text', hint='give {"_id": "d1", …}')
    return found.strip()


def _text(record: dict[str, Any], key: str, where: str, *, needed: bool = True) -> str:
    found = record.get(key)
    if found is None and not needed:
        return ""
    if not isinstance(found, str):
        raise UsageError(f'{where}: "{key}" is missing, or is no text', hint=f'give {{"{key}": "…", …}}')
    return found
