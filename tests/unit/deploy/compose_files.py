"""The compose files and what may stand in them, for the tests beside this file."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped]
from pydantic import AliasChoices

from casewright.settings import Settings
from casewright.stack.description import FILES, PARTS

__all__ = ["FILES", "OURS", "ROOT", "aliases", "code", "defaults", "example", "filled", "load", "services"]

ROOT = Path(__file__).parents[3]
VARIABLE = re.compile(r"\$\{([A-Z][A-Z0-9_]*)(?::-([^${}]*))?\}")
OURS = {
    part.container.service: part.container.target
    for part in PARTS
    if part.container is not None and part.container.target is not None
}


def load(name: str) -> dict[str, Any]:
    """A compose file as YAML reads it: merge keys resolved, variables not."""
    data = yaml.safe_load((ROOT / name).read_text())
    assert isinstance(data, dict)
    return data


def services(name: str) -> dict[str, dict[str, Any]]:
    """The services of a compose file."""
    found = load(name)["services"]
    assert isinstance(found, dict)
    return found


def code(name: str) -> str:
    """A compose file's text without its comments."""
    return re.sub(r"(?m)(^|\s)#.*$", "", (ROOT / name).read_text())


def defaults(text: str) -> dict[str, set[str]]:
    """Every variable of a text and the defaults it is given."""
    found: dict[str, set[str]] = {}
    for variable, default in VARIABLE.findall(text):
        found.setdefault(variable, set()).add(default)
    return found


def filled(text: str) -> str:
    """A text with its variables' defaults in their place, as compose fills them."""
    return VARIABLE.sub(lambda match: match[2] or "", text).replace("$$", "$")


def aliases() -> dict[str, str]:
    """The environment's name of every setting -> the setting."""
    found = {}
    for name, field in Settings.model_fields.items():
        alias = field.validation_alias
        assert isinstance(alias, AliasChoices)
        found[str(alias.choices[0])] = name
    return found


def example() -> dict[str, tuple[str, bool]]:
    """The variables of .env.example: value, and whether the line is in force (not a comment)."""
    found = {}
    for line in (ROOT / ".env.example").read_text().splitlines():
        match = re.fullmatch(r"(#?)([A-Z][A-Z0-9_]*)=(\S*)", line)
        if match:
            found[match[2]] = (match[3], not match[1])
        else:
            assert not line or line.startswith("# "), f"neither comment nor variable: {line}"
    return found
