"""Reading a form: from our own page, within bounds, its text in one normal shape."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Self

from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request

from casewright.api.client import plain_name
from casewright.errors import BodyTooLarge
from casewright.services.kit.guard import check_origin
from casewright.services.kit.uploads import read_form
from casewright.services.web import csrf
from casewright.services.web.state import of

MAX_FIELDS = 12
MAX_FIELD_BYTES = 4 * 1024 * 1024
# Other ends of line than \n: a line of the form must be the same line to every service and on the page.
_LINE_ENDS = str.maketrans(dict.fromkeys("\r\v\f\x1c\x1d\x1e\x85\u2028\u2029", "\n") | {"\0": "\ufffd"})


def tidy(text: str) -> str:
    """A text field with one kind of line end; browsers send ``\\r\\n`` whatever was in the box."""
    return text.replace("\r\n", "\n").translate(_LINE_ENDS)


@dataclass(frozen=True, slots=True)
class Form:
    """A form that was found to come from our own page."""

    data: FormData

    def text(self, name: str) -> str:
        """A field as tidy text; empty where it is missing or a file."""
        value = self.data.get(name)
        return tidy(value) if isinstance(value, str) else ""

    def file(self, name: str) -> UploadFile | None:
        """The file that was chosen; None if none was."""
        value = self.data.get(name)
        return value if isinstance(value, UploadFile) and value.filename else None

    def files(self, name: str) -> list[UploadFile]:
        """The files that were chosen, in order."""
        found = self.data.getlist(name)
        return [value for value in found if isinstance(value, UploadFile) and value.filename]

    @classmethod
    @contextlib.asynccontextmanager
    async def read(cls, request: Request, *, max_files: int = 1) -> AsyncIterator[Self]:
        """The form of a POST; its files are gone afterwards.

        Raises:
            Forbidden: it does not come from our page in this browser.
            BodyTooLarge: a text of it is longer than a field may be.
            HTTPException: 400, it is no form, or beyond the other bounds.
            DiskFull, StorageError: its file cannot be written.
        """
        check_origin(request.headers)
        data = await _read(request, max_files)
        try:
            form = cls(data)
            csrf.check_token(of(request).secret, request.cookies.get(csrf.COOKIE), form.text(csrf.FIELD))
            yield form
        finally:
            await data.close()


async def _read(request: Request, max_files: int) -> FormData:
    try:
        return await read_form(
            request,
            of(request).spool,
            max_files=max_files,
            max_fields=MAX_FIELDS,
            max_part_size=MAX_FIELD_BYTES,
        )
    except HTTPException as error:
        if "exceeded maximum size" not in str(error.detail):  # the library's words; it has no code for it
            raise
        most = MAX_FIELD_BYTES // 1024**2
        raise BodyTooLarge(
            f"a text of the form is larger than {most} MB, so nothing was done",
            hint="go back and send less text; a long text can be read as a file",
        ) from error


def file_name(upload: UploadFile) -> str:
    """The name a person gave the file, without folders."""
    return plain_name(upload.filename or "")
