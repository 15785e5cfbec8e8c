"""What crosses between the service and an embedding process: frames.

::

    kind (1 byte) | length (4 bytes, big end first) | body

    ?  texts to embed: a JSON list of strings
    !  the process's first word: its model's stamp, JSON
    V  the vectors: float32, little end first, row by row
    X  an error: kind, message, hint, JSON

Nothing is unpickled: a body is texts or numbers, checked, and anything else ends the process.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Sequence
from dataclasses import asdict

import numpy as np

from casewright.errors import CasewrightError, EmbeddingError, EmbeddingWorkerLost, InstallError
from casewright.knowledge.ports import Vectors
from casewright.knowledge.records import Stamp

HEAD = struct.Struct(">cI")
FRAME_BYTES = 32 * 1024 * 1024
TEXTS, READY, ROWS, REFUSED = b"?", b"!", b"V", b"X"
_FLOAT = np.dtype("<f4")


def texts(said: Sequence[str]) -> bytes:
    """A frame of texts."""
    return frame(TEXTS, json.dumps(list(said)).encode())


def ready(stamp: Stamp) -> bytes:
    """A process's first word."""
    return frame(READY, json.dumps(asdict(stamp)).encode())


def rows(vectors: Vectors) -> bytes:
    """A frame of vectors."""
    return frame(ROWS, np.ascontiguousarray(vectors, dtype=_FLOAT).tobytes())


def refused(error: CasewrightError) -> bytes:
    """An error of ours on its way to the service."""
    told = {"kind": error.kind, "message": error.message, "hint": error.hint}
    return frame(REFUSED, json.dumps(told).encode())


def frame(kind: bytes, body: bytes) -> bytes:
    """A whole frame."""
    return HEAD.pack(kind, len(body)) + body


def length(head: bytes) -> int:
    """How many bytes of body follow a frame's head.

    Raises:
        EmbeddingWorkerLost: more than are allowed, or a kind that there is not.
    """
    kind, size = HEAD.unpack(head)
    if kind not in (TEXTS, READY, ROWS, REFUSED) or size > FRAME_BYTES:
        raise _foreign()
    return int(size)


def as_texts(head: bytes, body: bytes) -> list[str]:
    """The texts of a frame.

    Raises:
        EmbeddingWorkerLost: it holds something else.
    """
    said = _json(body) if head[:1] == TEXTS else None
    if not isinstance(said, list) or not all(isinstance(text, str) for text in said):
        raise _foreign()
    return said


def as_stamp(head: bytes, body: bytes) -> Stamp:
    """Which model the process has loaded.

    Raises:
        EmbeddingError, InstallError: it could not load one.
        EmbeddingWorkerLost: it says something else.
    """
    if head[:1] == REFUSED:
        raise _error(body)
    match _json(body) if head[:1] == READY else None:
        case {"model": str(model), "version": str(version), "dimensions": int(dimensions)}:
            return Stamp(model, version, dimensions)
    raise _foreign()


def as_rows(head: bytes, body: bytes, count: int, dimensions: int) -> Vectors:
    """The vectors of ``count`` texts.

    Raises:
        EmbeddingError: the process says why it has none.
        EmbeddingWorkerLost: they are not so many, or not numbers.
    """
    if head[:1] == REFUSED:
        raise _error(body)
    if head[:1] != ROWS or len(body) != count * dimensions * _FLOAT.itemsize:
        raise _foreign()
    found: Vectors = np.frombuffer(body, dtype=_FLOAT).reshape(count, dimensions).astype(np.float32)
    if not np.isfinite(found).all():
        raise _foreign()
    return found


def _error(body: bytes) -> CasewrightError:
    match _json(body):
        case {"kind": str(kind), "message": str(message), "hint": str(hint)}:
            error = InstallError if kind == InstallError.kind else EmbeddingError
            return error(message, hint=hint)
    return _foreign()


def _json(body: bytes) -> object:
    try:
        found: object = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise _foreign() from error
    return found


def _foreign() -> EmbeddingWorkerLost:
    return EmbeddingWorkerLost(
        "the embedding process answered with something that is no answer, and was ended",
        hint="repeat it; if that happens again, look into the service's log",
    )
