"""HTML and XHTML: what a browser would show, as blocks. Nothing is fetched, run or followed."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lxml import etree  # type: ignore[import-untyped]

from casewright.documents.blocks import Block, Found, Opened
from casewright.documents.formats.encoding import decode, encoding_of
from casewright.documents.formats.flow import page_of, pictures_unread
from casewright.documents.formats.html_walk import Walker
from casewright.documents.formats.kinds import Kind
from casewright.documents.haste import hasty
from casewright.documents.limits import DocumentLimits
from casewright.documents.options import ReadOptions
from casewright.errors import DocumentTooLarge, UnreadableDocument

_CHARSET = re.compile(
    rb"<(?:meta|\?xml)[^>]{0,300}?(?:charset|encoding)\s*=\s*[\"']?\s*([\w.:-]{1,40})", re.IGNORECASE
)
_CHARSET_WITHIN = 4096
_KNOWN = re.compile(
    r"(utf-8|cp(125\d|437|850|866|932|949|950)|iso8859-\d+|koi8-[ru]|shift_jis|euc_\w+|gb\w+|big5|ascii)"
)
# In XHTML these may close themselves; an HTML parser would take all that follows for their content.
_CLOSED = re.compile(r"<((?:script|title|style|textarea|iframe|a|div|p|td|th)\b[^<>]*)/>", re.IGNORECASE)
_XHTML = "http://www.w3.org/1999/xhtml"
_MAX_TAGS = 1_000_000


def read(path: Path, kind: Kind, limits: DocumentLimits, options: ReadOptions) -> Iterator[Found]:
    """The whole file as one page.

    Raises:
        DocumentTooLarge: more bytes or tags, or deeper nesting, than is read.
        UnreadableDocument, UnsupportedMedia: it is no HTML after all.
    """
    del options
    if path.stat().st_size > limits.text_bytes:
        raise DocumentTooLarge(
            f"the HTML is longer than {limits.text_bytes} bytes", hint="split it and send its parts"
        )
    text, doubts = decoded(path.read_bytes())
    metadata, blocks, warnings = blocks_of(text, limits)
    yield Opened(kind.media_type, 1, metadata, doubts + warnings)
    yield page_of(blocks)


def decoded(content: bytes) -> tuple[str, tuple[str, ...]]:
    """The text: a byte order mark decides, then what the file says of itself, then what it looks like."""
    declared = _CHARSET.search(content[:_CHARSET_WITHIN])
    marked = content.startswith((codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    if declared and not marked and b"\0" not in content:
        try:
            name = codecs.lookup(declared[1].decode("ascii", "replace")).name
        except LookupError:
            name = ""
        if name in ("iso8859-1", "ascii"):
            name = "cp1252" if encoding_of(content)[0] != "utf-8" else "utf-8"  # as browsers take it
        if _KNOWN.fullmatch(name):
            text = content.decode(name, "replace")
            lost = "\ufffd" in text and "\ufffd".encode() not in content
            return text, ("some characters could not be read and are shown as \ufffd",) * lost
    return decode(content)


def blocks_of(
    text: str, limits: DocumentLimits
) -> tuple[tuple[tuple[str, str], ...], list[Block], tuple[str, ...]]:
    """The metadata, blocks and warnings of an HTML text.

    Raises:
        DocumentTooLarge, UnreadableDocument: as for ``read``.
    """
    if text.count("<") > _MAX_TAGS:
        raise DocumentTooLarge(f"the HTML has more than {_MAX_TAGS} tags", hint="split it and send its parts")
    root = _parsed(text)
    walker = Walker(limits)
    if root is not None:
        walker.walk(root)
    metadata = tuple(_metadata(root)) if root is not None else ()
    return metadata, walker.blocks, (*walker.warnings(), *pictures_unread(walker.figures))


def _parsed(text: str) -> Any:
    if _XHTML in text[:_CHARSET_WITHIN]:
        text = _CLOSED.sub(lambda match: f"<{match[1]}></{match[1].split()[0]}>", text)
    parser = etree.HTMLParser(
        encoding="utf-8",
        no_network=True,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
        recover=True,
    )
    content = text.replace("\0", "").encode("utf-8", "replace")
    if not content.strip():
        return None
    try:
        with hasty():
            root = etree.fromstring(content, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise UnreadableDocument(
            "this HTML is damaged", hint="open it, save it again and send that"
        ) from error
    if any(entry.type_name == "ERR_RESOURCE_LIMIT" for entry in parser.error_log):
        raise DocumentTooLarge(
            "this HTML nests deeper, or has longer texts, than is read", hint="print it to PDF and send that"
        )
    return root


def _metadata(root: Any) -> Iterator[tuple[str, str]]:
    title = root.find("head/title")
    if title is not None and (words := " ".join("".join(title.itertext()).split())):
        yield "title", words[:1_000]
    for meta in root.findall("head/meta"):
        name = (meta.get("name") or "").lower()
        words = " ".join((meta.get("content") or "").split())
        if name in ("author", "description", "keywords") and words:
            yield name, words[:1_000]
