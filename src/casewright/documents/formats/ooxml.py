"""What Word, Excel and PowerPoint files have in common: parts that point at parts, properties, macros."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from casewright.documents.formats.archive import Package, damaged
from casewright.documents.formats.xml import part

RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_CORE = "{http://schemas.openxmlformats.org/package/2006/metadata/core-properties}"
_DC = "{http://purl.org/dc/elements/1.1/}"
_TERMS = "{http://purl.org/dc/terms/}"
_PROPERTIES = (
    (_DC + "title", "title"),
    (_DC + "subject", "subject"),
    (_DC + "creator", "author"),
    (_CORE + "lastModifiedBy", "last_modified_by"),
    (_CORE + "keywords", "keywords"),
    (_DC + "description", "description"),
    (_DC + "language", "language"),
    (_TERMS + "created", "created"),
    (_TERMS + "modified", "modified"),
)
_PROPERTY_CHARS = 1_000


@dataclass(frozen=True, slots=True)
class Relation:
    """``kind`` is the last word of the relation's type; ``target`` a part's name, empty for one outside."""

    kind: str
    target: str


def relations(package: Package, name: str) -> dict[str, Relation]:
    """What the part ``name`` points at, by identifier; for the package itself ``name`` is empty."""
    folder, base = posixpath.split(name)
    root = part(package, posixpath.join(folder, "_rels", f"{base}.rels"))
    found: dict[str, Relation] = {}
    for one in () if root is None else root:
        kind = (one.get("Type") or "").rpartition("/")[2]
        target = one.get("Target") or ""
        outside = (one.get("TargetMode") or "").lower() == "external"
        there = (
            target.lstrip("/")
            if target.startswith("/")
            else posixpath.normpath(posixpath.join(folder, target))
        )
        found[one.get("Id") or ""] = Relation(kind, "" if outside else there)
    return found


def main_part(package: Package) -> str:
    """The name of the part that the document begins with.

    Raises:
        UnreadableDocument: there is none.
    """
    for relation in relations(package, "").values():
        if relation.kind == "officeDocument" and relation.target in package.names:
            return relation.target
    raise damaged(package.what)


def properties(package: Package) -> tuple[tuple[str, str], ...]:
    """Title, author, dates and so on, as far as they are stated."""
    name = next((one.target for one in relations(package, "").values() if one.kind == "core-properties"), "")
    root = part(package, name)
    return () if root is None else tuple(stated(root, _PROPERTIES))


def stated(root: Any, names: tuple[tuple[str, str], ...]) -> Iterator[tuple[str, str]]:
    """The texts of the named elements below ``root``."""
    for tag, name in names:
        element = root.find(f".//{tag}")
        words = " ".join("".join(element.itertext()).split()) if element is not None else ""
        if words:
            yield name, words[:_PROPERTY_CHARS]


def ignored(package: Package) -> tuple[str, ...]:
    """Warnings for what is in the package and is not read."""
    said: list[str] = []
    if any(name.lower().endswith("vbaproject.bin") for name in package.names):
        said.append("macros are in this file; they were ignored")
    embedded = sum("/embeddings/" in name for name in package.names)
    if embedded:
        said.append(f"files inside this file were not opened: {embedded}")
    drawn = sum("/charts/chart" in name or "/diagrams/data" in name for name in package.names)
    if drawn:
        said.append(f"charts and diagrams in this file were not read: {drawn}")
    return tuple(said)
