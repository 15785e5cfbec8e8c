"""TXT and Markdown files."""

from __future__ import annotations

import codecs
from pathlib import Path

from casewright.documents.detect import MARKDOWN, Kind
from casewright.documents.limits import DocumentLimits
from casewright.documents.markdown import escape, escape_kept
from casewright.documents.pages import Page
from casewright.errors import DocumentTooLarge

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
BLANK = "this page is blank"


def decode(content: bytes) -> tuple[str, tuple[str, ...]]:
    """The text of a file, and what is not sure about it.

    A byte order mark decides; else UTF-8 if the bytes are that; else Windows-1252, which nearly any bytes
    are: so that is said. (A guessing library would choose among dozens of encodings by letter frequency, and
    be silently wrong on short files.)
    """
    for mark, encoding in _BOMS:
        if content.startswith(mark):
            text = content[len(mark) :].decode(encoding, "replace")
            return text, ("some characters could not be read and are shown as \ufffd",) * ("\ufffd" in text)
    try:
        return content.decode("utf-8"), ()
    except UnicodeDecodeError:
        text = content.decode("cp1252", "replace")
    warnings = ["the file is not UTF-8; it was read as Windows-1252: check £, € and accented letters"]
    if "\ufffd" in text:
        warnings.append("some characters could not be read and are shown as \ufffd")
    return text, tuple(warnings)


def read_text(path: Path, kind: Kind, limits: DocumentLimits) -> tuple[tuple[Page, ...], tuple[str, ...]]:
    """The pages of a text (form feeds divide them), and warnings about the whole.

    Raises:
        DocumentTooLarge: more pages than the limits allow.
    """
    text, warnings = decode(path.read_bytes())
    parts = text.split("\f")
    if len(parts) > 1 and not parts[-1].strip():
        parts.pop()  # a form feed at the end ends the last page and begins none
    if len(parts) > limits.pages:
        raise DocumentTooLarge(
            f"the file has {len(parts)} pages, {limits.pages} are read", hint="split it and send its parts"
        )
    shown = escape_kept if kind is MARKDOWN else escape
    return tuple(_page(shown(part).strip("\n")) for part in parts), warnings


def _page(markdown: str) -> Page:
    return Page(markdown, "text") if markdown.strip() else Page("", "none", warnings=(BLANK,))
