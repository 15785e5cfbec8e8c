"""XML of hostile files: no document type, so no entities; no network; bounded depth and size."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import IO, Any

from lxml import etree  # type: ignore[import-untyped]

from casewright.documents.formats.archive import Package, damaged
from casewright.errors import DocumentTooLarge, UnreadableDocument

_WORDS = ("<!DOCTYPE", "<!ENTITY")
_DECLARED = re.compile(
    b"|".join(re.escape(word.encode(encoding)) for word in _WORDS for encoding in ("ascii", "utf-16-le"))
)
# The same vocabulary under the names of ISO 29500 Strict.
_STRICT = b"http://purl.oclc.org/ooxml/"
_TRANSITIONAL = (
    (
        b"http://purl.oclc.org/ooxml/officeDocument/",
        b"http://schemas.openxmlformats.org/officeDocument/2006/",
    ),
    (
        b"http://purl.oclc.org/ooxml/wordprocessingml/",
        b"http://schemas.openxmlformats.org/wordprocessingml/2006/",
    ),
    (b"http://purl.oclc.org/ooxml/spreadsheetml/", b"http://schemas.openxmlformats.org/spreadsheetml/2006/"),
    (
        b"http://purl.oclc.org/ooxml/presentationml/",
        b"http://schemas.openxmlformats.org/presentationml/2006/",
    ),
    (b"http://purl.oclc.org/ooxml/drawingml/", b"http://schemas.openxmlformats.org/drawingml/2006/"),
)


def parse(content: bytes, what: str) -> Any:
    """The root element of one XML part of ``what``.

    Raises:
        UnreadableDocument: it is not XML, or declares a document type.
        DocumentTooLarge: it nests deeper than libxml2 follows (256).
    """
    if _DECLARED.search(content):
        raise _declares(what)
    if _STRICT in content:
        for strict, transitional in _TRANSITIONAL:
            content = content.replace(strict, transitional)
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(content, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise translated(error, what) from error
    if root.getroottree().docinfo.internalDTD is not None:
        raise _declares(what)
    return root


def part(package: Package, name: str) -> Any:
    """The root element of a part; None where the archive has none of that name."""
    return parse(package.read(name), package.what) if name in package.names else None


def events(stream: IO[bytes], tags: tuple[str, ...], what: str) -> Iterator[tuple[str, Any]]:
    """``start`` and ``end`` of the elements of a part too long for a tree; ``release`` each after its end.

    Raises:
        UnreadableDocument, DocumentTooLarge: as for ``parse``.
    """
    found = etree.iterparse(
        stream,
        events=("start", "end"),
        tag=tags,
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    checked = False
    try:
        for event, element in found:
            if not checked:
                checked = True
                if element.getroottree().docinfo.internalDTD is not None:
                    raise _declares(what)
            yield event, element
    except (etree.XMLSyntaxError, ValueError) as error:
        raise translated(error, what) from error


def release(element: Any) -> None:
    """Let go of an element that was read, and of those before it."""
    element.clear()
    while element.getprevious() is not None:
        del element.getparent()[0]


def translated(error: Exception, what: str) -> UnreadableDocument | DocumentTooLarge:
    """What lxml raised as one of ours."""
    if "XML_PARSE_HUGE" in str(error):
        return DocumentTooLarge(
            f"this {what} nests deeper, or has longer texts, than is read", hint="save it again and send that"
        )
    return damaged(what)


def _declares(what: str) -> UnreadableDocument:
    return UnreadableDocument(
        f"this {what} declares a document type, which such files do not have and which may hide entities",
        hint="open it, save it again and send that",
    )
