"""Running headers and footers: what stands at the same place of many pages, but for its numbers."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace

from casewright.api.documents import BlockKind
from casewright.documents.blocks import Block, Page

# Headers stand within so much of the page's height from its edges.
EDGE_SHARE = 0.14
# At the same place: their height on the page differs by no more than this share of it.
SAME_PLACE = 0.02
MIN_PAGES = 2
MOST = 0.5
MAX_CHARS = 200
_DIGITS = re.compile(r"\d+")
_ROMAN = re.compile(r"[ivxlcdm]+", re.IGNORECASE)
_PAGE_NUMBER = re.compile(
    r"(?:page|seite|p\.?|s\.)?\s*[-–—(]?\s*(?:\d{1,4}|[ivxl]{1,6})\s*[-–—)]?(?:\s*(?:of|von|/|de)\s*\d{1,4})?\.?",
    re.IGNORECASE,
)

_Spot = tuple[int, int]


def mark_furniture(pages: Sequence[Page]) -> Sequence[Page]:
    """The same pages, their running headers and footers as blocks of those kinds; no text goes.

    A block is one where a block of the same words (numbers aside) stands at the same height of the next page
    or the one after it (left and right pages may differ), or where it is nothing but a page's number.
    """
    spots: dict[str, list[tuple[_Spot, float, str]]] = defaultdict(list)
    numbers: list[tuple[_Spot, str]] = []
    for page_number, page in enumerate(pages):
        for block_number, kind in _edges(page):
            block = page.blocks[block_number]
            text = _text(block)
            place = _place(block, page)
            spot = (page_number, block_number)
            spots[kind + _like(text)].append((spot, place, kind))
            if _PAGE_NUMBER.fullmatch(text) and len(pages) > 1:
                numbers.append((spot, kind))
    marked: dict[_Spot, BlockKind] = {}
    for found in spots.values():
        for spot, kind in _repeated(found, len(pages)):
            marked[spot] = kind
    if len({page for (page, _), _ in numbers}) >= max(MIN_PAGES, MOST * len(pages) / 2):
        marked.update({spot: _kind(kind) for spot, kind in numbers})
    if not marked:
        return pages
    touched = {page for page, _ in marked}
    return [
        _with_marks(page, number, marked) if number in touched else page for number, page in enumerate(pages)
    ]


def _edges(page: Page) -> list[tuple[int, str]]:
    """Blocks that stand at the page's upper or lower edge, each with what it would be."""
    if not page.height:
        return []
    found = []
    for number, block in enumerate(page.blocks):
        if (
            block.box is None
            or block.kind in ("table", "figure")
            or block.kept
            or len(_text(block)) > MAX_CHARS
        ):
            continue
        if block.box.y1 <= EDGE_SHARE * page.height:
            found.append((number, "header"))
        elif block.box.y0 >= (1 - EDGE_SHARE) * page.height:
            found.append((number, "footer"))
    return found


def _repeated(found: Sequence[tuple[_Spot, float, str]], pages: int) -> list[tuple[_Spot, BlockKind]]:
    """Those of a text's spots that have another at the same height on enough pages near."""
    kept: list[tuple[_Spot, BlockKind]] = []
    for spot, place, kind in found:
        same = {other[0] for other, height, _ in found if abs(height - place) <= SAME_PLACE}
        near = any(abs(page - spot[0]) in (1, 2) for page in same)
        # on two pages out of many it may be a form's own words; all pages of a short file may have it
        enough = len(same) >= MIN_PAGES and (len(same) >= 3 or pages <= 3)
        if near and enough:
            kept.append((spot, _kind(kind)))
    return kept


def _kind(name: str) -> BlockKind:
    return "header" if name == "header" else "footer"


def _with_marks(page: Page, number: int, marked: Mapping[_Spot, BlockKind]) -> Page:
    blocks = [
        replace(block, kind=marked[number, at], level=0, number=None) if (number, at) in marked else block
        for at, block in enumerate(page.blocks)
    ]
    return replace(page, blocks=tuple(blocks))


def _text(block: Block) -> str:
    return " ".join(piece.text for piece in block.pieces).strip()


def _like(text: str) -> str:
    """The text with its numbers alike; a lone Roman number is one too."""
    if _ROMAN.fullmatch(text):
        return "#"
    return _DIGITS.sub("#", text.lower())


def _place(block: Block, page: Page) -> float:
    assert block.box is not None
    assert page.height
    middle = (block.box.y0 + block.box.y1) / 2
    return middle / page.height
