"""The tree that is drawn is the tree that is."""

from __future__ import annotations

import re

import casewright.errors
from casewright.errors import CasewrightError, RequestError, every_error


def test_the_drawing_names_every_error_below_its_parent() -> None:
    drawn: dict[str, str] = {}
    above: list[tuple[int, str]] = []
    for line in (casewright.errors.__doc__ or "").splitlines():
        match = re.match(r"^([\s│├└─]*)([A-Z]\w+)\b(?: {2,}|$)", line)
        if not match or not match[1].startswith("    "):
            continue
        depth = len(match[1])
        while above and above[-1][0] >= depth:
            above.pop()
        if above:
            drawn[match[2]] = above[-1][1]
        above.append((depth, match[2]))
    real = {cls.__name__: cls.__bases__[0].__name__ for cls in every_error().values()}
    del real[CasewrightError.__name__]
    assert drawn == real


def test_kinds_are_unique_and_every_error_is_exported() -> None:
    classes = list(_tree(CasewrightError))
    assert len({cls.kind for cls in classes}) == len(classes)
    assert {cls.__name__ for cls in classes} <= set(casewright.errors.__all__)


def test_statuses_are_errors() -> None:
    assert all(400 <= cls.status < 600 for cls in _tree(RequestError) if issubclass(cls, RequestError))


def _tree(cls: type[CasewrightError]) -> list[type[CasewrightError]]:
    return [cls, *(found for child in cls.__subclasses__() for found in _tree(child))]
