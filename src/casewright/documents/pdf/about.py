"""A PDF as a file: opened, told about, and refused where it cannot be read."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pypdfium2  # type: ignore[import-untyped]
import pypdfium2.raw as pdfium  # type: ignore[import-untyped]

from casewright.documents.limits import DocumentLimits
from casewright.errors import DocumentTooLarge, EncryptedDocument, UnreadableDocument

END_WITHIN = 1024
MAX_VALUE = 500
MAX_NAMED = 10
_DATE = re.compile(r"D:(\d{4})(\d{2})?(\d{2})?(\d{2})?(\d{2})?(\d{2})?(?:(Z)|([+-])(\d{2})'?(\d{2})?'?)?")
_NAMES = {
    "Title": "title",
    "Author": "author",
    "Subject": "subject",
    "Keywords": "keywords",
    "Creator": "creator",
    "Producer": "producer",
    "CreationDate": "created",
    "ModDate": "modified",
}


def opened(path: Path, password: str | None, limits: DocumentLimits) -> Any:
    """pypdfium2's document, to be closed by the caller.

    Raises:
        EncryptedDocument: it asks for a password, or for another one.
        UnreadableDocument: it is damaged, or has no pages.
        DocumentTooLarge: it has more pages than the limits allow.
    """
    try:
        document = pypdfium2.PdfDocument(path, password=password)
    except pypdfium2.PdfiumError as error:
        raise refusal(error, password) from error
    count = len(document)
    if count == 0:
        document.close()
        raise UnreadableDocument("this PDF has no pages", hint="open it, save it again and send that")
    if count > limits.pages:
        document.close()
        raise DocumentTooLarge(
            f"the PDF has {count} pages, {limits.pages} are read", hint="split it and send its parts"
        )
    return document


def refusal(error: Exception, password: str | None) -> EncryptedDocument | UnreadableDocument:
    """What pdfium's error means for whoever sent the file."""
    code = getattr(error, "err_code", None)
    if code == pdfium.FPDF_ERR_SECURITY:
        return EncryptedDocument(
            "this PDF is encrypted in a way that is not known here",
            hint="open it, save it without encryption and send that",
        )
    if code == pdfium.FPDF_ERR_PASSWORD and password is None:
        return EncryptedDocument(
            "this PDF asks for a password", hint="send its password along, or save it without one"
        )
    if code == pdfium.FPDF_ERR_PASSWORD:
        return EncryptedDocument(
            "the password that came with this PDF does not open it",
            hint="look at capitals and spaces, or save it without a password",
        )
    return UnreadableDocument("this PDF is damaged or not whole", hint="open it, save it again and send that")


def has_end(path: Path) -> bool:
    """Whether the end marker is where readers look for it; pdfium mends a file without one in silence."""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - END_WITHIN))
        return b"%%EOF" in file.read()


def metadata_of(document: Any) -> tuple[tuple[str, str], ...]:
    """Title, author, dates (ISO 8601) and programs, where the file states them."""
    found = []
    for key, value in document.get_metadata_dict(skip_empty=True).items():
        name = _NAMES.get(key)
        words = " ".join(str(value).replace("\0", "").split())[:MAX_VALUE]
        if name and words:
            found.append((name, _iso(words) if name in ("created", "modified") else words))
    return tuple(found)


def _iso(stated: str) -> str:
    """A PDF's date (PDF 32000, 7.9.4) as ISO 8601; anything else as it is."""
    match = _DATE.match(stated)
    if match is None:
        return stated
    year, month, day, hour, minute, second, zulu, sign, off_hour, off_minute = match.groups()
    date = "-".join(part for part in (year, month, day) if part)
    if hour is None:
        return date
    zone = "Z" if zulu else f"{sign}{off_hour}:{off_minute or '00'}" if sign else ""
    return f"{date}T{hour}:{minute or '00'}:{second or '00'}{zone}"


def attachments_of(document: Any) -> tuple[str, ...]:
    """A warning for files that lie inside the PDF, which are not read."""
    count = pdfium.FPDFDoc_GetAttachmentCount(document.raw)
    if count <= 0:
        return ()
    names = [_attached(document, number) for number in range(min(count, MAX_NAMED))]
    said = ", ".join(name for name in names if name)
    more = f" and {count - MAX_NAMED} more" if count > MAX_NAMED else ""
    return (f"files attached inside this PDF were not read: {said or count}{more}",)


def _attached(document: Any, number: int) -> str:
    try:
        return " ".join(str(document.get_attachment(number).get_name()).split())[:80]
    except pypdfium2.PdfiumError:
        return ""
