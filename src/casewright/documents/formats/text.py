"""TXT and Markdown files."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from casewright.documents.blocks import Block, Found, Opened, Page, text_block
from casewright.documents.formats.encoding import whole_text
from casewright.documents.formats.flow import BLANK, says_something
from casewright.documents.formats.kinds import MARKDOWN, Kind
from casewright.documents.limits import DocumentLimits
from casewright.documents.markdown import clean, escape_kept
from casewright.documents.options import ReadOptions
from casewright.errors import DocumentTooLarge

_LINE = re.compile(r"^[^\S\n]*\S[^\n]*", re.MULTILINE)
_HEADING = re.compile(r"(#{1,6})[ \t]+\S")
_ITEM = re.compile(r"[ \t]*(?:[-*+]|\d{1,9}[.)])[ \t]+\S", re.ASCII)
_TABLE = re.compile(r"\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-*:?[ \t]*)+$")


def read(path: Path, kind: Kind, limits: DocumentLimits, options: ReadOptions) -> Iterator[Found]:
    """The pages of a text: form feeds divide them.

    Raises:
        DocumentTooLarge: more pages or bytes than the limits allow.
        UnsupportedMedia: it is no text after all.
    """
    del options
    if path.stat().st_size > limits.text_bytes:
        raise DocumentTooLarge(
            f"the text is longer than {limits.text_bytes} bytes", hint="split it and send its parts"
        )
    text, warnings = whole_text(path.read_bytes(), limits.text_bytes)
    parts = text.split("\f")
    if len(parts) > 1 and not parts[-1].strip():
        parts.pop()  # a form feed at the end ends the last page and begins none
    if len(parts) > limits.pages:
        raise DocumentTooLarge(
            f"the file has {len(parts)} pages, {limits.pages} are read", hint="split it and send its parts"
        )
    yield Opened(kind.media_type, len(parts), (), warnings)
    for part in parts:
        yield _page(kept_blocks(part, limits) if kind is MARKDOWN else plain_blocks(part, limits))


def plain_blocks(text: str, limits: DocumentLimits) -> list[Block]:
    """Paragraphs as blank lines divide them, with a piece for every line."""
    return [text_block("paragraph", "\n".join(lines)) for lines in _paragraphs(clean(text), limits)]


def kept_blocks(text: str, limits: DocumentLimits) -> list[Block]:
    """Markdown's own structure, block by block as blank lines divide them; what it must not do is escaped."""
    return [_kept(escape_kept("\n".join(lines))) for lines in _paragraphs(clean(text), limits)]


def _paragraphs(text: str, limits: DocumentLimits) -> Iterator[list[str]]:
    """Lines between blank ones, until they are more than will be kept."""
    held: list[str] = []
    last, chars = 0, 0
    for lines, match in enumerate(_LINE.finditer(text), start=1):
        if held and text.count("\n", last, match.start()) > 1:
            yield held
            held = []
        held.append(match[0])
        last = match.end()
        chars += len(match[0])
        if chars > limits.output_chars or lines > limits.pieces:
            break
    if held:
        yield held


def _kept(text: str) -> Block:
    """One block of Markdown under the kind that it is."""
    first, _, rest = text.partition("\n")
    if (match := _HEADING.match(first)) and not rest:
        return Block("heading", level=len(match[1]), kept=text)
    if _TABLE.match(rest.partition("\n")[0].strip()) and "|" in first:
        return Block("table", kept=text)
    return Block("list_item" if _ITEM.match(first) else "paragraph", kept=text)


def _page(blocks: list[Block]) -> Page:
    if any(says_something(block) for block in blocks):
        return Page(tuple(blocks), "text")
    return Page((), "none", warnings=(BLANK,))
