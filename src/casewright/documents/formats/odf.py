"""OpenDocument: texts (ODT) as one page, spreadsheets (ODS) and presentations (ODP) page by page."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from casewright.documents.blocks import Block, Found, Noted, Opened, Page, text_block
from casewright.documents.detect import Kind
from casewright.documents.formats.archive import Package, damaged, opened
from casewright.documents.formats.flow import BLANK, page_of, pictures_unread
from casewright.documents.formats.grid import Grids
from casewright.documents.formats.kinds import ODP, ODS
from casewright.documents.formats.odf_sheet import fill
from casewright.documents.formats.odf_walk import DRAW, OFFICE, PRESENTATION, STYLE, TABLE, Walker, place
from casewright.documents.formats.ooxml import stated
from casewright.documents.formats.xml import part
from casewright.documents.limits import DocumentLimits
from casewright.documents.options import ReadOptions
from casewright.errors import DocumentTooLarge

_DC = "{http://purl.org/dc/elements/1.1/}"
_META = "{urn:oasis:names:tc:opendocument:xmlns:meta:1.0}"
_PROPERTIES = (
    (_DC + "title", "title"),
    (_DC + "subject", "subject"),
    (_META + "initial-creator", "author"),
    (_DC + "creator", "last_modified_by"),
    (_META + "keyword", "keywords"),
    (_DC + "description", "description"),
    (_DC + "language", "language"),
    (_META + "creation-date", "created"),
    (_DC + "date", "modified"),
)
_HEADERS = tuple(STYLE + name for name in ("header", "header-first", "header-left"))
_FOOTERS = tuple(STYLE + name for name in ("footer", "footer-first", "footer-left"))


def read(path: Path, kind: Kind, limits: DocumentLimits, options: ReadOptions) -> Iterator[Found]:
    """The text, sheets or slides.

    Raises:
        UnreadableDocument: it is damaged.
        EncryptedDocument: it asks for a password.
        DocumentTooLarge: it unpacks to, or has more pages than, the limits allow.
    """
    del options
    with opened(path, kind.name, limits) as package:
        content = part(package, "content.xml")
        styles = part(package, "styles.xml")
        meta = part(package, "meta.xml")
        metadata = () if meta is None else tuple(stated(meta, _PROPERTIES))
        body = content.find(OFFICE + "body")
        if body is None or not len(body):
            raise damaged(kind.name)
        first = Opened(kind.media_type, 1, metadata, _macros(package))
        if kind is ODS:
            yield from _sheets(body[0], content, first, limits)
        elif kind is ODP:
            yield from _slides(body[0], content, first, limits)
        else:
            yield from _text(body[0], (content, styles), first, limits)


def _text(inside: Any, roots: tuple[Any, Any], first: Opened, limits: DocumentLimits) -> Iterator[Found]:
    walker = Walker(roots, limits)
    headers = list(_margins(roots[1], _HEADERS, "header", walker))
    blocks = list(walker.blocks(inside))
    footers = list(_margins(roots[1], _FOOTERS, "footer", walker))
    said = (*first.warnings, *walker.warnings(), *pictures_unread(walker.figures))
    yield replace(first, warnings=said)
    yield page_of([*headers, *blocks, *walker.notes, *footers])


def _macros(package: Package) -> tuple[str, ...]:
    there = any(name.startswith(("Basic/", "Scripts/")) and not name.endswith("/") for name in package.names)
    return ("macros are in this file; they were ignored",) if there else ()


def _margins(styles: Any, tags: tuple[str, ...], which: Any, walker: Walker) -> Iterator[Block]:
    """The headers (or footers) of all page styles, each text once."""
    seen: set[tuple[str, ...]] = set()
    for element in () if styles is None else styles.iter(*tags):
        for block in walker.blocks(element):
            cells = tuple(piece for row in block.rows for one in row for piece in one)
            text = tuple(piece.text for piece in (*block.pieces, *cells))
            if text and text not in seen:
                seen.add(text)
                yield Block(which, block.pieces + cells)


def _bounded(found: list[Any], limits: DocumentLimits, what: str) -> list[Any]:
    if len(found) > limits.pages:
        raise DocumentTooLarge(
            f"the file has {len(found)} {what}, {limits.pages} are read", hint="split it and send its parts"
        )
    return found


def _sheets(inside: Any, content: Any, first: Opened, limits: DocumentLimits) -> Iterator[Found]:
    sheets = _bounded(inside.findall(TABLE + "table"), limits, "sheets")
    yield replace(first, pages=len(sheets))
    hidden = {
        style.get(STYLE + "name")
        for style in content.iter(STYLE + "style")
        if any(one.get(TABLE + "display") == "false" for one in style.findall(STYLE + "table-properties"))
    }
    grids = Grids(limits)
    for sheet in sheets:
        name = " ".join((sheet.get(TABLE + "name") or "").split())
        grid = grids.sheet(f"the sheet {name[:60]}")
        seen = fill(sheet, grid, limits)
        blocks = grid.blocks()
        warnings = list(seen)
        if sheet.get(TABLE + "style-name") in hidden:
            warnings.insert(0, "this sheet is hidden; it was read")
        figures = sum(1 for _ in sheet.iter(DRAW + "image", DRAW + "object"))
        if figures:
            warnings.append(f"pictures and charts on this sheet were not read: {figures}")
        head = text_block("heading", name, level=1)
        if blocks:
            yield Page((head, *blocks), "text", warnings=tuple(warnings))
        else:
            said = () if figures else (BLANK,)
            yield Page((head,), "none", warnings=(*warnings, *said), unread=figures > 0)
    for warning in grids.cut:
        yield Noted(warning, lost=True)


def _slides(inside: Any, content: Any, first: Opened, limits: DocumentLimits) -> Iterator[Found]:
    slides = _bounded(inside.findall(DRAW + "page"), limits, "slides")
    yield replace(first, pages=len(slides))
    hidden = {
        style.get(STYLE + "name")
        for style in content.iter(STYLE + "style")
        if any(
            one.get(PRESENTATION + "visibility") == "hidden"
            for one in style.findall(STYLE + "drawing-page-properties")
        )
    }
    for slide in slides:
        walker = Walker((content,), limits)
        blocks: list[Block] = []
        for shape in sorted((one for one in slide if one.tag != PRESENTATION + "notes"), key=place):
            blocks += walker.shape(shape)
        notes = slide.find(PRESENTATION + "notes")
        if notes is not None:
            said = [
                piece.text
                for frame in notes.iter(DRAW + "frame")
                if frame.get(PRESENTATION + "class") == "notes"
                for block in walker.shape(frame)
                for piece in block.pieces
            ]
            if said:
                blocks.append(text_block("paragraph", "Notes: " + "\n".join(said)))
        warnings = ["this slide is hidden; it was read"] if slide.get(DRAW + "style-name") in hidden else []
        if walker.figures:
            warnings.append(f"pictures and drawings on this slide were not read: {walker.figures}")
        yield page_of([*blocks, *walker.notes], warnings=[*warnings, *walker.warnings()])
