"""What crosses between the notes service and its worker process: frames of JSON.

::

    length (4 bytes, big end first) | a task, or an answer

Nothing is unpickled: what does not have the shape of a task or an answer ends the process. An answer has the
number of its task, so that no letter is given another's.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Literal, TypeVar

from pydantic import ConfigDict, Field, TypeAdapter

from casewright.api.notes import Contradiction
from casewright.notes.shapes import Asked, Fault

HEAD = struct.Struct(">I")
FRAME_BYTES = 64 * 1024 * 1024  # notes have at most a tenth of it


@dataclass(frozen=True, slots=True)
class Clashes:
    """Find the contradictions of these notes."""

    number: int
    notes: str
    client_name: str
    meeting: date | None
    kind: Literal["clashes"] = "clashes"


@dataclass(frozen=True, slots=True)
class Judge:
    """Say what is wrong with each of these sentences."""

    number: int
    sentences: tuple[Asked, ...]
    kind: Literal["judge"] = "judge"


@dataclass(frozen=True, slots=True)
class Found:
    """The contradictions of some notes. Its first word is number 0, that there are none in no notes."""

    number: int
    clashes: tuple[Contradiction, ...]
    kind: Literal["found"] = "found"


@dataclass(frozen=True, slots=True)
class Judged:
    """What is wrong with each sentence, in the order of the task."""

    number: int
    faults: tuple[tuple[Fault, ...], ...]
    kind: Literal["judged"] = "judged"


@dataclass(frozen=True, slots=True)
class Failed:
    """A defect: the class of what was raised, without its words, which may be the client's."""

    number: int
    what: str
    kind: Literal["failed"] = "failed"


Task = Annotated[Clashes | Judge, Field(discriminator="kind")]
Answer = Annotated[Found | Judged | Failed, Field(discriminator="kind")]
# What is refused is a client's words: no error repeats them.
_QUIET = ConfigDict(hide_input_in_errors=True)
TASK: TypeAdapter[Clashes | Judge] = TypeAdapter(Task, config=_QUIET)
ANSWER: TypeAdapter[Found | Judged | Failed] = TypeAdapter(Answer, config=_QUIET)

Said = TypeVar("Said")


def frame(kind: TypeAdapter[Said], said: Said) -> bytes:
    """A whole frame of a task or an answer."""
    body = kind.dump_json(said)
    return HEAD.pack(len(body)) + body


def length(head: bytes) -> int:
    """How many bytes follow a frame's head.

    Raises:
        ValueError: more than are allowed.
    """
    size = int(HEAD.unpack(head)[0])
    if size > FRAME_BYTES:
        raise ValueError(f"a frame of {size} bytes")
    return size
