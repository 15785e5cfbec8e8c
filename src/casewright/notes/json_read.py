"""A model's JSON as a list of objects, whatever stands around it or is missing at its end.

Models put code fences and thoughts around JSON, commas behind the last item, and stop in the middle. What is
whole is read; nothing is guessed: half an object is no object.
"""

from __future__ import annotations

import json
import re
from typing import Any

_THOUGHT = re.compile(r"<think>.*?(?:</think>|\Z)", re.DOTALL | re.IGNORECASE)
# A string or a comma that ends a list: the string is matched first, so that commas in it are left alone.
_LAST_COMMA = re.compile(r'("(?:[^"\\]|\\.)*")|,(?=\s*[}\]])', re.DOTALL)
MOST_CHARS = 200_000
MOST_OBJECTS = 500


def objects(text: str, key: str) -> list[dict[str, Any]] | None:
    """The objects of the list under ``key``, or of the first list; None where there is no such list."""
    said = _THOUGHT.sub("", text[:MOST_CHARS])
    said = _LAST_COMMA.sub(lambda match: match[1] or "", said)
    place = said.find(f'"{key}"')
    start = said.find("[", place + 1 if place >= 0 else 0)
    if start < 0:
        return None
    decoder = json.JSONDecoder()
    found: list[dict[str, Any]] = []
    at = start + 1
    while len(found) < MOST_OBJECTS:
        at = _past_spaces(said, at)
        if not said.startswith("{", at):
            break
        try:
            one, at = decoder.raw_decode(said, at)
        except (ValueError, RecursionError):
            break  # half an object, or none: what came before it stands
        if isinstance(one, dict):
            found.append(one)
    return found


def _past_spaces(text: str, at: int) -> int:
    while at < len(text) and text[at] in " \t\r\n,":
        at += 1
    return at


def words(value: Any) -> str:
    """A text on one line; empty if it is none."""
    return " ".join(value.split()) if isinstance(value, str) else ""


def texts(value: Any) -> tuple[str, ...]:
    """The texts of a list; one text alone counts as a list."""
    if isinstance(value, str):
        value = [value]
    return tuple(one for item in value if (one := words(item))) if isinstance(value, list) else ()


def numbers(value: Any) -> tuple[int, ...]:
    """The whole numbers of a list, also where they are written as text; each once, in order."""
    if not isinstance(value, list):
        value = [value]
    found: dict[int, None] = {}
    for item in value:
        if isinstance(item, bool):
            continue
        if isinstance(item, int):
            found[item] = None
        elif isinstance(item, str) and (digits := re.fullmatch(r"\D{0,10}(\d{1,6})\D{0,3}", item)):
            found[int(digits[1])] = None
    return tuple(found)
