"""What crosses the border between the service and a worker: frames.

::

    kind (1 byte) | length (4 bytes, big end first) | body: a JSON list of one, or a picture's bytes

Nothing that comes out of a process which read a hostile file is unpickled or run: a body is decoded as one of
the dataclasses below, checked field by field, and anything else ends the worker. Both ends hold frames to
``FRAME_BYTES``, and what one file may send to ``FILE_BYTES``, so a worker cannot fill the service's memory.
"""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import GenericAlias
from typing import Any

from pydantic import ConfigDict, TypeAdapter, ValidationError
from pydantic_core import PydanticSerializationError

from casewright.documents.blocks import Found, Noted, Opened, Page
from casewright.documents.limits import DocumentLimits
from casewright.documents.options import ReadOptions
from casewright.documents.sandbox import Isolation
from casewright.errors import (
    CasewrightError,
    DiskFull,
    DocumentError,
    DocumentTooLarge,
    DocumentWorkerLost,
    EncryptedDocument,
    InstallError,
    NotFound,
    ServiceFailure,
    UnreadableDocument,
    UnsupportedMedia,
)

HEAD = struct.Struct(">cI")
FRAME_BYTES = 16 * 1024 * 1024
# 500 dense pages of a bank statement, a piece for each cell with its box, take 13 MB.
FILE_BYTES = 16 * 1024 * 1024
# An empty page is a frame too.
FILE_FRAMES = 20_000


@dataclass(frozen=True, slots=True)
class ReadTask:
    """Read a file. ``path`` is as ``portable`` writes it; a file that uses up ``cpu_s`` ends its worker."""

    path: str
    name: str
    limits: DocumentLimits
    options: ReadOptions
    cpu_s: int


@dataclass(frozen=True, slots=True)
class ViewTask:
    """Make a picture of a page (from 1), as PNG."""

    path: str
    page: int
    dpi: int
    limits: DocumentLimits
    cpu_s: int
    password: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Ping:
    """Is anybody there? Answered with ``Done``."""


@dataclass(frozen=True, slots=True)
class Ready:
    """A worker's first word: what holds it."""

    isolation: Isolation


@dataclass(frozen=True, slots=True)
class Refused:
    """An error of ours on its way out of a worker. ``worn``: the worker is to be ended after it."""

    kind: str
    message: str
    hint: str
    worn: bool = False

    def error(self) -> CasewrightError:
        """The error as it was raised."""
        return _errors().get(self.kind, ServiceFailure)(self.message, hint=self.hint)


@dataclass(frozen=True, slots=True)
class Done:
    """The last word about a file; ``language`` is told where its text was read."""

    language: str | None = None


@dataclass(frozen=True, slots=True)
class Picture:
    """The bytes of a PNG; the only body that is not JSON."""

    png: bytes


Task = ReadTask | ViewTask | Ping
Answer = Ready | Found | Refused | Done | Picture
_KINDS: dict[bytes, type] = {
    b"r": ReadTask,
    b"v": ViewTask,
    b"?": Ping,
    b"!": Ready,
    b"O": Opened,
    b"P": Page,
    b"N": Noted,
    b"X": Refused,
    b".": Done,
    b"I": Picture,
}
_TAGS = {found: tag for tag, found in _KINDS.items()}


def encode(said: Task | Answer) -> bytes:
    """A whole frame.

    Raises:
        DocumentTooLarge: it is longer than ``FRAME_BYTES``.
        UnreadableDocument: it holds characters that are none.
    """
    tag = _TAGS[type(said)]
    try:
        # what is a default on both sides need not cross
        body = (
            said.png if isinstance(said, Picture) else _adapter(tag).dump_json((said,), exclude_defaults=True)
        )
    except (PydanticSerializationError, UnicodeEncodeError) as error:
        raise UnreadableDocument(
            "it holds characters that are none", hint="a reader must not let them through"
        ) from error
    if len(body) > FRAME_BYTES:
        raise DocumentTooLarge(
            f"it takes more than {FRAME_BYTES} bytes", hint="split the file and send its parts"
        )
    return HEAD.pack(tag, len(body)) + body


def length(head: bytes) -> int:
    """How many bytes of body follow a frame's head.

    Raises:
        DocumentWorkerLost: more than are allowed, or a kind that there is not.
    """
    tag, size = HEAD.unpack(head)
    if tag not in _KINDS or size > FRAME_BYTES:
        raise _foreign()
    return int(size)


def decode(head: bytes, body: bytes) -> Any:
    """The dataclass that a frame holds, every field checked.

    Raises:
        DocumentWorkerLost: it is not what its kind says.
    """
    tag = HEAD.unpack(head)[0]
    if _KINDS[tag] is Picture:
        return Picture(body)
    try:
        return _adapter(tag).validate_json(body)[0]
    except ValidationError as error:
        raise _foreign() from error


def found(said: object) -> Found:
    """What a reader said.

    Raises:
        DocumentWorkerLost: it is something else.
    """
    if isinstance(said, Opened | Page | Noted):
        return said
    raise _foreign()


def portable(path: Path) -> str:
    """A path as text that JSON can hold, whatever bytes it is of."""
    return os.fsencode(path).decode("latin-1")


def local(path: str) -> Path:
    """The path that ``portable`` wrote."""
    return Path(os.fsdecode(path.encode("latin-1")))


def sayable(text: str) -> str:
    """Text without halves of characters, as a file's name may have."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _foreign() -> DocumentWorkerLost:
    return DocumentWorkerLost(
        "the process that read this file answered with something that is no answer, and was ended",
        hint="the file is damaged, or made to do harm",
    )


@cache
def _adapter(tag: bytes) -> TypeAdapter[Any]:
    # a setting reaches dataclasses from what holds them only, hence the list; numbers that are none would go
    # out to callers as JSON that is none
    list_of_one: Any = GenericAlias(tuple, (_KINDS[tag],))
    return TypeAdapter(list_of_one, config=ConfigDict(allow_inf_nan=False))


@cache
def _errors() -> dict[str, type[CasewrightError]]:
    known = (
        UnsupportedMedia,
        InstallError,
        DocumentError,
        UnreadableDocument,
        EncryptedDocument,
        DocumentTooLarge,
        NotFound,
        DiskFull,
    )
    return {found.kind: found for found in known}
