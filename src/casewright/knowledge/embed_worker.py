"""A process that embeds texts for the service: ``python -m casewright.knowledge.embed_worker '<json>'``.

Started by :mod:`casewright.knowledge.embed_child` and by nothing else. It loads one model, says which, and
then answers one frame of texts at a time over its socket; it ends when the other end of the socket does.
"""

from __future__ import annotations

import json
import logging
import os
import socket
import sys
import traceback
from typing import Protocol

from casewright.errors import CasewrightError, EmbeddingError
from casewright.knowledge import embed_wire as wire
from casewright.knowledge.models import EmbedderKind, Model, find_model
from casewright.knowledge.ports import Vectors
from casewright.observability.logs import set_up

log = logging.getLogger(__name__)


class Loaded(Protocol):
    """A model in memory."""

    def embed(self, texts: list[str]) -> Vectors:
        """One row of length 1 a text."""
        ...


def main(arguments: list[str]) -> int:
    """Serve until the service goes; the one argument is the JSON of ``embed_child``."""
    told = json.loads(arguments[0])
    set_up("embed-worker", "WARNING")
    os.nice(int(told["nice"]))
    kind: EmbedderKind = "wordllama" if told["kind"] == "wordllama" else "minilm"
    with socket.socket(fileno=told["socket"]) as connection:
        try:
            model = find_model(kind)
            loaded = load(model, int(told["threads"]))
        except CasewrightError as error:
            connection.sendall(wire.refused(error))
            return error.exit_code
        connection.sendall(wire.ready(model.stamp))
        while (said := _hear(connection)) is not None:
            connection.sendall(_answer(loaded, said))
    return 0


def load(model: Model, threads: int) -> Loaded:
    """A model in memory, by whatever runs its kind.

    Raises:
        InstallError: a package is missing or damaged.
    """
    # late: each kind needs a library of its own
    if model.kind == "wordllama":
        from casewright.knowledge.embed_static import StaticModel  # noqa: PLC0415

        return StaticModel(model)
    from casewright.knowledge.embed_onnx import OnnxModel  # noqa: PLC0415

    return OnnxModel(model, threads)


def _answer(loaded: Loaded, texts: list[str]) -> bytes:
    try:
        return wire.rows(loaded.embed(texts))
    except CasewrightError as error:
        return wire.refused(error)
    except Exception as error:  # noqa: BLE001 - told without the error's words: they may be the document's
        where = "".join(traceback.format_tb(error.__traceback__, limit=-8))
        log.error("embedding failed with %s\n%s", type(error).__name__, where)
        return wire.refused(
            EmbeddingError(
                f"embedding failed in an unforeseen way ({type(error).__name__})",
                hint="look into the service's log",
            )
        )


def _hear(connection: socket.socket) -> list[str] | None:
    """The next texts; None when the service is gone."""
    head = _exactly(connection, wire.HEAD.size)
    body = None if head is None else _exactly(connection, wire.length(head))
    return None if head is None or body is None else wire.as_texts(head, body)


def _exactly(connection: socket.socket, size: int) -> bytes | None:
    held = bytearray()
    while len(held) < size:
        try:
            block = connection.recv(size - len(held))
        except ConnectionResetError:
            return None
        if not block:
            return None
        held += block
    return bytes(held)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
