"""A letter carried in its own page: the form takes it along, so nothing of it is kept on this side.

What comes back is only unpacked here. Whether it is still the letter that was made, its seal tells the
notes service.
"""

from __future__ import annotations

import base64
import binascii
import zlib
from datetime import date

from pydantic import Field, ValidationError

from casewright.api.contract import Contract
from casewright.api.notes import (
    MAX_NAME_CHARS,
    MAX_NOTES_CHARS,
    Confirmation,
    ConvertRequest,
    ConvertResponse,
    Template,
    Tone,
)
from casewright.errors import UnprocessableRequest

MAX_BYTES = 48 * 1024 * 1024  # unpacked; the form's own bound holds for what is packed


class Meeting(Contract):
    """What the form holds, as it was typed."""

    notes: str = ""
    client_name: str = ""
    meeting_date: str = ""
    adviser: str = ""
    tone: Tone = "plain"
    template: Template = "standard"
    reading_age: str = ""

    def problems(self) -> dict[str, str]:
        """What keeps the letter from being written, by field."""
        found = {}
        if not self.notes.strip():
            found["notes"] = "Paste the notes of the meeting."
        elif len(self.notes) > MAX_NOTES_CHARS:
            found["notes"] = f"The notes are longer than {MAX_NOTES_CHARS} characters."
        one_line = f"A name is one line of at most {MAX_NAME_CHARS} characters."
        if not self.client_name:
            found["client_name"] = "Write the client's name as the letter should address it."
        elif not _is_name(self.client_name):
            found["client_name"] = one_line
        if self.adviser and not _is_name(self.adviser):
            found["adviser"] = one_line
        if self.meeting_date and self.date is None:
            found["meeting_date"] = "Write the date as 2026-03-31, or leave it empty."
        if self.reading_age and self.age is None:
            found["reading_age"] = "A reading age is a number from 8 to 18."
        return found

    @property
    def date(self) -> date | None:
        """The meeting's date; None where it is not given or is none."""
        try:
            return date.fromisoformat(self.meeting_date)
        except ValueError:
            return None

    @property
    def age(self) -> int | None:
        """The reading age; None where it is not given or is none."""
        known = {str(years): years for years in range(8, 19)}
        return known.get(self.reading_age)

    def request(self) -> ConvertRequest:
        """What the notes service is asked; only of a form without problems."""
        return ConvertRequest(
            notes=self.notes,
            client_name=self.client_name,
            meeting_date=self.date,
            adviser=self.adviser or None,
            tone=self.tone,
            template=self.template,
            reading_age=self.age,
        )


class Kept(Contract):
    """A letter with the notes it was made of, and a person's word on it."""

    meeting: Meeting
    answer: ConvertResponse
    confirmation: Confirmation | None = Field(default=None)


def _is_name(text: str) -> bool:
    return len(text) <= MAX_NAME_CHARS and "\n" not in text


def packed(kept: Kept) -> str:
    """As a field of a form."""
    return base64.b64encode(zlib.compress(kept.model_dump_json().encode("utf-8", "replace"))).decode("ascii")


def unpacked(field: str) -> Kept:
    """The letter of a form's field.

    Raises:
        UnprocessableRequest: it is not what ``packed`` made, or too large.
    """
    try:
        opened = zlib.decompressobj()
        content = opened.decompress(base64.b64decode(field, validate=True), MAX_BYTES)
        if not opened.eof:
            raise _lost()
        return Kept.model_validate_json(content)
    except (ValueError, binascii.Error, zlib.error, ValidationError) as error:
        raise _lost() from error


def _lost() -> UnprocessableRequest:
    return UnprocessableRequest(
        "the letter that this page carried is not whole, so nothing was done",
        hint="write the letter again from its notes",
    )
