"""What a text is: prose, Markdown, a table, a message, HTML, or no text for people at all.

Everything here looks at the first part of the content only, and takes time in proportion to it.
"""

from __future__ import annotations

import re
from typing import Literal

from casewright.documents.formats.delimited import delimiter_of

TextKind = Literal["text", "markdown", "csv", "mail", "html"]

_MARKDOWN = frozenset({".md", ".markdown"})
_PLAIN = frozenset({".txt", ".text", ".log"})
_TABLES = frozenset({".csv", ".tsv", ".tab"})
_WEB = frozenset({".html", ".htm", ".xhtml", ".xht"})
_HTML_START = re.compile(r"<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE)
_HTML_TAG = re.compile(
    r"</?(?:html|head|body|title|meta|link|style|p|div|span|table|tr|td|th|ul|ol|li|h[1-6]|a|b|i|br|hr|img|font|"
    r"center|section|article|main|header|footer|form|pre|strong|em)\b[^<>]{0,500}>",
    re.IGNORECASE,
)
_COMMENT = re.compile(r"\s*<!--.{0,4000}?-->", re.DOTALL)
_DECLARATION = re.compile(r"\s*<\?xml\s[^>]{0,300}\?>")
_FIELD = re.compile(r"([!-9;-~]{1,70}):[ \t]?")
# What a mail program writes and a person does not.
_SURE_FIELDS = frozenset(
    (
        "message-id",
        "mime-version",
        "received",
        "return-path",
        "delivered-to",
        "x-mailer",
        "content-transfer-encoding",
    )
)
_FIELDS = frozenset(("from", "to", "cc", "subject", "date", "reply-to", "sender"))
_MBOX = re.compile(r"From \S{1,300} .{0,10}(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) [A-Z][a-z]{2} .{0,30}\d{4}")
_PDF_OBJECT = re.compile(r"^[ \t]*\d{1,10}[ \t]+\d{1,5}[ \t]+obj\b", re.MULTILINE)
_PDF_WORDS = ("endobj", "endstream", "startxref", "/Type", "xref", "<<")
_POSTSCRIPT = re.compile(r"%!|[ \t]*%%(?:BoundingBox|Pages|EndComments)")
_ENCODED = re.compile(r"[A-Za-z0-9+/=_-]{60,}")
_ENCODED_FROM = 200
_HEX = re.compile(r"[0-9A-Fa-f\s]+")


def not_prose(text: str) -> str | None:
    """What a text is when it is bytes in disguise, in words; None for text that people read."""
    if _PDF_OBJECT.search(text) and sum(word in text for word in _PDF_WORDS) >= 2:
        return "the inside of a PDF"
    if _POSTSCRIPT.match(text):
        return "PostScript"
    stripped = text.strip()
    if stripped.startswith(("%%EOF", "xref\n", "startxref")):
        return "the inside of a PDF"
    if len(stripped) >= _ENCODED_FROM:
        if sum(len(run) for run in _ENCODED.findall(stripped) if _mixed(run)) > 0.6 * len(stripped):
            return "encoded data (base64)"
        if _HEX.fullmatch(stripped) and len(set(stripped.lower()) - set("\r\n\t ")) == 16:
            return "encoded data (hexadecimal)"
    return None


def _mixed(run: str) -> bool:
    """Large and small letters and digits without order: no word, name or line of dashes."""
    return (
        any(char.isdigit() for char in run)
        and any(char.islower() for char in run)
        and any(char.isupper() for char in run)
        and len(set(run)) >= 16
    )


def text_kind(text: str, suffix: str) -> TextKind:
    """The kind of a text. ``suffix`` (with its dot) decides only where the content may be either of two."""
    start = markup_start(text)
    if _HTML_START.match(start):
        return "html"
    if suffix not in _MARKDOWN | _PLAIN and _is_fragment(start, suffix):
        return "html"
    if is_mail(text, suffix):
        return "mail"
    if suffix in _MARKDOWN:
        return "markdown"
    if suffix in _PLAIN:
        return "text"
    if suffix in _TABLES:
        return "csv" if _one_line_each(text) or delimiter_of(text) else "text"
    return "csv" if _is_table(text) else "text"


def markup_start(text: str) -> str:
    """The text from its first tag that is no comment or declaration."""
    at = 0
    if match := _DECLARATION.match(text):
        at = match.end()
    for _ in range(20):
        match = _COMMENT.match(text, at)
        if match is None:
            break
        at = match.end()
    return text[at : at + 20_000].lstrip()


def other_markup(text: str) -> str | None:
    """The name of markup that is not read; None for HTML and for what is no markup."""
    start = markup_start(text)
    if _HTML_START.match(start):
        return None
    if re.match(r"<svg\b", start, re.IGNORECASE):
        return "an SVG drawing"
    return "XML" if _DECLARATION.match(text) else None


def _is_fragment(start: str, suffix: str) -> bool:
    if suffix in _WEB:
        return _HTML_TAG.search(start) is not None
    return _HTML_TAG.match(start) is not None and len(_HTML_TAG.findall(start)) >= 3 and "</" in start


def is_mbox(text: str) -> bool:
    """Whether a text is a mail box: messages one after another."""
    first, _, rest = text.partition("\n")
    return _MBOX.match(first) is not None and _FIELD.match(rest) is not None


def is_mail(text: str, suffix: str) -> bool:
    """Whether a text begins with a message's fields. A memo that begins like one is one only by its name."""
    names: set[str] = set()
    for number, line in enumerate(text.lstrip("\r\n").splitlines()):
        if not line.strip() or number > 500:
            break
        if line[0] in " \t" and names:
            continue
        match = _FIELD.match(line)
        if match is None:
            break
        names.add(match[1].lower())
    sure = len(names & _SURE_FIELDS)
    told = len(names & _FIELDS)
    if suffix == ".eml":
        return bool(names) and sure + told >= 1
    return sure >= 1 and sure + told >= 2 and told >= 1


def _one_line_each(text: str) -> bool:
    """One short value a line: a table of a single column."""
    lines = [line for line in text.splitlines()[:200] if line.strip()]
    return len(lines) > 1 and all(len(line) < 80 for line in lines)


def _is_table(text: str) -> bool:
    """Rows with as many columns each, three at least, or two where a tab or bar divides them."""
    lines = [line for line in text.splitlines()[:200] if line.strip()]
    delimiter = delimiter_of(text)
    if delimiter is None or len(lines) < 3:
        return False
    counts = {line.count(delimiter) for line in lines[:50]}
    least = 2 if delimiter in ",;" else 1
    words = sum(len(line.split()) for line in lines[:50]) / min(50, len(lines))
    return len(counts) == 1 and min(counts) >= least and words < 12
