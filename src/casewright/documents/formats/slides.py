"""PPTX: every slide a page; its title, then what stands on it from top to bottom, then its notes.

The parts are read here rather than through python-pptx, which opens no slide shows or templates, keeps every
picture in memory, and leaves out what stands in alternate content.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from casewright.documents.blocks import Block, Found, Opened, Page, text_block
from casewright.documents.detect import Kind
from casewright.documents.formats.archive import Package, opened
from casewright.documents.formats.flow import Cells, page_of
from casewright.documents.formats.ooxml import RELATION, Relation, ignored, main_part, properties, relations
from casewright.documents.formats.slide_walk import Places, Walker, paragraph_text, placeholder
from casewright.documents.formats.xml import part
from casewright.documents.limits import DocumentLimits
from casewright.documents.options import ReadOptions
from casewright.errors import DocumentTooLarge

_P = "{http://schemas.openxmlformats.org/presentationml/2006/main}"
_A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"


def read(path: Path, kind: Kind, limits: DocumentLimits, options: ReadOptions) -> Iterator[Found]:
    """The slides in the order in which they are shown, hidden ones too.

    Raises:
        UnreadableDocument: it is damaged.
        EncryptedDocument: it asks for a password.
        DocumentTooLarge: it unpacks to, or has more slides than, the limits allow.
    """
    del options
    with opened(path, kind.name, limits) as package:
        name = main_part(package)
        root = part(package, name)
        related = relations(package, name)
        identities = [one.get(RELATION + "id") or "" for one in root.iter(_P + "sldId")]
        slides = [related[one].target for one in identities if one in related]
        if len(slides) > limits.pages:
            raise DocumentTooLarge(
                f"the file has {len(slides)} slides, {limits.pages} are read",
                hint="split it and send its parts",
            )
        yield Opened(kind.media_type, len(identities), properties(package), ignored(package))
        cells = Cells(limits)
        for slide in slides:
            if slide in package.names:
                yield _page(package, slide, cells)


def _page(package: Package, name: str, cells: Cells) -> Page:
    root = part(package, name)
    related = relations(package, name)
    walker = Walker(_places(package, related), cells)
    blocks = list(walker.slide(root))
    blocks += _notes(package, related)
    blocks += _comments(package, related)
    warnings: list[str] = []
    if root.get("show") in ("0", "false"):
        warnings.append("this slide is hidden; it was read")
    if walker.figures:
        warnings.append(f"pictures and drawings on this slide were not read: {walker.figures}")
    return page_of(blocks, warnings=warnings)


def _places(package: Package, related: dict[str, Relation]) -> Places:
    """Where the layout, and the master behind it, put what a slide does not place itself."""
    roots = []
    for kind in ("slideLayout", "slideMaster"):
        target = next((one.target for one in related.values() if one.kind == kind), "")
        root = part(package, target)
        if root is None:
            break
        roots.append(root)
        related = relations(package, target)
    return Places(roots)


def _notes(package: Package, related: dict[str, Relation]) -> Iterator[Block]:
    for relation in related.values():
        root = part(package, relation.target) if relation.kind == "notesSlide" else None
        for shape in () if root is None else root.iter(_P + "sp"):
            body = shape.find(_P + "txBody")
            if body is None or placeholder(shape)[0] != "body":
                continue
            words = "\n".join(paragraph_text(one) for one in body.findall(_A + "p")).strip()
            if words:
                yield text_block("paragraph", f"Notes: {words}")


def _comments(package: Package, related: dict[str, Relation]) -> Iterator[Block]:
    for relation in related.values():
        root = part(package, relation.target) if relation.kind == "comments" else None
        for comment in () if root is None else root.iter("{*}cm"):
            said = [one.text or "" for one in comment.findall("{*}text")]
            said += [one.text or "" for one in comment.iter(_A + "t")]
            if words := " ".join("".join(said).split()):
                yield text_block("paragraph", f"Comment: {words}")
