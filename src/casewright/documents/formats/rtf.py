"""RTF: paragraphs, headings, tables, headers and footers, footnotes. What is no text is passed over."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from casewright.documents.blocks import Found, Noted, Opened
from casewright.documents.formats.flow import page_of, pictures_unread
from casewright.documents.formats.kinds import Kind
from casewright.documents.formats.rtf_walk import Walker
from casewright.documents.limits import DocumentLimits
from casewright.documents.options import ReadOptions
from casewright.errors import DocumentTooLarge


def read(path: Path, kind: Kind, limits: DocumentLimits, options: ReadOptions) -> Iterator[Found]:
    """The whole file as one page: it has none until it is printed.

    Raises:
        DocumentTooLarge: more bytes, or groups inside groups, than the limits allow.
    """
    del options
    if path.stat().st_size > limits.attachment_bytes:
        raise DocumentTooLarge(
            f"this {kind.name} is larger than {limits.attachment_bytes} bytes",
            hint="take large images out of it, or print it to PDF and send that",
        )
    walker = Walker(path.read_bytes(), limits)
    walker.walk()
    warnings = (*walker.warnings(), *pictures_unread(walker.figures))
    yield Opened(kind.media_type, 1, tuple(walker.metadata.items()), warnings)
    yield page_of(walker.all_blocks())
    if walker.truncated:
        yield Noted("this RTF file ends in the middle: it may be cut short", lost=True)
