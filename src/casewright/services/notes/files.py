"""A letter as a file: that its notes are its own, what it is called, and who draws it."""

from __future__ import annotations

import re
import unicodedata
from importlib import import_module

from casewright.api.notes import FILE_NAMES, Confirmation, ConvertResponse, ExportFormat, ExportParts
from casewright.errors import ServiceFailure, UnprocessableRequest
from casewright.notes.read import read_lines, stands_in

MEDIA_TYPES: dict[ExportFormat, str] = {
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "pdf": "application/pdf",
}
MOST_NAME = 60


def drawn(
    letter: ConvertResponse,
    format_: ExportFormat,
    notes: str | None,
    confirmation: Confirmation | None,
    parts: ExportParts,
) -> bytes:
    """The file's bytes; blocks.

    Raises:
        UnprocessableRequest: the notes are not those that the letter was made of.
        ServiceFailure: what draws this kind of file is not installed.
    """
    if notes is not None:
        _check_notes(letter, notes)
    try:
        exporter = import_module(f"casewright.notes.export_{format_}")
    except ModuleNotFoundError as error:
        raise ServiceFailure(
            f"{format_}: {error.name} is not installed here", hint="install casewright[notes]"
        ) from error
    content: bytes = exporter.render(letter, notes, confirmation, parts=parts)
    return content


def _check_notes(letter: ConvertResponse, notes: str) -> None:
    """An appendix with other notes would show sources that are none."""
    lines = {line.number: line.text for line in read_lines(notes)}
    said = {out.line: out.text for out in letter.left_out}
    whole = all(
        stands_in(fact.text, " ".join(lines.get(number, "") for number in fact.lines))
        for fact in letter.facts
    )
    same = all(lines.get(number) == text for number, text in said.items())
    if len(lines) != letter.lines_total or not whole or not same:
        raise UnprocessableRequest(
            "notes: they are not those that this letter was made of",
            hint="send the same notes as to /convert, or leave them out",
        )


def file_name(letter: ConvertResponse, format_: ExportFormat, parts: ExportParts) -> str:
    """A name of letters, digits and hyphens alone, whatever the client is called.

    It says which of the files it is: a ``file-copy`` is not to be sent.
    """
    kind = FILE_NAMES[parts]
    plain = unicodedata.normalize("NFKD", letter.client_name).encode("ascii", "ignore").decode()
    name = re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")[:MOST_NAME].strip("-")
    return f"{kind}-{name}.{format_}" if name else f"{kind}.{format_}"
