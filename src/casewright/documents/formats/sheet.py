"""XLSX: every sheet a page of tables, with the values that were stored when it was saved.

The parts are streamed here rather than through openpyxl, which makes binary floats of numbers (an amount is
to come through digit for digit), fills rows up to whatever size a sheet claims, and does not say what is
hidden when it streams. Formulas are never calculated.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from casewright.documents.blocks import Block, Found, Noted, Opened, Page, text_block
from casewright.documents.formats.archive import Package, opened
from casewright.documents.formats.flow import BLANK
from casewright.documents.formats.grid import Grids
from casewright.documents.formats.kinds import Kind
from casewright.documents.formats.ooxml import RELATION, ignored, main_part, properties, relations
from casewright.documents.formats.sheet_cells import Book, Seen, fill
from casewright.documents.formats.xml import part
from casewright.documents.limits import DocumentLimits
from casewright.documents.options import ReadOptions
from casewright.errors import DocumentTooLarge

_DRAWN = "{http://schemas.openxmlformats.org/drawingml/2006/main}"


def read(path: Path, kind: Kind, limits: DocumentLimits, options: ReadOptions) -> Iterator[Found]:
    """The sheets in their order, hidden ones too.

    Raises:
        UnreadableDocument: it is damaged.
        EncryptedDocument: it asks for a password.
        DocumentTooLarge: it unpacks to, or has more sheets than, the limits allow.
    """
    del options
    with opened(path, kind.name, limits) as package:
        name = main_part(package)
        root = part(package, name)
        related = relations(package, name)
        sheets = root.findall("{*}sheets/{*}sheet")
        if len(sheets) > limits.pages:
            raise DocumentTooLarge(
                f"the file has {len(sheets)} sheets, {limits.pages} are read",
                hint="split it and send its parts",
            )
        yield Opened(kind.media_type, len(sheets), properties(package), ignored(package))
        book = Book.of(package, root, {one.kind: one.target for one in related.values()}, limits)
        grids = Grids(limits)
        for sheet in sheets:
            relation = related.get(sheet.get(RELATION + "id") or "")
            target = relation.target if relation is not None and relation.kind == "worksheet" else ""
            yield _page(package, sheet, target, book, grids)
        for warning in grids.cut:
            yield Noted(warning, lost=True)


def _page(package: Package, sheet: Any, target: str, book: Book, grids: Grids) -> Page:
    name = " ".join((sheet.get("name") or "").split())
    head = text_block("heading", name, level=1)
    if target not in package.names:
        return Page(
            (head, Block("figure")),
            "none",
            warnings=("this sheet is a chart, which was not read",),
            unread=True,
        )
    grid = grids.sheet(f"the sheet {name[:60]}")
    seen = Seen()
    fill(package, target, book, grid, seen)
    blocks = [*grid.blocks(), *_beside(package, target)]
    warnings = list(seen.warnings())
    grids.cut += seen.lost(f"the sheet {name[:60]}")
    if (sheet.get("state") or "visible") != "visible":
        warnings.insert(0, "this sheet is hidden; it was read")
    figures = sum(block.kind == "figure" for block in blocks)
    if figures:
        warnings.append(f"pictures on this sheet were not read: {figures}")
    if len(blocks) > figures:
        return Page((head, *blocks), "text", warnings=tuple(warnings))
    return Page(
        (head, *blocks), "none", warnings=(*warnings, *(() if figures else (BLANK,))), unread=figures > 0
    )


def _beside(package: Package, target: str) -> Iterator[Block]:
    """What lies over a sheet or hangs on its cells: text boxes, pictures, comments."""
    for relation in relations(package, target).values():
        if relation.kind == "drawing":
            root = part(package, relation.target)
            for body in () if root is None else root.iter("{*}txBody"):
                lines = (
                    "".join(run.text or "" for run in line.iter(_DRAWN + "t"))
                    for line in body.iter(_DRAWN + "p")
                )
                block = text_block("paragraph", "\n".join(lines))
                if block.pieces:
                    yield block
            for _ in () if root is None else root.iter("{*}pic"):
                yield Block("figure")
        elif relation.kind == "comments":
            root = part(package, relation.target)
            for comment in () if root is None else root.iter("{*}comment"):
                words = "".join(run.text or "" for run in comment.iter("{*}t"))
                if words.strip():
                    yield text_block("paragraph", f"Comment on {(comment.get('ref') or '')[:20]}: {words}")
