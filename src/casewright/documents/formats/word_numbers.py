"""The numbers of a Word file's lists and headings, counted as Word counts them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
MAX_LEVEL = 8
_PLACE = re.compile(r"%([1-9])")
_ROMAN = ((1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"), (40, "xl"))
_ROMAN_ONES = ((10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i"))


def value(element: Any) -> str | None:
    """An element's ``w:val``; None where there is no element."""
    return None if element is None else element.get(W + "val")


def whole(said: str | None, otherwise: int) -> int:
    """A whole number as XML states it, if it is one and not absurd."""
    return (
        int(said) if said is not None and said.isascii() and said.isdecimal() and len(said) < 7 else otherwise
    )


@dataclass(frozen=True, slots=True)
class Level:
    """``shape`` is how a number is written, ``text`` what stands around it (``%1.%2``)."""

    shape: str
    text: str
    start: int
    decimal: bool


@dataclass(frozen=True, slots=True)
class Label:
    """``number`` where a list of Markdown can count the same; else ``text`` is the label as Word shows it."""

    number: int | None
    text: str


@dataclass(slots=True)
class _List:
    levels: dict[int, Level]
    counts: dict[int, int] = field(default_factory=dict)


class Numbers:
    """The lists of one file, with where each has got to. Lists that share a definition go on counting."""

    def __init__(self, root: Any) -> None:
        self._lists: dict[str, _List] = {}
        self._used: dict[str, tuple[str, dict[int, int]]] = {}
        self._begun: set[str] = set()
        if root is None:
            return
        for one in root.findall(W + "abstractNum"):
            self._lists[one.get(W + "abstractNumId") or ""] = _List(_levels(one))
        for one in root.findall(W + "num"):
            name = value(one.find(W + "abstractNumId")) or ""
            again = {
                whole(over.get(W + "ilvl"), 0): whole(value(over.find(W + "startOverride")), 1)
                for over in one.findall(W + "lvlOverride")
                if over.find(W + "startOverride") is not None
            }
            self._used[one.get(W + "numId") or ""] = (name, again)

    def next(self, identity: str, depth: int) -> Label:
        """The label of the next paragraph of list ``identity`` at level ``depth``."""
        name, again = self._used.get(identity, ("", {}))
        counted = self._lists.get(name)
        level = counted.levels.get(depth) if counted is not None else None
        if counted is None or level is None:
            return Label(None, "")
        if again and identity not in self._begun:
            for deep, start in again.items():
                counted.counts[deep] = start - 1
        self._begun.add(identity)
        counted.counts[depth] = counted.counts.get(depth, level.start - 1) + 1
        for deeper in range(depth + 1, MAX_LEVEL + 1):
            counted.counts.pop(deeper, None)
        if level.shape in ("bullet", "none"):
            return Label(None, "")
        if level.shape == "decimal" and level.text == f"%{depth + 1}.":
            return Label(counted.counts[depth], "")
        return Label(None, _shown(level, counted))


def _levels(abstract: Any) -> dict[int, Level]:
    found: dict[int, Level] = {}
    for one in abstract.findall(W + "lvl"):
        depth = whole(one.get(W + "ilvl"), 0)
        text = value(one.find(W + "lvlText"))
        found[depth] = Level(
            value(one.find(W + "numFmt")) or "decimal",
            f"%{depth + 1}." if text is None else text[:60],
            whole(value(one.find(W + "start")), 0),
            one.find(W + "isLgl") is not None,
        )
    return found


def _shown(level: Level, counted: _List) -> str:
    def put(match: re.Match[str]) -> str:
        depth = int(match[1]) - 1
        other = counted.levels.get(depth)
        if other is None:
            return ""
        count = counted.counts.get(depth, other.start)
        return written(count, "decimal" if level.decimal else other.shape)

    return _PLACE.sub(put, level.text).strip()


def written(count: int, shape: str) -> str:
    """A number in one of Word's shapes; a shape that is not known here is written in digits."""
    if shape in ("lowerLetter", "upperLetter") and count > 0:
        letter = chr(ord("a") + (count - 1) % 26) * min(10, (count - 1) // 26 + 1)
        return letter if shape == "lowerLetter" else letter.upper()
    if shape in ("lowerRoman", "upperRoman") and 0 < count < 4000:
        said = ""
        for size, word in (*_ROMAN, *_ROMAN_ONES):
            said += word * (count // size)
            count %= size
        return said if shape == "lowerRoman" else said.upper()
    return f"{count:02d}" if shape == "decimalZero" else str(count)
