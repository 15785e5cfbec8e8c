"""DOCX: everything that a reader of the printed pages would see, in the order in which it stands, as blocks.

The parts are read here rather than through python-docx, whose paragraphs leave out what stands in content
controls, tracked insertions and text boxes, which has no notes, and which opens no file with macros. (They
never run: nothing here can.) What stands apart on paper follows the text: footnotes, endnotes, comments.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from casewright.documents.blocks import Block, Found, Noted, Opened, text_block
from casewright.documents.formats.archive import Package, damaged, opened
from casewright.documents.formats.flow import page_of, pictures_unread
from casewright.documents.formats.kinds import Kind
from casewright.documents.formats.ooxml import (
    RELATION,
    Relation,
    ignored,
    main_part,
    properties,
    relations,
)
from casewright.documents.formats.word_numbers import W
from casewright.documents.formats.word_walk import Styles, Walker
from casewright.documents.formats.xml import part
from casewright.documents.limits import DocumentLimits
from casewright.documents.options import ReadOptions


def read(path: Path, kind: Kind, limits: DocumentLimits, options: ReadOptions) -> Iterator[Found]:
    """The whole file as one page: it has none until it is printed.

    Raises:
        UnreadableDocument: it is damaged.
        EncryptedDocument: it asks for a password.
        DocumentTooLarge: it unpacks to, or nests deeper than, the limits allow.
    """
    del options
    with opened(path, kind.name, limits) as package:
        document = _Document.of(package, limits)
        blocks = document.blocks()
        warnings = (
            *ignored(package),
            *document.walker.changes.warnings(),
            *pictures_unread(document.walker.figures),
        )
        yield Opened(kind.media_type, 1, properties(package), warnings)
    yield page_of(blocks)
    inserted = sum(one.kind == "aFChunk" for one in document.relations.values())
    if inserted:
        yield Noted(f"texts in other formats inside this file were not read: {inserted}", lost=True)


@dataclass(slots=True)
class _Document:
    package: Package
    root: Any
    relations: dict[str, Relation]
    walker: Walker

    @classmethod
    def of(cls, package: Package, limits: DocumentLimits) -> _Document:
        name = main_part(package)
        related = relations(package, name)

        def other(kind: str) -> Any:
            target = next((one.target for one in related.values() if one.kind == kind), "")
            return part(package, target)

        walker = Walker(Styles(other("styles")), other("numbering"), limits)
        return cls(package, part(package, name), related, walker)

    def blocks(self) -> list[Block]:
        """Headers, text, notes, comments, footers."""
        body = self.root.find(W + "body")
        if body is None:
            raise damaged(self.package.what)
        headers = self._margins("header")
        text = list(self.walker.blocks(body))
        notes = [*self._notes("footnote"), *self._notes("endnote"), *self._comments()]
        return [*headers, *text, *notes, *self._margins("footer")]

    def _part(self, kind: str) -> Any:
        target = next((one.target for one in self.relations.values() if one.kind == kind), "")
        return part(self.package, target)

    def _margins(self, which: str) -> list[Block]:
        """The headers (or footers) of all sections, each text once."""
        found: dict[tuple[str, ...], Block] = {}
        seen: set[str] = set()
        for reference in self.root.iter(f"{W}{which}Reference"):
            target = self.relations.get(reference.get(RELATION + "id") or "", Relation("", "")).target
            root = None if target in seen else part(self.package, target)
            seen.add(target)
            for block in () if root is None else self.walker.blocks(root):
                plain = _as_margin(block, "header" if which == "header" else "footer")
                found.setdefault(tuple(piece.text for piece in plain.pieces) or (str(len(found)),), plain)
        return list(found.values())

    def _notes(self, which: str) -> Iterator[Block]:
        """Footnotes (or endnotes) under the numbers by which the text refers to them."""
        root = self._part(f"{which}s")
        if root is None:
            return
        by_id = {one.get(W + "id") or "": one for one in root.findall(W + which)}
        referred = self.walker.notes[which]
        for number, identity in enumerate(referred, start=1):
            note = by_id.get(identity)
            if note is not None:
                yield from self._labelled(f"{which.capitalize()} {number}: ", note)

    def _comments(self) -> Iterator[Block]:
        root = self._part("comments")
        for comment in () if root is None else root.findall(W + "comment"):
            who = " ".join((comment.get(W + "author") or "").split())
            when = (comment.get(W + "date") or "")[:10]
            by = f" by {who}" if who else ""
            yield from self._labelled(f"Comment{by}{f' ({when})' if when else ''}: ", comment)

    def _labelled(self, label: str, note: Any) -> Iterator[Block]:
        """A note's paragraphs as one block under its label; its tables follow it."""
        found = list(self.walker.blocks(note))
        words = "\n".join(piece.text for block in found for piece in block.pieces)
        if words or found:
            yield text_block("paragraph", label + words)
        yield from (block for block in found if block.kind in ("table", "figure"))


def _as_margin(block: Block, kind: Any) -> Block:
    if block.kind == "figure":
        return block
    cells = tuple(piece for row in block.rows for cell in row for piece in cell)
    return Block(kind, block.pieces + cells)
