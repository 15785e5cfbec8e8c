"""Text as Markdown that says exactly that text: nothing in it can become a heading, a link, HTML or a list.

The rules are CommonMark's and GitHub's tables and strikethrough; only what would be read as markup is
escaped, so that references and amounts stay as they are (``PPR_9087`` keeps its underscore, ``-£50.00`` its
sign).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

_LINE_ENDS = re.compile("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
_CONTROLS = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")
_INLINE = re.compile(r"[\\`*\[<~]|(?<![^\W_])_|_(?![^\W_])|&(?=#?\w{1,32};)")
_KEPT_INLINE = re.compile(r"[\\`\[<~]|&(?=#?\w{1,32};)")
_BLOCK = re.compile(r"#{1,6}(?=[ \t]|$)|>|[-+](?=[ \t]|$)|[-=|:+](?=[-=|:+ \t]*$)")
_NUMBERED = re.compile(r"(\d{1,9})([.)])(?=[ \t]|$)", re.ASCII)
_CLOSING_HASHES = re.compile(r"#(?=#*$)")
_SPACES = re.compile(r"\s+")


def clean(text: str) -> str:
    """The text with every kind of line end as a newline, and without control characters and surrogates."""
    return _CONTROLS.sub("", _LINE_ENDS.sub("\n", text))


def inline(text: str) -> str:
    """One line's text, escaped for the middle of a line; line ends become spaces."""
    return _INLINE.sub(r"\\\g<0>", clean(text).replace("\n", " "))


def escape(text: str) -> str:
    """Any text, line by line. Indentation goes (it would make a code block), line ends stay."""
    return "\n".join(line_start(line) for line in clean(text).split("\n"))


def escape_kept(text: str) -> str:
    """Somebody else's Markdown: headings, lists, tables, emphasis stay; links, images, HTML, code do not.

    What does not stay is shown as the characters that it is written with.
    """
    return "\n".join(_KEPT_INLINE.sub(r"\\\g<0>", line).rstrip() for line in clean(text).split("\n"))


def heading(text: str, level: int) -> str:
    """A heading of level 1 to 6; empty for a text without words."""
    words = _SPACES.sub(" ", inline(text)).strip()
    return f"{'#' * max(1, min(6, level))} {closing_hashes(words)}" if words else ""


def item(text: str, *, depth: int = 0, number: int | None = None) -> str:
    """A list item; further lines are indented to belong to it."""
    mark = "- " if number is None else f"{number}. "
    margin = "   " * depth  # reaches the content of both kinds of marks, and makes no code block
    first, *more = escape(text.strip()).split("\n")
    return "\n".join([margin + mark + first, *(margin + " " * len(mark) + line for line in more if line)])


def table(rows: Sequence[Sequence[str]]) -> str:
    """A table whose first row is its head; short rows are filled up with empty cells."""
    width = max((len(row) for row in rows), default=0)
    if width == 0:
        return ""
    lines = [_row([*row, *([""] * (width - len(row)))]) for row in rows]
    return "\n".join([lines[0], _row(["---"] * width, raw=True), *lines[1:]])


def _row(cells: Sequence[str], *, raw: bool = False) -> str:
    shown = cells if raw else [_SPACES.sub(" ", inline(cell)).strip().replace("|", "\\|") for cell in cells]
    return "| " + " | ".join(shown) + " |"


def closing_hashes(words: str) -> str:
    """A heading's words, already escaped, whose last characters cannot be taken for the heading's end."""
    return _CLOSING_HASHES.sub(chr(92) + "#", words)


def line_start(line: str) -> str:
    """One line's text, escaped for the start of a line, where more would be read as markup."""
    words = line.strip(" \t")
    if numbered := _NUMBERED.match(words):
        rest = words[numbered.end() :]
        return f"{numbered[1]}\\{numbered[2]}" + _INLINE.sub(r"\\\g<0>", rest)
    mark = "\\" if _BLOCK.match(words) else ""
    return mark + _INLINE.sub(r"\\\g<0>", words)
