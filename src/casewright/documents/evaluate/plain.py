"""A text without its marks: what is compared is the words, and the tables' cells.

Markdown is read by a CommonMark parser with GitHub's tables and strikethrough, on both sides alike, so that
nothing depends on how something is marked or escaped.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache

from markdown_it import MarkdownIt
from markdown_it.token import Token

Row = tuple[str, ...]
Table = tuple[Row, ...]

# Nested deeper than this is nobody's letter; the parser would leave it out at 20.
MAX_NESTING = 200
_BULLET = re.compile(
    r"^[ \t]*[-*+\u2022\u2023\u25aa\u25ab\u25cf\u25cb\u25e6\u00b7\u2013][ \t]+", re.MULTILINE
)
# The soft hyphen, and marks of no width: what nobody can see on a page. Joiners stay: they change words.
_INVISIBLE = re.compile("[\u00ad\u200b\u2060\ufeff]")
_BREAK = re.compile(r"<\s*br\s*/?\s*>", re.IGNORECASE)
_TAG = re.compile(r"<!--.*?-->|<[^>]*>", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Plain:
    """``text`` on one line, single-spaced; ``tables`` of plain cells, None where the text has no marks."""

    text: str
    tables: tuple[Table, ...] | None


@dataclass(slots=True)
class _Collector:
    lines: list[str] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    cells: list[str] | None = None
    mark: str = ""

    def take(self, token: Token) -> None:
        """The next token of the parser's flat list of blocks."""
        if token.type == "table_open":
            self.rows = []
        elif token.type == "tr_open":
            self.cells = []
        elif token.type == "tr_close" and self.cells is not None:
            self.rows.append(tuple(self.cells))
            self.cells = None
        elif token.type == "table_close":
            self.tables.append(tuple(self.rows))
        elif token.type == "list_item_open":
            self.mark = f"{token.info}{token.markup} " if token.info else ""
        elif token.type == "inline":
            self.say(_inline(token.children or ()))
        elif token.type in ("fence", "code_block"):
            self.say(token.content)
        elif token.type == "html_block":
            self.say(_without_tags(token.content))

    def say(self, text: str) -> None:
        """Words of a block, or of a cell of the table that is open."""
        if self.cells is not None:
            self.cells.append(normalised(text))
        self.lines.append(self.mark + text)
        self.mark = ""


def of_markdown(markdown: str) -> Plain:
    """What Markdown says: links and images as their words; a numbered item keeps its number."""
    found = _Collector()
    for token in _parser().parse(markdown):
        found.take(token)
    return Plain(_one_line("\n".join(found.lines)), tuple(found.tables))


def of_text(text: str) -> Plain:
    """What a text without marks says; that it has no tables is not known."""
    return Plain(_one_line(text), None)


def normalised(text: str) -> str:
    """NFC, without what cannot be seen, single-spaced; every other character stays, and so does case.

    Not NFKC: it would make 52 of 5².
    """
    return " ".join(_INVISIBLE.sub("", unicodedata.normalize("NFC", text)).split())


def _one_line(text: str) -> str:
    return normalised(_BULLET.sub("", text))


def _inline(tokens: Sequence[Token]) -> str:
    parts: list[str] = []
    for token in tokens:
        if token.type in ("softbreak", "hardbreak"):
            parts.append("\n")
        elif token.type == "html_inline":
            parts.append(" " if _BREAK.fullmatch(token.content) else "")
        elif token.type == "image":
            parts.append(_inline(token.children or ()))
        else:
            parts.append(token.content)
    return "".join(parts)


def _without_tags(html: str) -> str:
    return _TAG.sub("", _BREAK.sub("\n", html))


@cache
def _parser() -> MarkdownIt:
    return MarkdownIt("commonmark", {"maxNesting": MAX_NESTING}).enable(["table", "strikethrough"])
