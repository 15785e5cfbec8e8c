"""A file's pages for people: doubtful figures marked, and every line beside its place on the page."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

from markupsafe import Markup, escape

from casewright.api.documents import BlockOut, DescriptionOut, DoubtOut, PageOut, Reading
from casewright.services.web import markdown

# Characters for private use stand for the marks while the renderer works; a file's own are replaced.
_OPEN, _CLOSE = "\ue000", "\ue001"
# A page of a bank statement has some hundred; beyond this it is no page for people.
MAX_LINES = 3000
_MARKS = re.compile(f"[{_OPEN}{_CLOSE}]")
_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")
_KINDS = {"amount": "amount", "date": "date", "reference": "reference number"}


@dataclass(frozen=True, slots=True)
class ShownPage:
    """A page of the file; ``html`` None: beyond what is rendered, so it is in the raw text only."""

    about: PageOut
    html: Markup | None
    descriptions: tuple[DescriptionOut, ...] = ()


@dataclass(frozen=True, slots=True)
class Bit:
    """A stretch of a line; ``doubt`` says what OCR was not sure of in it."""

    text: str
    doubt: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a page and its characters in the whole Markdown; ``chosen``: the one that is looked for."""

    start: int
    end: int
    bits: tuple[Bit, ...]
    chosen: bool


@dataclass(frozen=True, slots=True)
class ShownBlock:
    """The rows of a block: a table's with a line for each of its cells; a figure has none."""

    kind: str
    rows: tuple[tuple[Line, ...], ...]


def show_pages(
    pages: Sequence[PageOut], descriptions: Sequence[DescriptionOut] = (), document_id: str | None = None
) -> list[ShownPage]:
    """The pages rendered, as far as the bound on all of them together allows."""
    shown, left = [], markdown.MAX_CHARS
    for about in pages:
        left -= len(about.markdown)
        html = _html(about, document_id) if left >= 0 else None
        said = tuple(one for one in descriptions if one.page == about.number and one.text)
        shown.append(ShownPage(about, html, said))
    return shown


def lines_of(page: PageOut, start: int, end: int) -> list[ShownBlock]:
    """The first lines of a page in order; those with characters from ``start`` to ``end`` are chosen."""
    shown, left = [], MAX_LINES
    for block in page.blocks:
        lines = _lines(block, page, start, end)[: max(0, left)]
        left -= len(lines)
        shown.append(ShownBlock(block.kind, _rows(lines, page)))
    return shown


def notes_of(reading: Reading) -> list[str]:
    """The warnings of the whole file; those of a page stand with the page."""
    on_pages = {f"page {one.number}: {said}" for one in reading.pages for said in one.warnings}
    return [said for said in reading.warnings if said not in on_pages]


def said_of(doubt: DoubtOut) -> str:
    """A doubt in words."""
    return f"{_KINDS[doubt.kind]}: OCR was {round(100 * doubt.confidence)} % sure; compare it with the page"


def _lines(block: BlockOut, page: PageOut, start: int, end: int) -> list[Line]:
    spans = [(piece.start, piece.end) for piece in block.pieces] or [(block.start, block.end)]
    return [
        Line(first, last, _bits(first, last, page), first < end and last > start)
        for first, last in spans
        if first < last
    ]


def _rows(lines: Sequence[Line], page: PageOut) -> tuple[tuple[Line, ...], ...]:
    """Lines between which the Markdown has no line end stand beside each other: cells of one row."""
    rows: list[list[Line]] = []
    at = page.start
    for line in lines:
        if not rows or "\n" in page.markdown[at - page.start : line.start - page.start]:
            rows.append([])
        rows[-1].append(line)
        at = line.end
    return tuple(map(tuple, rows))


def _bits(start: int, end: int, page: PageOut) -> tuple[Bit, ...]:
    bits: list[Bit] = []
    at = start
    for doubt in sorted(page.doubts, key=lambda one: one.start):
        if not at <= doubt.start < doubt.end <= end:
            continue
        bits += [Bit(_text(page, at, doubt.start)), Bit(_text(page, doubt.start, doubt.end), said_of(doubt))]
        at = doubt.end
    bits.append(Bit(_text(page, at, end)))
    return tuple(bit for bit in bits if bit.text)


def _text(page: PageOut, start: int, end: int) -> str:
    """Characters of the whole Markdown as they are read: without the backslashes before them."""
    return _ESCAPED.sub(r"\1", page.markdown[start - page.start : end - page.start])


def _html(page: PageOut, document_id: str | None) -> Markup:
    """The page's Markdown as harmless HTML, with a mark around each doubtful figure."""
    text = _MARKS.sub("\ufffd", page.markdown)
    placed: list[DoubtOut] = []
    parts: list[str] = []
    at = 0
    for doubt in sorted(page.doubts, key=lambda one: one.start):
        first, last = doubt.start - page.start, doubt.end - page.start
        if first > 0 and text[first - 1] == "\\":
            first -= 1  # the backslash belongs to the character
        if not at <= first < last <= len(text):
            continue
        parts += [text[at:first], _OPEN, text[first:last], _CLOSE]
        placed.append(doubt)
        at = last
    html = markdown.render("".join(parts) + text[at:])
    if [mark[0] for mark in _MARKS.findall(html)] != [_OPEN, _CLOSE] * len(placed):
        return Markup(markdown.render(text))
    waiting = iter(placed)
    shown = re.sub(_OPEN, lambda _: _opening(next(waiting), page, document_id), html)
    return Markup(shown.replace(_CLOSE, "</mark></a>" if document_id else "</mark>"))


def _opening(doubt: DoubtOut, page: PageOut, document_id: str | None) -> str:
    mark = f'<mark class="doubt" title="{escape(said_of(doubt))}">'
    if document_id is None:
        return mark
    where = f"/file/{quote(document_id, safe='')}/page/{page.number}?start={doubt.start}&amp;end={doubt.end}"
    return f'<a class="doubtful" href="{where}">{mark}'
