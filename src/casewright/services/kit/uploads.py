"""Forms with files: what is too long for memory lies below the data directory, not in the system's /tmp.

So one disk is to be watched, and when it is full that is what is said, not that the form is broken.
"""

from __future__ import annotations

from contextlib import aclosing
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import Any

from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

from casewright.disk import own_folder, told

SPOOL = Path("state") / "spool"


def spool_of(data_dir: Path, service: str) -> Path:
    """Where a service's uploads and workers have their files; made, for its owner only.

    Raises:
        DiskFull, StorageError: it cannot be made.
    """
    folder = data_dir / SPOOL / service
    own_folder(folder)
    return folder


class _Parser(MultiPartParser):
    """Starlette's, with files in a folder of ours. They have no name there, and go when they are closed."""

    def __init__(self, spool: Path, *given: Any, **bounds: Any) -> None:
        super().__init__(*given, **bounds)
        self._spool = spool

    def on_headers_finished(self) -> None:
        """Begin a part; a file gets its place here."""
        super().on_headers_finished()
        begun = self._current_part.file
        if begun is None:
            return
        self._files_to_close_on_error.pop().close()
        ours: Any = SpooledTemporaryFile(max_size=self.spool_max_size, dir=str(self._spool))  # noqa: SIM115
        self._files_to_close_on_error.append(ours)
        self._current_part.file = UploadFile(ours, size=0, filename=begun.filename, headers=begun.headers)


async def read_form(request: Request, spool: Path, **bounds: Any) -> FormData:
    """The form of a request, which ``request.form()`` gives from now on; close it.

    ``bounds`` are those of ``request.form``.

    Raises:
        HTTPException: 400, it is no form, or beyond the bounds.
        DiskFull, StorageError: its file cannot be written.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    with told(spool):
        if kind != "multipart/form-data":
            return await request.form(**bounds)
        try:
            async with aclosing(request.stream()) as stream:
                form = await _Parser(spool, request.headers, stream, **bounds).parse()
        except MultiPartException as error:
            raise HTTPException(400, error.message) from error
    request._form = form
    return form
