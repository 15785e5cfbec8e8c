"""One page of a PDF, and how it is read: its own text, OCR, or both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import fmean
from typing import Any

from casewright.documents.blocks import Block, Box, Page
from casewright.documents.layout.page import lay_out
from casewright.documents.limits import DocumentLimits
from casewright.documents.options import ReadOptions
from casewright.documents.pdf import pictures, trouble
from casewright.documents.pdf.content import Content, turned_back_block
from casewright.documents.pdf.drawn import Drawn
from casewright.documents.pdf.fields import Added
from casewright.documents.pdf.view import View

BLANK = "this page is blank"
BLANK_OR_LOST = "nothing was found on this page, and the file is damaged: it may not have been blank"
NEVER = "this page would have to be read by OCR, which was switched off"
TOO_MANY = "this page would have to be read by OCR, and as many pages as are allowed were"
TOO_LARGE = "a picture on this page has more pixels than are read, or the page more parts than are drawn"
OTHER_OCR = (
    "the text of this page is invisible under a picture: another program's OCR put it there, unchecked"
)
GARBAGE = "the text that the file holds for this page is not what it shows: it was read by OCR instead"
GARBAGE_KEPT = "the text that the file holds for this page looks wrong, and the page was not read by OCR"
WEAK_KEPT = "the text of this page looks odd; OCR read it with less sense, so it was kept"
WEAK_LEFT = "the text that the file holds for this page looks wrong; what OCR read was taken instead"
HIDDEN = "text that cannot be seen (white, or too small) is on this page and was read too"
UNMAPPED = "some characters of this page have no text behind them and are missing or wrong"
PICTURE_UNREAD = "a picture on this page was not read"
SIDEWAYS = "text that stands sideways or aslant is on this page; it was put after the rest"


@dataclass(slots=True)
class Budget:
    """How many more pages and pictures may be read by OCR; ``refused`` counts those that were not."""

    left: int
    refused: int = 0

    def take(self) -> bool:
        """One of them, if there is one left."""
        if self.left > 0:
            self.left -= 1
            return True
        self.refused += 1
        return False


@dataclass(frozen=True, slots=True)
class Sheet:
    """A page (pypdfium2's) and what is known of it. ``doubtful``: the file is damaged, so nothing is sure."""

    page: Any
    view: View
    drawn: Drawn
    content: Content
    added: Added
    doubtful: bool


def read_sheet(sheet: Sheet, limits: DocumentLimits, options: ReadOptions, budget: Budget) -> Page:
    """The page, read in the way that suits it."""
    content, mode = sheet.content, options.ocr.mode
    text = content.text
    figures = pictures.pictures_on(sheet.drawn, sheet.view) if sheet.drawn.pictures else []
    covered = max((pictures.share_of(box, sheet.view) for box in figures), default=0.0)
    if not content.chars and not sheet.drawn.count and not sheet.added.segments:
        warning = BLANK_OR_LOST if sheet.doubtful else BLANK
        return _made(sheet, (), "none", (warning,), unread=sheet.doubtful)
    doubt = trouble.doubt_of(text) if content.chars else "none"
    visible = content.chars - content.invisible
    scan = covered >= pictures.SCAN_SHARE and content.chars < pictures.SCAN_MAX_CHARS
    if mode == "always" or doubt == "strong" or scan or not (content.chars or sheet.added.segments):
        return _looked_at(sheet, limits, options, budget, garbage=doubt == "strong")
    if doubt == "weak" and mode == "auto":
        return _weighed(sheet, limits, options, budget)
    said = _warnings(sheet)
    if content.invisible > visible and figures:
        return _made(sheet, _text_blocks(sheet, figures), "text", (*said, OTHER_OCR))
    return _with_pictures(sheet, figures, said, limits=limits, options=options, budget=budget)


def _made(
    sheet: Sheet, blocks: Sequence[Block], method: Any, warnings: Sequence[str], *, unread: bool = False
) -> Page:
    view = sheet.view
    return Page(
        tuple(blocks),
        method,
        warnings=tuple(dict.fromkeys(warnings)),
        width=view.width,
        height=view.height,
        unit="pt",
        unread=unread,
    )


def _warnings(sheet: Sheet) -> list[str]:
    content = sheet.content
    said = list(sheet.added.warnings)
    if content.outside:
        said.append(f"text outside the visible part of this page ({content.outside} characters) was left out")
    if content.hidden or (content.invisible and not sheet.drawn.pictures):
        said.append(HIDDEN)
    if trouble.unmapped_share(content.text) > 0:
        said.append(UNMAPPED)
    if any(way.quarters != 0 for way in content.ways) and any(way.quarters == 0 for way in content.ways):
        said.append(SIDEWAYS)
    return said


def _text_blocks(sheet: Sheet, figures: Sequence[Box]) -> list[Block]:
    """The page's own text, laid out; figures where they stand, or last where text stands on them."""
    view, content = sheet.view, sheet.content
    apart = [box for box in figures if not pictures.chars_over(content, box)]
    under = [box for box in figures if box not in apart]
    blocks: list[Block] = []
    added = list(sheet.added.segments)
    ways = content.ways
    if not any(way.quarters == 0 for way in ways):
        blocks += lay_out(
            added, [], width=view.width, height=view.height, exact_sizes=True, placed=_figures(apart)
        )
        added, apart = [], []
    for way in ways:
        sideways = (way.quarters or 0) % 2 == 1
        width, height = (view.height, view.width) if sideways else (view.width, view.height)
        upright = way.quarters == 0
        laid = lay_out(
            [*way.segments, *added] if upright else way.segments,
            way.rules if way.quarters is not None else [],
            width=width,
            height=height,
            exact_sizes=True,
            placed=_figures(apart) if upright else (),
        )
        blocks += laid if upright else [turned_back_block(block, way.quarters or 0, view) for block in laid]
    return blocks + _figures(under)


def _figures(boxes: Sequence[Box]) -> list[Block]:
    return [Block("figure", box=box) for box in boxes]


def _looked_at(
    sheet: Sheet, limits: DocumentLimits, options: ReadOptions, budget: Budget, *, garbage: bool
) -> Page:
    """The page read by OCR; its own text where that cannot be, and is no garbage."""
    figures = pictures.pictures_on(sheet.drawn, sheet.view)
    said = _warnings(sheet)
    reason = NEVER if options.ocr.mode == "never" else "" if budget.take() else TOO_MANY
    rendered = None if reason else pictures.render(sheet.page, sheet.view, sheet.drawn, limits)
    if rendered is None:
        kept = bool(sheet.content.chars or sheet.added.segments)
        said.append(reason or TOO_LARGE)
        said += [GARBAGE_KEPT] if garbage else []
        blocks = _text_blocks(sheet, figures) if kept else _figures(figures)
        return _made(sheet, blocks, "text" if kept else "none", said, unread=True)
    found = pictures.read_whole(rendered, sheet.view, options.ocr)
    if not pictures.words_of(found.blocks) and sheet.content.chars and not garbage:
        return _made(sheet, _text_blocks(sheet, figures), "text", (*said, *found.warnings))
    if found.method == "none" and _only_lines(sheet):
        return _made(sheet, (), "none", (BLANK,))
    added = (*said[: len(sheet.added.warnings)], *((GARBAGE,) if garbage else ()))
    blocks = [*found.blocks, *_figures([box for box in figures if not _is_scan(box, sheet)])]
    return replace(found, blocks=tuple(blocks), warnings=(*found.warnings, *added))


def _is_scan(box: Box, sheet: Sheet) -> bool:
    """Whether a picture is the page itself, not a figure on it."""
    return pictures.share_of(box, sheet.view) >= pictures.SCAN_SHARE


def _only_lines(sheet: Sheet) -> bool:
    return not sheet.drawn.pictures and not sheet.drawn.text_objects


def _weighed(sheet: Sheet, limits: DocumentLimits, options: ReadOptions, budget: Budget) -> Page:
    """Text of which one cannot be sure, beside what OCR reads: the one that makes more sense."""
    figures = pictures.pictures_on(sheet.drawn, sheet.view)
    said = _warnings(sheet)
    own = _text_blocks(sheet, figures)
    rendered = pictures.render(sheet.page, sheet.view, sheet.drawn, limits) if budget.take() else None
    if rendered is None:
        return _made(sheet, own, "text", (*said, GARBAGE_KEPT))
    found = pictures.read_whole(rendered, sheet.view, options.ocr)
    read = " ".join(pictures.words_of(found.blocks))
    better = trouble.plausibility(read)[0] > trouble.plausibility(sheet.content.text)[0] + 0.1
    if not better or pictures.says_the_same(sheet.content.text, found.blocks):
        return _made(sheet, own, "text", (*said, WEAK_KEPT) if not better else said)
    return replace(found, warnings=(*found.warnings, *sheet.added.warnings, WEAK_LEFT))


def _with_pictures(
    sheet: Sheet,
    figures: Sequence[Box],
    said: list[str],
    *,
    limits: DocumentLimits,
    options: ReadOptions,
    budget: Budget,
) -> Page:
    """The page's own text, and what stands in its large pictures."""
    large = [box for box in figures if pictures.share_of(box, sheet.view) >= pictures.READ_SHARE]
    blocks = _text_blocks(sheet, figures)
    if not large:
        return _made(sheet, blocks, "text", said)
    if options.ocr.mode == "never":
        return _made(sheet, blocks, "text", (*said, PICTURE_UNREAD))
    rendered = pictures.render(sheet.page, sheet.view, sheet.drawn, limits, text=False)
    confidences: list[float] = []
    if rendered is None:
        return _made(sheet, blocks, "text", (*said, TOO_LARGE), unread=False)
    for box in large:
        if not budget.take():
            said.append(PICTURE_UNREAD)
            break
        found = pictures.read_region(rendered, box, options.ocr)
        if not pictures.words_of(found.blocks) or pictures.says_the_same(sheet.content.text, found.blocks):
            continue
        said += found.warnings
        confidences += [found.confidence] if found.confidence is not None else []
        at = next(
            number for number, block in enumerate(blocks) if block.kind == "figure" and block.box == box
        )
        blocks[at + 1 : at + 1] = found.blocks
    if not confidences:
        return _made(sheet, blocks, "text", said)
    return replace(_made(sheet, blocks, "mixed", said), confidence=round(fmean(confidences), 4))
