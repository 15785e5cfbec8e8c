"""The blocks of a tree of HTML, element by element, without recursion."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from lxml import etree  # type: ignore[import-untyped]

from casewright.documents.blocks import Block, Cell, Piece, text_block
from casewright.documents.formats.flow import Cells, cell
from casewright.documents.limits import DocumentLimits

_LEFT_OUT_NAMES = """
    script style template noscript head iframe object embed applet svg canvas audio video datalist
"""
_LEFT_OUT = frozenset(_LEFT_OUT_NAMES.split())
_BLOCK_NAMES = """
    address article aside blockquote body center details dialog dd div dl dt fieldset figcaption figure footer
    form header hgroup html legend main menu nav p pre section summary table tbody tfoot thead tr td th
    caption ul ol li h1 h2 h3 h4 h5 h6 hr option optgroup textarea
"""
_BLOCKS = frozenset(_BLOCK_NAMES.split())
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_HIDDEN_STYLE = re.compile(r"(?:display\s*:\s*none|visibility\s*:\s*hidden)", re.IGNORECASE)
_TARGET = re.compile(r"(?:https?://|mailto:)\S+", re.IGNORECASE)
_SPACES = re.compile(r"[ \t\r\n\f]+")
_MAX_COLUMN_SPAN = 100
_MAX_NUMBER = 999_999_999
_NO_TABLE = ("presentation", "none")


@dataclass(slots=True)
class _List:
    ordered: bool
    next: int


@dataclass(slots=True)
class _Item:
    """A list's item: its first words make the block, later ones are further lines of it."""

    level: int
    number: int | None
    block: int | None = None


@dataclass(slots=True)
class _Table:
    rows: list[list[tuple[Cell, int, int]]] = field(default_factory=list)
    lines: list[Piece] | None = None


class Walker:
    """Makes blocks of elements; keeps what is open: headings, lists, items, tables, links."""

    def __init__(self, limits: DocumentLimits) -> None:
        self._cells = Cells(limits)
        self._said: list[str] = []
        self._heading: int | None = None
        self._lists: list[_List] = []
        self._items: list[_Item] = []
        self._tables: list[_Table] = []
        self._framing: set[Any] = set()
        self._links: list[int] = []
        self._pre = 0
        self._hidden = False
        self.blocks: list[Block] = []
        self.figures = 0

    def warnings(self) -> Iterator[str]:
        """What is to be said of the whole."""
        if self._hidden:
            yield "this file has hidden text, which was left out"

    def walk(self, root: Any) -> None:
        """Read the tree below ``root``."""
        self._framing = _framing(root)
        walk = etree.iterwalk(root, events=("start", "end"))
        skipped: Any = None
        for event, element in walk:
            tag = element.tag if isinstance(element.tag, str) else ""
            if event == "start":
                if not tag or tag in _LEFT_OUT or self._is_hidden(element):
                    skipped = element
                    walk.skip_subtree()
                    continue
                self._start(element, tag)
                self._text(element.text)
            elif element is skipped:
                self._text(element.tail)
            else:
                self._end(element, tag)
                if element is not root:
                    self._text(element.tail)
        self._flush()

    def _is_hidden(self, element: Any) -> bool:
        hidden = (
            element.get("hidden") is not None or _HIDDEN_STYLE.search(element.get("style") or "") is not None
        )
        if hidden and any(text.strip() for text in element.itertext()):
            self._hidden = True
        return hidden

    def _text(self, text: str | None) -> None:
        if text:
            self._said.append(text if self._pre else _SPACES.sub(" ", text))

    def _start(self, element: Any, tag: str) -> None:
        if tag in _BLOCKS:
            self._flush()
        if tag in _HEADINGS:
            self._heading = _HEADINGS[tag]
        elif tag in ("ul", "ol", "menu"):
            self._lists.append(_List(tag == "ol", _number(element.get("start"), 1)))
        elif tag == "li":
            self._open_item(element)
        elif tag == "table" and element not in self._framing:
            self._tables.append(_Table())
        elif tag in ("tr", "td", "th") and self._tables:
            self._open_cell(tag)
        elif tag == "pre":
            self._pre += 1
        elif tag == "br":
            self._said.append("\n" if self._pre else "\0")
        elif tag == "sup" and "".join(self._said[-1:])[-1:].isdigit():
            self._said.append("^")  # a note's number must not become part of the figure before it
        else:
            self._start_inline(element, tag)

    def _start_inline(self, element: Any, tag: str) -> None:
        if tag == "a":
            self._links.append(len(self._said))
        elif tag == "img":
            self.figures += 1
            if not self._tables:
                self._flush()
                self.blocks.append(Block("figure"))
        elif tag == "q":
            self._said.append("“")
        elif tag == "input":
            kind = (element.get("type") or "text").lower()
            if kind in ("checkbox", "radio"):
                self._said.append("☒ " if element.get("checked") is not None else "☐ ")
            elif kind not in ("hidden", "password", "image", "file"):
                self._said.append(f" {element.get('value') or ''} ")

    def _end(self, element: Any, tag: str) -> None:
        if tag == "a" and self._links:
            self._close_link(self._links.pop(), element.get("href") or "")
        elif tag == "q":
            self._said.append("”")
        if tag not in _BLOCKS:
            return
        self._flush()
        if tag in _HEADINGS:
            self._heading = None
        elif tag in ("ul", "ol", "menu") and self._lists:
            self._lists.pop()
        elif tag == "li" and self._items:
            self._items.pop()
        elif tag == "pre":
            self._pre -= 1
        elif tag in ("td", "th") and self._tables:
            self._close_cell(element)
        elif tag == "table" and self._tables and element not in self._framing:
            self._close_table()

    def _close_link(self, since: int, target: str) -> None:
        """The target after the link's words, as plain text, where it says something else than they do."""
        target = target.strip()
        words = "".join(self._said[since:]).strip()
        plain = re.sub(r"^(?:mailto:|https?://)", "", target, flags=re.IGNORECASE).rstrip("/")
        if _TARGET.fullmatch(target) and plain and plain.lower() not in words.lower():
            self._said.append(f" ({target[:2000]})")

    def _open_item(self, element: Any) -> None:
        inside = self._lists[-1] if self._lists else _List(False, 1)
        number = _number(element.get("value"), inside.next) if inside.ordered else None
        if number is not None:
            inside.next = number + 1
        self._items.append(_Item(max(0, len(self._lists) - 1), number))

    def _flush(self) -> None:
        """End the block of words that were said last."""
        text = "".join(self._said)
        self._said.clear()
        self._links = [0] * len(self._links)
        if not self._pre:
            text = _SPACES.sub(" ", text).replace("\0", "\n")
        if not text.strip():
            return
        if self._tables:
            lines = self._tables[-1].lines
            if lines is not None:
                item = self._items[-1] if self._items else None
                if item is not None and item.block is None and item.number is not None:
                    text, item.block = f"{item.number}. {text.strip()}", -1
                lines.extend(cell(text))
                return
        if self._heading is not None:
            self.blocks.append(text_block("heading", " ".join(text.split()), level=self._heading))
        elif self._items:
            self._say_item(self._items[-1], text)
        else:
            self.blocks.append(text_block("paragraph", text))

    def _say_item(self, item: _Item, text: str) -> None:
        if item.block is not None and item.block == len(self.blocks) - 1:
            before = self.blocks[item.block]
            self.blocks[item.block] = replace(before, pieces=before.pieces + cell(text))
            return
        if item.block is None:
            self.blocks.append(text_block("list_item", text, level=item.level, number=item.number))
        else:
            self.blocks.append(text_block("paragraph", text))
        item.block = len(self.blocks) - 1

    def _open_cell(self, tag: str) -> None:
        opened = self._tables[-1]
        if tag == "tr" or not opened.rows:
            opened.rows.append([])
        if tag != "tr":
            opened.lines = []

    def _close_cell(self, element: Any) -> None:
        opened = self._tables[-1]
        if opened.lines is None or not opened.rows:
            return
        across = max(1, min(_number(element.get("colspan"), 1), _MAX_COLUMN_SPAN))
        down = max(0, _number(element.get("rowspan"), 1))
        opened.rows[-1].append((tuple(opened.lines), across, down))
        opened.lines = None

    def _close_table(self) -> None:
        rows = [row for row in self._tables.pop().rows if row]
        placed = _placed(rows, self._cells)
        if any(cells for row in placed for cells in row):
            self.blocks.append(self._cells.table(placed))


def _placed(rows: list[list[tuple[Cell, int, int]]], budget: Cells) -> list[list[Cell]]:
    """The rows with what a cell covers as empty cells beside and below it."""
    covered: dict[int, int] = {}
    found: list[list[Cell]] = []
    for number, row in enumerate(rows):
        line: dict[int, Cell] = {}
        column = 0
        left = {at: times - 1 for at, times in covered.items() if times > 1}
        for pieces, across, down in row:
            while column in covered:
                column += 1
            line[column] = pieces
            reach = len(rows) - number if down == 0 else min(down, len(rows) - number)
            for _ in range(across):
                if reach > 1:
                    left[column] = reach - 1
                column += 1
        width = max([column, *(at + 1 for at in covered)], default=0)
        budget.check(width * (len(found) + 1))
        found.append([line.get(at, ()) for at in range(width)])
        covered = left
    return found


def _framing(root: Any) -> set[Any]:
    """The tables that only lay a page out: they hold other tables, say so, or have a single cell."""
    found: set[Any] = set()
    for table in root.iter("table"):
        if (table.get("role") or "").lower() in _NO_TABLE:
            found.add(table)
        above = table.getparent()
        while above is not None and above not in found:
            if above.tag == "table":
                found.add(above)
            above = above.getparent()
    return found


def _number(said: str | None, otherwise: int) -> int:
    said = (said or "").strip()
    return (
        min(int(said), _MAX_NUMBER) if said.isascii() and said.isdecimal() and len(said) < 12 else otherwise
    )
