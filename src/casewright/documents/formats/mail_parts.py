"""A message and its parts, parsed so that a broken or hostile one is an error and never a hang."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass, field
from email import errors as defects
from email.header import decode_header
from email.message import Message
from email.parser import BytesParser
from email.policy import compat32
from typing import TypeAlias

from casewright.documents.formats.encoding import decode
from casewright.documents.limits import DocumentLimits
from casewright.documents.markdown import clean
from casewright.errors import DocumentTooLarge, UnsupportedMedia

Mail: TypeAlias = "Message[str, str]"

_BOUNDARY = re.compile(
    rb'boundary(?:\*\d*\*?)?[ \t]*=[ \t]*(?:"([^"\r\n]{1,200})"|([^\s;"]{1,200}))', re.IGNORECASE
)
_EVENT = re.compile(rb"^--([^\r\n]{1,210})|^content-type:", re.IGNORECASE | re.MULTILINE)
_FIELD_BYTES = 16_384
_FIELD_CHARS = 20_000
_NAME_CHARS = 100
_MAX_MULTIPARTS_DEEP = 20
_MAX_MESSAGES = 100
_TURNING = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_CUT = (defects.CloseBoundaryNotFoundDefect, defects.StartBoundaryNotFoundDefect)
_SPOILT = (defects.InvalidBase64CharactersDefect, defects.InvalidBase64LengthDefect)


@dataclass(slots=True)
class Contents:
    """What a message says (``order``: ``plain`` or ``html`` and the text), and what hangs on it."""

    attached: list[Mail] = field(default_factory=list)
    inner: list[tuple[str, Mail]] = field(default_factory=list)
    order: list[tuple[str, str]] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)


def parsed(content: bytes, limits: DocumentLimits) -> Mail:
    """The message.

    Raises:
        DocumentTooLarge: more parts, or deeper ones, than the limits allow.
    """
    _check(content, limits)
    # The policy of old: the new one's header parser takes time without bound, and raises whatever it meets.
    try:
        return BytesParser(policy=compat32).parsebytes(content)
    except RecursionError as error:
        raise _too_deep() from error


def _check(content: bytes, limits: DocumentLimits) -> None:
    """Count and nest the parts as the parser would, before it does."""
    if content.lower().count(b"message/") > _MAX_MESSAGES:
        raise _too_deep()
    opened: list[bytes] = []
    known: set[bytes] = set()
    parts = 0
    for match in _EVENT.finditer(content):
        if match[1] is None:
            field_ = _folded(content, match.start())
            if len(field_) > _FIELD_BYTES:
                raise DocumentTooLarge(
                    "a field of this e-mail is too long", hint="print it to PDF and send that"
                )
            said = _BOUNDARY.search(field_)
            if said is not None:
                opened.append((said[1] or said[2]).rstrip())
                known.add(opened[-1])
            if len(opened) > _MAX_MULTIPARTS_DEEP:
                raise _too_deep()
            continue
        line = match[1].rstrip()
        name = line if line in known else line.removesuffix(b"--")
        if name in known:
            parts += 1
            while opened and opened[-1] != name and name in opened:
                opened.pop()
            if line != name and opened and opened[-1] == name:
                opened.pop()
        if parts > limits.mail_parts:
            raise DocumentTooLarge(
                f"this e-mail has more than {limits.mail_parts} parts",
                hint="send its attachments by themselves",
            )


def _folded(content: bytes, at: int) -> bytes:
    """One header field with the lines that go on with it, as far as it is looked at."""
    piece = content[at : at + _FIELD_BYTES + 1]
    end = re.search(rb"\r?\n(?![ \t])", piece)
    return piece[: end.start()] if end else piece


def _too_deep() -> DocumentTooLarge:
    return DocumentTooLarge(
        "this e-mail has parts inside parts, deeper than is read", hint="send its attachments by themselves"
    )


def header(message: Mail, name: str) -> str:
    """A field's text on one line, decoded; empty where it is not there."""
    raw = str(message.get(name) or "")[:_FIELD_CHARS]
    return worded(raw)


def too_long(message: Mail, name: str) -> bool:
    """Whether ``header`` gives only the beginning of a field."""
    return len(str(message.get(name) or "")) > _FIELD_CHARS


def worded(raw: str) -> str:
    """A field with encoded words as what they say."""
    raw = raw.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    said: list[str] = []
    try:
        for words, charset in decode_header(raw):
            if isinstance(words, str):
                said.append(words)
            else:
                said.append(_decoded(words, charset))
    except (ValueError, LookupError, defects.MessageError):
        said = [raw]
    return " ".join(_TURNING.sub("", clean("".join(said))).split())


def attachment_name(part: Mail, number: int) -> str:
    """The name that an attachment shows; never used as a path."""
    if max(len(str(part.get(one) or "")) for one in ("content-type", "content-disposition")) > _FIELD_BYTES:
        return f"attachment {number}"
    try:
        name = worded(part.get_filename() or "")
    except (ValueError, LookupError, TypeError, defects.MessageError):
        name = ""
    name = re.split(r"[\\/]", name)[-1].strip()
    return name[-_NAME_CHARS:] or f"attachment {number}"


def payload(part: Mail) -> bytes:
    """A part's bytes, out of whatever they were carried in."""
    try:
        content = part.get_payload(decode=True)
    except (ValueError, LookupError, AssertionError):
        content = None
    if isinstance(content, bytes):
        return content
    return str(part.get_payload()).encode("utf-8", "replace") if not part.is_multipart() else b""


def contents(message: Mail) -> Contents:
    """What a message says and what hangs on it, in order."""
    found = Contents()
    _collect(message, found)
    for part in message.walk():
        if any(isinstance(one, _CUT) for one in part.defects):
            found.lost.append("this e-mail ends in the middle of a part: it may be cut short")
            break
    return found


def _collect(part: Mail, found: Contents) -> None:
    """Parts lie no deeper than ``parsed`` has checked."""
    kind = part.get_content_type()
    inside = _inside(part)
    attached = part.get_content_disposition() == "attachment"
    if kind == "message/rfc822" and inside:
        found.inner.append((worded(part.get_filename() or ""), inside[0]))
    elif kind == "multipart/alternative" and inside:
        _choose(inside, found)
    elif kind == "multipart/encrypted":
        found.lost.append("this e-mail is encrypted: what it says could not be read")
    elif kind == "message/external-body":
        found.lost.append("a part of this e-mail lies elsewhere: it was not fetched")
    elif inside:
        for one in inside:
            if kind == "message/delivery-status":
                found.order.append(
                    ("plain", "\n".join(f"{name}: {worded(value)}" for name, value in one.items()))
                )
            else:
                _collect(one, found)
    elif (
        kind in ("text/plain", "text/html", "text/rfc822-headers")
        and not attached
        and not part.get_filename()
    ):
        found.order.append(("html" if kind == "text/html" else "plain", text_of(part, found)))
    elif "signature" in kind:
        found.warnings.append("this e-mail is signed; the signature was not checked")
    elif part.get_content_maintype() == "multipart":
        found.order.append(("plain", text_of(part, found)))  # it has no parts after all
    else:
        found.attached.append(part)


def _choose(choices: list[Mail], found: Contents) -> None:
    """Of the forms that say the same, the plain text if it says something; else the last that does."""
    read: list[Contents] = []
    for choice in choices:
        inner = Contents()
        _collect(choice, inner)
        read.append(inner)
    saying = [one for one in read if any(text.strip() for _, text in one.order)]
    plain = [one for one in saying if all(kind == "plain" for kind, _ in one.order)]
    chosen = (plain or saying[-1:])[:1]
    for one in read:
        if one in chosen:
            found.order += one.order
        found.attached += one.attached
        found.inner += one.inner
        found.lost += one.lost
        found.warnings += one.warnings


def _inside(part: Mail) -> list[Mail]:
    """The parts of a part; none where it is a leaf."""
    inside = part.get_payload() if part.is_multipart() else None
    return [one for one in inside if isinstance(one, Message)] if isinstance(inside, list) else []


def text_of(part: Mail, found: Contents) -> str:
    """The text of a part; what is not sure about it is said in ``found``."""
    content = payload(part)
    if any(isinstance(one, _SPOILT) for one in part.defects):
        found.lost.append("a text in this e-mail is damaged: some of it may be missing")
    charset = part.get_content_charset()
    text = _decoded(content, charset)
    if "\ufffd" in text and "\ufffd".encode() not in content:
        found.warnings.append("some characters could not be read and are shown as \ufffd")
    return clean(text)


def _decoded(content: bytes, charset: str | None) -> str:
    """Bytes by their stated encoding; by what they look like where it is none that is known, or wrong."""
    try:
        name = codecs.lookup(charset or "").name
    except (LookupError, ValueError):
        name = ""
    if re.fullmatch(
        r"(utf-(7|8|16(-[lb]e)?)|cp\d+|iso8859-\d+|iso2022\w+|koi8-[ru]|shift_jis|euc_\w+|gb\w+|big5)", name
    ):
        return content.decode("cp1252" if name == "iso8859-1" else name, "replace")
    try:
        return decode(content)[0]
    except UnsupportedMedia:
        return content.decode("utf-8", "replace")
