"""EML: the message as a page, then every attachment as pages of its own, read as if it had come by itself."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from casewright.documents import convert
from casewright.documents.blocks import Block, Found, Noted, Opened, Page, Piece
from casewright.documents.formats.flow import page_of, pictures_unread
from casewright.documents.formats.html import blocks_of
from casewright.documents.formats.kinds import Kind
from casewright.documents.formats.mail_parts import (
    Contents,
    Mail,
    attachment_name,
    contents,
    header,
    parsed,
    payload,
    too_long,
)
from casewright.documents.formats.text import plain_blocks
from casewright.documents.limits import DocumentLimits
from casewright.documents.options import ReadOptions
from casewright.errors import CasewrightError, DocumentTooLarge

_FIELDS = ("From", "To", "Cc", "Bcc", "Reply-To", "Date", "Subject")
_METADATA = (("Subject", "title"), ("From", "author"), ("Date", "created"), ("Message-ID", "message_id"))
# Pictures in a message's text that are smaller are logos, lines and pixels that count who reads it.
_INLINE_BYTES = 8_192


def read(path: Path, kind: Kind, limits: DocumentLimits, options: ReadOptions) -> Iterator[Found]:
    """The message and what hangs on it; a part that cannot be read is said to be lost, with the reason.

    Raises:
        DocumentTooLarge: more bytes or parts, or deeper ones, than the limits allow.
    """
    if path.stat().st_size > limits.attachment_bytes:
        raise DocumentTooLarge(
            f"this e-mail is larger than {limits.attachment_bytes} bytes",
            hint="send its attachments by themselves",
        )
    message = parsed(path.read_bytes(), limits)
    metadata = tuple((name, said) for field, name in _METADATA if (said := header(message, field)))
    yield Opened(kind.media_type, None, metadata)
    with tempfile.TemporaryDirectory(prefix="casewright-mail-") as folder:
        yield from _Reader(Path(folder), limits, replace(options, first_page=1)).message(message, "", 0)


@dataclass(slots=True)
class _Reader:
    """Reads a message and counts what has been read of it; ``limits`` shrink as it goes."""

    folder: Path
    limits: DocumentLimits
    options: ReadOptions
    written: int = 0

    def message(self, message: Mail, part: str, depth: int) -> Iterator[Found]:
        """The page of one message, then its attachments, then the messages in it."""
        found = contents(message)
        names = [attachment_name(one, number) for number, one in enumerate(found.attached, 1)]
        yield self._page(message, found, names, part)
        yield from (Noted(_of(part, warning)) for warning in dict.fromkeys(found.warnings))
        yield from (Noted(_of(part, warning), lost=True) for warning in dict.fromkeys(found.lost))
        for name, attached in zip(names, found.attached, strict=True):
            yield from self._attachment(attached, name, part)
        for name, inner in found.inner:
            shown = name or header(inner, "Subject")[:100] or "message"
            if depth + 1 >= self.limits.mail_depth:
                yield Noted(_of(part, f"{shown}: messages inside messages are not read so deep"), lost=True)
            else:
                yield from self.message(inner, _joined(part, shown), depth + 1)

    def _page(self, message: Mail, found: Contents, names: list[str], part: str) -> Page:
        lines = [f"{name}: {said}" for name in _FIELDS if (said := header(message, name))]
        found.lost += [
            f"the field {name} of this e-mail was cut" for name in _FIELDS if too_long(message, name)
        ]
        if names:
            lines.append(f"Attachments: {', '.join(names)}")
        blocks = [Block("paragraph", tuple(Piece(line) for line in lines))] if lines else []
        warnings: list[str] = []
        for kind, text in found.order:
            if kind == "plain":
                blocks += plain_blocks(text, self.limits)
                continue
            try:
                _, shown, doubts = blocks_of(text, self.limits)
            except CasewrightError as error:
                found.lost.append(f"the text of this e-mail was not read: {error.message}")
                continue
            blocks += [block for block in shown if block.kind != "figure"]
            warnings += [one for one in doubts if one not in pictures_unread(_figures(shown))]
        self._count(1, 0)
        return page_of(blocks, warnings=warnings, part=part)

    def _attachment(self, attached: Mail, name: str, part: str) -> Iterator[Found]:
        content = payload(attached)
        reason = self._refusal(content)
        if reason:
            yield Noted(_of(part, f"the attachment {name} was not read: {reason}"), lost=True)
            return
        inline = attached.get("Content-ID") is not None and attached.get_content_disposition() != "attachment"
        if inline and attached.get_content_maintype() == "image" and len(content) < _INLINE_BYTES:
            yield Noted(_of(part, f"the small picture {name} in the text was not read"))
            return
        self.limits = replace(
            self.limits,
            attachments=self.limits.attachments - 1,
            attachment_bytes=self.limits.attachment_bytes - len(content),
        )
        self.written += 1
        path = self.folder / str(self.written)
        try:
            path.write_bytes(content)
        except OSError as error:
            said = f"the attachment {name} was not read: it could not be set down ({error.strerror})"
            yield Noted(_of(part, said), lost=True)
            return
        del content
        try:
            yield from self._read(path, name, part)
        except CasewrightError as error:
            yield Noted(_of(part, f"the attachment {name} was not read: {error.message}"), lost=True)
        finally:
            path.unlink()

    def _refusal(self, content: bytes) -> str:
        limits = self.limits
        if not content:
            return "it is empty"
        if limits.attachments < 1 or len(content) > limits.attachment_bytes:
            return "the e-mail has more, or larger, attachments than are read"
        if limits.pages < 1:
            return "the e-mail and its attachments have more pages than are read"
        return ""

    def _read(self, path: Path, name: str, part: str) -> Iterator[Found]:
        """An attachment's pages under its name. A message in it has one level fewer to go."""
        limits = replace(self.limits, mail_depth=self.limits.mail_depth - 1)
        if limits.mail_depth < 1:
            yield Noted(_of(part, f"the attachment {name} was not read: it lies too deep"), lost=True)
            return
        missing = 0
        for found in convert.read_file(path, name, limits, self.options):
            if isinstance(found, Page):
                missing -= 1
                self._count(1, int(found.method in ("ocr", "mixed")))
                yield replace(found, part=_joined(part, _joined(name, found.part)))
            elif isinstance(found, Noted):
                yield replace(found, warning=_of(_joined(part, name), found.warning))
            else:
                missing += found.pages or 0
                yield from (Noted(_of(_joined(part, name), warning)) for warning in found.warnings)
        if missing > 0:
            yield Noted(_of(part, f"pages of the attachment {name} were not read: {missing}"), lost=True)

    def _count(self, pages: int, by_ocr: int) -> None:
        self.limits = replace(
            self.limits,
            pages=self.limits.pages - pages,
            ocr_pages=max(0, self.limits.ocr_pages - by_ocr),
        )


def _figures(blocks: list[Block]) -> int:
    return sum(block.kind == "figure" for block in blocks)


def _joined(outer: str, inner: str) -> str:
    return " > ".join(one for one in (outer, inner) if one)


def _of(part: str, warning: str) -> str:
    return f"{part}: {warning}" if part else warning
